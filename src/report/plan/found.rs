//! What was found, as a plan file has it: findings that say the same of many are told once.
//!
//! A finding stands as `check` has it. Where many in a row have all but subject, message and place
//! in common, they are one entry with `each` of them. A reader gets the same findings in the same
//! order.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error;

use crate::diagnostic::Severity;
use crate::report::Evidence;
use crate::report::Finding;
use crate::report::Subject;
use crate::report::SubjectKind;
use crate::rules::Code;

/// Fewer in a row are told one by one: a reader need not take them apart.
const MANY: usize = 8;

/// A finding, or some in a row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Told {
    #[schemars(with = "String")]
    pub code: Code,
    pub rule: String,
    pub severity: Severity,
    /// Its own, as message and evidence are; missing where there are `each`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    pub help: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Vec<Evidence>>,
    #[serde(default)]
    pub allowed: bool,
    #[serde(default)]
    pub allowed_by: Option<String>,
    #[serde(default)]
    pub known: bool,
    /// The file that all of `each` were read in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Findings that differ in this alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub each: Vec<Each>,
}

/// What is one finding's own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Each {
    pub subject: Briefly,
    pub message: String,
    /// Lines and columns in the file.
    pub at: Vec<(u32, u32)>,
}

/// A subject without what it has not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Briefly {
    pub kind: SubjectKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
}

pub(super) fn serialize<S: Serializer>(found: &[Finding], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(told(found))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Finding>, D::Error> {
    let mut found = Vec::new();
    for entry in Vec::<Told>::deserialize(from)? {
        found.extend(entry.spelt_out().map_err(D::Error::custom)?);
    }
    Ok(found)
}

fn told(found: &[Finding]) -> Vec<Told> {
    let mut told = Vec::new();
    for run in found.chunk_by(is_alike) {
        match run {
            [first, ..] if run.len() >= MANY => told.push(Told {
                path: path(first).map(str::to_owned),
                each: run.iter().map(Each::of).collect(),
                ..heading(first)
            }),
            few => told.extend(few.iter().map(alone)),
        }
    }
    told
}

/// All that [`Each`] does not hold is the same, and all was read in one file.
fn is_alike(first: &Finding, other: &Finding) -> bool {
    let common = |f: &Finding| (f.code, f.severity, f.allowed, f.known);
    common(first) == common(other)
        && first.rule == other.rule
        && first.help == other.help
        && first.allowed_by == other.allowed_by
        && path(other).is_some_and(|p| path(first) == Some(p))
}

/// The one file that a finding was read in.
fn path(finding: &Finding) -> Option<&str> {
    let first = &finding.evidence.first()?.path;
    let all = finding.evidence.iter().all(|e| e.path == *first);
    all.then_some(first.as_str())
}

fn heading(finding: &Finding) -> Told {
    Told {
        code: finding.code,
        rule: finding.rule.clone(),
        severity: finding.severity,
        subject: None,
        message: None,
        help: finding.help.clone(),
        evidence: None,
        allowed: finding.allowed,
        allowed_by: finding.allowed_by.clone(),
        known: finding.known,
        path: None,
        each: Vec::new(),
    }
}

fn alone(finding: &Finding) -> Told {
    Told {
        subject: Some(finding.subject.clone()),
        message: Some(finding.message.clone()),
        evidence: Some(finding.evidence.clone()),
        ..heading(finding)
    }
}

impl Told {
    fn spelt_out(self) -> Result<Vec<Finding>, &'static str> {
        let finding = |subject, message, evidence| Finding {
            code: self.code,
            rule: self.rule.clone(),
            severity: self.severity,
            subject,
            message,
            help: self.help.clone(),
            evidence,
            allowed: self.allowed,
            allowed_by: self.allowed_by.clone(),
            known: self.known,
        };
        match (self.subject, self.message, self.evidence, &self.path) {
            (Some(subject), Some(message), Some(evidence), None) if self.each.is_empty() => {
                Ok(vec![finding(subject, message, evidence)])
            }
            (None, None, None, Some(path)) => {
                let each = self.each.into_iter();
                Ok(each
                    .map(|each| {
                        let place = |(line, column)| Evidence {
                            path: path.clone(),
                            line,
                            column,
                        };
                        let evidence = each.at.into_iter().map(place).collect();
                        finding(each.subject.into(), each.message, evidence)
                    })
                    .collect())
            }
            _ => Err("a finding with neither a subject of its own nor `each`"),
        }
    }
}

impl Each {
    fn of(finding: &Finding) -> Self {
        let at = finding.evidence.iter().map(|e| (e.line, e.column));
        Self {
            subject: finding.subject.clone().into(),
            message: finding.message.clone(),
            at: at.collect(),
        }
    }
}

macro_rules! same_fields {
    ($from:ident, $to:ident: $($field:ident)*) => {
        impl From<$from> for $to {
            fn from($from { $($field),* }: $from) -> Self {
                Self { $($field),* }
            }
        }
    };
}

same_fields!(Subject, Briefly: kind id address last_address slots host zone table pid);
same_fields!(Briefly, Subject: kind id address last_address slots host zone table pid);

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(number: u32, path: &str, help: &str) -> Finding {
        let subject = Briefly {
            kind: SubjectKind::Node,
            id: Some(format!("{number:040x}")),
            address: None,
            last_address: None,
            slots: None,
            host: None,
            zone: None,
            table: None,
            pid: None,
        };
        Finding {
            code: Code::NoaddrGhost,
            rule: "noaddr-ghost".to_owned(),
            severity: Severity::Warning,
            subject: subject.into(),
            message: format!("id {number}"),
            help: help.to_owned(),
            evidence: vec![Evidence {
                path: path.to_owned(),
                line: number,
                column: 1,
            }],
            allowed: false,
            allowed_by: None,
            known: false,
        }
    }

    fn there_and_back(found: &[Finding]) -> Vec<Finding> {
        let text = serde_json::to_string(&told(found)).expect("plain data");
        deserialize(&mut serde_json::Deserializer::from_str(&text)).expect("we wrote it")
    }

    #[test]
    fn many_that_say_the_same_are_told_once_and_all_come_back_in_order() {
        let mut found: Vec<Finding> = (0..3).map(|n| finding(n, "a", "b")).collect();
        found.extend((3..20).map(|n| finding(n, "c", "b")));
        found.extend((20..40).map(|n| finding(n, "c", "d")));
        found[30].evidence.clear();
        let all = told(&found);
        let each: Vec<usize> = all.iter().map(|t| t.each.len()).collect();
        assert_eq!(each, [0, 0, 0, 17, 10, 0, 9]);
        assert_eq!(there_and_back(&found), found);
        found[5].evidence.push(Evidence {
            path: "e".to_owned(),
            line: 1,
            column: 1,
        });
        assert_eq!(there_and_back(&found), found);
    }

    #[test]
    fn an_entry_that_is_neither_is_no_finding() {
        let mut entry = alone(&finding(1, "a", "b"));
        entry.message = None;
        assert!(entry.clone().spelt_out().is_err());
        entry.path = Some("a".to_owned());
        assert!(entry.spelt_out().is_err());
        let odd = serde_json::json!([{"code": "M001", "command": "x"}]);
        assert!(deserialize(odd).is_err());
    }
}
