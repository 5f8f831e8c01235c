//! Names of members: which are read, and how they are shown.

use std::borrow::Cow;

/// What a name comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Name {
    /// To be read: components joined by `/`.
    Shown(String),
    /// Nothing that an operator put there: hidden, or what an archiver keeps for itself.
    Hidden,
    /// Leads out of the archive, or would mislead who reads it.
    Refused,
}

/// A name as `tar` stores it.
pub(super) fn of_tar(raw: &[u8]) -> Name {
    of(&String::from_utf8_lossy(raw))
}

/// A name as zip programs store it, some of them with the separators of Windows.
pub(super) fn of_zip(raw: &str) -> Name {
    let name = match raw.contains('\\') {
        true => Cow::Owned(raw.replace('\\', "/")),
        false => Cow::Borrowed(raw),
    };
    of(&name)
}

fn of(name: &str) -> Name {
    /// As long as a path can be.
    const LONGEST: usize = 4096;
    if name.len() > LONGEST || name.starts_with(['/', '\\']) || name.contains(char::is_control) {
        return Name::Refused;
    }
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if parts.first().is_some_and(|first| is_drive(first))
        || parts.iter().any(|part| part.split('\\').any(|p| p == ".."))
    {
        return Name::Refused;
    }
    if parts.is_empty() || parts.iter().any(|part| is_hidden(part)) {
        return Name::Hidden;
    }
    Name::Shown(parts.join("/"))
}

/// `C:` or `C:\x`, but not `a:7000.txt`.
fn is_drive(part: &str) -> bool {
    matches!(part.as_bytes(), [letter, b':'] | [letter, b':', b'\\', ..] if letter.is_ascii_alphabetic())
}

fn is_hidden(part: &str) -> bool {
    part.starts_with('.')
        || part == "__MACOSX"
        || part == "PaxHeaders"
        || part.starts_with("PaxHeaders.")
}

/// The path of a member below the archive.
pub(super) fn below(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_plain_paths() {
        let shown = |name: &str| Name::Shown(name.to_owned());
        assert_eq!(of_tar(b"./nodes//a/./x.txt"), shown("nodes/a/x.txt"));
        assert_eq!(of_tar(b"a:7000.txt"), shown("a:7000.txt"));
        assert_eq!(of_tar(b"..a/b..c"), Name::Hidden);
        assert_eq!(of_tar(b"a..b/...c.txt"), Name::Hidden);
        assert_eq!(of_tar(b"a..b/c"), shown("a..b/c"));
        assert_eq!(of_tar(b"h\xff"), shown("h\u{fffd}"));
        assert_eq!(of_zip("nodes\\a\\x.txt"), shown("nodes/a/x.txt"));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let long = "x/".repeat(3000);
        for name in [
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a/..",
            "C:\\x",
            "C:/x",
            "c:",
            "\\\\host\\x",
            "a\\..\\x",
            "a\0b",
            "a\x1b[2J",
            "a\nb",
            "a\u{85}b",
            &long,
        ] {
            assert_eq!(of_tar(name.as_bytes()), Name::Refused, "{name:?}");
            assert_eq!(of_zip(name), Name::Refused, "{name:?}");
        }
    }

    #[test]
    fn what_archivers_keep_for_themselves_is_hidden() {
        for name in [
            "",
            "./",
            ".git/x",
            "a/.x",
            "__MACOSX/a/._x",
            "a/PaxHeaders.12/x",
            "PaxHeaders/x",
        ] {
            assert_eq!(of_tar(name.as_bytes()), Name::Hidden, "{name:?}");
        }
    }
}
