//! `polc explain`: what a code means.

use agentpol::Refusal;
use agentpol_bytecode::code::Code as DecisionCode;
use agentpol_diagnostics::{Code, nearest};

use crate::events;
use crate::exit::{Done, Exit, Problem};
use crate::markdown;
use crate::terminal::{Ink, Terminal};

/// The page of each diagnostic code.
const DIAGNOSTICS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/diagnostic_pages.rs"));
/// One section for each code of decisions.
const DECISIONS: &str = include_str!("../../../../docs/reference/decision-codes.md");

/// Explain a code, such as AP0301 or `no_allow`
///
/// Codes like AP0301 stand in what `polc check` prints, codes like `no_allow` in decisions, codes like
/// `session_unknown` in refused events. Without a code all of them are listed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc explain
  polc explain AP0301
  polc explain no_allow

Exit codes: 0 explained, 2 there is no such code")]
pub(crate) struct Args {
    /// The code
    code: Option<String>,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Done {
    match &args.code {
        None => list(terminal),
        Some(typed) => explain(typed, terminal)?,
    }
    Ok(Exit::Success)
}

fn explain(typed: &str, terminal: &mut Terminal) -> Result<(), Problem> {
    if let Some(code) = Code::ALL.iter().find(|code| code.as_str().eq_ignore_ascii_case(typed)) {
        match DIAGNOSTICS.iter().find(|(name, _)| *name == code.as_str()) {
            Some((_, page)) => markdown::show(page, &mut terminal.out),
            None => terminal.out.line(format_args!("{}: {}", code.as_str(), code.title())),
        }
        return Ok(());
    }
    if let Some(code) = DecisionCode::from_word(&typed.to_ascii_lowercase()) {
        let heading = terminal.out.ink(Ink::Bold, code.as_str());
        terminal.out.line(format_args!("{heading} ({}): {}", code.outcome().as_str(), code.meaning()));
        if let Some(section) = section(code.as_str()) {
            terminal.out.line("");
            markdown::show(section, &mut terminal.out);
        }
        return Ok(());
    }
    if let Some(refusal) = Refusal::ALL.iter().find(|refusal| refusal.as_str().eq_ignore_ascii_case(typed)) {
        let heading = terminal.out.ink(Ink::Bold, refusal.as_str());
        terminal.out.line(format_args!("{heading} (an event is refused): {}", refusal.title()));
        if let Some(advice) = events::advice(*refusal) {
            terminal.out.line("");
            markdown::show(&sentence(advice), &mut terminal.out);
        }
        return Ok(());
    }
    let decisions = DecisionCode::ALL.iter().map(|code| code.as_str());
    let refusals = Refusal::ALL.iter().map(|refusal| refusal.as_str());
    let words = Code::ALL.iter().map(|code| code.as_str()).chain(decisions).chain(refusals);
    let help = match nearest(typed, words) {
        Some(word) => format!("did you mean `{word}`?"),
        None => "`polc explain` lists all codes".to_owned(),
    };
    Err(Problem::usage(format!("there is no code `{typed}`")).help(help))
}

/// Returns a text with a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

/// Returns the text under the heading of a decision code.
fn section(code: &str) -> Option<&'static str> {
    let heading = format!("\n## {code}\n");
    let start = DECISIONS.find(&heading)? + heading.len();
    let rest = &DECISIONS[start..];
    Some(rest[..rest.find("\n## ").unwrap_or(rest.len())].trim())
}

fn list(terminal: &mut Terminal) {
    let out = &mut terminal.out;
    let heading = out.ink(Ink::Bold, "Diagnostics");
    out.line(heading);
    for code in Code::ALL {
        out.line(format_args!("  {}  {}", code.as_str(), code.title()));
    }
    let heading = out.ink(Ink::Bold, "Decisions");
    out.line(format_args!("\n{heading}"));
    let width = DecisionCode::ALL.iter().map(|code| code.as_str().len()).max().unwrap_or(0);
    for code in DecisionCode::ALL {
        out.line(format_args!("  {:width$}  {}", code.as_str(), code.meaning()));
    }
    let heading = out.ink(Ink::Bold, "Refusals of events");
    out.line(format_args!("\n{heading}"));
    for refusal in Refusal::ALL {
        out.line(format_args!("  {:width$}  {}", refusal.as_str(), refusal.title()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_page() {
        let missing: Vec<&str> = Code::ALL
            .iter()
            .map(|code| code.as_str())
            .filter(|code| !DIAGNOSTICS.iter().any(|(name, _)| name == code))
            .chain(DecisionCode::ALL.iter().map(|code| code.as_str()).filter(|code| section(code).is_none()))
            .collect();
        assert!(missing.is_empty(), "no page for {missing:?}");
    }
}
