//! Rules to blocks: one step for each clause of a rule, in the order of writing, over what its expressions compute.

use crate::block::{Block, Step, Value};
use crate::pattern::Refusal;
use crate::pools::Pools;
use crate::registers::{Laid, lay_out};
use agentpol_bytecode::instruction::Op;
use agentpol_check::policy::{
    Clause, ClauseKind, Expr, LocalId, Pattern, PatternKind, Policy, Rule, UserSelector, Value as Literal,
};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};

/// Writes one block.
pub(crate) struct Writer<'p, 'b> {
    pub(crate) policy: &'p Policy,
    pub(crate) pools: &'b mut Pools,
    pub(crate) block: Block,
    /// How deep the expression at hand is nested.
    pub(crate) depth: u32,
    /// Values of conditions are to be counted.
    pub(crate) marking: bool,
    locals: Vec<Option<Value>>,
    /// What locals stand for that are written where they are read.
    named: Vec<(LocalId, Expr)>,
    diagnostics: &'b mut Diagnostics,
}

/// Writes the block of a rule.
pub(crate) fn rule(policy: &Policy, rule: &Rule, pools: &mut Pools, diagnostics: &mut Diagnostics) -> Laid {
    clauses(policy, &rule.clauses, rule.span, &format!("`{}`", rule.name), pools, diagnostics)
}

/// Writes the block of clauses, all of which must hold.
pub(crate) fn clauses(
    policy: &Policy,
    clauses: &[Clause],
    span: Span,
    what: &str,
    pools: &mut Pools,
    diagnostics: &mut Diagnostics,
) -> Laid {
    let mut writer = Writer::new(policy, pools, diagnostics);
    writer.marking = writer.pools.marks.wanted;
    let mut number = 0;
    for clause in clauses {
        match &clause.kind {
            ClauseKind::Let(local, given) => {
                let given = writer.value(given);
                writer.bind(*local, given);
            }
            _ => {
                writer.clause(clause, number);
                number += 1;
            }
        }
    }
    writer.block.push(Step { op: Op::Return, dst: 0, a: 0, b: 0, imm: 0, span });
    writer.finish(0, span, what)
}

/// Writes the block of a constraint: a condition on the value in the first register.
pub(crate) fn constraint(
    policy: &Policy,
    condition: &Expr,
    span: Span,
    pools: &mut Pools,
    diagnostics: &mut Diagnostics,
) -> Laid {
    let mut writer = Writer::new(policy, pools, diagnostics);
    let given = writer.block.fresh();
    writer.bind(LocalId(0), given);
    let value = writer.value(condition);
    writer.block.push(Step { op: Op::ReturnValue, dst: 0, a: value, b: 0, imm: 0, span: condition.span });
    writer.finish(1, span, "the constraint")
}

/// Returns those of the clauses that a block reports.
pub(crate) fn reported(clauses: &[Clause]) -> impl Iterator<Item = &Clause> {
    clauses.iter().filter(|clause| !matches!(clause.kind, ClauseKind::Let(..)))
}

impl<'p, 'b> Writer<'p, 'b> {
    pub(crate) fn new(policy: &'p Policy, pools: &'b mut Pools, diagnostics: &'b mut Diagnostics) -> Self {
        let (locals, named) = (Vec::new(), Vec::new());
        Writer { policy, pools, block: Block::new(), depth: 0, marking: false, locals, named, diagnostics }
    }

    /// Says what the locals of clauses stand for, to be written only where they are read.
    pub(crate) fn name(&mut self, clauses: &[Clause]) {
        for clause in clauses {
            if let ClauseKind::Let(local, given) = &clause.kind {
                self.named.push((*local, given.clone()));
            }
        }
    }

    /// Counts the values of a condition.
    pub(crate) fn mark(&mut self, value: Value, span: Span, branch: bool) {
        if !self.marking {
            return;
        }
        let number = self.pools.marks.add(span, branch);
        self.block.push(Step { op: Op::Mark, dst: 0, a: value, b: 0, imm: number, span });
    }

    /// Reports a clause.
    pub(crate) fn clause(&mut self, clause: &Clause, number: u32) {
        let span = clause.span;
        let (value, negated) = match &clause.kind {
            ClauseKind::When(condition) => (self.value(condition), false),
            ClauseKind::Unless(condition) => (self.value(condition), true),
            other => (self.selector(other, span), matches!(other, ClauseKind::Outside(_))),
        };
        self.block.push(Step { op: Op::Clause, dst: 0, a: value, b: u32::from(negated), imm: number, span });
    }

    /// Keeps a value to be remembered.
    pub(crate) fn keep(&mut self, value: &Expr, place: u32) {
        let kept = self.value(value);
        self.block.push(Step { op: Op::Keep, dst: 0, a: kept, b: 0, imm: place, span: value.span });
    }

    /// Says what a local stands for from here on.
    pub(crate) fn bind(&mut self, local: LocalId, value: Value) {
        let at = local.0 as usize;
        if self.locals.len() <= at {
            self.locals.resize(at + 1, None);
        }
        self.locals[at] = Some(value);
    }

    /// Returns what a local stands for.
    pub(crate) fn local(&mut self, local: LocalId) -> Value {
        if let Some(bound) = self.locals.get(local.0 as usize).copied().flatten() {
            return bound;
        }
        let named = self.named.iter().find(|(named, _)| *named == local).map(|(_, given)| given.clone());
        let given = named.unwrap_or_else(|| unreachable!("the checker binds every local before it is read"));
        self.value(&given)
    }

    /// Reports that something cannot be compiled; the value returned only keeps the work going.
    pub(crate) fn refuse(&mut self, code: Code, title: &str, span: Span, help: &str) -> Value {
        self.diagnostics.push(Diagnostic::new(code, title, span, "").help(help));
        self.literal(&Literal::Bool(false), span)
    }

    /// Reports why something cannot be compiled; the value returned only keeps the work going.
    pub(crate) fn refuse_as(&mut self, problem: Diagnostic) -> Value {
        self.diagnostics.push(problem);
        self.literal(&Literal::Bool(false), Span::default())
    }

    /// Reports a pattern that has no automaton.
    pub(crate) fn refuse_pattern(&mut self, pattern: &Pattern, refusal: &Refusal, span: Span) {
        self.diagnostics.push(refused_pattern(pattern, refusal, span));
    }

    /// One of the alternatives of a selector.
    fn selector(&mut self, clause: &ClauseKind, span: Span) -> Value {
        let alternatives: Vec<(Op, u32)> = match clause {
            ClauseKind::User(users) => users.iter().map(|user| self.user(user)).collect(),
            ClauseKind::Env(names) => {
                let policy = self.policy;
                names.iter().map(|env| (Op::Env, self.pools.symbol(&policy[*env]))).collect()
            }
            ClauseKind::Task(names) => names.iter().map(|task| (Op::Task, self.pools.symbol(task))).collect(),
            ClauseKind::During(schedules) | ClauseKind::Outside(schedules) => {
                schedules.iter().map(|schedule| (Op::During, schedule.0)).collect()
            }
            ClauseKind::Let(..) | ClauseKind::When(_) | ClauseKind::Unless(_) => Vec::new(),
        };
        let mut any: Option<Value> = None;
        for (op, imm) in alternatives {
            let one = self.block.emit(op, 0, 0, imm, span);
            any = Some(any.map_or(one, |before| self.block.emit(Op::Or, before, one, 0, span)));
        }
        // A selector of nothing matches nothing.
        any.unwrap_or_else(|| self.literal(&Literal::Bool(false), span))
    }

    fn user(&mut self, user: &UserSelector) -> (Op, u32) {
        match user {
            UserSelector::Any => (Op::UserAny, 0),
            UserSelector::None => (Op::UserNone, 0),
            UserSelector::In(group) => (Op::UserIn, group.0),
            UserSelector::Id(id) => (Op::UserIs, self.pools.symbol(id)),
        }
    }

    pub(crate) fn finish(self, given: usize, span: Span, what: &str) -> Laid {
        let (nodes, values) = self.block.finish();
        lay_out(&nodes, values, given).unwrap_or_else(|| {
            let title = format!("{what} computes more values at once than there is room for");
            let large = Diagnostic::new(Code::AP0503, title, span, "at most 256 values may be needed at one time");
            self.diagnostics.push(large.help("split the rule into several, each with a part of the conditions"));
            Laid::default()
        })
    }
}

/// Says why a pattern is refused.
pub(crate) fn refused_pattern(pattern: &Pattern, refusal: &Refusal, span: Span) -> Diagnostic {
    let what = match pattern.kind {
        PatternKind::Regex => "regular expression",
        PatternKind::Glob | PatternKind::PathGlob => "pattern",
    };
    match refusal {
        Refusal::Invalid(why) => Diagnostic::new(Code::AP0307, format!("the {what} is not valid: {why}"), span, ""),
        Refusal::TooLarge => {
            let title = format!("the {what} needs too large a table");
            let help = "use smaller bounds, such as `{1,32}` instead of `{1,2000}`, and fewer alternatives after a run";
            Diagnostic::new(Code::AP0307, title, span, "its table would exceed one mebibyte").help(help)
        }
    }
}
