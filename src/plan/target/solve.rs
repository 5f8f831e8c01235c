//! The only place that knows good_lp.
//!
//! What comes back is never trusted: values are recounted by the caller, and bounds are
//! recomputed in integers.

use good_lp::Expression;
use good_lp::ProblemVariables;
use good_lp::SolverModel;
use good_lp::Variable;
use good_lp::constraint;
use good_lp::microlp;
use good_lp::variable;

/// Nodes of a search for whole numbers.
const MOST_NODES: u64 = 500;

/// A linear program over non-negative variables, or the mixed-integer one: minimise
/// `objective` so that every row holds.
#[derive(Clone, Debug, Default)]
pub struct Program {
    pub variables: Vec<Bounds>,
    /// Coefficient per variable.
    pub objective: Vec<(usize, f64)>,
    pub rows: Vec<Row>,
}

/// What values a variable may take; the lower end is 0 unless free.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub upper: f64,
    pub integer: bool,
    pub free: bool,
}

/// `Σ terms <= limit`, or `=` where `equal`.
#[derive(Clone, Debug)]
pub struct Row {
    pub terms: Vec<(usize, f64)>,
    pub limit: f64,
    pub equal: bool,
}

/// Solves; `None` when there is no solution or the solver gives up.
pub fn solve(program: &Program) -> Option<Vec<f64>> {
    let mut variables = ProblemVariables::new();
    let list: Vec<Variable> = program
        .variables
        .iter()
        .map(|bounds| {
            let new = variable().max(bounds.upper);
            let new = if bounds.free {
                new.min(-bounds.upper)
            } else {
                new.min(0.0)
            };
            variables.add(if bounds.integer { new.integer() } else { new })
        })
        .collect();
    let sum = |terms: &[(usize, f64)]| -> Expression {
        let mut expression = Expression::with_capacity(terms.len());
        for &(index, factor) in terms {
            expression.add_mul(factor, list[index]);
        }
        expression
    };
    let mut model = variables.minimise(sum(&program.objective)).using(microlp);
    for row in &program.rows {
        let left = sum(&row.terms);
        model = if row.equal {
            model.with(constraint!(left == row.limit))
        } else {
            model.with(constraint!(left <= row.limit))
        };
    }
    // The same input must give the same answer: a limit on nodes, none on seconds.
    let mut options = microlp::SolveOptions::default();
    options.node_limit = Some(MOST_NODES);
    let solved = model.as_inner().solve_with(options).ok()?;
    let solution = solved.into_solution().ok()?;
    Some(solution.iter().map(|(_, value)| value).collect())
}
