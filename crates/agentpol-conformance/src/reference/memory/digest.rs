//! What an approval is bound to: a digest over a typed, injective text of the whole action (semantics 5, D1).

use super::session::Place;
use crate::reference::facts::Facts;
use crate::reference::json::Json;
use crate::reference::origin::Entry;
use crate::reference::request::Request;
use crate::reference::typed::Reading;
use crate::reference::value::{Held, Item, Value};
use agentpol_check::policy::{Field, ShapeId, Tool, Type};
use sha2::{Digest, Sha256};

/// How many bytes SHA-256 takes at a time.
const BLOCK: usize = 64;

/// The parts of an action that an approval names.
#[derive(Clone, Debug)]
pub(in crate::reference) struct Action {
    /// What is done, by whom and for whom, without where: session and meaning stand apart.
    pub(super) what: String,
    pub(super) root: String,
}

impl Action {
    /// Says what a request asks for.
    pub(in crate::reference) fn new(
        facts: &Facts<'_>,
        request: &Request,
        place: &Place,
        chain: &[String],
        tool: &Tool,
    ) -> Action {
        let policy = facts.policy;
        let optional = |text: &Option<String>| text.as_deref().map_or("none".to_owned(), part);
        let said = |entry: &Entry| part(&format!("{} {}", part(&entry.pointer), raw(&entry.said)));
        let mut origins: Vec<String> = request.origin.iter().map(said).collect();
        origins.sort();
        let what = [
            part(&format!("{:?}", place.agent)),
            list(chain.iter().map(|hop| part(hop)).collect()),
            optional(&place.user),
            optional(&request.env),
            optional(&request.task),
            shape(facts, policy.context, &request.context, &facts.context, false),
            optional(&request.server),
            part(&request.tool),
            optional(&request.tool_digest),
            shape(facts, tool.params, &request.args, &facts.args, true),
            list(origins),
            resource(facts, request),
        ];
        Action { what: list(what.to_vec()), root: place.root.clone() }
    }

    /// The digest under a host's key, for a rule or the phase of an agent, as 64 hex digits.
    pub(super) fn digest(&self, key: &[u8; 32], meaning: &[u8; 32], rule: &str) -> String {
        let text = list(vec![part(&hex(meaning)), part(rule), part(&self.what), part(&self.root)]);
        hex(&hmac(key, text.as_bytes()))
    }
}

/// The resource that a request brings, its attributes as their types read them.
fn resource(facts: &Facts<'_>, request: &Request) -> String {
    let Some(given) = &request.resource else { return "none".to_owned() };
    let named = |named: &(String, String)| part(&format!("{}{}", part(&named.0), part(&named.1)));
    let within = given.within.as_ref().map_or("none".to_owned(), |places| list(places.iter().map(named).collect()));
    let declared = facts.policy.resources.iter().find(|known| known.wire == given.named.0);
    let attributes = Json::Object(given.attributes.clone());
    let held = facts.resource.as_ref().and_then(|subject| subject.attributes.as_deref()).unwrap_or_default();
    let attributes = declared.map_or_else(|| raw(&attributes), |of| shape(facts, of.shape, &attributes, held, true));
    list(vec![named(&given.named), attributes, within])
}

/// A text with its length in front, so that texts behind each other never read as others.
fn part(text: &str) -> String {
    format!("{}:{text}", text.len())
}

fn list(parts: Vec<String>) -> String {
    format!("[{} {}]", parts.len(), parts.concat())
}

/// Declared fields by their wire names, what is undeclared as it is written.
fn shape(facts: &Facts<'_>, id: ShapeId, json: &Json, typed: &[(String, Held)], top: bool) -> String {
    let fields = &facts.policy[id].fields;
    let Json::Object(members) = json else { return String::new() };
    let mut parts: Vec<String> = Vec::new();
    for member in members {
        let declared: Option<&Field> = fields.iter().find(|field| field.wire == member.key);
        let held = declared.filter(|_| top).map(|field| Facts::find(typed, &field.name));
        let value = match declared {
            Some(field) => of_type(facts, &field.ty, &member.value, held.as_ref()),
            None => raw(&member.value),
        };
        parts.push(part(&format!("{}{value}", part(&member.key))));
    }
    parts.sort();
    list(parts)
}

/// A value as its type reads it; `null` is a value of its own.
fn of_type(facts: &Facts<'_>, ty: &Type, json: &Json, held: Option<&Held>) -> String {
    match (ty, json) {
        (_, Json::Null) => "null".to_owned(),
        (Type::List(of, _), Json::List(elements)) => {
            list(elements.iter().map(|element| part(&of_type(facts, of, element, None))).collect())
        }
        (Type::Map(of, _), Json::Object(members)) => {
            let entry = |key: &str, value: &Json| part(&format!("{}{}", part(key), of_type(facts, of, value, None)));
            let mut entries: Vec<String> = members.iter().map(|member| entry(&member.key, &member.value)).collect();
            entries.sort();
            list(entries)
        }
        (Type::Shape(id), _) => shape(facts, *id, json, &[], false),
        (Type::Json, _) => raw(json),
        _ => {
            let reading = Reading { facts, cwd: None, hosts: &[] };
            let read = match held {
                Some(Held::Known(Item { value, .. })) => Some(value.clone()),
                _ => reading.value(ty, json, "").ok().map(|item| item.value),
            };
            match read {
                Some(Value::Float(float)) => format!("float {}", float.to_bits()),
                Some(value) => part(&format!("{value:?}")),
                // Read already: what is not of its type gets no decision that asks.
                None => raw(json),
            }
        }
    }
}

/// JSON as written, numbers by their characters, members by name.
fn raw(json: &Json) -> String {
    match json {
        Json::List(elements) => list(elements.iter().map(raw).collect()),
        Json::Object(members) => {
            let mut entries: Vec<String> =
                members.iter().map(|member| format!("{}{}", part(&member.key), raw(&member.value))).collect();
            entries.sort();
            list(entries)
        }
        Json::Text(text) => format!("text {}", part(text)),
        Json::Number(lexeme) => format!("number {}", part(lexeme)),
        Json::Bool(value) => format!("{value}"),
        Json::Null => "null".to_owned(),
    }
}

/// HMAC (RFC 2104) with SHA-256.
fn hmac(key: &[u8; 32], text: &[u8]) -> Vec<u8> {
    let padded = |with: u8| -> Vec<u8> { (0..BLOCK).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect() };
    let inner = Sha256::digest([&padded(0x36), text].concat());
    Sha256::digest([padded(0x5c).as_slice(), &inner[..]].concat()).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{hex, hmac};

    #[test]
    fn digests_are_those_of_the_standard() {
        // RFC 4231, test case 1: a key of 20 bytes is one of 32 that ends in zeros.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(hex(&hmac(&key, b"Hi There")), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }
}
