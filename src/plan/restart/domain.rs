//! Host by host, or zone by zone: everything that is chosen in one goes down together.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::Counted;
use crate::action::Draft;
use crate::measure;
use crate::model::NodeId;
use crate::model::Shard;
use crate::plan::problem::Problem;
use crate::plan::restart::Proof;
use crate::plan::restart::Roles;
use crate::plan::restart::Rolled;
use crate::plan::restart::Unit;
use crate::plan::restart::process::Scene;
use crate::plan::restart::process::failover;
use crate::plan::rolling::Bounded;
use crate::plan::rolling::domains;
use crate::plan::rolling::domains::Ring;
use crate::plan::rolling::joint;
use crate::plan::rolling::joint::Game;
use crate::plan::rolling::seek;
use crate::plan::rolling::seek::Found;

/// Orders the places of the chosen, with the failovers before each goes down. Few places are ordered
/// together with who leads in the end; of more, roles are decided behind them.
pub fn by_domain(scene: &Scene, problem: &Problem) -> Rolled {
    let shards: Vec<Shard> = scene.at.shards();
    let places = Places::of(scene);
    let live: Vec<&Shard> = shards
        .iter()
        .filter(|s| scene.at.node(s.owner).is_live_member())
        .collect();
    let rings: Vec<Ring> = live.iter().map(|s| ring(scene, &places, s)).collect();
    let (game, nodes, stands) = game(scene, problem, &places, &live, &rings);
    let found = seek::seek(&game);
    let order = match &found {
        Some(found) => found.waves.clone(),
        None => domains::order(places.names.len(), &rings).waves,
    };
    let mut walk = Walk {
        scene,
        places: &places,
        turn: order
            .iter()
            .enumerate()
            .flat_map(|(wave, all)| all.iter().map(move |&p| (p, wave)))
            .collect(),
        heirs: heirs(&game, found.as_ref(), &nodes),
        at: scene.at.clone(),
        done: BTreeSet::new(),
        waves: Vec::new(),
    };
    let mut leaders: Vec<(NodeId, &Shard, &Ring)> = live
        .iter()
        .zip(&rings)
        .map(|(shard, ring)| (shard.owner, *shard, ring))
        .collect();
    for wave in &order {
        walk.go_down(wave, &mut leaders);
    }
    if scene.ask.roles == Roles::AsBefore {
        for (leader, shard, _) in leaders.iter().filter(|(l, s, _)| *l != s.owner) {
            let reason = format!("{} leads again, as before", scene.name(shard.owner));
            walk.waves
                .push(vec![failover(shard.owner, *leader, reason)]);
        }
    }
    let slots = live.iter().map(|shard| shard.slots.to_string());
    Rolled {
        waves: walk.waves,
        length: Bounded {
            value: order.len() as i64,
            bound: 0,
        },
        proof: Some(Proof {
            prices: found.map(|found| found.prices).unwrap_or_default(),
            game,
            places: places.names,
            stands,
            shards: slots.zip(nodes).collect(),
        }),
    }
}

/// The same shards with where their copies lead from; who the copies are, and what stands are called.
fn game(
    scene: &Scene,
    problem: &Problem,
    places: &Places,
    live: &[&Shard],
    rings: &[Ring],
) -> (Game, Vec<Vec<NodeId>>, Vec<String>) {
    let mut index: BTreeMap<(bool, u32), usize> = BTreeMap::new();
    let (mut stands, mut names) = (Vec::new(), Vec::new());
    let mut stand = |is_zone: bool, number: u32| {
        *index.entry((is_zone, number)).or_insert_with(|| {
            let (share, name) = match is_zone {
                true => (problem.shares.zone, &scene.at.zones[number as usize].name),
                false => (problem.shares.host, &scene.at.hosts[number as usize].name),
            };
            let share = i64::from(share);
            stands.push(joint::Stand { is_zone, share });
            names.push(name.to_string());
            stands.len() - 1
        })
    };
    let (mut all, mut nodes) = (Vec::new(), Vec::new());
    for (shard, ring) in live.iter().zip(rings) {
        let heirs = leading(scene, shard);
        let mut copies = measure::live_copies(scene.at, shard);
        copies.retain(|&id| id != shard.owner);
        copies.insert(0, shard.owner);
        let copy = |&id: &NodeId| {
            let host = scene.at.node(id).host;
            let zone = problem.copy(id, true).zone;
            let chosen = scene.nodes.contains(&id);
            joint::Copy {
                place: chosen.then(|| places.at(scene.at, id)).flatten(),
                stands: host
                    .map(|host| stand(false, host.0))
                    .into_iter()
                    .chain(zone.filter(|_| host.is_some()).map(|z| stand(true, z.0)))
                    .collect(),
                leads: id == shard.owner || heirs.contains(&id),
            }
        };
        let list = copies.iter().map(copy).collect();
        all.push(joint::Ring {
            copies: list,
            strict: ring.strict,
        });
        nodes.push(copies);
    }
    let game = Game {
        places: places.names.len(),
        stands,
        over: [0, 0],
        rings: all,
        as_before: scene.ask.roles == Roles::AsBefore,
    };
    (game, nodes, names)
}

/// Who takes over, by shard and by the place that goes down.
fn heirs(
    game: &Game,
    found: Option<&Found>,
    nodes: &[Vec<NodeId>],
) -> BTreeMap<(NodeId, usize), NodeId> {
    let Some(found) = found else {
        return BTreeMap::new();
    };
    let turn = joint::turns(&found.order);
    let mut heirs = BTreeMap::new();
    for ((ring, &end), nodes) in game.rings.iter().zip(&found.ends).zip(nodes) {
        for (place, heir) in ring.path(&turn, end) {
            heirs.insert((nodes[0], place), nodes[heir]);
        }
    }
    heirs
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
    /// Who takes over, where that was decided: by the owner of the shard, and the place.
    heirs: BTreeMap<(NodeId, usize), NodeId>,
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
            let place = self.places.at(scene.at, *leader);
            let decided = place.and_then(|p| self.heirs.get(&(shard.owner, p)));
            let decided = decided.copied().filter(|heir| heir != leader);
            let Some(heir) = decided.or_else(|| self.heir(*leader, shard, ring)) else {
                continue;
            };
            let place = place.map_or("", |p| &self.places.names[p]);
            let reason = format!("{place} goes down next");
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
            restarts.push(scene.restart(id, mib, format!("{place} goes down")));
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
