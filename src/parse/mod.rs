//! Text to facts, one file per dialect.
//!
//! Knows model, text and diagnostic. Never fails: every dialect gives sections and
//! diagnostics, on any bytes. A line that does not parse is a diagnostic and is skipped.
//! Start reading at [`parse`].

mod address_list;
mod bars;
mod block;
mod cluster_check;
mod cluster_info;
mod cluster_links;
mod cluster_myid;
mod cluster_nodes;
mod cluster_shards;
mod cluster_slot_stats;
mod cluster_slots;
mod config_get;
mod dbsize;
mod df;
mod directives;
mod disk_map;
mod distribution;
mod error_reply;
mod facts;
mod fedb;
mod file_name;
mod flashbase_reply;
mod free;
mod head;
mod heading;
mod home_map;
mod host_ips;
mod host_map;
mod info;
mod joined;
mod kubernetes;
mod limits;
mod listed;
mod log;
mod lsblk;
mod mount;
mod node_field;
mod node_line;
mod nodes_conf;
mod nodes_dump;
mod nodes_with_dir;
mod not_needed;
mod nproc;
mod pairs;
mod parts;
mod ping;
mod ps;
mod redis_conf;
mod redis_properties;
mod reply;
mod rowcount;
mod size;
mod sysctl;
mod table;
#[cfg(test)]
mod testing;
mod thp;
mod time;
mod transcript;
mod unreachable;
mod unwrap;

pub use block::Block;
pub use config_get::settings_of_line;
pub use dbsize::KEY as DBSIZE;
pub use directives::meant as directive_meant;
pub use error_reply::MISCONF;
pub use facts::DiskRow;
pub use facts::Distribution;
pub use facts::DistributionRow;
pub use facts::Doubt;
pub use facts::Facts;
pub use facts::HomeRow;
pub use facts::HostRow;
pub use facts::LinkRow;
pub use facts::MachineFact;
pub use facts::MachineRow;
pub use facts::MountRow;
pub use facts::Pair;
pub use facts::Parsed;
pub use facts::ProcessRow;
pub use facts::Properties;
pub use facts::Section;
pub use facts::SlotRow;
pub use facts::Space;
pub use fedb::FedbFacts;
pub use fedb::NameServerRow;
pub use fedb::OpRow;
pub use fedb::Shown;
pub use fedb::TableRow;
pub use fedb::TabletRow;
pub use file_name::address_in_path;
pub use file_name::bundle;
pub use file_name::ec2_ip;
pub use file_name::port_in_name;
pub use file_name::spans;
pub use file_name::with_plain_ip;
pub use file_name::words;
pub use head::Head;
pub use log::Log;
pub use nodes_conf::Fault;
pub use nodes_conf::LoadFault;
pub use nodes_conf::Loader;
pub use nodes_conf::Outcome;
pub use nodes_dump::Authority;
pub use nodes_dump::Complaint;
pub use nodes_dump::Flags;
pub use nodes_dump::NodeLine;
pub use nodes_dump::NodesDump;
pub use nodes_dump::OpenRef;
pub use nodes_dump::Wrong;
pub use parts::PartsLog;
pub use unreachable::is_refusal;
pub use unwrap::unwrap;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::diagnostic::Severity;
use crate::text::Source;

/// A way of writing facts: one file of this folder.
pub struct Dialect {
    /// Kebab-case, as reports print it.
    pub name: &'static str,
    /// No two dialects claim one file.
    pub sniff: fn(&Head) -> bool,
    pub parse: for<'a> fn(Block<'a>, &mut Log) -> Vec<Section<'a>>,
}

/// Every dialect, in the order in which they are asked.
pub static DIALECTS: &[&Dialect] = &[
    &cluster_nodes::DIALECT,
    &nodes_conf::DIALECT,
    &cluster_info::DIALECT,
    &info::DIALECT,
    &config_get::DIALECT,
    &unreachable::DIALECT,
    &ping::DIALECT,
    &host_map::DIALECT,
    &disk_map::DIALECT,
    &home_map::DIALECT,
    &kubernetes::DIALECT,
    &redis_properties::DIALECT,
    &redis_conf::DIALECT,
    &df::DIALECT,
    &mount::DIALECT,
    &lsblk::DIALECT,
    &ps::DIALECT,
    &host_ips::DIALECT,
    &free::DIALECT,
    &sysctl::DIALECT,
    &thp::DIALECT,
    &limits::DIALECT,
    &nproc::DIALECT,
    &distribution::DIALECT,
    &nodes_with_dir::DIALECT,
    &address_list::DIALECT,
    &flashbase_reply::DIALECT,
    &cluster_shards::DIALECT,
    &cluster_slots::DIALECT,
    &cluster_links::DIALECT,
    &cluster_slot_stats::DIALECT,
    &cluster_myid::DIALECT,
    &cluster_check::DIALECT,
    &time::DIALECT,
    &error_reply::DIALECT,
    &not_needed::DIALECT,
];

/// Who claims this stretch of text.
fn recognise(block: Block) -> Option<&'static Dialect> {
    let head = Head::of(block);
    DIALECTS.iter().find(|d| (d.sniff)(&head)).copied()
}

/// Reads a file by its content: one answer, or many. A file that nothing claims is one
/// diagnostic.
pub fn parse(source: &Source) -> Parsed<'_> {
    let mut log = Log::new(source);
    let remarks = unwrap::remarks(source);
    if let Some(mut parsed) = fedb::read(source) {
        parsed.diagnostics.splice(0..0, remarks);
        return parsed;
    }
    let mut parsed = match transcript::sections(Block::of(source), &mut log) {
        Some(sections) => Parsed {
            sections,
            diagnostics: log.finish(),
        },
        None => match dbsize::in_file(source)
            .or_else(|| rowcount::in_file(source))
            .or_else(|| nproc::in_file(source))
        {
            Some(section) => Parsed {
                sections: vec![section],
                diagnostics: log.finish(),
            },
            None => unclaimed(source),
        },
    };
    parsed.diagnostics.splice(0..0, remarks);
    if source.unproven {
        doubt_views(source, &mut parsed);
    }
    nodes_conf::keep_on_disk(source, &mut parsed);
    nodes_conf::check_loading(source, &mut parsed);
    parsed
}

/// One of the answers that are wrapped in a file, or the file itself. A server that starts with the
/// file reads it with what is around its lines.
pub fn parse_part<'a>(file: &'a Source, part: &'a Source) -> Parsed<'a> {
    let mut parsed = parse(part);
    if part.inside.as_ref().is_some_and(|inside| inside.whole) {
        nodes_conf::check_loading(file, &mut parsed);
    }
    parsed
}

/// Any line may be another than the node wrote, and still look good.
fn doubt_views(source: &Source, parsed: &mut Parsed) {
    let mut views = 0;
    for section in &mut parsed.sections {
        if let Facts::Nodes(dump) = &mut section.facts {
            dump.unread += 1;
            views += 1;
        }
    }
    if views == 0 {
        return;
    }
    let message = "a checksum over this file does not match: any of its lines may be wrong, and \
                   no view in it counts as whole";
    let diagnostic = Diagnostic::new(Parse::Checksum, message);
    let diagnostic = diagnostic.help("copy the archive again from where it was written");
    parsed.diagnostics.push(diagnostic.at(source.place(1, 1)));
}

/// The host map that a flag names, whatever its header looks like.
pub fn host_map(source: &Source) -> Parsed<'_> {
    parse_as(source, &host_map::DIALECT)
}

/// The disk map that a flag names, whatever its header looks like.
pub fn disk_map(source: &Source) -> Parsed<'_> {
    parse_as(source, &disk_map::DIALECT)
}

fn parse_as<'a>(source: &'a Source, dialect: &Dialect) -> Parsed<'a> {
    let mut log = Log::new(source);
    Parsed {
        sections: (dialect.parse)(Block::of(source), &mut log),
        diagnostics: log.finish(),
    }
}

fn unclaimed(source: &Source) -> Parsed<'_> {
    let text = Block::of(source).text;
    let diagnostic = if text.is_empty() {
        Diagnostic::new(
            Capture::EmptyFile,
            "the file is empty; the command that should have filled it said nothing",
        )
    } else if text.trim().is_empty() {
        // `CLUSTER SLOTS` of a cluster without slots is one line end.
        Diagnostic::new(Capture::EmptyFile, "the answer in this file is empty")
            .severity(Severity::Note)
    } else if is_binary(text) {
        Diagnostic::new(Capture::BinaryFile, "the file is not text; it was not used")
    } else if source.is_part() {
        Diagnostic::new(
            Capture::UnknownAnswer,
            "this answer is not known to topoplan; it was not used",
        )
    } else {
        Diagnostic::new(
            Capture::UnknownFile,
            "nothing in this file is known to topoplan; it was not used",
        )
    };
    Parsed {
        sections: Vec::new(),
        diagnostics: vec![diagnostic.at(source.place(1, 1))],
    }
}

/// A NUL, or more than a tenth of what no text has, among the first characters.
fn is_binary(text: &str) -> bool {
    const LOOKED_AT: usize = 4096;
    let odd = |c: char| {
        c == char::REPLACEMENT_CHARACTER
            || c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{1b}')
    };
    let head = text.chars().take(LOOKED_AT);
    let (odd_ones, all) = head.clone().fold((0, 0), |(odds, all), c| {
        (odds + usize::from(odd(c)), all + 1)
    });
    head.clone().any(|c| c == '\0') || odd_ones * 10 > all
}

/// A file as captures are read: what is around its answers comes off first. Nodes have their
/// places in the file.
#[cfg(test)]
fn read(source: &Source) -> Parsed<'static> {
    let parts = unwrap(source);
    let source: &Source = Box::leak(Box::new(source.clone()));
    let parts = if parts.is_empty() {
        vec![source.clone()]
    } else {
        parts
    };
    let mut read = Parsed::default();
    for part in Vec::leak(parts) {
        let mut parsed = parse_part(source, part);
        for section in &mut parsed.sections {
            let speaker = part.inside.as_ref().and_then(|inside| inside.of.clone());
            section.of = section.of.take().or(speaker);
            section.line = part.in_file(section.line, 1).0;
            if let Facts::Nodes(dump) = &mut section.facts {
                for line in &mut dump.lines {
                    (line.line, line.column) = part.in_file(line.line, line.column);
                }
            }
        }
        read.sections.append(&mut parsed.sections);
        read.diagnostics.append(&mut parsed.diagnostics);
    }
    read
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    /// Files of this folder that are no dialect.
    const SHARED: [&str; 25] = [
        "mod",
        "bars",
        "block",
        "dbsize",
        "directives",
        "facts",
        "fedb",
        "file_name",
        "head",
        "heading",
        "joined",
        "listed",
        "log",
        "node_field",
        "node_line",
        "nodes_dump",
        "pairs",
        "parts",
        "reply",
        "rowcount",
        "size",
        "table",
        "testing",
        "transcript",
        "unwrap",
    ];

    #[test]
    fn every_dialect_has_its_file_and_every_file_its_dialect() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/parse");
        let files: BTreeSet<String> = fs::read_dir(folder)
            .expect("the folder of this file")
            .map(|entry| entry.expect("a readable folder").path())
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .filter(|name| !SHARED.contains(&name.as_str()))
            .collect();
        let names: BTreeSet<String> = DIALECTS.iter().map(|d| d.name.replace('-', "_")).collect();
        assert_eq!(files, names);
        assert_eq!(names.len(), DIALECTS.len());
    }

    #[test]
    fn no_view_of_bytes_in_doubt_is_whole() {
        let id = "a".repeat(40);
        let text = format!("{id} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\n");
        for unproven in [false, true] {
            let mut source = Source::new("f", text.clone(), String::new());
            source.unproven = unproven;
            let mut extract = crate::text::Extract::default();
            extract.put(&text, 0);
            let part = source.part(extract, None, None);
            for source in [&source, &part] {
                let parsed = parse(source);
                let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
                assert_eq!(codes, vec![Parse::Checksum; usize::from(unproven)]);
                let Facts::Nodes(dump) = &parsed.sections[0].facts else {
                    panic!("{parsed:?}");
                };
                assert_eq!(dump.unread, u32::from(unproven));
            }
        }
    }

    #[test]
    fn a_file_without_facts_is_one_diagnostic() {
        for (text, code) in [
            ("", Capture::EmptyFile),
            (" \n\n", Capture::EmptyFile),
            ("\u{feff}", Capture::EmptyFile),
            ("REDIS0011\0\u{1}", Capture::BinaryFile),
            ("\u{fffd}\u{fffd}\u{3}abc", Capture::BinaryFile),
            ("Dear all,\nthe cluster is fine\n", Capture::UnknownFile),
        ] {
            let source = Source::new("f", text.to_owned(), String::new());
            let parsed = parse(&source);
            assert!(parsed.sections.is_empty(), "{text:?}");
            let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
            assert_eq!(codes, [code], "{text:?}");
        }
    }
}
