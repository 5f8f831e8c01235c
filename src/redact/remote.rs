//! Machines that only their place in a line of `mount`, `df`, a log or INFO tells.

use crate::redact::token;
use crate::redact::token::Token;
use crate::redact::token::What;
use crate::redact::words;

/// Claims all that this line names.
pub(super) fn claim(line: &str, out: &mut Vec<Token>) {
    if line.contains('/') {
        source(line, out);
    }
    if line.contains(" (") {
        nodenames(line, out);
    }
}

/// `nas:/export` and `//nas/share`, which is mounted somewhere.
fn source(line: &str, out: &mut Vec<Token>) {
    let text = line.trim_start();
    let start = line.len() - text.len();
    let Some((word, rest)) = text.split_once([' ', '\t']) else {
        return;
    };
    // Of `mount`, `df` and `/proc/mounts`.
    let rest = rest.trim_start();
    let is_mounted = rest.starts_with("on /")
        || rest.starts_with('/')
        || rest.starts_with(|c: char| c.is_ascii_digit());
    if !is_mounted {
        return;
    }
    if let Some(share) = word.strip_prefix("//") {
        let name = share.split('/').next().unwrap_or(share);
        machine(name, start + 2, out);
        token::components(line, start + 2 + name.len()..start + word.len(), out);
    } else if let Some((name, _)) = word.split_once(":/") {
        machine(name, start, out);
    }
}

/// `ID (name)`, as logs have it.
fn nodenames(line: &str, out: &mut Vec<Token>) {
    const ID: usize = 40;
    for (at, _) in line.match_indices(" (") {
        let id = at.checked_sub(ID).and_then(|from| line.get(from..at));
        if id.is_none_or(|id| !id.bytes().all(|b| b.is_ascii_hexdigit())) {
            continue;
        }
        let rest = &line[at + 2..];
        let name = rest.split([')', ' ']).next().unwrap_or(rest);
        machine(name, at + 2, out);
    }
}

/// A name, unless it is an address: these are found by their shape.
pub(super) fn machine(name: &str, start: usize, out: &mut Vec<Token>) {
    let is_ip = name.parse::<std::net::IpAddr>().is_ok();
    if words::is_host_name(name) && !is_ip && name != "localhost" {
        out.push(Token {
            range: start..start + name.len(),
            what: What::Host,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(line: &str) -> Vec<&str> {
        let mut out = Vec::new();
        claim(line, &mut out);
        let hosts = out.into_iter().filter(|t| t.what == What::Host);
        hosts.map(|t| &line[t.range]).collect()
    }

    #[test]
    fn machines_are_told_by_where_they_stand() {
        let id = "07c37dfeb235213a872192d90877d0cd55635b91";
        for line in [
            "paynas:/export/x on /mnt/b type nfs4 (rw,addr=10.0.0.7)",
            "paynas:/export 100 1 1 1% /mnt",
            "paynas:/export /mnt nfs4 rw 0 0",
            "//paynas/share on /mnt/a type cifs (rw)",
            "//paynas/share 100 1 1 1% /b",
            &format!("# FAIL message received from {id} (paynas) about"),
        ] {
            assert_eq!(hosts(line), ["paynas"], "{line}");
        }
        for line in [
            "dir:/data",
            "config_file:/etc/x y",
            "10.0.0.1:/x on /mnt type nfs",
            "// a comment",
            "failed (why)",
            &format!("{id} ()"),
        ] {
            assert_eq!(hosts(line), [] as [&str; 0], "{line}");
        }
    }
}
