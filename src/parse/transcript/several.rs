//! Whose the answers below commands are, where several commands were typed before them.

use crate::diagnostic::Capture;
use crate::model::Address;
use crate::parse::heading::Asked;
use crate::parse::heading::Kind;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::recognise;
use crate::parse::transcript::cutter::Answer;

/// Gives every answer to the node that was asked for it; where that is not certain, to none.
pub(super) fn match_commands(answers: &mut [Answer], log: &mut Log) {
    let mut pending: Vec<Asked> = Vec::new();
    let line_of = |a: &Answer| a.heading.as_ref().map(|(spot, _)| spot.line);
    for group in answers.chunk_by_mut(|a, b| line_of(a).is_some() && line_of(a) == line_of(b)) {
        let Some((spot, heading)) = group.first().and_then(|a| a.heading.clone()) else {
            pending.clear();
            continue;
        };
        if heading.kind != Kind::Command || heading.asked.is_empty() {
            pending.clear();
            continue;
        }
        if group.iter().all(|a| a.body.text.trim().is_empty()) {
            pending.extend(heading.asked.into_iter().filter(|a| !a.silent));
            continue;
        }
        let all: Vec<Asked> = pending.drain(..).chain(heading.asked.clone()).collect();
        settle(group, &heading.asked, &all, spot, log);
    }
}

fn settle(group: &mut [Answer], here: &[Asked], all: &[Asked], spot: Spot, log: &mut Log) {
    let only = |asked: &[Asked]| {
        let first = asked.first().and_then(|a| a.of.clone())?;
        asked
            .iter()
            .all(|a| a.of.as_ref() == Some(&first))
            .then_some(first)
    };
    let told: Vec<(usize, &'static str)> = group
        .iter()
        .enumerate()
        .filter_map(|(index, a)| Some((index, recognise(a.body)?.name)))
        .collect();
    // One command typed, one answer below it: however many were typed before, that is its own.
    let lone = here.len() == 1 && (told.len() < 2 || all.len() == 1);
    if all.len() > 1 && !lone && fits(all, &told) && only(all).is_none() {
        for (asked, (index, _)) in all.iter().zip(&told) {
            if let Some(answer) = group.get_mut(*index) {
                give(answer, asked.of.clone(), true);
            }
        }
        return;
    }
    let of = match lone {
        true => here.first().and_then(|a| a.of.clone()),
        false => only(all),
    };
    group
        .iter_mut()
        .for_each(|answer| give(answer, of.clone(), !lone));
    if of.is_none() && !lone && !told.is_empty() {
        let message = format!(
            "{} commands stand before {} answers: nobody can say for certain whose they are; they are given to none of the nodes",
            all.len(),
            told.len()
        );
        log.say(Capture::AnswerOfUnknownNode, message, spot);
    }
}

/// As many answers as commands, and each of the kind that was asked for.
fn fits(asked: &[Asked], told: &[(usize, &'static str)]) -> bool {
    let pairs = || asked.iter().zip(told);
    asked.len() == told.len()
        && pairs().all(|(asked, (_, dialect))| {
            let failed = ["unreachable", "error-reply"].contains(dialect);
            failed || asked.answer.is_none_or(|answer| answer == *dialect)
        })
}

fn give(answer: &mut Answer, of: Option<Address>, lost: bool) {
    if let Some((_, heading)) = &mut answer.heading {
        heading.lost = lost && of.is_none();
        heading.of = of;
    }
}
