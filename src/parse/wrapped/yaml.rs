//! What ansible prints as YAML: `stdout` and, line by line below it, `stdout_lines`, which say the
//! same.

use crate::parse::node_line::looks_like_node;
use crate::text::Inside;
use crate::text::Source;

/// The file with the lines of each list alone, where it has both; `None` where none lists a node.
pub(super) fn listed(source: &Source) -> Option<Source> {
    if !source.text.contains("stdout_lines:") {
        return None;
    }
    let mut page = Page::default();
    for (number, line) in source.lines() {
        page.line(number, line);
    }
    let lines = page.lines.iter().map(|line| line.1).collect();
    let text = page.lines.iter().flat_map(|line| [line.0, "\n"]).collect();
    let inside = Inside {
        lines,
        ..Inside::default()
    };
    page.found.then(|| source.part(text, inside))
}

#[derive(Default)]
struct Page<'a> {
    /// With line and column in the file.
    lines: Vec<(&'a str, (u32, u32))>,
    /// Indentation of a `stdout` that goes on, and how many lines stand above it.
    said: Option<(usize, usize)>,
    /// Indentation of the list that goes on.
    list: Option<usize>,
    /// A list of nodes says what stood above it.
    found: bool,
}

impl<'a> Page<'a> {
    fn line(&mut self, number: u32, line: &'a str) {
        let text = line.trim();
        let indent = line.len() - line.trim_start().len();
        if let Some(item) = self.item(text, indent) {
            self.found |= looks_like_node(item);
            self.lines
                .push((item, (number, Source::column_of(line, item))));
            return;
        }
        let is_over = |outer: usize| !text.is_empty() && indent <= outer;
        self.list = self.list.filter(|&list| !is_over(list));
        if let Some((outer, above)) = self.said.filter(|said| is_over(said.0)) {
            self.said = None;
            if text == "stdout_lines:" && indent == outer {
                self.lines.truncate(above);
                self.list = Some(indent);
                return;
            }
        }
        if text.starts_with("stdout: ") {
            self.said = Some((indent, self.lines.len()));
        }
        self.lines.push((line, (number, 1)));
    }

    fn item(&self, text: &'a str, indent: usize) -> Option<&'a str> {
        let list = self.list.filter(|&list| indent >= list)?;
        let item = text.strip_prefix("- ")?;
        let quoted = |mark: char| item.strip_prefix(mark)?.strip_suffix(mark);
        let item = quoted('\'').or_else(|| quoted('"')).unwrap_or(item);
        (indent <= list + 4).then_some(item)
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::wrapped::tests::A;
    use crate::parse::wrapped::tests::B;
    use crate::parse::wrapped::tests::parts;

    #[test]
    fn what_is_said_twice_is_read_once() {
        let text = format!(
            "changed: [10.0.0.1:7000] => \n  rc: 0\n  stdout: '{A}\n\n    {B}'\n  stdout_lines:\n  - {A}\n  - '{B}'\nok: [h]\n"
        );
        let expected = format!("changed: [10.0.0.1:7000] => \n  rc: 0\n{A}\n{B}\nok: [h]\n");
        let found = parts(&text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, expected);
    }

    #[test]
    fn what_is_said_once_is_left() {
        let text =
            format!("ok: [h] => \n  stdout: |-\n    {A}\n    {B}\n  stdout_lines: <omitted>\n");
        let found = parts(&text);
        assert!(
            found.iter().all(|part| part.0.contains("stdout: ")),
            "{found:?}"
        );
        let text = "  stdout: 'a b'\n  stdout_lines:\n  - a b\n";
        assert_eq!(parts(text), []);
    }
}
