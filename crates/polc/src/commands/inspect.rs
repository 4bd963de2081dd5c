//! `polc inspect`: what a program holds.

use std::path::PathBuf;

use agentpol::Program;
use agentpol::bytecode::FORMAT_VERSION;
use agentpol::bytecode::tables::{Place, RuleId};
use serde_json::{Value, json};

use crate::args::Format;
use crate::commands::decide::read_program;
use crate::escape;
use crate::exit::{Done, Exit};
use crate::terminal::Terminal;

/// Show what a program holds
///
/// Verifies it as a service would, then lists modules, hashes, sizes, the most steps that one decision can take, the
/// most bytes of state, and the code of every rule with the place in the policy that it comes from.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  polc inspect desk.apc
  polc inspect desk.apc --format json

Exit codes: 0 shown, 4 the file is no program, or a damaged one")]
pub(crate) struct Args {
    /// A program made by `polc build`
    program: PathBuf,
    /// How it is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Done {
    let program = read_program(&args.program)?;
    match args.format {
        Format::Text => terminal.out.text(escape::lines(&program.listing().to_string())),
        Format::Json => terminal.out.line(document(&program)),
    }
    Ok(Exit::Success)
}

/// Everything but the code, as one JSON document.
fn document(program: &Program) -> Value {
    let tables = program.tables();
    let modules: Vec<Value> = tables
        .modules
        .iter()
        .map(|module| json!({ "name": program.symbol(module.name), "root": module.root }))
        .collect();
    let sections: serde_json::Map<String, Value> =
        program.section_sizes().iter().map(|(section, bytes)| (section.as_str().to_owned(), json!(bytes))).collect();
    json!({
        "version": 1,
        "format": FORMAT_VERSION,
        "meaning": hash(program.meaning_hash()),
        "file": hash(program.file_hash()),
        "modules": modules,
        "time_zones": tables.tz_version,
        "worst_case_steps": program.worst_case_steps(),
        "state_bytes": state(program),
        "counts": {
            "rules": tables.rules.len(), "tools": tables.tools.len(), "agents": tables.agents.len(),
            "instructions": tables.code.len(), "constants": tables.constants.len(), "symbols": tables.symbols.len(),
            "automata": tables.automata.len(), "slots": tables.slots.len(), "evidence": tables.evidence.len(),
            "counters": tables.rates.len(),
        },
        "section_bytes": sections,
        "rules": (0u32..).map(RuleId).take(tables.rules.len()).map(|id| rule(program, id)).collect::<Vec<_>>(),
    })
}

/// The most bytes of state; null where nothing is remembered.
fn state(program: &Program) -> Value {
    if !program.remembers() {
        return Value::Null;
    }
    let ceiling = program.ceiling();
    json!({
        "session": ceiling.session, "agent": ceiling.agent, "user": ceiling.user,
        "limit_key": ceiling.limit_key, "alert_key": ceiling.alert_key, "agent_keys": ceiling.agent_keys,
        "approval": ceiling.approval, "approvals": ceiling.approvals,
    })
}

fn rule(program: &Program, id: RuleId) -> Value {
    let tables = program.tables();
    let Some(rule) = program.rule(id) else { return Value::Null };
    let at = id.0 as usize;
    let clauses = tables.debug.clauses.get(at).map(Vec::as_slice).unwrap_or_default();
    let clauses: Vec<Value> =
        clauses.iter().map(|(at, text)| json!({ "text": text, "at": place(program, *at) })).collect();
    json!({
        "module": tables.modules.get(rule.module as usize).map(|module| program.symbol(module.name)),
        "name": program.symbol(rule.name),
        "effect": rule.effect.as_str(),
        "observed": rule.observed,
        "always": rule.always,
        "because": rule.because.map(|text| program.symbol(text)),
        "at": tables.debug.rules.get(at).map(|at| place(program, *at)),
        "worst_case_steps": program.steps_of(id),
        "registers": rule.registers,
        "clauses": clauses,
    })
}

fn place(program: &Program, place: Place) -> Value {
    let file = program.tables().debug.files.get(place.file as usize);
    json!({ "file": file, "line": place.line, "column": place.column })
}

fn hash(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}
