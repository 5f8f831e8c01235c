//! Many answers in one file: a terminal log, a ticket, the output of a loop, files joined by
//! `cat`. Every part goes to the dialect that knows it; what none knows is said.

mod class;
mod cutter;
mod replied;
mod several;
#[cfg(test)]
mod tests;
mod unknown;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::model::Address;
use crate::parse::Doubt;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::dbsize;
use crate::parse::heading::Kind;
use crate::parse::heading::filter;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::nproc;
use crate::parse::recognise;
use crate::parse::rowcount;
use crate::text::quote::quote;

pub(super) use class::Class;
pub(super) use class::class;

use cutter::Answer;
use cutter::answers;
use unknown::Unknown;

/// The sections of a file. `None` if it is one answer without a heading that no dialect claims.
pub(super) fn sections<'a>(block: Block<'a>, log: &mut Log) -> Option<Vec<Section<'a>>> {
    let mut answers = answers(block);
    if let [Answer { heading: None, .. }] = &answers[..] {
        let dialect = recognise(block)?;
        return Some((dialect.parse)(block, log));
    }
    several::match_commands(&mut answers, log);
    let mut sections = Vec::new();
    let mut unknown = Unknown::default();
    let mut filter = None;
    let is_file_of_counts = dbsize::is_file(log.path());
    let mut counts = is_file_of_counts;
    for answer in &answers {
        filter = filter_of(answer).unwrap_or(filter);
        counts = counts_keys(answer).map_or(counts, |asked| asked || is_file_of_counts);
        let first = sections.len();
        if let Some(section) = named_count(answer).filter(|_| counts) {
            sections.push(section);
            continue;
        }
        read(answer, &mut sections, &mut unknown, log);
        if let Some((spot, name, is_said)) = &mut filter {
            let found = sections.get_mut(first..).unwrap_or(&mut []);
            if shorten(found) && !std::mem::replace(is_said, true) {
                let message = format!(
                    "what this command showed went through `{name}`: the views below may lack \
                     lines, and do not count as whole"
                );
                let diagnostic = Diagnostic::new(Capture::Filtered, message);
                let diagnostic = diagnostic.help("capture `cluster nodes` without a filter");
                log.at_line(diagnostic, spot.line);
            }
        }
    }
    unknown.say(log);
    let named = answers.iter().any(|a| {
        let heading = a.heading.as_ref();
        heading.is_some_and(|(_, h)| h.of.is_some() && h.kind != Kind::End)
    });
    if !log.names_node() {
        doubt_nameless(&mut sections, named);
    }
    // What is left around answers that are read by themselves need not hold any.
    if sections.is_empty() && !log.is_of_part() {
        log.whole(Diagnostic::new(
            Capture::NoAnswer,
            "no answer in this file can be used",
        ));
    }
    Some(sections)
}

/// The filter behind the command above, until another command or the end of its output; whether
/// it was said.
type Filter<'a> = Option<(Spot<'a>, &'static str, bool)>;

/// What the heading of this answer changes of the filter. A loop has one command for all its
/// answers, which banners tell apart.
fn filter_of<'a>(answer: &Answer<'a>) -> Option<Filter<'a>> {
    let (spot, heading) = answer.heading.as_ref()?;
    match heading.kind {
        Kind::Command => Some(filter(spot.part).map(|name| (*spot, name, false))),
        Kind::Fence | Kind::End => Some(None),
        Kind::Banner | Kind::Bare | Kind::Rule => None,
    }
}

/// Whether the command that this heading shows asks how many keys there are; `None` where it
/// changes nothing, as between the answers of a loop.
fn counts_keys(answer: &Answer) -> Option<bool> {
    let (spot, heading) = answer.heading.as_ref()?;
    match heading.kind {
        Kind::Command => Some(dbsize::is_asked(spot.text)),
        Kind::Fence | Kind::End => Some(false),
        Kind::Banner | Kind::Bare | Kind::Rule => None,
    }
}

/// A number alone below the name of a node.
fn named_count<'a>(answer: &Answer<'a>) -> Option<Section<'a>> {
    let (_, heading) = answer.heading.as_ref()?;
    let is_name = matches!(heading.kind, Kind::Banner | Kind::Bare);
    let of = heading.of.clone().filter(|_| is_name)?;
    let section = dbsize::below_name(answer.body)?;
    Some(Section {
        of: Some(of),
        host: heading.host,
        ..section
    })
}

/// Lines may be missing in each list of nodes; false if there is none.
fn shorten(sections: &mut [Section]) -> bool {
    let mut any = false;
    for section in sections {
        if let Facts::Nodes(dump) = &mut section.facts {
            dump.incomplete = true;
            any = true;
        }
    }
    any
}

/// Where a file tells answers of several nodes apart, those without a name are not of the node
/// that happens to be named nearby.
fn doubt_nameless(sections: &mut [Section], named: bool) {
    let nameless = |s: &Section| s.of.is_none() && s.host.is_none();
    let has_role = |s: &Section| matches!(&s.facts, Facts::Info(pairs) if pairs.iter().any(|p| p.key == "role"));
    let is_state = |s: &Section| matches!(s.facts, Facts::ClusterInfo(_));
    let count = |is: &dyn Fn(&Section) -> bool| {
        let alike = sections.iter().filter(|s| nameless(s));
        alike.filter(|s| is(s)).count()
    };
    let lost = named || count(&has_role) > 1 || count(&is_state) > 1;
    for section in sections.iter_mut().filter(|s| lost && nameless(s)) {
        let of_node = matches!(
            section.facts,
            Facts::Info(_) | Facts::ClusterInfo(_) | Facts::Links(_) | Facts::SlotStats(_)
        );
        if of_node && section.doubt == Doubt::None {
            section.doubt = Doubt::InFile;
        }
    }
}

fn read<'a>(
    answer: &Answer<'a>,
    sections: &mut Vec<Section<'a>>,
    unknown: &mut Unknown<'a>,
    log: &mut Log,
) {
    let body = answer.body;
    let empty = body.text.trim().is_empty();
    let Some((spot, heading)) = &answer.heading else {
        match recognise(body) {
            Some(dialect) => sections.extend((dialect.parse)(body, log)),
            None if empty => {}
            None => unknown::part(body, log),
        }
        return;
    };
    if let Some(name) = heading.bad_name {
        let why = name.parse::<Address>().err().map(|why| why.to_string());
        let message = format!(
            "{} is no address: {}; the answer was skipped",
            quote(name),
            why.unwrap_or_default()
        );
        log.say(Parse::Address, message, *spot);
        return;
    }
    if let Some(dialect) = recognise(body) {
        let found = (dialect.parse)(body, log).into_iter();
        sections.extend(found.map(|s| Section {
            of: s.of.or_else(|| heading.of.clone()),
            host: s.host.or(heading.host),
            doubt: match heading.lost {
                true => Doubt::Everywhere,
                false => s.doubt,
            },
            facts: match s.facts {
                // Whatever it said, it lives.
                Facts::Nothing if heading.of.is_some() => Facts::Pong,
                facts => facts,
            },
            ..s
        }));
        return;
    }
    let number = dbsize::below(spot.text, body, log).or_else(|| nproc::below(spot.text, body));
    if let Some(section) = number {
        sections.push(Section {
            of: heading.of.clone(),
            host: heading.host,
            ..section
        });
        return;
    }
    if let Some(section) = rowcount::below(spot.text, body) {
        sections.push(section);
        return;
    }
    if heading.of.is_some() && replied::is_reply(body) {
        sections.push(Section {
            of: heading.of.clone(),
            host: heading.host,
            ..Section::new(replied::NAME, body, Facts::Pong)
        });
    }
    match (heading.kind, &heading.of) {
        (Kind::Banner | Kind::Bare, Some(of)) if empty => {
            log.say(Capture::EmptyAnswer, format!("{of} gave no answer"), *spot);
        }
        (Kind::Banner | Kind::Bare, Some(of)) => {
            unknown.answer(*spot, of, named_count(answer).is_some());
        }
        (Kind::Rule, _) => {}
        _ if empty => {}
        (Kind::Command | Kind::End, _) => unknown.below_a_command(body),
        _ => unknown::part(body, log),
    }
}
