//! Sentences in which a report says what is wrong (`clusterManagerCheckCluster`, and
//! `check_cluster` of redis-trib before).

use nom::IResult;
use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::bytes::complete::take_till1;
use nom::bytes::complete::take_while1;
use nom::character::complete::char;
use nom::character::complete::u16 as number;
use nom::combinator::all_consuming;
use nom::combinator::map_opt;
use nom::combinator::opt;
use nom::combinator::value;
use nom::multi::separated_list1;
use nom::sequence::delimited;
use nom::sequence::preceded;
use nom::sequence::terminated;

use crate::model::Address;
use crate::model::Direction;
use crate::model::SLOT_COUNT;
use crate::parse::Wrong;

/// A sentence that complains.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Sentence<'a> {
    Wrong(Wrong),
    /// A replica follows a node that the report could not list; the id of that one.
    UnknownMaster(&'a str),
    /// It did not answer.
    Silent(Address),
}

/// What the line complains about; `None` if it is no complaint that is known.
pub(super) fn complaint(line: &str) -> Option<Sentence<'_>> {
    let found = alt((
        alt((disagree, uncovered, open_slots, owners)).map(Sentence::Wrong),
        unknown_master,
        silent,
    ));
    all_consuming(terminated(found, opt(char('.'))))
        .parse(line)
        .ok()
        .map(|(_, wrong)| wrong)
}

/// Says no more than other sentences of the report do.
pub(super) fn repeats(line: &str) -> bool {
    [
        "[WARNING] The following slots are open",
        "*** Please fix your cluster problems",
    ]
    .iter()
    .any(|begin| line.starts_with(begin))
}

/// One of the addresses below `Slot 5461 has 2 owners:`.
pub(super) fn owner(line: &str) -> Option<Address> {
    all_consuming(address).parse(line).ok().map(|(_, of)| of)
}

fn disagree(input: &str) -> IResult<&str, Wrong> {
    let sentence = tag("[ERR] Nodes don't agree about configuration!");
    value(Wrong::NodesDisagree, sentence).parse(input)
}

fn uncovered(input: &str) -> IResult<&str, Wrong> {
    let sentence = (
        tag("[ERR] Not all "),
        number,
        tag(" slots are covered by nodes"),
    );
    value(Wrong::SlotsUncovered, sentence).parse(input)
}

/// `[WARNING] Node 10.0.0.1:7000 has slots in migrating state 100,101.`, before 5.0 `(100)`.
fn open_slots(input: &str) -> IResult<&str, Wrong> {
    let direction = alt((
        value(Direction::Migrating, tag("migrating")),
        value(Direction::Importing, tag("importing")),
    ));
    let slots = || separated_list1((char(','), opt(char(' '))), slot);
    let slots = alt((delimited(char('('), slots(), char(')')), slots()));
    (
        preceded((warning, tag("Node ")), address),
        preceded(tag(" has slots in "), direction),
        preceded(tag(" state "), slots),
    )
        .map(|(node, direction, slots)| Wrong::OpenSlots {
            node,
            direction,
            slots,
        })
        .parse(input)
}

/// `[WARNING] Slot 5461 has 2 owners:`
fn owners(input: &str) -> IResult<&str, Wrong> {
    delimited(
        (warning, tag("Slot ")),
        slot,
        (tag(" has "), number, tag(" owners:")),
    )
    .map(|slot| Wrong::ManyOwners {
        slot,
        owners: Vec::new(),
    })
    .parse(input)
}

/// `*** WARNING: 10.0.0.5:6379 claims to be slave of unknown node ID bb….`
fn unknown_master(input: &str) -> IResult<&str, Sentence<'_>> {
    let word = alt((tag("slave"), tag("replica")));
    let of = (tag(" claims to be "), word, tag(" of unknown node ID "));
    preceded(
        (tag("*** WARNING: "), address, of),
        take_while1(|c: char| c.is_ascii_alphanumeric()),
    )
    .map(Sentence::UnknownMaster)
    .parse(input)
}

/// `Connecting to node 10.0.0.1:7001: [ERR] Sorry, can't connect to node 10.0.0.1:7001`
fn silent(input: &str) -> IResult<&str, Sentence<'_>> {
    let asked = opt((tag("Connecting to node "), address, tag(" ")));
    preceded((asked, tag("[ERR] Sorry, can't connect to node ")), address)
        .map(Sentence::Silent)
        .parse(input)
}

fn warning(input: &str) -> IResult<&str, &str> {
    alt((tag("[WARNING] "), tag("[Warning] "))).parse(input)
}

fn slot(input: &str) -> IResult<&str, u16> {
    nom::combinator::verify(number, |&slot| slot < SLOT_COUNT).parse(input)
}

/// Everything up to a blank: IPv6 stands there without brackets. Some versions put a colon or a
/// full stop behind it.
fn address(input: &str) -> IResult<&str, Address> {
    let word = take_till1(char::is_whitespace);
    map_opt(word, |word: &str| {
        word.trim_end_matches([':', '.']).parse().ok()
    })
    .parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_every_version_are_known() {
        let at = |text: &str| text.parse::<Address>().expect("an address");
        let open = |node, direction, slots: &[u16]| {
            Sentence::Wrong(Wrong::OpenSlots {
                node: at(node),
                direction,
                slots: slots.to_vec(),
            })
        };
        let id = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
        for (line, wrong) in [
            ("[ERR] Nodes don't agree about configuration!".to_owned(), Sentence::Wrong(Wrong::NodesDisagree)),
            ("[ERR] Not all 16384 slots are covered by nodes.".into(), Sentence::Wrong(Wrong::SlotsUncovered)),
            (
                "[WARNING] Node 10.0.0.1:7000 has slots in migrating state 100,101.".into(),
                open("10.0.0.1:7000", Direction::Migrating, &[100, 101]),
            ),
            (
                "[WARNING] Node 10.0.0.3:7000 has slots in importing state (100).".into(),
                open("10.0.0.3:7000", Direction::Importing, &[100]),
            ),
            (
                "[WARNING] Node ::1:7001 has slots in migrating state 100".into(),
                open("::1:7001", Direction::Migrating, &[100]),
            ),
            (
                "[WARNING] Slot 5461 has 2 owners:".into(),
                Sentence::Wrong(Wrong::ManyOwners {
                    slot: 5461,
                    owners: Vec::new(),
                }),
            ),
            (
                format!("*** WARNING: 10.0.0.5:6379 claims to be slave of unknown node ID {id}."),
                Sentence::UnknownMaster(id),
            ),
            (
                format!("*** WARNING: 10.0.0.5:6379 claims to be replica of unknown node ID {id}."),
                Sentence::UnknownMaster(id),
            ),
            (
                "Connecting to node 10.0.0.1:7001: [ERR] Sorry, can't connect to node 10.0.0.1:7001".into(),
                Sentence::Silent(at("10.0.0.1:7001")),
            ),
            (
                "[ERR] Sorry, can't connect to node 10.0.0.1:7001".into(),
                Sentence::Silent(at("10.0.0.1:7001")),
            ),
        ] {
            assert_eq!(complaint(&line), Some(wrong), "{line}");
        }
        for line in [
            "[OK] All nodes agree about slots configuration.",
            "[WARNING] Slot 16384 has 2 owners:",
            "[WARNING] Node x has slots in migrating state 100.",
            "[ERR] Node 10.0.0.1:7000 is not empty.",
            "",
        ] {
            assert_eq!(complaint(line), None, "{line}");
        }
        assert_eq!(owner("10.0.0.1:6379"), Some(at("10.0.0.1:6379")));
        assert_eq!(owner("[OK] x:y"), None);
    }
}
