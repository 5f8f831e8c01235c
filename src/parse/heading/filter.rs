//! What a command line did to the answer of the client before it was shown.

use crate::text::lex::command::CLIENTS;

/// Programs that drop lines, or parts of them.
const FILTERS: [&str; 18] = [
    "grep", "egrep", "fgrep", "zgrep", "rg", "ag", "ack", "head", "tail", "awk", "gawk", "mawk",
    "sed", "gsed", "cut", "uniq", "perl", "ggrep",
];

/// Words before the name of a program.
const BEFORE: [&str; 5] = ["sudo", "command", "time", "env", "busybox"];

/// The program behind the client that may have dropped lines of its answer.
pub(in crate::parse) fn filter(command: &str) -> Option<&'static str> {
    // Nothing is asked before the client; a file may have been shown instead.
    let start = CLIENTS.iter().filter_map(|c| command.find(c)).min();
    let start = start.or_else(|| command.find("nodes"))?;
    let asked = command.get(start..)?;
    let mut from = 0;
    for (at, _) in asked.match_indices('|') {
        let (before, behind) = (asked.get(..at)?, asked.get(at + 1..)?);
        // `||` is no pipe.
        if before.ends_with('|') || behind.starts_with('|') {
            continue;
        }
        let statement = before.rfind([';', '\n']).map_or(0, |end| end + 1);
        let statement = statement.max(before.rfind("&&").map_or(0, |end| end + 2));
        from = from.max(statement);
        let statement = before.get(from..).unwrap_or("").trim_start();
        let of_client = from == 0
            || CLIENTS.iter().any(|client| statement.contains(client))
            || statement.starts_with("done")
            || statement.starts_with(['}', ')']);
        if let Some(name) = program(behind).filter(|_| of_client) {
            return Some(name);
        }
    }
    None
}

/// The filter that these words run.
fn program(words: &str) -> Option<&'static str> {
    let ends =
        |c: char| c.is_whitespace() || matches!(c, ';' | ')' | '"' | '\'' | '`' | '&' | '\\');
    let mut words = words.split(ends).filter(|word| !word.is_empty());
    let word = words.find(|word| !word.contains('=') && !BEFORE.contains(word))?;
    let name = word.rsplit('/').next().unwrap_or(word);
    FILTERS.iter().find(|known| **known == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_drops_lines() {
        for (command, name) in [
            ("$ redis-cli -p 7000 cluster nodes | grep -v fail", "grep"),
            ("$ redis-cli cluster nodes|head -6", "head"),
            ("redis-cli cluster nodes | sort | tail -n 3", "tail"),
            (
                "redis-cli cluster nodes 2>&1 |& sudo /bin/egrep 'a|b'",
                "egrep",
            ),
            (
                "$ ssh h \"redis-cli cluster nodes | LC_ALL=C awk '{print $1}'\"",
                "awk",
            ),
            (
                "$ for p in 1 2; do redis-cli -p $p cluster nodes; done | sed 1d",
                "sed",
            ),
            ("$ cd /tmp && valkey-cli cluster nodes | cut -c1-80", "cut"),
            ("$ cat nodes.conf | grep master", "grep"),
        ] {
            assert_eq!(filter(command), Some(name), "{command}");
        }
    }

    #[test]
    fn leaves_what_loses_nothing() {
        for command in [
            "$ redis-cli cluster nodes",
            "$ redis-cli cluster nodes | sort -k2 | tee out.txt",
            "$ redis-cli cluster nodes | tr -d '\\r' | column -t | cat",
            "$ ps aux | grep redis | head -1; redis-cli cluster nodes",
            "$ redis-cli cluster nodes; ps aux | grep redis",
            "$ redis-cli cluster nodes && ps aux | grep x | head",
            "$ redis-cli cluster nodes || grep x y",
        ] {
            assert_eq!(filter(command), None, "{command}");
        }
    }
}
