//! Whole numbers of columns: what neither a flow nor a vertex gives.
//!
//! A mixed-integer program through good_lp over the few columns that a better decision could
//! use, one level after the other. It only proposes: the value is recounted by whoever asked,
//! and a bound is never taken from it.

use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::level::PRICED;
use crate::plan::target::columns::Rows;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::Outcome;
use crate::plan::target::simplex::Relation;
use crate::plan::target::solve;
use crate::plan::target::solve::Bounds;
use crate::plan::target::solve::Program;
use crate::plan::target::solve::Row;

/// More columns than this take too long.
const MOST_COLUMNS: usize = 200;

/// A decision over `columns` that keeps the levels before `first` as they are in `value` and is
/// best from there on; `None` if the solver finds none, or there are too many columns.
pub fn decide(
    instance: &Instance,
    columns: &[(usize, Outcome)],
    value: &Cost,
    first: Level,
) -> Option<Vec<Outcome>> {
    if columns.len() > MOST_COLUMNS {
        return None;
    }
    let mut kept: Vec<(Level, i64)> = PRICED
        .iter()
        .take_while(|&&l| l < first)
        .map(|&l| (l, l.of(value)))
        .collect();
    let mut best = None;
    for &level in PRICED.iter().skip_while(|&&l| l < first) {
        let Some(decision) = stage(instance, columns, level, &kept) else {
            break;
        };
        let Some(value) = instance.value(&decision) else {
            break;
        };
        kept.push((level, level.of(&value)));
        best = Some(decision);
    }
    best
}

/// One level, the kept ones no worse than they are.
fn stage(
    instance: &Instance,
    columns: &[(usize, Outcome)],
    level: Level,
    kept: &[(Level, i64)],
) -> Option<Vec<Outcome>> {
    let rows = Rows::new(instance, &[]);
    let mut program = Program::default();
    let mut terms: Vec<Vec<(usize, f64)>> = vec![Vec::new(); rows.all.len()];
    let mut counted: Vec<Vec<(usize, f64)>> = vec![Vec::new(); kept.len()];
    let mut count = |program: &mut Program, cost: &Cost, bounds: Bounds| -> usize {
        let variable = program.variables.len();
        program.variables.push(bounds);
        program.objective.push((variable, level.of(cost) as f64));
        for ((level, _), terms) in kept.iter().zip(&mut counted) {
            if level.of(cost) != 0 {
                terms.push((variable, level.of(cost) as f64));
            }
        }
        variable
    };
    for (class, outcome) in columns {
        let of = &instance.classes[*class];
        let bounds = Bounds {
            upper: of.size as f64,
            integer: true,
            free: false,
        };
        let variable = count(&mut program, &instance.outcome(of, outcome), bounds);
        for (row, cell) in rows.cells(instance, *class, outcome) {
            terms[row].push((variable, cell));
        }
    }
    for (row, cost) in rows.loads() {
        let bounds = Bounds {
            upper: 1e6,
            integer: false,
            free: false,
        };
        let over = count(&mut program, &cost, bounds);
        terms[row].push((over, -1.0));
    }
    for ((relation, limit), terms) in rows.all.iter().zip(terms) {
        program.rows.push(Row {
            terms,
            limit: *limit,
            equal: *relation == Relation::Exactly,
        });
    }
    for ((_, limit), terms) in kept.iter().zip(counted) {
        program.rows.push(Row {
            terms,
            limit: *limit as f64,
            equal: false,
        });
    }
    let solution = solve::solve(&program)?;
    let mut by_class: Vec<Vec<Outcome>> = vec![Vec::new(); instance.classes.len()];
    for ((class, outcome), count) in columns.iter().zip(&solution) {
        let copies = count.round().max(0.0) as usize;
        by_class[*class].extend(std::iter::repeat_n(outcome.clone(), copies));
    }
    let full = by_class.iter().zip(&instance.classes);
    let full = full
        .into_iter()
        .all(|(list, c)| list.len() as i64 == c.size);
    full.then(|| by_class.into_iter().flatten().collect())
}
