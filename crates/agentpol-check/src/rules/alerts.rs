//! Alerts: what raises them, after which outcomes, and how grave they are.

use super::clauses::Parts;
use crate::draft::Draft;
use crate::expr::window;
use crate::policy::{Alarm, Alert, Outcome, Severity};
use agentpol_diagnostics::{Code, Diagnostic, did_you_mean};
use agentpol_syntax::ast;

/// The outcomes, as written.
const OUTCOMES: [(&str, Outcome); 4] = [
    ("allow", Outcome::Allow),
    ("require approval", Outcome::RequireApproval),
    ("throttle", Outcome::Throttle),
    ("deny", Outcome::Deny),
];

/// The severities, as written.
const SEVERITIES: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// Makes the alert of a rule.
pub(super) fn alert(
    draft: &mut Draft<'_, '_>,
    ast: &ast::Rule<'_>,
    parts: &Parts<'_, '_>,
    alarm: Option<Alarm>,
) -> Option<Alert> {
    let severity = match parts.severity {
        None => Some(Severity::Medium),
        Some(word) => severity(draft, word),
    };
    let outcomes = match parts.outcomes {
        None => Some(None),
        Some(words) => outcomes(draft, words).map(Some),
    };
    let alarm = self::alarm(draft, ast, parts, alarm);
    let (severity, mut outcomes, alarm) = (severity?, outcomes?, alarm?);
    // What is new is what was let through, unless the author says otherwise.
    if matches!(alarm, Alarm::Novel { .. }) {
        outcomes.get_or_insert_with(|| vec![Outcome::Allow]);
    }
    Some(Alert { severity, outcomes, alarm })
}

fn severity(draft: &mut Draft<'_, '_>, word: &ast::Name<'_>) -> Option<Severity> {
    let found = SEVERITIES.into_iter().find(|severity| severity.as_str() == word.text);
    if found.is_none() {
        let known = SEVERITIES.map(Severity::as_str);
        let help = did_you_mean(word.text, known).unwrap_or_else(|| format!("write one of `{}`", known.join("`, `")));
        let title = format!("unknown severity `{}`", word.text);
        draft.report(Diagnostic::new(Code::AP0201, title, word.span, "how grave?").help(help));
    }
    found
}

fn outcomes(draft: &mut Draft<'_, '_>, words: &[ast::Name<'_>]) -> Option<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(words.len());
    let mut sound = true;
    for word in words {
        let Some((_, outcome)) = OUTCOMES.iter().find(|(known, _)| *known == word.text) else {
            let known = OUTCOMES.map(|(known, _)| known);
            let help =
                did_you_mean(word.text, known).unwrap_or_else(|| format!("write one of `{}`", known.join("`, `")));
            let title = format!("no decision comes out as `{}`", word.text);
            draft.report(Diagnostic::new(Code::AP0201, title, word.span, "not an outcome").help(help));
            sound = false;
            continue;
        };
        if outcomes.contains(outcome) {
            let title = format!("`{}` stands twice", word.text);
            draft.report(Diagnostic::new(Code::AP0105, title, word.span, "again here").help("remove one of them"));
            sound = false;
            continue;
        }
        outcomes.push(*outcome);
    }
    outcomes.sort_unstable();
    sound.then_some(outcomes)
}

/// Finds what raises the alert, and refuses what does not go together.
fn alarm(draft: &mut Draft<'_, '_>, ast: &ast::Rule<'_>, parts: &Parts<'_, '_>, alarm: Option<Alarm>) -> Option<Alarm> {
    match (parts.more_than, parts.novel, parts.within) {
        (Some((_, first)), Some((_, span)), _) => {
            let title = "one alert watches two things";
            let diagnostic = Diagnostic::new(Code::AP0413, title, span, "what is new");
            let help = "write two alerts: one with `more than`, one with `novel (...)`";
            draft.report(diagnostic.because(first, "how often").help(help));
            None
        }
        (None, Some((_, span)), None) => {
            let title = "the alert does not say for how long something is new";
            let diagnostic = Diagnostic::new(Code::AP0107, title, span, "`within` is missing");
            draft.report(diagnostic.help("write how long ago it may have been before, such as `within 30d`"));
            None
        }
        (None, Some(_), Some(written)) => {
            let within = window(written, |diagnostic| draft.report(diagnostic));
            match (alarm?, within?) {
                (Alarm::Novel { keys, .. }, within) => Some(Alarm::Novel { keys, within }),
                _ => None,
            }
        }
        (_, None, Some(written)) => {
            let title = "`within` belongs to `novel (...)`";
            let diagnostic = Diagnostic::new(Code::AP0413, title, written.span, "nothing here is new or known");
            let help = match parts.more_than {
                Some(_) => "remove it: `more than` has its own window, `per 5m`",
                None => "write what is to be new, such as `novel (agent, tool) within 30d`",
            };
            draft.report(diagnostic.help(help));
            None
        }
        (Some(_), None, None) => alarm,
        (None, None, None) => {
            let selects = parts.tool.is_some() || parts.does.is_some() || parts.on.is_some();
            if parts.outcomes.is_none() && !selects && parts.dynamic.is_empty() {
                let title = "the alert is raised at every decision";
                let span = ast.name.map_or(ast.effect_span, |name| name.span);
                let diagnostic = Diagnostic::new(Code::AP0413, title, span, "says only whose");
                let help = "write what is worth telling: `outcome deny`, `more than 10 per 5m per agent`, \
                            `novel (agent, tool) within 30d`, or `tool` and tools";
                draft.report(diagnostic.help(help));
                return None;
            }
            alarm
        }
    }
}
