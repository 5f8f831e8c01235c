//! What a plan minimises, and how far it is proven.

use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::render::table::Side;
use crate::render::table::Table;
use crate::report::Level;
use crate::report::Proof;
use crate::text::words::count;

/// `proven minimal (4 of 4 levels)`, or the first level that is not proven and its gap.
pub(super) fn phrase(levels: &[Level]) -> Option<String> {
    let selected: Vec<&Level> = levels.iter().filter(|l| l.selected).collect();
    let all = selected.len();
    if all == 0 {
        return None;
    }
    // A level is minimal given the ones before it, so only the first gap counts.
    Some(match selected.iter().position(|l| !is_proven(l)) {
        None if selected.iter().any(|l| l.without_moves) => {
            format!("proven minimal without moves ({all} of {all} levels)")
        }
        None => format!("proven minimal ({all} of {all} levels)"),
        Some(index) => {
            let open = selected[index];
            format!(
                "proven minimal for {index} of {}: {} is {}, {}",
                count(all, "level"),
                open.level,
                open.value,
                if open.bound < open.value {
                    format!("only a bound of {} is proven", open.bound)
                } else {
                    "without a proof".to_owned()
                }
            )
        }
    })
}

/// Level by level: before, after, bound, proof.
pub(super) fn table(page: &mut Page, levels: &[Level]) {
    if levels.is_empty() {
        return;
    }
    page.gap();
    page.line(Line::new().put(Ink::Head, "objective"));
    let columns = [
        (Side::Left, "level"),
        (Side::Right, "before"),
        (Side::Right, "after"),
        (Side::Right, "bound"),
        (Side::Left, "proof"),
    ];
    let mut table = Table::new(LABEL, &columns);
    for level in levels {
        let changed = level.before != level.value;
        let proof = match (level.selected, is_proven(level)) {
            (false, _) => "not asked for, only kept from getting worse".to_owned(),
            (true, true) if level.without_moves => {
                format!("{}, without moves", word(level.proof))
            }
            (true, true) => word(level.proof).to_owned(),
            (true, false) => format!("{}, not proven", word(level.proof)),
        };
        table.row([
            (Ink::Plain, level.level.to_string()),
            (Ink::Plain, level.before.to_string()),
            (
                if changed { Ink::Head } else { Ink::Plain },
                level.value.to_string(),
            ),
            (Ink::Plain, level.bound.to_string()),
            (Ink::Plain, proof),
        ]);
    }
    table.write(page);
}

fn is_proven(level: &Level) -> bool {
    level.proof != Proof::None && level.bound >= level.value
}

fn word(proof: Proof) -> &'static str {
    match proof {
        Proof::Flow => "flow",
        Proof::Multipliers => "multipliers",
        Proof::Count => "count",
        Proof::None => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure;
    use crate::render::testing::level;

    #[test]
    fn says_how_far_the_proof_goes() {
        assert_eq!(phrase(&[]), None);
        let mut levels = vec![
            level(measure::Level::Serve, 0, 0),
            level(measure::Level::Home, 3, 3),
            level(measure::Level::Tidy, 1, 1),
        ];
        assert_eq!(phrase(&levels).unwrap(), "proven minimal (3 of 3 levels)");
        levels[1].without_moves = true;
        assert_eq!(
            phrase(&levels).unwrap(),
            "proven minimal without moves (3 of 3 levels)"
        );
        levels[1].bound = 2;
        levels[1].proof = Proof::None;
        assert_eq!(
            phrase(&levels).unwrap(),
            "proven minimal for 1 of 3 levels: home is 3, only a bound of 2 is proven"
        );
        levels[1].selected = false;
        assert_eq!(phrase(&levels).unwrap(), "proven minimal (2 of 2 levels)");
    }
}
