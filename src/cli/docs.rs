//! `docs`: documents that are made from the code, so that they cannot be wrong about it.

use clap::Subcommand;
use clap_complete::Shell;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::explain;
use crate::cli::output::Terminal;
use crate::cli::policy;
use crate::cli::suggest;
use crate::diagnostic;
use crate::render;
use crate::rules;

#[derive(clap::Args, Debug)]
pub(super) struct DocsArgs {
    #[command(subcommand)]
    document: Document,
}

#[derive(Subcommand, Debug)]
enum Document {
    /// Every rule: what, why, what to do (Markdown)
    Rules,
    /// Every diagnostic: what, why, what to do (Markdown)
    Diagnostics,
    /// The JSON schema of the reports
    Schema,
    /// A policy file with every key and what it does (TOML)
    Policy,
    /// The JSON schema of a policy file
    PolicySchema,
    /// What a shell needs to complete command lines of topoplan
    Completions {
        #[arg(value_enum, value_name = "SHELL")]
        shell: Shell,
    },
    /// A manual page: of the program, or of one command
    Man {
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
}

/// `command` is the whole command line as clap knows it.
pub(super) fn run(
    args: &DocsArgs,
    command: clap::Command,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let text = match &args.document {
        Document::Rules => rules_page(),
        Document::Diagnostics => diagnostics_page(),
        Document::Schema => render::json::schema(),
        Document::Policy => crate::policy::commented(),
        Document::PolicySchema => policy::schema(),
        Document::Completions { shell } => completions(*shell, command),
        Document::Man { command: name } => manual(name.as_deref(), command)?,
    };
    terminal.data(&text)?;
    Ok(Exit::Clean)
}

fn completions(shell: Shell, mut command: clap::Command) -> String {
    let mut text = Vec::new();
    // Whoever completes writes the program's name, whatever the parser is given.
    command = command.no_binary_name(false);
    clap_complete::generate(shell, &mut command, env!("CARGO_PKG_NAME"), &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn manual(name: Option<&str>, mut command: clap::Command) -> Result<String, Failure> {
    command.build();
    let page = match name {
        None => command,
        Some(name) => {
            let found = command.find_subcommand(name).cloned();
            let found = found.ok_or_else(|| {
                let known = command.get_subcommands().map(clap::Command::get_name);
                let near = suggest::nearest(name, known);
                Failure::Usage(
                    format!("no command is called `{name}`"),
                    near.map_or(String::new(), |near| format!("did you mean `{near}`?")),
                )
            })?;
            found.version(env!("CARGO_PKG_VERSION"))
        }
    };
    let mut text = Vec::new();
    let rendered = clap_mangen::Man::new(page).render(&mut text);
    rendered.map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
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
        push_page(&mut text, &explain::page(rule));
    }
    text
}

/// A table of all diagnostics, then the page of each.
fn diagnostics_page() -> String {
    let mut text = String::from(
        "# Diagnostics\n\n\
         What topoplan says of captured files. Made by `topoplan docs diagnostics`. \
         `topoplan explain CODE` prints one of these pages.\n\n\
         | code | severity |\n|---|---|\n",
    );
    for code in diagnostic::Code::all() {
        text += &format!(
            "| [{code}](#{anchor}) | {severity} |\n",
            anchor = code.as_str().replace('/', ""),
            severity = code.severity(),
        );
    }
    for code in diagnostic::Code::all() {
        push_page(&mut text, &explain::diagnostic_page(code));
    }
    text
}

/// One level down: the document has its own title.
fn push_page(text: &mut String, page: &str) {
    text.push('\n');
    for line in page.lines() {
        if line.starts_with('#') {
            text.push('#');
        }
        text.push_str(line);
        text.push('\n');
    }
}
