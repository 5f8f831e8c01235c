//! `impact`: what would break if something went away.

use std::collections::BTreeSet;

use clap::ArgGroup;
use clap::ValueEnum;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::capture::CaptureArgs;
use crate::cli::form;
use crate::cli::form::AnyFormat;
use crate::cli::output::Terminal;
use crate::cli::tablets;
use crate::cli::tablets::Losses;
use crate::model::Domain;
use crate::model::DomainKind;
use crate::model::Domains;
use crate::model::NoSuchDomain;
use crate::model::NodeId;
use crate::render;
use crate::report;
use crate::report::Case;

#[derive(clap::Args, Debug)]
#[command(group(ArgGroup::new("what").required(true).args(["lose", "each"])))]
pub(super) struct ImpactArgs {
    #[command(flatten)]
    capture: CaptureArgs<AnyFormat>,
    /// host:H, disk:H:/dir, zone:Z or node:ADDR; given more than once, all are lost together
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    lose: Vec<Domain>,
    /// One case for each of them
    #[arg(long, value_enum, value_name = "KIND", conflicts_with = "lose")]
    each: Option<Kind>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Kind {
    Host,
    Disk,
    Zone,
    Node,
}

pub(super) fn run(args: &ImpactArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let inventory = args.capture.read_any(terminal)?;
    if let Some(seen) = &inventory.tablets {
        let losses = match args.each {
            Some(kind) => Losses::Each(kind.of_domain()),
            None => Losses::Together(&args.lose),
        };
        return tablets::impact(&inventory, seen, losses, args.capture.format, terminal);
    }
    let domains = Domains::of(&inventory.cluster);
    let cases = match args.each {
        Some(kind) => kind.all(&domains)?,
        None => vec![together(&domains, &args.lose)?],
    };
    let report = report::impact(&inventory, &cases);
    match args.capture.format {
        AnyFormat::Json => terminal.data(&render::json::report(&report))?,
        AnyFormat::Of(form) => {
            let brief = render::impact_brief(&report);
            terminal.data(&form.write(&brief))?;
            return Ok(form::exit(form, &brief, Exit::Clean));
        }
        AnyFormat::Text => {
            terminal.diagnostics(&report.diagnostics);
            let look = terminal.data_look();
            terminal.data(&render::impact(&report, look))?;
        }
    }
    Ok(Exit::Clean)
}

/// Reads a DOMAIN argument.
pub(super) fn domain(text: &str) -> Result<Domain, String> {
    text.parse::<Domain>().map_err(|e| e.to_string())
}

/// All of the domains at once.
fn together(domains: &Domains, lost: &[Domain]) -> Result<Case, Failure> {
    let mut nodes = BTreeSet::new();
    for domain in lost {
        let missing = |e: NoSuchDomain| Failure::Usage(e.to_string(), String::new());
        nodes.extend(domains.nodes_in(domain).map_err(missing)?);
    }
    Ok(Case {
        domains: lost.to_vec(),
        nodes,
    })
}

impl Kind {
    /// One case for each domain of this kind, in the cluster's order.
    fn all(self, domains: &Domains) -> Result<Vec<Case>, Failure> {
        let each = domains.each(self.of_domain());
        if each.is_empty() {
            return Err(self.unknown());
        }
        let case = |(domain, nodes): (Domain, Vec<NodeId>)| Case {
            domains: vec![domain],
            nodes: nodes.into_iter().collect(),
        };
        Ok(each.into_iter().map(case).collect())
    }

    fn of_domain(self) -> DomainKind {
        match self {
            Self::Host => DomainKind::Host,
            Self::Disk => DomainKind::Disk,
            Self::Zone => DomainKind::Zone,
            Self::Node => DomainKind::Node,
        }
    }

    fn unknown(self) -> Failure {
        let (what, help) = match self {
            Self::Host => ("host", "name them with `--hosts`"),
            Self::Disk => ("disk", "name them with `--disks`"),
            Self::Zone => ("zone", "name them in the `zone` column of `--hosts`"),
            Self::Node => ("node with an address", ""),
        };
        Failure::Usage(format!("the capture shows no {what}"), help.to_owned())
    }
}
