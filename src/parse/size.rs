//! Sizes as tools of a host print them: with a unit behind the number, or in blocks.

/// `31Gi`, `1.7T`, `503M`, `12K`, `0`; powers of 1024. `None` for anything else.
pub(super) fn human(text: &str) -> Option<u64> {
    let text = text
        .trim()
        .trim_end_matches(['B', 'b'])
        .trim_end_matches(['i', 'I']);
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','));
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let number: f64 = number.replace(',', ".").parse().ok()?;
    let power = match unit {
        "" => 0,
        "K" | "k" => 1,
        "M" | "m" => 2,
        "G" | "g" => 3,
        "T" | "t" => 4,
        "P" | "p" => 5,
        _ => return None,
    };
    let bytes = number * 1024_f64.powi(power);
    (bytes < MOST).then_some(bytes as u64)
}

/// An exbibyte: more is a slip.
const MOST: f64 = 1.153e18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("31Gi", Some(31 << 30)),
            ("1.5T", Some(3 << 39)),
            ("12kB", Some(12 << 10)),
            ("7", Some(7)),
            ("-", None),
            ("12%", None),
            ("9e99", None),
        ] {
            assert_eq!(human(text), bytes, "{text}");
        }
    }
}
