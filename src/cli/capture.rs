//! The flags that name a capture, and the inventory that is read from it.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::files;
use crate::cli::files::Capture;
use crate::cli::files::Hashes;
use crate::cli::limits::Limit;
use crate::cli::output::Terminal;
use crate::cli::policy;
use crate::diagnostic::Parse;
use crate::inventory;
use crate::inventory::File;
use crate::inventory::Inventory;
use crate::parse;
use crate::parse::Facts;
use crate::policy::Policy;
use crate::report;
use crate::text::Place;
use crate::text::Source;
use crate::text::clock;
use crate::text::quote::shell_word;
use crate::text::safe::safe;
use crate::text::words::count;

/// How an answer is written.
pub(super) trait Written: ValueEnum + Copy + Default + Send + Sync + 'static {
    /// Whether the inputs are named by their hashes in it.
    fn hashes(self) -> Hashes;
}

impl Written for Format {
    fn hashes(self) -> Hashes {
        match self {
            // Only JSON names the inputs.
            Self::Json => Hashes::Wanted,
            Self::Text => Hashes::NotWanted,
        }
    }
}

/// The capture and what belongs to it.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct CaptureArgs<F: Written = Format> {
    /// Files, directories and archives (tar, zip, gzip, zstd) saved from one cluster, or - for
    /// standard input
    #[arg(required = true, value_name = "CAPTURE")]
    capture: Vec<OsString>,
    /// What is wanted (TOML); else topoplan.toml in the captured directory or beside it
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
    /// The moment that ends in the policy are held against, as 2027-03-31 or 2027-03-31T14:00:00Z;
    /// else when the capture was taken
    #[arg(long, value_name = "TIME", value_parser = moment)]
    now: Option<u64>,
    /// Which of two clusters the capture is of, where it holds both
    #[arg(long, value_enum, value_name = "FAMILY")]
    family: Option<Family>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: F,
}

/// The files of a capture, for who reads them again.
#[derive(Default)]
struct Kept {
    maps: Vec<Source>,
    sources: Vec<Source>,
}

/// A family of clusters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Family {
    /// Redis, Valkey, flashbase and the like
    Redis,
    /// FEDB, RTIDB, OpenMLDB
    Fedb,
}

impl<F: Written> CaptureArgs<F> {
    /// With these maps.
    pub fn with_maps(mut self, hosts: Option<&OsString>, disks: Option<&OsString>) -> Self {
        (self.hosts, self.disks) = (hosts.cloned(), disks.cloned());
        self
    }

    /// Reads the capture. Fails if a file that a flag names cannot be used, or if nothing in the
    /// capture says what nodes there are; the diagnostics are drawn then.
    ///
    /// Also fails on a capture of the other family.
    pub fn read(&self, terminal: &mut Terminal) -> Result<Inventory, Failure> {
        let inventory = self.read_any(terminal)?;
        match inventory.tablets {
            None => Ok(inventory),
            Some(_) => Err(Failure::Usage(
                "this command answers about Redis clusters, and the capture is of FEDB".to_owned(),
                "`check`, `impact`, `list`, `plan` and `script` answer about both".to_owned(),
            )),
        }
    }

    /// As [`Self::read`], of either family.
    pub fn read_any(&self, terminal: &mut Terminal) -> Result<Inventory, Failure> {
        self.read_with(self.format.hashes(), terminal)
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

    /// As [`Self::read_any`], for an answer that is a plan file whatever is printed.
    pub fn read_for_plan(&self, terminal: &mut Terminal) -> Result<Inventory, Failure> {
        self.read_with(Hashes::Wanted, terminal)
    }

    /// As [`Self::read_for_plan`], and the same again with what `more` adds to the policy and to the
    /// files.
    pub fn read_twice(
        &self,
        more: impl FnOnce(&mut Policy) -> Vec<Source>,
        terminal: &mut Terminal,
    ) -> Result<(Inventory, Inventory), Failure> {
        let mut kept = Kept::default();
        let inventory = self.read_keeping(Hashes::Wanted, Some(&mut kept), terminal)?;
        let mut policy = inventory.policy.clone();
        let added = more(&mut policy);
        let sources = kept.sources.into_iter().chain(added);
        let again = inventory::read_under(kept.maps, sources, || policy);
        Ok((inventory, again))
    }

    fn read_with(&self, hashes: Hashes, terminal: &mut Terminal) -> Result<Inventory, Failure> {
        self.read_keeping(hashes, None, terminal)
    }

    fn read_keeping(
        &self,
        hashes: Hashes,
        mut kept: Option<&mut Kept>,
        terminal: &mut Terminal,
    ) -> Result<Inventory, Failure> {
        self.check_stdin()?;
        let beside = match &self.policy {
            Some(_) => None,
            None => policy::beside(&self.capture)?,
        };
        let given = self.policy.clone().or(beside.map(PathBuf::into_os_string));
        let given = given
            .map(|file| policy::file(&file, terminal))
            .transpose()?;
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
        let inside = RefCell::new(Vec::new());
        let noted = (&mut capture).inspect(|source| collected.extend(collected_nothing(source)));
        let noted = noted.filter(|source| {
            let is_policy = policy::is_policy(source);
            if is_policy {
                inside.borrow_mut().push(source.clone());
            }
            !is_policy
        });
        if let Some(kept) = &mut kept {
            kept.maps.clone_from(&maps);
        }
        let noted = noted.inspect(|source| {
            if let Some(kept) = &mut kept {
                kept.sources.push(source.clone());
            }
        });
        let mut wanted = Wanted::Nothing;
        let mut inventory = inventory::read_under(maps, noted, || {
            wanted = Wanted::of(self.policy.is_some(), given, &inside.borrow());
            Policy {
                now_ms: self.now,
                ..wanted.policy()
            }
        });
        inventory.diagnostics.append(&mut capture.diagnostics);
        if let Some(refused) = capture.refused.take() {
            return Err(refused);
        }
        if let Some(file) = wanted.file()? {
            if self.policy.is_none() {
                terminal.talk(&format!("policy: {}", file.path));
            }
            inventory.files.push(file);
        }
        if let Some(said) = inventory.diagnostics.iter().find(|d| d.code == Parse::Rows) {
            let path = said.place.as_ref().map_or("-", |place| &*place.path);
            return Err(Failure::Limit {
                what: format!("`{path}`"),
                limit: Limit::Rows,
            });
        }
        self.choose_family(&mut inventory)?;
        if inventory.cluster.nodes.is_empty() && inventory.tablets.is_none() {
            return Err(self.not_understood(&inventory, &collected));
        }
        Ok(inventory)
    }

    /// Without any flag but the policy.
    pub fn of(capture: &[OsString], policy: Option<&OsString>) -> Self {
        Self {
            capture: capture.to_vec(),
            policy: policy.cloned(),
            hosts: None,
            disks: None,
            home: None,
            now: None,
            family: None,
            format: F::default(),
        }
    }

    /// Content tells the family; a capture of two clusters is answered for one of them.
    fn choose_family(&self, inventory: &mut Inventory) -> Result<(), Failure> {
        match self.family {
            Some(Family::Redis) => inventory.tablets = None,
            Some(Family::Fedb) => inventory.cluster.nodes.clear(),
            None if inventory.tablets.is_some() && !inventory.cluster.nodes.is_empty() => {
                return Err(Failure::Usage(
                    "the capture holds a Redis cluster and one of FEDB".to_owned(),
                    "say `--family redis` or `--family fedb`".to_owned(),
                ));
            }
            None => {}
        }
        Ok(())
    }

    /// The capture flags as words of a shell, to be repeated in a hint.
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = self
            .capture
            .iter()
            .map(|a| shell_word(&safe(&a.to_string_lossy())))
            .collect();
        match self.family {
            Some(Family::Redis) => words.push("--family redis".to_owned()),
            Some(Family::Fedb) => words.push("--family fedb".to_owned()),
            None => {}
        }
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

    /// The only argument, if it is a plan file: a JSON object with an id of one.
    pub fn lone_plan(&self) -> Option<OsString> {
        let [file] = &self.capture[..] else {
            return None;
        };
        let is_json = Path::new(file).extension() == Some(OsStr::new("json"));
        if !is_json || !Path::new(file).is_file() {
            return None;
        }
        let text = std::fs::read_to_string(file).ok()?;
        let value: serde_json::Value = serde_json::from_str(&text).ok()?;
        value.get("plan_id").map(|_| file.clone())
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

/// The policy of a capture.
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
enum Wanted {
    /// There is no policy file.
    Nothing,
    Of(Source, Result<Policy, Failure>),
}

impl Wanted {
    /// What a flag names, else what lies in the capture, else what lies beside it.
    fn of(named: bool, given: Option<Source>, inside: &[Source]) -> Self {
        let inside = inside.first().filter(|_| !named).cloned();
        match inside.or(given) {
            Some(source) => {
                let policy = policy::read(&source);
                Self::Of(source, policy)
            }
            None => Self::Nothing,
        }
    }

    fn policy(&self) -> Policy {
        match self {
            Self::Of(_, Ok(policy)) => policy.clone(),
            Self::Of(_, Err(_)) | Self::Nothing => Policy::default(),
        }
    }

    /// The file as an input; or what is wrong with it.
    fn file(self) -> Result<Option<File>, Failure> {
        let Self::Of(source, policy) = self else {
            return Ok(None);
        };
        policy?;
        Ok(Some(File {
            path: source.path.to_string(),
            dialect: Some("policy"),
            view_of: None,
            sha256: source.sha256,
        }))
    }
}

/// Reads a TIME argument, in unix ms.
fn moment(text: &str) -> Result<u64, String> {
    clock::moment(text).map_err(|why| why.to_string())
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
