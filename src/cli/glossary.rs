//! The words that answers use and that no server prints.

/// A word and what it means.
pub(super) struct Word {
    pub name: &'static str,
    pub text: &'static str,
}

macro_rules! words {
    ($($name:literal $text:literal,)*) => {
        /// Every word, in alphabetical order.
        pub(super) static WORDS: &[Word] = &[$(Word { name: $name, text: $text }),*];
    };
}

words! {
    "advice" "What only a human can do, and what it would cure: a plan starts no process.",
    "assumed" "A fact that the capture does not show and the plan takes for granted. The script looks at it before it acts.",
    "capture" "Files saved from one cluster at about one time: a directory, an archive, single files, or standard input.",
    "cause" "One thing that went wrong and from which several findings follow: a dead host, a lost disk, sides that do not reach each other.",
    "copy" "One node that holds a shard's data, as its master or as a replica that once finished a sync.",
    "dead" "Known and not live: the note that it was captured in vain, FAIL by the majority of the masters, or the operator's word. A dead process may come back; a ghost cannot.",
    "diagnostic" "Something odd or broken in a captured file. It is about the file, a finding is about the cluster.",
    "exposure" "A moment in a plan in which a shard has fewer than two live copies: which step, which shard, and until when.",
    "failbacked" "A node whose home role is master and which is a replica now.",
    "failovered" "A node whose home role is replica and which is the master of slots now.",
    "finding" "A rule that fires: something is wrong with the cluster.",
    "ghost" "An id that is listed without an address (`noaddr`). Its process cannot come back under it, so it is forgotten; if it still owns slots, a replica is promoted first.",
    "home" "The role and the master that a node was given first: by a home map, `redis.properties` or the policy. Compare `failovered` and `failbacked`.",
    "level" "One thing that a plan keeps as small as it can. Levels are put in order: slots without an owner first, then shards on fewer than two hosts, missing replicas, replicas beside their master, and so on down to the number of steps. No level is made better at the price of an earlier one. `17 of 17 levels` says that for every level it is proven that no plan does better, given the levels before it; `-v` shows each with its value and its bound.",
    "majority" "More than half of the masters that own slots, dead ones counted: so many votes elect a replica, and so many masters must reach each other to serve.",
    "orphan" "A live master with slots that has no live replica.",
    "phase" "A part of a plan: serve (every slot gets an owner), protect (every shard gets its copies), spread (masters are spread over hosts), tidy (what is left over is forgotten or used). `--through` stops behind one.",
    "shard" "A set of slots with its master and the replicas of that.",
    "spare" "A live node that holds no copy and can be given one: a master without slots, or a replica of such a one.",
    "state" "Whether clients are served: `cluster_state` as the nodes have it, slots without a live owner, the votes, and how many hosts may be lost, whichever they are.",
    "unlock" "What would make a plan do what it refuses: an option, a node more, a process that comes back.",
    "view" "What one node said: its `cluster nodes`, or its `nodes.conf`. A view is behind when it names another owner, role or member than the others have settled on.",
    "voter" "A master that owns slots. Replicas and masters without slots do not vote.",
    "wave" "Steps that may run at the same time.",
}

/// The word of that name, in any case, also in the plural.
pub(super) fn find(name: &str) -> Option<&'static Word> {
    let name = name.trim().to_ascii_lowercase();
    let one = name.strip_suffix('s').unwrap_or(&name);
    WORDS.iter().find(|w| w.name == name || w.name == one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_order_and_are_found_in_any_form() {
        assert!(WORDS.windows(2).all(|w| w[0].name < w[1].name));
        for name in ["level", "Levels", " ghost ", "WAVES", "voters"] {
            assert!(find(name).is_some(), "{name}");
        }
        assert!(find("lev").is_none());
    }
}
