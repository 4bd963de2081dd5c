//! What was decided about one action, in the words that goldens and reports use.

use serde::Serialize;

use crate::request::NotEvaluable;

/// The word in place of an outcome for an action that was not judged. The engine never says it.
pub const NOT_EVALUABLE: &str = "not_evaluable";

/// A decision in short, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// `allow`, `require_approval`, `throttle`, `deny`, or [`NOT_EVALUABLE`].
    pub outcome: String,
    /// The deciding code; for an action that was not judged the reason.
    pub code: String,
    /// The deciding rules as `MODULE: NAME`, by module and name, at most sixteen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The code with all rules live, where some are only in observation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would: Option<String>,
    /// The argument that a code of arguments speaks of, a JSON Pointer into them; not in goldens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argument: Option<String>,
}

impl Verdict {
    /// Whether two verdicts are the same as far as goldens tell.
    pub(crate) fn is_as(&self, other: &Verdict) -> bool {
        let told = |verdict: &Verdict| Verdict { argument: None, ..verdict.clone() };
        told(self) == told(other)
    }
}

impl From<&NotEvaluable> for Verdict {
    fn from(reason: &NotEvaluable) -> Verdict {
        Verdict {
            outcome: NOT_EVALUABLE.to_owned(),
            code: reason.name().to_owned(),
            rules: Vec::new(),
            would: None,
            argument: None,
        }
    }
}
