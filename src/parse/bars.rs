//! Tables drawn with bars: `| a | b |` between `+---+` rules, or `a | b` without a frame.

use crate::parse::block::Block;
use crate::parse::block::is_noise;

/// Rows with their line numbers; rules and lines without a bar are left out.
pub(super) fn rows(block: Block<'_>) -> impl Iterator<Item = (u32, &str, Vec<&str>)> {
    block
        .lines()
        .filter(|(_, text)| !is_noise(text) && text.contains('|') && !is_rule(text))
        .map(|(line, text)| (line, text, cells(text)))
}

pub(super) fn cells(line: &str) -> Vec<&str> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = line.strip_suffix('|').unwrap_or(line);
    line.split('|').map(str::trim).collect()
}

/// `+------+-----+`
pub(super) fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() > 2 && line.bytes().all(|b| b == b'+' || b == b'-')
}

/// `fbg04(192.168.111.41)`: name and IP; either may be all there is.
pub(super) fn name_and_ip(cell: &str) -> (&str, Option<&str>) {
    match cell.strip_suffix(')').and_then(|c| c.split_once('(')) {
        Some((name, ip)) => (name.trim(), Some(ip.trim())),
        None => (cell, None),
    }
}
