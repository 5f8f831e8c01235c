//! The coupled decision as columns: for every class of alike shards, the ways one of them can
//! end up.
//!
//! A column says which replicas leave, which spares come and who leads. Columns of one class
//! compete for the same shards; rows couple classes: spares there are, replicas that leave must
//! arrive somewhere, masters a place may hold, and what earlier levels came to.

use std::collections::BTreeMap;

use crate::flow::Cost;
use crate::flow::WIDTH;
use crate::model::DiskId;
use crate::model::NodeId;
use crate::model::ZoneId;
use crate::plan::level::Level;
use crate::plan::price;
use crate::plan::price::Origin;
use crate::plan::price::Placed;
use crate::plan::problem::Copy;
use crate::plan::problem::Place;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;
use crate::policy::HomeRole;

/// More columns than this are not built: the decision is then not proven.
const MOST_COLUMNS: usize = 20_000;

/// Units that can stand in for each other on their way to a shard.
#[derive(Clone, Debug)]
pub struct Group {
    pub sample: Copy,
    pub origin: Origin,
    /// Spares, in node order; empty for the pool of released replicas.
    pub spares: Vec<NodeId>,
}

/// One way a shard of a class can end up.
#[derive(Clone, Debug)]
pub struct Column {
    pub cost: Cost,
    pub place: Place,
    pub zone: Option<ZoneId>,
    /// Positions in the unit's `movable` that leave.
    pub released: Vec<usize>,
    /// Positions in the unit's `chained` that leave.
    pub unchained: Vec<usize>,
    /// Groups that copies come from.
    pub adds: Vec<usize>,
    pub lead: Lead,
}

/// Who leads in a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lead {
    /// Position among the copies that stay: fixed, then movable, then chained.
    Stays(usize),
    /// Position in `adds`.
    Comes(usize),
}

/// Shards that are alike in everything that any level counts.
#[derive(Clone, Debug)]
pub struct Class {
    pub units: Vec<usize>,
    pub columns: Vec<Column>,
}

/// All columns of a problem.
pub struct Table {
    pub groups: Vec<Group>,
    pub classes: Vec<Class>,
}

type CopyKey = (
    Place,
    Option<DiskId>,
    Option<ZoneId>,
    bool,
    bool,
    Option<bool>,
);
type GroupKey = (Place, Option<DiskId>, bool, bool, i64, bool, Option<bool>);
type ClassKey = (
    bool,
    i64,
    bool,
    i64,
    i64,
    Vec<CopyKey>,
    Vec<CopyKey>,
    Vec<CopyKey>,
);

/// How far the columns reach.
pub struct Reach<'a> {
    /// Earlier levels that came to nothing: a column that costs any of them cannot be used.
    pub barred: &'a [Level],
    /// Healthy replicas may leave.
    pub moves: bool,
    /// Spares per shard beyond what it lacks.
    pub extra: usize,
}

/// Builds the table; `None` if it would be too large.
pub fn table(problem: &Problem, reach: &Reach) -> Option<Table> {
    let groups = groups(problem, reach);
    let mut by_key: BTreeMap<ClassKey, Vec<usize>> = BTreeMap::new();
    for (index, unit) in problem.units.iter().enumerate() {
        by_key
            .entry(class_key(problem, unit))
            .or_default()
            .push(index);
    }
    let mut classes = Vec::new();
    let mut total = 0;
    for units in by_key.into_values() {
        let mut builder = Builder {
            problem,
            groups: &groups,
            reach,
            unit: &problem.units[units[0]],
            columns: Vec::new(),
        };
        builder.build(MOST_COLUMNS - total)?;
        total += builder.columns.len();
        classes.push(Class {
            columns: builder.columns,
            units,
        });
    }
    Some(Table { groups, classes })
}

/// The home role of a copy, where homes count.
pub fn home_key(problem: &Problem, copy: &Copy) -> Option<bool> {
    let counts = problem.selection.level(Level::Home);
    problem
        .home_role(copy.node)
        .filter(|_| counts)
        .map(|r| r == HomeRole::Master)
}

fn copy_key(problem: &Problem, copy: &Copy) -> CopyKey {
    (
        copy.place,
        copy.disk,
        copy.zone,
        copy.usable,
        copy.may_lead,
        home_key(problem, copy),
    )
}

fn class_key(problem: &Problem, unit: &Unit) -> ClassKey {
    // Positions matter to columns, so lists are compared as they are sorted in the unit.
    let keys = |list: &[Copy]| {
        list.iter()
            .map(|c| copy_key(problem, c))
            .collect::<Vec<_>>()
    };
    (
        unit.free,
        unit.wanted,
        unit.protected,
        unit.same_zone,
        unit.mib,
        keys(&unit.fixed),
        keys(&unit.movable),
        keys(&unit.chained),
    )
}

fn groups(problem: &Problem, reach: &Reach) -> Vec<Group> {
    let mut found: BTreeMap<GroupKey, Group> = BTreeMap::new();
    for spare in &problem.spares {
        let copy = spare.copy;
        let key = (
            copy.place,
            copy.disk,
            copy.may_lead,
            false,
            spare.actions(),
            spare.untidy,
            home_key(problem, &copy),
        );
        let origin = Origin::Spare {
            actions: spare.actions(),
            untidy: spare.untidy,
        };
        let group = found.entry(key).or_insert(Group {
            sample: copy,
            origin,
            spares: Vec::new(),
        });
        group.spares.push(copy.node);
    }
    for unit in problem.units.iter().filter(|u| u.free) {
        let movable = if reach.moves {
            unit.movable.as_slice()
        } else {
            &[]
        };
        for copy in movable.iter().chain(&unit.chained) {
            let key = (
                copy.place,
                copy.disk,
                copy.may_lead,
                true,
                1,
                false,
                home_key(problem, copy),
            );
            let sample = Copy {
                usable: true,
                ..*copy
            };
            found.entry(key).or_insert(Group {
                sample,
                origin: Origin::Released,
                spares: Vec::new(),
            });
        }
    }
    found.into_values().collect()
}

struct Builder<'a> {
    problem: &'a Problem<'a>,
    groups: &'a [Group],
    reach: &'a Reach<'a>,
    unit: &'a Unit,
    columns: Vec<Column>,
}

impl Builder<'_> {
    fn build(&mut self, room: usize) -> Option<()> {
        let unit = self.unit;
        if !unit.free {
            self.push_all(&[], &[], &[]);
            return (self.columns.len() <= room).then_some(());
        }
        let movable = if self.reach.moves {
            unit.movable.len()
        } else {
            0
        };
        for leaves in subsets(movable)? {
            for unchained in subsets(unit.chained.len())? {
                let staying = unit
                    .fixed
                    .iter()
                    .chain(&unit.movable)
                    .filter(|c| c.usable)
                    .count()
                    - 1
                    - leaves.len()
                    + (unit.chained.len() - unchained.len());
                let lacking = (unit.wanted.max(1) as usize).saturating_sub(staying);
                let most = lacking + self.reach.extra;
                let mut adds = Vec::new();
                self.combine(&leaves, &unchained, &mut adds, 0, most, room)?;
            }
        }
        Some(())
    }

    // Multisets of groups, smaller ones first in their own branch.
    fn combine(
        &mut self,
        leaves: &[usize],
        unchained: &[usize],
        adds: &mut Vec<usize>,
        from: usize,
        most: usize,
        room: usize,
    ) -> Option<()> {
        self.push_all(leaves, unchained, adds);
        if self.columns.len() > room {
            return None;
        }
        if adds.len() == most {
            return Some(());
        }
        for group in from..self.groups.len() {
            // Taking in what it gives away changes nothing and costs a copy.
            if self.gives(leaves, unchained, group) {
                continue;
            }
            let held = adds.iter().filter(|&&g| g == group).count();
            let Group { origin, spares, .. } = &self.groups[group];
            if *origin != Origin::Released && held == spares.len() {
                continue;
            }
            adds.push(group);
            // A barred collision does not go away by adding more.
            if !self.collides(leaves, unchained, adds) {
                self.combine(leaves, unchained, adds, group, most, room)?;
            }
            adds.pop();
        }
        Some(())
    }

    fn gives(&self, leaves: &[usize], unchained: &[usize], group: usize) -> bool {
        let group = &self.groups[group];
        let home = home_key(self.problem, &group.sample);
        let fits = |c: &Copy| {
            c.place == group.sample.place
                && c.disk == group.sample.disk
                && home_key(self.problem, c) == home
        };
        group.origin == Origin::Released
            && (leaves.iter().any(|&i| fits(&self.unit.movable[i]))
                || unchained.iter().any(|&i| fits(&self.unit.chained[i])))
    }

    fn placed(&self, leaves: &[usize], unchained: &[usize], adds: &[usize]) -> Vec<Placed> {
        let unit = self.unit;
        let stay = |list: &[Copy], gone: &[usize], origin| -> Vec<Placed> {
            let kept = list.iter().enumerate().filter(|(i, _)| !gone.contains(i));
            kept.map(|(_, &copy)| Placed { copy, origin }).collect()
        };
        let mut placed = stay(&unit.fixed, &[], Origin::Present);
        placed.extend(stay(&unit.movable, leaves, Origin::Present));
        let chained = stay(&unit.chained, unchained, Origin::Chained);
        placed.extend(chained.into_iter().map(|p| Placed {
            copy: Copy {
                usable: true,
                ..p.copy
            },
            ..p
        }));
        placed.extend(adds.iter().map(|&g| Placed {
            copy: self.groups[g].sample,
            origin: self.groups[g].origin,
        }));
        placed
    }

    fn is_barred(&self, cost: &Cost) -> bool {
        self.reach
            .barred
            .iter()
            .any(|&level| cost.0[level as usize] > 0)
    }

    fn collides(&self, leaves: &[usize], unchained: &[usize], adds: &[usize]) -> bool {
        let placed = self.placed(leaves, unchained, adds);
        let cost = price::unit(self.problem, self.unit, &placed, 0, &placed[0].copy);
        let doubled = Level::SameHost;
        self.reach.barred.contains(&doubled) && cost.0[doubled as usize] > 0
    }

    fn push_all(&mut self, leaves: &[usize], unchained: &[usize], adds: &[usize]) {
        let placed = self.placed(leaves, unchained, adds);
        let staying = placed.len() - adds.len();
        let copies: Vec<Copy> = placed.iter().map(|p| p.copy).collect();
        let mut seen = Vec::new();
        for (position, copy) in copies.iter().enumerate() {
            let may = position == 0 || (self.unit.may_hand_over && copy.usable && copy.may_lead);
            let lead = if position < staying {
                Lead::Stays(position)
            } else {
                Lead::Comes(position - staying)
            };
            // A second spare of one group leads no better than the first.
            let twin = matches!(lead, Lead::Comes(at) if at > 0 && adds[at] == adds[at - 1]);
            if !may || twin {
                continue;
            }
            let cost = price::unit(self.problem, self.unit, &placed, leaves.len() as i64, copy);
            if self.is_barred(&cost) {
                continue;
            }
            let key = (cost, copy.place, copy.zone);
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            self.columns.push(Column {
                cost,
                place: copy.place,
                zone: copy.zone,
                released: leaves.to_vec(),
                unchained: unchained.to_vec(),
                adds: adds.to_vec(),
                lead,
            });
        }
    }
}

/// All subsets of `0..len`; none if there would be too many.
fn subsets(len: usize) -> Option<Vec<Vec<usize>>> {
    (len <= 6).then(|| {
        (0..1_u32 << len)
            .map(|mask| (0..len).filter(|&i| mask >> i & 1 == 1).collect())
            .collect()
    })
}

const _: () = assert!(WIDTH > Level::TieRank as usize, "columns carry every level");
