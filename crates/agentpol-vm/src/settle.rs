//! What a judgement changes: asks persons, spends approvals, takes from limits, raises alerts (line 23 of semantics 4.1).

use crate::call::Call;
use crate::judge::{Scene, Stop, parties};
use crate::scratch::Scratch;
use crate::state::approvals::{Action, Approvals, Asks, Standing};
use crate::state::{Trouble, alerts, limits};
use agentpol_bytecode::code::{Code, Outcome};
use agentpol_bytecode::decision::{ArgumentPath, Decision};
use agentpol_bytecode::reasons::{self, Reasons};
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::Candidate;

/// A judgement, of which nothing is written yet. It is filled where it stands: a decision is long.
pub(crate) struct Judgement<'d> {
    pub(crate) decision: &'d mut Decision,
    pub(crate) approvals: Option<Approvals>,
    pub(crate) asks: Option<Asks>,
    /// How many of the counters are limits'; the others are alerts'.
    pub(crate) limits: usize,
}

impl<'d> Judgement<'d> {
    /// Nothing is judged yet, and nothing is allowed: the decision denies.
    pub(crate) fn new(decision: &'d mut Decision) -> Self {
        Judgement { decision, approvals: None, asks: None, limits: 0 }
    }

    /// What will be decided, in the place where it stands.
    pub(crate) fn nothing() -> Decision {
        Decision::structural(Code::Internal, None)
    }

    /// Denies for a structural failure.
    pub(crate) fn refuse(&mut self, code: Code, argument: Option<ArgumentPath>) {
        *self.decision = Decision::structural(code, argument);
    }

    /// Says which approvals will be spent or asked for. Where there is no room to ask, the call is denied.
    pub(crate) fn ask(
        &mut self,
        scene: &mut Scene<'_>,
        scratch: &Scratch,
        reasons: &mut Reasons,
        now: i64,
    ) -> Result<(), Stop> {
        let Some(approvals) = &self.approvals else { return Ok(()) };
        if scratch.needed.iter().any(|needed| needed.standing() == Standing::Given) {
            reasons.agree();
            reasons.settle_in(now, self.decision);
        }
        if self.decision.outcome() == Outcome::RequireApproval {
            self.asks = approvals.ask(&mut scene.ledger, &scratch.needed, self.decision)?;
            if self.asks.is_none() {
                reasons.object(Code::ApprovalsFull, false, reasons::Standing::Live);
                reasons.settle_in(now, self.decision);
            }
        }
        Ok(())
    }

    /// Raises alerts.
    pub(crate) fn hear(
        &mut self,
        scene: &mut Scene<'_>,
        scratch: &mut Scratch,
        call: &Call,
        cell: &[Candidate],
    ) -> Result<(), Stop> {
        for (at, candidate) in cell.iter().enumerate() {
            let matched = scratch.matched.get(at).copied().unwrap_or(Tri::Unknown);
            if matched != Tri::False {
                let rule = (candidate.rule, matched);
                alerts::hear(&mut scene.ledger, scratch, call, &scene.whose, rule, self.decision)?;
            }
        }
        Ok(())
    }

    /// Line 23, as far as it concerns limits, approvals and alerts: writes what the outcome changes. Everything it writes
    /// to has been opened before. What the call takes from limits lies in `scratch.reserved` then.
    pub(crate) fn write(
        &mut self,
        scene: &mut Scene<'_>,
        scratch: &mut Scratch,
        call: &Call,
        let_through: bool,
    ) -> Result<(), Trouble> {
        let ledger = &mut scene.ledger;
        let Scratch { memory, needed, counters, reserved, .. } = scratch;
        let tables = ledger.program.tables();
        if let (Some(approvals), Some(asks)) = (&self.approvals, &self.asks) {
            let parties = parties(ledger.program, memory, call);
            let action = Action { program: ledger.program, memory, call };
            approvals.write(ledger, needed, asks, (&parties, &action), self.decision)?;
        }
        reserved.clear();
        let (spent, heard) = counters.split_at(self.limits.min(counters.len()));
        if let Some(approvals) = self.approvals.as_ref().filter(|_| self.decision.permits() && let_through) {
            approvals.spend(ledger, needed)?;
        }
        if let_through {
            for counter in spent {
                let rate = tables.rates.get(counter.rate as usize).ok_or(Trouble::Unusable)?;
                reserved.extend_from_slice(&limits::reserve(ledger, rate, counter)?.write());
            }
        }
        for counter in heard {
            let rate = tables.rates.get(counter.rate as usize).ok_or(Trouble::Unusable)?;
            alerts::count(ledger, rate, counter)?;
        }
        Ok(())
    }
}
