//! Offline analyzer and planner for Redis-protocol clusters.
//!
//! Facts flow down this table; knowledge never flows up. `tests/architecture.rs` reads it and
//! fails on a `use` that it does not allow.
//!
//! | module | what | may use |
//! |---|---|---|
//! | `model` | the nouns: ids, addresses, slots, nodes, shards, domains, the cluster | – |
//! | `parallel` | the same work on many items, on all cores | – |
//! | `text` | a captured file in memory, places in it, and how messages spell captured text, numbers and lists | model |
//! | `diagnostic` | what we say about a source | text |
//! | `collect` | a read-only script that captures everything worth having | model |
//! | `policy` | what is wanted | model, text, diagnostic |
//! | `parse` | text to facts, one file per dialect | model, text, diagnostic |
//! | `inventory` | many views to one reconciled cluster, and where each fact was read | model, parallel, text, diagnostic, policy, parse |
//! | `redact` | a capture with other names, to be shown to strangers | model, parallel, text, diagnostic, parse |
//! | `flow` | exact min-cost flow with tuple costs, and its proof | – |
//! | `measure` | the counts that rules and levels share | model, policy, flow |
//! | `rules` | cluster and policy to findings, one file per rule | model, text, diagnostic, policy, inventory, flow, measure |
//! | `action` | one indivisible act: words, guard, effect, inverse, wait; steps | model, text, rules |
//! | `simulate` | steps applied one by one, and what each moment is like | model, policy, rules, action |
//! | `plan` | cluster and policy to target to ordered steps | model, text, diagnostic, policy, inventory, flow, measure, rules, action, simulate |
//! | `diff` | what changed between two captures | model, inventory, rules |
//! | `tablets` | the other family: acts on tablets, plans of them, and what a loss would break | model, text, flow, measure, rules |
//! | `impact` | what would break if something went away, and what must not | model, text, measure, action, tablets |
//! | `lint` | a list of commands that somebody wrote, tried on a captured cluster | model, text, diagnostic, policy, inventory, rules, action, tablets |
//! | `list` | who the lists of an operator name | model, measure, policy |
//! | `pair` | replicas for masters, of two lists that somebody made | flow |
//! | `report` | the one serialisable answer of each command | everything above except parse |
//! | `emit` | plan file to commands of one operator tool, one file each | model, text, diagnostic, rules, action, tablets, report |
//! | `render` | report to bytes, one file per format | model, text, measure, action, diff, lint, tablets, report, diagnostic, rules |
//! | `cli` | flags, files, terminal: the only code with effects | everything |
//!
//! The contract of this crate is its command line and its JSON: [`report`] holds the types of the
//! latter. All else is its own affair, and so the compiler tells what nobody uses; tests and
//! benchmarks reach it by the feature `internals`.

/// Declares modules that only tests see from outside.
macro_rules! internal {
    ($($module:ident)*) => {$(
        #[cfg(feature = "internals")]
        pub mod $module;
        #[cfg(not(feature = "internals"))]
        mod $module;
    )*};
}

internal! {
    action
    cli
    collect
    diagnostic
    diff
    emit
    flow
    impact
    inventory
    lint
    list
    measure
    model
    pair
    parallel
    parse
    plan
    policy
    redact
    render
    rules
    simulate
    tablets
    text
}

pub mod report;

pub use cli::run_process;

#[cfg(test)]
#[path = "../tests/common/drawn.rs"]
mod drawn;
