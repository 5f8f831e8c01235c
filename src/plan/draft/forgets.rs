//! Dead ids that are forgotten, and who is told.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::action::Action;
use crate::action::Draft;
use crate::action::Forget;
use crate::model::NodeId;
use crate::model::NodeSet;
use crate::model::SlotSet;
use crate::plan::Phase;
use crate::plan::draft::Writer;
use crate::plan::draft::cured_by;
use crate::rules::Code;
use crate::rules::Finding;
use crate::rules::Remedy;
use crate::rules::Subject;

impl Writer<'_> {
    pub(super) fn forgets(&self, drafts: &mut Vec<Draft>) {
        let selection = self.problem.selection;
        let end = self.decision.reach(self.problem);
        let met: NodeSet = drafts
            .iter()
            .filter_map(|d| {
                if let Action::Meet(meet) = &d.action {
                    Some(meet.node)
                } else {
                    None
                }
            })
            .collect();
        let half = |f: &&Finding| f.rule.code == Code::HalfForgottenNode;
        let half_forgotten = self
            .found
            .iter()
            .filter(half)
            .filter_map(|f| match f.subject {
                Subject::Node(id) => Some(id),
                Subject::Slots(..)
                | Subject::Host(_)
                | Subject::Zone(_)
                | Subject::Capture
                | Subject::Tablets(_) => None,
            });
        let half_forgotten: NodeSet = half_forgotten.collect();
        let live = || end.iter().filter(|(_, n)| n.is_live());
        let followed: NodeSet = live().filter_map(|(_, n)| n.master()).collect();
        // Most are told to the same nodes.
        let mut crowds: BTreeSet<Arc<[NodeId]>> = BTreeSet::new();
        for (id, node) in end.iter().filter(|(_, n)| n.is_listed() && !n.is_live()) {
            let half = half_forgotten.contains(id);
            let chosen = if node.is_ghost() {
                selection.has(Code::NoaddrGhost)
            } else if node.is_only_silent() {
                // One client without an answer against the word of every view.
                false
            } else {
                selection.has(Code::DeadNode) || (half && selection.has(Code::HalfForgottenNode))
            };
            let followed = followed.contains(id);
            // A dead copy of a shard that nothing serves may be the one to bring it back.
            let needed = node
                .master()
                .map(|m| end.node(m))
                .is_some_and(|m| !m.is_live() && !m.slots.is_empty());
            // What a report names by its address alone has no id to forget.
            if !node.name.is_plain() {
                continue;
            }
            if !chosen || !node.slots.is_empty() || followed || (needed && !node.is_ghost()) {
                continue;
            }
            // A node without a view may list it, too; one that was met learns of members only.
            let tell: Arc<[NodeId]> = end
                .iter()
                .filter(|&(other, o)| other != id && o.is_live_member())
                .filter(|&(other, o)| {
                    node.seen.known_by.contains(other)
                        || !o.seen.has_view
                        || (met.contains(other) && !node.is_ghost())
                })
                .map(|(other, _)| other)
                .collect();
            if tell.is_empty() {
                continue;
            }
            let tell = match crowds.get(&tell) {
                Some(same) => same.clone(),
                None => {
                    crowds.insert(tell.clone());
                    tell
                }
            };
            let reason = if node.is_ghost() {
                "it has no address and cannot come back".to_owned()
            } else if half {
                format!("{node} is dead, and some nodes have forgotten it already")
            } else {
                format!("{node} is dead and was declared gone for good")
            };
            drafts.push(Draft {
                action: Forget {
                    node: id,
                    tell,
                    loses: SlotSet::new(),
                }
                .into(),
                phase: Phase::Tidy,
                urgency: 0,
                cures: self.cures(&[id], |c| cured_by(c, Remedy::Forget)),
                reason,
                mib: 0,
                leaves: None,
            });
        }
    }
}
