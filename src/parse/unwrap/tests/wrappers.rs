//! What programs put around the text of an answer.

/// One way of putting something around a text.
pub(super) struct Wrapper {
    pub name: &'static str,
    pub wrap: fn(&str) -> String,
}

/// What programs for mail do to all of it: nothing is put around that.
pub(super) const OUTERMOST: [&str; 2] = ["quoted-printable", "mail, wrapped"];

/// What has a prefix before every line, or all lines in one, is not what it was once a mail has
/// broken it between words.
pub(super) const NOT_BROKEN: [&str; 10] = [
    "terminal",
    "docker",
    "salt",
    "grep -n",
    "compose",
    "journal",
    "container log",
    "one string",
    "log4j",
    "syslog",
];

pub(super) static WRAPPERS: &[Wrapper] = &[
    Wrapper {
        name: "ansible",
        wrap: |text| {
            let text = escaped(text);
            format!(
                "ok: [redis-1] => {{\n    \"changed\": false,\n    \"rc\": 0,\n    \"stdout\": \"{text}\"\n}}\n"
            )
        },
    },
    Wrapper {
        name: "ansible lines",
        wrap: |text| {
            let lines: Vec<String> = text
                .lines()
                .map(|line| format!("        \"{}\"", escaped(line)))
                .collect();
            format!(
                "ok: [redis-1] => {{\n    \"out.stdout_lines\": [\n{}\n    ]\n}}\n",
                lines.join(",\n")
            )
        },
    },
    Wrapper {
        name: "ansible yaml",
        wrap: |text| {
            format!(
                "ok: [redis-1] => \n  rc: 0\n  stdout: |-\n{}",
                each(text, "    ", "")
            )
        },
    },
    Wrapper {
        name: "json",
        wrap: |text| format!("{{\"redis-1\": \"{}\"}}\n", escaped(text)),
    },
    Wrapper {
        name: "docker",
        wrap: |text| {
            let line = |line: &str| {
                format!(
                    "{{\"log\":\"{}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-20T10:00:00.5Z\"}}\n",
                    escaped(line)
                )
            };
            text.lines().map(line).collect()
        },
    },
    Wrapper {
        name: "salt",
        wrap: |text| format!("redis-1:\n{}", each(text, "    ", "")),
    },
    Wrapper {
        name: "csv",
        wrap: |text| format!("host,output\nredis-1,\"{}\"\n", text.replace('"', "\"\"")),
    },
    Wrapper {
        name: "colours",
        wrap: |text| {
            let paint = |line: &str| match line.split_once(' ') {
                Some((first, rest)) => format!("\u{1b}[32m{first}\u{1b}[0m {rest}\u{1b}[K\n"),
                None => format!("{line}\n"),
            };
            text.lines().map(paint).collect()
        },
    },
    Wrapper {
        name: "mail",
        wrap: |text| each(text, "> ", ""),
    },
    Wrapper {
        name: "kubectl --prefix",
        wrap: |text| each(text, "[pod/redis-0/redis] ", ""),
    },
    Wrapper {
        name: "grep -H",
        wrap: |text| each(text, "out/nodes.txt:", ""),
    },
    Wrapper {
        name: "grep -n",
        wrap: |text| {
            let lines = (1..).zip(text.lines());
            lines
                .map(|(number, line)| format!("nodes.txt:{number}:{line}\n"))
                .collect()
        },
    },
    Wrapper {
        name: "pdsh",
        wrap: |text| each(text, "h1: ", ""),
    },
    Wrapper {
        name: "compose",
        wrap: |text| each(text, "redis-1  | ", ""),
    },
    Wrapper {
        name: "stern",
        wrap: |text| each(text, "redis-0 redis ", ""),
    },
    Wrapper {
        name: "journal",
        wrap: |text| each(text, "Nov 20 10:00:00 h1 redis[12]: ", ""),
    },
    Wrapper {
        name: "container log",
        wrap: |text| each(text, "2026-11-20T10:00:00.123456789Z stdout F ", ""),
    },
    Wrapper {
        name: "cat -n",
        wrap: |text| {
            let lines = (1..).zip(text.lines());
            lines
                .map(|(number, line)| format!("{number:6}\t{line}\n"))
                .collect()
        },
    },
    Wrapper {
        name: "cat -A",
        wrap: |text| each(&text.replace('\t', "^I"), "", "$"),
    },
    Wrapper {
        name: "html",
        wrap: |text| {
            let text = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            format!("<html><body>\n<pre>{text}</pre>\n</body></html>\n")
        },
    },
    Wrapper {
        name: "fence",
        wrap: |text| format!("```\n{text}```\n"),
    },
    Wrapper {
        name: "wiki",
        wrap: |text| format!("h3. The nodes\n{{noformat}}\n{text}{{noformat}}\n"),
    },
    Wrapper {
        name: "indent",
        wrap: |text| each(text, "    ", ""),
    },
    Wrapper {
        name: "strings",
        wrap: |text| each(&text.replace('\\', "\\\\").replace('"', "\\\""), "\"", "\""),
    },
    Wrapper {
        name: "one string",
        wrap: |text| format!("\"{}\"\n", escaped(text)),
    },
    Wrapper {
        name: "line ends",
        wrap: |text| text.replace('\n', "\r\n"),
    },
    Wrapper {
        name: "terminal",
        wrap: |text| {
            let mut folded = String::new();
            for line in text.lines() {
                let letters: Vec<char> = line.chars().collect();
                for piece in letters.chunks(110) {
                    folded.extend(piece);
                    folded.push('\n');
                }
            }
            folded
        },
    },
    Wrapper {
        name: "prompt",
        wrap: |text| format!("$ redis-cli -h 10.0.0.1 -p 7000 cluster nodes\n{text}$ \n"),
    },
    Wrapper {
        name: "mail, wrapped",
        wrap: |text| {
            let mut wrapped = String::new();
            for line in text.lines() {
                let mut length = 0;
                for word in line.split(' ') {
                    if length > 0 && length + 1 + word.len() > 72 {
                        wrapped.push('\n');
                        length = 0;
                    } else if length > 0 {
                        wrapped.push(' ');
                        length += 1;
                    }
                    wrapped.push_str(word);
                    length += word.len();
                }
                wrapped.push('\n');
            }
            wrapped
        },
    },
    Wrapper {
        name: "quoted-printable",
        wrap: |text| {
            let mut coded = String::new();
            for line in text.replace('=', "=3D").replace('\u{1b}', "=1B").lines() {
                let bytes: Vec<char> = line.chars().collect();
                let pieces: Vec<String> = bytes.chunks(72).map(|c| c.iter().collect()).collect();
                coded.push_str(&pieces.join("=\n"));
                coded.push('\n');
            }
            coded
        },
    },
    Wrapper {
        name: "diff",
        wrap: |text| {
            let count = text.lines().count();
            let new = each(text, "+", "");
            format!("--- a.txt\n+++ b.txt\n@@ -1 +1,{count} @@\n-old\n{new}")
        },
    },
    Wrapper {
        name: "backquotes",
        wrap: |text| each(text, "`", "`"),
    },
    Wrapper {
        name: "bullets",
        wrap: |text| each(text, "- ", ""),
    },
    Wrapper {
        name: "bars",
        wrap: |text| each(text, "| ", " |"),
    },
    Wrapper {
        name: "pane",
        wrap: |text| each(text, "", "   │"),
    },
    Wrapper {
        name: "no-break",
        wrap: |text| text.replace(' ', "\u{a0}"),
    },
    Wrapper {
        name: "nl",
        wrap: |text| {
            let lines = (1..).zip(text.lines());
            lines
                .map(|(number, line)| format!("{number}: {line}\n"))
                .collect()
        },
    },
    Wrapper {
        name: "log4j",
        wrap: |text| {
            each(
                text,
                "2026-11-21 09:00:00.123  INFO 1 --- [main] c.e.Dump : ",
                "",
            )
        },
    },
    Wrapper {
        name: "syslog",
        wrap: |text| each(text, "<13>Nov 20 10:00:00 h1 redis[12]: ", ""),
    },
    Wrapper {
        name: "commas",
        wrap: |text| {
            // Only lines of nodes become rows with a field in each cell.
            let cell = |field: &str| match field.contains(',') {
                true => format!("\"{field}\""),
                false => field.to_owned(),
            };
            let row = |line: &str| {
                let fields: Vec<String> = line.split(' ').map(cell).collect();
                match fields.len() > 7 && fields[0].len() == 40 {
                    true => fields.join(","),
                    false => line.to_owned(),
                }
            };
            text.lines().map(|line| row(line) + "\n").collect()
        },
    },
];

fn each(text: &str, before: &str, behind: &str) -> String {
    text.lines()
        .map(|line| format!("{before}{line}{behind}\n"))
        .collect()
}

fn escaped(text: &str) -> String {
    let text = serde_json::to_string(text).expect("a string");
    text[1..text.len() - 1].to_owned()
}
