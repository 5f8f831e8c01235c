//! The policy file: named with a flag, inside the captured directory, or beside it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::Failure;
use crate::cli::files;
use crate::cli::output::Terminal;
use crate::policy;
use crate::policy::Codes;
use crate::policy::Policy;
use crate::report;
use crate::rules;
use crate::text::Source;

/// What a policy file is called where nobody names it.
pub(super) const NAME: &str = "topoplan.toml";

/// A file of a capture that is the policy for it.
pub(super) fn is_policy(source: &Source) -> bool {
    Path::new(&*source.path).file_name() == Some(OsStr::new(NAME))
}

/// The file beside what was captured, if there is one. Of several captures with one each nobody
/// knows which is meant.
pub(super) fn beside(captures: &[OsString]) -> Result<Option<PathBuf>, Failure> {
    let mut found: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for capture in captures.iter().filter(|capture| *capture != "-") {
        let Ok(real) = fs::canonicalize(capture) else {
            // Whoever opens it says what is wrong with it.
            continue;
        };
        let Some(folder) = real.parent() else {
            continue;
        };
        let file = folder.join(NAME);
        if file.is_file() {
            let shown = match Path::new(capture).parent() {
                Some(parent) if Path::new(capture).file_name().is_some() => parent.join(NAME),
                _ => file.clone(),
            };
            found.entry(file).or_insert(shown);
        }
    }
    if found.len() > 1 {
        let names: Vec<String> = found
            .values()
            .map(|p| format!("`{}`", p.display()))
            .collect();
        return Err(Failure::Usage(
            format!("there are several policy files: {}", names.join(", ")),
            "name the one that counts with `--policy`".to_owned(),
        ));
    }
    Ok(found.into_values().next())
}

/// A file that a flag names, or that lies beside the capture.
pub(super) fn file(file: &OsStr, terminal: &mut Terminal) -> Result<Source, Failure> {
    let mut source = files::read_one(file, terminal.stdin())?;
    if file != "-" {
        source.path = file.to_string_lossy().as_ref().into();
    }
    Ok(source)
}

/// What the file wants.
pub(super) fn read(source: &Source) -> Result<Policy, Failure> {
    let find = |word: &str| rules::find(word).map(|rule| rule.code.as_str());
    let names: Vec<&'static str> = names().collect();
    let codes = Codes {
        find: &find,
        names: &names,
    };
    Policy::read(source, &codes).map_err(|mistakes| Failure::Policy {
        path: source.path.to_string(),
        mistakes: report::told(&mistakes),
    })
}

/// The JSON schema of a policy file.
pub(super) fn schema() -> String {
    let schema = policy::schema(names());
    format!("{schema:#}\n")
}

/// Codes and names of the rules.
fn names() -> impl Iterator<Item = &'static str> {
    rules::all().flat_map(|rule| [rule.code.as_str(), rule.id])
}
