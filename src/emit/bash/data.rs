//! The steps of a plan as bash: for each its facts, and the literal command.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;

use crate::action::Command;
use crate::action::GuardLink;
use crate::action::GuardRole;
use crate::action::Kind;
use crate::action::StepMode;
use crate::action::Word;
use crate::emit::bash::aftermath::aftermath;
use crate::emit::bash::aftermath::returns;
use crate::emit::checked::CheckedCluster;
use crate::emit::checked::CheckedParty;
use crate::emit::checked::CheckedStep;
use crate::emit::terms;
use crate::model::Address;
use crate::model::Server;
use crate::model::SlotSet;
use crate::report::PlanReport;
use crate::text::quote::in_shell_quotes;

/// The tables that tell the cluster from another, and the numbers of the steps.
pub(super) fn cluster(
    plan: &PlanReport,
    cluster: &CheckedCluster,
    steps: &[CheckedStep],
) -> String {
    let ids: Vec<String> = steps.iter().map(|s| s.id.to_string()).collect();
    let mut shards = String::new();
    for shard in &cluster.shards {
        let _ = writeln!(
            shards,
            "{} {} {} {} {}",
            shard.slots,
            shard.owner,
            or_dash(shard.address.as_ref()),
            or_dash(shard.config_epoch),
            if shard.live { "yes" } else { "no" },
        );
    }
    let mut promotions = String::new();
    for step in steps {
        if let (Some(slots), Some(id), Some(address)) =
            (step.taken_over(), &step.node, &step.address)
        {
            let _ = writeln!(promotions, "{} {slots} {id} {address}", step.id);
        }
    }
    let mut transfers = String::new();
    for step in steps {
        let Some(slots) = &step.slots else { continue };
        let (from, to) = match step.action {
            Kind::MigrateSlots => (step.node.as_ref(), step.target.as_ref()),
            Kind::AddSlots => (None, step.node.as_ref()),
            Kind::Forget => (step.target.as_ref(), None),
            Kind::Meet
            | Kind::Flush
            | Kind::Replicate
            | Kind::SetSlot
            | Kind::Failover
            | Kind::SetEpoch
            | Kind::BumpEpoch
            | Kind::Restart
            | Kind::Kill
            | Kind::Reset => continue,
        };
        let _ = writeln!(transfers, "{slots} {} {}", or_dash(from), or_dash(to));
    }
    let resets = steps.iter().filter(|s| s.action == Kind::Reset);
    let leaving: Vec<String> = resets.map(|s| text(&s.node)).collect();
    let mut members = String::new();
    for CheckedParty { id, address } in &cluster.members {
        let _ = writeln!(members, "{id} {address}");
    }
    format!(
        "\n# Facts of the captured cluster: slots, owner, its address, config epoch, lives.\n\
         shards={}\n\
         # Who is promoted by which step: step, slots, id, address.\n\
         promotions={}\n\
         # What steps take from whom, and bring to whom: slots, id, id.\n\
         transfers={}\n\
         # Members: id, address.\n\
         members={}\n\
         # Ids that steps let leave.\n\
         leaving={}\n\
         taken={}\nnode_timeout_ms={}\ngossips={}\nsteps={}\n",
        in_shell_quotes(shards.trim_end()),
        in_shell_quotes(promotions.trim_end()),
        in_shell_quotes(transfers.trim_end()),
        in_shell_quotes(members.trim_end()),
        in_shell_quotes(&leaving.join(" ")),
        in_shell_quotes(&cluster.taken.map(|t| t.to_string()).unwrap_or_default()),
        cluster.node_timeout_ms,
        in_shell_quotes(if gossips(plan) { "yes" } else { "" }),
        in_shell_quotes(&ids.join(" ")),
    )
}

/// A FORGET told to one node reaches the others.
fn gossips(plan: &PlanReport) -> bool {
    let version = plan.cluster.version.as_deref();
    let server = Server {
        name: plan.cluster.server.as_str().into(),
        version: version.and_then(|v| v.parse().ok()),
    };
    server.gossips_forget()
}

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or("-".to_owned(), |v| v.to_string())
}

/// Every step: the words for a reader, the facts, the command.
pub(super) fn steps(plan: &PlanReport, steps: &[CheckedStep], client: &str) -> String {
    let groups = Groups::of(steps);
    let mut out = groups.assignments();
    for (index, step) in steps.iter().enumerate() {
        out.push('\n');
        out.push_str(&comment(plan, step, client));
        let _ = writeln!(out, "step_{}() {{", step.id);
        let mut all = values(step);
        all.extend(relied(step));
        all.extend(aftermath(step, &steps[index + 1..]));
        all.push(("returns", returns(step, &steps[..index])));
        let exposed = plan.exposure.iter().filter(|e| e.step == step.id);
        let shards: Vec<String> = exposed
            .filter_map(|e| e.shard.parse::<SlotSet>().ok())
            .map(|slots| slots.to_string())
            .collect();
        all.push(("exposed", shards.join(" ")));
        let undo = step.undo().map(|(at, words)| format!("{at} {words}"));
        all.push(("undo", undo.unwrap_or_default()));
        for (name, value) in all {
            if !value.is_empty() {
                let _ = writeln!(out, "    {name}={}", in_shell_quotes(&value));
            }
        }
        if !step.tell.is_empty() {
            let _ = writeln!(out, "    tell={}", groups.list(&step.tell));
        }
        if !step.wait_at.is_empty() {
            let _ = writeln!(out, "    wait_at={}", groups.list(&step.wait_at));
        }
        // No slots at all is a guard, too: not the same as no guard.
        if step.guard.slots.as_ref().is_some_and(|s| s.is_empty()) {
            out.push_str("    guard_slots=''\n");
        }
        let _ = writeln!(out, "}}\nsend_{}() {{", step.id);
        for line in commands(step, client) {
            let _ = writeln!(out, "    {line}");
        }
        out.push_str("}\n");
    }
    out
}

/// What a reviewer reads: the step, what it exposes, what takes it back.
fn comment(plan: &PlanReport, step: &CheckedStep, client: &str) -> String {
    let (mode, who) = (step.told_mode().map_or("", StepMode::word), step.who());
    let words = [step.action.spec().word, mode, &who];
    let words: Vec<&str> = words.into_iter().filter(|w| !w.is_empty()).collect();
    let cures = if step.cures.is_empty() {
        String::new()
    } else {
        format!("  cures {}", step.cures)
    };
    let mut out = format!(
        "# ---- step {}  {}  {}: {}{cures}\n",
        step.id,
        step.phase,
        words.join(" "),
        step.reason,
    );
    if !step.after.is_empty() {
        let after: Vec<String> = step.after.iter().map(u32::to_string).collect();
        let _ = writeln!(out, "#      after step {}", after.join(", "));
    }
    if let Some(barrier) = step.barrier {
        let _ = writeln!(out, "#      after all steps up to {barrier}");
    }
    if let Some(loss) = step.loss() {
        let _ = writeln!(out, "#      DATA LOSS: {loss}");
    }
    for exposed in plan.exposure.iter().filter(|e| e.step == step.id) {
        let _ = writeln!(out, "#      exposure: {}", terms::exposure(exposed));
    }
    if let Some((at, words)) = step.undo() {
        let (host, port) = (at.ip(), at.port());
        let _ = writeln!(out, "#      undo: {client} -h {host} -p {port} {words}");
    }
    out
}

/// The command as somebody would type it. Of forget and set-slot it stands once, for each node and
/// each slot that still needs it.
fn commands(step: &CheckedStep, client: &str) -> Vec<String> {
    let Some(first) = step.first_command() else {
        return Vec::new();
    };
    match step.action {
        Kind::Forget => vec![format!(
            "{client} -h \"$1\" -p \"$2\" {} # $1 $2: each node of $tell that lists it",
            first.line()
        )],
        Kind::SetSlot => {
            let mut any = first.clone();
            for word in &mut any.words {
                if let Word::Value(slot) = word {
                    *slot = "\"$1\"".to_owned();
                }
            }
            let typed = typed(&any, client);
            vec![format!("{typed} # $1: each of $slots that is open")]
        }
        Kind::Restart => vec![format!("restart_process {}", first.at)],
        Kind::MigrateSlots if step.mode == Some(StepMode::Keys) => by_keys(step, client),
        Kind::AddSlots => {
            let mut any = first.clone();
            any.words.retain(|word| matches!(word, Word::Key(_)));
            let typed = typed(&any, client);
            vec![format!(
                "{typed} \"$@\" # $@: what of $slots it does not own yet"
            )]
        }
        Kind::Meet
        | Kind::Flush
        | Kind::Replicate
        | Kind::Failover
        | Kind::SetEpoch
        | Kind::MigrateSlots
        | Kind::BumpEpoch
        | Kind::Kill
        | Kind::Reset => {
            let all = step.commands();
            all.iter().map(|command| typed(command, client)).collect()
        }
    }
}

/// What is sent for each slot, in batches: the library's `send_slots` does it.
fn by_keys(step: &CheckedStep, client: &str) -> Vec<String> {
    let any = |mut command: Command| {
        if let Some(slot) = command.words.get_mut(2) {
            *slot = Word::Value("\"$1\"".to_owned());
        }
        typed(&command, client)
    };
    let mut lines: Vec<String> = step.commands().into_iter().map(any).collect();
    if let (Some(source), Some(target)) = (&step.address, &step.target_address) {
        let (host, port) = (target.ip(), target.port());
        let words = format!("MIGRATE {host} {port} \"''\" 0 20000 KEYS \"$2\"");
        let migrate = format!("{client} -h {} -p {} {words}", source.ip(), source.port());
        lines.insert(
            2,
            format!("{migrate} # $2: the keys of the slot, some at a time"),
        );
    }
    if let Some(line) = lines.first_mut() {
        line.push_str(" # $1: each of $slots that is not there yet");
    }
    lines
}

fn typed(command: &Command, client: &str) -> String {
    let (host, port) = command.at.rsplit_once(':').unwrap_or((&command.at, ""));
    format!("{client} -h {host} -p {port} {}", command.line())
}

fn text(value: &Option<impl ToString>) -> String {
    value.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn flag(set: bool) -> String {
    if set { "yes" } else { "" }.to_owned()
}

/// `id=address` of each.
fn parties(parties: &[CheckedParty]) -> String {
    let each = parties.iter().map(|p| format!("{}={}", p.id, p.address));
    each.collect::<Vec<_>>().join(" ")
}

fn values(step: &CheckedStep) -> Vec<(&'static str, String)> {
    let guard = &step.guard;
    let after: Vec<String> = step.after.iter().map(u32::to_string).collect();
    vec![
        ("phase", step.phase.to_string()),
        // Only who goes down with others asks for it.
        (
            "wave",
            text(&(step.action == Kind::Restart).then_some(step.wave)),
        ),
        ("action", step.action.to_string()),
        (
            "mode",
            step.told_mode().map_or("", StepMode::word).to_owned(),
        ),
        ("node", text(&step.node)),
        ("address", text(&step.address)),
        ("target", text(&step.target)),
        ("target_address", text(&step.target_address)),
        ("slots", text(&step.slots)),
        ("epoch", text(&step.epoch)),
        ("after", after.join(" ")),
        ("barrier", text(&step.barrier)),
        ("pause_ms", step.pause_ms.to_string()),
        ("pause_after", text(&step.pause_after)),
        ("limit_ms", step.limit_ms.to_string()),
        ("expected_ms", step.expected_ms.to_string()),
        (
            "guard_role",
            guard.role.map_or("", GuardRole::word).to_owned(),
        ),
        ("guard_master", text(&guard.master)),
        ("guard_slots", text(&guard.slots)),
        ("guard_empty", flag(guard.empty)),
        (
            "guard_link",
            guard.link.map_or("", GuardLink::word).to_owned(),
        ),
        ("loss", step.loss().unwrap_or_default()),
        ("reason", step.reason.clone()),
    ]
}

/// What it relies on at other nodes.
fn relied(step: &CheckedStep) -> Vec<(&'static str, String)> {
    let relied = &step.relied;
    // Without a word in the plan, nothing may be lost elsewhere.
    let served = (step.action == Kind::Replicate && relied.donor.is_none())
        .then(|| relied.served.clone().unwrap_or(SlotSet::full()));
    let mut all = vec![
        ("guard_keys", text(&relied.keys)),
        ("guard_owned", text(&served)),
        ("dead", parties(&relied.dead)),
        ("minority", flag(relied.minority)),
        ("guard_run", text(&relied.run)),
        ("guard_version", text(&relied.version)),
    ];
    if let Some(donor) = &relied.donor {
        all.push(("donor", donor.party.id.to_string()));
        all.push(("donor_address", donor.party.address.to_string()));
        all.push(("donor_slots", donor.slots.to_string()));
        all.push(("donor_keeps", donor.keeps.to_string()));
    }
    if let Some(receiver) = &relied.receiver {
        all.push(("target_slots", receiver.slots.to_string()));
        all.push(("target_replicas", receiver.replicas.to_string()));
    }
    if let Some(copy) = &relied.copy {
        all.push(("guard_offset", text(&copy.offset)));
        all.push(("guard_replid", text(&copy.history)));
        all.push(("rivals", parties(&copy.rivals)));
        all.push(("accept_histories", flag(copy.histories_accepted)));
    }
    all
}

/// Lists of addresses that several steps name, named once. Equal lists are one list in memory.
struct Groups(BTreeMap<*const Address, usize>, Vec<String>);

impl Groups {
    fn of(steps: &[CheckedStep]) -> Self {
        let mut times: BTreeMap<*const Address, usize> = BTreeMap::new();
        let mut groups = Self(BTreeMap::new(), Vec::new());
        for addresses in steps.iter().flat_map(|step| [&step.tell, &step.wait_at]) {
            let seen = times.entry(addresses.as_ptr()).or_default();
            *seen += 1;
            if *seen == 2 && addresses.len() > 1 {
                groups.1.push(list(addresses));
                groups.0.insert(addresses.as_ptr(), groups.1.len());
            }
        }
        groups
    }

    fn assignments(&self) -> String {
        let named = (1..).zip(&self.1);
        let line = |(n, text): (usize, &String)| format!("nodes_{n}={}\n", in_shell_quotes(text));
        named.map(line).collect()
    }

    /// The list as a value: by its name, or as it is.
    fn list(&self, addresses: &[Address]) -> String {
        match self.0.get(&addresses.as_ptr()) {
            Some(n) => format!("$nodes_{n}"),
            None => in_shell_quotes(&list(addresses)),
        }
    }
}

/// Each address once, in order.
fn list(addresses: &[Address]) -> String {
    let mut seen = BTreeSet::new();
    let once = addresses.iter().filter(|a| seen.insert(*a));
    once.map(Address::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
