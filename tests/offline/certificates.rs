//! Plans of made-up clusters of 40 to 150 nodes, judged by the certificates in their own files:
//! each is read back from the written plan and added up anew, with no solver at work.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use topoplan::action::Kind;
use topoplan::measure::Level;
use topoplan::plan::target;
use topoplan::report::PlanReport;
use topoplan::report::Proof;
use topoplan::report::proof;
use topoplan::report::read_plan;

use crate::common::Scratch;
use crate::common::topoplan;

/// Numbers that look drawn and are the same everywhere.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trouble {
    /// A tenth of the hosts came back blank, after failovers.
    Replaced,
    /// Many replicas are blank masters now.
    Orphans,
    /// Masters crowd on a third of the hosts.
    Skewed,
    /// Both of the first, and more spares than are needed.
    Surplus,
    /// Spares on few hosts only, fewer than are needed.
    Tight,
}

const TROUBLES: [Trouble; 5] = [
    Trouble::Replaced,
    Trouble::Orphans,
    Trouble::Skewed,
    Trouble::Surplus,
    Trouble::Tight,
];

/// Who is where: shards as lists of hosts, the owner's first, and spares by host.
struct Made {
    wanted: usize,
    zones: usize,
    copies: Vec<Vec<usize>>,
    spares: Vec<usize>,
}

impl Made {
    fn new(trouble: Trouble, draw: &mut Draw) -> Self {
        let nodes = 40 + draw.below(111);
        let hosts = 4 + draw.below(nodes / 4);
        let wanted = if draw.one_in(3) { 2 } else { 1 };
        let mut made = Self {
            wanted,
            zones: 1 + draw.below(4),
            copies: Vec::new(),
            spares: vec![0; hosts],
        };
        for shard in 0..nodes / (wanted + 1) {
            let turn = shard / hosts % (hosts - wanted);
            let replicas = (0..wanted).map(|r| (shard + 1 + turn + r) % hosts);
            let copies = std::iter::once(shard % hosts).chain(replicas);
            made.copies.push(copies.collect());
        }
        let lost = hosts.div_ceil(10);
        match trouble {
            Trouble::Replaced => made.blank(|_, host| host < lost),
            Trouble::Orphans | Trouble::Tight => {
                made.blank(|owner, host| host != owner && draw.one_in(2));
            }
            Trouble::Skewed => {}
            Trouble::Surplus => made.blank(|_, host| host < lost),
        }
        match trouble {
            Trouble::Skewed => {
                for copies in &mut made.copies {
                    if copies[1] < hosts / 3 {
                        copies.swap(0, 1);
                    }
                }
            }
            Trouble::Surplus => {
                for _ in 0..1 + draw.below(nodes / 8) {
                    let host = draw.below(hosts);
                    made.spares[host] += 1;
                }
            }
            Trouble::Tight => {
                let total: usize = made.spares.iter().sum();
                made.spares.fill(0);
                for _ in 0..total * 3 / 4 {
                    let host = draw.below(hosts / 3);
                    made.spares[host] += 1;
                }
            }
            Trouble::Replaced | Trouble::Orphans => {}
        }
        made
    }

    /// Copies for which `is_lost` holds, by owner and host, are blank; a replica took over.
    fn blank(&mut self, mut is_lost: impl FnMut(usize, usize) -> bool) {
        for copies in &mut self.copies {
            let owner = copies[0];
            let (lost, mut kept): (Vec<usize>, Vec<usize>) =
                copies.iter().partition(|&&host| is_lost(owner, host));
            if kept.is_empty() {
                kept.push(lost[0]);
            }
            for host in lost.into_iter().filter(|h| !kept.contains(h)) {
                self.spares[host] += 1;
            }
            *copies = kept;
        }
    }

    /// One view; every node has an address on its host, spares the last ones.
    fn view(&self) -> Vec<String> {
        let mut ports = vec![7000; self.spares.len()];
        let mut lines = Vec::new();
        let mut line = |host: usize, flags: &str, master: &str, slots: &str| {
            let port = ports[host];
            ports[host] += 1;
            let id = format!("{:040x}", (host + 1) * 100_000 + port);
            let me = if lines.is_empty() { "myself," } else { "" };
            lines.push(format!(
                "{id} 10.0.{host}.1:{port}@1{port} {me}{flags} {master} 0 0 {} connected{slots}",
                lines.len() + 1,
            ));
            id
        };
        let shards = self.copies.len();
        for (shard, copies) in self.copies.iter().enumerate() {
            let (first, end) = (shard * 16384 / shards, (shard + 1) * 16384 / shards);
            let owner = line(copies[0], "master", "-", &format!(" {first}-{}", end - 1));
            for &host in &copies[1..] {
                line(host, "slave", &owner, "");
            }
        }
        for (host, &spares) in self.spares.iter().enumerate() {
            for _ in 0..spares {
                line(host, "master", "-", "");
            }
        }
        lines
    }

    /// The plan file that is written for it.
    fn plan(&self, view: &[String], name: &str, flags: &[&str]) -> PlanReport {
        let scratch = Scratch::new(name);
        let mut map = "host,ip,zone\n".to_owned();
        for host in 0..self.spares.len() {
            let zone = host % self.zones;
            writeln!(map, "h{host},10.0.{host}.1,z{zone}").expect("a string takes it");
        }
        let write = |file: &str, text: String| {
            fs::write(scratch.path().join(file), text).expect("a file in the scratch directory");
        };
        write("cluster-nodes.txt", view.join("\n") + "\n");
        write("hosts.csv", map);
        write("policy.toml", format!("replicas = {}\n", self.wanted));
        let path = scratch.path().to_str().expect("a scratch path is UTF-8");
        let policy = format!("{path}/policy.toml");
        let mut args = vec!["plan", path, "--policy", &policy, "--format", "json"];
        args.extend(flags);
        let answer = topoplan(&args);
        let file = read_plan(&answer.stdout).unwrap_or_else(|e| panic!("{e}: {answer:?}"));
        assert_eq!(file.content_id, file.plan.plan_id);
        file.plan
    }
}

/// What the plan says of its levels that its certificate does not bear out.
fn complaints(plan: &PlanReport) -> Vec<String> {
    let mut complaints = Vec::new();
    let Some(certificate) = &plan.certificate else {
        return vec!["there is no certificate".to_owned()];
    };
    let (instance, prices, value) = proof::read(certificate).expect("it names what it lists");
    let bounds = target::recheck(&instance, &value, prices).expect("prices without a flaw");
    let bounds: BTreeMap<Level, i64> = bounds.into_iter().collect();
    let mut open = false;
    for level in &plan.objective {
        let paid = level.level.of(&value);
        // By how much less a decision could cost, as far as is known.
        let gap = bounds.get(&level.level).map(|b| (paid - b).max(0));
        let printed = level.value - level.bound;
        let holds = match level.proof {
            Proof::Flow | Proof::Multipliers => !open && printed == 0 && gap == Some(0),
            Proof::Count => printed == 0 && !(open && level.selected && level.value > 0),
            // Counting may bound a level that no price does.
            Proof::None => printed >= 0 && gap.is_none_or(|gap| printed <= gap),
        };
        if !holds || level.bound < 0 {
            complaints.push(format!(
                "{level:?}, and by the certificate {gap:?} too much"
            ));
        }
        let settled = matches!(level.level, Level::Serve | Level::Risk) || !level.selected;
        open |= !settled && gap != Some(0) && level.proof == Proof::None;
    }
    complaints
}

#[test]
fn certificates_bear_out_every_level_that_is_called_proven() {
    let mut draw = Draw(41);
    let (mut open, mut levels, mut wrong) = (0, 0, Vec::new());
    for (number, trouble) in TROUBLES.iter().cycle().take(25).enumerate() {
        let made = Made::new(*trouble, &mut draw);
        let plan = made.plan(&made.view(), &format!("certificates-{number}"), &[]);
        let found = complaints(&plan).into_iter();
        wrong.extend(found.map(|c| format!("{number} {trouble:?}: {c}")));
        levels += plan.objective.len();
        open += plan
            .objective
            .iter()
            .filter(|l| l.proof == Proof::None)
            .count();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        open * 100 <= levels,
        "{open} of {levels} levels are not proven"
    );
}

#[test]
fn of_spares_that_are_alike_those_with_the_lowest_addresses_are_taken() {
    let mut draw = Draw(5);
    let mut left = 0;
    for number in 0..6 {
        let made = Made::new(Trouble::Surplus, &mut draw);
        let view = made.view();
        let name = format!("certificates-tie-{number}");
        let plan = made.plan(&view, &name, &["--keep-spares"]);
        // The order of lines decides nothing.
        let mut turned = view.clone();
        turned.rotate_left(view.len() / 2);
        turned.reverse();
        let again = made.plan(&turned, &name, &["--keep-spares"]);
        assert_eq!(plan.steps, again.steps);
        for (host, &spares) in made.spares.iter().enumerate() {
            let here = format!("10.0.{host}.1:");
            let nodes = view
                .iter()
                .filter(|l| l.contains(&format!(" {here}")))
                .count();
            let steps = plan.steps.iter().filter(|s| s.action == Kind::Replicate);
            let mut taken: Vec<usize> = steps
                .filter_map(|s| s.address.as_ref()?.strip_prefix(&here)?.parse().ok())
                .collect();
            taken.sort_unstable();
            let first = 7000 + nodes - spares;
            let lowest: Vec<usize> = (first..first + taken.len()).collect();
            assert_eq!(taken, lowest, "{number}, host {host} with {spares} spares");
            left += spares - taken.len();
        }
    }
    assert!(left > 0, "no spare was left");
}

#[test]
fn the_order_of_lines_decides_nothing() {
    let mut draw = Draw(77);
    for (number, trouble) in TROUBLES.iter().enumerate() {
        let made = Made::new(*trouble, &mut draw);
        let mut view = made.view();
        let name = format!("certificates-order-{number}");
        let first = made.plan(&view, &name, &[]);
        for at in (1..view.len()).rev() {
            view.swap(at, draw.below(at + 1));
        }
        let again = made.plan(&view, &name, &[]);
        assert_eq!(first.steps, again.steps, "{trouble:?}");
        assert_eq!(first.groups, again.groups, "{trouble:?}");
        assert_eq!(first.objective, again.objective, "{trouble:?}");
        assert_eq!(first.certificate, again.certificate, "{trouble:?}");
        assert_eq!(first.after, again.after, "{trouble:?}");
        assert_eq!(first.refusals, again.refusals, "{trouble:?}");
    }
}

#[test]
fn of_spares_that_are_alike_each_goes_home() {
    let (hosts, each) = (5, 4);
    let address = |host: usize, port: usize| format!("10.0.{host}.1:{port}");
    let (mut view, mut home) = (String::new(), "ip,port,role,master\n".to_owned());
    for host in 0..hosts {
        for n in 0..each {
            let (master, blank) = (7000 + n, 7000 + each + n);
            // Those of the host before, the other way round.
            let owner = address((host + hosts - 1) % hosts, 7000 + each - 1 - n);
            let (number, me) = (
                host * each + n,
                if view.is_empty() { "myself," } else { "" },
            );
            let (low, high) = (number * 16384 / 20, (number + 1) * 16384 / 20 - 1);
            let id = |port: usize| format!("{:040x}", (host + 1) * 100_000 + port);
            writeln!(
                view,
                "{} {}@1{master} {me}master - 0 0 {} connected {low}-{high}\n\
                 {} {}@1{blank} master - 0 0 0 connected",
                id(master),
                address(host, master),
                number + 1,
                id(blank),
                address(host, blank),
            )
            .expect("a string takes it");
            writeln!(
                home,
                "10.0.{host}.1,{master},master,\n10.0.{host}.1,{blank},replica,{owner}"
            )
            .expect("a string takes it");
        }
    }
    let scratch = Scratch::new("certificates-home");
    for (file, text) in [("cluster-nodes.txt", &view), ("home.csv", &home)] {
        fs::write(scratch.path().join(file), text).expect("a file in the scratch directory");
    }
    let path = scratch.path().to_str().expect("a scratch path is UTF-8");
    let answer = topoplan(&["plan", path, "--format", "json"]);
    let plan = read_plan(&answer.stdout).unwrap_or_else(|e| panic!("{e}: {answer:?}"));
    assert_eq!(plan.plan.steps.len(), hosts * each);
    for step in &plan.plan.steps {
        let [blank, master] =
            [&step.address, &step.target_address].map(|a| a.clone().unwrap_or_default());
        let (ip, port) = blank.rsplit_once(':').expect("an address");
        let row = format!("{ip},{port},replica,{master}");
        assert!(home.lines().any(|l| l == row), "{row} is not its home");
    }
}
