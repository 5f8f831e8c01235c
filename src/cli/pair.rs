//! `pair`: replicas for masters, of two lists that somebody made.

use std::ffi::OsString;

use clap::ValueEnum;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::capture::CaptureArgs;
use crate::cli::files;
use crate::cli::output::Terminal;
use crate::inventory::Inventory;
use crate::model::Address;
use crate::pair::Place;
use crate::parse;
use crate::parse::Facts;
use crate::render;
use crate::report;
use crate::report::ListedNode;
use crate::report::PairProblem;
use crate::report::PairTool;
use crate::report::Places;
use crate::text::quote::quote;

#[derive(clap::Args, Debug)]
pub(super) struct PairArgs {
    /// Nodes without slots, one HOST:PORT a line, as `list no-slot` or `find-noslot` print them
    #[arg(long, value_name = "FILE")]
    replicas: OsString,
    /// Masters without a replica, as `list no-slave` or `find-noslave` print them
    #[arg(long, value_name = "FILE")]
    masters: OsString,
    /// A capture to look up roles, hosts, disks and zones in
    #[arg(value_name = "CAPTURE")]
    capture: Vec<OsString>,
    /// Host map: CSV with host, ip or address, and optionally zone, rack
    #[arg(long, value_name = "FILE")]
    hosts: Option<OsString>,
    /// Disk map: CSV with host or ip, port, dir, and optionally disk
    #[arg(long, value_name = "FILE")]
    disks: Option<OsString>,
    /// Whose commands; redis-cli names masters by their ids, and needs a CAPTURE
    #[arg(long, value_enum, default_value = "flashbase", value_name = "TOOL")]
    tool: Tool,
    /// Pair on one host, too, where there is no other choice
    #[arg(long)]
    force: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Tool {
    Flashbase,
    RedisCli,
}

pub(super) fn run(args: &PairArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if args.tool == Tool::RedisCli && args.capture.is_empty() {
        return Err(Failure::Usage(
            "`--tool redis-cli` names masters by their ids, and no capture tells them".to_owned(),
            "name a capture behind the options".to_owned(),
        ));
    }
    let mut problems = Vec::new();
    let replicas = listed(&args.replicas, &mut problems, terminal)?;
    let masters = listed(&args.masters, &mut problems, terminal)?;
    let inventory = args.inventory(terminal)?;
    let places = match inventory {
        Some(_) => Places::new(),
        None => args.places(&replicas, &masters, terminal)?,
    };
    let tool = match args.tool {
        Tool::Flashbase => PairTool::Flashbase,
        Tool::RedisCli => PairTool::RedisCli,
    };
    let report = report::pair(
        &replicas,
        &masters,
        problems,
        inventory.as_ref(),
        &places,
        tool,
    );
    if report.swapped {
        return Err(Failure::Usage(
            "the lists stand the wrong way round: every node of `--replicas` owns slots, and every \
             node of `--masters` holds none"
                .to_owned(),
            "swap the two files".to_owned(),
        ));
    }
    for problem in &report.problems {
        let rest = if problem.left_out { "; left out" } else { "" };
        let PairProblem {
            path,
            line,
            message,
            ..
        } = problem;
        terminal.talk(&format!("{path}:{line}: {message}{rest}"));
    }
    let blocked = report.sharing_host > 0 && !args.force;
    match args.format {
        Format::Json => terminal.data(&render::json::report(&report))?,
        Format::Text if blocked => {
            for pair in report.pairs.iter().filter(|p| !p.shares.is_empty()) {
                terminal.talk(&format!(
                    "{} and {} share the {}",
                    pair.replica,
                    pair.master,
                    pair.shares.join(" and ")
                ));
            }
            terminal.talk(&format!(
                "no choice of pairs keeps every replica off its master's host: at least {} share one; \
                 one more host, or --force",
                report.sharing_host
            ));
        }
        Format::Text => terminal.data(&render::pair(&report))?,
    }
    Ok(if blocked {
        Exit::Blocked
    } else if report.problems.iter().any(|p| p.left_out) {
        Exit::Found
    } else {
        Exit::Clean
    })
}

/// The addresses of a list, one a line; a line that is none is a problem.
fn listed(
    file: &OsString,
    problems: &mut Vec<PairProblem>,
    terminal: &mut Terminal,
) -> Result<Vec<ListedNode>, Failure> {
    let source = files::read_one(file, terminal.stdin())?;
    let path = file.to_string_lossy().into_owned();
    let mut nodes = Vec::new();
    for (line, text) in (1..).zip(source.text.lines()) {
        let text = text.split('#').next().unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        match text.parse::<Address>() {
            Ok(address) => nodes.push(ListedNode {
                address,
                path: path.clone(),
                line,
            }),
            Err(why) => problems.push(PairProblem {
                path: path.clone(),
                line,
                message: format!("{} is no address: {why}", quote(text)),
                left_out: true,
            }),
        }
    }
    Ok(nodes)
}

impl PairArgs {
    fn inventory(&self, terminal: &mut Terminal) -> Result<Option<Inventory>, Failure> {
        if self.capture.is_empty() {
            return Ok(None);
        }
        let args: CaptureArgs = CaptureArgs::of(&self.capture, None);
        let args = args.with_maps(self.hosts.as_ref(), self.disks.as_ref());
        Ok(Some(args.read(terminal)?))
    }

    /// By the maps alone.
    fn places(
        &self,
        replicas: &[ListedNode],
        masters: &[ListedNode],
        terminal: &mut Terminal,
    ) -> Result<Places, Failure> {
        let all = || replicas.iter().chain(masters).map(|node| &node.address);
        let mut places: Places = all()
            .map(|address| {
                let host = address.ip().to_owned();
                (
                    address.clone(),
                    Place {
                        host,
                        ..Place::default()
                    },
                )
            })
            .collect();
        if let Some(file) = &self.hosts {
            let source = files::read_one(file, terminal.stdin())?;
            for section in parse::host_map(&source).sections {
                let Facts::HostMap(rows) = section.facts else {
                    continue;
                };
                for row in rows {
                    let of_row = |address: &Address| {
                        address.ip() == row.ip && row.port.is_none_or(|p| p == address.port())
                    };
                    for (_, place) in places.iter_mut().filter(|(address, _)| of_row(address)) {
                        place.host.clone_from(&row.host);
                        place.zone = row.zone.clone().or_else(|| row.rack.clone());
                    }
                }
            }
        }
        if let Some(file) = &self.disks {
            let source = files::read_one(file, terminal.stdin())?;
            for section in parse::disk_map(&source).sections {
                let Facts::DiskMap(rows) = section.facts else {
                    continue;
                };
                for row in rows {
                    let disk = row.disk.or(row.dir);
                    for (address, place) in &mut places {
                        let here = row.ip.as_deref() == Some(address.ip())
                            || row.host.as_deref() == Some(place.host.as_str());
                        if here && row.port == address.port() {
                            place.disk.clone_from(&disk);
                        }
                    }
                }
            }
        }
        Ok(places)
    }
}
