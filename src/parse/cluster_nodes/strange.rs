//! Ids that are none among ids as servers make them: a letter was lost, doubled or changed, and
//! what is left would be taken for one more node.

use crate::diagnostic::Parse;
use crate::parse::Flags;
use crate::parse::NodeLine;
use crate::parse::block::Block;
use crate::parse::cluster_nodes::Reading;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::text::lex::id::is_plain_id;
use crate::text::quote::quote;

/// Takes lines with such ids for lines that could not be read. Stores that are given their ids
/// have no other kind, or more than a few of them.
pub(super) fn drop_strange_ids(reading: &mut Reading, block: Block, log: &mut Log) {
    let strange = |line: &NodeLine| {
        let master = line.master.as_ref().filter(|m| !is_plain_id(m));
        !is_plain_id(&line.id) || master.is_some()
    };
    let lines = &reading.dump.lines;
    let few: Vec<usize> = (0..lines.len()).filter(|&at| strange(&lines[at])).collect();
    if few.is_empty() || lines.len() < 3 || few.len() * 3 > lines.len() {
        return;
    }
    let mut texts = block.lines();
    for at in &few {
        let line = &reading.dump.lines[*at];
        let text = texts.find(|&(number, _)| number == line.line);
        let text = text.map_or("", |(_, text)| text);
        let id = match &line.master {
            Some(master) if is_plain_id(&line.id) => master,
            _ => &line.id,
        };
        let part = text
            .find(&**id)
            .and_then(|start| text.get(start..start + id.len()));
        let message = format!(
            "{} is no id of 40 hex digits, as the others here are; the line was skipped",
            quote(id)
        );
        let spot = Spot {
            line: line.line,
            text,
            part: part.unwrap_or(text),
        };
        log.say(Parse::NodeId, message, spot);
        reading.unread.push(line.line);
        if line.flags.has(Flags::MYSELF) {
            reading.unread_owners.push(line.line);
        }
    }
    let mut at = 0;
    reading.dump.lines.retain(|_| {
        at += 1;
        few.binary_search(&(at - 1)).is_err()
    });
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Code;
    use crate::diagnostic::Parse;
    use crate::parse::Facts;
    use crate::parse::read as parse;
    use crate::text::Source;

    /// Ids, kept and unread, and the codes that were said.
    fn read(lines: &[(&str, &str)]) -> (Vec<String>, u32, Vec<Code>) {
        let line = |(id, master): &(&str, &str)| {
            let role = if *master == "-" { "master" } else { "slave" };
            format!("{id} 10.0.0.1:7000@17000 {role} {master} 0 0 1 connected\n")
        };
        let text: String = lines.iter().map(line).collect();
        let source = Source::new("f", text, String::new());
        let parsed = parse(&source);
        let Facts::Nodes(dump) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        let ids = dump.lines.iter().map(|l| l.id.to_string()).collect();
        let codes = parsed.diagnostics.iter().map(|d| d.code).collect();
        (ids, dump.unread, codes)
    }

    #[test]
    fn one_strange_id_among_plain_ones_is_no_node() {
        let [a, b, c] = ["a", "b", "c"].map(|id| id.repeat(40));
        let plain = vec![a.clone(), b.clone(), c.clone()];
        for bad in [&a[1..], &a.replacen('a', "g", 1)] {
            let (ids, unread, codes) = read(&[(&a, "-"), (&b, "-"), (&c, &a), (bad, "-")]);
            assert_eq!(
                (ids, unread, codes),
                (plain.clone(), 1, vec![Parse::NodeId.code()])
            );
            let (ids, unread, _) = read(&[(&a, "-"), (&b, "-"), (&c, bad)]);
            assert_eq!((ids.len(), unread), (2, 1), "a replica of nobody else");
        }
    }

    #[test]
    fn a_store_with_other_ids_has_them() {
        let (ids, unread, codes) = read(&[("n1", "-"), ("n2", "-"), ("n3", "n1")]);
        assert_eq!((ids.len(), unread), (3, 0));
        assert!(codes.is_empty(), "{codes:?}");
    }

    #[test]
    fn an_id_is_read_without_what_is_glued_to_it() {
        let [a, b, c] = ["a", "b", "c"].map(|id| id.repeat(40));
        for glued in [
            format!("10.0.0.1:7000:{b}"),
            format!("1.{b}"),
            format!("0x{b}"),
            format!("{b}."),
            format!("{b}..."),
        ] {
            let (ids, unread, codes) = read(&[(&a, "-"), (&glued, &a), (&c, &glued)]);
            assert_eq!(ids, [a.clone(), b.clone(), c.clone()], "{glued}");
            assert_eq!((unread, codes.len()), (0, 2), "{glued}");
        }
        // Which forty of these are the id, nobody knows.
        let (_, unread, _) = read(&[(&a, "-"), (&format!("d{b}"), &a), (&c, "-")]);
        assert_eq!(unread, 1);
    }
}
