//! What the nodes say about each other, and waiting until they say the same.

use std::collections::BTreeMap;

use crate::servers::Servers;
use crate::servers::until;

/// One line of `cluster nodes`.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: String,
    pub address: String,
    pub flags: Vec<String>,
    pub master: String,
    pub connected: bool,
    pub slots: Vec<String>,
}

/// Who is member, in what role, of which master, with which slots: by id, without what changes
/// from second to second.
pub type Topology = BTreeMap<String, String>;

impl Line {
    pub fn is(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f == flag)
    }

    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(' ').collect();
        let [id, address, flags, master, _, _, _, link, slots @ ..] = fields.as_slice() else {
            return None;
        };
        Some(Self {
            id: (*id).to_owned(),
            address: address.split('@').next().unwrap_or(address).to_owned(),
            flags: flags.split(',').map(str::to_owned).collect(),
            master: (*master).to_owned(),
            connected: *link == "connected",
            // Open slots are shown by their own node alone.
            slots: slots
                .iter()
                .filter(|slot| !slot.starts_with('['))
                .map(|&slot| slot.to_owned())
                .collect(),
        })
    }

    fn place(&self) -> String {
        let role = if self.is("master") {
            "master"
        } else {
            "replica of"
        };
        format!(
            "{} {role} {} {}",
            self.address,
            self.master,
            self.slots.join(" ")
        )
    }
}

impl Servers {
    pub fn view(&self, i: usize) -> Result<Vec<Line>, String> {
        let reply = self
            .ask(i, &["CLUSTER", "NODES"])
            .map_err(|trouble| format!("{}: {trouble}", self.nodes[i].address))?;
        reply
            .text()
            .lines()
            .map(|line| Line::parse(line).ok_or_else(|| format!("odd line `{line}`")))
            .collect()
    }

    /// The line of node `id` in the view of `i`.
    pub fn line(&self, i: usize, id: &str) -> Result<Line, String> {
        self.view(i)?
            .into_iter()
            .find(|line| line.id == id)
            .ok_or_else(|| format!("{} does not know {id}", self.nodes[i].address))
    }

    /// What all running members agree on; an error names the first that is behind.
    pub fn agreed(&self) -> Result<Topology, String> {
        let members = self.members();
        let mut agreed: Option<Topology> = None;
        for &i in &members {
            let at = &self.nodes[i].address;
            let view = self.view(i)?;
            if view.iter().any(|line| line.is("handshake")) {
                return Err(format!("{at} is in a handshake"));
            }
            // Later members never learn of an id without an address.
            let listed: Vec<_> = view.iter().filter(|line| !line.is("noaddr")).collect();
            for line in &listed {
                let runs = members
                    .iter()
                    .any(|&j| self.nodes[j].address.to_string() == line.address);
                let failed = line.is("fail") || line.is("fail?");
                if runs == failed || runs && !line.connected {
                    return Err(format!(
                        "{at} has not noticed the state of {}",
                        line.address
                    ));
                }
            }
            let topology: Topology = listed
                .iter()
                .map(|line| (line.id.clone(), line.place()))
                .collect();
            match &agreed {
                Some(first) if *first != topology => {
                    return Err(format!("{at} says {topology:#?}, others {first:#?}"));
                }
                Some(_) => {}
                None => agreed = Some(topology),
            }
            let missing = members.len() > listed.len();
            if missing {
                return Err(format!("{at} knows {} members only", listed.len()));
            }
        }
        agreed.ok_or_else(|| "no node runs".to_owned())
    }

    /// Every running replica of a running master has its link up.
    pub fn linked(&self) -> Result<(), String> {
        let ids: Vec<String> = self.members().iter().map(|&i| self.id(i)).collect();
        for i in self.members() {
            let own = self.line(i, &self.id(i))?;
            if !own.is("master") && ids.contains(&own.master) {
                let link = self.replication(i, "master_link_status")?;
                let syncing = self.replication(i, "master_sync_in_progress")?;
                if link != "up" || syncing != "0" {
                    return Err(format!("{}: link {link}", self.nodes[i].address));
                }
            }
        }
        Ok(())
    }

    /// Every running member serves all slots.
    pub fn serving(&self) -> Result<(), String> {
        for i in self.members() {
            let info = self
                .ask(i, &["CLUSTER", "INFO"])
                .map_err(|trouble| trouble.to_string())?;
            let whole = ["cluster_state:ok", "cluster_slots_ok:16384"];
            if !whole.iter().all(|wanted| info.text().contains(wanted)) {
                return Err(format!("{}: {}", self.nodes[i].address, info.text()));
            }
        }
        Ok(())
    }

    /// All slots are served as far as those who belong together go; somebody may still be a
    /// stranger.
    pub fn serving_among_themselves(&self) -> Result<(), String> {
        for i in self.members() {
            let alone = self.view(i)?.len() == 1;
            let info = self
                .ask(i, &["CLUSTER", "INFO"])
                .map_err(|t| t.to_string())?;
            if !alone && !info.text().contains("cluster_state:ok") {
                return Err(format!("{}: {}", self.nodes[i].address, info.text()));
            }
        }
        Ok(())
    }

    /// Waits until all members agree, and serve, and follow.
    pub fn wait_settled(&self) -> Topology {
        until("the cluster settles", || {
            self.serving()?;
            self.linked()?;
            self.agreed()
        })
    }
}
