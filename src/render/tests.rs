//! What holds for every text: hostile captures stay harmless, lines fit, colour adds nothing.

use serde_json::Value;

use crate::action::Kind;
use crate::action::StepMode;
use crate::diagnostic::Excerpt;
use crate::render;
use crate::render::style::Look;
use crate::render::testing::check;
use crate::render::testing::finding;
use crate::render::testing::impact;
use crate::render::testing::level;
use crate::render::testing::load;
use crate::render::testing::plan;
use crate::render::testing::refusal;
use crate::render::testing::step;
use crate::report::CheckReport;
use crate::report::Exposure;
use crate::report::ImpactReport;
use crate::report::PlanReport;
use crate::rules::Code;
use crate::rules::Phase;
use crate::text::safe::is_unsafe;

/// A plan with something in every list.
fn full_plan() -> PlanReport {
    let mut plan = plan();
    let exposure = Exposure {
        step: 1,
        shard: "0-5460".into(),
        copies: 1,
        reason: "until the sync ends".into(),
    };
    plan.found = check().findings;
    plan.remaining = check().findings;
    plan.exposure = vec![exposure];
    plan.refusals = vec![refusal()];
    plan.advice = vec!["restart 10.0.0.3:7001".into()];
    plan.assumptions = vec!["offsets are unknown".into()];
    for (id, &action) in (2..).zip(Kind::ALL) {
        let (node, target) = ("10.0.0.2:7001", "10.0.0.1:7000");
        let mut step = step(id, Phase::Tidy, action, node, target);
        step.slots = Some("5".into());
        step.tell = vec!["10.0.0.2:7001".into()];
        plan.steps.push(step);
    }
    plan
}

const HOSTILE: &str = "\x1b[31m\u{202e}\n\r\u{9b}\u{2066}\x00<script>";

/// Fields whose words the type itself limits.
const WORDS: [&str; 10] = [
    "proof",
    "phase",
    "action",
    "mode",
    "until",
    "role",
    "link",
    "hosts_listed",
    "code",
    "cures",
];

/// Every string of the value behind a hostile prefix, except those the type itself limits.
fn poison(value: &mut Value) {
    match value {
        Value::String(text) => text.insert_str(0, HOSTILE),
        Value::Array(items) => items.iter_mut().for_each(poison),
        Value::Object(fields) => fields
            .iter_mut()
            .filter(|(name, _)| !WORDS.contains(&name.as_str()))
            .for_each(|(_, v)| poison(v)),
        _ => {}
    }
}

fn poisoned<T: serde::Serialize + serde::de::DeserializeOwned>(report: &T) -> T {
    let mut value = serde_json::to_value(report).expect("a report is JSON");
    poison(&mut value);
    serde_json::from_value(value).expect("only strings changed")
}

/// Every text that the renderers make of the reports.
fn texts(check: &CheckReport, plan: &PlanReport, impact: &ImpactReport, look: Look) -> Vec<String> {
    let mut refused = plan.clone();
    refused.refused = Some(HOSTILE.into());
    let mut one = impact.clone();
    one.cases.truncate(1);
    vec![
        render::check(check, look),
        render::plan(plan, look, "night/"),
        render::plan(&refused, look, HOSTILE),
        render::impact(impact, look),
        render::impact(&one, look),
        render::explain(&HOSTILE.replace('\n', ""), look),
        render::diagnostics(&check.diagnostics, look),
    ]
}

#[test]
fn hostile_strings_are_neutralised_everywhere() {
    let mut check = poisoned(&check());
    for diagnostic in &mut check.diagnostics {
        diagnostic.excerpt = Some(Excerpt {
            line: HOSTILE.repeat(3),
            column: None,
            length: 20,
        });
    }
    let (plan, impact) = (poisoned(&full_plan()), poisoned(&impact(3)));
    for verbose in [0, 1] {
        let look = Look {
            verbose,
            ..Look::default()
        };
        let hostile = texts(&check, &plan, &impact, look);
        for text in &hostile {
            assert!(text.contains("\\x1b[31m\\u{202e}"), "{text}");
            assert!(!text.contains(|c| c != '\n' && is_unsafe(c)), "{text:?}");
        }
        // No forged line: each hostile text is as the harmless one, give or take wrapping.
        assert!(
            hostile
                .iter()
                .all(|t| !t.lines().any(|l| l.starts_with("<script>")))
        );
    }
}

#[test]
fn colour_adds_only_styles() {
    let (check, plan, impact) = (check(), full_plan(), impact(3));
    let plain = texts(&check, &plan, &impact, Look::default());
    let look = Look {
        colour: true,
        ..Look::default()
    };
    for (plain, painted) in plain.iter().zip(texts(&check, &plan, &impact, look)) {
        assert!(!plain.contains('\x1b'));
        assert_eq!(*plain, anstream::adapter::strip_str(&painted).to_string());
    }
}

#[test]
fn a_big_report_fits_its_width() {
    let mut check = check();
    let long = "10.0.0.1:7000 has no live replica and ".repeat(5);
    for i in 0..40 {
        let code = [
            Code::UncoveredSlots,
            Code::OrphanMaster,
            Code::ReplicaSharesHost,
            Code::DeadNode,
        ][i % 4];
        check
            .findings
            .push(finding("error", code, "replica-shares-host", &long));
        check.distribution.push(load(&format!("host-{i}"), i, 2, 1));
    }
    let mut plan = full_plan();
    plan.found = check.findings.clone();
    plan.remaining = check.findings.clone();
    plan.advice = vec![long.clone(); 40];
    plan.assumptions = vec![long.clone(); 40];
    plan.objective = (0..20)
        .map(|i| level(&format!("level-{i}"), i, i))
        .collect();
    plan.refusals = vec![refusal(); 30];
    plan.refusals[0].unlock = long.clone();
    plan.copied_mib = 123_456;
    plan.seconds = 100_000;
    plan.complete = false;
    for id in 10..200 {
        let mut step = step(
            id,
            Phase::Spread,
            Kind::Failover,
            "100.100.100.102:17001",
            "100.100.100.101:7000",
        );
        let slots: Vec<String> = (0..id).map(|i| (i * 7).to_string()).collect();
        step.slots = Some(slots.join(","));
        step.mode = Some(StepMode::Takeover);
        step.reason = long.clone();
        plan.steps.push(step);
    }
    let mut impact = impact(3);
    for case in &mut impact.cases {
        case.lost = (0..400)
            .map(|i| (i * 2).to_string())
            .collect::<Vec<_>>()
            .join(",");
    }
    for verbose in [0, 1] {
        let look = Look {
            verbose,
            ..Look::default()
        };
        for text in texts(&check, &plan, &impact, look) {
            for line in text.lines() {
                assert!(line.chars().count() <= 100, "{line}");
            }
        }
    }
}
