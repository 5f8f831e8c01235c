//! The formats for other programs: one file each, all of one [`Brief`].

use crate::render::brief::Brief;
use crate::render::csv;
use crate::render::github;
use crate::render::junit;
use crate::render::markdown;
use crate::render::nagios;
use crate::render::ndjson;
use crate::render::prometheus;
use crate::render::sarif;

macro_rules! forms {
    ($($(#[doc = $help:literal])+ $Name:ident $file:ident,)+) => {
        /// A format for another program.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Form {
            $($(#[doc = $help])+ $Name,)+
        }

        impl Form {
            pub const ALL: &[Self] = &[$(Self::$Name),+];

            /// As it is typed.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$Name => stringify!($file),)+
                }
            }

            /// Whom it is for: what `--help` says of it.
            pub fn help(self) -> &'static str {
                match self {
                    $(Self::$Name => concat!($($help),+).trim_ascii(),)+
                }
            }

            pub fn write(self, brief: &Brief) -> String {
                match self {
                    $(Self::$Name => $file::write(brief),)+
                }
            }
        }
    };
}

forms! {
    /// Code scanning (SARIF 2.1.0)
    Sarif sarif,
    /// Test reports of CI servers
    Junit junit,
    /// Annotations of GitHub Actions
    Github github,
    /// One JSON object a line
    Ndjson ndjson,
    /// Tables for a ticket
    Markdown markdown,
    /// One table with a header row
    Csv csv,
    /// One line and the exit codes of a monitoring plugin
    Nagios nagios,
    /// The text format of metrics
    Prometheus prometheus,
}
