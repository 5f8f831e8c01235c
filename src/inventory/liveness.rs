//! Who lives.

use std::collections::BTreeMap;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::Inventory;
use crate::inventory::gathered::Gathered;
use crate::inventory::nodes::Index;
use crate::inventory::record::Token;
use crate::inventory::seen::Seen;
use crate::model::Asked;
use crate::model::Cluster;
use crate::model::Evidence;
use crate::model::Life;
use crate::model::Liveness;
use crate::model::Membership;
use crate::model::Millis;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::Opinion;
use crate::model::Process;
use crate::model::SilentFor;
use crate::parse::Flags;

/// Judges node by node; see [`Evidence::judge`].
pub(super) fn judge(
    gathered: &Gathered,
    seen: &BTreeMap<Token, Seen>,
    index: &Index,
    processes: &BTreeMap<NodeId, Process>,
    cluster: &mut Cluster,
) {
    for (id, of) in index.of_each(seen) {
        let node = cluster.node_mut(id);
        let opinion = opinion(gathered, of);
        let evidence = Evidence {
            asked: asked(gathered, of, node),
            process: processes.get(&id).copied(),
            opinion,
        };
        node.seen.opinion = opinion;
        node.liveness = match node.membership {
            Membership::Ghost | Membership::Forgotten => Liveness::Gone,
            Membership::Unmet => Liveness::Live(Life::Answers),
            Membership::Member => evidence.judge(),
        };
    }
}

/// For how long the doubted nodes have been silent, by the clocks of the views that doubt them.
pub(super) fn silences(
    gathered: &Gathered,
    used: &[usize],
    index: &Index,
) -> BTreeMap<NodeId, SilentFor> {
    let mut found: BTreeMap<NodeId, SilentFor> = BTreeMap::new();
    for view in used.iter().map(|&v| &gathered.views[v]) {
        let age =
            |ms: u64| (ms > 0 && view.clock > 0).then(|| Millis(view.clock.saturating_sub(ms)));
        for doubted in &view.doubted {
            let token = gathered.fact(&view.lines[doubted.line]).token;
            let Some(id) = index.get(token) else { continue };
            let (ping, pong) = (age(doubted.ping_sent), age(doubted.pong_received));
            let known = found.entry(id).or_insert(SilentFor { ping, pong });
            known.ping = known.ping.max(ping);
            known.pong = match (known.pong, pong) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
    }
    found
}

/// What the views of others say of it.
pub(super) fn opinion(gathered: &Gathered, of: &Seen) -> Opinion {
    Opinion {
        listed: of.listed,
        doubted: of.count(gathered, |f| {
            f.flags.has(Flags::SUSPECTED) || f.flags.has(Flags::FAILED) || !f.connected
        }),
        failed: of.count(gathered, |f| f.flags.has(Flags::FAILED)),
    }
}

fn asked(gathered: &Gathered, of: &Seen, node: &Node) -> Asked {
    let answers = node.address.as_ref().and_then(|a| gathered.answers.get(a));
    match answers {
        _ if of.own.is_some() => Asked::Answered,
        Some(answers) if answers.answered => Asked::Answered,
        Some(answers) if answers.refused => Asked::Refused,
        Some(answers) if answers.unreachable.is_some() => Asked::Silent,
        // A client asks all that it hears of.
        Some(_) | None if of.is_unlisted(gathered) => Asked::Silent,
        Some(_) | None => Asked::Never,
    }
}

/// Says of which nodes one file says that they gave no answer, while another is their answer, and
/// which answers are too old to be one.
pub(super) fn note(
    gathered: &Gathered,
    seen: &BTreeMap<Token, Seen>,
    index: &Index,
    inventory: &mut Inventory,
) {
    for (id, of) in index.of_each(seen) {
        let node = inventory.cluster.node(id);
        let answers = node.address.as_ref().and_then(|a| gathered.answers.get(a));
        let silent = answers.and_then(|a| a.unreachable.clone());
        let unanswered = answers.filter(|a| of.own.is_none() && !a.answered);
        if let Some((place, age)) = unanswered.and_then(|a| a.older.clone()) {
            let message = format!(
                "this answer of {node} is {age} older than the views: it does not show that it lives"
            );
            let note = Diagnostic::new(Capture::OlderAnswer, message).at(place);
            inventory.diagnostics.push(note);
        }
        let node = inventory.cluster.node(id);
        let proof = match (of.own, answers.is_some_and(|a| a.answered)) {
            _ if node.membership != Membership::Member => continue,
            (Some(_), _) => "its view is in the capture",
            (None, true) => "the capture holds another answer of it",
            (None, false) => continue,
        };
        if let Some(place) = silent {
            let message = format!("by this {node} did not answer, but {proof}: taken for alive");
            let note = Diagnostic::new(Capture::SilentButAnswers, message).at(place);
            inventory
                .diagnostics
                .push(note.help("ask it again: it may have stopped or come back in between"));
        }
    }
}
