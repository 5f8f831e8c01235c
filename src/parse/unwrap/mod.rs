//! Answers inside other programs' output, and what people's programs put around them: JSON
//! strings, container logs, prefixes of every line, mail quotes, tables, folds, colours.
//!
//! A peeler takes one layer off a text and says where every byte of what is left stood. They are
//! asked one after the other until none finds its layer any more, whatever is wrapped in what.
//! What they leave is read as it is: nothing behind this takes anything off a line.

mod ansi;
mod border;
mod caret;
mod csv;
mod decoration;
mod diff;
mod evidence;
mod excerpt;
mod fold;
mod glyph;
mod indent;
mod json;
mod json_lines;
mod link;
mod markup;
mod ns_tables;
mod prefix;
mod printable;
mod quotation;
mod salt;
mod strings;
mod table;
#[cfg(test)]
mod tests;
mod yaml;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::parse::fedb;
use crate::parse::kubernetes;
use crate::parse::node_line::is_plain_node;
use crate::text::Place;
use crate::text::Remark;
use crate::text::RemarkKind;
use crate::text::Source;

/// What is left of a page without one kind of layer, one source for each speaker; none where it
/// has no such layer. What comes out has less around its answers than what went in.
type Peeler = fn(&Source) -> Vec<Source>;

/// In the order in which they are asked: what stands before every line comes before what has
/// lines of its own.
static PEELERS: &[Peeler] = &[
    ansi::peel,
    caret::peel,
    printable::peel,
    border::peel,
    fold::peel_all,
    fold::peel_words,
    diff::peel,
    quotation::peel,
    prefix::peel_all,
    strings::peel,
    salt::peel,
    indent::peel,
    ns_tables::peel,
    json_lines::peel,
    json::peel,
    csv::peel,
    yaml::peel,
    markup::peel,
    glyph::peel,
    link::peel,
    table::peel,
    prefix::peel,
    fold::peel,
    decoration::peel,
    excerpt::peel,
];

/// What wraps answers was printed by a person's tool, and is not larger.
const LARGEST: usize = 256 << 20;

/// Nobody wraps an answer more often.
const LAYERS_MAX: usize = 24;

/// The answers that are wrapped in this file, and what stands around them; empty if it is none
/// that wraps.
pub fn unwrap(source: &Source) -> Vec<Source> {
    // Its tables know what stands before their lines.
    if source.text.len() > LARGEST || fedb::claims(source) {
        return Vec::new();
    }
    let mut done = Vec::new();
    let mut open: Vec<(Source, usize)> = Vec::new();
    let mut peeled = peel(source);
    let mut layers = 1;
    loop {
        open.extend(peeled.into_iter().rev().map(|part| (part, layers)));
        let Some((page, depth)) = open.pop() else {
            return done;
        };
        layers = depth + 1;
        peeled = match depth < LAYERS_MAX {
            true => peel(&page),
            false => Vec::new(),
        };
        match peeled.first_mut() {
            Some(first) => first.take_remarks(&page),
            None => done.push(page),
        }
    }
}

/// Without its outermost layer.
fn peel(page: &Source) -> Vec<Source> {
    if is_plain(&page.text) || kubernetes::is_file(&page.text) {
        return Vec::new();
    }
    let mut parts = PEELERS.iter().map(|peel| peel(page));
    parts.find(|parts| !parts.is_empty()).unwrap_or_default()
}

/// Lines of nodes, of nothing but what servers write in them: nearly every file is that.
fn is_plain(text: &str) -> bool {
    let of_line = |b: u8| b.is_ascii_alphanumeric() || b" .:@,-_?=[]>\n".contains(&b);
    text.lines().all(is_plain_node) && text.bytes().all(of_line)
}

/// What is to say of how the answers were taken out, or that they were not.
pub(super) fn remarks(source: &Source) -> Vec<Diagnostic> {
    let Some(inside) = &source.inside else {
        let skipped = source.text.len() > LARGEST && may_wrap(source);
        return skipped.then(|| too_large(source)).into_iter().collect();
    };
    let of = |remark: &Remark| {
        let place = Place {
            path: source.path.clone(),
            line: remark.place.0,
            column: remark.place.1,
        };
        let code = match remark.kind {
            RemarkKind::Joined => Capture::JoinedLines,
            RemarkKind::Unused => Capture::UnusedOutput,
            RemarkKind::Changed => Capture::Diff,
        };
        Diagnostic::new(code, remark.message.clone()).at(place)
    };
    inside.remarks.iter().map(of).collect()
}

/// Something in it looks like an answer in other output.
fn may_wrap(source: &Source) -> bool {
    let wrapped = |line: &str| !is_plain_node(line) && evidence::has_node(line);
    source.text.lines().any(wrapped) || fold::any(&source.text)
}

fn too_large(source: &Source) -> Diagnostic {
    Diagnostic::new(
        Capture::NotUnwrapped,
        format!(
            "the file has answers inside other output, and more than {} MiB of it; they were not \
             looked for",
            LARGEST >> 20
        ),
    )
    .at(source.place(1, 1))
    .help("save the answers by themselves, or split the file")
}
