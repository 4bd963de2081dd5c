//! Tests: each step of a scenario and each cell of a table becomes a request, ready to be decided, and what is expected.

mod answers;
mod callers;
mod expected;
mod given;
mod json;
mod origins;
mod persons;
mod requests;
mod resources;
mod sessions;
mod steps;
mod table;
mod values;

use crate::draft::Draft;
use crate::policy::{Field, ToolId};
use crate::tool_sets::ToolSets;
use agentpol_diagnostics::{Code, Diagnostic, did_you_mean};
use agentpol_syntax::ast;
use given::Scene;
use json::pointer_part;
use std::collections::BTreeMap;

/// Fills the tests of all modules, by name.
pub(crate) fn fill_scenarios(draft: &mut Draft<'_, '_>, sets: &mut ToolSets) {
    for module in draft.module_ids() {
        let written = std::mem::take(&mut draft.items[module.index()].tests);
        let mut by_name: BTreeMap<&str, &ast::Test<'_>> = BTreeMap::new();
        for test in &written {
            let name = test.name;
            if let Some(first) = by_name.get(name.value) {
                let title = format!("two tests are called `{}`", name.value);
                let diagnostic = Diagnostic::new(Code::AP0202, title, name.span, "the same name again");
                let first = first.name.span;
                draft.report(diagnostic.because(first, "first used here").help("give each test a name of its own"));
                continue;
            }
            by_name.insert(name.value, test);
        }
        for test in by_name.into_values() {
            if test.axes.is_empty() {
                let scenario = steps::scenario(draft, module, test);
                draft.policy.tests.extend(scenario);
            } else {
                let table = table::table(draft, sets, module, test);
                draft.policy.tables.extend(table);
            }
        }
    }
}

/// Checks that every path of `origin` begins with a parameter of some tool that is called.
fn check_origins(draft: &mut Draft<'_, '_>, scene: &Scene<'_>, tools: &[ToolId]) {
    let called = || tools.iter().copied();
    for (path, _) in &scene.origin {
        // A JSON Pointer has the names on the wire, a path those of the policy.
        let wire = path.value.strip_prefix('/');
        let first = wire.unwrap_or(path.value).split(if wire.is_some() { '/' } else { '.' }).next().unwrap_or("");
        let fields = |id: ToolId| draft.policy[draft.policy[id].params].fields.iter();
        let names = |field: &Field| if wire.is_some() { pointer_part(&field.wire) } else { field.name.clone() };
        let known: Vec<String> = called().flat_map(fields).map(names).collect();
        let open = called().any(|id| draft.policy[id].open);
        if !open && !known.iter().any(|name| name == first) {
            let help = did_you_mean(first, known.iter().map(String::as_str))
                .unwrap_or_else(|| "name an argument of a tool that is called in the test".to_owned());
            let title = format!("no call has an argument `{first}`");
            draft.report(Diagnostic::new(Code::AP0213, title, path.span, "the origin of what?").help(help));
        }
    }
}
