//! What the name server of FEDB (RTIDB, OpenMLDB) prints: tables with a header, a rule below it and
//! two blanks between columns, and short replies. A dialect is one file.
//!
//! A table is known by the names in its header, wherever that stands on its line: what a ticket or a
//! log puts before every line is cut off by its width. Every version has other columns, so cells are
//! taken by name.

mod columns;
mod components;
mod confget;
mod gettablestatus;
mod name;
mod replies;
mod show_table_status;
mod showns;
mod showopstatus;
mod showtable;
mod showtablet;
mod topic_check;

use std::sync::Arc;

use crate::diagnostic::Parse;
use crate::model::OpStatus;
use crate::parse::Facts;
use crate::parse::Parsed;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::fedb::columns::Columns;
use crate::parse::fedb::columns::Row;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::text::Source;

/// One table of one command.
struct Dialect {
    pub name: &'static str,
    /// Names of columns that it has and that no other table has together.
    pub columns: &'static [&'static str],
    /// Reads the rows; what is odd is said, and the row skipped.
    pub parse: fn(&Columns, &[Row], &mut Log) -> FedbFacts,
}

static DIALECTS: &[&Dialect] = &[
    &showtable::DIALECT,
    &showtablet::DIALECT,
    &showtablet::WITH_REAL,
    &showopstatus::OLD,
    &showopstatus::DIALECT,
    &confget::DIALECT,
    &showns::DIALECT,
    &gettablestatus::DIALECT,
    &components::DIALECT,
    &show_table_status::DIALECT,
];

/// What one table, or one reply, says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FedbFacts {
    /// `showtable`: of which tables by the command above it, and of which database.
    Tables(Shown, Option<Arc<str>>, Vec<TableRow>),
    Tablets(Vec<TabletRow>),
    Ops(Vec<OpRow>),
    /// `confget`, or an accepted `confset`: `auto_failover`.
    AutoFailover(Option<bool>),
    NameServers(Vec<NameServerRow>),
    /// `gettablestatus` of a tablet, `SHOW TABLE STATUS`: nothing that other answers do not tell better.
    Status(Vec<StatusRow>),
    /// A reply to a command that changes something.
    Reply {
        /// The name server did not do it.
        refused: bool,
    },
    /// `topic-check` of Kafka.
    Topic(Vec<TableRow>),
}

impl FedbFacts {
    /// The lines of its rows, in order.
    pub fn lines(&self) -> Vec<u32> {
        match self {
            Self::Tables(_, _, rows) | Self::Topic(rows) => rows.iter().map(|r| r.line).collect(),
            Self::Tablets(rows) => rows.iter().map(|r| r.line).collect(),
            Self::Ops(rows) => rows.iter().map(|r| r.line).collect(),
            Self::NameServers(rows) => rows.iter().map(|r| r.line).collect(),
            Self::Status(rows) => rows.iter().map(|r| r.line).collect(),
            Self::AutoFailover(_) | Self::Reply { .. } => Vec::new(),
        }
    }
}

/// Of which tables a `showtable` is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Shown {
    /// No command above it tells.
    Unknown,
    One,
    All,
}

/// A row of `showtable`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TableRow {
    /// From 1.
    pub line: u32,
    pub table: Arc<str>,
    pub tid: Option<u64>,
    /// `None`: a table without partitions.
    pub pid: Option<u32>,
    /// `None`: a partition without copies.
    pub endpoint: Option<Arc<str>>,
    pub leader: bool,
    /// `None` before there was such a column.
    pub alive: Option<bool>,
    pub offset: Option<u64>,
    pub memory: Option<u64>,
}

/// A row of `showtablet`, or a tablet in `SHOW COMPONENTS`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TabletRow {
    pub line: u32,
    pub endpoint: Arc<str>,
    pub real_endpoint: Option<Arc<str>>,
    pub healthy: bool,
    /// `7m`, in ms.
    pub age_ms: Option<u64>,
}

/// A row of `showopstatus`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpRow {
    pub line: u32,
    pub id: u64,
    pub kind: Arc<str>,
    pub table: Option<Arc<str>>,
    pub pid: Option<u32>,
    pub status: OpStatus,
    pub task: Option<Arc<str>>,
}

/// A row of `showns`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameServerRow {
    pub line: u32,
    pub endpoint: Arc<str>,
    pub leads: bool,
}

/// A row of `gettablestatus`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusRow {
    pub line: u32,
    pub tid: u64,
    pub pid: Option<u32>,
    pub memory: Option<u64>,
    pub state: Arc<str>,
}

/// Larger files are looked at only if they begin like one of this family.
const LARGE: usize = 4 << 20;

const BEGINNING: usize = 64 << 10;

/// Words of which every table and reply has one.
const SIGNS: [&str; 9] = [
    "endpoint",
    "Endpoint",
    "auto_failover",
    "op_id",
    " tid ",
    "Table_id",
    "Leader:",
    " ok",
    "error msg",
];

/// A word of this family stands in it somewhere.
pub(super) fn has_sign(text: &str) -> bool {
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// A table or a reply of this family stands in the text as it is.
pub(super) fn claims(source: &Source) -> bool {
    let text = source.text.as_str();
    let mut end = if text.len() > LARGE {
        BEGINNING
    } else {
        text.len()
    };
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let start = &text[..end];
    // Most captures are of the other family: no line of them is looked at twice.
    if !has_sign(start) {
        return false;
    }
    let mut lines = start.lines().peekable();
    while let Some(line) = lines.next() {
        if header(line, lines.peek().copied()).is_some()
            || topic_check::is_row(line)
            || replies::is_telling(line)
        {
            return true;
        }
    }
    false
}

/// The tables and replies of a file; `None` if it has none.
pub(super) fn read(source: &Source) -> Option<Parsed<'static>> {
    if !claims(source) {
        return None;
    }
    let mut log = Log::new(source);
    let mut sections = Vec::new();
    let mut asked: Option<replies::Asked> = None;
    let mut database: Option<Arc<str>> = None;
    let lines: Vec<(u32, &str)> = Block::of(source).lines().collect();
    // A command that prints a table was typed, and what stands below it first.
    let mut open: Option<Option<(u32, &str)>> = None;
    let torn = !source.text.as_str().ends_with('\n');
    let mut at = 0;
    while let Some(&(number, line)) = lines.get(at) {
        let next = lines.get(at + 1).map(|(_, text)| *text);
        if let Some((dialect, columns)) = header(line, next) {
            let (rows, end) = columns::rows(&columns, &lines, at + 1, torn);
            // Behind a header stands a rule at least; a header that ends the text lost its rows.
            if torn && at + 1 == lines.len() {
                let spot = Spot {
                    line: number,
                    text: line,
                    part: line,
                };
                log.say(Parse::Cell, "the table is cut off in its header", spot);
            }
            let mut facts = (dialect.parse)(&columns, &rows, &mut log);
            if let FedbFacts::Tables(shown, of, _) = &mut facts {
                *shown = replies::shown(asked.as_ref());
                *of = database.clone();
            }
            sections.push(section(dialect.name, number, facts));
            open = None;
            at = end;
            continue;
        }
        if topic_check::is_row(line) {
            let end = (at..lines.len()).find(|&i| !topic_check::is_row(lines[i].1));
            let end = end.unwrap_or(lines.len());
            let facts = topic_check::parse(&lines[at..end], &mut log);
            sections.push(section(topic_check::NAME, number, facts));
            at = end;
            continue;
        }
        if let Some(told) = replies::database(line) {
            database = told;
        }
        if let Some(command) = replies::asked(line) {
            open = command.wants_table().then_some(None);
            asked = Some(command);
        } else if let Some(facts) = replies::reply(line, asked.as_ref()) {
            sections.push(section(replies::NAME, number, facts));
            open = None;
        } else if !line.trim().is_empty() {
            open = open.map(|first| first.or(Some((number, line))));
        }
        at += 1;
    }
    // The last question has an answer, and it is not the table that it is on any server.
    if let Some(Some((line, text))) = open {
        let spot = Spot {
            line,
            text,
            part: text,
        };
        log.say(Parse::Cell, "no table follows the command above", spot);
    }
    Some(Parsed {
        sections,
        diagnostics: log.finish(),
    })
}

fn section(dialect: &'static str, line: u32, facts: FedbFacts) -> Section<'static> {
    Section {
        line,
        ..Section::new(
            dialect,
            Block {
                text: "",
                first_line: line,
            },
            Facts::Fedb(facts),
        )
    }
}

/// The table that begins on this line. What is common in other output needs the rule below it.
fn header(line: &str, next: Option<&str>) -> Option<(&'static Dialect, Columns)> {
    const LONGEST: usize = 4096;
    if line.len() > LONGEST {
        return None;
    }
    DIALECTS.iter().find_map(|dialect| {
        let columns = Columns::of(line, dialect.columns)?;
        let ruled = || next.is_some_and(|next| columns.is_rule(next));
        (dialect.columns.len() > 2 || ruled()).then_some((*dialect, columns))
    })
}

/// Says that a cell is not what its column holds; the row is skipped.
fn odd(column: &str, cell: &str, row: &Row, log: &mut Log) {
    let message = format!(
        "{} is no {column}; the row was skipped",
        crate::text::quote::quote(cell)
    );
    log.say(Parse::Cell, message, row.spot(cell));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> Vec<FedbFacts> {
        let source = Source::new("f", text.to_owned(), String::new());
        let parsed = read(&source).expect("of this family");
        let of = |s: Section| match s.facts {
            Facts::Fedb(facts) => facts,
            other => panic!("{other:?}"),
        };
        parsed.sections.into_iter().map(of).collect()
    }

    #[test]
    fn every_column_set_is_read_by_name() {
        let row = |head: &str, cells: &str| {
            let text = format!("  {head}\n-----\n  {cells}\n");
            match &facts(&text)[..] {
                [FedbFacts::Tables(_, _, rows)] => rows[0].clone(),
                other => panic!("{other:?}"),
            }
        };
        let new = row(
            "name  tid  pid  endpoint    role    is_alive  offset  record_cnt  memused  diskused",
            "flow  4    1    10.0.0.1:1  leader  yes       17      3           9.128 K  0.000",
        );
        assert_eq!(
            (new.pid, new.leader, new.alive, new.offset, new.memory),
            (Some(1), true, Some(true), Some(17), Some(9347))
        );
        let old = row(
            "name  tid  pid  endpoint    role      seg_cnt  ttl",
            "flow  4    0    10.0.0.1:1  follower  8        144000min",
        );
        assert_eq!((old.leader, old.alive, old.offset), (false, None, None));
        let squeezed = row(
            "name tid pid endpoint role ttl is_alive compress_type offset record_cnt memused",
            "flow 4 0 10.0.0.1:1 leader 0min no kNoCompress 0 0 1.5 M",
        );
        assert_eq!(
            (squeezed.alive, squeezed.memory),
            (Some(false), Some(1_572_864))
        );
        let empty = row(
            "name  tid  pid  endpoint  role  ttl  is_alive  compress_type  offset  record_cnt  memused",
            "flow  4    -    -         -     -    -         -              -       -           -",
        );
        assert_eq!((empty.pid, empty.endpoint), (None, None));
    }

    #[test]
    fn what_stands_before_every_line_is_cut_off() {
        let table = "  endpoint        state           age\n-----------------------\n  127.0.0.1:9520  kTabletHealthy  3.000h\n  127.0.0.1:9521  kTabletOffline  1min\n";
        for before in ["", "> ", "    ", "2026-01-01 10:00:00 | "] {
            let text: String = table.lines().map(|l| format!("{before}{l}\n")).collect();
            let [FedbFacts::Tablets(rows)] = &facts(&text)[..] else {
                panic!("{before}");
            };
            let healthy: Vec<bool> = rows.iter().map(|r| r.healthy).collect();
            assert_eq!(healthy, [true, false], "{before}");
        }
    }

    #[test]
    fn commands_above_say_of_what_an_answer_is() {
        let table = "  name  tid  pid  endpoint    role    is_alive  offset  record_cnt  memused  diskused\n------\n  t     1    0    10.0.0.1:1  leader  yes       0       0           0.000    0.000\n";
        for (command, shown) in [
            ("> showtable", Shown::All),
            (">showtable", Shown::All),
            ("172.24.4.55:6531 demo_db> showtable t", Shown::One),
            ("$ ls", Shown::Unknown),
        ] {
            let text = format!("{command}\n{table}");
            assert!(
                matches!(&facts(&text)[..], [FedbFacts::Tables(s, _, _)] if *s == shown),
                "{command}"
            );
        }
        let set = "> confset auto_failover false\nset auto_failover ok\n";
        assert_eq!(facts(set), [FedbFacts::AutoFailover(Some(false))]);
        let refused =
            "> migrate a t 0 b\nfailed to migrate partition. error msg: auto_failover is enabled\n";
        assert_eq!(facts(refused), [FedbFacts::Reply { refused: true }]);
    }

    #[test]
    fn hostile_rows_are_said_and_skipped() {
        let head = "  name  tid  pid  endpoint  role  is_alive  offset  record_cnt  memused  diskused\n-----\n";
        let long = "x".repeat(10_000);
        for bad in [
            "  flow  4  99999999999  10.0.0.1:1  leader  yes  0  0  0  0",
            "  flow  4  0  $(rm)  leader  yes  0  0  0  0",
            "  flow  4  0  10.0.0.1:1  queen  yes  0  0  0  0",
            "  flow  4",
            long.as_str(),
        ] {
            let source = Source::new("f", format!("{head}{bad}\n"), String::new());
            let parsed = read(&source).expect("of this family");
            let Facts::Fedb(FedbFacts::Tables(_, _, rows)) = &parsed.sections[0].facts else {
                panic!("{parsed:?}");
            };
            assert!(rows.is_empty(), "{bad}");
        }
    }

    #[test]
    fn other_output_is_not_claimed() {
        for text in [
            "key value\na b\n",
            "the endpoint and its state are fine at this age\n",
            "id 10.0.0.1:7000@17000 master - 0 0 1 connected 0-5460\n",
            "all ok\n",
        ] {
            assert!(
                !claims(&Source::new("f", text.to_owned(), String::new())),
                "{text}"
            );
        }
    }
}
