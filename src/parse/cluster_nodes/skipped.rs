//! Lines among those of a dump that are none: said one by one, or all at once where many follow
//! each other.

use crate::diagnostic::Code;
use crate::diagnostic::Parse;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::node_field::Broken;
use crate::parse::node_line::looks_like_node;
use crate::text::quote::quote;

/// As many in a row are said one by one.
const ONE_BY_ONE: usize = 3;

/// Lines in a row that were skipped and not said yet.
#[derive(Default)]
pub(super) struct Skipped<'a> {
    first: Vec<Line<'a>>,
    /// The first that may be what is left of a node.
    broken: Option<Line<'a>>,
    more: usize,
    last_line: u32,
}

#[derive(Clone)]
struct Line<'a> {
    code: Code,
    message: String,
    spot: Spot<'a>,
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
        // What is wrong with each line of a node is worth a word.
        if looks_like_node(piece) {
            self.say(log);
            let message = match runs_together(piece) {
                true => "parts of two lines run together here: what stood between them is missing, and the line was skipped".to_owned(),
                false => broken.message,
            };
            log.say(broken.code, message, spot);
            return;
        }
        self.last_line = spot.line;
        let wanted = self.first.len() < ONE_BY_ONE;
        self.more += usize::from(!wanted);
        if !wanted && (is_prose || self.broken.is_some()) {
            return;
        }
        let (code, message) = match is_prose {
            true => {
                let message = format!("{} is no node line; it was skipped", quote(piece));
                (Parse::Text.code(), message)
            }
            false => (broken.code, broken.message),
        };
        let line = Line {
            code,
            message,
            spot,
        };
        if !is_prose && self.broken.is_none() {
            self.broken = Some(line.clone());
        }
        if wanted {
            self.first.push(line);
        }
    }

    pub fn say(&mut self, log: &mut Log) {
        let Self {
            mut first,
            broken,
            more,
            last_line,
        } = std::mem::take(self);
        let from = first.first().map_or(0, |line| line.spot.line);
        if more > 0
            && let Some(mut said) = broken.or_else(|| first.first().cloned())
        {
            said.message = format!(
                "lines {}-{} are no node lines that can be read; they were skipped",
                log.in_file(from),
                log.in_file(last_line)
            );
            first = vec![said];
        }
        for line in first {
            log.say(line.code, line.message, line.spot);
        }
    }
}

/// A line has one address: a second one is of another line, whose start was lost.
fn runs_together(text: &str) -> bool {
    let is_address = |word: &&str| {
        let bus = word
            .split_once('@')
            .map(|(before, after)| (before.rsplit_once(':'), after));
        let number = |text: &str| text.parse::<u16>().is_ok();
        bus.is_some_and(|(before, after)| {
            let bus = after.split(',').next().unwrap_or(after);
            before.is_some_and(|(_, port)| number(port)) && number(bus)
        })
    };
    text.split_whitespace().filter(is_address).count() > 1
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Parse;
    use crate::parse::Facts;
    use crate::parse::parse;
    use crate::parse::unwrap;
    use crate::text::Source;

    #[test]
    fn text_and_broken_lines_are_one_run_of_a_file() {
        let id = "a".repeat(40);
        let node =
            format!("redis-0 redis {id} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected\n");
        let odd = ["well", "10:00:01 ticking", "well", "10:00:02 ticking"];
        let odd: String = odd
            .iter()
            .map(|line| format!("redis-0 redis {line}\n"))
            .collect();
        let text = format!(
            "\n\n{node}{}{odd}",
            node.replace(&id, &"b".repeat(40)).replace("myself,", "")
        );
        let source = Source::new("f", text, String::new());
        let parts = unwrap(&source);
        let parsed = parse(&parts[0]);
        let said = &parsed.diagnostics[0];
        assert_eq!(said.code, Parse::Address);
        assert!(said.message.starts_with("lines 5-8 "), "{}", said.message);
        assert_eq!(said.place.as_ref().map(|p| p.line), Some(6));
    }

    #[test]
    fn many_lines_in_a_row_are_said_once() {
        let id = "a".repeat(40);
        let node = format!("{id} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected\n");
        for (line, code, unread) in [
            ("10:00:01 ticking", Parse::Address, true),
            ("all is well", Parse::Text, false),
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
