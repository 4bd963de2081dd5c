//! `AuthZEN` 1.0: requests of the evaluation APIs and what was answered.
//!
//! A pair is one object, `{"request", "response"}` (or with `decision`, or `expected` as test suites write it), or a request
//! on one line and its answer on the next. Of several evaluations in one request each is a call; an entity of an
//! evaluation replaces the one above it, whole.
//!
//! The type of the resource is the server, the name of the action the tool, and `{"id", "properties", "action"}` the
//! arguments: the resource's id and properties, and the action's properties. Where the action is `tools/call` and the
//! resource a tool, as the MCP profile has it, the resource's id is the tool and `arguments` among the properties are its
//! arguments.

use std::collections::VecDeque;

use crate::action::{Arguments, Expectation, Issuer, Outcome, Recorded, Ruling, Trace};
use crate::conversation::{Call, Conversation};
use crate::document::{Node, Object};
use crate::error::RecordError;
use crate::format::Format;
use crate::importers::parts::{arguments, named, object, stranger, texts};
use crate::importers::{Importer, Items, Setting};
use crate::json::RawJson;

/// Requests while they are read.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    conversation: Conversation,
    /// How many requests there were: each has a key of its own.
    requests: u64,
    /// The keys of the calls of the newest request, which the next answer is about.
    open: VecDeque<String>,
}

/// What a request asks.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) tool: String,
    pub(super) server: Option<String>,
    pub(super) args: Arguments,
    pub(super) agent: Option<RawJson>,
    pub(super) user: Option<RawJson>,
    pub(super) at: Option<String>,
}

impl Default for Asked {
    fn default() -> Asked {
        Asked { tool: String::new(), server: None, args: Arguments::Absent, agent: None, user: None, at: None }
    }
}

/// What was answered to one evaluation.
enum Answer {
    Ruling(Ruling),
    Expectation(Expectation),
}

impl Importer for Pairs {
    fn read(&mut self, node: &Node<'_>, setting: Setting<'_>) -> Items {
        let name = setting.name.to_owned();
        self.conversation.enter("", || Trace { id: name, ..Trace::default() });
        let read = self.record(node);
        self.conversation.check(read);
        self.conversation.ready()
    }

    fn finish(&mut self) -> Items {
        self.conversation.finish()
    }
}

impl Pairs {
    fn record(&mut self, node: &Node<'_>) -> Result<(), RecordError> {
        let record = node.object()?;
        if let Some(request) = record.get("request") {
            let at = ["timestamp", "time", "at"].iter().find_map(|name| record.label(name));
            self.request(&request, at)?;
            let answer = record.get("response").or_else(|| record.get("decision"));
            return match (answer, record.get("expected")) {
                (Some(answer), _) => self.answer(&answer, false),
                (None, Some(expected)) => self.answer(&expected, true),
                (None, None) => Ok(()),
            };
        }
        // A suite of tests holds both kinds of request.
        let mut suite = false;
        for name in ["evaluation", "evaluations"] {
            let Some(list) = record.get(name).filter(|list| list.is_list()) else { continue };
            for one in list.list()? {
                if one.is_object() && one.object()?.get("request").is_some() {
                    suite = true;
                    let read = self.record(&one);
                    self.conversation.check(read);
                }
            }
        }
        if suite {
            return Ok(());
        }
        let asks = ["subject", "action", "resource"].iter().any(|name| record.get(name).is_some());
        let answers = record.get("decision").is_some() || record.get("evaluations").is_some();
        match (asks, answers) {
            (true, _) => self.request(node, None),
            (false, true) => self.answer(node, false),
            (false, false) => Err(stranger(node, Format::AuthZen)),
        }
    }

    fn request(&mut self, node: &Node<'_>, at: Option<String>) -> Result<(), RecordError> {
        self.open.clear();
        let request = node.object()?;
        let evaluations = request.list("evaluations")?;
        if evaluations.is_empty() {
            return self.call(node, &request, None, at);
        }
        for node in evaluations {
            let read = node.object().and_then(|one| self.call(&node, &one, Some(&request), at.clone()));
            if let Err(error) = read {
                self.conversation.error(error);
                // What is answered about it is answered about nothing.
                self.open.push_back(String::new());
            }
        }
        Ok(())
    }

    fn call(
        &mut self,
        node: &Node<'_>,
        one: &Object<'_>,
        defaults: Option<&Object<'_>>,
        at: Option<String>,
    ) -> Result<(), RecordError> {
        let asked = Asked::of(one, defaults)?;
        self.requests += 1;
        let key = self.requests.to_string();
        self.open.push_back(key.clone());
        let recorded = Recorded { agent: asked.agent, user: asked.user, ..Recorded::default() };
        let call = Call::of(Issuer::Agent, asked.tool, asked.args);
        self.conversation
            .call(node, Call { key: Some(key), server: asked.server, at: at.or(asked.at), recorded, ..call });
        Ok(())
    }

    /// Gives each call of the newest request its answer. Short-circuited batches answer fewer.
    fn answer(&mut self, node: &Node<'_>, expected: bool) -> Result<(), RecordError> {
        let answers = if node.is_list() {
            node.list()?
        } else if node.is_object() {
            let told = node.object()?.list("evaluations")?;
            if told.is_empty() { vec![node.clone()] } else { told }
        } else {
            vec![node.clone()]
        };
        for node in answers {
            let Some(key) = self.open.pop_front() else { return Err(stranger(&node, Format::AuthZen)) };
            match (decided(&node, expected)?, self.conversation.waiting(&key)) {
                (Answer::Ruling(ruling), Some(call)) => call.ruling = Some(ruling),
                (Answer::Expectation(expect), Some(call)) => call.expect = Some(expect),
                (_, None) => {}
            }
            self.conversation.decided(&key);
        }
        Ok(())
    }
}

/// A decision: the truth value, or the object that holds it.
fn decided(node: &Node<'_>, expected: bool) -> Result<Answer, RecordError> {
    let (allowed, context) = if node.is_object() {
        let answer = node.object()?;
        (answer.require("decision")?.flag()?, answer.inner("context")?)
    } else {
        (node.flag()?, None)
    };
    let of = |name: &str| context.as_ref().and_then(|context| context.label(name));
    // A denial that a request for access can turn asks a person.
    let asks = context.as_ref().is_some_and(|context| context.get("access_request").is_some());
    let outcome = match (allowed, asks) {
        (true, _) => Outcome::Allow,
        (false, true) => Outcome::RequireApproval,
        (false, false) => Outcome::Deny,
    };
    if expected {
        return Ok(Answer::Expectation(Expectation { outcome, code: None, rule: None }));
    }
    Ok(Answer::Ruling(Ruling { reason: of("reason"), id: of("evaluation_id"), ..Ruling::from(outcome) }))
}

impl Asked {
    /// What one evaluation asks; entities that it leaves out are the request's.
    pub(super) fn of(one: &Object<'_>, defaults: Option<&Object<'_>>) -> Result<Asked, RecordError> {
        let whole = |name: &str| one.get(name).or_else(|| defaults.and_then(|defaults| defaults.get(name)));
        let entity = |name: &str| match whole(name) {
            Some(node) => node.object(),
            None => one.require(name)?.object(),
        };
        let (subject, action, resource) = (entity("subject")?, entity("action")?, entity("resource")?);
        let context = whole("context").map(|context| context.object()).transpose()?;
        let name = action.require("name")?.string()?;
        let kind = resource.require("type")?.string()?;
        let id = resource.require("id")?;
        let of_resource = resource.inner("properties")?;
        let of_action = action.inner("properties")?;
        let (server, tool, args) = if name == "tools/call" && kind == "tool" {
            let given = |part: &Option<Object<'_>>| {
                part.as_ref().and_then(|part| part.get("arguments")).map(|args| arguments(Some(args)))
            };
            let args = given(&of_resource).or_else(|| given(&of_action));
            (None, id.string()?, args.unwrap_or(Arguments::Absent))
        } else {
            let mut members = vec![("id", id.raw())];
            members.extend(of_resource.as_ref().map(|part| ("properties", part.node().raw())));
            members.extend(of_action.as_ref().map(|part| ("action", part.node().raw())));
            (Some(kind), name, named(&members))
        };
        let (user, acting) = parties(&subject)?;
        let agent = context.as_ref().and_then(|context| context.get("agent")).filter(|agent| agent.is_string());
        Ok(Asked {
            tool,
            server,
            args,
            agent: acting.or_else(|| agent.map(|agent| RawJson::verbatim(agent.raw()))),
            user: Some(user),
            at: context.and_then(|context| context.label("time")),
        })
    }
}

/// On whose behalf, and who acts where the subject says so: an agent acts for itself, and `act` names the actor.
fn parties(subject: &Object<'_>) -> Result<(RawJson, Option<RawJson>), RecordError> {
    let kind = subject.require("type")?.string()?;
    let id = subject.require("id")?;
    let properties = subject.inner("properties")?;
    if matches!(kind.as_str(), "agent" | "ai_agent") {
        return Ok((RawJson::string("none"), Some(RawJson::verbatim(id.raw()))));
    }
    let act = properties.as_ref().map(|properties| properties.inner("act")).transpose()?.flatten();
    let actor = act.and_then(|act| {
        let subject = act.get("sub").filter(|sub| sub.is_string())?;
        match act.get("iss").filter(|issuer| issuer.is_string()) {
            Some(issuer) => Some(object(&[("issuer", issuer.raw()), ("subject", subject.raw())])),
            None => Some(RawJson::verbatim(subject.raw())),
        }
    });
    let groups = properties.map(|properties| properties.get("groups").or_else(|| properties.get("roles")));
    let groups = match groups.flatten().filter(|groups| groups.is_list()) {
        Some(groups) => texts(&groups.list()?),
        None => String::new(),
    };
    let mut members = vec![("id", id.raw())];
    if !groups.is_empty() {
        members.push(("groups", &groups));
    }
    Ok((object(&members), actor))
}
