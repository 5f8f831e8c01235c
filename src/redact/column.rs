//! Maps in CSV: the header says what every cell of its column is, and a cell is one name.
//!
//! A name may have blanks, commas, quotes and line ends in it, so nothing but the end of its cell
//! ends it. Columns that no map is read by are left out.

use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::Range;

use crate::model::Address;
use crate::redact::token::Token;
use crate::redact::token::What;

/// What the cells of a column hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Host,
    /// An IP, or the name of a host; a port may follow.
    Address,
    Zone,
    Path,
    Disk,
    Number,
    Role,
    /// Nothing is read from it.
    Other,
}

/// The map that the lines are part of, if any.
#[derive(Default)]
pub(super) struct Map {
    columns: Option<Vec<Column>>,
    /// The column whose cell goes on in the next line.
    open: Option<usize>,
    /// Nothing else is in the text: a line that is no row is a broken one.
    is_alone: bool,
}

/// Where the claims of a line go.
pub(super) struct Claims<'a> {
    pub tokens: &'a mut Vec<Token>,
    pub hidden: &'a mut Vec<Range<usize>>,
}

impl Map {
    /// All of a text.
    pub fn alone() -> Self {
        Self {
            is_alone: true,
            ..Self::default()
        }
    }

    /// Whether the line belongs to a map, all of which is claimed then.
    pub fn line(&mut self, line: &str, claims: &mut Claims) -> bool {
        if let Some(columns) = header(line) {
            let names = cells(line, false).0;
            for (cell, column) in names.into_iter().zip(&columns) {
                if *column == Column::Other {
                    claims.hidden.push(cell);
                }
            }
            self.columns = Some(columns);
            self.open = None;
            return true;
        }
        let Some(columns) = self.columns.take() else {
            return false;
        };
        let goes_on = self.open.is_some();
        let first = self.open.take().unwrap_or(0);
        let (cells, open) = cells(line, goes_on);
        let is_row = goes_on || open || cells.len() == columns.len();
        if !is_row && !self.is_alone {
            // What follows a map has another shape.
            return false;
        }
        let last = cells.len() - 1;
        for (index, cell) in cells.into_iter().enumerate() {
            let half = open && index == last || goes_on && index == 0;
            let column = columns.get(first + index).copied().filter(|_| is_row);
            match column.filter(|_| !half) {
                Some(column) => column.claim(line, cell, claims),
                // Half a cell is no name, a cell without a head is anything, and of a broken row
                // nobody knows which cell is which.
                None => claims.hidden.push(cell),
            }
        }
        self.open = open.then_some(first + last);
        self.columns = Some(columns);
        true
    }
}

/// What the columns hold, if the line is the header of a map.
fn header(line: &str) -> Option<Vec<Column>> {
    const LONGEST: usize = 4096;
    let has = |word: &str| line.contains(word);
    if line.len() > LONGEST || !line.contains(',') || line.contains('=') {
        return None;
    }
    let lower = line.to_ascii_lowercase();
    if !["host", "ip", "address"]
        .iter()
        .any(|word| lower.contains(word))
        || has("{")
        || has("[")
    {
        return None;
    }
    let (cells, open) = cells(&lower, false);
    let names: Vec<&str> = cells
        .into_iter()
        .map(|cell| lower[cell].trim_start_matches('\u{feff}'))
        .collect();
    let named = |name: &str| names.contains(&name);
    let is_map = named("host") && (named("ip") || named("address"))
        || (named("host") || named("ip")) && named("port") && (named("dir") || named("disk"))
        || named("role") && (named("address") || named("ip") && named("port"));
    let columns = names.iter().map(|name| match *name {
        "host" => Column::Host,
        "ip" | "address" | "master" => Column::Address,
        "zone" | "rack" => Column::Zone,
        "dir" => Column::Path,
        "disk" => Column::Disk,
        "port" | "memory_bytes" => Column::Number,
        "role" => Column::Role,
        _ => Column::Other,
    });
    (is_map && !open).then(|| columns.collect())
}

impl Column {
    fn claim(self, line: &str, cell: Range<usize>, claims: &mut Claims) {
        let text = &line[cell.clone()];
        if text.is_empty() || text == "-" {
            return;
        }
        let mut push = |range: Range<usize>, what| claims.tokens.push(Token { range, what });
        match self {
            // Addresses are found by their shape.
            Self::Host | Self::Address if text.parse::<IpAddr>().is_ok() => {}
            Self::Host => push(cell, What::HostCell),
            Self::Address => {
                let host = match text.rsplit_once(':') {
                    Some((host, port)) if port.parse::<u16>().is_ok() => host,
                    _ => text,
                };
                let is_ip = text
                    .parse::<Address>()
                    .is_ok_and(|a| a.ip().parse::<IpAddr>().is_ok());
                if !is_ip {
                    push(cell.start..cell.start + host.len(), What::HostCell);
                }
            }
            Self::Zone => push(cell, What::ZoneCell),
            Self::Path => super::token::components(line, cell, claims.tokens),
            Self::Disk => {
                let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._:-".contains(&b);
                if text.bytes().all(plain) {
                    push(cell, What::Kept);
                } else {
                    push(cell, What::HostCell);
                }
            }
            Self::Number if text.bytes().all(|b| b.is_ascii_digit()) => {}
            Self::Role if ["master", "primary", "replica", "slave"].contains(&text) => {}
            Self::Number | Self::Role | Self::Other => claims.hidden.push(cell),
        }
    }
}

/// The cells of a row, without the blanks and quotes around them, and whether the last one goes
/// on in the next line. `open` is whether the first one began in the line before.
fn cells(line: &str, open: bool) -> (Vec<Range<usize>>, bool) {
    let mut cells = Vec::new();
    let (mut start, mut quoted) = (0, open);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                cells.push(trimmed(line, start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    cells.push(trimmed(line, start..line.len()));
    (cells, quoted)
}

fn trimmed(line: &str, range: Range<usize>) -> Range<usize> {
    let text = &line[range.clone()];
    let inner = text.trim();
    let start = range.start + (text.len() - text.trim_start().len());
    let bare = inner.strip_prefix('"').unwrap_or(inner);
    let start = start + (inner.len() - bare.len());
    let bare = bare.strip_suffix('"').unwrap_or(bare);
    let blank = bare.len() - bare.trim_start().len();
    start + blank..start + blank + bare.trim().len()
}

/// What a cell says: quotes within it are doubled.
pub(super) fn said(cell: &str) -> Cow<'_, str> {
    if cell.contains("\"\"") {
        Cow::Owned(cell.replace("\"\"", "\""))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names in tokens, and what is hidden, line by line.
    fn claimed(text: &str) -> (Vec<(&str, What)>, Vec<&str>) {
        claimed_by(Map::default(), text)
    }

    fn claimed_by(mut map: Map, text: &str) -> (Vec<(&str, What)>, Vec<&str>) {
        let (mut all, mut left_out) = (Vec::new(), Vec::new());
        for line in text.lines() {
            let (mut tokens, mut hidden) = (Vec::new(), Vec::new());
            let mut claims = Claims {
                tokens: &mut tokens,
                hidden: &mut hidden,
            };
            map.line(line, &mut claims);
            all.extend(tokens.into_iter().map(|t| (&line[t.range], t.what)));
            left_out.extend(hidden.into_iter().map(|range| &line[range]));
        }
        (all, left_out)
    }

    #[test]
    fn a_cell_is_one_name() {
        let host = |name: &'static str| (name, What::HostCell);
        assert_eq!(
            claimed(
                "host,ip\ndb1 (Acme Bank),10.0.0.1\n\"acme,prod\",10.0.0.2\nacme prod 1,10.0.0.3\n\
                 \"=HYPERLINK(\"\"http://evil\"\",\"\"x\"\")\",10.0.0.4\n\t=x:y,10.0.0.5\n12,db-7\n"
            ),
            (
                vec![
                    host("db1 (Acme Bank)"),
                    host("acme,prod"),
                    host("acme prod 1"),
                    host("=HYPERLINK(\"\"http://evil\"\",\"\"x\"\")"),
                    host("=x:y"),
                    host("12"),
                    host("db-7"),
                ],
                vec![]
            )
        );
        assert_eq!(said("a\"\"b"), "a\"b");
    }

    #[test]
    fn columns_say_what_cells_are() {
        assert_eq!(
            claimed(
                "host,port,dir,disk,Zone\nh 1,7000,/data/x,nvme0,\"z, 1\"\nh 2,x,/d,my disk,\n"
            ),
            (
                vec![
                    ("h 1", What::HostCell),
                    ("data", What::Component),
                    ("x", What::Component),
                    ("nvme0", What::Kept),
                    ("z, 1", What::ZoneCell),
                    ("h 2", What::HostCell),
                    ("d", What::Component),
                    ("my disk", What::HostCell),
                ],
                vec!["x"]
            )
        );
        assert_eq!(
            claimed("address,role,master\ndb 1:7000,master,\n10.0.0.1:7000,slave,db 1:7000\n").0,
            [("db 1", What::HostCell), ("db 1", What::HostCell)]
        );
    }

    #[test]
    fn what_no_map_is_read_by_is_left_out() {
        assert_eq!(
            claimed("Host,IP,Owner,Serial No\na,10.0.0.1,Kim Lee,\"x, y\"\n"),
            (
                vec![("a", What::HostCell)],
                vec!["Owner", "Serial No", "Kim Lee", "x, y"]
            )
        );
        assert_eq!(
            claimed_by(Map::alone(), "host,ip\n# of Kim\nb,c,d\na,10.0.0.1\n"),
            (vec![("a", What::HostCell)], vec!["# of Kim", "b", "c", "d"])
        );
    }

    #[test]
    fn half_a_cell_is_no_name() {
        assert_eq!(
            claimed("host,ip\n\"acme\nbank\",10.0.0.1\nb,10.0.0.2\n"),
            (vec![("b", What::HostCell)], vec!["acme", "bank"])
        );
    }

    #[test]
    fn other_texts_are_no_maps() {
        for text in [
            "a host, an ip\nand, so on\n",
            "x,y\n1,2\n",
            "ip=1,port=2\n3,4\n",
        ] {
            assert_eq!(claimed(text), (vec![], vec![]), "{text}");
        }
        // It ends with the first line that has no cells.
        let (names, _) = claimed("host,ip\na,10.0.0.1\nPONG\nc,d\n");
        assert_eq!(names, [("a", What::HostCell)]);
    }
}
