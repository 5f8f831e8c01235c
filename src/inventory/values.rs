//! What a runbook writes down before its work and compares after it.
//!
//! The forms are those of flashbase: `db0:keys=40,memKeys=20,flashKeys=0`, `isOOM:false`,
//! `recentEvictStat:recent 200 rowgroups' avg full percent:0`, and of its tables
//! `…,totalRowgroups=1,totalRows=7`, which its own `cluster rowcount` sums up over the masters.

use std::collections::BTreeMap;

use crate::inventory::Inventory;
use crate::inventory::answers::Answers;
use crate::inventory::gathered::Gathered;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::parse::Pair;

/// What one node tells; `None` where its answers do not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Values {
    /// Keys in memory, over all databases; the others lie on flash.
    pub mem_keys: Option<u64>,
    pub row_groups: Option<u64>,
    pub rows: Option<u64>,
    /// `flash-db-ttl`, as the server spells it.
    pub flash_db_ttl: Option<String>,
    pub out_of_memory: Option<bool>,
    /// How full row groups were when they were evicted, in hundredths of a percent.
    pub full_percent: Option<u64>,
}

/// Before the key of a table, which may be called as a database is.
const TABLE: &str = "tablespace ";

const ROWS: &str = "totalRows";
const ROW_GROUPS: &str = "totalRowgroups";

/// The key under which a line of INFO is kept.
pub(super) fn info_key(pair: &Pair) -> String {
    let of_table = item(&pair.value, ROWS).or(item(&pair.value, ROW_GROUPS));
    match of_table {
        Some(_) => format!("{TABLE}{}", pair.key),
        None => pair.key.to_owned(),
    }
}

/// `a=1,b=2`: the number behind a name.
fn item(value: &str, name: &str) -> Option<u64> {
    let mut items = value.split(',').filter_map(|item| item.split_once('='));
    let (_, number) = items.find(|(key, _)| key.trim() == name)?;
    number.trim().parse().ok()
}

/// What every node tells that tells anything.
pub(super) fn read(gathered: &Gathered, cluster: &Cluster) -> BTreeMap<NodeId, Values> {
    let told = |(id, node): (NodeId, &crate::model::Node)| {
        let values = of(gathered.answers.get(node.address.as_ref()?)?);
        (values != Values::default()).then_some((id, values))
    };
    cluster.iter().filter_map(told).collect()
}

fn of(answers: &Answers) -> Values {
    let info = &answers.info;
    let sum = |wanted: &dyn Fn(&str) -> bool, name: &str| {
        let there = info.iter().filter(|(key, _)| wanted(key));
        let numbers: Vec<u64> = there.filter_map(|(_, value)| item(value, name)).collect();
        let total = || numbers.iter().fold(0, |sum: u64, n| sum.saturating_add(*n));
        (!numbers.is_empty()).then(total)
    };
    let of_database = |key: &str| {
        let number = key.strip_prefix("db");
        number.is_some_and(|n| n.parse::<u32>().is_ok())
    };
    let of_table = |key: &str| key.starts_with(TABLE);
    let ttl = answers.config.get("flash-db-ttl");
    let full = info.get("recentEvictStat");
    Values {
        mem_keys: sum(&of_database, "memKeys"),
        row_groups: sum(&of_table, ROW_GROUPS),
        rows: sum(&of_table, ROWS),
        flash_db_ttl: ttl.or_else(|| info.get("DB0_TTL(sec)")).cloned(),
        out_of_memory: info.get("isOOM").and_then(|v| v.trim().parse().ok()),
        full_percent: full.and_then(|v| hundredths(v.rsplit_once("avg full percent:")?.1)),
    }
}

/// `81`, `81.25`: in hundredths; further digits are left out.
fn hundredths(text: &str) -> Option<u64> {
    let text = text.trim().trim_end_matches('%');
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let mut digits = part.bytes().chain(*b"00").take(2);
    let part = digits.try_fold(0u64, |sum, digit| match digit {
        b'0'..=b'9' => Some(sum * 10 + u64::from(digit - b'0')),
        _ => None,
    });
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(100)?
        .checked_add(part?)
}

/// Rows over the whole cluster: as flashbase counted them, else the sum over the masters if each
/// of them tells.
pub(super) fn rowcount(gathered: &Gathered, inventory: &Inventory) -> Option<u64> {
    let summed = || {
        let masters = inventory.cluster.iter();
        let masters = masters.filter(|(_, n)| !n.slots.is_empty());
        masters
            .map(|(id, _)| inventory.values.get(&id)?.rows)
            .try_fold(0u64, |sum, rows| sum.checked_add(rows?))
    };
    gathered.rowcount.or_else(summed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::tests::file;
    use crate::inventory::tests::inventory;

    #[test]
    fn reads_what_flashbase_prints() {
        let nodes = "a 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\n";
        let info = "# Memory\r\nisOOM:true\r\n# Keyspace\r\n\
                    db0:keys=40,memKeys=20,flashKeys=20,expires=20,avg_ttl=0\r\n\
                    # Tablespace\r\n\
                    db0:totalTablegroups=1,totalPartitions=2,totalRowgroups=3,totalRows=77\r\n\
                    # Eviction\r\nrecentEvictStat:recent 200 rowgroups' avg full percent:81.5\r\n\
                    # Storage(Disk Usage)\r\nDB0_TTL(sec):2592000\r\n";
        let read = inventory(vec![
            file("10.0.0.1_7000/nodes.txt", nodes),
            file("10.0.0.1_7000/info.txt", info),
        ]);
        let expected = Values {
            mem_keys: Some(20),
            row_groups: Some(3),
            rows: Some(77),
            flash_db_ttl: Some("2592000".to_owned()),
            out_of_memory: Some(true),
            full_percent: Some(8150),
        };
        assert_eq!(read.values.get(&NodeId(0)), Some(&expected));
        assert_eq!(read.cluster.node(NodeId(0)).keys, Some(40));
        assert_eq!(read.rowcount, Some(77));
    }

    #[test]
    fn a_percentage_is_exact_or_none() {
        for (text, read) in [
            ("0", Some(0)),
            ("99.999%", Some(9999)),
            ("7.5", Some(750)),
            ("x", None),
            ("1.x", None),
        ] {
            assert_eq!(hundredths(text), read, "{text}");
        }
    }
}
