//! Agents and fleets: who answers for them, who they are on the wire, how far they are trusted.

use crate::declare::Declared;
use crate::draft::Draft;
use crate::identity::{Refusal, canonical_spiffe, check_token, overlap};
use crate::names::Entity;
use crate::policy::{Agent, AgentId, Identity, ModuleId, Phase, Type};
use crate::types::{finish_shape, resolve_fields};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast::{self, AgentClauseKind};
use std::collections::{BTreeMap, HashMap};

/// Where the identities of each agent are written, by agent.
type Places = Vec<Vec<Span>>;

/// Fills agents and fleets.
pub(crate) fn fill_agents<'a>(draft: &mut Draft<'a, '_>, declared: &Declared<'a>) {
    let mut names: HashMap<&str, usize> = HashMap::new();
    for (_, ast) in &declared.agents {
        *names.entry(ast.name.text).or_default() += 1;
    }
    let mut places = Places::new();
    for (module, ast) in &declared.agents {
        let unique = names.get(ast.name.text) == Some(&1);
        let (mut agent, place) = fill_agent(draft, *module, ast);
        agent.wire = if unique { agent.name.clone() } else { format!("{}.{}", draft.module_name(*module), agent.name) };
        draft.policy.agents.push(agent);
        places.push(place);
    }
    refuse_shared_identities(draft, &places);
}

fn fill_agent<'a>(draft: &mut Draft<'a, '_>, module: ModuleId, ast: &ast::Agent<'a>) -> (Agent, Vec<Span>) {
    let fleet = ast.fleet.map(|fields| {
        let fields = resolve_fields(draft, module, fields, "attribute");
        finish_shape(draft, module, fields)
    });
    let mut agent = Agent {
        module,
        name: ast.name.text.to_owned(),
        wire: String::new(),
        function: String::new(),
        owner: String::new(),
        identities: Vec::new(),
        credential_max_age: None,
        phase: Phase::ReadOnly,
        reached_via: Vec::new(),
        directly: true,
        fleet,
        span: ast.name.span,
    };
    let mut places = Vec::new();
    let mut said: BTreeMap<&str, Span> = BTreeMap::new();
    for clause in ast.clauses {
        if let Some(word) = once(&clause.kind) {
            if let Some(first) = said.get(word) {
                let title = format!("`{word}` stands twice");
                let diagnostic = Diagnostic::new(Code::AP0105, title, clause.span, "again here")
                    .because(*first, "first here")
                    .help("remove one of them");
                draft.report(diagnostic);
                continue;
            }
            said.insert(word, clause.span);
        }
        read_clause(draft, module, &mut agent, clause, &mut places);
    }
    finish_agent(draft, &agent, &said);
    (agent, places)
}

/// Returns the word of a clause that may stand once.
fn once(clause: &AgentClauseKind<'_>) -> Option<&'static str> {
    match clause {
        AgentClauseKind::Function(_) => Some("function"),
        AgentClauseKind::Owner(_) => Some("owner"),
        AgentClauseKind::Credential(_) => Some("credential"),
        AgentClauseKind::Phase(_) => Some("phase"),
        AgentClauseKind::ReachedVia(..) => Some("reached via"),
        AgentClauseKind::Identity(_) | AgentClauseKind::Token(..) | AgentClauseKind::DelegatesTo(..) => None,
    }
}

fn read_clause(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    agent: &mut Agent,
    clause: &ast::AgentClause<'_>,
    places: &mut Vec<Span>,
) {
    match &clause.kind {
        AgentClauseKind::Function(text) => agent.function = text.value.to_owned(),
        AgentClauseKind::Owner(text) => agent.owner = text.value.trim().to_owned(),
        AgentClauseKind::Identity(text) => match canonical_spiffe(text.value, &text_attributes(draft, agent)) {
            Ok(id) => add_identity(draft, agent, Identity::Spiffe(id), text.span, places),
            Err(refusal) => refuse(draft, refusal, text.span),
        },
        AgentClauseKind::Token(issuer, subject) => {
            match check_token(issuer.value, subject.value, &text_attributes(draft, agent)) {
                Ok(()) => {
                    let (issuer, subject) = (issuer.value.to_owned(), subject.value.to_owned());
                    add_identity(draft, agent, Identity::Token { issuer, subject }, clause.span, places);
                }
                Err(refusal) => refuse(draft, refusal, clause.span),
            }
        }
        AgentClauseKind::Credential(age) => {
            if age.millis <= 0 {
                let title = "a credential that is stale at once";
                let diagnostic = Diagnostic::new(Code::AP0407, title, age.span, "no time at all");
                draft.report(diagnostic.help("write how long it is good, such as `24h`"));
            }
            agent.credential_max_age = Some(age.millis);
        }
        AgentClauseKind::Phase(phase) => {
            if let Some(phase) = read_phase(draft, module, &agent.name, phase, clause.span) {
                agent.phase = phase;
            }
        }
        AgentClauseKind::ReachedVia(paths, directly) => {
            read_reached(draft, module, agent, paths, *directly, clause.span);
        }
        // Read when tools and rules can be.
        AgentClauseKind::DelegatesTo(..) => {}
    }
}

/// Reads through whom an agent is reached.
fn read_reached(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    agent: &mut Agent,
    paths: &[ast::Path<'_>],
    directly: bool,
    span: Span,
) {
    if paths.is_empty() {
        let title = format!("`{}` is called directly anyway", agent.name);
        let diagnostic = Diagnostic::new(Code::AP0415, title, span, "names no agent");
        draft.report(diagnostic.help("remove the clause, or name an agent: `reached via planner, directly`"));
        return;
    }
    let own = draft.names.modules[module.index()].own.get(&agent.name).map(|(entity, _)| *entity);
    for path in paths {
        let Some(id) = draft.agent(module, path) else { continue };
        let name = path.joined();
        if own == Some(Entity::Agent(id)) {
            let title = format!("`{name}` is reached via itself");
            let diagnostic = Diagnostic::new(Code::AP0415, title, path.span, "the agent itself");
            draft.report(diagnostic.help("remove it, or name the agent that calls it"));
        } else if agent.reached_via.contains(&id) {
            let title = format!("`{name}` stands twice");
            draft.report(Diagnostic::new(Code::AP0415, title, path.span, "again here").help("remove one of them"));
        } else {
            agent.reached_via.push(id);
        }
    }
    agent.reached_via.sort();
    agent.directly = directly;
}

/// Returns the attributes of a fleet that are texts on the wire.
fn text_attributes<'d>(draft: &'d Draft<'_, '_>, agent: &Agent) -> Vec<&'d str> {
    let Some(shape) = agent.fleet else { return Vec::new() };
    let texts = draft.policy[shape].fields.iter().filter(|field| matches!(field.ty, Type::String | Type::Enum(_)));
    texts.map(|field| field.name.as_str()).collect()
}

fn add_identity(draft: &mut Draft<'_, '_>, agent: &mut Agent, identity: Identity, span: Span, places: &mut Vec<Span>) {
    if let Some(at) = agent.identities.iter().position(|known| overlap(known, &identity)) {
        let title = format!("the identity stands twice in `{}`", agent.name);
        let diagnostic = Diagnostic::new(Code::AP0211, title, span, "again here").because(places[at], "first here");
        draft.report(diagnostic.help("remove one of them"));
        return;
    }
    agent.identities.push(identity);
    places.push(span);
}

fn refuse(draft: &mut Draft<'_, '_>, refusal: Refusal, span: Span) {
    let diagnostic = Diagnostic::new(Code::AP0407, refusal.title, span, "not an identity").help(refusal.help);
    draft.report(diagnostic);
}

fn read_phase(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    agent: &str,
    phase: &ast::Phase<'_>,
    span: Span,
) -> Option<Phase> {
    match phase {
        ast::Phase::Observe(Some(date)) => Some(Phase::Observe { until: date.days }),
        ast::Phase::Observe(None) => {
            let title = format!("`{agent}` would be observed for ever");
            let diagnostic = Diagnostic::new(Code::AP0408, title, span, "until when?");
            draft.report(diagnostic.help("write `phase observe until 2026-12-31`; from that day on it is `read_only`"));
            None
        }
        ast::Phase::ReadOnly => Some(Phase::ReadOnly),
        ast::Phase::Supervised(Some(group)) => {
            draft.group(module, group).map(|group| Phase::Supervised { by: Some(group) })
        }
        ast::Phase::Supervised(None) => {
            let title = format!("nobody supervises `{agent}`");
            let diagnostic = Diagnostic::new(Code::AP0409, title, span, "by whom?");
            draft.report(diagnostic.help("write `phase supervised by` and a group, or `phase supervised by user`"));
            None
        }
        ast::Phase::SupervisedByUser => Some(Phase::Supervised { by: None }),
        ast::Phase::Autonomous => Some(Phase::Autonomous),
        ast::Phase::Unknown(word) => {
            let known = ["observe", "read_only", "supervised", "autonomous"];
            let help =
                did_you_mean(word.text, known).unwrap_or_else(|| format!("write one of `{}`", known.join("`, `")));
            let title = format!("unknown phase `{}`", word.text);
            draft.report(Diagnostic::new(Code::AP0201, title, word.span, "not a phase").help(help));
            None
        }
    }
}

fn finish_agent(draft: &mut Draft<'_, '_>, agent: &Agent, said: &BTreeMap<&str, Span>) {
    if agent.owner.is_empty() {
        let title = format!("nobody answers for `{}`", agent.name);
        let (span, label) = match said.get("owner") {
            Some(span) => (*span, "an empty text"),
            None => (agent.span, "`owner` is missing"),
        };
        let help = "write `owner \"team@acme.example\"`, a person or team who answers for what it does";
        draft.report(Diagnostic::new(Code::AP0401, title, span, label).help(help));
    }
    if agent.function.is_empty() {
        let title = format!("`{}` does not say what it is for", agent.name);
        let (span, label) = match said.get("function") {
            Some(span) => (*span, "an empty text"),
            None => (agent.span, "`function` is missing"),
        };
        draft.report(Diagnostic::new(Code::AP0107, title, span, label).help("write `function \"customer support\"`"));
    }
}

/// Refuses identities that name two agents. Templates are compared with everything, the rest by its text.
fn refuse_shared_identities(draft: &mut Draft<'_, '_>, places: &Places) {
    let mut exact: HashMap<&Identity, (AgentId, Span)> = HashMap::new();
    let mut open: Vec<(&Identity, AgentId, Span)> = Vec::new();
    let mut shared = Vec::new();
    for (at, agent) in draft.policy.agents.iter().enumerate() {
        let id = AgentId(at as u32);
        for (identity, span) in agent.identities.iter().zip(&places[at]) {
            let first = exact.get(identity).copied();
            let template =
                || open.iter().find(|(other, ..)| overlap(other, identity)).map(|(_, id, span)| (*id, *span));
            let is_template = !crate::identity::attributes_in(identity).is_empty();
            let covered =
                || exact.iter().filter(|(other, _)| is_template && overlap(other, identity)).map(|(_, at)| *at).min();
            match first.or_else(template).or_else(covered).filter(|(other, _)| *other != id) {
                Some(first) => shared.push((id, *span, first)),
                None if is_template => open.push((identity, id, *span)),
                None => {
                    exact.insert(identity, (id, *span));
                }
            }
        }
    }
    for (agent, span, (first, place)) in shared {
        let (agent, first) = (&draft.policy[agent].name, &draft.policy[first].name);
        let title = format!("`{agent}` and `{first}` would have the same identity");
        let diagnostic = Diagnostic::new(Code::AP0211, title, span, format!("also stands for `{first}`"))
            .because(place, format!("the identity of `{first}`"))
            .help("give each agent an identity of its own");
        draft.report(diagnostic);
    }
}
