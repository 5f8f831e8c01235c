//! Lists and maps as a terminal shows them: what nests is told by the columns of the numbers.

use std::borrow::Cow;

use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::reply::Item;
use crate::parse::reply::Reply;
use crate::parse::reply::Value;
use crate::text::lex::escape::unescaped;

/// Deeper than any answer of a server.
const DEPTH_MAX: usize = 16;

/// Items added for numbers that a person left out of a list, in one file.
pub(super) const LEFT_OUT_MAX: usize = 4096;

/// What stands behind the number with which the text begins.
pub(super) fn behind_number(text: &str) -> Option<&str> {
    prefix(text).map(|found| found.rest)
}

pub(super) fn starts(line: &str) -> bool {
    prefix(line.trim_start()).is_some()
}

pub(super) fn read(block: Block<'_>) -> Reply<'_> {
    let mut reader = Numbered::default();
    for (number, text) in block.lines().filter(|(_, text)| !is_noise(text)) {
        reader.line(number, text);
    }
    while reader.close() {}
    Reply {
        roots: reader.roots,
        complete: block.ends_with_line_end(),
    }
}

/// A list or a map whose end was not seen yet.
struct Frame<'a> {
    /// Of the `)` or `#` of its numbers: these stand in one column.
    column: usize,
    line: u32,
    value: Value<'a>,
    /// Of a map: its value stands on the lines below.
    key: Option<&'a str>,
}

#[derive(Default)]
struct Numbered<'a> {
    roots: Vec<Item<'a>>,
    open: Vec<Frame<'a>>,
    left_out: usize,
}

impl<'a> Numbered<'a> {
    fn line(&mut self, line: u32, text: &'a str) {
        let mut rest = text.trim_start();
        while let Some(found) = prefix(rest) {
            let column = text.len() - rest.len() + found.mark_at;
            if !self.enter(column, line, &found) {
                return;
            }
            rest = found.rest;
            if found.is_map {
                let Some((key, value)) = rest.split_once("=>") else {
                    return;
                };
                if let Some(frame) = self.open.last_mut() {
                    frame.key = scalar(key.trim()).text();
                }
                rest = value.trim();
                if rest.is_empty() {
                    return;
                }
            }
        }
        let value = scalar(rest.trim());
        // What has no number belongs to no list: people put `...` for what they left out.
        if self.open.is_empty() || rest.len() < text.trim_start().len() {
            self.put(Item { line, value });
        }
    }

    /// The container whose numbers stand in this column; false if it is too deep.
    fn enter(&mut self, column: usize, line: u32, found: &Prefix) -> bool {
        while self.open.last().is_some_and(|f| f.column > column) {
            self.close();
        }
        // The numbers begin again: the next answer.
        let again = |f: &Frame| f.column == column && found.number <= f.count();
        if self.open.last().is_some_and(again) {
            self.close();
        }
        if self.open.last().is_none_or(|f| f.column < column) {
            if self.open.len() == DEPTH_MAX {
                return false;
            }
            self.open.push(Frame {
                column,
                line,
                value: match found.is_map {
                    true => Value::Map(Vec::new()),
                    false => Value::List(Vec::new()),
                },
                key: None,
            });
        }
        if let Some(Frame {
            value: Value::List(items),
            ..
        }) = self.open.last_mut()
        {
            while items.len() + 1 < found.number && self.left_out < LEFT_OUT_MAX {
                self.left_out += 1;
                items.push(Item {
                    line,
                    value: Value::Nil,
                });
            }
        }
        true
    }

    fn close(&mut self) -> bool {
        let Some(frame) = self.open.pop() else {
            return false;
        };
        self.put(Item {
            line: frame.line,
            value: frame.value,
        });
        true
    }

    fn put(&mut self, item: Item<'a>) {
        let Some(frame) = self.open.last_mut() else {
            self.roots.push(item);
            return;
        };
        match &mut frame.value {
            Value::Map(entries) => entries.extend(frame.key.take().map(|key| (key, item))),
            Value::List(items) => items.push(item),
            Value::Text(_) | Value::Integer(_) | Value::Nil | Value::Other => {}
        }
    }
}

impl Frame<'_> {
    fn count(&self) -> usize {
        match &self.value {
            Value::List(items) => items.len(),
            Value::Map(entries) => entries.len(),
            Value::Text(_) | Value::Integer(_) | Value::Nil | Value::Other => 0,
        }
    }
}

/// `12) ` of a list, `3# ` of a map, `3~ ` of a set.
struct Prefix<'a> {
    number: usize,
    /// Offset of the mark behind the number.
    mark_at: usize,
    is_map: bool,
    rest: &'a str,
}

fn prefix(text: &str) -> Option<Prefix<'_>> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text.get(..digits)?.parse().ok()?;
    let rest = text.get(digits..)?;
    let (is_map, rest) = match rest.strip_prefix('#') {
        Some(rest) => (true, rest),
        None => (
            false,
            rest.strip_prefix(')').or_else(|| rest.strip_prefix('~'))?,
        ),
    };
    let stands_alone = rest.is_empty() || rest.starts_with(' ');
    stands_alone.then(|| Prefix {
        number,
        mark_at: digits,
        is_map,
        rest: rest.trim_start(),
    })
}

fn scalar(text: &str) -> Value<'_> {
    if let Some(quoted) = text.strip_prefix('"') {
        return Value::Text(unescaped(quoted.strip_suffix('"').unwrap_or(quoted)));
    }
    if let Some(number) = text.strip_prefix("(integer) ") {
        return number.parse().map_or(Value::Other, Value::Integer);
    }
    match text {
        "(nil)" => Value::Nil,
        _ if text.starts_with("(empty ") => Value::List(Vec::new()),
        _ if text.starts_with('(') => Value::Other,
        _ => Value::Text(Cow::Borrowed(text)),
    }
}
