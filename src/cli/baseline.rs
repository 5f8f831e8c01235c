//! Baselines: the findings that were there before, by identity.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use serde::Deserialize;
use serde::Serialize;

use crate::cli::Failure;
use crate::cli::capture::at;
use crate::cli::files;
use crate::cli::output::Terminal;
use crate::cli::whole;
use crate::render;
use crate::report::CheckReport;
use crate::report::Finding;
use crate::report::SCHEMA_VERSION;
use crate::report::Subject;
use crate::report::SubjectKind;

/// What a baseline file holds; a report of `check` has the same fields and is one, too.
#[derive(Serialize, Deserialize)]
struct Baseline {
    schema_version: u32,
    findings: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    code: String,
    subject: Subject,
}

/// What makes two findings the same: the code, and what it is about. Addresses change where ids
/// stay, and messages count.
type Identity = (String, SubjectKind, Vec<Option<String>>);

fn identity(code: &str, subject: &Subject) -> Identity {
    let parts = match subject.kind {
        SubjectKind::Node | SubjectKind::Shard | SubjectKind::View => vec![subject.id.clone()],
        SubjectKind::Slots => vec![subject.slots.clone(), subject.id.clone()],
        SubjectKind::Host | SubjectKind::Disk => vec![subject.host.clone(), subject.id.clone()],
        SubjectKind::Zone => vec![subject.zone.clone()],
        SubjectKind::Capture => Vec::new(),
    };
    (code.to_owned(), subject.kind, parts)
}

/// Marks what the file has already; hands back how many of its findings are gone.
pub(super) fn mark(
    file: &OsString,
    report: &mut CheckReport,
    terminal: &mut Terminal,
) -> Result<usize, Failure> {
    let source = files::read_one(file, terminal.stdin())?;
    let baseline: Baseline =
        serde_json::from_str(&source.text).map_err(|error| Failure::Place {
            at: at(file, (error.line(), error.column())),
            message: format!("this is no baseline: {error}"),
            help: Some("`topoplan check CAPTURE --write-baseline FILE` writes one"),
        })?;
    if baseline.schema_version != SCHEMA_VERSION {
        return Err(Failure::Place {
            at: at(file, (1, 1)),
            message: format!(
                "it has the version {}, and {SCHEMA_VERSION} is read",
                baseline.schema_version
            ),
            help: None,
        });
    }
    let entries = baseline.findings.iter();
    let known: BTreeSet<Identity> = entries.map(|e| identity(&e.code, &e.subject)).collect();
    let mut left = known.clone();
    for finding in &mut report.findings {
        let identity = identity(finding.code.as_str(), &finding.subject);
        finding.known = known.contains(&identity);
        left.remove(&identity);
    }
    report.recount();
    Ok(left.len())
}

/// Writes what was found, allowed or not.
pub(super) fn write(file: &OsString, report: &CheckReport) -> Result<(), Failure> {
    let entry = |finding: &Finding| Entry {
        code: finding.code.as_str().to_owned(),
        subject: finding.subject.clone(),
    };
    let baseline = Baseline {
        schema_version: SCHEMA_VERSION,
        findings: report.findings.iter().map(entry).collect(),
    };
    whole::replace(Path::new(file), &render::json::report(&baseline))
}
