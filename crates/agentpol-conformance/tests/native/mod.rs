//! The vm in this process, through the facade, and what it decides in the words of the reference interpreter.

use agentpol::bytecode::decision::RuleList;
use agentpol::{Decision, Evaluator, Options, Program, SourceMap, build};
use agentpol_conformance::reference::{RuleName, Summary};

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
    Summary {
        code: decision.code(),
        rules: names(decision.rules(), program),
        total: decision.rules().total() as usize,
        also: sorted(decision.also().iter().collect()),
        would: decision.would(),
        approvals: names(decision.approvals(), program),
        by_phase: decision.approval_by_phase(),
        argument: decision.argument().map(str::to_owned),
        dispatch_before: decision.dispatch_before(),
    }
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

fn names(rules: &RuleList, program: &Program) -> Vec<RuleName> {
    let name = |id: &agentpol::bytecode::tables::RuleId| {
        let rule = program.rule(*id).expect("a rule of the program");
        let module = &program.tables().modules[rule.module as usize];
        (program.symbol(module.name).to_owned(), program.symbol(rule.name).to_owned())
    };
    rules.named().iter().map(name).collect()
}
