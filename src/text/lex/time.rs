//! Dates and times, as logs, chats and shells write them: told by their look.

const NAMES: [&str; 19] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Mon",
    "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
];

/// `Nov`, `10:00:01`, `2026-11-20T10:00:00.123Z`, `2026/11/20`: a word of a date or a time.
pub fn is_time(word: &str) -> bool {
    const LONGEST: usize = 40;
    NAMES.contains(&word)
        || (begins_with_clock(word) || begins_with_date(word)) && word.len() < LONGEST
}

/// `10:00:01`, and what stands behind it.
fn begins_with_clock(word: &str) -> bool {
    matches(word, "00:00:00")
}

/// `2026-11-20` or `2026/11/20`, and what stands behind it.
fn begins_with_date(word: &str) -> bool {
    matches(word, "0000-00-00") || matches(word, "0000/00/00")
}

/// The word begins as `form` does, whose zeros stand for any digit.
fn matches(word: &str, form: &str) -> bool {
    word.len() >= form.len()
        && word
            .bytes()
            .zip(form.bytes())
            .all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                mark => byte == mark,
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_by_their_look() {
        for time in [
            "Nov",
            "10:00:01",
            "10:00:01.123,",
            "2026-11-20T10:00:00.123Z",
            "2026/11/20",
        ] {
            assert!(is_time(time), "{time}");
        }
        for other in ["", "November", "10.0.0.1:7000", "10:00", "20", "2026-1-2"] {
            assert!(!is_time(other), "{other}");
        }
    }
}
