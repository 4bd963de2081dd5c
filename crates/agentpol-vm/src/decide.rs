//! The decision: semantics 4.1 as far as it needs no memory of earlier calls.

use crate::arguments::Failure;
use crate::call::{self, Call};
use crate::chain;
use crate::scratch::Scratch;
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::decision::{Asker, Decision, Missing};
use agentpol_bytecode::reasons::{Reasons, Standing};
use agentpol_bytecode::scope::{self, Tri};
use agentpol_bytecode::tables::{Effect, Phase, Rule, RuleId};

/// Decides a request, given as the bytes of its JSON. Whatever they are, this returns a decision: it never panics, takes
/// no memory, and allows nothing that no rule surely allows.
pub fn decide(program: &Program, request: &[u8], scratch: &mut Scratch) -> Decision {
    prepare(program, request, scratch).decide()
}

/// Reads a request, so that it can be decided any number of times.
pub fn prepare<'a>(program: &'a Program, request: &[u8], scratch: &'a mut Scratch) -> Prepared<'a> {
    scratch.trace.clear();
    let call = if scratch.made_for == *program.file_hash() {
        understand(program, request, scratch)
    } else {
        Err((Code::Internal, None))
    };
    Prepared { program, scratch, call: call.map_err(|(code, argument)| Decision::structural(code, argument)) }
}

/// A request that was read.
#[derive(Debug)]
#[must_use = "a request that is read is not decided yet"]
pub struct Prepared<'a> {
    program: &'a Program,
    scratch: &'a mut Scratch,
    /// What is called, or the denial where the request does not even ask for something.
    call: Result<Call, Decision>,
}

/// Line 1: the first structural code that applies, in the order of the table.
fn understand(program: &Program, bytes: &[u8], scratch: &mut Scratch) -> Result<Call, Failure> {
    let bare = |code| (code, None);
    let request = call::request(program, bytes, scratch).map_err(bare)?;
    let caller = call::caller(program, scratch, request, request.at).map_err(bare)?;
    let call = caller.calls(call::tool(program, scratch, &caller).map_err(bare)?);
    call::read(program, scratch, &call)?;
    Ok(call)
}

impl Prepared<'_> {
    /// Decides. The same request gives the same decision every time.
    pub fn decide(&mut self) -> Decision {
        match self.call {
            Ok(call) => judge(self.program, self.scratch, &call).unwrap_or(Decision::structural(Code::Internal, None)),
            Err(refused) => refused,
        }
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

/// Lines 2 to 10.
fn judge(program: &Program, scratch: &mut Scratch, call: &Call) -> Option<Decision> {
    let tables = program.tables();
    let agent = tables.agents.get(call.agent as usize)?;
    let tool = tables.tools.get(call.tool as usize)?;
    let cell = program.cell(call.tool, call.agent)?;
    let phase = chain::phase(program, &call.chain, call.now)?;
    let mut reasons = Reasons::new(matches!(phase, Phase::Observe { .. }));
    let (mut live, mut all) = (Tally::default(), Tally::default());
    scratch.trace.clear();
    for candidate in cell {
        let rule = program.rule(candidate.rule)?;
        let matched = matches_call(program, scratch, call, rule, candidate.rule, candidate.unsure);
        let soft = rule.module == agent.module && !rule.always;
        all.count(rule, matched);
        if rule.observed {
            reasons.watch();
        } else {
            live.count(rule, matched);
        }
        report(&mut reasons, candidate.rule, rule, matched, soft);
    }
    if !covered(program, scratch, call) {
        reasons.object(Code::ScopeExceeded, false, Standing::Live);
        reasons.object(Code::ScopeExceeded, false, Standing::WithObserved);
    }
    let needed = scope::needs_entitlement(tables, tool);
    let soft = scope::may_grant(tables, agent, call.tool);
    for (tally, standing) in [(live, Standing::Live), (all, Standing::WithObserved)] {
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
    if matches!(phase, Phase::Supervised { .. }) && scope::changes(tool) {
        chain::supervised(program, &call.chain).for_each(|agent| reasons.supervise(agent, Missing::None));
    }
    Some(reasons.settle(call.now))
}

/// Lines 12 to 15: what one rule says for or against.
fn report(reasons: &mut Reasons, id: RuleId, rule: &Rule, matched: Tri, soft: bool) {
    let code = match (rule.effect, matched) {
        (Effect::Allow, Tri::True) if !rule.observed => return reasons.grant(id),
        (Effect::Allow | Effect::Entitle | Effect::Alert { .. }, _) | (_, Tri::False) => return,
        (Effect::Limit { .. }, _) => Code::StateUnusable,
        (Effect::Deny, Tri::True) => Code::DeniedByRule,
        (Effect::Deny, Tri::Unknown) => Code::DeniedUnknown,
        (Effect::RequireApproval { .. }, _) => {
            reasons.ask(Asker::Rule(id), Missing::None, soft, Standing::WithObserved);
            if !rule.observed {
                reasons.ask(Asker::Rule(id), Missing::None, soft, Standing::Live);
            }
            return;
        }
    };
    reasons.restrict(id, code, soft, Standing::WithObserved);
    if !rule.observed {
        reasons.restrict(id, code, soft, Standing::Live);
    }
}

/// Line 18: every hop of the chain must surely cover the call.
fn covered(program: &Program, scratch: &mut Scratch, call: &Call) -> bool {
    call.chain.scopes(program).all(|ways| {
        ways.iter().any(|way| {
            scope::delegates(program.tables(), &way.scope, call.tool)
                && call.run(program, scratch, way.entry, 0).0 == Tri::True
        })
    })
}

/// Line 5: selectors, and all clauses.
fn matches_call(program: &Program, scratch: &mut Scratch, call: &Call, rule: &Rule, id: RuleId, unsure: bool) -> Tri {
    let (matched, recorded) = call.run(program, scratch, rule.entry, rule.clauses as usize);
    let matched = matched.and(if unsure { Tri::Unknown } else { Tri::True });
    scratch.trace.close(id, matched, recorded);
    matched
}
