//! The line that says whether the cluster serves.

use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::report::Serves;
use crate::report::State;
use crate::text::clock::utc;
use crate::text::safe::width;
use crate::text::words::count;

/// `state     ok on 6 of 6 · every slot has a live owner · 3 of 3 voters live, 2 needed · …`
pub(super) fn line(page: &mut Page, state: &State) {
    let (ink, parts) = (ink(state), parts(state));
    let mut rows: Vec<String> = Vec::new();
    for part in parts {
        match rows.last_mut() {
            Some(row) if LABEL + width(row) + 3 + width(&part) <= page.look.width => {
                row.push_str(" · ");
                row.push_str(&part);
            }
            Some(_) | None => rows.push(part),
        }
    }
    let mut label = "state";
    for row in rows {
        page.wrapped(Line::new().put(ink, label), LABEL, Ink::Plain, &row);
        label = "";
    }
}

fn ink(state: &State) -> Ink {
    match state.serves {
        Serves::Yes => Ink::Good,
        Serves::Partly | Serves::No => Ink::Error,
        Serves::Unknown => Ink::Warning,
    }
}

fn parts(state: &State) -> Vec<String> {
    let mut parts = vec![said(state)];
    if !state.whole {
        parts.push("the list of nodes is not whole: what is missing proves nothing".to_owned());
    }
    parts.push(match (state.slots_down, state.whole) {
        (0, true) => "every slot has a live owner".to_owned(),
        (0, false) => "every slot has a live owner in what was read".to_owned(),
        (slots, true) => format!("{slots} of 16384 slots down"),
        (16_384, false) => "no live owner of a slot in what was read".to_owned(),
        (slots, false) => format!("no live owner of {slots} of 16384 slots in what was read"),
    });
    if state.slots_contested > 0 {
        let slots = count(state.slots_contested as usize, "slot");
        parts.push(format!("{slots} claimed by more than one"));
    }
    if let Some(majority) = state.majority {
        let lost = if majority { "" } else { "no majority: " };
        let masters = count(state.voters, "voting master");
        let live = if state.voters_live == 1 {
            "lives"
        } else {
            "live"
        };
        parts.push(format!(
            "{lost}{} of {masters} {live}, {} needed",
            state.voters_live, state.voters_needed
        ));
    }
    let any = |hosts: usize| match hosts {
        0 => "no loss of a host".to_owned(),
        1 => "the loss of any host".to_owned(),
        _ => format!("the loss of any {hosts} hosts"),
    };
    parts.extend(
        state
            .host_losses
            .map(|losses| match state.host_losses_by_copies {
                Some(copies) => format!(
                    "survives {} with the memory that hosts have (its copies and votes: {})",
                    any(losses),
                    any(copies)
                ),
                None => format!("survives {}", any(losses)),
            }),
    );
    parts.extend(taken(state));
    parts
}

fn said(state: &State) -> String {
    let State { ok, asked, .. } = *state;
    match asked {
        0 => "not captured (no `cluster info`)".to_owned(),
        _ if ok == asked => format!("ok on {ok} of {asked}"),
        _ if ok == 0 => format!("fail on {asked} of {asked}"),
        _ => format!("ok on {ok} of {asked}, fail on {}", asked - ok),
    }
}

fn taken(state: &State) -> Option<String> {
    let (from, until) = (state.taken_ms?, state.taken_until_ms?);
    let seconds = until.saturating_sub(from).div_ceil(1000);
    let over = match seconds {
        0 | 1 => String::new(),
        2..=119 => format!(" over {}", count(seconds as usize, "second")),
        _ => format!(" over {}", count(seconds.div_ceil(60) as usize, "minute")),
    };
    Some(format!("taken {}{over}", utc(from)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::style::Look;
    use crate::render::testing;

    fn text(state: &State) -> String {
        let mut page = Page::new(Look::default());
        line(&mut page, state);
        page.finish()
    }

    #[test]
    fn what_serves_is_one_line() {
        assert_eq!(
            text(&testing::state()),
            "state     ok on 6 of 6 · every slot has a live owner · 3 of 3 voting masters live, 2 needed\n\
             \x20         survives the loss of any host\n"
        );
    }

    #[test]
    fn what_is_down_is_said_first_and_of_when_it_is_last() {
        let state = State {
            serves: Serves::No,
            ok: 0,
            asked: 4,
            slots_down: 10922,
            voters_live: 1,
            majority: Some(false),
            host_losses: None,
            taken_ms: Some(1_795_213_334_123),
            taken_until_ms: Some(1_795_213_336_125),
            ..testing::state()
        };
        assert_eq!(
            text(&state),
            "state     fail on 4 of 4 · 10922 of 16384 slots down\n\
             \x20         no majority: 1 of 3 voting masters lives, 2 needed\n\
             \x20         taken 2026-11-20 22:22:14 UTC over 3 seconds\n"
        );
    }

    #[test]
    fn a_list_that_is_not_whole_says_so() {
        let state = State {
            serves: Serves::Unknown,
            asked: 0,
            ok: 0,
            majority: None,
            host_losses: None,
            whole: false,
            ..testing::state()
        };
        let text = text(&state);
        assert!(
            text.starts_with("state     not captured (no `cluster info`)"),
            "{text}"
        );
        assert!(text.contains("not whole"), "{text}");
        assert!(
            text.contains("every slot has a live owner in what was read"),
            "{text}"
        );
    }
}
