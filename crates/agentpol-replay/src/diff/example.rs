//! The first action of each change, as reports show it.

use agentpol_trace::{Action, Arguments};
use serde::Serialize;

use super::history::Earlier;
use super::trial::{NoTest, Test};
use crate::report::RecordPlace;

/// The longest arguments that are kept, in characters.
const LONGEST: usize = 2_048;

/// An action that is decided otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The recording.
    pub recording: String,
    /// The number of that recording in the comparison.
    #[serde(skip)]
    pub(super) number: usize,
    /// Where it stands.
    pub place: RecordPlace,
    /// Its number in the recording.
    pub seq: u64,
    /// The run.
    pub run: String,
    /// The number of the call in its run, from 0, whoever made the calls before.
    pub step: u64,
    /// The id of the call.
    pub call: Option<String>,
    /// The arguments.
    pub args: Shown,
    /// What of the run before it is needed for the change; nothing where it was not looked for.
    pub earlier: Option<Earlier>,
    /// A test that passes with the new policy and fails with the old one.
    pub test: Option<Test>,
    /// Why there is none.
    pub no_test: Option<NoTest>,
}

/// A text that may have been cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// As much of it as is kept.
    pub text: String,
    /// How many characters were left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Shown {
    fn new(text: &str) -> Shown {
        let kept: String = text.chars().take(LONGEST).collect();
        let left_out = text[kept.len()..].chars().count() as u64;
        Shown { text: kept, left_out }
    }

    /// The arguments of a call, as they were recorded.
    pub(super) fn arguments(action: &Action) -> Shown {
        match &action.args {
            Arguments::Object(json) | Arguments::NotAnObject(json) => Shown::new(json.text()),
            Arguments::Unparsable { raw, .. } => Shown::new(raw),
            Arguments::Absent => Shown::default(),
        }
    }
}

impl Example {
    pub(super) fn new(number: usize, recording: &str, action: &Action, step: u64) -> Example {
        Example {
            recording: recording.to_owned(),
            number,
            place: RecordPlace::from(&action.place),
            seq: action.seq,
            run: action.trace.session.as_deref().unwrap_or(&action.trace.id).to_owned(),
            step,
            call: action.call.clone(),
            args: Shown::arguments(action),
            earlier: None,
            test: None,
            no_test: None,
        }
    }
}
