//! JSON Lines: one record a line, `{"user": {..}}`, `{"group": {..}}`, `{"agent": {..}}`, `{"resource": {..}}`,
//! `{"directory": {..}}`. docs/reference/directory.md describes them.

use crate::json::{self, Json, Members};
use crate::problem::ProblemKind;
use crate::records::{Agent, Builder, Group, Member, Place, Resource, ResourceId, User};

const KINDS: [&str; 5] = ["directory", "user", "group", "agent", "resource"];

type Read<T> = Result<T, ProblemKind>;

/// Returns whether the first line of a source is a record: an object of one member, complete on its line.
pub(crate) fn is_record(line: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(line) else { return true };
    if text.trim_start().starts_with('[') {
        return false;
    }
    match serde_json::from_str::<json::Raw<'_>>(text.trim()) {
        // An object of one line may still be a SCIM document.
        Ok(json::Raw(members)) => !members.iter().any(|(name, _)| matches!(name.as_str(), "schemas" | "Resources")),
        Err(_) => !matches!(text.trim(), "{" | "[") && !text.trim_end().ends_with([',', '{', '[']),
    }
}

/// Reads one line.
pub(crate) fn read(builder: &mut Builder, text: &str, place: Place) {
    if let Err(kind) = record(builder, text, place) {
        builder.problem(place, kind);
    }
}

fn record(builder: &mut Builder, text: &str, place: Place) -> Read<()> {
    let Json::Object(mut members) = json::read(text)? else {
        return Err(ProblemKind::UnknownRecord { found: text.chars().take(40).collect() });
    };
    let (Some((kind, value)), true) = (members.pop(), members.is_empty()) else {
        let found = members.iter().map(|(name, _)| name.as_str()).find(|name| !KINDS.contains(name));
        return Err(ProblemKind::UnknownRecord { found: found.unwrap_or("several at once").to_owned() });
    };
    let (Json::Object(members), true) = (value, KINDS.contains(&kind.as_str())) else {
        return Err(match KINDS.contains(&kind.as_str()) {
            true => ProblemKind::WrongType { member: kind, expected: "an object" },
            false => ProblemKind::UnknownRecord { found: kind },
        });
    };
    match kind.as_str() {
        "directory" => header(builder, members),
        "user" => user(builder, members, place),
        "group" => group(builder, members, place),
        "agent" => agent(builder, members, place),
        _ => resource(builder, members, place),
    }
}

/// The members of a record, taken by name; what is left has no business there.
struct Taken {
    record: &'static str,
    members: Members,
}

impl Taken {
    fn take(&mut self, name: &str) -> Option<Json> {
        let at = self.members.iter().position(|(member, _)| member == name)?;
        Some(self.members.remove(at).1)
    }

    fn text(&mut self, name: &'static str) -> Read<String> {
        match self.take(name) {
            Some(Json::Text(text)) if !text.is_empty() => Ok(text),
            Some(_) => Err(wrong(name, "a text that is not empty")),
            None => Err(ProblemKind::Missing { member: name }),
        }
    }

    fn flag(&mut self, name: &'static str, otherwise: bool) -> Read<bool> {
        match self.take(name) {
            Some(Json::Bool(flag)) => Ok(flag),
            Some(_) => Err(wrong(name, "true or false")),
            None => Ok(otherwise),
        }
    }

    fn list(&mut self, name: &'static str) -> Read<Vec<Json>> {
        match self.take(name) {
            Some(Json::List(list)) => Ok(list),
            Some(_) => Err(wrong(name, "a list")),
            None => Ok(Vec::new()),
        }
    }

    fn texts(&mut self, name: &'static str) -> Read<Vec<String>> {
        let text = |value| match value {
            Json::Text(text) if !text.is_empty() => Ok(text),
            _ => Err(wrong(name, "a list of texts")),
        };
        self.list(name)?.into_iter().map(text).collect()
    }

    fn attributes(&mut self) -> Read<Members> {
        match self.take("attributes") {
            Some(Json::Object(members)) => Ok(members),
            Some(_) => Err(wrong("attributes", "an object")),
            None => Ok(Vec::new()),
        }
    }

    fn end(self) -> Read<()> {
        match self.members.into_iter().next() {
            Some((member, _)) => Err(ProblemKind::UnknownMember { record: self.record, member }),
            None => Ok(()),
        }
    }
}

fn wrong(member: &str, expected: &'static str) -> ProblemKind {
    ProblemKind::WrongType { member: member.to_owned(), expected }
}

fn header(builder: &mut Builder, members: Members) -> Read<()> {
    let mut taken = Taken { record: "directory", members };
    let text = taken.text("as_of")?;
    let as_of =
        crate::time(&text).ok_or_else(|| wrong("as_of", "a time with an offset, such as `2026-03-02T15:00:00Z`"))?;
    taken.end()?;
    // Of several sources the oldest counts.
    builder.as_of = Some(builder.as_of.map_or(as_of, |before| before.min(as_of)));
    Ok(())
}

fn user(builder: &mut Builder, members: Members, place: Place) -> Read<()> {
    let mut taken = Taken { record: "user", members };
    let id = taken.text("id")?;
    let active = taken.flag("active", true)?;
    let groups = taken.texts("groups")?.into_iter().map(Member::Group).collect();
    let attributes = taken.attributes()?;
    taken.end()?;
    builder.add_user(id, User { place, active, groups, attributes, people: Vec::new() });
    Ok(())
}

fn group(builder: &mut Builder, members: Members, place: Place) -> Read<()> {
    let mut taken = Taken { record: "group", members };
    let name = taken.text("name")?;
    let members = taken.list("members")?.into_iter().map(member).collect::<Read<_>>()?;
    let within = taken.texts("within")?;
    taken.end()?;
    builder.add_group(name, Group { place, members, within });
    Ok(())
}

/// `{"user": ".."}` or `{"group": ".."}`
fn member(value: Json) -> Read<Member> {
    let expected = || wrong("members", "a list of `{\"user\": \"...\"}` and `{\"group\": \"...\"}`");
    let Json::Object(members) = value else { return Err(expected()) };
    match <[(String, Json); 1]>::try_from(members) {
        Ok([(kind, Json::Text(id))]) if kind == "user" => Ok(Member::User(id)),
        Ok([(kind, Json::Text(name))]) if kind == "group" => Ok(Member::Group(name)),
        _ => Err(expected()),
    }
}

fn agent(builder: &mut Builder, members: Members, place: Place) -> Read<()> {
    let mut taken = Taken { record: "agent", members };
    let id = taken.text("id")?;
    let suspended = taken.flag("suspended", false)?;
    let read_only = match taken.take("phase") {
        None => false,
        Some(Json::Text(phase)) if phase == "read_only" => true,
        // Only what is stricter than any declared phase may be said here.
        Some(_) => return Err(wrong("phase", "`read_only`: a directory only makes stricter")),
    };
    let text = |(name, value)| match value {
        Json::Text(text) => Ok((name, text)),
        _ => Err(wrong("attributes", "an object of texts: they tell which member is meant")),
    };
    let mut attributes = taken.attributes()?.into_iter().map(text).collect::<Read<Vec<_>>>()?;
    attributes.sort();
    taken.end()?;
    builder.add_agent(id, attributes, Agent { place, suspended, read_only });
    Ok(())
}

fn resource(builder: &mut Builder, members: Members, place: Place) -> Read<()> {
    let mut taken = Taken { record: "resource", members };
    let id = (taken.text("type")?, taken.text("id")?);
    let within = taken.list("within")?.into_iter().map(named).collect::<Read<_>>()?;
    let attributes = taken.attributes()?;
    taken.end()?;
    builder.add_resource(id, Resource { place, within, attributes });
    Ok(())
}

/// `{"type": "..", "id": ".."}`
fn named(value: Json) -> Read<ResourceId> {
    let expected = || wrong("within", "a list of `{\"type\": \"...\", \"id\": \"...\"}`");
    let Json::Object(members) = value else { return Err(expected()) };
    let mut taken = Taken { record: "resource", members };
    let id = (taken.text("type")?, taken.text("id")?);
    taken.end().map_err(|_| expected())?;
    Ok(id)
}
