//! Sizes as tools of a host print them: with a unit behind the number, or in blocks.

use nom::IResult;
use nom::Parser;
use nom::bytes::complete::take_while1;
use nom::character::complete::one_of;
use nom::combinator::all_consuming;
use nom::combinator::map_res;
use nom::combinator::opt;
use nom::sequence::terminated;

/// `31Gi`, `1.7T`, `503M`, `12K`, `0`; powers of 1024. `None` for anything else.
pub(super) fn human(text: &str) -> Option<u64> {
    let (_, (number, power)) = all_consuming(size).parse(text.trim()).ok()?;
    let bytes = number * 1024_f64.powi(power);
    (bytes < MOST).then_some(bytes as u64)
}

/// A number, and to which power of 1024 its unit is.
fn size(text: &str) -> IResult<&str, (f64, i32)> {
    terminated((number, power), (opt(one_of("iI")), opt(one_of("Bb")))).parse(text)
}

/// Some languages write a comma.
fn number(text: &str) -> IResult<&str, f64> {
    let digits = take_while1(|c: char| c.is_ascii_digit() || c == '.' || c == ',');
    map_res(digits, |digits: &str| digits.replace(',', ".").parse()).parse(text)
}

fn power(text: &str) -> IResult<&str, i32> {
    const UNITS: &str = "KMGTP";
    let unit = opt(one_of("KMGTPkmgtp"));
    let power = |unit: Option<char>| {
        let place = unit.and_then(|unit| UNITS.find(unit.to_ascii_uppercase()));
        place.map_or(0, |place| place as i32 + 1)
    };
    unit.map(power).parse(text)
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
