//! The guarded bash program around `ns_client`.
//!
//! The client exits with 0 whatever the name server says, and everything is asynchronous, so the
//! program reads texts, waits for operations with new ids, and believes `showtable` alone. The library
//! is the same for every plan and lies in `library.sh`.

use std::collections::BTreeSet;
use std::fmt::Write;

use sha2::Digest;
use sha2::Sha256;

use crate::emit::Edits;
use crate::emit::EmitError;
use crate::emit::text::one_line;
use crate::report::TabletPlan;
use crate::report::TabletStep;
use crate::tablets::Word;
use crate::text::quote::in_shell_quotes;
use crate::text::words::count;

const LIBRARY: &str = concat!(include_str!("../guarded/lock.sh"), include_str!("library.sh"));

/// Longest wait, as for the other family.
const LONGEST_MS: u64 = 31 * 24 * 3_600_000;

/// Whether a script may hold every value of the plan.
pub fn scriptable_tablets(plan: &TabletPlan) -> Result<(), EmitError> {
    databases(plan)?;
    plan.steps.iter().try_for_each(check)
}

/// The whole script.
pub fn tablets(plan: &TabletPlan, edits: Edits) -> Result<String, EmitError> {
    scriptable_tablets(plan)?;
    let mut out = format!(
        "#!/usr/bin/env bash\n\
         # Plan {}\n\
         # for {}, {}; {}. Written by topoplan {}.\n\
         #\n\
         #   bash THIS-FILE            shows what it would do, changes nothing\n\
         #   bash THIS-FILE --apply    runs it, asks before each step; what is already so is skipped\n\
         #   bash THIS-FILE --help     the rest\n\
         #\n\
         # Every step looks first whether it is done and whether what it relies on still holds, and\n\
         # stops if not. auto_failover is turned on again, however it ends, if this turned it off.\n\
         # Needs bash, coreutils, grep and ns_client (or what $FEDB_CLI names, with its options).\n\n\
         # shellcheck disable=SC2034,SC2317\n\
         [ -n \"${{BASH_VERSION-}}\" ] || {{ echo 'run it with bash' >&2; exit 2; }}\n\
         ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 402)) ||\n    \
             {{ echo 'needs bash 4.2 or later' >&2; exit 2; }}\n\
         set -u -f\n\
         export LC_ALL=C TZ=UTC0\n\n\
         plan_id={}\nstep_count={}\n",
        one_line(&plan.plan_id),
        one_line(&plan.cluster.server),
        count(plan.cluster.members.len(), "tablet"),
        count(plan.steps.len(), "step"),
        env!("CARGO_PKG_VERSION"),
        in_shell_quotes(&one_line(&plan.plan_id)),
        plan.steps.len(),
    );
    let _ = write!(
        out,
        "databases=({})\ndeclare -A role alive offset health op_status\nrows=()\n\nterms() {{\n    :\n",
        databases(plan)?
    );
    for line in terms(plan, edits) {
        let _ = writeln!(
            out,
            "    say {}",
            in_shell_quotes(&format!("  {}", one_line(&line)))
        );
    }
    out.push_str("}\n");
    for step in &plan.steps {
        data(step, &mut out);
    }
    let hash = Sha256::digest(LIBRARY.as_bytes());
    let hash: String = hash.iter().map(|b| format!("{b:02x}")).collect();
    let _ = write!(
        out,
        "\n# ==== From here on: the library of topoplan {}, the same in every script of that version.\n\
         # SHA-256 of all that follows this line: {hash}\n{LIBRARY}",
        env!("CARGO_PKG_VERSION"),
    );
    Ok(out)
}

/// What whoever runs it accepts.
fn terms(plan: &TabletPlan, edits: Edits) -> Vec<String> {
    let mut terms = Vec::new();
    if edits == Edits::Accepted {
        terms.push("EDITED: nobody proved or simulated what this plan says now".to_owned());
    }
    let exposed = plan.exposure.iter().map(|e| {
        format!(
            "exposure: step {}: {} has {}",
            e.step,
            e.shard,
            count(e.copies as usize, "copy")
        )
    });
    terms.extend(exposed);
    terms.extend(
        plan.assumptions
            .iter()
            .map(|text| format!("assumed: {text}")),
    );
    terms.extend(plan.options.iter().map(|text| format!("asked for: {text}")));
    terms
}

fn data(step: &TabletStep, out: &mut String) {
    let n = step.id;
    let text = |value: Option<&str>| in_shell_quotes(value.unwrap_or(""));
    let switch = |value: Option<bool>| value.map_or("", |v| if v { "true" } else { "false" });
    let guard = &step.guard;
    let name_server =
        step.action == Word::Restart && guard.healthy.is_empty() && guard.offline.is_empty();
    let fields = [
        ("action", in_shell_quotes(step.action.name())),
        ("command", text(step.spelled().as_deref())),
        ("address", text(step.address.as_deref())),
        ("other", text(step.target_address.as_deref())),
        ("database", text(step.database.as_deref())),
        ("table", text(qualified(step).as_deref())),
        ("pid", text(step.pid.map(|pid| pid.to_string()).as_deref())),
        ("value", in_shell_quotes(switch(step.value))),
        (
            "name_server",
            in_shell_quotes(if name_server { "yes" } else { "" }),
        ),
        ("limit", step.wait.limit_ms.div_ceil(1000).to_string()),
        ("left_rows", step.wait.rows.to_string()),
        ("left_leaders", step.wait.leaderless.to_string()),
        ("wants_switch", in_shell_quotes(switch(guard.auto_failover))),
        ("wants_healthy", in_shell_quotes(&guard.healthy.join(" "))),
        ("wants_offline", in_shell_quotes(&guard.offline.join(" "))),
        ("wants_leader", text(guard.leader.as_deref())),
        (
            "risk",
            in_shell_quotes(&one_line(step.risk.as_deref().unwrap_or(""))),
        ),
        ("reason", in_shell_quotes(&one_line(&step.reason))),
    ];
    let _ = writeln!(out);
    for (name, value) in fields {
        let _ = writeln!(out, "{name}[{n}]={value}");
    }
}

/// A plan file may have been edited by anybody: every value is what it must be, or named.
fn check(step: &TabletStep) -> Result<(), EmitError> {
    let wrong = |field: &str, value: &str, problem: &'static str| EmitError::Field {
        step: step.id,
        field: field.to_owned(),
        value: one_line(value),
        problem,
    };
    let guard = &step.guard;
    let endpoints = [&step.address, &step.target_address, &guard.leader]
        .into_iter()
        .flatten();
    let all = endpoints
        .chain(&guard.healthy)
        .chain(&guard.offline)
        .chain(&step.wait.at);
    for endpoint in all {
        if !is_endpoint(endpoint) {
            return Err(wrong("address", endpoint, "not an endpoint"));
        }
    }
    if let Some(table) = step.table.as_ref().filter(|table| !is_table(table)) {
        return Err(wrong(
            "table",
            table,
            "not a name of letters, digits and `_`",
        ));
    }
    if let Some(database) = step.database.as_ref().filter(|name| !is_table(name)) {
        return Err(wrong(
            "database",
            database,
            "not a name of letters, digits and `_`",
        ));
    }
    let spelled = step.spelled();
    if spelled != step.command {
        let command = step.command.as_deref().unwrap_or("null");
        return Err(wrong(
            "command",
            command,
            "not what its other fields come to",
        ));
    }
    let by_hand = step.action.command().is_none();
    if spelled.is_none() && !(by_hand && step.address.is_some()) {
        return Err(wrong("address", "null", "missing for what the step does"));
    }
    if step.wait.limit_ms > LONGEST_MS {
        return Err(wrong(
            "wait.limit_ms",
            &step.wait.limit_ms.to_string(),
            "longer than a month",
        ));
    }
    Ok(())
}

/// The table as the script tells it from those of other databases.
fn qualified(step: &TabletStep) -> Option<String> {
    let table = step.table.as_ref()?;
    Some(match &step.database {
        Some(database) => format!("{database}.{table}"),
        None => table.clone(),
    })
}

/// Every database that is asked for its tables; an empty name: without one, as the client is called.
fn databases(plan: &TabletPlan) -> Result<String, EmitError> {
    let partitions = plan.cluster.partitions.iter();
    let named: BTreeSet<&str> = partitions
        .map(|p| p.database.as_deref().unwrap_or(""))
        .collect();
    let mut words = Vec::new();
    for name in named {
        if !name.is_empty() && !is_table(name) {
            return Err(EmitError::Field {
                step: 0,
                field: "database".to_owned(),
                value: one_line(name),
                problem: "not a name of letters, digits and `_`",
            });
        }
        words.push(in_shell_quotes(name));
    }
    if words.is_empty() {
        words.push(in_shell_quotes(""));
    }
    Ok(words.join(" "))
}

fn is_table(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    !name.is_empty() && name.len() <= 256 && !name.starts_with('-') && name.bytes().all(legal)
}

fn is_endpoint(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b".:_-[]".contains(&b);
    !name.is_empty() && name.len() <= 256 && !name.starts_with('-') && name.bytes().all(legal)
}
