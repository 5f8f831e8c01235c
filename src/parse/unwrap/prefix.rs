//! Lines behind a prefix each: `grep -H`, `pdsh`, `docker compose logs`, container logs, `stern`,
//! syslog, numbers of lines, and bullets that people put before lines.

mod shape;
mod word;

use std::collections::BTreeMap;

use crate::model::Address;
use crate::parse::file_name::address_in_path;
use crate::parse::unwrap::prefix::shape::Shapes;
use crate::parse::unwrap::prefix::shape::Split;
use crate::text::Extract;
use crate::text::Source;

pub(super) use shape::is_numbered;

/// The lines of each prefix, which may be mixed, in the order in which the prefixes appear; none
/// unless every line has one.
pub(super) fn peel_all(page: &Source) -> Vec<Source> {
    let shapes = Shapes::of(&page.text).filter(|shapes| shapes.are_everywhere(&page.text));
    shapes.map_or(Vec::new(), |shapes| split(page, &shapes))
}

/// The same where nodes stand behind prefixes, and other lines have none: these are one part among
/// the others.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let shapes = Shapes::of(&page.text).filter(|shapes| !shapes.doubtful);
    shapes.map_or(Vec::new(), |shapes| split(page, &shapes))
}

fn split(page: &Source, shapes: &Shapes) -> Vec<Source> {
    let mut order: Vec<&str> = Vec::new();
    let mut parts: BTreeMap<&str, Extract> = BTreeMap::new();
    let mut at = 0;
    for line in page.text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\r', '\n']);
        let found = shapes.split(bare).unwrap_or(Split {
            name: "",
            rest: bare,
            goes_on: false,
        });
        let part = parts.entry(found.name).or_insert_with(|| {
            order.push(found.name);
            Extract::default()
        });
        let (start, end) = (at + bare.len() - found.rest.len(), at + bare.len());
        part.copy(&page.text, start..end);
        at += line.len();
        if !found.goes_on {
            part.copy(&page.text, end..at);
        }
    }
    if let [""] = order[..] {
        return parts.into_values().map(|part| page.cleaned(part)).collect();
    }
    let parts = order.iter().filter_map(|name| {
        let part = parts.remove(name)?;
        let (of, host) = named(name);
        (!part.text().trim().is_empty()).then(|| page.part(part, of, host))
    });
    parts.collect()
}

/// Whose lines a prefix marks.
fn named(name: &str) -> (Option<Address>, Option<String>) {
    let first = name.split_whitespace().next().unwrap_or("");
    let bare = first.trim_matches(['[', ']', ':']);
    // The time of a chat is no address.
    let is_time = bare.bytes().all(|b| b.is_ascii_digit() || b == b':') && bare.len() <= 8;
    if is_time && bare.contains(':') && !bare.contains("::") {
        return (None, None);
    }
    let of = first.parse().ok().or_else(|| bare.parse().ok());
    let of = of.or_else(|| address_in_path(bare));
    let host = (of.is_none() && !bare.is_empty()).then(|| bare.to_owned());
    (of, host)
}

#[cfg(test)]
mod tests {
    use crate::parse::unwrap::tests::A;
    use crate::parse::unwrap::tests::B;
    use crate::parse::unwrap::tests::parts;

    #[test]
    fn takes_lines_from_behind_their_prefix() {
        for (a, b, name) in [
            (
                "nodes/10.0.0.1_7000/x.txt:",
                "nodes/10.0.0.9_7000/x.txt:",
                "10.0.0.1:7000",
            ),
            ("10.0.0.1: ", "10.0.0.9: ", "10.0.0.1"),
            ("10.0.0.1:7000: ", "10.0.0.9:7000: ", "10.0.0.1:7000"),
            ("redis-1  | ", "redis-2  | ", "redis-1"),
            (
                "redis-1  | 2026-11-20T10:00:00.5Z ",
                "redis-2  | 2026-11-20T10:00:01.5Z ",
                "redis-1",
            ),
            ("redis-0 redis ", "redis-1 redis ", "redis-0"),
            (
                "[pod/redis-0/redis] ",
                "[pod/redis-1/redis] ",
                "pod/redis-0/redis",
            ),
            (
                "Nov 20 10:00:00 h1 redis[12]: ",
                "Nov  1 10:00:00 h2 redis[7]: ",
                "h1",
            ),
        ] {
            let text = format!("{a}{A}\n{b}{A}\n{a}{B}\n{b}Could not connect to Redis\n");
            let found = parts(&text);
            assert_eq!(found.len(), 2, "{a}");
            assert_eq!(found[0].0, format!("{A}\n{B}\n"), "{a}");
            assert_eq!(found[0].1, name, "{a}");
            assert_eq!(found[0].2, (1, a.len() as u32 + 1), "{a}");
            assert_eq!(
                found[1].0,
                format!("{A}\nCould not connect to Redis\n"),
                "{a}"
            );
        }
    }

    #[test]
    fn who_gave_no_node_is_kept() {
        for (a, b, name) in [
            ("10.0.0.1: ", "10.0.0.9: ", "10.0.0.9"),
            ("redis-1  | ", "redis-9  | ", "redis-9"),
            ("redis-0 redis ", "redis-9 redis ", "redis-9"),
            (
                "Nov 20 10:00:00 h1 redis[12]: ",
                "Nov 20 10:00:00 h9 redis[7]: ",
                "h9",
            ),
        ] {
            let text = format!("{a}{A}\n{a}{B}\n{b}Connection refused\n");
            let found = parts(&text);
            assert_eq!(found.len(), 2, "{a}");
            assert_eq!(
                (&*found[1].0, &*found[1].1),
                ("Connection refused\n", name),
                "{a}"
            );
        }
    }

    #[test]
    fn prefixes_that_name_nobody_are_taken_off_in_place() {
        let time = |second: usize| format!("2026-11-20T10:00:0{second}.123456789Z stdout F ");
        for prefix in [
            time,
            |_| "- ".to_owned(),
            |n| format!("{n}. "),
            |n| format!("M{n}: "),
        ] {
            let [p, q, r] = [1, 2, 3].map(prefix);
            let found = parts(&format!("{p}{A}\n{q}{B}\n{r}{B}\n"));
            assert_eq!(found.len(), 1, "{p}");
            assert_eq!(found[0].0, format!("{A}\n{B}\n{B}\n"), "{p}");
            assert_eq!(found[0].2, (1, p.len() as u32 + 1), "{p}");
        }
        // Other answers in the same log, and a line in two parts.
        let (p, q) = (time(1), time(2).replace('F', "P"));
        let (left, right) = B.split_at(50);
        let found = parts(&format!(
            "{p}cluster_state:ok\n{p}{A}\n{q}{left}\n{p}{right}\n"
        ));
        assert_eq!(found[0].0, format!("cluster_state:ok\n{A}\n{B}\n"));
    }

    #[test]
    fn numbers_of_lines_are_no_part_of_a_name() {
        let found = parts(&format!(
            "a.txt:1:{A}\na.txt:2:{B}\nb.txt:1:{A}\nb.txt:2:PONG\n"
        ));
        let names: Vec<_> = found.iter().map(|f| (&*f.1, f.0.lines().count())).collect();
        assert_eq!(names, [("a.txt", 2), ("b.txt", 2)]);
    }

    #[test]
    fn lines_without_a_prefix_are_kept_beside_them() {
        let text = format!("Hi all\n{A}\n{B}\nredis-0 redis {A}\nredis-0 redis {B}\nThanks\n");
        let found = parts(&text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, format!("Hi all\n{A}\n{B}\nThanks\n"));
        assert_eq!(found[1].0, format!("{A}\n{B}\n"));
    }

    #[test]
    fn answers_behind_the_address_of_a_call_are_none() {
        let text = format!(
            ">>> Calling cluster nodes\n10.0.0.1:7000: {A}\n{B}\n\n10.0.0.2:7000: {A}\n{B}\n"
        );
        assert_eq!(parts(&text), []);
    }

    #[test]
    fn more_shapes_than_any_tool_writes_are_no_prefixes() {
        let line = |n: usize| format!("{}{A}\n", "- ".repeat(n));
        let lines = |most: usize| (1..=most).map(line).collect::<String>();
        assert_eq!(parts(&lines(17)), []);
        assert_eq!(parts(&lines(16)).len(), 1);
    }

    #[test]
    fn the_pieces_of_a_joined_line_keep_their_places() {
        let time = "2026-11-20T10:00:00.123456789Z stdout ";
        let (left, right) = A.split_at(60);
        let (middle, right) = right.split_at(10);
        let text = format!(
            "{time}P {left}\n{time}P {middle}\n{time}F {right}\n{time}F {A}\n{time}F {A}\n"
        );
        let source = crate::text::Source::new("f", text, String::new());
        let part = &super::peel(&source)[0];
        let start = time.len() as u32 + 3;
        for (column, expected) in [
            (1, (1, start)),
            (60, (1, start + 59)),
            (61, (2, start)),
            (70, (2, start + 9)),
            (71, (3, start)),
            (75, (3, start + 4)),
        ] {
            assert_eq!(part.in_file(1, column), expected, "{column}");
        }
        assert_eq!(part.in_file(2, 80), (4, start + 79));
    }
}
