//! `kubectl get pods,nodes -o json`: which pod runs on which machine, in which zone.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

use crate::diagnostic::Parse;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::HostRow;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::log::Spot;

pub(super) static DIALECT: Dialect = Dialect {
    name: "kubernetes",
    sniff,
    parse,
};

/// Well-known labels of nodes; the second one is that of clusters before 1.17.
const ZONES: [&str; 2] = [
    "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/zone",
];

fn sniff(head: &Head) -> bool {
    head.json().is_some_and(is_list)
}

/// `json` is the beginning of an object without blanks.
fn is_list(json: &str) -> bool {
    json.starts_with("{\"apiVersion\":\"v1\",\"items\":[")
        || json.starts_with("{\"kind\":\"List\",\"apiVersion\":\"v1\"")
        || json.starts_with("{\"apiVersion\":\"v1\",\"kind\":\"List\"")
}

/// The whole file is one: there is nothing in it to be taken out.
pub(super) fn is_file(text: &str) -> bool {
    const LOOKED_AT: usize = 256;
    let head = text.chars().take(LOOKED_AT);
    let compact: String = head.filter(|c| !c.is_whitespace()).collect();
    is_list(&compact)
}

/// A machine as the cluster of pods knows it.
#[derive(Default)]
struct Machine<'a> {
    zone: Option<&'a str>,
    memory_bytes: Option<u64>,
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let value: Value = match serde_json::from_str(block.text) {
        Ok(value) => value,
        Err(error) => {
            let message = format!("the list of Kubernetes ends in the middle: {error}");
            let line = block.first_line + error.line().saturating_sub(1) as u32;
            let text = block.text.lines().nth(error.line().saturating_sub(1));
            let text = text.unwrap_or_default();
            let part = text;
            log.say(Parse::Cell, message, Spot { line, text, part });
            return Vec::new();
        }
    };
    let items = value["items"].as_array().map_or(&[][..], Vec::as_slice);
    let of_kind = |kind: &'static str| items.iter().filter(move |item| item["kind"] == kind);
    let mut machines: BTreeMap<&str, Machine> = BTreeMap::new();
    for node in of_kind("Node") {
        let Some(name) = node["metadata"]["name"].as_str() else {
            continue;
        };
        let labels = &node["metadata"]["labels"];
        let mut zones = ZONES.iter().filter_map(|label| labels[*label].as_str());
        let memory = node["status"]["capacity"]["memory"].as_str();
        let machine = Machine {
            zone: zones.next().filter(|zone| !zone.is_empty()),
            memory_bytes: memory.and_then(bytes),
        };
        machines.insert(name, machine);
    }
    let lines = Lines::of(block);
    let mut rows = Vec::new();
    for pod in of_kind("Pod") {
        let Some(host) = pod["spec"]["nodeName"].as_str().filter(|h| !h.is_empty()) else {
            continue;
        };
        let status = &pod["status"];
        let ips = status["podIPs"].as_array().map_or(&[][..], Vec::as_slice);
        let ips = ips.iter().filter_map(|ip| ip["ip"].as_str());
        let mut ips: Vec<&str> = status["podIP"].as_str().into_iter().chain(ips).collect();
        ips.retain(|ip| ip.parse::<IpAddr>().is_ok());
        ips.dedup();
        let machine = machines.get(host);
        for ip in ips {
            rows.push(HostRow {
                line: lines.of_ip(ip),
                host: host.to_owned(),
                ip: ip.to_owned(),
                port: None,
                zone: machine.and_then(|m| m.zone).map(str::to_owned),
                rack: None,
                memory_bytes: machine.and_then(|m| m.memory_bytes),
                // Whatever else runs there is nobody's business here.
                of_more: true,
            });
        }
    }
    vec![Section::new(DIALECT.name, block, Facts::HostMap(rows))]
}

/// A quantity of Kubernetes: `65835000Ki`, `64Gi`, `67108864`.
fn bytes(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 8] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("Ti", 1 << 40),
        ("k", 1000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("", 1),
    ];
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*size)
}

/// The line on which each IP stands first as a value of its own.
struct Lines<'a> {
    first: u32,
    of: BTreeMap<&'a str, u32>,
}

impl<'a> Lines<'a> {
    fn of(block: Block<'a>) -> Self {
        let mut of = BTreeMap::new();
        for (line, text) in block.lines() {
            for word in text.split('"').skip(1).step_by(2) {
                if word.parse::<IpAddr>().is_ok() {
                    of.entry(word).or_insert(line);
                }
            }
        }
        Self {
            first: block.first_line,
            of,
        }
    }

    fn of_ip(&self, ip: &str) -> u32 {
        self.of.get(ip).copied().unwrap_or(self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read;
    use crate::text::Source;

    const LIST: &str = r#"{
    "apiVersion": "v1",
    "items": [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "redis-0", "namespace": "kv"},
            "spec": {"nodeName": "worker-1", "containers": []},
            "status": {
                "phase": "Running",
                "hostIP": "192.0.2.1",
                "podIP": "10.1.0.7",
                "podIPs": [{"ip": "10.1.0.7"}, {"ip": "fd00::7"}]
            }
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "redis-1"},
            "spec": {},
            "status": {"phase": "Pending"}
        },
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": "worker-1", "labels": {"topology.kubernetes.io/zone": "eu-1a"}},
            "status": {"capacity": {"memory": "65835000Ki"}}
        }
    ],
    "kind": "List",
    "metadata": {"resourceVersion": ""}
}
"#;

    #[test]
    fn a_pod_is_on_the_machine_and_in_the_zone_of_its_node() {
        let source = Source::new("pods.json", LIST.to_owned(), String::new());
        let parsed = read(&source);
        assert_eq!(parsed.diagnostics, []);
        let Facts::HostMap(rows) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        let said: Vec<_> = rows
            .iter()
            .map(|r| (r.ip.as_str(), r.host.as_str(), r.zone.as_deref(), r.line))
            .collect();
        assert_eq!(
            said,
            [
                ("10.1.0.7", "worker-1", Some("eu-1a"), 12),
                ("fd00::7", "worker-1", Some("eu-1a"), 13)
            ]
        );
        assert_eq!(rows[0].memory_bytes, Some(65_835_000 << 10));
    }

    #[test]
    fn quantities_have_units() {
        assert_eq!(bytes("64Gi"), Some(64 << 30));
        assert_eq!(bytes("67108864"), Some(67_108_864));
        assert_eq!(bytes("1.5Gi"), None);
        assert_eq!(bytes("99999999999999999999Ki"), None);
    }
}
