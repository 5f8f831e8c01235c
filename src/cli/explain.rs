//! `explain`: what a code means, why it matters, what to do.

use serde::Serialize;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::output::Terminal;
use crate::cli::suggest;
use crate::render;
use crate::report::SCHEMA_VERSION;
use crate::rules;
use crate::rules::Rule;

#[derive(clap::Args, Debug)]
pub(super) struct ExplainArgs {
    /// A code or a name: P005, skewed-masters
    #[arg(value_name = "CODE")]
    code: String,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// A page for machines.
#[derive(Serialize)]
struct Page<'a> {
    schema_version: u32,
    code: &'a str,
    rule: &'a str,
    severity: String,
    /// Markdown.
    page: String,
}

pub(super) fn run(args: &ExplainArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let rule = find(&args.code).map_err(|help| {
        let message = format!("no rule is called `{}`", args.code);
        Failure::Usage(message, help)
    })?;
    let text = match args.format {
        Format::Text => render::explain(&page(rule), terminal.data_look()),
        Format::Json => render::json::report(&Page {
            schema_version: SCHEMA_VERSION,
            code: rule.code.as_str(),
            rule: rule.id,
            severity: rule.severity.to_string(),
            page: rule.markdown(),
        }),
    };
    terminal.data(&text)?;
    Ok(Exit::Clean)
}

/// A rule's page in Markdown, under its code and name.
pub(super) fn page(rule: &Rule) -> String {
    format!(
        "# {} {}\n\n{}\n\n{}",
        rule.code,
        rule.id,
        rule.summary(),
        rule.markdown()
    )
}

/// The rule of a code or a name, in any case; else a sentence about what may have been meant.
pub(super) fn find(word: &str) -> Result<&'static Rule, String> {
    rules::find(word).ok_or_else(|| {
        let known = rules::all().flat_map(|rule| [rule.code.as_str(), rule.id]);
        match suggest::nearest(word, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "codes are listed by `topoplan docs rules`".to_owned(),
        }
    })
}
