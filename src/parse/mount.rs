//! `mount`, or `/proc/mounts`: what is mounted where on one host.

use std::borrow::Cow;

use crate::diagnostic::Parse;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::MountRow;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::text::quote::quote;

pub(super) static DIALECT: Dialect = Dialect {
    name: "mount",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    let mut lines = head.raw_lines().filter(|line| !is_noise(line));
    lines.next().is_some_and(|line| mounted(line).is_some())
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let mut rows = Vec::new();
    for (line, text) in block.lines().filter(|(_, text)| !is_noise(text)) {
        match mounted(text) {
            Some((device, mount)) => rows.push(MountRow {
                line,
                mount: mount.into_owned(),
                device: unescape(device).into_owned(),
                disk: None,
                space: None,
            }),
            None => log.say(
                Parse::Mount,
                format!("{} mounts nothing; the line was skipped", quote(text)),
                Spot {
                    line,
                    text,
                    part: text,
                },
            ),
        }
    }
    vec![Section::new(DIALECT.name, block, Facts::Mounts(rows))]
}

/// Device and mount point.
fn mounted(line: &str) -> Option<(&str, Cow<'_, str>)> {
    by_mount(line).or_else(|| by_kernel(line))
}

/// `/dev/sdb1 on /data type ext4 (rw)`, on other systems without the type.
fn by_mount(line: &str) -> Option<(&str, Cow<'_, str>)> {
    let (before, options) = line.trim().rsplit_once(" (")?;
    if !options.contains(')') {
        return None;
    }
    let (device, rest) = before.split_once(" on /")?;
    let mount = before.get(before.len() - rest.len() - 1..)?;
    let mount = mount
        .rsplit_once(" type ")
        .map_or(mount, |(mount, _)| mount);
    Some((device, Cow::Borrowed(mount)))
}

/// `/dev/sdb1 /data ext4 rw,relatime 0 0`
fn by_kernel(line: &str) -> Option<(&str, Cow<'_, str>)> {
    let words: Vec<&str> = line.split_whitespace().take(7).collect();
    let [device, mount, _, _, dump, pass] = words[..] else {
        return None;
    };
    let is_digit = |word: &str| word.len() == 1 && word.bytes().all(|b| b.is_ascii_digit());
    (mount.starts_with('/') && is_digit(dump) && is_digit(pass)).then(|| (device, unescape(mount)))
}

/// The kernel writes a blank as `\040`.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after
            .first_chunk::<3>()
            .filter(|_| byte == b'\\')
            .and_then(|code| std::str::from_utf8(code).ok())
            .and_then(|code| u8::from_str_radix(code, 8).ok());
        match code {
            Some(code) => {
                bytes.push(code);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    #[test]
    fn reads_both_forms() {
        let text = "sysfs on /sys type sysfs (rw,nosuid)\n\
            /dev/sdb1 on /data (old) type ext4 (rw,relatime)\n\
            /dev/disk3s1 on /System/Volumes/Data (apfs, local, journaled)\n\
            /dev/sdc1 /data\\0402 ext4 rw,relatime 0 0\n\
            who knows\n";
        let source = Source::new("mount.txt", text.into(), String::new());
        let parsed = parse_file(&source);
        let Facts::Mounts(rows) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        let rows: Vec<_> = rows
            .iter()
            .map(|r| (r.device.as_str(), r.mount.as_str()))
            .collect();
        assert_eq!(
            rows,
            [
                ("sysfs", "/sys"),
                ("/dev/sdb1", "/data (old)"),
                ("/dev/disk3s1", "/System/Volumes/Data"),
                ("/dev/sdc1", "/data 2"),
            ]
        );
        let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, [Parse::Mount]);
    }

    #[test]
    fn escapes_need_three_digits() {
        assert_eq!(unescape("a\\04"), "a\\04");
        assert_eq!(unescape("\\134\\"), "\\\\");
        assert_eq!(unescape("\\777"), "\\777");
    }
}
