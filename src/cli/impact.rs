//! `impact`: what would break if something went away.

use std::str::FromStr;

use clap::ArgGroup;
use clap::ValueEnum;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::capture::CaptureArgs;
use crate::cli::output::Terminal;
use crate::compose;
use crate::compose::Domain;
use crate::model::Address;
use crate::model::Cluster;
use crate::render;

#[derive(clap::Args, Debug)]
#[command(group(ArgGroup::new("what").required(true).args(["lose", "each"])))]
pub(super) struct ImpactArgs {
    #[command(flatten)]
    capture: CaptureArgs,
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
    let inventory = args.capture.read(terminal)?;
    let cases = match args.each {
        Some(kind) => kind.all(&inventory.cluster)?,
        None => vec![args.lose.clone()],
    };
    let report = compose::impact(&inventory, &cases)
        .map_err(|message| Failure::Usage(message, String::new()))?;
    match args.capture.format {
        Format::Json => terminal.data(&render::json::report(&report))?,
        Format::Text => {
            terminal.diagnostics(&report.diagnostics);
            let look = terminal.data_look();
            terminal.data(&render::impact(&report, look))?;
        }
    }
    Ok(Exit::Clean)
}

/// Reads a DOMAIN argument.
fn domain(text: &str) -> Result<Domain, String> {
    let (kind, name) = text
        .split_once(':')
        .filter(|(_, name)| !name.is_empty())
        .ok_or("a domain is host:H, disk:H:/dir, zone:Z or node:ADDR")?;
    match kind {
        "host" => Ok(Domain::Host(name.to_owned())),
        "zone" => Ok(Domain::Zone(name.to_owned())),
        "node" => match Address::from_str(name) {
            Ok(address) => Ok(Domain::Node(address.to_string())),
            Err(error) => Err(format!("not an address: {error}")),
        },
        "disk" => disk(name).ok_or_else(|| "a disk is disk:H:/dir or disk:H:name".to_owned()),
        _ => Err(format!(
            "no kind of domain is called `{}`; there are host, disk, zone and node",
            kind
        )),
    }
}

/// A host may be an IPv6 address, so a path decides where it ends; else the last colon does.
fn disk(text: &str) -> Option<Domain> {
    let at = text.find(":/").or_else(|| text.rfind(':'))?;
    let (host, name) = (text.get(..at)?, text.get(at + 1..)?);
    let given = !host.is_empty() && !name.is_empty();
    given.then(|| Domain::Disk(host.to_owned(), name.to_owned()))
}

impl Kind {
    /// One case for each domain of this kind, in the cluster's order.
    fn all(self, cluster: &Cluster) -> Result<Vec<Vec<Domain>>, Failure> {
        let domains: Vec<Domain> = match self {
            Self::Host => cluster
                .hosts
                .iter()
                .map(|host| Domain::Host(host.name.to_string()))
                .collect(),
            Self::Disk => cluster
                .disks
                .iter()
                .map(|disk| {
                    let host = cluster.host(disk.host).name.to_string();
                    Domain::Disk(host, disk.name.to_string())
                })
                .collect(),
            Self::Zone => cluster
                .zones
                .iter()
                .map(|zone| Domain::Zone(zone.name.to_string()))
                .collect(),
            Self::Node => cluster
                .iter()
                .filter_map(|(_, node)| node.address.as_ref())
                .map(|address| Domain::Node(address.to_string()))
                .collect(),
        };
        if domains.is_empty() {
            return Err(self.unknown());
        }
        Ok(domains.into_iter().map(|domain| vec![domain]).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_domains() {
        let disk = |host: &str, dir: &str| Domain::Disk(host.to_owned(), dir.to_owned());
        assert_eq!(domain("host:h1"), Ok(Domain::Host("h1".to_owned())));
        assert_eq!(domain("zone:a:b"), Ok(Domain::Zone("a:b".to_owned())));
        assert_eq!(
            domain("node:10.0.0.1:7000"),
            Ok(Domain::Node("10.0.0.1:7000".to_owned()))
        );
        assert_eq!(domain("disk:h1:/data/1"), Ok(disk("h1", "/data/1")));
        assert_eq!(domain("disk:fd01::1:/data"), Ok(disk("fd01::1", "/data")));
        assert_eq!(domain("disk:h1:nvme0"), Ok(disk("h1", "nvme0")));
    }

    #[test]
    fn refuses_what_is_no_domain() {
        for bad in [
            "", "host", "host:", "rack:1", "node:h", "disk:h1", "disk::/d", "disk:h:",
        ] {
            assert!(domain(bad).is_err(), "{bad}");
        }
    }
}
