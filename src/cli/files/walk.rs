//! Which files stand behind the CAPTURE arguments, and what reports call them.

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
use crate::diagnostic::Diagnostic;
use crate::text::quote::printable;

/// No capture has more files and directories; the root of a disk has.
const ENTRIES_MAX: usize = 100_000;

/// The files found so far.
#[derive(Default)]
pub(super) struct Walk {
    pub files: Vec<Found>,
    /// Real paths of the directories walked: links may lead back to one, or to one twice.
    walked: BTreeSet<PathBuf>,
    /// There is more than a capture can be.
    too_many: bool,
    pub diagnostics: Vec<Diagnostic>,
    /// How many hidden files and directories were passed by, and the first of them.
    hidden: usize,
    first_hidden: Option<String>,
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
        walk.say_hidden();
        if walk.too_many {
            return Err(Failure::Input(format!(
                "more than {ENTRIES_MAX} files and directories: name the directory of the capture alone"
            )));
        }
        if walk.files.is_empty() {
            let names: Vec<String> = args.iter().map(|a| quoted(Path::new(a))).collect();
            return Err(Failure::NothingUnderstood(format!(
                "{} has no file to read",
                names.join(", ")
            )));
        }
        Ok(walk)
    }

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
        if !self.walked.insert(real) {
            let message = format!("`{label}` leads to a directory that was read already");
            let note = Diagnostic::note("capture/repeated-directory", message);
            self.diagnostics.push(note.at(start(label)));
            return;
        }
        for name in entries {
            if is_hidden(&name) {
                self.hidden += 1;
                self.first_hidden.get_or_insert_with(|| below(label, &name));
                continue;
            }
            self.too_many |= self.files.len() + self.walked.len() > ENTRIES_MAX;
            if self.too_many {
                return;
            }
            self.entry(&path.join(&name), &below(label, &name));
        }
    }

    fn say_hidden(&mut self) {
        let Some(first) = &self.first_hidden else {
            return;
        };
        let message = match self.hidden {
            1 => format!("`{first}` is hidden; it was not read"),
            2 => format!("`{first}` and 1 more are hidden; they were not read"),
            n => format!(
                "`{first}` and {} more files or directories are hidden; they were not read",
                n - 1
            ),
        };
        self.diagnostics.push(
            Diagnostic::note("capture/hidden-file", message)
                .at(start(first))
                .help("name one as an argument to have it read"),
        );
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
            std::path::Component::Normal(name) => Some(printable(&name.to_string_lossy())),
            _ => None,
        })
        .collect()
}

fn last(arg: &OsStr, depth: usize) -> String {
    let parts = parts(arg);
    parts[parts.len().saturating_sub(depth)..].join("/")
}

fn below(label: &str, name: &OsStr) -> String {
    let name = printable(&name.to_string_lossy());
    if label.is_empty() {
        name
    } else {
        format!("{label}/{name}")
    }
}
