//! What a command line of an operator orders: of a client of a server, of its cluster tool, or of
//! flashbase. Whatever only reads orders nothing.

use crate::action::Mode;
use crate::lint::shell::Statement;
use crate::lint::shell::without_prompt;
use crate::lint::tools;
use crate::lint::tools::Tools;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::policy::Policy;
use crate::text::lex::command::is_client;
use crate::text::quote::quote;

/// One order to one node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    Meet {
        via: NodeId,
        node: NodeId,
    },
    /// `meets`: the tool introduces the node first, if nobody knows it.
    Replicate {
        node: NodeId,
        master: NodeId,
        meets: bool,
    },
    Failover {
        node: NodeId,
        mode: Mode,
        /// A tool sends it, and nothing makes that send another one.
        by_tool: bool,
    },
    Forget {
        teller: NodeId,
        /// `None`: nobody in the capture has the id.
        node: Option<NodeId>,
        /// A tool tells everybody, and who does not know the id says so.
        by_tool: bool,
    },
    AddSlots {
        node: NodeId,
        slots: SlotSet,
    },
    DelSlots {
        node: NodeId,
        slots: SlotSet,
    },
    /// `SETSLOT … NODE`.
    GiveSlots {
        to: NodeId,
        slots: SlotSet,
    },
    BumpEpoch {
        node: NodeId,
    },
    Flush {
        node: NodeId,
    },
    Reset {
        node: NodeId,
    },
    Stop {
        node: NodeId,
    },
}

/// What a line comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Read {
    Order(Order),
    /// It changes something, and what it leads to cannot be told: why.
    NotFollowed(String),
}

/// The orders of one command; none if it changes nothing.
pub fn read(statement: &Statement, cluster: &Cluster, policy: &Policy) -> Vec<Read> {
    let words: Vec<&str> = statement.words.iter().map(String::as_str).collect();
    let (at, words) = without_prompt(&words);
    let reader = Reader {
        cluster,
        tell: &statement.tell,
    };
    let tools = Tools { cluster, policy };
    let name = words.first().map(|w| w.rsplit('/').next().unwrap_or(w));
    let rest = words.get(1..).unwrap_or_default();
    let answer = match name {
        Some("flashbase") if rest.first().is_some_and(|sub| tools::is_tool(sub)) => {
            tools.orders(rest[0], rest.get(1..).unwrap_or_default())
        }
        Some("flashbase") => reader.flashbase(rest),
        Some(tool) if tools::is_tool(tool) => tools.orders(tool, rest),
        Some("redis-trib.rb" | "redis-trib") => reader.tool(rest),
        Some("ssh") => reader.over_ssh(rest),
        Some(client) if is_client(client) => reader.client(rest, None),
        Some(_) if at.is_some() => reader.command(&[at.unwrap_or_default()], words),
        Some(_) | None => Ok(Vec::new()),
    };
    match answer {
        Ok(orders) => orders.into_iter().map(Read::Order).collect(),
        Err(why) => vec![Read::NotFollowed(why)],
    }
}

struct Reader<'a> {
    cluster: &'a Cluster,
    tell: &'a [String],
}

type Orders = Result<Vec<Order>, String>;

impl Reader<'_> {
    /// `ssh HOST redis-cli …`: the client asks where it runs.
    fn over_ssh(&self, words: &[&str]) -> Orders {
        let joined: Vec<&str> = words.iter().flat_map(|w| w.split_whitespace()).collect();
        let Some(client) = joined.iter().position(|w| is_client(w)) else {
            return Ok(Vec::new());
        };
        let host = joined[..client].iter().rev().find(|w| !w.starts_with('-'));
        let host = host.map(|h| h.rsplit('@').next().unwrap_or(h));
        let rest = &joined[client + 1..];
        match joined[client].ends_with("flashbase") {
            true => self.flashbase(rest),
            false => self.client(rest, host),
        }
    }

    /// `-h HOST -p PORT COMMAND…`, or `--cluster COMMAND…`.
    fn client(&self, words: &[&str], here: Option<&str>) -> Orders {
        const VALUED: [&str; 14] = [
            "-a",
            "-n",
            "-r",
            "-i",
            "-t",
            "-s",
            "--user",
            "--pass",
            "--cacert",
            "--cacertdir",
            "--cert",
            "--key",
            "--sni",
            "-D",
        ];
        let (mut host, mut port) = (here.unwrap_or("127.0.0.1"), "6379");
        let mut url = None;
        let mut at = 0;
        while let Some(&word) = words.get(at) {
            match word {
                "--cluster" => return self.tool(words.get(at + 1..).unwrap_or_default()),
                "-h" => host = words.get(at + 1).copied().unwrap_or(host),
                "-p" => port = words.get(at + 1).copied().unwrap_or(port),
                "-u" => url = words.get(at + 1).copied(),
                _ if VALUED.contains(&word) => {}
                _ if word.starts_with('-') => {
                    at += 1;
                    continue;
                }
                _ => break,
            }
            at += 2;
        }
        let command = words.get(at..).unwrap_or_default();
        let address = match url.and_then(|url| url.split_once("://")) {
            Some((_, place)) => {
                let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
                place.split('/').next().unwrap_or_default().to_owned()
            }
            None => format!("{host}:{port}"),
        };
        // A function of a script of this program, called for each node.
        if address == "$1:$2" {
            let tell: Vec<&str> = self.tell.iter().map(String::as_str).collect();
            return self.command(&tell, command);
        }
        self.command(&[&address], command)
    }

    /// A server's command to each of these.
    fn command(&self, to: &[&str], words: &[&str]) -> Orders {
        let word = |at: usize| words.get(at).map(|w| w.to_ascii_lowercase());
        let (first, second) = (word(0), word(1));
        let changes = match (first.as_deref(), second.as_deref()) {
            (Some("cluster"), Some(sub)) => {
                const CHANGES: [&str; 14] = [
                    "meet",
                    "replicate",
                    "failover",
                    "forget",
                    "addslots",
                    "addslotsrange",
                    "delslots",
                    "delslotsrange",
                    "flushslots",
                    "bumpepoch",
                    "set-config-epoch",
                    "setslot",
                    "reset",
                    "migrateslots",
                ];
                CHANGES.contains(&sub)
            }
            (Some("flushall" | "flushdb" | "shutdown" | "replicaof" | "slaveof"), _) => true,
            (Some("debug"), Some("segfault")) => true,
            (Some(_), _) | (None, _) => false,
        };
        if !changes {
            return Ok(Vec::new());
        }
        let mut orders = Vec::new();
        for address in to {
            let node = self.at(address)?;
            orders.extend(self.order(node, &words.join(" ")).transpose()?);
        }
        Ok(orders)
    }

    fn order(&self, node: NodeId, text: &str) -> Option<Result<Order, String>> {
        let words: Vec<&str> = text.split(' ').collect();
        let lower = |at: usize| {
            words
                .get(at)
                .map_or(String::new(), |w| w.to_ascii_lowercase())
        };
        let value = |at: usize| words.get(at).copied().unwrap_or_default();
        let tail = words.get(2..).unwrap_or_default();
        let order = match (lower(0).as_str(), lower(1).as_str()) {
            ("cluster", "meet") => {
                self.at(&format!("{}:{}", value(2), value(3)))
                    .map(|other| Order::Meet {
                        via: node,
                        node: other,
                    })
            }
            ("cluster", "replicate") => self.named(value(2)).map(|master| Order::Replicate {
                node,
                master,
                meets: false,
            }),
            ("cluster", "failover") => Ok(Order::Failover {
                node,
                mode: match lower(2).as_str() {
                    "force" => Mode::Force,
                    "takeover" => Mode::Takeover,
                    _ => Mode::Graceful,
                },
                by_tool: false,
            }),
            ("cluster", "forget") if value(2).starts_with('$') => {
                Err(format!("nobody can tell what {} is", quote(value(2))))
            }
            ("cluster", "forget") => Ok(Order::Forget {
                teller: node,
                node: self.cluster.find(value(2)),
                by_tool: false,
            }),
            ("cluster", "addslots") => slots(tail, 1).map(|slots| Order::AddSlots { node, slots }),
            ("cluster", "addslotsrange") => {
                slots(tail, 2).map(|slots| Order::AddSlots { node, slots })
            }
            ("cluster", "delslots") => slots(tail, 1).map(|slots| Order::DelSlots { node, slots }),
            ("cluster", "delslotsrange") => {
                slots(tail, 2).map(|slots| Order::DelSlots { node, slots })
            }
            ("cluster", "flushslots") => Ok(Order::DelSlots {
                node,
                slots: SlotSet::full(),
            }),
            ("cluster", "bumpepoch") => Ok(Order::BumpEpoch { node }),
            // A first epoch changes nothing that is looked at here; a move begins, or ends as it was.
            ("cluster", "set-config-epoch") => return None,
            ("cluster", "setslot") => match lower(3).as_str() {
                "node" => slots(&[value(2)], 1)
                    .and_then(|slots| Ok((slots, self.named(value(4))?)))
                    .map(|(slots, to)| Order::GiveSlots { to, slots }),
                "stable" | "migrating" | "importing" => return None,
                other => Err(format!("`setslot` knows no {}", quote(other))),
            },
            ("cluster", "reset") => Ok(Order::Reset { node }),
            ("flushall" | "flushdb", _) => Ok(Order::Flush { node }),
            ("shutdown", _) | ("debug", _) => Ok(Order::Stop { node }),
            _ => Err(format!("what {} leads to is not known", quote(text))),
        };
        Some(order)
    }

    /// The cluster tool of the client, and `redis-trib.rb`.
    fn tool(&self, words: &[&str]) -> Orders {
        const READS: [&str; 4] = ["check", "info", "help", "backup"];
        let Some((&sub, rest)) = words.split_first() else {
            return Ok(Vec::new());
        };
        let option = |name: &str| {
            let at = rest.iter().position(|w| *w == name)?;
            Some(rest.get(at + 1).copied().unwrap_or_default())
        };
        let operands: Vec<&str> = rest
            .iter()
            .copied()
            .filter(|w| !w.starts_with('-'))
            .collect();
        match sub {
            _ if READS.contains(&sub) => Ok(Vec::new()),
            "call" => {
                let live = self.cluster.iter().filter(|(_, n)| n.is_live_member());
                let mut orders = Vec::new();
                let command = rest.get(1..).unwrap_or_default();
                for (id, _) in live {
                    let of = self.cluster.node(id).to_string();
                    orders.extend(self.command(&[&of], command)?);
                }
                Ok(orders)
            }
            "add-node" => {
                let of_master = option("--cluster-master-id").or_else(|| option("--master-id"));
                // The id is no operand.
                let addresses: Vec<&str> = operands
                    .iter()
                    .copied()
                    .filter(|w| w.contains(':'))
                    .collect();
                let [new, known] = addresses[..] else {
                    return Err("`add-node` takes two addresses".to_owned());
                };
                let (node, via) = (self.at(new)?, self.at(known)?);
                let as_replica = rest
                    .iter()
                    .any(|w| matches!(*w, "--cluster-slave" | "--cluster-replica" | "--slave"));
                let mut orders = vec![Order::Meet { via, node }];
                if let Some(master) = of_master {
                    orders.push(Order::Replicate {
                        node,
                        master: self.named(master)?,
                        meets: false,
                    });
                } else if as_replica {
                    return Err(
                        "the tool picks the master by itself; name it with `--cluster-master-id`"
                            .to_owned(),
                    );
                }
                Ok(orders)
            }
            "del-node" => {
                let id = operands.get(1).copied().unwrap_or_default();
                let node = self.named(id)?;
                let live = self.cluster.iter().filter(|(_, n)| n.is_live_member());
                let tellers = live.map(|(id, _)| id).filter(|&id| id != node);
                let mut orders = vec![Order::Reset { node }];
                orders.extend(tellers.map(|teller| Order::Forget {
                    teller,
                    node: Some(node),
                    by_tool: true,
                }));
                Ok(orders)
            }
            _ => Err(format!("`--cluster {sub}` decides by itself what it moves")),
        }
    }

    fn flashbase(&self, words: &[&str]) -> Orders {
        let Some((&sub, rest)) = words.split_first() else {
            return Ok(Vec::new());
        };
        match sub {
            "cli" => self.client(rest, None),
            "cli-all" => {
                let live = self.cluster.iter().filter(|(_, n)| n.is_live());
                let all: Vec<String> = live.map(|(_, n)| n.to_string()).collect();
                let all: Vec<&str> = all.iter().map(String::as_str).collect();
                self.command(&all, rest)
            }
            "do-replicate" => {
                let [replica, master] = rest else {
                    return Err("`do-replicate` takes a replica and a master".to_owned());
                };
                let (node, master) = (self.at(replica)?, self.at(master)?);
                Ok(vec![Order::Replicate {
                    node,
                    master,
                    meets: true,
                }])
            }
            "forget-noaddr" => {
                let mut orders = Vec::new();
                let ghosts = self.cluster.iter().filter(|(_, n)| n.is_ghost());
                for (ghost, _) in ghosts {
                    let live = self.cluster.iter().filter(|(_, n)| n.is_live());
                    orders.extend(live.map(|(teller, _)| Order::Forget {
                        teller,
                        node: Some(ghost),
                        by_tool: true,
                    }));
                }
                Ok(orders)
            }
            "kill" => {
                let port = rest.first().and_then(|p| p.parse::<u16>().ok());
                let port = port.ok_or("`kill` takes a port")?;
                let here = self.cluster.iter().filter(|(_, n)| {
                    n.is_live() && n.address.as_ref().is_some_and(|a| a.port() == port)
                });
                let here: Vec<NodeId> = here.map(|(id, _)| id).collect();
                match here[..] {
                    [node] => Ok(vec![Order::Stop { node }]),
                    [] => Err(format!("no node that lives has the port {port}")),
                    _ => Err(format!(
                        "`kill` names no host, and {} nodes have the port {port}",
                        here.len()
                    )),
                }
            }
            "restart" | "stop" | "start" | "create" | "scale-out" | "clean" => {
                Err(format!("what `{sub}` leads to is not known"))
            }
            // It reads.
            _ => Ok(Vec::new()),
        }
    }

    /// Who is at an address: `HOST:PORT`, a host by its name, a port alone on the only host that
    /// has it.
    fn at(&self, text: &str) -> Result<NodeId, String> {
        if text.contains('$') {
            return Err(format!("nobody can tell what {} is", quote(text)));
        }
        let (host, port) = text.rsplit_once(':').unwrap_or(("127.0.0.1", text));
        let strange = || format!("the capture shows no node at {}", quote(text));
        let port: u16 = port.parse().map_err(|_| strange())?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let address = Address::new(host, port).map_err(|_| strange())?;
        let cluster = self.cluster;
        let mut there: Vec<NodeId> = cluster.at(&address).collect();
        there.sort_by_key(|&id| !cluster.node(id).is_live());
        if let Some(&id) = there.first() {
            return Ok(id);
        }
        let with_port = |on_host: &dyn Fn(NodeId) -> bool| {
            let nodes = cluster.iter().filter(|(id, n)| {
                n.address.as_ref().is_some_and(|a| a.port() == port) && on_host(*id)
            });
            let nodes: Vec<NodeId> = nodes.map(|(id, _)| id).collect();
            match nodes[..] {
                [only] => Some(only),
                _ => None,
            }
        };
        let on_host = |id: NodeId| {
            let name = cluster.node(id).host.map(|h| &*cluster.host(h).name);
            name == Some(host)
        };
        let found = with_port(&on_host).or_else(|| {
            let local = matches!(host, "127.0.0.1" | "localhost" | "::1");
            local.then(|| with_port(&|_| true)).flatten()
        });
        found.ok_or_else(strange)
    }

    fn named(&self, name: &str) -> Result<NodeId, String> {
        if name.contains('$') {
            return Err(format!("nobody can tell what {} is", quote(name)));
        }
        let found = self.cluster.find(name);
        let found = found.filter(|&id| self.cluster.node(id).membership != Membership::Forgotten);
        found.ok_or_else(|| format!("the capture shows no node with the id {}", quote(name)))
    }
}

/// Slots one by one, or by first and last.
fn slots(words: &[&str], step: usize) -> Result<SlotSet, String> {
    let bad = |word: &str| format!("{} is no slot", quote(word));
    let mut slots = SlotSet::new();
    let mut numbers = Vec::with_capacity(words.len());
    for word in words {
        let slot = word
            .parse::<u16>()
            .ok()
            .filter(|&s| s < crate::model::SLOT_COUNT);
        numbers.push(slot.ok_or_else(|| bad(word))?);
    }
    if numbers.is_empty() || numbers.len() % step != 0 {
        return Err("the slots are missing".to_owned());
    }
    for range in numbers.chunks(step) {
        let (first, last) = (range[0], range[range.len() - 1]);
        if first > last {
            return Err(format!("{first} {last} is no range of slots"));
        }
        slots.insert_range(first, last);
    }
    Ok(slots)
}
