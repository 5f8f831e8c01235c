//! ## What
//! A configuration file with which its server would not start: a directive that no server knows, or
//! one `cluster-config-file` for several servers.
//!
//! ## Why
//! A running server does not notice: it has read its file. After a restart it is gone ("FATAL CONFIG FILE
//! ERROR"), and where two share a `nodes.conf` the second ends at once, as the first holds its lock.
//!
//! ## Do
//! Correct the named line before anybody restarts the server.
use crate::inventory::Inventory;
use crate::inventory::StartFault;
use crate::inventory::StartProblem;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ConfRefused,
    id: "conf-refused",
    severity: Severity::Error,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("conf_refused.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    for fault in &inventory.start_faults {
        out.push(finding(inventory, fault));
    }
}

fn finding(inventory: &Inventory, fault: &StartFault) -> Finding {
    let whose = match fault.node {
        Some(id) => words::node(&inventory.cluster, id),
        None => format!("the server of `{}`", fault.path.escape_debug()),
    };
    let (message, help) = match &fault.what {
        StartProblem::Directive { is, meant } => (
            format!(
                "{whose} would not start again: no server knows the directive `{}` of its file",
                is.escape_debug()
            ),
            format!("it is spelled `{meant}`; correct the line before a restart"),
        ),
        StartProblem::SharedNodesConf { name, others } => {
            let files: Vec<String> = others
                .iter()
                .map(|path| format!("`{}`", path.escape_debug()))
                .collect();
            (
                format!(
                    "{whose} has its `cluster-config-file` ({}) together with {}: only one of them can run",
                    name.escape_debug(),
                    words::list(&files)
                ),
                "give each server a file of its own before a restart".to_owned(),
            )
        }
    };
    let subject = fault.node.map_or(Subject::Capture, Subject::Node);
    Finding::new(&RULE, subject, message)
        .help(help)
        .evidence([Fact::Read(fault.at)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::on_host;
    use crate::rules::testing::told;

    const PLAIN: &str =
        "port 7001\ncluster-enabled yes\ndir /data/1\ncluster-config-file nodes.conf\n";

    #[test]
    fn fires_on_a_slip_and_on_a_shared_file() {
        let all = |files: &[(&str, &str)]| told(&on_host(&RULE, files, &[]));
        assert!(all(&[("redis-7001.conf", PLAIN)]).is_empty());
        let slip = PLAIN.replace("cluster-enabled", "cluster-enable");
        assert_eq!(
            all(&[("redis-7001.conf", &slip)]),
            [
                "error 10.0.0.1:7001 would not start again: no server knows the directive `cluster-enable` of its file"
            ]
        );
        let other = PLAIN.replace("7001", "7002");
        let both = [
            ("redis-7001.conf", PLAIN),
            ("redis-7002.conf", other.as_str()),
        ];
        assert!(all(&both)[0].contains("only one of them can run"));
        let apart = other.replace("/data/1", "/data/2");
        assert!(all(&[both[0], ("redis-7002.conf", &apart)]).is_empty());
    }
}
