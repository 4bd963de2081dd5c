//! The decision: semantics 4.1 as far as it needs no memory.

use super::argument;
use super::calendar;
use super::condition;
use super::facts::Facts;
use super::identity::{self, Actor};
use super::request::{self, Request};
use super::select;
use super::summary::{MAX_NAMED, RuleName, Summary};
use super::truth::Truth;
use agentpol_bytecode::code::{Code, Outcome};
use agentpol_check::policy::{
    AgentId, ClauseKind, Effect, ModuleId, Phase, Policy, Rule, System, Tool, ToolId, UserSelector, Verb,
};

/// How long an allowed call may wait to be dispatched (T6).
const DISPATCH_WITHIN: i64 = 60_000;

/// Decides a request.
pub fn decide(policy: &Policy, request: &[u8]) -> Summary {
    match prepare(policy, request) {
        Ok((call, facts)) => judge(&call, &facts),
        Err((code, argument)) => Summary::structural(code, argument),
    }
}

/// The call that is judged.
struct Call<'a> {
    policy: &'a Policy,
    agent: AgentId,
    tool: ToolId,
    now: i64,
}

/// Line 1: the first structural code that applies, in the order of the table.
fn prepare<'a>(policy: &'a Policy, bytes: &[u8]) -> Result<(Call<'a>, Facts<'a>), argument::Failure> {
    let bare = |code| (code, None);
    let request = request::read(policy, bytes).map_err(bare)?;
    let actor: Actor = identity::identify(policy, &request.agent).map_err(bare)?;
    identity::credential(&policy[actor.id], request.at, request.issued_at).map_err(bare)?;
    let tool = find_tool(policy, &request).ok_or(bare(Code::ToolUnknown))?;
    exists(policy, &policy[tool], &request).map_err(bare)?;
    pinned(&policy[tool], &request).map_err(bare)?;
    let facts = argument::facts(policy, &request, &actor, &policy[tool])?;
    Ok((Call { policy, agent: actor.id, tool, now: request.at }, facts))
}

/// I1: a tool is (server, wire name). A home system that names servers must be reached through one of them, one that
/// names none through none.
fn find_tool(policy: &Policy, request: &Request) -> Option<ToolId> {
    let served = |system: &System| match &request.server {
        Some(server) => system.servers.contains(server),
        None => system.servers.is_empty(),
    };
    let reached = |tool: &Tool| match tool.home {
        Some(home) => served(&policy[home]),
        None => request.server.is_none(),
    };
    let found = policy.tools.iter().position(|tool| tool.wire == request.tool && reached(tool))?;
    u32::try_from(found).ok().map(ToolId)
}

/// L-4: where a system says in which environments it exists, its tools are in no other, and in none that is not said.
fn exists(policy: &Policy, tool: &Tool, request: &Request) -> Result<(), Code> {
    let touched = tool.datasets.iter().map(|dataset| policy[*dataset].system);
    let here = |system: &System| {
        let named = |env: &String| system.environments.iter().any(|known| policy[*known] == *env);
        system.environments.is_empty() || request.env.as_ref().is_some_and(named)
    };
    let all_here = tool.home.into_iter().chain(touched).all(|system| here(&policy[system]));
    if all_here { Ok(()) } else { Err(Code::ToolUnknown) }
}

/// I2: a pinned tool must present its digest.
fn pinned(tool: &Tool, request: &Request) -> Result<(), Code> {
    match &tool.pinned {
        Some(_) if tool.pinned != request.tool_digest => Err(Code::ToolChanged),
        _ => Ok(()),
    }
}

/// A reason against the call: the code, and the rule that gives it.
#[derive(Clone, Copy)]
struct Reason<'a> {
    code: Code,
    rule: Option<&'a Rule>,
}

/// Reasons that always bind, and reasons that the observe phase suspends.
#[derive(Clone, Default)]
struct Reasons<'a> {
    hard: Vec<Reason<'a>>,
    soft: Vec<Reason<'a>>,
}

/// A rule and whether it matches.
type Matched<'a> = (&'a Rule, Truth);

/// Lines 2 to 10 and 23.
fn judge(call: &Call<'_>, facts: &Facts<'_>) -> Summary {
    let policy = call.policy;
    let all: Vec<Matched<'_>> = policy
        .rules
        .iter()
        .map(|rule| {
            let scope = select::scope(policy, rule, call.agent, call.tool);
            (rule, condition::matches(facts, rule, scope))
        })
        .collect();
    let live: Vec<Matched<'_>> = all.iter().copied().filter(|(rule, _)| !rule.observed).collect();
    let observed_rule =
        |rule: &Rule| rule.observed && select::scope(policy, rule, call.agent, call.tool) != Truth::False;
    let observing = phase(call) == Effective::Observe;
    let reasons_live = reasons(call, facts, &live);
    let reasons_all = reasons(call, facts, &all);
    let mut bind = reasons_live.hard.clone();
    if !observing {
        bind.extend(reasons_live.soft.clone());
    }
    let mut summary = answer(call, &bind, &live, !reasons_live.soft.is_empty());
    if observing || policy.rules.iter().any(observed_rule) {
        let would: Vec<Reason<'_>> = reasons_all.hard.into_iter().chain(reasons_all.soft).collect();
        summary.would = Some(deciding(&would).unwrap_or(Code::Allowed));
    }
    summary
}

/// The code that decides: of the most restrictive outcome, the first in the table.
fn deciding(bind: &[Reason<'_>]) -> Option<Code> {
    let outcome = bind.iter().map(|reason| reason.code.outcome()).max()?;
    bind.iter().map(|reason| reason.code).filter(|code| code.outcome() == outcome).min_by_key(|code| code.rank())
}

/// Lines 9, 10 and 23: outcome, code, rules by module and name, the other codes, what is missing.
fn answer(call: &Call<'_>, bind: &[Reason<'_>], live: &[Matched<'_>], suspended: bool) -> Summary {
    let policy = call.policy;
    let granting = live.iter().filter(|(rule, truth)| matches!(rule.effect, Effect::Allow) && *truth == Truth::True);
    let allowed = if suspended { Code::AllowedInObservation } else { Code::Allowed };
    let code = deciding(bind).unwrap_or(allowed);
    let deciders: Vec<RuleName> = match code.outcome() {
        Outcome::Allow => names(policy, granting.map(|(rule, _)| *rule)),
        _ => names(policy, of_code(bind, code)),
    };
    let mut also: Vec<Code> = bind.iter().map(|reason| reason.code).filter(|other| *other != code).collect();
    also.sort();
    also.dedup();
    let mut approvals = names(policy, of_code(bind, Code::ApprovalRequired));
    approvals.truncate(MAX_NAMED);
    Summary {
        code,
        rules: deciders.iter().take(MAX_NAMED).cloned().collect(),
        total: deciders.len(),
        also,
        would: None,
        approvals,
        by_phase: bind.iter().any(|reason| reason.code == Code::ApprovalRequired && reason.rule.is_none()),
        argument: None,
        dispatch_before: (code.outcome() == Outcome::Allow).then_some(call.now + DISPATCH_WITHIN),
    }
}

fn of_code<'a>(bind: &'a [Reason<'a>], code: Code) -> impl Iterator<Item = &'a Rule> {
    bind.iter().filter(move |reason| reason.code == code).filter_map(|reason| reason.rule)
}

/// Q2: rules by id, which is module and name.
fn names<'a>(policy: &Policy, rules: impl Iterator<Item = &'a Rule>) -> Vec<RuleName> {
    let mut names: Vec<RuleName> = rules.map(|rule| (policy[rule.module].name.clone(), rule.name.clone())).collect();
    names.sort();
    names
}

/// Lines 11 to 22: every reason against the call that the given rules and the agent's phase give.
fn reasons<'a>(call: &Call<'a>, facts: &Facts<'_>, rules: &[Matched<'a>]) -> Reasons<'a> {
    let policy = call.policy;
    let tool = &policy[call.tool];
    let mine = policy[call.agent].module;
    let mut found = Reasons::default();
    for (rule, truth) in rules {
        if let Some(code) = restriction(rule, *truth) {
            let reason = Reason { code, rule: Some(rule) };
            if rule.module == mine && !rule.always { found.soft.push(reason) } else { found.hard.push(reason) }
        }
    }
    let mut hard = |code| found.hard.push(Reason { code, rule: None });
    if needs_entitlement(policy, tool) && !entitled(facts, rules) {
        hard(Code::NotEntitled);
    }
    match phase(call) {
        Effective::ReadOnly if changes(tool) => hard(Code::PhaseReadOnly),
        Effective::Supervised if changes(tool) => hard(Code::ApprovalRequired),
        _ => {}
    }
    if let Some(code) = ungranted(rules) {
        let reason = Reason { code, rule: None };
        if may_grant(policy, mine, call.tool) { found.soft.push(reason) } else { found.hard.push(reason) }
    }
    found
}

/// Lines 14 and 15, and the table of effects in 3.1: true and unknown both restrict.
fn restriction(rule: &Rule, truth: Truth) -> Option<Code> {
    match (&rule.effect, truth) {
        (Effect::Allow | Effect::Entitle | Effect::Alert(_), _) | (_, Truth::False) => None,
        (Effect::Limit(_), _) => Some(Code::StateUnusable),
        (Effect::Deny, Truth::True) => Some(Code::DeniedByRule),
        (Effect::Deny, Truth::Unknown) => Some(Code::DeniedUnknown),
        (Effect::RequireApproval(_), _) => Some(Code::ApprovalRequired),
    }
}

/// L-2: a tool that touches anything touches what is marked.
fn needs_entitlement(policy: &Policy, tool: &Tool) -> bool {
    let marked = |id: &agentpol_check::policy::DatasetId| policy[*id].entitlement;
    tool.datasets.iter().any(marked) || (tool.touches_anything && policy.datasets.iter().any(|set| set.entitlement))
}

/// Line 19 and I4: a user needs a right of their own; nobody needs a granting allow that writes `user none`.
fn entitled(facts: &Facts<'_>, rules: &[Matched<'_>]) -> bool {
    let mut holding = rules.iter().filter(|(_, truth)| *truth == Truth::True).map(|(rule, _)| rule);
    match facts.user {
        Some(_) => holding.any(|rule| matches!(rule.effect, Effect::Entitle)),
        None => holding.any(|rule| matches!(rule.effect, Effect::Allow) && writes_user_none(rule)),
    }
}

fn writes_user_none(rule: &Rule) -> bool {
    rule.clauses.iter().any(|clause| match &clause.kind {
        ClauseKind::User(selectors) => selectors.contains(&UserSelector::None),
        _ => false,
    })
}

/// Line 21: no allow is surely true.
fn ungranted(rules: &[Matched<'_>]) -> Option<Code> {
    let allows: Vec<Truth> =
        rules.iter().filter(|(rule, _)| matches!(rule.effect, Effect::Allow)).map(|(_, truth)| *truth).collect();
    if allows.contains(&Truth::True) {
        None
    } else if allows.contains(&Truth::Unknown) {
        Some(Code::NoAllowUnknown)
    } else {
        Some(Code::NoAllow)
    }
}

/// O1: the module may write an allow on the tool: it is the root, or the tool is its own or shared with it.
fn may_grant(policy: &Policy, module: ModuleId, tool: ToolId) -> bool {
    policy[module].grantable.contains(&tool)
}

/// Line 3: whether the call changes something; unverified verbs count as all.
fn changes(tool: &Tool) -> bool {
    tool.unverified || tool.verbs.iter().copied().any(Verb::changes)
}

/// Line 4: the phase that holds now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effective {
    Observe,
    ReadOnly,
    Supervised,
    Autonomous,
}

/// P1: observe ends at its date and is read only from then on.
fn phase(call: &Call<'_>) -> Effective {
    match call.policy[call.agent].phase {
        Phase::Observe { until } if calendar::utc_day(call.now) < i64::from(until) => Effective::Observe,
        Phase::Observe { .. } | Phase::ReadOnly => Effective::ReadOnly,
        Phase::Supervised { .. } => Effective::Supervised,
        Phase::Autonomous => Effective::Autonomous,
    }
}
