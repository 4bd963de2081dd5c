//! Users, groups and resources as values, and the resource of a call: codes 15 to 17, 24 and 25.

use super::argument::{Failure, attributes_of};
use super::directory::{Directory, Named};
use super::facts::Facts;
use super::json::{Json, Member};
use super::request::{GivenResource, Request};
use super::truth::{Truth, or};
use super::value::{Held, Reference, Value};
use agentpol_bytecode::code::Code;
use agentpol_check::policy::{GroupId, Policy, ResourceId, ResourceName, Source, Tool};

/// The resource of a call.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) reference: Reference,
    /// What the request says of it; `None` where the directory does.
    pub(super) attributes: Option<Vec<(String, Held)>>,
    /// It and what it lies in, where the request says it.
    path: Option<Vec<Reference>>,
}

/// Codes 15 to 17 (I9): the directory is there and young enough, the user is in it and active.
pub(super) fn people(policy: &Policy, directory: Option<&Directory>, request: &Request, now: i64) -> Result<(), Code> {
    for source in [policy.users_from, policy.resources_from] {
        let Source::Directory { max_age } = source else { continue };
        let directory = directory.ok_or(Code::DirectoryStale)?;
        let young = |max_age: i64| directory.as_of.is_some_and(|as_of| now - as_of <= max_age);
        if !max_age.is_none_or(young) {
            return Err(Code::DirectoryStale);
        }
    }
    let (Some(user), Some(directory), true) = (&request.user, directory, policy.users_from.is_directory()) else {
        return Ok(());
    };
    match directory.users.get(&user.id) {
        None => Err(Code::UserUnknown),
        Some(user) if !user.active => Err(Code::UserSuspended),
        Some(_) => Ok(()),
    }
}

/// Codes 24 and 25 (I10): the resource that the arguments name.
pub(super) fn subject(facts: &Facts<'_>, request: &Request, tool: &Tool) -> Result<Option<Subject>, Failure> {
    let policy = facts.policy;
    let fail = |code| Err((code, None));
    let Some(resource) = &tool.resource else {
        return if request.resource.is_some() { fail(Code::ResourceMismatch) } else { Ok(None) };
    };
    let id = match &resource.id {
        ResourceName::Text(text) => text.clone(),
        ResourceName::Argument(name) => match Facts::find(&facts.args, name).known() {
            Some(Value::Int(number)) => number.to_string(),
            Some(Value::Text(text)) => text.clone(),
            _ => return fail(Code::ResourceMissing),
        },
    };
    let wire = policy[resource.of].wire.clone();
    let reference = Reference::Resource(resource.of, id.clone());
    if policy.resources_from.is_directory() {
        let known = facts.directory.as_ref().is_some_and(|known| known.resources.contains_key(&(wire, id)));
        return if known {
            Ok(Some(Subject { reference, attributes: None, path: None }))
        } else {
            fail(Code::ResourceMissing)
        };
    }
    let Some(given) = &request.resource else { return fail(Code::ResourceMissing) };
    if given.named != (wire, id) {
        return fail(Code::ResourceMismatch);
    }
    let attributes = Some(attributes_of(facts, Some(policy[resource.of].shape), &given.attributes));
    let path = path_given(policy, resource.of, given, &reference);
    Ok(Some(Subject { reference, attributes, path }))
}

/// What a request says that a resource lies in: nothing where its type lies in nothing.
fn path_given(policy: &Policy, of: ResourceId, given: &GivenResource, itself: &Reference) -> Option<Vec<Reference>> {
    if given.within.is_none() && !policy[of].within.is_empty() {
        return None;
    }
    let above = given.within.iter().flatten().filter_map(|named| typed(policy, named));
    Some([itself.clone()].into_iter().chain(above).collect())
}

/// A resource of a type that the policy has.
fn typed(policy: &Policy, (of, id): &Named) -> Option<Reference> {
    let found = policy.resources.iter().position(|known| known.wire == *of)?;
    Some(Reference::Resource(ResourceId(found as u32), id.clone()))
}

fn named(policy: &Policy, reference: &Reference) -> Option<Named> {
    match reference {
        Reference::Resource(of, id) => Some((policy[*of].wire.clone(), id.clone())),
        _ => None,
    }
}

/// The user as a value; nobody is absent.
pub(super) fn requester(facts: &Facts<'_>) -> Held {
    facts.user.as_ref().map_or(Held::Absent, |user| Held::of(Value::Reference(Reference::User(user.id.clone()))))
}

/// The resource of the call as a value.
pub(super) fn resource(facts: &Facts<'_>) -> Held {
    facts.resource.as_ref().map(|subject| Value::Reference(subject.reference.clone())).into()
}

/// `E.id`
pub(super) fn id(of: &Held) -> Held {
    let name = |reference: &Reference| match reference {
        Reference::User(id) | Reference::Group(id) | Reference::Resource(_, id) => Value::Text(id.clone()),
    };
    reference(of).map(name).into()
}

fn reference(of: &Held) -> Option<&Reference> {
    match of.known() {
        Some(Value::Reference(reference)) => Some(reference),
        _ => None,
    }
}

/// `E.name`: absent where its type has no such attribute, unknown where nobody says it.
pub(super) fn attribute(facts: &Facts<'_>, of: &Held, name: &str) -> Held {
    let policy = facts.policy;
    let Some(reference) = reference(of) else { return Held::Unknown };
    let (shape, directory, held, members): (_, _, _, Option<Vec<Member>>) = match reference {
        Reference::Group(_) => return Held::Unknown,
        Reference::User(id) => {
            let own = facts.user.as_ref().filter(|user| user.id == *id).map(|user| user.attributes.clone());
            let known = facts.directory.as_ref().and_then(|known| known.users.get(id));
            (policy.user, policy.users_from.is_directory(), own, known.map(|user| user.attributes.clone()))
        }
        Reference::Resource(of, id) => {
            let own = facts.resource.as_ref().filter(|subject| subject.reference == *reference);
            let key = (policy[*of].wire.clone(), id.clone());
            let known = facts.directory.as_ref().and_then(|known| known.resources.get(&key));
            let attributes = known.map(|resource| resource.attributes.clone());
            let own = own.and_then(|subject| subject.attributes.clone());
            (policy[*of].shape, policy.resources_from.is_directory(), own, attributes)
        }
    };
    if policy[shape].field(name).is_none() {
        return Held::Absent;
    }
    match (directory, held, members) {
        (true, _, Some(members)) => Facts::find(&attributes_of(facts, Some(shape), &members), name),
        (false, Some(held), _) => Facts::find(&held, name),
        _ => Held::Unknown,
    }
}

/// `E.path`: it and everything that it lies in, as far as the policy knows the types.
pub(super) fn path(facts: &Facts<'_>, of: &Held) -> Held {
    let list = |all: Vec<Reference>| Value::List(all.into_iter().map(|one| Held::of(Value::Reference(one))).collect());
    reference(of).and_then(|reference| places(facts, reference)).map(list).into()
}

fn places(facts: &Facts<'_>, reference: &Reference) -> Option<Vec<Reference>> {
    if facts.policy.resources_from.is_directory() {
        let path = facts.directory.as_ref()?.path(&named(facts.policy, reference)?)?;
        return Some(path.iter().filter_map(|named| typed(facts.policy, named)).collect());
    }
    facts.resource.as_ref().filter(|subject| subject.reference == *reference)?.path.clone()
}

/// `a in b`: a is b, or in it; of a list, one of its elements. Nobody is in nothing.
pub(super) fn inside(facts: &Facts<'_>, inner: &Held, outer: &Held) -> Truth {
    match (inner, outer.known()) {
        (Held::Absent, _) => Truth::False,
        (_, Some(Value::List(elements) | Value::Open(elements))) => {
            or(elements.iter().map(|element| in_one(facts, inner, element)))
        }
        _ => in_one(facts, inner, outer),
    }
}

fn in_one(facts: &Facts<'_>, inner: &Held, outer: &Held) -> Truth {
    let (Some(inner), Some(outer)) = (reference(inner), reference(outer)) else { return Truth::Unknown };
    match (inner, outer) {
        _ if inner == outer => Truth::True,
        (Reference::User(_) | Reference::Group(_), Reference::Group(name)) => member_of(facts, inner, name),
        (Reference::Resource(..), Reference::Resource(..)) => lies_in(facts, inner, outer),
        _ => Truth::False,
    }
}

/// Whether a user or group is in the group of this name.
fn member_of(facts: &Facts<'_>, member: &Reference, group: &str) -> Truth {
    let policy = facts.policy;
    if policy.users_from.is_directory() {
        let Some(directory) = &facts.directory else { return Truth::Unknown };
        let groups = match member {
            Reference::User(id) => directory.groups_of(id),
            Reference::Group(name) => directory.has_group(name).then(|| vec![name.clone()]),
            Reference::Resource(..) => None,
        };
        return groups.map_or(Truth::Unknown, |groups| directory.belongs(policy, &groups, group));
    }
    let declared = policy.groups.iter().position(|known| known.wire == group);
    match (declared.map(|at| GroupId(at as u32)), member) {
        (Some(group), _) => in_declared(facts, member, group),
        (None, Reference::User(id)) => {
            let own = facts.user.as_ref().filter(|user| user.id == *id);
            let groups = own.and_then(|user| user.groups.as_ref());
            groups.map_or(Truth::Unknown, |groups| Truth::from(groups.iter().any(|name| name == group)))
        }
        _ => Truth::Unknown,
    }
}

/// `E in GROUP`
pub(super) fn in_group(facts: &Facts<'_>, member: &Held, group: GroupId) -> Truth {
    match (member, reference(member)) {
        (Held::Absent, _) => Truth::False,
        (_, Some(member)) if facts.policy.users_from.is_directory() => {
            member_of(facts, member, &facts.policy[group].wire)
        }
        (_, Some(member)) => in_declared(facts, member, group),
        _ => Truth::Unknown,
    }
}

/// Membership of a declared group where only the request says anything.
fn in_declared(facts: &Facts<'_>, member: &Reference, group: GroupId) -> Truth {
    match member {
        Reference::User(id) if facts.user.as_ref().is_some_and(|user| user.id == *id) => facts.user_in(group),
        Reference::Group(name) => {
            let inside = facts.policy[group].closure.iter().any(|inner| facts.policy[*inner].wire == *name);
            if inside { Truth::True } else { Truth::Unknown }
        }
        _ => Truth::Unknown,
    }
}

fn lies_in(facts: &Facts<'_>, inner: &Reference, outer: &Reference) -> Truth {
    places(facts, inner).map_or(Truth::Unknown, |places| Truth::from(places.contains(outer)))
}

/// A reference as it stands in JSON: a text that is not empty, of a principal an object of one member.
pub(super) fn principal(json: &Json) -> Option<Reference> {
    let Json::Object(members) = json else { return None };
    match members.as_slice() {
        [Member { key, value: Json::Text(id), .. }] if !id.is_empty() => match key.as_str() {
            "user" => Some(Reference::User(id.clone())),
            "group" => Some(Reference::Group(id.clone())),
            _ => None,
        },
        _ => None,
    }
}
