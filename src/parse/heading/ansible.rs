//! Lines that ansible prints around what a command said on one host.

use crate::parse::heading::Heading;
use crate::parse::heading::Kind;

/// The host that answers, or the end of what the host before it said.
pub(super) fn ansible(text: &str) -> Option<Heading<'_>> {
    ad_hoc(text)
        .or_else(|| of_task(text))
        .or_else(|| rule(text))
}

/// `redis-1 | CHANGED | rc=0 >>`, `redis-1 | UNREACHABLE! => {`
fn ad_hoc(text: &str) -> Option<Heading<'_>> {
    const STATES: [&str; 4] = ["CHANGED", "SUCCESS", "FAILED", "UNREACHABLE"];
    let (name, rest) = text.split_once(" | ")?;
    let state = rest.split([' ', '!']).next()?;
    let goes_on = text.ends_with(">>") || rest.contains("=> {");
    (STATES.contains(&state) && goes_on).then(|| named(name))?
}

/// `ok: [redis-1] => {`, `fatal: [redis-1]: UNREACHABLE! => {…`
pub(super) fn of_task(text: &str) -> Option<Heading<'_>> {
    const STATES: [&str; 6] = [
        "ok",
        "changed",
        "fatal",
        "failed",
        "skipping",
        "unreachable",
    ];
    let (state, rest) = text.split_once(": [")?;
    let (name, _) = rest.split_once(']')?;
    // `[redis-1 -> localhost]`: where it ran in place of the host.
    let name = name.split(" -> ").next()?;
    STATES.contains(&state).then(|| named(name))?
}

fn named(name: &str) -> Option<Heading<'_>> {
    let name = name.trim();
    if name.is_empty() || name.contains(char::is_whitespace) {
        return None;
    }
    let of = name.parse().ok();
    Some(Heading {
        host: of.is_none().then_some(name),
        of,
        kind: Kind::Command,
        ..Heading::default()
    })
}

/// `TASK [nodes] ****`, `PLAY RECAP ****`
fn rule(text: &str) -> Option<Heading<'_>> {
    let begins = ["TASK [", "PLAY [", "PLAY RECAP ", "RUNNING HANDLER ["]
        .iter()
        .any(|b| text.starts_with(b));
    (begins && text.ends_with("***")).then(|| Heading {
        kind: Kind::Rule,
        ..Heading::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_host_that_answers() {
        for line in [
            "redis-1 | CHANGED | rc=0 >>",
            "redis-1 | FAILED | rc=1 >>",
            "redis-1 | SUCCESS => {",
            "redis-1 | UNREACHABLE! => {",
            "ok: [redis-1] => {",
            "changed: [redis-1]",
            "fatal: [redis-1]: UNREACHABLE! => {\"changed\": false}",
            "ok: [redis-1 -> localhost] => (item=7000) => {",
        ] {
            assert_eq!(
                ansible(line).and_then(|h| h.host),
                Some("redis-1"),
                "{line}"
            );
        }
        let of = |line| ansible(line).and_then(|h| h.of).map(|of| of.to_string());
        assert_eq!(
            of("10.0.0.1:7000 | CHANGED | rc=0 >>").as_deref(),
            Some("10.0.0.1:7000")
        );
    }

    #[test]
    fn other_lines_are_not_ansible() {
        for line in [
            "| a | CHANGED | b |",
            "a b | CHANGED | rc=0 >>",
            "redis-1 | id",
            "note: [redis-1] is slow",
            "TASK [half",
        ] {
            assert_eq!(ansible(line), None, "{line}");
        }
        let kind = |line| ansible(line).map(|h| h.kind);
        assert_eq!(kind("PLAY RECAP *****"), Some(Kind::Rule));
    }
}
