//! `docs/desks.md`: the desks' packs against findings of which written rule each recorded call breaks.
//!
//! The findings are not part of the project; somebody computed them from the recordings alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde_json::Value;

use crate::decisions::{Decided, lines, share, text};
use crate::steps::Failure;

/// Rules about how the desk talks: most models break them in most messages.
const TALK: [&str; 2] = ["one call at a time", "no text beside a call"];
/// Findings about how the desk talks; those end so.
const TALK_FINDINGS: [&str; 3] = ["-ONE-CALL", "-NO-TEXT", "-CONFIRM"];

/// What the findings call a rule, and the rules of the packs that stand for it.
const RULES: [(&str, &[&str]); 17] = [
    ("AIR-BAG-FREE", &["extra bags are paid: booking", "extra bags are paid: change"]),
    ("AIR-BAG-REMOVE", &["bags are never taken off"]),
    ("AIR-BOOK-LIMITS", &["at most five passengers", "one certificate, one card, three gift cards"]),
    ("AIR-CANCEL-ELIGIBLE", &["cancel only what may be cancelled"]),
    ("AIR-CANCEL-FLOWN", &["a flown trip is not cancelled"]),
    ("AIR-PAX-COUNT", &["the number of passengers stays"]),
    ("AIR-PAY-CERT", &["changed flights are paid by gift card or credit card"]),
    ("AIR-PAY-PROFILE", &["payment methods from the profile"]),
    ("AIR-USERID-FIRST", &["only the customer's own reservations", "the customer says who they are"]),
    ("RET-AUTH-FIRST", &["authenticate first"]),
    ("RET-ONCE", &["items are changed once", "nothing after the items were changed"]),
    ("RET-REFUND-TO", &["refund to the original method or a gift card"]),
    ("RET-SAME-ITEM", &["each item changes into another item"]),
    ("RET-STATUS-DELIVERED", &["delivered orders only"]),
    ("RET-STATUS-PENDING", &["pending orders only"]),
    ("TEL-PAYREQ-OVERDUE", &["payment requests for overdue bills"]),
    ("TEL-RESUME-CONTRACT", &["no line with an ended contract"]),
];

/// What the findings call the model of a recording whose file is called otherwise.
const MODELS: [(&str, &str); 5] = [
    ("claude-opus-4-6", "claude-opus-4-6 (Button agent)"),
    ("ft-gpt-4.1-sft", "ft:gpt-4.1 tau2-full-sft"),
    ("ironshell-gpt-5.4", "gpt-5.4 (IronShell agent)"),
    ("toolorchestra", "toolorchestra gpt-5"),
    ("gpt-4.1_no-user", "gpt-4.1 no-user"),
];

/// How a rule of the findings came out.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) findings: usize,
    /// Denied by a rule that stands for it.
    pub(crate) found: usize,
    /// Refused before any rule: the arguments are not as declared.
    malformed: usize,
    /// Denied by other rules.
    by_others: usize,
    pub(crate) missed: usize,
    /// The benchmark's own solution makes the call.
    in_solution: usize,
    /// Denials by its rules in conversations that break nothing, of calls that the desk carried out.
    wrongly: usize,
    /// The same, of calls that the desk refused as well.
    refused: usize,
}

/// Calls of conversations that break nothing, of one desk.
#[derive(Default)]
pub(crate) struct Clean {
    conversations: BTreeSet<String>,
    pub(crate) calls: usize,
    talk: usize,
    pub(crate) wrongly: usize,
    refused: usize,
    asked: usize,
}

/// What the page says.
#[derive(Default)]
pub(crate) struct Desks {
    pub(crate) rules: BTreeMap<&'static str, Tally>,
    pub(crate) clean: BTreeMap<String, Clean>,
    /// Denials of clean calls, by what denied: how many the desk carried out, and how many it refused.
    denied: BTreeMap<String, (usize, usize)>,
    without_data: (usize, usize),
    missed: Vec<String>,
}

type Key = (String, u64);

/// Compares decisions with findings.
pub(crate) fn compare(data: &Path, decisions: &[Decided]) -> Result<Desks, Failure> {
    let found = lines(&data.join("labels/tau_rule_findings.jsonl"))?;
    let decided: HashMap<Key, &Decided> = decisions.iter().map(|one| ((name(one), one.step), one)).collect();
    let talk = |finding: &Value| TALK_FINDINGS.iter().any(|end| text(finding, "rule").ends_with(end));
    let broken: BTreeSet<String> = found.iter().filter(|one| !talk(one)).map(|one| text(one, "trace_id")).collect();
    let mut desks = Desks::default();
    for finding in found.iter().filter(|one| !talk(one)) {
        let key = (text(finding, "trace_id"), finding["step"].as_u64().unwrap_or(u64::MAX));
        match (finding["data_seen_before"].as_bool(), decided.get(&key)) {
            (Some(true), decision) => desks.finding(finding, decision.copied()),
            (_, decision) => {
                desks.without_data.0 += 1;
                let stopped = decision.is_some_and(|one| one.is_malformed() || !denials(one).is_empty());
                desks.without_data.1 += usize::from(stopped);
            }
        }
    }
    let outputs = outputs(data)?;
    for ((trace, step), decision) in &decided {
        if !broken.contains(trace) {
            let refused = outputs.get(&(trace.clone(), *step)).is_some_and(|output| output.starts_with("Error"));
            desks.call(trace, decision, refused);
        }
    }
    Ok(desks)
}

/// The denials that are not about how the desk talks.
fn denials(decided: &Decided) -> Vec<&str> {
    decided.denials.iter().map(|(rule, _)| rule.as_str()).filter(|rule| !TALK.contains(rule)).collect()
}

/// The name that findings have for the conversation of a call.
fn name(decided: &Decided) -> String {
    let (desk, model) = decided.file().split_once('_').unwrap_or(("", ""));
    let model = MODELS.iter().find(|(file, _)| *file == model).map_or(model, |(_, model)| model);
    format!("{}/{desk}/{model}/{}", decided.folder(), decided.trace)
}

/// The beginnings of what the desks' own tools answered.
fn outputs(data: &Path) -> Result<HashMap<Key, String>, Failure> {
    let mut outputs = HashMap::new();
    for file in ["calls/tau-bench_calls.jsonl", "calls/tau2-bench_calls.jsonl"] {
        for call in lines(&data.join(file))? {
            let key = (text(&call, "trace_id"), call["step"].as_u64().unwrap_or(u64::MAX));
            outputs.insert(key, text(&call, "output").chars().take(8).collect());
        }
    }
    Ok(outputs)
}

impl Desks {
    fn finding(&mut self, finding: &Value, decided: Option<&Decided>) {
        let rule = text(finding, "rule");
        let Some((label, rules)) = RULES.iter().find(|(label, _)| *label == rule) else {
            self.missed.push(format!("{rule}: no rule of a pack stands for it"));
            return;
        };
        let tally = self.rules.entry(label).or_default();
        tally.findings += 1;
        tally.in_solution += usize::from(finding["call_in_ground_truth"] == true);
        let denials = decided.map(denials).unwrap_or_default();
        if denials.iter().any(|rule| rules.contains(rule)) {
            tally.found += 1;
        } else if decided.is_some_and(Decided::is_malformed) {
            tally.malformed += 1;
        } else if !denials.is_empty() {
            tally.by_others += 1;
        } else {
            tally.missed += 1;
            self.missed.push(format!("{rule}: {} call {}", text(finding, "trace_id"), finding["step"]));
        }
    }

    /// A call of a conversation that breaks nothing.
    fn call(&mut self, trace: &str, decided: &Decided, refused: bool) {
        let desk = trace.split('/').nth(1).unwrap_or_default().to_owned();
        let clean = self.clean.entry(desk).or_default();
        clean.conversations.insert(trace.to_owned());
        clean.calls += 1;
        let denials = denials(decided);
        let why = if decided.is_malformed() { decided.code.clone() } else { denials.join(", ") };
        if why.is_empty() {
            clean.talk += usize::from(!decided.denials.is_empty());
            clean.asked += usize::from(decided.outcome == "require_approval");
            return;
        }
        let count = self.denied.entry(why).or_default();
        *(if refused { &mut clean.refused } else { &mut clean.wrongly }) += 1;
        *(if refused { &mut count.1 } else { &mut count.0 }) += 1;
        for (label, rules) in RULES {
            if denials.iter().any(|rule| rules.contains(rule)) {
                let tally = self.rules.entry(label).or_default();
                *(if refused { &mut tally.refused } else { &mut tally.wrongly }) += 1;
            }
        }
    }

    /// The tables of the page.
    pub(crate) fn tables(&self) -> String {
        format!("{}\n{}\n{}", self.by_rule(), self.by_desk(), self.denied())
    }

    fn by_rule(&self) -> String {
        let mut table = String::from(
            "## Findings, rule by rule\n\n\
             | finding | rules of the pack | findings | found | refused as malformed | denied by another rule | missed | \
             in the benchmark's own solution | wrongly denied | denied, and refused by the desk too |\n\
             |---|---|---|---|---|---|---|---|---|---|\n",
        );
        let mut all = Tally::default();
        for (label, rules) in RULES {
            let none = Tally::default();
            let tally = self.rules.get(label).unwrap_or(&none);
            table += &row(label, &rules.join("; "), tally);
            all.findings += tally.findings;
            all.found += tally.found;
            all.malformed += tally.malformed;
            all.by_others += tally.by_others;
            all.missed += tally.missed;
            all.in_solution += tally.in_solution;
            all.wrongly += tally.wrongly;
            all.refused += tally.refused;
        }
        table += &row("all", "", &all);
        for missed in &self.missed {
            table += &format!("\nMissed: {missed}\n");
        }
        let (without, stopped) = self.without_data;
        table += &format!(
            "\nBeside these there are {without} findings whose deciding data nobody had looked up before the call: the packs deny \
             {stopped} of them, because what is not known restricts.\n"
        );
        table
    }

    fn by_desk(&self) -> String {
        let mut table = String::from(
            "## Calls of conversations that break nothing\n\n\
             | desk | conversations | calls | wrongly denied | share | denied, and refused by the desk too | asked | \
             denied only for how the desk talks |\n\
             |---|---|---|---|---|---|---|---|\n",
        );
        let mut all = Clean::default();
        for (desk, clean) in &self.clean {
            table += &clean.row(desk);
            all.conversations.extend(clean.conversations.iter().cloned());
            all.calls += clean.calls;
            all.wrongly += clean.wrongly;
            all.refused += clean.refused;
            all.asked += clean.asked;
            all.talk += clean.talk;
        }
        table + &all.row("all")
    }

    fn denied(&self) -> String {
        let mut table = String::from(
            "## What denied calls of conversations that break nothing\n\n\
             | rules or code | the desk carried it out | the desk refused it |\n|---|---|---|\n",
        );
        for (why, (done, refused)) in &self.denied {
            table += &format!("| {why} | {done} | {refused} |\n");
        }
        table
    }
}

fn row(label: &str, rules: &str, tally: &Tally) -> String {
    let Tally { findings, found, malformed, by_others, missed, in_solution, wrongly, refused } = tally;
    format!(
        "| {label} | {rules} | {findings} | {found} | {malformed} | {by_others} | {missed} | {in_solution} | {wrongly} | {refused} |\n"
    )
}

impl Clean {
    fn row(&self, desk: &str) -> String {
        let Clean { conversations, calls, talk, wrongly, refused, asked } = self;
        let (conversations, share) = (conversations.len(), share(*wrongly, *calls));
        format!("| {desk} | {conversations} | {calls} | {wrongly} | {share} | {refused} | {asked} | {talk} |\n")
    }
}
