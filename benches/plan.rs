//! How long a plan takes: the whole of it, from a cluster in memory.
//!
//! ```text
//! cargo bench --bench plan
//! ```
//!
//! One view each of clusters that are made up here; a tenth of the hosts came back blank, every
//! replica did, or masters crowd on a third of the hosts. Before anything is measured every plan
//! is looked at once: all its levels must be proven. Machines are noisy: compare the groups of
//! one run with each other, not with yesterday's.

use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

use criterion::BenchmarkId;
use criterion::Criterion;
use criterion::criterion_group;
use criterion::criterion_main;
use topoplan::inventory;
use topoplan::inventory::Inventory;
use topoplan::plan;
use topoplan::plan::Kind;
use topoplan::plan::Plan;
use topoplan::plan::Request;
use topoplan::policy::Policy;
use topoplan::policy::Replicas;
use topoplan::text::Source;

/// What is wrong with the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trouble {
    /// Every tenth host came back blank; replicas took over for its masters.
    Replaced,
    /// The same, and masters crowd on a third of the hosts.
    ReplacedAndSkewed,
    /// Every replica came back blank.
    Orphans,
}

/// Hosts of every shard's copies, the owner's first, and of every spare.
struct Layout {
    hosts: usize,
    copies: Vec<Vec<usize>>,
    spares: Vec<usize>,
}

impl Layout {
    fn new(nodes: usize, wanted: usize, trouble: Trouble) -> Self {
        let (hosts, shards) = ((nodes / 10).max(3), nodes / (wanted + 1));
        let mut layout = Self {
            hosts,
            copies: Vec::new(),
            spares: Vec::new(),
        };
        for shard in 0..shards {
            let turn = shard / hosts % (hosts - wanted);
            let replicas = (1..=wanted).map(|r| (shard + r + turn) % hosts);
            let mut copies: Vec<usize> = std::iter::once(shard % hosts).chain(replicas).collect();
            if trouble == Trouble::ReplacedAndSkewed && copies[1] < hosts / 3 {
                copies.swap(0, 1);
            }
            let owner = copies[0];
            let blank = |host: usize| match trouble {
                Trouble::Orphans => host != owner,
                Trouble::Replaced | Trouble::ReplacedAndSkewed => host % 10 == 3,
            };
            // Where all of them came back blank, they are left as they were.
            if !copies.iter().all(|&h| blank(h)) {
                layout.spares.extend(copies.iter().filter(|&&h| blank(h)));
                copies.retain(|&h| !blank(h));
            }
            layout.copies.push(copies);
        }
        layout
    }

    fn inventory(&self, wanted: usize) -> Inventory {
        let mut ports = vec![7000; self.hosts];
        let mut view = String::new();
        let mut line = |host: usize, flags: &str, master: &str, epoch: usize, slots: &str| {
            let (id, port) = (format!("{host:032x}{:08x}", ports[host]), ports[host]);
            ports[host] += 1;
            let me = if view.is_empty() { "myself," } else { "" };
            let (high, low) = (host / 250, host % 250 + 1);
            writeln!(
                view,
                "{id} 10.0.{high}.{low}:{port}@{} {me}{flags} {master} 0 1790000000000 {epoch} connected{slots}",
                port + 10_000
            )
            .expect("a string takes everything");
            id
        };
        let shards = self.copies.len();
        for (shard, copies) in self.copies.iter().enumerate() {
            let (first, last) = (shard * 16_384 / shards, (shard + 1) * 16_384 / shards - 1);
            let slots = format!(" {first}-{last}");
            let owner = line(copies[0], "master", "-", shard + 1, &slots);
            for &host in &copies[1..] {
                line(host, "slave", &owner, shard + 1, "");
            }
        }
        for &host in &self.spares {
            line(host, "master", "-", 0, "");
        }
        let mut map = "host,ip,zone\n".to_owned();
        for host in 0..self.hosts {
            let (high, low) = (host / 250, host % 250 + 1);
            writeln!(map, "h{host},10.0.{high}.{low},z{}", host % 3).expect("a string");
        }
        let policy = Policy {
            replicas: Replicas::Exactly(wanted as u32),
            ..Policy::default()
        };
        let file = |path: &str, text: String| Source::new(path, text, String::new());
        inventory::read([file("nodes.txt", view), file("hosts.csv", map)], policy)
    }
}

fn planned(inventory: &Inventory) -> Plan {
    let wanted = inventory.policy.wanted(&inventory.cluster);
    let request = Request::default();
    plan::plan(&inventory.cluster, &inventory.policy, &wanted, &request).expect("no bug")
}

fn plans(c: &mut Criterion) {
    let table = [
        (Trouble::Replaced, 1, [1_000, 3_000, 10_000]),
        (Trouble::ReplacedAndSkewed, 1, [1_000, 3_000, 10_000]),
        (Trouble::Orphans, 1, [1_000, 3_000, 10_000]),
        (Trouble::Replaced, 2, [190, 1_000, 10_000]),
    ];
    for (trouble, wanted, sizes) in table {
        let mut group = c.benchmark_group(format!("{trouble:?}, {wanted} wanted"));
        group.sample_size(10);
        group.measurement_time(Duration::from_secs(10));
        for nodes in sizes {
            let inventory = Layout::new(nodes, wanted, trouble).inventory(wanted);
            let plan = planned(&inventory);
            assert!(!plan.steps.is_empty(), "{trouble:?} {nodes}: nothing to do");
            let open = plan.values.iter().find(|v| v.kind == Kind::None);
            assert_eq!(open, None, "{trouble:?} {nodes}");
            group.bench_with_input(BenchmarkId::from_parameter(nodes), &inventory, |b, i| {
                b.iter(|| planned(black_box(i)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, plans);
criterion_main!(benches);
