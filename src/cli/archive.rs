//! Archives and compressed files: what is in them, as if it lay in a folder.
//!
//! Told by their first bytes, never by their names. Members become bytes with a path; nothing is
//! written to disk, so a name is only ever a label. Start reading at [`unpack`].

mod limits;
mod name;
mod stream;
mod tarball;
#[cfg(test)]
mod tests;
mod trouble;
mod zipped;

use std::cell::Cell;
use std::fs;
use std::io;
use std::io::BufReader;
use std::io::Cursor;
use std::io::Read;
use std::io::Seek;
use std::rc::Rc;

use crate::cli::archive::limits::Budget;
pub(super) use crate::cli::archive::limits::LIMITS;
pub(super) use crate::cli::archive::limits::Limits;
use crate::cli::archive::limits::Refused;
use crate::cli::archive::stream::Counted;
use crate::cli::archive::stream::Gunzip;
use crate::cli::archive::stream::Limited;
use crate::cli::archive::stream::Unzstd;
use crate::cli::archive::stream::Watched;
use crate::cli::archive::trouble::Trouble;
use crate::cli::archive::trouble::Troubles;
use crate::diagnostic::Diagnostic;

/// So many bytes tell what a file is.
pub(super) const HEAD: usize = 512;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Gzip,
    Zstd,
    Tar,
    Zip,
}

/// What a file is that starts so; `None` for everything that is no archive.
pub(super) fn kind(head: &[u8]) -> Option<Kind> {
    match head {
        [0x1f, 0x8b, 8, ..] => Some(Kind::Gzip),
        // A frame, or one that is to be skipped: parallel compressors start with it.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Kind::Zstd),
        // The second one is an archive without members.
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Kind::Zip),
        _ if tarball::starts(head) => Some(Kind::Tar),
        _ => None,
    }
}

/// A packed file.
pub(super) enum Input<'a> {
    /// At its start.
    File(fs::File),
    Bytes(Vec<u8>),
    /// A pipe: what was read of it already, too, please.
    Stream(Box<dyn Read + 'a>),
}

impl Input<'_> {
    /// A file of which `head` was read.
    pub fn of(mut file: fs::File, head: Vec<u8>) -> Self {
        match file.rewind() {
            Ok(()) => Self::File(file),
            Err(_) => Self::Stream(Box::new(Cursor::new(head).chain(file))),
        }
    }
}

/// A file that was in an archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Member {
    pub shown: String,
    pub bytes: Vec<u8>,
    /// A checksum over it did not match.
    pub unproven: bool,
}

/// What came out of an archive.
#[derive(Debug, Default)]
pub(super) struct Unpacked {
    /// In the order of their paths, as a walk through the folder would find them.
    pub members: Vec<Member>,
    pub diagnostics: Vec<Diagnostic>,
    /// Why nothing at all was read.
    pub refused: Option<String>,
}

/// Takes a packed file apart, and every packed file in it.
///
/// `label` is what reports call it; its members are shown below it, or without it if it is
/// `lone`. Held in memory are the members alone, at most `limits.unpacked` bytes and one member
/// more, and of a zip from a pipe the packed bytes, at most as many: the format has its
/// directory at the end.
pub(super) fn unpack(input: Input, label: &str, lone: bool, limits: Limits) -> Unpacked {
    let mut unpacking = Unpacking {
        budget: Rc::new(Budget::new(limits)),
        members: Vec::new(),
        diagnostics: Vec::new(),
    };
    let at = At {
        label: label.to_owned(),
        prefix: if lone {
            String::new()
        } else {
            label.to_owned()
        },
        depth: 1,
    };
    let refused = unpacking.outermost(input, &at).err();
    let Unpacking {
        mut members,
        mut diagnostics,
        ..
    } = unpacking;
    if let Some(Refused(why)) = &refused {
        members.clear();
        diagnostics.push(trouble::refusal(label, why));
    }
    diagnostics.extend(sort(&mut members).diagnostics(label, &limits));
    Unpacked {
        members,
        diagnostics,
        refused: refused.map(|Refused(why)| why),
    }
}

/// Where a packed file is, and how its members are shown.
struct At {
    label: String,
    /// Before the names of the members; nothing for a lone archive.
    prefix: String,
    /// In how many archives its members are.
    depth: usize,
}

/// One outermost archive on its way to its members.
struct Unpacking {
    budget: Rc<Budget>,
    members: Vec<Member>,
    diagnostics: Vec<Diagnostic>,
}

impl Unpacking {
    /// Only here is it known how much there was before unpacking.
    fn outermost(&mut self, input: Input, at: &At) -> Result<(), Refused> {
        let input = match input {
            Input::File(file) => {
                self.budget.packed(file.metadata().map_or(0, |m| m.len()));
                Input::File(file)
            }
            Input::Bytes(bytes) => {
                self.budget.packed(bytes.len() as u64);
                Input::Bytes(bytes)
            }
            Input::Stream(stream) => {
                Input::Stream(Box::new(Counted::new(stream, self.budget.clone())))
            }
        };
        self.open(input, at)
    }

    fn open(&mut self, mut input: Input, at: &At) -> Result<(), Refused> {
        let mut troubles = Troubles::default();
        let head = match &mut input {
            Input::File(file) => head_of(file).and_then(|head| file.rewind().map(|()| head)),
            Input::Bytes(bytes) => Ok(bytes[..bytes.len().min(HEAD)].to_vec()),
            Input::Stream(stream) => head_of(stream),
        };
        let outcome = match head {
            Ok(head) => self.open_as(kind(&head), head, input, at, &mut troubles),
            Err(error) => {
                troubles.damage(&error);
                Ok(())
            }
        };
        self.diagnostics
            .extend(troubles.diagnostics(&at.label, &self.budget.limits));
        outcome
    }

    fn open_as(
        &mut self,
        kind: Option<Kind>,
        head: Vec<u8>,
        input: Input,
        at: &At,
        troubles: &mut Troubles,
    ) -> Result<(), Refused> {
        let budget = self.budget.clone();
        match (kind, input) {
            (Some(Kind::Zip), Input::File(file)) => self.zip(BufReader::new(file), at, troubles),
            (Some(Kind::Zip), Input::Bytes(bytes)) => self.zip(Cursor::new(bytes), at, troubles),
            (Some(Kind::Zip), Input::Stream(stream)) => {
                let mut stream = Limited::new(Cursor::new(head).chain(stream), budget);
                let mut bytes = Vec::new();
                if let Err(error) = stream.read_to_end(&mut bytes) {
                    self.budget.check()?;
                    troubles.damage(&error);
                }
                self.zip(Cursor::new(bytes), at, troubles)
            }
            (kind, input) => {
                let stream: Box<dyn Read> = match input {
                    Input::File(file) => Box::new(file),
                    Input::Bytes(bytes) => Box::new(Cursor::new(bytes)),
                    Input::Stream(stream) => Box::new(Cursor::new(head).chain(stream)),
                };
                let stream = BufReader::new(stream);
                match kind {
                    Some(Kind::Gzip) => self.stream(Gunzip::new(stream), at, troubles),
                    Some(Kind::Zstd) => self.stream(Unzstd::new(stream), at, troubles),
                    _ => self.tar(Limited::new(stream, budget), at, troubles),
                }
            }
        }
    }

    /// What a compressed stream holds: a tar of many files, or one file. Where its bytes are not
    /// those that were packed, nobody knows which are wrong.
    fn stream(
        &mut self,
        decoder: impl Read,
        at: &At,
        troubles: &mut Troubles,
    ) -> Result<(), Refused> {
        let before = self.members.len();
        let corrupt = Cell::new(false);
        let outcome = self.unpacked(Watched::new(decoder, &corrupt), at, troubles);
        if corrupt.get() {
            self.doubt(before);
        }
        outcome
    }

    /// Every member from this one on.
    fn doubt(&mut self, from: usize) {
        let members = self.members.iter_mut().skip(from);
        members.for_each(|member| member.unproven = true);
    }

    fn unpacked(
        &mut self,
        decoder: impl Read,
        at: &At,
        troubles: &mut Troubles,
    ) -> Result<(), Refused> {
        let mut stream = BufReader::new(Limited::new(decoder, self.budget.clone()));
        let mut head = Vec::new();
        // What is cut within its first bytes still has those.
        let failed = (&mut stream).take(HEAD as u64).read_to_end(&mut head).err();
        self.budget.check()?;
        let inner = kind(&head);
        if inner == Some(Kind::Tar) && failed.is_none() {
            return self.tar(Cursor::new(head).chain(stream), at, troubles);
        }
        self.budget.count_member()?;
        let whole: &mut dyn Read = match failed {
            Some(error) => &mut Cursor::new(head).chain(stream::Broken(Some(error))),
            None => &mut Cursor::new(head).chain(stream),
        };
        match self.read(whole, 0)? {
            Content::TooLarge => troubles.add(Trouble::TooLarge, &at.label),
            Content::Cut(bytes, error) => {
                troubles.damage(&error);
                // Nothing of it is not the same as a file that is empty.
                if !bytes.is_empty() {
                    self.keep(at.label.clone(), &at.prefix, bytes, at, troubles)?;
                }
            }
            Content::Whole(bytes) => {
                self.keep(at.label.clone(), &at.prefix, bytes, at, troubles)?;
            }
        }
        Ok(())
    }

    /// Reads one member, within the limits. `size` is what the archive says of it, true or not.
    fn read(&mut self, from: &mut dyn Read, size: u64) -> Result<Content, Refused> {
        /// More is not reserved on the word of an archive.
        const BELIEVED: u64 = 1 << 20;
        let most = self.budget.limits.member;
        let mut bytes = Vec::with_capacity(size.min(BELIEVED).min(most) as usize);
        let outcome = from.take(most.saturating_add(1)).read_to_end(&mut bytes);
        self.budget.check()?;
        if bytes.len() as u64 > most {
            return Ok(Content::TooLarge);
        }
        self.budget.keep(bytes.len())?;
        bytes.shrink_to_fit();
        Ok(match outcome {
            Ok(_) => Content::Whole(bytes),
            Err(error) => Content::Cut(bytes, error),
        })
    }

    /// A member that was read: an archive is opened at once and then gone. `prefix` is how its
    /// members would be shown.
    fn keep(
        &mut self,
        shown: String,
        prefix: &str,
        bytes: Vec<u8>,
        at: &At,
        troubles: &mut Troubles,
    ) -> Result<(), Refused> {
        if kind(&bytes[..bytes.len().min(HEAD)]).is_none() {
            self.members.push(Member {
                shown,
                bytes,
                unproven: false,
            });
            return Ok(());
        }
        let length = bytes.len();
        if at.depth < self.budget.limits.depth {
            let inner = At {
                label: shown,
                prefix: prefix.to_owned(),
                depth: at.depth + 1,
            };
            self.open(Input::Bytes(bytes), &inner)?;
        } else {
            troubles.add(Trouble::TooDeep, &shown);
        }
        self.budget.forget(length);
        Ok(())
    }
}

/// What reading one member came to.
enum Content {
    Whole(Vec<u8>),
    /// The beginning, and why there is no more.
    Cut(Vec<u8>, io::Error),
    TooLarge,
}

pub(super) fn head_of(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    from.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// As a directory is walked: folder by folder, so that the same capture reads the same. Of
/// members with one path the last counts, as for everyone who unpacks.
fn sort(members: &mut Vec<Member>) -> Troubles {
    members.sort_by(|a, b| a.shown.split('/').cmp(b.shown.split('/')));
    let mut troubles = Troubles::default();
    members.reverse();
    members.dedup_by(|earlier, last| {
        let same = earlier.shown == last.shown;
        if same {
            troubles.add(Trouble::Repeated, &last.shown);
        }
        same
    });
    members.reverse();
    troubles
}
