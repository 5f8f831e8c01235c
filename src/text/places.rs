//! Where every byte of a text that was taken out of a file stands in that file, through however
//! many layers it was taken out of.
//!
//! A peeler builds its text with [`Extract`], piece by piece; [`Places`] of an extract of an
//! extract are composed when it is made, so that a lookup is one search.

use std::ops::Range;
use std::sync::Arc;

/// Where the lines of a text begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineStarts(Vec<u32>);

impl LineStarts {
    pub fn of(text: &str) -> Self {
        let ends = text.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n');
        Self(std::iter::once(0).chain(ends.map(|(_, at)| at)).collect())
    }

    /// Line and column of a byte, from 1.
    pub fn locate(&self, at: u32) -> (u32, u32) {
        let behind = self.0.partition_point(|start| *start <= at);
        let start = behind.checked_sub(1).and_then(|line| self.0.get(line));
        (behind as u32, at - start.copied().unwrap_or(0) + 1)
    }

    /// The byte of a line and column, both from 1; of a line that is not there, of the last.
    fn byte(&self, line: u32, column: u32) -> u32 {
        let start = self.0.get(line.saturating_sub(1) as usize);
        let start = start.or(self.0.last()).copied().unwrap_or(0);
        start.saturating_add(column.saturating_sub(1))
    }
}

/// A piece of the text: where it begins there, and in the file. Up to the next piece they go on
/// side by side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Run {
    here: u32,
    there: u32,
}

/// From bytes of a text to lines and columns of the file that it was taken out of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Places {
    runs: Vec<Run>,
    lines: LineStarts,
    file: Arc<LineStarts>,
}

impl Places {
    /// Of the extract of a file.
    pub fn in_file(extract: &Extract, file: Arc<LineStarts>) -> Self {
        Self {
            runs: extract.runs.clone(),
            lines: LineStarts::of(&extract.text),
            file,
        }
    }

    /// Of the extract of a text that has these places itself.
    #[must_use]
    pub fn within(&self, extract: &Extract) -> Self {
        let mut runs: Vec<Run> = Vec::with_capacity(extract.runs.len());
        let ends = extract.runs.iter().skip(1).map(|run| run.here);
        let ends = ends.chain([extract.text.len() as u32]);
        for (run, end) in extract.runs.iter().zip(ends) {
            let last = run.there + end.saturating_sub(run.here);
            let first = self.run_of(run.there);
            runs.push(Run {
                here: run.here,
                there: self.there(run.there),
            });
            let inner = self.runs.get(first + 1..).unwrap_or(&[]);
            runs.extend(inner.iter().take_while(|r| r.here < last).map(|r| Run {
                here: run.here + (r.here - run.there),
                there: r.there,
            }));
        }
        Self {
            runs,
            lines: LineStarts::of(&extract.text),
            file: self.file.clone(),
        }
    }

    /// Line and column in the file of a line and column of the text.
    pub fn of(&self, line: u32, column: u32) -> (u32, u32) {
        self.file.locate(self.there(self.lines.byte(line, column)))
    }

    fn run_of(&self, here: u32) -> usize {
        let behind = self.runs.partition_point(|run| run.here <= here);
        behind.saturating_sub(1)
    }

    fn there(&self, here: u32) -> u32 {
        let run = self.runs.get(self.run_of(here));
        run.map_or(0, |run| run.there + here.saturating_sub(run.here))
    }
}

/// A text that is taken out of another one, and where its pieces stood there.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Extract {
    text: String,
    runs: Vec<Run>,
}

impl Extract {
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn into_text(self) -> String {
        self.text
    }

    /// Goes on with these bytes of `outer`.
    pub fn copy(&mut self, outer: &str, range: Range<usize>) {
        let at = range.start;
        self.put(outer.get(range).unwrap_or(""), at);
    }

    /// Goes on with `text`, which stands for what begins at the byte `at`.
    pub fn put(&mut self, text: &str, at: usize) {
        let run = Run {
            here: self.text.len() as u32,
            there: at as u32,
        };
        let goes_on = self
            .runs
            .last()
            .is_some_and(|last| run.there.checked_sub(last.there) == Some(run.here - last.here));
        if !goes_on {
            // An empty piece is at the place of what follows it.
            self.runs.pop_if(|last| last.here == run.here);
            self.runs.push(run);
        }
        self.text.push_str(text);
    }

    /// Takes back what was put behind the first `length` bytes.
    pub fn truncate(&mut self, length: usize) {
        self.text.truncate(length);
        while self.runs.len() > 1 && self.runs.pop_if(|r| r.here as usize >= length).is_some() {}
    }
}

/// The byte of `whole` at which `part` begins; `None` if it is no slice of it.
pub fn offset_in(whole: &str, part: &str) -> Option<usize> {
    let offset = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    (offset + part.len() <= whole.len()).then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Arc<LineStarts> {
        Arc::new(LineStarts::of(text))
    }

    /// Every line of `outer` without its first `cut` bytes.
    fn without(outer: &str, cut: usize) -> Extract {
        let mut inner = Extract::default();
        for line in outer.split_inclusive('\n') {
            let start = offset_in(outer, line).expect("a slice");
            inner.copy(outer, start + cut..start + line.len());
        }
        inner
    }

    #[test]
    fn places_of_an_extract_are_those_of_the_file() {
        let text = "> ab\n> cd\n";
        let places = Places::in_file(&without(text, 2), file(text));
        assert_eq!(places.of(1, 1), (1, 3));
        assert_eq!(places.of(2, 2), (2, 4));
        // No such line: the last.
        assert_eq!(places.of(9, 1), (3, 1));
    }

    #[test]
    fn places_compose_through_every_layer() {
        let text = "h: > ab\nh: > cd\n";
        let outer = without(text, 3);
        let places = Places::in_file(&outer, file(text));
        let inner = without(outer.text(), 2);
        let places = places.within(&inner);
        assert_eq!((places.of(1, 1), places.of(2, 2)), ((1, 6), (2, 7)));
        // Joined again in a third layer, one piece stands on two lines of the file.
        let mut joined = Extract::default();
        joined.copy(inner.text(), 0..2);
        joined.copy(inner.text(), 3..6);
        assert_eq!(joined.text(), "abcd\n");
        let places = places.within(&joined);
        assert_eq!((places.of(1, 2), places.of(1, 3)), ((1, 7), (2, 6)));
    }

    #[test]
    fn a_run_that_spans_several_of_the_layer_below_is_split() {
        let text = "a\\tb\\tc";
        let mut outer = Extract::default();
        outer.copy(text, 0..1);
        outer.put("\t", 1);
        outer.copy(text, 3..4);
        outer.put("\t", 4);
        outer.copy(text, 6..7);
        let places = Places::in_file(&outer, file(text));
        let mut inner = Extract::default();
        inner.copy(outer.text(), 1..5);
        let places = places.within(&inner);
        let columns: Vec<u32> = (1..=4).map(|column| places.of(1, column).1).collect();
        assert_eq!(columns, [2, 4, 5, 7]);
    }

    #[test]
    fn what_is_taken_back_leaves_no_run() {
        let mut extract = Extract::default();
        extract.put("ab", 0);
        extract.put("cd", 7);
        extract.truncate(2);
        extract.put("e", 9);
        assert_eq!(extract.text(), "abe");
        let places = Places::in_file(&extract, file("0123456789"));
        assert_eq!(places.of(1, 3), (1, 10));
    }

    #[test]
    fn only_a_slice_has_an_offset() {
        let text = String::from("abcd");
        assert_eq!(offset_in(&text, &text[2..]), Some(2));
        assert_eq!(offset_in(&text, &text[4..]), Some(4));
        assert_eq!(offset_in(&text[..2], &text[2..3]), None);
        assert_eq!(offset_in("x", &text), None);
    }
}
