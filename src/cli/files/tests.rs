//! Which files are read, under what names.

use std::fs;

use super::*;
use crate::diagnostic;
use crate::diagnostic::Code;

/// A directory of its own for one test, gone afterwards.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let id = std::process::id();
        let path = std::env::temp_dir().join(format!("topoplan-{name}-{id}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    fn put(&self, name: &str, text: &str) -> &Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Shown paths, in order, and the diagnostics.
fn read(args: &[&Path]) -> (Vec<String>, Vec<Diagnostic>) {
    let args: Vec<OsString> = args.iter().map(|p| p.as_os_str().to_owned()).collect();
    let mut stdin = io::empty();
    let mut capture = Capture::open(&args, Hashes::Wanted, &mut stdin).unwrap();
    let paths = capture.by_ref().map(|s| s.path.to_string()).collect();
    (paths, capture.diagnostics)
}

fn fails(args: &[&Path]) -> Failure {
    let args: Vec<OsString> = args.iter().map(|p| p.as_os_str().to_owned()).collect();
    let mut stdin = io::empty();
    Capture::open(&args, Hashes::Wanted, &mut stdin)
        .err()
        .unwrap()
}

#[test]
fn walks_in_the_order_of_paths_and_skips_hidden_files() {
    let dir = Scratch::new("walk");
    dir.put("b.txt", "").put("a/2", "").put("a/1", "");
    dir.put(".hidden", "").put(".git/x", "");
    let (paths, diagnostics) = read(&[dir.path()]);
    assert_eq!(paths, ["a/1", "a/2", "b.txt"]);
    // The directory and the file: one word for all.
    let [note] = &diagnostics[..] else {
        panic!("{diagnostics:?}");
    };
    assert_eq!(note.code, diagnostic::Capture::HiddenFile);
    assert!(
        note.message.contains("`.git` and 1 more"),
        "{}",
        note.message
    );
}

#[test]
fn names_files_by_what_tells_them_apart() {
    let dir = Scratch::new("labels");
    dir.put("h1/nodes.txt", "1").put("h2/nodes.txt", "2");
    dir.put("hosts.csv", "");
    let at = |name: &str| dir.path().join(name);
    let (paths, _) = read(&[&at("h1/nodes.txt"), &at("h2/nodes.txt"), &at("hosts.csv")]);
    assert_eq!(paths, ["h1/nodes.txt", "h2/nodes.txt", "hosts.csv"]);
    let (paths, _) = read(&[&at("h1"), &at("h2")]);
    assert_eq!(paths, ["h1/nodes.txt", "h2/nodes.txt"]);
    let (paths, _) = read(&[&at("h1"), &at("hosts.csv"), &at("hosts.csv")]);
    assert_eq!(paths, ["nodes.txt", "hosts.csv"]);
}

#[test]
fn follows_links_but_not_in_circles() {
    let dir = Scratch::new("loop");
    dir.put("a/file", "");
    std::os::unix::fs::symlink(dir.path(), dir.path().join("a/up")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("a/file"), dir.path().join("z")).unwrap();
    let (paths, diagnostics) = read(&[dir.path()]);
    assert_eq!(paths, ["a/file", "z"]);
    let codes: Vec<Code> = diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, [diagnostic::Capture::RepeatedDirectory]);
}

#[test]
fn a_directory_is_read_once_however_many_links_lead_to_it() {
    let dir = Scratch::new("twice");
    const DEPTH: usize = 24;
    dir.put("d0/file", "").put(&format!("d{DEPTH}/file"), "");
    for at in 0..DEPTH {
        dir.put(&format!("d{at}/file"), "");
        for name in ["l1", "l2"] {
            let next = dir.path().join(format!("d{}", at + 1));
            let link = dir.path().join(format!("d{at}/{name}"));
            std::os::unix::fs::symlink(next, link).unwrap();
        }
    }
    let (paths, diagnostics) = read(&[dir.path()]);
    assert_eq!(paths.len(), DEPTH + 1);
    // One link of two, and each directory itself but the first.
    assert_eq!(diagnostics.len(), 2 * DEPTH);
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_counts() {
    let dir = Scratch::new("dangling");
    dir.put("good", "");
    std::os::unix::fs::symlink("/nowhere/at/all", dir.path().join("bad")).unwrap();
    let (paths, diagnostics) = read(&[dir.path()]);
    assert_eq!(paths, ["good"]);
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].code, diagnostic::Capture::UnreadableFile);
    assert_eq!(&*diagnostics[0].place.as_ref().unwrap().path, "bad");
}

#[test]
fn nothing_to_read_is_a_failure() {
    let dir = Scratch::new("empty");
    assert!(fails(&[dir.path()]).to_string().contains("no file to read"));
    let nowhere = dir.path().join("nowhere");
    assert!(fails(&[&nowhere]).to_string().contains("no such file"));
}

#[test]
fn standard_input_is_called_dash() {
    let mut stdin = io::Cursor::new(b"hello\xff".to_vec());
    let sources: Vec<Source> = Capture::open(&["-".into()], Hashes::Wanted, &mut stdin)
        .unwrap()
        .collect();
    assert_eq!(sources.len(), 1);
    assert_eq!(&*sources[0].path, "-");
    assert_eq!(sources[0].text, "hello\u{fffd}");
}

#[test]
fn hashes_the_bytes_as_they_were() {
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(
        source("x", b"abc".to_vec(), Hashes::Wanted).sha256,
        expected
    );
}

#[test]
fn a_name_cannot_paint_the_terminal() {
    let dir = Scratch::new("paint");
    dir.put("a\x1b[2J", "");
    assert_eq!(read(&[dir.path()]).0, ["a\\x1b[2J"]);
}

#[test]
fn links_do_not_lead_out_of_what_was_named() {
    let dir = Scratch::new("outside");
    dir.put("secret/redis.conf", "").put("capture/a", "");
    let link = |to: &Path, name: &str| {
        std::os::unix::fs::symlink(to, dir.path().join("capture").join(name)).unwrap();
    };
    link(&dir.path().join("secret/redis.conf"), "conf");
    link(&dir.path().join("secret"), "folder");
    link(Path::new("../secret/redis.conf"), "relative");
    link(Path::new("/proc/self/status"), "status");
    let (paths, diagnostics) = read(&[&dir.path().join("capture")]);
    assert_eq!(paths, ["a"]);
    let [warning] = &diagnostics[..] else {
        panic!("{diagnostics:?}");
    };
    assert_eq!(warning.code, diagnostic::Capture::LinkOutside);
    assert!(warning.message.contains("`conf` and 3 more"));
    // What is named is followed: that is how it was meant.
    let (paths, diagnostics) = read(&[&dir.path().join("capture/folder")]);
    assert_eq!((paths.len(), diagnostics.len()), (1, 0));
}

#[test]
fn what_lies_too_deep_is_said() {
    let dir = Scratch::new("deep");
    dir.put(&format!("{}end", "d/".repeat(200)), "");
    dir.put(&format!("{}edge", "e/".repeat(64)), "");
    let (paths, diagnostics) = read(&[dir.path()]);
    assert_eq!(paths, [format!("{}edge", "e/".repeat(64))]);
    let codes: Vec<Code> = diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, [diagnostic::Capture::TooDeep]);
}

#[test]
fn a_file_without_an_end_is_refused_by_the_name_of_the_limit() {
    let dir = Scratch::new("sparse");
    dir.put("good", "");
    let file = File::create(dir.path().join("big")).unwrap();
    file.set_len(Limit::FileBytes.most() + 1).unwrap();
    let (paths, diagnostics) = read(&[dir.path()]);
    assert_eq!(paths, ["good"]);
    assert_eq!(diagnostics[0].code, diagnostic::Capture::FileLimit);
    assert!(diagnostics[0].message.contains("(limit `file-bytes`)"));
    let args = [dir.path().join("big").into_os_string()];
    let mut stdin = io::empty();
    let mut capture = Capture::open(&args, Hashes::NotWanted, &mut stdin).unwrap();
    assert!(capture.next().is_none());
    let refused = capture.refused.unwrap();
    assert!(refused.to_string().contains("(limit `file-bytes`)"));
}
