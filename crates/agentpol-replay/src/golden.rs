//! Golden decisions: `NAME.decisions.jsonl` beside `NAME.jsonl`, one line for each judged action, in order.

use agentpol_trace::{Place, recording_stem};
use serde::{Deserialize, Serialize};

use crate::verdict::Verdict;

/// One line of a golden file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GoldenLine {
    seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    tool: String,
    outcome: String,
    code: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    would: Option<String>,
}

/// The name of the golden file beside a recording: the recording's, its endings replaced.
pub fn golden_name(recording: &str) -> String {
    format!("{}.decisions.jsonl", recording_stem(recording).unwrap_or(recording))
}

/// Whether this is the name of a golden file.
pub fn is_golden_name(name: &str) -> bool {
    name.ends_with(".decisions.jsonl")
}

/// Writes the line of an action.
pub(crate) fn write_line(out: &mut String, identity: Identity<'_>, verdict: &Verdict) {
    let Verdict { outcome, code, rules, would, argument: _ } = verdict.clone();
    let (call, tool) = (identity.call.map(str::to_owned), identity.tool.to_owned());
    let line = GoldenLine { seq: identity.seq, call, tool, outcome, code, rules, would };
    if let Ok(line) = serde_json::to_string(&line) {
        out.push_str(&line);
        out.push('\n');
    }
}

/// What tells that a line is about an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity<'a> {
    pub(crate) seq: u64,
    pub(crate) call: Option<&'a str>,
    pub(crate) tool: &'a str,
}

/// Why a golden file does not fit its recording. From there on nothing is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[non_exhaustive]
pub enum GoldenProblem {
    /// A line that is no decision.
    Malformed {
        /// The line of the golden file.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
    /// A line about another action than the recording has there.
    OtherAction {
        /// The line of the golden file.
        line: u64,
        /// The action it is about.
        golden: String,
        /// The action in the recording.
        recorded: String,
        /// The line of the recording.
        recording_line: u64,
    },
    /// The recording goes on after the last line.
    Missing {
        /// The line that would be next.
        line: u64,
        /// The first action without one.
        recorded: String,
        /// Its line in the recording.
        recording_line: u64,
        /// How many actions have none.
        actions: u64,
    },
    /// Lines after the last action of the recording.
    Surplus {
        /// The first such line.
        line: u64,
        /// How many there are.
        lines: u64,
    },
}

/// A golden file being compared.
#[derive(Debug)]
pub(crate) struct Golden<'g> {
    lines: std::iter::Enumerate<std::str::Lines<'g>>,
    last: u64,
    pub(crate) problem: Option<GoldenProblem>,
}

impl<'g> Golden<'g> {
    pub(crate) fn new(text: &'g str) -> Golden<'g> {
        Golden { lines: text.lines().enumerate(), last: 0, problem: None }
    }

    /// The decision that the file has for the next action; nothing once it does not fit.
    pub(crate) fn next(&mut self, identity: Identity<'_>, place: &Place) -> Option<Verdict> {
        match &mut self.problem {
            Some(GoldenProblem::Missing { actions, .. }) => {
                *actions += 1;
                return None;
            }
            Some(_) => return None,
            None => {}
        }
        let Some((line, text)) = self.next_line() else {
            self.problem = Some(GoldenProblem::Missing {
                line: self.last + 1,
                recorded: describe(identity),
                recording_line: place.line,
                actions: 1,
            });
            return None;
        };
        let golden: GoldenLine = match serde_json::from_str(text) {
            Ok(golden) => golden,
            Err(error) => {
                let message = error.to_string();
                let message = message.rfind(" at line ").map_or(message.as_str(), |end| &message[..end]).to_owned();
                self.problem = Some(GoldenProblem::Malformed { line, message });
                return None;
            }
        };
        let about = Identity { seq: golden.seq, call: golden.call.as_deref(), tool: &golden.tool };
        if about != identity {
            self.problem = Some(GoldenProblem::OtherAction {
                line,
                golden: describe(about),
                recorded: describe(identity),
                recording_line: place.line,
            });
            return None;
        }
        let GoldenLine { outcome, code, rules, would, .. } = golden;
        Some(Verdict { outcome, code, rules, would, argument: None })
    }

    /// At the end of the recording: whether the file has more.
    pub(crate) fn finish(mut self) -> Option<GoldenProblem> {
        if self.problem.is_none()
            && let Some((line, _)) = self.next_line()
        {
            let lines = 1 + std::iter::from_fn(|| self.next_line()).count() as u64;
            self.problem = Some(GoldenProblem::Surplus { line, lines });
        }
        self.problem
    }

    fn next_line(&mut self) -> Option<(u64, &'g str)> {
        let (index, text) = self.lines.find(|(_, text)| !text.trim().is_empty())?;
        self.last = index as u64 + 1;
        Some((self.last, text))
    }
}

/// An action in words.
fn describe(identity: Identity<'_>) -> String {
    let Identity { seq, call, tool } = identity;
    match call {
        Some(call) => format!("action {seq}, `{tool}`, call `{call}`"),
        None => format!("action {seq}, `{tool}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(seq: u64, tool: &str) -> Identity<'_> {
        Identity { seq, call: None, tool }
    }

    fn golden(actions: &[(u64, &str)]) -> String {
        let verdict = Verdict {
            outcome: "allow".into(),
            code: "allowed".into(),
            rules: vec!["m: r".into()],
            would: None,
            argument: None,
        };
        let mut text = String::new();
        for (seq, tool) in actions {
            write_line(&mut text, identity(*seq, tool), &verdict);
        }
        text
    }

    #[test]
    fn lines_are_short_and_read_back() {
        let text = golden(&[(1, "a")]);
        assert_eq!(
            text,
            "{\"seq\":1,\"tool\":\"a\",\"outcome\":\"allow\",\"code\":\"allowed\",\"rules\":[\"m: r\"]}\n"
        );
        let mut golden = Golden::new(&text);
        let verdict = golden.next(identity(1, "a"), &Place::default());
        assert_eq!(verdict.map(|verdict| verdict.code), Some("allowed".into()));
        assert_eq!(golden.finish(), None);
    }

    #[test]
    fn a_recording_that_changed_is_one_problem() {
        let text = golden(&[(1, "a"), (2, "b"), (3, "c")]);
        let place = Place { line: 7, pointer: String::new() };
        let mut missing = Golden::new(&text);
        for (seq, tool) in [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")] {
            missing.next(identity(seq, tool), &place);
        }
        let problem = missing.finish();
        assert!(matches!(problem, Some(GoldenProblem::Missing { line: 4, actions: 2, recording_line: 7, .. })));
        let mut surplus = Golden::new(&text);
        surplus.next(identity(1, "a"), &place);
        assert_eq!(surplus.finish(), Some(GoldenProblem::Surplus { line: 2, lines: 2 }));
        let mut other = Golden::new(&text);
        other.next(identity(1, "a"), &place);
        other.next(identity(2, "x"), &place);
        other.next(identity(3, "c"), &place);
        assert!(matches!(other.finish(), Some(GoldenProblem::OtherAction { line: 2, .. })));
        let mut malformed = Golden::new("\n{\"seq\": 1}\n");
        malformed.next(identity(1, "a"), &place);
        assert!(matches!(malformed.finish(), Some(GoldenProblem::Malformed { line: 2, .. })));
    }

    #[test]
    fn names_stand_beside_the_recording() {
        assert_eq!(golden_name("desk.jsonl"), "desk.decisions.jsonl");
        assert_eq!(golden_name("runs/desk.json.gz"), "runs/desk.decisions.jsonl");
        assert!(is_golden_name("desk.decisions.jsonl") && !is_golden_name("desk.jsonl"));
    }
}
