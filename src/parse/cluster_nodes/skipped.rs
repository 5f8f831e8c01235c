//! Lines among those of a dump that are none: said one by one, or all at once where many follow
//! each other.

use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::log::quote;
use crate::parse::node_field::Broken;
use crate::parse::node_line::looks_like_node;

/// As many in a row are said one by one.
const ONE_BY_ONE: usize = 3;

/// Lines in a row that were skipped and not said yet.
#[derive(Default)]
pub(super) struct Skipped<'a> {
    is_prose: bool,
    first: Vec<(&'static str, String, Spot<'a>)>,
    more: usize,
    last_line: u32,
}

impl<'a> Skipped<'a> {
    pub fn add(
        &mut self,
        broken: Broken<'a>,
        is_prose: bool,
        piece: &'a str,
        spot: Spot<'a>,
        log: &mut Log,
    ) {
        if is_prose != self.is_prose {
            self.say(log);
            self.is_prose = is_prose;
        }
        // What is wrong with each line of a node is worth a word.
        if looks_like_node(piece) {
            self.say(log);
            log.warning(broken.code, broken.message, spot);
            return;
        }
        self.last_line = spot.line;
        if self.first.len() == ONE_BY_ONE {
            self.more += 1;
        } else if is_prose {
            let message = format!("{} is no node line; it was skipped", quote(piece));
            self.first.push(("parse/text", message, spot));
        } else {
            self.first.push((broken.code, broken.message, spot));
        }
    }

    pub fn say(&mut self, log: &mut Log) {
        let mut first = std::mem::take(&mut self.first);
        let more = std::mem::take(&mut self.more);
        if more > 0
            && let Some((code, _, spot)) = first.first()
        {
            let message = format!(
                "lines {}-{} are no node lines that can be read; they were skipped",
                spot.line, self.last_line
            );
            let said = (*code, message, *spot);
            first = vec![said];
        }
        for (code, message, spot) in first {
            match self.is_prose {
                true => log.note(code, message, spot),
                false => log.warning(code, message, spot),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::Facts;
    use crate::parse::parse;
    use crate::source::Source;

    #[test]
    fn many_lines_in_a_row_are_said_once() {
        let id = "a".repeat(40);
        let node = format!("{id} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected\n");
        for (line, code, unread) in [
            ("10:00:01 ticking", "parse/address", true),
            ("all is well", "parse/text", false),
        ] {
            for (count, said) in [(3, 3), (4, 1), (100, 1)] {
                let lines = format!("{line}\n").repeat(count);
                let text = format!(
                    "{node}{lines}{}",
                    node.replace("myself,", "").replace(&id, &"b".repeat(40))
                );
                let source = Source::new("f", text, String::new());
                let parsed = parse(&source);
                let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
                assert_eq!(codes, vec![code; said], "{count}");
                let Facts::Nodes(dump) = &parsed.sections[0].facts else {
                    panic!("{parsed:?}");
                };
                assert_eq!(dump.unread, if unread { count as u32 } else { 0 });
                if said == 1 {
                    let message = &parsed.diagnostics[0].message;
                    assert!(
                        message.contains(&format!("lines 2-{}", count + 1)),
                        "{message}"
                    );
                }
            }
        }
    }
}
