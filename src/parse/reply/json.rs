//! Answers of `redis-cli --json`: one document a line.
//!
//! Values are put in their place while they are read, so that of a document that was cut off
//! everything before the cut is there.

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeSeed;
use serde::de::Deserializer;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;

use crate::parse::block::Block;
use crate::parse::reply::Item;
use crate::parse::reply::Reply;
use crate::parse::reply::Value;
use crate::parse::reply::json_start;

/// Every document of the block. Lines of a document that somebody spread over several count as
/// its first one.
pub(super) fn read(block: Block<'_>) -> Reply<'_> {
    let mut reply = Reply {
        roots: Vec::new(),
        complete: true,
    };
    for (line, text) in block.lines() {
        if !json_start(text) {
            continue;
        }
        let (item, outcome) = document(line, text);
        match outcome {
            Outcome::Whole => reply.roots.push(item),
            Outcome::Broken => {
                reply.roots.push(item);
                reply.complete = false;
            }
            Outcome::Ended => {
                // From here to the end of the block: a document over many lines, or one cut off.
                let offset = text.as_ptr() as usize - block.text.as_ptr() as usize;
                let (item, outcome) = document(line, block.text.get(offset..).unwrap_or(text));
                reply.complete &= outcome == Outcome::Whole;
                reply.roots.push(item);
                break;
            }
        }
    }
    reply
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Whole,
    /// The text stops inside the document.
    Ended,
    Broken,
}

fn document(line: u32, text: &str) -> (Item<'_>, Outcome) {
    let mut value = Value::Nil;
    // Stops at a depth of 128 by itself.
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Place {
        value: &mut value,
        line,
    };
    let outcome = match read.deserialize(&mut reader) {
        Ok(()) => Outcome::Whole,
        Err(error) if error.is_eof() => Outcome::Ended,
        Err(_) => Outcome::Broken,
    };
    (Item { line, value }, outcome)
}

/// Where the value that is read next is put.
struct Place<'v, 'a> {
    value: &'v mut Value<'a>,
    line: u32,
}

impl<'a> DeserializeSeed<'a> for Place<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Place<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an answer of a server")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<(), E> {
        *self.value = Value::Text(Cow::Borrowed(text));
        Ok(())
    }

    /// With escapes in it.
    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        *self.value = Value::Text(Cow::Owned(text.to_owned()));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        *self.value = Value::Integer(number);
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        *self.value = i64::try_from(number).map_or(Value::Other, Value::Integer);
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        *self.value = Value::Other;
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        *self.value = Value::Other;
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        *self.value = Value::Nil;
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<(), A::Error> {
        let line = self.line;
        *self.value = Value::List(Vec::new());
        let Value::List(items) = self.value else {
            return Ok(());
        };
        loop {
            let mut value = Value::Nil;
            let place = Place {
                value: &mut value,
                line,
            };
            let more = list.next_element_seed(place);
            if !matches!(more, Ok(None)) {
                items.push(Item { line, value });
            }
            if more?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let line = self.line;
        *self.value = Value::Map(Vec::new());
        let Value::Map(entries) = self.value else {
            return Ok(());
        };
        loop {
            let mut key = Value::Nil;
            let place = Place {
                value: &mut key,
                line,
            };
            if map.next_key_seed(place)?.is_none() {
                return Ok(());
            }
            let mut value = Value::Nil;
            let place = Place {
                value: &mut value,
                line,
            };
            let read = map.next_value_seed(place);
            entries.extend(key.text().map(|key| (key, Item { line, value })));
            read?;
        }
    }
}
