//! Why there is no answer, and the exit codes.

use std::io;

use crate::cli::limits::Limit;
use crate::report;
use crate::report::Diagnostic;
use crate::report::ErrorKind;
use crate::report::ErrorReport;
use crate::text::Place;
use crate::text::words::count;

/// How a command ended; the numbers are part of the contract.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Clean, nothing to do, printed.
    Clean = 0,
    /// Findings at or above `--fail-on`.
    Found = 1,
    /// Usage error, unreadable input, internal error.
    Failed = 2,
    /// Refused; the reason was printed.
    Refused = 3,
    /// What was demanded cannot be had; what is in the way was printed.
    Blocked = 4,
    /// Not proven under `--require-proof`.
    Unproven = 5,
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> Self {
        exit as u8
    }
}

/// Why a command cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A flag or argument that makes no sense; the second text is what would.
    #[error("{0}")]
    Usage(String, String),
    /// A file that cannot be used as a whole.
    #[error("{0}")]
    Input(String),
    /// A file that cannot be used, and the place that says so.
    #[error("{}:{}:{}: {message}", at.path, at.line, at.column)]
    Place {
        at: Place,
        message: String,
        help: Option<&'static str>,
    },
    /// A policy file with mistakes in it.
    #[error("`{path}` is no policy: it has {}", count(mistakes.len(), "mistake"))]
    Policy {
        path: String,
        mistakes: Vec<Diagnostic>,
    },
    /// Every file was read and none says anything about a cluster; what was said about them.
    #[error("{0}")]
    NothingUnderstood(String, Vec<Diagnostic>),
    /// More than is worked on, of what and how much.
    #[error("{what} {limit}")]
    Limit { what: String, limit: Limit },
    #[error("cannot write {path}: {error}")]
    Write { path: String, error: io::Error },
    /// A bug of ours that was caught before it could do harm.
    #[error("{0}")]
    Internal(String),
    /// There is no plan to carry out.
    #[error("{0}")]
    Refused(String),
}

impl Failure {
    /// What clap says of a command line: its first sentence, without the usage behind it.
    pub(super) fn of_clap(said: &str) -> Self {
        let said = said.strip_prefix("error: ").unwrap_or(said);
        let first = said.lines().take_while(|line| !line.is_empty());
        let words: Vec<&str> = first.flat_map(str::split_whitespace).collect();
        Self::Usage(
            words.join(" "),
            "`topoplan help` lists what there is".to_owned(),
        )
    }

    /// The exit code that tells scripts.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(..)
            | Self::Input(_)
            | Self::Place { .. }
            | Self::Policy { .. }
            | Self::NothingUnderstood(..)
            | Self::Limit { .. }
            | Self::Write { .. }
            | Self::Internal(_) => Exit::Failed,
            Self::Refused(_) => Exit::Refused,
        }
    }

    /// What to do about it, if one thing is likely.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Usage(_, help) => Some(help.as_str()).filter(|help| !help.is_empty()),
            Self::NothingUnderstood(..) => Some(
                "`topoplan collect` prints a script that saves what is needed; by hand, save what \
                 `cluster nodes` prints on each node, one file per node, and name the directory",
            ),
            Self::Place { help, .. } => *help,
            Self::Policy { .. } => Some("`topoplan docs policy` prints a file with every key"),
            Self::Limit { limit, .. } => Some(limit.help()),
            Self::Internal(_) => Some("this is a bug of topoplan; nothing was written"),
            Self::Input(_) | Self::Write { .. } | Self::Refused(_) => None,
        }
    }

    /// What was said about the input before.
    pub(super) fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::NothingUnderstood(_, said) => said,
            Self::Policy { mistakes, .. } => mistakes,
            Self::Usage(..)
            | Self::Input(_)
            | Self::Place { .. }
            | Self::Limit { .. }
            | Self::Write { .. }
            | Self::Internal(_)
            | Self::Refused(_) => &[],
        }
    }

    /// The failure for machines.
    pub(super) fn report(&self) -> ErrorReport {
        let kind = match self {
            Self::Usage(..) => ErrorKind::Usage,
            Self::Input(_) | Self::Place { .. } | Self::Policy { .. } => ErrorKind::Input,
            Self::NothingUnderstood(..) => ErrorKind::NothingUnderstood,
            Self::Limit { .. } => ErrorKind::Limit,
            Self::Write { .. } => ErrorKind::Write,
            Self::Internal(_) => ErrorKind::Internal,
            Self::Refused(_) => ErrorKind::Refused,
        };
        let (mut place, mut mistake) = (None, None);
        let message = match self {
            Self::Place { at, message, .. } => {
                place = Some(at);
                message.clone()
            }
            Self::Policy { mistakes, .. } => {
                mistake = mistakes.first();
                self.to_string()
            }
            Self::Usage(..)
            | Self::Input(_)
            | Self::NothingUnderstood(..)
            | Self::Limit { .. }
            | Self::Write { .. }
            | Self::Internal(_)
            | Self::Refused(_) => self.to_string(),
        };
        report::failure(
            crate::report::Failure {
                kind,
                exit: self.exit().into(),
                message,
                help: self.help().map(str::to_owned),
                path: place
                    .map(|at| at.path.to_string())
                    .or_else(|| mistake.and_then(|m| m.path.clone())),
                line: place.map(|at| at.line).or(mistake.and_then(|m| m.line)),
                column: place.map(|at| at.column).or(mistake.and_then(|m| m.column)),
            },
            self.diagnostics().to_vec(),
        )
    }
}
