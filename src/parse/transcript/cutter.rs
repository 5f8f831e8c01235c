//! Where one answer ends and the next begins.

use std::collections::BTreeSet;

use crate::parse::block::Block;
use crate::parse::block::is_between;
use crate::parse::block::is_noise;
use crate::parse::cluster_check;
use crate::parse::config_get;
use crate::parse::head::Head;
use crate::parse::heading::Heading;
use crate::parse::heading::Kind;
use crate::parse::heading::heading;
use crate::parse::heading::prose;
use crate::parse::heading::title;
use crate::parse::log::Spot;
use crate::parse::node_line::is_plain_node;
use crate::parse::pairs::pair;
use crate::parse::recognise;
use crate::parse::transcript::class::Class;
use crate::parse::transcript::class::class;

/// A stretch of a file that one program wrote, and what stands above it.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    pub heading: Option<(Spot<'a>, Heading<'a>)>,
    pub body: Block<'a>,
}

/// Cuts before every heading, and where one kind of answer follows another without one.
pub(super) fn answers(block: Block<'_>) -> Vec<Answer<'_>> {
    let mut cutter = Cutter {
        block,
        answers: Vec::new(),
        heading: None,
        start: 0,
        first_line: block.first_line,
        class: None,
        ended: false,
        run: None,
        asked: 0,
        several: false,
        seen: BTreeSet::new(),
    };
    let mut at = 0;
    let mut fenced = false;
    // Behind the last address that stood alone.
    let mut behind_bare = None;
    for (line, text) in (block.first_line..).zip(block.text.split_inclusive('\n')) {
        let end = at + text.len();
        // Nearly every line of a capture is one of these.
        if cutter.class == Some(Class::Nodes)
            && !cutter.ended
            && cutter.run.is_none()
            && !cutter.several
            && is_plain_node(text)
        {
            at = end;
            continue;
        }
        let bare = text.trim_end_matches(['\r', '\n']);
        let below = block.text.get(end..).unwrap_or("");
        let found = heading(bare).filter(|found| {
            let is_bare = found.kind == Kind::Bare;
            let listed = is_bare && behind_bare.replace(end) == Some(at);
            // In a list of addresses none is a heading.
            !is_bare || leads(below).is_some_and(|(_, apart)| !(apart && listed))
        });
        let found = found.or_else(|| spoken(bare, below, fenced));
        match found.or_else(|| titled(bare, below)) {
            Some(found) => {
                fenced ^= found.kind == Kind::Fence;
                cutter.finish(at, line);
                let rest = found.rest.map_or(end, |rest| end_before(text, rest, at));
                cutter.open(line, bare, found, rest);
            }
            None => cutter.line(at, line, bare),
        }
        at = end;
    }
    cutter.finish(block.text.len(), u32::MAX);
    cutter.answers
}

/// The class of the answer that begins with `rest`, and whether something stands between. Only
/// what every node prints is held to belong to a heading further up.
fn leads(rest: &str) -> Option<(Class, bool)> {
    const BETWEEN: usize = 5;
    let mut lines = rest.lines().take(BETWEEN).enumerate();
    let (index, line) = lines.find(|(_, line)| !is_between(line))?;
    let of_node = |class| matches!(class, Class::Nodes | Class::Info | Class::ClusterInfo);
    let (class, _) = class(line)?;
    (index == 0 || of_node(class)).then_some((class, index > 0))
}

/// The title of the answer that begins with `rest`.
fn titled<'a>(text: &'a str, rest: &str) -> Option<Heading<'a>> {
    let found = title(text).filter(|_| class(text).is_none())?;
    let (class, apart) = leads(rest)?;
    // A path may be the value of a parameter, with whatever was asked for behind it.
    (class == Class::Nodes || apart).then_some(found)
}

/// The sentence above the answer that begins with `rest`.
fn spoken<'a>(text: &'a str, rest: &str, fenced: bool) -> Option<Heading<'a>> {
    let is_mark = |b: u8| b == b':';
    if fenced || text.len() > 300 || !text.contains(' ') || !text.bytes().any(is_mark) {
        return None;
    }
    let next = rest.lines().take(3).find(|line| !line.trim().is_empty())?;
    match heading(next).map(|found| found.kind) {
        Some(Kind::Fence) => prose(text, true),
        None => {
            let next = rest.lines().next()?;
            class(next).and_then(|_| prose(text, false))
        }
        Some(_) => None,
    }
}

/// Where `rest`, a slice of `text`, begins in the block.
fn end_before(text: &str, rest: &str, at: usize) -> usize {
    at + (rest.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// Stretches of one file that the dialects are asked about; more have no file of an operator.
const ASKED_MAX: u32 = 20_000;

/// As many lines of prose belong to the view above or below them; more are something else.
const REMARK: u32 = 2;

/// Lines in a row that no class knows.
#[derive(Clone, Copy)]
struct Run {
    at: usize,
    line: u32,
    /// Of those that say something.
    count: u32,
    /// Its length when a line below it was last found to be a part of it: a pair, and one of a
    /// node that does not answer.
    went_on: [usize; 2],
}

/// To what lines belong that no class knows.
enum Bond {
    /// To the answer above, or to that which begins below if there is none.
    Above,
    /// The line below them belongs to them.
    Below,
    /// They are an answer of their own.
    None,
}

struct Cutter<'a> {
    block: Block<'a>,
    answers: Vec<Answer<'a>>,
    heading: Option<(Spot<'a>, Heading<'a>)>,
    /// Byte and line at which the present answer begins.
    start: usize,
    first_line: u32,
    /// Of the last line that has one.
    class: Option<Class>,
    /// The next line of this kind is that of another answer: `CLUSTER INFO` or `INFO` has
    /// begun, or the `vars` line behind the nodes of a file on disk has come.
    ended: bool,
    /// Below that line.
    run: Option<Run>,
    asked: u32,
    /// Several commands were typed before these answers.
    several: bool,
    /// Lines of the present answer that it has once only.
    seen: BTreeSet<String>,
}

impl<'a> Cutter<'a> {
    /// Ends the present answer before the byte `at` of line `line`.
    fn cut(&mut self, at: usize, line: u32) {
        let text = self.block.text.get(self.start..at).unwrap_or("");
        let body = Block {
            text,
            first_line: self.first_line,
        };
        let first = self.answers.is_empty();
        // Blank lines before the first heading are no answer; an empty file is one.
        if self.heading.is_some() || !text.trim().is_empty() || first && line == u32::MAX {
            self.answers.push(Answer {
                heading: self.heading.clone(),
                body,
            });
        }
        self.start = at;
        self.first_line = line;
        self.class = None;
        self.ended = false;
        self.run = None;
        self.seen.clear();
    }

    /// Ends the present answer, and cuts off before it what stands below its last known line and
    /// is none of it.
    fn finish(&mut self, at: usize, line: u32) {
        if let (Some(run), Some(class)) = (self.run, self.class) {
            let own = self.is_answer(run, at) || is_left_over(class, run);
            if own {
                self.cut(run.at, run.line);
            }
        }
        self.cut(at, line);
    }

    /// Begins the answer below a heading, or behind it on its own line.
    fn open(&mut self, line: u32, text: &'a str, found: Heading<'a>, start: usize) {
        self.first_line = if found.rest.is_some() { line } else { line + 1 };
        self.start = start;
        let spot = Spot {
            line,
            text,
            part: text.trim(),
        };
        let rest = found.rest;
        let waits = |a: &Answer| {
            let asks = a.heading.as_ref().is_some_and(|(_, h)| !h.asked.is_empty());
            asks && a.body.text.trim().is_empty()
        };
        let ahead = self.answers.last().is_some_and(waits);
        self.several = found.asked.len() > 1 || ahead && !found.asked.is_empty();
        if found.kind == Kind::Fence
            && let Some(Answer { heading, body }) = self.answers.last()
            && body.text.trim().is_empty()
            && heading.is_some()
        {
            // The heading above an opening fence is that of the answer in it.
            self.heading = self.answers.pop().and_then(|a| a.heading);
        } else {
            self.heading = Some((spot, found));
        }
        if let Some(rest) = rest {
            self.line(start, line, rest);
        }
    }

    fn line(&mut self, at: usize, line: u32, text: &str) {
        let Some((class, begins)) = class(text).or_else(|| self.goes_on(text)) else {
            self.unknown(at, line, text);
            return;
        };
        // INFO has keys of that family, too, and may get more.
        if class == Class::ClusterInfo && !begins && self.class == Some(Class::Info) {
            return;
        }
        if let Some(run) = self.run.take() {
            let length = at - run.at;
            let told = usize::from(class == Class::NoAnswer);
            // It hardly grew, and to ask again costs its whole length.
            let goes_on = class == Class::NoAnswer
                || matches!(class, Class::Info | Class::ClusterInfo) && !begins;
            let hardly = goes_on && length < run.went_on[told].saturating_mul(2);
            let bond = match hardly {
                true => Bond::Below,
                false => self.bond(run, at, class, begins),
            };
            match bond {
                Bond::Above => {}
                Bond::Below => {
                    let mut run = run;
                    if !hardly {
                        run.went_on[told] = length;
                    }
                    self.run = Some(run);
                    return;
                }
                Bond::None => {
                    if self.class.is_some() {
                        self.cut(run.at, run.line);
                    }
                    self.cut(at, line);
                }
            }
        }
        let again = if class == Class::Nodes {
            !begins
        } else {
            begins && !self.asks_on(class, at)
        };
        let again = self.ended && again || self.begins_anew(class, begins, text);
        if self.class.is_some_and(|known| known != class) || again {
            self.cut(at, line);
        }
        if let Some(mark) = self.mark(class, text) {
            self.seen.insert(mark);
        }
        // A server reads the `vars` line wherever it stands, but writes it last.
        self.ended |= begins && (class != Class::Nodes || self.class == Some(class));
        self.class = Some(class);
    }

    /// The line is one that the present answer has already, and no answer has twice.
    fn begins_anew(&self, class: Class, begins: bool, text: &str) -> bool {
        let again = self
            .mark(class, text)
            .is_some_and(|mark| self.seen.contains(&mark));
        let alone = match class {
            Class::Pong | Class::NoAnswer => self.class == Some(class),
            Class::Numbered | Class::Json => begins && self.ended,
            Class::Nodes | Class::Info | Class::ClusterInfo => false,
        };
        again || self.several && alone
    }

    /// What tells two answers of one kind apart.
    fn mark(&self, class: Class, text: &str) -> Option<String> {
        const LONGEST: usize = 60;
        let text = text.trim_start();
        let mark = match class {
            Class::Info if text.starts_with("# ") => text.trim_end(),
            Class::Info if text.starts_with("role:") => "role:",
            Class::Nodes if self.several => text.split_whitespace().next()?,
            Class::Nodes
            | Class::Info
            | Class::ClusterInfo
            | Class::Pong
            | Class::NoAnswer
            | Class::Numbered
            | Class::Json => return None,
        };
        (mark.len() <= LONGEST).then(|| mark.to_owned())
    }

    /// The line of a JSON document that somebody spread over several.
    fn goes_on(&self, text: &str) -> Option<(Class, bool)> {
        let inside = text.starts_with([' ', '\t', ']', '}', ',', '"']);
        (self.class == Some(Class::Json) && self.run.is_none() && inside)
            .then_some((Class::Json, false))
    }

    fn unknown(&mut self, at: usize, line: u32, text: &str) {
        let of_family = matches!(self.class, Some(Class::Info | Class::ClusterInfo));
        if is_noise(text) || of_family && self.run.is_none() && pair(text.trim()).is_some() {
            return;
        }
        let run = self.run.get_or_insert(Run {
            at,
            line,
            count: 0,
            went_on: [0; 2],
        });
        run.count += 1;
    }

    /// To what the lines of `run` belong, which end at `end` before a line of `class`.
    fn bond(&mut self, run: Run, end: usize, class: Class, begins: bool) -> Bond {
        let is_pairs = matches!(class, Class::Info | Class::ClusterInfo);
        let alone = match self.class {
            // Nobody can be lost behind lines that another dialect claims.
            None if class == Class::Nodes => run.count > REMARK || self.is_answer(run, end),
            // A line of one word in a view may be what is left of a node.
            Some(Class::Nodes) if class == Class::Nodes => {
                run.count > 1 && self.is_answer(run, end)
            }
            Some(before) if before == class => false,
            Some(before) => self.is_answer(run, end) || is_left_over(before, run),
            None => self.is_answer(run, end),
        };
        let of_report = class == Class::NoAnswer
            && (cluster_check::DIALECT.sniff)(&Head::of(self.block_of(run, end)));
        match alone {
            // A report says whom it could not reach.
            true if of_report => Bond::Below,
            // The value of a parameter may look like anything.
            true if self.class.is_none() && is_pairs && !begins => Bond::Below,
            true => Bond::None,
            false => Bond::Above,
        }
    }

    /// CONFIG GET is asked for one parameter after the other.
    fn asks_on(&mut self, class: Class, at: usize) -> bool {
        let list = matches!(class, Class::Numbered | Class::Json);
        self.asked += u32::from(list);
        if !list || self.asked > ASKED_MAX {
            return false;
        }
        let block = |text: Option<&'a str>| Block {
            text: text.unwrap_or(""),
            first_line: 1,
        };
        let text = self.block.text;
        [block(text.get(self.start..at)), block(text.get(at..))]
            .into_iter()
            .all(|block| (config_get::DIALECT.sniff)(&Head::of(block)))
    }

    fn block_of(&self, run: Run, end: usize) -> Block<'a> {
        Block {
            text: self.block.text.get(run.at..end).unwrap_or(""),
            first_line: run.line,
        }
    }

    /// Some dialect knows these lines by themselves.
    fn is_answer(&mut self, run: Run, end: usize) -> bool {
        self.asked += 1;
        let block = self.block_of(run, end);
        // A view that was cut off ends with a part of a line.
        let cut_off = self.class == Some(Class::Nodes) && !block.ends_with_line_end();
        self.asked <= ASKED_MAX && !cut_off && recognise(block).is_some()
    }
}

/// Text below an answer of which every line is known is none of it. A line of INFO may be broken.
fn is_left_over(class: Class, run: Run) -> bool {
    match class {
        Class::Nodes => false,
        Class::Info | Class::ClusterInfo => run.count > REMARK,
        Class::Pong | Class::NoAnswer | Class::Numbered | Class::Json => true,
    }
}
