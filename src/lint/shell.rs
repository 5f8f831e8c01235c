//! The simple commands of a shell text, in the order in which they run: what a list of commands is
//! made of, and no more. Variables that are set in the text, `for` loops over words, `{1..9}` and
//! `$(seq 1 9)` are followed; whatever else a shell can do leaves its `$` behind, and whoever reads
//! the command sees that it cannot be followed.

use std::collections::BTreeMap;

/// One simple command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Statement {
    /// From 1.
    pub line: u32,
    pub words: Vec<String>,
    /// What the variable `tell` holds: whom a function is called for, in scripts of this program.
    pub tell: Vec<String>,
}

/// More commands than this are no list that somebody wrote; a loop may ask for any number.
const LONGEST: usize = 50_000;

/// What follows in a script of this program sends nothing by itself.
const LIBRARY: &str = "# SHA-256 of all that follows this line";

/// The commands of a text; true if there were more than can be followed.
pub(super) fn statements(text: &str) -> (Vec<Statement>, bool) {
    let pieces = pieces(text);
    let mut run = Run::default();
    run.all(&pieces);
    (run.out, run.too_many)
}

/// A stretch of text between two separators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Piece<'a> {
    line: u32,
    text: &'a str,
}

/// Cuts at ends of lines, `;`, `&` and `|` outside quotes; comments go, what stands behind a pipe
/// goes.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let text = text.split(LIBRARY).next().unwrap_or(text);
    let mut pieces = Vec::new();
    let (mut start, mut line, mut first_line) = (0, 1u32, 1u32);
    let mut quote: Option<u8> = None;
    let mut depth = 0usize;
    let mut piped = false;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let before = at.checked_sub(1).map(|b| bytes[b]);
        let mut cut = |start: &mut usize, next: usize, piped: bool| {
            if !piped && let Some(text) = text.get(*start..at) {
                pieces.push(Piece {
                    line: first_line,
                    text,
                });
            }
            *start = next;
        };
        match (quote, byte) {
            (_, b'\\') if bytes.get(at + 1) == Some(&b'\n') => {
                line += 1;
                at += 1;
            }
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => line += u32::from(byte == b'\n'),
            // An apostrophe in prose opens nothing.
            (None, b'"' | b'\'') if before.is_none_or(|b| !b.is_ascii_alphanumeric()) => {
                let line_end = bytes[at + 1..].iter().position(|b| *b == b'\n');
                let close = bytes[at + 1..].iter().position(|b| *b == byte);
                // A quote that no line closes may hold a list, as of nodes.
                let same_line = close.is_some_and(|close| line_end.is_none_or(|end| close < end));
                let opens = same_line || close.is_some() && before == Some(b'=');
                quote = opens.then_some(byte);
            }
            (None, b'(') => depth += 1,
            (None, b')') => depth = depth.saturating_sub(1),
            (None, b'#') if before.is_none_or(|b| b.is_ascii_whitespace() || b == b';') => {
                cut(&mut start, at, piped);
                let rest = bytes[at..].iter().position(|b| *b == b'\n');
                at = rest.map_or(bytes.len(), |n| at + n);
                start = at;
                continue;
            }
            (None, b'\n') => {
                cut(&mut start, at + 1, piped);
                piped = false;
                depth = 0;
                line += 1;
                first_line = line;
            }
            (None, b'&') if before == Some(b'>') || bytes.get(at + 1) == Some(&b'>') => {}
            (None, b';' | b'&') if depth == 0 => {
                cut(&mut start, at + 1, piped);
                piped = false;
                first_line = line;
            }
            (None, b'|') if depth == 0 => {
                cut(&mut start, at + 1, piped);
                // `a || b` runs b, `a | b` feeds it.
                piped = before != Some(b'|');
                first_line = line;
            }
            (None, _) => {}
        }
        at += 1;
    }
    if !piped && let Some(text) = text.get(start..) {
        pieces.push(Piece {
            line: first_line,
            text,
        });
    }
    pieces.retain(|piece| !piece.text.trim().is_empty());
    pieces
}

#[derive(Default)]
struct Run {
    variables: BTreeMap<String, String>,
    out: Vec<Statement>,
    /// Rounds of loops, which may be empty.
    rounds: usize,
    too_many: bool,
}

impl Run {
    fn all(&mut self, pieces: &[Piece]) {
        let mut at = 0;
        while let Some(piece) = pieces.get(at) {
            if self.out.len() >= LONGEST || self.rounds >= LONGEST {
                self.too_many = true;
                return;
            }
            if let Some((name, words)) = for_head(piece.text) {
                let end = end_of_loop(pieces, at);
                let body = pieces.get(at + 1..end).unwrap_or_default();
                for word in self.expand(words) {
                    self.rounds += 1;
                    self.variables.insert(name.to_owned(), word);
                    self.all(body);
                    if self.too_many || self.rounds >= LONGEST {
                        self.too_many = true;
                        return;
                    }
                }
                at = end + 1;
                continue;
            }
            self.one(*piece);
            at += 1;
        }
    }

    fn one(&mut self, piece: Piece) {
        let mut words = self.expand(piece.text);
        let leading = |word: &String| {
            const KEYWORDS: [&str; 13] = [
                "do", "done", "then", "else", "fi", "if", "while", "{", "}", "!", "sudo", "time",
                "exec",
            ];
            KEYWORDS.contains(&word.as_str()) || word.ends_with("()")
        };
        let skipped = words.iter().take_while(|word| leading(word)).count();
        words.drain(..skipped);
        while let Some((name, value)) = words.first().and_then(|word| assignment(word)) {
            self.variables.insert(name, value);
            words.remove(0);
        }
        if words.is_empty() {
            return;
        }
        let tell = self.variables.get("tell").map(String::as_str);
        let tell = tell.unwrap_or_default().split_whitespace();
        self.out.push(Statement {
            line: piece.line,
            tell: tell.map(str::to_owned).collect(),
            words,
        });
    }

    /// The words of a command as the shell hands them over.
    fn expand(&self, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut word = String::new();
        // Something of the word was quoted: it may be empty, and no brace in it means anything.
        let (mut quoted, mut is_word) = (false, false);
        let mut chars = text.chars().peekable();
        let mut quote = None;
        let mut end = |word: &mut String, quoted: &mut bool, is_word: &mut bool| {
            if *is_word {
                let done = std::mem::take(word);
                match *quoted {
                    true => words.push(done),
                    false => braces(&done, &mut words),
                }
            }
            (*quoted, *is_word) = (false, false);
        };
        while let Some(c) = chars.next() {
            match (quote, c) {
                (None, c) if c.is_whitespace() => end(&mut word, &mut quoted, &mut is_word),
                // An apostrophe in prose.
                (None, '\'')
                    if word.ends_with(char::is_alphanumeric)
                        && !chars.clone().any(|c| c == '\'') =>
                {
                    word.push(c);
                }
                (None, '"' | '\'') => {
                    quote = Some(c);
                    (quoted, is_word) = (true, true);
                }
                (Some(open), c) if open == c => quote = None,
                (None | Some('"'), '\\') => match chars.next() {
                    Some('\n') | None => {}
                    Some(c) => {
                        word.push(c);
                        is_word = true;
                    }
                },
                (None | Some('"'), '$') => {
                    is_word = true;
                    let value = self.value(&mut chars);
                    // Unquoted, what it holds are words of their own; not behind `name=`.
                    if quote.is_some() || word.ends_with('=') {
                        quoted |= value.contains(char::is_whitespace);
                        word.push_str(&value);
                    } else {
                        let mut parts = value.split_whitespace();
                        word.push_str(parts.next().unwrap_or_default());
                        for part in parts {
                            end(&mut word, &mut quoted, &mut is_word);
                            word.push_str(part);
                            is_word = true;
                        }
                    }
                }
                (_, c) => {
                    word.push(c);
                    is_word = true;
                }
            }
        }
        end(&mut word, &mut quoted, &mut is_word);
        without_redirections(words)
    }

    /// What stands for `$…`; an unknown name stays as it is.
    fn value(&self, chars: &mut std::iter::Peekable<std::str::Chars>) -> String {
        if chars.peek() == Some(&'(') {
            let inside: String = chars.by_ref().skip(1).take_while(|c| *c != ')').collect();
            return sequence(&inside).unwrap_or_else(|| format!("$({inside})"));
        }
        let braced = chars.next_if_eq(&'{').is_some();
        let mut name = String::new();
        while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
            name.push(c);
        }
        if braced {
            let rest: String = chars.by_ref().take_while(|c| *c != '}').collect();
            if !rest.is_empty() {
                return format!("${{{name}{rest}}}");
            }
        }
        self.variables
            .get(&name)
            .cloned()
            .unwrap_or_else(|| format!("${name}"))
    }
}

/// `seq 1 9`, `seq 9`.
fn sequence(command: &str) -> Option<String> {
    let mut words = command.split_whitespace();
    if words.next() != Some("seq") {
        return None;
    }
    let numbers: Vec<u64> = words.map(|w| w.parse().ok()).collect::<Option<_>>()?;
    let (first, last) = match numbers[..] {
        [last] => (1, last),
        [first, last] => (first, last),
        _ => return None,
    };
    if last.saturating_sub(first) > 100_000 {
        return None;
    }
    let all: Vec<String> = (first..=last).map(|n| n.to_string()).collect();
    Some(all.join(" "))
}

/// `{1..9}` and `{a,b}` as bash spells them out; anything else is one word.
fn braces(word: &str, out: &mut Vec<String>) {
    let parts = word.split_once('{').and_then(|(before, rest)| {
        let (inside, after) = rest.split_once('}')?;
        Some((before, inside, after))
    });
    let Some((before, inside, after)) = parts else {
        out.push(word.to_owned());
        return;
    };
    if let Some((first, last)) = inside.split_once("..")
        && let (Ok(first), Ok(last)) = (first.parse::<u32>(), last.parse::<u32>())
        && last.saturating_sub(first) < 16_384
    {
        out.extend((first..=last).map(|n| format!("{before}{n}{after}")));
        return;
    }
    if !before.ends_with('$') && inside.contains(',') {
        out.extend(
            inside
                .split(',')
                .map(|part| format!("{before}{part}{after}")),
        );
        return;
    }
    out.push(word.to_owned());
}

/// `>file`, `2>&1`, `> file`.
fn without_redirections(words: Vec<String>) -> Vec<String> {
    let mut kept = Vec::with_capacity(words.len());
    let mut words = words.into_iter();
    let mut first = true;
    while let Some(word) = words.next() {
        let bare = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
        match bare.strip_prefix('>').or_else(|| bare.strip_prefix('<')) {
            // A prompt.
            Some("") if first => kept.push(word),
            Some(target) => {
                if target.trim_start_matches(['>', '<']).is_empty() {
                    words.next();
                }
            }
            None => kept.push(word),
        }
        first = false;
    }
    kept
}

/// `for NAME in WORDS`.
fn for_head(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let text = text.strip_prefix("do ").unwrap_or(text).trim_start();
    let rest = text.strip_prefix("for ")?.trim_start();
    let (name, rest) = rest.split_once(char::is_whitespace)?;
    let words = rest.trim_start().strip_prefix("in")?;
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let apart = words.is_empty() || words.starts_with(char::is_whitespace);
    (is_name && apart).then_some((name, words))
}

/// The piece that says `done` to the loop that begins at `start`.
fn end_of_loop(pieces: &[Piece], start: usize) -> usize {
    let mut depth = 0usize;
    for (at, piece) in pieces.iter().enumerate().skip(start) {
        let first = piece.text.split_whitespace().next();
        let begins = for_head(piece.text).is_some() || first == Some("while");
        depth += usize::from(begins);
        if first == Some("done") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at;
            }
        }
    }
    pieces.len()
}

/// `name=value`, a whole word.
fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let first = name.chars().next()?;
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let begins = first.is_ascii_alphabetic() || first == '_';
    (is_name && begins).then(|| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let (all, too_many) = statements(text);
        assert!(!too_many);
        all.iter()
            .map(|s| format!("{}: {}", s.line, s.words.join("|")))
            .collect()
    }

    #[test]
    fn commands_stand_one_a_line_or_between_separators() {
        assert_eq!(
            lines("a 'b c' \"d\" # no\n\nx;y&&z || w\nq | grep foo 2>&1\n"),
            ["1: a|b c|d", "3: x", "3: y", "3: z", "3: w", "4: q"]
        );
        assert_eq!(
            lines("a \\\n  b > out 2>/dev/null\nc\n"),
            ["1: a|b", "3: c"]
        );
        assert_eq!(lines("it's prose\na b\n"), ["1: it's|prose", "2: a|b"]);
    }

    #[test]
    fn loops_and_variables_are_followed() {
        assert_eq!(
            lines("for p in 1 2; do\n  a -p $p x\ndone\nb\n"),
            ["2: a|-p|1|x", "2: a|-p|2|x", "4: b"]
        );
        assert_eq!(
            lines("H=\"h1 h2\"\nfor h in $H; do for p in {7..8}; do a $h:$p; done; done\n"),
            ["2: a|h1:7", "2: a|h1:8", "2: a|h2:7", "2: a|h2:8"]
        );
        assert_eq!(
            lines("for p in $(seq 3 4); do a $p; done"),
            ["1: a|3", "1: a|4"]
        );
        assert_eq!(lines("a $x ${y} ${z:-1}"), ["1: a|$x|$y|${z:-1}"]);
        assert_eq!(lines("a addslots {3..5}"), ["1: a|addslots|3|4|5"]);
    }

    #[test]
    fn a_loop_without_an_end_ends() {
        assert!(statements("for a in {1..9999}; do for b in {1..9999}; do x; done; done").1);
        assert_eq!(lines("for a in 1 2; do x"), ["1: x", "1: x"]);
        assert!(lines("for a in; do; done").is_empty());
    }

    #[test]
    fn whom_a_function_is_called_for_is_known() {
        let text = "nodes_1='a:1 b:2'\nstep() {\n    tell=$nodes_1\n}\nsend() {\n    x \"$1\"\n}\n";
        let (all, _) = statements(text);
        assert_eq!(all[0].words, ["x", "$1"]);
        assert_eq!(all[0].tell, ["a:1", "b:2"]);
    }
}
