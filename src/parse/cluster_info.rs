//! `CLUSTER INFO` (`genClusterInfoString`).

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::pairs::pair;
use crate::parse::pairs::pairs;

pub(super) static DIALECT: Dialect = Dialect {
    name: "cluster-info",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    let first = head.lines().next().and_then(pair);
    first.is_some_and(|(key, _)| is_cluster_info(key))
}

/// INFO prints two keys that begin alike: in its sections Cluster and Clients (7.0).
pub(super) fn is_cluster_info(key: &str) -> bool {
    key.starts_with("cluster_") && !matches!(key, "cluster_enabled" | "cluster_connections")
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    vec![Section::new(
        DIALECT.name,
        block,
        Facts::ClusterInfo(pairs(block, log)),
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Parse;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    #[test]
    fn reads_the_answer_as_it_comes_from_the_wire() {
        let text = "cluster_state:fail\r\ncluster_slots_assigned:16384\r\nodd\r\n";
        let source = Source::new("f", text.into(), String::new());
        let parsed = parse_file(&source);
        let Facts::ClusterInfo(pairs) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        assert_eq!((pairs[0].key, &*pairs[0].value), ("cluster_state", "fail"));
        assert_eq!((&*pairs[1].value, pairs[1].line), ("16384", 2));
        assert_eq!(parsed.diagnostics[0].code, Parse::Pair);
        assert_eq!(parsed.diagnostics.len(), 1);
    }
}
