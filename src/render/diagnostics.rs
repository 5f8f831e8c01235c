//! Diagnostics, drawn with the captured line they speak of.

use std::collections::BTreeSet;

use annotate_snippets::AnnotationKind;
use annotate_snippets::Level;
use annotate_snippets::Origin;
use annotate_snippets::Renderer;
use annotate_snippets::Snippet;

use crate::diagnostic::Excerpt;
use crate::render::findings::tally;
use crate::render::page::wrap;
use crate::render::style::Look;
use crate::report::Diagnostic;
use crate::report::Finding;
use crate::rules::Code;
use crate::rules::told_by;
use crate::rules::told_in_place_by;
use crate::text::safe::safe;
use crate::text::safe::width;
use crate::text::words::count;

/// Diagnostics that are drawn without `-v`; the rest is counted.
const DRAWN: usize = 20;

/// The most severe first, each with its line; empty for none. With `quiet` only errors.
pub fn diagnostics(diagnostics: &[Diagnostic], look: Look) -> String {
    let mut sorted: Vec<&Diagnostic> = diagnostics
        .iter()
        .filter(|d| !look.quiet || d.severity == "error")
        .collect();
    sorted.sort_by_key(|d| match d.severity.as_str() {
        "error" => 0,
        "warning" => 1,
        _ => 2,
    });
    let drawn = if look.verbose > 0 {
        sorted.len()
    } else {
        sorted.len().min(DRAWN)
    };
    let (visible, hidden) = sorted.split_at(drawn);
    let mut parts: Vec<String> = visible.iter().map(|d| draw(d, look)).collect();
    if !hidden.is_empty() {
        let of = |severity: &str| hidden.iter().filter(|d| d.severity == severity).count();
        let (errors, warnings) = (of("error"), of("warning"));
        let kinds = tally(errors, warnings, hidden.len() - errors - warnings);
        let more = count(hidden.len(), "more diagnostic");
        parts.push(format!("{more} ({kinds}), all shown by -v"));
    }
    if parts.is_empty() {
        return String::new();
    }
    parts.join("\n\n") + "\n"
}

/// Those that no finding beside them tells with the same words and places; with `-v` all, as a
/// finding names the first few places only. All of them stay in the report.
pub fn untold(diagnostics: &[Diagnostic], findings: &[Finding], look: Look) -> Vec<Diagnostic> {
    if look.verbose > 0 {
        return diagnostics.to_vec();
    }
    let told: BTreeSet<Code> = findings.iter().map(|f| f.code).collect();
    let places: BTreeSet<(Code, &str, u32)> = findings
        .iter()
        .flat_map(|f| f.evidence.iter().map(|e| (f.code, &*e.path, e.line)))
        .collect();
    let is_told = |d: &&Diagnostic| {
        // Without a place it is about what the operator gave, not about the capture.
        let Some(path) = d.path.as_deref() else {
            return false;
        };
        let in_place = |code| places.contains(&(code, path, d.line.unwrap_or(0)));
        told_by(d.code).is_some_and(|code| told.contains(&code))
            || told_in_place_by(d.code).is_some_and(in_place)
    };
    let untold = diagnostics.iter().filter(|d| !is_told(d));
    untold.cloned().collect()
}

fn draw(diagnostic: &Diagnostic, look: Look) -> String {
    let level = match diagnostic.severity.as_str() {
        "error" => Level::ERROR,
        "warning" => Level::WARNING,
        _ => Level::NOTE,
    };
    let id = diagnostic.code.as_str();
    // What the title line already holds: `warning[code]: `.
    let room = look
        .width
        .saturating_sub(diagnostic.severity.len() + width(id) + 4);
    let message = wrap(&diagnostic.message, room).join("\n");
    let mut group = level
        .clone()
        .primary_title(message)
        .id(id)
        .elements(None::<Origin>);
    if let Some(path) = &diagnostic.path {
        let path = safe(path).into_owned();
        group = match (&diagnostic.excerpt, diagnostic.line) {
            (Some(excerpt), Some(line)) => {
                let column = diagnostic.column.unwrap_or(1);
                let of_excerpt = excerpt.column.unwrap_or(column);
                let (text, span) = harmless(excerpt, of_excerpt);
                let mut snippet = Snippet::source(text).line_start(line as usize);
                if of_excerpt == column {
                    snippet = snippet.path(path);
                } else {
                    // The drawing has a part of the line; the place is that in the file.
                    group = group.element(origin(path, Some(line), Some(column)));
                }
                group.element(snippet.annotation(AnnotationKind::Primary.span(span)))
            }
            (_, line) => group.element(origin(path, line, diagnostic.column)),
        };
    }
    if let Some(help) = &diagnostic.help {
        let text = wrap(help, look.width.saturating_sub(16)).join("\n");
        group = group.element(Level::HELP.message(text));
    }
    let renderer = if look.colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.term_width(look.width).render(&[group])
}

fn origin(path: String, line: Option<u32>, column: Option<u32>) -> Origin<'static> {
    let mut origin = Origin::path(path);
    if let Some(line) = line {
        origin = origin.line(line as usize);
        if let Some(column) = column {
            origin = origin.char_column(column as usize);
        }
    }
    origin
}

/// The captured line made safe, and where the meant part lies in it now.
fn harmless(excerpt: &Excerpt, column: u32) -> (String, std::ops::Range<usize>) {
    let line = &excerpt.line;
    let border = |wanted: usize| {
        (0..=wanted.min(line.len()))
            .rev()
            .find(|&i| line.is_char_boundary(i))
            .unwrap_or(0)
    };
    let start = border(column.saturating_sub(1) as usize);
    let end = border(start.saturating_add(excerpt.length as usize)).max(start);
    let mut text = safe(&line[..start]).into_owned();
    let from = text.len();
    text.push_str(&safe(&line[start..end]));
    let to = text.len();
    text.push_str(&safe(&line[end..]));
    (text, from..to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Capture;
    use crate::diagnostic::Parse;
    use crate::render::style::WIDTH;
    use crate::render::testing::diagnostic;

    #[test]
    fn the_line_and_the_word_are_shown() {
        assert_eq!(
            diagnostics(&[diagnostic()], Look::default()),
            "\
warning[parse/link-state]: unknown link state `conected`
      --> a/cluster-nodes.txt:200001:9
       |
200001 | 0 0 1 a conected 0-5460
       |         ^^^^^^^^
       |
       = help: the server writes `connected` or `disconnected`
"
        );
    }

    #[test]
    fn without_an_excerpt_the_place_is_enough() {
        let mut one = diagnostic();
        one.excerpt = None;
        one.help = None;
        assert_eq!(
            diagnostics(&[one.clone()], Look::default()),
            "warning[parse/link-state]: unknown link state `conected`\n\
             --> a/cluster-nodes.txt:200001:9\n"
        );
        one.path = None;
        assert_eq!(
            diagnostics(&[one], Look::default()),
            "warning[parse/link-state]: unknown link state `conected`\n"
        );
    }

    #[test]
    fn the_worst_are_drawn_and_the_rest_is_counted() {
        let mut many = vec![diagnostic(); 30];
        many[29].severity = "error".into();
        let text = diagnostics(&many, Look::default());
        assert!(text.starts_with("error[parse/link-state]"));
        assert!(text.ends_with("\n\n10 more diagnostics (10 warnings), all shown by -v\n"));
        assert_eq!(text.matches("-->").count(), DRAWN);
        let quiet = Look {
            quiet: true,
            ..Look::default()
        };
        assert_eq!(diagnostics(&many, quiet).matches("-->").count(), 1);
        assert_eq!(diagnostics(&[], Look::default()), "");
    }

    #[test]
    fn what_a_finding_tells_is_not_drawn_again() {
        let mut one = diagnostic();
        one.code = Capture::UnknownFile.into();
        let look = Look::default();
        let verbose = Look { verbose: 1, ..look };
        let mut finding = crate::render::testing::check().findings.remove(0);
        assert_eq!(untold(&[one.clone()], &[finding.clone()], look).len(), 1);
        finding.code = Code::UnknownFile;
        let other = diagnostic();
        let left = untold(&[one.clone(), other.clone()], &[finding.clone()], look);
        assert_eq!(left, [other]);
        assert_eq!(untold(&[one.clone()], &[finding.clone()], verbose).len(), 1);
        one.path = None;
        assert_eq!(untold(&[one], &[finding], look).len(), 1);
    }

    #[test]
    fn a_line_that_a_finding_about_the_file_names_is_told_there() {
        let look = Look::default();
        let mut one = diagnostic();
        one.code = Parse::Flags.into();
        let mut finding = crate::render::testing::check().findings.remove(0);
        finding.code = Code::UnloadableNodesConf;
        finding.evidence = vec![crate::report::Evidence {
            path: one.path.clone().unwrap(),
            line: one.line.unwrap(),
            column: 1,
        }];
        assert_eq!(untold(&[one.clone()], &[finding.clone()], look), []);
        one.line = Some(one.line.unwrap() + 1);
        assert_eq!(untold(&[one], &[finding], look).len(), 1);
    }

    #[test]
    fn places_beyond_the_excerpt_or_inside_a_character_do_not_panic() {
        for column in [0, 1, 2, 3, 24, 25, 5000, u32::MAX] {
            for length in [0, 1, u32::MAX] {
                let mut one = diagnostic();
                one.column = Some(column);
                one.excerpt = Some(Excerpt {
                    line: "ü\x1b[31m\u{202e}漢 x".into(),
                    column: None,
                    length,
                });
                let text = diagnostics(&[one], Look::default());
                assert!(text.contains("\\x1b[31m\\u{202e}漢"), "{text}");
            }
        }
    }

    #[test]
    fn a_very_long_line_is_trimmed_around_the_word() {
        let mut one = diagnostic();
        let line = format!("{}conected {}", "1-2 ".repeat(40), "3-4 ".repeat(40));
        one.column = Some(161);
        one.excerpt = Some(Excerpt {
            line,
            column: None,
            length: 8,
        });
        one.message = "word ".repeat(40);
        let text = diagnostics(&[one], Look::default());
        assert!(text.contains("conected"), "{text}");
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH), "{text}");
    }
}
