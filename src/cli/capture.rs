//! The flags that name a capture, and the inventory that is read from it.

use std::ffi::OsStr;
use std::ffi::OsString;

use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::files;
use crate::cli::files::Capture;
use crate::cli::files::Hashes;
use crate::cli::limits::Limit;
use crate::cli::output::Terminal;
use crate::diagnostic::Parse;
use crate::inventory;
use crate::inventory::Inventory;
use crate::parse;
use crate::parse::Facts;
use crate::policy::Policy;
use crate::report;
use crate::text::Place;
use crate::text::Source;
use crate::text::quote::shell_word;
use crate::text::safe::safe;
use crate::text::words::count;

/// The capture and what belongs to it.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct CaptureArgs {
    /// Files, directories and archives (tar, zip, gzip, zstd) saved from one cluster, or - for
    /// standard input
    #[arg(required = true, value_name = "CAPTURE")]
    capture: Vec<OsString>,
    /// What is wanted (TOML); everything has a default
    #[arg(long, value_name = "FILE")]
    policy: Option<OsString>,
    /// Host map: CSV with host, ip or address, and optionally zone, rack, memory_bytes
    #[arg(long, value_name = "FILE")]
    hosts: Option<OsString>,
    /// Disk map: CSV with host or ip, port, dir, and optionally disk
    #[arg(long, value_name = "FILE")]
    disks: Option<OsString>,
    /// Home map: CSV with ip and port or address, role, and optionally master; or redis.properties
    #[arg(long, value_name = "FILE")]
    home: Option<OsString>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

impl CaptureArgs {
    /// Reads the capture. Fails if a file that a flag names cannot be used, or if nothing in the
    /// capture says what nodes there are; the diagnostics are drawn then.
    pub fn read(&self, terminal: &mut Terminal) -> Result<Inventory, Failure> {
        // Only JSON names the inputs.
        self.read_with(
            match self.format {
                Format::Json => Hashes::Wanted,
                Format::Text => Hashes::NotWanted,
            },
            terminal,
        )
    }

    /// Each of the captures by itself, with the name that was typed.
    pub fn apart(&self) -> Result<Vec<(&OsStr, Self)>, Failure> {
        self.check_stdin()?;
        let one = |name: &OsString| Self {
            capture: vec![name.clone()],
            ..self.clone()
        };
        let all = self.capture.iter();
        Ok(all.map(|name| (name.as_os_str(), one(name))).collect())
    }

    /// As [`Self::read`], for an answer that is a plan file whatever is printed.
    pub fn read_for_plan(&self, terminal: &mut Terminal) -> Result<Inventory, Failure> {
        self.read_with(Hashes::Wanted, terminal)
    }

    fn read_with(&self, hashes: Hashes, terminal: &mut Terminal) -> Result<Inventory, Failure> {
        self.check_stdin()?;
        let policy = match &self.policy {
            Some(file) => policy(file, terminal)?,
            None => Policy::default(),
        };
        let mut maps = Vec::new();
        for (file, kind) in [
            (&self.hosts, MapKind::Hosts),
            (&self.disks, MapKind::Disks),
            (&self.home, MapKind::Home),
        ] {
            if let Some(file) = file {
                maps.push(map(file, kind, terminal)?);
            }
        }
        let mut capture = Capture::open(&self.capture, hashes, terminal.stdin())?;
        // Maps first: where files contradict each other, what was named with a flag stands.
        let mut collected = Vec::new();
        let noted = (&mut capture).inspect(|source| collected.extend(collected_nothing(source)));
        let mut inventory = inventory::read_with_maps(maps, noted, policy);
        inventory.diagnostics.append(&mut capture.diagnostics);
        if let Some(refused) = capture.refused.take() {
            return Err(refused);
        }
        if let Some(said) = inventory.diagnostics.iter().find(|d| d.code == Parse::Rows) {
            let path = said.place.as_ref().map_or("-", |place| &*place.path);
            return Err(Failure::Limit {
                what: format!("`{path}`"),
                limit: Limit::Rows,
            });
        }
        if inventory.cluster.nodes.is_empty() {
            return Err(self.not_understood(&inventory, &collected));
        }
        Ok(inventory)
    }

    /// The capture flags as words of a shell, to be repeated in a hint.
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = self
            .capture
            .iter()
            .map(|a| shell_word(&safe(&a.to_string_lossy())))
            .collect();
        for (flag, file) in [
            ("--policy", &self.policy),
            ("--hosts", &self.hosts),
            ("--disks", &self.disks),
            ("--home", &self.home),
        ] {
            if let Some(file) = file {
                words.push(flag.to_owned());
                words.push(shell_word(&safe(&file.to_string_lossy())));
            }
        }
        words
    }

    /// Every file and directory that is read.
    pub fn inputs(&self) -> impl Iterator<Item = &OsString> {
        let flags = [&self.policy, &self.hosts, &self.disks, &self.home];
        flags.into_iter().flatten().chain(&self.capture)
    }

    fn check_stdin(&self) -> Result<(), Failure> {
        if self.inputs().filter(|file| *file == "-").count() > 1 {
            return Err(Failure::Usage(
                "`-` is given more than once; standard input can be read only once".to_owned(),
                "save one of them to a file".to_owned(),
            ));
        }
        Ok(())
    }

    fn not_understood(&self, inventory: &Inventory, collected: &[String]) -> Failure {
        let names: Vec<String> = self.capture.iter().map(|a| name_of(a)).collect();
        let understood = inventory.files.iter().filter(|f| f.dialect.is_some());
        let read = count(inventory.files.len(), "file");
        let message = match understood.count() {
            0 => format!(
                "nothing in {} was understood ({read} read)",
                names.join(", ")
            ),
            count => format!(
                "{} names no node: {read} read, {count} understood, and none of them lists a \
                 cluster's nodes{}",
                names.join(", "),
                collected
                    .first()
                    .map_or(String::new(), |said| format!(": {said}"))
            ),
        };
        Failure::NothingUnderstood(message, report::diagnostics(inventory))
    }
}

/// What `collect` told at its end, if no node answered it: `0 of 1 nodes answered; …`.
fn collected_nothing(source: &Source) -> Option<String> {
    const LONGEST: usize = 400;
    if !source.text.starts_with("# topoplan collect") {
        return None;
    }
    let mut lines = source.text.lines().rev();
    let said = lines.find(|line| line.starts_with("0 of ") && line.contains(" answered"))?;
    let shown = |c: char| if c.is_ascii_graphic() { c } else { ' ' };
    Some(said.chars().take(LONGEST).map(shown).collect())
}

fn policy(file: &OsStr, terminal: &mut Terminal) -> Result<Policy, Failure> {
    let source = files::read_one(file, terminal.stdin())?;
    Policy::parse(&source.text).map_err(|error| {
        let place = error.span.map(|span| line_and_column(&source, span.start));
        Failure::Place {
            at: at(file, place.unwrap_or((1, 1))),
            message: error.message.replace('\n', "; "),
            help: None,
        }
    })
}

/// A place in a file that the operator named.
pub(super) fn at(file: &OsStr, (line, column): (usize, usize)) -> Place {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place {
        path: file.to_string_lossy().as_ref().into(),
        line: number(line.max(1)),
        column: number(column.max(1)),
    }
}

/// Line and column, from 1, of a byte offset.
fn line_and_column(source: &Source, offset: usize) -> (usize, usize) {
    let before = source.text.as_bytes().get(..offset).unwrap_or_default();
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
    (line, column)
}

/// What the file behind a flag must hold.
#[derive(Clone, Copy)]
enum MapKind {
    Hosts,
    Disks,
    Home,
}

impl MapKind {
    /// The flag, and what the file must be.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Hosts => (
                "--hosts",
                "a host map: a header row with `host` and `ip` or `address`",
            ),
            Self::Disks => (
                "--disks",
                "a disk map: a header row with `host` or `ip`, `port` and `dir`",
            ),
            Self::Home => (
                "--home",
                "a home map: a header row with `ip` and `port`, or `address`, and `role`",
            ),
        }
    }

    fn is(self, facts: &Facts) -> bool {
        match self {
            Self::Hosts => matches!(facts, Facts::HostMap(_)),
            Self::Disks => matches!(facts, Facts::DiskMap(_) | Facts::Config(_)),
            Self::Home => matches!(facts, Facts::HomeMap(_) | Facts::Properties(_)),
        }
    }
}

/// A file that a flag names must be what the flag says: a typo in a header would otherwise
/// silently plan without the map.
fn map(file: &OsStr, kind: MapKind, terminal: &mut Terminal) -> Result<Source, Failure> {
    let source = files::read_one(file, terminal.stdin())?;
    let fits = parse::parse(&source)
        .sections
        .iter()
        .any(|section| kind.is(&section.facts));
    if fits {
        return Ok(source);
    }
    let (flag, wanted) = kind.words();
    Err(Failure::Place {
        at: at(file, (1, 1)),
        message: format!("`{flag}` takes {wanted}; this is something else"),
        help: None,
    })
}

fn name_of(arg: &OsStr) -> String {
    if arg == "-" {
        "standard input".to_owned()
    } else {
        format!("`{}`", arg.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one() {
        let source = Source::new("p", "a = 1\nbc = x\n".to_owned(), String::new());
        assert_eq!(line_and_column(&source, 0), (1, 1));
        assert_eq!(line_and_column(&source, 11), (2, 6));
        assert_eq!(line_and_column(&source, 999), (1, 1));
    }
}
