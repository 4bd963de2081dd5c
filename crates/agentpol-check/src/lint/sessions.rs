//! What rests on sessions where nobody vouches for them (semantics L5).

use super::{Surface, called};
use crate::policy::{Alarm, Effect, Expr, ExprKind, Key, Reach, Rule};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};

/// Looks at the rules of a program with `sessions unvouched`: each is told once.
pub(super) fn look(surface: &Surface<'_, '_>, diagnostics: &mut Diagnostics) {
    if !surface.policy.sessions_unvouched {
        return;
    }
    for rule in &surface.policy.rules {
        let help = "write `by user` or `by agent` in its block";
        let found = match asked(rule) {
            Some(span) => Some((span, "asks about this session alone", help)),
            None if counts(rule) => Some((rule.span, "counts by session", "write `per user` or `per agent`")),
            None => None,
        };
        if let Some((span, label, help)) = found {
            let title = format!("{} rests on sessions that nobody vouches for", called(rule));
            diagnostics.push(Diagnostic::new(Code::AP0626, title, span, label).help(help));
        }
    }
}

/// The first question about earlier calls of the session.
fn asked(rule: &Rule) -> Option<Span> {
    let mut parts = super::walk::parts(rule).into_iter();
    let of_session = |expr: &Expr| matches!(&expr.kind, ExprKind::Earlier(earlier) if earlier.reach == Reach::Session);
    parts.find(|part| of_session(part.expr)).map(|part| part.expr.span)
}

fn counts(rule: &Rule) -> bool {
    let keys = match &rule.effect {
        Effect::Limit(rate) => &rate.keys,
        Effect::Alert(alert) => match &alert.alarm {
            Alarm::Rate(rate) => &rate.keys,
            Alarm::Novel { keys, .. } => keys,
            Alarm::Match => return false,
        },
        Effect::Allow | Effect::Entitle | Effect::Deny | Effect::RequireApproval(_) => return false,
    };
    keys.iter().any(|key| matches!(key, Key::Session))
}
