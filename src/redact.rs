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
mod command;
mod context;
mod id;
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
mod words;

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::diagnostic::Capture;
use crate::parallel;
use crate::parse;
use crate::parse::Parsed;
use crate::redact::collect::Found;
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
    for (at, ((source, _), (content, names))) in all.iter().zip(looked_at).enumerate() {
        let is_given = at >= capture.len();
        match content {
            Content::Unknown if !is_given => unknown.push(source.path.to_string()),
            Content::Binary => binary.push(source.path.to_string()),
            Content::Unknown | Content::Known | Content::PartlyKnown => {}
        }
        if let Some(names) = names {
            found.merge(names);
            kept.push((*source, content, is_given));
        }
    }
    found.settle();
    let names = Names::new(&found);
    let texts = parallel::map(&kept, |(source, _, _)| {
        rewritten(&names, &whole_lines(source))
    });
    let mut redacted = Redacted {
        files: Vec::new(),
        names,
        unknown,
        binary,
        partly_unknown: Vec::new(),
        leaks: Vec::new(),
    };
    let mut taken = BTreeSet::new();
    for ((source, content, is_given), (text, clean)) in kept.into_iter().zip(texts) {
        let path = match is_given {
            true => free_path(source.path.to_string(), "-given", &mut taken),
            false => free_path(redacted.names.path(&source.path), "", &mut taken),
        };
        if content == Content::PartlyKnown {
            redacted.partly_unknown.push(path.clone());
        }
        if !clean || redacted.names.path(&path) != path {
            redacted.leaks.push(path.clone());
        }
        redacted.files.push(File { path, text });
    }
    redacted
}

/// The new text, and whether nothing in it would be renamed again. What a new name stands beside
/// may say more than what the old one did.
fn rewritten(names: &Names, text: &str) -> (String, bool) {
    const ROUNDS: usize = 4;
    let mut text = names.text(text);
    for _ in 0..ROUNDS {
        let again = names.text(&text);
        if again == text {
            return (text, true);
        }
        text = again;
    }
    (text, false)
}

/// The text, joined where a terminal cut its lines: half a name is not found, and is not renamed.
fn whole_lines(source: &Source) -> Cow<'_, str> {
    let is_joined = |part: &Source| part.inside.as_ref().is_some_and(|i| i.joined);
    match parse::unwrap(source).into_iter().find(is_joined) {
        Some(joined) => Cow::Owned(joined.text),
        None => Cow::Borrowed(&source.text),
    }
}

/// What the file is, and its names if it is to be kept.
fn look_at(source: &Source, keep_unknown: bool) -> (Content, Option<Found>) {
    // What wraps answers is as known as they are.
    let parts = parse::unwrap(source);
    let parsed: Vec<Parsed> = match parts.is_empty() {
        true => vec![parse::parse(source)],
        false => parts.iter().map(parse::parse).collect(),
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
        found.text(&whole_lines(source));
        parsed.iter().for_each(|parsed| found.facts(parsed));
        found
    });
    (content, names)
}

/// The path, or the next one like it that no other file has.
fn free_path(path: String, mark: &str, taken: &mut BTreeSet<String>) -> String {
    let mut free = path.clone();
    let mut count = 1;
    while !taken.insert(free.clone()) {
        let (folder, name) = path.rsplit_once('/').map_or(("", path.as_str()), |p| p);
        let (stem, extension) = words::split_extension(name);
        let slash = if folder.is_empty() { "" } else { "/" };
        let number = match (mark, count) {
            ("", _) => format!("-{}", count + 1),
            (_, 1) => String::new(),
            _ => format!("-{count}"),
        };
        free = format!("{folder}{slash}{stem}{mark}{number}{extension}");
        count += 1;
    }
    free
}
