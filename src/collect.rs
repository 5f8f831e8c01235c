//! A read-only POSIX shell script that saves everything of a cluster that is worth having.
//!
//! It is printed, copied to a host that reaches the servers, and run there; what it saves is a
//! capture. The script is the files of `collect/` as they stand, behind a head with its version
//! and seeds. All its questions to servers go through one function that lists them.

use std::collections::BTreeSet;

use crate::model::Address;

const COMMON: &str = include_str!("collect/common.sh");
const NODES: &str = include_str!("collect/nodes.sh");
const FLASHBASE: &str = include_str!("collect/flashbase.sh");
const FEDB: &str = include_str!("collect/fedb.sh");

/// Who is asked besides the nodes that are given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Discovery {
    /// Whom the nodes list.
    Listed,
    Nobody,
}

/// The script that asks every node through `redis-cli` or `valkey-cli`. The seeds are asked
/// first, once each and in this order; more may be given when it runs.
pub fn nodes(seeds: &[Address], discovery: Discovery) -> String {
    let mut known = BTreeSet::new();
    let words = seeds.iter().map(Address::to_string);
    let words: Vec<String> = words.filter(|word| known.insert(word.clone())).collect();
    let head = head("every node of a Redis or Valkey cluster");
    let head = format!(
        "{head}# The password in REDISCLI_AUTH, if any, is sent to every address that is given, and\n\
         # to every address that a node lists: run it only where all of them may know it, or with\n\
         # --only-given. It is read by the client and stands on no command line and in no file.\n"
    );
    let given_only = match discovery {
        Discovery::Listed => "",
        Discovery::Nobody => "yes",
    };
    // An address has no character that means anything within quotes.
    format!(
        "{head}{}baked='{}' given_only='{given_only}'\n{COMMON}{NODES}",
        version(),
        words.join(" ")
    )
}

/// The script that asks every node through `flashbase cli-all`.
pub fn flashbase() -> String {
    let head = head("a cluster through flashbase");
    format!("{head}{}{COMMON}{FLASHBASE}", version())
}

/// The script that asks the name server of FEDB through `ns_client`.
pub fn fedb() -> String {
    let head = head("a cluster of FEDB through ns_client");
    format!("{head}{}{COMMON}{FEDB}", version())
}

fn head(what: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "#!/bin/sh\n\
         # Captures {what} for topoplan. Printed by topoplan {version}.\n\
         # Read-only: it sends no command that changes anything, on any server. It writes one new\n\
         # directory and one archive, where it is run. Run it with -h for its options.\n"
    )
}

fn version() -> String {
    format!("version='{}'\n", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_baked_in_once_each_and_in_order() {
        let seeds = ["10.0.0.2:7000", "[fd00::1]:7001", "10.0.0.2:7000"];
        let seeds = seeds.map(|s| s.parse().unwrap());
        let script = nodes(&seeds, Discovery::Listed);
        assert!(script.contains("\nbaked='10.0.0.2:7000 fd00::1:7001' given_only=''\n"));
        assert!(nodes(&seeds, Discovery::Nobody).contains(" given_only='yes'\n"));
    }

    #[test]
    fn nothing_runs_before_all_of_it_has_arrived() {
        for script in [nodes(&[], Discovery::Listed), flashbase(), fedb()] {
            assert!(script.ends_with("\nmain \"$@\"\n"));
            assert_eq!(script.matches("main \"$@\"").count(), 1);
        }
    }
}
