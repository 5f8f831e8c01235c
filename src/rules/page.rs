//! A rule's page as text: what `explain` prints and the rule list is made of.

use crate::rules::Cure;
use crate::rules::Rule;

impl Rule {
    /// The page for a terminal: title, severity and cure, then What, Why and Do as indented
    /// lines under bare headings. Ends in a line feed.
    pub fn text(&self) -> String {
        let mut text = format!("{} {}\n{}\n", self.code, self.id, self.summary());
        for line in self.body().filter(|l| !l.is_empty()) {
            match line.strip_prefix("## ") {
                Some(heading) => text.extend(["\n", heading, "\n"]),
                None => text.extend(["  ", line, "\n"]),
            }
        }
        text
    }

    /// The page's What, Why and Do in Markdown, headings as `## What`.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for line in self.body() {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// `error; cured by a default plan`.
    pub fn summary(&self) -> String {
        let cure = match self.cure {
            Cure::Yes(_) => "cured by a default plan",
            Cure::Asked(..) => "cured by a plan on request",
            Cure::No => "cured by a human only",
        };
        format!("{}; {cure}", self.severity)
    }

    /// The `//!` lines at the top of the rule's file, without the marks.
    fn body(&self) -> impl Iterator<Item = &'static str> {
        self.page
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::find;

    #[test]
    fn the_text_starts_with_title_and_cure_and_has_no_marks() {
        let text = find("P001").expect("in the list").text();
        let expected = "P001 replica-shares-host\nerror; cured by a default plan\n\nWhat\n  ";
        assert!(text.starts_with(expected), "{text}");
        assert!(!text.contains("//!") && !text.contains("##") && !text.contains("use crate"));
    }
}
