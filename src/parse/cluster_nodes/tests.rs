//! Whole dumps, as files hold them.

use super::*;
use crate::diagnostic::Capture;
use crate::diagnostic::Code;
use crate::diagnostic::Parse;
use crate::parse::Parsed;
use crate::parse::read as parse_file;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn source(text: &str) -> Source {
    Source::new("f", text.to_owned(), String::new())
}

fn ids<'a>(parsed: &'a Parsed) -> Vec<&'a str> {
    match &parsed.sections[0].facts {
        Facts::Nodes(dump) => dump.lines.iter().map(|l| &*l.id).collect(),
        other => panic!("{other:?}"),
    }
}

fn codes(parsed: &Parsed) -> Vec<Code> {
    parsed.diagnostics.iter().map(|d| d.code).collect()
}

fn two() -> [String; 2] {
    [
        format!("{A} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383"),
        format!("{B} 10.0.0.2:7000@17000 slave {A} 0 1795213364139 1 connected"),
    ]
}

#[test]
fn reads_what_people_paste() {
    let [a, b] = two();
    for text in [
        format!("{a}\n{b}\n"),
        format!("{a}\r\n{b}\r\n"),
        format!("\u{feff}{a}\n{b}\n"),
        format!("> {a}\n> {b}\n"),
        format!("1) \"{a}\"\n2) \"{b}\"\n"),
        format!("\"{a}\\n{b}\\n\"\n"),
        format!("[\"{a}\",\"{b}\"]\n"),
        format!("  '{a}\\n' +\n  '{b}\\n'\n"),
        format!("[\n  '{a}',\n  '{b}'\n]\n"),
        format!("\u{1b}[32m{a}\u{1b}[0m\n**{b}**\n"),
        format!("127.0.0.1:6379> cluster nodes\n{a}\n{b}\n127.0.0.1:6379>\n"),
        format!("Warning: Using a password with '-a' may not be safe.\n\n{a}\n{b}\n"),
        format!("// before\n{a}\n\n{}\n", b.replace(' ', "   ")),
    ] {
        let source = source(&text);
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, [], "{text}");
        assert_eq!(ids(&parsed), [A, B], "{text}");
        assert_eq!(parsed.sections[0].dialect, "cluster-nodes");
    }
}

#[test]
fn a_node_that_is_commented_out_is_said() {
    let [a, b] = two();
    for mark in ["#", "# ", "## ", "//", "// "] {
        for text in [
            format!("{a}\n{mark}{b}\n"),
            format!("{mark}{b}\n{a}\n"),
            format!("{a}\n{mark}{b}"),
        ] {
            let source = source(&text);
            let parts = crate::parse::unwrap(&source);
            let source = parts.first().unwrap_or(&source);
            let parsed = parse_file(source);
            assert_eq!(codes(&parsed), [Parse::CommentedOut], "{text}");
            let Facts::Nodes(dump) = &parsed.sections[0].facts else {
                panic!("{parsed:?}");
            };
            assert_eq!((dump.lines.len(), dump.unread), (1, 1), "{text}");
        }
    }
}

#[test]
fn what_frames_a_view_and_the_time_of_a_chat_break_no_view() {
    let [a, b] = two();
    for (between, said) in [
        ("-----", None),
        ("Bob  9:00 AM", Some(Parse::Text)),
        (":+1:  2", Some(Parse::Text)),
    ] {
        let source = source(&format!("{a}\n{between}\n{b}\n"));
        let parsed = parse_file(&source);
        let codes = codes(&parsed);
        assert_eq!(codes, Vec::from_iter(said), "{between}");
        let Facts::Nodes(dump) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        assert_eq!((dump.lines.len(), dump.unread), (2, 0), "{between}");
    }
}

#[test]
fn a_line_that_a_client_goes_on_behind_is_whole() {
    let [a, b] = two();
    let source = source(&format!(" {a} +\n {b} +\n"));
    let parsed = parse_file(&source);
    assert_eq!(parsed.diagnostics, []);
    assert_eq!(ids(&parsed), [A, B]);
}

#[test]
fn tells_line_and_column() {
    let [a, b] = two();
    let source = source(&format!(
        "\n1) \"{a}\"\n{}\n",
        b.replace("connected", "conected")
    ));
    let parsed = parse_file(&source);
    let Facts::Nodes(dump) = &parsed.sections[0].facts else {
        panic!("{parsed:?}");
    };
    assert_eq!((dump.lines[0].line, dump.lines[0].column), (2, 5));
    let odd = &parsed.diagnostics[0];
    assert_eq!(
        odd.message,
        "unknown link state `conected`; the line was skipped"
    );
    let place = odd.place.as_ref().unwrap();
    assert_eq!((place.line, place.column), (3, 127));
    assert_eq!(odd.excerpt.as_ref().unwrap().length, 8);
}

#[test]
fn the_second_line_of_an_id_is_skipped() {
    let [a, b] = two();
    let source = source(&format!("{b}\n{a}\n{b}\n{b}\n"));
    let parsed = parse_file(&source);
    assert_eq!(ids(&parsed), [B, A]);
    assert_eq!(codes(&parsed), [Parse::DuplicateId; 2]);
    assert!(parsed.diagnostics[0].message.contains("on line 1"));
    assert_eq!(parsed.diagnostics[1].place.as_ref().unwrap().line, 4);
}

#[test]
fn two_dumps_in_one_are_told_apart() {
    let [a, b] = two();
    let of_b = [a.replace("myself,", ""), b.replace("slave", "myself,slave")];
    let text = format!("{a}\n{b}\n{}\n{}\n", of_b[1], of_b[0]);
    let source = source(&text);
    let parsed = parse_file(&source);
    assert_eq!(parsed.diagnostics, []);
    let lines: Vec<_> = parsed.sections.iter().map(|s| s.line).collect();
    assert_eq!(lines, [1, 3]);
    for section in &parsed.sections {
        let Facts::Nodes(dump) = &section.facts else {
            panic!("{section:?}");
        };
        assert_eq!(dump.lines.len(), 2);
    }
}

#[test]
fn prose_among_the_lines_is_no_broken_line() {
    let [a, b] = two();
    let source = source(&format!(
        "the view of the first node, as of tonight\n{a}\n{b}\n{}\n",
        &b[3..30]
    ));
    let parsed = parse_file(&source);
    assert_eq!(codes(&parsed), [Parse::Truncated, Parse::Text]);
    let Facts::Nodes(dump) = &parsed.sections[0].facts else {
        panic!("{parsed:?}");
    };
    assert_eq!(dump.unread, 1);
}

#[test]
fn lines_that_run_together_are_told() {
    let [a, b] = two();
    let source = source(&format!("{a}\n{}{}\n", &b[..70], &a[40..]));
    let parsed = parse_file(&source);
    assert_eq!(ids(&parsed), [A]);
    let message = &parsed.diagnostics[0].message;
    assert!(message.starts_with("parts of two lines"), "{message}");
}

#[test]
fn a_dump_that_was_cut_off_is_incomplete() {
    let [a, b] = two();
    for (text, incomplete) in [
        (format!("{a}\n{b}\n"), false),
        (format!("{a}\n{}", &b[..b.len() - 3]), true),
        (format!("{b}\n{}", &a[..a.len() - 3]), true),
        // The last line end alone is missing: all slots are there.
        (format!("{b}\n{a}"), false),
        // A broken line in the midst is unread, not cut off.
        (format!("{}\n{a}\n", &b[..b.len() - 3]), false),
    ] {
        let source = source(&text);
        let parsed = parse_file(&source);
        let Facts::Nodes(dump) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        assert_eq!(dump.incomplete, incomplete, "{text}");
    }
}

#[test]
fn replicas_of_one_master_are_no_whole_view() {
    let [_, b] = two();
    let other = b.replace(B, &"c".repeat(40));
    for text in [
        format!("{b}\n{other}\n"),
        format!("1) \"{b}\"\n2) \"{other}\"\n"),
        format!("[\"{b}\",\"{other}\"]\n"),
    ] {
        let source = source(&text);
        let parsed = parse_file(&source);
        let Facts::Nodes(dump) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        assert_eq!((dump.lines.len(), dump.incomplete), (2, true), "{text}");
        assert_eq!(codes(&parsed), [Capture::ReplicasOnly], "{text}");
    }
}

#[test]
fn says_when_the_last_line_was_cut() {
    let [a, b] = two();
    let cut = source(&format!("{a}\n{}", &b[..b.len() - 3]));
    let parsed = parse_file(&cut);
    assert_eq!(ids(&parsed), [A]);
    assert_eq!(codes(&parsed), [Parse::Truncated]);
    let cut_in_slots = source(&format!("{b}\n{}", &a[..a.len() - 3]));
    let parsed = parse_file(&cut_in_slots);
    assert_eq!(ids(&parsed), [B, A]);
    assert_eq!(codes(&parsed), [Parse::Truncated]);
}
