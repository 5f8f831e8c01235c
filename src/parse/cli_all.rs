//! `flashbase cli-all …`: the answers of many nodes, each below `redis client for HOST:PORT`.

use crate::diagnostic::Diagnostic;
use crate::model::Address;
use crate::parse::DIALECTS;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::strip_markup;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::log::quote;

pub(super) static DIALECT: Dialect = Dialect {
    name: "cli-all",
    sniff: has_header,
    parse,
};

const HEADER: &str = "redis client for ";

pub(super) fn has_header(block: Block) -> bool {
    block.head().any(|line| line.starts_with(HEADER))
}

/// The address of a header line.
fn header(line: &str) -> Option<&str> {
    // Every line of a long transcript comes by here.
    if !line.contains(HEADER) {
        return None;
    }
    let rest = strip_markup(line).strip_prefix(HEADER)?;
    Some(rest.trim().trim_end_matches(':'))
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let mut sections = Vec::new();
    let mut unknown: Option<(Spot, Address, usize)> = None;
    for (line, text, body) in answers(block) {
        let spot = Spot {
            line,
            text,
            part: text,
        };
        let name = header(text).unwrap_or("");
        let of = match name.parse::<Address>() {
            Ok(address) => address,
            Err(why) => {
                let message = format!(
                    "{} is no address: {why}; the answer was skipped",
                    quote(name)
                );
                log.warning("parse/address", message, spot);
                continue;
            }
        };
        let dialect = DIALECTS
            .iter()
            .filter(|d| d.name != DIALECT.name)
            .find(|d| (d.sniff)(body));
        match dialect {
            Some(dialect) => {
                sections.extend((dialect.parse)(body, log).into_iter().map(|s| Section {
                    of: Some(of.clone()),
                    // Whatever it said, it lives.
                    facts: match s.facts {
                        Facts::Nothing => Facts::Pong,
                        facts => facts,
                    },
                    ..s
                }));
            }
            None if body.text.trim().is_empty() => {
                log.warning("capture/empty-answer", format!("{of} gave no answer"), spot);
            }
            None => match &mut unknown {
                Some((_, _, more)) => *more += 1,
                None => unknown = Some((spot, of, 0)),
            },
        }
    }
    if let Some((spot, of, more)) = unknown {
        let message = match more {
            0 => format!("the answer of {of} is not known to topoplan; it was not used"),
            n => format!(
                "the answers of {of} and of {n} more nodes are not known to topoplan; they were not used"
            ),
        };
        log.note("capture/unknown-answer", message, spot);
    }
    if sections.is_empty() {
        log.whole(Diagnostic::note(
            "capture/no-answer",
            "no node of this transcript gave an answer that can be used",
        ));
    }
    sections
}

/// Every header with its line number, its text and what stands below it.
fn answers(block: Block<'_>) -> Vec<(u32, &str, Block<'_>)> {
    let mut headers: Vec<(u32, usize, &str)> = Vec::new();
    let mut start = 0;
    for (line, text) in (block.first_line..).zip(block.text.split_inclusive('\n')) {
        if header(text).is_some() {
            headers.push((line, start, text));
        }
        start += text.len();
    }
    let ends = headers
        .iter()
        .skip(1)
        .map(|h| h.1)
        .chain([block.text.len()]);
    headers
        .iter()
        .zip(ends)
        .map(|(&(line, start, text), end)| {
            let body = Block {
                text: block.text.get(start + text.len()..end).unwrap_or(""),
                first_line: line + 1,
            };
            (line, text.trim_end(), body)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse as parse_file;
    use crate::source::Source;

    #[test]
    fn every_answer_is_read_by_its_own_dialect() {
        let text = "redis client for 10.0.0.1:7000\n\
            ab 10.0.0.1:7000 myself,master - 0 0 1 connected 0-5\n\
            redis client for 10.0.0.1:7001\n\
            Could not connect to Redis at 10.0.0.1:7001: Connection refused\n\
            redis client for 10.0.0.1:7002\n\
            PONG\n\
            redis client for 10.0.0.1:7003\n\
            dir\n\
            /data/disk1\n\
            redis client for 10.0.0.1:7004\n\
            cluster_state:ok\n\
            redis client for 10.0.0.1:7005\n\
            redis client for nowhere\n\
            redis client for 10.0.0.1:7006\n\
            # Keyspace\n\
            db0:keys=1\n";
        let source = Source::new("cli-all.txt", text.into(), String::new());
        let parsed = parse_file(&source);
        let seen: Vec<_> = parsed
            .sections
            .iter()
            .map(|s| (s.dialect, s.of.as_ref().map_or(0, Address::port), s.line))
            .collect();
        assert_eq!(
            seen,
            [
                ("cluster-nodes", 7000, 2),
                ("unreachable", 7001, 4),
                ("ping", 7002, 6),
                ("config-get", 7003, 8),
                ("cluster-info", 7004, 11),
                ("info", 7006, 15),
            ]
        );
        let Facts::Nodes(dump) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        assert_eq!(dump.lines[0].line, 2);
        let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, ["capture/empty-answer", "parse/address"]);
    }

    #[test]
    fn a_command_that_topoplan_does_not_know_is_said_once() {
        let text = "redis client for 10.0.0.1:7000\nsome text\nredis client for 10.0.0.1:7001\n\
            more text\nredis client for 10.0.0.1:7002\nOK\n";
        let source = Source::new("cli-all.txt", text.into(), String::new());
        let parsed = parse_file(&source);
        let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, ["capture/unknown-answer"]);
        // What says OK lives.
        assert!(matches!(
            parsed.sections[..],
            [Section {
                facts: Facts::Pong,
                ..
            }]
        ));
    }
}
