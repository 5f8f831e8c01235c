//! `df`: which file system holds which directory of one host.

use crate::diagnostic::Parse;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::MountRow;
use crate::parse::Section;
use crate::parse::Space;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::size::human;
use crate::text::quote::quote;

pub(super) static DIALECT: Dialect = Dialect {
    name: "df",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    head.lines().find_map(columns_before_mount).is_some()
}

/// How many words stand before the mount point, by the header row: `-T` has one more, and BSD
/// counts inodes too.
fn columns_before_mount(line: &str) -> Option<usize> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["Filesystem", .., "Mounted", "on"] => Some(words.len() - 2),
        _ => None,
    }
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let mut rows = Vec::new();
    let mut columns = None;
    let mut units = Units::default();
    // A long device name stands on a line of its own, unless `-P` is given.
    let mut wrapped: Option<&str> = None;
    for (line, text) in block.lines() {
        if let Some(count) = columns_before_mount(text.trim()) {
            columns = Some(count);
            units = Units::of(text);
            continue;
        }
        let Some(columns) = columns else { continue };
        // What `df` could not look at, it says on stderr.
        if text.trim().is_empty() || text.starts_with("df: ") {
            continue;
        }
        if wrapped.is_none() && text.split_whitespace().count() == 1 {
            wrapped = Some(text.trim());
            continue;
        }
        let device = wrapped.take();
        match row(text, device, (columns, &units), line) {
            Some(row) if row.mount.starts_with('/') => rows.push(row),
            // `--total` has no mount point.
            Some(row) if row.mount == "-" => {}
            _ => log.say(
                Parse::Mount,
                format!(
                    "{} is no row of `df`; the line was skipped",
                    quote(text.trim())
                ),
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

/// Which columns tell how full it is, by the header row.
#[derive(Default)]
struct Units {
    /// The column, and the bytes of its blocks; `None`: with units of their own.
    free: Option<(usize, Option<u64>)>,
    percent: Option<usize>,
}

impl Units {
    fn of(header: &str) -> Self {
        let words: Vec<&str> = header.split_whitespace().collect();
        let at = |names: &[&str]| words.iter().position(|w| names.contains(w));
        let mut blocks = words.iter().filter_map(|word| word.strip_suffix("-blocks"));
        let block = match (blocks.next(), at(&["Size"])) {
            (Some(size), _) => human(size).map(Some),
            (None, Some(_)) => Some(None),
            // `df -i` counts inodes.
            (None, None) => None,
        };
        Self {
            free: at(&["Available", "Avail"]).zip(block),
            percent: at(&["Use%", "Capacity"]),
        }
    }

    fn space(&self, words: &[&str]) -> Option<Space> {
        let (at, block) = self.free?;
        let word = words.get(at)?;
        let free_bytes = match block {
            Some(block) => word.parse::<u64>().ok()?.checked_mul(block)?,
            None => human(word)?,
        };
        let percent = words.get(self.percent?)?.strip_suffix('%')?;
        Some(Space {
            free_bytes,
            used_percent: percent.parse().ok().filter(|&p| p <= 100)?,
        })
    }
}

/// The mount point is all that is left behind the columns: it may hold blanks.
fn row(
    text: &str,
    device: Option<&str>,
    (columns, units): (usize, &Units),
    line: u32,
) -> Option<MountRow> {
    let mut rest = text.trim();
    let mut words: Vec<&str> = device.into_iter().collect();
    while words.len() < columns {
        let (word, after) = rest.split_once(char::is_whitespace)?;
        words.push(word);
        rest = after.trim_start();
    }
    Some(MountRow {
        line,
        mount: rest.to_owned(),
        device: (*words.first()?).to_owned(),
        disk: None,
        space: units.space(&words),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    fn mounts(text: &str) -> Vec<(String, String, u32)> {
        let source = Source::new("f", text.into(), String::new());
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, [], "{text}");
        match &parsed.sections[0].facts {
            Facts::Mounts(rows) => rows
                .iter()
                .map(|r| (r.device.clone(), r.mount.clone(), r.line))
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_every_form() {
        let one = [("/dev/sdb1".to_owned(), "/data 1".to_owned(), 2)];
        for text in [
            "Filesystem     1K-blocks    Used Available Use% Mounted on\n/dev/sdb1 10 5 5 50% /data 1\n",
            "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sdb1 1.7T 5G 5G 50% /data 1\n",
            "Filesystem     1024-blocks Used Available Capacity Mounted on\n/dev/sdb1 10 5 5 50% /data 1\n",
            "Filesystem Type Size Used Avail Use% Mounted on\n/dev/sdb1 ext4 10 5 5 50% /data 1\n",
            "Filesystem 512-blocks Used Available Capacity iused ifree %iused  Mounted on\n/dev/sdb1 10 5 5 50% 1 2 0% /data 1\n",
        ] {
            assert_eq!(mounts(text), one, "{text}");
        }
    }

    #[test]
    fn says_how_full_it_is() {
        for (text, free) in [
            (
                "Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/b 10 5 5 91% /d\n",
                Some(5 << 10),
            ),
            (
                "Filesystem Type Size Used Avail Use% Mounted on\n/dev/b x 1T 5G 5G 91% /d\n",
                Some(5 << 30),
            ),
            (
                "Filesystem 512-blocks Used Available Capacity iused ifree %iused  Mounted on\n/dev/b 10 5 5 91% 1 2 0% /d\n",
                Some(2560),
            ),
            (
                "Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/b 10 5 5 91% /d\n",
                None,
            ),
        ] {
            let source = Source::new("f", text.into(), String::new());
            let parsed = parse_file(&source);
            let Facts::Mounts(rows) = &parsed.sections[0].facts else {
                panic!("{parsed:?}");
            };
            let space = free.map(|free_bytes| Space {
                free_bytes,
                used_percent: 91,
            });
            assert_eq!(rows[0].space, space, "{text}");
        }
    }

    #[test]
    fn a_long_device_has_a_line_of_its_own() {
        let text = "[me@db1 ~]$ df\n\
            Filesystem           1K-blocks      Used Available Use% Mounted on\n\
            /dev/mapper/vg_data-lv_a_long_name\n\
                                  51606140   1234  48984906   1% /sata_ssd/ssd_01\n\
            df: /mnt/gone: Input/output error\n\
            total 1 1 1 1% -\n\
            tmpfs 1 0 1 0% /dev/shm\n";
        assert_eq!(
            mounts(text),
            [
                (
                    "/dev/mapper/vg_data-lv_a_long_name".to_owned(),
                    "/sata_ssd/ssd_01".to_owned(),
                    4
                ),
                ("tmpfs".to_owned(), "/dev/shm".to_owned(), 7),
            ]
        );
    }

    #[test]
    fn a_row_that_is_none_is_said() {
        let text = "Filesystem Size Used Avail Use% Mounted on\n/dev/sda1 1 2\n";
        let source = Source::new("f", text.into(), String::new());
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics[0].code, Parse::Mount);
    }
}
