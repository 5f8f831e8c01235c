//! What moving slots comes to: how many, how few it could be, and who has how many.

use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::report::LoadKind;
use crate::report::PlanReport;
use crate::report::Reshard;
use crate::report::ReshardLoad;
use crate::text::words::bytes;
use crate::text::words::count;

/// Masters shown unless more is asked for.
const SHOWN: usize = 12;

pub(super) fn write(page: &mut Page, plan: &PlanReport) {
    let Some(reshard) = &plan.reshard else { return };
    let mut said = phrases(reshard);
    if said.is_empty() {
        said.push("a new cluster".to_owned());
    }
    page.phrases("slots", &said);
    if page.look.quiet {
        return;
    }
    let changed = reshard.masters.iter().filter(|m| m.before != m.after);
    let most = if page.look.verbose > 0 {
        usize::MAX
    } else {
        SHOWN
    };
    let rows: Vec<(String, String)> = changed
        .clone()
        .take(most)
        .map(|m| {
            let who = m.address.clone().unwrap_or_else(|| m.id.clone());
            (who, format!("{} -> {}", m.before, m.after))
        })
        .collect();
    let column = 12
        + rows
            .iter()
            .map(|(who, _)| who.chars().count())
            .max()
            .unwrap_or(0);
    for (who, change) in &rows {
        page.line(
            Line::new()
                .at(10)
                .put(Ink::Plain, who)
                .at(column)
                .put(Ink::Plain, change),
        );
    }
    let hidden = changed.count() - rows.len();
    if hidden > 0 {
        let text = format!("and {} more (-v lists them)", count(hidden, "master"));
        page.line(Line::new().at(10).put(Ink::Dim, &text));
    }
}

fn phrases(reshard: &Reshard) -> Vec<String> {
    let mut phrases = Vec::new();
    if !reshard.given_up.is_empty() {
        phrases.push(format!(
            "DATA LOSS: what was in slots {} is given up",
            reshard.given_up
        ));
    }
    if reshard.moved > 0 {
        let few = |value: u64, bound: u64| match value == bound {
            true => "proven fewest".to_owned(),
            false => format!("{bound} may do"),
        };
        phrases.push(format!(
            "{} move ({})",
            count(reshard.moved as usize, "slot"),
            few(reshard.moved.into(), reshard.moved_bound.into())
        ));
        phrases.push(format!(
            "{} ({})",
            count(reshard.pairs, "pair"),
            few(reshard.pairs as u64, reshard.pairs_bound as u64)
        ));
        match &reshard.load {
            Some(load) => phrases.push(weight(load)),
            None if reshard.mib > 0 => phrases.push(format!("about {} MiB", reshard.mib)),
            None => {}
        }
    } else if reshard.masters.iter().all(|m| m.before == m.after) {
        phrases.push("no slot has to move".to_owned());
    }
    phrases
}

/// Keys or bytes: slots are whole, so a plan may be a little above what must move.
fn weight(load: &ReshardLoad) -> String {
    let (moved, bound) = match load.by {
        LoadKind::Keys => (count(load.moved as usize, "key"), load.bound.to_string()),
        LoadKind::Bytes => (bytes(load.moved), bytes(load.bound)),
    };
    match moved == bound || load.moved == load.bound {
        true => format!("{moved} (proven least)"),
        false => format!("{moved} ({bound} may do)"),
    }
}
