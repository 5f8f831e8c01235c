//! `redact`: the same capture with other names, to be shown to strangers.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::io::Write;
use std::path::Path;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::files;
use crate::cli::files::Capture;
use crate::cli::files::Hashes;
use crate::cli::output::Terminal;
use crate::redact;
use crate::redact::Counts;
use crate::redact::Names;
use crate::redact::Redacted;
use crate::text::Source;
use crate::text::quote::printable;

#[derive(clap::Args, Debug)]
pub(super) struct RedactArgs {
    /// Files and directories saved from one cluster, or - for standard input
    #[arg(required = true, value_name = "CAPTURE")]
    capture: Vec<OsString>,
    /// Where the redacted capture goes: a directory that is empty or does not exist
    #[arg(short, long, value_name = "DIR")]
    output: OsString,
    /// Also write old and new names (CSV), to translate an answer back; never share this file
    #[arg(long, value_name = "FILE")]
    names: Option<OsString>,
    /// Also copy text files that topoplan does not know, with the names in them that it does
    #[arg(long)]
    keep_unknown: bool,
    /// A policy, to be redacted too
    #[arg(long, value_name = "FILE")]
    policy: Option<OsString>,
    /// A host map, to be redacted too
    #[arg(long, value_name = "FILE")]
    hosts: Option<OsString>,
    /// A disk map, to be redacted too
    #[arg(long, value_name = "FILE")]
    disks: Option<OsString>,
    /// A home map, to be redacted too
    #[arg(long, value_name = "FILE")]
    home: Option<OsString>,
}

pub(super) fn run(args: &RedactArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let output = Path::new(&args.output);
    must_be_empty(output)?;
    if let Some(names) = &args.names {
        must_be_elsewhere(Path::new(names), output)?;
    }
    let given = given(args, terminal)?;
    let mut capture = Capture::open(&args.capture, Hashes::NotWanted, terminal.stdin())?;
    let sources: Vec<Source> = capture.by_ref().collect();
    let unread: Vec<String> = capture.diagnostics.drain(..).map(|d| d.message).collect();
    let redacted = redact::redact(&sources, &given, args.keep_unknown);
    if let Some(path) = redacted.leaks.first() {
        return Err(Failure::Internal(format!(
            "`{}` would still hold a name of the capture",
            printable(path)
        )));
    }
    if redacted.files.len() <= given.len() {
        return Err(Failure::NothingUnderstood(
            "nothing in the capture was understood, so there is nothing to write".to_owned(),
        ));
    }
    write(output, &redacted)?;
    if let Some(names) = &args.names {
        write_names(Path::new(names), &redacted.names)?;
    }
    for message in unread {
        terminal.talk(&format!("not copied: {}", printable(&message)));
    }
    talk(args, &redacted, terminal);
    Ok(Exit::Clean)
}

fn must_be_empty(output: &Path) -> Result<(), Failure> {
    let name = printable(&output.to_string_lossy());
    let help = "name a directory that is empty, or one that does not exist".to_owned();
    match fs::read_dir(output).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Usage(format!("`{name}` is not empty"), help)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(Failure::Usage(format!("`{name}` is no directory"), help))
        }
        Err(error) => Err(Failure::Input(format!("`{name}`: cannot be read: {error}"))),
    }
}

/// Who shares the directory must not share the key to it.
fn must_be_elsewhere(names: &Path, output: &Path) -> Result<(), Failure> {
    let real = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        // What does not exist yet is below something that does.
        let known = path
            .ancestors()
            .find_map(|a| Some((a, fs::canonicalize(a).ok()?)));
        match known {
            Some((above, real)) => real.join(path.strip_prefix(above).unwrap_or(&path)),
            None => path,
        }
    };
    if real(names).starts_with(real(output)) {
        return Err(Failure::Usage(
            "the file of `--names` would be among what is to be shared".to_owned(),
            "write it outside of the output directory".to_owned(),
        ));
    }
    Ok(())
}

/// The files that flags name, each called by what it is.
fn given(args: &RedactArgs, terminal: &mut Terminal) -> Result<Vec<Source>, Failure> {
    let mut given = Vec::new();
    for (file, name) in [
        (&args.hosts, "hosts.csv"),
        (&args.disks, "disks.csv"),
        (&args.home, "home.csv"),
        (&args.policy, "policy.toml"),
    ] {
        if let Some(file) = file {
            let source = files::read_one(file, terminal.stdin())?;
            given.push(Source::new(name, source.text, source.sha256));
        }
    }
    Ok(given)
}

fn write(output: &Path, redacted: &Redacted) -> Result<(), Failure> {
    let fail = |path: &Path, error| Failure::Write {
        path: format!("`{}`", printable(&path.to_string_lossy())),
        error,
    };
    for file in &redacted.files {
        let path = output.join(&file.path);
        let folder = path.parent().unwrap_or(output);
        fs::create_dir_all(folder).map_err(|error| fail(folder, error))?;
        // The directory was empty: what is there now, somebody else put there.
        let create = fs::File::create_new(&path);
        create
            .and_then(|mut to| to.write_all(file.text.as_bytes()))
            .map_err(|error| fail(&path, error))?;
    }
    Ok(())
}

fn write_names(path: &Path, names: &Names) -> Result<(), Failure> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let text = table(names);
    let write = |mut file: fs::File| file.write_all(text.as_bytes());
    options
        .open(path)
        .and_then(write)
        .map_err(|error| Failure::Write {
            path: format!("`{}`", printable(&path.to_string_lossy())),
            error,
        })
}

/// `old,new,kind`; a piece of a path that a port was cut out of has a `*` there.
fn table(names: &Names) -> String {
    let mut text = String::from("old,new,kind\n");
    for (kind, old, new) in names.pairs() {
        text.push_str(&format!("{},{},{kind}\n", cell(old), cell(new)));
    }
    text
}

/// A cell that no spreadsheet takes for a formula.
fn cell(value: &str) -> String {
    let value = printable(&value.replace('\0', "*"));
    let formula = value.starts_with(['=', '+', '-', '@']);
    let value = format!("{}{value}", if formula { "'" } else { "" });
    match value.contains([',', '"']) {
        true => format!("\"{}\"", value.replace('"', "\"\"")),
        false => value,
    }
}

fn talk(args: &RedactArgs, redacted: &Redacted, terminal: &mut Terminal) {
    let Counts {
        ids,
        addresses,
        hosts,
        labels,
        zones,
        paths,
        users,
        secrets,
    } = redacted.names.counts();
    terminal.talk(&format!(
        "renamed: {ids} ids, {addresses} addresses, {hosts} hosts, {zones} zones, {users} users, \
         {paths} parts of paths, {labels} words of file names, {secrets} passwords; in {} files",
        redacted.files.len()
    ));
    let list = |paths: &[String]| {
        const SHOWN: usize = 5;
        let mut names: Vec<String> = paths.iter().take(SHOWN).map(|p| printable(p)).collect();
        if paths.len() > SHOWN {
            names.push(format!("and {} more", paths.len() - SHOWN));
        }
        names.join(", ")
    };
    if !redacted.binary.is_empty() {
        terminal.talk(&format!("not copied, no text: {}", list(&redacted.binary)));
    }
    match (redacted.unknown.is_empty(), args.keep_unknown) {
        (true, _) => {}
        (false, false) => terminal.talk(&format!(
            "not copied, not known to topoplan: {} (--keep-unknown copies them)",
            list(&redacted.unknown)
        )),
        (false, true) => terminal.talk(&format!(
            "copied though not known to topoplan: {}; read them before you share them",
            list(&redacted.unknown)
        )),
    }
    if !redacted.partly_unknown.is_empty() {
        terminal.talk(&format!(
            "lines that are not known to topoplan stand in {}; read them before you share them",
            list(&redacted.partly_unknown)
        ));
    }
    terminal.talk(
        "prose was not looked at: comments and letters may still say whose cluster this is; \
         ports, slots, sizes, versions and times are as they were",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("-a,\"b\""), "\"'-a,\"\"b\"\"\"");
        assert_eq!(cell("db-1"), "db-1");
        assert_eq!(cell("acme-\0"), "acme-*");
    }
}
