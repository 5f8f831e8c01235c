//! `collect`: prints the script that captures a cluster.

use std::ffi::OsString;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::capture;
use crate::cli::files;
use crate::cli::output::Terminal;
use crate::collect;
use crate::collect::Discovery;
use crate::model::Address;

#[derive(clap::Args, Debug)]
pub(super) struct CollectArgs {
    /// A node to ask first: it names the others. The script takes more when it runs
    #[arg(long, value_name = "HOST:PORT")]
    seed: Vec<String>,
    /// More of them: one a line, # begins a comment; or - for standard input
    #[arg(long, value_name = "FILE")]
    nodes: Option<OsString>,
    /// Ask these alone, and not whom they list: nobody else gets the password
    #[arg(long)]
    only_given: bool,
    /// Ask through `flashbase cli-all`, which knows the nodes itself
    #[arg(long, conflicts_with_all = ["seed", "nodes", "only_given"])]
    flashbase: bool,
    /// Ask the name server of FEDB (RTIDB, OpenMLDB) through `ns_client`
    #[arg(long, conflicts_with_all = ["seed", "nodes", "only_given", "flashbase"])]
    fedb: bool,
}

pub(super) fn run(args: &CollectArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let script = if args.flashbase {
        collect::flashbase()
    } else if args.fedb {
        collect::fedb()
    } else {
        let discovery = if args.only_given {
            Discovery::Nobody
        } else {
            Discovery::Listed
        };
        collect::nodes(&seeds(args, terminal)?, discovery)
    };
    terminal.data(&script)?;
    Ok(Exit::Clean)
}

fn seeds(args: &CollectArgs, terminal: &mut Terminal) -> Result<Vec<Address>, Failure> {
    let mut seeds = Vec::new();
    for text in &args.seed {
        seeds.push(seed(text).map_err(|why| {
            let message = format!("--seed `{text}`: {why}");
            Failure::Usage(message, HELP.to_owned())
        })?);
    }
    if let Some(file) = &args.nodes {
        let source = files::read_one(file, terminal.stdin())?;
        for (number, line) in (1..).zip(source.text.lines()) {
            let text = line.split('#').next().unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            seeds.push(seed(text).map_err(|why| Failure::Place {
                at: capture::at(file, (number, 1)),
                message: format!("`{text}`: {why}"),
                help: None,
            })?);
        }
    }
    Ok(seeds)
}

const HELP: &str = "name it as HOST:PORT, [V6]:PORT or V6:PORT";

/// What the script takes as an address, so that it is refused here and not on the jump host.
fn seed(text: &str) -> Result<Address, String> {
    const LONGEST: usize = 200;
    let address: Address = text.parse().map_err(|why| format!("{why}"))?;
    if address.ip().contains('%') {
        return Err("an interface of one host says nothing on another".to_owned());
    }
    if address.ip().len() > LONGEST {
        return Err("no host has such a long name".to_owned());
    }
    Ok(address)
}
