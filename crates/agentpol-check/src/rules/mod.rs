//! Rules: what they are about, what a request decides, and what makes no sense.

mod alerts;
mod calls;
mod clauses;
mod delegation;
mod never;
mod scope;

pub(crate) use calls::resolve_calls;
pub(crate) use delegation::fill_delegations;

use crate::draft::Draft;
use crate::expr::{Counter, Place, Surroundings, Typer, WhichClause};
use crate::ownership::Grantable;
use crate::policy::{
    Alarm, Approval, Clause, ClauseKind, Effect, LocalId, ModuleId, Rule, ScheduleId, Scope, UserSelector,
};
use crate::tool_sets::ToolSets;
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast::{self, Effect as Written};
use clauses::{Block, Parts};
use scope::Standing;
use std::collections::BTreeMap;

/// How long an approval is good where nothing is written: 24 hours.
const APPROVAL_WITHIN: i64 = 24 * 60 * 60 * 1000;

/// Fills the rules of all modules, by name.
pub(crate) fn fill_rules(draft: &mut Draft<'_, '_>, grantable: &Grantable, sets: &mut ToolSets) {
    draft.rule_names = draft.items.iter().flat_map(|items| &items.rule_names).map(|name| (*name).to_owned()).collect();
    for module in draft.module_ids() {
        let written = std::mem::take(&mut draft.items[module.index()].rules);
        let mut by_name: BTreeMap<&str, &ast::Rule<'_>> = BTreeMap::new();
        for rule in &written {
            let Some(name) = named(draft, rule) else { continue };
            if let Some(first) = by_name.get(name.value) {
                let title = format!("two rules are called `{}`", name.value);
                let first = first.name.map_or(first.effect_span, |name| name.span);
                let diagnostic = Diagnostic::new(Code::AP0202, title, name.span, "the same name again");
                draft.report(diagnostic.because(first, "first used here").help("give each rule a name of its own"));
                continue;
            }
            by_name.insert(name.value, rule);
        }
        for (name, ast) in by_name {
            let standing = Standing { module, block: Block::Rule(ast.effect), grantable };
            match fill_rule(draft, standing, sets, name, ast) {
                Some(rule) => draft.policy.rules.push(rule),
                None => never::refuse_lost(draft, ast),
            }
        }
    }
    never::refuse_untyped(draft);
}

/// Returns the name of a rule, which decisions and tests call it by.
fn named<'a>(draft: &mut Draft<'_, '_>, rule: &ast::Rule<'a>) -> Option<ast::Text<'a>> {
    let effect = clauses::effect_words(rule.effect);
    match rule.name {
        Some(name) if !name.value.trim().is_empty() => Some(name),
        Some(name) => {
            let title = format!("a name without text for the {effect}");
            let diagnostic = Diagnostic::new(Code::AP0407, title, name.span, "an empty text");
            draft.report(diagnostic.help("say in a few words what the rule is for"));
            None
        }
        None => {
            let title = format!("the {effect} has no name");
            let diagnostic = Diagnostic::new(Code::AP0107, title, rule.effect_span, "called what?");
            draft.report(diagnostic.help(format!("write `{effect} \"what it is for\" {{ ... }}`")));
            None
        }
    }
}

fn fill_rule<'a>(
    draft: &mut Draft<'a, '_>,
    standing: Standing<'_>,
    sets: &mut ToolSets,
    name: &str,
    ast: &ast::Rule<'a>,
) -> Option<Rule> {
    let parts = clauses::sort(draft, ast);
    let span = ast.name.map_or(ast.effect_span, |name| ast.effect_span.to(name.span));
    let agents = match parts.agent {
        None => Some(None),
        Some((selector, place)) => {
            let agents = scope::agents(draft, standing, selector);
            if matches!(&agents, Some(Some(agents)) if agents.is_empty()) {
                never::no_agent(draft, standing, selector, place);
                None
            } else {
                agents
            }
        }
    };
    let scope = scope::resolve(draft, standing, sets, &parts);
    let tools = scope.as_ref().and_then(|scope| never::candidates(draft, standing, scope, &parts, span));
    let ready = ready_clauses(draft, standing, &parts);
    let (scope, tools) = (scope?, tools?);
    let mut scope: Scope = scope;
    let sound = agents.is_some();
    scope.agents = agents.unwrap_or_default();
    let place = Place::Rule { tools: tools.clone(), agents: scope.agents.clone(), grants: standing.grants(), span };
    let before = draft.diagnostics.len();
    let Typed { clauses, locals, alarm } = type_clauses(draft, standing.module, place, &parts, ready, sound);
    // What failed to type stands for anything.
    let typed = draft.diagnostics.len() == before;
    never::check_clauses(draft, standing, &tools, &clauses, typed);
    if typed && alarm.is_none() {
        never::refuse_uncounted(draft, standing, &tools, span);
    }
    let effect = effect(draft, standing.module, ast, &parts, alarm);
    refuse_vain_approval(draft, effect.as_ref(), &parts, &clauses);
    sound.then_some(())?;
    Some(Rule {
        module: standing.module,
        name: name.to_owned(),
        effect: effect?,
        observed: parts.observed,
        always: parts.always,
        because: parts.because.map(|text| text.value.to_owned()),
        scope,
        clauses,
        locals,
        span,
    })
}

/// Makes the effect, with whose approval is needed and what is counted.
fn effect(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    ast: &ast::Rule<'_>,
    parts: &Parts<'_, '_>,
    alarm: Option<Alarm>,
) -> Option<Effect> {
    match ast.effect {
        Written::Allow => Some(Effect::Allow),
        Written::Entitle => Some(Effect::Entitle),
        Written::Deny => Some(Effect::Deny),
        Written::RequireApproval => approval(draft, module, parts).map(Effect::RequireApproval),
        Written::Limit => match alarm? {
            Alarm::Rate(rate) => Some(Effect::Limit(Box::new(rate))),
            Alarm::Match | Alarm::Novel { .. } => None,
        },
        Written::Alert => alerts::alert(draft, ast, parts, alarm).map(|alert| Effect::Alert(Box::new(alert))),
    }
}

fn approval(draft: &mut Draft<'_, '_>, module: ModuleId, parts: &Parts<'_, '_>) -> Option<Approval> {
    let (approvers, span) = parts.from?;
    let from = match &approvers.group {
        Some(path) => Some(draft.group(module, path)?),
        None => None,
    };
    let count = match approvers.count {
        None => 1,
        Some(number) => match number.digits.parse::<u32>() {
            Ok(count @ 1..) => count,
            _ => {
                let title = format!("{} persons cannot approve", number.digits);
                let diagnostic = Diagnostic::new(Code::AP0409, title, number.span, "must be a whole number from 1");
                draft.report(diagnostic.help("write how many persons must approve, such as `from 2 of finance`"));
                return None;
            }
        },
    };
    if from.is_none() && count > 1 {
        let title = "the requesting user is one person";
        let diagnostic = Diagnostic::new(Code::AP0409, title, span, "more than one").help("write `from user`");
        draft.report(diagnostic);
        return None;
    }
    let within = match parts.within {
        None => APPROVAL_WITHIN,
        Some(duration) if duration.millis > 0 => duration.millis,
        Some(duration) => {
            let title = "an approval that is over at once";
            let diagnostic = Diagnostic::new(Code::AP0409, title, duration.span, "no time at all");
            draft.report(diagnostic.help("write how long it is good, such as `within 4h`"));
            return None;
        }
    };
    Some(Approval { from, count, within, distinct: parts.distinct })
}

/// Refuses to ask the requesting user where there is none.
fn refuse_vain_approval(draft: &mut Draft<'_, '_>, effect: Option<&Effect>, parts: &Parts<'_, '_>, clauses: &[Clause]) {
    let Some(Effect::RequireApproval(Approval { from: None, .. })) = effect else { return };
    let nobody = |clause: &Clause| matches!(&clause.kind, ClauseKind::User(users) if *users == [UserSelector::None]);
    let (Some(clause), Some((_, span))) = (clauses.iter().find(|clause| nobody(clause)), parts.from) else { return };
    let title = "there is no user who could approve";
    let place = clause.span;
    let diagnostic = Diagnostic::new(Code::AP0409, title, span, "asks the requesting user");
    draft.report(diagnostic.because(place, "holds only without one").help("write `from` and a group"));
}

/// A clause that needs no typing, or the place of one that does.
type Ready = Option<ClauseKind>;

/// Resolves the clauses that have no expression; the outer `None` stands for a mistake.
fn ready_clauses(draft: &mut Draft<'_, '_>, standing: Standing<'_>, parts: &Parts<'_, '_>) -> Vec<Option<Ready>> {
    let module = standing.module;
    let mut ready = Vec::with_capacity(parts.dynamic.len());
    for clause in &parts.dynamic {
        ready.push(match &clause.kind {
            ast::ClauseKind::User(selectors) => {
                users(draft, module, selectors).map(|users| Some(ClauseKind::User(users)))
            }
            ast::ClauseKind::Env(names) => {
                draft.written_environments(module, names).map(|envs| Some(ClauseKind::Env(envs)))
            }
            ast::ClauseKind::Task(tasks) => {
                self::tasks(draft, standing, tasks).map(|tasks| Some(ClauseKind::Task(tasks)))
            }
            ast::ClauseKind::During(paths) => {
                schedules(draft, module, paths).map(|schedules| Some(ClauseKind::During(schedules)))
            }
            ast::ClauseKind::Outside(paths) => {
                schedules(draft, module, paths).map(|schedules| Some(ClauseKind::Outside(schedules)))
            }
            _ => Some(None),
        });
    }
    ready
}

fn users(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    selectors: &[ast::UserSelector<'_>],
) -> Option<Vec<UserSelector>> {
    let mut users: Vec<UserSelector> = Vec::new();
    let mut sound = true;
    for selector in selectors {
        let user = match selector {
            ast::UserSelector::Any(_) => UserSelector::Any,
            ast::UserSelector::None(_) => UserSelector::None,
            ast::UserSelector::In(path) => match draft.group(module, path) {
                Some(group) => UserSelector::In(group),
                None => {
                    sound = false;
                    continue;
                }
            },
            ast::UserSelector::Id(text) => UserSelector::Id(text.value.to_owned()),
        };
        users.push(user);
    }
    // Which is written first says nothing.
    users.sort_by_cached_key(|user| match user {
        UserSelector::Any => (0, 0, String::new()),
        UserSelector::None => (1, 0, String::new()),
        UserSelector::In(group) => (2, group.0, String::new()),
        UserSelector::Id(id) => (3, 0, id.clone()),
    });
    users.dedup();
    sound.then_some(users)
}

fn tasks(draft: &mut Draft<'_, '_>, standing: Standing<'_>, tasks: &[ast::Text<'_>]) -> Option<Vec<String>> {
    let mut sound = true;
    for task in tasks {
        let claimed = draft.tasks.get(task.value) == Some(&true);
        if claimed && standing.grants() {
            sound = false;
            let title = format!("the task `{}` is the agent's own claim", task.value);
            let diagnostic = Diagnostic::new(Code::AP0104, title, task.span, "no ground for a grant");
            draft.report(diagnostic.help("remove the clause, or use a task that the host attests"));
        }
    }
    let mut names: Vec<String> = tasks.iter().map(|task| task.value.to_owned()).collect();
    names.sort();
    names.dedup();
    sound.then_some(names)
}

fn schedules(draft: &mut Draft<'_, '_>, module: ModuleId, paths: &[ast::Path<'_>]) -> Option<Vec<ScheduleId>> {
    let found: Vec<Option<_>> = paths.iter().map(|path| draft.schedule(module, path)).collect();
    let mut ids = found.into_iter().collect::<Option<Vec<_>>>()?;
    ids.sort();
    ids.dedup();
    Some(ids)
}

/// The clauses of a block, typed.
struct Typed {
    clauses: Vec<Clause>,
    locals: u32,
    /// What a limit or alert counts; nothing where it is a mistake, or missing.
    alarm: Option<Alarm>,
}

/// Types the expressions of a rule in order, among the clauses that are ready; then what it counts.
fn type_clauses<'a>(
    draft: &mut Draft<'a, '_>,
    module: ModuleId,
    place: Place,
    parts: &Parts<'_, 'a>,
    ready: Vec<Option<Ready>>,
    agents_known: bool,
) -> Typed {
    let zone = draft.module_zone(module);
    let cx = Surroundings { policy: &draft.policy, names: &draft.names, sources: draft.sources, module, zone };
    // With what was found before, so that a mistake inside a definition is told once.
    let mut found = std::mem::take(&mut draft.diagnostics);
    let mut typer = Typer::new(&cx, place, &mut found);
    typer.will_bind(parts.dynamic.iter().filter_map(|clause| match &clause.kind {
        ast::ClauseKind::Let(name, _) => Some(name.text),
        _ => None,
    }));
    // What depends on agents that could not be found would only fail again.
    let readable = |span: Span| agents_known || !draft.sources.text(span).contains("agent.");
    let mut clauses = Vec::with_capacity(ready.len());
    for (ast, ready) in parts.dynamic.iter().zip(ready).filter(|(ast, _)| readable(ast.span)) {
        let kind = match (&ast.kind, ready) {
            (_, None) => continue,
            (_, Some(Some(kind))) => kind,
            (ast::ClauseKind::Let(name, value), _) => {
                let (local, expr): (LocalId, _) = typer.bind(name, value);
                ClauseKind::Let(local, expr)
            }
            (ast::ClauseKind::When(expr), _) => ClauseKind::When(typer.condition(expr, WhichClause::When)),
            (ast::ClauseKind::Unless(expr), _) => ClauseKind::Unless(typer.condition(expr, WhichClause::Unless)),
            _ => continue,
        };
        clauses.push(Clause { kind, span: ast.span });
    }
    let alarm = match (parts.at_most, parts.more_than, parts.novel) {
        (Some(rate), ..) => typer.rate(rate, Counter::Limit).map(Alarm::Rate),
        (_, Some((rate, _)), _) => typer.rate(rate, Counter::Alert).map(Alarm::Rate),
        // How long is read with the rest of the alert.
        (.., Some((keys, _))) => typer.counted_by(keys, Counter::Novel).map(|keys| Alarm::Novel { keys, within: 0 }),
        _ => Some(Alarm::Match),
    };
    let locals = typer.finish();
    draft.diagnostics = found;
    Typed { clauses, locals, alarm }
}

impl Draft<'_, '_> {
    /// Says that no rule has a name, and which may be meant.
    pub(crate) fn unknown_rule(&mut self, name: &str, span: Span) {
        // A rule that could not be read has a name all the same.
        let written = |text: &str| {
            let effects = ["allow", "entitle", "deny", "approval", "limit", "alert"];
            effects.iter().any(|effect| text.contains(&format!("{effect} \"{name}\"")))
        };
        if self.sources.iter().any(|(_, file)| written(file.text())) {
            return;
        }
        let known: Vec<&str> = self.rule_names.iter().map(String::as_str).collect();
        let help = did_you_mean(name, known).unwrap_or_else(|| "write the name of a rule".to_owned());
        let title = format!("no rule is called `{name}`");
        self.diagnostics.push(Diagnostic::new(Code::AP0201, title, span, "names no rule").help(help));
    }
}
