//! Listings of `ps`: what other programs than servers were called with is nobody's business.
//!
//! Any argument of any program may be a password, and no list of options is complete. So the
//! owner, the pid and the program stay of such a line, and of a server all that readers look at.

use std::ops::Range;

use crate::redact::token::Token;
use crate::redact::token::What;
use crate::redact::value::parts;
use crate::redact::words;

/// The listing that the lines are part of, if any.
#[derive(Default)]
pub(super) struct Listing {
    columns: Option<Columns>,
}

/// Which word of a row is what.
#[derive(Clone, Copy)]
struct Columns {
    pid: usize,
    user: Option<usize>,
    command: usize,
}

impl Listing {
    /// Owners among the claims; what is not shown at all among the hidden.
    pub fn line(&mut self, line: &str, claims: &mut Vec<Token>, hidden: &mut Vec<Range<usize>>) {
        if self.columns.is_none() && !may_begin(line) {
            return;
        }
        for part in parts(line) {
            let text = &line[part.clone()];
            if !text.bytes().any(|b| b.is_ascii_alphanumeric()) {
                continue;
            }
            let all: Vec<Range<usize>> = words_of(text)
                .map(|w| part.start + w.start..part.start + w.end)
                .collect();
            let word = |at: usize| all.get(at).map_or("", |w| &line[w.clone()]);
            if let Some(columns) = header(all.len(), &word) {
                self.columns = Some(columns);
                continue;
            }
            let fits = |c: &Columns| is_number(word(c.pid)) && all.len() > c.command;
            self.columns = self.columns.filter(fits);
            if let Some(columns) = self.columns.or_else(|| shape(&word)) {
                row(line, &all, columns, claims, hidden);
            }
        }
    }
}

/// Cheap, as nearly no line does.
fn may_begin(line: &str) -> bool {
    let bytes = line.as_bytes();
    // A header; or the time that a process took, behind a pid.
    let time = |w: &[u8]| w[0] == b':' && w[1].is_ascii_digit() && w[2].is_ascii_digit();
    bytes.windows(3).any(|w| w == b"PID" || time(w))
}

fn header<'t>(count: usize, word: &dyn Fn(usize) -> &'t str) -> Option<Columns> {
    const WIDEST: usize = 40;
    let quotes = ['"', '\'', '\\', '[', ',', ']', '}'];
    let bare = |at: usize| word(at).trim_matches(quotes);
    let last = count.checked_sub(1).filter(|last| *last < WIDEST)?;
    let command = (0..=last).find(|at| ["CMD", "COMMAND", "ARGS"].contains(&bare(*at)))?;
    // In a string the first column stands behind the quote, and what is before it is no column.
    let first = (0..=command)
        .rev()
        .find(|at| word(*at).starts_with(['"', '\'', '\\']));
    let first = first.unwrap_or(0);
    let column = |names: &[&str]| (first..command).find(|at| names.contains(&bare(*at)));
    // `Fri Nov 20 10:00:00 2026` is one column.
    let started = column(&["STARTED"]).map_or(0, |_| 4);
    Some(Columns {
        pid: column(&["PID"])? - first,
        user: column(&["USER", "UID", "RUSER", "EUSER", "OWNER"]).map(|at| at - first),
        command: command - first + started,
    })
}

/// Of a row above which nothing tells what it is, as behind `ps | grep`.
fn shape<'t>(word: &dyn Fn(usize) -> &'t str) -> Option<Columns> {
    let number = |at: usize| is_number(word(at));
    let dotted = |at: usize| word(at).contains('.') && word(at).parse::<f64>().is_ok();
    let time = |at: usize| is_time(word(at));
    let terminal = |at: usize| is_terminal(word(at));
    let columns = |pid, command| Columns {
        pid,
        user: (pid > 0).then_some(0),
        command,
    };
    if number(1) && number(2) && number(3) && terminal(5) && time(6) {
        Some(columns(1, 7))
    } else if number(1) && dotted(2) && dotted(3) && time(9) {
        Some(columns(1, 10))
    } else if number(0) && terminal(1) && is_state(word(2)) && time(3) {
        Some(columns(0, 4))
    } else if number(0) && terminal(1) && time(2) {
        Some(columns(0, 3))
    } else {
        None
    }
}

/// One process.
fn row(
    line: &str,
    all: &[Range<usize>],
    columns: Columns,
    claims: &mut Vec<Token>,
    hidden: &mut Vec<Range<usize>>,
) {
    let word = |range: &Range<usize>| &line[range.clone()];
    if let Some(user) = columns.user.and_then(|at| all.get(at)) {
        // `systemd+` was cut.
        let name = word(user).trim_end_matches('+');
        if words::is_host_name(name) && !words::is_common(name) {
            claims.push(Token {
                range: user.clone(),
                what: What::User,
            });
        }
    }
    let Some((program, args)) = all.get(columns.command..).and_then(|c| c.split_first()) else {
        return;
    };
    let (Some(first), Some(last)) = (args.first(), args.last()) else {
        return;
    };
    if is_server(word(program)) {
        return;
    }
    // `sudo -u NAME redis-server …`
    let end = match args.iter().position(|arg| is_server(word(arg))) {
        Some(0) => return,
        Some(at) => args[at - 1].end,
        None => last.end,
    };
    hidden.push(first.start..end);
}

/// What readers take for a server, whatever stands before it.
fn is_server(word: &str) -> bool {
    const SERVERS: [&str; 3] = ["redis-server", "valkey-server", "keydb-server"];
    let base = word.rsplit('/').next().unwrap_or(word);
    SERVERS.contains(&base.trim_end_matches(':'))
}

/// `0:00`, `00:00:01`, `1-02:03:04`
fn is_time(word: &str) -> bool {
    let mut parts = word.split(':');
    let hours = parts.next().unwrap_or("");
    let whole = hours.bytes().all(|b| b.is_ascii_digit() || b == b'-') && !hours.is_empty();
    let mut rest = parts.peekable();
    let two = |part: &str| {
        let part = part.split('.').next().unwrap_or(part);
        part.len() == 2 && is_number(part)
    };
    whole && rest.peek().is_some() && rest.all(two)
}

/// `?`, `pts/0`, `tty1`
fn is_terminal(word: &str) -> bool {
    ["?", "-", "??", "console"].contains(&word)
        || word.starts_with("pts/")
        || word.starts_with("tty")
}

fn is_state(word: &str) -> bool {
    let legal = |c: char| "DRSTtWXZI<NLsl+".contains(c);
    word.len() <= 6 && word.starts_with(|c| "DRSTtWXZI".contains(c)) && word.chars().all(legal)
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

fn words_of(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let start = at + rest.find(|c: char| !c.is_ascii_whitespace())?;
        let word = &text[start..];
        let length = word.find(|c: char| c.is_ascii_whitespace());
        at = start + length.unwrap_or(word.len());
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is hidden of the lines, and whose they are.
    fn judged(text: &str) -> (Vec<&str>, Vec<&str>) {
        let mut listing = Listing::default();
        let (mut secrets, mut users) = (Vec::new(), Vec::new());
        for line in text.lines() {
            let (mut claims, mut hidden) = (Vec::new(), Vec::new());
            listing.line(line, &mut claims, &mut hidden);
            secrets.extend(hidden.into_iter().map(|h| &line[h]));
            users.extend(claims.into_iter().map(|c| &line[c.range]));
        }
        (secrets, users)
    }

    #[test]
    fn of_other_programs_only_the_name_stays() {
        for (text, user) in [
            (
                "UID PID PPID C STIME TTY TIME CMD\nbob 2 0 0 10:00 ? 00:00:00 x -pw a b\n",
                Some("bob"),
            ),
            ("  PID STAT COMMAND\n    7 Ss   x -pw a b\n", None),
            ("bob 7 0.0 0.1 1 1 ? Ss 10:00 0:00 x -pw a b\n", Some("bob")),
            ("bob 7 1 0 10:00 ? 00:00:00 x -pw a b", Some("bob")),
            ("  33 pts/0 S+ 0:00 x -pw a b\n", None),
            ("  33 pts/0 00:00:00 x -pw a b\n", None),
            ("{\"stdout\":\"PID CMD\\n 33 x -pw a b\\n 34 y\"}", None),
            ("{\"stdout\":\"PID CMD\\n 33 x -pw a b\"}", None),
            ("[\"PID CMD\", \" 33 x -pw a b\"]", None),
            ("[\n  \"PID CMD\",\n  \" 33 x -pw a b\"\n]", None),
        ] {
            let users = Vec::from_iter(user);
            assert_eq!(judged(text), (vec!["-pw a b"], users), "{text}");
        }
    }

    #[test]
    fn servers_and_other_texts_stay() {
        for text in [
            "  PID STAT COMMAND\n  901 Ssl /x/redis-server *:7000 [cluster] --port 7000\n",
            "  PID STAT COMMAND\n  901 Ssl x\nof 7 words and more\n",
            "12:M 01 Jan 2026 00:00:00.000 * Ready to accept connections\n",
            "1 2 3 4 5",
            "1 1 10.0.0.1:7000 CONFIG GET dir: 0 bytes",
            "07 Nov 10:00:00 a b c",
        ] {
            assert_eq!(judged(text), (vec![], vec![]), "{text}");
        }
        assert_eq!(
            judged("root 7 1 0 10:00 ? 00:00:00 sudo -u bob redis-server *:7000").0,
            ["-u bob"]
        );
    }
}
