//! New addresses: private ones, in the order of the old.
//!
//! Nodes are ordered by the number of their address, hosts without a name by its text, and both
//! decide ties. Where the two orders agree, every byte is named by its rank; where they do not
//! (`2` and `10`), the third and the fourth byte stay as they are.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

/// Numbers of three digits have one order.
const FIRST: u8 = 100;

/// True for what every host calls itself: it names nobody, and readers know that it does not.
pub(super) fn is_everyones(text: &str) -> bool {
    ["127.0.0.1", "::1"].contains(&text)
}

/// Of the host itself, whatever it is called.
fn is_loopback(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Old to new; what is everyone's stays, and the others stay before or behind it.
pub(super) fn rename(olds: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut v4: BTreeMap<Ipv4Addr, &String> = BTreeMap::new();
    let mut v6: BTreeSet<(Ipv6Addr, &String)> = BTreeSet::new();
    let mut names = BTreeMap::new();
    // Beside other addresses a loopback address is the place of no node: it must stay one.
    let loopback_stays = olds
        .iter()
        .any(|old| is_everyones(old) || !is_loopback(old));
    for old in olds {
        if is_everyones(old) || loopback_stays && is_loopback(old) {
            names.insert(old.clone(), old.clone());
            continue;
        }
        match old.parse() {
            Ok(IpAddr::V4(ip)) => {
                v4.insert(ip, old);
            }
            Ok(IpAddr::V6(ip)) => {
                v6.insert((ip, old));
            }
            // Nothing else is found to be an address.
            Err(_) => {}
        }
    }
    let ips: Vec<Ipv4Addr> = v4.keys().copied().collect();
    let middle = names
        .keys()
        .any(|old| old.parse::<Ipv4Addr>().is_ok())
        .then_some(Ipv4Addr::LOCALHOST);
    let new = by_bytes(&ips, middle).unwrap_or_else(|| by_rank(&ips));
    names.extend(
        v4.values()
            .zip(new)
            .map(|(old, new)| ((*old).clone(), new.to_string())),
    );
    let net = (0xfd00..0xfe00_u16).find(|net| v6.iter().all(|(ip, _)| ip.segments()[0] != *net));
    let net = net.unwrap_or(0xfd00);
    for (rank, (_, old)) in (0_u32..).zip(&v6) {
        // Four digits in each part, so that the order of the texts is that of the numbers.
        let (high, low) = (
            0x1000 + (rank / 0x8000) as u16,
            0x1000 + (rank % 0x8000) as u16,
        );
        let new = Ipv6Addr::new(net, 0, 0, 0, 0, 0, high, low);
        names.insert((*old).clone(), new.to_string());
    }
    names
}

/// Byte by byte; `None` if there are too many networks for that. What is above `middle` still is.
fn by_bytes(ips: &[Ipv4Addr], middle: Option<Ipv4Addr>) -> Option<Vec<Ipv4Addr>> {
    let is_above = |ip: &Ipv4Addr| middle.is_some_and(|middle| *ip > middle);
    // A network may lie on both sides.
    let net = |ip: &Ipv4Addr| (is_above(ip), [ip.octets()[0], ip.octets()[1]]);
    let nets: BTreeSet<(bool, [u8; 2])> = ips.iter().map(net).collect();
    let low = (FIRST..=u8::MAX).map(|b| (false, [10, b]));
    // The private networks behind the loopback addresses, by number and as text.
    let high = (16..32)
        .map(|b| (true, [172, b]))
        .chain([(true, [192, 168])]);
    let taken = |new: &[u8; 2]| nets.iter().any(|(_, old)| old == new);
    let free: Vec<(bool, [u8; 2])> = low.chain(high).filter(|(_, new)| !taken(new)).collect();
    let mut news: BTreeMap<(bool, [u8; 2]), [u8; 2]> = BTreeMap::new();
    for side in [false, true] {
        let olds = nets.iter().filter(|(above, _)| *above == side);
        let mut free = free.iter().filter(|(above, _)| *above == side);
        for old in olds {
            news.insert(*old, free.next()?.1);
        }
    }
    let mut third: BTreeMap<[u8; 2], BTreeSet<u8>> = BTreeMap::new();
    let mut fourth: BTreeMap<[u8; 3], BTreeSet<u8>> = BTreeMap::new();
    for ip in ips {
        let [a, b, c, d] = ip.octets();
        third.entry([a, b]).or_default().insert(c);
        fourth.entry([a, b, c]).or_default().insert(d);
    }
    let third: BTreeMap<_, _> = third.iter().map(|(k, v)| (*k, rank_bytes(v))).collect();
    let fourth: BTreeMap<_, _> = fourth.iter().map(|(k, v)| (*k, rank_bytes(v))).collect();
    let new = |ip: &Ipv4Addr| {
        let [a, b, c, d] = ip.octets();
        let [first, second] = news[&net(ip)];
        Ipv4Addr::new(first, second, third[&[a, b]][&c], fourth[&[a, b, c]][&d])
    };
    Some(ips.iter().map(new).collect())
}

/// By rank where that keeps both orders.
fn rank_bytes(bytes: &BTreeSet<u8>) -> BTreeMap<u8, u8> {
    let texts = |end: &str| {
        bytes
            .iter()
            .map(|b| format!("{b}{end}"))
            .collect::<Vec<_>>()
    };
    let one_order = texts(".").is_sorted() && texts(":").is_sorted();
    let ranks = (FIRST + 1)..=u8::MAX;
    if one_order && bytes.len() <= ranks.len() {
        bytes.iter().copied().zip(ranks).collect()
    } else {
        bytes.iter().map(|b| (*b, *b)).collect()
    }
}

/// One after the other, without those that are in use.
fn by_rank(ips: &[Ipv4Addr]) -> Vec<Ipv4Addr> {
    let lowest = u32::from(Ipv4Addr::new(10, FIRST, FIRST, FIRST));
    let candidates = (lowest..).map(Ipv4Addr::from);
    let candidates = candidates.filter(|ip| ips.binary_search(ip).is_err());
    candidates.take(ips.len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_of(olds: &[&str]) -> Vec<String> {
        let names = rename(&olds.iter().map(|o| (*o).to_owned()).collect());
        olds.iter().map(|old| names[*old].clone()).collect()
    }

    #[test]
    fn both_orders_stay() {
        let olds = [
            "10.0.0.1",
            "10.0.0.2",
            "10.0.0.10",
            "10.0.1.3",
            "128.0.0.2",
            "172.16.5.9",
        ];
        let new = new_of(&olds);
        let number = |texts: &[String]| -> Vec<Ipv4Addr> {
            texts.iter().map(|t| t.parse().unwrap()).collect()
        };
        assert!(number(&new).is_sorted(), "{new:?}");
        let mut by_text: Vec<usize> = (0..olds.len()).collect();
        by_text.sort_by_key(|i| olds[*i]);
        let sorted: Vec<&String> = by_text.iter().map(|i| &new[*i]).collect();
        assert!(sorted.is_sorted(), "{sorted:?}");
        assert!(new.iter().all(|n| !olds.contains(&n.as_str())));
        assert!(new.iter().all(|n| n.starts_with("10.")));
    }

    #[test]
    fn networks_in_use_are_left_out() {
        assert_eq!(new_of(&["10.100.0.7"]), ["10.101.101.101"]);
    }

    #[test]
    fn many_networks_are_only_counted() {
        let olds: Vec<String> = (0..=255).map(|b| format!("10.{b}.0.1")).collect();
        let olds: Vec<&str> = olds.iter().map(String::as_str).collect();
        let new: BTreeSet<String> = new_of(&olds).into_iter().collect();
        assert_eq!(new.len(), olds.len());
        assert!(new.iter().all(|n| !olds.contains(&n.as_str())));
    }

    #[test]
    fn six_stays_six() {
        assert_eq!(
            new_of(&["::1", "fd00::5", "fd00:0::5"]),
            ["::1", "fd01::1000:1001", "fd01::1000:1000"]
        );
    }

    #[test]
    fn loopback_stays_and_the_others_stay_around_it() {
        let olds = ["10.0.0.9", "127.0.0.1", "127.0.0.2", "172.16.0.1"];
        assert_eq!(
            new_of(&olds),
            ["10.100.101.101", "127.0.0.1", "127.0.0.2", "172.17.101.101"]
        );
        // Where there is nothing else, they are where the nodes are.
        assert_eq!(
            new_of(&["127.0.1.1", "127.0.2.1"]),
            ["10.100.101.101", "10.100.102.101"]
        );
    }
}
