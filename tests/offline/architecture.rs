//! Holds the code to the table of modules in `src/lib.rs`, and the repository to its own rules.
//!
//! Lines are read as text, tests and comments left out: rustfmt has one way of writing each.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// Files that may be longer than [`LONGEST`], and why.
const LONG_FILES: &[(&str, &str)] = &[];

/// Lines of a source file without its tests.
const LONGEST: usize = 500;

/// Lines of a source file with its tests, and of a file of tests: longer tests lie beside what they
/// test.
const LONGEST_WITH_TESTS: usize = 650;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

// --- the table --------------------------------------------------------------------------------

/// Module to the modules it may use, itself included.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let rows: Vec<(String, String)> = text.lines().filter_map(row).collect();
    let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
    let mut table = BTreeMap::new();
    for (index, (name, may_use)) in rows.iter().enumerate() {
        let mut allowed: BTreeSet<String> = match may_use.as_str() {
            "–" => BTreeSet::new(),
            "everything" => names.iter().map(|n| n.to_string()).collect(),
            list => match list.strip_prefix("everything above") {
                Some(rest) => {
                    let except = rest.trim().strip_prefix("except").unwrap_or_default();
                    let except: Vec<&str> = words(except).collect();
                    let above = names[..index].iter().filter(|n| !except.contains(n));
                    above.map(|n| n.to_string()).collect()
                }
                None => words(list).map(str::to_owned).collect(),
            },
        };
        for other in &allowed {
            assert!(
                names.contains(&other.as_str()),
                "src/lib.rs: the row of `{name}` names `{other}`, which has no row"
            );
        }
        allowed.insert(name.clone());
        let before = table.insert(name.clone(), allowed);
        assert!(before.is_none(), "src/lib.rs: `{name}` has two rows");
    }
    table
}

/// Name and last cell of a row, header and rule left out.
fn row(line: &str) -> Option<(String, String)> {
    let cells = line.strip_prefix("//! |")?.strip_suffix('|')?;
    let cells: Vec<&str> = cells.split('|').map(str::trim).collect();
    let [name, _, may_use] = cells[..] else {
        return None;
    };
    let name = name.strip_prefix('`')?.strip_suffix('`')?;
    Some((name.to_owned(), may_use.to_owned()))
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(|w| w.trim().trim_matches('`'))
}

// --- the code ---------------------------------------------------------------------------------

/// One source file: its lines with their numbers, without tests, comments blanked out.
struct Code {
    /// `src/parse/mod.rs`
    path: String,
    /// `parse`; `main` and `lib` for the two roots.
    module: String,
    lines: Vec<(usize, String)>,
}

impl Code {
    /// The file that declares the module: there `super::` is the root of the crate.
    fn is_module_root(&self) -> bool {
        self.path == format!("src/{}.rs", self.module)
            || self.path == format!("src/{}/mod.rs", self.module)
    }

    fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }
}

fn code() -> Vec<Code> {
    let mut paths = Vec::new();
    rust_files(&root().join("src"), &mut paths);
    let mut files = Vec::new();
    let mut test_files = BTreeSet::new();
    for path in &paths {
        let text = fs::read_to_string(path).expect("a source file is UTF-8");
        let (lines, test_modules) = without_tests(&text);
        let dir = module_dir(path);
        for name in test_modules {
            test_files.insert(dir.join(format!("{name}.rs")));
            test_files.insert(dir.join(name).join("mod.rs"));
        }
        let shown = path.strip_prefix(root()).expect("it was found there");
        let shown = shown.to_str().expect("source paths are ASCII").to_owned();
        let module = shown["src/".len()..].split('/').next().unwrap_or_default();
        files.push((
            path.clone(),
            Code {
                module: module.trim_end_matches(".rs").to_owned(),
                path: shown,
                lines,
            },
        ));
    }
    files.retain(|(path, _)| !test_files.contains(path));
    assert!(!files.is_empty(), "no source file was found");
    files.into_iter().map(|(_, code)| code).collect()
}

fn rust_files(dir: &Path, into: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(dir).expect("a source directory");
    let mut entries: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// Where `mod x;` in this file looks for `x.rs`.
fn module_dir(path: &Path) -> PathBuf {
    let parent = path.parent().expect("a file has a directory");
    match path.file_stem().and_then(|s| s.to_str()) {
        Some("mod" | "lib" | "main") => parent.to_owned(),
        Some(stem) => parent.join(stem),
        None => parent.to_owned(),
    }
}

/// The lines outside of items under `#[cfg(test)]`, comments cut off, and the names of the
/// modules `#[cfg(test)] mod x;` that are files of their own.
fn without_tests(text: &str) -> (Vec<(usize, String)>, Vec<String>) {
    let mut kept = Vec::new();
    let mut modules = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push((number, without_comment(line).to_owned()));
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = format!("{indent}}}");
        let mut first = true;
        for (_, line) in lines.by_ref() {
            let code = line.trim();
            if first && (code.starts_with("#[") || code.starts_with("//")) {
                continue;
            }
            if let Some(name) = code.strip_suffix(';').filter(|_| first) {
                modules.extend(name.split_once("mod ").map(|(_, name)| name.to_owned()));
                break;
            }
            first = false;
            if line == end || (line.starts_with(&end) && !line.ends_with('{')) {
                break;
            }
        }
    }
    (kept, modules)
}

fn without_comment(line: &str) -> &str {
    let trimmed = line.trim_start();
    if trimmed.starts_with("//") {
        return "";
    }
    line.find(" // ").map_or(line, |at| &line[..at])
}

/// The identifiers that directly follow `prefix` in a line, where `prefix` starts a path.
fn after<'a>(line: &'a str, prefix: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let before = line[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &line[at + prefix.len()..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        found.push(&rest[..end.unwrap_or(rest.len())]);
    }
    found
}

fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

// --- the tests --------------------------------------------------------------------------------

#[test]
fn every_module_has_a_row_and_every_row_a_module() {
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let (lines, _) = without_tests(&text);
    let internal = lines.iter().skip_while(|(_, l)| l != "internal! {").skip(1);
    let internal = internal.take_while(|(_, l)| l != "}");
    let modules: BTreeSet<String> = lines
        .iter()
        .filter_map(|(_, l)| l.strip_prefix("pub mod ")?.strip_suffix(';'))
        .chain(internal.flat_map(|(_, l)| l.split_whitespace()))
        .map(str::to_owned)
        .collect();
    let rows: BTreeSet<String> = table().into_keys().collect();
    assert_eq!(
        modules, rows,
        "left: modules of src/lib.rs, right: rows of its table"
    );
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table = table();
    let mut complaints = Vec::new();
    for file in code()
        .iter()
        .filter(|f| f.module != "lib" && f.module != "main")
    {
        let Some(allowed) = table.get(&file.module) else {
            complaints.push(format!("{}: `{}` has no row", file.path, file.module));
            continue;
        };
        for (number, line) in &file.lines {
            let mut used = after(line, "crate::");
            if file.is_module_root() {
                used.extend(after(line, "super::"));
            }
            for name in used.into_iter().filter(|n| !allowed.contains(*n)) {
                let at = file.at(*number);
                complaints.push(format!("{at}: `{}` may not use `{name}`", file.module));
            }
        }
    }
    none(complaints);
}

#[test]
fn main_knows_the_command_line_and_nothing_else() {
    let files = code();
    let main = files
        .iter()
        .find(|f| f.module == "main")
        .expect("src/main.rs");
    let used: BTreeSet<&str> = main
        .lines
        .iter()
        .flat_map(|(_, l)| after(l, "topoplan::"))
        .collect();
    assert_eq!(used, BTreeSet::from(["run_process"]));
}

#[test]
fn one_use_names_one_thing() {
    let mut complaints = Vec::new();
    for file in code() {
        for (number, line) in &file.lines {
            let line = line.trim_start();
            if line.contains("use crate::") && line.contains('{') {
                complaints.push(format!("{}: one item a line, please", file.at(*number)));
            }
        }
    }
    none(complaints);
}

#[test]
fn crates_and_effects_stay_in_their_files() {
    /// What may not be written, and the files (or folders) where it may.
    const KEPT: &[(&str, &[&str])] = &[
        ("petgraph::", &["src/model/graph.rs", "src/plan/order.rs"]),
        ("good_lp::", &["src/plan/target/solve.rs"]),
        ("nom::", &["src/parse/"]),
        ("flate2::", &["src/cli/archive"]),
        ("ruzstd::", &["src/cli/archive"]),
        ("tar::", &["src/cli/archive"]),
        ("zip::", &["src/cli/archive"]),
        ("clap::", &["src/cli/"]),
        ("std::fs", &["src/cli/"]),
        ("std::env", &["src/cli/"]),
        ("std::process", &["src/cli/", "src/main.rs"]),
        ("std::net::Tcp", &[]),
        ("std::net::Udp", &[]),
        ("std::os::unix::net", &[]),
        ("std::time::SystemTime", &["src/cli/"]),
        ("std::time::Instant", &["src/cli/"]),
        ("println!", &["src/cli/"]),
        ("print!", &["src/cli/"]),
        ("dbg!", &[]),
    ];
    let mut complaints = Vec::new();
    for file in code() {
        for (number, line) in &file.lines {
            for (what, places) in KEPT {
                if line.contains(what) && !places.iter().any(|p| file.path.starts_with(p)) {
                    let at = file.at(*number);
                    complaints.push(format!("{at}: `{what}` belongs to {places:?} only"));
                }
            }
        }
    }
    none(complaints);
}

#[test]
fn nothing_depends_on_hash_order() {
    let mut complaints = Vec::new();
    for file in code() {
        let mut marked = false;
        for (number, line) in &file.lines {
            // The mark that clippy reads, on the line before, is where the reason stands.
            let hashed = line.contains("HashMap") || line.contains("HashSet");
            if hashed && !marked && !line.contains("disallowed_types") {
                complaints.push(format!(
                    "{}: its order differs from run to run",
                    file.at(*number)
                ));
            }
            marked = line.contains("disallowed_types");
        }
    }
    none(complaints);
}

#[test]
fn files_stay_readable() {
    let mut complaints = Vec::new();
    for file in code() {
        let allowed = LONG_FILES.iter().any(|(path, _)| *path == file.path);
        match (file.lines.len() > LONGEST, allowed) {
            (true, false) => complaints.push(format!(
                "{}: {} lines without its tests; it wants to be two files",
                file.path,
                file.lines.len()
            )),
            (false, true) => complaints.push(format!(
                "{}: is short by now; take it off the list",
                file.path
            )),
            (true, true) | (false, false) => {}
        }
    }
    let mut paths = Vec::new();
    rust_files(&root().join("src"), &mut paths);
    for path in paths {
        let text = fs::read_to_string(&path).expect("a source file is UTF-8");
        let lines = text.lines().count();
        if lines > LONGEST_WITH_TESTS {
            let path = path.display();
            complaints.push(format!("{path}: {lines} lines; its tests want a file"));
        }
    }
    none(complaints);
}

/// The files that git knows, or nothing outside of a checkout.
fn tracked() -> Vec<String> {
    let listing = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output();
    match listing {
        Ok(listing) if listing.status.success() => String::from_utf8_lossy(&listing.stdout)
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect(),
        Ok(_) | Err(_) => {
            eprintln!("not a git checkout: nothing to look at");
            Vec::new()
        }
    }
}

/// The arms of a match over an enum of ours are the list of places that a new variant has to be
/// thought of in; `if let` and `matches!` ask for one alone and say so.
#[test]
fn no_arm_is_for_whatever_else_there_is() {
    let files = code();
    let lines = files.iter().flat_map(|file| &file.lines);
    let enums: BTreeSet<&str> = lines.flat_map(|(_, line)| after(line, "enum ")).collect();
    let names_ours = |arm: &str| {
        let arm = arm.trim_start_matches(['|', ' ']);
        arm.split_once("::")
            .is_some_and(|(name, _)| name == "Self" || enums.contains(name))
    };
    let mut found = Vec::new();
    for file in &files {
        for (at, (number, line)) in file.lines.iter().enumerate() {
            let own = depth(line);
            let arm = line.trim_start();
            if !(arm.starts_with("_ => ") || arm.starts_with("_ if ")) {
                continue;
            }
            let before = file.lines[..at].iter().rev().map(|(_, line)| line.as_str());
            let inside = before.take_while(|line| line.trim().is_empty() || depth(line) >= own);
            let mut arms = inside.filter(|line| depth(line) == own);
            if arms.any(|line| names_ours(line.trim())) {
                found.push(file.at(*number));
            }
        }
    }
    assert!(found.is_empty(), "`_ =>` over an enum of ours: {found:#?}");
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    // Written in halves, so that this file is no finding of its own.
    let everywhere = [concat!("/wo", "rk/"), concat!("/tmp/", "wt/")];
    let outside_captures = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
    ];
    let mut complaints = Vec::new();
    for path in tracked() {
        let Ok(bytes) = fs::read(root().join(&path)) else {
            continue; // Removed, not yet committed.
        };
        let text = String::from_utf8_lossy(&bytes);
        // A captured server may well keep its files in somebody's home.
        let captured = path.starts_with("samples/") || path.starts_with("golden/");
        let outside: &[&str] = if captured { &[] } else { &outside_captures };
        for bad in everywhere.iter().chain(outside) {
            if let Some(line) = text.lines().position(|l| l.contains(bad)) {
                complaints.push(format!("{path}:{}: a path of one machine, {bad}", line + 1));
            }
        }
    }
    none(complaints);
}

#[test]
fn nothing_new_lies_at_the_top() {
    const TOP: [&str; 15] = [
        ".ci",
        ".gitignore",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "benches",
        "clippy.toml",
        "docs",
        "golden",
        "samples",
        "src",
        "tests",
    ];
    let complaints = tracked()
        .iter()
        .filter(|path| !TOP.contains(&path.split('/').next().unwrap_or(path)))
        .map(|path| format!("{path}: does the project need this at its top?"))
        .collect();
    none(complaints);
}

#[test]
fn no_file_can_paint_a_terminal() {
    let mut complaints = Vec::new();
    // Captures hold what servers said, byte for byte.
    for path in tracked().iter().filter(|p| !p.starts_with("samples/")) {
        let Ok(bytes) = fs::read(root().join(path)) else {
            continue;
        };
        let Ok(text) = String::from_utf8(bytes) else {
            complaints.push(format!("{path}: not UTF-8"));
            continue;
        };
        for (index, line) in text.split('\n').enumerate() {
            if let Some(c) = line.chars().find(|c| c.is_control() && *c != '\t') {
                complaints.push(format!("{path}:{}: control character {c:?}", index + 1));
            }
        }
    }
    none(complaints);
}

// --- the reader above -------------------------------------------------------------------------

#[test]
fn tests_and_comments_do_not_count() {
    let text = "use crate::a; // crate::b\n/// crate::c\n#[cfg(test)]\nmod t {\n    use crate::d;\n}\n\
                #[cfg(test)]\npub mod testing;\nuse crate::e;\n";
    let (lines, modules) = without_tests(text);
    let used: Vec<&str> = lines
        .iter()
        .flat_map(|(_, l)| after(l, "crate::"))
        .collect();
    assert_eq!(used, ["a", "e"]);
    assert_eq!(modules, ["testing"]);
    assert_eq!(lines.last().map(|(n, _)| *n), Some(9));
}

#[test]
fn a_path_is_found_wherever_it_starts() {
    assert_eq!(
        after("fn f(x: crate::a::B) -> crate::c::D", "crate::"),
        ["a", "c"]
    );
    assert_eq!(after("mycrate::a $crate::b", "crate::"), ["b"]);
}
