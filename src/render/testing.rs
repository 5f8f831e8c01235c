//! Small reports built by hand, and a hostile one.

use serde_json::Value;

use crate::diagnostic::Excerpt;
use crate::render;
use crate::render::safe::is_unsafe;
use crate::render::style::Look;
use crate::report::*;

pub fn load(host: &str, masters: usize, replicas: usize, spares: usize) -> HostLoad {
    HostLoad {
        host: host.into(),
        masters,
        replicas,
        spares,
    }
}

pub fn finding(severity: &str, code: &str, rule: &str, message: &str) -> Finding {
    Finding {
        code: code.into(),
        rule: rule.into(),
        severity: severity.into(),
        subject: Subject {
            kind: "slots".into(),
            id: Some("id".into()),
            address: Some("10.0.0.1:7000".into()),
            last_address: Some("10.0.0.1:7000".into()),
            slots: Some("0-5460".into()),
            host: Some("host-1".into()),
            zone: Some("a".into()),
        },
        message: message.into(),
        help: format!("see the page of {code}"),
        evidence: vec![Evidence {
            path: "a/cluster-nodes.txt".into(),
            line: 3,
            column: 1,
        }],
    }
}

pub fn diagnostic() -> Diagnostic {
    Diagnostic {
        code: "parse/link-state".into(),
        severity: "warning".into(),
        message: "unknown link state `conected`".into(),
        path: Some("a/cluster-nodes.txt".into()),
        line: Some(200_001),
        column: Some(9),
        help: Some("the server writes `connected` or `disconnected`".into()),
        excerpt: Some(Excerpt {
            line: "0 0 1 a conected 0-5460".into(),
            length: 8,
        }),
    }
}

fn tool() -> Tool {
    Tool {
        name: "topoplan".into(),
        version: "0.1.0".into(),
    }
}

fn inputs() -> Vec<Input> {
    vec![Input {
        path: "a/cluster-nodes.txt".into(),
        dialect: Some("cluster-nodes".into()),
        view_of: Some("id".into()),
        sha256: "00".into(),
    }]
}

fn summary() -> Summary {
    Summary {
        nodes: 6,
        shards: 3,
        masters: 3,
        replicas: 3,
        hosts: 2,
        errors: 1,
        warnings: 1,
        ..Summary::default()
    }
}

pub fn check() -> CheckReport {
    CheckReport {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        server: Server {
            name: "redis".into(),
            version: Some("7.0.15".into()),
        },
        views: Views { read: 6, behind: 0 },
        inputs: inputs(),
        summary: summary(),
        distribution: vec![load("host-1", 3, 0, 0), load("host-2", 0, 3, 0)],
        findings: vec![
            finding(
                "warning",
                "P005",
                "skewed-masters",
                "host-1 runs 3 of 3 masters",
            ),
            finding(
                "error",
                "S001",
                "uncovered-slots",
                "0-5460 have no live owner",
            ),
        ],
        diagnostics: vec![diagnostic()],
    }
}

pub fn level(name: &str, value: i64, bound: i64) -> Level {
    Level {
        level: name.into(),
        before: 1,
        value,
        bound,
        proof: Proof::Flow,
        selected: true,
    }
}

pub fn refusal() -> Refusal {
    Refusal {
        subject: "R001 10.0.0.1:7000".into(),
        reason: "no spare outside its host".into(),
        unlock: "one more host".into(),
    }
}

/// A step that cures R001.
pub fn step(id: u32, phase: &str, action: &str, address: &str, target: &str) -> Step {
    Step {
        id,
        phase: phase.into(),
        wave: 1,
        action: action.into(),
        node: Some(format!("node-{id}")),
        address: Some(address.into()),
        target: Some(format!("target-{id}")),
        target_address: Some(target.into()),
        tell: Vec::new(),
        slots: None,
        mode: None,
        after: Vec::new(),
        pause_ms: 0,
        guard: Guard::default(),
        wait: Wait {
            until: "link-up".into(),
            at: vec![address.into()],
            limit_ms: 60_000,
        },
        cures: vec!["R001".into()],
        reason: format!("why step {id}"),
        undo: Some(format!("take back step {id}")),
    }
}

/// One graceful failover that cures P005.
pub fn plan() -> PlanReport {
    let mut failover = step(1, "spread", "failover", "10.0.0.2:7001", "10.0.0.1:7000");
    failover.slots = Some("0-5460".into());
    failover.mode = Some("graceful".into());
    failover.cures = vec!["P005".into()];
    PlanReport {
        schema_version: SCHEMA_VERSION,
        plan_id: "00".into(),
        tool: tool(),
        inputs: inputs(),
        complete: true,
        refused: None,
        views: Views { read: 6, behind: 0 },
        cluster: ClusterFacts {
            server: "redis".into(),
            version: Some("7.0.15".into()),
            node_timeout_ms: 15_000,
            members: Vec::new(),
            ghosts: Vec::new(),
        },
        summary: summary(),
        found: vec![finding(
            "warning",
            "P005",
            "skewed-masters",
            "host-1 runs 3 of 3 masters",
        )],
        options: Vec::new(),
        objective: vec![level("over-host", 0, 0)],
        certificate: Vec::new(),
        steps: vec![failover],
        before: vec![load("host-1", 3, 0, 0), load("host-2", 0, 3, 0)],
        after: vec![load("host-1", 2, 1, 0), load("host-2", 1, 2, 0)],
        exposure: Vec::new(),
        remaining: Vec::new(),
        refusals: Vec::new(),
        advice: Vec::new(),
        assumptions: Vec::new(),
        copied_mib: 0,
        seconds: 10,
        diagnostics: Vec::new(),
    }
}

/// The first `cases` of three: slots lost, no majority, a clean failover.
pub fn impact(cases: usize) -> ImpactReport {
    let case = |n: u32| ImpactCase {
        lose: vec![format!("host:10.0.0.{n}")],
        slots_lost: if n == 1 { 5461 } else { 0 },
        shards_failed_over: usize::from(n != 2),
        shards_stuck: usize::from(n == 2),
        shards_lost: usize::from(n == 1),
        shards_without_spare_copy: if n == 1 { 2 } else { 0 },
        voters_left: if n == 2 { 1 } else { 2 },
        voters_needed: 2,
        majority: n != 2,
        lost: if n == 1 {
            "0-5460".into()
        } else {
            String::new()
        },
        stuck: if n == 2 {
            "5461-10922".into()
        } else {
            String::new()
        },
        after: vec![load("host-2", 2, 1, 0)],
    };
    ImpactReport {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        inputs: inputs(),
        cases: (1..=3).map(case).take(cases).collect(),
        diagnostics: Vec::new(),
    }
}

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
    for (id, action) in (2..).zip(["meet", "replicate", "forget", "set-slot", "flush", "other"]) {
        let mut step = step(id, "tidy", action, "10.0.0.2:7001", "10.0.0.1:7000");
        step.slots = Some("5".into());
        step.tell = vec!["10.0.0.2:7001".into()];
        plan.steps.push(step);
    }
    plan
}

const HOSTILE: &str = "\x1b[31m\u{202e}\n\r\u{9b}\u{2066}\x00<script>";

/// Every string of the value behind a hostile prefix, except those the type itself limits.
fn poison(value: &mut Value) {
    match value {
        Value::String(text) => text.insert_str(0, HOSTILE),
        Value::Array(items) => items.iter_mut().for_each(poison),
        Value::Object(fields) => fields
            .iter_mut()
            .filter(|(name, _)| *name != "proof")
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
        let code = ["S001", "R001", "P001", "M003"][i % 4];
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
            "spread",
            "failover",
            "100.100.100.102:17001",
            "100.100.100.101:7000",
        );
        let slots: Vec<String> = (0..id).map(|i| (i * 7).to_string()).collect();
        step.slots = Some(slots.join(","));
        step.mode = Some("takeover".into());
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
