//! `redact`: the same capture with other names, to be shown to strangers.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::files;
use crate::cli::files::Capture;
use crate::cli::files::Hashes;
use crate::cli::limits::Limit;
use crate::cli::output::Terminal;
use crate::cli::whole;
use crate::cli::whole::Beside;
use crate::cli::whole::Readers;
use crate::redact;
use crate::redact::Counts;
use crate::redact::Names;
use crate::redact::Redacted;
use crate::text::Source;
use crate::text::safe::safe;
use crate::text::words::count;

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
    let output = output(args)?;
    let given = given(args, terminal)?;
    let mut capture = Capture::open(&args.capture, Hashes::NotWanted, terminal.stdin())?;
    let sources = held(&mut capture)?;
    if let Some(refused) = capture.refused.take() {
        return Err(refused);
    }
    let unread: Vec<String> = capture.diagnostics.drain(..).map(|d| d.message).collect();
    let redacted = redact::redact(&sources, &given, args.keep_unknown);
    if let Some(path) = redacted.leaks.first() {
        return Err(Failure::Internal(format!(
            "`{path}` would still hold a name of the capture"
        )));
    }
    if redacted.files.len() <= given.len() {
        return Err(Failure::NothingUnderstood(
            "nothing in the capture was understood, so there is nothing to write".to_owned(),
            Vec::new(),
        ));
    }
    write(args, &output, &redacted)?;
    for message in unread {
        terminal.talk(&format!("not copied: {message}"));
    }
    talk(args, &redacted, terminal);
    Ok(Exit::Clean)
}

/// All files, if they fit.
fn held(capture: &mut Capture) -> Result<Vec<Source>, Failure> {
    let limit = Limit::RedactBytes;
    let mut room = limit.most();
    let mut sources = Vec::new();
    for source in capture {
        let Some(left) = room.checked_sub(source.text.len() as u64) else {
            let what = "the capture".to_owned();
            return Err(Failure::Limit { what, limit });
        };
        room = left;
        sources.push(source);
    }
    Ok(sources)
}

/// Where the directory will be: outside of the capture, and empty or not there yet.
fn output(args: &RedactArgs) -> Result<PathBuf, Failure> {
    let output = Path::new(&args.output);
    must_be_empty(output)?;
    let maps = [&args.policy, &args.hosts, &args.disks, &args.home];
    let inputs = maps.into_iter().flatten().chain(&args.capture);
    whole::must_be_apart(&args.output, inputs)?;
    if let Some(names) = &args.names {
        must_be_elsewhere(Path::new(names), output)?;
    }
    let output = whole::real(output);
    if env::current_dir().is_ok_and(|here| here == output) {
        return Err(Failure::Usage(
            "the working directory cannot be replaced by what is written".to_owned(),
            "name a directory that does not exist".to_owned(),
        ));
    }
    Ok(output)
}

fn must_be_empty(output: &Path) -> Result<(), Failure> {
    let name = output.display();
    let help = "name a directory that is empty, or one that does not exist".to_owned();
    match fs::read_dir(output).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Usage(format!("`{name}` is not empty"), help)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            match fs::symlink_metadata(output) {
                Ok(_) => Err(Failure::Usage(format!("`{name}` leads nowhere"), help)),
                Err(_) => Ok(()),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(Failure::Usage(format!("`{name}` is no directory"), help))
        }
        Err(error) => Err(Failure::Input(format!("`{name}`: cannot be read: {error}"))),
    }
}

/// Who shares the directory must not share the key to it. The folder of the key must be there by
/// now, so that no link can lead into the directory once that is made.
fn must_be_elsewhere(names: &Path, output: &Path) -> Result<(), Failure> {
    let name = names.display();
    if fs::symlink_metadata(names).is_ok() {
        return Err(Failure::Usage(
            format!("`{name}` is there already"),
            "name a new file: old names are not to be lost".to_owned(),
        ));
    }
    let folder = match names.parent() {
        Some(folder) if folder == Path::new("") => Path::new("."),
        Some(folder) => folder,
        None => names,
    };
    let folder = fs::canonicalize(folder)
        .map_err(|error| Failure::Input(format!("`{name}`: its folder cannot be read: {error}")))?;
    if folder.starts_with(whole::real(output)) {
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

/// The directory and the file of names: both, or neither.
fn write(args: &RedactArgs, output: &Path, redacted: &Redacted) -> Result<(), Failure> {
    let shown = Path::new(&args.output);
    let fail = |error| whole::unwritten(shown, error);
    let directory = Beside::directory(output).map_err(fail)?;
    for file in &redacted.files {
        let path = || shown.join(&file.path);
        let added = directory.add(&file.path, &file.text);
        added.map_err(|error| whole::unwritten(&path(), error))?;
    }
    if let Some(names) = &args.names {
        let names = Path::new(names);
        let fail = |error| whole::unwritten(names, error);
        let text = table(&redacted.names).map_err(fail)?;
        let file = Beside::file(names, &text, Readers::OwnerAlone).map_err(fail)?;
        file.publish_new(names).map_err(fail)?;
    }
    directory.publish_directory(output).map_err(|error| {
        if let Some(names) = &args.names {
            // It was made just now, for a directory that is none.
            let _ = fs::remove_file(names);
        }
        fail(error)
    })
}

/// `old,new,kind`; a piece of a path that a port was cut out of has a `*` there.
fn table(names: &Names) -> io::Result<String> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["old", "new", "kind"])?;
    for (kind, old, new) in names.pairs() {
        table.write_record([&cell(old), &cell(new), kind])?;
    }
    let bytes = table.into_inner().map_err(|error| error.into_error())?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// The text of a cell that no spreadsheet takes for a formula.
fn cell(value: &str) -> String {
    let value = safe(&value.replace('\0', "*")).into_owned();
    // As Excel, LibreOffice and their like see it, signs of full width included.
    let signs = [
        '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    if value.trim_start().starts_with(signs) {
        format!("'{value}")
    } else {
        value
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
        let mut names: Vec<String> = paths.iter().take(SHOWN).cloned().collect();
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
    if !redacted.left_out.is_empty() {
        let parts: usize = redacted.left_out.iter().map(|(_, count)| count).sum();
        let files: Vec<String> = redacted.left_out.iter().map(|(p, _)| p.clone()).collect();
        terminal.talk(&format!(
            "left out, as nobody can tell what it says: {} in {}",
            count(parts, "part"),
            list(&files)
        ));
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
        assert_eq!(cell("-a,\"b\""), "'-a,\"b\"");
        assert_eq!(cell(" =x"), "' =x");
        assert_eq!(cell("\t=x"), "\\t=x");
        assert_eq!(cell("db-1"), "db-1");
        assert_eq!(cell("acme-\0"), "acme-*");
    }
}
