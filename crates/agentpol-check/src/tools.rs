//! Tools: parameters, verbs, what they touch, where they come from on the wire.

use crate::declare::Declared;
use crate::draft::Draft;
use crate::expr::canonical;
use crate::names::Entity;
use crate::policy::{DatasetId, ModuleId, ResultType, Returns, SystemId, Tool, ToolId, Type, Verb};
use crate::types::{finish_shape, resolve_fields};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, ToolClause, VerbWord};
use std::collections::{BTreeMap, BTreeSet};

/// Fills tools, all but what they answer.
pub(crate) fn fill_tools<'a>(draft: &mut Draft<'a, '_>, declared: &Declared<'a>) {
    for (module, ast) in &declared.tools {
        let tool = fill_tool(draft, *module, ast);
        draft.policy.tools.push(tool);
    }
    refuse_twins(draft, declared);
}

fn fill_tool<'a>(draft: &mut Draft<'a, '_>, module: ModuleId, ast: &ast::Tool<'a>) -> Tool {
    let params = resolve_fields(draft, module, ast.params, "parameter");
    let params = finish_shape(draft, module, params);
    let wire = ast.wire.map_or_else(|| ast.name.segments.last().map_or("", |name| name.text), |text| text.value);
    if wire.is_empty() {
        let title = format!("the tool `{}` has an empty name on the wire", ast.name.joined());
        let span = ast.wire.map_or(ast.name.span, |text| text.span);
        draft.report(Diagnostic::new(Code::AP0407, title, span, "no request can name it").help("remove the text"));
    }
    let mut tool = Tool {
        module,
        name: ast.name.joined(),
        wire: wire.to_owned(),
        home: named_home(draft, module, &ast.name),
        params,
        open: ast.open.is_some(),
        verbs: Vec::new(),
        unverified: false,
        datasets: Vec::new(),
        touches_anything: ast.clauses.iter().any(|clause| matches!(clause, ToolClause::TouchesAnything(_))),
        fixed_hosts: Vec::new(),
        pinned: None,
        result: ResultType::Undeclared,
        returns: Returns::Untrusted,
        resource: None,
        span: ast.name.span,
    };
    let mut reading = Reading { verbs: BTreeSet::new(), datasets: BTreeSet::new(), said: BTreeMap::new() };
    for clause in ast.clauses {
        read_clause(draft, module, &mut tool, clause, &mut reading);
    }
    finish_verbs(draft, &mut tool, reading, ast);
    refuse_foreign_home(draft, module, &tool);
    tool
}

/// What the clauses of a tool have said so far.
struct Reading {
    verbs: BTreeSet<Verb>,
    datasets: BTreeSet<DatasetId>,
    said: BTreeMap<&'static str, Span>,
}

fn read_clause(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    tool: &mut Tool,
    clause: &ToolClause<'_>,
    reading: &mut Reading,
) {
    let mut once = |draft: &mut Draft<'_, '_>, what: &'static str, span: Span| {
        if let Some(first) = reading.said.get(what) {
            let title = format!("`{what}` stands twice");
            let diagnostic = Diagnostic::new(Code::AP0105, title, span, "again here").because(*first, "first here");
            draft.report(diagnostic.help("remove one of them"));
        } else {
            reading.said.insert(what, span);
        }
    };
    match clause {
        ToolClause::Verb(word, targets, span) => {
            reading.verbs.insert(verb(*word));
            read_targets(draft, module, tool, verb(*word), targets, *span, &mut reading.datasets);
        }
        ToolClause::ReturnsTrusted(span) => {
            once(draft, "returns", *span);
            tool.returns = Returns::Trusted;
        }
        ToolClause::ReturnsUntrusted(span) => once(draft, "returns", *span),
        ToolClause::ReturnsNothing(span) => {
            once(draft, "returns", *span);
            tool.returns = Returns::Nothing;
        }
        ToolClause::Unverified(span) => {
            once(draft, "unverified", *span);
            tool.unverified = true;
        }
        ToolClause::TouchesAnything(span) => once(draft, "touches anything", *span),
        ToolClause::FixedHosts(hosts, span) => {
            once(draft, "to fixed hosts", *span);
            let canonical: BTreeSet<String> = hosts.iter().filter_map(|host| fixed_host(draft, host)).collect();
            tool.fixed_hosts.extend(canonical);
        }
        ToolClause::Pinned(digest) => {
            once(draft, "pinned", digest.span);
            tool.pinned = pin(draft, digest);
        }
        ToolClause::Of(of, ids, span) => {
            once(draft, "of", *span);
            tool.resource = crate::resources::resource_of(draft, module, tool, of, ids, *span);
        }
    }
}

/// Looks up what a verb names. The first system named is the tool's home, unless its own name names one.
fn read_targets(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    tool: &mut Tool,
    verb: Verb,
    targets: &[ast::Path<'_>],
    span: Span,
    datasets: &mut BTreeSet<DatasetId>,
) {
    if verb == Verb::Computes {
        if let Some(first) = targets.first() {
            let title = "`computes` touches nothing";
            let diagnostic = Diagnostic::new(Code::AP0407, title, first.span, "data all the same")
                .help("write `reads` where the tool reads this data");
            draft.report(diagnostic);
        }
        return;
    }
    if targets.is_empty() && !tool.touches_anything {
        let title = format!("`{}` does not say what it touches", tool.name);
        let help = format!("name systems or datasets behind `{0}`, or add `touches anything`", verb.as_str());
        draft.report(Diagnostic::new(Code::AP0407, title, span, "of what?").help(help));
    }
    for path in targets {
        let Some(entity) = draft.data(module, path) else { continue };
        let system = match entity {
            Entity::System(id) => id,
            Entity::Dataset(id) => draft.policy[id].system,
            _ => continue,
        };
        tool.home = tool.home.or(Some(system));
        datasets.extend(draft.datasets_of(entity));
    }
}

/// Finishes the verbs: at least one, and `sends` where arguments leave.
fn finish_verbs(draft: &mut Draft<'_, '_>, tool: &mut Tool, mut reading: Reading, ast: &ast::Tool<'_>) {
    if reading.verbs.is_empty() {
        let title = format!("the tool `{}` has no verb", tool.name);
        let help = "say what it does and to what, such as `reads crm.tickets`; `computes` touches nothing";
        let label = "reads, sends, pays, ...?";
        draft.report(Diagnostic::new(Code::AP0406, title, tool.span, label).help(help));
    }
    if reading.verbs.contains(&Verb::Computes) && (reading.verbs.len() > 1 || tool.touches_anything) {
        let span = ast.clauses.iter().find_map(|clause| match clause {
            ToolClause::Verb(VerbWord::Computes, _, span) => Some(*span),
            _ => None,
        });
        let title = "`computes` stands beside what it excludes";
        let diagnostic = Diagnostic::new(Code::AP0407, title, span.unwrap_or(tool.span), "touches nothing");
        draft.report(diagnostic.help("remove `computes`"));
    }
    let leaves = |ty: &Type| matches!(ty, Type::Url { .. } | Type::Email | Type::Ip | Type::Host);
    if tool.fixed_hosts.is_empty() && draft.contains_type(&Type::Shape(tool.params), &leaves) {
        reading.verbs.insert(Verb::Sends);
    }
    if tool.returns == Returns::Nothing && ast.result.is_some() {
        let span = ast.result.map_or(tool.span, |result| result.span);
        let title = format!("`{}` returns nothing and says what", tool.name);
        let label = "something, after all";
        draft.report(Diagnostic::new(Code::AP0407, title, span, label).help("remove one of the two"));
    }
    tool.verbs = reading.verbs.into_iter().collect();
    tool.datasets = reading.datasets.into_iter().collect();
}

/// Returns the verb of a word.
pub(crate) fn verb(word: VerbWord) -> Verb {
    match word {
        VerbWord::Reads => Verb::Reads,
        VerbWord::Creates => Verb::Creates,
        VerbWord::Updates => Verb::Updates,
        VerbWord::Deletes => Verb::Deletes,
        VerbWord::Sends => Verb::Sends,
        VerbWord::Exports => Verb::Exports,
        VerbWord::Pays => Verb::Pays,
        VerbWord::Executes => Verb::Executes,
        VerbWord::Deploys => Verb::Deploys,
        VerbWord::Grants => Verb::Grants,
        VerbWord::Computes => Verb::Computes,
    }
}

/// Finds the system that a tool's name begins with.
fn named_home(draft: &Draft<'_, '_>, module: ModuleId, name: &ast::Path<'_>) -> Option<SystemId> {
    (1..name.segments.len()).find_map(|length| {
        let prefix = name.segments[..length].iter().map(|segment| segment.text).collect::<Vec<_>>().join(".");
        match draft.names.find(module, &prefix) {
            Some((Entity::System(id), _)) => Some(id),
            _ => None,
        }
    })
}

/// Refuses a tool on a system of another module: its verbs and data are the owner's word.
fn refuse_foreign_home(draft: &mut Draft<'_, '_>, module: ModuleId, tool: &Tool) {
    let Some(home) = tool.home else { return };
    let owner = draft.policy[home].module;
    if owner == module || draft.is_root(module) {
        return;
    }
    let system = &draft.policy[home];
    let title = format!("`{}` is a tool of another module's system", tool.name);
    let label = format!("on `{}`, which belongs to `{}`", system.name, draft.module_name(owner));
    let help = format!("declare the tool in `{0}`, or name it after a system of this module", draft.module_name(owner));
    let place = system.span;
    draft.report(Diagnostic::new(Code::AP0208, title, tool.span, label).because(place, "declared here").help(help));
}

fn fixed_host(draft: &mut Draft<'_, '_>, host: &ast::Text<'_>) -> Option<String> {
    let canonical = canonical(&Type::Host, host.value).ok();
    if canonical.is_none() {
        let title = format!("`{}` is not a host", host.value);
        let help = "write a name such as `\"api.acme.example\"`, without scheme, port and path";
        draft.report(Diagnostic::new(Code::AP0407, title, host.span, "no argument can name it").help(help));
    }
    canonical
}

/// Reads a pin: `sha256:` and 64 digits.
fn pin(draft: &mut Draft<'_, '_>, digest: &ast::Text<'_>) -> Option<String> {
    let hex = digest.value.strip_prefix("sha256:");
    if hex.is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))) {
        return Some(digest.value.to_owned());
    }
    let title = "not a digest of a tool's definition";
    let help = "write `sha256:` and 64 digits of `0123456789abcdef`, as `polc import mcp` does";
    draft.report(Diagnostic::new(Code::AP0407, title, digest.span, "of another form").help(help));
    None
}

/// Refuses two tools that are the same on the wire: one server, one wire name.
fn refuse_twins(draft: &mut Draft<'_, '_>, declared: &Declared<'_>) {
    let mut known: BTreeMap<(String, String), ToolId> = BTreeMap::new();
    for at in 0..draft.policy.tools.len() {
        let id = ToolId(at as u32);
        let tool = &draft.policy[id];
        let servers = tool.home.map_or(Vec::new(), |home| draft.policy[home].servers.clone());
        let servers = if servers.is_empty() { vec![String::new()] } else { servers };
        let wire = tool.wire.clone();
        for server in servers {
            let Some(first) = known.get(&(server.clone(), wire.clone())) else {
                known.insert((server, wire.clone()), id);
                continue;
            };
            let from = if server.is_empty() { "no server".to_owned() } else { format!("the server `{server}`") };
            let title = format!("two tools are `{wire}` on the wire");
            let span = declared.tools[at].1.wire.map_or(tool.span, |text| text.span);
            let first = &draft.policy[*first];
            let label = format!("with {from}, a request could mean either");
            let diagnostic = Diagnostic::new(Code::AP0212, title, span, label)
                .because(first.span, format!("`{}` has this name already", first.name))
                .help("remove one, or name the `server` in the system of each");
            draft.report(diagnostic);
            break;
        }
    }
}
