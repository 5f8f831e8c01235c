//! Several node lines in one, read one by one.

use crate::diagnostic::Parse;
use crate::parse::cluster_nodes::Reading;
use crate::parse::cluster_nodes::Skipped;
use crate::parse::cluster_nodes::is_remark;
use crate::parse::joined::second_line;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::node_line::LineReader;

/// What is read of those before the last may be cut off.
pub(super) fn apart<'a>(
    reading: &mut Reading<'a>,
    reader: &mut LineReader<'a>,
    spot: Spot<'a>,
    cut: bool,
    skipped: &mut Skipped<'a>,
    log: &mut Log,
) {
    let Spot {
        line: number, text, ..
    } = spot;
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
        let part = behind;
        log.say(Parse::Joined, message, Spot { part, ..spot });
        match found {
            Ok(line) => {
                reader.skipped.clear();
                reading.unread.push(number);
                reading.keep(reader, line, number, text, log);
            }
            Err(_) => reading.unread(number, first),
        }
        rest = behind;
    }
    match reader.node_line(rest) {
        Ok(line) => reading.keep(reader, line, number, text, log),
        Err(_) if cut && !is_remark(rest) => reading.cut_off(rest, number, text, log),
        Err(broken) => reading.not_a_node(broken, rest, number, text, skipped, log),
    }
}
