//! Writing a test: the calls that show a change, and what is expected of them, in the language's words.

use agentpol::Program;
use agentpol::policy::{Group, Policy, ResultType, Scenario, ToolId, Type};
use agentpol_trace::{Action, Arguments, yaml_to_json};

use super::Written;
use super::class::{Class, Decided};
use super::literal::{Writer, text};
use super::paper::{Line, Paper};
use super::rules::find;
use super::stage::{Asked, Stage, duration};
use super::trial::NoTest;
use crate::manifest::Answers;

/// A test being written.
pub(super) struct Draft<'d, 'p> {
    pub(super) stage: Stage<'p>,
    pub(super) written: Written<'p>,
    pub(super) old: &'d Program,
    pub(super) group: &'d super::Group,
    pub(super) answers: Answers,
}

impl Draft<'_, '_> {
    /// Writes it.
    pub(super) fn write(&mut self, calls: &[(&Action, Asked)]) -> Result<Paper, NoTest> {
        let policy = self.written.policy;
        let name = self.name();
        let taken = |test: &Scenario| test.module == self.stage.module && test.name == name;
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
        let opening = format!("  // before: {}\n  {given}\n", said(&self.group.old));
        let user =
            calls.last().and_then(|(_, asked)| asked.get("user")?.members().into_iter().find(|(key, _)| key == "id"));
        let user = user.map(|(_, id)| id.text().to_owned());
        let group = |group: &Group| (group.wire.clone(), (policy[group.module].name.clone(), group.name.clone()));
        let groups = policy.groups.iter().map(group).collect();
        Ok(Paper { name, module, uses: self.stage.uses.clone(), opening, lines, user, groups })
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
            // Whoever is named must be all who are asked.
            "require_approval" if new.asks == old.asks || new.asks.is_empty() => "require approval".to_owned(),
            "require_approval" => {
                let from = |ask: &super::class::Asked| match (ask.from.as_str(), ask.count) {
                    ("user", _) => Some("from user".to_owned()),
                    (group, 1) => Some(format!("from {}", self.stage.group_name(group)?)),
                    (group, count) => Some(format!("from {count} of {}", self.stage.group_name(group)?)),
                };
                let from = new.asks.iter().map(from).collect::<Option<Vec<String>>>()?;
                format!("require approval {}", from.join(" and "))
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
