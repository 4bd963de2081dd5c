//! Sessions that a scenario changes to.

use super::callers::{self, Caller};
use super::steps::Stage;
use super::{expected, given, requests};
use crate::draft::Draft;
use crate::policy::{Opening, Step};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast;

/// Changes to a session; the first time it is opened.
pub(super) fn change(
    draft: &mut Draft<'_, '_>,
    stage: &mut Stage<'_>,
    change: &ast::ChangeSession<'_>,
    span: Span,
) -> Option<Step> {
    let refused = expected::refused(draft, change.refused.as_ref());
    let session = given::session(draft, &change.name)?;
    let known = stage.sessions.get(&session).cloned();
    let caller = caller(draft, stage, change, known.clone().flatten());
    if known.is_some() && refused.is_none() {
        if let Some(parent) = &change.parent {
            let title = format!("the session `{session}` is open already");
            let diagnostic = Diagnostic::new(Code::AP0701, title, parent.span, "it has its parent from the first time");
            draft.report(diagnostic.help(format!("write `in session \"{session}\"` to go on in it")));
        }
        (stage.session, stage.caller) = (session, caller);
        return None;
    }
    if refused.is_none() {
        check_parent(draft, stage, change);
    }
    let parent = change.parent.map(|parent| parent.value);
    let event = caller.as_ref().zip(stage.at).and_then(|(caller, at)| requests::open(caller, &session, parent, at));
    if refused.is_none() {
        stage.sessions.insert(session.clone(), caller.clone());
        (stage.session, stage.caller) = (session.clone(), caller);
    }
    Some(Step::Open(Opening { session, event: event?, refused, span }))
}

/// Returns who acts: as it says, else as in the session before, else as `given` says; in a child for its parent's user.
fn caller(
    draft: &mut Draft<'_, '_>,
    stage: &Stage<'_>,
    change: &ast::ChangeSession<'_>,
    before: Option<Caller>,
) -> Option<Caller> {
    let mut caller = before.or_else(|| stage.first.clone());
    let parent = change.parent.and_then(|parent| stage.sessions.get(parent.value));
    if let (Some(caller), Some(Some(parent))) = (&mut caller, parent) {
        caller.user = parent.user.clone();
    }
    if let Some((agent, via)) = &change.agent {
        let chain = callers::chain(draft, stage.module, agent, via);
        caller = caller.zip(chain).map(|(caller, (actor, via))| Caller { actor, via, ..caller });
    }
    if let Some(who) = &change.user {
        let user = callers::someone(draft, stage.module, who.id.as_ref(), who.attributes);
        caller = caller.map(|caller| Caller { user, ..caller });
    }
    caller
}

/// Checks that a parent is there, and that its user is not said again.
fn check_parent(draft: &mut Draft<'_, '_>, stage: &Stage<'_>, change: &ast::ChangeSession<'_>) {
    let Some(parent) = &change.parent else { return };
    if !stage.sessions.contains_key(parent.value) {
        let title = format!("no session `{}` was opened", parent.value);
        let help = did_you_mean(parent.value, stage.sessions.keys().map(String::as_str))
            .unwrap_or_else(|| format!("write `in session \"{}\"` before it", parent.value));
        draft.report(Diagnostic::new(Code::AP0701, title, parent.span, "not before this").help(help));
    } else if let Some(who) = &change.user {
        let title = "a session has its parent's user";
        let diagnostic = Diagnostic::new(Code::AP0701, title, who.span, "a user of its own");
        draft.report(diagnostic.because(parent.span, "the parent").help("remove `for user` and what stands behind it"));
    }
}
