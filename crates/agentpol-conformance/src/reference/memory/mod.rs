//! Memory of earlier calls as a log: everything that happened is written down, and every question is answered by going
//! through all of it (semantics 2.5 to 2.7, 4.2, 5 and 7).
//!
//! Nothing is counted up or kept ready. Where the definitions bound what is kept, the log says what is lost.

mod alert;
mod answer;
mod approval;
mod digest;
mod event;
mod evidence;
mod install;
pub(super) mod label;
mod limit;
mod protocol;
mod question;
mod reading;
mod recall;
mod room;
mod session;
mod since;
mod slot;

pub(super) use alert::{Heard, hear};
pub(super) use approval::{Asker, Asking, Bound, Standing};
pub(super) use digest::Action;
pub(super) use limit::{Checked, Spent, check};
pub(super) use recall::Recall;
pub(super) use session::Place;

use super::directory::Directory;
use super::facts::Facts;
use super::identity::{self, Actor};
use super::json::Json;
use agentpol_bytecode::code::Outcome;
use agentpol_check::policy::{AgentId, Alarm, Clause, ClauseKind, Effect, Expr, ExprKind, Phase, Policy, Rule, ToolId};
use alert::Rung;
use approval::Ask;
use evidence::Lesson;
use install::Since;
use session::Session;
use slot::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use install::Before;
pub use protocol::Refusal;

/// How long a call may stay unreported before it is lost: an hour.
const LOST_AFTER: i64 = 3_600_000;

/// Everything that happened, and the policy that now decides.
#[derive(Clone)]
pub struct Memory<'a> {
    policy: &'a Policy,
    meaning: [u8; 32],
    key: [u8; 32],
    sessions: BTreeMap<String, Session>,
    calls: Vec<Past<'a>>,
    asks: Vec<Ask>,
    rung: Vec<Rung>,
    /// Since when what is asked is kept, by what is asked.
    kept: BTreeMap<String, Since>,
    /// The windows of counters that forget what is out of them, by what is asked.
    windows: BTreeMap<String, i64>,
    /// How many of each record policies keep, and since which step.
    keeps: Vec<(u64, BTreeMap<String, u32>)>,
    /// How many steps there were: what happens later has the greater number.
    steps: u64,
    /// The last time of each record of what is kept: of a root session, an agent, a user.
    clocks: BTreeMap<String, i64>,
    /// What the last decision asks approval for.
    asked: Vec<Asked>,
    /// Where users and resources are looked up.
    directory: Option<Arc<Directory>>,
}

/// What a decision asks approval for: the rule's name (none for the phase), and the digest to approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The rule's name; `None` where the phase asks.
    pub rule: Option<String>,
    /// The digest as it stands in `approve`.
    pub digest: String,
}

/// Who acts: the agent's name, and of a fleet's member what it presented.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Who {
    name: String,
    member: Vec<(String, Json)>,
}

impl Who {
    /// Names an actor.
    pub(super) fn new(policy: &Policy, actor: &Actor) -> Who {
        let mut member = actor.attributes.clone();
        member.sort_by(|a, b| a.0.cmp(&b.0));
        Who { name: identity::qualified(policy, actor.id), member }
    }
}

/// A call that was decided: one that reached the rules.
#[derive(Clone, Debug)]
pub(super) struct Past<'a> {
    /// When it was decided.
    time: i64,
    /// In which step it was decided.
    decided: u64,
    session: String,
    root: String,
    /// The id that it was given in its session.
    id: String,
    agent: Who,
    user: Option<String>,
    tool_id: ToolId,
    facts: Facts<'a>,
    stage: Stage,
    /// In which step it ended; 0 while it is open.
    ended: u64,
    /// What each question makes of it, by what is asked.
    entries: BTreeMap<String, Entry>,
    /// What it has taken from limits.
    spent: Vec<Spent>,
    /// What its answer teaches.
    lessons: Vec<Lesson>,
    /// The records that its answer may speak of, by name.
    teaches: BTreeSet<String>,
    /// The records of which its answer may say something that is not known, by name.
    vague: BTreeSet<String>,
    /// What it touches, as `module.system.dataset`; nothing where no content comes back.
    touched: BTreeSet<String>,
    /// It may touch anything.
    anything: bool,
    /// Its answer is content that nobody vouches for.
    untrusted: bool,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It was not let through.
    Refused,
    /// Let through, not reported.
    Open,
    /// Reported as done.
    Done,
    /// Reported as failed.
    Failed,
    /// Never dispatched.
    Released,
    /// Not reported for an hour.
    Lost,
}

impl Stage {
    /// Whether it was let through.
    pub(super) fn let_through(self) -> bool {
        self != Stage::Refused
    }
}

impl<'a> Memory<'a> {
    /// The calls of a session tree, in the order of decision.
    fn of_root<'m>(&'m self, root: &'m str) -> impl Iterator<Item = &'m Past<'a>> {
        self.calls.iter().filter(move |past| past.root == root)
    }

    /// Open calls that are older than an hour are lost from the next step on that touches their session tree.
    fn expire(&mut self, root: &str, now: i64) {
        for past in self.calls.iter_mut().filter(|past| past.root == root) {
            if past.stage == Stage::Open && now - past.time > LOST_AFTER {
                past.stage = Stage::Lost;
                self.steps += 1;
                past.ended = self.steps;
            }
        }
    }

    /// Looks users and resources up in this directory from now on.
    pub fn use_directory(&mut self, directory: Option<Arc<Directory>>) {
        self.directory = directory;
    }

    /// Where users and resources are looked up.
    pub(super) fn directory(&self) -> Option<Arc<Directory>> {
        self.directory.clone()
    }

    /// The policy that now decides.
    pub(super) fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// Whether decisions hang on what happened before: only then must calls say in which session they are.
    pub(super) fn remembers(&self) -> bool {
        remembers(self.policy)
    }

    /// A step of a decision begins: the clock moves on, and what is open for too long is lost.
    pub(super) fn begin(&mut self, place: &Place, now: i64) {
        self.expire(&place.root, now);
        self.tick(self.clocks_of(&place.root), now);
    }

    /// The time of something in a session that the host says happens at a time.
    pub(super) fn time_in(&self, session: &str, at: i64) -> i64 {
        self.now(&self.clocks_of(&self.root_of(session)), at)
    }

    /// What was asked before is not asked by the decision at hand.
    pub(super) fn forget_asked(&mut self) {
        self.asked.clear();
    }

    /// What the last decision asks approval for.
    pub fn asked(&self) -> &[Asked] {
        &self.asked
    }
}

fn remembers(policy: &Policy) -> bool {
    let asks = |expr: &Expr| {
        expr.any(&mut |expr| {
            let of = &expr.kind;
            matches!(of, ExprKind::Earlier(_) | ExprKind::Known(_) | ExprKind::AllKnown(_))
                || matches!(of, ExprKind::SessionLabel(_) | ExprKind::Origin(_))
        })
    };
    let in_clauses = |clauses: &[Clause]| {
        clauses.iter().any(|clause| match &clause.kind {
            ClauseKind::Let(_, expr) | ClauseKind::When(expr) | ClauseKind::Unless(expr) => asks(expr),
            _ => false,
        })
    };
    let kept = |rule: &Rule| match &rule.effect {
        Effect::RequireApproval(_) | Effect::Limit(_) => true,
        Effect::Alert(alert) => !matches!(alert.alarm, Alarm::Match),
        Effect::Allow | Effect::Entitle | Effect::Deny => false,
    };
    policy.rules.iter().any(|rule| kept(rule) || in_clauses(&rule.clauses))
        || policy.delegations.iter().any(|delegation| in_clauses(&delegation.clauses))
        || policy.agents.iter().any(|agent| matches!(agent.phase, Phase::Supervised { .. }))
}

/// What is written down of a decision, once it stands.
pub(super) struct Decided<'d, 'a> {
    /// Where it happens.
    pub(super) place: &'d Place,
    /// The id that the call was given.
    pub(super) call: &'d str,
    /// Who acts.
    pub(super) actor: AgentId,
    /// What is called.
    pub(super) tool: ToolId,
    /// What is known of it.
    pub(super) facts: Facts<'a>,
    /// What comes out.
    pub(super) outcome: Outcome,
    /// What it takes from limits where it is let through.
    pub(super) spent: Vec<Spent>,
}

impl<'a> Memory<'a> {
    /// 4.2: writes a decided call down.
    pub(super) fn record(&mut self, decided: Decided<'_, 'a>) {
        let entries = self.entries(&decided);
        let through = decided.outcome == Outcome::Allow;
        let tool = &self.policy[decided.tool];
        let (touched, anything) = label::touched(self.policy, tool);
        self.steps += 1;
        self.calls.push(Past {
            time: decided.facts.now,
            decided: self.steps,
            session: decided.place.session.clone(),
            root: decided.place.root.clone(),
            id: decided.call.to_owned(),
            agent: decided.place.agent.clone(),
            user: decided.place.user.clone(),
            tool_id: decided.tool,
            facts: decided.facts,
            stage: if through { Stage::Open } else { Stage::Refused },
            ended: 0,
            entries,
            spent: if through { decided.spent } else { Vec::new() },
            lessons: Vec::new(),
            teaches: evidence::records_in(self.policy, &tool.result),
            vague: BTreeSet::new(),
            touched,
            anything,
            untrusted: label::untrusted(self.policy, tool),
        });
    }
}
