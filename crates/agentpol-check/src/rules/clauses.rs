//! Which clauses a rule may have, must have, and has twice.

use crate::draft::Draft;
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, Clause, ClauseKind, Effect};
use std::collections::HashMap;

/// What clauses stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// A rule of this effect.
    Rule(Effect),
    /// What an agent delegates.
    Delegation,
}

impl Block {
    /// Returns the words that it begins with.
    pub(super) fn words(self) -> &'static str {
        match self {
            Block::Rule(effect) => effect_words(effect),
            Block::Delegation => "delegates to",
        }
    }

    /// Returns whether it grants, which decides how selectors cover.
    pub(super) fn grants(self) -> bool {
        matches!(self, Block::Rule(Effect::Allow | Effect::Entitle) | Block::Delegation)
    }
}

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
    pub(super) distinct: bool,
    pub(super) at_most: Option<&'r ast::Rate<'a>>,
    pub(super) more_than: Option<(&'r ast::Rate<'a>, Span)>,
    pub(super) novel: Option<(&'r [ast::Expr<'a>], Span)>,
    pub(super) outcomes: Option<&'r [ast::Name<'a>]>,
    pub(super) severity: Option<&'r ast::Name<'a>>,
    /// What a request decides, in order.
    pub(super) dynamic: Vec<&'r Clause<'a>>,
}

/// Sorts the clauses of a rule, and says which do not belong there, stand twice or are missing.
pub(super) fn sort<'r, 'a>(draft: &mut Draft<'a, '_>, rule: &'r ast::Rule<'a>) -> Parts<'r, 'a> {
    let parts = sort_block(draft, Block::Rule(rule.effect), &rule.block);
    require(draft, rule, &parts);
    parts
}

/// Sorts the clauses of a block, and says which do not belong there or stand twice.
pub(super) fn sort_block<'r, 'a>(draft: &mut Draft<'a, '_>, block: Block, ast: &'r ast::Block<'a>) -> Parts<'r, 'a> {
    let mut parts = Parts::default();
    let mut said: HashMap<&str, Span> = HashMap::new();
    for clause in ast.clauses {
        let word = word(&clause.kind);
        if !belongs(draft, block, clause, word) {
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
            ClauseKind::Distinct => self.distinct = true,
            ClauseKind::AtMost(rate) => self.at_most = Some(rate),
            ClauseKind::MoreThan(rate) => self.more_than = Some((rate, clause.span)),
            ClauseKind::Novel(keys) => self.novel = Some((keys, clause.span)),
            ClauseKind::Outcome(outcomes) => self.outcomes = Some(outcomes),
            ClauseKind::Severity(word) => self.severity = Some(word),
            ClauseKind::User(_)
            | ClauseKind::Env(_)
            | ClauseKind::Task(_)
            | ClauseKind::During(_)
            | ClauseKind::Outside(_)
            | ClauseKind::Let(..)
            | ClauseKind::When(_)
            | ClauseKind::Unless(_) => self.dynamic.push(clause),
            ClauseKind::Where(_) | ClauseKind::By(_) | ClauseKind::ReturnsUntrusted => {}
            ClauseKind::Since(_) | ClauseKind::Keeping(_) => {}
        }
    }

    /// Returns the users clause.
    fn user(&self) -> Option<&'r Clause<'a>> {
        self.dynamic.iter().copied().find(|clause| matches!(clause.kind, ClauseKind::User(_)))
    }
}

/// Returns the word that a clause begins with.
pub(super) fn word(kind: &ClauseKind<'_>) -> &'static str {
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
        ClauseKind::Since(_) => "since",
        ClauseKind::Keeping(_) => "keeping last",
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

/// Returns whether a clause belongs into a block, and says where it belongs otherwise.
fn belongs(draft: &mut Draft<'_, '_>, block: Block, clause: &Clause<'_>, word: &str) -> bool {
    let Some(elsewhere) = elsewhere(block, &clause.kind) else { return true };
    let title = format!("`{word}` does not belong into `{}`", block.words());
    draft.report(Diagnostic::new(Code::AP0104, title, clause.span, "not here").help(elsewhere));
    false
}

/// Says where a clause belongs that does not belong into a block.
fn elsewhere(block: Block, clause: &ClauseKind<'_>) -> Option<&'static str> {
    let approval = block == Block::Rule(Effect::RequireApproval);
    let alert = block == Block::Rule(Effect::Alert);
    let delegation = block == Block::Delegation;
    Some(match clause {
        ClauseKind::Agent(_) if delegation => "name the agents before the block: `delegates to worker { ... }`",
        ClauseKind::From(_) if !approval => "it belongs to `require approval`",
        ClauseKind::Within(_) if !approval && !alert => {
            "it belongs inside the braces of a set of calls, to `require approval`, or to `novel (...)` in an `alert`"
        }
        ClauseKind::Distinct if !approval => "it belongs to `require approval`",
        ClauseKind::Always if block.grants() => "remove it: only what restricts can hold in every phase",
        ClauseKind::Always if alert => "remove it: an alert changes no decision, and is raised in every phase",
        ClauseKind::PhaseObserve(_) if alert => "remove it: an alert changes no decision",
        ClauseKind::PhaseObserve(_) if delegation => "remove it: a delegation without effect is none",
        ClauseKind::Because(_) if alert => {
            "remove it: `because` is told to the agent, and of alerts it learns nothing; the name tells the operator"
        }
        ClauseKind::Because(_) if delegation => "remove it; a `deny` can say why",
        ClauseKind::PhaseObserve(Some(_)) => "a rule is observed until the clause is removed: write `phase observe`",
        ClauseKind::Where(_) => "write `when`: `where` belongs to a set of earlier calls",
        ClauseKind::By(_) if alert || block == Block::Rule(Effect::Limit) => {
            "write `per` before what is counted apart: `5 per 1h per user`"
        }
        ClauseKind::By(_) | ClauseKind::ReturnsUntrusted => "it belongs to a set of earlier calls",
        ClauseKind::Since(_) | ClauseKind::Keeping(_) => "it belongs inside the braces of a set of earlier calls",
        ClauseKind::AtMost(_) if alert => "write `more than`: an alert is raised above a number",
        ClauseKind::AtMost(_) if block != Block::Rule(Effect::Limit) => "it belongs to a `limit`",
        ClauseKind::MoreThan(_) if block == Block::Rule(Effect::Limit) => "write `at most`: a limit says what may pass",
        ClauseKind::MoreThan(_) | ClauseKind::Outcome(_) | ClauseKind::Novel(_) | ClauseKind::Severity(_) if !alert => {
            "it belongs to an `alert`"
        }
        _ => return None,
    })
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
    if !matches!(rule.effect, Effect::Entitle | Effect::Alert) && !what {
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
    if rule.effect == Effect::Limit && parts.at_most.is_none() {
        let title = format!("the limit{name} does not say how much may pass");
        let help = "write a bound and its window, such as `at most 5 per 1h per user`";
        draft.report(Diagnostic::new(Code::AP0107, title, span, "`at most` is missing").help(help));
    }
}
