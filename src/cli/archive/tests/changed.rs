//! Archives whose bytes were changed on the way.

use proptest::prelude::*;

use super::*;
use crate::cli::archive::name::Name;

/// What happens to bytes on the way.
#[derive(Clone, Debug)]
enum Change {
    Flip(usize, u8),
    Cut(usize),
    Double(usize, usize),
    Drop(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => (any::<usize>(), 1u8..).prop_map(|(at, with)| Change::Flip(at, with)),
        1 => any::<usize>().prop_map(Change::Cut),
        1 => (any::<usize>(), 0usize..2000).prop_map(|(at, length)| Change::Double(at, length)),
        1 => (any::<usize>(), 0usize..2000).prop_map(|(at, length)| Change::Drop(at, length)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let length = bytes.len().max(1);
        let range = |at: usize, count: usize| at % length..(at % length + count).min(length);
        match *change {
            _ if bytes.is_empty() => {}
            Change::Flip(at, with) => bytes[at % length] ^= with,
            Change::Cut(at) => bytes.truncate(at % length),
            Change::Double(at, count) => {
                let part = bytes[range(at, count)].to_vec();
                bytes.splice(at % length..at % length, part);
            }
            Change::Drop(at, count) => {
                bytes.drain(range(at, count));
            }
        }
    }
    bytes
}

/// Archives with something of everything, small enough to be hit.
fn originals() -> Vec<Vec<u8>> {
    let text = noise(3000);
    let long = format!("{}x", "f/".repeat(80));
    let files: &[(&str, &[u8])] = &[("a/b.txt", &text), (&long, b"long"), ("c", &[b'c'; 9000])];
    let tar = tar_of(files);
    let zip = zip_of(files);
    let nested = tar_of(&[
        ("in.zip", &zip),
        ("in.gz", &gz(&text)),
        ("in.zst", &zst(&tar)),
    ]);
    vec![tar, zip, nested]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 400,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_archive_is_too_broken(
        original in 0usize..3,
        inner in prop::collection::vec(change(), 0..3),
        packing in 0usize..3,
        outer in prop::collection::vec(change(), 0..4),
    ) {
        let inside = changed(originals()[original].clone(), &inner);
        let packed = match packing {
            0 => inside,
            1 => gz(&inside),
            _ => zst(&inside),
        };
        let packed = changed(packed, &outer);
        prop_assume!(kind(&packed).is_some());
        let unpacked = within(&packed, SMALL);
        let held: usize = unpacked.members.iter().map(|m| m.bytes.len()).sum();
        prop_assert!(held as u64 <= SMALL.unpacked);
        for member in &unpacked.members {
            prop_assert!(member.bytes.len() as u64 <= SMALL.member);
            let plain = name::of_tar(member.shown.as_bytes());
            prop_assert_eq!(plain, Name::Shown(member.shown.clone()));
        }
        for diagnostic in &unpacked.diagnostics {
            prop_assert!(!diagnostic.message.contains(char::is_control));
            prop_assert!(diagnostic.message.len() < 2000);
        }
    }
}
