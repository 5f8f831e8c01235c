//! Lines among those of a dump that are none: said one by one, or all at once where many follow
//! each other.

use crate::diagnostic::Code;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::node_field::Broken;
use crate::parse::node_line::looks_like_node;

/// As many in a row are said one by one.
const ONE_BY_ONE: usize = 3;

/// Lines in a row that were skipped and not said yet.
#[derive(Default)]
pub(super) struct Skipped<'a> {
    first: Vec<Damaged<'a>>,
    more: usize,
    last_line: u32,
}

#[derive(Clone)]
struct Damaged<'a> {
    code: Code,
    message: String,
    spot: Spot<'a>,
}

impl<'a> Skipped<'a> {
    pub fn damaged(&mut self, broken: Broken<'a>, line: u32, text: &'a str, log: &mut Log) {
        let part = broken.part;
        let spot = Spot { line, text, part };
        // What is wrong with each line of a node is worth a word.
        if looks_like_node(text) {
            self.say(log);
            let message = match runs_together(text) {
                true => "parts of two lines run together here: what stood between them is missing, and the line was skipped".to_owned(),
                false => broken.message,
            };
            log.say(broken.code, message, spot);
            return;
        }
        self.last_line = line;
        if self.first.len() < ONE_BY_ONE {
            self.first.push(Damaged {
                code: broken.code,
                message: broken.message,
                spot,
            });
        } else {
            self.more += 1;
        }
    }

    pub fn say(&mut self, log: &mut Log) {
        let Self {
            mut first,
            more,
            last_line,
        } = std::mem::take(self);
        if more > 0 {
            first.truncate(1);
            for said in &mut first {
                said.message = format!(
                    "lines {}-{} are no node lines that can be read; they were skipped",
                    log.in_file(said.spot.line),
                    log.in_file(last_line)
                );
            }
        }
        for Damaged {
            code,
            message,
            spot,
        } in first
        {
            log.say(code, message, spot);
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
    use crate::parse::read as parse;
    use crate::text::Source;

    #[test]
    fn many_lines_in_a_row_are_said_once() {
        let id = "a".repeat(40);
        let node = format!("{id} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected\n");
        let other = node.replace("myself,", "").replace(&id, &"b".repeat(40));
        for (prefix, count, said) in [
            ("", 3, 3),
            ("", 4, 1),
            ("", 100, 1),
            ("redis-0 redis ", 4, 1),
        ] {
            let lines = format!("{} 10.0.0.3\n", "c".repeat(40)).repeat(count);
            let text = format!("{node}{lines}{other}");
            let text: String = text
                .lines()
                .map(|line| format!("{prefix}{line}\n"))
                .collect();
            let source = Source::new("f", text, String::new());
            let parsed = parse(&source);
            let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
            assert_eq!(codes, vec![Parse::Address; said], "{count}");
            let Facts::Nodes(dump) = &parsed.sections[0].facts else {
                panic!("{parsed:?}");
            };
            assert_eq!(dump.unread, count as u32);
            if said == 1 {
                let message = &parsed.diagnostics[0].message;
                let lines = format!("lines 2-{}", count + 1);
                assert!(message.contains(&lines), "{message}");
            }
        }
    }
}
