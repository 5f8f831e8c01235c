//! Wrappers around known views, two and three deep in any order: the same nodes at the same
//! places, and nothing missing.

mod wrappers;

use proptest::prelude::*;

use crate::diagnostic::Capture;
use crate::drawn::config;
use crate::parse::Facts;
use crate::parse::parse;
use crate::parse::unwrap::unwrap;
use crate::text::Source;

use wrappers::NOT_BROKEN;
use wrappers::OUTERMOST;
use wrappers::WRAPPERS;
use wrappers::Wrapper;

pub(super) const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5";
pub(super) const B: &str =
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 10.0.0.2:7000@17000 master - 0 9 2 connected 6-9";

/// Text, address, and the place of the first line of every part.
pub(super) fn parts(text: &str) -> Vec<(String, String, (u32, u32))> {
    let source = Source::new("f", text.to_owned(), String::new());
    let parts = unwrap(&source);
    let parts = parts.iter().map(|part| {
        let place = part.place(1, 1);
        let of = part.inside.as_ref().expect("it was taken out");
        let name = of.of.as_ref().map(ToString::to_string);
        let name = name.or(of.host.clone()).unwrap_or_default();
        (part.text.clone(), name, (place.line, place.column))
    });
    parts.collect()
}

/// Three masters, three replicas; the ids begin alike nowhere.
fn view() -> String {
    let ids: Vec<String> = (0..6_u64).map(id).collect();
    let mut text = String::new();
    for (number, id) in ids.iter().enumerate() {
        let slots = ["0-5460 5470", "5461-5469 5471-10922", "10923-16383"];
        let (flags, master) = match number {
            0 => ("myself,master", "-".to_owned()),
            1 | 2 => ("master", "-".to_owned()),
            _ => ("slave", ids[number - 3].clone()),
        };
        let host = number % 3 + 1;
        let port = 7000 + number / 3;
        let slots = slots
            .get(number)
            .map_or(String::new(), |slots| format!(" {slots}"));
        text.push_str(&format!(
            "{id} 10.0.0.{host}:{port}@{} {flags} {master} 0 1795213364139 {} connected{slots}\n",
            port + 10_000,
            number % 3 + 1,
        ));
    }
    text
}

fn id(number: u64) -> String {
    let mixed = u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    format!("{mixed:032x}{:08x}", (mixed >> 64) as u32)
}

/// Id, address, flags, master and slots of every node, its place in the file, and whether the
/// views are whole.
type Read = (Vec<(String, (u32, u32))>, bool);

fn read(text: &str) -> Read {
    let source = Source::of_bytes("f", text.as_bytes().to_vec(), String::new());
    let parts = unwrap(&source);
    let parts = if parts.is_empty() {
        vec![source]
    } else {
        parts
    };
    let mut nodes = Vec::new();
    let mut whole = true;
    for part in &parts {
        for section in parse(part).sections {
            let Facts::Nodes(dump) = section.facts else {
                continue;
            };
            whole &= !dump.incomplete && dump.unread == 0;
            for line in dump.lines {
                let place = part.place(line.line, line.column);
                let node = format!(
                    "{} {}:{} {:?} {:?} {:?}",
                    line.id, line.ip, line.port, line.flags, line.master, line.slots
                );
                nodes.push((node, (place.line, place.column)));
            }
        }
    }
    (nodes, whole)
}

/// Where the line of this node begins: its id, but not as the master of another. A terminal may
/// have cut it.
fn place_of(text: &str, id: &str) -> (u32, u32) {
    let is_cut = |at: &usize| b"\n=".contains(&text.as_bytes()[*at]);
    let kept: Vec<usize> = (0..text.len()).filter(|at| !is_cut(at)).collect();
    let flat: Vec<u8> = kept.iter().map(|at| text.as_bytes()[*at]).collect();
    // What is no ASCII is no part of an id: any byte may stand for it.
    let flat: String = flat
        .iter()
        .map(|b| if b.is_ascii() { char::from(*b) } else { '?' })
        .collect();
    let own = |at: &usize| !flat[at.saturating_sub(16)..*at].contains("slave");
    let mut found = flat.match_indices(id).map(|(at, _)| at);
    let at = kept[found.find(own).expect("the id stands in the text")];
    let before = &text[..at];
    let line = before.matches('\n').count() as u32 + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (line, (at - start) as u32 + 1)
}

fn may_be_around(outer: &Wrapper, inner: &Wrapper) -> bool {
    let broken = outer.name == "mail, wrapped" && NOT_BROKEN.contains(&inner.name);
    !broken && !OUTERMOST.contains(&inner.name)
}

/// What is put around three deep. A window or a mail breaks what is on it, and a diff compares what
/// was saved: a break or a sign amid the lines of two others is nobody's output.
fn is_read_three_deep(layers: [&Wrapper; 3]) -> bool {
    const AS_A_WHOLE: [&str; 3] = ["terminal", "mail, wrapped", "diff"];
    let twice = |name: &str| layers.iter().filter(|layer| layer.name == name).count() > 1;
    !twice("line ends") && !layers.iter().any(|layer| AS_A_WHOLE.contains(&layer.name))
}

/// What is wrong with the reading of a text that was wrapped so.
fn complaint(names: &[&str], text: &str, plain: &Read) -> Option<String> {
    let (nodes, whole) = read(text);
    let said: Vec<&String> = nodes.iter().map(|node| &node.0).collect();
    let expected: Vec<&String> = plain.0.iter().map(|node| &node.0).collect();
    let what = if said != expected {
        format!(
            "{} nodes, {} of them as they are",
            said.len(),
            said.iter().filter(|s| expected.contains(s)).count()
        )
    } else if !whole {
        "not whole".to_owned()
    } else {
        let wrong = nodes
            .iter()
            .find(|(node, place)| *place != place_of(text, node.split(' ').next().expect("an id")));
        let (node, place) = wrong?;
        format!(
            "{} is said to stand at {place:?}, not {:?}",
            &node[..8],
            place_of(text, &node[..40])
        )
    };
    Some(format!("{}: {what}", names.join(" in ")))
}

#[test]
fn layers_in_any_order_leave_the_same_nodes_at_their_places() {
    let view = view();
    let plain = read(&view);
    assert_eq!((plain.0.len(), plain.1), (6, true));
    let mut complaints = Vec::new();
    let mut tried = 0;
    for inner in WRAPPERS {
        let one = (inner.wrap)(&view);
        complaints.extend(complaint(&[inner.name], &one, &plain));
        for outer in WRAPPERS.iter().filter(|outer| may_be_around(outer, inner)) {
            let two = (outer.wrap)(&one);
            complaints.extend(complaint(&[inner.name, outer.name], &two, &plain));
            tried += 1;
        }
    }
    let wrong = complaints.len();
    complaints.truncate(60);
    assert!(
        complaints.is_empty(),
        "{wrong} of {tried}:\n{}",
        complaints.join("\n")
    );
}

proptest! {
    #![proptest_config(config(250, 100))]

    #[test]
    fn three_layers_are_taken_off_too(drawn in prop::array::uniform3(0..WRAPPERS.len())) {
        let layers = drawn.map(|n| &WRAPPERS[n]);
        let [inner, middle, outer] = layers;
        prop_assume!(may_be_around(middle, inner));
        prop_assume!(may_be_around(outer, middle) && may_be_around(outer, inner));
        prop_assume!(is_read_three_deep(layers));
        let view = view();
        let text = layers.iter().fold(view.clone(), |text, layer| (layer.wrap)(&text));
        let wrong = complaint(&layers.map(|layer| layer.name), &text, &read(&view));
        prop_assert!(wrong.is_none(), "{}", wrong.unwrap_or_default());
    }
}

#[test]
fn leaves_answers_alone() {
    for text in [
        format!("{A}\n{B}\n"),
        "{\"dir\":\"/d\"}\n".to_owned(),
        "# Server\nredis_version:7\n".to_owned(),
        "1) \"dir\"\n2) \"/data\"\n".to_owned(),
        "1) 1) (integer) 0\n   2) (integer) 5460\n".to_owned(),
        String::new(),
    ] {
        assert_eq!(parts(&text), [], "{text}");
    }
}

#[test]
fn what_is_too_large_is_known_to_wrap() {
    let may = |text: &str| super::may_wrap(&Source::new("f", text.to_owned(), String::new()));
    assert!(may(&format!("{{\"stdout\": \"{A}\"}}\n")));
    assert!(may(&format!("redis-0 redis {A}\n")));
    assert!(may(&format!("{}\n{}\n{B}\n", &A[..70], &A[70..])));
    assert!(!may(&format!("{A}\n{B}\n")));
    let code = super::too_large(&Source::new("f", String::new(), String::new())).code;
    assert_eq!(code, Capture::NotUnwrapped);
}
