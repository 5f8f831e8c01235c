//! What somebody may have meant.

/// The candidate nearest to `word`, if it is near enough to be a slip of the hand; the first one
/// on a tie.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::levenshtein(&lower, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_slip_and_nothing_else() {
        let codes = ["M001", "P001", "P005"];
        assert_eq!(nearest("p05", codes), Some("P005"));
        assert_eq!(nearest("P006", codes), Some("P001"));
        assert_eq!(nearest("spread", codes), None);
    }
}
