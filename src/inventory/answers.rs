//! What one node answers beside its view.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::inventory::record::Token;
use crate::model::Address;
use crate::model::Millis;
use crate::parse::Pair;
use crate::parse::SlotRow;
use crate::text::Place;

/// What one file tells of one node other than its view.
#[derive(Debug)]
pub(super) struct Told {
    /// Index in [`super::gathered::Gathered::files`].
    pub file: usize,
    /// The file's path, and below it the host that a header names.
    pub spot: Arc<str>,
    /// What a header or the path calls the node.
    pub named: Option<Address>,
    /// Where the first of it stands.
    pub place: Place,
    /// How many answers there are, other than lists of nodes.
    pub count: usize,
    /// Where the last of its settings stand.
    pub settings_line: Option<u32>,
    pub said: Answers,
}

/// Answers of one node other than its view.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    pub info: BTreeMap<String, String>,
    pub config: BTreeMap<String, String>,
    /// Settings of its configuration file: they count where it does not say itself what it runs
    /// with.
    pub started_with: BTreeMap<String, String>,
    /// What rules of health read of INFO and settings, with its places.
    pub watched: BTreeMap<&'static str, (String, Place)>,
    /// The same of its configuration file.
    pub set_out: BTreeMap<&'static str, (String, Place)>,
    pub info_place: Option<Place>,
    pub answered: bool,
    pub unreachable: Option<Place>,
    /// It answered long before the views were taken: where, and how long.
    pub older: Option<(Place, Millis)>,
    /// Its host answered that nothing listens there.
    pub refused: bool,
    /// Key and value of `CLUSTER INFO`.
    pub cluster_info: BTreeMap<String, String>,
    pub cluster_info_place: Option<Place>,
    /// The lowest and the highest `cluster_current_epoch`: it only rises.
    pub epochs: Option<(u64, u64)>,
    /// Other node and whether this node opened the link, of `CLUSTER LINKS`.
    pub links: Vec<(Token, bool)>,
    pub links_place: Option<Place>,
    /// `CLUSTER SLOT-STATS`.
    pub slot_rows: Vec<SlotRow>,
    /// The id that the node gives itself.
    pub my_id: Option<Token>,
    /// Unix ms by the node's own clock.
    pub clock: Option<u64>,
    pub files: Vec<usize>,
}

impl Answers {
    pub fn see_epoch(&mut self, pairs: &[Pair]) {
        let epochs = pairs
            .iter()
            .filter(|p| p.key == "cluster_current_epoch")
            .filter_map(|p| p.value.parse::<u64>().ok());
        for epoch in epochs {
            let (low, high) = self.epochs.unwrap_or((epoch, epoch));
            self.epochs = Some((low.min(epoch), high.max(epoch)));
        }
    }

    /// Unix ms by the node's own clock, from any of its answers.
    pub fn told_clock(&self) -> Option<u64> {
        let micros = || self.info.get("server_time_usec")?.parse::<u64>().ok();
        self.clock.or_else(|| Some(micros()? / 1000))
    }

    /// Takes in what another file tells of the same node. What counts once, the first file
    /// tells; of settings that both name, the last.
    pub fn take(&mut self, other: &Self) {
        let copied = |(k, v): (&String, &String)| (k.clone(), v.clone());
        self.info.extend(other.info.iter().map(copied));
        self.config.extend(other.config.iter().map(copied));
        for (key, value) in &other.started_with {
            let known = self.started_with.entry(key.clone());
            known.or_insert_with(|| value.clone());
        }
        for (watched, others) in [
            (&mut self.watched, &other.watched),
            (&mut self.set_out, &other.set_out),
        ] {
            for (&key, value) in others {
                watched.entry(key).or_insert_with(|| value.clone());
            }
        }
        self.cluster_info
            .extend(other.cluster_info.iter().map(copied));
        self.info_place = self.info_place.take().or(other.info_place.clone());
        self.answered |= other.answered;
        self.refused |= other.refused;
        self.older = self.older.take().or(other.older.clone());
        self.unreachable = self.unreachable.take().or(other.unreachable.clone());
        self.cluster_info_place = self
            .cluster_info_place
            .take()
            .or(other.cluster_info_place.clone());
        for (low, high) in self.epochs.into_iter().chain(other.epochs) {
            let (lowest, highest) = self.epochs.unwrap_or((low, high));
            self.epochs = Some((lowest.min(low), highest.max(high)));
        }
        if self.links.is_empty() {
            self.links.clone_from(&other.links);
            self.links_place.clone_from(&other.links_place);
        }
        if self.slot_rows.is_empty() {
            self.slot_rows.clone_from(&other.slot_rows);
        }
        self.my_id = self.my_id.or(other.my_id);
        self.clock = self.clock.max(other.clock);
        self.files.extend(&other.files);
    }
}
