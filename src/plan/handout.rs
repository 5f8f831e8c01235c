//! Chosen columns to shards and nodes: who exactly goes where.

use crate::model::NodeId;
use crate::plan::columns::Class;
use crate::plan::columns::Column;
use crate::plan::columns::Lead;
use crate::plan::columns::Table;
use crate::plan::columns::home_key;
use crate::plan::level::Level;
use crate::plan::price::Origin;
use crate::plan::problem::Assignment;
use crate::plan::problem::Copy;
use crate::plan::problem::Decision;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;
use crate::plan::roles;

impl Table {
    /// Units taken from a group (positive) or given to it (negative) by a column.
    pub fn use_of(&self, problem: &Problem, class: &Class, column: &Column, group: usize) -> i64 {
        let taken = column.adds.iter().filter(|&&g| g == group).count() as i64;
        let of = &self.groups[group];
        if of.origin != Origin::Released {
            return taken;
        }
        let unit = &problem.units[class.units[0]];
        let fits = |c: &Copy| {
            c.place == of.sample.place
                && c.disk == of.sample.disk
                && home_key(problem, c) == home_key(problem, &of.sample)
        };
        let given = column
            .released
            .iter()
            .filter(|&&i| fits(&unit.movable[i]))
            .count()
            + column
                .unchained
                .iter()
                .filter(|&&i| fits(&unit.chained[i]))
                .count();
        taken - given as i64
    }

    /// Hands out the chosen columns (class, column, how often) to shards and nodes: home pairs
    /// first, then lowest address to lowest address.
    pub fn expand(&self, problem: &Problem, chosen: &[(usize, usize, i64)]) -> Option<Decision> {
        let mut pools: Vec<Vec<NodeId>> = self.groups.iter().map(|g| g.spares.clone()).collect();
        let mut copies: Vec<Vec<Copy>> = vec![Vec::new(); problem.units.len()];
        let mut masters: Vec<NodeId> = problem.units.iter().map(|u| u.owner).collect();
        let mut columns: Vec<Option<&Column>> = vec![None; problem.units.len()];
        for (index, class) in self.classes.iter().enumerate() {
            let mut waiting = class.units.clone();
            let mut mine: Vec<_> = chosen.iter().filter(|c| c.0 == index).collect();
            // Shards that change pick first, those whose change leads home before others.
            mine.sort_by_key(|c| {
                std::cmp::Reverse(class.columns[c.1].cost.0[Level::Actions as usize])
            });
            for &&(_, column, count) in &mine {
                let column = &class.columns[column];
                waiting.sort_by_key(|&u| (home_ties(problem, &problem.units[u], column), u));
                for _ in 0..count {
                    if waiting.is_empty() {
                        return None;
                    }
                    columns[waiting.remove(0)] = Some(column);
                }
            }
            if !waiting.is_empty() {
                return None;
            }
        }
        for (index, column) in columns.iter().enumerate() {
            let (unit, column) = (&problem.units[index], (*column)?);
            for (group, pool) in pools.iter_mut().enumerate() {
                if self.groups[group].origin == Origin::Released {
                    let fits = |c: &Copy| {
                        c.place == self.groups[group].sample.place
                            && c.disk == self.groups[group].sample.disk
                            && home_key(problem, c) == home_key(problem, &self.groups[group].sample)
                    };
                    pool.extend(
                        column
                            .released
                            .iter()
                            .map(|&i| &unit.movable[i])
                            .filter(|c| fits(c))
                            .map(|c| c.node),
                    );
                    pool.extend(
                        column
                            .unchained
                            .iter()
                            .map(|&i| &unit.chained[i])
                            .filter(|c| fits(c))
                            .map(|c| c.node),
                    );
                }
            }
        }
        pools.iter_mut().for_each(|p| p.sort_unstable());
        for (index, column) in columns.iter().enumerate() {
            let (unit, column) = (&problem.units[index], (*column)?);
            let mut list = unit.fixed.clone();
            let stay = |from: &[Copy], gone: &[usize]| -> Vec<Copy> {
                let kept = from.iter().enumerate().filter(|(i, _)| !gone.contains(i));
                kept.map(|(_, &c)| c).collect()
            };
            list.extend(stay(&unit.movable, &column.released));
            list.extend(
                stay(&unit.chained, &column.unchained)
                    .into_iter()
                    .map(|c| Copy { usable: true, ..c }),
            );
            let staying = list.len();
            for &group in &column.adds {
                let pool = &mut pools[group];
                let home = pool.iter().position(|&n| problem.at_home(n, unit));
                let own = |n: NodeId| {
                    unit.movable
                        .iter()
                        .chain(&unit.chained)
                        .any(|c| c.node == n)
                };
                let at = home.or_else(|| pool.iter().position(|&n| !own(n)))?;
                let node = pool.remove(at);
                list.push(problem.copy(node, true));
            }
            masters[index] = match column.lead {
                Lead::Stays(position) => list[position].node,
                Lead::Comes(position) => list[staying + position].node,
            };
            copies[index] = list;
        }
        Some(Decision {
            assignment: Assignment { copies },
            masters,
        })
    }
}

/// Copies away from home if the unit takes the column.
fn home_ties(problem: &Problem, unit: &Unit, column: &Column) -> i64 {
    let stay: Vec<Copy> = unit.fixed.iter().chain(&unit.movable).copied().collect();
    let master = match column.lead {
        Lead::Stays(position) => stay.get(position).copied().unwrap_or(unit.fixed[0]),
        Lead::Comes(_) => return 0,
    };
    let cost = roles::price(problem, unit, &stay, &master);
    cost.0[Level::TieHome as usize] + cost.0[Level::Home as usize]
}
