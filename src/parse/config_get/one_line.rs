//! `echo $(redis-cli config get '*')`: names and values, all on one line.

use crate::diagnostic::Parse;
use crate::parse::Pair;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::config_get::WORDS;
use crate::parse::config_get::is_name;
use crate::parse::config_get::is_refusal;
use crate::parse::log::Log;
use crate::parse::log::Spot;

/// Fewer may be a line of a file that lists values: `save 900 1 300 10`.
const NAMES: usize = 3;
/// A line may be a megabyte.
const LOOKED_AT: usize = 64;

/// It begins with a setting, and others follow in it.
pub(in crate::parse) fn is_one_line(line: &str) -> bool {
    let line = line.trim();
    let mut words = line.split_ascii_whitespace();
    if is_refusal(line) || !words.next().is_some_and(is_name) {
        return false;
    }
    let sure = |word: &&str| is_sure(word);
    words.take(LOOKED_AT).filter(sure).count() + 1 >= NAMES
}

/// The name of a setting, and hardly anything else.
pub(in crate::parse) fn is_sure(word: &str) -> bool {
    WORDS.contains(&word) || word.starts_with("cluster-")
}

pub(super) fn read<'a>(block: Block<'a>, log: &mut Log) -> Vec<Pair<'a>> {
    let mut pairs: Vec<Pair> = Vec::new();
    for (line, text) in block.lines().filter(|(_, text)| !is_noise(text)) {
        let all = text.trim();
        let mut words = all.split_ascii_whitespace().peekable();
        while let Some(key) = words.next() {
            let mut value = Vec::new();
            while let Some(word) = words.next_if(|word| !is_name(word)) {
                value.push(word);
            }
            let value = value.join(" ").into();
            pairs.push(Pair { key, value, line });
        }
        let spot = Spot {
            line,
            text,
            part: all,
        };
        log.say(
            Parse::ConfigLine,
            "the settings stand on one line; a value that looks like the name of a setting was taken for one",
            spot,
        );
    }
    pairs
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Parse;
    use crate::parse::Facts;
    use crate::parse::read as parse;
    use crate::text::Source;

    #[test]
    fn values_end_where_the_next_name_begins() {
        let text = "cluster-announce-ip cluster-announce-port 0 cluster-node-timeout 2000 \
                    save 3600 1 300 100 dir /data/disk2/7001 requirepass bind 127.0.1.1 port 7001\n";
        let source = Source::new("config-get.txt", text.to_owned(), String::new());
        let parsed = parse(&source);
        let Facts::Config(pairs) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        let pairs: Vec<_> = pairs.iter().map(|p| (p.key, &*p.value)).collect();
        assert_eq!(parsed.sections[0].dialect, "config-get");
        assert_eq!(
            pairs,
            [
                ("cluster-announce-ip", ""),
                ("cluster-announce-port", "0"),
                ("cluster-node-timeout", "2000"),
                ("save", "3600 1 300 100"),
                ("dir", "/data/disk2/7001"),
                ("requirepass", ""),
                ("bind", "127.0.1.1"),
                ("port", "7001"),
            ]
        );
        let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, [Parse::ConfigLine]);
    }

    #[test]
    fn a_directive_with_many_values_is_one() {
        for (text, dialect) in [
            ("save 900 1 300 10 60 10000\nport 7000\n", "redis-conf"),
            (
                "bind 10.0.0.1 127.0.0.1 -::1\nport 7000\ndir /d\n",
                "redis-conf",
            ),
            ("dir /d\ntls-key-file \ncluster-enabled yes\n", "config-get"),
        ] {
            let source = Source::new("f", text.to_owned(), String::new());
            let parsed = parse(&source);
            assert_eq!(parsed.sections[0].dialect, dialect, "{text}");
            assert!(parsed.diagnostics.is_empty(), "{text}");
        }
    }
}
