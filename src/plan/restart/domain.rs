//! Host by host, or zone by zone: everything that is chosen in one goes down together.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::Counted;
use crate::action::Draft;
use crate::measure;
use crate::model::NodeId;
use crate::model::Shard;
use crate::plan::restart::Roles;
use crate::plan::restart::Rolled;
use crate::plan::restart::Unit;
use crate::plan::restart::process::Scene;
use crate::plan::restart::process::failover;
use crate::plan::rolling::Bounded;
use crate::plan::rolling::domains;
use crate::plan::rolling::domains::Ring;

/// Orders the places of the chosen, with the failovers before each goes down.
pub fn by_domain(scene: &Scene) -> Rolled {
    let shards: Vec<Shard> = scene.at.shards();
    let places = Places::of(scene);
    let live: Vec<&Shard> = shards
        .iter()
        .filter(|s| scene.at.node(s.owner).is_live_member())
        .collect();
    let rings: Vec<Ring> = live.iter().map(|s| ring(scene, &places, s)).collect();
    let order = domains::order(places.names.len(), &rings);
    let mut walk = Walk {
        scene,
        places: &places,
        turn: order
            .waves
            .iter()
            .enumerate()
            .flat_map(|(wave, all)| all.iter().map(move |&p| (p, wave)))
            .collect(),
        at: scene.at.clone(),
        done: BTreeSet::new(),
        waves: Vec::new(),
    };
    let mut leaders: Vec<(NodeId, &Shard, &Ring)> = live
        .iter()
        .zip(&rings)
        .map(|(shard, ring)| (shard.owner, *shard, ring))
        .collect();
    for wave in &order.waves {
        walk.go_down(wave, &mut leaders);
    }
    let mut failovers = order.failovers;
    let led = rings.iter().filter(|r| r.master.is_some()).count() as i64;
    if scene.ask.roles == Roles::AsBefore {
        for (leader, shard, _) in leaders.iter().filter(|(l, s, _)| *l != s.owner) {
            let reason = format!("{} leads again, as before", scene.name(shard.owner));
            walk.waves
                .push(vec![failover(shard.owner, *leader, reason)]);
        }
        // To there and back is twice, whatever comes first.
        let spent = walk.waves.iter().flatten().filter(|d| is_failover(d));
        failovers = Bounded {
            value: spent.count() as i64,
            bound: 2 * led,
        };
    }
    Rolled {
        waves: walk.waves,
        length: order.length,
        failovers: Some(failovers),
    }
}

fn is_failover(draft: &Draft) -> bool {
    draft.action.kind() == crate::action::Kind::Failover
}

/// The hosts or zones of the chosen.
struct Places {
    index: BTreeMap<u32, usize>,
    names: Vec<String>,
    unit: Unit,
}

impl Places {
    fn of(scene: &Scene) -> Self {
        let mut places = Self {
            index: BTreeMap::new(),
            names: Vec::new(),
            unit: scene.ask.unit,
        };
        let keys: BTreeSet<u32> = scene
            .nodes
            .iter()
            .filter_map(|&id| places.key(scene.at, id))
            .collect();
        for key in keys {
            places.index.insert(key, places.names.len());
            let name = match places.unit {
                Unit::Zone => scene.at.zones[key as usize].name.to_string(),
                Unit::Process | Unit::Host => scene.at.hosts[key as usize].name.to_string(),
            };
            places.names.push(name);
        }
        places
    }

    fn key(&self, at: &Counted, id: NodeId) -> Option<u32> {
        match self.unit {
            Unit::Zone => at.zone_of(id).map(|z| z.0),
            Unit::Process | Unit::Host => at.node(id).host.map(|h| h.0),
        }
    }

    /// Of a chosen node.
    fn at(&self, at: &Counted, id: NodeId) -> Option<usize> {
        self.index.get(&self.key(at, id)?).copied()
    }
}

fn ring(scene: &Scene, places: &Places, shard: &Shard) -> Ring {
    let goes = |id: NodeId| {
        let chosen = scene.nodes.contains(&id);
        chosen.then(|| places.at(scene.at, id)).flatten()
    };
    let heirs = leading(scene, shard);
    let followers = measure::live_followers(scene.at, shard);
    let silent = followers.iter().copied().filter(|id| !heirs.contains(id));
    let copies = measure::live_copies(scene.at, shard);
    // Whoever is still to go down would follow a newer one that it cannot load.
    let strict = scene.ask.to.is_some()
        && copies.iter().any(|&old| {
            let new = |&&id: &&NodeId| id != old && scene.nodes.contains(&id);
            let newer = copies.iter().filter(new).map(|&id| scene.after.node(id));
            let own = scene.at.node(old).runs.as_ref();
            newer
                .filter_map(|n| n.runs.as_ref())
                .any(|new| own.is_none_or(|own| !own.loads(new)))
        });
    Ring {
        master: goes(shard.owner),
        others: heirs.iter().filter_map(|&id| goes(id)).collect(),
        silent: silent.filter_map(goes).collect(),
        stays: heirs.iter().any(|&id| goes(id).is_none()),
        strict,
    }
}

/// Usable replicas that may lead for a while: between the restarts versions are mixed anyhow, and
/// a ring that is strict sees to who follows whom.
fn leading(scene: &Scene, shard: &Shard) -> Vec<NodeId> {
    let may = |id: &NodeId| scene.promote_nofailover || !scene.at.node(*id).no_failover;
    measure::usable_replicas(scene.at, shard)
        .filter(may)
        .collect()
}

struct Walk<'a> {
    scene: &'a Scene<'a>,
    places: &'a Places,
    /// In which wave a place goes down.
    turn: BTreeMap<usize, usize>,
    /// As the drafts so far leave the cluster.
    at: Counted,
    done: BTreeSet<NodeId>,
    waves: Vec<Vec<Draft>>,
}

impl Walk<'_> {
    /// The places of a wave: their masters hand over one by one, then all go down.
    fn go_down(&mut self, wave: &[usize], leaders: &mut [(NodeId, &Shard, &Ring)]) {
        let scene = self.scene;
        let inside = |walk: &Self, id: NodeId| {
            let place = walk.places.at(scene.at, id);
            scene.nodes.contains(&id) && place.is_some_and(|p| wave.contains(&p))
        };
        for (leader, shard, ring) in leaders.iter_mut() {
            if !inside(self, *leader) {
                continue;
            }
            let Some(heir) = self.heir(*leader, shard, ring) else {
                continue;
            };
            let place = self.places.at(scene.at, *leader);
            let place = place.map_or("", |p| &self.places.names[p]);
            let unit = scene.ask.unit.word();
            let reason = format!("{unit} {place} goes down next");
            let act = failover(heir, *leader, reason);
            act.action.apply(&mut self.at);
            self.waves.push(vec![act]);
            *leader = heir;
        }
        let mut restarts = Vec::new();
        for &id in scene.nodes.iter().filter(|&&id| inside(self, id)) {
            let place = self.places.at(scene.at, id).map(|p| &self.places.names[p]);
            let place = place.map_or("", String::as_str);
            let mib = self.at.root(id).map_or(0, |root| {
                let owner = scene.at.root(root).unwrap_or(root);
                scene.mib_of(owner)
            });
            let unit = scene.ask.unit.word();
            restarts.push(scene.restart(id, mib, format!("{unit} {place} goes down")));
        }
        self.done
            .extend(restarts.iter().map(|d| d.action.subject()));
        self.waves.push(restarts);
    }

    /// To a copy that was down already or stays up, and that is the end of it; else to the one that
    /// goes down last.
    fn heir(&self, leader: NodeId, shard: &Shard, ring: &Ring) -> Option<NodeId> {
        let scene = self.scene;
        let mut able = leading(scene, shard);
        // Who led it first may always lead it again.
        able.push(shard.owner);
        able.retain(|&id| id != leader);
        let goes = |id: NodeId| scene.nodes.contains(&id);
        let mut copies = measure::live_copies(scene.at, shard).into_iter();
        let all_done = copies.all(|id| id == leader || !goes(id) || self.done.contains(&id));
        let settled =
            |id: &NodeId| !goes(*id) || (self.done.contains(id) && (!ring.strict || all_done));
        let final_ones: Vec<NodeId> = able.iter().copied().filter(settled).collect();
        if scene.ask.roles == Roles::AsBefore && final_ones.contains(&shard.owner) {
            return Some(shard.owner);
        }
        let masters = |id: NodeId| {
            let host = self.at.node(id).host;
            let led = self.at.iter().filter(|(_, n)| !n.slots.is_empty());
            led.filter(|(_, n)| n.host == host).count()
        };
        let best = final_ones.into_iter().min_by_key(|&id| (masters(id), id));
        best.or_else(|| {
            let turn = |id: NodeId| {
                let place = self.places.at(scene.at, id);
                place.and_then(|p| self.turn.get(&p)).copied()
            };
            let waiting = able.into_iter().filter(|id| !self.done.contains(id));
            waiting.max_by_key(|&id| (turn(id), std::cmp::Reverse(id)))
        })
        // Nobody else is left.
        .or_else(|| {
            let mut all = leading(scene, shard).into_iter();
            all.find(|&id| id != leader)
        })
    }
}
