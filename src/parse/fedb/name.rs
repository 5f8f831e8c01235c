//! What tables, databases and endpoints may be called.

/// Endpoints and names go into commands: what no server is called so is not taken.
pub(super) fn is_plain(text: &str) -> bool {
    const LONGEST: usize = 256;
    let legal = |b: u8| b.is_ascii_alphanumeric() || b".:_-[]%".contains(&b);
    !text.is_empty() && text.len() <= LONGEST && !text.starts_with('-') && text.bytes().all(legal)
}
