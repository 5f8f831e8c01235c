//! Reads a `nodes.conf` as a starting server does, and notes where it would stop.
//!
//! A server reads line by line and ends at the first fault. Here reading goes on, as what is a
//! fault depends on the version; see [`Fault::outcome`].

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::SLOT_COUNT;
use crate::parse::log::quote;
use crate::parse::nodes_conf::fault::Fault;
use crate::parse::nodes_conf::fault::LoadFault;
use crate::parse::nodes_conf::words::Word;
use crate::parse::nodes_conf::words::split;

/// Faults kept of one file, beside those of the file as a whole.
const KEPT: usize = 32;

/// Flags that every server knows.
const FLAGS: [&str; 8] = [
    "myself",
    "master",
    "slave",
    "fail?",
    "fail",
    "handshake",
    "noaddr",
    "noflags",
];

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

    fn node(
        &mut self,
        id: &Word<'a>,
        address: &Word<'a>,
        flags: &Word,
        master: &Word,
        epoch: &Word,
    ) {
        if !is_id(&id.text) {
            self.at(Fault::Id, id, "has an id that is not 40 hex digits");
        }
        if !self.ids.insert(id.text.clone()) {
            self.at(Fault::Duplicate, id, "has a second line of one node");
        }
        let shard = self.address(address);
        let is_myself = self.flags(id, flags);
        let masterless = master.text.starts_with('-');
        if !masterless {
            if !is_id(&master.text) {
                self.at(
                    Fault::Peer,
                    master,
                    "has a master id that is not 40 hex digits",
                );
            }
            // A master further down is not compared, and without a shard id of its own a
            // replica is given a random one before.
            if let Some(of_master) = self.shards.get(&*master.text)
                && shard.as_ref() != Some(of_master)
            {
                let what = match shard {
                    Some(_) => "has another shard id than its master",
                    None => "has no shard id, though its master has one,",
                };
                self.at(Fault::ShardId, id, what);
            }
        } else {
            self.highest_epoch = self.highest_epoch.max(leading_number(&epoch.text));
        }
        if let Some(shard) = shard {
            self.shards.insert(id.text.clone(), shard);
        }
        if is_myself {
            let has = |word: &str| flags.text.split(',').any(|f| f.eq_ignore_ascii_case(word));
            let master = has("master") || has("primary");
            let replica = has("slave") || has("replica");
            let what = match (master, replica) {
                (false, false) => "calls its own node neither master nor replica",
                (_, true) if masterless => "calls its own node a replica of nobody",
                _ => return,
            };
            self.role = Some(LoadFault {
                fault: Fault::Role,
                line: self.number,
                column: flags.at as u32 + 1,
                what: what.to_owned(),
            });
        }
    }

    /// The shard id among the aux fields.
    fn address(&mut self, word: &Word<'a>) -> Option<Cow<'a, str>> {
        match &word.text {
            Cow::Borrowed(text) => self.address_of(text, word).map(Cow::Borrowed),
            // It was quoted.
            Cow::Owned(text) => {
                let shard = self.address_of(text, word)?;
                Some(Cow::Owned(shard.to_owned()))
            }
        }
    }

    fn address_of<'t>(&mut self, text: &'t str, word: &Word) -> Option<&'t str> {
        let mut parts = text.split(',');
        if !parts.next().is_some_and(|a| a.contains(':')) {
            self.at(Fault::Address, word, "has an address without a port");
        }
        let mut shard = None;
        // The first is the hostname.
        for part in parts.skip(1) {
            self.has_aux = true;
            let fault = match part.split_once('=') {
                Some((_, value)) if value.contains(is_bad_aux) => Some(Fault::Aux),
                Some(("shard-id", value)) => {
                    shard = Some(value);
                    (!is_id(value)).then_some(Fault::Aux)
                }
                Some(("tcp-port" | "tls-port", value)) => {
                    value.starts_with('-').then_some(Fault::Aux)
                }
                Some(("nodename", _)) => None,
                Some(("client-ipv4" | "client-ipv6", _)) => Some(Fault::AuxOfValkey8),
                Some(("client-tcp-port" | "client-tls-port" | "availability-zone", _)) => {
                    Some(Fault::AuxOfValkey91)
                }
                Some(_) | None => Some(Fault::Aux),
            };
            if let Some(fault) = fault {
                let what = format!("has an unknown field: {}", quote(part));
                self.fault(fault, word.at + 1, what);
            }
        }
        shard
    }

    /// True of the node's own line.
    fn flags(&mut self, id: &Word, word: &Word) -> bool {
        let mut is_myself = false;
        for flag in word.text.split(',') {
            let is = |word: &&str| flag.eq_ignore_ascii_case(word);
            is_myself |= is(&"myself");
            if FLAGS.iter().any(is) {
                continue;
            }
            let fault = match () {
                () if is(&"nofailover") => Fault::FlagNoFailover,
                () if is(&"primary") || is(&"replica") => Fault::FlagOfValkey,
                () => Fault::Flag,
            };
            let what = format!("has an unknown flag: {}", quote(flag));
            self.fault(fault, word.at + 1, what);
        }
        if is_myself {
            self.loaded
                .myself
                .get_or_insert_with(|| id.text.to_string());
            self.myself += 1;
            if self.myself == 2 {
                self.at(Fault::TwoMyself, word, "has a second `myself`");
            }
        }
        is_myself
    }

    fn slots(&mut self, word: &Word) {
        let text = &*word.text;
        if let Some(open) = text.strip_prefix('[') {
            let Some((slot, peer)) = open.split_once('-') else {
                return self.at(Fault::OpenSlot, word, "has an open slot without an arrow");
            };
            if !is_slot(slot) {
                self.bad_slot(slot, word);
            }
            let peer = peer.get(2..).and_then(|p| p.split_once(']'));
            if !peer.is_some_and(|(id, _)| is_id(id)) {
                let what = "has an open slot without the id of the other node";
                self.at(Fault::Peer, word, what);
            }
            return;
        }
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        if !is_slot(first) {
            self.bad_slot(first, word);
        } else if !is_slot(last) {
            self.bad_slot(last, word);
        } else if leading_number(first) > leading_number(last) {
            self.at(Fault::OddSlot, word, "has a range that is read as no slots");
        }
    }

    /// What does not begin with a digit counts as 0, and so does `-5` begin.
    fn bad_slot(&mut self, number: &str, word: &Word) {
        if leading_number(number) >= u64::from(SLOT_COUNT) || number.starts_with('-') {
            self.at(Fault::Slot, word, "has a slot beyond 16383");
        } else {
            self.at(
                Fault::OddSlot,
                word,
                "has a word that is read as other slots",
            );
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
        if self.myself == 0 && self.loaded.myself.is_none() && (sure || has_vars) {
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

/// `verifyClusterNodeId`.
fn is_id(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_digit() || b.is_ascii_lowercase();
    text.len() == 40 && text.bytes().all(legal)
}

/// What no aux field may hold in any version.
fn is_bad_aux(c: char) -> bool {
    "!#$%&()*+;<>?@[]^{|}~=".contains(c)
}

fn is_slot(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
        && leading_number(text) < u64::from(SLOT_COUNT)
}

/// As `atoi` and `strtoull` read it; 0 without a digit, the greatest for one too large.
fn leading_number(text: &str) -> u64 {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match &text[..digits] {
        "" => 0,
        digits => digits.parse().unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Version;
    use crate::parse::nodes_conf::fault::Loader;
    use crate::parse::nodes_conf::fault::Outcome;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const VARS: &str = "vars currentEpoch 2 lastVoteEpoch 0\n";

    fn own() -> String {
        format!("{A} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460\n")
    }

    fn other() -> String {
        format!("{B} 10.0.0.2:7000@17000 master - 0 0 2 connected 5461-16383\n")
    }

    fn faults(text: &str) -> Vec<(Fault, u32)> {
        let loaded = load(text, 1, Certainty::Named).expect("one file");
        loaded.faults.iter().map(|f| (f.fault, f.line)).collect()
    }

    #[test]
    fn a_file_as_servers_write_it_has_no_fault() {
        let (own, other) = (own(), other());
        let aux = ",,tls-port=0,shard-id=cccccccccccccccccccccccccccccccccccccccc";
        for text in [
            format!("{own}{other}{VARS}"),
            format!("{VARS}{own}{other}"),
            format!("{own}{other}{VARS}\n\n\n"),
            format!("{own}{other}{}", VARS.trim_end()),
            format!("{own}{other}{VARS}").replace('\n', "\r\n"),
            format!("{own}{VARS}\0\0\0\0"),
            format!(
                "{own}{}{VARS}",
                other.replace("10.0.0.2:7000@17000", ":0@0")
            ),
            format!(
                "{own}{}{VARS}",
                other.replace("17000 ", &format!("17000{aux} "))
            ),
            format!("{own}{}{VARS}", other.replace("connected", "\"connected\"")),
            format!(
                "{own}{}{VARS}",
                other.replace("5461", &format!("[9->-{A}] 5461"))
            ),
        ] {
            assert_eq!(faults(&text), [], "{text}");
        }
        // A view that was saved under this name is no damaged file.
        assert_eq!(faults(&format!("{own}{other}")), []);
        assert_eq!(
            load(&own, 1, Certainty::Alike),
            Some(Loaded {
                myself: Some(A.to_owned()),
                ..Loaded::default()
            })
        );
    }

    #[test]
    fn two_files_in_one_are_no_file_of_a_server() {
        let one = format!("{}{VARS}", own());
        assert_eq!(load(&format!("{one}{one}"), 1, Certainty::Named), None);
    }

    #[test]
    fn a_replica_is_compared_with_a_master_above_it() {
        let of = |id: &str, flags: &str, master: &str, shard: &str| {
            let shard = match shard {
                "" => String::new(),
                shard => format!(",,shard-id={}", shard.repeat(40)),
            };
            format!("{id} 10.0.0.1:7000@17000{shard} {flags} {master} 0 0 1 connected\n")
        };
        for (replica, expected) in [
            ("1", vec![]),
            ("2", vec![(Fault::ShardId, 2)]),
            ("", vec![(Fault::ShardId, 2)]),
        ] {
            let master = of(A, "myself,master", "-", "1");
            let replica = of(B, "slave", A, replica);
            assert_eq!(faults(&format!("{master}{replica}{VARS}")), expected);
            assert_eq!(faults(&format!("{replica}{master}{VARS}")), []);
        }
    }

    #[test]
    fn the_writer_is_known_even_from_a_line_that_cannot_be_read() {
        let text = own().replace("connected", "\"connected");
        let loaded = load(&format!("{text}{VARS}"), 1, Certainty::Named);
        let loaded = loaded.expect("one file");
        assert_eq!(loaded.myself.as_deref(), Some(A));
        assert_eq!(loaded.faults.len(), 1);
        assert_eq!(loaded.faults[0].fault, Fault::Quote);
    }

    #[test]
    fn many_faults_do_not_hide_those_of_the_file() {
        let text = "x\n".repeat(10_000);
        let found = faults(&text);
        assert_eq!(found.len(), KEPT + 1);
        assert_eq!(found[KEPT], (Fault::NoMyself, 1));
    }

    #[test]
    fn captured_text_is_escaped() {
        let loaded = load("\u{1b}[31m\n", 1, Certainty::Named).expect("one file");
        assert!(loaded.faults.iter().all(|f| !f.what.contains('\u{1b}')));
    }

    /// What redis-server 7.0.15 did with each of these; `tests/live` asks a real one again.
    #[test]
    fn every_fault_is_found_where_it_stands() {
        let (own, other) = (own(), other());
        let redis = Loader::Redis(Version::new(7, 0, 15));
        for (text, fault, line, outcome) in [
            (String::new(), Fault::Empty, 1, Outcome::Forgets),
            ("\n".into(), Fault::NoMyself, 1, Outcome::Refuses),
            (
                format!("{own}{other}\r\n{VARS}"),
                Fault::Blank,
                3,
                Outcome::Refuses,
            ),
            (
                format!("{own}{other}{VARS}  "),
                Fault::Blank,
                4,
                Outcome::Refuses,
            ),
            (
                format!("{own}{}{VARS}", other.replace(" 0 0", " \"0 0")),
                Fault::Quote,
                2,
                Outcome::Refuses,
            ),
            (
                format!("{own}{B} 10.0.0.2:7000\n{VARS}"),
                Fault::Fields,
                2,
                Outcome::Refuses,
            ),
            (format!("{own}va"), Fault::Fields, 2, Outcome::Refuses),
            (
                format!("{own}{}{VARS}", other.replace("bbbb ", "bbb ")),
                Fault::Id,
                2,
                Outcome::Refuses,
            ),
            (
                format!(
                    "{own}{}{VARS}",
                    other.replace("10.0.0.2:7000@17000", "10.0.0.2")
                ),
                Fault::Address,
                2,
                Outcome::Refuses,
            ),
            (
                format!("{own}{}{VARS}", other.replace("master", "boss")),
                Fault::Flag,
                2,
                Outcome::Refuses,
            ),
            (
                format!("{own}{}{VARS}", other.replace("master", "master,")),
                Fault::Flag,
                2,
                Outcome::Refuses,
            ),
            (
                format!("{own}{}{VARS}", other.replace("master", "primary")),
                Fault::FlagOfValkey,
                2,
                Outcome::Refuses,
            ),
            (
                format!("{own}{}{VARS}", other.replace("master -", "slave x")),
                Fault::Peer,
                2,
                Outcome::Refuses,
            ),
            (
                format!("{own}{}{VARS}", other.replace("16383", "16384")),
                Fault::Slot,
                2,
                Outcome::Refuses,
            ),
            (
                format!("{own}{}{VARS}", other.replace("5461-", "[93] ")),
                Fault::OpenSlot,
                2,
                Outcome::Refuses,
            ),
            (
                format!("{own}{}{VARS}", other.replace("5461-", "[93->-x] ")),
                Fault::Peer,
                2,
                Outcome::Refuses,
            ),
            (
                format!("{other}{VARS}"),
                Fault::NoMyself,
                1,
                Outcome::Refuses,
            ),
            (
                format!("{own}{}{VARS}", other.replace("master", "myself,master")),
                Fault::TwoMyself,
                2,
                Outcome::Refuses,
            ),
            (
                format!("{own}vars currentEpoch\n"),
                Fault::Vars,
                2,
                Outcome::Refuses,
            ),
            (
                format!("{}{VARS}", own.replace("master", "slave")),
                Fault::Role,
                1,
                Outcome::Misreads,
            ),
            (
                format!("{own}{other}{other}{VARS}"),
                Fault::Duplicate,
                3,
                Outcome::Misreads,
            ),
            (
                format!("{own}\0{other}{VARS}"),
                Fault::Nul,
                2,
                Outcome::Misreads,
            ),
            (
                format!("{own}{}{VARS}", other.replace("5461-16383", "9-8")),
                Fault::OddSlot,
                2,
                Outcome::Misreads,
            ),
            (
                format!("{own}{}{VARS}", other.replace("5461-16383", "abc")),
                Fault::OddSlot,
                2,
                Outcome::Misreads,
            ),
            (
                format!("{own}{}", other.trim_end()),
                Fault::CutOff,
                2,
                Outcome::Misreads,
            ),
            (
                format!("{own}{other}vars currentEpoch 1 lastVoteEpoch 0\n"),
                Fault::EpochBehind,
                3,
                Outcome::Repairs,
            ),
        ] {
            assert_eq!(faults(&text), [(fault, line)], "{text}");
            assert_eq!(fault.outcome(redis), outcome, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn any_text_is_survived(text in "[a-c0-9 :@,=\\-\\[\\]\n\r\"'\0ü]{0,300}") {
            let _ = load(&text, 1, Certainty::Named);
        }
    }
}
