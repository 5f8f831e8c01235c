//! Reads a `nodes.conf` as a starting server does, and notes where it would stop.
//!
//! A server reads line by line and ends at the first fault. Here reading goes on, as what is a
//! fault depends on the version; see [`Fault::outcome`].

mod node_line;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::parse::nodes_conf::fault::Fault;
use crate::parse::nodes_conf::fault::LoadFault;
use crate::parse::nodes_conf::loader::node_line::leading_number;
use crate::parse::nodes_conf::words::Word;
use crate::parse::nodes_conf::words::split;
use crate::text::quote::quote;

/// Faults kept of one file, beside those of the file as a whole.
const KEPT: usize = 32;

/// What a server would make of a file.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(in crate::parse) struct Loaded {
    pub faults: Vec<LoadFault>,
    /// The id in the first line that says `myself`, also of a line that cannot be read.
    pub myself: Option<String>,
}

/// How sure it is that the text is a whole `nodes.conf`, byte by byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::parse) enum Certainty {
    /// Its name says so.
    Named,
    /// It looks like one: it may be a part of one, or have been printed by a crash.
    Alike,
}

/// Every fault of a file whose first line has that number; `None` for two files in one.
pub(in crate::parse) fn load(text: &str, first_line: u32, certainty: Certainty) -> Option<Loaded> {
    let mut reading = Reading::default();
    if text.is_empty() {
        reading.fault(Fault::Empty, 1, "is empty");
        return Some(reading.loaded);
    }
    let mut words = Vec::new();
    for (number, line) in (first_line..).zip(text.split_inclusive('\n')) {
        reading.number = number;
        reading.line(line.strip_suffix('\n').unwrap_or(line), &mut words);
    }
    reading.end(text.ends_with('\n'), certainty);
    // `cat` of many files: no server was ever given this one.
    (reading.vars <= 1).then_some(reading.loaded)
}

#[derive(Default)]
struct Reading<'a> {
    loaded: Loaded,
    /// Of the present line.
    number: u32,
    /// `vars` lines.
    vars: u32,
    current_epoch: Option<(u64, u32)>,
    highest_epoch: u64,
    /// Nodes whose line gave a shard id, with it.
    shards: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    ids: BTreeSet<Cow<'a, str>>,
    has_aux: bool,
    myself: u32,
    role: Option<LoadFault>,
}

impl<'a> Reading<'a> {
    fn fault(&mut self, fault: Fault, at: usize, what: impl Into<String>) {
        if self.loaded.faults.len() < KEPT {
            self.loaded.faults.push(LoadFault {
                fault,
                line: self.number.max(1),
                column: at as u32,
                what: what.into(),
            });
        }
    }

    /// About a word of the present line.
    fn at(&mut self, fault: Fault, word: &Word, what: &str) {
        let what = format!("{what}: {}", quote(&word.text));
        self.fault(fault, word.at + 1, what);
    }

    fn line(&mut self, line: &'a str, words: &mut Vec<Word<'a>>) {
        let (read, lost) = line.split_once('\0').unwrap_or((line, ""));
        if !lost.trim_matches(['\0', ' ', '\r']).is_empty() {
            let what = "has a NUL, and what follows it is lost";
            self.fault(Fault::Nul, read.len() + 1, what);
        }
        // The only lines that are skipped.
        if read.is_empty() {
            return;
        }
        if let Err(at) = split(read, words) {
            self.note_unread_owner(read);
            let word = quote(read.get(at..).unwrap_or(""));
            let what = format!("has a quote that is not closed: {word}");
            return self.fault(Fault::Quote, at + 1, what);
        }
        match &words[..] {
            [] => {
                self.fault(Fault::Blank, 1, "has nothing but blanks");
            }
            [first, vars @ ..] if first.text.eq_ignore_ascii_case("vars") => self.vars(vars),
            [id, address, flags, master, _, _, epoch, _, slots @ ..] => {
                self.node(id, address, flags, master, epoch);
                for word in slots {
                    self.slots(word);
                }
            }
            [first, ..] => {
                let what = format!("has {} of 8 fields: {}", words.len(), quote(read.trim()));
                let at = first.at + 1;
                self.note_unread_owner(read);
                self.fault(Fault::Fields, at, what);
            }
        }
    }

    /// A line that cannot be read may still say whose file it is.
    fn note_unread_owner(&mut self, line: &str) {
        let mut words = line.split_ascii_whitespace();
        if let (Some(id), Some(flags)) = (words.next(), words.nth(1))
            && flags.split(',').any(|f| f.eq_ignore_ascii_case("myself"))
        {
            self.loaded.myself.get_or_insert_with(|| id.to_owned());
        }
    }

    fn vars(&mut self, words: &[Word]) {
        self.vars += 1;
        if let [.., last] = words
            && words.len() % 2 == 1
        {
            self.at(Fault::Vars, last, "has a name without a value");
        }
        for pair in words.chunks_exact(2) {
            if pair[0].text.eq_ignore_ascii_case("currentEpoch") {
                self.current_epoch = Some((leading_number(&pair[1].text), self.number));
            }
        }
    }

    /// What only the whole file shows.
    fn end(&mut self, ends_with_line_end: bool, certainty: Certainty) {
        // These come however many faults the lines have.
        let mut last = Vec::new();
        let mut fault = |fault, line, what: String| {
            last.push(LoadFault {
                fault,
                line,
                column: 1,
                what,
            });
        };
        let has_vars = self.vars > 0;
        let sure = certainty == Certainty::Named;
        let said = !self.ids.is_empty() || has_vars || !self.loaded.faults.is_empty();
        if !said && sure {
            let what = "holds no line of a node, only NULs or blank lines".to_owned();
            fault(Fault::NoNode, 1, what);
        } else if self.myself == 0 && self.loaded.myself.is_none() && (sure || has_vars) {
            let what = "has no line that says `myself`".to_owned();
            fault(Fault::NoMyself, 1, what);
        }
        // The last line may be half of that one.
        let half = |f: &LoadFault| f.fault == Fault::Fields && f.line == self.number;
        let ends_in_half = self.loaded.faults.last().is_some_and(half);
        // A view of a running node, saved under this name, has no `vars` line either.
        if !has_vars
            && !ends_in_half
            && self.myself > 0
            && (!ends_with_line_end || sure && self.has_aux)
        {
            let what = "is cut off: its last line, `vars`, is missing".to_owned();
            fault(Fault::CutOff, self.number, what);
        }
        if let Some((epoch, line)) = self.current_epoch
            && epoch < self.highest_epoch
        {
            let highest = self.highest_epoch;
            let what = format!("says epoch {epoch}, below config epoch {highest}");
            fault(Fault::EpochBehind, line, what);
        }
        last.extend(self.role.take());
        self.loaded.faults.append(&mut last);
    }
}
