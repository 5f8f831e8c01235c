//! What leaves the process: data, talk and files.

use std::fs;
use std::io;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use anstream::AutoStream;
use anstream::ColorChoice;

use crate::cli::Colour;
use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::LookArgs;
use crate::render::Look;
use crate::report::Diagnostic;
use crate::report::Finding;

/// Where a command reads and writes. Colour is what `--color auto` comes to on each stream.
pub struct Streams<'a> {
    pub stdin: &'a mut dyn Read,
    pub stdout: &'a mut dyn Write,
    pub stderr: &'a mut dyn Write,
    pub stdout_colour: bool,
    pub stderr_colour: bool,
}

/// The streams of one run, and how things look on them.
pub(super) struct Terminal<'a> {
    streams: Streams<'a>,
    data_look: Look,
    talk_look: Look,
}

impl<'a> Terminal<'a> {
    pub fn new(streams: Streams<'a>) -> Self {
        let look = |colour| Look {
            colour,
            verbose: 0,
            quiet: false,
        };
        Self {
            data_look: look(streams.stdout_colour),
            talk_look: look(streams.stderr_colour),
            streams,
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
        written(self.streams.stdout.write_all(text.as_bytes()))
    }

    /// Says one line on standard error, unless the operator wants quiet.
    pub fn talk(&mut self, line: &str) {
        if !self.talk_look.quiet {
            self.say(&format!("{line}\n"));
        }
    }

    /// Draws diagnostics on standard error; of a quiet run only the errors.
    pub fn diagnostics(&mut self, diagnostics: &[Diagnostic]) {
        let text = if self.talk_look.quiet {
            let errors: Vec<Diagnostic> = diagnostics
                .iter()
                .filter(|d| d.severity == "error")
                .cloned()
                .collect();
            crate::render::diagnostics(&errors, self.talk_look)
        } else {
            crate::render::diagnostics(diagnostics, self.talk_look)
        };
        self.say(&text);
    }

    /// Draws those that none of the findings, which are printed beside them, tells as well.
    pub fn untold(&mut self, diagnostics: &[Diagnostic], findings: &[Finding]) {
        let untold = crate::render::untold(diagnostics, findings, self.talk_look);
        self.diagnostics(&untold);
    }

    /// Says why there is no answer.
    pub fn failure(&mut self, failure: &Failure) {
        let (strong, plain) = if self.talk_look.colour {
            ("\x1b[1;31m", "\x1b[0m")
        } else {
            ("", "")
        };
        self.say(&format!("{strong}error{plain}: {failure}\n"));
        if let Some(help) = failure.help() {
            self.say(&format!("  help: {help}\n"));
        }
    }

    /// Help and version are data; everything else that clap says is a usage error.
    pub fn usage(&mut self, error: &clap::Error) -> Exit {
        let styled = error.render();
        let paint = |colour| match colour {
            true => styled.ansi().to_string(),
            false => styled.to_string(),
        };
        if error.use_stderr() {
            self.say(&paint(self.talk_look.colour));
            return Exit::Failed;
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

/// Hands the process's own streams to `f`.
pub(super) fn with_process_streams<T>(f: impl FnOnce(Streams<'_>) -> T) -> T {
    let stdout_colour = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    let stderr_colour = AutoStream::choice(&io::stderr()) != ColorChoice::Never;
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    let answer = f(Streams {
        stdin: &mut io::stdin().lock(),
        stdout: &mut stdout,
        stderr: &mut io::stderr(),
        stdout_colour,
        stderr_colour,
    });
    // What is left after a broken pipe would only fail again, and loudly, in `drop`.
    let _ = stdout.into_parts();
    answer
}

/// Writes a file so that a reader sees the old content or the new, never a part.
pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    let fail = |error| Failure::Write {
        path: format!(
            "`{}`",
            crate::text::quote::printable(&path.to_string_lossy())
        ),
        error,
    };
    // A link keeps pointing where it points; a device or a pipe is written as it is.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::metadata(&target) {
        Ok(found) if !found.is_file() => return fs::write(&target, text).map_err(fail),
        Ok(_) | Err(_) => {}
    }
    let temporary = beside(&target).map_err(fail)?;
    let result = fill(&temporary, text).and_then(|()| fs::rename(&temporary, &target));
    if result.is_err() {
        // The failure that matters is the first one.
        let _ = fs::remove_file(&temporary);
    }
    result.map_err(fail)
}

/// A hidden name in the same directory: a rename must not cross file systems.
fn beside(target: &Path) -> io::Result<PathBuf> {
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.tmp", std::process::id()));
    Ok(target.with_file_name(hidden))
}

fn fill(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_file_and_leaves_nothing_beside_it() {
        let dir = super::super::files::tests::Scratch::new("output");
        let path = dir.path().join("plan.json");
        write_file(&path, "old").unwrap();
        write_file(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn writes_through_a_link() {
        let dir = super::super::files::tests::Scratch::new("link");
        let real = dir.path().join("real.json");
        let link = dir.path().join("plan.json");
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_file(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_missing_directory_is_a_failure_with_the_path() {
        let failure = write_file(Path::new("/nowhere/at/all/plan.json"), "x").unwrap_err();
        assert_eq!(failure.exit(), Exit::Failed);
        assert!(failure.to_string().contains("/nowhere/at/all/plan.json"));
    }
}
