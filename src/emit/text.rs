//! Free text and values as a script may hold them.

/// Longest free text that goes into a script.
const LONGEST: usize = 600;

/// One line of printable ASCII: white space becomes a blank, whatever a shell or a terminal
/// could obey becomes `?` (a backtick a quote), and what is too long is cut.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .take(LONGEST)
        .map(|c| match c {
            c if c.is_whitespace() => ' ',
            // Inert in single quotes and in comments, but a reader who copies them has them run.
            '`' => '"',
            '×' => 'x',
            '$' | '\\' => '?',
            ' '..='~' => c,
            _ => '?',
        })
        .collect()
}

/// A time in unix seconds as `2026-11-20 22:22:32Z`.
pub(super) fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years are counted from March, so that a leap day is the last of its year, and in runs of 400.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (of_month, month) = (day - (153 * month + 2) / 5 + 1, month % 12 + 3);
    let (month, year) = if month > 12 {
        (month - 12, year + 1)
    } else {
        (month, year)
    };
    let year = year + 400 * era;
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{of_month:02} {hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_what_date_prints() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00Z"),
            (951_782_399, "2000-02-28 23:59:59Z"),
            (951_782_400, "2000-02-29 00:00:00Z"),
            (951_868_800, "2000-03-01 00:00:00Z"),
            (1_735_689_599, "2024-12-31 23:59:59Z"),
            (1_795_213_352, "2026-11-20 22:22:32Z"),
            (4_107_542_399, "2100-02-28 23:59:59Z"),
            (4_107_542_400, "2100-03-01 00:00:00Z"),
        ] {
            assert_eq!(utc(seconds), text);
        }
    }

    #[test]
    fn leaves_nothing_to_obey() {
        assert_eq!(
            one_line("a\nb\r\tc\u{1b}[31m$(x) `y` \u{202e}é"),
            "a b  c?[31m?(x) \"y\" ??"
        );
        assert_eq!(one_line(&"x".repeat(10_000)).len(), LONGEST);
    }
}
