//! `nodes.conf`, the file in which a node keeps its view on disk (`clusterSaveConfig`).

mod fault;
mod loader;
mod words;

use nom::IResult;
use nom::Parser;
use nom::bytes::complete::tag_no_case;
use nom::character::complete::space1;
use nom::character::complete::u64 as number;
use nom::sequence::preceded;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::parse::Authority;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::NodesDump;
use crate::parse::Parsed;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::cluster_nodes;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::node_line::has_aux_fields;
use crate::text::Source;

pub use fault::Fault;
pub use fault::LoadFault;
pub use fault::Loader;
pub use fault::Outcome;

use loader::Certainty;
use loader::Loaded;
use loader::load;

pub(super) static DIALECT: Dialect = Dialect {
    name: "nodes-conf",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    head.lists_nodes() && head.is_on_disk()
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let mut sections = cluster_nodes::sections(DIALECT.name, Authority::Disk, block, log);
    if let [section] = &mut sections[..]
        && log.is_as_captured()
        && is_verbatim(block)
        && let Facts::Nodes(dump) = &mut section.facts
    {
        dump.take_loaded(load(block.text, block.first_line, Certainty::Alike).unwrap_or_default());
    }
    sections
}

/// No line was pasted, quoted or written between the others: what a server would stumble over
/// stands in the file itself.
fn is_verbatim(block: Block) -> bool {
    block.text.lines().all(|line| {
        let bare = line.trim();
        bare.is_empty() || !is_noise(line) && !bare.starts_with("//") && !bare.starts_with('#')
    })
}

/// What a file of that name holds was on disk, however it reads: a server before 7.0 writes its
/// `vars` line last and over the old file, so a full disk tears just that off. Who saves an answer
/// of a process under this name loses a view and is told so.
///
/// In a log the line above it names the file: `$ cat nodes.conf`, `==> nodes.conf <==`.
pub(super) fn keep_on_disk(source: &Source, parsed: &mut Parsed) {
    let named = says_on_disk(&source.path);
    if !named && !source.text.contains(".conf") {
        return;
    }
    let lines: Vec<&str> = source.text.lines().collect();
    let named_above = |line: u32| {
        let above = lines
            .get(..(line as usize).saturating_sub(1))
            .unwrap_or_default();
        let above = above.iter().rev().find(|line| !line.trim().is_empty());
        // Who saves the answer under that name shows the answer all the same.
        let asks = |line: &str| line.to_ascii_lowercase().contains("cluster nodes");
        above.is_some_and(|line| !asks(line) && line.split_whitespace().any(says_on_disk))
    };
    for section in &mut parsed.sections {
        let Facts::Nodes(dump) = &mut section.facts else {
            continue;
        };
        if dump.authority != Authority::View || !(named || named_above(section.line)) {
            continue;
        }
        dump.authority = Authority::Disk;
        section.dialect = DIALECT.name;
        let message = match named {
            true => {
                "by the name of this file it was on a disk: it does not show that its node runs"
            }
            false => {
                "by the line above it this is a file on a disk: it does not show that its node runs"
            }
        };
        parsed.diagnostics.push(
            Diagnostic::new(Capture::NamedNodesConf, message)
                .at(source.place(section.line, 1))
                .help("save what a process answers to `cluster nodes` under another name"),
        );
    }
}

/// What a server would stumble over in a file whose name says that it is the one on disk, also
/// where nothing in it can be read. Every other file is left as it is.
pub(super) fn check_loading<'a>(source: &'a Source, parsed: &mut Parsed<'a>) {
    if source.inside.is_some() || !is_named(&source.path) {
        return;
    }
    if source.text.is_empty() {
        // The same place with other words: a server takes it for no file at all.
        parsed.diagnostics = vec![
            Diagnostic::new(
                Capture::EmptyNodesConf,
                "the file is empty; a server that starts with it makes up a new id",
            )
            .at(source.place(1, 1)),
        ];
    }
    let mut dumps: Vec<&mut NodesDump> = Vec::new();
    for section in &mut parsed.sections {
        if let Facts::Nodes(dump) = &mut section.facts {
            dumps.push(dump);
        }
    }
    let block = Block::of(source);
    let Some(mut loaded) = load(block.text, block.first_line, Certainty::Named) else {
        // Each of the files in it was looked at where it was cut out.
        return;
    };
    if source.marked {
        let what = "begins with a byte order mark, unless a copy put it there".to_owned();
        let fault = Fault::Mark;
        let (line, column) = (1, 1);
        loaded.faults.insert(
            0,
            LoadFault {
                fault,
                line,
                column,
                what,
            },
        );
    }
    match dumps.into_iter().next() {
        Some(dump) => dump.take_loaded(loaded),
        None if loaded.faults.is_empty() => {}
        None => {
            let mut dump = NodesDump {
                authority: Authority::Disk,
                ..NodesDump::default()
            };
            dump.take_loaded(loaded);
            let section = Section::new(DIALECT.name, block, Facts::Nodes(dump));
            parsed.sections.push(section);
        }
    }
}

/// `nodes.conf`, `nodes-7000.conf`: what `cluster-config-file` is called.
fn is_named(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("nodes") && name.ends_with(".conf")
}

/// As [`is_named`], also where something stands before or behind the name: copies are called
/// `10.0.0.1-nodes.conf` and `nodes-7000.conf.bak`.
fn says_on_disk(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    name.match_indices("nodes").any(|(at, word)| {
        let alone = !name[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        alone && name[at + word.len()..].contains(".conf")
    })
}

impl NodesDump<'_> {
    fn take_loaded(&mut self, loaded: Loaded) {
        self.load_faults = loaded.faults;
        self.written_by = loaded.myself;
    }
}

/// A `vars` line among the first lines or the last, also one that was cut off, or aux fields.
pub(super) fn is_on_disk<'a>(mut head: impl Iterator<Item = &'a str>, tail: &str) -> bool {
    // Until 7.0 the file was overwritten in place and padded with line ends when it shrank.
    let mut tail = tail.rsplit('\n').take(4);
    let cut = |line: &str| !line.is_empty() && "vars".starts_with(line);
    tail.clone().next().is_some_and(cut)
        || tail.any(|line| vars(line).is_some())
        || head.any(|line| vars(line).is_some() || has_aux_fields(line))
}

/// What the `vars` line says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Vars {
    pub current_epoch: Option<u64>,
}

/// `vars currentEpoch 7 lastVoteEpoch 6`, in any case and order; unknown words are skipped, as
/// the servers do.
pub(super) fn vars(line: &str) -> Option<Vars> {
    let mut words = line.split_ascii_whitespace();
    if !words.next()?.eq_ignore_ascii_case("vars") {
        return None;
    }
    let rest = line.to_ascii_lowercase();
    let start = rest.find("currentepoch").and_then(|at| rest.get(at..));
    Some(Vars {
        current_epoch: start.and_then(|text| current_epoch(text).ok().map(|(_, n)| n)),
    })
}

fn current_epoch(input: &str) -> IResult<&str, u64> {
    preceded((tag_no_case("currentEpoch"), space1), number).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::parse::Facts;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    const NODE: &str =
        "cd461c86a54ea12d5d76b9b8d71ce63b0021d653 :7001 myself,master - 0 0 0 connected";

    fn dump_of(text: &str) -> (&'static str, bool, Option<u64>, usize) {
        dump_in("nodes.conf", text)
    }

    fn dump_in(path: &str, text: &str) -> (&'static str, bool, Option<u64>, usize) {
        let source = Source::new(path, text.to_owned(), String::new());
        let parsed = parse_file(&source);
        let section = parsed.sections.first().expect("the text has a node line");
        let Facts::Nodes(dump) = &section.facts else {
            panic!("{:?}", section.facts);
        };
        (
            section.dialect,
            dump.authority == Authority::Disk,
            dump.current_epoch,
            parsed.diagnostics.len(),
        )
    }

    #[test]
    fn is_known_by_its_vars() {
        let text = format!("{NODE}\nvars currentEpoch 7 lastVoteEpoch 6\n");
        assert_eq!(dump_of(&text), ("nodes-conf", true, Some(7), 0));
        let shrunk = format!("{text}\n\n\n");
        assert_eq!(dump_of(&shrunk), ("nodes-conf", true, Some(7), 0));
    }

    #[test]
    fn is_known_by_its_aux_fields() {
        let text =
            "cd46 10.0.0.1:7001@17001,,tls-port=0,shard-id=ab myself,master - 0 0 0 connected\n";
        assert_eq!(dump_of(text), ("nodes-conf", true, None, 0));
    }

    #[test]
    fn is_known_when_cut_off_in_vars() {
        assert_eq!(
            dump_of(&format!("{NODE}\nva")),
            ("nodes-conf", true, None, 1)
        );
    }

    fn found_of(path: &str, text: &str) -> (Vec<Fault>, Vec<Code>) {
        let source = Source::new(path, text.to_owned(), String::new());
        let parsed = parse_file(&source);
        let faults = parsed.sections.iter().flat_map(|s| match &s.facts {
            Facts::Nodes(dump) => &dump.load_faults[..],
            _ => &[],
        });
        (
            faults.map(|f| f.fault).collect(),
            parsed.diagnostics.iter().map(|d| d.code).collect(),
        )
    }

    #[test]
    fn the_name_tells_where_the_content_does_not() {
        let empty = (vec![Fault::Empty], vec![Capture::EmptyNodesConf.code()]);
        assert_eq!(found_of("a/nodes-7000.conf", ""), empty);
        assert_eq!(
            found_of("a/nodes.txt", ""),
            (vec![], vec![Capture::EmptyFile.code()])
        );
        let (faults, codes) = found_of("nodes.conf", "\0\0\0");
        assert_eq!(
            (faults, codes),
            (vec![Fault::NoNode], vec![Capture::BinaryFile.code()])
        );
        let text = format!("\u{feff}{NODE}\nvars currentEpoch 7 lastVoteEpoch 6\n");
        let marked = Source::of_bytes("nodes.conf", text.into_bytes(), String::new());
        let Facts::Nodes(dump) = &parse_file(&marked).sections[0].facts else {
            panic!("a nodes.conf");
        };
        let faults: Vec<Fault> = dump.load_faults.iter().map(|f| f.fault).collect();
        assert_eq!(faults, [Fault::Mark]);
        let (faults, _) = found_of("nodes.conf", "Dear all\n");
        assert_eq!(faults, [Fault::Fields, Fault::NoMyself]);
    }

    #[test]
    fn what_people_paste_is_not_the_file_itself() {
        let text = format!("{NODE}\nvars currentEpoch 7 lastVoteEpoch 6\n");
        let broken = text.replace("connected", "\"connected 1");
        assert_eq!(found_of("x.txt", &broken).0, [Fault::Quote]);
        // Joined files are cut apart, whatever the whole is called.
        for path in ["x.txt", "nodes.conf"] {
            assert_eq!(
                found_of(path, &format!("{broken}{text}{broken}")).0,
                [Fault::Quote; 2]
            );
        }
        for pasted in [
            format!("> {}", broken.replace('\n', "\n> ")),
            format!("# mine\n{broken}"),
        ] {
            assert_eq!(found_of("x.txt", &pasted).0, [], "{pasted}");
        }
    }

    #[test]
    fn a_view_is_not_on_disk_unless_its_file_is_called_so() {
        let text = format!("{NODE}\n");
        let answered = ("cluster-nodes", false, None, 0);
        assert_eq!(dump_in("nodes.txt", &text), answered);
        assert_eq!(dump_in("nodes.conf.d/a", &text), answered);
        assert_eq!(
            dump_in("a/nodes.conf", &text),
            ("nodes-conf", true, None, 1)
        );
    }

    #[test]
    fn a_log_names_the_file_that_it_shows_in_the_line_above() {
        let text = format!("{NODE}\n");
        let above = |line: &str| dump_in("night.log", &format!("{line}\n{text}")).1;
        for shown in [
            "$ cat /data/nodes.conf",
            "$ ssh 10.0.0.1 sudo cat /var/lib/redis/nodes-7000.conf",
            "$ kubectl exec redis-0 -- cat /data/nodes.conf",
            "==> 10.0.0.1_7000/nodes.conf <==",
        ] {
            assert!(above(shown), "{shown}");
        }
        for asked in [
            "$ redis-cli cluster nodes",
            "$ redis-cli cluster nodes | tee nodes.conf",
            "$ cat nodes.txt",
            "# redis.conf",
        ] {
            assert!(!above(asked), "{asked}");
        }
    }
}
