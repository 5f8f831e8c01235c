//! `--add`: blank nodes that do not exist yet, to see what they would bring.

use std::fmt;
use std::str::FromStr;

use crate::model::Address;

/// Most nodes of one entry: more of a host than any has is a slip of the finger.
const MOST: u32 = 1000;

/// Blank nodes on one host that nobody has started.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Added {
    pub host: String,
    pub zone: Option<String>,
    pub nodes: u32,
}

/// Why a text says no such nodes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadAddition {
    #[error("what is added is host:H,nodes=N or host:H,zone=Z,nodes=N")]
    Shape,
    #[error("`nodes` is a number from 1 to {MOST}")]
    Nodes,
    #[error("`{0}` is no name of a host: letters, digits, `.`, `-`, `_` and `:` are")]
    Host(String),
}

impl Added {
    /// Stands where an address of the host would, which nobody knows yet. Nobody answers there:
    /// no step that names it can be run.
    pub fn addresses(&self) -> Vec<Address> {
        let ip = format!("{}{}", self.host, Address::OF_NOBODY);
        let ports = 1..=u16::try_from(self.nodes).unwrap_or(u16::MAX);
        let address = |port| Address::new(&ip, port).ok();
        ports.filter_map(address).collect()
    }
}

impl FromStr for Added {
    type Err = BadAddition;

    fn from_str(text: &str) -> Result<Self, BadAddition> {
        let rest = text.strip_prefix("host:").ok_or(BadAddition::Shape)?;
        let mut parts = rest.split(',');
        let host = parts.next().unwrap_or_default();
        let (mut zone, mut nodes) = (None, None);
        for part in parts {
            match part.split_once('=') {
                Some(("zone", name)) if zone.is_none() && !name.is_empty() => {
                    zone = Some(name.to_owned());
                }
                Some(("nodes", number)) if nodes.is_none() => {
                    let number = number.parse().ok();
                    let number = number.filter(|n| (1..=MOST).contains(n));
                    nodes = Some(number.ok_or(BadAddition::Nodes)?);
                }
                Some(_) | None => return Err(BadAddition::Shape),
            }
        }
        let added = Self {
            host: host.to_owned(),
            zone,
            nodes: nodes.ok_or(BadAddition::Shape)?,
        };
        match added.addresses().is_empty() || host.is_empty() {
            true => Err(BadAddition::Host(added.host)),
            false => Ok(added),
        }
    }
}

/// As it is typed.
impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, zone, nodes } = self;
        write!(f, "host:{host}")?;
        if let Some(zone) = zone {
            write!(f, ",zone={zone}")?;
        }
        write!(f, ",nodes={nodes}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_printed() {
        for text in ["host:h4,nodes=2", "host:10.0.0.9,zone=zone c,nodes=1"] {
            let added: Added = text.parse().unwrap();
            assert_eq!(added.to_string(), text);
            assert_eq!(added.addresses().len(), added.nodes as usize);
        }
        let added: Added = "host:h4,nodes=2,zone=c".parse().unwrap();
        assert_eq!(added.to_string(), "host:h4,zone=c,nodes=2");
    }

    #[test]
    fn what_says_nothing_is_refused() {
        let why = |text: &str| text.parse::<Added>().unwrap_err();
        for text in [
            "h4,nodes=2",
            "host:h4",
            "host:h4,nodes",
            "zone:z,nodes=1",
            "host:h4,nodes=1,rack=2",
        ] {
            assert_eq!(why(text), BadAddition::Shape, "{text}");
        }
        assert_eq!(why("host:h4,nodes=0"), BadAddition::Nodes);
        assert_eq!(why("host:h4,nodes=1001"), BadAddition::Nodes);
        assert_eq!(
            why("host:$(x),nodes=1"),
            BadAddition::Host("$(x)".to_owned())
        );
    }
}
