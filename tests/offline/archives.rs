//! A capture says the same in whatever it is packed, and is never lost without a word.

use std::fs;
use std::io::Cursor;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::CompressionLevel;
use ruzstd::encoding::compress_to_vec;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::common::Scratch;
use crate::common::dump;
use crate::common::topoplan;
use crate::common::topoplan_with;

/// Name below the directory, and bytes.
type Files = Vec<(String, Vec<u8>)>;

fn files(dir: &Path, prefix: &str, into: &mut Files) {
    for entry in fs::read_dir(dir).expect("a directory of the sample") {
        let entry = entry.expect("an entry of it");
        let name = entry
            .file_name()
            .into_string()
            .expect("samples have plain names");
        let name = format!("{prefix}{name}");
        if entry.path().is_dir() {
            files(&entry.path(), &format!("{name}/"), into);
        } else {
            into.push((name, fs::read(entry.path()).expect("a file of the sample")));
        }
    }
}

fn tar_of(files: &Files) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, format!("./{name}"), &bytes[..])
            .expect("to memory");
    }
    builder.into_inner().expect("to memory")
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("to memory");
    encoder.finish().expect("to memory")
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn zip_of(files: &Files) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer
            .start_file(name.as_str(), SimpleFileOptions::default())
            .expect("to memory");
        writer.write_all(bytes).expect("to memory");
    }
    writer.finish().expect("to memory").into_inner()
}

/// The six views of a healthy cluster.
fn views() -> Files {
    let view = |node| {
        (
            format!("view{node}.txt"),
            dump('a', "10.0.0", node).into_bytes(),
        )
    };
    (0..6).map(view).collect()
}

#[test]
fn a_capture_says_the_same_packed_or_not() {
    let scratch = Scratch::new("packed");
    for sample in ["split-view", "host-lost", "disk-lost"] {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("samples/{sample}/capture"));
        let mut found = Files::new();
        files(&dir, "", &mut found);
        // As `tar` does: in whatever order the directory has.
        found.sort_by(|a, b| b.0.cmp(&a.0));
        let dir = dir.display().to_string();
        let expected = topoplan(&["check", &dir, "--format", "json"]);
        assert!(
            expected.stdout.contains("\"findings\""),
            "{}",
            expected.text()
        );
        let tar = tar_of(&found);
        for (name, bytes) in [
            ("night.tar", tar.clone()),
            ("night.tgz", gz(&tar)),
            ("night.tar.zst", zst(&tar)),
            ("night.zip", zip_of(&found)),
            // The name says nothing.
            ("night.bin", gz(&tar)),
        ] {
            let path = scratch.put(name, &bytes).display().to_string();
            let packed = topoplan(&["check", &path, "--format", "json"]);
            assert_eq!(packed.stdout, expected.stdout, "{sample} as {name}");
            assert_eq!(packed.exit, expected.exit);
            let piped = topoplan_with(&["check", "-", "--format", "json"], &bytes);
            assert_eq!(
                piped.stdout, expected.stdout,
                "{sample} as {name} through a pipe"
            );
        }
    }
}

#[test]
fn members_are_found_by_archive_and_path() {
    let scratch = Scratch::new("members");
    let tar = gz(&tar_of(&views()));
    let archive = scratch.put("night/views.tar.gz", tar).display().to_string();
    scratch.put(
        "night/hosts.csv",
        "host,ip\nh1,10.0.0.1\nh2,10.0.0.2\nh3,10.0.0.3\n",
    );
    let dir = scratch.path().join("night").display().to_string();
    for line in [
        &["check", &dir, "--format", "json"][..],
        &[
            "check",
            &archive,
            &format!("{dir}/hosts.csv"),
            "--format",
            "json",
        ],
    ] {
        let answer = topoplan(line);
        assert_eq!(answer.exit, 0, "{}", answer.text());
        assert!(
            answer.stdout.contains("\"views.tar.gz/view0.txt\""),
            "{}",
            answer.stdout
        );
        assert!(answer.stdout.contains("\"hosts.csv\""), "{}", answer.stdout);
    }
}

#[test]
fn a_bomb_is_refused_and_the_rest_counts() {
    let scratch = Scratch::new("bomb");
    // A raw block of zstd is as long as what it holds; a run is 4 bytes for 128 KiB.
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
    let run = (128u32 << 10) << 3 | 1 << 1;
    for _ in 0..1000 {
        bomb.extend_from_slice(&run.to_le_bytes()[..3]);
        bomb.push(b'x');
    }
    bomb.extend_from_slice(&[1, 0, 0]);
    let bomb = scratch.put("night/bomb.zst", bomb).display().to_string();
    let alone = topoplan(&["check", &bomb]);
    assert_eq!(alone.exit, 2, "{}", alone.text());
    assert!(
        alone.stderr.contains("`bomb.zst` was not read"),
        "{}",
        alone.stderr
    );
    assert!(alone.stderr.contains("10000 times"), "{}", alone.stderr);
    for (name, bytes) in views() {
        scratch.put(&format!("night/{name}"), bytes);
    }
    let dir = scratch.path().join("night").display().to_string();
    let beside = topoplan(&["check", &dir, "--format", "json"]);
    assert_eq!(beside.exit, 0, "{}", beside.text());
    assert!(
        beside.stdout.contains("capture/archive-limit"),
        "{}",
        beside.stdout
    );
    assert!(beside.stdout.contains("\"view5.txt\""), "{}", beside.stdout);
}

#[test]
fn a_cut_archive_counts_up_to_the_cut() {
    let scratch = Scratch::new("cut");
    let tar = tar_of(&views());
    // Within the fourth view.
    let path = scratch
        .put("cut.tar", &tar[..3 * 2048 + 700])
        .display()
        .to_string();
    let answer = topoplan(&["check", &path, "--format", "json"]);
    assert!(
        answer.stdout.contains("capture/archive-damaged"),
        "{}",
        answer.text()
    );
    assert!(answer.stdout.contains("\"view2.txt\""), "{}", answer.stdout);
    let path = scratch
        .put("cut.gz", &gz(b"text")[..12])
        .display()
        .to_string();
    assert_eq!(topoplan(&["check", &path]).exit, 2);
}

#[test]
fn text_of_other_encodings_counts_and_is_said() {
    let scratch = Scratch::new("encodings");
    for (name, bytes) in views() {
        let text = String::from_utf8(bytes).expect("views are text");
        let wide = |mark: &str| -> Vec<u8> {
            let units = format!("{mark}{}", text.replace('\n', "\r\n"));
            units.encode_utf16().flat_map(u16::to_le_bytes).collect()
        };
        let bytes = match &*name {
            "view0.txt" => wide("\u{feff}"),
            "view1.txt" => wide(""),
            "view2.txt" => format!("{text}{}", "\0".repeat(4096)).into_bytes(),
            "view3.txt" => text.replace('\n', "\r").into_bytes(),
            _ => text.into_bytes(),
        };
        scratch.put(&format!("capture/{name}"), bytes);
    }
    let dir = scratch.path().join("capture").display().to_string();
    let answer = topoplan(&["check", &dir, "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&answer.stdout).expect("a report");
    assert_eq!(answer.exit, 0, "{}", answer.text());
    for input in report["inputs"].as_array().expect("inputs") {
        assert_eq!(input["dialect"], "cluster-nodes", "{input}");
    }
    let notes = report["diagnostics"]
        .as_array()
        .expect("diagnostics")
        .iter();
    let notes: Vec<String> = notes
        .filter(|d| d["code"] == "capture/encoding")
        .map(|d| format!("{} {}", d["path"], d["message"]))
        .collect();
    assert_eq!(notes.len(), 4, "{notes:?}");
    assert!(notes[2].contains("4096 NUL bytes at the end"), "{notes:?}");
}

#[test]
fn a_map_may_be_compressed() {
    let scratch = Scratch::new("map");
    for (name, bytes) in views() {
        scratch.put(&format!("capture/{name}"), bytes);
    }
    let dir = scratch.path().join("capture").display().to_string();
    let map = b"host,ip\nh1,10.0.0.1\nh2,10.0.0.2\nh3,10.0.0.3\n";
    let check = |name: &str, bytes: &[u8]| {
        let map = scratch.put(name, bytes).display().to_string();
        topoplan(&["check", &dir, "--hosts", &map, "--format", "json"])
    };
    let answer = check("hosts.csv.gz", &gz(map));
    assert_eq!(answer.exit, 0, "{}", answer.text());
    assert!(
        answer.stdout.contains("\"hosts.csv.gz\""),
        "{}",
        answer.stdout
    );
    let answer = check("views.zip", &zip_of(&views()));
    assert_eq!(answer.exit, 2);
    assert!(answer.stderr.contains("6 files"), "{}", answer.stderr);
}
