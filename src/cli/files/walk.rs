//! Which files stand behind the CAPTURE arguments, and what reports call them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::Failure;
use crate::cli::files::Found;
use crate::cli::files::missing;
use crate::cli::files::quoted;
use crate::cli::files::start;
use crate::cli::files::unreadable;
use crate::cli::limits::Limit;
use crate::compose;
use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::text::safe::safe;

/// Directories in directories; what lies deeper is left out.
const DEPTH_MAX: usize = 64;

/// The files found so far.
#[derive(Default)]
pub(super) struct Walk {
    pub files: Vec<Found>,
    /// Real paths of the directories walked: links may lead back to one, or to one twice.
    walked: BTreeSet<PathBuf>,
    /// There is more than a capture can be.
    too_many: bool,
    pub diagnostics: Vec<Diagnostic>,
    hidden: Passed,
    outside: Passed,
    too_deep: Passed,
}

/// What was passed by for one reason: how many, and the first of them.
#[derive(Default)]
struct Passed {
    count: usize,
    first: Option<String>,
}

impl Passed {
    fn add(&mut self, shown: String) {
        self.count += 1;
        self.first.get_or_insert(shown);
    }

    /// One sentence about all of them: `one` goes behind the name of a single one, `more` behind
    /// the count.
    fn said(&self, one: &str, more: &str) -> Option<(String, &str)> {
        let first = self.first.as_deref()?;
        let message = match self.count {
            1 => format!("`{first}` {one}; it was not read"),
            2 => format!("`{first}` and 1 more {more}; they were not read"),
            n => format!("`{first}` and {} more {more}; they were not read", n - 1),
        };
        Some((message, first))
    }
}

/// A directory on the way down.
struct At<'a> {
    path: &'a Path,
    /// Without any link in it.
    real: &'a Path,
    /// What reports call it; nothing for a lone argument.
    label: &'a str,
    /// The argument that it lies in: nothing outside of it is read.
    root: &'a Path,
    depth: usize,
}

impl Walk {
    /// The files behind the CAPTURE arguments, in the order of the arguments, each directory in
    /// the order of its paths. Fails if an argument does not exist, or if there is no file at all.
    pub fn all(args: &[OsString]) -> Result<Self, Failure> {
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
        let names = || -> Vec<String> { args.iter().map(|a| quoted(Path::new(a))).collect() };
        walk.say_passed();
        if walk.too_many {
            return Err(Failure::Limit {
                what: names().join(", "),
                limit: Limit::Entries,
            });
        }
        if walk.files.is_empty() {
            return Err(Failure::NothingUnderstood(
                format!("{} has no file to read", names().join(", ")),
                compose::told(&walk.diagnostics),
            ));
        }
        Ok(walk)
    }

    /// The argument itself must be readable; what is below it need not.
    fn directory(&mut self, path: &Path, label: &str) -> Result<(), Failure> {
        let failed = |error: io::Error| missing(path, &error);
        let entries = sorted(path).map_err(failed)?;
        let real = fs::canonicalize(path).map_err(failed)?;
        let at = At {
            path,
            real: &real,
            label,
            root: &real,
            depth: 0,
        };
        self.entries(&at, entries);
        Ok(())
    }

    fn entries(&mut self, at: &At, entries: Vec<OsString>) {
        if !self.walked.insert(at.real.to_owned()) {
            let message = format!("`{}` leads to a directory that was read already", at.label);
            let note = Diagnostic::new(Capture::RepeatedDirectory, message);
            self.diagnostics.push(note.at(start(at.label)));
            return;
        }
        for name in entries {
            if is_hidden(&name) {
                self.hidden.add(below(at.label, &name));
                continue;
            }
            self.too_many |= (self.files.len() + self.walked.len()) as u64 > Limit::Entries.most();
            if self.too_many {
                return;
            }
            self.entry(at, &name);
        }
    }

    fn say_passed(&mut self) {
        const ASK: &str = "name one as an argument to have it read";
        if let Some((message, first)) = self.hidden.said("is hidden", "are hidden") {
            let note = Diagnostic::new(Capture::HiddenFile, message);
            self.diagnostics.push(note.at(start(first)).help(ASK));
        }
        let (one, more) = (
            "is a link that leads out of what was named",
            "are links that lead out of what was named",
        );
        if let Some((message, first)) = self.outside.said(one, more) {
            let warning = Diagnostic::new(Capture::LinkOutside, message);
            self.diagnostics.push(warning.at(start(first)).help(ASK));
        }
        let one = format!("lies more than {DEPTH_MAX} directories deep");
        let more = format!("lie more than {DEPTH_MAX} directories deep");
        if let Some((message, first)) = self.too_deep.said(&one, &more) {
            let warning = Diagnostic::new(Capture::TooDeep, message);
            self.diagnostics.push(warning.at(start(first)).help(ASK));
        }
    }

    fn entry(&mut self, at: &At, name: &OsStr) {
        let (path, shown) = (at.path.join(name), below(at.label, name));
        // Only a link leads elsewhere than one step down.
        let real = match fs::symlink_metadata(&path) {
            Ok(kind) if kind.is_symlink() => fs::canonicalize(&path),
            Ok(_) => Ok(at.real.join(name)),
            Err(error) => Err(error),
        };
        match real.and_then(|real| Ok((fs::metadata(&real)?, real))) {
            Ok((_, real)) if !real.starts_with(at.root) => self.outside.add(shown),
            Ok((kind, _)) if kind.is_dir() && at.depth == DEPTH_MAX => self.too_deep.add(shown),
            Ok((kind, real)) if kind.is_dir() => match sorted(&path) {
                Ok(entries) => {
                    let next = At {
                        path: &path,
                        real: &real,
                        label: &shown,
                        root: at.root,
                        depth: at.depth + 1,
                    };
                    self.entries(&next, entries);
                }
                Err(error) => self.diagnostics.push(unreadable(&shown, &error)),
            },
            Ok((kind, real)) if kind.is_file() => self.files.push(Found {
                // The one that was looked at, whatever a link leads to by then.
                path: Some(real),
                shown,
                lone: false,
            }),
            // Reading a pipe or a socket that lies about could wait for ever.
            Ok(_) => self.diagnostics.push(
                Diagnostic::new(
                    Capture::NotAFile,
                    format!("`{shown}` is no regular file; it was not read"),
                )
                .at(start(&shown)),
            ),
            Err(error) => self.diagnostics.push(unreadable(&shown, &error)),
        }
    }
}

/// Dot files of editors, shells and file systems; a capture seldom has its answers there.
fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Names in a directory, sorted.
fn sorted(path: &Path) -> io::Result<Vec<OsString>> {
    let mut names = fs::read_dir(path)?
        .map(|entry| entry.map(|e| e.file_name()))
        .collect::<io::Result<Vec<OsString>>>()?;
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
        let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
        for label in &labels {
            *alike.entry(label).or_default() += 1;
        }
        if alike.len() == labels.len() {
            break;
        }
        for (label, depth) in labels.iter().zip(&mut depths) {
            *depth += usize::from(alike[label.as_str()] > 1);
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
            std::path::Component::Normal(name) => Some(safe(&name.to_string_lossy()).into_owned()),
            _ => None,
        })
        .collect()
}

fn last(arg: &OsStr, depth: usize) -> String {
    let parts = parts(arg);
    parts[parts.len().saturating_sub(depth)..].join("/")
}

fn below(label: &str, name: &OsStr) -> String {
    let name = safe(&name.to_string_lossy()).into_owned();
    if label.is_empty() {
        name
    } else {
        format!("{label}/{name}")
    }
}
