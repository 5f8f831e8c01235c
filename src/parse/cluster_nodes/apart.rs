//! Several node lines in one, read one by one.

use crate::diagnostic::Parse;
use crate::parse::cluster_nodes::Line;
use crate::parse::cluster_nodes::Reading;
use crate::parse::cluster_nodes::Skipped;
use crate::parse::joined::second_line;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::node_line::LineReader;

/// What is read of those before the last may be cut off.
pub(super) fn apart<'a>(
    reading: &mut Reading<'a>,
    reader: &mut LineReader<'a>,
    line: Line<'a>,
    skipped: &mut Skipped<'a>,
    log: &mut Log,
) {
    let Line { number, text, .. } = line;
    reading.joined.insert(number);
    let mut rest = text;
    while let Some(at) = second_line(rest) {
        let (first, behind) = rest.split_at(at);
        let found = reader.node_line(first);
        let what = match &found {
            Ok(_) => "slots of the first may be missing",
            Err(_) => "the first was cut off and was skipped",
        };
        let message = format!("a second line begins here without a line end before it; {what}");
        let (line, part) = (number, behind);
        log.say(Parse::Joined, message, Spot { line, text, part });
        match found {
            Ok(node) => {
                reader.skipped.clear();
                reading.unread.push(number);
                reading.keep(reader, node, number, text, log);
            }
            Err(_) => reading.unread(number, first),
        }
        rest = behind;
    }
    match reader.node_line(rest) {
        Ok(node) => reading.keep(reader, node, number, text, log),
        Err(_) if line.is_last && !line.ended => reading.cut_off(rest, number, text, log),
        Err(broken) => {
            reading.unread(number, rest);
            skipped.damaged(broken, number, text, log);
        }
    }
}
