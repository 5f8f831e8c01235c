//! Captures of large clusters, made up: who is where follows from the number of nodes alone.
//!
//! Half of the nodes are masters. Host `h` is in zone `h % 3`; the master of a shard runs on
//! host `shard % hosts` and its replica on the next, so every shard spans two zones. Each view
//! lists the nodes in another order, as servers do.

use std::fmt::Write;
use std::fs;
use std::path::Path;

/// What is wrong with the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    Healthy,
    /// A host was down and is back: its masters are replicas now, and the next host has twice
    /// its share.
    HostReturned,
    /// A host was replaced: all its old ids are ghosts, and blank nodes run at its addresses.
    HostReplaced,
    /// Every tenth shard lost its replica: the process is a blank master.
    Orphans,
}

/// One cluster, seen from all its live nodes.
#[derive(Clone, Copy, Debug)]
pub struct Large {
    /// Live nodes: an even number.
    pub nodes: usize,
    pub trouble: Trouble,
    /// An INFO of every node beside its view.
    pub info: bool,
}

#[derive(Clone)]
struct Line {
    id: String,
    address: Option<(String, usize)>,
    flags: &'static str,
    master: Option<String>,
    epoch: usize,
    slots: Option<(usize, usize)>,
}

impl Large {
    pub fn new(nodes: usize, trouble: Trouble) -> Self {
        Self {
            nodes,
            trouble,
            info: false,
        }
    }

    pub fn shards(&self) -> usize {
        self.nodes / 2
    }

    /// A multiple of three, about ten nodes each.
    pub fn hosts(&self) -> usize {
        (self.nodes / 30).max(1) * 3
    }

    /// Shards whose master the first host had.
    pub fn shards_of_the_host(&self) -> usize {
        self.shards().div_ceil(self.hosts())
    }

    /// Nodes on the first host.
    pub fn nodes_of_the_host(&self) -> usize {
        (0..self.nodes).filter(|&n| self.host(n) == 0).count()
    }

    /// Writes `nodes/IP_PORT/cluster-nodes.txt` for every live node, `hosts.csv` and `disks.csv`.
    pub fn write(&self, dir: &Path) {
        let lines = self.lines();
        for (index, line) in lines.iter().enumerate() {
            let Some((ip, port)) = &line.address else {
                continue;
            };
            let folder = dir.join(format!("nodes/{ip}_{port}"));
            fs::create_dir_all(&folder).expect("a folder in the scratch directory");
            let put = |name: &str, text: String| {
                fs::write(folder.join(name), text).expect("a file in the scratch directory");
            };
            put("cluster-nodes.txt", view(&lines, index));
            if self.info {
                put("info.txt", info(line));
            }
        }
        let mut hosts = String::from("host,ip,zone\n");
        for host in 0..self.hosts() {
            writeln!(hosts, "host-{host},{},zone-{}", ip(host), host % 3).expect("to a string");
        }
        fs::write(dir.join("hosts.csv"), hosts).expect("a file in the scratch directory");
        let mut disks = String::from("ip,port,dir,disk\n");
        for node in 0..self.nodes {
            let (ip, port) = self.address(node);
            writeln!(disks, "{ip},{port},/data/{port},disk-{}", port % 4).expect("to a string");
        }
        fs::write(dir.join("disks.csv"), disks).expect("a file in the scratch directory");
    }

    /// Nodes 0.. are masters by birth, those behind them their replicas.
    fn host(&self, node: usize) -> usize {
        let shards = self.shards();
        (node % shards + usize::from(node >= shards)) % self.hosts()
    }

    fn address(&self, node: usize) -> (String, usize) {
        let shards = self.shards();
        let first_port = if node < shards { 7000 } else { 8000 };
        let port = first_port + node % shards / self.hosts();
        (ip(self.host(node)), port)
    }

    fn lines(&self) -> Vec<Line> {
        let shards = self.shards();
        let mut lines = Vec::new();
        for node in 0..self.nodes {
            let shard = node % shards;
            let replica = node >= shards;
            let slots = (16384 * shard / shards, 16384 * (shard + 1) / shards - 1);
            lines.push(Line {
                id: id(node),
                address: Some(self.address(node)),
                flags: if replica { "slave" } else { "master" },
                master: replica.then(|| id(shard)),
                epoch: shard + 1,
                slots: (!replica).then_some(slots),
            });
        }
        match self.trouble {
            Trouble::Healthy => {}
            Trouble::HostReturned => self.fail_over(&mut lines),
            Trouble::HostReplaced => {
                self.fail_over(&mut lines);
                self.replace(&mut lines);
            }
            Trouble::Orphans => {
                for line in lines[shards..].iter_mut().step_by(10) {
                    blank(line);
                }
            }
        }
        lines
    }

    /// The replicas of the first host's masters took over.
    fn fail_over(&self, lines: &mut [Line]) {
        let shards = self.shards();
        for shard in (0..shards).filter(|&s| self.host(s) == 0) {
            let (before, behind) = lines.split_at_mut(shards);
            let (old, new) = (&mut before[shard], &mut behind[shard]);
            (new.flags, new.master, new.slots) = ("master", None, old.slots.take());
            (old.flags, old.master) = ("slave", Some(new.id.clone()));
            new.epoch = self.nodes + shard;
            old.epoch = new.epoch;
        }
    }

    /// Every node of the first host has a new id, and its old one is a ghost.
    fn replace(&self, lines: &mut Vec<Line>) {
        for node in (0..self.nodes).filter(|&n| self.host(n) == 0) {
            let mut ghost = lines[node].clone();
            ghost.address = None;
            ghost.flags = "slave,fail,noaddr";
            lines.push(ghost);
            lines[node].id = id(node + self.nodes);
            blank(&mut lines[node]);
        }
    }
}

fn blank(line: &mut Line) {
    (line.flags, line.master, line.epoch) = ("master", None, 0);
}

fn ip(host: usize) -> String {
    format!("10.0.{}.{}", host / 250, host % 250 + 1)
}

/// 40 hex digits without an order, as servers draw them.
fn id(number: usize) -> String {
    let mixed = (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    format!("{mixed:032x}{:08x}", (mixed >> 64) as u32 ^ mixed as u32)
}

fn view(lines: &[Line], myself: usize) -> String {
    let mut text = String::with_capacity(lines.len() * 150);
    for place in 0..lines.len() {
        // Every view begins elsewhere.
        let index = (place + myself * 37) % lines.len();
        let line = &lines[index];
        let (ip, port) = match &line.address {
            Some((ip, port)) => (ip.as_str(), *port),
            None => ("", 0),
        };
        let bus = if port == 0 { 0 } else { port + 10_000 };
        let me = if index == myself { "myself," } else { "" };
        let pong = if index == myself {
            0
        } else {
            1_700_000_000_000 + (myself * 7919 + index * 104_729) % 100_000
        };
        let link = if port == 0 {
            "disconnected"
        } else {
            "connected"
        };
        let Line {
            id, flags, epoch, ..
        } = line;
        let master = line.master.as_deref().unwrap_or("-");
        write!(
            text,
            "{id} {ip}:{port}@{bus} {me}{flags} {master} 0 {pong} {epoch} {link}"
        )
        .expect("to a string");
        if let Some((first, last)) = line.slots {
            write!(text, " {first}-{last}").expect("to a string");
        }
        text.push('\n');
    }
    text
}

fn info(line: &Line) -> String {
    let replication = match line.master {
        Some(_) => "role:slave\r\nmaster_link_status:up\r\nslave_repl_offset:5000\r\n",
        None => "role:master\r\nmaster_repl_offset:5000\r\n",
    };
    let keys = if line.slots.is_some() || line.master.is_some() {
        "db0:keys=10,expires=0,avg_ttl=0\r\n"
    } else {
        ""
    };
    format!(
        "# Server\r\nredis_version:7.0.15\r\n\r\n# Replication\r\n{replication}\r\n\
         # Cluster\r\ncluster_enabled:1\r\n\r\n# Keyspace\r\n{keys}"
    )
}
