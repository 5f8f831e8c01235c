//! From single servers to a cluster with keys in it.

use std::time::Duration;
use std::time::Instant;

use crate::resp::Trouble;
use crate::servers::Servers;
use crate::servers::until;

const SLOTS: usize = 16384;
const KEYS: usize = 200;
/// A handshake that got lost is over after the node timeout, and then may be tried again.
const MEET_AGAIN: Duration = Duration::from_secs(4);

impl Servers {
    /// Makes the cluster of the layout without help of any tool, and writes keys to all shards.
    pub fn form(&self) {
        let members = self.members();
        let masters: Vec<usize> = members
            .iter()
            .copied()
            .filter(|&i| self.nodes[i].replicates.is_none())
            .collect();
        for (k, &i) in masters.iter().enumerate() {
            let own = SLOTS * k / masters.len()..SLOTS * (k + 1) / masters.len();
            let slots: Vec<String> = own.map(|slot| slot.to_string()).collect();
            let mut words = vec!["CLUSTER", "ADDSLOTS"];
            words.extend(slots.iter().map(String::as_str));
            self.say(i, &words);
        }
        // Distinct epochs from the start: otherwise the nodes spend a while making them so.
        for &i in &members {
            let epoch = (i + 1).to_string();
            self.say(i, &["CLUSTER", "SET-CONFIG-EPOCH", &epoch]);
        }
        self.meet(members[0], &members[1..]);
        for &i in &members {
            if let Some(master) = self.nodes[i].replicates {
                self.replicate(i, master);
            }
        }
        self.wait_settled();
        self.write_keys();
    }

    /// Introduces nodes to a member, and waits until every one of them knows every other.
    pub fn meet(&self, member: usize, strangers: &[usize]) {
        let mut asked: Option<Instant> = None;
        let total = self.members().len();
        until("all nodes know each other", || {
            if asked.is_none_or(|at| at.elapsed() > MEET_AGAIN) {
                asked = Some(Instant::now());
                for &i in strangers {
                    let address = &self.nodes[i].address;
                    let ip = address.ip().to_owned();
                    let port = address.port().to_string();
                    self.say(member, &["CLUSTER", "MEET", &ip, &port]);
                }
            }
            let known = self.agreed()?.len();
            if known < total {
                return Err(format!("only {known} of {total} are known"));
            }
            Ok(())
        });
    }

    /// Members are those who know others.
    pub fn see_who_is_met(&mut self) {
        for i in 0..self.nodes.len() {
            let met = self.view(i).is_ok_and(|view| view.len() > 1);
            self.nodes[i].met = met;
        }
    }

    /// Makes `replica` follow `master` as soon as it knows it.
    pub fn replicate(&self, replica: usize, master: usize) {
        let id = self.id(master);
        until("a node accepts its master", || {
            self.ask(replica, &["CLUSTER", "REPLICATE", &id])
                .map_err(|trouble| trouble.to_string())
        });
    }

    /// Makes `replica` the master of its shard, and waits until all agree.
    pub fn fail_over_to(&self, replica: usize) {
        self.say(replica, &["CLUSTER", "FAILOVER"]);
        until("the failover is done", || {
            match self.replication(replica, "role")?.as_str() {
                "master" => Ok(()),
                role => Err(format!("still {role}")),
            }
        });
        self.wait_settled();
    }

    fn write_keys(&self) {
        for n in 0..KEYS {
            let (key, value) = entry(n);
            self.route(&["SET", &key, &value]);
        }
        self.wait_for_replicas();
    }

    /// Every replica of every master of the layout has got all writes.
    fn wait_for_replicas(&self) {
        for i in self.members() {
            let replicas = self
                .members()
                .into_iter()
                .filter(|&j| self.nodes[j].replicates == Some(i))
                .count();
            if replicas == 0 {
                continue;
            }
            let count = replicas.to_string();
            until("replicas have caught up", || {
                let reached = self.say(i, &["WAIT", &count, "1000"]).lines();
                if reached.trim() == count {
                    Ok(())
                } else {
                    Err(format!("{} of {count}", reached.trim()))
                }
            });
        }
    }

    /// Twice as many keys, each at every replica that there is.
    pub fn write_more_keys(&self) {
        for n in KEYS..2 * KEYS {
            let (key, value) = entry(n);
            self.route(&["SET", &key, &value]);
        }
        self.wait_for_replicas();
    }

    pub fn assert_more_keys(&self) {
        for n in KEYS..2 * KEYS {
            let (key, value) = entry(n);
            assert_eq!(self.route(&["GET", &key]), value, "value of {key}");
        }
    }

    /// A key in that slot.
    pub fn key_in(&self, slot: &str) -> String {
        self.key_in_slot(slot, "stray")
    }

    /// The same, and its name begins with the word.
    pub fn key_in_slot(&self, slot: &str, word: &str) -> String {
        let at = self.members()[0];
        let hashed =
            |key: &String| self.say(at, &["CLUSTER", "KEYSLOT", key]).lines().trim() == slot;
        (0..)
            .map(|n| format!("{word}:{n}"))
            .find(hashed)
            .expect("every slot has keys")
    }

    pub fn owns_slots(&self, i: usize) -> bool {
        let own = self.line(i, &self.id(i)).expect("it answers");
        own.is("master") && !own.slots.is_empty()
    }

    /// The first of the slots of a master that has no key.
    pub fn first_slot(&self, i: usize) -> String {
        let own = self.line(i, &self.id(i)).expect("it answers");
        let range = own.slots.first().expect("it owns slots");
        let first: u16 = range
            .split('-')
            .next()
            .unwrap_or("")
            .parse()
            .expect("a slot");
        let empty = |slot: &u16| {
            let count = self.say(i, &["CLUSTER", "COUNTKEYSINSLOT", &slot.to_string()]);
            count.lines().trim() == "0"
        };
        (first..).find(empty).expect("an empty slot").to_string()
    }

    /// As a reshard does it: the receiver first.
    pub fn move_empty_slot(&self, slot: &str, from: usize, to: usize) {
        let (id, old) = (self.id(to), self.id(from));
        self.say(to, &["CLUSTER", "SETSLOT", slot, "IMPORTING", &old]);
        self.say(from, &["CLUSTER", "SETSLOT", slot, "MIGRATING", &id]);
        self.say(to, &["CLUSTER", "SETSLOT", slot, "NODE", &id]);
        self.say(from, &["CLUSTER", "SETSLOT", slot, "NODE", &id]);
    }

    /// Every key has its value.
    pub fn assert_keys(&self) {
        for n in 0..KEYS {
            let (key, value) = entry(n);
            assert_eq!(self.route(&["GET", &key]), value, "value of {key}");
        }
    }

    pub fn has(&self, key: &str) -> bool {
        self.route(&["GET", key]) == key
    }

    /// Asks whoever owns the key, following redirections.
    fn route(&self, words: &[&str]) -> String {
        until(&words.join(" "), || self.routed(words))
    }

    fn routed(&self, words: &[&str]) -> Result<String, String> {
        const REDIRECTIONS: usize = 5;
        let members = self.members();
        let mut at = members[0];
        let mut said = String::new();
        for _ in 0..REDIRECTIONS {
            said = match self.ask(at, words) {
                Ok(reply) => return Ok(reply.text().to_owned()),
                Err(Trouble::Refused(said)) => said,
                Err(trouble) => return Err(trouble.to_string()),
            };
            let owner = said.strip_prefix("MOVED ").and_then(|rest| {
                let address = rest.split(' ').nth(1)?;
                let listens = |&i: &usize| self.nodes[i].address.to_string() == address;
                members.iter().copied().find(listens)
            });
            match owner {
                Some(owner) => at = owner,
                None => break,
            }
        }
        Err(said)
    }
}

fn entry(n: usize) -> (String, String) {
    (format!("key:{n}"), format!("value of {n}"))
}
