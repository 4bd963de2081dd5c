//! The judgement of a call whose structure is sound: lines 2 to 22 of semantics 4.1.

use crate::arguments::Failure;
use crate::call::{Call, Frame};
use crate::chain::{self, Chain};
use crate::scratch::Scratch;
use crate::settle::Judgement;
use crate::state::Trouble;
use crate::state::approvals::{self, Approvals, Parties};
use crate::state::digest::Digests;
use crate::state::ledger::Ledger;
use crate::state::limits::{self, Verdict, Weighed, Whose};
use crate::state::step::View;
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::decision::{Asker, Missing};
use agentpol_bytecode::reasons::{Reasons, Standing};
use agentpol_bytecode::scope::{self, Tri};
use agentpol_bytecode::tables::{Candidate, Effect, Phase, Rule, RuleId};

/// What is remembered, as far as a judgement asks for it.
pub(crate) struct Scene<'s> {
    pub(crate) ledger: Ledger<'s>,
    pub(crate) whose: Whose,
    /// From when on it is known what a rate counted, by its index, in milliseconds.
    pub(crate) since: &'s dyn Fn(u32) -> i64,
}

/// Why there is no judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The store cannot go on.
    Trouble(Trouble),
    /// The agent's share of the state is full.
    Full,
    /// The program is not as it was verified.
    Internal,
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Stop {
        Stop::Trouble(trouble)
    }
}

/// What the allows and entitlements of a set of rules come to.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// Some allow is surely true.
    allowed: bool,
    /// Some allow is unknown.
    doubtful: bool,
    /// Some allow that is surely true names nobody as its user.
    nobody: bool,
    /// Some entitlement is surely true. One that matches the tool covers all its datasets (semantics L-1).
    entitled: bool,
}

impl Tally {
    fn count(&mut self, rule: &Rule, matched: Tri) {
        match (rule.effect, matched) {
            (Effect::Allow, Tri::True) => {
                self.allowed = true;
                self.nobody |= rule.names_nobody;
            }
            (Effect::Allow, Tri::Unknown) => self.doubtful = true,
            (Effect::Entitle, Tri::True) => self.entitled = true,
            _ => {}
        }
    }
}

/// Judges a call. What a scene is asked for is opened, and nothing is written. Where there is no judgement, what stands in its
/// place means nothing.
pub(crate) fn judge(
    program: &Program,
    scratch: &mut Scratch,
    call: &Call,
    mut scene: Option<&mut Scene<'_>>,
    judgement: &mut Judgement<'_>,
) -> Result<(), Stop> {
    let cell = program.cell(call.tool, call.agent).ok_or(Stop::Internal)?;
    let phase = chain::phase(program, &call.chain, call.now).ok_or(Stop::Internal)?;
    scratch.trace.clear();
    scratch.counters.clear();
    scratch.needed.clear();
    scratch.matched.clear();
    let view = scene.as_deref().map_or(Ok(None), |scene| scene.ledger.view())?;
    scratch.questions.forget();
    let mut frame = call.frame(program, scratch);
    for candidate in cell.iter().take(frame.matched.capacity()) {
        let matched = matches_call(&mut frame, view.as_ref(), candidate).ok_or(Stop::Internal)?;
        frame.matched.push(matched);
    }
    let covered = covered(&mut frame, view.as_ref(), &call.chain);
    let supervised = matches!(phase, Phase::Supervised { .. }) && changes(program, call)?;
    judgement.approvals = match scene.as_deref_mut() {
        Some(scene) => needed_approvals(scene, scratch, call, cell, supervised)?,
        None => None,
    };
    let mut reasons = Reasons::new(matches!(phase, Phase::Observe { .. }));
    let (live, all) = of_rules(program, scratch, call, cell, scene.as_deref_mut(), &mut reasons)?;
    of_call(program, call, phase, covered, (live, all), &mut reasons)?;
    if supervised {
        chain::supervised(program, &call.chain).for_each(|agent| by_phase(scratch, agent, &mut reasons));
    }
    reasons.settle_in(call.now, judgement.decision);
    judgement.limits = scratch.counters.len();
    if let Some(scene) = scene {
        judgement.ask(scene, scratch, &mut reasons, call.now)?;
        judgement.hear(scene, scratch, call, cell)?;
    }
    Ok(())
}

/// Denies a call whose agent and tool are known but whose structure is not sound. Only alerts look at it; nothing is written.
pub(crate) fn deny(
    program: &Program,
    scratch: &mut Scratch,
    call: &Call,
    scene: &mut Scene<'_>,
    (code, argument): Failure,
    judgement: &mut Judgement<'_>,
) -> Result<(), Stop> {
    let cell = program.cell(call.tool, call.agent).ok_or(Stop::Internal)?;
    scratch.counters.clear();
    scratch.needed.clear();
    scratch.matched.clear();
    scratch.questions.forget();
    let view = scene.ledger.view()?;
    let mut frame = call.frame(program, scratch);
    for candidate in cell.iter().take(frame.matched.capacity()) {
        let rule = program.rule(candidate.rule).ok_or(Stop::Internal)?;
        let matched = match rule.effect {
            Effect::Alert { .. } => matches_call(&mut frame, view.as_ref(), candidate).ok_or(Stop::Internal)?,
            _ => Tri::False,
        };
        frame.matched.push(matched);
    }
    (judgement.approvals, judgement.asks, judgement.limits) = (None, None, 0);
    judgement.refuse(code, argument);
    judgement.hear(scene, scratch, call, cell)?;
    scratch.trace.clear();
    Ok(())
}

fn changes(program: &Program, call: &Call) -> Result<bool, Stop> {
    program.tables().tools.get(call.tool as usize).map(scope::changes).ok_or(Stop::Internal)
}

/// Finds out which approvals rules that are live, and the phase, ask for, and how far persons have come with them.
fn needed_approvals(
    scene: &mut Scene<'_>,
    scratch: &mut Scratch,
    call: &Call,
    cell: &[Candidate],
    supervised: bool,
) -> Result<Option<Approvals>, Stop> {
    let program = scene.ledger.program;
    let Scratch { memory, matched, needed, .. } = scratch;
    let asks = |(candidate, matched): (&Candidate, &Tri)| {
        let rule = program.rule(candidate.rule).filter(|rule| !rule.observed && *matched != Tri::False)?;
        matches!(rule.effect, Effect::RequireApproval { .. }).then_some(Asker::Rule(candidate.rule))
    };
    let of_phase = chain::supervised(program, &call.chain).filter(|_| supervised).map(Asker::Phase);
    let mut askers = cell.iter().zip(matched.iter()).filter_map(asks).chain(of_phase).peekable();
    if askers.peek().is_none() {
        return Ok(None);
    }
    let root = scene.whose.root;
    let digests = Digests::new(scene.ledger.key, program, memory, &call.request, &call.chain, &root);
    let approvals = Approvals::new(&mut scene.ledger, digests, &parties(program, memory, call))?;
    for asker in askers {
        approvals.need(&mut scene.ledger, needed, asker)?;
    }
    approvals.weigh(&scene.ledger, needed)?;
    Ok(Some(approvals))
}

pub(crate) fn parties<'a>(program: &'a Program, memory: &'a crate::memory::Memory, call: &'a Call) -> Parties<'a> {
    Parties {
        agent: call.chain.text(program, memory, call.chain.actor()),
        user: call.request.user.map(|user| memory.text(user.id)),
        chain: call.chain.agents(),
    }
}

/// Lines 12 to 17: what the rules say for and against.
fn of_rules(
    program: &Program,
    scratch: &mut Scratch,
    call: &Call,
    cell: &[Candidate],
    mut scene: Option<&mut Scene<'_>>,
    reasons: &mut Reasons,
) -> Result<(Tally, Tally), Stop> {
    let agent = program.tables().agents.get(call.agent as usize).ok_or(Stop::Internal)?;
    let (mut live, mut all) = (Tally::default(), Tally::default());
    for (at, candidate) in cell.iter().enumerate() {
        let rule = program.rule(candidate.rule).ok_or(Stop::Internal)?;
        let matched = scratch.matched.get(at).copied().ok_or(Stop::Internal)?;
        if rule.observed {
            reasons.watch();
        }
        // What surely does not hold says nothing.
        if matched == Tri::False {
            continue;
        }
        all.count(rule, matched);
        if !rule.observed {
            live.count(rule, matched);
        }
        if let Some(said) = says(scratch, call, (candidate.rule, rule), matched, scene.as_deref_mut())? {
            let soft = rule.module == agent.module && !rule.always;
            note(reasons, candidate.rule, said, soft, Standing::WithObserved);
            if !rule.observed {
                note(reasons, candidate.rule, said, soft, Standing::Live);
            }
        } else if rule.effect == Effect::Allow && matched == Tri::True && !rule.observed {
            reasons.grant(candidate.rule);
        }
    }
    Ok((live, all))
}

/// What one rule says against a call.
#[derive(Clone, Copy)]
enum Said {
    Code(Code),
    /// Try again after so many milliseconds.
    Later(i64),
    Missing(Missing),
}

fn note(reasons: &mut Reasons, rule: RuleId, said: Said, soft: bool, standing: Standing) {
    match said {
        Said::Code(code) => reasons.restrict(rule, code, soft, standing),
        Said::Later(after) => reasons.throttle(rule, after, soft, standing),
        Said::Missing(missing) => reasons.ask(Asker::Rule(rule), missing, soft, standing),
    }
}

fn says(
    scratch: &mut Scratch,
    call: &Call,
    (id, rule): (RuleId, &Rule),
    matched: Tri,
    scene: Option<&mut Scene<'_>>,
) -> Result<Option<Said>, Stop> {
    Ok(match (rule.effect, matched) {
        (Effect::Allow | Effect::Entitle | Effect::Alert { .. }, _) | (_, Tri::False) => None,
        (Effect::Deny, Tri::True) => Some(Said::Code(Code::DeniedByRule)),
        (Effect::Deny, Tri::Unknown) => Some(Said::Code(Code::DeniedUnknown)),
        (Effect::RequireApproval { .. }, _) => match standing(scratch, Asker::Rule(id)) {
            approvals::Standing::Given => None,
            approvals::Standing::Rejected => Some(Said::Code(Code::ApprovalRejected)),
            approvals::Standing::Missing(missing) => Some(Said::Missing(missing)),
        },
        (Effect::Limit { rate }, _) => match scene {
            None => Some(Said::Code(Code::StateUnusable)),
            Some(scene) => match limited(scene, scratch, call, rate) {
                // One that does not bind does not stop a call either.
                Err(Stop::Full) if rule.observed => Some(Said::Code(Code::StateFull)),
                said => said?,
            },
        },
    })
}

/// How far an approval has come; one that nobody keeps is missing.
fn standing(scratch: &Scratch, by: Asker) -> approvals::Standing {
    let found = scratch.needed.iter().find(|needed| needed.by() == by);
    found.map_or(approvals::Standing::Missing(Missing::None), |needed| needed.standing())
}

/// Line 16: what a limit says; what the call takes from it is noted among the counters.
fn limited(scene: &mut Scene<'_>, scratch: &mut Scratch, call: &Call, index: u32) -> Result<Option<Said>, Stop> {
    let ledger = &mut scene.ledger;
    let rate = ledger.program.tables().rates.get(index as usize).ok_or(Stop::Internal)?;
    let counter = match limits::weigh(ledger, scratch, call, &scene.whose, index, None)? {
        Weighed::Invalid => return Ok(Some(Said::Code(Code::LimitCostInvalid))),
        Weighed::Full => return Err(Stop::Full),
        Weighed::Takes(counter) => counter,
    };
    if scratch.counters.len() >= scratch.counters.capacity() {
        return Err(Stop::Internal);
    }
    scratch.counters.push(counter);
    Ok(match limits::check(ledger, rate, &counter, (scene.since)(index))? {
        Verdict::Room => None,
        Verdict::Unreachable => Some(Said::Code(Code::LimitUnreachable)),
        Verdict::Reached(after) => Some(Said::Later(after)),
    })
}

/// Lines 18 to 21: what no single rule says.
fn of_call(
    program: &Program,
    call: &Call,
    phase: Phase,
    covered: bool,
    (live, all): (Tally, Tally),
    reasons: &mut Reasons,
) -> Result<(), Stop> {
    let tables = program.tables();
    let agent = tables.agents.get(call.agent as usize).ok_or(Stop::Internal)?;
    let tool = tables.tools.get(call.tool as usize).ok_or(Stop::Internal)?;
    let needed = scope::needs_entitlement(tables, tool);
    let soft = scope::may_grant(tables, agent, call.tool);
    for (tally, standing) in [(live, Standing::Live), (all, Standing::WithObserved)] {
        if !covered {
            reasons.object(Code::ScopeExceeded, false, standing);
        }
        let entitled = if call.request.user.is_some() { tally.entitled } else { tally.nobody };
        if needed && !entitled {
            reasons.object(Code::NotEntitled, false, standing);
        }
        if phase == Phase::ReadOnly && scope::changes(tool) {
            reasons.object(Code::PhaseReadOnly, false, standing);
        }
        if !tally.allowed {
            let code = if tally.doubtful { Code::NoAllowUnknown } else { Code::NoAllow };
            reasons.object(code, soft, standing);
        }
    }
    Ok(())
}

/// Line 20: what the phase of a supervised agent asks.
fn by_phase(scratch: &Scratch, agent: u32, reasons: &mut Reasons) {
    match standing(scratch, Asker::Phase(agent)) {
        approvals::Standing::Given => {}
        approvals::Standing::Rejected => {
            reasons.object(Code::ApprovalRejected, false, Standing::Live);
            reasons.object(Code::ApprovalRejected, false, Standing::WithObserved);
        }
        approvals::Standing::Missing(missing) => reasons.supervise(agent, missing),
    }
}

/// Line 18: every hop of the chain must surely cover the call.
fn covered(frame: &mut Frame<'_>, view: Option<&View<'_>>, chain: &Chain) -> bool {
    let (program, tool) = (frame.program, frame.facts.tool);
    chain.scopes(program).all(|ways| {
        ways.iter().any(|way| {
            scope::delegates(program.tables(), &way.scope, tool) && frame.run(view, way.entry, 0).0 == Tri::True
        })
    })
}

/// Line 5: selectors, and all clauses.
fn matches_call(frame: &mut Frame<'_>, view: Option<&View<'_>>, candidate: &Candidate) -> Option<Tri> {
    let rule = frame.program.rule(candidate.rule)?;
    let (matched, recorded) = frame.run(view, rule.entry, rule.clauses as usize);
    let matched = matched.and(if candidate.unsure { Tri::Unknown } else { Tri::True });
    frame.trace.close(candidate.rule, matched, recorded);
    Some(matched)
}
