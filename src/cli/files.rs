//! Captured files: which there are, what they are called, and their text.
//!
//! Names are found first, texts are read a few at a time: a capture may be larger than memory
//! likes. An archive is unpacked when its turn comes, and counts as a directory of its members.
//! Start reading at [`Capture::open`].

use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs;
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
use crate::cli::shell::plain;
use crate::diagnostic::Diagnostic;
use crate::parallel;
use crate::source::Place;
use crate::source::Source;

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
    /// Why the archive that is all of the capture was not read.
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
    Failed(io::Error),
    /// Nobody's to share, so it is read when its turn comes.
    Stdin,
}

impl<'a> Capture<'a> {
    /// Finds the files behind the CAPTURE arguments, in the order of the arguments, each
    /// directory in the order of its paths. Fails if an argument does not exist, or if there is
    /// no file at all.
    pub fn open(
        args: &[OsString],
        hashes: Hashes,
        stdin: &'a mut dyn Read,
    ) -> Result<Self, Failure> {
        let mut walk = Walk::default();
        let args = without_repeats(args);
        let labels = labels(&args)?;
        for (arg, label) in args.iter().zip(labels) {
            if arg == "-" {
                walk.files.push(Found {
                    path: None,
                    shown: "-".to_owned(),
                    lone: args.len() == 1,
                });
                continue;
            }
            let path = Path::new(arg);
            let kind = fs::metadata(path).map_err(|error| missing(path, &error))?;
            if kind.is_dir() {
                walk.directory(path, &label)?;
            } else {
                walk.files.push(Found {
                    path: Some(path.to_owned()),
                    shown: label,
                    lone: args.len() == 1,
                });
            }
        }
        if walk.files.is_empty() {
            let names: Vec<String> = args.iter().map(|a| quoted(Path::new(a))).collect();
            return Err(Failure::NothingUnderstood(format!(
                "{} has no file to read",
                names.join(", ")
            )));
        }
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
                Ready::Failed(error) => {
                    self.diagnostics.push(unreadable(&found.shown, &error));
                }
                Ready::Stdin => match self.read_stdin(&found) {
                    Ok(source) => self.sources.extend(source),
                    Err(error) => self.diagnostics.push(unreadable(&found.shown, &error)),
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
        self.sources
            .extend(members.map(|(m, sha256)| Source::of_bytes(&m.shown, m.bytes, sha256)));
    }

    /// `None` if it is an archive, which is unpacked then.
    fn read_stdin(&mut self, found: &Found) -> io::Result<Option<Source>> {
        let mut bytes = archive::head_of(self.stdin)?;
        if archive::kind(&bytes).is_none() {
            self.stdin.read_to_end(&mut bytes)?;
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
                Err(error) => Ready::Failed(error),
            },
            Err(error) => Ready::Failed(error),
        }
    }
}

/// All bytes of a file of which some were read.
fn rest(mut file: File, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let size = file.metadata().map_or(0, |m| m.len());
    // A size that is no size, as of a device, is found out by reading.
    let _ = bytes.try_reserve_exact(usize::try_from(size).unwrap_or(0));
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// One file that a flag names; it may be compressed.
pub(super) fn read_one(arg: &OsStr, stdin: &mut dyn Read) -> Result<Source, Failure> {
    let path = Path::new(arg);
    let bytes = if arg == "-" {
        let mut bytes = Vec::new();
        stdin.read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    let bytes = bytes.map_err(|error| missing(path, &error))?;
    let name = plain(&path.file_name().unwrap_or(arg).to_string_lossy());
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

/// The files found so far.
#[derive(Default)]
struct Walk {
    files: Vec<Found>,
    /// Real paths of the directories being walked, outermost first: a link back to one of them
    /// is a loop.
    above: Vec<PathBuf>,
    diagnostics: Vec<Diagnostic>,
}

impl Walk {
    /// The argument itself must be readable; what is below it need not.
    fn directory(&mut self, path: &Path, label: &str) -> Result<(), Failure> {
        let entries = sorted(path).map_err(|error| missing(path, &error))?;
        self.entries(path, label, entries);
        Ok(())
    }

    fn entries(&mut self, path: &Path, label: &str, entries: Vec<OsString>) {
        let Ok(real) = fs::canonicalize(path) else {
            return;
        };
        if self.above.contains(&real) {
            return;
        }
        self.above.push(real);
        for name in entries {
            self.entry(&path.join(&name), &below(label, &name));
        }
        self.above.pop();
    }

    fn entry(&mut self, path: &Path, shown: &str) {
        match fs::metadata(path) {
            Ok(kind) if kind.is_dir() => match sorted(path) {
                Ok(entries) => self.entries(path, shown, entries),
                Err(error) => self.diagnostics.push(unreadable(shown, &error)),
            },
            Ok(kind) if kind.is_file() => self.files.push(Found {
                path: Some(path.to_owned()),
                shown: shown.to_owned(),
                lone: false,
            }),
            // Reading a pipe or a socket that lies about could wait for ever.
            Ok(_) => self.diagnostics.push(
                Diagnostic::note(
                    "capture/not-a-file",
                    format!("`{shown}` is no regular file; it was not read"),
                )
                .at(start(shown)),
            ),
            Err(error) => self.diagnostics.push(unreadable(shown, &error)),
        }
    }
}

/// Names in a directory, sorted, without the hidden ones.
fn sorted(path: &Path) -> io::Result<Vec<OsString>> {
    let mut names = fs::read_dir(path)?
        .map(|entry| entry.map(|e| e.file_name()))
        .collect::<io::Result<Vec<OsString>>>()?;
    names.retain(|name| !name.as_encoded_bytes().starts_with(b"."));
    names.sort();
    Ok(names)
}

/// The same file named twice is read once.
fn without_repeats(args: &[OsString]) -> Vec<OsString> {
    let mut seen = BTreeSet::new();
    args.iter()
        .filter(|arg| {
            let real = fs::canonicalize(arg).unwrap_or_else(|_| PathBuf::from(arg));
            // Pipes have names of their own, and each is another file.
            seen.insert(if *arg == "-" {
                PathBuf::from("-")
            } else {
                real
            })
        })
        .cloned()
        .collect()
}

/// What reports call each argument: nothing for a lone directory; else its last component, and
/// as many of those above as tell it from the other arguments (`a/nodes.txt`, `b/nodes.txt`).
fn labels(args: &[OsString]) -> Result<Vec<String>, Failure> {
    let directories = args.iter().filter(|arg| Path::new(arg).is_dir()).count();
    let mut labels: Vec<String> = Vec::new();
    let mut depths = vec![1; args.len()];
    let longest = args.iter().map(|a| parts(a).len()).max().unwrap_or(1);
    for _ in 0..=longest {
        labels = args.iter().zip(&depths).map(|(a, d)| last(a, *d)).collect();
        for (index, label) in labels.iter().enumerate() {
            if labels.iter().filter(|other| *other == label).count() > 1 {
                depths[index] += 1;
            }
        }
    }
    for (arg, label) in args.iter().zip(&mut labels) {
        if directories == 1 && Path::new(arg).is_dir() {
            label.clear();
        }
    }
    Ok(labels)
}

/// The named components of an argument. `.` and `..` are named by where they lead.
fn parts(arg: &OsStr) -> Vec<String> {
    let path = Path::new(arg);
    let real;
    let path = if path.file_name().is_none() {
        real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        &real
    } else {
        path
    };
    path.components()
        .filter_map(|component| match component {
            std::path::Component::Normal(name) => Some(plain(&name.to_string_lossy())),
            _ => None,
        })
        .collect()
}

fn last(arg: &OsStr, depth: usize) -> String {
    let parts = parts(arg);
    parts[parts.len().saturating_sub(depth)..].join("/")
}

fn below(label: &str, name: &OsStr) -> String {
    let name = plain(&name.to_string_lossy());
    if label.is_empty() {
        name
    } else {
        format!("{label}/{name}")
    }
}

fn quoted(path: &Path) -> String {
    format!("`{}`", plain(&path.to_string_lossy()))
}

fn missing(path: &Path, error: &io::Error) -> Failure {
    Failure::Input(match error.kind() {
        io::ErrorKind::NotFound => format!("{}: no such file or directory", quoted(path)),
        _ => format!("{}: cannot be read: {error}", quoted(path)),
    })
}

fn unreadable(shown: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::warning(
        "capture/unreadable-file",
        format!("`{shown}` cannot be read ({error}); the capture is judged without it"),
    )
    .at(start(shown))
}

/// The first byte of a file.
pub(super) fn start(shown: &str) -> Place {
    Place {
        path: shown.into(),
        line: 1,
        column: 1,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A directory of its own for one test, gone afterwards.
    pub(crate) struct Scratch(PathBuf);

    impl Scratch {
        pub fn new(name: &str) -> Self {
            let id = std::process::id();
            let path = std::env::temp_dir().join(format!("topoplan-{name}-{id}"));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        pub fn path(&self) -> &Path {
            &self.0
        }

        fn put(&self, name: &str, text: &str) -> &Self {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            self
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Shown paths, in order, and the diagnostics.
    fn read(args: &[&Path]) -> (Vec<String>, Vec<Diagnostic>) {
        let args: Vec<OsString> = args.iter().map(|p| p.as_os_str().to_owned()).collect();
        let mut stdin = io::empty();
        let mut capture = Capture::open(&args, Hashes::Wanted, &mut stdin).unwrap();
        let paths = capture.by_ref().map(|s| s.path.to_string()).collect();
        (paths, capture.diagnostics)
    }

    fn fails(args: &[&Path]) -> Failure {
        let args: Vec<OsString> = args.iter().map(|p| p.as_os_str().to_owned()).collect();
        let mut stdin = io::empty();
        Capture::open(&args, Hashes::Wanted, &mut stdin)
            .err()
            .unwrap()
    }

    #[test]
    fn walks_in_the_order_of_paths_and_skips_hidden_files() {
        let dir = Scratch::new("walk");
        dir.put("b.txt", "").put("a/2", "").put("a/1", "");
        dir.put(".hidden", "").put(".git/x", "");
        let (paths, diagnostics) = read(&[dir.path()]);
        assert_eq!(paths, ["a/1", "a/2", "b.txt"]);
        assert_eq!(diagnostics, []);
    }

    #[test]
    fn names_files_by_what_tells_them_apart() {
        let dir = Scratch::new("labels");
        dir.put("h1/nodes.txt", "1").put("h2/nodes.txt", "2");
        dir.put("hosts.csv", "");
        let at = |name: &str| dir.path().join(name);
        let (paths, _) = read(&[&at("h1/nodes.txt"), &at("h2/nodes.txt"), &at("hosts.csv")]);
        assert_eq!(paths, ["h1/nodes.txt", "h2/nodes.txt", "hosts.csv"]);
        let (paths, _) = read(&[&at("h1"), &at("h2")]);
        assert_eq!(paths, ["h1/nodes.txt", "h2/nodes.txt"]);
        let (paths, _) = read(&[&at("h1"), &at("hosts.csv"), &at("hosts.csv")]);
        assert_eq!(paths, ["nodes.txt", "hosts.csv"]);
    }

    #[test]
    fn follows_links_but_not_in_circles() {
        let dir = Scratch::new("loop");
        dir.put("a/file", "");
        std::os::unix::fs::symlink(dir.path(), dir.path().join("a/up")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("a/file"), dir.path().join("z")).unwrap();
        let (paths, _) = read(&[dir.path()]);
        assert_eq!(paths, ["a/file", "z"]);
    }

    #[test]
    fn what_cannot_be_read_is_said_and_the_rest_counts() {
        let dir = Scratch::new("dangling");
        dir.put("good", "");
        std::os::unix::fs::symlink("/nowhere/at/all", dir.path().join("bad")).unwrap();
        let (paths, diagnostics) = read(&[dir.path()]);
        assert_eq!(paths, ["good"]);
        assert_eq!(diagnostics.len(), 1);
        assert_eq!(diagnostics[0].code, "capture/unreadable-file");
        assert_eq!(&*diagnostics[0].place.as_ref().unwrap().path, "bad");
    }

    #[test]
    fn nothing_to_read_is_a_failure() {
        let dir = Scratch::new("empty");
        assert!(fails(&[dir.path()]).to_string().contains("no file to read"));
        let nowhere = dir.path().join("nowhere");
        assert!(fails(&[&nowhere]).to_string().contains("no such file"));
    }

    #[test]
    fn standard_input_is_called_dash() {
        let mut stdin = io::Cursor::new(b"hello\xff".to_vec());
        let sources: Vec<Source> = Capture::open(&["-".into()], Hashes::Wanted, &mut stdin)
            .unwrap()
            .collect();
        assert_eq!(sources.len(), 1);
        assert_eq!(&*sources[0].path, "-");
        assert_eq!(sources[0].text, "hello\u{fffd}");
    }

    #[test]
    fn hashes_the_bytes_as_they_were() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(
            source("x", b"abc".to_vec(), Hashes::Wanted).sha256,
            expected
        );
    }

    #[test]
    fn a_name_cannot_paint_the_terminal() {
        let dir = Scratch::new("paint");
        dir.put("a\x1b[2J", "");
        assert_eq!(read(&[dir.path()]).0, ["a\u{fffd}[2J"]);
    }
}
