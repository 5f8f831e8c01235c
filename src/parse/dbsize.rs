//! `DBSIZE`: a number alone. Only the command above it, or the file's name, tells what it counts.

use crate::parse::Facts;
use crate::parse::Pair;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::source::Source;

/// The key under which the number goes with what INFO tells.
pub const KEY: &str = "dbsize";

/// The answer below a command that asks for it. Where several nodes may have been asked, whose
/// number is whose cannot be told: that is said.
pub(super) fn below<'a>(command: &str, body: Block<'a>, log: &mut Log) -> Option<Section<'a>> {
    let mut words = command.split([' ', '>', '\t', '"', '\'', ';', '`']);
    if !words.any(|word| word.eq_ignore_ascii_case(KEY)) {
        return None;
    }
    let (line, text, alone) = first(body)?;
    if alone && !command.contains([';', '|', '&']) {
        return section(body);
    }
    let part = text.trim();
    log.note(
        "capture/unknown-answer",
        "whose DBSIZE this is cannot be told; it was not used".to_owned(),
        Spot { line, text, part },
    );
    None
}

/// The answer in a file that is named after the command.
pub(super) fn in_file(source: &Source) -> Option<Section<'_>> {
    let name = source.path.rsplit('/').next()?.to_ascii_lowercase();
    let named = name.contains(KEY);
    named.then(|| section(Block::of(source))).flatten()
}

/// The first number, with its line, and whether nothing else is there; `None` if it is no number.
fn first(block: Block<'_>) -> Option<(u32, &str, bool)> {
    let mut lines = block.lines().filter(|(_, text)| !is_noise(text));
    let (line, text) = lines.next()?;
    number(text)?;
    Some((line, text, lines.next().is_none()))
}

fn number(text: &str) -> Option<&str> {
    let text = text.trim();
    let digits = text.strip_prefix("(integer) ").unwrap_or(text);
    let legal = digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u64>().is_ok();
    legal.then_some(digits)
}

fn section(block: Block<'_>) -> Option<Section<'_>> {
    let (line, text, alone) = first(block)?;
    let pair = Pair {
        key: KEY,
        value: number(text)?.into(),
        line,
    };
    alone.then(|| Section::new(KEY, block, Facts::Info(vec![pair])))
}

#[cfg(test)]
mod tests {
    use crate::parse::Facts;
    use crate::parse::parse;
    use crate::source::Source;

    /// Port of the node and number of every section; codes of the diagnostics.
    fn read(path: &str, text: &str) -> (Vec<(u16, String)>, Vec<&'static str>) {
        let source = Source::new(path, text.to_owned(), String::new());
        let parsed = parse(&source);
        let found = parsed.sections.iter().filter_map(|s| match &s.facts {
            Facts::Info(pairs) => Some((
                s.of.as_ref().map_or(0, |of| of.port()),
                pairs.first()?.value.to_string(),
            )),
            _ => None,
        });
        let codes = parsed.diagnostics.iter().map(|d| d.code).collect();
        (found.collect(), codes)
    }

    #[test]
    fn the_command_or_the_file_tells_what_the_number_is() {
        let shell = "$ redis-cli -h 10.0.0.4 -p 6379 dbsize\n(integer) 12\n";
        assert_eq!(read("t.log", shell), (vec![(6379, "12".into())], vec![]));
        let prompt = "10.0.0.4:7000> DBSIZE\n(integer) 0\n10.0.0.4:7000> ping\nPONG\n";
        assert_eq!(read("t.log", prompt), (vec![(7000, "0".into())], vec![]));
        let file = read("10.0.0.4_6379/dbsize.txt", "120000\n");
        assert_eq!(file, (vec![(0, "120000".into())], vec![]));
        assert_eq!(read("10.0.0.4_6379/other.txt", "120000\n").0, []);
        assert_eq!(read("t.log", &shell.replace("dbsize", "lastsave")).0, []);
    }

    #[test]
    fn numbers_of_several_nodes_are_said_not_to_be_used() {
        let two = "$ redis-cli -h 10.0.0.4 dbsize; redis-cli -h 10.0.0.5 dbsize\n(integer) 12\n(integer) 0\n";
        let (found, codes) = read("t.log", two);
        assert_eq!((found, codes[0]), (vec![], "capture/unknown-answer"));
    }
}
