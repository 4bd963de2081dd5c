//! Whether a rule matches a call: its scope and all its clauses (semantics 3.1, 3.2, L-4).

use super::calendar;
use super::evaluate::Frame;
use super::facts::Facts;
use super::memory::Recall;
use super::truth::{Truth, and, or};
use agentpol_check::policy::{Clause, ClauseKind, EnvId, ScheduleId, UserSelector};

/// `match = and(selectors, all when, not each unless)`.
pub(super) fn matches(facts: &Facts<'_>, recall: Option<Recall<'_>>, clauses: &[Clause], scope: Truth) -> Truth {
    let mut all = vec![scope];
    all.extend(each(facts, recall, clauses));
    and(all)
}

/// What each clause gives.
pub(super) fn each(facts: &Facts<'_>, recall: Option<Recall<'_>>, clauses: &[Clause]) -> Vec<Truth> {
    let mut frame = Frame::new(facts, recall);
    let mut all = Vec::new();
    for clause in clauses {
        if let ClauseKind::Let(local, value) = &clause.kind {
            let value = frame.value(value);
            frame.bind(*local, value);
        }
        all.push(holds(facts, &frame, clause));
    }
    all
}

/// The locals that the clauses of a rule bind, for what else the rule asks.
pub(super) fn bound<'f>(facts: &'f Facts<'f>, recall: Option<Recall<'f>>, clauses: &[Clause]) -> Frame<'f> {
    let mut frame = Frame::new(facts, recall);
    for clause in clauses {
        if let ClauseKind::Let(local, value) = &clause.kind {
            let value = frame.value(value);
            frame.bind(*local, value);
        }
    }
    frame
}

fn holds(facts: &Facts<'_>, frame: &Frame<'_>, clause: &Clause) -> Truth {
    match &clause.kind {
        ClauseKind::User(selectors) => or(selectors.iter().map(|selector| user(facts, selector))),
        ClauseKind::Env(environments) => env(facts, environments),
        ClauseKind::Task(tasks) => task(facts, tasks),
        ClauseKind::During(schedules) => during(facts, schedules),
        ClauseKind::Outside(schedules) => during(facts, schedules).not(),
        ClauseKind::Let(..) => Truth::True,
        ClauseKind::When(condition) => frame.truth(condition),
        ClauseKind::Unless(condition) => frame.truth(condition).not(),
    }
}

/// `user any` is some user, never nobody (I4).
fn user(facts: &Facts<'_>, selector: &UserSelector) -> Truth {
    match selector {
        UserSelector::Any => Truth::from(facts.user.is_some()),
        UserSelector::None => Truth::from(facts.user.is_none()),
        UserSelector::In(group) => facts.user_in(*group),
        UserSelector::Id(id) => Truth::from(facts.user.as_ref().is_some_and(|user| user.id == *id)),
    }
}

/// L-4: an absent environment is unknown.
fn env(facts: &Facts<'_>, environments: &[EnvId]) -> Truth {
    match &facts.env {
        None => Truth::Unknown,
        Some(env) => Truth::from(environments.iter().any(|of| facts.policy[*of] == *env)),
    }
}

/// L-4: an absent task is unknown.
fn task(facts: &Facts<'_>, tasks: &[String]) -> Truth {
    match &facts.task {
        None => Truth::Unknown,
        Some(task) => Truth::from(tasks.contains(task)),
    }
}

fn during(facts: &Facts<'_>, schedules: &[ScheduleId]) -> Truth {
    or(schedules.iter().map(|id| {
        let schedule = &facts.policy[*id];
        calendar::during(schedule, &facts.policy[schedule.zone], facts.now)
    }))
}
