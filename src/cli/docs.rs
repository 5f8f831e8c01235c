//! `docs`: documents that are made from the code, so that they cannot be wrong about it.

use clap::ValueEnum;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::explain;
use crate::cli::output::Terminal;
use crate::render;
use crate::rules;

#[derive(clap::Args, Debug)]
pub(super) struct DocsArgs {
    /// Which document
    #[arg(value_enum, value_name = "DOCUMENT")]
    document: Document,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Document {
    /// Every rule: what, why, what to do (Markdown)
    Rules,
    /// The JSON schema of the reports
    Schema,
}

pub(super) fn run(args: &DocsArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let text = match args.document {
        Document::Rules => rules_page(),
        Document::Schema => render::json::schema(),
    };
    terminal.data(&text)?;
    Ok(Exit::Clean)
}

/// A table of all rules, then the page of each.
fn rules_page() -> String {
    let mut text = String::from(
        "# Rules\n\n\
         Made by `topoplan docs rules`. `topoplan explain CODE` prints one of these pages.\n\n\
         | code | name | severity and cure |\n|---|---|---|\n",
    );
    for rule in rules::all() {
        text += &format!(
            "| [{code}](#{anchor}) | {id} | {summary} |\n",
            code = rule.code,
            anchor = format!("{}-{}", rule.code, rule.id).to_lowercase(),
            id = rule.id,
            summary = rule.summary(),
        );
    }
    for rule in rules::all() {
        text.push('\n');
        // One level down: the document has its own title.
        for line in explain::page(rule).lines() {
            if line.starts_with('#') {
                text.push('#');
            }
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}
