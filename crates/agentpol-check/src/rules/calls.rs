//! Sets of earlier calls: what their selectors mean, found out once before anything is typed.
//!
//! The selectors match as those of a restriction do. What is left, `where`, `when` and `unless`, is typed where the set
//! is used.

use super::clauses::{Block, Parts, word};
use super::ready_clauses;
use super::scope::{self, Standing};
use crate::declare::Declared;
use crate::draft::Draft;
use crate::expr::{in_clause, parts};
use crate::names::{Calls, Condition, Entity, Since};
use crate::ownership::Grantable;
use crate::policy::{Clause, ModuleId, Reach, Scope, ToolId};
use crate::tool_sets::ToolSets;
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, AgentClauseKind, CallSet, ClauseKind, Effect, ExprKind as Written};
use std::collections::HashMap;

/// How many pairs of a set and a tool a program may have: each set lists the tools whose calls are in it.
const MAX_PAIRS: usize = 1 << 25;

/// How many calls may be kept one by one.
const MOST_KEPT: u32 = 1024;

/// How far back a question may look, in milliseconds: ten years.
const LONGEST: i64 = 3_653 * 24 * 60 * 60 * 1000;

/// Reads the sets of calls in all definitions, rules and delegations.
pub(crate) fn resolve_calls<'a>(draft: &mut Draft<'a, '_>, declared: &Declared<'a>, sets: &mut ToolSets) {
    let mut open: Vec<(ModuleId, ast::Expr<'a>)> = Vec::new();
    open.extend(draft.names.defines.iter().map(|define| (define.module, define.ast.body)));
    for module in draft.module_ids() {
        for rule in &draft.items[module.index()].rules {
            open.extend(rule.block.clauses.iter().flat_map(|clause| in_clause(&clause.kind)).map(|of| (module, of)));
        }
    }
    for (module, agent) in &declared.agents {
        for clause in agent.clauses {
            if let AgentClauseKind::DelegatesTo(_, Some(block)) = &clause.kind {
                open.extend(block.clauses.iter().flat_map(|clause| in_clause(&clause.kind)).map(|of| (*module, of)));
            }
        }
    }
    let mut pairs = 0_usize;
    while let Some((module, expr)) = open.pop() {
        if let Written::History(history) = expr.kind {
            let before = pairs;
            let sets_in_it = 1 + clauses(history).iter().filter(|clause| is_since(clause)).count();
            pairs = pairs.saturating_add(draft.policy.tools.len().saturating_mul(sets_in_it));
            let calls = if pairs > MAX_PAIRS {
                refuse_more(draft, history.span, before > MAX_PAIRS);
                None
            } else {
                resolve(draft, module, sets, history, Whole::Set)
            };
            draft.names.calls.insert(history.span, calls);
        }
        open.extend(parts(&expr).into_iter().map(|part| (module, part)));
    }
}

/// Says, once, that more is asked than a program may ask.
fn refuse_more(draft: &mut Draft<'_, '_>, span: Span, said: bool) {
    if !said {
        let title = format!("too many questions about the calls of {} tools", draft.policy.tools.len());
        let diagnostic = Diagnostic::new(Code::AP0504, title, span, "one more than a program may have");
        draft.report(diagnostic.help("split the program into several"));
    }
}

/// Where a set stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whole {
    /// It is what is asked about.
    Set,
    /// It stands behind `since`.
    Since,
}

/// Returns the clauses of a set.
fn clauses<'a>(history: &ast::History<'a>) -> &'a [ast::Clause<'a>] {
    match history.calls {
        CallSet::Block(block) => block.clauses,
        CallSet::Tool(_) => &[],
    }
}

fn is_since(clause: &ast::Clause<'_>) -> bool {
    matches!(clause.kind, ClauseKind::Since(_))
}

fn resolve<'a>(
    draft: &mut Draft<'a, '_>,
    module: ModuleId,
    sets: &mut ToolSets,
    history: &'a ast::History<'a>,
    whole: Whole,
) -> Option<Calls<'a>> {
    let pattern = match &history.calls {
        CallSet::Block(_) => None,
        CallSet::Tool(pattern) => {
            let include = std::slice::from_ref(pattern);
            Some(ast::ToolPatterns { include, except: &[], span: history.span })
        }
    };
    if let Some(ast::ToolPattern::Named(path)) = pattern.as_ref().and_then(|tools| tools.include.first())
        && let Some(help) = path_of_call(draft, module, path)
    {
        let title = format!("`{}` is no tool", path.joined());
        let diagnostic = Diagnostic::new(Code::AP0318, title, path.span, "a tool, and something of its call");
        draft.report(diagnostic.help(help));
        return None;
    }
    let mut set = sort(draft, clauses(history), whole);
    set.parts.tool = set.parts.tool.or(pattern.as_ref().map(|tools| (tools, history.span)));
    let grantable = Grantable::default();
    let standing = Standing { module, block: Block::Rule(Effect::Deny), grantable: &grantable };
    let agents = match set.parts.agent {
        None => Some(None),
        Some((selector, _)) => scope::agents(draft, standing, selector),
    };
    let found = scope::resolve(draft, standing, sets, &set.parts);
    let ready = ready_clauses(draft, standing, &set.parts);
    let sound = set.sound && ready.iter().all(Option::is_some);
    let (mut scope, agents): (Scope, _) = (found?, agents?);
    scope.agents = agents;
    let tools = members(draft, &mut scope, set.untrusted, history.span)?;
    let selectors = set.parts.dynamic.iter().zip(ready);
    let selectors = selectors.filter_map(|(ast, kind)| Some(Clause { kind: kind??, span: ast.span })).collect();
    let Set { reach, within, conditions, since, keeping, .. } = set;
    let since = match since {
        None => None,
        Some(since) => {
            let mut calls = resolve(draft, module, sets, since, Whole::Since)?;
            calls.reach = reach;
            Some(Box::new(Since { outcome: since.outcome, calls }))
        }
    };
    sound.then_some(Calls { scope, tools, reach, within, selectors, conditions, since, keeping })
}

/// Says how something of a call is written where it stands right behind the tool: `last crm.order.args.id`.
fn path_of_call(draft: &Draft<'_, '_>, module: ModuleId, path: &ast::Path<'_>) -> Option<String> {
    let part =
        path.segments.iter().rposition(|name| matches!(name.text, "args" | "result" | "at" | "agent" | "user"))?;
    let join = |names: &[ast::Name<'_>]| names.iter().map(|name| name.text).collect::<Vec<_>>().join(".");
    let (tool, rest) = (join(&path.segments[..part]), join(&path.segments[part..]));
    let named = |name: &str| draft.names.find(module, name);
    let is_tool = matches!(named(&tool), Some((Entity::Tool(_) | Entity::ToolSet(_), _)));
    (is_tool && named(&path.joined()).is_none()).then(|| format!("put the call in parentheses: `(last {tool}).{rest}`"))
}

/// The clauses of a set, each in its place.
struct Set<'r, 'a> {
    parts: Parts<'r, 'a>,
    reach: Reach,
    within: Option<i64>,
    untrusted: bool,
    conditions: Vec<Condition<'a>>,
    since: Option<&'a ast::History<'a>>,
    keeping: Option<(u32, Span)>,
    sound: bool,
}

/// Sorts the clauses of a set, and says which do not belong there or stand twice.
fn sort<'a>(draft: &mut Draft<'a, '_>, clauses: &'a [ast::Clause<'a>], whole: Whole) -> Set<'a, 'a> {
    let mut set = Set {
        parts: Parts::default(),
        reach: Reach::Session,
        within: None,
        untrusted: false,
        conditions: Vec::new(),
        since: None,
        keeping: None,
        sound: true,
    };
    let mut said: HashMap<&str, Span> = HashMap::new();
    for clause in clauses {
        let word = word(&clause.kind);
        let repeats = matches!(clause.kind, ClauseKind::Where(_) | ClauseKind::When(_) | ClauseKind::Unless(_));
        if let Some(first) = said.insert(word, clause.span).filter(|_| !repeats) {
            let title = format!("`{word}` stands twice");
            let diagnostic = Diagnostic::new(Code::AP0105, title, clause.span, "again here");
            draft
                .report(diagnostic.because(first, "first here").help("remove one of them, or write two sets of calls"));
            set.sound = false;
            continue;
        }
        set.sound &= match whole {
            Whole::Since if !may_cut(&clause.kind) => {
                no_cut(draft, clause, word);
                false
            }
            _ => set.take(draft, clause, word),
        };
    }
    set
}

/// Returns whether a clause may stand in the set behind `since`.
fn may_cut(kind: &ClauseKind<'_>) -> bool {
    !matches!(kind, ClauseKind::Within(_) | ClauseKind::By(_) | ClauseKind::Since(_) | ClauseKind::Keeping(_))
}

/// Says that a clause does not belong into the set behind `since`.
fn no_cut(draft: &mut Draft<'_, '_>, clause: &ast::Clause<'_>, word: &str) {
    let title = format!("`{word}` does not belong into the set behind `since`");
    let help = match clause.kind {
        ClauseKind::Within(_) => "remove it: the newest call counts, however long ago it was",
        ClauseKind::By(_) => "remove it: it looks at the same sessions as the set around it",
        ClauseKind::Since(_) => "write two questions joined by `and`, each with a `since` of its own",
        _ => "remove it: only the newest call of it matters",
    };
    draft.report(Diagnostic::new(Code::AP0104, title, clause.span, "not here").help(help));
}

impl<'a> Set<'a, 'a> {
    /// Puts a clause in its place; says so where it has none.
    fn take(&mut self, draft: &mut Draft<'a, '_>, clause: &'a ast::Clause<'a>, word: &str) -> bool {
        match &clause.kind {
            ClauseKind::Agent(selector) => self.parts.agent = Some((selector, clause.span)),
            ClauseKind::Tool(patterns) => self.parts.tool = Some((patterns, clause.span)),
            ClauseKind::Does(verbs) => self.parts.does = Some((verbs, clause.span)),
            ClauseKind::On(selector) => self.parts.on = Some((selector, clause.span)),
            ClauseKind::User(_)
            | ClauseKind::Env(_)
            | ClauseKind::Task(_)
            | ClauseKind::During(_)
            | ClauseKind::Outside(_) => self.parts.dynamic.push(clause),
            ClauseKind::Where(expr) => self.conditions.push(Condition::Where(*expr)),
            ClauseKind::When(expr) => self.conditions.push(Condition::When(*expr)),
            ClauseKind::Unless(expr) => self.conditions.push(Condition::Unless(*expr)),
            ClauseKind::ReturnsUntrusted => self.untrusted = true,
            ClauseKind::Since(since) => self.since = Some(since),
            ClauseKind::Keeping(number) => match number.digits.replace('_', "").parse::<u32>() {
                Ok(count) if (1..=MOST_KEPT).contains(&count) => self.keeping = Some((count, clause.span)),
                _ => {
                    let title = "a number of calls that is not kept";
                    let label = format!("must be a number from 1 to {MOST_KEPT}");
                    let diagnostic = Diagnostic::new(Code::AP0306, title, number.span, label);
                    draft.report(diagnostic.help("write how many calls are looked through, such as `keeping last 64`"));
                    return false;
                }
            },
            ClauseKind::By(whose) => match whose.text {
                "agent" => self.reach = Reach::Agent,
                "user" => self.reach = Reach::User,
                _ => self.reach = Reach::Session,
            },
            ClauseKind::Within(duration) => match duration.millis {
                1..=LONGEST => self.within = Some(duration.millis),
                millis => {
                    let title = "a time that no call can lie in";
                    let label = if millis < 1 { "no time at all" } else { "more than ten years" };
                    let diagnostic = Diagnostic::new(Code::AP0306, title, duration.span, label);
                    draft.report(diagnostic.help("write how far back to look, such as `within 24h`"));
                    return false;
                }
            },
            _ => {
                let title = format!("`{word}` does not belong into a set of calls");
                let help = match clause.kind {
                    ClauseKind::Let(..) => "write the value where it is used, or a `let` in the rule",
                    _ => "write it into the rule",
                };
                draft.report(Diagnostic::new(Code::AP0104, title, clause.span, "not here").help(help));
                return false;
            }
        }
        true
    }
}

/// Finds the tools whose calls may be in the set; narrows the scope where only what answers with strangers' words is asked.
fn members(draft: &mut Draft<'_, '_>, scope: &mut Scope, untrusted: bool, span: Span) -> Option<Vec<ToolId>> {
    let all = || (0..draft.policy.tools.len() as u32).map(ToolId);
    if untrusted {
        let kept = |id: &ToolId| scope.tools.as_ref().is_none_or(|tools| tools.binary_search(id).is_ok());
        let policy = &draft.policy;
        scope.tools = Some(all().filter(|id| kept(id) && policy[*id].brings_strangers_words(policy)).collect());
    }
    let tools: Vec<ToolId> = all().filter(|id| draft.may_match(scope, *id, false)).collect();
    if tools.is_empty() && !draft.names.modules.iter().any(|names| !names.unread.is_empty()) {
        let title = "no tool can make a call of this set";
        let label = match untrusted {
            true => "none that it selects returns what is untrusted",
            false => "selects none of the tools",
        };
        let diagnostic = Diagnostic::new(Code::AP0405, title, span, label);
        draft.report(diagnostic.help("remove the question, or select tools that are declared"));
    }
    (!tools.is_empty()).then_some(tools)
}
