//! Moments as messages spell them, and as people type them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::text::quote::quote;

/// A text that is no moment.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0} is no date; write `2027-03-31`, `2027-03-31 14:00` (UTC) or `2027-03-31T14:00:00+02:00`"
)]
pub struct NoMoment(String);

/// Unix milliseconds of a typed moment; a day is its beginning, and without an offset it is UTC.
pub fn moment(text: &str) -> Result<u64, NoMoment> {
    typed(text, 0)
}

/// As [`moment`]; a day is its end, as in `until`.
pub fn end(text: &str) -> Result<u64, NoMoment> {
    typed(text, 86_400_000)
}

/// `of_day`: what is added to the beginning of a day that was typed without a time.
fn typed(text: &str, of_day: u64) -> Result<u64, NoMoment> {
    // As long as `2027-03-31`: a moment's first part is a date, too.
    const DAY: usize = 10;
    let text = text.trim();
    let utc = |civil: DateTime| civil.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
    let moment = if text.len() == DAY {
        let day = text.parse::<Date>().ok();
        day.and_then(|day| utc(day.at(0, 0, 0, 0)))
    } else {
        let exact = text.parse::<Timestamp>().ok();
        exact.or_else(|| text.parse::<DateTime>().ok().and_then(utc))
    };
    let ms = moment.and_then(|m| u64::try_from(m.as_millisecond()).ok());
    let ms = ms.ok_or_else(|| NoMoment(quote(text)))?;
    Ok(if text.len() == DAY { ms + of_day } else { ms })
}

/// `2026-11-30 17:02:11 UTC`, of unix milliseconds.
pub fn utc(unix_ms: u64) -> String {
    let seconds = unix_ms / 1000;
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Year, month and day of the Gregorian calendar, so many days after the start of 1970.
fn date(days: u64) -> (u64, u64, u64) {
    // Years are counted from March, so that the day that comes and goes is the last one.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, turned) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + turned, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_type_them() {
        for (text, said) in [
            ("2026-11-30", "2026-11-30 00:00:00 UTC"),
            ("2026-11-30 14:00", "2026-11-30 14:00:00 UTC"),
            ("2026-11-30T14:00:30", "2026-11-30 14:00:30 UTC"),
            ("2026-11-30T14:00:00Z", "2026-11-30 14:00:00 UTC"),
            ("2026-11-30T14:00:00+02:00", "2026-11-30 12:00:00 UTC"),
        ] {
            assert_eq!(moment(text).map(utc).as_deref(), Ok(said), "{text}");
        }
        assert_eq!(
            end("2026-11-30").map(utc).unwrap(),
            "2026-12-01 00:00:00 UTC"
        );
        assert_eq!(end("2026-11-30 14:00"), moment("2026-11-30 14:00"));
        for bad in ["", "tomorrow", "2026-13-01", "1960-01-01", "30.11.2026"] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn days_of_all_kinds_of_years() {
        for (ms, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399_000, "2000-02-28 23:59:59 UTC"),
            (951_782_400_000, "2000-02-29 00:00:00 UTC"),
            (951_868_800_000, "2000-03-01 00:00:00 UTC"),
            (1_795_213_334_123, "2026-11-20 22:22:14 UTC"),
            (4_107_542_399_999, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400_000, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(utc(ms), text);
        }
    }
}
