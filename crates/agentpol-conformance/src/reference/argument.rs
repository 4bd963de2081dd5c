//! Arguments and context as declared: code 23 of the table.

use super::directory::Directory;
use super::facts::{Facts, UserFacts};
use super::identity::{self, Actor};
use super::json::{Json, Member, step};
use super::request::{Request, User};
use super::typed::Reading;
use super::value::{Held, Item, Value};
use agentpol_bytecode::code::Code;
use agentpol_check::policy::{Field, Policy, ShapeId, Tool};
use std::sync::Arc;

/// A structural failure: the code and what it speaks of.
pub(super) type Failure = (Code, Option<String>);

/// The name of the context field that relative paths are joined to.
const CWD: &str = "cwd";

/// Reads everything that rules may ask for, and names the first of code 23: missing, undeclared, invalid, context. What
/// could not be read is unknown then.
pub(super) fn facts<'a>(
    policy: &'a Policy,
    directory: Option<Arc<Directory>>,
    request: &Request,
    actor: &Actor,
    tool: &Tool,
) -> (Facts<'a>, Option<Failure>) {
    let mut facts = bare(policy, request, actor, tool);
    facts.directory = directory;
    let (context, unread) = shape(&facts, policy.context, &members(&request.context));
    facts.context = context;
    facts.user = request.user.as_ref().map(|user| user_facts(&facts, user));
    facts.agent = attributes(&facts, policy[actor.id].fleet, &actor.attributes);
    let (args, failure) = arguments(&facts, request, tool, unread.is_none());
    facts.args = args;
    (facts, failure.or(unread.map(|at| (Code::ContextInvalid, Some(at)))))
}

/// What needs no reading.
fn bare<'a>(policy: &'a Policy, request: &Request, actor: &Actor, tool: &Tool) -> Facts<'a> {
    Facts {
        policy,
        now: request.at,
        agent_name: identity::qualified(policy, actor.id),
        tool_name: tool.name.clone(),
        user: None,
        session: request.session.clone(),
        env: request.env.clone(),
        task: request.task.clone(),
        context: Vec::new(),
        agent: Vec::new(),
        args: Vec::new(),
        written: request.args.clone(),
        origin: request.origin.clone(),
        resource: None,
        directory: None,
        result: Held::Unknown,
    }
}

fn members(json: &Json) -> Vec<(String, Json)> {
    match json {
        Json::Object(members) => members.iter().map(|member| (member.key.clone(), member.value.clone())).collect(),
        _ => Vec::new(),
    }
}

fn given<'j>(members: &'j [(String, Json)], field: &Field) -> Option<&'j Json> {
    members.iter().find(|(key, _)| *key == field.wire).map(|(_, value)| value)
}

fn without_hosts<'a>(facts: &'a Facts<'a>) -> Reading<'a> {
    Reading { facts, cwd: None, hosts: &[] }
}

/// Fields by their names, and what was not read.
type Read<T> = (Vec<(String, Held)>, Option<T>);

/// Reads field by field up to the first that is not as declared; that one and all behind it are unknown.
fn each<T>(fields: &[Field], read: impl Fn(&Field) -> Result<Held, T>) -> Read<T> {
    let mut wrong = None;
    let mut all = Vec::new();
    for field in fields {
        let held = match &wrong {
            None => read(field).unwrap_or_else(|error| {
                wrong = Some(error);
                Held::Unknown
            }),
            Some(_) => Held::Unknown,
        };
        all.push((field.name.clone(), held));
    }
    (all, wrong)
}

/// The context: exactly its declared fields, those without `?` required.
fn shape(facts: &Facts<'_>, id: ShapeId, members: &[(String, Json)]) -> Read<String> {
    let fields = &facts.policy[id].fields;
    if let Some((key, _)) = members.iter().find(|(key, _)| !fields.iter().any(|field| field.wire == *key)) {
        let unknown = fields.iter().map(|field| (field.name.clone(), Held::Unknown)).collect();
        return (unknown, Some(step("", key)));
    }
    let read = |field: &Field| {
        let held = without_hosts(facts).field(field, given(members, field), &step("", &field.wire))?;
        Ok(placeless(held))
    };
    each(fields, read)
}

/// Attributes of a user or of a fleet's member: one that is missing or ill-typed is unknown.
fn attributes(facts: &Facts<'_>, id: Option<ShapeId>, members: &[(String, Json)]) -> Vec<(String, Held)> {
    let fields = id.map_or(&[][..], |id| &facts.policy[id].fields[..]);
    let read = |field: &Field| {
        let held = without_hosts(facts).field(field, given(members, field), "");
        (field.name.clone(), held.map_or(Held::Unknown, placeless))
    };
    fields.iter().map(read).collect()
}

/// The attributes that a directory, or a request, says of somebody or something.
pub(super) fn attributes_of(facts: &Facts<'_>, id: Option<ShapeId>, members: &[Member]) -> Vec<(String, Held)> {
    let members: Vec<(String, Json)> =
        members.iter().map(|member| (member.key.clone(), member.value.clone())).collect();
    attributes(facts, id, &members)
}

fn user_facts(facts: &Facts<'_>, user: &User) -> UserFacts {
    let known = facts.directory.as_ref().and_then(|known| known.users.get(&user.id));
    let members = match known.filter(|_| facts.policy.users_from.is_directory()) {
        Some(known) => &known.attributes,
        None => &user.attributes,
    };
    UserFacts {
        id: user.id.clone(),
        groups: user.groups.clone(),
        attributes: attributes_of(facts, Some(facts.policy.user), members),
    }
}

/// The arguments: what is missing, then what is not declared, then what is not of its type.
fn arguments(facts: &Facts<'_>, request: &Request, tool: &Tool, surrounded: bool) -> Read<Failure> {
    let fields = &facts.policy[tool.params].fields;
    let place = |name: &str| Some(step("", name));
    let missing = |field: &&Field| !field.optional && request.args.get(&field.wire).is_none();
    if let Some(field) = fields.iter().find(missing) {
        return each(fields, |_| Err((Code::ArgumentMissing, place(&field.wire))));
    }
    let undeclared = |member: &&Member| !fields.iter().any(|field| field.wire == member.key);
    if let Json::Object(members) = &request.args
        && let Some(member) = members.iter().find(undeclared)
        && !tool.open
    {
        let unknown = fields.iter().map(|field| (field.name.clone(), Held::Unknown)).collect();
        return (unknown, Some((Code::ArgumentUndeclared, place(&member.key))));
    }
    let cwd = match Facts::find(&facts.context, CWD) {
        Held::Known(Item { value: Value::Path { text, .. }, .. }) if surrounded => Some(text),
        _ => None,
    };
    let reading = Reading { facts, cwd: cwd.as_deref(), hosts: &tool.fixed_hosts };
    let read = |field: &Field| {
        let held = reading.field(field, request.args.get(&field.wire), &step("", &field.wire));
        held.map_err(|at| (Code::ArgumentInvalid, Some(at)))
    };
    each(fields, read)
}

/// What does not come with the arguments has no place among them.
fn placeless(held: Held) -> Held {
    let all = |entries: Vec<(String, Held)>| entries.into_iter().map(|(key, held)| (key, placeless(held))).collect();
    match held {
        Held::Known(item) => Held::of(match item.value {
            Value::List(elements) => Value::List(elements.into_iter().map(placeless).collect()),
            Value::Map(entries) => Value::Map(all(entries)),
            Value::Record(fields) => Value::Record(all(fields)),
            other => other,
        }),
        other => other,
    }
}
