//! The vm in this process, through the facade, and what it decides in the words of the reference interpreter.

mod remembered;
mod remembering;

pub(crate) use remembered::{Deployed, HOST, Remembered};
use remembering::Remembering;

use agentpol::bytecode::decision::{Asker, RuleList};
use agentpol::bytecode::tables::RuleId;
use agentpol::{Decision, Evaluator, Options, Program, SourceMap, build};
use agentpol_conformance::reference::{Asked, RuleName, Summary};

/// Builds and loads a policy: its bytes, and the evaluator of them.
pub(crate) fn load(sources: &SourceMap, options: &Options) -> Result<(Vec<u8>, Evaluator), String> {
    let (built, diagnostics) = build(sources, options);
    let Some(built) = built else {
        let titles: Vec<&str> = diagnostics.iter().map(|found| found.title.as_str()).collect();
        return Err(format!("does not build: {}", titles.join("; ")));
    };
    let evaluator = Evaluator::load(&built.bytes).map_err(|error| format!("does not load: {error:?}"))?;
    Ok((built.bytes, evaluator))
}

/// Says a decision in the words of the reference interpreter.
pub(crate) fn summary(decision: &Decision, program: &Program) -> Summary {
    let alerts = decision.alerts().named().iter();
    Summary {
        code: decision.code(),
        rules: names(decision.rules(), program),
        total: decision.rules().total() as usize,
        also: sorted(decision.also().iter().collect()),
        would: decision.would(),
        approvals: names(decision.approvals(), program),
        by_phase: decision.approval_by_phase(),
        missing: decision.asks().named().iter().map(|ask| ask.missing.as_str()).collect(),
        argument: decision.argument().map(str::to_owned),
        dispatch_before: decision.dispatch_before(),
        retry_after: decision.retry_after(),
        alerts: alerts.map(|alert| (name(&alert.rule, program), alert.uncertain)).collect(),
    }
}

/// The digests that persons can answer.
pub(crate) fn digests(decision: &Decision, program: &Program) -> Vec<Asked> {
    let asks = decision.asks().named().iter();
    asks.filter_map(|ask| {
        let opened = ask.opened?;
        let rule = match ask.by {
            Asker::Rule(rule) => Some(name(&rule, program).1),
            Asker::Phase(_) => None,
        };
        let digest = opened.digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Asked { rule, digest })
    })
    .collect()
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

fn names(rules: &RuleList, program: &Program) -> Vec<RuleName> {
    rules.named().iter().map(|id| name(id, program)).collect()
}

fn name(id: &RuleId, program: &Program) -> RuleName {
    let rule = program.rule(*id).expect("a rule of the program");
    let module = &program.tables().modules[rule.module as usize];
    (program.symbol(module.name).to_owned(), program.symbol(rule.name).to_owned())
}
