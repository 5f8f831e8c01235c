//! `impact`: what would break if something went away.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::ArgGroup;
use clap::ValueEnum;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::capture::CaptureArgs;
use crate::cli::form;
use crate::cli::form::AnyFormat;
use crate::cli::output::Terminal;
use crate::cli::plan_file;
use crate::cli::tablets;
use crate::cli::tablets::Losses;
use crate::impact::Demand;
use crate::impact::NoDemand;
use crate::inventory::Inventory;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::DomainKind;
use crate::model::Domains;
use crate::model::NoSuchDomain;
use crate::model::NodeId;
use crate::render;
use crate::render::Look;
use crate::report;
use crate::report::ImpactReport;
use crate::report::Case;
use crate::report::Loss;

#[derive(clap::Args, Debug)]
#[command(group(ArgGroup::new("what").required(true).multiple(true).args(["lose", "each", "pairs", "grow"])))]
pub(super) struct ImpactArgs {
    #[command(flatten)]
    capture: CaptureArgs<AnyFormat>,
    /// host:H, disk:H:/dir, zone:Z, rack:Z/R or node:ADDR; given more than once, all are lost together
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    lose: Vec<Domain>,
    /// One case for each of them
    #[arg(long, value_enum, value_name = "KIND", conflicts_with = "lose")]
    each: Option<Kind>,
    /// One case for every two of them
    #[arg(long, value_enum, value_name = "KIND", conflicts_with_all = ["lose", "each"])]
    pairs: Option<Kind>,
    /// As many of them as may go together, beside what --lose names, with every demand met
    #[arg(long, value_enum, value_name = "KIND", conflicts_with_all = ["each", "pairs"])]
    grow: Option<Kind>,
    /// Exit with 1 unless this is so after every loss: serve, majority, memory, copies=N
    #[arg(long, value_name = "DEMANDS", value_delimiter = ',', value_parser = demand)]
    require: Vec<Demand>,
    /// Suppose that the steps of this plan have run
    #[arg(long, value_name = "plan.json")]
    after: Option<OsString>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Kind {
    Host,
    Disk,
    Zone,
    Rack,
    Node,
}

pub(super) fn run(args: &ImpactArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut inventory = args.capture.read_any(terminal)?;
    if let Some(seen) = &inventory.tablets {
        let losses = args.of_tablets();
        let report = tablets::impact(&inventory, seen, &losses, terminal)?;
        let answer = (&report, ended(report.ok));
        return print(args.capture.format, answer, render::impact_tablets, terminal);
    }
    let after_plan = match &args.after {
        Some(file) => Some(suppose(file, &mut inventory, terminal)?),
        None => None,
    };
    let loss = args.loss(&inventory.cluster, after_plan)?;
    let report = report::impact(&inventory, &loss);
    let answer = (&report, ended(report.ok));
    print(args.capture.format, answer, render::impact, terminal)
}

/// Writes the answer, of whatever family it is.
fn print(
    format: AnyFormat,
    (report, exit): (&ImpactReport, Exit),
    text: impl FnOnce(&ImpactReport, Look) -> String,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let text = |terminal: &mut Terminal| {
        terminal.diagnostics(&report.diagnostics);
        let look = terminal.data_look();
        terminal.data(&text(report, look))
    };
    let json = || render::json::report(report);
    let brief = || render::impact_brief(report);
    form::answer(format, exit, terminal, json, brief, text)
}

/// By whether the demands are met, if there are any.
fn ended(ok: Option<bool>) -> Exit {
    match ok {
        Some(false) => Exit::Found,
        Some(true) | None => Exit::Clean,
    }
}

/// Lets the plan run on the captured cluster; its id.
fn suppose(
    file: &OsString,
    inventory: &mut Inventory,
    terminal: &mut Terminal,
) -> Result<String, Failure> {
    let plan = plan_file::read(file, terminal)?.plan;
    plan_file::must_be_real(&plan)?;
    inventory.cluster = report::suppose(&inventory.cluster, &plan).map_err(|why| {
        let help = "name the capture that the plan was made of";
        Failure::Usage(format!("`--after`: {why}"), help.to_owned())
    })?;
    Ok(plan.plan_id)
}

fn demand(text: &str) -> Result<Demand, NoDemand> {
    text.parse()
}

impl ImpactArgs {
    /// What is asked of tablets.
    fn of_tablets(&self) -> Losses<'_> {
        Losses {
            lose: &self.lose,
            each: self.each.map(Kind::of_domain),
            pairs: self.pairs.map(Kind::of_domain),
            grow: self.grow.map(Kind::of_domain),
            demands: &self.require,
            after: self.after.as_deref(),
        }
    }

    fn loss(&self, cluster: &Cluster, after_plan: Option<String>) -> Result<Loss, Failure> {
        let domains = Domains::of(cluster);
        let cases = match (self.each, self.pairs) {
            (Some(kind), _) => kind.all(&domains)?,
            (None, Some(kind)) => kind.pairs(&domains)?,
            // A set is grown from nothing.
            (None, None) if self.lose.is_empty() => Vec::new(),
            (None, None) => vec![together(&domains, &self.lose)?],
        };
        let grow = match self.grow {
            Some(kind) => {
                let lost = cases.iter().flat_map(|case| case.nodes.iter().copied());
                Some((lost.collect(), kind.each(&domains)?))
            }
            None => None,
        };
        let demands = match self.grow {
            Some(_) if self.require.is_empty() => vec![Demand::Serve, Demand::Majority],
            Some(_) | None => self.require.clone(),
        };
        Ok(Loss {
            cases,
            demands,
            grow,
            after_plan,
        })
    }
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
        let case = |(domain, nodes): (Domain, Vec<NodeId>)| Case {
            domains: vec![domain],
            nodes: nodes.into_iter().collect(),
        };
        Ok(self.each(domains)?.into_iter().map(case).collect())
    }

    /// One case for every two domains of this kind.
    fn pairs(self, domains: &Domains) -> Result<Vec<Case>, Failure> {
        let each = self.each(domains)?;
        if let [(only, _)] = &each[..] {
            let help = "`--lose` looks at one alone";
            return Err(Failure::Usage(
                format!("the capture shows no pair: there is {only} alone"),
                help.to_owned(),
            ));
        }
        let mut cases = Vec::with_capacity(each.len() * (each.len() - 1) / 2);
        for (at, (first, ones)) in each.iter().enumerate() {
            for (second, others) in &each[at + 1..] {
                cases.push(Case {
                    domains: vec![first.clone(), second.clone()],
                    nodes: ones.iter().chain(others).copied().collect(),
                });
            }
        }
        Ok(cases)
    }

    /// Every domain of this kind with its nodes, in the cluster's order.
    fn each(self, domains: &Domains) -> Result<Vec<(Domain, Vec<NodeId>)>, Failure> {
        let each = domains.each(self.of_domain());
        if each.is_empty() {
            return Err(self.unknown());
        }
        Ok(each)
    }

    fn of_domain(self) -> DomainKind {
        match self {
            Self::Host => DomainKind::Host,
            Self::Disk => DomainKind::Disk,
            Self::Zone => DomainKind::Zone,
            Self::Rack => DomainKind::Rack,
            Self::Node => DomainKind::Node,
        }
    }

    fn unknown(self) -> Failure {
        let (what, help) = match self {
            Self::Host => ("host", "name them with `--hosts`"),
            Self::Disk => ("disk", "name them with `--disks`"),
            Self::Zone => ("zone", "name them in the `zone` column of `--hosts`"),
            Self::Rack => ("rack", "name them in the `rack` column of `--hosts`"),
            Self::Node => ("node with an address", ""),
        };
        Failure::Usage(format!("the capture shows no {what}"), help.to_owned())
    }
}
