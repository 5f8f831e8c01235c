//! Values out of TOML, each with its place: every mistake of a file is said, not only the first.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use toml::de::DeTable;
use toml::de::DeValue;

use crate::diagnostic;
use crate::diagnostic::Diagnostic;
use crate::policy::Codes;
use crate::policy::RuleCode;
use crate::policy::entries::Until;
use crate::policy::keys;
use crate::policy::keys::Key;
use crate::policy::keys::Need;
use crate::text::LineStarts;
use crate::text::Place;
use crate::text::Source;
use crate::text::clock;
use crate::text::quote::quote;
use crate::text::suggest;

/// A value and the bytes of the file where it stands.
#[derive(Clone, Debug)]
pub(super) struct Given<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// One table of the file, whose keys are known.
pub(super) struct Fields<'a> {
    table: &'a DeTable<'a>,
    pub span: Range<usize>,
}

/// The file that is read, and what is wrong with it so far.
pub(super) struct Reader<'a> {
    source: &'a Source,
    starts: LineStarts,
    codes: &'a Codes<'a>,
    pub mistakes: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a Source, codes: &'a Codes<'a>) -> Self {
        Self {
            source,
            starts: LineStarts::of(&source.text),
            codes,
            mistakes: Vec::new(),
        }
    }

    pub fn place(&self, at: usize) -> Place {
        let (line, column) = self.starts.locate(u32::try_from(at).unwrap_or(u32::MAX));
        self.source.place(line, column)
    }

    pub fn wrong(&mut self, span: &Range<usize>, message: String, help: Option<String>) {
        let place = self.place(span.start);
        let line = self.source.text.lines().nth(place.line as usize - 1);
        let length = span.len().max(1);
        let mistake = Diagnostic::new(diagnostic::Policy::Mistake, message).at(place);
        let mistake = mistake.excerpt(line.unwrap_or_default(), length);
        self.mistakes.push(match help {
            Some(help) => mistake.help(help),
            None => mistake,
        });
    }

    /// Says which keys are unknown and which are missing.
    pub fn fields(
        &mut self,
        table: &'a DeTable<'a>,
        span: Range<usize>,
        known: &'static [Key],
        of: &str,
    ) -> Fields<'a> {
        let mut present: Vec<_> = table.keys().collect();
        present.sort_by_key(|key| key.span().start);
        for key in present {
            let name = key.get_ref().as_ref();
            if keys::find(known, name).is_none() {
                let names = known.iter().map(|key| key.name);
                let help = match suggest::nearest(name, names.clone()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("{of} takes {}", names.collect::<Vec<_>>().join(", ")),
                };
                let message = format!("{of} has no key {}", quote(name));
                self.wrong(&key.span(), message, Some(help));
            }
        }
        for key in known.iter().filter(|key| key.need == Need::Must) {
            if !table.contains_key(key.name) {
                let message = format!("{of} lacks `{}`", key.name);
                let help = format!("add `{} = {}`", key.name, key.example);
                self.wrong(&span, message, Some(help));
            }
        }
        Fields { table, span }
    }

    /// `[name]`
    pub fn section(
        &mut self,
        fields: &Fields<'a>,
        name: &'static str,
        known: &'static [Key],
    ) -> Option<Fields<'a>> {
        let (value, span) = value(fields, name)?;
        let DeValue::Table(table) = value else {
            let message = format!("`{name}` is {}", called(value));
            self.wrong(&span, message, Some(format!("write `[{name}]`")));
            return None;
        };
        Some(self.fields(table, span, known, &format!("`[{name}]`")))
    }

    /// Every `[[name]]`.
    pub fn entries(
        &mut self,
        fields: &Fields<'a>,
        name: &'static str,
        known: &'static [Key],
    ) -> Vec<Fields<'a>> {
        let Some((value, span)) = value(fields, name) else {
            return Vec::new();
        };
        let help = || Some(format!("write `[[{name}]]`, once for each"));
        let DeValue::Array(array) = value else {
            let message = format!("`{name}` is {}", called(value));
            self.wrong(&span, message, help());
            return Vec::new();
        };
        let mut entries = Vec::new();
        for entry in array {
            match entry.get_ref() {
                DeValue::Table(table) => {
                    let of = format!("`[[{name}]]`");
                    entries.push(self.fields(table, entry.span(), known, &of));
                }
                other => {
                    let message = format!("an entry of `{name}` is {}", called(other));
                    self.wrong(&entry.span(), message, help());
                }
            }
        }
        entries
    }

    /// Every key of a table whose keys are the user's.
    pub fn open_section(
        &mut self,
        fields: &Fields<'a>,
        name: &'static str,
    ) -> Vec<(Given<String>, Given<String>)> {
        let Some((value, span)) = value(fields, name) else {
            return Vec::new();
        };
        let DeValue::Table(table) = value else {
            let message = format!("`{name}` is {}", called(value));
            self.wrong(&span, message, Some(format!("write `[{name}]`")));
            return Vec::new();
        };
        let mut pairs = Vec::new();
        for (key, value) in table {
            let name = Given {
                value: key.get_ref().as_ref().to_owned(),
                span: key.span(),
            };
            if let Some(text) = self.as_text(&name.value, value.get_ref(), value.span()) {
                pairs.push((name, text));
            }
        }
        pairs.sort_by_key(|(key, _)| key.span.start);
        pairs
    }

    pub fn text(&mut self, fields: &Fields<'a>, name: &'static str) -> Option<Given<String>> {
        let (value, span) = value(fields, name)?;
        self.as_text(name, value, span)
    }

    /// A text or a list of them.
    pub fn texts(&mut self, fields: &Fields<'a>, name: &'static str) -> Vec<Given<String>> {
        let Some((value, span)) = value(fields, name) else {
            return Vec::new();
        };
        let DeValue::Array(array) = value else {
            return self.as_text(name, value, span).into_iter().collect();
        };
        let each = array.iter();
        each.filter_map(|item| self.as_text(name, item.get_ref(), item.span()))
            .collect()
    }

    pub fn word<T: Copy>(
        &mut self,
        fields: &Fields<'a>,
        name: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let given = self.text(fields, name)?;
        self.one_of(name, &given, words)
    }

    pub fn one_of<T: Copy>(
        &mut self,
        name: &str,
        given: &Given<String>,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        if let Some((_, meant)) = words.iter().find(|(word, _)| *word == given.value) {
            return Some(*meant);
        }
        let known = || words.iter().map(|(word, _)| *word);
        let message = format!(
            "{} is nothing that {} takes",
            quote(&given.value),
            quote(name)
        );
        let help = match suggest::nearest(&given.value, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it takes {}", known().collect::<Vec<_>>().join(", ")),
        };
        self.wrong(&given.span, message, Some(help));
        None
    }

    pub fn parsed<T>(&mut self, fields: &Fields<'a>, name: &'static str) -> Option<Given<T>>
    where
        T: FromStr<Err: Display>,
    {
        let given = self.text(fields, name)?;
        self.parse(&given)
    }

    pub fn parse<T>(&mut self, given: &Given<String>) -> Option<Given<T>>
    where
        T: FromStr<Err: Display>,
    {
        match given.value.parse() {
            Ok(value) => Some(Given {
                value,
                span: given.span.clone(),
            }),
            Err(why) => {
                let message = format!("{} cannot be used: {why}", quote(&given.value));
                self.wrong(&given.span, message, None);
                None
            }
        }
    }

    /// A number in its range, or `None` in the outcome for the word that may stand instead.
    pub fn number(
        &mut self,
        fields: &Fields<'a>,
        name: &'static str,
        (least, most): (u32, u32),
        word: Option<&str>,
    ) -> Option<Number> {
        let (value, span) = value(fields, name)?;
        if let (DeValue::String(text), Some(word)) = (value, word)
            && text == word
        {
            return Some(Number::Word);
        }
        if let DeValue::Integer(integer) = value
            && let Ok(number) = u32::from_str_radix(integer.as_str(), integer.radix())
            && (least..=most).contains(&number)
        {
            return Some(Number::Of(number));
        }
        let or = word.map_or(String::new(), |word| format!(" or \"{word}\""));
        let message = format!("`{name}` takes a number from {least} to {most}{or}");
        self.wrong(&span, message, None);
        None
    }

    /// Milliseconds, of `500ms`, `30s`, `5min`, `2h`, `1d`.
    pub fn span(&mut self, fields: &Fields<'a>, name: &'static str) -> Option<u64> {
        const UNITS: &[(&str, u64)] = &[
            ("ms", 1),
            ("s", 1000),
            ("min", 60_000),
            ("h", 3_600_000),
            ("d", 86_400_000),
        ];
        self.with_unit(fields, name, UNITS, "30s")
    }

    /// Bytes, of `512MiB`, `64GiB`, `1TiB`, or with powers of ten `64GB`.
    pub fn bytes(&mut self, fields: &Fields<'a>, name: &'static str) -> Option<u64> {
        const UNITS: &[(&str, u64)] = &[
            ("B", 1),
            ("KiB", 1 << 10),
            ("MiB", 1 << 20),
            ("GiB", 1 << 30),
            ("TiB", 1 << 40),
            ("kB", 1000),
            ("MB", 1_000_000),
            ("GB", 1_000_000_000),
            ("TB", 1_000_000_000_000),
        ];
        self.with_unit(fields, name, UNITS, "64GiB")
    }

    fn with_unit(
        &mut self,
        fields: &Fields<'a>,
        name: &'static str,
        units: &[(&'static str, u64)],
        example: &str,
    ) -> Option<u64> {
        let (value, span) = value(fields, name)?;
        let words = || units.iter().map(|(unit, _)| *unit).collect::<Vec<_>>();
        let help = format!("write it as `{example}`; units are {}", words().join(", "));
        let DeValue::String(text) = value else {
            let message = format!(
                "`{name}` is {}, and a number with a unit is wanted",
                called(value)
            );
            self.wrong(&span, message, Some(help));
            return None;
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let unit = text[digits..].trim();
        let size = units.iter().find(|(word, _)| *word == unit);
        let number = text[..digits].parse::<u64>().ok();
        let all = number
            .zip(size)
            .and_then(|(n, (_, size))| n.checked_mul(*size));
        if all.is_none() {
            let message = format!("{} is no number with a unit", quote(text));
            self.wrong(&span, message, Some(help));
        }
        all
    }

    pub fn until(&mut self, fields: &Fields<'a>, name: &'static str) -> Option<Until> {
        let (value, span) = value(fields, name)?;
        let text = match value {
            DeValue::Datetime(moment) => moment.to_string(),
            DeValue::String(text) => text.to_string(),
            other => {
                let message = format!("`{name}` is {}, and a date is wanted", called(other));
                self.wrong(&span, message, Some("write `2027-03-31`".to_owned()));
                return None;
            }
        };
        match clock::end(&text) {
            Ok(ms) => Some(Until { ms, text }),
            Err(why) => {
                self.wrong(&span, why.to_string(), None);
                None
            }
        }
    }

    pub fn code(&mut self, given: &Given<String>) -> Option<RuleCode> {
        if let Some(code) = (self.codes.find)(&given.value) {
            return Some(RuleCode(code));
        }
        let help = match suggest::nearest(&given.value, self.codes.names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "codes are listed by `topoplan docs rules`".to_owned(),
        };
        let message = format!("no rule is called {}", quote(&given.value));
        self.wrong(&given.span, message, Some(help));
        None
    }

    fn as_text(
        &mut self,
        name: &str,
        value: &DeValue,
        span: Range<usize>,
    ) -> Option<Given<String>> {
        match value {
            DeValue::String(text) if !text.trim().is_empty() => Some(Given {
                value: text.to_string(),
                span,
            }),
            DeValue::String(_) => {
                self.wrong(&span, format!("{} is empty", quote(name)), None);
                None
            }
            other => {
                let message = format!("{} is {}, and a text is wanted", quote(name), called(other));
                self.wrong(&span, message, Some("write it in quotes".to_owned()));
                None
            }
        }
    }
}

/// A number, or the word that may stand instead.
pub(super) enum Number {
    Of(u32),
    Word,
}

fn value<'a>(fields: &Fields<'a>, name: &str) -> Option<(&'a DeValue<'a>, Range<usize>)> {
    let value = fields.table.get(name)?;
    Some((value.get_ref(), value.span()))
}

/// What a value is, with its article.
fn called(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
