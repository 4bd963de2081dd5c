//! A ready-made test of a change: written in the language from the calls that show it, run on both policies, and given out
//! only where it passes with the new one and fails with the old one.

use std::borrow::Cow;
use std::collections::BTreeSet;

use agentpol::policy::{ModuleId, Policy, ResultType, ToolId, Type};
use agentpol::{Program, SourceMap, compile_sources};
use agentpol_trace::{Action, Arguments, Format, yaml_to_json};
use serde::Serialize;

use super::class::{Class, Decided};
use super::literal::{Writer, text};
use super::rules::find;
use super::stage::{Asked, Stage, duration};
use super::{Group, Judges, Side, Written};
use crate::judging::answers;
use crate::manifest::{Answers, RecordingEntry};
use crate::replay::Replay;
use crate::report::{History, ScenarioReport, StepFailure};
use crate::run::Runs;

/// The longest test that is written, in bytes.
const LONGEST: usize = 16 << 10;
/// How often a test is written anew until it says what the new policy decides about the calls before the last.
const ROUNDS: usize = 12;
/// Who approves in tests what stands before the last call; each call another.
const APPROVER: &str = "approver";

/// A test of a change, as a file of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// The module that it belongs to.
    pub module: String,
    /// The whole file.
    pub text: String,
    /// The step, from 1, at which the old policy first decides otherwise; approvals are steps too.
    pub fails_at: usize,
}

/// Why there is no test of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoTest {
    /// The change shows only with calls that stand too far back.
    FurtherBack,
    /// The new policy is a built program, and what it was made of is not known.
    Built,
    /// The new policy cannot judge the call.
    NotJudged,
    /// Several agents or users act in the calls that show it, and a test has one.
    SeveralParties,
    /// The language cannot say what the request holds, or what changed.
    Unsayable,
    /// It would be longer than a person would read.
    TooLong,
    /// The new policy does not take it as a test.
    Refused {
        /// What it says.
        title: String,
    },
    /// With the calls before it decided anew, the new policy decides otherwise than with what was recorded.
    NotAsRecorded,
    /// It passes with the old policy too: the calls before it are decided anew there as well.
    HoldsInOld,
    /// The new policy has a test of this name already.
    AlreadyThere {
        /// The name.
        name: String,
    },
}

impl NoTest {
    /// The reason in words.
    pub fn title(&self) -> String {
        match self {
            NoTest::FurtherBack => "it shows only with calls that stand too far back".to_owned(),
            NoTest::Built => "the new policy is a built program".to_owned(),
            NoTest::NotJudged => "the new policy does not judge the call".to_owned(),
            NoTest::SeveralParties => "several agents or users act in the calls that show it".to_owned(),
            NoTest::Unsayable => "a test cannot say what is different".to_owned(),
            NoTest::TooLong => "it would be too long".to_owned(),
            NoTest::Refused { title } => format!("the new policy does not take it: {title}"),
            NoTest::NotAsRecorded => "it shows only with calls that ran when they were recorded".to_owned(),
            NoTest::HoldsInOld => "decided call by call, the old policy agrees".to_owned(),
            NoTest::AlreadyThere { name } => format!("the new policy has it already: {}", text(name)),
        }
    }
}

/// A line of a test.
#[derive(Clone)]
enum Line {
    Call { text: String, expect: String, gives: Option<String>, last: bool },
    Approve { text: String },
    After { text: String },
}

/// Makes a test of the last of these actions, the others before it, and tries it on both policies.
pub(super) fn test(
    judges: &mut Judges<'_>,
    (old, new): (&Side<'_>, &Side<'_>),
    group: &Group,
    actions: &[Cow<'_, Action>],
    entry: &RecordingEntry,
    format: Format,
) -> Result<Test, NoTest> {
    let written = new.written.ok_or(NoTest::Built)?;
    let asked = requests(judges, actions, entry, format)?;
    let calls: Vec<(&Action, Asked)> = asked;
    let requests: Vec<&Asked> = calls.iter().map(|(_, asked)| asked).collect();
    let last = requests.last().copied().ok_or(NoTest::NotJudged)?;
    let stage = |module| Stage { policy: written.policy, program: new.program, module, uses: BTreeSet::new() };
    let (agent, _) = stage(ModuleId(0)).agent(last).ok_or(NoTest::Unsayable)?;
    let tool = stage(ModuleId(0)).tool(last).ok_or(NoTest::NotJudged)?;
    let mut why = NoTest::Unsayable;
    let mut modules = vec![written.policy[agent].module, written.policy[tool].module];
    modules.dedup();
    for module in modules {
        let mut draft =
            Draft { stage: stage(module), written, old: old.program, group, answers: answers(entry, format) };
        match draft.write(&calls).and_then(|paper| try_out(paper, (old, new), written)) {
            Ok(test) => return Ok(test),
            Err(reason) => why = reason,
        }
    }
    Err(why)
}

/// The requests that the new policy is asked, with their actions.
fn requests<'a>(
    judges: &mut Judges<'_>,
    actions: &'a [Cow<'_, Action>],
    entry: &RecordingEntry,
    format: Format,
) -> Result<Vec<(&'a Action, Asked)>, NoTest> {
    let engine = &mut judges.new;
    let mut runs = Runs::new(engine.program, entry, answers(entry, format), History::AsRecorded);
    let mut calls = Vec::with_capacity(actions.len());
    let mut party: Option<String> = None;
    for action in actions {
        runs.step(engine.program, &mut engine.scratch, action);
        if !entry.issuers.contains(&action.issuer) {
            continue;
        }
        let request = runs.judge(engine, action).request.map_err(|_| NoTest::NotJudged)?;
        if party.as_ref().is_some_and(|party| *party != request.party) {
            return Err(NoTest::SeveralParties);
        }
        calls.push((action.as_ref(), Asked::new(&request.json).ok_or(NoTest::Unsayable)?));
        party = Some(request.party);
    }
    Ok(calls)
}

/// A test being written.
struct Draft<'d, 'p> {
    stage: Stage<'p>,
    written: Written<'p>,
    old: &'d Program,
    group: &'d Group,
    answers: Answers,
}

/// A test before it is tried.
struct Paper {
    name: String,
    module: String,
    head: String,
    lines: Vec<Line>,
    /// The user, who approves what is asked of users.
    user: Option<String>,
}

impl Draft<'_, '_> {
    fn write(&mut self, calls: &[(&Action, Asked)]) -> Result<Paper, NoTest> {
        let policy = self.written.policy;
        let name = self.name();
        let taken = |test: &agentpol::policy::Scenario| test.module == self.stage.module && test.name == name;
        if policy.tests.iter().any(taken) {
            return Err(NoTest::AlreadyThere { name });
        }
        let expect = self.expectation().ok_or(NoTest::Unsayable)?;
        let mut lines = Vec::new();
        let mut clock: Option<i64> = None;
        for (at, (action, asked)) in calls.iter().enumerate() {
            let last = at + 1 == calls.len();
            let now = asked.at().ok_or(NoTest::Unsayable)?;
            let text = clock.and_then(|clock| duration(now - clock));
            clock = Some(clock.unwrap_or(now).max(now));
            lines.extend(text.map(|text| Line::After { text }));
            let text = self.call(asked).ok_or(NoTest::Unsayable)?;
            let (expect, gives) = match last {
                true => (expect.clone(), None),
                false => ("allow".to_owned(), self.gives(action, asked)),
            };
            lines.push(Line::Call { text, expect, gives, last });
        }
        let requests: Vec<&Asked> = calls.iter().map(|(_, asked)| asked).collect();
        let given = self.stage.given(&requests).ok_or(NoTest::Unsayable)?;
        let module = policy[self.stage.module].name.clone();
        let uses: String = self.stage.uses.iter().map(|other| format!("use {other}\n")).collect();
        let was = format!("  // before: {}\n", said(&self.group.old));
        let head = format!(
            "module {module}\n\n{uses}{}test {} {{\n{was}  {given}\n",
            if uses.is_empty() { "" } else { "\n" },
            text(&name)
        );
        let user =
            calls.last().and_then(|(_, asked)| asked.get("user")?.members().into_iter().find(|(key, _)| key == "id"));
        let user = user.map(|(_, id)| id.text().to_owned());
        Ok(Paper { name, module, head, lines, user })
    }

    /// `refund: newly allowed, calls.jsonl:17`.
    fn name(&self) -> String {
        let class = self.group.class.as_str().replace('_', " ");
        let place = self.group.first.as_ref().map_or(String::new(), |first| {
            let file = first.recording.rsplit(['/', '\\']).next().unwrap_or_default();
            format!(", {file}:{}{}", first.place.line, first.place.pointer)
        });
        let name = format!("{}: {class}{place}", self.group.tool);
        name.chars().filter(|c| c.is_ascii_graphic() || *c == ' ' || c.is_alphanumeric()).collect()
    }

    /// The call with its arguments.
    fn call(&mut self, asked: &Asked) -> Option<String> {
        let tool = self.stage.tool(asked)?;
        let writer = Writer { policy: self.written.policy, declared_only: false };
        let args = writer.fields(asked.get("args")?, self.written.policy[tool].params)?;
        Some(format!("{}({})", self.stage.tool_name(tool), args.join(", ")))
    }

    /// What the call gave, where the language can say it.
    fn gives(&self, action: &Action, asked: &Asked) -> Option<String> {
        let result = action.result.as_ref()?;
        if result.is_error {
            return Some("fails".to_owned());
        }
        if !matches!(action.args, Arguments::Object(_)) {
            return None;
        }
        let policy = self.written.policy;
        let ty = result_type(policy, self.stage.tool(asked)?)?;
        let yaml = matches!(self.answers, Answers::Yaml).then(|| yaml_to_json(&result.text)).flatten();
        let json = yaml.as_deref().unwrap_or(&result.text);
        let writer = Writer { policy, declared_only: true };
        let value = match ty {
            Type::String => text(&result.text),
            ty => writer.value(json, Some(&ty))?,
        };
        Some(format!("returns {value}"))
    }

    /// What the new policy decides about the last call, in the language's words; as much of it as tells it from what the
    /// old one decides.
    fn expectation(&mut self) -> Option<String> {
        let (old, new) = (&self.group.old, &self.group.new);
        let fresh = new.rules.iter().find(|rule| !old.rules.contains(rule));
        // Where the outcome tells, only a rule is named that both policies have, so that the test reads in both.
        let both = |rule: &&String| find(self.old, rule).is_some();
        let rule = match old.outcome == new.outcome {
            true => fresh,
            false => fresh.filter(both).or_else(|| new.rules.iter().find(both)),
        };
        let by = rule
            .and_then(|rule| rule.split_once(": "))
            .map_or(String::new(), |(_, name)| format!(" by {}", text(name)));
        let words = match new.outcome.as_str() {
            "allow" => "allow".to_owned(),
            "throttle" => "throttle".to_owned(),
            "deny" => format!("deny {}", new.code),
            "require_approval" => {
                let ask = new.asks.iter().find(|ask| !old.asks.contains(ask));
                match ask.map(|ask| ask.from.clone()) {
                    Some(user) if user == "user" => "require approval from user".to_owned(),
                    Some(group) => format!("require approval from {}", self.stage.group_name(&group)?),
                    None => "require approval".to_owned(),
                }
            }
            _ => return None,
        };
        let told = old.outcome != new.outcome || !by.is_empty() || old.code != new.code || old.asks != new.asks;
        (told && self.group.class != Class::ObservationChanged).then(|| format!("{words}{by}"))
    }
}

/// The one type that a tool's answer may be of.
fn result_type(policy: &Policy, tool: ToolId) -> Option<Type> {
    let mut result = &policy[tool].result;
    // The first of several is taken; whether it fits is seen when the test is checked.
    while let ResultType::Either(all) = result {
        result = all.first()?;
    }
    result.single(policy)
}

/// A decision in words.
fn said(decided: &Decided) -> String {
    let mut words = format!("{}, {}", decided.outcome.replace('_', " "), decided.code);
    if !decided.rules.is_empty() {
        let names: Vec<String> = decided.rules.iter().map(|rule| text(rule)).collect();
        words.push_str(&format!(", by {}", names.join(" and ")));
    }
    words
}

/// Runs a test on both policies, corrects what it expects of the calls before the last, and leaves out what they give
/// where that is of no matter.
fn try_out(mut paper: Paper, (old, new): (&Side<'_>, &Side<'_>), written: Written<'_>) -> Result<Test, NoTest> {
    settle(&mut paper, new, written)?;
    let fails_at = tried_on_old(&paper, old, written)?;
    let mut bare = Paper { lines: paper.lines.clone(), ..paper };
    for line in &mut bare.lines {
        if let Line::Call { gives, .. } = line {
            *gives = gives.take().filter(|gives| gives == "fails");
        }
    }
    let holds = run(&bare, new, written).is_ok_and(|report| report.failures.is_empty());
    let (paper, fails_at) = match holds.then(|| tried_on_old(&bare, old, written)) {
        Some(Ok(fails_at)) => (bare, fails_at),
        _ => {
            bare.lines = paper.lines;
            (bare, fails_at)
        }
    };
    let text = paper.text();
    Ok(Test { name: paper.name, module: paper.module, text, fails_at })
}

/// The first step at which the old policy decides otherwise.
fn tried_on_old(paper: &Paper, old: &Side<'_>, written: Written<'_>) -> Result<usize, NoTest> {
    let report = run(paper, old, written)?;
    report.failures.first().map(|failure| failure.step).ok_or(NoTest::HoldsInOld)
}

/// Brings a test into the form that passes with the new policy.
fn settle(paper: &mut Paper, new: &Side<'_>, written: Written<'_>) -> Result<(), NoTest> {
    for _ in 0..ROUNDS {
        let report = run(paper, new, written)?;
        let Some(failure) = report.failures.first() else { return Ok(()) };
        if !paper.correct(failure) {
            return Err(NoTest::NotAsRecorded);
        }
    }
    Err(NoTest::TooLong)
}

/// Runs the calls of a test on one side. They are made of the new policy's text: what they ask is the same for both.
fn run(paper: &Paper, side: &Side<'_>, written: Written<'_>) -> Result<ScenarioReport, NoTest> {
    let (policy, sources) = paper.check(written)?;
    let mut replay = Replay::new(side.program).with_directory(side.directory.clone());
    replay.scenarios(&policy, &sources).pop().ok_or(NoTest::Unsayable)
}

impl Paper {
    fn text(&self) -> String {
        let mut out = self.head.clone();
        for line in &self.lines {
            let line = match line {
                Line::Call { text, expect, gives: None, .. } => format!("{text} -> {expect}"),
                Line::Call { text, expect, gives: Some(gives), .. } => format!("{text} -> {expect}, {gives}"),
                Line::Approve { text } => text.clone(),
                Line::After { text } => format!("after {text}"),
            };
            out.push_str(&format!("  {line}\n"));
        }
        out.push_str("}\n");
        out
    }

    /// Checks it with the new policy's sources; returns the policy with no other test in it.
    fn check(&self, written: Written<'_>) -> Result<(Policy, SourceMap), NoTest> {
        let text = self.text();
        if text.len() > LONGEST {
            return Err(NoTest::TooLong);
        }
        let mut sources = written.sources.clone();
        sources.add("test.agentpol", text);
        let checked = compile_sources(&sources, written.options);
        let Some(mut policy) = checked.policy.filter(|_| !checked.diagnostics.has_errors()) else {
            let first = checked.diagnostics.iter().next();
            return Err(NoTest::Refused { title: first.map_or_else(String::new, |first| first.title.clone()) });
        };
        let modules = policy.modules.clone();
        let is_it = |test: &agentpol::policy::Scenario| {
            modules[test.module.index()].name == self.module && test.name == self.name
        };
        policy.tests.retain(is_it);
        Ok((policy, sources))
    }

    /// Lets a call before the last expect what was decided; says whether that was possible.
    fn correct(&mut self, failure: &StepFailure) -> bool {
        let steps = self.lines.iter().enumerate().filter(|(_, line)| !matches!(line, Line::After { .. }));
        let Some((at, line)) = steps.map(|(at, line)| (at, line.clone())).nth(failure.step.wrapping_sub(1)) else {
            return false;
        };
        let Line::Call { text, expect, gives, last: false } = line else { return false };
        let decided = match failure.new.outcome.as_str() {
            "deny" => format!("deny {}", failure.new.code),
            "throttle" => "throttle".to_owned(),
            "require_approval" => "require approval".to_owned(),
            _ => return false,
        };
        if decided == expect {
            return false;
        }
        let asks = decided == "require approval";
        let again = Line::Call { text: text.clone(), expect: "allow".to_owned(), gives, last: false };
        self.lines[at] = Line::Call { text, expect: decided, gives: None, last: false };
        if asks {
            let approvers: BTreeSet<&String> = failure.approvers.iter().collect();
            let before = self.lines.iter().filter(|line| matches!(line, Line::Approve { .. })).count();
            let approve = |(number, from): (usize, &String)| match from.as_str() {
                "user" => self.user.as_ref().map(|user| format!("approve by {user}")),
                group => Some(format!("approve by \"{APPROVER} {}\" in {group}", before + number + 1)),
            };
            let Some(approvals) = approvers.into_iter().enumerate().map(approve).collect::<Option<Vec<String>>>()
            else {
                return false;
            };
            let further = approvals.into_iter().map(|text| Line::Approve { text }).chain([again]);
            self.lines.splice(at + 1..at + 1, further);
        }
        true
    }
}
