//! The runbook's own commands, one a line; reasons and waits are comments.
//!
//! `do-replicate` takes the replica first and meets by itself. `forget-noaddr` tells every node
//! to forget every id without an address at once, so it stands only for a plan that forgets
//! exactly these.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::action::Command;
use crate::action::Kind;
use crate::action::Word;
use crate::diagnostic::Severity;
use crate::emit::Edits;
use crate::emit::EmitError;
use crate::emit::Emitter;
use crate::emit::checked;
use crate::emit::checked::CheckedStep;
use crate::emit::terms;
use crate::emit::text::one_line;
use crate::model::SlotSet;
use crate::report::PlanReport;
use crate::rules::Code;
use crate::text::words::count;

pub(super) static EMITTER: Emitter = Emitter {
    name: "flashbase",
    emit,
};

/// Nothing below waits for anything: whoever runs the list as a script, or sources it, gets no
/// further than this line.
const NO_SCRIPT: &str = "echo 'This is a list, not a script: run its commands by hand, one at a \
    time, each after what the comment above it says and before what it waits for.' >&2; \
    return 2 2>/dev/null || exit 2";

fn emit(plan: &PlanReport, edits: Edits) -> Result<String, EmitError> {
    let steps = checked::steps(plan)?;
    let mut out = format!(
        "{NO_SCRIPT}\n# Plan {}\n# {} of flashbase commands. One at a time: look at what each comment \
         waits for before the next.\n",
        one_line(&plan.plan_id),
        count(steps.len(), "step"),
    );
    if let Some(why) = &plan.refused {
        let _ = writeln!(out, "# No plan was made: {}", one_line(why));
    }
    for line in terms::terms(plan, edits, &checked::cluster(plan)?, &steps) {
        let _ = writeln!(out, "#   {line}");
    }
    let last_forget = forgets_all_noaddr(plan, &steps);
    for (index, step) in steps.iter().enumerate() {
        let _ = write!(
            out,
            "\n# step {}, {}, {}: {}",
            step.id, step.phase, step.action, step.reason
        );
        if !step.cures.is_empty() {
            let _ = write!(out, " (cures {})", step.cures);
        }
        out.push('\n');
        if let Some(text) = step.loss() {
            let _ = writeln!(out, "# DATA LOSS: {text}");
        }
        if let (true, Some(last)) = (step.pause_ms > 0, step.pause_after) {
            let _ = writeln!(
                out,
                "# not before {} after step {last}",
                seconds(step.pause_ms)
            );
        }
        for line in conditions(step) {
            let _ = writeln!(out, "# only while {line}");
        }
        for line in commands(step, &steps[index + 1..], last_forget) {
            out.push_str(&line);
            out.push('\n');
        }
        // A wait for what no line above has begun would be for ever.
        if !is_met_later(step, &steps[index + 1..]) {
            let _ = writeln!(out, "# wait: {}", wait(step));
        }
    }
    Ok(out)
}

fn commands(step: &CheckedStep, later: &[CheckedStep], last_forget: Option<u32>) -> Vec<String> {
    if let (true, Some(met)) = (is_met_later(step, later), &step.target_address) {
        return vec![format!("# {met} is met by its do-replicate below")];
    }
    match step.action {
        Kind::Replicate => {
            let (replica, master) = (step.who(), step.target_address.as_ref());
            let master = master.map(ToString::to_string).unwrap_or_default();
            vec![format!("flashbase do-replicate {replica} {master}")]
        }
        Kind::Forget => match last_forget {
            Some(last) if last == step.id => vec!["flashbase forget-noaddr".to_owned()],
            Some(last) => vec![format!("# forgotten by forget-noaddr in step {last}")],
            None => step.commands().iter().map(cli).collect(),
        },
        Kind::SetSlot => step
            .commands()
            .iter()
            .zip(step.slots.iter().flat_map(|s| s.iter()))
            .flat_map(|(close, slot)| {
                let count = format!("cluster countkeysinslot {slot}");
                let look = step.guard.empty.then(|| {
                    format!(
                        "# if {} is importing it, only where this says 0: {}",
                        close.at,
                        at(&close.at, &count)
                    )
                });
                look.into_iter().chain([cli(close)])
            })
            .collect(),
        Kind::Restart => vec![format!("# restart the process {} now", step.who())],
        Kind::Kill => {
            // It takes a port alone, and acts where it is run.
            let who = step.who();
            let (host, port) = who.rsplit_once(':').unwrap_or((&who, ""));
            vec![
                format!("# on {host} only: the command names no host"),
                format!("flashbase kill {port}"),
            ]
        }
        Kind::MigrateSlots => by_hand(step),
        Kind::AddSlots => step
            .slots
            .iter()
            .flat_map(|slots| slots.ranges())
            .filter_map(|(first, last)| {
                let range = match first == last {
                    true => first.to_string(),
                    false => format!("{{{first}..{last}}}"),
                };
                let address = step.address.as_ref()?.to_string();
                Some(at(&address, &format!("cluster addslots {range}")))
            })
            .collect(),
        Kind::Meet
        | Kind::Failover
        | Kind::Flush
        | Kind::SetEpoch
        | Kind::BumpEpoch
        | Kind::Reset => step.commands().iter().map(cli).collect(),
    }
}

/// No command of the tool moves slots with their keys.
fn by_hand(step: &CheckedStep) -> Vec<String> {
    let mut lines = vec![
        "# flashbase moves no slots: run the redis-cli script of this plan for this step, or, for each"
            .to_owned(),
        "# slot of it (the first one is shown), once countkeysinslot at the source says 0 after migrate:"
            .to_owned(),
    ];
    lines.extend(
        step.commands()
            .iter()
            .map(|command| format!("# {}", cli(command))),
    );
    lines
}

/// What the step relies on at other nodes: nobody but the reader looks there.
fn conditions(step: &CheckedStep) -> Vec<String> {
    let (relied, who) = (&step.relied, step.who());
    let mut lines = Vec::new();
    if let Some(donor) = &relied.donor {
        let (master, slots) = (&donor.party.address, &donor.slots);
        lines.push(format!(
            "{master} is the master of {slots}, info replication of it lists {} online and that \
             of {who} says master_link_status:up",
            count(donor.keeps as usize + 1, "replica")
        ));
    }
    if let (Some(receiver), Some(master)) = (&relied.receiver, &step.target_address) {
        lines.push(format!(
            "{master} is the master of {} and has at most {} without {who}",
            receiver.slots,
            count(receiver.replicas as usize, "replica")
        ));
    }
    if let Some(copy) = &relied.copy {
        let held = copy.offset.map(|offset| {
            format!("info replication of {who} says a slave_repl_offset of {offset} at least")
        });
        lines.extend(held);
        lines.extend(copy.rivals.iter().map(|rival| {
            format!(
                "info replication of {} says no higher slave_repl_offset and the same \
                 master_replid",
                rival.address
            )
        }));
        let old = step
            .target_address
            .as_ref()
            .map(|at| format!("nobody answers at {at}"));
        lines.extend(old);
    }
    let back = relied.dead.iter();
    lines.extend(back.map(|dead| format!("nobody answers at {}", dead.address)));
    let keys = relied
        .keys
        .map(|keys| format!("dbsize of {who} is at most {keys}"));
    lines.extend(keys);
    lines
}

/// A meet whose node a later `do-replicate` meets by itself. It cannot name a bus port.
fn is_met_later(step: &CheckedStep, later: &[CheckedStep]) -> bool {
    let attaches = |s: &CheckedStep| s.action == Kind::Replicate && s.node == step.target;
    step.action == Kind::Meet && step.bus_port.is_none() && later.iter().any(attaches)
}

/// The server's own command, in the spelling of the runbook.
fn cli(command: &Command) -> String {
    let words = command.words.iter().map(|word| match word {
        Word::Key(key) => key.to_ascii_lowercase(),
        Word::Value(value) => value.clone(),
    });
    at(&command.at, &words.collect::<Vec<_>>().join(" "))
}

fn at(address: &str, command: &str) -> String {
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    format!("flashbase cli -h {host} -p {port} {command}")
}

fn wait(step: &CheckedStep) -> String {
    let limit = seconds(step.limit_ms);
    let who = step.who();
    let slots = step
        .slots
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    match step.action {
        Kind::Meet => format!("until every node lists {who}, at most {limit}"),
        Kind::Replicate => format!(
            "until info replication of {who} says master_link_status:up and \
             master_sync_in_progress:0, at most {limit}"
        ),
        Kind::Failover => {
            format!("until cluster nodes shows {who} as master of {slots}, at most {limit}")
        }
        Kind::Forget => {
            format!("until no node lists {who}; all must be told within 60 s, else it comes back")
        }
        Kind::MigrateSlots | Kind::AddSlots => {
            format!("until cluster nodes shows slots {slots} at their new owner, at most {limit}")
        }
        Kind::SetEpoch | Kind::BumpEpoch => {
            format!(
                "until cluster nodes of every master shows the new epoch of {who}, at most {limit}"
            )
        }
        Kind::SetSlot => format!("until {who} shows {slots} open no more, at most {limit}"),
        Kind::Restart => format!(
            "until info server of {who} says another run_id than before and info replication says \
             master_link_status:up, at most {limit}"
        ),
        Kind::Flush => format!("until dbsize of {who} is 0, at most {limit}"),
        Kind::Kill => {
            let host = who.rsplit_once(':').map_or(&*who, |(host, _)| host);
            format!(
                "until nobody answers at {who}; a process that hangs has to be ended on {host} by kill -9"
            )
        }
        Kind::Reset => format!(
            "until cluster nodes of {who} lists itself alone, and no other node lists the old id with \
             an address, at most {limit}"
        ),
    }
}

fn seconds(ms: u64) -> String {
    format!("{} s", ms.div_ceil(1000))
}

/// The last forget step, if the plan forgets exactly the ids without an address and what the
/// plan file says leaves no doubt that none of them owns slots by then.
fn forgets_all_noaddr(plan: &PlanReport, steps: &[CheckedStep]) -> Option<u32> {
    let mut forgotten = BTreeSet::new();
    let mut promoted = BTreeSet::new();
    let mut taken_over = SlotSet::new();
    let mut last = None;
    for step in steps {
        if step.action == Kind::Forget {
            forgotten.extend(step.target.iter().map(|id| id.as_str()));
            last = Some(step.id);
        }
        // A takeover after a forget came too late for its slots.
        if let (Some(slots), true) = (step.taken_over(), forgotten.is_empty()) {
            promoted.extend(step.target.iter().map(|id| id.as_str()));
            taken_over.union_with(slots);
        }
    }
    let ghosts: BTreeSet<&str> = plan.cluster.ghosts.iter().map(|g| g.id.as_str()).collect();
    let slotless = |id: &str| {
        let mut about = plan
            .found
            .iter()
            .filter(|f| f.code == Code::NoaddrGhost && f.subject.id.as_deref() == Some(id))
            .peekable();
        about.peek().is_some() && about.all(|f| f.severity == Severity::Warning)
    };
    let uncovered = plan.found.iter().filter(|f| f.code == Code::UncoveredSlots);
    let covered_by_then = uncovered
        .map(|f| {
            f.subject
                .slots
                .as_deref()
                .unwrap_or_default()
                .parse::<SlotSet>()
        })
        // No slots or no slot set: nothing can be concluded from it.
        .all(|slots| slots.is_ok_and(|s| !s.is_empty() && s.intersection(&taken_over) == s));
    let safe = forgotten == ghosts
        && ghosts
            .iter()
            .all(|id| promoted.contains(id) || slotless(id))
        && covered_by_then;
    last.filter(|_| safe)
}

#[cfg(test)]
mod tests;
