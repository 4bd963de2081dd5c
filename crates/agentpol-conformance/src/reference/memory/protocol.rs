//! What happens beside decisions: sessions open and close, calls end, persons answer (semantics 4.2).

use super::answer::{Answers, Told};
use super::event::{self, Event};
use super::evidence::{Pupil, records_in};
use super::session::{MAX_DEPTH, Session, root_clock};
use super::{LOST_AFTER, Memory, Past, Stage, Who};
use crate::reference::chain;
use crate::reference::facts::Facts;
use crate::reference::identity::{self, Actor};
use crate::reference::request::{Presented, User};
use crate::reference::value::Held;
use agentpol_bytecode::code::Code;
use agentpol_check::policy::{Policy, Tool};

/// How many calls of a session tree that have ended are told from those that never were.
const CLOSED: usize = 128;

/// Why an event was refused, in one word.
pub type Refusal = &'static str;

impl<'a> Memory<'a> {
    /// Takes an event in where this policy is at work. Behind the one that is installed none does.
    ///
    /// # Errors
    /// As [`tell`](Memory::tell).
    pub fn tell_as(&mut self, policy: &Policy, event: &[u8]) -> Result<(), Refusal> {
        if std::ptr::eq(policy, self.policy) { self.tell(event) } else { Err("state_unusable") }
    }

    /// Takes an event in, given as the bytes of its JSON.
    ///
    /// # Errors
    /// Returns why nothing was changed.
    pub fn tell(&mut self, event: &[u8]) -> Result<(), Refusal> {
        match event::read(self.policy, event).map_err(|_| "event_malformed")? {
            Event::Open { session, agent, via, user, parent, at } => {
                self.open(session, &agent, &via, user.as_ref(), parent, at)
            }
            Event::Close { session, at } => {
                let now = self.step(&session, at)?;
                let open = self.is_open(&session);
                let found = self.sessions.get_mut(&session).filter(|_| open).ok_or("session_unknown")?;
                found.open = false;
                let root = self.root_of(&session);
                self.tick(vec![root_clock(&root)], now);
                Ok(())
            }
            Event::Observe { session, call, done, told, untrusted, at } => {
                let stage = if done { Stage::Done } else { Stage::Failed };
                self.end(&session, &call, stage, Some(&told), untrusted, at)
            }
            Event::Release { session, call, at } => self.end(&session, &call, Stage::Released, None, false, at),
            Event::Approve { digest, person, at } => self.approve(&digest, person, at),
            Event::Reject { digest, person, at } => self.reject(&digest, &person, at),
        }
    }

    /// The time of an event in a session: its clock must not have fallen behind.
    fn step(&self, session: &str, at: i64) -> Result<i64, Refusal> {
        if !self.sessions.contains_key(session) {
            return Err("session_unknown");
        }
        self.clock(session, at).map_err(Code::as_str)?;
        let root = self.root_of(session);
        Ok(self.now(&[root_clock(&root)], at))
    }

    /// H5: the host opens a session for an agent and a user; below a parent, for the parent's user. Of a chain, the
    /// session at the root is the first's.
    fn open(
        &mut self,
        id: String,
        agent: &Presented,
        via: &[Presented],
        user: Option<&User>,
        parent: Option<String>,
        at: i64,
    ) -> Result<(), Refusal> {
        let known = |presented: &Presented| identity::identify(self.policy, presented).map_err(Code::as_str);
        let actor = known(agent)?;
        let hops = via.iter().map(known).collect::<Result<Vec<Actor>, Refusal>>()?;
        // Without hops the chain may follow with the calls.
        if !hops.is_empty() {
            chain::sound(self.policy, &hops, &actor).map_err(Code::as_str)?;
        }
        let who = |actor: &Actor| Who::new(self.policy, actor);
        let agent = who(&actor);
        let chain: Vec<Who> = hops.iter().map(who).collect();
        if self.sessions.contains_key(&id) {
            return Err("session_exists");
        }
        let user = user.map(|user| user.id.clone());
        let mut now = at;
        let owner = match &parent {
            None => chain.first().cloned().unwrap_or(agent),
            Some(above) => {
                let found = self.sessions.get(above).filter(|_| self.is_open(above)).ok_or("session_unknown")?;
                let root = self.root_of(above);
                let first = chain.first();
                if found.user != user || first.is_some_and(|first| self.sessions[&root].agent != *first) {
                    return Err("session_mismatch");
                }
                if self.lineage(above).len() >= MAX_DEPTH {
                    return Err("state_full");
                }
                now = self.step(above, at)?;
                agent
            }
        };
        let session = Session { agent: owner, user, parent, opened_at: now, open: true, told_untrusted: false };
        self.sessions.insert(id.clone(), session);
        let root = self.root_of(&id);
        self.tick(vec![root_clock(&root)], now);
        Ok(())
    }

    /// Reads an answer as the policy of now declares it, which need not be the one that let the call through.
    fn hear(&self, past: &mut Past<'a>, told: &Told) {
        let (before, policy) = (past.facts.policy, self.policy);
        let name = |policy: &Policy, tool: &Tool| (policy[tool.module].name.clone(), tool.name.clone());
        let called = name(before, &before[past.tool_id]);
        let tool = policy.tools.iter().find(|tool| name(policy, tool) == called);
        let facts = Facts { policy, ..past.facts.clone() };
        if let Some(tool) = tool {
            // What another policy has read of the call is not what this one would read.
            let mut pupil = Pupil::new(&facts, std::ptr::eq(before, policy));
            pupil.hear(&tool.result, told);
            (past.lessons, past.vague) = (pupil.lessons, pupil.vague);
            let json = told.json(&tool.result);
            past.facts.result = json.map_or(Held::Unknown, |json| Answers { facts: &facts }.value(&tool.result, &json));
        }
        // What the other policy expected, and this one does not read, is missing.
        let read = tool.map(|tool| records_in(policy, &tool.result)).unwrap_or_default();
        past.vague.extend(past.teaches.difference(&read).cloned());
        self.with_result(past);
    }

    /// The end of a call, once: reported by the host, or never dispatched.
    fn end(
        &mut self,
        session: &str,
        call: &str,
        stage: Stage,
        told: Option<&Told>,
        untrusted: bool,
        at: i64,
    ) -> Result<(), Refusal> {
        let now = self.step(session, at)?;
        let of = |past: &Past<'_>| past.session == session && past.id == call && past.stage.let_through();
        let found = (0..self.calls.len()).rev().find(|index| of(&self.calls[*index])).ok_or("call_unknown")?;
        let root = self.root_of(session);
        if self.calls[found].stage != Stage::Open {
            // The newest of those that ended are told from those that never were.
            let later = self.of_root(&root).filter(|past| past.ended > self.calls[found].ended).count();
            return Err(if later < CLOSED { "call_closed" } else { "call_unknown" });
        }
        if now - self.calls[found].time > LOST_AFTER {
            return Err("call_closed");
        }
        self.expire(&root, now);
        let mut past = self.calls[found].clone();
        past.stage = stage;
        self.steps += 1;
        past.ended = self.steps;
        for (asked, entry) in &mut past.entries {
            entry.unseen = !self.kept.contains_key(asked);
        }
        if let (Stage::Done, Some(told)) = (stage, told) {
            self.hear(&mut past, told);
        }
        self.calls[found] = past;
        if let Some(session) = self.sessions.get_mut(session) {
            session.told_untrusted |= untrusted;
        }
        self.tick(vec![root_clock(&root)], now);
        Ok(())
    }
}
