//! Fields of a node's line between which a blank was lost: taken apart where only one place for it
//! makes sense.

use std::collections::VecDeque;

use crate::parse::node_field::endpoint;
use crate::parse::node_field::flag;
use crate::parse::node_line::Fields;
use crate::text::lex::id::PLAIN_ID;
use crate::text::lex::id::is_plain_id;

/// Digits of a time in ms, from 2001 to 2286.
const TIME: usize = 13;

/// Nobody loses more in one line that still means something.
const LOST_MAX: usize = 2;

/// The fields before the slots, as a server writes them.
#[derive(Clone, Copy)]
enum Field {
    Id,
    Address,
    Flags,
    Master,
    Ping,
    Pong,
    Epoch,
    Link,
}

const ORDER: [Field; 8] = [
    Field::Id,
    Field::Address,
    Field::Flags,
    Field::Master,
    Field::Ping,
    Field::Pong,
    Field::Epoch,
    Field::Link,
];

impl Field {
    fn name(self) -> &'static str {
        match self {
            Self::Id => "the id",
            Self::Address => "the address",
            Self::Flags => "the flags",
            Self::Master => "the master",
            Self::Ping => "the ping",
            Self::Pong => "the pong",
            Self::Epoch => "the epoch",
            Self::Link => "the link state",
        }
    }

    /// Where this field ends in a word that goes on behind it; `None` where it does not, or nobody
    /// can say where.
    fn end(self, word: &str) -> Option<usize> {
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let found = match self {
            Self::Id => PLAIN_ID,
            Self::Address => {
                let bus = word.find('@')? + 1;
                let digits = word.get(bus..)?.bytes().take_while(u8::is_ascii_digit);
                let end = bus + digits.count();
                let begins = |c: char| c.is_ascii_lowercase();
                word.get(end..)?.starts_with(begins).then_some(end)?
            }
            Self::Flags => match word.strip_suffix('-') {
                Some(flags) => flags.len(),
                None => word.len().checked_sub(PLAIN_ID)?,
            },
            Self::Master if word.starts_with('-') => 1,
            Self::Master => PLAIN_ID,
            // A time begins with no zero.
            Self::Ping | Self::Pong if word.starts_with('0') => 1,
            Self::Ping | Self::Pong => TIME,
            Self::Epoch => digits,
            Self::Link => ["disconnected", "connected"]
                .iter()
                .find(|state| word.starts_with(**state))?
                .len(),
        };
        let (own, rest) = word.split_at_checked(found)?;
        let of_slots = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit() || c == '[');
        let begins = if matches!(self, Self::Link) {
            of_slots(rest)
        } else {
            !rest.is_empty()
        };
        (begins && self.is(own)).then_some(found)
    }

    fn is(self, word: &str) -> bool {
        let number = || !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
        match self {
            Self::Id => is_plain_id(word),
            Self::Address => endpoint(word).is_ok(),
            Self::Flags => word.split(',').all(|word| flag(word).is_some()),
            Self::Master => word == "-" || is_plain_id(word),
            Self::Ping | Self::Pong => {
                number() && word.len() <= TIME && (word == "0" || !word.starts_with('0'))
            }
            Self::Epoch => number(),
            Self::Link => matches!(word, "connected" | "disconnected"),
        }
    }
}

/// A word that is two fields, and the names of them.
pub(super) type Glued<'a> = (&'a str, String);

/// All fields of a line with the lost blanks in their places, and the words that were two.
pub(super) fn taken_apart(text: &str) -> Option<(Vec<&str>, Vec<Glued<'_>>)> {
    let mut words: VecDeque<&str> = Fields(text).collect();
    let mut fields = Vec::with_capacity(words.len() + 1);
    let mut lost = Vec::new();
    for (index, field) in ORDER.into_iter().enumerate() {
        let word = words.pop_front()?;
        if field.is(word) {
            fields.push(word);
            continue;
        }
        let end = field.end(word)?;
        let (own, rest) = word.split_at_checked(end)?;
        fields.push(own);
        words.push_front(rest);
        let next = ORDER.get(index + 1).map_or("slots", |next| next.name());
        lost.push((word, format!("{} and {next}", field.name())));
    }
    fields.extend(words);
    (!lost.is_empty() && lost.len() <= LOST_MAX).then_some((fields, lost))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_blank_that_is_lost_has_one_place() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        for line in [
            format!("{b} 10.0.0.2:7000@17000 slave {a} 0 1795213364139 1 connected"),
            format!(
                "{b} 10.0.0.2:7000@17000 master - 1795213364139 1795213364140 12 connected 0-5460"
            ),
            format!("{b} 10.0.0.2:7000@17000 myself,master - 0 0 12 connected 0-5460 [5461->-{a}]"),
        ] {
            let blanks: Vec<usize> = line.match_indices(' ').map(|(at, _)| at).take(8).collect();
            for at in blanks {
                let glued = format!("{}{}", &line[..at], &line[at + 1..]);
                let (fields, lost) = taken_apart(&glued).unwrap_or_else(|| panic!("{glued}"));
                assert_eq!(fields.join(" "), line);
                assert_eq!(lost.len(), 1);
            }
        }
    }

    #[test]
    fn what_is_not_certain_is_left() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        for line in [
            format!("{b} 10.0.0.2:7000@17000 slave {a} 0 1795213364139 1 connected"),
            // A field is missing, not a blank.
            format!("{b} 10.0.0.2:7000@17000 slave {a} 1795213364139 1 connected"),
            format!("{b} 10.0.0.2:7000@17000 slave {a} 0 1795213364139 connected"),
            format!("{b}10.0.0.2:7000@17000slave{a}0 1795213364139 1 connected"),
            format!("{b} 10.0.0.2:7000@17000 slave"),
            String::new(),
        ] {
            assert_eq!(taken_apart(&line), None, "{line}");
        }
    }
}
