//! What tests expect: outcomes, deciding rules, alerts, and what state refuses.

use crate::draft::Draft;
use crate::policy::{Approver, Claim, Effect, Expected, ModuleId, Refused};
use agentpol_diagnostics::{Code, Diagnostic, did_you_mean};
use agentpol_syntax::ast::{self, Expect};

/// The codes of denials, as decisions name them.
const DENIALS: [&str; 41] = [
    "state_unusable",
    "state_conflict",
    "clock_regressed",
    "request_too_large",
    "request_malformed",
    "agent_unidentified",
    "agent_unknown",
    "agent_suspended",
    "credential_missing",
    "credential_invalid",
    "credential_stale",
    "chain_invalid",
    "hop_undeclared",
    "direct_call_refused",
    "directory_stale",
    "user_unknown",
    "user_suspended",
    "session_unknown",
    "session_mismatch",
    "call_duplicate",
    "tool_unknown",
    "tool_changed",
    "argument_missing",
    "argument_undeclared",
    "argument_invalid",
    "context_invalid",
    "resource_missing",
    "resource_mismatch",
    "state_full",
    "internal",
    "denied_by_rule",
    "denied_unknown",
    "scope_exceeded",
    "not_entitled",
    "phase_read_only",
    "approval_rejected",
    "limit_cost_invalid",
    "limit_unreachable",
    "no_allow_unknown",
    "no_allow",
    "approvals_full",
];

/// The words with which state refuses an event.
const REFUSALS: [&str; 21] = [
    "event_malformed",
    "state_unusable",
    "state_conflict",
    "state_full",
    "clock_regressed",
    "agent_unidentified",
    "agent_unknown",
    "agent_suspended",
    "chain_invalid",
    "hop_undeclared",
    "direct_call_refused",
    "session_exists",
    "session_unknown",
    "session_mismatch",
    "call_unknown",
    "call_closed",
    "ask_unknown",
    "ask_closed",
    "person_excluded",
    "person_unknown",
    "internal",
];

/// Reads what is expected of a decision.
pub(super) fn claim(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    expect: &Expect<'_>,
    by: Option<&ast::Text<'_>>,
) -> Option<Claim> {
    let expect = expected(draft, module, expect);
    if let Some(by) = by.filter(|by| !draft.rule_names.contains(by.value)) {
        draft.unknown_rule(by.value, by.span);
    }
    Some(Claim { expect: expect?, by: by.map(|by| by.value.to_owned()) })
}

fn expected(draft: &mut Draft<'_, '_>, module: ModuleId, expect: &Expect<'_>) -> Option<Expected> {
    match expect {
        Expect::Allow => Some(Expected::Allow),
        Expect::Throttle => Some(Expected::Throttle),
        Expect::Deny(None) => Some(Expected::Deny { code: None }),
        Expect::Deny(Some(code)) => {
            if !DENIALS.contains(&code.text) {
                let help = did_you_mean(code.text, DENIALS)
                    .unwrap_or_else(|| "write a code such as `no_allow`, or `deny` alone".to_owned());
                let title = format!("no denial has the code `{}`", code.text);
                draft.report(Diagnostic::new(Code::AP0201, title, code.span, "not a code").help(help));
                return None;
            }
            Some(Expected::Deny { code: Some(code.text.to_owned()) })
        }
        Expect::RequireApproval(from) => {
            let asked: Vec<Option<Approver>> = from.iter().map(|one| approver(draft, module, one)).collect();
            Some(Expected::RequireApproval { from: asked.into_iter().collect::<Option<_>>()? })
        }
    }
}

/// Reads who is expected to be asked.
fn approver(draft: &mut Draft<'_, '_>, module: ModuleId, from: &ast::Approvers<'_>) -> Option<Approver> {
    let count = match &from.count {
        None => None,
        Some(number) => {
            let count = number.digits.parse().ok().filter(|count| *count > 0);
            if count.is_none() {
                let title = "this is no number of persons";
                let diagnostic = Diagnostic::new(Code::AP0701, title, number.span, "how many?");
                draft.report(diagnostic.help("write a whole number from 1 on"));
            }
            Some(count?)
        }
    };
    let who = match &from.group {
        None => "user".to_owned(),
        Some(path) => {
            let group = draft.group(module, path)?;
            draft.policy[group].wire.clone()
        }
    };
    Some(Approver { who, count })
}

/// Reads which rules are expected to raise an alert.
pub(super) fn alerts(draft: &mut Draft<'_, '_>, written: &[ast::Text<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(written.len());
    for name in written {
        let found = draft.policy.rules.iter().filter(|rule| rule.name == name.value);
        let kinds: Vec<(bool, &str)> =
            found.map(|rule| (matches!(rule.effect, Effect::Alert(_)), rule.effect.as_str())).collect();
        match kinds.first() {
            Some((_, other)) if !kinds.iter().any(|(alert, _)| *alert) => {
                let title = format!("`{}` raises no alert", name.value);
                let diagnostic = Diagnostic::new(Code::AP0207, title, name.span, format!("this is `{other}`"));
                draft.report(diagnostic.help(format!("write `by \"{}\"` in front of `alerts`", name.value)));
            }
            None if !draft.rule_names.contains(name.value) => draft.unknown_rule(name.value, name.span),
            _ => names.push(name.value.to_owned()),
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Reads that state is expected to refuse.
pub(super) fn refused(draft: &mut Draft<'_, '_>, refusal: Option<&ast::Refusal<'_>>) -> Option<Refused> {
    let code = refusal?.code.as_ref();
    if let Some(code) = code.filter(|code| !REFUSALS.contains(&code.text)) {
        let help = did_you_mean(code.text, REFUSALS)
            .unwrap_or_else(|| "write a word such as `person_excluded`, or `refused` alone".to_owned());
        let title = format!("nothing is refused with `{}`", code.text);
        draft.report(Diagnostic::new(Code::AP0201, title, code.span, "not a refusal").help(help));
    }
    Some(Refused { code: code.map(|code| code.text.to_owned()) })
}
