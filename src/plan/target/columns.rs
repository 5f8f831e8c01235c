//! The decision as a column program: prices where the network's leave a gap.
//!
//! A column is an outcome of a class. Rows hold the size of every class, the supply of every
//! kind, the load of places and zones against each of their limits, and the value of frozen
//! levels. Columns are made by the oracle of the certificate, the most promising one of a class
//! at a time, until none would pay at the program's duals: those, rounded, are the prices of a
//! certificate. Its vertices are often whole, and then a decision.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::target::certificate::Certificate;
use crate::plan::target::certificate::Frozen;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::Load;
use crate::plan::target::instance::Outcome;
use crate::plan::target::instance::PlaceId;
use crate::plan::target::instance::Supply;
use crate::plan::target::oracle::Oracle;
use crate::plan::target::simplex::ColumnId;
use crate::plan::target::simplex::Relation;
use crate::plan::target::simplex::Simplex;
use crate::plan::target::simplex::Tuple;
use crate::plan::target::wide::Wide;

/// Prices of the program are rounded to whole numbers of one in this many.
pub const SCALE: i64 = 5_040;
/// Pivots at most.
const MOST_PIVOTS: usize = 20_000;
/// Copies beyond those wanted that are looked at first.
const SHORT: usize = 2;
/// Columns of a class that are taken from prices at once.
const GOOD: usize = 4;
/// Less than that is no gain: rounding alone makes so much.
const GAIN: f64 = 1e-6;

/// How long columns are looked for, counted in copies whose cost was looked at: so that the answer
/// is the same on every machine. What is found by then is used, and a gap is said to be one.
#[derive(Debug)]
pub struct Patience(Cell<u64>);

impl Patience {
    /// Some seconds of work.
    const MOST: u64 = 3_000_000;

    pub fn new() -> Self {
        Self(Cell::new(Self::MOST))
    }

    fn spend(&self, looked: u64) {
        self.0.set(self.0.get().saturating_sub(looked));
    }

    fn is_over(&self) -> bool {
        self.0.get() == 0
    }
}

/// One row for each limit of a place's or zone's load that could bind.
#[derive(Clone, Copy, Debug)]
struct LoadRow {
    row: usize,
    cost: Cost,
}

/// Where the rows are.
pub struct Rows {
    kinds: usize,
    places: Vec<Vec<LoadRow>>,
    zones: Vec<Vec<LoadRow>>,
    frozen: usize,
    /// All rows.
    pub all: Vec<(Relation, f64)>,
}

impl Rows {
    pub fn new(instance: &Instance, frozen: &[(Level, i64)]) -> Self {
        let mut all: Vec<(Relation, f64)> = Vec::new();
        for class in &instance.classes {
            all.push((Relation::Exactly, class.size as f64));
        }
        let kinds = all.len();
        for kind in &instance.kinds {
            all.push(match kind.supply {
                Supply::Spares(count) => (Relation::AtMost, count as f64),
                Supply::Released => (Relation::Exactly, 0.0),
            });
        }
        let could_lead = could_lead(instance);
        let mut in_zone = vec![0; instance.zones.len()];
        for (place, most) in instance.places.iter().zip(&could_lead) {
            if let Some(zone) = place.zone {
                in_zone[zone] += most;
            }
        }
        let mut add = |load: &Load, most: i64| -> Vec<LoadRow> {
            let steps = load.steps.iter().filter(|(limit, _)| most > *limit);
            steps
                .map(|&(limit, cost)| {
                    all.push((Relation::AtMost, limit as f64));
                    let row = all.len() - 1;
                    LoadRow { row, cost }
                })
                .collect()
        };
        let places = instance.places.iter().zip(&could_lead);
        let places = places.map(|(p, &most)| add(&p.load, most)).collect();
        let zones = instance.zones.iter().zip(&in_zone);
        let zones = zones.map(|(load, &most)| add(load, most)).collect();
        let first_frozen = all.len();
        for (_, value) in frozen {
            all.push((Relation::AtMost, *value as f64));
        }
        Self {
            kinds,
            places,
            zones,
            frozen: first_frozen,
            all,
        }
    }

    /// What one shard with that outcome does to the rows.
    pub fn cells(&self, instance: &Instance, class: usize, outcome: &Outcome) -> Vec<(usize, f64)> {
        let of = &instance.classes[class];
        let mut cells = BTreeMap::from([(class, 1.0)]);
        for &kind in &outcome.comes {
            *cells.entry(self.kinds + kind).or_default() += 1.0;
        }
        for &seat in &outcome.gone {
            if let Some((kind, _)) = of.seats[seat].leave {
                *cells.entry(self.kinds + kind).or_default() -= 1.0;
            }
        }
        cells.retain(|_, cell| *cell != 0.0);
        let place: PlaceId = instance.place_of(of, outcome.lead);
        let mut loads: Vec<&LoadRow> = self.places[place].iter().collect();
        if let Some(zone) = instance.zone_of(place) {
            loads.extend(&self.zones[zone]);
        }
        cells.extend(loads.iter().map(|l| (l.row, 1.0)));
        cells.into_iter().collect()
    }

    /// Rows of loads with what a master beyond the limit costs.
    pub fn loads(&self) -> impl Iterator<Item = (usize, Cost)> {
        let all = self.places.iter().chain(&self.zones).flatten();
        all.map(|l| (l.row, l.cost))
    }
}

/// How many masters every place could have at most.
fn could_lead(instance: &Instance) -> Vec<i64> {
    let mut most = vec![0; instance.places.len()];
    for class in &instance.classes {
        let able = class.seats.iter().filter(|s| s.lead.is_some());
        let places: BTreeSet<PlaceId> = able.map(|s| s.place).collect();
        places.into_iter().for_each(|p| most[p] += class.size);
    }
    for (kind, count) in instance.kinds.iter().zip(instance.supplies()) {
        most[kind.place] += count;
    }
    most
}

/// The program while columns come in.
pub struct Program<'a> {
    instance: &'a Instance,
    patience: &'a Patience,
    frozen: Vec<(Level, i64)>,
    rows: Rows,
    simplex: Simplex,
    /// What columns stand for, by their index.
    columns: BTreeMap<ColumnId, (usize, Outcome)>,
    known: BTreeSet<(usize, Outcome)>,
}

impl<'a> Program<'a> {
    /// The start: a decision as far as it treats all shards of a class alike, else everything as
    /// it is. Whatever that breaks is paid for.
    pub fn new(
        instance: &'a Instance,
        frozen: &[(Level, i64)],
        decision: &[Outcome],
        patience: &'a Patience,
    ) -> Self {
        let rows = Rows::new(instance, frozen);
        let mut program = Self {
            instance,
            patience,
            frozen: frozen.to_vec(),
            simplex: Simplex::new(&rows.all),
            rows,
            columns: BTreeMap::new(),
            known: BTreeSet::new(),
        };
        let mut first: Vec<(ColumnId, usize)> = Vec::new();
        let mut rest = decision;
        for (class, of) in instance.classes.iter().enumerate() {
            let (mine, others) = rest.split_at(rest.len().min(of.size as usize));
            rest = others;
            let alike = mine
                .first()
                .filter(|o| mine.iter().all(|other| other == *o));
            // What cannot stay as it is starts as one of them.
            let alike = alike.or(mine.first().filter(|_| of.led_anew));
            let start = alike.cloned().unwrap_or_else(Outcome::unchanged);
            first.extend(program.add(class, &start).map(|column| (column, class)));
            for outcome in mine {
                program.add(class, outcome);
            }
        }
        let loads: Vec<(usize, Cost)> = program.rows.loads().collect();
        let overs: Vec<(ColumnId, usize)> = loads
            .into_iter()
            .map(|(row, cost)| (program.slack(row, cost), row))
            .collect();
        let serve = Level::Serve.cost(1);
        let breaks: Vec<(ColumnId, usize)> = (program.rows.frozen..program.rows.all.len())
            .map(|row| (program.slack(row, serve), row))
            .collect();
        program.simplex.begin_with(first.into_iter());
        for columns in [overs, breaks, program.simplex.evens()] {
            let broken = program.simplex.below_zero();
            let columns = columns.into_iter().filter(|(_, row)| broken.contains(row));
            program.simplex.begin_with(columns);
        }
        program
    }

    /// Columns that are good at given prices, so that the first duals know something.
    pub fn add_good(&mut self, certificate: &Certificate) {
        let Ok(oracle) = Oracle::new(self.instance, certificate) else {
            return;
        };
        let oracle = oracle.short_sighted(SHORT);
        for (class, of) in self.instance.classes.iter().enumerate() {
            let Ok(mut list) = oracle.good(of) else {
                continue;
            };
            list.sort();
            for (_, outcome) in list.into_iter().take(GOOD) {
                self.add(class, &outcome);
            }
        }
    }

    /// One more than a row allows, at a cost.
    fn slack(&mut self, row: usize, cost: Cost) -> ColumnId {
        let (cells, cost) = self.froze(vec![(row, -1.0)], &cost);
        self.simplex.column(cells, cost)
    }

    /// Frozen levels cost nothing, but count in their rows.
    fn froze(&self, mut cells: Vec<(usize, f64)>, cost: &Cost) -> (Vec<(usize, f64)>, Tuple) {
        let mut tuple = cost.0.map(|c| c as f64);
        for (index, (level, _)) in self.frozen.iter().enumerate() {
            let amount = std::mem::take(&mut tuple[*level as usize]);
            if amount != 0.0 {
                cells.push((self.rows.frozen + index, amount));
            }
        }
        (cells, tuple)
    }

    /// A column for an outcome, if there is none yet.
    pub fn add(&mut self, class: usize, outcome: &Outcome) -> Option<ColumnId> {
        if !self.known.insert((class, outcome.clone())) {
            return None;
        }
        let instance = self.instance;
        let cost = instance.outcome(&instance.classes[class], outcome);
        let cells = self.rows.cells(instance, class, outcome);
        let (cells, cost) = self.froze(cells, &cost);
        let column = self.simplex.column(cells, cost);
        self.columns.insert(column, (class, outcome.clone()));
        Some(column)
    }

    /// Columns and prices in turn, until no column is left that would pay, the program gives up or
    /// patience is over; the prices are not checked yet.
    pub fn solve(&mut self) -> Certificate {
        loop {
            let settled = self.simplex.optimise(MOST_PIVOTS);
            let certificate = self.prices();
            // First columns with few copies; none that takes more may be left in the end.
            let grown = settled
                && !self.patience.is_over()
                && (self.grow_with(&certificate, Some(SHORT)) == Some(true)
                    || self.grow_with(&certificate, None) == Some(true));
            if !grown {
                return certificate;
            }
        }
    }

    fn grow_with(&mut self, certificate: &Certificate, short: Option<usize>) -> Option<bool> {
        let oracle = Oracle::new(self.instance, certificate).ok()?;
        let oracle = match short {
            Some(beyond) => oracle.short_sighted(beyond),
            None => oracle,
        };
        let grown = self.grow(&oracle);
        self.patience.spend(oracle.looked());
        grown
    }

    /// The best new column of every class that would pay; `None` where prices pay without end.
    fn grow(&mut self, oracle: &Oracle) -> Option<bool> {
        let mut grown = false;
        for class in 0..self.instance.classes.len() {
            let mut best: Option<((usize, f64), Outcome)> = None;
            for (cost, outcome) in oracle.good(&self.instance.classes[class]).ok()? {
                let Some(gain) = self.gain(class, &cost) else {
                    continue;
                };
                let better = |b: &((usize, f64), Outcome)| {
                    gain.0 < b.0.0 || (gain.0 == b.0.0 && gain.1 < b.0.1)
                };
                if best.as_ref().is_none_or(better)
                    && !self.known.contains(&(class, outcome.clone()))
                {
                    best = Some((gain, outcome));
                }
            }
            if let Some((_, outcome)) = best {
                grown |= self.add(class, &outcome).is_some();
            }
        }
        Some(grown)
    }

    /// The first level at which a column of that cost is below its class's dual, and how much.
    fn gain(&self, class: usize, cost: &Wide) -> Option<(usize, f64)> {
        let dual = self.simplex.dual(class);
        for (level, (cost, dual)) in cost.0.iter().zip(dual).enumerate() {
            let difference = *cost as f64 / SCALE as f64 - dual;
            if difference.abs() > GAIN {
                return (difference < 0.0).then_some((level, difference));
            }
        }
        None
    }

    /// The duals as prices, rounded.
    fn prices(&self) -> Certificate {
        let instance = self.instance;
        let whole = |row: usize| -> Cost {
            let dual = self.simplex.dual(row);
            let mut cost = crate::flow::Cost(dual.map(|d| (-d * SCALE as f64).round() as i64));
            cost.0[Level::Tie as usize] = 0;
            cost
        };
        let kinds = instance.kinds.iter().enumerate();
        let kinds = kinds.map(|(id, kind)| {
            let price = whole(self.rows.kinds + id);
            match kind.supply {
                Supply::Spares(_) => price.max(Cost::ZERO),
                Supply::Released => price,
            }
        });
        let sum = |rows: &Vec<LoadRow>| {
            let prices = rows.iter().map(|l| whole(l.row));
            prices.fold(Cost::ZERO, |a, b| a + b)
        };
        let zones: Vec<Cost> = self.rows.zones.iter().map(sum).collect();
        let places = self.rows.places.iter().zip(&instance.places);
        let places =
            places.map(|(rows, place)| sum(rows) + place.zone.map_or(Cost::ZERO, |z| zones[z]));
        let frozen = self.frozen.iter().enumerate();
        let frozen = frozen.map(|(index, &(level, value))| {
            let mut weight = whole(self.rows.frozen + index);
            weight.0[..=level as usize].fill(0);
            Frozen {
                level,
                value,
                weight: weight.max(Cost::ZERO),
            }
        });
        Certificate {
            scale: SCALE,
            frozen: frozen.collect(),
            kinds: kinds.collect(),
            places: places.collect(),
            zones,
        }
    }

    /// All outcomes that have a column, by class.
    pub fn outcomes(&self) -> Vec<(usize, Outcome)> {
        self.columns.values().cloned().collect()
    }

    /// What the vertex takes of each outcome, whole or not.
    pub fn shares(&self) -> Vec<(usize, Outcome, f64)> {
        let all = self.simplex.shares().into_iter();
        all.filter_map(|(column, share)| {
            let (class, outcome) = self.columns.get(&column)?;
            Some((*class, outcome.clone(), share))
        })
        .collect()
    }

    /// The decision of the vertex, if it is whole.
    pub fn decision(&self) -> Option<Vec<Outcome>> {
        let mut by_class: Vec<Vec<Outcome>> = vec![Vec::new(); self.instance.classes.len()];
        for (class, outcome, share) in self.shares() {
            let whole = share.round();
            if (share - whole).abs() > 1e-5 {
                return None;
            }
            by_class[class].extend(std::iter::repeat_n(outcome, whole as usize));
        }
        for (list, class) in by_class.iter_mut().zip(&self.instance.classes) {
            if list.len() as i64 != class.size {
                return None;
            }
            list.sort();
        }
        Some(by_class.into_iter().flatten().collect())
    }

    /// Columns whose detour is no more than `gap`: all that a decision within it can use.
    pub fn within(&self, gap: &Tuple) -> Vec<(usize, Outcome)> {
        let fits = |column: &ColumnId| {
            let reduced = self.simplex.reduced(*column);
            let over = reduced.iter().zip(gap).map(|(r, g)| r - g);
            let first = over.into_iter().find(|v| v.abs() > GAIN);
            first.is_none_or(|v| v < 0.0)
        };
        let columns = self.columns.iter().filter(|(column, _)| fits(column));
        columns.map(|(_, of)| of.clone()).collect()
    }
}
