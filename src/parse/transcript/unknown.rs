//! What no dialect knows: said, and not once for every line or every node.

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Severity;
use crate::model::Address;
use crate::parse::block::Block;
use crate::parse::block::is_frame;
use crate::parse::block::is_noise;
use crate::parse::log::Log;
use crate::parse::log::Once;
use crate::parse::log::Spot;

/// What was not known in one file, for one word about each kind.
#[derive(Default)]
pub(super) struct Unknown<'a> {
    answers: Option<(Spot<'a>, Address)>,
    more_answers: usize,
    /// One of them is a number alone.
    any_count: bool,
    /// The first line below a command, and how many there are below any.
    below: Option<(Spot<'a>, usize)>,
}

impl<'a> Unknown<'a> {
    /// One command asked of many nodes is one thing to say.
    pub fn answer(&mut self, spot: Spot<'a>, of: &Address, is_count: bool) {
        self.any_count |= is_count;
        match self.answers {
            Some(_) => self.more_answers += 1,
            None => self.answers = Some((spot, of.clone())),
        }
    }

    /// Whatever was typed that day.
    pub fn below_a_command(&mut self, body: Block<'a>) {
        let mut lines = body.lines().filter(|(_, text)| !is_harmless(text));
        let Some((line, text)) = lines.next() else {
            return;
        };
        let part = text.trim();
        let lines = 1 + lines.count();
        let (_, all) = self.below.get_or_insert((Spot { line, text, part }, 0));
        *all += lines;
    }

    pub fn say(&self, log: &mut Log) {
        if let Some((spot, lines)) = self.below {
            log.once(Once::Unknown, lines, spot);
        }
        let Some((spot, of)) = &self.answers else {
            return;
        };
        if self.any_count {
            // A node without slots whose keys nobody tells is taken for empty.
            let message = format!(
                "{}; nothing says what is counted: if it is DBSIZE, name the file `dbsize.txt`",
                self.of_nodes(of)
            );
            let diagnostic = Diagnostic::new(Capture::UnknownAnswer, message);
            log.at(diagnostic.severity(Severity::Warning), *spot);
        } else if log.has(Once::Unknown) {
            log.once(Once::Unknown, 1 + self.more_answers, *spot);
        } else {
            log.say(Capture::UnknownAnswer, self.of_nodes(of), *spot);
        }
    }

    fn of_nodes(&self, first: &Address) -> String {
        match self.more_answers {
            0 => format!("the answer of {first} is not known to topoplan; it was not used"),
            n => format!(
                "the answers of {first} and of {n} more nodes are not known to topoplan; they were not used"
            ),
        }
    }
}

/// Says that the lines of this part were not used.
pub(super) fn part(body: Block, log: &mut Log) {
    let mut lines = body.lines().filter(|(_, text)| !is_harmless(text));
    let Some((line, text)) = lines.next() else {
        return;
    };
    let part = text.trim();
    let lines = 1 + lines.count();
    log.once(Once::Unknown, lines, Spot { line, text, part });
}

/// Says no more than that a command was done.
fn is_harmless(line: &str) -> bool {
    const REPLIES: [&str; 7] = [
        "OK",
        "PONG",
        "QUEUED",
        "(nil)",
        "Background saving started",
        "Background append only file rewriting started",
        "non-zero return code",
    ];
    let text = line.trim();
    is_noise(line)
        || is_frame(line)
        || REPLIES.contains(&text)
        || text.starts_with("(empty ")
        || text.starts_with("(integer) ")
        || text.bytes().all(|b| b"[]{},()".contains(&b))
}
