//! What a stretch of text begins with: looked at once, for all dialects.
//!
//! However long a file or its lines are, no more than its first bytes and its last ones are
//! looked at before somebody claims it.

use std::cell::OnceCell;

use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::node_line::looks_like_node;
use crate::parse::nodes_conf;
use crate::parse::reply;
use crate::parse::reply::Form;
use crate::parse::table::Header;

/// Bytes looked at: configurations begin with pages of comments.
const BYTES: usize = 64 << 10;

/// Lines looked at among the first of them, those that say something.
const LINES: usize = 32;

const LINES_BYTES: usize = 16 << 10;

/// Bytes of a line looked at: what tells one answer from another stands at its beginning.
const LINE_BYTES: usize = 4 << 10;

/// Bytes at the end looked at: the `vars` line of a file on disk is its last.
const TAIL_BYTES: usize = 4 << 10;

/// The beginning of a file, or of one section of a transcript.
#[derive(Debug)]
pub struct Head<'a> {
    /// Its first bytes.
    text: &'a str,
    tail: &'a str,
    form: Form,
    json: Option<String>,
    lines: OnceCell<Vec<&'a str>>,
    lists_nodes: OnceCell<bool>,
    on_disk: OnceCell<bool>,
    header: OnceCell<Option<Header>>,
}

impl<'a> Head<'a> {
    pub fn of(block: Block<'a>) -> Self {
        let text = start_of(block.text, BYTES);
        let start = Block { text, ..block };
        let form = reply::form(start);
        Self {
            text,
            tail: end_of(block.text, TAIL_BYTES),
            form,
            json: (form == Form::Json).then(|| reply::json_head(start)),
            lines: OnceCell::new(),
            lists_nodes: OnceCell::new(),
            on_disk: OnceCell::new(),
            header: OnceCell::new(),
        }
    }

    /// The first lines that say something.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'a str> + Clone {
        self.said().iter().copied()
    }

    fn said(&self) -> &[&'a str] {
        self.lines.get_or_init(|| {
            let lines = start_of(self.text, LINES_BYTES).lines();
            let said = lines.filter(|line| !is_noise(line)).map(str::trim);
            let said = said.filter(|line| !line.is_empty()).take(LINES);
            said.map(|line| start_of(line, LINE_BYTES)).collect()
        })
    }

    /// The first lines as they stand there, noise and all.
    pub(super) fn raw_lines(&self) -> impl Iterator<Item = &'a str> {
        let lines = self.text.lines();
        lines.map(|line| start_of(line, LINE_BYTES))
    }

    /// The scalars of the first lines, in order, whatever the form.
    pub(super) fn scalars(&self) -> impl Iterator<Item = &'a str> {
        let (csv, lines) = if self.form == Form::Csv {
            (self.text, &[][..])
        } else {
            ("", self.said())
        };
        let csv = csv.lines().filter(|line| !is_noise(line));
        let fields = csv.flat_map(reply::fields).take(LINES);
        let scalars = lines.iter().map(|line| reply::scalar(line));
        fields.chain(scalars.flat_map(reply::words))
    }

    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// The first bytes of a JSON answer without white space.
    pub(super) fn json(&self) -> Option<&str> {
        self.json.as_deref()
    }

    /// One of the first lines is a node's.
    pub(super) fn lists_nodes(&self) -> bool {
        let looked = || self.lines().any(looks_like_node);
        *self.lists_nodes.get_or_init(looked)
    }

    /// See [`nodes_conf::is_on_disk`].
    pub(super) fn is_on_disk(&self) -> bool {
        let looked = || nodes_conf::is_on_disk(self.lines(), self.tail);
        *self.on_disk.get_or_init(looked)
    }

    /// The header of a table; `None` if the first line cannot be one.
    pub(super) fn header(&self) -> Option<&Header> {
        // A list of a server may have the names of columns among its values.
        if self.form == Form::Csv {
            return None;
        }
        let block = Block {
            text: self.text,
            first_line: 1,
        };
        self.header.get_or_init(|| Header::of(block)).as_ref()
    }
}

fn start_of(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let end = (0..=bytes).rev().find(|&at| text.is_char_boundary(at));
    text.get(..end.unwrap_or(0)).unwrap_or(text)
}

fn end_of(text: &str, bytes: usize) -> &str {
    let text = text.trim_end();
    let from = text.len().saturating_sub(bytes);
    let start = (from..=text.len()).find(|&at| text.is_char_boundary(at));
    text.get(start.unwrap_or(0)..).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Block<'_> {
        Block {
            text,
            first_line: 1,
        }
    }

    #[test]
    fn looks_at_so_many_lines_that_say_something() {
        let text = "\n$ ls\n".repeat(5) + &"1) \"a\"\n".repeat(40);
        let lines: Vec<_> = Head::of(block(&text)).lines().collect();
        assert_eq!(lines, ["1) \"a\""; LINES]);
    }

    #[test]
    fn looks_at_so_many_bytes_of_a_line_and_of_a_file() {
        let text = format!("a\n{}\nb\n", "é".repeat(LINE_BYTES));
        let head = Head::of(block(&text));
        let lengths: Vec<_> = head.lines().map(str::len).collect();
        assert_eq!(lengths, [1, LINE_BYTES, 1]);
        let text = format!("x{}\nb\n", "é".repeat(BYTES));
        let head = Head::of(block(&text));
        assert_eq!(head.lines().count(), 1);
        assert!(head.text.len() < BYTES + 1 && head.tail.ends_with('b'));
    }
}
