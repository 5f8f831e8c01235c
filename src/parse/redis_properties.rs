//! `redis.properties` of flashbase: a bash file whose port lists tell the initial roles.

use nom::IResult;
use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::character::complete::i64 as number;
use nom::character::complete::space0;
use nom::character::complete::space1;
use nom::combinator::all_consuming;
use nom::combinator::opt;
use nom::sequence::delimited;
use nom::sequence::preceded;

use crate::diagnostic::Parse;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Properties;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::text::quote::quote;

pub(super) static DIALECT: Dialect = Dialect {
    name: "redis-properties",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    // The file may begin with pages of comments.
    let may_be = |line: &str| line.starts_with('#') || line.starts_with("export ");
    head.lines().any(may_be) && head.raw_lines().any(is_export)
}

fn is_export(line: &str) -> bool {
    line.trim_start()
        .strip_prefix("export SR2_REDIS_MASTER_")
        .is_some_and(|rest| rest.contains('='))
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let mut properties = Properties::default();
    let (mut master_ports, mut replica_ports) = (Some(Vec::new()), Some(Vec::new()));
    for setting in settings(block) {
        // The last export of a name counts, as in bash.
        match setting.name {
            "SR2_REDIS_MASTER_HOSTS" => properties.master_hosts = hosts(&setting, log),
            "SR2_REDIS_SLAVE_HOSTS" => properties.replica_hosts = hosts(&setting, log),
            "SR2_REDIS_MASTER_PORTS" => master_ports = ports(&setting, log),
            "SR2_REDIS_SLAVE_PORTS" => replica_ports = ports(&setting, log),
            "SSD_COUNT" => {
                let count = ports(&setting, log).unwrap_or_default();
                properties.disk_count = count.first().copied();
            }
            "SR2_REDIS_DATA" => {
                let word = words(setting.value).next().map(unquote);
                properties.data = word.filter(|w| !w.is_empty()).map(str::to_owned);
            }
            _ => {}
        }
    }
    // With a part of one list, the roles and the number of replicas would be others.
    if let (Some(masters), Some(replicas)) = (master_ports, replica_ports) {
        properties.master_ports = masters;
        properties.replica_ports = replicas;
    }
    vec![Section::new(
        DIALECT.name,
        block,
        Facts::Properties(properties),
    )]
}

/// `export NAME=value` or `export NAME=( … )`, the latter over as many lines as it takes.
struct Setting<'a> {
    name: &'a str,
    value: &'a str,
    line: u32,
    text: &'a str,
}

impl<'a> Setting<'a> {
    fn spot(&self, part: &'a str) -> Spot<'a> {
        Spot {
            line: self.line,
            text: self.text,
            part,
        }
    }
}

fn settings(block: Block<'_>) -> Vec<Setting<'_>> {
    let mut settings = Vec::new();
    let mut start = 0;
    for (line, text) in (block.first_line..).zip(block.text.split_inclusive('\n')) {
        // Comments and the `[[export]]` of disabled lines do not begin so.
        let export = text.trim_start().strip_prefix("export ");
        if let Some((name, value)) = export.and_then(|t| t.split_once('=')) {
            let from = start + text.len() - value.len();
            let rest = block.text.get(from..).unwrap_or(value);
            let value = match rest.starts_with('(') {
                true => list(rest).unwrap_or(value),
                false => value,
            };
            settings.push(Setting {
                name: name.trim(),
                value: value.trim(),
                line,
                text: text.trim_end(),
            });
        }
        start += text.len();
    }
    settings
}

/// What stands between the outer parentheses at the start of `text`.
fn list(text: &str) -> Option<&str> {
    // A list that never ends must not cost the length of the file for every line.
    const LONGEST: usize = 64 * 1024;
    let mut depth = 0_u32;
    for (index, byte) in text.bytes().enumerate().take(LONGEST) {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 1 => return text.get(1..index),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn unquote(word: &str) -> &str {
    word.trim_matches(['"', '\'', ','])
}

/// Where a list of hosts or ports may end at most: bash would take hours for more.
const WORDS_MAX: usize = u16::MAX as usize;

/// None at all if one cannot be read: a part of the list would say of the other nodes that they
/// are on none of its hosts.
fn hosts(setting: &Setting, log: &mut Log) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    let mut whole = true;
    for word in words(setting.value).map(unquote).filter(|w| !w.is_empty()) {
        match host_range(word) {
            Some((before, (first, last), after)) => {
                hosts.extend((first..=last).map(|n| format!("{before}{n}{after}")));
            }
            None if word.contains(['$', '`', '{', '(']) => {
                whole = false;
                let message = format!("{} is no host; the list was not used", quote(word));
                log.say(Parse::Host, message, setting.spot(word));
            }
            None => hosts.push(word.to_owned()),
        }
        hosts.truncate(WORDS_MAX);
    }
    if whole { hosts } else { Vec::new() }
}

/// `192.168.111.{201..203}`
fn host_range(word: &str) -> Option<(&str, (u16, u16), &str)> {
    let (before, rest) = word.split_at(word.find('{')?);
    let (after, (first, last)) = braces(rest).ok()?;
    Some((
        before,
        (first.try_into().ok()?, last.try_into().ok()?),
        after,
    ))
}

/// `None` if one of them cannot be read.
fn ports(setting: &Setting, log: &mut Log) -> Option<Vec<u16>> {
    let mut ports = Vec::new();
    let mut whole = true;
    for word in words(setting.value) {
        match range(word) {
            Some((first, step, last)) => ports.extend((first..=last).step_by(step)),
            None => {
                whole = false;
                let message = format!(
                    "{} is no number and no range; the list was not used",
                    quote(word)
                );
                log.say(Parse::Port, message, setting.spot(word));
            }
        }
        ports.truncate(WORDS_MAX);
    }
    whole.then_some(ports)
}

/// First, step and last of a word.
fn range(word: &str) -> Option<(u16, usize, u16)> {
    let single = |word| {
        let mut number = all_consuming(number::<_, nom::error::Error<&str>>);
        number.parse(word).map(|(_, n)| (n, 1, n))
    };
    let one = |(first, last)| (first, 1, last);
    let (first, step, last) = all_consuming(seq)
        .parse(word)
        .map(|(_, range)| range)
        .or_else(|_| all_consuming(braces).parse(word).map(|(_, r)| one(r)))
        .or_else(|_| single(unquote(word)))
        .ok()?;
    let step = usize::try_from(step).ok().filter(|step| *step > 0)?;
    Some((first.try_into().ok()?, step, last.try_into().ok()?))
}

/// People write `//` where bash wants `#`.
fn is_comment(word: &str) -> bool {
    word.starts_with('#') || word.starts_with("//")
}

/// The words of a value, without the comments at the ends of its lines.
fn words(value: &str) -> impl Iterator<Item = &str> {
    value.lines().flat_map(|line| {
        let mut rest = line;
        std::iter::from_fn(move || next_word(&mut rest))
    })
}

/// A word of a bash list; `$( … )` and `` ` … ` `` are one.
fn next_word<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let text = rest.trim_start();
    let blank = text.find(char::is_whitespace).unwrap_or(text.len());
    let closing = |open: &str, close: char| {
        let inner = text.strip_prefix(open)?;
        Some(inner.find(close)? + open.len() + 1)
    };
    let end = closing("$(", ')')
        .or_else(|| closing("`", '`'))
        .unwrap_or(blank);
    let (word, after) = text.split_at_checked(end)?;
    *rest = after;
    (!word.is_empty() && !is_comment(word)).then_some(word)
}

/// `$(seq 18100 18104)`, or with a step: `` `seq 18100 2 18104` ``
fn seq(input: &str) -> IResult<&str, (i64, i64, i64)> {
    let open = alt((tag("$("), tag("`")));
    let close = alt((tag(")"), tag("`")));
    let (rest, (_, _, _, _, first, second, third, _, _)) = (
        open,
        space0,
        tag("seq"),
        space1,
        number,
        preceded(space1, number),
        opt(preceded(space1, number)),
        space0,
        close,
    )
        .parse(input)?;
    Ok(match third {
        Some(last) => (rest, (first, second, last)),
        None => (rest, (first, 1, second)),
    })
}

/// `{18100..18104}`
fn braces(input: &str) -> IResult<&str, (i64, i64)> {
    delimited(tag("{"), (number, preceded(tag(".."), number)), tag("}")).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    #[test]
    fn reads_lists_as_bash_would() {
        let text = "#!/bin/bash\n\
            ## Master hosts and ports\n\
            # export SR2_REDIS_MASTER_HOSTS=( \"10.9.9.9\" )\n\
            export SR2_REDIS_MASTER_HOSTS=( \"10.0.0.1\" '10.0.0.2' )\n\
            export SR2_REDIS_MASTER_PORTS=( $(seq 18100 18102) 18110 )\n\
            \x20 export SR2_REDIS_SLAVE_HOSTS=( 10.0.1.{8..9} )\n\
            [[export]] SR2_REDIS_SLAVE_HOSTS=( \"10.0.0.3\" )\n\
            export SR2_REDIS_SLAVE_PORTS=( {18150..18151} # two\n  `seq 18160 2 18163` )\n\
            export SSD_COUNT=3 // of every host\n\
            export SR2_REDIS_DATA=\"/ssd_\" # and a number\n";
        let source = Source::new("redis.properties", text.into(), String::new());
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, []);
        let Facts::Properties(properties) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        assert_eq!(
            *properties,
            Properties {
                master_hosts: vec!["10.0.0.1".into(), "10.0.0.2".into()],
                master_ports: vec![18100, 18101, 18102, 18110],
                replica_hosts: vec!["10.0.1.8".into(), "10.0.1.9".into()],
                replica_ports: vec![18150, 18151, 18160, 18162],
                disk_count: Some(3),
                data: Some("/ssd_".into()),
            }
        );
    }

    #[test]
    fn says_which_port_it_cannot_read() {
        let text = "export SR2_REDIS_MASTER_PORTS=( $(seq 1 99999999) x 7000 )\n";
        let source = Source::new("redis.properties", text.into(), String::new());
        let parsed = parse_file(&source);
        let columns: Vec<_> = parsed
            .diagnostics
            .iter()
            .filter_map(|d| d.place.as_ref().map(|p| (d.code, p.column)))
            .collect();
        assert_eq!(
            columns,
            [(Parse::Port.code(), 33), (Parse::Port.code(), 51)]
        );
    }

    #[test]
    fn a_part_of_a_list_is_none() {
        let text = "export SR2_REDIS_MASTER_HOSTS=( \"${H[@]}\" )\n\
            export SR2_REDIS_SLAVE_HOSTS=( 10.0.0.1 )\n\
            export SR2_REDIS_MASTER_PORTS=( 7000 $(seq 7001 $E) )\n\
            export SR2_REDIS_SLAVE_PORTS=( 7100 )\n";
        let source = Source::new("redis.properties", text.into(), String::new());
        let parsed = parse_file(&source);
        let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, [Parse::Host, Parse::Port]);
        let Facts::Properties(properties) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        let expected = Properties {
            replica_hosts: vec!["10.0.0.1".into()],
            ..Properties::default()
        };
        assert_eq!(*properties, expected);
    }
}
