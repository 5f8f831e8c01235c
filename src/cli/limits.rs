//! The most that a command takes on: more is refused, with the name of the limit.
//!
//! A thousand nodes that all answered fill 150 MB, so every real capture is far below these. What
//! an archive may come to has limits of its own.

use std::fmt;
use std::io;
use std::io::Read;

/// Something that is limited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// Bytes of one file of a capture, and of standard input.
    FileBytes,
    /// Bytes of a file that a flag names, and of a plan file.
    NamedFileBytes,
    /// Files and directories behind the arguments.
    Entries,
    /// Bytes of a capture that is redacted: all of it is held at once.
    RedactBytes,
    /// Rows of a map, nodes of a view.
    Rows,
}

impl Limit {
    /// How much is taken on.
    pub fn most(self) -> u64 {
        match self {
            Self::FileBytes | Self::RedactBytes => 1 << 30,
            Self::NamedFileBytes => 256 << 20,
            Self::Entries => 100_000,
            Self::Rows => 200_000,
        }
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::FileBytes => "file-bytes",
            Self::NamedFileBytes => "named-file-bytes",
            Self::Entries => "entries",
            Self::RedactBytes => "redact-bytes",
            Self::Rows => "rows",
        }
    }

    /// What to do instead.
    pub fn help(self) -> &'static str {
        match self {
            Self::FileBytes => "keep what was captured in one file for each node",
            Self::NamedFileBytes => "name the file that was meant",
            Self::Entries => "name the directory of the capture alone",
            Self::Rows => "keep the rows that are about this cluster",
            Self::RedactBytes => "redact a part of the capture: a few views tell most of it",
        }
    }
}

/// Behind the name of what is too large.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = match self {
            Self::FileBytes => "is larger than 1 GiB, the most that is read of one file",
            Self::NamedFileBytes => {
                "is larger than 256 MiB, the most that is read of a file behind a flag"
            }
            Self::Entries => {
                "has more than 100000 files and directories, the most that are walked through"
            }
            Self::RedactBytes => "is larger than 1 GiB, the most that is redacted at once",
            Self::Rows => {
                "has more than 200000 rows of one map, or 100000 nodes of one view, the most that \
                 are taken in"
            }
        };
        write!(f, "{most} (limit `{}`)", self.name())
    }
}

/// Why something was not read to its end.
#[derive(Debug)]
pub(super) enum Unread {
    Limit(Limit),
    Error(io::Error),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Error(error)
    }
}

/// All that is left of `from`, behind what was read of it already. Where it has no end, this has.
pub(super) fn read_to_end(
    from: impl Read,
    mut bytes: Vec<u8>,
    limit: Limit,
) -> Result<Vec<u8>, Unread> {
    let room = limit.most().saturating_sub(bytes.len() as u64);
    from.take(room.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit.most() {
        return Err(Unread::Limit(limit));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Limit; 5] = [
        Limit::FileBytes,
        Limit::NamedFileBytes,
        Limit::Entries,
        Limit::RedactBytes,
        Limit::Rows,
    ];

    #[test]
    fn the_words_have_the_number() {
        for limit in ALL {
            let number = match limit.most() {
                bytes if bytes >= 1 << 30 => format!("{} GiB", bytes >> 30),
                bytes if bytes >= 1 << 20 => format!("{} MiB", bytes >> 20),
                count => count.to_string(),
            };
            let text = limit.to_string();
            assert!(
                text.contains(&format!("more than {number}"))
                    || text.contains(&format!("larger than {number}")),
                "{text}"
            );
            assert!(text.ends_with(&format!("(limit `{}`)", limit.name())));
            assert!(!limit.help().is_empty());
        }
    }

    #[test]
    fn what_has_no_end_is_not_read_for_ever() {
        let read = read_to_end(io::repeat(0), Vec::new(), Limit::NamedFileBytes);
        assert!(matches!(read, Err(Unread::Limit(Limit::NamedFileBytes))));
        let read = read_to_end(&b"cd"[..], b"ab".to_vec(), Limit::FileBytes);
        assert_eq!(read.unwrap(), b"abcd");
    }
}
