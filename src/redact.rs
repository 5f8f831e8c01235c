//! A capture with other names, so that it can be shown to strangers.
//!
//! Works on the text, token by token, not on what dialects make of it: a file that no dialect
//! knows yet is covered, too. All names of the whole capture are collected first (`token` by
//! their shape, `context` and `command` by what stands beside them, `collect` also by what the
//! dialects know), then named anew by rank (`names`), then replaced (`rewrite`). Start reading
//! at [`redact`].

mod address;
mod argument;
mod collect;
mod column;
mod command;
mod context;
mod credential;
mod id;
mod info;
mod item;
mod key;
mod listing;
mod login;
mod names;
mod path;
mod remote;
mod rewrite;
mod secret;
mod sign;
mod target;
#[cfg(test)]
mod tests;
mod token;
mod value;
mod volume;
mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::diagnostic::Capture;
use crate::parallel;
use crate::parse;
use crate::parse::Facts;
use crate::parse::Parsed;
use crate::redact::collect::Found;
use crate::redact::context::Scanner;
use crate::text::Source;

pub use names::Counts;
pub use names::Names;

/// What became of a capture.
#[derive(Debug)]
pub struct Redacted {
    pub files: Vec<File>,
    pub names: Names,
    /// Paths of files that nothing claims: letters, tickets, scripts. Not among `files` unless
    /// they were asked for.
    pub unknown: Vec<String>,
    /// Paths of files that are not text.
    pub binary: Vec<String>,
    /// New paths of files in which some lines are known and others are not.
    pub partly_unknown: Vec<String>,
    /// New paths of files of which parts are not shown, as nobody knows what they are, and how
    /// many parts.
    pub left_out: Vec<(String, usize)>,
    /// New paths of files in which an old name is left: none, or this is a bug.
    pub leaks: Vec<String>,
}

/// One file with the new names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// Relative, of named components only.
    pub path: String,
    pub text: String,
}

/// What a file is to the dialects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Known,
    PartlyKnown,
    Unknown,
    Binary,
}

/// Renames everything in `capture`; files that nothing claims only with `keep_unknown`. What is
/// `given` beside it, maps and a policy, is always kept, under its own path. The same input gives
/// the same answer, byte for byte.
pub fn redact(capture: &[Source], given: &[Source], keep_unknown: bool) -> Redacted {
    let all: Vec<(&Source, bool)> = capture
        .iter()
        .map(|source| (source, keep_unknown))
        .chain(given.iter().map(|source| (source, true)))
        .collect();
    let looked_at = parallel::map(&all, |(source, keep)| look_at(source, *keep));
    let mut found = Found::default();
    let mut kept = Vec::new();
    let (mut unknown, mut binary) = (Vec::new(), Vec::new());
    for (at, ((source, _), looked)) in all.iter().zip(looked_at).enumerate() {
        let Looked {
            content,
            names,
            scanner,
        } = looked;
        let is_given = at >= capture.len();
        match content {
            Content::Unknown if !is_given => unknown.push(source.path.to_string()),
            Content::Binary => binary.push(source.path.to_string()),
            Content::Unknown | Content::Known | Content::PartlyKnown => {}
        }
        if let Some(names) = names {
            found.merge(names);
            kept.push((*source, content, is_given, scanner));
        }
    }
    found.settle();
    let names = Names::new(&found);
    let texts = parallel::map(&kept, |(source, _, _, scanner)| {
        names.rewritten(&whole_lines(source), *scanner)
    });
    let mut redacted = Redacted {
        files: Vec::new(),
        names,
        unknown,
        binary,
        partly_unknown: Vec::new(),
        left_out: Vec::new(),
        leaks: Vec::new(),
    };
    let mut taken = BTreeMap::new();
    for ((source, content, is_given, _), rewritten) in kept.into_iter().zip(texts) {
        let path = if is_given {
            free_path(source.path.to_string(), "-given", &mut taken)
        } else {
            free_path(redacted.names.path(&source.path), "", &mut taken)
        };
        if content == Content::PartlyKnown {
            redacted.partly_unknown.push(path.clone());
        }
        if rewritten.leaks || redacted.names.path(&path) != path {
            redacted.leaks.push(path.clone());
        }
        if rewritten.left_out > 0 {
            redacted.left_out.push((path.clone(), rewritten.left_out));
        }
        redacted.files.push(File {
            path,
            text: rewritten.text,
        });
    }
    redacted
}

/// The text, joined where a terminal cut its lines: half a name is not found, and is not renamed.
fn whole_lines(source: &Source) -> Cow<'_, str> {
    let is_joined = |part: &Source| part.inside.as_ref().is_some_and(|i| i.joined);
    match parse::unwrap(source).into_iter().find(is_joined) {
        Some(joined) => Cow::Owned(joined.text),
        None => Cow::Borrowed(&source.text),
    }
}

/// What a file is, its names if it is to be kept, and how it is read.
struct Looked {
    content: Content,
    names: Option<Found>,
    scanner: fn() -> Scanner,
}

fn look_at(source: &Source, keep_unknown: bool) -> Looked {
    // What wraps answers is as known as they are.
    let parts = parse::unwrap(source);
    let parsed: Vec<Parsed> = if parts.is_empty() {
        vec![parse::parse(source)]
    } else {
        parts.iter().map(parse::parse).collect()
    };
    let scanner = if is_map(&parsed) {
        Scanner::of_map
    } else {
        Scanner::default
    };
    let said = |code: Capture| {
        let mut all = parsed.iter().flat_map(|p| &p.diagnostics);
        all.any(|d| d.code == code)
    };
    let content = if said(Capture::BinaryFile) {
        Content::Binary
    } else if said(Capture::UnknownFile) || said(Capture::NoAnswer) {
        Content::Unknown
    } else if said(Capture::UnknownAnswer) {
        Content::PartlyKnown
    } else {
        Content::Known
    };
    let keep = match content {
        Content::Known | Content::PartlyKnown => true,
        Content::Unknown => keep_unknown,
        Content::Binary => false,
    };
    let names = keep.then(|| {
        let mut found = Found::default();
        found.path(&source.path);
        found.text(&whole_lines(source), scanner());
        parsed.iter().for_each(|parsed| found.facts(parsed));
        found
    });
    Looked {
        content,
        names,
        scanner,
    }
}

/// The file is one map, and nothing else.
fn is_map(parsed: &[Parsed]) -> bool {
    let [parsed] = parsed else {
        return false;
    };
    let [section] = &parsed.sections[..] else {
        return false;
    };
    matches!(
        section.facts,
        Facts::HostMap(_) | Facts::DiskMap(_) | Facts::HomeMap(_)
    )
}

/// The path, or the next one like it that no other file has. `taken` has how often each was
/// asked for.
fn free_path(path: String, mark: &str, taken: &mut BTreeMap<String, usize>) -> String {
    let mut free = path.clone();
    while taken.contains_key(&free) {
        let count = taken.entry(path.clone()).or_insert(1);
        *count += 1;
        let (folder, name) = path.rsplit_once('/').map_or(("", path.as_str()), |p| p);
        let (stem, extension) = words::split_extension(name);
        let slash = if folder.is_empty() { "" } else { "/" };
        let number = match (mark, *count) {
            ("", count) => format!("-{count}"),
            (_, 2) => String::new(),
            (_, count) => format!("-{}", count - 1),
        };
        free = format!("{folder}{slash}{stem}{mark}{number}{extension}");
    }
    taken.insert(free.clone(), 1);
    free
}
