//! The answer of a monitoring plugin: one line, with performance data behind a bar.

use crate::diagnostic::Severity;
use crate::render::brief::Answer;
use crate::render::brief::Brief;
use crate::render::brief::RowState;
use crate::render::brief::line;

/// What the plugin's exit code says; by the Monitoring Plugins guidelines 0, 1, 2, 3.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    Ok,
    Warning,
    Critical,
    Unknown,
}

impl Service {
    pub fn of(brief: &Brief) -> Self {
        if brief.refused.is_some() {
            return Self::Unknown;
        }
        match brief.worst() {
            Some(Severity::Error) => Self::Critical,
            Some(Severity::Warning) => Self::Warning,
            Some(Severity::Note) | None => Self::Ok,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

pub(super) fn write(brief: &Brief) -> String {
    let of = |severity| brief.open(severity);
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let mut text = format!(
        "TOPOPLAN {} - {}",
        Service::of(brief).word(),
        plain(&brief.headline)
    );
    let mut open: Vec<_> = brief.rows.iter().collect();
    open.retain(|row| row.state == RowState::Open);
    // The first of the worst, as the rows are in that order.
    if let Some(row) = open.first() {
        let code = match brief.answer {
            Answer::Check | Answer::Plan => format!("{} ", row.code),
            Answer::Impact => String::new(),
        };
        text += &format!(": {code}{}", plain(&row.message));
    }
    format!(
        "{text} | errors={errors};;0:0;0 warnings={warnings};0:0;;0 notes={};;;0\n",
        of(Severity::Note)
    )
}

/// There is no answer at all.
pub fn unknown(why: &str) -> String {
    format!("TOPOPLAN {} - {}\n", Service::Unknown.word(), plain(why))
}

/// A bar begins the performance data.
fn plain(text: &str) -> String {
    line(text).replace('|', "/")
}
