//! What a plan file is known by: the hash of its content; and reading it back.

use std::io;
use std::io::Write;

use serde::Deserialize;
use sha2::Digest;
use sha2::Sha256;

use crate::report::PLAN_VERSION;
use crate::report::PlanReport;
use crate::report::State;

/// The first version: no groups, no barrier; its certificate is of another form.
const FIRST: u32 = 1;

/// A plan file that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanFile {
    pub plan: PlanReport,
    /// The id that its content has; the plan names another one if somebody edited it.
    pub content_id: String,
}

/// Why a text is no plan file.
#[derive(Debug, thiserror::Error)]
pub enum NoPlanFile {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("it has schema version {found}, this program knows {FIRST} to {PLAN_VERSION}")]
    Version { found: u32 },
}

/// Reads a plan file of this version or an older one.
pub fn read_plan(text: &str) -> Result<PlanFile, NoPlanFile> {
    #[derive(Deserialize)]
    struct Version {
        schema_version: u32,
    }
    let Version { schema_version } = serde_json::from_str(text)?;
    let mut plan = match schema_version {
        FIRST => first(text)?,
        PLAN_VERSION => serde_json::from_str(text)?,
        found => return Err(NoPlanFile::Version { found }),
    };
    let mut content_id = content_id(text);
    if content_id != plan.plan_id {
        // With its fields in another order it is no other plan.
        content_id = plan_id(&mut plan);
    }
    Ok(PlanFile { plan, content_id })
}

/// A plan of the first version, if need be without its certificate, and with what such files lack as
/// not known. Errors name the place in the text.
fn first(text: &str) -> Result<PlanReport, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| {
        let mut bare: serde_json::Value = serde_json::from_str(text)?;
        if let Some(fields) = bare.as_object_mut() {
            fields.remove("certificate");
            let state = serde_json::to_value(State::default())?;
            fields.entry("state").or_insert(state);
        }
        if let Some(views) = bare.get_mut("views").and_then(|v| v.as_object_mut()) {
            views.entry("unmet").or_insert(0.into());
        }
        serde_json::from_value(bare).map_err(|_| error)
    })
}

/// SHA-256 of the content without the id itself: a plan file that was edited does not have it.
pub fn plan_id(plan: &mut PlanReport) -> String {
    let id = std::mem::take(&mut plan.plan_id);
    let hash = hash_of(plan);
    plan.plan_id = id;
    hash
}

/// SHA-256 of plain data.
pub(in crate::report) fn hash_of(data: &impl serde::Serialize) -> String {
    let mut hashing = Hashing(Sha256::new());
    serde_json::to_writer(&mut hashing, data).expect("a report is plain data, a hash takes it all");
    hashing.end()
}

/// The same of JSON: its fields in the order of the text, without layout, and every string in the
/// same spelling. So a file has the id that the program gave it which wrote it, whatever fields
/// plans have by now.
pub(in crate::report) fn content_id(json: &str) -> String {
    let mut hashing = Hashing(Sha256::new());
    let mut rest = json;
    let (mut depth, mut is_key, mut is_id) = (0, false, false);
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            ' ' | '\t' | '\n' | '\r' => {}
            '"' => {
                length = string_length(rest);
                let (mut spelt, key) = (respelt(&rest[..length]), is_key && depth == 1);
                if is_id && !key {
                    spelt = "\"\"".to_owned();
                }
                is_id = key && spelt == "\"plan_id\"";
                is_key = false;
                hashing.0.update(spelt);
            }
            _ => {
                match c {
                    '{' | '[' => depth += 1,
                    '}' | ']' => depth -= 1,
                    _ => {}
                }
                is_key = matches!(c, '{' | ',');
                is_id &= c == ':';
                hashing.0.update(&rest[..length]);
            }
        }
        rest = &rest[length..];
    }
    hashing.end()
}

/// Bytes of the string literal that the text starts with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A string literal as this program writes it when nobody looks.
fn respelt(literal: &str) -> String {
    let value = serde_json::from_str::<String>(literal);
    value.map_or_else(
        |_| literal.to_owned(),
        |value| serde_json::Value::String(value).to_string(),
    )
}

/// What is written goes into the hash and nowhere else.
struct Hashing(Sha256);

impl Hashing {
    fn end(self) -> String {
        let hash = self.0.finalize();
        hash.iter().map(|b| format!("{b:02x}")).collect()
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
