//! `nodes.conf`, the file in which a node keeps its view on disk (`clusterSaveConfig`).

use nom::IResult;
use nom::Parser;
use nom::bytes::complete::tag_no_case;
use nom::character::complete::space1;
use nom::character::complete::u64 as number;
use nom::sequence::preceded;

use crate::parse::Authority;
use crate::parse::Dialect;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::cluster_nodes;
use crate::parse::log::Log;
use crate::parse::node_line::has_aux_fields;

pub(super) static DIALECT: Dialect = Dialect {
    name: "nodes-conf",
    sniff,
    parse,
};

fn sniff(block: Block) -> bool {
    cluster_nodes::lists_nodes(block) && is_on_disk(block)
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    cluster_nodes::sections(DIALECT.name, Authority::Disk, block, log)
}

/// A `vars` line at the start or the end, also one that was cut off, or aux fields.
pub(super) fn is_on_disk(block: Block) -> bool {
    // Until 7.0 the file was overwritten in place and padded with line ends when it shrank.
    let mut tail = block.text.trim_end().rsplit('\n').take(4);
    let cut = |line: &str| !line.is_empty() && "vars".starts_with(line);
    tail.clone().next().is_some_and(cut)
        || tail.any(|line| vars(line).is_some())
        || block
            .head()
            .any(|line| vars(line).is_some() || has_aux_fields(line))
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
    use crate::parse::Facts;
    use crate::parse::parse as parse_file;
    use crate::source::Source;

    const NODE: &str =
        "cd461c86a54ea12d5d76b9b8d71ce63b0021d653 :7001 myself,master - 0 0 0 connected";

    fn dump_of(text: &str) -> (&'static str, bool, Option<u64>, usize) {
        let source = Source::new("nodes.conf", text.to_owned(), String::new());
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

    #[test]
    fn a_view_is_not_on_disk() {
        assert_eq!(
            dump_of(&format!("{NODE}\n")),
            ("cluster-nodes", false, None, 0)
        );
    }
}
