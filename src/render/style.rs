//! How the text should look, and the few inks it is written in.

use crate::diagnostic::Severity;
use anstyle::AnsiColor;
use anstyle::Style;

/// Columns of a text that goes to nobody's terminal.
pub const WIDTH: usize = 100;

/// What the reader asked for. Nothing here changes what is true, only how much of it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// ANSI styles in the text; without it not one escape byte is written.
    pub colour: bool,
    /// 0, or the number of `-v`.
    pub verbose: u8,
    /// Only what needs action.
    pub quiet: bool,
    /// Columns to fill; one word alone may be wider.
    pub width: usize,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            colour: false,
            verbose: 0,
            quiet: false,
            width: WIDTH,
        }
    }
}

/// What a piece of text is. Colour is never the only sign: every ink has words beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ink {
    Plain,
    Error,
    Warning,
    Note,
    Good,
    Head,
    Dim,
}

impl Ink {
    pub fn of(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Note => Self::Note,
        }
    }

    pub fn style(self) -> Style {
        let bold = Style::new().bold();
        match self {
            Self::Plain => Style::new(),
            Self::Error => bold.fg_color(Some(AnsiColor::Red.into())),
            Self::Warning => bold.fg_color(Some(AnsiColor::Yellow.into())),
            Self::Note => bold.fg_color(Some(AnsiColor::Cyan.into())),
            Self::Good => bold.fg_color(Some(AnsiColor::Green.into())),
            Self::Head => bold,
            Self::Dim => Style::new().dimmed(),
        }
    }
}
