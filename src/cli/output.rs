//! What leaves the process on its streams: data and talk.
//!
//! Everything that is said on standard error goes through [`safe`] here, so no caller can
//! forget it.

use std::env;
use std::ffi::OsString;
use std::io;
use std::io::IsTerminal;
use std::io::Read;
use std::io::Write;
use std::os::fd::AsFd;

use anstream::AutoStream;
use anstream::ColorChoice;
use terminal_size::Width;
use terminal_size::terminal_size_of;

use crate::cli::Colour;
use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::LookArgs;
use crate::render;
use crate::render::Look;
use crate::report::Diagnostic;
use crate::report::Finding;
use crate::text::safe::safe;

/// What stands behind an output stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Screen {
    /// What `--color auto` comes to.
    pub colour: bool,
    /// Of a terminal its own; a file always gets the same number.
    pub columns: usize,
}

/// A file or a pipe.
impl Default for Screen {
    fn default() -> Self {
        Self {
            colour: false,
            columns: render::WIDTH,
        }
    }
}

/// Where a command reads and writes.
pub struct Streams<'a> {
    pub stdin: &'a mut dyn Read,
    pub stdout: &'a mut dyn Write,
    pub stderr: &'a mut dyn Write,
    pub stdout_screen: Screen,
    pub stderr_screen: Screen,
}

/// The streams of one run, and how things look on them.
pub(super) struct Terminal<'a> {
    streams: Streams<'a>,
    data_look: Look,
    talk_look: Look,
    /// In which form a failure stands on standard output, too.
    wants: Wants,
    /// Data was written: nothing may follow it.
    answered: bool,
}

impl<'a> Terminal<'a> {
    pub fn new(streams: Streams<'a>, wants: Wants) -> Self {
        let look = |screen: Screen| Look {
            colour: screen.colour,
            width: screen.columns,
            ..Look::default()
        };
        Self {
            data_look: look(streams.stdout_screen),
            talk_look: look(streams.stderr_screen),
            streams,
            wants,
            answered: false,
        }
    }

    /// Takes over what the flags say.
    pub fn look(&mut self, args: &LookArgs) {
        for look in [&mut self.data_look, &mut self.talk_look] {
            match args.color {
                Colour::Auto => {}
                Colour::Always => look.colour = true,
                Colour::Never => look.colour = false,
            }
            look.verbose = args.verbose;
            look.quiet = args.quiet;
        }
    }

    /// How data looks on standard output.
    pub fn data_look(&self) -> Look {
        self.data_look
    }

    pub fn stdin(&mut self) -> &mut dyn Read {
        self.streams.stdin
    }

    /// Writes data to standard output.
    pub fn data(&mut self, text: &str) -> Result<(), Failure> {
        self.answered = true;
        written(self.streams.stdout.write_all(text.as_bytes()))
    }

    /// Says one line on standard error, unless the operator wants quiet.
    pub fn talk(&mut self, line: &str) {
        if !self.talk_look.quiet {
            self.say(&format!("{}\n", safe(line)));
        }
    }

    /// Draws diagnostics on standard error; of a quiet run only the errors.
    pub fn diagnostics(&mut self, diagnostics: &[Diagnostic]) {
        let text = render::diagnostics(diagnostics, self.talk_look);
        self.say(&text);
    }

    /// Draws those that none of the findings, which are printed beside them, tells as well.
    pub fn untold(&mut self, diagnostics: &[Diagnostic], findings: &[Finding]) {
        let untold = render::untold(diagnostics, findings, self.talk_look);
        self.diagnostics(&untold);
    }

    /// Says why there is no answer.
    pub fn failure(&mut self, failure: &Failure) {
        self.diagnostics(failure.diagnostics());
        let (strong, plain) = if self.talk_look.colour {
            ("\x1b[1;31m", "\x1b[0m")
        } else {
            ("", "")
        };
        let message = failure.to_string();
        self.say(&format!("{strong}error{plain}: {}\n", safe(&message)));
        if let Some(help) = failure.help() {
            self.say(&format!("  help: {}\n", safe(help)));
        }
        self.object(failure);
    }

    /// The exit code of a failure: a monitor knows it by the plugin's own.
    pub fn exit_of(&self, failure: &Failure) -> Exit {
        match self.wants {
            Wants::Plugin => Exit::Refused,
            Wants::Nothing | Wants::Object => failure.exit(),
        }
    }

    /// Help and version are data; everything else that clap says is a usage error. What it says
    /// of hostile words must have been made of harmless ones.
    pub fn usage(&mut self, error: &clap::Error) -> Exit {
        let styled = error.render();
        let paint = |colour| {
            if colour {
                styled.ansi().to_string()
            } else {
                styled.to_string()
            }
        };
        if error.use_stderr() {
            self.say(&paint(self.talk_look.colour));
            let failure = Failure::of_clap(&styled.to_string());
            self.object(&failure);
            return self.exit_of(&failure);
        }
        let said = self.data(&paint(self.data_look.colour));
        match said.and_then(|()| self.flush()) {
            Ok(()) => Exit::Clean,
            Err(failure) => failure.exit(),
        }
    }

    /// Everything that was said has left the process.
    pub fn flush(&mut self) -> Result<(), Failure> {
        written(self.streams.stdout.flush())
    }

    /// The failure as data, for whoever keeps standard output and not standard error.
    fn object(&mut self, failure: &Failure) {
        if self.answered {
            return;
        }
        let text = match self.wants {
            Wants::Nothing => return,
            Wants::Object => render::json::report(&failure.report()),
            Wants::Plugin => render::nagios_unknown(&failure.to_string()),
        };
        // It says already why there is no answer.
        let _ = self.data(&text);
        let _ = self.flush();
    }

    fn say(&mut self, text: &str) {
        // Nobody is left to be told that standard error is gone.
        let _ = self.streams.stderr.write_all(text.as_bytes());
    }
}

/// A reader that has seen enough (`| head`) is no failure.
fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Write {
            path: "standard output".to_owned(),
            error,
        }),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// How a failure is told to programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wants {
    /// On standard error alone.
    Nothing,
    /// As JSON.
    Object,
    /// As a monitoring plugin: its line and its exit code.
    Plugin,
}

/// What the arguments ask for: known even where they make no sense otherwise.
pub(super) fn wants(args: &[OsString]) -> Wants {
    let words = args.iter().take_while(|arg| *arg != "--");
    let words: Vec<&OsString> = words.collect();
    let asks = |format: &str| {
        let apart = |pair: &[&OsString]| pair[0] == "--format" && pair[1] == format;
        let together = format!("--format={format}");
        words.iter().any(|arg| **arg == *together) || words.windows(2).any(apart)
    };
    if asks("json") {
        Wants::Object
    } else if asks("nagios") {
        Wants::Plugin
    } else {
        Wants::Nothing
    }
}

/// Hands the process's own streams to `f`. What a panic left half said is not printed.
pub(super) fn with_process_streams<T>(f: impl FnOnce(Streams<'_>) -> T) -> T {
    let stdout_screen = screen(&io::stdout(), AutoStream::choice(&io::stdout()));
    let stderr_screen = screen(&io::stderr(), AutoStream::choice(&io::stderr()));
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    let answer = f(Streams {
        stdin: &mut io::stdin().lock(),
        stdout: &mut stdout,
        stderr: &mut io::stderr(),
        stdout_screen,
        stderr_screen,
    });
    // What is left after a broken pipe would only fail again, and loudly, in `drop`.
    let _ = stdout.into_parts();
    answer
}

/// A terminal that is narrower than this gets lines that it must break itself.
const NARROWEST: usize = 40;

/// No line is comfortable to read that is wider.
const WIDEST: usize = 240;

fn screen(stream: &(impl AsFd + IsTerminal), colour: ColorChoice) -> Screen {
    let file = Screen {
        colour: colour != ColorChoice::Never,
        ..Screen::default()
    };
    if !stream.is_terminal() {
        return file;
    }
    let wanted = env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let real = || terminal_size_of(stream).map(|(Width(columns), _)| usize::from(columns));
    let columns = wanted.filter(|columns| *columns > 0).or_else(real);
    Screen {
        columns: columns.map_or(file.columns, |c| c.clamp(NARROWEST, WIDEST)),
        ..file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_known_to_be_wanted_from_any_arguments() {
        let wants = |line: &str| {
            let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            self::wants(&args)
        };
        assert_eq!(wants("check x --format json"), Wants::Object);
        assert_eq!(wants("chekc --format=json"), Wants::Object);
        assert_eq!(wants("check x --format nagios"), Wants::Plugin);
        assert_eq!(wants("check x --format text json"), Wants::Nothing);
        assert_eq!(wants("check -- --format json"), Wants::Nothing);
    }
}
