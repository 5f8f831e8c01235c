//! Small reports built by hand.

use std::collections::BTreeMap;

use crate::action::Kind;
use crate::action::StepMode;
use crate::action::Until;
use crate::diagnostic::Excerpt;
use crate::diagnostic::Parse;
use crate::diagnostic::Severity;
use crate::measure;
use crate::report;
use crate::report::CheckReport;
use crate::report::ClusterFacts;
use crate::report::Diagnostic;
use crate::report::Evidence;
use crate::report::Finding;
use crate::report::Guard;
use crate::report::HostLoad;
use crate::report::HostsListed;
use crate::report::ImpactCase;
use crate::report::ImpactReport;
use crate::report::Input;
use crate::report::Level;
use crate::report::ListItem;
use crate::report::ListKind;
use crate::report::ListReport;
use crate::report::Outlook;
use crate::report::PLAN_VERSION;
use crate::report::PlanFile;
use crate::report::PlanReport;
use crate::report::Proof;
use crate::report::Refusal;
use crate::report::SCHEMA_VERSION;
use crate::report::Server;
use crate::report::Serves;
use crate::report::State;
use crate::report::Step;
use crate::report::Subject;
use crate::report::SubjectKind;
use crate::report::Summary;
use crate::report::Tool;
use crate::report::VerifyReport;
use crate::report::Views;
use crate::report::Wait;
use crate::report::plan_id;
use crate::rules::Code;
use crate::rules::Phase;

pub fn load(host: &str, masters: usize, replicas: usize, spares: usize) -> HostLoad {
    HostLoad {
        host: host.into(),
        masters,
        replicas,
        spares,
    }
}

pub fn finding(severity: Severity, code: Code, rule: &str, message: &str) -> Finding {
    Finding {
        code,
        rule: rule.into(),
        severity,
        subject: Subject {
            kind: SubjectKind::Slots,
            id: Some("id".into()),
            address: Some("10.0.0.1:7000".into()),
            last_address: Some("10.0.0.1:7000".into()),
            slots: Some("0-5460".into()),
            host: Some("host-1".into()),
            zone: Some("a".into()),
            table: None,
            pid: None,
        },
        message: message.into(),
        help: format!("see the page of {code}"),
        evidence: vec![Evidence {
            path: "a/cluster-nodes.txt".into(),
            line: 3,
            column: 1,
        }],
        allowed: false,
        allowed_by: None,
        known: false,
    }
}

pub fn diagnostic() -> Diagnostic {
    Diagnostic {
        code: Parse::LinkState.into(),
        severity: Severity::Warning,
        message: "unknown link state `conected`".into(),
        path: Some("a/cluster-nodes.txt".into()),
        line: Some(200_001),
        column: Some(9),
        help: Some("the server writes `connected` or `disconnected`".into()),
        excerpt: Some(Excerpt {
            line: "0 0 1 a conected 0-5460".into(),
            column: None,
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

pub fn state() -> State {
    State {
        serves: Serves::Yes,
        ok: 6,
        asked: 6,
        slots_down: 0,
        slots_contested: 0,
        voters: 3,
        voters_live: 3,
        voters_needed: 2,
        majority: Some(true),
        host_losses: Some(1),
        host_losses_by_copies: None,
        taken_ms: None,
        taken_until_ms: None,
        whole: true,
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
        views: Views {
            read: 6,
            behind: 0,
            unmet: 0,
            on_disk: false,
            instead: None,
        },
        state: state(),
        tablets: None,
        outlook: Outlook {
            steps: 1,
            refused: None,
        },
        causes: Vec::new(),
        inputs: inputs(),
        summary: summary(),
        distribution: vec![load("host-1", 3, 0, 0), load("host-2", 0, 3, 0)],
        findings: vec![
            finding(
                Severity::Warning,
                Code::SkewedMasters,
                "skewed-masters",
                "host-1 runs 3 of 3 masters",
            ),
            finding(
                Severity::Error,
                Code::UncoveredSlots,
                "uncovered-slots",
                "0-5460 have no live owner",
            ),
        ],
        diagnostics: vec![diagnostic()],
    }
}

pub fn level(level: measure::Level, value: i64, bound: i64) -> Level {
    Level {
        level,
        before: 1,
        value,
        bound,
        proof: Proof::Flow,
        selected: true,
        without_moves: false,
    }
}

pub fn refusal() -> Refusal {
    Refusal {
        subject: "R001 10.0.0.1:7000".into(),
        reason: "no spare outside its host".into(),
        unlock: "one more host".into(),
        found: Vec::new(),
    }
}

/// A step that cures R001.
pub fn step(id: u32, phase: Phase, action: Kind, address: &str, target: &str) -> Step {
    Step {
        id,
        key: format!("key-{id}"),
        phase,
        wave: 1,
        action,
        node: Some(format!("node-{id}")),
        address: Some(address.into()),
        target: Some(format!("target-{id}")),
        target_address: Some(target.into()),
        target_bus_port: None,
        tell: Vec::new(),
        slots: None,
        epoch: None,
        mode: None,
        after: Vec::new(),
        barrier: None,
        pause_ms: 0,
        risk: None,
        guard: Guard::default(),
        wait: Wait {
            until: Until::LinkUp,
            at: vec![address.into()],
            limit_ms: 60_000,
            expected_ms: 0,
        },
        cures: vec![Code::OrphanMaster],
        reason: format!("why step {id}"),
        undo: Some(format!("take back step {id}")),
    }
}

/// One graceful failover that cures P005.
pub fn plan() -> PlanReport {
    let mut failover = step(
        1,
        Phase::Spread,
        Kind::Failover,
        "10.0.0.2:7001",
        "10.0.0.1:7000",
    );
    failover.slots = Some("0-5460".into());
    failover.mode = Some(StepMode::Graceful);
    failover.cures = vec![Code::SkewedMasters];
    PlanReport {
        schema_version: PLAN_VERSION,
        plan_id: "00".into(),
        tool: tool(),
        inputs: inputs(),
        complete: true,
        refused: None,
        blocked: false,
        goals: Vec::new(),
        views: Views {
            read: 6,
            behind: 0,
            unmet: 0,
            on_disk: false,
            instead: None,
        },
        state: state(),
        cluster: ClusterFacts {
            server: "redis".into(),
            version: Some("7.0.15".into()),
            node_timeout_ms: 15_000,
            members: Vec::new(),
            ghosts: Vec::new(),
            shards: Vec::new(),
            taken: None,
        },
        summary: summary(),
        found: vec![finding(
            Severity::Warning,
            Code::SkewedMasters,
            "skewed-masters",
            "host-1 runs 3 of 3 masters",
        )],
        options: Vec::new(),
        objective: vec![level(measure::Level::OverHost, 0, 0)],
        certificate: None,
        groups: BTreeMap::new(),
        steps: vec![failover],
        before: vec![load("host-1", 3, 0, 0), load("host-2", 0, 3, 0)],
        after: vec![load("host-1", 2, 1, 0), load("host-2", 1, 2, 0)],
        exposure: Vec::new(),
        remaining: Vec::new(),
        refusals: Vec::new(),
        advice: Vec::new(),
        assumptions: Vec::new(),
        copied_mib: 0,
        restart: None,
        exposed_shard_seconds: 0,
        supposition: None,
        again: None,
        seconds: 10,
        reshard: None,
        diagnostics: Vec::new(),
    }
}

/// The first `cases` of three: slots lost, no majority, a clean failover.
pub fn impact(cases: usize) -> ImpactReport {
    let case = |n: u32| ImpactCase {
        lose: vec![format!("host:10.0.0.{n}")],
        nodes_lost: 2,
        slots_down: if n == 3 { 0 } else { 5461 },
        slots_lost: if n == 1 { 5461 } else { 0 },
        shards_failed_over: usize::from(n != 2),
        shards_stuck: usize::from(n == 2),
        shards_lost: usize::from(n == 1),
        shards_without_spare_copy: if n == 1 { 2 } else { 0 },
        voters_left: if n == 2 { 1 } else { 2 },
        voters_needed: 2,
        majority: n != 2,
        cluster_down: n != 3,
        copies_least: Some(1),
        successors: None,
        failed_demands: Vec::new(),
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
        memory: Vec::new(),
        heirs_too_small: Vec::new(),
    };
    ImpactReport {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        inputs: inputs(),
        now: ImpactCase {
            lose: Vec::new(),
            nodes_lost: 0,
            shards_failed_over: 0,
            voters_left: 3,
            after: Vec::new(),
            ..case(3)
        },
        doubts: Vec::new(),
        hosts_listed: HostsListed::All,
        after_plan: None,
        demands: Vec::new(),
        ok: None,
        grown: None,
        cases: (1..=3).map(case).take(cases).collect(),
        diagnostics: Vec::new(),
    }
}

/// A list of one node.
pub fn list() -> ListReport {
    ListReport {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        inputs: inputs(),
        kind: ListKind::NoSlot,
        items: vec![ListItem {
            id: "id".into(),
            address: Some("10.0.0.1:7000".into()),
            last_address: None,
            host: Some("host-1".into()),
            line: None,
        }],
        distribution: None,
        notes: Vec::new(),
        diagnostics: Vec::new(),
    }
}

/// What comes of a plan file whose id was changed.
pub fn verify() -> VerifyReport {
    let mut plan = plan();
    plan.plan_id = "other".into();
    let content_id = plan_id(&mut plan);
    report::verify(&PlanFile { plan, content_id })
}
