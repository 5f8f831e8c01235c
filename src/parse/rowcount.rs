//! `flashbase cluster-rowcount`: a number alone, the rows of all tables of the cluster. Only the
//! command above it, or the file's name, tells what it counts.

use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::text::Source;

/// As reports print it.
const NAME: &str = "cluster-rowcount";

/// The answer below the command that asks for it.
pub(super) fn below<'a>(command: &str, body: Block<'a>) -> Option<Section<'a>> {
    // ltcli asks `cluster rowcount`.
    let mut words = command.split([' ', '>', '\t', '"', '\'', ';', '`']);
    let asked = words.any(|word| word.eq_ignore_ascii_case(NAME) || word == "rowcount");
    asked.then(|| section(body)).flatten()
}

/// The answer in a file that is named after the command.
pub(super) fn in_file(source: &Source) -> Option<Section<'_>> {
    let name = source.path.rsplit('/').next()?.to_ascii_lowercase();
    let named = name.contains("rowcount");
    named.then(|| section(Block::of(source))).flatten()
}

fn section(block: Block<'_>) -> Option<Section<'_>> {
    let mut lines = block.lines().filter(|(_, text)| !is_noise(text));
    let (_, text) = lines.next()?;
    let digits = text.trim();
    let legal = digits.bytes().all(|b| b.is_ascii_digit()) && lines.next().is_none();
    let rows = digits.parse::<u64>().ok().filter(|_| legal)?;
    Some(Section::new(NAME, block, Facts::Rows(rows)))
}

#[cfg(test)]
mod tests {
    use crate::parse::Facts;
    use crate::parse::read as parse;
    use crate::text::Source;

    fn rows(path: &str, text: &str) -> Option<u64> {
        let source = Source::new(path, text.to_owned(), String::new());
        let parsed = parse(&source);
        parsed
            .sections
            .iter()
            .find_map(|section| match section.facts {
                Facts::Rows(rows) => Some(rows),
                _ => None,
            })
    }

    #[test]
    fn the_command_or_the_file_tells_what_the_number_is() {
        assert_eq!(
            rows("t.log", "> flashbase cluster-rowcount\n1200\n"),
            Some(1200)
        );
        assert_eq!(
            rows("t.log", "$ flashbase cluster-rowcount\n0\n$ date\n"),
            Some(0)
        );
        assert_eq!(rows("before/cluster-rowcount.txt", "77\n"), Some(77));
        assert_eq!(rows("t.log", "$ wc -l\n77\n"), None);
        assert_eq!(rows("cluster-rowcount.txt", "77\n78\n"), None);
        assert_eq!(rows("cluster-rowcount.txt", "many\n"), None);
    }
}
