//! SCIM 2.0 (RFC 7643, RFC 7644): a list response of users and groups, or single resources.
//!
//! The members of a user become attributes under their own names, those of extensions beside them; `emails` also gives
//! `email`, the primary one, and `manager` the id of a user. Passwords are not kept.

use crate::json::{self, Json, Members};
use crate::problem::ProblemKind;
use crate::records::{Builder, Group, Member, Place, User};
use serde_json::value::RawValue;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// Members of a user that are no attributes.
const STRUCTURE: [&str; 6] = ["schemas", "id", "meta", "active", "groups", "password"];

/// Which member of a SCIM user is the id that requests name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserKey {
    /// `userName`, what people sign in with.
    #[default]
    UserName,
    /// `id`, the provider's own.
    Id,
    /// `externalId`
    ExternalId,
}

impl UserKey {
    /// Returns the member's name.
    pub fn as_str(self) -> &'static str {
        match self {
            UserKey::UserName => "userName",
            UserKey::Id => "id",
            UserKey::ExternalId => "externalId",
        }
    }
}

type Read<T> = Result<T, ProblemKind>;

/// Reads a document that begins at a line.
pub(crate) fn read(builder: &mut Builder, text: &str, place: Place) {
    let start = text.as_ptr() as usize;
    let line_of = |raw: &RawValue| {
        let at = (raw.get().as_ptr() as usize).saturating_sub(start).min(text.len());
        let before = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() as u32;
        Place { line: place.line + before, ..place }
    };
    let whole = match serde_json::from_str::<&RawValue>(text) {
        Ok(whole) => whole,
        Err(error) => {
            let line = place.line + (error.line() as u32).saturating_sub(1);
            return builder.problem(Place { line, ..place }, json::not_json_at(&error));
        }
    };
    let resources = match resources(whole) {
        Ok(resources) => resources,
        Err(kind) => return builder.problem(place, kind),
    };
    let (mut counted, mut line) = (start, place.line);
    for raw in resources {
        // Lines are counted on, not from the beginning for each.
        let at = raw.get().as_ptr() as usize;
        let passed = text.as_bytes().get(counted - start..at.saturating_sub(start)).unwrap_or_default();
        line += passed.iter().filter(|byte| **byte == b'\n').count() as u32;
        counted = at.max(counted);
        if let Err(kind) = resource(builder, raw, Place { line, ..place }) {
            builder.problem(line_of(raw), kind);
        }
    }
}

/// The resources of a list, those of a plain array, or the one that the document is.
fn resources(whole: &RawValue) -> Read<Vec<&RawValue>> {
    if whole.get().starts_with('[') {
        return json::list(whole);
    }
    if !whole.get().starts_with('{') {
        return Err(ProblemKind::NotScim { why: "neither an object nor a list" });
    }
    let json::Raw(members) = json::object(whole)?;
    match members.iter().find(|(name, _)| name == "Resources") {
        Some((_, list)) if list.get().starts_with('[') => json::list(list),
        Some(_) => Err(ProblemKind::NotScim { why: "`Resources` is not a list" }),
        None if members.iter().any(|(name, _)| name == "totalResults") => Ok(Vec::new()),
        None => Ok(vec![whole]),
    }
}

fn resource(builder: &mut Builder, raw: &RawValue, place: Place) -> Read<()> {
    let Json::Object(members) = json::value(raw, 1)? else {
        return Err(ProblemKind::NotScim { why: "a resource is an object" });
    };
    match (has_schema(&members, USER), has_schema(&members, GROUP)) {
        (true, false) => user(builder, members, place),
        (false, true) => group(builder, members, place),
        _ => Err(ProblemKind::NotScim { why: "`schemas` names neither a user nor a group" }),
    }
}

fn has_schema(members: &Members, schema: &str) -> bool {
    match get(members, "schemas") {
        Some(Json::List(schemas)) => schemas.iter().any(|one| matches!(one, Json::Text(text) if text == schema)),
        _ => false,
    }
}

/// Names of attributes do not depend on the case of letters (RFC 7643 section 2.1).
fn get<'m>(members: &'m Members, name: &str) -> Option<&'m Json> {
    members.iter().find(|(member, _)| member.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn text(members: &Members, name: &'static str) -> Read<String> {
    match get(members, name) {
        Some(Json::Text(text)) if !text.is_empty() => Ok(text.clone()),
        Some(_) => Err(wrong(name, "a text that is not empty")),
        None => Err(ProblemKind::Missing { member: name }),
    }
}

fn wrong(member: &str, expected: &'static str) -> ProblemKind {
    ProblemKind::WrongType { member: member.to_owned(), expected }
}

fn user(builder: &mut Builder, members: Members, place: Place) -> Read<()> {
    let scim_id = text(&members, "id")?;
    let id = text(&members, builder.user_key.as_str())?;
    let active = match get(&members, "active") {
        None => true,
        Some(Json::Bool(active)) => *active,
        Some(_) => return Err(wrong("active", "true or false")),
    };
    let groups = references(&members, "groups")?;
    let mut user = User { place, active, groups, attributes: Vec::new(), people: Vec::new() };
    for (name, value) in members {
        let structure = STRUCTURE.iter().any(|known| name.eq_ignore_ascii_case(known));
        match value {
            _ if structure => {}
            Json::Object(extension) if name.starts_with("urn:") => {
                for (name, value) in extension {
                    keep(&mut user, name, value)?;
                }
            }
            value => keep(&mut user, name, value)?,
        }
    }
    if let Some(first) = builder.scim_users.get(&scim_id).and_then(|known| builder.users.get(known)) {
        let first = first.place;
        builder.twice(format!("user {scim_id:?}"), place, first);
        return Ok(());
    }
    builder.scim_users.insert(scim_id, id.clone());
    builder.add_user(id, user);
    Ok(())
}

/// Keeps an attribute.
fn keep(user: &mut User, name: String, value: Json) -> Read<()> {
    if user.attributes.iter().any(|(known, _)| *known == name) || user.people.iter().any(|(known, _)| *known == name) {
        return Err(ProblemKind::Conflict { attribute: name });
    }
    if name == "manager"
        && let Json::Object(manager) = &value
        && let Some(Json::Text(id)) = get(manager, "value")
    {
        user.people.push((name, id.clone()));
        return Ok(());
    }
    if name == "emails"
        && let Some(email) = primary(&value)
        && !user.attributes.iter().any(|(known, _)| known == "email")
    {
        user.attributes.push(("email".to_owned(), Json::Text(email)));
    }
    user.attributes.push((name, value));
    Ok(())
}

/// The primary of several values, else the first.
fn primary(values: &Json) -> Option<String> {
    let Json::List(values) = values else { return None };
    let of = |value: &Json| match value {
        Json::Object(members) => match get(members, "value") {
            Some(Json::Text(text)) => Some((matches!(get(members, "primary"), Some(Json::Bool(true))), text.clone())),
            _ => None,
        },
        _ => None,
    };
    let all: Vec<(bool, String)> = values.iter().filter_map(of).collect();
    all.iter().find(|(primary, _)| *primary).or(all.first()).map(|(_, text)| text.clone())
}

fn group(builder: &mut Builder, members: Members, place: Place) -> Read<()> {
    let scim_id = text(&members, "id")?;
    let name = text(&members, "displayName")?;
    let inside = references(&members, "members")?;
    let known = builder.scim_groups.get(&scim_id).or_else(|| builder.groups.get_key_value(&name).map(|(key, _)| key));
    if let Some(first) = known.and_then(|known| builder.groups.get(known)) {
        let first = builder.at(first.place);
        return Err(ProblemKind::SameName { what: format!("group {name:?}"), first });
    }
    builder.scim_groups.insert(scim_id, name.clone());
    builder.add_group(name, Group { place, members: inside, within: Vec::new() });
    Ok(())
}

/// A list of `{"value": id}`.
fn references(members: &Members, name: &'static str) -> Read<Vec<Member>> {
    let list = match get(members, name) {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::List(list)) => list,
        Some(_) => return Err(wrong(name, "a list")),
    };
    let reference = |value: &Json| match value {
        Json::Object(members) => match get(members, "value") {
            Some(Json::Text(id)) => Ok(Member::Scim(id.clone())),
            _ => Err(wrong(name, "a list of references with a `value`")),
        },
        _ => Err(wrong(name, "a list of references with a `value`")),
    };
    list.iter().map(reference).collect()
}
