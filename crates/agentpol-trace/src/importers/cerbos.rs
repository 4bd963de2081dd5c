//! Audit logs of Cerbos: one entry a line. Each action that was asked about for a resource is a call.
//!
//! The kind of resource is the server and the action the tool; `{"id", "attr"}` of the resource are the arguments. Entries
//! about access, and plans of queries, hold no calls.

use std::sync::Arc;

use crate::action::{Action, Issuer, Outcome, Recorded, Ruling, Trace, Turn};
use crate::conversation::Items;
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::format::Format;
use crate::importers::Setting;
use crate::importers::parts::{named, object, stranger, texts};

/// Reads an entry.
pub(super) fn read(node: &Node<'_>, setting: Setting<'_>) -> Items {
    let mut items = Vec::new();
    if let Err(error) = entry(node, setting, &mut items) {
        items.push(Err(error));
    }
    items
}

/// The member of that name, in either spelling that protocol buffers have.
fn either<'a>(object: &Object<'a>, camel: &str, snake: &str) -> Option<Node<'a>> {
    object.get(camel).or_else(|| object.get(snake))
}

fn entry(node: &Node<'_>, setting: Setting<'_>, items: &mut Items) -> Result<(), RecordError> {
    let entry = node.object()?;
    let id = either(&entry, "callId", "call_id").ok_or_else(|| stranger(node, Format::Cerbos))?.string()?;
    let check = match either(&entry, "checkResources", "check_resources") {
        Some(check) => check.object()?,
        // Older entries have inputs and outputs themselves.
        None if entry.get("inputs").is_some() => entry.clone(),
        None => return Ok(()),
    };
    let outputs: Vec<Object<'_>> = check.list("outputs")?.iter().filter_map(|output| output.object().ok()).collect();
    for (at, input) in check.list("inputs")?.into_iter().enumerate() {
        let read = checked(&input, outputs.get(at), &id, &entry, setting, items);
        items.extend(read.err().map(Err));
    }
    Ok(())
}

fn checked(
    node: &Node<'_>,
    output: Option<&Object<'_>>,
    id: &str,
    entry: &Object<'_>,
    setting: Setting<'_>,
    items: &mut Items,
) -> Result<(), RecordError> {
    let input = node.object()?;
    let resource = input.require("resource")?.object()?;
    let principal = input.require("principal")?.object()?;
    let kind = resource.require("kind")?.string()?;
    let name = resource.require("id")?;
    let mut args = vec![("id", name.raw())];
    let attributes = resource.get("attr");
    args.extend(attributes.as_ref().map(|attributes| ("attr", attributes.raw())));
    let args = named(&args);
    let groups = texts(&principal.list("roles")?);
    let who = principal.require("id")?;
    let user = Some(object(&[("id", who.raw()), ("groups", &groups)]));
    let effects = output.map(|output| output.inner("actions")).transpose()?.flatten();
    for action in input.list("actions")? {
        let tool = action.string()?;
        let effect = effects.as_ref().map(|effects| effects.inner(&tool)).transpose()?.flatten();
        items.push(Ok(Action {
            seq: 0,
            place: node.place(),
            trace: Arc::new(Trace { id: setting.name.to_owned(), ..Trace::default() }),
            issuer: Issuer::Agent,
            call: Some(id.to_owned()),
            server: Some(kind.clone()),
            tool,
            args: args.clone(),
            result: None,
            at: entry.label("timestamp"),
            turn: Turn::default(),
            heard: Vec::new(),
            recorded: Recorded { user: user.clone(), ..Recorded::default() },
            ruling: effect.as_ref().and_then(|effect| ruling(effect, id)),
            expect: None,
        }));
    }
    Ok(())
}

fn ruling(effect: &Object<'_>, id: &str) -> Option<Ruling> {
    let outcome = match effect.label("effect")?.as_str() {
        "EFFECT_ALLOW" => Outcome::Allow,
        "EFFECT_DENY" | "EFFECT_NO_MATCH" => Outcome::Deny,
        _ => return None,
    };
    Some(Ruling { by: effect.label("policy"), id: Some(id.to_owned()), ..Ruling::from(outcome) })
}
