//! Commands that are written as a list, one word a line: SLOWLOG, the crash report, MONITOR in
//! RESP.
//!
//! `1) "AUTH"` above `2) "…"`, or `argv[0]: '"AUTH"'` above `argv[1]: '"…"'`.

use std::ops::Range;

use crate::redact::token::What;
use crate::redact::value::core;

/// The command that the lines are part of.
#[derive(Default)]
pub(super) struct Items {
    /// So many of its words were seen.
    count: usize,
    first: String,
    second: String,
    /// So many words more are a login.
    secrets: usize,
}

impl Items {
    /// What the word on this line is, if only those above it tell.
    pub fn line(&mut self, line: &str) -> Option<(Range<usize>, What)> {
        let Some((number, range)) = item(line) else {
            self.count = 0;
            return None;
        };
        if number != 1 && number != self.count + 1 {
            self.count = 0;
            return None;
        }
        self.count = number;
        let text = &line[range.clone()];
        if number == 1 {
            self.first = known(text);
            self.second.clear();
            self.secrets = if self.first == "auth" { 2 } else { 0 };
            return None;
        }
        if number == 2 {
            self.second = known(text);
        }
        self.word(number, text, range)
    }

    fn word(
        &mut self,
        number: usize,
        text: &str,
        range: Range<usize>,
    ) -> Option<(Range<usize>, What)> {
        let login = ["auth", "auth2"]
            .iter()
            .any(|a| text.eq_ignore_ascii_case(a));
        if self.secrets > 0 {
            self.secrets -= 1;
            return Some((range, What::Secret));
        }
        match (self.first.as_str(), self.second.as_str()) {
            ("hello" | "migrate", _) if login => {
                self.secrets = 2;
                None
            }
            ("acl", "setuser" | "deluser" | "getuser" | "dryrun") | ("client", "setname")
                if number == 3 =>
            {
                Some((range, What::User))
            }
            ("acl", "deluser") if number > 3 => Some((range, What::User)),
            ("acl", "setuser") if number > 3 && text.starts_with(['>', '<', '#', '!']) => {
                Some((range.start + 1..range.end, What::Secret))
            }
            _ => None,
        }
    }
}

/// In lower case; empty if it is none of those that matter.
fn known(text: &str) -> String {
    const LONGEST: usize = 8;
    match text.len() <= LONGEST {
        true => text.to_ascii_lowercase(),
        false => String::new(),
    }
}

/// The number of the word in its command, from 1, and where it stands.
fn item(line: &str) -> Option<(usize, Range<usize>)> {
    let text = line.trim_start();
    let start = line.len() - text.len();
    if let Some(rest) = text.strip_prefix("argv[") {
        let (number, value) = rest.split_once("]: ")?;
        let from = line.len() - value.len();
        let inner = value.trim().trim_matches('\'').trim_matches('"');
        let from = from + value.find(inner)?;
        return Some((
            number.parse::<usize>().ok()?.checked_add(1)?,
            from..from + inner.len(),
        ));
    }
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let range = core(line);
    let before = line
        .get(start..range.start)?
        .trim_end_matches(['"', '\'', ' ']);
    let number = before.strip_suffix(')')?;
    let number = number.rsplit([' ', ')']).next()?;
    Some((number.parse().ok()?, range))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(text: &str) -> Vec<(&str, What)> {
        let mut items = Items::default();
        let found = text.lines().filter_map(|line| {
            let (range, what) = items.line(line)?;
            Some((&line[range], what))
        });
        found.collect()
    }

    #[test]
    fn logins_and_users_are_found_word_by_word() {
        let secret = |text: &'static str| (text, What::Secret);
        assert_eq!(
            claimed(
                "1) 1) (integer) 14\n   2) (integer) 15\n   4) 1) \"AUTH\"\n      2) \"a\"\n      3) \"b c\"\n   5) \"x\"\n"
            ),
            [secret("a"), secret("b c")]
        );
        assert_eq!(
            claimed("argc: '2'\nargv[0]: '\"AUTH\"'\nargv[1]: '\"a b\"'\n"),
            [secret("a b")]
        );
        assert_eq!(
            claimed("1) \"ACL\"\n2) \"SETUSER\"\n3) \"bob\"\n4) \"on\"\n5) \">pw\"\n"),
            [("bob", What::User), secret("pw")]
        );
        assert_eq!(
            claimed("1) \"HELLO\"\n2) \"3\"\n3) \"AUTH\"\n4) \"a\"\n5) \"b\"\n"),
            [secret("a"), secret("b")]
        );
        // An entry of ACL LOG.
        assert_eq!(claimed("5) \"object\"\n6) \"AUTH\"\n7) \"x\"\n"), []);
    }
}
