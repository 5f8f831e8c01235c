//! What archives may unpack to.

use super::*;

#[track_caller]
fn refused(packed: &[u8], by: &str) {
    let unpacked = within(packed, SMALL);
    let why = unpacked.refused.unwrap_or_default();
    assert!(why.contains(by), "{why:?}");
    assert_eq!(unpacked.members, []);
    let last = unpacked.diagnostics.last().unwrap();
    assert_eq!(last.code, Capture::ArchiveLimit);
    assert!(last.message.contains(by), "{}", last.message);
}

#[test]
fn an_archive_that_unpacks_to_too_much_is_refused() {
    let text = noise(15_000);
    let names: Vec<String> = (0..8).map(|n| n.to_string()).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|n| (&**n, &text[..])).collect();
    let tar = tar_of(&files);
    for packed in [tar.clone(), gz(&tar), zst(&tar), zip_of(&files)] {
        refused(&packed, "more than 100000 bytes");
        assert_eq!(seen(&packed).0.len(), 8);
    }
}

#[test]
fn an_archive_with_too_many_members_is_refused() {
    let names: Vec<String> = (0..21).map(|n| n.to_string()).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|n| (&**n, &b""[..])).collect();
    for packed in [tar_of(&files), zip_of(&files)] {
        refused(&packed, "more than 20 members");
    }
    // Those of an archive inside count as well.
    refused(
        &zip_of(&[
            ("in.tar", &tar_of(&files[..11])),
            ("in2.tar", &tar_of(&files[..11])),
        ]),
        "20 members",
    );
}

#[test]
fn an_archive_that_shrank_too_much_is_refused() {
    let zeros = vec![b'0'; 18_000];
    let files = [("a", &zeros[..]), ("b", &zeros[..]), ("c", &zeros[..])];
    let tar = tar_of(&files);
    for packed in [gz(&tar), zip_of(&files)] {
        refused(&packed, "more than 50 times");
        let unlimited = Limits {
            ratio: 100_000,
            ..SMALL
        };
        assert_eq!(within(&packed, unlimited).refused, None);
        let pipe: Box<dyn Read> = Box::new(&packed[..]);
        assert!(
            unpack(Input::Stream(pipe), "x", true, SMALL)
                .refused
                .is_some()
        );
    }
    refused(&gz(&gz(&tar)), "more than 50 times");
    refused(&zst(&zst(&gz(&tar))), "more than 50 times");
    // Below the floor it does not matter.
    assert_eq!(within(&gz(&tar_of(&files[..2])), SMALL).refused, None);
}

#[test]
fn a_member_that_is_too_large_is_left_out() {
    let large = noise(20_001);
    let tar = tar_of(&[("large", &large), ("small", b"x")]);
    for packed in [
        tar.clone(),
        gz(&tar),
        zst(&tar),
        zip_of(&[("large", &large), ("small", b"x")]),
    ] {
        let unpacked = within(&packed, SMALL);
        assert_eq!(paths(&unpacked), ["small"]);
        assert!(
            said(&unpacked).contains("more than 20000 bytes"),
            "{}",
            said(&unpacked)
        );
    }
    for packed in [gz(&large), zst(&large)] {
        assert_eq!(paths(&within(&packed, SMALL)), Vec::<&str>::new());
        assert_eq!(paths(&within(&packed, LIMITS)), ["x"]);
    }
}

#[test]
fn a_long_name_counts_as_any_other_byte() {
    let mut long = header(200_000);
    long.set_entry_type(tar::EntryType::GNULongName);
    long.set_path("././@LongLink").unwrap();
    long.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&long, &noise(200_000)[..]).unwrap();
    refused(
        &gz(&builder.into_inner().unwrap()),
        "more than 100000 bytes",
    );
}

#[test]
fn holes_of_sparse_members_count() {
    // One hole of 19,000 bytes each, which takes no room in the archive.
    let mut builder = tar::Builder::new(Vec::new());
    for member in 0..8 {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNUSparse);
        header.set_path(member.to_string()).unwrap();
        header.set_size(0);
        let gnu = header.as_gnu_mut().unwrap();
        gnu.realsize = *b"00000045070\0";
        gnu.sparse[0].offset = *b"00000045070\0";
        gnu.sparse[0].numbytes = *b"00000000000\0";
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
    }
    let tar = builder.into_inner().unwrap();
    let whole = within(&tar, LIMITS);
    assert_eq!(whole.members[0].bytes, vec![0; 19_000], "{}", said(&whole));
    refused(&tar, "more than 100000 bytes");
}

#[test]
fn sizes_are_not_believed() {
    // A header that promises 8 GiB, and nothing behind it.
    let mut header = header(0o77777777777);
    header.set_path("a").unwrap();
    header.set_cksum();
    let (paths, codes) = seen(&[&header.as_bytes()[..], b"text"].concat());
    assert_eq!(paths, ["a"]);
    assert_eq!(codes, [Capture::ArchiveDamaged]);
}
