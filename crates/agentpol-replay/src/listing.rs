//! Every decision of a replay as a line of JSON, with all rules that stood in the way.

use serde::Serialize;

use crate::verdict::Verdict;

/// One line.
#[derive(Debug, Serialize)]
pub(crate) struct Line<'l> {
    /// The recording.
    pub(crate) recording: &'l str,
    /// The run in it.
    pub(crate) trace: &'l str,
    /// The number of the call in its run, from 0, whoever made the calls before.
    pub(crate) step: u64,
    /// The number of the call in the recording, from 1.
    pub(crate) seq: u64,
    /// The tool.
    pub(crate) tool: &'l str,
    /// The decision, or why there is none.
    #[serde(flatten)]
    pub(crate) verdict: &'l Verdict,
    /// Every rule that stood in the way, whether it decided or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) restrictions: Vec<Restriction>,
    /// Alerts that were raised, as `MODULE: NAME`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) alerts: Vec<String>,
}

/// A rule that stood in the way.
#[derive(Debug, Serialize)]
pub(crate) struct Restriction {
    /// The rule as `MODULE: NAME`.
    pub(crate) rule: String,
    /// The words of its effect.
    pub(crate) effect: &'static str,
    /// Its conditions hold; else they are not known, and restrict for that.
    pub(crate) sure: bool,
}

impl Line<'_> {
    /// Writes the line.
    pub(crate) fn write(&self, out: &mut String) {
        if let Ok(line) = serde_json::to_string(self) {
            out.push_str(&line);
            out.push('\n');
        }
    }
}
