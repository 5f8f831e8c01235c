//! Captured files: which there are, what they are called, and their text.
//!
//! Names are found first, texts are read a few at a time: a capture may be larger than memory
//! likes. An archive is unpacked when its turn comes, and counts as a directory of its members.
//! Start reading at [`Capture::open`].

#[cfg(test)]
pub(super) mod tests;
mod walk;

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use sha2::Digest;
use sha2::Sha256;

use crate::cli::Failure;
use crate::cli::archive;
use crate::cli::archive::Input;
use crate::cli::archive::LIMITS;
use crate::cli::archive::Member;
use crate::cli::files::walk::Walk;
use crate::cli::limits;
use crate::cli::limits::Limit;
use crate::cli::limits::Unread;
use crate::diagnostic;
use crate::diagnostic::Diagnostic;
use crate::parallel;
use crate::text::Place;
use crate::text::Source;
use crate::text::safe::safe;

/// The files of a capture, read as they are asked for.
pub(super) struct Capture<'a> {
    files: std::vec::IntoIter<Found>,
    hashes: Hashes,
    /// Read ahead, in order.
    ready: VecDeque<(Found, Ready)>,
    /// What is left of the archive whose turn it is.
    members: VecDeque<Member>,
    /// Its members that were hashed already.
    sources: VecDeque<Source>,
    stdin: &'a mut dyn Read,
    /// What could not be read so far.
    pub diagnostics: Vec<Diagnostic>,
    /// Why the file that is all of the capture was not read.
    pub refused: Option<Failure>,
}

/// A file that will be read: where it is, and what reports call it.
struct Found {
    /// `None` for standard input.
    path: Option<PathBuf>,
    shown: String,
    /// The only argument: if it is an archive, its name says nothing.
    lone: bool,
}

/// A file that was opened.
enum Ready {
    Source(Box<Source>),
    /// Packed, with the bytes of its head.
    Packed(File, Vec<u8>),
    Failed(Unread),
    /// Nobody's to share, so it is read when its turn comes.
    Stdin,
}

impl<'a> Capture<'a> {
    /// Finds the files behind the CAPTURE arguments; see [`Walk::all`].
    pub fn open(
        args: &[OsString],
        hashes: Hashes,
        stdin: &'a mut dyn Read,
    ) -> Result<Self, Failure> {
        let walk = Walk::all(args)?;
        Ok(Self {
            files: walk.files.into_iter(),
            hashes,
            ready: VecDeque::new(),
            members: VecDeque::new(),
            sources: VecDeque::new(),
            stdin,
            diagnostics: walk.diagnostics,
            refused: None,
        })
    }
}

/// So many files are read at a time.
const AHEAD: usize = 64;

impl Iterator for Capture<'_> {
    type Item = Source;

    /// The next file that can be read; the others become diagnostics.
    fn next(&mut self) -> Option<Source> {
        loop {
            if let Some(source) = self.sources.pop_front() {
                return Some(source);
            }
            if !self.members.is_empty() {
                self.hash_members();
                continue;
            }
            if self.ready.is_empty() {
                self.read_ahead();
            }
            let (found, ready) = self.ready.pop_front()?;
            match ready {
                Ready::Source(source) => return Some(*source),
                Ready::Packed(file, head) => self.unpack(&found, Input::of(file, head)),
                Ready::Failed(why) => self.unread(&found, why),
                Ready::Stdin => match self.read_stdin(&found) {
                    Ok(source) => self.sources.extend(source),
                    Err(why) => self.unread(&found, why),
                },
            }
        }
    }
}

impl Capture<'_> {
    /// Hashing takes as long as parsing, so the next few files are read on all cores.
    fn read_ahead(&mut self) {
        let batch: Vec<Found> = self.files.by_ref().take(AHEAD).collect();
        let hashes = self.hashes;
        let read = parallel::map(&batch, |found| found.read(hashes));
        self.ready.extend(batch.into_iter().zip(read));
    }

    /// As [`Self::read_ahead`], with what was unpacked.
    fn hash_members(&mut self) {
        let count = self.members.len().min(AHEAD);
        let batch: Vec<Member> = self.members.drain(..count).collect();
        let wanted = self.hashes;
        let hashes = parallel::map(&batch, |member| wanted.of(&member.bytes));
        let members = batch.into_iter().zip(hashes);
        self.sources.extend(members.map(|(m, sha256)| Source {
            unproven: m.unproven,
            ..Source::of_bytes(&m.shown, m.bytes, sha256)
        }));
    }

    /// `None` if it is an archive, which is unpacked then.
    fn read_stdin(&mut self, found: &Found) -> Result<Option<Source>, Unread> {
        let bytes = archive::head_of(self.stdin)?;
        if archive::kind(&bytes).is_none() {
            let bytes = limits::read_to_end(&mut *self.stdin, bytes, Limit::FileBytes)?;
            return Ok(Some(source(&found.shown, bytes, self.hashes)));
        }
        let whole = io::Cursor::new(bytes).chain(&mut *self.stdin);
        let unpacked = archive::unpack(
            Input::Stream(Box::new(whole)),
            &found.shown,
            found.lone,
            LIMITS,
        );
        self.take(found, unpacked);
        Ok(None)
    }

    fn unread(&mut self, found: &Found, why: Unread) {
        match why {
            Unread::Error(error) => self.diagnostics.push(unreadable(&found.shown, &error)),
            Unread::Limit(limit) if found.lone => {
                let what = format!("`{}`", found.shown);
                self.refused = Some(Failure::Limit { what, limit });
            }
            Unread::Limit(limit) => self.diagnostics.push(too_large(&found.shown, limit)),
        }
    }

    fn unpack(&mut self, found: &Found, input: Input) {
        let unpacked = archive::unpack(input, &found.shown, found.lone, LIMITS);
        self.take(found, unpacked);
    }

    fn take(&mut self, found: &Found, unpacked: archive::Unpacked) {
        self.members = unpacked.members.into();
        self.diagnostics.extend(unpacked.diagnostics);
        if let Some(why) = unpacked.refused.filter(|_| found.lone) {
            let name = format!("`{}`", found.shown);
            self.refused = Some(Failure::Input(format!("{name} was not read: {why}")));
        }
    }
}

impl Found {
    fn read(&self, hashes: Hashes) -> Ready {
        let Some(path) = &self.path else {
            return Ready::Stdin;
        };
        let opened = File::open(path).and_then(|mut file| {
            let head = archive::head_of(&mut file)?;
            Ok((file, head))
        });
        match opened {
            Ok((file, head)) if archive::kind(&head).is_some() => Ready::Packed(file, head),
            Ok((file, head)) => match rest(file, head) {
                Ok(bytes) => Ready::Source(Box::new(source(&self.shown, bytes, hashes))),
                Err(why) => Ready::Failed(why),
            },
            Err(error) => Ready::Failed(error.into()),
        }
    }
}

/// All bytes of a file of which some were read.
fn rest(file: File, mut bytes: Vec<u8>) -> Result<Vec<u8>, Unread> {
    let size = file.metadata().map_or(0, |m| m.len());
    if size > Limit::FileBytes.most() {
        return Err(Unread::Limit(Limit::FileBytes));
    }
    // A size that is no size, as of a device, is found out by reading.
    let _ = bytes.try_reserve_exact(usize::try_from(size).unwrap_or(0));
    limits::read_to_end(file, bytes, Limit::FileBytes)
}

/// One file that a flag names; it may be compressed.
pub(super) fn read_one(arg: &OsStr, stdin: &mut dyn Read) -> Result<Source, Failure> {
    let path = Path::new(arg);
    let limit = Limit::NamedFileBytes;
    let read = if arg == "-" {
        limits::read_to_end(stdin, Vec::new(), limit)
    } else {
        let file = File::open(path).map_err(Unread::from);
        file.and_then(|file| limits::read_to_end(file, Vec::new(), limit))
    };
    let bytes = read.map_err(|why| match why {
        Unread::Error(error) => missing(path, &error),
        Unread::Limit(limit) => Failure::Limit {
            what: quoted(path),
            limit,
        },
    })?;
    let name = safe(&path.file_name().unwrap_or(arg).to_string_lossy()).into_owned();
    if archive::kind(&bytes[..bytes.len().min(archive::HEAD)]).is_none() {
        return Ok(source(&name, bytes, Hashes::Wanted));
    }
    let unpacked = archive::unpack(Input::Bytes(bytes), &name, true, LIMITS);
    let problem = match (
        unpacked.diagnostics.into_iter().next(),
        unpacked.members.len(),
    ) {
        (Some(diagnostic), _) => diagnostic.message,
        (None, 1) => String::new(),
        (None, count) => format!("holds {count} files; one is wanted here"),
    };
    match unpacked.members.into_iter().next() {
        Some(member) if problem.is_empty() => Ok(source(&name, member.bytes, Hashes::Wanted)),
        _ => Err(Failure::Input(format!("{}: {problem}", quoted(path)))),
    }
}

/// Text of whatever encoding; the hash is of the bytes as they were.
fn source(shown: &str, bytes: Vec<u8>, hashes: Hashes) -> Source {
    let sha256 = hashes.of(&bytes);
    Source::of_bytes(shown, bytes, sha256)
}

/// Whether an answer will name its inputs by their hashes: on a machine without instructions
/// for it, hashing takes a third of the time that reading and judging take together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hashes {
    Wanted,
    NotWanted,
}

impl Hashes {
    /// SHA-256 in hex; nothing if it is not wanted.
    fn of(self, bytes: &[u8]) -> String {
        match self {
            Self::NotWanted => String::new(),
            Self::Wanted => {
                let hash = Sha256::digest(bytes);
                hash.iter().map(|byte| format!("{byte:02x}")).collect()
            }
        }
    }
}

fn quoted(path: &Path) -> String {
    format!("`{}`", path.display())
}

fn missing(path: &Path, error: &io::Error) -> Failure {
    Failure::Input(match error.kind() {
        io::ErrorKind::NotFound => format!("{}: no such file or directory", quoted(path)),
        io::ErrorKind::IsADirectory => {
            format!("{} is a directory; one file is wanted", quoted(path))
        }
        _ => format!("{}: cannot be read: {error}", quoted(path)),
    })
}

fn unreadable(shown: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::new(
        diagnostic::Capture::UnreadableFile,
        format!("`{shown}` cannot be read ({error}); the capture is judged without it"),
    )
    .at(start(shown))
}

fn too_large(shown: &str, limit: Limit) -> Diagnostic {
    Diagnostic::new(
        diagnostic::Capture::FileLimit,
        format!("`{shown}` {limit}; the capture is judged without it"),
    )
    .at(start(shown))
    .help(limit.help())
}

/// The first byte of a file.
pub(super) fn start(shown: &str) -> Place {
    Place {
        path: shown.into(),
        line: 1,
        column: 1,
    }
}
