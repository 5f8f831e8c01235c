//! Why there is no answer, and the exit codes.

use std::io;

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
    /// A file that cannot be used: path, and line and column where known, come first.
    #[error("{0}")]
    Input(String),
    /// Every file was read and none says anything about a cluster.
    #[error("{0}")]
    NothingUnderstood(String),
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
    /// The exit code that tells scripts.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(..)
            | Self::Input(_)
            | Self::NothingUnderstood(_)
            | Self::Write { .. }
            | Self::Internal(_) => Exit::Failed,
            Self::Refused(_) => Exit::Refused,
        }
    }

    /// What to do about it, if one thing is likely.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Usage(_, help) if !help.is_empty() => Some(help),
            Self::NothingUnderstood(_) => Some(
                "save what `cluster nodes` prints on each node, one file per node, \
                 and name the directory",
            ),
            Self::Internal(_) => Some("this is a bug of topoplan; nothing was written"),
            Self::Usage(..) | Self::Input(_) | Self::Write { .. } | Self::Refused(_) => None,
        }
    }
}
