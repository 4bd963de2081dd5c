//! Compares what the engines answer with each other and with the page.

use crate::engines::{Answers, Engines};
use crate::page::{Case, Expected};
use agentpol::policy::{self, Policy, Scenario};
use agentpol_conformance::reference::Summary;

/// Compares a request's answers; gives what is wrong.
pub(crate) fn check(case: &Case, policy: &Policy, answers: &Answers) -> Option<String> {
    let disagreement = answers.disagreement();
    disagreement.or_else(|| against(&case.expected, &answers.summary, policy)).map(|error| {
        let shown = String::from_utf8_lossy(&case.request);
        let short: String = shown.chars().take(300).collect();
        format!("{error}\n      {short}")
    })
}

fn against(expected: &Expected, summary: &Summary, policy: &Policy) -> Option<String> {
    let names = |rules: &[(String, String)]| rules.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>();
    let mut approvals: Vec<String> = summary.by_phase.then(|| "phase".to_owned()).into_iter().collect();
    approvals.extend(names(&summary.approvals));
    let also: Vec<String> = summary.also.iter().map(|code| code.as_str().to_owned()).collect();
    let same = |wanted: &Option<Vec<String>>, found: &[String]| wanted.as_ref().is_none_or(|wanted| wanted == found);
    let holds = expected.outcome == summary.outcome().as_str()
        && expected.code == summary.code.as_str()
        && same(&expected.rules, &names(&summary.rules))
        && same(&expected.also, &also)
        && same(&expected.approvals, &approvals)
        && same(&expected.says, &said(summary, policy))
        && expected.would.as_ref().is_none_or(|would| summary.would.is_some_and(|code| code.as_str() == would))
        && expected.argument.as_ref().is_none_or(|at| summary.argument.as_ref() == Some(at));
    (!holds).then(|| format!("decided {summary}, not {}", shown(expected)))
}

fn shown(expected: &Expected) -> String {
    let lists = [
        ("by", &expected.rules),
        ("also", &expected.also),
        ("approvals", &expected.approvals),
        ("says", &expected.says),
    ];
    let mut out = format!("{} {}", expected.outcome, expected.code);
    for (word, list) in lists {
        if let Some(list) = list {
            out.push_str(&format!(" {word} {list:?}"));
        }
    }
    out.extend(expected.would.as_ref().map(|would| format!(" would {would}")));
    out.extend(expected.argument.as_ref().map(|at| format!(" at {at}")));
    out
}

/// What the agent is told: the `because` of the rules that decide, each text once.
pub(crate) fn said(summary: &Summary, policy: &Policy) -> Vec<String> {
    let because = |(module, name): &(String, String)| {
        let mut rules = policy.rules.iter();
        let rule = rules.find(|rule| rule.name == *name && policy[rule.module].name == *module)?;
        rule.because.clone()
    };
    let mut texts: Vec<String> = Vec::new();
    for text in summary.rules.iter().filter_map(because) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// Runs a scenario's steps; gives what is wrong.
pub(crate) fn scenario(scenario: &Scenario, policy: &Policy, engines: &mut Engines) -> Option<String> {
    scenario.steps.iter().enumerate().find_map(|(index, step)| {
        let policy::Step::Call(step) = step else { return None };
        let answers = engines.decide(policy, step.request.as_bytes());
        let error = answers.disagreement().or_else(|| step_fails(step, &answers.summary, policy))?;
        Some(format!("step {}: {error}\n      {}", index + 1, step.request))
    })
}

fn step_fails(step: &policy::Call, summary: &Summary, policy: &Policy) -> Option<String> {
    let outcome = summary.outcome().as_str();
    let holds = match &step.expect {
        policy::Expected::Allow => outcome == "allow",
        policy::Expected::Throttle => outcome == "throttle",
        policy::Expected::Deny { code } => {
            outcome == "deny" && code.as_ref().is_none_or(|code| code == summary.code.as_str())
        }
        policy::Expected::RequireApproval { from } => {
            outcome == "require_approval" && from.as_ref().is_none_or(|from| asks(summary, policy, from))
        }
    };
    let by = step.by.as_ref().is_none_or(|by| summary.rules.iter().any(|(_, name)| name == by));
    (!(holds && by)).then(|| format!("decided {summary}, not {:?} by {:?}", step.expect, step.by))
}

/// Whether one of the approvals that are missing is asked of this group, or of the user.
fn asks(summary: &Summary, policy: &Policy, from: &str) -> bool {
    summary.approvals.iter().any(|(module, name)| {
        policy.rules.iter().filter(|rule| rule.name == *name && policy[rule.module].name == *module).any(|rule| {
            match rule.effect {
                policy::Effect::RequireApproval(approval) => match approval.from {
                    Some(group) => policy[group].wire == from,
                    None => from == "user",
                },
                _ => false,
            }
        })
    })
}
