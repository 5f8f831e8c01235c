//! What somebody may have meant.

/// The candidate nearest to `word`, if it is near enough to be a slip of the hand; the first one
/// on a tie.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, delete or replace (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((j, b), (&keep, &delete)) in to.iter().enumerate().zip(row.iter().zip(&row[1..])) {
            let replace = keep + usize::from(a != *b);
            next.push(replace.min(delete + 1).min(next[j] + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
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

    #[test]
    fn counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("skewed-master", "skewed-masters"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
