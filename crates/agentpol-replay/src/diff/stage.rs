//! What a recorded request says of its surroundings, as the `given` of a test: who acts, for whom, when and where.

use std::collections::BTreeSet;

use agentpol::Program;
use agentpol::bytecode::tables::{Identity, Piece};
use agentpol::policy::{AgentId, GroupId, ModuleId, Policy, ToolId};
use agentpol_trace::RawJson;
use serde_json::value::RawValue;

use super::literal::{Writer, text};

/// A policy that a test is written for, seen from one of its modules.
pub(super) struct Stage<'p> {
    pub(super) policy: &'p Policy,
    pub(super) program: &'p Program,
    pub(super) module: ModuleId,
    /// The modules whose names it uses.
    pub(super) uses: BTreeSet<String>,
}

/// A request, member by member.
pub(super) struct Asked {
    members: Vec<(String, RawJson)>,
}

impl Asked {
    pub(super) fn new(request: &str) -> Option<Asked> {
        Some(Asked { members: RawJson::parse(request).ok()?.members() })
    }

    pub(super) fn get(&self, name: &str) -> Option<&RawJson> {
        self.members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// A member that is a text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(unquoted)
    }

    /// When it was asked, in milliseconds since 1970-01-01T00:00:00Z.
    pub(super) fn at(&self) -> Option<i64> {
        instant(&self.text("at")?)
    }
}

/// The text that a JSON string holds.
fn unquoted(json: &RawJson) -> Option<String> {
    serde_json::from_str(json.text()).ok()
}

impl<'p> Stage<'p> {
    /// The name of a thing that a module declares, and notes that the module is used.
    fn name(&mut self, module: ModuleId, name: &str) -> String {
        if module == self.module {
            return name.to_owned();
        }
        let other = self.policy[module].name.clone();
        let full = format!("{other}.{name}");
        self.uses.insert(other);
        full
    }

    /// The tool that a request asks for.
    pub(super) fn tool(&self, asked: &Asked) -> Option<ToolId> {
        let found = self.program.find_tool(asked.text("server").as_deref(), &asked.text("tool")?)?;
        let name = self.program.symbol(self.program.tables().tools.get(found as usize)?.name);
        let id = ToolId(found);
        self.policy.tools.get(id.index()).filter(|tool| tool.name == name).map(|_| id)
    }

    pub(super) fn tool_name(&mut self, tool: ToolId) -> String {
        let policy = self.policy;
        self.name(policy[tool].module, &policy[tool].name)
    }

    /// The group of a wire name.
    pub(super) fn group_name(&mut self, wire: &str) -> Option<String> {
        let policy = self.policy;
        let found = policy.groups.iter().position(|group| group.wire == wire)?;
        let group = &policy[GroupId(u32::try_from(found).ok()?)];
        Some(self.name(group.module, &group.name))
    }

    /// Which agent of the program acts, with its attributes as the request brings them.
    pub(super) fn agent(&self, asked: &Asked) -> Option<(AgentId, Vec<(String, String)>)> {
        let agent = asked.get("agent")?;
        let member = |name: &str| agent.members().into_iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let words = |name: &str| member(name).as_ref().and_then(unquoted);
        let mut attributes = Vec::new();
        let found = match (unquoted(agent).or_else(|| words("id")), words("spiffe"), words("subject")) {
            (Some(id), _, _) => self.program.find_agent(&id)?,
            (None, Some(spiffe), _) => self.identified(None, &spiffe, &mut attributes)?,
            (None, None, Some(subject)) => self.identified(words("issuer").as_deref(), &subject, &mut attributes)?,
            (None, None, None) => return None,
        };
        let id = AgentId(found);
        let name = self.program.symbol(self.program.tables().agents.get(found as usize)?.name);
        self.policy.agents.get(id.index()).filter(|agent| agent.name == name)?;
        if let (Some(given), Some(shape)) = (member("attributes"), self.policy[id].fleet) {
            let writer = Writer { policy: self.policy, declared_only: false };
            for pair in writer.fields(&given, shape)? {
                let (name, value) = pair.split_once(": ")?;
                attributes.retain(|(known, _)| known != name);
                attributes.push((name.to_owned(), value.to_owned()));
            }
        }
        Some((id, attributes))
    }

    /// The agent of an identity; what stands in the places of attributes is added to them.
    fn identified(&self, issuer: Option<&str>, identity: &str, attributes: &mut Vec<(String, String)>) -> Option<u32> {
        if let Some(agent) = self.program.find_identity(issuer, identity) {
            return Some(agent);
        }
        let fits = |template: &Identity| {
            let of = template.issuer.map(|issuer| self.program.symbol(issuer));
            let mut values = Vec::new();
            (of == issuer && self.fits(&template.pieces, identity, &mut values)).then_some(values)
        };
        let (agent, values) = self.program.templates().find_map(|(agent, template)| Some((agent, fits(template)?)))?;
        let fields = self.program.tables().agents.get(agent as usize)?.fleet.as_ref()?;
        for (at, value) in values {
            attributes.push((self.program.symbol(fields.get(at as usize)?.name).to_owned(), text(&value)));
        }
        Some(agent)
    }

    fn fits(&self, pieces: &[Piece], identity: &str, values: &mut Vec<(u32, String)>) -> bool {
        match pieces {
            [] => identity.is_empty(),
            [Piece::Text(symbol), rest @ ..] => {
                identity.strip_prefix(self.program.symbol(*symbol)).is_some_and(|after| self.fits(rest, after, values))
            }
            [Piece::Attribute(at), rest @ ..] => {
                let ends = identity.char_indices().map(|(at, c)| (at + c.len_utf8(), c)).take_while(|(_, c)| *c != '/');
                for (end, _) in ends.collect::<Vec<_>>() {
                    values.push((*at, identity[..end].to_owned()));
                    if self.fits(rest, &identity[end..], values) {
                        return true;
                    }
                    values.pop();
                }
                false
            }
        }
    }

    /// The `given` of a test that begins with the first of these requests and ends with the last; nothing for what the
    /// language cannot say.
    pub(super) fn given(&mut self, requests: &[&Asked]) -> Option<String> {
        let (first, last) = (requests.first()?, requests.last()?);
        let (agent, attributes) = self.agent(last)?;
        let policy = self.policy;
        let name = self.name(policy[agent].module, &policy[agent].name);
        let mut given = format!("given agent {name}");
        if !attributes.is_empty() {
            let pairs: Vec<String> = attributes.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            given.push_str(&format!(" {{ {} }}", pairs.join(", ")));
        }
        given.push_str(&format!(" for {}", self.user(last)?));
        given.push_str(&format!("\n        at {}", first.text("at")?));
        if let Some(env) = last.text("env") {
            given.push_str(&format!("\n        env {env}"));
        }
        if let Some(task) = last.text("task") {
            given.push_str(&format!("\n        task {}", text(&task)));
        }
        if let Some(context) = last.get("context") {
            let fields = Writer { policy, declared_only: false }.fields(context, policy.context)?;
            given.push_str(&format!("\n        context {{ {} }}", fields.join(", ")));
        }
        let origins = self.origins(requests)?;
        if !origins.is_empty() {
            given.push_str(&format!("\n        origin {{ {} }}", origins.join(", ")));
        }
        given.push_str(&credential(last, policy[agent].credential_max_age.is_some())?);
        Some(given)
    }

    /// Where arguments of all requests come from; where two say it of one place, the later.
    fn origins(&mut self, requests: &[&Asked]) -> Option<Vec<String>> {
        let mut found: Vec<(String, String)> = Vec::new();
        for (pointer, origin) in requests.iter().filter_map(|asked| asked.get("origin")).flat_map(RawJson::members) {
            let words = self.origin(&origin)?;
            found.retain(|(known, _)| *known != pointer);
            found.push((pointer, words));
        }
        Some(found.iter().map(|(pointer, words)| format!("{}: {words}", text(pointer))).collect())
    }

    /// `user`, `result of crm.search at "/id"`, or a list of those.
    fn origin(&mut self, origin: &RawJson) -> Option<String> {
        if let Some(word) = unquoted(origin) {
            return Some(word);
        }
        if let Ok(several) = serde_json::from_str::<Vec<&RawValue>>(origin.text()) {
            let several = several.iter().map(|one| self.origin(&RawJson::parse(one.get()).ok()?));
            return Some(format!("[{}]", several.collect::<Option<Vec<String>>>()?.join(", ")));
        }
        let member = |name: &str| {
            origin.members().into_iter().find(|(key, _)| key == name).and_then(|(_, value)| unquoted(&value))
        };
        let tool = ToolId(self.program.find_tool(member("server").as_deref(), &member("result_of")?)?);
        let at = member("at").map_or(String::new(), |at| format!(" at {}", text(&at)));
        Some(format!("result of {}{at}", self.tool_name(tool)))
    }

    /// `user none`, or the user with groups and attributes.
    fn user(&self, asked: &Asked) -> Option<String> {
        let user = asked.get("user")?;
        if let Some(word) = unquoted(user) {
            return Some(if word == "none" { "user none".to_owned() } else { format!("user {}", text(&word)) });
        }
        let mut id = None;
        let mut pairs = Vec::new();
        let mut others = Vec::new();
        for (name, value) in user.members() {
            match name.as_str() {
                "id" => id = unquoted(&value),
                "groups" => {
                    let groups: Vec<String> = serde_json::from_str(value.text()).ok()?;
                    pairs.push(format!(
                        "groups: [{}]",
                        groups.iter().map(|one| text(one)).collect::<Vec<_>>().join(", ")
                    ));
                }
                _ => others.push(format!("{}: {}", text(&name), value.text())),
            }
        }
        let others = RawJson::parse(&format!("{{{}}}", others.join(", "))).ok()?;
        pairs.extend(Writer { policy: self.policy, declared_only: false }.fields(&others, self.policy.user)?);
        let id = text(&id?);
        Some(match pairs.is_empty() {
            true => format!("user {id}"),
            false => format!("user {id} {{ {} }}", pairs.join(", ")),
        })
    }
}

/// What a test says of the credential, where it is not a fresh one.
fn credential(asked: &Asked, declared: bool) -> Option<String> {
    match asked.get("credential") {
        None if declared => Some("\n        credential none".to_owned()),
        Some(credential) if declared => {
            let issued = credential.members().into_iter().find(|(name, _)| name == "issued_at")?.1;
            let age = asked.at()?.checked_sub(instant(&unquoted(&issued)?)?)?;
            Some(match age {
                0 => String::new(),
                age => format!("\n        credential aged {}", duration(age)?),
            })
        }
        _ => Some(String::new()),
    }
}

/// Milliseconds as a duration of the language, which has whole seconds; nothing for none.
pub(super) fn duration(milliseconds: i64) -> Option<String> {
    let mut seconds = milliseconds / 1_000;
    if seconds <= 0 {
        return None;
    }
    let mut text = String::new();
    for (unit, word) in [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")] {
        if seconds >= unit {
            text.push_str(&format!("{}{word}", seconds / unit));
            seconds %= unit;
        }
    }
    Some(text)
}

/// Milliseconds since 1970-01-01T00:00:00Z of an RFC 3339 time.
fn instant(time: &str) -> Option<i64> {
    let number = |from: usize, to: usize| time.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let rest = time.get(19..)?;
    let digits: String =
        rest.strip_prefix('.').unwrap_or("").chars().take_while(char::is_ascii_digit).take(3).collect();
    let fraction = format!("{digits:0<3}").parse::<i64>().ok()?;
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone {
        "Z" => 0,
        _ => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    // Years begin in March here, so that the leap day is the last of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = 365 * (year % 400) + year % 400 / 4 - year % 400 / 100 + of_year;
    let days = year / 400 * 146_097 + of_era - 719_468;
    Some((((days * 24 + hour) * 60 + minute - offset) * 60 + second) * 1_000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_durations() {
        assert_eq!(instant("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(instant("2026-03-02T15:00:00.5Z"), Some(1_772_463_600_500));
        assert_eq!(instant("2026-03-02T10:00:00-05:00"), Some(1_772_463_600_000));
        assert_eq!(instant("2024-02-29T00:00:00+00:00"), Some(1_709_164_800_000));
        assert_eq!(instant("soon"), None);
        assert_eq!(duration(90_061_000).as_deref(), Some("1d1h1m1s"));
        assert_eq!(duration(7_200_000).as_deref(), Some("2h"));
        assert_eq!(duration(999), None);
    }
}
