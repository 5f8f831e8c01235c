//! What the answers of `diff` are made of, whatever family the captures are of.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::diagnostic::Severity;
use crate::diff::FindingChanges;
use crate::diff::Strangers;
use crate::diff::Verdict;
use crate::report::Diagnostic;
use crate::report::Doubted;
use crate::report::Evidence;
use crate::report::Input;
use crate::report::Subject;
use crate::rules;
use crate::rules::Code;

/// One of the captures that are compared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffSide {
    /// As it was named.
    pub name: String,
    pub inputs: Vec<Input>,
    /// When its first view was taken, in unix ms by the clock of its node.
    pub taken_ms: Option<u64>,
    /// Every node and slot that it should show was read; else what it lacks proves nothing.
    pub whole: bool,
    /// Why what it says may be wrong.
    pub doubts: Vec<Doubted>,
    pub diagnostics: Vec<Diagnostic>,
}

/// A finding of one side.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffFinding {
    #[schemars(with = "String")]
    pub code: Code,
    pub rule: String,
    pub severity: Severity,
    /// The severity on the old side, where it is another.
    pub was: Option<Severity>,
    pub subject: Subject,
    pub message: String,
    pub evidence: Vec<Evidence>,
}

/// Findings by what became of them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct DiffFindings {
    pub gone: Vec<DiffFinding>,
    pub new: Vec<DiffFinding>,
    /// Those whose severity is another, as they are now.
    pub changed: Vec<DiffFinding>,
    /// Those of the old side that a new side which is not whole neither shows nor rules out.
    pub unknown: Vec<DiffFinding>,
}

impl DiffFinding {
    /// Of one that is new, or whose severity is another: the cluster is worse for it. A note is
    /// no harm.
    pub fn is_worse(&self) -> bool {
        self.severity > self.was.unwrap_or(Severity::Note)
    }
}

/// What became of the captures: from the first to the last and, of more than two, from each to the next.
pub(super) fn series<S>(
    captures: usize,
    step: impl Fn(usize, usize) -> Result<S, Strangers>,
) -> Result<(S, Vec<S>), Strangers> {
    let last = captures - 1;
    let series = match last {
        0 | 1 => Vec::new(),
        _ => (1..=last)
            .map(|to| step(to - 1, to))
            .collect::<Result<_, _>>()?,
    };
    Ok((step(0, last)?, series))
}

/// That the lists of some captures, of `what`, are not whole.
pub(super) fn not_whole(captures: &[DiffSide], what: &str) -> impl Iterator<Item = String> {
    let torn = captures.iter().filter(|side| !side.whole);
    torn.map(move |side| {
        format!(
            "the list of {what} of {} is not whole: what it lacks is taken for unknown, not for gone",
            side.name
        )
    })
}

/// Writes a finding, which had another severity before.
type Write<'a> = dyn Fn(&rules::Finding, Option<Severity>) -> DiffFinding + 'a;

/// The findings of one side, and how one is written.
pub(super) struct Found<'a> {
    pub all: &'a [rules::Finding],
    pub write: Box<Write<'a>>,
}

/// The findings of both sides by what became of them.
pub(super) fn findings(old: &Found, new: &Found, what: &FindingChanges) -> DiffFindings {
    let was = |indexes: &[usize]| {
        let findings = indexes.iter().map(|&index| &old.all[index]);
        findings
            .map(|finding| (old.write)(finding, None))
            .collect::<Vec<_>>()
    };
    let is = |index: usize, before: Option<Severity>| (new.write)(&new.all[index], before);
    let changed = what.changed.iter();
    DiffFindings {
        gone: was(&what.gone),
        new: what.new.iter().map(|&index| is(index, None)).collect(),
        changed: changed
            .map(|&(before, now)| is(now, Some(old.all[before].severity)))
            .collect(),
        unknown: was(&what.unknown),
    }
}

/// How many things changed, and how many of them for the worse.
pub(super) struct Tally {
    pub changes: usize,
    pub worse: usize,
}

impl Tally {
    /// `things`: whether each that changed got worse; `values`: what became of each. Those that
    /// traffic moves are no changes.
    pub fn of(
        things: impl Iterator<Item = bool>,
        findings: &DiffFindings,
        values: impl Iterator<Item = Verdict>,
    ) -> Self {
        let DiffFindings {
            gone,
            new,
            changed,
            unknown: _,
        } = findings;
        let mut tally = Self {
            changes: gone.len(),
            worse: 0,
        };
        let found = new.iter().chain(changed).map(DiffFinding::is_worse);
        let values = values.filter_map(|verdict| match verdict {
            Verdict::Better => Some(false),
            Verdict::Worse => Some(true),
            Verdict::Same | Verdict::Moved | Verdict::Unknown => None,
        });
        for worse in things.chain(found).chain(values) {
            tally.changes += 1;
            tally.worse += usize::from(worse);
        }
        tally
    }
}
