//! Nodes that a plan supposes, and what they would bring.

use std::collections::BTreeMap;

use crate::render::page::Page;
use crate::render::style::Ink;
use crate::report::Gains;
use crate::report::PlanReport;
use crate::report::Without;
use crate::text::safe::safe;
use crate::text::words::count;

pub(super) fn write(page: &mut Page, plan: &PlanReport) {
    let Some(supposed) = &plan.supposition else {
        return;
    };
    let mut hosts: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
    for node in &supposed.nodes {
        *hosts.entry((&node.host, node.zone.as_deref())).or_default() += 1;
    }
    let each = hosts.iter().map(|((host, zone), nodes)| {
        let zone = zone.map_or(String::new(), |zone| format!(" (zone {})", safe(zone)));
        format!("{} on {}{zone}", count(*nodes, "blank node"), safe(host))
    });
    let each: Vec<String> = each.collect();
    let text = format!(
        "{}, which {} not exist: no script is made of this plan",
        each.join(", "),
        if supposed.nodes.len() == 1 {
            "does"
        } else {
            "do"
        },
    );
    page.labelled(Ink::Warning, "supposed", &text);
    page.phrases("brings", &gained(&supposed.gains, supposed.without));
    page.gap();
}

/// Beside the plan without them.
fn gained(gains: &Gains, without: Without) -> Vec<String> {
    let mut phrases = Vec::new();
    match without {
        Without::Planned => {}
        Without::Refused => phrases.push("without them nothing can be planned".to_owned()),
        Without::Blocked => phrases.push("without them it is blocked".to_owned()),
        Without::Named => {
            phrases.push("what is asked for names them; without it:".to_owned());
        }
    }
    let codes = gains.findings.iter();
    phrases.extend(codes.map(|g| format!("{} {} -> {}", g.code, g.without, g.with)));
    if let [Some(old), Some(new)] = gains.host_losses
        && old != new
    {
        phrases.push(format!("survives the loss of any {old} -> {new} hosts"));
    }
    let [old, new] = gains.most_masters;
    if old != new {
        phrases.push(format!("most masters on one host {old} -> {new}"));
    }
    if phrases.is_empty() {
        phrases.push("nothing that a rule or a level counts".to_owned());
    }
    phrases
}
