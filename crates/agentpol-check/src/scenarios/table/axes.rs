//! What a table has cells for: agents, users, and tools with arguments.

use crate::draft::Draft;
use crate::policy::{AgentId, ModuleId, ToolId};
use crate::scenarios::callers::{self, Someone};
use crate::scenarios::json::Json;
use crate::scenarios::requests;
use crate::scenarios::values::Strictness;
use crate::tool_sets::ToolSets;
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, AxisKind, Sample, ToolPattern};
use std::collections::BTreeMap;

/// How many cells a table has at most.
const MAX_CELLS: usize = 10_000;

/// An agent of the table, and those before it.
pub(super) struct Agent {
    pub(super) label: String,
    pub(super) id: AgentId,
    pub(super) caller: (callers::Actor, Vec<callers::Actor>),
}

/// A user of the table.
pub(super) struct User {
    pub(super) label: String,
    pub(super) id: Option<String>,
    pub(super) user: Someone,
}

/// A tool of the table, with arguments.
pub(super) struct Tool {
    pub(super) label: String,
    pub(super) id: ToolId,
    pub(super) args: Json,
}

/// What a table has cells for.
pub(super) struct Axes {
    pub(super) agents: Vec<Agent>,
    pub(super) users: Vec<User>,
    pub(super) tools: Vec<Tool>,
}

/// Reads who and what the table has cells for.
pub(super) fn read<'a>(
    draft: &mut Draft<'a, '_>,
    sets: &mut ToolSets,
    module: ModuleId,
    test: &ast::Test<'a>,
) -> Option<Axes> {
    let (mut agents, mut users, mut tools) = (None, None, None);
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    let before = draft.diagnostics.len();
    for axis in test.axes {
        let word = match axis.kind {
            AxisKind::Agents(_) => "for each agent",
            AxisKind::Users(_) => "for each user",
            AxisKind::Tools(..) => "for each tool",
        };
        if let Some(first) = seen.insert(word, axis.span) {
            let diagnostic = Diagnostic::new(Code::AP0105, format!("`{word}` stands twice"), axis.span, "again here");
            draft.report(diagnostic.because(first, "first here").help("write all of them behind the first"));
            continue;
        }
        match &axis.kind {
            AxisKind::Agents(chains) => agents = Some(read_agents(draft, module, chains)),
            AxisKind::Users(written) => users = Some(read_users(draft, module, written)),
            AxisKind::Tools(samples, except) => tools = Some(read_tools(draft, sets, module, samples, except)),
        }
    }
    let forms = [
        ("for each agent", agents.is_some(), "write `for each agent NAME`"),
        ("for each user", users.is_some(), "write `for each user \"ana\" { groups: [support] }, none`"),
        ("for each tool", tools.is_some(), "write `for each tool crm.search(query: \"x\"), crm.list`"),
    ];
    for (word, there, help) in forms {
        if !there {
            let title = format!("the table `{}` lacks `{word}`", test.name.value);
            draft.report(Diagnostic::new(Code::AP0701, title, test.name.span, "which cells?").help(help));
        }
    }
    let axes = Axes { agents: agents?, users: users?, tools: tools? };
    let size = axes.agents.len() * axes.users.len() * axes.tools.len();
    if size > MAX_CELLS {
        let title = format!("a table of {size} cells");
        let diagnostic = Diagnostic::new(Code::AP0701, title, test.name.span, format!("more than {MAX_CELLS}"));
        draft.report(diagnostic.help("make several tables of it"));
    }
    (draft.diagnostics.len() == before).then_some(axes)
}

fn read_agents(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    chains: &[(ast::Hop<'_>, Option<ast::Hop<'_>>)],
) -> Vec<Agent> {
    let mut agents: Vec<Agent> = Vec::with_capacity(chains.len());
    for (hop, via) in chains {
        let via: Vec<ast::Hop<'_>> = via.iter().copied().collect();
        let Some(caller) = callers::chain(draft, module, hop, &via) else { continue };
        let last = via.first().unwrap_or(hop);
        let end = last.attributes.and_then(|pairs| pairs.last()).map_or(last.agent.span, |pair| pair.value.span);
        let mut label = one_line(draft.sources.text(hop.agent.span.to(end)));
        if last.attributes.is_some_and(|pairs| !pairs.is_empty()) {
            label.push_str(" }");
        }
        if !agents.iter().any(|agent| agent.label == label) {
            agents.push(Agent { label, id: caller.0.agent, caller });
            continue;
        }
        twice(draft, &label, hop.agent.span);
    }
    agents
}

/// Returns a text with single spaces.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn twice(draft: &mut Draft<'_, '_>, label: &str, span: Span) {
    let title = format!("`{label}` stands twice in the table");
    draft.report(Diagnostic::new(Code::AP0202, title, span, "again here").help("remove one of them"));
}

fn read_users(draft: &mut Draft<'_, '_>, module: ModuleId, written: &[ast::Who<'_>]) -> Vec<User> {
    let mut users: Vec<User> = Vec::with_capacity(written.len());
    for who in written {
        let user = callers::someone(draft, module, who.id.as_ref(), who.attributes);
        let label = who.id.map_or("none".to_owned(), |id| format!("\"{}\"", id.value));
        if users.iter().any(|user| user.label == label) {
            twice(draft, &label, who.span);
            continue;
        }
        users.push(User { label, id: who.id.map(|id| id.value.to_owned()), user });
    }
    users
}

fn read_tools(
    draft: &mut Draft<'_, '_>,
    sets: &mut ToolSets,
    module: ModuleId,
    samples: &[Sample<'_>],
    except: &[ToolPattern<'_>],
) -> Vec<Tool> {
    let mut tools: Vec<Tool> = Vec::with_capacity(samples.len());
    for sample in samples {
        let Sample::Call(path, args, name) = sample else { continue };
        let Some(id) = draft.tool(module, path) else { continue };
        let args = requests::arguments(draft, module, id, args, Strictness::Strict);
        let label = name.map_or_else(|| draft.policy[id].name.clone(), |name| name.text.to_owned());
        let span = name.map_or(path.span, |name| name.span);
        let taken = name.is_some_and(|name| draft.names.find(module, name.text).is_some());
        if taken || tools.iter().any(|tool| tool.label == label) {
            let title = format!("`{label}` names something else already");
            let diagnostic = Diagnostic::new(Code::AP0202, title, span, "again here");
            let help = format!("give it a name of its own in the table: `{}(...) as large`", draft.policy[id].name);
            draft.report(diagnostic.help(help));
            continue;
        }
        tools.push(Tool { label, id, args });
    }
    for sample in samples {
        let Sample::Pattern(pattern) = sample else { continue };
        let span = pattern_span(pattern);
        let include = std::slice::from_ref(pattern);
        let patterns = ast::ToolPatterns { include, except, span };
        let Some(selected) = sets.select_written(draft, module, &patterns) else { continue };
        for id in selected.into_keys() {
            if tools.iter().any(|tool| tool.id == id) {
                continue;
            }
            check_no_arguments(draft, id, span);
            tools.push(Tool { label: draft.policy[id].name.clone(), id, args: Json::Object(Vec::new()) });
        }
    }
    tools
}

pub(super) fn pattern_span(pattern: &ToolPattern<'_>) -> Span {
    match pattern {
        ToolPattern::Every(span) => *span,
        ToolPattern::Under(path) | ToolPattern::Named(path) => path.span,
    }
}

/// Says that a tool cannot be called without arguments.
fn check_no_arguments(draft: &mut Draft<'_, '_>, id: ToolId, span: Span) {
    let fields = &draft.policy[draft.policy[id].params].fields;
    let needed: Vec<String> =
        fields.iter().filter(|field| !field.optional).map(|field| format!("{}: ...", field.name)).collect();
    if needed.is_empty() {
        return;
    }
    let (name, place) = (draft.policy[id].name.clone(), draft.policy[id].span);
    let title = format!("`{name}` cannot be called without arguments");
    let help = format!("write it with a sample: `{name}({})`", needed.join(", "));
    let diagnostic = Diagnostic::new(Code::AP0701, title, span, "it is among these");
    draft.report(diagnostic.because(place, "declared here").help(help));
}
