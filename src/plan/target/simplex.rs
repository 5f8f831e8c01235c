//! A linear program whose costs are tuples: all levels at once, compared from the left.
//!
//! Knows rows and columns, and nothing of what they stand for. A revised simplex whose duals are
//! tuples, too, so that one run gives prices for every level; the inverse of the basis is a
//! product of sparse factors that is made anew every so many pivots. Numbers are floats: nothing
//! that comes out of here is believed before it was recounted in integers.

use crate::plan::level::Level;

/// A tuple over all levels.
pub type Tuple = [f64; Level::COUNT];

/// Smaller than that is nothing.
const NOTHING: f64 = 1e-7;
/// Pivots between two factorisations: without them the duals drift away.
const FRESH: usize = 64;
/// Candidates that are kept for the next pivots.
const SHORT_LIST: usize = 60;

/// Index of a column.
pub type ColumnId = usize;

/// `Σ cells × value` against the right side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    AtMost,
    Exactly,
}

/// A variable that is not below zero.
#[derive(Clone, Debug)]
struct Column {
    cells: Vec<(usize, f64)>,
    cost: Tuple,
    basic: bool,
}

/// What one pivot did to the inverse.
struct Factor {
    row: usize,
    cells: Vec<(usize, f64)>,
}

/// The program and its present basis.
pub struct Simplex {
    right: Vec<f64>,
    /// The right sides a little off, so that no vertex is met twice.
    shifted: Vec<f64>,
    columns: Vec<Column>,
    /// Columns of the rows themselves come first.
    own: usize,
    /// By row.
    basis: Vec<ColumnId>,
    value: Vec<f64>,
    duals: Vec<Tuple>,
    factors: Vec<Factor>,
    pivots: usize,
    short: Vec<ColumnId>,
    evens: Vec<(ColumnId, usize)>,
}

/// The first level of a tuple that is not nothing, and how much it is there.
fn sign(tuple: &Tuple) -> Option<(usize, f64)> {
    let at = tuple.iter().position(|v| v.abs() > NOTHING)?;
    Some((at, tuple[at]))
}

impl Simplex {
    /// Rows with their right sides, not below zero. Every row begins with a column of its own:
    /// what is left of it, or what is wanting of it at a cost in the first level.
    pub fn new(rows: &[(Relation, f64)]) -> Self {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut lot = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            1e-5 * (1.0 + (seed >> 40) as f64 / 16_777_216.0)
        };
        let right: Vec<f64> = rows.iter().map(|r| r.1).collect();
        // What must come out even would cost without end if it were shifted.
        let shifted = rows.iter().map(|(relation, right)| {
            let even = *relation == Relation::Exactly && *right == 0.0;
            let shift = lot();
            if even { 0.0 } else { right + shift }
        });
        let shifted: Vec<f64> = shifted.collect();
        let mut simplex = Self {
            value: shifted.clone(),
            right,
            shifted,
            columns: Vec::new(),
            own: rows.len(),
            basis: (0..rows.len()).collect(),
            duals: vec![[0.0; Level::COUNT]; rows.len()],
            factors: Vec::new(),
            pivots: 0,
            short: Vec::new(),
            evens: Vec::new(),
        };
        for (row, (relation, _)) in rows.iter().enumerate() {
            let mut cost = [0.0; Level::COUNT];
            if *relation == Relation::Exactly {
                cost[Level::Serve as usize] = 1.0;
            }
            let column = simplex.column(vec![(row, 1.0)], cost);
            simplex.columns[column].basic = true;
        }
        for (row, (relation, right)) in rows.iter().enumerate() {
            if *relation == Relation::Exactly && *right == 0.0 {
                let cost = simplex.columns[row].cost;
                let column = simplex.column(vec![(row, -1.0)], cost);
                simplex.evens.push((column, row));
            }
        }
        simplex.count_duals();
        simplex
    }

    /// A new column.
    pub fn column(&mut self, cells: Vec<(usize, f64)>, cost: Tuple) -> ColumnId {
        self.columns.push(Column {
            cells,
            cost,
            basic: false,
        });
        self.columns.len() - 1
    }

    /// Puts columns into the basis in place of rows' own, whatever that does to the values.
    pub fn begin_with(&mut self, columns: impl Iterator<Item = (ColumnId, usize)>) {
        for (column, row) in columns {
            let cells = self.through(&self.columns[column].cells);
            if cells[row].abs() > NOTHING {
                self.replace(column, row, &cells);
            }
        }
        self.values();
        self.count_duals();
    }

    /// What pays for a row that must come out even and is below that.
    pub fn evens(&self) -> Vec<(ColumnId, usize)> {
        self.evens.clone()
    }

    /// Rows whose value is below zero.
    pub fn below_zero(&self) -> Vec<usize> {
        (0..self.basis.len())
            .filter(|&r| self.value[r] < 0.0)
            .collect()
    }

    /// What one more of the right side of a row is worth.
    pub fn dual(&self, row: usize) -> &Tuple {
        &self.duals[row]
    }

    /// What a column would cost at the present duals.
    pub fn reduced(&self, column: ColumnId) -> Tuple {
        let of = &self.columns[column];
        let mut cost = of.cost;
        for &(row, cell) in &of.cells {
            for (cost, dual) in cost.iter_mut().zip(&self.duals[row]) {
                *cost -= dual * cell;
            }
        }
        cost
    }

    /// Columns of the vertex with their values for the true right sides, in order.
    pub fn shares(&self) -> Vec<(ColumnId, f64)> {
        let right: Vec<(usize, f64)> = self.right.iter().copied().enumerate().collect();
        let values = self.through(&right);
        let all = self.basis.iter().copied().zip(values);
        let mut shares: Vec<(ColumnId, f64)> = all
            .filter(|(column, share)| *column >= self.own && *share > NOTHING)
            .collect();
        shares.sort_by_key(|s| s.0);
        shares
    }

    /// Pivots over the columns that are there; false if it gives up.
    pub fn optimise(&mut self, most_pivots: usize) -> bool {
        while let Some(enter) = self.entering() {
            let cells = self.through(&self.columns[enter].cells);
            let Some((row, step)) = self.leaving(&cells) else {
                return false;
            };
            self.pivot(enter, row, step, &cells);
            if self.pivots.is_multiple_of(FRESH) {
                self.refactor();
            }
            if self.pivots > most_pivots {
                return false;
            }
        }
        true
    }

    /// The column that gains most, among the last good ones, else among all.
    fn entering(&mut self) -> Option<ColumnId> {
        let short = std::mem::take(&mut self.short);
        self.best_of(short.into_iter())
            .or_else(|| self.best_of(0..self.columns.len()))
    }

    fn best_of(&mut self, columns: impl Iterator<Item = ColumnId>) -> Option<ColumnId> {
        let mut gains: Vec<(usize, f64, ColumnId)> = columns
            .filter(|&c| !self.columns[c].basic)
            .filter_map(|c| {
                let (level, amount) = sign(&self.reduced(c))?;
                (amount < 0.0).then_some((level, amount, c))
            })
            .collect();
        gains.sort_by(|a, b| {
            let amounts = a.1.total_cmp(&b.1);
            a.0.cmp(&b.0).then(amounts).then(a.2.cmp(&b.2))
        });
        self.short = gains.iter().take(SHORT_LIST).map(|g| g.2).collect();
        gains.first().map(|g| g.2)
    }

    /// The row that reaches zero first, in two passes: how far with a little slack, then the
    /// largest pivot within.
    fn leaving(&self, cells: &[f64]) -> Option<(usize, f64)> {
        let rows = || cells.iter().enumerate().filter(|(_, c)| **c > NOTHING);
        let far = rows()
            .map(|(r, c)| (self.value[r].max(0.0) + 1e-9) / c)
            .fold(f64::INFINITY, f64::min);
        let mut best: Option<(usize, f64)> = None;
        for (row, &cell) in rows() {
            let within = self.value[row].max(0.0) / cell <= far;
            if within && best.is_none_or(|(_, largest)| cell > largest + 1e-9) {
                best = Some((row, cell));
            }
        }
        best.map(|(row, cell)| (row, self.value[row].max(0.0) / cell))
    }

    fn pivot(&mut self, enter: ColumnId, row: usize, step: f64, cells: &[f64]) {
        let gain = self.reduced(enter);
        let mut unit = vec![0.0; self.basis.len()];
        unit[row] = 1.0;
        self.back_through(&mut unit);
        for (dual, part) in self.duals.iter_mut().zip(&unit).filter(|(_, u)| **u != 0.0) {
            let part = part / cells[row];
            for (dual, gain) in dual.iter_mut().zip(&gain) {
                *dual += gain * part;
            }
        }
        for (value, cell) in self.value.iter_mut().zip(cells) {
            *value -= step * cell;
        }
        self.value[row] = step;
        self.replace(enter, row, cells);
        self.pivots += 1;
    }

    fn replace(&mut self, column: ColumnId, row: usize, cells: &[f64]) {
        self.factors.push(factor(row, cells));
        self.columns[self.basis[row]].basic = false;
        self.basis[row] = column;
        self.columns[column].basic = true;
    }

    /// Cells in terms of the basis.
    fn through(&self, cells: &[(usize, f64)]) -> Vec<f64> {
        let mut dense = vec![0.0; self.basis.len()];
        for &(row, cell) in cells {
            dense[row] += cell;
        }
        for factor in &self.factors {
            let at = dense[factor.row];
            if at != 0.0 {
                dense[factor.row] = 0.0;
                for &(row, cell) in &factor.cells {
                    dense[row] += at * cell;
                }
            }
        }
        dense
    }

    fn back_through(&self, dense: &mut [f64]) {
        for factor in self.factors.iter().rev() {
            let cells = factor.cells.iter();
            dense[factor.row] = cells.map(|&(row, cell)| dense[row] * cell).sum();
        }
    }

    /// The factors anew from the basis, short columns first, and from them values and duals.
    fn refactor(&mut self) {
        self.factors.clear();
        let mut columns = self.basis.clone();
        columns.sort_by_key(|&c| (self.columns[c].cells.len(), c));
        let mut free = vec![true; self.basis.len()];
        for column in columns {
            let cells = self.through(&self.columns[column].cells);
            let open = (0..cells.len()).filter(|&r| free[r]);
            let row = open.max_by(|&a, &b| {
                let sizes = cells[a].abs().total_cmp(&cells[b].abs());
                sizes.then(b.cmp(&a))
            });
            let Some(row) = row else { continue };
            free[row] = false;
            let alone = cells.iter().enumerate().all(|(r, c)| r == row || *c == 0.0);
            if !alone || cells[row] != 1.0 {
                self.factors.push(factor(row, &cells));
            }
            self.basis[row] = column;
        }
        self.values();
        self.count_duals();
    }

    fn values(&mut self) {
        let right: Vec<(usize, f64)> = self.shifted.iter().copied().enumerate().collect();
        self.value = self.through(&right);
    }

    fn count_duals(&mut self) {
        for level in 0..Level::COUNT {
            let mut costs: Vec<f64> = self
                .basis
                .iter()
                .map(|&c| self.columns[c].cost[level])
                .collect();
            if costs.iter().any(|c| *c != 0.0) {
                self.back_through(&mut costs);
            }
            for (dual, cost) in self.duals.iter_mut().zip(costs) {
                dual[level] = cost;
            }
        }
    }
}

fn factor(row: usize, cells: &[f64]) -> Factor {
    let pivot = cells[row];
    let kept = cells.iter().enumerate().filter(|(_, c)| c.abs() > 1e-12);
    let cells = kept.map(|(at, cell)| {
        if at == row {
            (at, 1.0 / pivot)
        } else {
            (at, -cell / pivot)
        }
    });
    Factor {
        row,
        cells: cells.collect(),
    }
}
