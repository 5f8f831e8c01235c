//! What the prefixes of a file look like, told by the lines that have a node behind one.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Address;
use crate::parse::node_line::is_plain_node;
use crate::parse::unwrap::decoration::bare;
use crate::parse::unwrap::evidence::nodes;
use crate::parse::unwrap::markup;
use crate::parse::unwrap::prefix::word::Word;
use crate::text::lex::id::PLAIN_ID;
use crate::text::offset_in;

/// One line without its prefix.
pub(super) struct Split<'a> {
    /// Of the prefix: empty if it names nobody.
    pub name: &'a str,
    pub rest: &'a str,
    pub goes_on: bool,
}

/// One tool, or a few in one file, write no more kinds of prefixes.
const SHAPES_MAX: usize = 16;

/// No prefix is longer.
const LONGEST: usize = 200;

/// Bytes of a line in which its prefix and the fields that tell a node stand.
const LOOKED_AT: usize = 2 * LONGEST + PLAIN_ID;

/// An IPv6 address and a path have no more.
const COLONS_MAX: usize = 12;

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// A prefix before an answer.
struct Prefix<'a> {
    text: &'a str,
    words: Vec<Word<'a>>,
    /// No blank stands behind it.
    attached: bool,
}

/// What stands behind a prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// A node's line, in quotes at most.
    Node,
    /// Something that has one inside: of itself it may be text with a node's line.
    Container,
    /// A line that only an answer of another kind has.
    Other,
}

impl<'a> Prefix<'a> {
    /// Of a line that has a node behind it, as every server writes ids.
    fn of(line: &'a str) -> Option<(Self, &'a str, Behind)> {
        let at = nodes(start_of(line, LOOKED_AT)).next()?;
        let before = line.get(..at).filter(|before| before.len() <= LONGEST)?;
        let opens = |at: &usize| {
            let rest = line.get(*at..).unwrap_or("");
            opens_json(rest) || markup::begins(rest)
        };
        let marks = before.match_indices(['{', '[', '<']).map(|(at, _)| at);
        let opens = marks.into_iter().find(opens);
        let opens = opens.into_iter().chain(open_string(before)).min();
        match opens {
            Some(open) => {
                let (prefix, _) = Self::at(line, open)?;
                let rest = prefix.rest(line);
                // `ok: [redis-1] => {` is the heading of a document.
                let heads = prefix.text.trim_end().ends_with("=>");
                (!heads).then_some((prefix, rest, Behind::Container))
            }
            None => {
                // Quotes and the signs of a diff stay with what they stand at.
                let end = before.trim_end_matches(['"', '\'', '`', '+', '-']).len();
                let (prefix, _) = Self::at(line, end)?;
                let rest = prefix.rest(line);
                Some((prefix, rest, Behind::Node))
            }
        }
    }

    /// Of a line that has the beginning of another answer behind it.
    fn of_other(line: &'a str) -> Option<(Self, &'a str, Behind)> {
        const BEGINNINGS: [&str; 4] = ["# Server", "redis_version:", "cluster_state:", "role:"];
        let head = start_of(line, LONGEST);
        let at = BEGINNINGS.iter().filter_map(|mark| head.find(mark)).min()?;
        let (prefix, attached) = Self::at(line, at)?;
        let is_marked = attached || prefix.text.trim_end().ends_with([':', '|', ']']);
        let rest = prefix.rest(line);
        is_marked.then_some((prefix, rest, Behind::Other))
    }

    /// The first `end` bytes of a line, if what follows stands apart from them.
    fn at(line: &'a str, end: usize) -> Option<(Self, bool)> {
        let text = line.get(..end)?;
        let attached = text.ends_with([':', '|']);
        let apart = attached || text.ends_with(char::is_whitespace);
        let says = !text.trim().is_empty() && !text.contains(QUOTES);
        (apart && says).then(|| (Self::new(text, attached), attached))
    }

    /// What stands behind it: of a line that is set to the right, with the blanks that do so.
    fn rest(&self, line: &'a str) -> &'a str {
        let behind = line.get(self.text.trim_end().len()..).unwrap_or("");
        let blank = if self.attached {
            None
        } else {
            behind.chars().next()
        };
        blank.map_or(behind, |c| behind.get(c.len_utf8()..).unwrap_or(""))
    }

    fn new(text: &'a str, attached: bool) -> Self {
        Self {
            text,
            words: text.split_whitespace().map(Word::of).collect(),
            attached,
        }
    }

    /// From its first name to its last: `redis-0 redis`.
    fn name(&self) -> &'a str {
        let words = self.text.split_whitespace();
        let mut names = words.filter(|word| matches!(Word::of(word), Word::Name(_)));
        let Some(first) = names.next() else {
            return "";
        };
        let last = names.next_back().unwrap_or(first);
        let range = offset_in(self.text, first).zip(offset_in(self.text, last));
        let name = range.and_then(|(start, end)| self.text.get(start..end + last.len()));
        without_number(name.unwrap_or("").trim_end_matches([':', '|']))
    }
}

/// Where a string begins that holds more than the node, which stands behind `before`.
fn open_string(before: &str) -> Option<usize> {
    let told = before.trim_end_matches(QUOTES);
    let mark = |&(at, _): &(usize, &str)| {
        let apart = |c: char| c.is_whitespace() || c == ':' || c == '|';
        told.get(..at).is_some_and(|text| text.ends_with(apart))
    };
    let (at, quote) = told.match_indices(QUOTES).find(mark)?;
    let rest = told.get(at + 1..).unwrap_or("");
    // A quote that is written out does not close it.
    let is_written = |end: usize| rest.get(..end).is_some_and(|text| text.ends_with('\\'));
    let closed = rest.match_indices(quote).any(|(end, _)| !is_written(end));
    (!closed).then_some(at)
}

/// `a.txt:12` of `grep -n` is the file `a.txt`; `10.0.0.1:7000` is an address.
fn without_number(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((path, number))
            if (path.contains('/') || has_extension(path))
                && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            path
        }
        _ => name,
    }
}

fn has_extension(path: &str) -> bool {
    const EXTENSIONS: [&str; 5] = ["txt", "log", "conf", "out", "nodes"];
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| EXTENSIONS.contains(&extension))
}

/// The prefixes of a file.
pub(super) struct Shapes<'a> {
    /// Names that mark the lines of one node each.
    names: BTreeSet<&'a str>,
    /// Last words of names, where a name has more than one: the container of a pod.
    last_words: BTreeSet<&'a str>,
    shapes: BTreeSet<Vec<Word<'a>>>,
    /// Some prefix ends with a colon and no blank, or with a colon and a blank.
    colon: bool,
    /// Nodes stand without a prefix, too: what looks like one may be something else.
    mixed: bool,
    /// Every line has its number.
    numbered: bool,
    /// Nodes stand deeper inside of what is behind the prefixes, or none do.
    pub doubtful: bool,
}

/// What the lines with a prefix have shown so far.
#[derive(Default)]
struct Signs<'a> {
    /// Lines of each name.
    counts: BTreeMap<&'a str, u32>,
    shapes: BTreeSet<Vec<Word<'a>>>,
    plain: bool,
    owners: u32,
    colon: bool,
    /// Something has nodes inside, or is no node.
    doubtful: bool,
}

impl<'a> Signs<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut signs = Self::default();
        for line in text.lines() {
            if is_plain_node(line) {
                signs.plain = true;
                continue;
            }
            if let Some((prefix, rest, behind)) = Prefix::of(line) {
                signs.see(line, &prefix, rest, behind)?;
            }
        }
        if signs.counts.is_empty() && !signs.plain {
            for line in text.lines() {
                if let Some((prefix, rest, behind)) = Prefix::of_other(line) {
                    signs.see(line, &prefix, rest, behind)?;
                }
            }
        }
        (!signs.counts.is_empty()).then_some(signs)
    }

    /// `None` if these are too many kinds of prefixes for any tool.
    fn see(
        &mut self,
        line: &'a str,
        prefix: &Prefix<'a>,
        rest: &str,
        behind: Behind,
    ) -> Option<()> {
        if behind == Behind::Node && is_decorated(line, rest) {
            self.plain = true;
            return Some(());
        }
        self.doubtful |= behind != Behind::Node;
        self.owners += u32::from(rest.contains("myself"));
        *self.counts.entry(prefix.name()).or_default() += 1;
        self.colon |= prefix.text.trim_end().ends_with(':');
        if !prefix.attached {
            // Every name is like every other.
            let shape = prefix.words.iter().map(|word| match word {
                Word::Name(name) if name.ends_with(':') => Word::Name(":"),
                Word::Name(_) => Word::Name(""),
                Word::Partial => Word::Stream,
                word => *word,
            });
            self.shapes.insert(shape.collect());
        }
        // Every line is held against every shape.
        (self.shapes.len() <= SHAPES_MAX).then_some(())
    }
}

impl<'a> Shapes<'a> {
    pub fn of(text: &'a str) -> Option<Self> {
        let Signs {
            counts,
            mut shapes,
            plain,
            owners,
            colon,
            doubtful,
        } = Signs::of(text)?;
        let numbered = is_numbered(text);
        let alone = |count: u32| count < 2;
        // Among plain nodes, one behind such a mark is commented out.
        if plain {
            shapes.retain(|shape: &Vec<Word>| !is_remark(shape));
        }
        // `redis-cli --cluster call` puts an address before the first line of each view.
        let is_call =
            |(name, count): (&&str, &u32)| alone(*count) && name.parse::<Address>().is_ok();
        if plain && counts.iter().all(is_call) {
            return None;
        }
        // A word before each line that is another one each time says nothing of whose view it is.
        let remarks = counts.len() > 1 && owners < 2 && counts.values().all(|c| alone(*c));
        let names: BTreeSet<&str> = counts
            .into_iter()
            .filter(|(name, c)| !(name.is_empty() || remarks || plain && alone(*c)))
            .map(|(name, _)| name)
            .collect();
        let last_word = |name: &&'a str| {
            let mut words = name.split_whitespace();
            words.next();
            words.next_back()
        };
        let last_words = names.iter().filter_map(last_word).collect();
        Some(Self {
            names,
            last_words,
            shapes,
            colon,
            mixed: plain,
            numbered,
            doubtful,
        })
    }

    /// Every line that says something has a prefix, and speakers have more than one each: keys of
    /// a list have one.
    pub fn are_everywhere(&self, text: &'a str) -> bool {
        let said = text.lines().filter(|line| !line.trim().is_empty());
        let mut names = BTreeSet::new();
        let mut lines = 0;
        for line in said {
            match self.split(line) {
                Some(found) => names.insert(found.name),
                None => return false,
            };
            lines += 1;
        }
        !self.mixed && (names.len() == 1 || 2 * names.len() <= lines)
    }

    /// `None` for a line without a prefix.
    pub fn split(&self, line: &'a str) -> Option<Split<'a>> {
        if is_plain_node(line) {
            return None;
        }
        let Some((prefix, rest, behind)) = Prefix::of(line) else {
            return self.by_words(line).or_else(|| self.by_colon(line));
        };
        let decorated = behind == Behind::Node && is_decorated(line, rest);
        if decorated || self.mixed && is_remark(&prefix.words) {
            return None;
        }
        let name = prefix.name();
        // The heading of an answer that goes on below.
        if self.mixed && !self.names.contains(name) && name.parse::<Address>().is_ok() {
            return None;
        }
        let goes_on = prefix.words.last() == Some(&Word::Partial);
        Some(self.named(name, rest, goes_on))
    }

    fn named(&self, name: &'a str, rest: &'a str, goes_on: bool) -> Split<'a> {
        let known = self.names.contains(name) || !self.names.is_empty() && !self.mixed;
        Split {
            name: if known { name } else { "" },
            rest,
            goes_on,
        }
    }

    /// A line that is no node line, behind the same kinds of words.
    fn by_words(&self, line: &'a str) -> Option<Split<'a>> {
        let mut shapes = self.shapes.iter();
        shapes.find_map(|shape| self.by_shape(line, shape))
    }

    fn by_shape(&self, line: &'a str, shape: &[Word]) -> Option<Split<'a>> {
        let mut rest = line.trim_start();
        let mut last = Word::Number;
        for expected in shape {
            let word = start_of(rest.trim_start_matches(' '), LONGEST);
            let word = word.split_whitespace().next()?;
            last = Word::of(word);
            let is_name = matches!(expected, Word::Name(_)) && matches!(last, Word::Name(_));
            let colon = word.ends_with(':') == matches!(expected, Word::Name(":"));
            if !(is_name && colon || !is_name && last.is_like(*expected)) {
                return None;
            }
            rest = rest.trim_start_matches(' ').get(word.len()..)?;
        }
        let text = line.get(..line.len() - rest.len())?;
        // Behind the prefix stands one blank, and then the line itself, which may begin with one.
        let rest = rest.strip_prefix([' ', '\t']).unwrap_or(rest);
        let name = Prefix::new(text, false).name();
        let last_word = name.split_whitespace().next_back();
        let known =
            self.names.contains(name) || last_word.is_some_and(|w| self.last_words.contains(w));
        let is_telling = self.numbered || shape.iter().any(|word| word.is_telling());
        let goes_on = last == Word::Partial;
        (known || is_telling && (!self.mixed || name.is_empty()))
            .then(|| self.named(name, rest, goes_on))
    }

    /// `a.txt:`, known from a node line; or whoever gave none and said something else: that it is
    /// not reachable, say.
    fn by_colon(&self, line: &'a str) -> Option<Split<'a>> {
        if !self.colon {
            return None;
        }
        let head = start_of(line, LONGEST);
        let cut = |at: usize| {
            let rest = line.get(at + 1..).unwrap_or("");
            (
                line.get(..at).unwrap_or(""),
                rest.strip_prefix(' ').unwrap_or(rest),
            )
        };
        let known = head
            .match_indices(':')
            .take(COLONS_MAX)
            .map(|(at, _)| cut(at))
            .map(|(name, rest)| (without_number(name), rest))
            .filter(|(name, _)| self.names.contains(name));
        let (name, rest) = known.last().or_else(|| {
            let at = head.find(": ").filter(|_| !self.mixed)?;
            Some(cut(at))
        })?;
        let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
        is_name.then_some(Split {
            name,
            rest,
            goes_on: false,
        })
    }
}

/// The lines are numbered, from whatever number on.
pub(in crate::parse::unwrap) fn is_numbered(text: &str) -> bool {
    let said = text.lines().filter(|line| !line.trim().is_empty());
    let number = |line: &str| {
        let word = line.split_whitespace().next()?;
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
        digits.parse::<u64>().ok()
    };
    let numbers: Option<Vec<u64>> = said.map(number).collect();
    numbers.is_some_and(|numbers| {
        numbers.len() > 1
            && numbers
                .windows(2)
                .all(|pair| matches!(pair, [a, b] if b > a))
    })
}

/// An object, or a list of strings.
fn opens_json(text: &str) -> bool {
    let mut marks = text.bytes().filter(|b| *b != b' ');
    let first = marks.next();
    let second = marks.next();
    first == Some(b'{') || first == Some(b'[') && matches!(second, Some(b'"' | b'\'' | b'{'))
}

/// `#`, `//`: what turns a line into a remark.
fn is_remark(words: &[Word]) -> bool {
    let of_remark = |mark: &str| mark.bytes().all(|b| b == b'#' || b == b'/');
    matches!(words, [Word::Mark(mark)] if of_remark(mark))
}

/// What stands before `rest` is quotes and the like, which come off by themselves.
fn is_decorated(line: &str, rest: &str) -> bool {
    std::ptr::eq(bare(line).as_ptr(), bare(rest).as_ptr())
}

/// As much of a line as a prefix may take.
fn start_of(line: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(line.len()))
        .rev()
        .find(|&at| line.is_char_boundary(at));
    line.get(..end.unwrap_or(0)).unwrap_or("")
}
