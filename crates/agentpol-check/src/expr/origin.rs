//! `origin(E)`: what it may be asked about, and that trust is only read where more of it loosens.
//!
//! Origins are ordered, and the host may lower them; a decision must never become milder by that. So `origin(...) >= x`
//! stands where true loosens, `origin(...) < x` where true tightens. Both are checked on the typed condition, after
//! definitions have been written out.

use super::grounds::Effect;
use super::typed::Typed;
use super::{Place, Typer, WhichClause};
use crate::policy::{CompareOp, Expr, ExprKind, LevelId, LocalId, Type};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, ExprKind as Written};

impl<'a> Typer<'_, 'a> {
    pub(super) fn origin_level(&self) -> Option<LevelId> {
        let levels = &self.cx.policy.levels;
        let at = levels.iter().position(|level| level.module.is_none() && level.name == "origin")?;
        Some(LevelId(u32::try_from(at).ok()?))
    }

    pub(super) fn is_origin(&self, ty: &Type) -> bool {
        matches!(ty, Type::Level(id) if self.cx.policy[*id].module.is_none() && self.cx.policy[*id].name == "origin")
    }

    /// Types `origin(E)`.
    pub(super) fn origin(&mut self, of: &ast::Expr<'a>, span: Span) -> Typed {
        let Some(level) = self.origin_level() else { return self.unknown(span).at(span) };
        let ty = Type::Level(level);
        if self.that.is_some() {
            let title = "where an argument came from is asked of the call at hand only";
            let diagnostic = Diagnostic::new(Code::AP0317, title, span, "of an earlier call");
            self.report(diagnostic.help("write `called { returns untrusted }` to ask what came in before"));
            return self.opaque(ty, span);
        }
        if matches!(self.place, Place::Constraint { .. } | Place::ResultKey { .. }) {
            let title = "`origin` cannot be asked here";
            self.report(Diagnostic::new(Code::AP0316, title, span, "not known where this is asked"));
            return self.opaque(ty, span);
        }
        let of = match of.kind {
            Written::Name(name) if name.text == "args" && self.binding("args").is_none() => {
                Typed::plain(self.node(ExprKind::Args, Type::Json, of.span)).at(of.span)
            }
            _ => self.infer(of, None),
        };
        if of.is_unknown() && !matches!(self.place, Place::Definition) {
            return self.opaque(ty, span);
        }
        if !of.is_unknown() && !self.is_traced(&of.expr) && !self.shows_later(&of.expr) {
            let title = "`origin` is asked about an argument of the call";
            let diagnostic = Diagnostic::new(Code::AP0303, title, of.at, "not an argument");
            let help = match &of.expr.kind {
                ExprKind::Part(..) => "ask about the whole argument, without the part",
                _ => "write `origin(args.NAME)`, or name an element of an argument",
            };
            self.report(diagnostic.help(help));
            return self.opaque(ty, span);
        }
        let of = self.guarded(of).expr;
        Typed::plain(self.node(ExprKind::Origin(Box::new(of)), ty, span)).at(span)
    }

    /// A value of a known type that could not be typed further; that has been told.
    pub(super) fn opaque(&mut self, ty: Type, span: Span) -> Typed {
        Typed::plain(self.node(ExprKind::Local(super::OPAQUE), ty, span)).at(span)
    }

    /// Returns whether the host can say where a value comes from: it is an argument, inside one, or written here.
    fn is_traced(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Args | ExprKind::Arg(_) | ExprKind::Literal(_) => true,
            ExprKind::Field(of, _) | ExprKind::Index(of, _) | ExprKind::First(of) | ExprKind::Last(of) => {
                self.is_traced(of)
            }
            ExprKind::FirstWhere(each) | ExprKind::LastWhere(each) => self.is_traced(&each.over),
            ExprKind::Otherwise(value, default) | ExprKind::If(_, value, default) => {
                self.is_traced(value) && self.is_traced(default)
            }
            ExprKind::List(elements) => elements.iter().all(|element| self.is_traced(element)),
            ExprKind::Local(local) => match self.value_of(*local) {
                Some(value) => self.is_traced(value),
                None => self.traced.contains(local),
            },
            _ => false,
        }
    }

    /// Notes that a local is an element of something whose origin is known, if it is.
    pub(super) fn trace(&mut self, local: LocalId, over: &Expr) {
        if self.is_traced(over) {
            self.traced.push(local);
        }
    }

    /// Checks what a comparison of origins may look like.
    pub(super) fn origin_comparable(&mut self, ordered: bool, left: &Typed, right: &Typed, span: Span) -> bool {
        if !self.is_origin(&left.expr.ty) && !self.is_origin(&right.expr.ty) {
            return true;
        }
        if !ordered {
            self.report_origin_by_equality(span);
            return false;
        }
        if left.literal().is_none() && right.literal().is_none() {
            let title = "an origin is compared with one of its values";
            let diagnostic = Diagnostic::new(Code::AP0308, title, span, "both sides are asked");
            self.report(diagnostic.help("write `>= trusted`, or another of untrusted, model, trusted, user, system"));
            return false;
        }
        true
    }

    pub(super) fn report_origin_by_equality(&mut self, span: Span) {
        let title = "an origin is compared by order only";
        let diagnostic = Diagnostic::new(Code::AP0303, title, span, "by equality");
        self.report(
            diagnostic.help("write `origin(...) >= user` where more trust loosens, `< trusted` where less tightens"),
        );
    }

    /// Checks that trust loosens and risk tightens, all over a condition of a rule.
    pub(super) fn check_polarity(&mut self, condition: &Expr, clause: WhichClause) {
        let Place::Rule { grants, .. } = self.place else { return };
        self.walk_polarity(condition, Effect::of(grants, clause));
    }

    fn walk_polarity(&mut self, expr: &Expr, effect: Effect) {
        match &expr.kind {
            ExprKind::Not(of) => self.walk_polarity(of, effect.opposite()),
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                parts.iter().for_each(|part| self.walk_polarity(part, effect));
            }
            ExprKind::Any(each) | ExprKind::All(each) => {
                self.walk_polarity(&each.over, Effect::Either);
                self.walk_polarity(&each.body, effect);
            }
            ExprKind::If(condition, then, other) => {
                self.walk_polarity(condition, Effect::Either);
                self.walk_polarity(then, effect);
                self.walk_polarity(other, effect);
            }
            ExprKind::Let(_, _, body) => self.walk_polarity(body, effect),
            ExprKind::Local(local) => {
                if let Some(value) = self.value_of(*local).cloned() {
                    self.walk_polarity(&value, effect);
                }
            }
            ExprKind::OriginIn(of, _) => {
                let help = format!(
                    "put `not` before it, or move the test where it loosens: `unless {}`",
                    self.text(expr.span)
                );
                self.check_trust(true, effect, help, expr.span);
                self.walk_polarity(of, Effect::Either);
            }
            ExprKind::Compare(op, left, right) if self.is_origin(&left.ty) || self.is_origin(&right.ty) => {
                self.check_comparison(*op, left, right, effect, expr.span);
                // Which value is asked about may itself hang on trust.
                [left, right].into_iter().for_each(|side| self.walk_polarity(side, Effect::Either));
            }
            ExprKind::Compare(op, left, right) if self.is_label(left) || self.is_label(right) => {
                self.check_label(*op, self.is_label(left), effect, expr.span);
                let other = if self.is_label(left) { right } else { left };
                self.walk_polarity(other, Effect::Either);
            }
            ExprKind::SessionLabel(_) => self.check_label(CompareOp::Ge, true, Effect::Either, expr.span),
            ExprKind::Earlier(earlier) => {
                self.check_asked(earlier, effect, expr.span);
                earlier.now().into_iter().for_each(|now| self.walk_polarity(now, Effect::Either));
            }
            _ => expr.children().into_iter().for_each(|child| self.walk_polarity(child, Effect::Either)),
        }
    }

    fn check_comparison(&mut self, op: CompareOp, left: &Expr, right: &Expr, effect: Effect, span: Span) {
        let origin_on_the_left = !matches!(left.kind, ExprKind::Literal(_));
        let trusts = matches!(op, CompareOp::Ge | CompareOp::Gt) == origin_on_the_left;
        let (_, level) = if origin_on_the_left { (left, right) } else { (right, left) };
        let member = match &level.kind {
            ExprKind::Literal(crate::policy::Value::Level(id, at)) => {
                self.cx.policy[*id].members.get(*at as usize).cloned()
            }
            _ => None,
        };
        let member = member.unwrap_or_else(|| "trusted".to_owned());
        let help = match trusts {
            true => format!(
                "write `< {member}` in this place, or move the test where it loosens: `unless origin(...) >= {member}`"
            ),
            false => format!(
                "write `>= {member}` in this place, or move the test where it tightens: `when origin(...) < {member}`"
            ),
        };
        self.check_trust(trusts, effect, help, span);
    }

    /// Says where trust, or the lack of it, stands the wrong way round; `help` is the edit for a test that does.
    pub(super) fn check_trust(&mut self, trusts: bool, effect: Effect, help: String, span: Span) {
        let wanted = if trusts { Effect::Loosens } else { Effect::Tightens };
        if effect == wanted {
            return;
        }
        let (title, help) = match (effect, trusts) {
            (Effect::Either, _) => (
                "an origin is read where it cannot be told whether trust loosens",
                "compare it directly in `when` or `unless`, joined by `and`, `or`, `not`".to_owned(),
            ),
            (_, true) => ("more trust would tighten here", help),
            (_, false) => ("less trust would loosen here", help),
        };
        let label = if trusts { "true for what is trusted" } else { "true for what is not trusted" };
        self.report(Diagnostic::new(Code::AP0313, title, span, label).help(help));
    }
}
