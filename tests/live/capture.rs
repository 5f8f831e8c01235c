//! What an operator would save: maps, and each node's own words in a directory of its own.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::servers::Servers;

/// All of INFO from the first node; of the others, what tells about the node itself.
const SECTIONS: [&str; 4] = ["server", "replication", "cluster", "keyspace"];

const SETTINGS: [&str; 10] = [
    "cluster-*",
    "repl*",
    "slave*",
    "maxmemory*",
    "appendonly",
    "save",
    "dir",
    "bind",
    "port",
    "min-*",
];

impl Servers {
    /// Saves the state of all nodes below a new directory.
    pub fn capture(&self, name: &str) -> PathBuf {
        self.capture_without(name, &[])
    }

    /// As [`capture`](Self::capture), by somebody whom the `silent` do not answer.
    pub fn capture_without(&self, name: &str, silent: &[usize]) -> PathBuf {
        let dir = self.root.join(name);
        // An earlier one of the same name is of another moment.
        if dir.exists() {
            fs::remove_dir_all(&dir).expect("what the test wrote can be removed");
        }
        self.save_maps(&dir);
        let mut first = true;
        for i in 0..self.nodes.len() {
            let node = &self.nodes[i];
            let dir = dir.join(format!(
                "nodes/{}_{}",
                node.address.ip(),
                node.address.port()
            ));
            if silent.contains(&i) {
                let note = format!(
                    "Could not connect to Redis at {}: Operation timed out\n",
                    node.address
                );
                save(&dir, "UNREACHABLE", &note);
            } else if node.runs() {
                self.save_node(i, &dir, first);
                first = false;
            } else {
                let note = format!(
                    "Could not connect to Redis at {}: Connection refused\n",
                    node.address
                );
                save(&dir, "UNREACHABLE", &note);
            }
        }
        dir
    }

    fn save_maps(&self, dir: &Path) {
        // On one IP, ports tell the hosts apart.
        let shared = self.nodes.iter().any(|n| n.address.ip().contains(':'));
        let mut hosts = if shared {
            "host,address\n"
        } else {
            "host,ip\n"
        }
        .to_owned();
        let mut disks = "host,port,disk,dir\n".to_owned();
        let mut layout = "host,ip,port,role,master\n".to_owned();
        for node in &self.nodes {
            let host = format!("host-{}", node.host);
            let (ip, port) = (node.address.ip(), node.address.port());
            let line = if shared {
                format!("{host},{}\n", node.address)
            } else {
                format!("{host},{ip}\n")
            };
            if !hosts.contains(&line) {
                hosts.push_str(&line);
            }
            put(
                &mut disks,
                format_args!("{host},{port},{},{}", node.disk(), node.dir.display()),
            );
            match node.replicates {
                None => put(&mut layout, format_args!("{host},{ip},{port},master,")),
                Some(master) => {
                    let master = &self.nodes[master].address;
                    put(
                        &mut layout,
                        format_args!("{host},{ip},{port},replica,{master}"),
                    );
                }
            }
        }
        save(dir, "hosts.csv", &hosts);
        save(dir, "disks.csv", &disks);
        save(dir, "layout.csv", &layout);
    }

    fn save_node(&self, i: usize, dir: &Path, first: bool) {
        let text = |words: &[&str]| self.say(i, words).text().to_owned();
        save(dir, "cluster-nodes.txt", &text(&["CLUSTER", "NODES"]));
        save(dir, "cluster-info.txt", &text(&["CLUSTER", "INFO"]));
        let info = if first {
            text(&["INFO"])
        } else {
            let sections = SECTIONS.map(|section| text(&["INFO", section]));
            sections.join("\r\n")
        };
        save(dir, "info.txt", &info);
        let settings = SETTINGS.map(|pattern| self.say(i, &["CONFIG", "GET", pattern]).lines());
        save(dir, "config-get.txt", &settings.concat());
        let file = fs::read_to_string(self.nodes[i].dir.join("nodes.conf"));
        save(
            dir,
            "nodes.conf",
            &file.expect("a running node has its nodes.conf"),
        );
    }
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes every line");
}

fn save(dir: &Path, name: &str, text: &str) {
    fs::create_dir_all(dir).expect("the scratch directory is writable");
    fs::write(dir.join(name), text).expect("the scratch directory is writable");
}
