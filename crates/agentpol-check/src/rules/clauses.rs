//! Which clauses a rule may have, must have, and has twice.

use crate::collect::not_yet;
use crate::draft::Draft;
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, Clause, ClauseKind, Effect};
use std::collections::HashMap;

/// The clauses of a rule, each in its place.
#[derive(Default)]
pub(super) struct Parts<'r, 'a> {
    pub(super) agent: Option<(&'r ast::AgentSelector<'a>, Span)>,
    pub(super) tool: Option<(&'r ast::ToolPatterns<'a>, Span)>,
    pub(super) does: Option<(&'r [(ast::VerbWord, Span)], Span)>,
    pub(super) on: Option<(&'r ast::OnSelector<'a>, Span)>,
    pub(super) because: Option<&'r ast::Text<'a>>,
    pub(super) from: Option<(&'r ast::Approvers<'a>, Span)>,
    pub(super) within: Option<ast::Duration>,
    pub(super) observed: bool,
    pub(super) always: bool,
    /// What a request decides, in order.
    pub(super) dynamic: Vec<&'r Clause<'a>>,
}

/// Sorts the clauses of a rule, and says which do not belong there, stand twice or are missing.
pub(super) fn sort<'r, 'a>(draft: &mut Draft<'a, '_>, rule: &'r ast::Rule<'a>) -> Parts<'r, 'a> {
    let mut parts = Parts::default();
    let mut said: HashMap<&str, Span> = HashMap::new();
    for clause in rule.block.clauses {
        let word = word(&clause.kind);
        if !belongs(draft, rule, clause, word) {
            continue;
        }
        if !matches!(clause.kind, ClauseKind::Let(..) | ClauseKind::When(_) | ClauseKind::Unless(_)) {
            if let Some(first) = said.get(word) {
                let title = format!("`{word}` stands twice");
                let help = match word {
                    "agent" | "user" | "tool" | "does" | "on" | "env" | "task" | "during" | "outside" => {
                        format!("write one `{word}` with commas between its parts")
                    }
                    _ => "remove one of them".to_owned(),
                };
                let diagnostic = Diagnostic::new(Code::AP0105, title, clause.span, "again here");
                draft.report(diagnostic.because(*first, "first here").help(help));
                continue;
            }
            said.insert(word, clause.span);
        }
        parts.take(clause);
    }
    require(draft, rule, &parts);
    parts
}

impl<'r, 'a> Parts<'r, 'a> {
    /// Puts a clause in its place.
    fn take(&mut self, clause: &'r Clause<'a>) {
        match &clause.kind {
            ClauseKind::Agent(selector) => self.agent = Some((selector, clause.span)),
            ClauseKind::Tool(patterns) => self.tool = Some((patterns, clause.span)),
            ClauseKind::Does(verbs) => self.does = Some((verbs, clause.span)),
            ClauseKind::On(selector) => self.on = Some((selector, clause.span)),
            ClauseKind::Because(text) => self.because = Some(text),
            ClauseKind::From(approvers) => self.from = Some((approvers, clause.span)),
            ClauseKind::Within(duration) => self.within = Some(*duration),
            ClauseKind::PhaseObserve(_) => self.observed = true,
            ClauseKind::Always => self.always = true,
            ClauseKind::User(_)
            | ClauseKind::Env(_)
            | ClauseKind::Task(_)
            | ClauseKind::During(_)
            | ClauseKind::Outside(_)
            | ClauseKind::Let(..)
            | ClauseKind::When(_)
            | ClauseKind::Unless(_) => self.dynamic.push(clause),
            ClauseKind::Where(_)
            | ClauseKind::By(_)
            | ClauseKind::ReturnsUntrusted
            | ClauseKind::Distinct
            | ClauseKind::AtMost(_)
            | ClauseKind::MoreThan(_)
            | ClauseKind::Outcome(_)
            | ClauseKind::Novel(_)
            | ClauseKind::Severity(_) => {}
        }
    }

    /// Returns the users clause.
    fn user(&self) -> Option<&'r Clause<'a>> {
        self.dynamic.iter().copied().find(|clause| matches!(clause.kind, ClauseKind::User(_)))
    }
}

/// Returns the word that a clause begins with.
fn word(kind: &ClauseKind<'_>) -> &'static str {
    match kind {
        ClauseKind::Agent(_) => "agent",
        ClauseKind::User(_) => "user",
        ClauseKind::Tool(_) => "tool",
        ClauseKind::Does(_) => "does",
        ClauseKind::On(_) => "on",
        ClauseKind::Env(_) => "env",
        ClauseKind::Task(_) => "task",
        ClauseKind::During(_) => "during",
        ClauseKind::Outside(_) => "outside",
        ClauseKind::Let(..) => "let",
        ClauseKind::When(_) => "when",
        ClauseKind::Unless(_) => "unless",
        ClauseKind::Because(_) => "because",
        ClauseKind::From(_) => "from",
        ClauseKind::Within(_) => "within",
        ClauseKind::PhaseObserve(_) => "phase observe",
        ClauseKind::Always => "always",
        ClauseKind::Where(_) => "where",
        ClauseKind::By(_) => "by",
        ClauseKind::ReturnsUntrusted => "returns untrusted",
        ClauseKind::Distinct => "distinct",
        ClauseKind::AtMost(_) => "at most",
        ClauseKind::MoreThan(_) => "more than",
        ClauseKind::Outcome(_) => "outcome",
        ClauseKind::Novel(_) => "novel",
        ClauseKind::Severity(_) => "severity",
    }
}

/// Returns the words of an effect.
pub(super) fn effect_words(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "allow",
        Effect::Entitle => "entitle",
        Effect::Deny => "deny",
        Effect::RequireApproval => "require approval",
        Effect::Limit => "limit",
        Effect::Alert => "alert",
    }
}

/// Returns whether a clause belongs into a rule of this effect, and says where it belongs otherwise.
fn belongs(draft: &mut Draft<'_, '_>, rule: &ast::Rule<'_>, clause: &Clause<'_>, word: &str) -> bool {
    let effect = effect_words(rule.effect);
    let approval = rule.effect == Effect::RequireApproval;
    let grants = matches!(rule.effect, Effect::Allow | Effect::Entitle);
    let elsewhere = match &clause.kind {
        ClauseKind::From(_) if !approval => "it belongs to `require approval`".to_owned(),
        ClauseKind::Within(_) if !approval => {
            "it belongs to `require approval`: how long an approval is good".to_owned()
        }
        ClauseKind::Distinct if !approval => "it belongs to `require approval`".to_owned(),
        ClauseKind::Distinct => {
            draft.report(not_yet("approvals by distinct persons over several rules", clause.span, "remove the clause"));
            return false;
        }
        ClauseKind::Always if grants => "remove it: only what restricts can hold in every phase".to_owned(),
        ClauseKind::PhaseObserve(Some(_)) => {
            "a rule is observed until the clause is removed: write `phase observe`".to_owned()
        }
        ClauseKind::Where(_) => "write `when`: `where` belongs to a set of earlier calls".to_owned(),
        ClauseKind::By(_) | ClauseKind::ReturnsUntrusted => "it belongs to a set of earlier calls".to_owned(),
        ClauseKind::AtMost(_) => "it belongs to a `limit`".to_owned(),
        ClauseKind::MoreThan(_) | ClauseKind::Outcome(_) | ClauseKind::Novel(_) | ClauseKind::Severity(_) => {
            "it belongs to an `alert`".to_owned()
        }
        _ => return true,
    };
    let title = format!("`{word}` does not belong into `{effect}`");
    let diagnostic = Diagnostic::new(Code::AP0104, title, clause.span, "not here").help(elsewhere);
    draft.report(diagnostic);
    false
}

/// Says which clauses are missing.
fn require(draft: &mut Draft<'_, '_>, rule: &ast::Rule<'_>, parts: &Parts<'_, '_>) {
    let effect = effect_words(rule.effect);
    let name = rule.name.map_or_else(String::new, |name| format!(" `{}`", name.value));
    let span = rule.name.map_or(rule.effect_span, |name| name.span);
    if rule.effect != Effect::Entitle && parts.agent.is_none() {
        let title = format!("the rule{name} does not say for which agent it holds");
        let help = match rule.effect {
            Effect::Allow => "write `agent` and the agents that it is for",
            _ => "write `agent any` if it holds for every agent",
        };
        draft.report(Diagnostic::new(Code::AP0403, title, span, "`agent` is missing").help(help));
    }
    if rule.effect == Effect::Allow && parts.user().is_none() {
        let title = format!("the allow{name} does not say on whose behalf");
        let help = "write `user in` and a group, `user any` for every user, or `user none` for runs without one";
        draft.report(Diagnostic::new(Code::AP0402, title, span, "`user` is missing").help(help));
    }
    let what = parts.tool.is_some() || parts.does.is_some() || parts.on.is_some();
    if rule.effect != Effect::Entitle && !what {
        let title = format!("the {effect}{name} does not say what it is about");
        let help = match rule.effect {
            Effect::Allow => "write `tool` and the tools that it lets through",
            _ => "write `tool *` if it is about every tool, or `does` and verbs",
        };
        draft.report(Diagnostic::new(Code::AP0404, title, span, "`tool`, `does` or `on` is missing").help(help));
    }
    if rule.effect == Effect::RequireApproval && parts.from.is_none() {
        let title = format!("the rule{name} does not say who approves");
        let help = "write `from` and a group, or `from user` where the requesting user confirms";
        draft.report(Diagnostic::new(Code::AP0409, title, span, "`from` is missing").help(help));
    }
}
