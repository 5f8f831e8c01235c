//! The line of one node, field by field.

use std::borrow::Cow;

use crate::model::SLOT_COUNT;
use crate::parse::nodes_conf::fault::Fault;
use crate::parse::nodes_conf::fault::LoadFault;
use crate::parse::nodes_conf::loader::Reading;
use crate::parse::nodes_conf::words::Word;
use crate::text::quote::quote;

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

impl<'a> Reading<'a> {
    pub(super) fn node(
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

    pub(super) fn slots(&mut self, word: &Word) {
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
pub(super) fn leading_number(text: &str) -> u64 {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match &text[..digits] {
        "" => 0,
        digits => digits.parse().unwrap_or(u64::MAX),
    }
}
