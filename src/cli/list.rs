//! `list`: bare lines for pipes.

use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::capture::CaptureArgs;
use crate::cli::output::Terminal;
use crate::cli::tablets;
use crate::render;
use crate::render::Column;
use crate::report;
use crate::report::List;
use crate::report::TabletList;

#[derive(clap::Args, Debug)]
pub(super) struct ListArgs {
    /// Which list
    #[arg(value_enum, value_name = "KIND")]
    kind: Kind,
    #[command(flatten)]
    capture: CaptureArgs,
    /// with-dir: the host, by its name or IP
    #[arg(long, value_name = "HOST", required_if_eq("kind", "with-dir"))]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    host: Option<String>,
    /// with-dir: a directory on the disk or above it, or the disk's name
    #[arg(long, value_name = "DIR", required_if_eq("kind", "with-dir"))]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    dir: Option<String>,
    /// with-dir: only masters
    #[arg(long)]
    masters: bool,
    /// with-dir: print ip:port, not the port alone
    #[arg(long, conflicts_with = "ids")]
    address: bool,
    /// Print ids
    #[arg(long)]
    ids: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Kind {
    /// Live masters without slots, also those that nobody met: who could be a replica
    NoSlot,
    /// Live masters with slots and no live replica; a replica whose link is down is one
    NoSlave,
    /// Home replicas that are masters, also without slots; needs redis.properties or a home map
    Failovered,
    /// Home masters that are replicas; needs redis.properties or a home map
    Failbacked,
    /// The captured lines of ids that have no address
    Noaddr,
    /// Ports of the nodes on one disk (--host, --dir), dead or alive
    WithDir,
    /// Live masters with slots, and replicas, of each host
    Distribution,
    /// FEDB: `table pid endpoint` of partitions without a leader that is alive
    NoLeader,
    /// FEDB: `table pid endpoint` of copies that are not in use
    NotAlive,
    /// FEDB: `table pid id type status` of operations that failed or were canceled
    FailedOps,
}

pub(super) fn run(args: &ListArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let of_tablets = args.kind.of_tablets();
    let list = args.list()?;
    let inventory = args.capture.read_any(terminal)?;
    if let Some(seen) = &inventory.tablets {
        let list = of_tablets.ok_or_else(|| foreign("a Redis cluster"))?;
        return tablets::list(&inventory, seen, list, args.capture.format, terminal);
    }
    let Some(list) = list else {
        return Err(foreign("FEDB"));
    };
    let report = report::list(&inventory, &list)
        .map_err(|missing| Failure::Usage(missing.message, missing.help.to_owned()))?;
    match args.capture.format {
        Format::Json => terminal.data(&render::json::report(&report))?,
        Format::Text => {
            terminal.diagnostics(&report.diagnostics);
            for note in &report.notes {
                terminal.talk(note);
            }
            terminal.data(&render::list(&report, args.column()))?;
        }
    }
    Ok(Exit::Clean)
}

impl Kind {
    fn of_tablets(self) -> Option<TabletList> {
        match self {
            Self::NoLeader => Some(TabletList::NoLeader),
            Self::NotAlive => Some(TabletList::NotAlive),
            Self::FailedOps => Some(TabletList::FailedOps),
            Self::Distribution => Some(TabletList::Distribution),
            Self::NoSlot
            | Self::NoSlave
            | Self::Failovered
            | Self::Failbacked
            | Self::Noaddr
            | Self::WithDir => None,
        }
    }
}

fn foreign(of: &str) -> Failure {
    let help = "`topoplan list --help` says which list is of which";
    Failure::Usage(
        format!("this list is of {of}, and the capture is not"),
        help.to_owned(),
    )
}

impl ListArgs {
    /// A flag of another kind is an error: whoever gave it expects another list.
    ///
    /// `None`: the list is of the other family.
    fn list(&self) -> Result<Option<List>, Failure> {
        let of_with_dir = [
            ("--host", self.host.is_some()),
            ("--dir", self.dir.is_some()),
            ("--masters", self.masters),
            ("--address", self.address),
        ];
        let given = of_with_dir.iter().find(|(_, given)| *given);
        match (self.kind, given) {
            (Kind::WithDir, _) => {}
            (_, Some((flag, _))) => return Err(stray(flag, "it belongs to `list with-dir`")),
            (Kind::Distribution, None) if self.ids => {
                return Err(stray("--ids", "`list distribution` names no nodes"));
            }
            (_, None) => {}
        }
        Ok(Some(match self.kind {
            Kind::NoSlot => List::NoSlot,
            Kind::NoSlave => List::NoSlave,
            Kind::Failovered => List::Failovered,
            Kind::Failbacked => List::Failbacked,
            Kind::Noaddr => List::Noaddr,
            Kind::WithDir => List::WithDir {
                host: self.host.clone().unwrap_or_default(),
                dir: self.dir.clone().unwrap_or_default(),
                masters_only: self.masters,
            },
            Kind::Distribution => List::Distribution,
            Kind::NoLeader | Kind::NotAlive | Kind::FailedOps => return Ok(None),
        }))
    }

    fn column(&self) -> Column {
        match self.kind {
            _ if self.ids => Column::Id,
            Kind::Noaddr | Kind::NoLeader | Kind::NotAlive | Kind::FailedOps => Column::Line,
            Kind::WithDir if !self.address => Column::Port,
            Kind::WithDir
            | Kind::NoSlot
            | Kind::NoSlave
            | Kind::Failovered
            | Kind::Failbacked
            | Kind::Distribution => Column::Address,
        }
    }
}

fn stray(flag: &str, why: &str) -> Failure {
    Failure::Usage(format!("`{flag}` makes no sense here"), why.to_owned())
}
