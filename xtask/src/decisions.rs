//! The lines that `polc test --decisions` writes, as far as the pages need them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::steps::Failure;

/// What was decided about a recorded call.
pub(crate) struct Decided {
    /// The recording: its path as the manifest gives it.
    pub(crate) recording: String,
    /// The run in it.
    pub(crate) trace: String,
    /// The number of the call in its run, from 0.
    pub(crate) step: u64,
    /// The tool.
    pub(crate) tool: String,
    /// `allow`, `require_approval`, `throttle`, `deny` or `not_evaluable`.
    pub(crate) outcome: String,
    /// The deciding code.
    pub(crate) code: String,
    /// The denials that stood in the way, bare names, and whether their conditions are sure.
    pub(crate) denials: Vec<(String, bool)>,
}

impl Decided {
    /// The recording's file name without its endings.
    pub(crate) fn file(&self) -> &str {
        let name = self.recording.rsplit('/').next().unwrap_or_default();
        name.split_once(".json").map_or(name, |(stem, _)| stem)
    }

    /// The folder that the recording lies in.
    pub(crate) fn folder(&self) -> &str {
        self.recording.rsplit('/').nth(1).unwrap_or_default()
    }

    /// The request itself was refused: nothing of it reached a rule.
    pub(crate) fn is_malformed(&self) -> bool {
        self.outcome == "deny" && !self.code.starts_with("denied_")
    }
}

/// Reads a file of lines of JSON.
pub(crate) fn lines(path: &Path) -> Result<Vec<Value>, Failure> {
    let text =
        fs::read_to_string(path).map_err(|error| Failure::Said(format!("cannot read {}: {error}", path.display())))?;
    let line =
        |line: &str| serde_json::from_str(line).map_err(|error| Failure::Said(format!("{}: {error}", path.display())));
    text.lines().map(line).collect()
}

/// Reads decisions.
pub(crate) fn read(path: &Path) -> Result<Vec<Decided>, Failure> {
    Ok(lines(path)?.iter().map(decided).collect())
}

/// A text of a line; empty where there is none.
pub(crate) fn text(line: &Value, name: &str) -> String {
    line[name].as_str().unwrap_or_default().to_owned()
}

fn decided(line: &Value) -> Decided {
    let restrictions = line["restrictions"].as_array().into_iter().flatten();
    let denials = restrictions.filter(|one| one["effect"] == "deny").map(|one| {
        let rule = text(one, "rule");
        let bare = rule.split_once(": ").map_or(rule.as_str(), |(_, bare)| bare).to_owned();
        (bare, one["sure"].as_bool().unwrap_or(false))
    });
    Decided {
        recording: text(line, "recording"),
        trace: text(line, "trace"),
        step: line["step"].as_u64().unwrap_or(u64::MAX),
        tool: text(line, "tool"),
        outcome: text(line, "outcome"),
        code: text(line, "code"),
        denials: denials.collect(),
    }
}

/// A share in percent with its 95 % interval after Wilson: `0.5 % (0.3 to 0.8)`.
pub(crate) fn share(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "none".to_owned();
    }
    let (part, whole, z) = (part as f64, whole as f64, 1.96_f64);
    let share = part / whole;
    let spread = 1.0 + z * z / whole;
    let middle = (share + z * z / (2.0 * whole)) / spread;
    let half = z * (share * (1.0 - share) / whole + z * z / (4.0 * whole * whole)).sqrt() / spread;
    let percent = |value: f64| format!("{:.1}", 100.0 * value.clamp(0.0, 1.0));
    format!("{} % ({} to {})", percent(share), percent(middle - half), percent(middle + half))
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_have_intervals() {
        assert_eq!(share(0, 253), "0.0 % (0.0 to 1.5)");
        assert_eq!(share(6, 48), "12.5 % (5.9 to 24.7)");
        assert_eq!(share(0, 0), "none");
    }
}
