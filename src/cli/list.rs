//! `list`: bare lines for pipes.

use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;
use clap::builder::PossibleValue;

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
use crate::report::ListKind;
use crate::report::TabletList;

#[derive(clap::Args, Debug)]
pub(super) struct ListArgs {
    /// Which list
    #[arg(value_enum, value_name = "KIND")]
    kind: ListKind,
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

impl ValueEnum for ListKind {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::NoSlot => {
                "Live masters without slots, also those that nobody met: who could be a replica"
            }
            Self::NoSlave => {
                "Live masters with slots and no live replica; a replica whose link is down is one"
            }
            Self::Failovered => {
                "Home replicas that are masters, also without slots; needs redis.properties or a home map"
            }
            Self::Failbacked => {
                "Home masters that are replicas; needs redis.properties or a home map"
            }
            Self::Noaddr => "The captured lines of ids that have no address",
            Self::WithDir => "Ports of the nodes on one disk (--host, --dir), dead or alive",
            Self::Distribution => "Live masters with slots, and replicas, of each host",
            Self::NoLeader => {
                "FEDB: `table pid endpoint` of partitions without a leader that is alive"
            }
            Self::NotAlive => "FEDB: `table pid endpoint` of copies that are not in use",
            Self::FailedOps => {
                "FEDB: `table pid id type status` of operations that failed or were canceled"
            }
        };
        Some(PossibleValue::new(self.word()).help(help))
    }
}

pub(super) fn run(args: &ListArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let of_tablets = of_tablets(args.kind);
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

/// The list, where tablets have it.
fn of_tablets(kind: ListKind) -> Option<TabletList> {
    match kind {
        ListKind::NoLeader => Some(TabletList::NoLeader),
        ListKind::NotAlive => Some(TabletList::NotAlive),
        ListKind::FailedOps => Some(TabletList::FailedOps),
        ListKind::Distribution => Some(TabletList::Distribution),
        ListKind::NoSlot
        | ListKind::NoSlave
        | ListKind::Failovered
        | ListKind::Failbacked
        | ListKind::Noaddr
        | ListKind::WithDir => None,
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
            (ListKind::WithDir, _) => {}
            (_, Some((flag, _))) => return Err(stray(flag, "it belongs to `list with-dir`")),
            (ListKind::Distribution, None) if self.ids => {
                return Err(stray("--ids", "`list distribution` names no nodes"));
            }
            (_, None) => {}
        }
        Ok(Some(match self.kind {
            ListKind::NoSlot => List::NoSlot,
            ListKind::NoSlave => List::NoSlave,
            ListKind::Failovered => List::Failovered,
            ListKind::Failbacked => List::Failbacked,
            ListKind::Noaddr => List::Noaddr,
            ListKind::WithDir => List::WithDir {
                host: self.host.clone().unwrap_or_default(),
                dir: self.dir.clone().unwrap_or_default(),
                masters_only: self.masters,
            },
            ListKind::Distribution => List::Distribution,
            ListKind::NoLeader | ListKind::NotAlive | ListKind::FailedOps => return Ok(None),
        }))
    }

    fn column(&self) -> Column {
        match self.kind {
            _ if self.ids => Column::Id,
            ListKind::Noaddr | ListKind::NoLeader | ListKind::NotAlive | ListKind::FailedOps => Column::Line,
            ListKind::WithDir if !self.address => Column::Port,
            ListKind::WithDir
            | ListKind::NoSlot
            | ListKind::NoSlave
            | ListKind::Failovered
            | ListKind::Failbacked
            | ListKind::Distribution => Column::Address,
        }
    }
}

fn stray(flag: &str, why: &str) -> Failure {
    Failure::Usage(format!("`{flag}` makes no sense here"), why.to_owned())
}
