//! Approvals: asked, given by persons, spent once (semantics 2.7 and 5).

use super::digest::Action;
use super::event::Person;
use super::protocol::Refusal;
use super::session::{Place, SLACK};
use super::{Asked, Memory, Who};
use crate::reference::identity;
use crate::reference::summary::RuleName;
use crate::reference::truth::Truth;
use agentpol_check::policy::{AgentId, Approval, GroupId, Identity, Policy, Rule};

/// How many asks may wait for an agent and a user.
const MAX_WAITING: usize = 8;

/// What was asked of persons.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    digest: String,
    asker: Asker,
    what: String,
    root: String,
    meaning: [u8; 32],
    /// Whose room it takes.
    agent: Who,
    user: Option<String>,
    asked_at: i64,
    within: i64,
    /// The wire name of the group that may approve; `None` where only the user may.
    from: Option<String>,
    excluded: Vec<String>,
    persons: Vec<String>,
    state: State,
    /// When it last changed.
    last: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Spent,
    Rejected,
}

/// Who asks: a rule, or the phase of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::reference) enum Asker {
    Rule(RuleName),
    Phase(String),
}

impl Asker {
    fn text(&self) -> String {
        match self {
            Asker::Rule((module, name)) => format!("rule {module} {name}"),
            Asker::Phase(agent) => format!("phase {agent}"),
        }
    }
}

/// What is needed of persons for the call at hand.
#[derive(Clone, Debug)]
pub(in crate::reference) struct Asking {
    pub(in crate::reference) asker: Asker,
    pub(in crate::reference) approval: Approval,
}

impl Asking {
    /// What a rule asks.
    pub(in crate::reference) fn of_rule(policy: &Policy, rule: &Rule, approval: Approval) -> Asking {
        Asking { asker: Asker::Rule((policy[rule.module].name.clone(), rule.name.clone())), approval }
    }
}

/// How far an ask has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reference) enum Standing {
    Satisfied,
    Rejected,
    /// Why not, in one word.
    Missing(&'static str),
}

/// The ends of a call as approvals see them.
#[derive(Clone, Debug)]
pub(in crate::reference) struct Bound<'b> {
    pub(in crate::reference) action: &'b Action,
    pub(in crate::reference) place: &'b Place,
    pub(in crate::reference) owners: &'b [String],
    pub(in crate::reference) now: i64,
}

impl Memory<'_> {
    fn digest(&self, asking: &Asking, bound: &Bound<'_>) -> String {
        bound.action.digest(&self.key, &self.meaning, &asking.asker.text())
    }

    /// The newest ask of a digest.
    fn ask(&self, digest: &str) -> Option<&Ask> {
        self.asks.iter().rev().find(|ask| ask.digest == digest)
    }

    /// A7: how far an ask has come, looked at again at use. `others` are what else the same call asks.
    pub(in crate::reference) fn standing(&self, asking: &Asking, others: &[Asking], bound: &Bound<'_>) -> Standing {
        let digest = self.digest(asking, bound);
        let Some(ask) = self.ask(&digest) else { return Standing::Missing(self.instead(asking, bound)) };
        let expired = bound.now >= ask.asked_at + ask.within;
        match ask.state {
            State::Spent => Standing::Missing("spent"),
            State::Rejected if !expired => Standing::Rejected,
            State::Rejected | State::Open if expired => Standing::Missing("expired"),
            _ => {
                let elsewhere: Vec<String> = others
                    .iter()
                    .filter(|other| other.asker != asking.asker)
                    .filter_map(|other| self.ask(&self.digest(other, bound)))
                    .filter(|other| other.state == State::Open && bound.now < other.asked_at + other.within)
                    .flat_map(|other| other.persons.clone())
                    .collect();
                let serves = |person: &&String| !asking.approval.distinct || !elsewhere.contains(person);
                let looked: Vec<Option<&str>> =
                    ask.persons.iter().filter(serves).map(|person| self.no_longer(ask, person)).collect();
                let wrong = looked.iter().flatten().next();
                match looked.iter().filter(|why| why.is_none()).count() {
                    enough if enough >= asking.approval.count as usize => Standing::Satisfied,
                    0 => Standing::Missing(wrong.unwrap_or(&"none")),
                    _ => Standing::Missing(wrong.unwrap_or(&"too_few")),
                }
            }
        }
    }

    /// Where this was never asked: what was asked of the same instead.
    fn instead(&self, asking: &Asking, bound: &Bound<'_>) -> &'static str {
        let open = self.asks.iter().rev().filter(|ask| {
            let waits = ask.state == State::Open && bound.now < ask.asked_at + ask.within;
            waits && ask.asker == asking.asker && ask.agent == bound.place.agent && ask.user == bound.place.user
        });
        let others: Vec<&Ask> = open.filter(|ask| !ask.persons.is_empty()).collect();
        let any = |of: &dyn Fn(&Ask) -> bool| others.iter().any(|ask| of(ask));
        if any(&|ask| ask.what == bound.action.what && ask.root == bound.action.root && ask.meaning != self.meaning) {
            "policy_changed"
        } else if any(&|ask| ask.what == bound.action.what && ask.root != bound.action.root) {
            "other_session"
        } else if any(&|ask| ask.root == bound.action.root && ask.what != bound.action.what) {
            "action_changed"
        } else {
            "none"
        }
    }

    /// Opens what is missing; `false` where there is no room for all of it (A3). What waits already is asked once.
    pub(in crate::reference) fn open_asks(&mut self, missing: &[Asking], bound: &Bound<'_>) -> bool {
        let live = |ask: &Ask| ask.state != State::Spent && bound.now < ask.asked_at + ask.within;
        let waits = |digest: &String| self.ask(digest).is_some_and(live);
        let new: Vec<&Asking> = missing.iter().filter(|asking| !waits(&self.digest(asking, bound))).collect();
        let same = |ask: &&Ask| ask.agent == bound.place.agent && ask.user == bound.place.user && live(ask);
        let open = self.asks.iter().filter(same).filter(|ask| ask.state == State::Open).count();
        if open + new.len() > MAX_WAITING {
            return false;
        }
        let made: Vec<Ask> = new.into_iter().map(|asking| self.made(asking, bound)).collect();
        self.asks.extend(made);
        let asked = |asking: &Asking| Asked {
            rule: match &asking.asker {
                Asker::Rule((_, name)) => Some(name.clone()),
                Asker::Phase(_) => None,
            },
            digest: self.digest(asking, bound),
        };
        self.asked = missing.iter().map(asked).collect();
        true
    }

    fn made(&self, asking: &Asking, bound: &Bound<'_>) -> Ask {
        let name = |group: GroupId| self.policy[group].wire.clone();
        // A4: nobody approves for themselves; only where the user is asked is it the user.
        let lineage = self.lineage(&bound.place.session);
        let users = lineage.into_iter().filter_map(|session| session.user.clone()).chain(bound.place.user.clone());
        Ask {
            digest: self.digest(asking, bound),
            asker: asking.asker.clone(),
            what: bound.action.what.clone(),
            root: bound.action.root.clone(),
            meaning: self.meaning,
            agent: bound.place.agent.clone(),
            user: bound.place.user.clone(),
            asked_at: bound.now,
            within: asking.approval.within,
            from: asking.approval.from.map(name),
            excluded: users.chain(bound.owners.iter().cloned()).collect(),
            persons: Vec::new(),
            state: State::Open,
            last: bound.now,
        }
    }

    /// A8: what is satisfied is spent exactly when the decision becomes allow.
    pub(in crate::reference) fn spend(&mut self, used: &[Asking], bound: &Bound<'_>) {
        for asking in used {
            let digest = self.digest(asking, bound);
            if let Some(ask) = self.asks.iter_mut().rev().find(|ask| ask.digest == digest) {
                ask.state = State::Spent;
                ask.last = bound.now;
            }
        }
    }

    /// The ask of a digest that still waits.
    fn waiting(&self, digest: &str, at: i64) -> Result<usize, Refusal> {
        let found = self.asks.iter().rposition(|ask| ask.digest == digest).ok_or("ask_unknown")?;
        let ask = &self.asks[found];
        if ask.last - at > SLACK {
            return Err("clock_regressed");
        }
        let waits = ask.state == State::Open && at.max(ask.last) < ask.asked_at + ask.within;
        if waits && ask.meaning == self.meaning { Ok(found) } else { Err("ask_closed") }
    }

    /// A4: whether an id is an agent's name, or one of its identities: no such is a person's.
    fn is_agent(&self, id: &str) -> bool {
        let mut agents = self.policy.agents.iter().enumerate();
        agents.any(|(at, agent)| {
            let mut identities = agent.identities.iter().map(|identity| match identity {
                Identity::Spiffe(text) | Identity::Token { subject: text, .. } => text,
            });
            id == agent.wire
                || id == identity::qualified(self.policy, AgentId(at as u32))
                || identities.any(|template| identity::in_template(template, id).is_some())
        })
    }

    /// A7: why somebody who has agreed may not any more. Without a directory what was told with the answer counts.
    fn no_longer(&self, ask: &Ask, person: &str) -> Option<&'static str> {
        if self.is_excluded(ask, person) {
            Some("approver_excluded")
        } else if self.policy.users_from.is_directory() && !self.is_member(ask, person) {
            Some("approver_left_group")
        } else {
            None
        }
    }

    /// A4: whether somebody is kept from answering: everybody but the user where the user is asked, else whoever is asked
    /// for, or is in a group of the directory that answers for an agent.
    fn is_excluded(&self, ask: &Ask, person: &str) -> bool {
        if ask.from.is_none() {
            return ask.user.as_deref() != Some(person);
        }
        let directory = self.directory.as_ref().filter(|_| self.policy.users_from.is_directory());
        let groups = directory.and_then(|directory| Some((directory, directory.groups_of(person)?)));
        ask.excluded.iter().any(|excluded| {
            excluded == person
                || groups.as_ref().is_some_and(|(directory, groups)| {
                    directory.has_group(excluded) && directory.belongs(self.policy, groups, excluded) != Truth::False
                })
        })
    }

    /// Whether the directory knows somebody who is active and surely in the group that is asked.
    fn is_member(&self, ask: &Ask, person: &str) -> bool {
        let Some(directory) = &self.directory else { return false };
        let active = directory.users.get(person).is_some_and(|user| user.active);
        let groups = directory.groups_of(person).unwrap_or_default();
        let inside = |group: &String| directory.belongs(self.policy, &groups, group) == Truth::True;
        active && ask.from.as_ref().is_none_or(inside)
    }

    /// Who may answer an ask: the user, or a member of the group who neither asked nor answers for an agent.
    fn eligible(&self, ask: &Ask, person: &Person) -> Result<(), Refusal> {
        let workload = person.id.to_ascii_lowercase().starts_with("spiffe://");
        if workload || self.is_agent(&person.id) || self.is_excluded(ask, &person.id) {
            return Err("person_excluded");
        }
        let told = |group: &String| {
            let group = self.policy.groups.iter().find(|known| known.wire == *group);
            let mut inside =
                group.into_iter().flat_map(|group| &group.closure).map(|inside| &self.policy[*inside].wire);
            inside.any(|inside| person.groups.contains(inside))
        };
        let member = match self.policy.users_from.is_directory() {
            true => self.is_member(ask, &person.id),
            false => ask.from.as_ref().is_none_or(told),
        };
        if member { Ok(()) } else { Err("person_unknown") }
    }

    /// A person agrees.
    pub(super) fn approve(&mut self, digest: &str, person: Person, at: i64) -> Result<(), Refusal> {
        let found = self.waiting(digest, at)?;
        self.eligible(&self.asks[found], &person)?;
        let ask = &mut self.asks[found];
        if !ask.persons.contains(&person.id) {
            ask.persons.push(person.id);
            ask.last = ask.last.max(at);
        }
        Ok(())
    }

    /// A person refuses.
    pub(super) fn reject(&mut self, digest: &str, person: &Person, at: i64) -> Result<(), Refusal> {
        let found = self.waiting(digest, at)?;
        self.eligible(&self.asks[found], person)?;
        let ask = &mut self.asks[found];
        ask.last = ask.last.max(at);
        ask.state = State::Rejected;
        Ok(())
    }
}
