//! The main data of `PrivacyLens`: for each case the text of a trajectory, `Action:`, `Action Input:` and `Observation:` in
//! turn, and the action that is to come last, whose arguments nobody gives.

use crate::action::{Arguments, Issuer, Speaker, ToolResult, Trace};
use crate::conversation::{Call, Conversation};
use crate::document::Node;
use crate::error::RecordError;
use crate::format::Format;
use crate::importers::parts::{fallback_id, stranger, written};
use crate::importers::{Items, Setting};
use crate::json::Cursor;

const ACTION: &str = "Action:";
const INPUT: &str = "Action Input:";
const OBSERVATION: &str = "Observation:";

/// Reads a case.
pub(super) fn read(node: &Node<'_>, setting: Setting<'_>) -> Items {
    let mut conversation = Conversation::default();
    if let Err(error) = case(&mut conversation, node, setting) {
        conversation.error(error);
    }
    conversation.finish()
}

fn case(conversation: &mut Conversation, node: &Node<'_>, setting: Setting<'_>) -> Result<(), RecordError> {
    let case = node.object()?;
    let trajectory = case.inner("trajectory")?.ok_or_else(|| stranger(node, Format::PrivacyLens))?;
    let id = case.label("name").unwrap_or_else(|| fallback_id(node, setting));
    let seed = case.inner("seed")?;
    let trace = Trace {
        session: Some(id.clone()),
        task: Some(id.clone()),
        id,
        user: trajectory.label("user_email"),
        domain: seed.and_then(|seed| seed.label("data_type")),
        ..Trace::default()
    };
    conversation.enter("", || trace);
    conversation.hear(Speaker::User, trajectory.string("user_instruction")?.unwrap_or_default());
    let text = trajectory.require("executable_trajectory")?;
    for Step { tool, input, observation } in steps(&text.string()?) {
        let args = input.map_or(Arguments::Absent, |input| written(&input));
        let result = observation.map(|text| ToolResult { is_error: false, text });
        conversation.call(&text, Call { result, ..Call::of(Issuer::Agent, tool, args) });
    }
    if let Some(last) = trajectory.get("final_action") {
        conversation.call(&last, Call::of(Issuer::Agent, last.string()?, Arguments::Absent));
    }
    Ok(())
}

/// One action of a trajectory.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    tool: String,
    input: Option<String>,
    observation: Option<String>,
}

/// The actions of a text. A line that begins with none of the three words goes on with what stands before it.
fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.split_inclusive('\n') {
        if let Some(input) = line.strip_prefix(INPUT) {
            if let Some(step) = steps.last_mut() {
                let (input, rest) = split_input(input);
                step.input = Some(input.to_owned());
                step.observation = rest.map(str::to_owned);
            }
        } else if let Some(tool) = line.strip_prefix(ACTION) {
            steps.push(Step { tool: tool.trim().to_owned(), input: None, observation: None });
        } else if let Some(step) = steps.last_mut() {
            let begins = line.strip_prefix(OBSERVATION);
            match (&mut step.observation, begins, &mut step.input) {
                (Some(observation), _, _) => observation.push_str(line),
                (none @ None, Some(begins), _) => *none = Some(begins.to_owned()),
                (None, None, Some(input)) => input.push_str(line),
                (None, None, None) => {}
            }
        }
    }
    for step in &mut steps {
        for text in [&mut step.input, &mut step.observation].into_iter().flatten() {
            *text = text.trim().to_owned();
        }
    }
    steps
}

/// An input, and the observation that some trajectories write on the same line.
fn split_input(line: &str) -> (&str, Option<&str>) {
    let mut cursor = Cursor::new(line);
    let length = cursor.value().map_or(0, |_| cursor.at);
    match line[length..].find(OBSERVATION) {
        Some(at) => (&line[..length + at], Some(&line[length + at + OBSERVATION.len()..])),
        None => (line, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_actions() {
        let text = "Action: A\nAction Input: {\"x\": \"Observation: no\"}\nObservation: {\n \"y\": 1}\nAction: B\nAction Input: {}Observation: z";
        let step = |tool: &str, input: &str, observation: &str| Step {
            tool: tool.to_owned(),
            input: Some(input.to_owned()),
            observation: Some(observation.to_owned()),
        };
        assert_eq!(steps(text), [step("A", "{\"x\": \"Observation: no\"}", "{\n \"y\": 1}"), step("B", "{}", "z")]);
        assert_eq!(steps("Observation: x\n"), []);
    }
}
