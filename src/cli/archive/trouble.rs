//! What is said about an archive: each kind of trouble once, however many members have it.

use std::collections::BTreeMap;
use std::fmt;

use crate::cli::archive::limits::Limits;
use crate::cli::archive::limits::bytes;
use crate::cli::files;
use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Severity;
use crate::text::safe::safe;

/// Why members were not read, or not as they stand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Trouble {
    /// The archive itself ends early, or is no archive from some byte on.
    Damaged,
    /// So it is, but members behind that could be read.
    DamagedPart,
    /// A member is; the others are not.
    DamagedMember,
    Name,
    Encrypted,
    Method,
    TooLarge,
    TooDeep,
    Repeated,
    /// Links, devices and the like.
    Special,
}

/// The troubles of one archive.
#[derive(Debug, Default)]
pub(super) struct Troubles(BTreeMap<Trouble, (String, usize)>);

impl Troubles {
    /// `example` is kept if it is the first of its kind.
    pub fn add(&mut self, trouble: Trouble, example: &str) {
        self.0
            .entry(trouble)
            .or_insert_with(|| (short(example), 0))
            .1 += 1;
    }

    /// The archive is damaged; the first error tells the most.
    pub fn damage(&mut self, error: &dyn fmt::Display) {
        self.add(Trouble::Damaged, &error.to_string());
    }

    pub fn diagnostics(self, label: &str, limits: &Limits) -> Vec<Diagnostic> {
        let archive = format!("`{}`", short(label));
        let troubles = self.0.iter();
        let said = troubles.map(|(trouble, (example, count))| {
            said(*trouble, &archive, example, *count, limits).at(files::start(label))
        });
        said.collect()
    }
}

/// Nothing of the archive was read, and why.
pub(super) fn refusal(label: &str, why: &str) -> Diagnostic {
    Diagnostic::new(
        Capture::ArchiveLimit,
        format!("`{}` was not read: {why}", short(label)),
    )
    .severity(Severity::Error)
    .at(files::start(label))
    .help("pack only what was captured; or unpack it where there is room, and name the directory")
}

fn said(
    trouble: Trouble,
    archive: &str,
    example: &str,
    count: usize,
    limits: &Limits,
) -> Diagnostic {
    let members = match count {
        1 => format!("`{example}`"),
        2 => format!("`{example}` and 1 member more"),
        _ => format!("`{example}` and {} members more", count - 1),
    };
    let not_read = |why: String| format!("in {archive}, {why} not read: {members}");
    match trouble {
        Trouble::Damaged => Diagnostic::new(
            Capture::ArchiveDamaged,
            format!("{archive} is damaged or cut off ({example}); what came before that was read"),
        ),
        Trouble::DamagedPart => Diagnostic::new(
            Capture::ArchiveDamaged,
            format!(
                "a part of {archive} is damaged ({example}); what came before and behind it was read"
            ),
        ),
        Trouble::DamagedMember => Diagnostic::new(
            Capture::ArchiveDamaged,
            format!("in {archive}, what is damaged or cut off was read up to there: {members}"),
        ),
        Trouble::Name => Diagnostic::new(
            Capture::ArchiveName,
            not_read("names that lead out of it or cannot be shown are".to_owned()),
        )
        .help("pack with relative names: `tar -C DIRECTORY -czf night.tar.gz .`"),
        Trouble::Encrypted => Diagnostic::new(
            Capture::ArchiveEncrypted,
            not_read("what is behind a password is".to_owned()),
        ),
        Trouble::Method => Diagnostic::new(
            Capture::ArchiveMethod,
            not_read("what is compressed in a way unknown here is".to_owned()),
        )
        .help("pack as zip with deflate, or as tar with gzip or zstd"),
        Trouble::TooLarge => Diagnostic::new(
            Capture::ArchiveLimit,
            not_read(format!("members of more than {} are", bytes(limits.member))),
        ),
        Trouble::TooDeep => Diagnostic::new(
            Capture::ArchiveLimit,
            not_read(format!("archives inside {} archives are", limits.depth)),
        ),
        Trouble::Repeated => Diagnostic::new(
            Capture::ArchiveRepeated,
            format!("in {archive}, of what is there more than once the last was read: {members}"),
        ),
        Trouble::Special => Diagnostic::new(
            Capture::ArchiveSpecial,
            not_read("links, devices and the like are".to_owned()),
        ),
    }
}

/// Names and errors of decoders may hold anything, at any length.
fn short(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", safe(&text[..end])),
        None => safe(text).into_owned(),
    }
}
