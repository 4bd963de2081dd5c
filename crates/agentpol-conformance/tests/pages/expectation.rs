//! Compares what the engines answer with each other and with the page.

use crate::engines::{Engines, duration};
use crate::entries::{Case, Entry, Expectation};
use crate::words::Expected;
use agentpol::policy::{self, Cell, Claim, Ending, Policy, Scenario, Table};
use agentpol_conformance::reference::Summary;

/// Asks or tells what an entry says; gives what is wrong.
pub(crate) fn check(case: &Case, policy: &Policy, engines: &mut Engines<'_>) -> Option<String> {
    match (&case.entry, &case.expected) {
        (Entry::Request(request), Expectation::Decision(expected)) => {
            let answers = if case.stale { engines.decide_stale(request) } else { Ok(engines.decide(request)) };
            let answers = match answers {
                Ok(answers) => answers,
                Err(error) => return Some(error),
            };
            let error = answers.disagreement().or_else(|| against(expected, &answers.summary, policy))?;
            let shown = String::from_utf8_lossy(request);
            let short: String = shown.chars().take(300).collect();
            Some(format!("{error}\n      {short}"))
        }
        (Entry::Event { text, last }, Expectation::Told(expected)) => {
            let events = match last {
                None => vec![text.clone()],
                Some(name) => engines.about_last(text, name.as_deref()),
            };
            if events.is_empty() {
                return Some(format!("the last decision asks nobody\n      {text}"));
            }
            events.iter().find_map(|event| match case.stale {
                true => differs(engines.tell_stale(event), event, expected.as_deref()),
                false => told(event, expected.as_deref(), engines),
            })
        }
        (Entry::Directory(lines), _) => engines.use_directory(lines).err(),
        (Entry::Request(_), Expectation::Told(_)) | (Entry::Event { .. }, Expectation::Decision(_)) => {
            Some("a request is decided, an event is told".to_owned())
        }
    }
}

fn told(event: &str, expected: Option<&str>, engines: &mut Engines<'_>) -> Option<String> {
    differs(engines.tell(event), event, expected)
}

fn differs(found: Result<Option<String>, String>, event: &str, expected: Option<&str>) -> Option<String> {
    let found = match found {
        Ok(found) => found,
        Err(error) => return Some(format!("{error}\n      {event}")),
    };
    let shown = |code: Option<&str>| code.map_or("ok".to_owned(), |code| format!("refused {code}"));
    let differ = found.as_deref() != expected;
    differ.then(|| format!("told {}, not {}\n      {event}", shown(found.as_deref()), shown(expected)))
}

fn against(expected: &Expected, summary: &Summary, policy: &Policy) -> Option<String> {
    let names = |rules: &[(String, String)]| rules.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>();
    let mut approvals: Vec<String> = summary.by_phase.then(|| "phase".to_owned()).into_iter().collect();
    approvals.extend(names(&summary.approvals));
    let also: Vec<String> = summary.also.iter().map(|code| code.as_str().to_owned()).collect();
    let missing: Vec<String> = summary.missing.iter().map(|word| (*word).to_owned()).collect();
    let raised = summary.alerts.iter();
    let alerts: Vec<String> = raised
        .flat_map(|((_, name), uncertain)| [Some(name.clone()), uncertain.then(|| "uncertain".to_owned())])
        .flatten()
        .collect();
    let same = |wanted: &Option<Vec<String>>, found: &[String]| wanted.as_ref().is_none_or(|wanted| wanted == found);
    let retry = summary.retry_after.map(duration);
    let holds = expected.outcome == summary.outcome().as_str()
        && expected.code == summary.code.as_str()
        && same(&expected.rules, &names(&summary.rules))
        && same(&expected.also, &also)
        && same(&expected.approvals, &approvals)
        && same(&expected.missing, &missing)
        && same(&expected.alerts, &alerts)
        && same(&expected.says, &said(summary, policy))
        && expected.retry.as_ref().is_none_or(|wanted| retry.as_ref() == Some(wanted))
        && expected.would.as_ref().is_none_or(|would| summary.would.is_some_and(|code| code.as_str() == would))
        && expected.argument.as_ref().is_none_or(|at| summary.argument.as_ref() == Some(at));
    (!holds).then(|| format!("decided {summary}, not {}", shown(expected)))
}

fn shown(expected: &Expected) -> String {
    let lists = [
        ("by", &expected.rules),
        ("also", &expected.also),
        ("approvals", &expected.approvals),
        ("missing", &expected.missing),
        ("alerts", &expected.alerts),
        ("says", &expected.says),
    ];
    let mut out = format!("{} {}", expected.outcome, expected.code);
    for (word, list) in lists {
        if let Some(list) = list {
            out.push_str(&format!(" {word} {list:?}"));
        }
    }
    out.extend(expected.retry.as_ref().map(|retry| format!(" retry {retry}")));
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

/// Runs a scenario's steps with a memory of its own; gives what is wrong.
pub(crate) fn scenario(scenario: &Scenario, policy: &Policy, engines: &mut Engines<'_>) -> Option<String> {
    if let Some(error) = told(&scenario.open, None, engines) {
        return Some(error);
    }
    // The digests of the last call that asked: an answer that is refused may be about those.
    let mut asked = Vec::new();
    scenario.steps.iter().enumerate().find_map(|(index, step)| {
        let error = match step {
            policy::Step::Call(call) => {
                let error = called(call, policy, engines);
                let now = engines.about_last(crate::entries::LAST, None);
                asked = if now.is_empty() { std::mem::take(&mut asked) } else { now };
                error
            }
            policy::Step::Approve(person) => answered("approve", person, &asked, engines),
            policy::Step::Reject(person) => answered("reject", person, &asked, engines),
            policy::Step::Open(opening) => {
                refused(std::slice::from_ref(&opening.event), opening.refused.as_ref(), engines)
            }
        };
        Some(format!("step {}: {}", index + 1, error?))
    })
}

/// Decides a cell of a table in a session of its own; gives what is wrong.
pub(crate) fn cell(table: &Table, cell: &Cell, policy: &Policy, engines: &mut Engines<'_>) -> Option<String> {
    let session = format!("s{}-{}-{}", cell.agent, cell.user, cell.tool);
    let own = |text: &str| text.replace(r#""session": "s1""#, &format!(r#""session": "{session}""#));
    let error = told(&own(&cell.open), None, engines).or_else(|| {
        let answers = engines.decide(own(&cell.request).as_bytes());
        let rows = || cell.rows.iter().find_map(|row| claim_fails(&table.rows[*row].claim, &answers.summary, policy));
        answers.disagreement().or_else(rows)
    })?;
    Some(format!("{error}\n      {}", cell.request))
}

/// A call, and what it gives where it is let through.
fn called(call: &policy::Call, policy: &Policy, engines: &mut Engines<'_>) -> Option<String> {
    let answers = engines.decide(call.request.as_bytes());
    let error = answers.disagreement().or_else(|| step_fails(call, &answers.summary, policy));
    if let Some(error) = error {
        return Some(format!("{error}\n      {}", call.request));
    }
    // Where nothing hangs on what happened before, nothing is remembered.
    if answers.summary.outcome().as_str() != "allow" || !engines.remembers() {
        return None;
    }
    let untrusted = if call.untrusted { r#","untrusted":true"# } else { "" };
    let (session, id, at) = (&call.session, &call.id, time(call.at));
    let ending = match &call.ending {
        Ending::Done => r#""ok""#.to_owned(),
        Ending::Returned(result) => format!(r#""ok","result":{result}"#),
        Ending::Failed => r#""failed""#.to_owned(),
        Ending::Pending => return None,
        Ending::Released => {
            let event = format!(r#"{{"release":{{"session":{session:?},"call":{id:?},"at":"{at}"}}}}"#);
            return told(&event, None, engines);
        }
    };
    let event =
        format!(r#"{{"observe":{{"session":{session:?},"call":{id:?},"at":"{at}","outcome":{ending}{untrusted}}}}}"#);
    told(&event, None, engines)
}

/// A person answers everything that the last call was asked for; what is refused, also what one before it was.
fn answered(word: &str, person: &policy::Person, asked: &[String], engines: &mut Engines<'_>) -> Option<String> {
    let (id, groups, at) = (&person.id, &person.groups, time(person.at));
    let event = |digest: &String| {
        format!(r#"{{"{word}":{{"digest":"{digest}","person":{{"id":{id:?},"groups":{groups:?}}},"at":"{at}"}}}}"#)
    };
    let last = engines.about_last(crate::entries::LAST, None);
    let digests = if person.refused.is_some() { asked } else { &last };
    refused(&digests.iter().map(event).collect::<Vec<_>>(), person.refused.as_ref(), engines)
}

/// Tells events of which one is to be taken, or none.
fn refused(events: &[String], refused: Option<&policy::Refused>, engines: &mut Engines<'_>) -> Option<String> {
    let mut codes = Vec::new();
    for event in events {
        match engines.tell(event) {
            Ok(None) => codes.push("ok".to_owned()),
            Ok(Some(code)) => codes.push(code),
            Err(error) => return Some(format!("{error}\n      {event}")),
        }
    }
    let taken = codes.iter().any(|code| code == "ok");
    let as_said = match refused {
        None => taken,
        Some(policy::Refused { code: None }) => !taken,
        Some(policy::Refused { code: Some(code) }) => !taken && codes.contains(code),
    };
    (!as_said).then(|| format!("told {codes:?}, not {refused:?}\n      {events:?}"))
}

fn time(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).map_or_else(|error| error.to_string(), |time| time.to_string())
}

fn step_fails(step: &policy::Call, summary: &Summary, policy: &Policy) -> Option<String> {
    let mut raised: Vec<&String> = summary.alerts.iter().map(|((_, name), _)| name).collect();
    raised.sort();
    raised.dedup();
    match &step.alerts {
        Some(alerts) if !raised.iter().copied().eq(alerts) => Some(format!("raised {raised:?}, not {alerts:?}")),
        _ => claim_fails(&step.claim, summary, policy),
    }
}

fn claim_fails(claim: &Claim, summary: &Summary, policy: &Policy) -> Option<String> {
    let outcome = summary.outcome().as_str();
    let holds = match &claim.expect {
        policy::Expected::Allow => outcome == "allow",
        policy::Expected::Throttle => outcome == "throttle",
        policy::Expected::Deny { code } => {
            outcome == "deny" && code.as_ref().is_none_or(|code| code == summary.code.as_str())
        }
        policy::Expected::RequireApproval { from } => {
            outcome == "require_approval" && from.iter().all(|from| asks(summary, policy, from))
        }
    };
    let by = claim.by.as_ref().is_none_or(|by| summary.rules.iter().any(|(_, name)| name == by));
    (!(holds && by)).then(|| format!("decided {summary}, not {:?} by {:?}", claim.expect, claim.by))
}

/// Whether one of the approvals that are missing is asked of this group, or of the user.
fn asks(summary: &Summary, policy: &Policy, from: &policy::Approver) -> bool {
    summary.approvals.iter().any(|(module, name)| {
        policy.rules.iter().filter(|rule| rule.name == *name && policy[rule.module].name == *module).any(|rule| {
            match rule.effect {
                policy::Effect::RequireApproval(approval) => {
                    let who = approval.from.map_or("user", |group| policy[group].wire.as_str());
                    who == from.who && from.count.is_none_or(|count| count == approval.count)
                }
                _ => false,
            }
        })
    })
}
