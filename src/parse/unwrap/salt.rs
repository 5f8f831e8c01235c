//! The output of hosts, each below its name and set to the right: as Salt prints it.

use crate::model::Address;
use crate::parse::file_name::address_in_path;
use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Source;

/// Keys of other output that name nobody.
const KEYS: [&str; 8] = [
    "data", "items", "output", "result", "results", "spec", "status", "stdout",
];

/// What stands below each name, and what stands around; none where no answer stands below one.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    if !text.lines().any(|line| name(line).is_some()) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut parts = Vec::new();
    let mut rest = Extract::default();
    let mut at = 0;
    let mut number = 0;
    while let Some(line) = lines.get(number) {
        let below = lines.get(number + 1..).unwrap_or(&[]);
        let is_inside = |line: &&&str| line.trim().is_empty() || line.starts_with("  ");
        let count = below.iter().take_while(is_inside).count();
        let below = below.get(..count).unwrap_or(&[]);
        let found = name(line).filter(|_| below.iter().any(|line| is_answer(line)));
        let Some(name) = found else {
            rest.copy(text, at..at + line.len());
            at += line.len();
            number += 1;
            continue;
        };
        at += line.len();
        let said = below.iter().filter(|line| !line.trim().is_empty());
        let depth = said.map(|line| blanks(line)).min().unwrap_or(0);
        let mut part = Extract::default();
        for line in below {
            part.copy(text, at + blanks(line).min(depth)..at + line.len());
            at += line.len();
        }
        let of: Option<Address> = name.parse().ok().or_else(|| address_in_path(name));
        let host = of.is_none().then(|| name.to_owned());
        parts.push(page.part(part, of, host));
        number += 1 + count;
    }
    if !parts.is_empty() && !rest.text().trim().is_empty() {
        parts.push(page.part(rest, None, None));
    }
    parts
}

/// `redis-1:`, alone at the left edge.
fn name(line: &str) -> Option<&str> {
    let name = line.trim_end().strip_suffix(':')?;
    let of_name = |b: u8| b.is_ascii_alphanumeric() || b"._-:@/".contains(&b);
    let names = !name.is_empty() && !KEYS.contains(&name) && name.bytes().all(of_name);
    names.then_some(name)
}

fn blanks(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn is_answer(line: &str) -> bool {
    let text = line.trim_start();
    has_node(line) || text.starts_with("# Server") || text.starts_with("cluster_state:")
}
