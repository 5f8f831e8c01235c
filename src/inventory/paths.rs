//! What the path of a file tells by its folders.

/// The folder part of a path; empty for a bare file name.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
