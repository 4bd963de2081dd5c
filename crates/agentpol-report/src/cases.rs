//! A run as test cases: what every format tells, in its own words.

use agentpol_diagnostics::{Diagnostic, Severity, SourceMap};
use agentpol_replay::{
    AskedRule, CellFailure, Difference, Expected, Lacking, NotEvaluable, Reasons, RecordingReport, RulePlace,
    ScenarioReport, SourcePlace, StepFailure, TableReport, Verdict,
};

use crate::{Broken, Project, Tested};

/// Cases that belong together: the scenarios of a project, its tables, a recording, a policy.
pub(crate) struct Suite {
    pub(crate) name: String,
    pub(crate) cases: Vec<Case>,
}

/// One case.
pub(crate) struct Case {
    pub(crate) name: String,
    /// Where it is written: the scenario, or the record.
    pub(crate) at: Place,
    pub(crate) end: End,
}

/// How a case ended.
pub(crate) enum End {
    Passed,
    /// Nothing was judged.
    Skipped(String),
    /// Something was decided otherwise than expected.
    Failed(Vec<Finding>),
    /// Something could not be read.
    Error(Vec<Finding>),
}

/// One thing that is wrong.
pub(crate) struct Finding {
    /// A stable short name of its kind.
    pub(crate) kind: &'static str,
    /// What is wrong, in one line.
    pub(crate) message: String,
    /// More about it, line by line.
    pub(crate) detail: Vec<String>,
    /// The place to look at first: the rule that decided, else where the case is written.
    pub(crate) at: Place,
    /// Other places that belong to it.
    pub(crate) related: Vec<(Place, String)>,
    /// It is only a warning.
    pub(crate) warning: bool,
}

/// A place in a file. The line is 0 where only the file is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Place {
    fn of_file(file: &str) -> Place {
        Place { file: relative(file), line: 0, column: 0 }
    }

    fn of_record(file: &str, line: u64) -> Place {
        Place { file: relative(file), line, column: 1 }
    }

    /// `FILE:LINE:COLUMN`, as far as it is known.
    pub(crate) fn text(&self) -> String {
        match (self.line, self.column) {
            (0, _) => self.file.clone(),
            (line, 0) => format!("{}:{line}", self.file),
            (line, column) => format!("{}:{line}:{column}", self.file),
        }
    }
}

impl From<&SourcePlace> for Place {
    fn from(at: &SourcePlace) -> Place {
        Place { file: relative(&at.file), line: u64::from(at.line), column: u64::from(at.column) }
    }
}

/// File names as CI systems want them: without `./` before them.
fn relative(file: &str) -> String {
    file.strip_prefix("./").unwrap_or(file).to_owned()
}

/// All cases of a run.
pub(crate) fn suites(tested: &Tested<'_>) -> Vec<Suite> {
    let mut suites = Vec::new();
    for project in tested.projects {
        if !project.report.scenarios.is_empty() {
            let cases = project.report.scenarios.iter().map(scenario).collect();
            suites.push(Suite { name: format!("{}: scenarios", project.name), cases });
        }
        if !project.report.tables.is_empty() {
            let cases = project.report.tables.iter().map(table).collect();
            suites.push(Suite { name: format!("{}: tables", project.name), cases });
        }
        suites.extend(project.report.recordings.iter().map(|recording| of_recording(project, recording)));
    }
    suites.extend(tested.broken.iter().map(of_policy));
    suites
}

fn scenario(scenario: &ScenarioReport) -> Case {
    let at = Place::from(&scenario.at);
    let name = format!("{}: {}", scenario.module, scenario.name);
    let findings: Vec<Finding> = scenario.failures.iter().map(step).collect();
    let end = if findings.is_empty() { End::Passed } else { End::Failed(findings) };
    Case { name, at, end }
}

fn table(table: &TableReport) -> Case {
    let at = Place::from(&table.at);
    let name = format!("{}: {}", table.module, table.name);
    let findings: Vec<Finding> = table.failures.iter().map(cell).collect();
    let end = if findings.is_empty() { End::Passed } else { End::Failed(findings) };
    Case { name, at, end }
}

fn step(failure: &StepFailure) -> Finding {
    let decided = verdict(&failure.new);
    let mut detail = vec![format!("expected  {}", failure.expected), format!("decided   {decided}")];
    detail.extend(failure.why.map(|why| format!("because   {why}")));
    detail.extend(failure.alerts.iter().map(|raised| format!("alerts    {}", raised.join("; "))));
    detail.extend(reasons(&failure.reasons));
    Finding {
        kind: "scenario",
        message: format!("step {}, {}: expected {}, decided {decided}", failure.step, failure.tool, failure.expected),
        detail,
        at: Place::from(&failure.at),
        related: related(&failure.reasons.rules),
        warning: false,
    }
}

fn cell(failure: &CellFailure) -> Finding {
    let decided = verdict(&failure.new);
    let CellFailure { agent, user, tool, expected, .. } = failure;
    let mut detail = vec![format!("expected  {expected}"), format!("decided   {decided}")];
    detail.extend(reasons(&failure.reasons));
    Finding {
        kind: "table",
        message: format!("agent {agent}, user {user}, tool {tool}: expected {expected}, decided {decided}"),
        detail,
        at: Place::from(&failure.at),
        related: related(&failure.reasons.rules),
        warning: false,
    }
}

/// Why something was decided, line by line.
fn reasons(reasons: &Reasons) -> Vec<String> {
    let ask = |ask: &Lacking| format!("approval  {} from {}: {}", ask.count, ask.from, ask.missing.replace('_', " "));
    let mut lines: Vec<String> = reasons.asks.iter().map(ask).collect();
    lines.extend(rules(&reasons.rules, "named"));
    lines.extend(reasons.asked.iter().flat_map(asked));
    lines
}

/// What a rule asked that was not true.
fn asked(one: &AskedRule) -> Vec<String> {
    let place = rule_place(&one.rule).text();
    let mut lines = vec![format!("asked     {} \"{}\" at {place}: {}", one.rule.effect, one.rule.rule, one.value)];
    for clause in &one.clauses {
        lines.push(format!("          {}: {}", clause.value, clause.text));
        lines.extend(clause.causes.iter().map(|cause| format!("            {cause}")));
    }
    lines
}

fn of_recording(project: &Project<'_>, recording: &RecordingReport) -> Suite {
    let name = format!("{}: {}", project.name, recording.name);
    let file = Place::of_file(&recording.name);
    let mut cases = Vec::new();
    if let Some(why) = &recording.unread {
        let end = End::Error(vec![plain("recording", why.clone(), file.clone())]);
        cases.push(Case { name: "is read".to_owned(), at: file, end });
        return Suite { name, cases };
    }
    let counts = &recording.counts;
    let judged = counts.compared + counts.expected;
    let good = judged.saturating_sub(counts.differences);
    if good > 0 {
        let name = format!("{good} of {judged} decisions are as expected");
        cases.push(Case { name, at: file.clone(), end: End::Passed });
    }
    cases.extend(recording.differences.iter().map(|one| difference(&recording.name, one)));
    if let Some(problem) = &recording.golden_problem {
        let message = format!("the golden decisions do not fit the recording: {problem:?}");
        let end = End::Failed(vec![plain("golden", message, file.clone())]);
        cases.push(Case { name: "golden decisions fit".to_owned(), at: file.clone(), end });
    }
    for record in &recording.malformed {
        let at = Place::of_record(&recording.name, record.place.line);
        let field = if record.field.is_empty() { String::new() } else { format!("`{}`: ", record.field) };
        let finding = plain("malformed", format!("{field}{}", record.message), at.clone());
        cases.push(Case { name: format!("line {} is read", record.place.line), at, end: End::Error(vec![finding]) });
    }
    for (reason, count) in &counts.not_evaluable {
        let at = recording.not_evaluable.get(reason.as_str());
        let at = at.map_or(file.clone(), |place| Place::of_record(&recording.name, place.line));
        let why = format!("{count} not evaluable, {reason}: {}", NotEvaluable::remedy(reason));
        cases.push(Case { name: format!("{reason} ({count})"), at, end: End::Skipped(why) });
    }
    if judged == 0 && cases.is_empty() {
        let why = format!("{} actions, nothing to compare them with", counts.actions);
        cases.push(Case { name: "nothing to compare with".to_owned(), at: file, end: End::Skipped(why) });
    }
    Suite { name, cases }
}

fn difference(recording: &str, difference: &Difference) -> Case {
    let record = Place::of_record(recording, difference.place.line);
    let old = expected(&difference.old);
    let new = verdict(&difference.new);
    let call = difference.call.as_ref().map(|call| format!(" ({call})")).unwrap_or_default();
    let mut detail = vec![format!("was       {old}"), format!("now       {new}")];
    detail.extend(rules(&difference.rules, "before"));
    // The rule that decides now is what a reader of a change wants to see.
    let decides = difference.rules.iter().find(|rule| rule.decides).map(rule_place);
    let mut related = related(&difference.rules);
    related.push((record.clone(), "the recorded action".to_owned()));
    let finding = Finding {
        kind: "decision",
        message: format!("{}{call}: was {old}, now {new}", difference.tool),
        detail,
        at: decides.unwrap_or_else(|| record.clone()),
        related,
        warning: false,
    };
    let name = format!("line {}: {}{call}", difference.place.line, difference.tool);
    Case { name, at: record, end: End::Failed(vec![finding]) }
}

fn of_policy(broken: &Broken<'_>) -> Suite {
    let mut findings: Vec<Finding> =
        broken.unreadable.iter().map(|why| plain("unreadable", why.clone(), Place::of_file(broken.name))).collect();
    findings.extend(broken.diagnostics.iter().map(|one| diagnostic(one, broken.sources)));
    let at = findings.first().map_or_else(|| Place::of_file(broken.name), |first| first.at.clone());
    let cases = vec![Case { name: "the policy can be used".to_owned(), at, end: End::Error(findings) }];
    Suite { name: broken.name.to_owned(), cases }
}

fn diagnostic(diagnostic: &Diagnostic, sources: &SourceMap) -> Finding {
    let place = |span| {
        let (file, at) = sources.locate(span);
        Place { file: relative(file), line: u64::from(at.line), column: u64::from(at.column) }
    };
    let labels = diagnostic.labels.iter();
    let related = labels.clone().skip(1).map(|label| (place(label.span), label.text.clone())).collect();
    Finding {
        kind: diagnostic.code.as_str(),
        message: diagnostic.title.clone(),
        detail: diagnostic.help.iter().map(|help| format!("help: {help}")).collect(),
        at: labels.clone().next().map(|label| place(label.span)).unwrap_or_default(),
        related,
        warning: diagnostic.severity != Severity::Error,
    }
}

fn plain(kind: &'static str, message: String, at: Place) -> Finding {
    Finding { kind, message, detail: Vec::new(), at, related: Vec::new(), warning: false }
}

fn related(rules: &[RulePlace]) -> Vec<(Place, String)> {
    rules.iter().map(|rule| (rule_place(rule), format!("{} \"{}\"", rule.effect, rule.rule))).collect()
}

fn rule_place(rule: &RulePlace) -> Place {
    Place { file: relative(&rule.file), line: u64::from(rule.line), column: u64::from(rule.column) }
}

/// Where rules stand; `other` is what one is called that does not decide.
fn rules(rules: &[RulePlace], other: &str) -> impl Iterator<Item = String> {
    rules.iter().map(move |rule| {
        let word = if rule.decides { "rule" } else { other };
        format!("{word:<8}  {} \"{}\" at {}", rule.effect, rule.rule, rule_place(rule).text())
    })
}

/// Returns `deny, denied_by_rule, by acme.files: no secrets`.
pub(crate) fn verdict(verdict: &Verdict) -> String {
    let mut text = verdict.outcome.replace('_', " ");
    if verdict.code != verdict.outcome {
        text.push_str(&format!(", {}", verdict.code));
    }
    if !verdict.rules.is_empty() {
        text.push_str(&format!(", by {}", verdict.rules.join("; ")));
    }
    text
}

fn expected(expected: &Expected) -> String {
    match expected {
        Expected::Golden(old) => verdict(old),
        Expected::Ruling { outcome, decider } => {
            let by = decider.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
            format!("{}{by}, when it was recorded", outcome.replace('_', " "))
        }
        Expected::Record { outcome, code, rule } => {
            let mut text = outcome.replace('_', " ");
            text.extend(code.iter().map(|code| format!(", {code}")));
            text.extend(rule.iter().map(|rule| format!(", by {rule}")));
            text
        }
    }
}

/// How many cases ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) skipped: usize,
    pub(crate) failed: usize,
    pub(crate) errors: usize,
}

impl Tally {
    pub(crate) fn of(suites: &[Suite]) -> Tally {
        let mut tally = Tally::default();
        for case in suites.iter().flat_map(|suite| &suite.cases) {
            *match case.end {
                End::Passed => &mut tally.passed,
                End::Skipped(_) => &mut tally.skipped,
                End::Failed(_) => &mut tally.failed,
                End::Error(_) => &mut tally.errors,
            } += 1;
        }
        tally
    }
}

impl Case {
    /// What is wrong.
    pub(crate) fn findings(&self) -> &[Finding] {
        match &self.end {
            End::Failed(findings) | End::Error(findings) => findings,
            End::Passed | End::Skipped(_) => &[],
        }
    }
}
