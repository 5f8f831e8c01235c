//! Rows of `lsblk`: volumes of LVM and of dm-crypt have names that people gave them.

use crate::redact::token::Token;
use crate::redact::token::What;

/// The name of such a volume; those of disks and partitions are the kernel's.
pub(super) fn claim(line: &str, claims: &mut Vec<Token>) {
    const NAMED: [&str; 4] = ["lvm", "crypt", "mpath", "dm"];
    // `├─name   253:0    0   50G  0 lvm  /data`
    let start = line.len()
        - line
            .trim_start_matches([' ', '│', '├', '└', '─', '`', '|', '-'])
            .len();
    let row = &line[start..];
    let mut words = row.split_whitespace();
    let Some(name) = words.next() else { return };
    let device = words.next().and_then(|numbers| numbers.split_once(':'));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_row = device.is_some_and(|(major, minor)| number(major) && number(minor));
    if is_row && words.take(5).any(|word| NAMED.contains(&word)) {
        claims.push(Token {
            range: start..start + name.len(),
            what: What::Component,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_volumes_that_people_name() {
        let claimed = |line: &str| {
            let mut claims = Vec::new();
            claim(line, &mut claims);
            claims.first().map(|t| line[t.range.clone()].to_owned())
        };
        let lvm = "  └─vg_acme-pay 253:0    0   50G  0 lvm   /data";
        assert_eq!(claimed(lvm).as_deref(), Some("vg_acme-pay"));
        let crypt = "`-luks-acme 253:1 0 50G 0 crypt";
        assert_eq!(claimed(crypt).as_deref(), Some("luks-acme"));
        for line in [
            "sda 8:0 0 50G 0 disk",
            "├─sda1 8:1 0 50G 0 part /lvm",
            "",
            "a b lvm",
        ] {
            assert_eq!(claimed(line), None, "{line}");
        }
    }
}
