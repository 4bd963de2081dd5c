//! Scenarios: each step becomes a request, ready to be decided, and what is expected of it.

mod given;
mod json;
mod origins;
mod persons;
mod resources;
mod values;

use crate::collect::not_yet;
use crate::draft::Draft;
use crate::names::Entity;
use crate::policy::{Call, Expected, Field, ModuleId, ResultType, Scenario, Step, Tool, ToolId, Type};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span, did_you_mean};
use agentpol_syntax::ast::{self, CallOutcome, Expect, Literal, StepKind};
use given::{Actor, Credential, Start};
use json::{Json, pointer_part, rfc3339};
use std::collections::BTreeMap;
use values::Strictness;

/// The codes of denials, as decisions name them.
const DENIALS: [&str; 41] = [
    "state_unusable",
    "state_conflict",
    "clock_regressed",
    "request_too_large",
    "request_malformed",
    "agent_unidentified",
    "agent_unknown",
    "agent_suspended",
    "credential_missing",
    "credential_invalid",
    "credential_stale",
    "chain_invalid",
    "hop_undeclared",
    "direct_call_refused",
    "directory_stale",
    "user_unknown",
    "user_suspended",
    "session_unknown",
    "session_mismatch",
    "call_duplicate",
    "tool_unknown",
    "tool_changed",
    "argument_missing",
    "argument_undeclared",
    "argument_invalid",
    "context_invalid",
    "resource_missing",
    "resource_mismatch",
    "state_full",
    "internal",
    "denied_by_rule",
    "denied_unknown",
    "scope_exceeded",
    "not_entitled",
    "phase_read_only",
    "approval_rejected",
    "limit_cost_invalid",
    "limit_unreachable",
    "no_allow_unknown",
    "no_allow",
    "approvals_full",
];

/// Fills the scenarios of all modules, by name.
pub(crate) fn fill_scenarios(draft: &mut Draft<'_, '_>) {
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
            if let Some(scenario) = scenario(draft, module, test) {
                draft.policy.tests.push(scenario);
            }
        }
    }
}

fn scenario<'a>(draft: &mut Draft<'a, '_>, module: ModuleId, test: &ast::Test<'a>) -> Option<Scenario> {
    if !test.steps.iter().any(|step| matches!(step.kind, StepKind::Call(_))) {
        let title = format!("the test `{}` checks nothing", test.name.value);
        let diagnostic = Diagnostic::new(Code::AP0702, title, test.name.span, "no call in it");
        draft.report(diagnostic.help("write a call and what is expected: `crm.search(query: \"x\") -> allow`"));
    }
    let start = given::read(draft, module, test);
    let mut at = start.as_ref().map(|start| start.at);
    let mut steps = Vec::new();
    let mut tools = Vec::new();
    let mut last = None;
    for step in test.steps {
        match &step.kind {
            StepKind::Call(call) => {
                last = Some(call);
                tools.extend(draft.names.find(module, &call.tool.joined()).map(|(entity, _)| entity));
                let id = format!("c{}", tools.len());
                steps.extend(self::step(draft, module, start.as_ref(), at, call, id, step.span));
            }
            StepKind::After(duration) => at = later(draft, at, duration),
            StepKind::Approve(who, group) => {
                persons::check_asked(draft, last, "approve", step.span);
                let person = persons::person(draft, module, who, group.as_ref(), at, step.span);
                steps.extend(person.map(Step::Approve));
            }
            StepKind::Reject(who, group) => {
                persons::check_asked(draft, last, "reject", step.span);
                let person = persons::person(draft, module, who, group.as_ref(), at, step.span);
                steps.extend(person.map(Step::Reject));
            }
        }
    }
    let start = start?;
    check_origins(draft, &start, &tools);
    let (name, open) = (test.name.value.to_owned(), open(&start)?.write());
    let (agent, session) = (start.actor.agent, start.session);
    Some(Scenario { module, name, agent, session, open, steps, span: test.name.span })
}

/// Makes the event that opens the session: with the agent that begins the chain.
fn open(start: &Start<'_>) -> Option<Json> {
    let first = start.via.first().unwrap_or(&start.actor);
    let session = vec![
        ("session".to_owned(), Json::Text(start.session.clone())),
        ("agent".to_owned(), first.presented.clone()),
        ("user".to_owned(), start.opener.clone()),
        ("at".to_owned(), Json::Text(rfc3339(start.at)?)),
    ];
    Some(Json::Object(vec![("open".to_owned(), Json::Object(session))]))
}

/// Moves the clock.
fn later(draft: &mut Draft<'_, '_>, at: Option<i64>, duration: &ast::Duration) -> Option<i64> {
    let moved = at?.checked_add(duration.millis).filter(|moved| rfc3339(*moved).is_some());
    if moved.is_none() {
        let diagnostic = Diagnostic::new(Code::AP0701, "a moment after the year 2200", duration.span, "too late");
        draft.report(diagnostic.help("write a shorter time"));
    }
    moved
}

/// Checks that every path of `origin` begins with a parameter of some tool that is called.
fn check_origins(draft: &mut Draft<'_, '_>, start: &Start<'_>, tools: &[Entity]) {
    let called = || {
        tools.iter().filter_map(|entity| match entity {
            Entity::Tool(id) => Some(*id),
            _ => None,
        })
    };
    for (path, _) in &start.origin {
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

/// Makes one step.
fn step<'a>(
    draft: &mut Draft<'a, '_>,
    module: ModuleId,
    start: Option<&Start<'_>>,
    at: Option<i64>,
    call: &ast::Call<'a>,
    id: String,
    span: Span,
) -> Option<Step> {
    let expect = expected(draft, module, &call.expect);
    if let Some(by) = call.by.filter(|by| !draft.rule_names.contains(by.value)) {
        draft.unknown_rule(by.value, by.span);
    }
    let tool = draft.tool(module, &call.tool)?;
    let args = arguments(draft, module, tool, call);
    let result = match &call.outcome {
        None => None,
        Some(CallOutcome::Fails(_)) => Some(Err(())),
        Some(CallOutcome::Returns(value)) => Some(Ok(result(draft, module, tool, value).write())),
    };
    let (start, at, expect) = (start?, at?, expect?);
    let request = request(draft, start, at, tool, &id, args)?.write();
    let by = call.by.map(|by| by.value.to_owned());
    Some(Step::Call(Box::new(Call { tool, request, result, id, at, expect, by, span })))
}

/// Reads what is expected.
fn expected(draft: &mut Draft<'_, '_>, module: ModuleId, expect: &Expect<'_>) -> Option<Expected> {
    match expect {
        Expect::Allow => Some(Expected::Allow),
        Expect::Throttle => Some(Expected::Throttle),
        Expect::Deny(None) => Some(Expected::Deny { code: None }),
        Expect::Deny(Some(code)) => {
            if !DENIALS.contains(&code.text) {
                let help = did_you_mean(code.text, DENIALS)
                    .unwrap_or_else(|| "write a code such as `no_allow`, or `deny` alone".to_owned());
                let title = format!("no denial has the code `{}`", code.text);
                draft.report(Diagnostic::new(Code::AP0201, title, code.span, "not a code").help(help));
                return None;
            }
            Some(Expected::Deny { code: Some(code.text.to_owned()) })
        }
        Expect::RequireApproval(None) => Some(Expected::RequireApproval { from: None }),
        Expect::RequireApproval(Some(approvers)) => {
            if let Some(count) = approvers.count {
                let help = "write `require approval from` and the group alone";
                draft.report(not_yet("expectations of how many approve", count.span, help));
                return None;
            }
            let from = match &approvers.group {
                None => "user".to_owned(),
                Some(path) => {
                    let group = draft.group(module, path)?;
                    draft.policy[group].wire.clone()
                }
            };
            Some(Expected::RequireApproval { from: Some(from) })
        }
    }
}

/// Makes the arguments. Where a denial is expected, whatever is written goes out as it is.
fn arguments(draft: &mut Draft<'_, '_>, module: ModuleId, tool: ToolId, call: &ast::Call<'_>) -> Json {
    let strict = match call.expect {
        Expect::Deny(_) => Strictness::AsWritten,
        Expect::Allow | Expect::Throttle | Expect::RequireApproval(_) => Strictness::Strict,
    };
    let (params, open) = (draft.policy[tool].params, draft.policy[tool].open);
    draft.once_each(call.args);
    let mut entries = Vec::with_capacity(call.args.len());
    for pair in call.args {
        let field = draft.policy[params].field(pair.key.value).map(|(_, field)| field.clone());
        let (wire, ty) = match field {
            Some(field) => {
                let null = field.optional && matches!(pair.value.kind, ast::LiteralKind::Null);
                (field.wire, (!null).then_some(field.ty))
            }
            None => {
                if !open && strict == Strictness::Strict {
                    let known: Vec<String> =
                        draft.policy[params].fields.iter().map(|field| field.name.clone()).collect();
                    let help = did_you_mean(pair.key.value, known.iter().map(String::as_str));
                    let list = || format!("its arguments are `{}`", known.join("`, `"));
                    let name = draft.policy[tool].name.clone();
                    let title = format!("`{name}` has no argument `{}`", pair.key.value);
                    let place = draft.policy[tool].span;
                    let diagnostic = Diagnostic::new(Code::AP0213, title, pair.key.span, "not declared");
                    draft.report(diagnostic.because(place, "declared here").help(help.unwrap_or_else(list)));
                }
                (pair.key.value.to_owned(), None)
            }
        };
        entries.push((wire, draft.json(module, &pair.value, ty.as_ref(), strict)));
    }
    Json::Object(entries)
}

/// Makes what a call gives, which must be as the tool declares it.
fn result(draft: &mut Draft<'_, '_>, module: ModuleId, tool: ToolId, value: &Literal<'_>) -> Json {
    let declared = draft.policy[tool].result.clone();
    let kept = std::mem::take(&mut draft.diagnostics);
    let mut attempts: Vec<(Json, Diagnostics)> = Vec::new();
    for ty in alternatives(draft, &declared) {
        let json = draft.json(module, value, ty.as_ref(), Strictness::Strict);
        attempts.push((json, std::mem::take(&mut draft.diagnostics)));
    }
    draft.diagnostics = kept;
    let at = attempts.iter().position(|(_, found)| found.is_empty()).unwrap_or(0);
    let (json, found) = attempts.swap_remove(at);
    draft.diagnostics.extend(found);
    json
}

/// Returns the types that an answer may have; at least one, `None` for any.
fn alternatives(draft: &Draft<'_, '_>, result: &ResultType) -> Vec<Option<Type>> {
    match result {
        ResultType::Undeclared => vec![None],
        ResultType::Type(ty) => vec![Some(ty.clone())],
        ResultType::Record(id) => vec![Some(Type::Shape(draft.policy[*id].shape))],
        ResultType::List(of, bound) => {
            let listed = |ty: Option<Type>| ty.map(|ty| Type::List(Box::new(ty), *bound));
            alternatives(draft, of).into_iter().map(listed).collect()
        }
        ResultType::Keyed { record, field, .. } => {
            let shape = Type::Shape(draft.policy[*record].shape);
            let follow = |ty: Option<Type>, name: &String| match ty {
                Some(Type::Shape(id)) => draft.policy[id].field(name).map(|(_, field)| field.ty.clone()),
                other => other,
            };
            vec![field.iter().fold(Some(shape), follow)]
        }
        ResultType::Either(list) => list.iter().flat_map(|one| alternatives(draft, one)).collect(),
    }
}

/// Makes the whole request.
fn request(draft: &Draft<'_, '_>, start: &Start<'_>, at: i64, tool: ToolId, id: &str, args: Json) -> Option<Json> {
    let tool = &draft.policy[tool];
    let agent = start.actor.presented.clone();
    let mut entries = vec![("at".to_owned(), Json::Text(rfc3339(at)?)), ("agent".to_owned(), agent)];
    let mut add = |key: &str, value: Option<Json>| entries.extend(value.map(|value| (key.to_owned(), value)));
    let issued = match start.credential {
        Credential::Fresh => Some(at),
        Credential::IssuedAt(issued) => Some(issued),
        Credential::Undeclared | Credential::Missing => None,
    };
    add("credential", issued.and_then(issued_at));
    let via: Vec<Json> = start.via.iter().map(|hop| caller(draft, hop, at)).collect();
    add("via", (!via.is_empty()).then_some(Json::List(via)));
    add("user", Some(start.user.clone()));
    add("session", Some(Json::Text(start.session.clone())));
    add("call", Some(Json::text(id)));
    add("env", start.env.clone().map(Json::Text));
    add("task", start.task.clone().map(Json::Text));
    add("server", origins::server(draft, tool).map(Json::Text));
    add("tool", Some(Json::text(tool.wire.clone())));
    add("tool_digest", tool.pinned.clone().map(Json::Text));
    let origin: Vec<(String, Json)> = (start.origin.iter())
        .map(|(path, origin)| (pointer(draft, tool, path.value), origin.clone()))
        .filter(|(pointer, _)| args.has(pointer))
        .collect();
    add("resource", resources::of_call(draft, &start.resources, tool, &args));
    add("args", Some(args));
    add("context", start.context.clone());
    add("origin", (!origin.is_empty()).then_some(Json::Object(origin)));
    Some(Json::Object(entries))
}

/// Makes an agent of `via`, with a fresh credential where it declares one.
fn caller(draft: &Draft<'_, '_>, hop: &Actor, at: i64) -> Json {
    let credential = draft.policy[hop.agent].credential_max_age.and_then(|_| issued_at(at));
    let Some(credential) = credential else { return hop.presented.clone() };
    let mut entries = match &hop.presented {
        Json::Object(entries) => entries.clone(),
        id => vec![("id".to_owned(), id.clone())],
    };
    entries.push(("credential".to_owned(), credential));
    Json::Object(entries)
}

/// Makes a credential that is issued at a moment.
fn issued_at(at: i64) -> Option<Json> {
    Some(Json::Object(vec![("issued_at".to_owned(), Json::Text(rfc3339(at)?))]))
}

/// Turns an argument's path into a JSON Pointer, with the names on the wire. A path that begins with `/` is one already.
fn pointer(draft: &Draft<'_, '_>, tool: &Tool, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut ty = Some(Type::Shape(tool.params));
    let mut pointer = String::new();
    for name in path.split('.') {
        let field = match &ty {
            Some(Type::Shape(id)) => draft.policy[*id].field(name).map(|(_, field)| field),
            _ => None,
        };
        pointer.push('/');
        pointer.push_str(&pointer_part(field.map_or(name, |field| field.wire.as_str())));
        ty = match (field, ty) {
            (Some(field), _) => Some(field.ty.clone()),
            (None, Some(Type::List(of, _) | Type::Map(of, _))) => Some(*of),
            _ => None,
        };
    }
    pointer
}
