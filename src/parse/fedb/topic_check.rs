//! `topic-check` of Kafka: `Topic: t Partition: 0 Leader: 1 Replicas: 1,3 Isr: 1,3`.
//!
//! It has the shape of `showtable`: a partition, who leads it, who copies it and is in sync.

use std::sync::Arc;

use crate::diagnostic::Parse;
use crate::parse::fedb::FedbFacts;
use crate::parse::fedb::TableRow;
use crate::parse::fedb::name::is_plain;
use crate::parse::log::Log;
use crate::parse::log::Spot;

pub(super) const NAME: &str = "topic-check";

/// A line of a partition, whatever stands before it; the line of the topic as a whole has counts.
pub(super) fn is_row(line: &str) -> bool {
    line.contains("Topic:") && line.contains("Partition:") && line.contains("Leader:")
}

pub(super) fn parse(lines: &[(u32, &str)], log: &mut Log) -> FedbFacts {
    let mut rows = Vec::new();
    for &(line, text) in lines {
        let spot = Spot {
            line,
            text,
            part: text,
        };
        if !read(line, text, &mut rows) {
            log.say(
                Parse::Cell,
                "this is no partition of a topic; the line was skipped",
                spot,
            );
        }
    }
    FedbFacts::Topic(rows)
}

fn read(line: u32, text: &str, rows: &mut Vec<TableRow>) -> bool {
    let value = |key: &str| {
        let (_, rest) = text.split_once(key)?;
        rest.split_whitespace()
            .next()
            .filter(|word| !word.ends_with(':'))
    };
    let numbers = |key: &str| -> Option<Vec<u32>> {
        let word = value(key)?;
        word.split(',').map(|id| id.parse().ok()).collect()
    };
    let Some(topic) = value("Topic:").filter(|topic| is_plain(topic)) else {
        return false;
    };
    let (Some(pid), Some(replicas)) = (
        value("Partition:").and_then(|p| p.parse().ok()),
        numbers("Replicas:"),
    ) else {
        return false;
    };
    // `-1` or `none`: nobody leads.
    let leader: Option<u32> = match value("Leader:") {
        None => return false,
        Some("-1" | "none") => None,
        Some(id) => match id.parse() {
            Ok(id) => Some(id),
            Err(_) => return false,
        },
    };
    // Nobody is in sync where nothing stands behind it; a line without it is cut off.
    if !text.contains("Isr:") {
        return false;
    }
    let in_sync = match value("Isr:") {
        None => Vec::new(),
        Some(_) => match numbers("Isr:") {
            Some(ids) => ids,
            None => return false,
        },
    };
    for id in replicas {
        rows.push(TableRow {
            line,
            table: Arc::from(topic),
            tid: None,
            pid: Some(pid),
            endpoint: Some(format!("broker-{id}").into()),
            leader: leader == Some(id),
            alive: Some(in_sync.contains(&id)),
            offset: None,
            memory: None,
        });
    }
    true
}
