//! One level of the coupled decision: a bound from multipliers, and a better decision if there
//! is one.
//!
//! The bound needs no trust in a solver. For any non-negative multipliers on the coupling rows,
//! `Σ classes (size × cheapest column, rows priced in) − Σ rows (multiplier × limit)` is below
//! the value of every decision that keeps the rows. Good multipliers are looked for with linear
//! programs, rounded to whole numbers of `1 / SCALE`, and the sum is recomputed in i128.

use crate::plan::Certificate;
use crate::plan::columns::Class;
use crate::plan::columns::Column;
use crate::plan::columns::Table;
use crate::plan::level::Level;
use crate::plan::price::Origin;
use crate::plan::problem::Problem;
use crate::plan::roles::Limits;
use crate::plan::solve;
use crate::plan::solve::Bounds;
use crate::plan::solve::Program;
use crate::plan::solve::Row;

/// Multipliers are whole numbers of one in this many.
const SCALE: i64 = 1 << 20;
/// Columns that the integer program may choose from.
const MOST_OFFERED: usize = 2_000;
/// Rounds of looking for better multipliers.
const ROUNDS: usize = 30;

/// The problem at one level: the levels before it keep their values.
pub struct Stage<'a> {
    pub problem: &'a Problem<'a>,
    pub table: &'a Table,
    pub limits: &'a Limits,
    pub level: Level,
    /// Earlier levels with what they came to.
    pub frozen: &'a [(Level, i64)],
}

/// A bound and what proves it.
pub struct Bound {
    pub value: i64,
    pub certificate: Certificate,
    multipliers: Vec<i64>,
    floors: Vec<i128>,
    total: i128,
}

/// A row that couples classes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Coupling {
    /// Units taken from a group do not exceed what it has.
    Pool(usize),
    /// Replicas that leave must arrive.
    Return(usize),
    /// Masters of a host or zone beyond its limit are counted.
    Load(Level, usize),
    /// An earlier level keeps its value.
    Freeze(Level),
}

const LOADS: [Level; 4] = [
    Level::VotesHost,
    Level::VotesZone,
    Level::OverHost,
    Level::OverZone,
];

impl Stage<'_> {
    fn rows(&self) -> Vec<(Coupling, i64)> {
        let mut rows = Vec::new();
        for (index, group) in self.table.groups.iter().enumerate() {
            rows.push((Coupling::Pool(index), group.spares.len() as i64));
            if group.origin == Origin::Released {
                rows.push((Coupling::Return(index), 0));
            }
        }
        for level in LOADS
            .into_iter()
            .filter(|&l| l == self.level || self.frozen.iter().any(|f| f.0 == l))
        {
            let limits = self.load_limits(level);
            let led = |at: usize| {
                let leads = |c: &Column| Self::load_index(level, c) == Some(at);
                self.table
                    .classes
                    .iter()
                    .any(|class| class.columns.iter().any(leads))
            };
            rows.extend(
                (0..limits.len())
                    .filter(|&at| led(at))
                    .map(|at| (Coupling::Load(level, at), limits[at])),
            );
        }
        rows.extend(
            self.frozen
                .iter()
                .map(|&(level, value)| (Coupling::Freeze(level), value)),
        );
        rows
    }

    fn load_limits(&self, level: Level) -> &[i64] {
        match level {
            Level::VotesHost => &self.limits.votes_host,
            Level::OverHost => &self.limits.over_host,
            Level::VotesZone => &self.limits.votes_zone,
            _ => &self.limits.over_zone,
        }
    }

    fn load_index(level: Level, column: &Column) -> Option<usize> {
        match level {
            Level::VotesHost | Level::OverHost => Some(column.place),
            _ => column.zone.map(|z| z.0 as usize),
        }
    }

    fn coefficient(&self, row: Coupling, class: &Class, column: &Column) -> i64 {
        match row {
            Coupling::Pool(group) => self.table.use_of(self.problem, class, column, group),
            Coupling::Return(group) => -self.table.use_of(self.problem, class, column, group),
            Coupling::Load(level, at) => i64::from(Self::load_index(level, column) == Some(at)),
            Coupling::Freeze(level) if LOADS.contains(&level) => 0,
            Coupling::Freeze(level) => column.cost.0[level as usize],
        }
    }

    /// What a column costs at this level; load levels cost through their rows.
    fn price(&self, column: &Column) -> i64 {
        if LOADS.contains(&self.level) {
            0
        } else {
            column.cost.0[self.level as usize]
        }
    }

    fn name(&self, row: Coupling) -> String {
        let cluster = self.problem.cluster;
        let place = |place: usize| match cluster.hosts.get(place) {
            Some(host) => format!("host {}", host.name),
            None => format!("node {}", cluster.nodes[place - cluster.hosts.len()]),
        };
        match row {
            Coupling::Pool(group) => {
                format!("spares {}", place(self.table.groups[group].sample.place))
            }
            Coupling::Return(group) => {
                format!("arrivals {}", place(self.table.groups[group].sample.place))
            }
            Coupling::Load(level @ (Level::VotesHost | Level::OverHost), at) => {
                format!("{} {}", level.name(), place(at))
            }
            Coupling::Load(level, at) => {
                format!("{} zone {}", level.name(), cluster.zones[at].name)
            }
            Coupling::Freeze(level) => format!("level {}", level.name()),
        }
    }

    /// Sparse coefficients of every column.
    fn matrix(&self, rows: &[(Coupling, i64)]) -> Vec<Vec<Vec<(usize, i64)>>> {
        let of = |class: &Class, column: &Column| {
            let cells = rows
                .iter()
                .enumerate()
                .map(|(r, (row, _))| (r, self.coefficient(*row, class, column)));
            cells.filter(|(_, a)| *a != 0).collect::<Vec<_>>()
        };
        self.table
            .classes
            .iter()
            .map(|class| class.columns.iter().map(|c| of(class, c)).collect())
            .collect()
    }

    /// The best bound that the rounds find; `None` if some class has no column at all.
    pub fn bound(&self, target: i64) -> Option<Bound> {
        let rows = self.rows();
        let matrix = self.matrix(&rows);
        if self.table.classes.iter().any(|c| c.columns.is_empty()) {
            return None;
        }
        let mut cuts: Vec<Vec<usize>> = vec![Vec::new(); self.table.classes.len()];
        let mut multipliers = vec![0_i64; rows.len()];
        let mut best: Option<Bound> = None;
        for _ in 0..ROUNDS {
            let (bound, cheapest) = self.evaluate(&rows, &matrix, &multipliers);
            if best.as_ref().is_none_or(|b| bound.total > b.total) {
                best = Some(bound);
            }
            if best.as_ref().is_some_and(|b| b.value >= target) {
                break;
            }
            let mut grown = false;
            for (cut, column) in cuts.iter_mut().zip(cheapest) {
                if !cut.contains(&column) {
                    cut.push(column);
                    grown = true;
                }
            }
            if !grown {
                break;
            }
            let Some(next) = self.improve(&rows, &matrix, &cuts) else {
                break;
            };
            multipliers = next;
        }
        best
    }

    /// The bound for given multipliers, in integers, and the cheapest column of every class.
    fn evaluate(
        &self,
        rows: &[(Coupling, i64)],
        matrix: &[Vec<Vec<(usize, i64)>>],
        multipliers: &[i64],
    ) -> (Bound, Vec<usize>) {
        let mut total = 0_i128;
        let (mut floors, mut cheapest) = (Vec::new(), Vec::new());
        for (class, cells) in self.table.classes.iter().zip(matrix) {
            let priced =
                |column: usize| self.reduced(&class.columns[column], &cells[column], multipliers);
            let best = (0..class.columns.len())
                .min_by_key(|&c| (priced(c), c))
                .expect("no class is empty");
            floors.push(priced(best));
            total += priced(best) * class.units.len() as i128;
            cheapest.push(best);
        }
        for ((_, limit), &multiplier) in rows.iter().zip(multipliers) {
            total -= i128::from(*limit) * i128::from(multiplier);
        }
        let scale = i128::from(SCALE);
        let value = total.div_euclid(scale) + i128::from(total.rem_euclid(scale) > 0);
        let named = rows.iter().zip(multipliers).filter(|(_, m)| **m != 0);
        let certificate = Certificate {
            level: self.level,
            scale: SCALE,
            multipliers: named.map(|((row, _), &m)| (self.name(*row), m)).collect(),
        };
        let value = i64::try_from(value).unwrap_or(i64::MIN);
        (
            Bound {
                value,
                certificate,
                multipliers: multipliers.to_vec(),
                floors,
                total,
            },
            cheapest,
        )
    }

    fn reduced(&self, column: &Column, cells: &[(usize, i64)], multipliers: &[i64]) -> i128 {
        let base = i128::from(self.price(column)) * i128::from(SCALE);
        cells.iter().fold(base, |sum, &(row, a)| {
            sum + i128::from(a) * i128::from(multipliers[row])
        })
    }

    /// Multipliers from the linear program over the columns met so far. Rounded so that no load
    /// row pays more than its count can cost: else the bound would not hold.
    fn improve(
        &self,
        rows: &[(Coupling, i64)],
        matrix: &[Vec<Vec<(usize, i64)>>],
        cuts: &[Vec<usize>],
    ) -> Option<Vec<i64>> {
        let classes = self.table.classes.len();
        let mut program = Program::default();
        for _ in 0..classes {
            program.variables.push(Bounds {
                upper: 1e6,
                integer: false,
                free: true,
            });
        }
        for _ in rows {
            program.variables.push(Bounds {
                upper: 1e4,
                integer: false,
                free: false,
            });
        }
        for (index, class) in self.table.classes.iter().enumerate() {
            program.objective.push((index, -(class.units.len() as f64)));
            for &column in &cuts[index] {
                let mut terms = vec![(index, 1.0)];
                terms.extend(
                    matrix[index][column]
                        .iter()
                        .map(|&(row, a)| (classes + row, -(a as f64))),
                );
                program.rows.push(Row {
                    terms,
                    limit: self.price(&class.columns[column]) as f64,
                    equal: false,
                });
            }
        }
        for (index, (row, limit)) in rows.iter().enumerate() {
            program.objective.push((classes + index, *limit as f64));
            if let Some((own, freeze)) = self.load_cap(rows, *row) {
                let mut terms = vec![(classes + index, 1.0)];
                terms.extend(freeze.map(|f| (classes + f, -1.0)));
                program.rows.push(Row {
                    terms,
                    limit: own as f64,
                    equal: false,
                });
            }
        }
        let solution = solve::solve(&program)?;
        let mut multipliers: Vec<i64> = solution[classes..]
            .iter()
            .map(|&y| (y.max(0.0) * SCALE as f64).round() as i64)
            .collect();
        for index in 0..rows.len() {
            if let Some((own, freeze)) = self.load_cap(rows, rows[index].0) {
                let cap = own * SCALE + freeze.map_or(0, |f| multipliers[f]);
                multipliers[index] = multipliers[index].min(cap);
            }
        }
        Some(multipliers)
    }

    /// What one master beyond the limit costs: one if this is the level, and the multiplier of
    /// the level's own row if it is frozen.
    fn load_cap(&self, rows: &[(Coupling, i64)], row: Coupling) -> Option<(i64, Option<usize>)> {
        let Coupling::Load(level, _) = row else {
            return None;
        };
        let freeze = rows.iter().position(|(r, _)| *r == Coupling::Freeze(level));
        Some((i64::from(level == self.level), freeze))
    }

    /// A decision with a lower value than `value` at this level, as (class, column, how often);
    /// `None` if the solver finds none. Only columns that such a decision can use are offered.
    pub fn better(&self, bound: Option<&Bound>, value: i64) -> Option<Vec<(usize, usize, i64)>> {
        let rows = self.rows();
        let matrix = self.matrix(&rows);
        let mut program = Program::default();
        let mut columns = Vec::new();
        for (index, class) in self.table.classes.iter().enumerate() {
            let mut all = Vec::new();
            for (number, column) in class.columns.iter().enumerate() {
                if self.is_hopeless(bound, index, column, &matrix[index][number], value) {
                    continue;
                }
                let variable = program.variables.len();
                program.variables.push(Bounds {
                    upper: class.units.len() as f64,
                    integer: true,
                    free: false,
                });
                program
                    .objective
                    .push((variable, self.price(column) as f64));
                all.push((variable, 1.0));
                columns.push((index, number));
            }
            program.rows.push(Row {
                terms: all,
                limit: class.units.len() as f64,
                equal: true,
            });
        }
        // A limit on size, not on time: the same input must give the same plan.
        if columns.len() > MOST_OFFERED {
            return None;
        }
        let mut counted: Vec<(Level, usize)> = Vec::new();
        for (row, (coupling, limit)) in rows.iter().enumerate() {
            let cell = |&(index, number): &(usize, usize)| {
                matrix[index][number]
                    .iter()
                    .find(|(r, _)| *r == row)
                    .map(|(_, a)| *a as f64)
            };
            let mut terms: Vec<(usize, f64)> = columns
                .iter()
                .enumerate()
                .filter_map(|(v, c)| Some((v, cell(c)?)))
                .collect();
            if let Coupling::Load(level, _) = coupling {
                let over = program.variables.len();
                program.variables.push(Bounds {
                    upper: 1e6,
                    integer: false,
                    free: false,
                });
                program
                    .objective
                    .push((over, f64::from(u8::from(*level == self.level))));
                terms.push((over, -1.0));
                counted.push((*level, over));
            }
            if let Coupling::Freeze(level) = coupling
                && LOADS.contains(level)
            {
                terms = counted
                    .iter()
                    .filter(|(l, _)| l == level)
                    .map(|&(_, v)| (v, 1.0))
                    .collect();
            }
            program.rows.push(Row {
                terms,
                limit: *limit as f64,
                equal: false,
            });
        }
        let solution = solve::solve(&program)?;
        let chosen = columns
            .iter()
            .zip(&solution)
            .map(|(&(class, column), &x)| (class, column, x.round() as i64))
            .filter(|c| c.2 > 0)
            .collect();
        Some(chosen)
    }

    /// With this column no decision can be below `value`: the bound with it is too high.
    fn is_hopeless(
        &self,
        bound: Option<&Bound>,
        class: usize,
        column: &Column,
        cells: &[(usize, i64)],
        value: i64,
    ) -> bool {
        bound.is_some_and(|bound| {
            let detour = self.reduced(column, cells, &bound.multipliers) - bound.floors[class];
            bound.total + detour > i128::from(value - 1) * i128::from(SCALE)
        })
    }
}
