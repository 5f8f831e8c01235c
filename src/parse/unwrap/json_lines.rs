//! Logs in which every line is an object of JSON, with a line of output in one of its strings:
//! docker's `json-file`, `journalctl -o json`, and what ships them.

use std::collections::BTreeMap;

use crate::parse::file_name::address_in_path;
use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Source;
use crate::text::lex::escape::unescape;
use crate::text::lex::escape::unescaped;
use crate::text::lex::string::Member;
use crate::text::lex::string::members;

/// Members that hold a line of output, where nothing but their name tells.
const MESSAGES: [&str; 6] = ["log", "message", "MESSAGE", "msg", "line", "text"];

/// Members that name who wrote it, the most telling first.
const SPEAKERS: [&str; 14] = [
    "address",
    "addr",
    "pod_name",
    "pod",
    "container_name",
    "CONTAINER_NAME",
    "container",
    "node",
    "instance",
    "host",
    "hostname",
    "_HOSTNAME",
    "tag",
    "name",
];

/// The output of each speaker, in the order in which they first spoke; none where no line holds
/// an answer.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    let Some(key) = key_of_messages(text) else {
        return Vec::new();
    };
    let mut order: Vec<String> = Vec::new();
    let mut parts: BTreeMap<String, Extract> = BTreeMap::new();
    let mut at = 0;
    // Lines that are no object stand above the output of whoever follows.
    let mut ends_lines = false;
    for line in text.split_inclusive('\n') {
        let object = members(line);
        let message = object.as_ref().and_then(|object| message(object, key));
        let who = object.as_ref().filter(|_| message.is_some());
        let who = who.map(|object| speaker(line, object)).unwrap_or_default();
        let part = parts.entry(who.clone()).or_insert_with(|| {
            order.push(who);
            Extract::default()
        });
        match message {
            Some(message) => {
                let end = at + message.value.end;
                let value = line.get(message.value.clone()).unwrap_or("");
                unescape(value, at + message.value.start, part);
                // Where some say that their line ends, one that does not goes on in the next.
                let ended = value.ends_with("\\n");
                ends_lines |= ended;
                if !ended && !ends_lines {
                    part.put("\n", end);
                }
            }
            None => part.copy(text, at..at + line.len()),
        }
        at += line.len();
    }
    let parts = order.into_iter().filter_map(|who| {
        let part = parts.remove(&who)?;
        let of = who.parse().ok().or_else(|| address_in_path(&who));
        let host = (of.is_none() && !who.is_empty()).then_some(who);
        (!part.text().trim().is_empty()).then(|| page.part(part, of, host))
    });
    parts.collect()
}

/// The member that has output in it: a line of it, not all of an answer.
fn key_of_messages(text: &str) -> Option<&str> {
    let objects = text
        .lines()
        .filter(|line| line.trim_start().starts_with('{'));
    for line in objects {
        let Some(object) = members(line) else {
            continue;
        };
        let value = |m: &Member| line.get(m.value.clone()).unwrap_or("");
        let one_line = |value: &str| !unescaped(value).trim_end().contains('\n');
        let tells = |m: &Member| {
            let value = value(m);
            let is_message = MESSAGES.contains(&m.key);
            let begins = ["# Server", "redis_version:", "cluster_state:"];
            let known = || begins.iter().any(|begin| value.starts_with(begin));
            m.is_string && one_line(value) && (has_node(value) || is_message && known())
        };
        let found = object.into_iter().find(tells);
        if let Some(found) = found {
            return Some(found.key);
        }
    }
    None
}

fn message<'m, 'a>(object: &'m [Member<'a>], key: &str) -> Option<&'m Member<'a>> {
    object.iter().find(|m| m.key == key && m.is_string)
}

fn speaker(line: &str, object: &[Member]) -> String {
    let named = |members: &[Member], line: &str| {
        SPEAKERS.iter().find_map(|name| {
            let mut named = members.iter().filter(|m| m.key == *name && m.is_string);
            Some(line.get(named.next()?.value.clone())?.to_owned())
        })
    };
    // `"kubernetes":{"pod_name":…}`
    let inner = || {
        object.iter().filter(|m| !m.is_string).find_map(|m| {
            let inner = line.get(m.value.clone())?;
            named(&members(inner)?, inner)
        })
    };
    named(object, line).or_else(inner).unwrap_or_default()
}
