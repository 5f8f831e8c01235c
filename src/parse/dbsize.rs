//! `DBSIZE`: a number alone. Only the command above it, or the file's name, tells what it counts.

use crate::diagnostic::Capture;
use crate::parse::Facts;
use crate::parse::Pair;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::text::Source;

/// The key under which the number goes with what INFO tells.
pub const KEY: &str = "dbsize";

/// The answer below a command that asks for it. Where several nodes may have been asked, whose
/// number is whose cannot be told: that is said.
pub(super) fn below<'a>(command: &str, body: Block<'a>, log: &mut Log) -> Option<Section<'a>> {
    if !is_asked(command) {
        return None;
    }
    let (line, text, alone) = first(body)?;
    if alone && !command.contains([';', '|', '&']) {
        return section(body);
    }
    let part = text.trim();
    log.say(
        Capture::UnknownAnswer,
        "whose DBSIZE this is cannot be told; it was not used".to_owned(),
        Spot { line, text, part },
    );
    None
}

/// The number below the name of one node, where the command of the loop, or the name of the file,
/// tells what all of them are.
pub(super) fn below_name<'a>(body: Block<'a>) -> Option<Section<'a>> {
    section(body)
}

/// Whether the command asks for it.
pub(super) fn is_asked(command: &str) -> bool {
    let mut words = command.split([' ', '>', '\t', '"', '\'', ';', '`']);
    words.any(|word| word.eq_ignore_ascii_case(KEY))
}

/// A file of these numbers: `dbsize.txt`, `keys.log`.
pub(super) fn is_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    name.contains(KEY) || words.any(|word| word == "keys")
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
    use crate::diagnostic::Capture;
    use crate::diagnostic::Code;
    use crate::parse::Facts;
    use crate::parse::read as parse;
    use crate::text::Source;

    /// Port of the node and number of every section; codes of the diagnostics.
    fn read(path: &str, text: &str) -> (Vec<(u16, String)>, Vec<Code>) {
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
    fn a_loop_names_every_node_before_its_number() {
        let lines = "10.0.0.4:7000: 55\n10.0.0.5:7001: (integer) 0\n";
        let read_all = vec![(7000, "55".to_owned()), (7001, "0".to_owned())];
        for path in ["dbsize.txt", "night/keys.log"] {
            assert_eq!(read(path, lines), (read_all.clone(), vec![]), "{path}");
        }
        let banners = "== 10.0.0.4:7000 ==\n55\n== 10.0.0.5:7001 ==\n(integer) 0\n";
        assert_eq!(read("dbsize.txt", banners), (read_all.clone(), vec![]));
        let looped = format!(
            "$ for a in $ALL; do echo -n \"$a: \"; redis-cli -u redis://$a dbsize; done\n{lines}"
        );
        assert_eq!(read("t.log", &looped), (read_all, vec![]));
        let other = format!("{looped}$ ./ages.sh\n10.0.0.6:7002: 9\n");
        let (found, codes) = read("t.log", &other);
        assert_eq!(
            (found.len(), codes),
            (2, vec![Capture::UnknownAnswer.code()])
        );
    }

    #[test]
    fn what_a_number_counts_that_nobody_names_is_asked() {
        let source = Source::new("ages.txt", "10.0.0.4:7000: 55\n".into(), String::new());
        let said = &parse(&source).diagnostics[0];
        assert_eq!(said.severity, crate::diagnostic::Severity::Warning);
        assert!(said.message.contains("`dbsize.txt`"), "{}", said.message);
    }

    #[test]
    fn numbers_of_several_nodes_are_said_not_to_be_used() {
        let two = "$ redis-cli -h 10.0.0.4 dbsize; redis-cli -h 10.0.0.5 dbsize\n(integer) 12\n(integer) 0\n";
        let (found, codes) = read("t.log", two);
        assert_eq!((found, codes[0]), (vec![], Capture::UnknownAnswer.code()));
    }
}
