//! Where a process listens: an IP (or announced name) and a client port.

use std::cmp::Ordering;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

/// `ip:port` as the servers print it: IPv6 without brackets.
///
/// Ordered by number, not by text, so that 10.0.0.2 comes before 10.0.0.10.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Address {
    ip: Arc<str>,
    /// Of an IP: addresses are compared far more often than made.
    number: Option<IpAddr>,
    port: u16,
}

/// Why a text is not an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AddressError {
    #[error("no `:port` at the end")]
    NoPort,
    #[error("the port is not a number from 1 to 65535")]
    BadPort,
    #[error("the host part is empty")]
    EmptyHost,
    #[error("the host part has a character that no address has")]
    BadHost,
}

impl Address {
    /// Checks the host part: letters, digits and `.:-_%` only, so that an address can go into a
    /// script, a terminal or a file name as it is.
    pub fn new(ip: &str, port: u16) -> Result<Self, AddressError> {
        let ip = ip
            .strip_prefix('[')
            .and_then(|s| s.strip_suffix(']'))
            .unwrap_or(ip);
        if ip.is_empty() {
            return Err(AddressError::EmptyHost);
        }
        if port == 0 {
            return Err(AddressError::BadPort);
        }
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '_' | '%');
        // A leading dash would be read as an option by every client.
        if !ip.chars().all(legal) || ip.starts_with('-') {
            return Err(AddressError::BadHost);
        }
        Ok(Self {
            ip: ip.into(),
            number: ip.parse().ok(),
            port,
        })
    }

    /// The host part, without brackets.
    /// Ends the names of nodes that are only supposed.
    pub const OF_NOBODY: &str = ".invalid";

    pub fn ip(&self) -> &str {
        &self.ip
    }

    /// Every host has one of these: who asked there says a port, and something else says which host.
    pub fn is_local(&self) -> bool {
        matches!(
            self.ip(),
            "127.0.0.1" | "::1" | "localhost" | "0.0.0.0" | "::"
        )
    }

    /// Whether it can say on which host a node is and where others reach it: not so the loopback
    /// addresses that every host has, nor four numbers that are no IP.
    pub fn is_place(&self) -> bool {
        !self.is_loopback() && !self.is_no_ip()
    }

    /// Under the domain of which no name is ever given to anybody (RFC 6761 §6.4): of a node that is
    /// only supposed.
    pub fn is_of_nobody(&self) -> bool {
        self.ip.ends_with(Self::OF_NOBODY)
    }

    /// Numbers, not a name.
    pub fn is_ip(&self) -> bool {
        self.number.is_some()
    }

    /// Of the host itself, in any spelling.
    pub fn is_loopback(&self) -> bool {
        match self.number {
            Some(ip) => ip.is_loopback() || ip.is_unspecified(),
            None => &*self.ip == "localhost" || self.ip.starts_with("localhost."),
        }
    }

    /// Numbers and dots as in an IP, and none that exists: `172.18.0.514`.
    pub fn is_no_ip(&self) -> bool {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        self.number.is_none() && self.ip.split('.').all(digits)
    }

    /// The client port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Address {
    type Err = AddressError;

    /// `ip:port` or `[v6]:port`; the last colon separates, as IPv6 is printed bare.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (ip, port) = text.rsplit_once(':').ok_or(AddressError::NoPort)?;
        let port = port.parse().map_err(|_| AddressError::BadPort)?;
        Self::new(ip, port)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.ip, self.port)
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Self) -> Ordering {
        // Names sort after numbers; the text decides what the number leaves equal.
        let key = |a: &Self| (a.number.is_none(), a.number);
        key(self)
            .cmp(&key(other))
            .then_with(|| self.ip.cmp(&other.ip))
            .then_with(|| self.port.cmp(&other.port))
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_by_number() {
        let a: Address = "10.0.0.2:7000".parse().unwrap();
        let b: Address = "10.0.0.10:7000".parse().unwrap();
        assert!(a < b);
    }

    #[test]
    fn reads_ipv6_with_and_without_brackets() {
        let bare: Address = "fd01::85:14:243:18:6379".parse().unwrap();
        let brackets: Address = "[fd01::85:14:243:18]:6379".parse().unwrap();
        assert_eq!(bare, brackets);
        assert_eq!(bare.to_string(), "fd01::85:14:243:18:6379");
    }

    #[test]
    fn an_address_that_is_no_place() {
        let of = |ip: &str| Address::new(ip, 7000).unwrap();
        for ip in [
            "127.0.0.1",
            "127.0.1.1",
            "::1",
            "0.0.0.0",
            "::",
            "localhost",
            "localhost.localdomain",
        ] {
            assert!(of(ip).is_loopback() && !of(ip).is_place(), "{ip}");
        }
        for ip in [
            "172.18.0.514",
            "172.18.0.2451",
            "10.0.0.1.2",
            "10.0.1",
            "1234",
        ] {
            assert!(of(ip).is_no_ip() && !of(ip).is_place(), "{ip}");
        }
        for ip in [
            "10.0.0.1",
            "fd01::5",
            "redis-0",
            "localhost-1",
            "10-0-0-1",
            "a.1.2.3",
        ] {
            assert!(of(ip).is_place(), "{ip}");
        }
    }

    #[test]
    fn refuses_what_a_shell_would_obey() {
        for bad in [
            "$(reboot):1",
            "a b:1",
            "-x:1",
            "h;ls:1",
            ":7000",
            "h:0",
            "h:x",
            "h",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
