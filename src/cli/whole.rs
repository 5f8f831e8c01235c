//! Files and directories that appear whole or not at all.
//!
//! They are made under a name beside their own that nobody can guess, and take their own when
//! nothing is missing. Whoever kills the program leaves at most that other name.

use std::collections::hash_map::RandomState;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs;
use std::fs::File;
use std::hash::BuildHasher;
use std::hash::Hasher;
use std::io;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::fs::chown;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::Failure;

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// As the umask says.
    Usual,
    OwnerAlone,
}

/// Writes a file so that a reader sees the old content or the new, never a part. An old one
/// keeps its mode and its owner; where it cannot, it is not replaced.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let fail = |error| unwritten(path, error);
    // A link of one's own keeps pointing where it points.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = match fs::metadata(&target) {
        // A device or a pipe is written as it is.
        Ok(found) if !found.is_file() => return fs::write(&target, text).map_err(fail),
        found => found.ok(),
    };
    let readers = match old {
        // Until it has the old one's mode.
        Some(_) => Readers::OwnerAlone,
        None => Readers::Usual,
    };
    let new = Beside::file(&target, text, readers).map_err(fail)?;
    new.may_follow(path).map_err(fail)?;
    if let Some(old) = old {
        new.take_after(&old).map_err(fail)?;
    }
    fs::rename(&new.path, &target).map_err(fail)?;
    new.keep();
    Ok(())
}

/// A file or directory that has all its content and not yet its name. Dropped, it is gone.
pub(super) struct Beside {
    path: PathBuf,
    done: bool,
}

impl Beside {
    /// A new file beside `target`.
    pub fn file(target: &Path, text: &str, readers: Readers) -> io::Result<Self> {
        let mut options = fs::OpenOptions::new();
        // Nothing that is there already is opened, a link neither.
        options.write(true).create_new(true);
        if readers == Readers::OwnerAlone {
            options.mode(0o600);
        }
        let path = beside(target)?;
        let mut file = options.open(&path)?;
        let made = Self { path, done: false };
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(made)
    }

    /// A new and empty directory beside `target`.
    pub fn directory(target: &Path) -> io::Result<Self> {
        let path = beside(target)?;
        fs::create_dir(&path)?;
        Ok(Self { path, done: false })
    }

    /// Writes a file into the directory; its path must consist of names only.
    pub fn add(&self, path: &str, text: &str) -> io::Result<()> {
        let path = self.path.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        File::create_new(path)?.write_all(text.as_bytes())
    }

    /// Gives the file its name, which must be free.
    pub fn publish_new(self, target: &Path) -> io::Result<()> {
        match fs::hard_link(&self.path, target) {
            // The other name goes when this is dropped.
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // Not every file system has links.
            Err(_) if fs::symlink_metadata(target).is_ok() => {
                Err(io::ErrorKind::AlreadyExists.into())
            }
            Err(_) => {
                fs::rename(&self.path, target)?;
                self.keep();
                Ok(())
            }
        }
    }

    /// Gives the directory its name: a free one, or that of an empty directory, after which it
    /// takes.
    pub fn publish_directory(self, target: &Path) -> io::Result<()> {
        if let Ok(old) = fs::metadata(target) {
            self.take_after(&old)?;
        }
        fs::rename(&self.path, target)?;
        self.keep();
        Ok(())
    }

    /// Mode and owner of what it replaces.
    fn take_after(&self, old: &fs::Metadata) -> io::Result<()> {
        let own = fs::metadata(&self.path)?;
        if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
            chown(&self.path, Some(old.uid()), Some(old.gid())).map_err(|error| {
                let why = format!("its owner cannot be kept ({error}); name another file");
                io::Error::new(error.kind(), why)
            })?;
        }
        fs::set_permissions(&self.path, old.permissions())
    }

    /// Others' links are not followed: who planted one chooses what is overwritten.
    fn may_follow(&self, path: &Path) -> io::Result<()> {
        let Ok(found) = fs::symlink_metadata(path) else {
            return Ok(());
        };
        if found.is_symlink() && found.uid() != fs::metadata(&self.path)?.uid() {
            return Err(io::Error::other("it is a link of another user"));
        }
        Ok(())
    }

    fn keep(mut self) {
        self.done = true;
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.done {
            // The failure that matters is the first one.
            let _ = fs::remove_file(&self.path).or_else(|_| fs::remove_dir_all(&self.path));
        }
    }
}

/// A hidden name in the same directory, for a rename must not cross file systems.
fn beside(target: &Path) -> io::Result<PathBuf> {
    if target.file_name().is_none() {
        let why = "not the name of a file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(target.with_file_name(format!(".topoplan-{:016x}.tmp", random())))
}

/// A number that nobody can guess: the keys of the hash come from the system.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// That `path` could not be written, and why.
pub(super) fn unwritten(path: &Path, error: io::Error) -> Failure {
    Failure::Write {
        path: format!("`{}`", path.display()),
        error,
    }
}

/// Fails if an output would change what was captured: if it is one of the inputs, or lies in
/// one.
pub(super) fn must_be_apart<'a>(
    output: &OsStr,
    inputs: impl IntoIterator<Item = &'a OsString>,
) -> Result<(), Failure> {
    let target = real(Path::new(output));
    for input in inputs {
        if input == "-" {
            continue;
        }
        let Ok(real) = fs::canonicalize(input) else {
            continue;
        };
        let (output, input) = (Path::new(output).display(), Path::new(input).display());
        let same_file = || Some(inode(&target)? == inode(&real)?);
        if target == real || real.is_file() && same_file() == Some(true) {
            return Err(Failure::Usage(
                format!("`{output}` is what is read; it would be overwritten"),
                "write to another name".to_owned(),
            ));
        }
        if target.starts_with(&real) {
            return Err(Failure::Usage(
                format!("`{output}` lies in `{input}`, and would be a part of the capture"),
                "write it outside of what is read".to_owned(),
            ));
        }
    }
    Ok(())
}

fn inode(path: &Path) -> Option<(u64, u64)> {
    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

/// Where a path leads, whether it exists yet or not.
pub(super) fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // What does not exist yet is below something that does.
    let known = path
        .ancestors()
        .find_map(|a| Some((a, fs::canonicalize(a).ok()?)));
    match known {
        // Joining nothing would add a slash.
        Some((above, real)) if above == path => real,
        Some((above, real)) => real.join(path.strip_prefix(above).unwrap_or(&path)),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::cli::Exit;
    use crate::cli::files::tests::Scratch;

    fn names(dir: &Path) -> usize {
        fs::read_dir(dir).unwrap().count()
    }

    #[test]
    fn replaces_a_file_and_leaves_nothing_beside_it() {
        let dir = Scratch::new("output");
        let path = dir.path().join("plan.json");
        replace(&path, "old").unwrap();
        replace(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(dir.path()), 1);
    }

    #[test]
    fn the_mode_of_a_file_stays() {
        let dir = Scratch::new("mode");
        let path = dir.path().join("plan.json");
        fs::write(&path, "old").unwrap();
        for mode in [0o600, 0o640, 0o664, 0o444] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            replace(&path, "new").unwrap();
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode);
        }
    }

    #[test]
    fn writes_through_a_link() {
        let dir = Scratch::new("link");
        let real = dir.path().join("real.json");
        let link = dir.path().join("plan.json");
        fs::write(&real, "old").unwrap();
        symlink(&real, &link).unwrap();
        replace(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn the_other_name_is_never_the_same() {
        let target = Path::new("/x/plan.json");
        let names: std::collections::BTreeSet<PathBuf> =
            (0..100).map(|_| beside(target).unwrap()).collect();
        assert_eq!(names.len(), 100);
    }

    #[test]
    fn a_missing_directory_is_a_failure_with_the_path() {
        let failure = replace(Path::new("/nowhere/at/all/plan.json"), "x").unwrap_err();
        assert_eq!(failure.exit(), Exit::Failed);
        assert!(failure.to_string().contains("/nowhere/at/all/plan.json"));
    }

    #[test]
    fn what_is_not_finished_is_gone() {
        let dir = Scratch::new("unfinished");
        let target = dir.path().join("out");
        let made = Beside::directory(&target).unwrap();
        made.add("a/b", "x").unwrap();
        drop(made);
        assert_eq!(names(dir.path()), 0);
        let made = Beside::file(&target, "x", Readers::OwnerAlone).unwrap();
        fs::write(&target, "another's").unwrap();
        assert!(made.publish_new(&target).is_err());
        assert_eq!(fs::read_to_string(&target).unwrap(), "another's");
        assert_eq!(names(dir.path()), 1);
    }

    #[test]
    fn a_directory_takes_the_place_of_an_empty_one_only() {
        let dir = Scratch::new("directory");
        let target = dir.path().join("out");
        fs::create_dir(&target).unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o750)).unwrap();
        let made = Beside::directory(&target).unwrap();
        made.add("a/b", "x").unwrap();
        made.publish_directory(&target).unwrap();
        assert_eq!(fs::read_to_string(target.join("a/b")).unwrap(), "x");
        assert_eq!(fs::metadata(&target).unwrap().mode() & 0o7777, 0o750);
        let made = Beside::directory(&target).unwrap();
        assert!(made.publish_directory(&target).is_err());
        assert_eq!(names(dir.path()), 1);
    }

    #[test]
    fn outputs_lie_apart_from_inputs() {
        let dir = Scratch::new("apart");
        let capture = dir.path().join("capture");
        fs::create_dir(&capture).unwrap();
        let file = capture.join("hosts.csv");
        fs::write(&file, "x").unwrap();
        let other = dir.path().join("other.csv");
        fs::hard_link(&file, &other).unwrap();
        let apart = |output: &Path, input: &Path| {
            must_be_apart(output.as_os_str(), [&input.as_os_str().to_owned()]).is_ok()
        };
        assert!(apart(&dir.path().join("plan.json"), &capture));
        assert!(!apart(&file, &capture));
        assert!(!apart(&capture.join("new/plan.json"), &capture));
        assert!(!apart(&file, &file));
        assert!(!apart(&other, &file));
        assert!(apart(&capture.join("plan.json"), &file));
        let link = dir.path().join("link");
        symlink(&capture, &link).unwrap();
        assert!(!apart(&link.join("plan.json"), &capture));
    }
}
