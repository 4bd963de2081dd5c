//! Going through lists, maps and pairs: `any`, `all`, and the folds.
//!
//! At most two nest, and the inner one goes through what belongs to the outer element, or through a list written out:
//! then finitely many elements decide every question about the rule.

use super::Typer;
use super::typed::Typed;
use super::types::has_order;
use crate::policy::{Each, Expr, ExprKind, LocalId, Type};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, Comprehension, ExprKind as Written, Quantifier};

/// How deep quantifiers nest.
const MAX_QUANTIFIERS: usize = 2;

/// What is gone through, opened for a body.
pub(super) struct Opened {
    over: Expr,
    first: LocalId,
    second: Option<LocalId>,
    /// The type of what is chosen from: the element.
    element: Type,
    bindings: usize,
}

impl<'a> Typer<'_, 'a> {
    pub(super) fn quantified(
        &mut self,
        quantifier: Quantifier,
        names: &[ast::Name<'a>],
        over: &ast::Expr<'a>,
        body: &ast::Expr<'a>,
        span: Span,
    ) -> Typed {
        let word = match quantifier {
            Quantifier::Any => "any",
            Quantifier::All => "all",
        };
        let Some(opened) = self.open(word, names, over, span, false) else { return self.undecided(span) };
        let (each, _) = self.close(opened, |this, _| Typed::plain(this.truth(body)));
        let kind = match quantifier {
            Quantifier::Any => ExprKind::Any(each),
            Quantifier::All => ExprKind::All(each),
        };
        self.condition_node(kind, span)
    }

    pub(super) fn comprehension(
        &mut self,
        kind: Comprehension,
        names: &[ast::Name<'a>],
        over: &ast::Expr<'a>,
        body: &ast::Expr<'a>,
        span: Span,
        asked: Option<&Type>,
    ) -> Typed {
        let word = word_of(kind);
        let chooses = matches!(kind, Comprehension::First | Comprehension::Last);
        let reads = chooses && is_lookup(names, body);
        let Some(opened) = self.open(word, names, over, span, reads) else { return self.unknown(span).at(span) };
        let asked = asked.filter(|ty| matches!(ty, Type::Decimal { .. }));
        let element = opened.element.clone();
        let is_list = matches!(opened.over.ty, Type::List(..));
        let (each, body_at) = self.close(opened, |this, _| match kind {
            Comprehension::Count | Comprehension::First | Comprehension::Last => Typed::plain(this.truth(body)),
            Comprehension::Sum | Comprehension::Min | Comprehension::Max => {
                let typed = this.infer(body, asked);
                let at = typed.at;
                Typed::plain(this.operand(typed)).at(at)
            }
        });
        let value = each.body.ty.clone();
        if value == Type::Unknown {
            return self.unknown(span).at(span);
        }
        let (kind, ty) = match kind {
            Comprehension::Count => (ExprKind::CountWhere(each), Type::Int),
            Comprehension::First | Comprehension::Last if !is_list => return self.not_chosen(word, over.span, span),
            Comprehension::First => (ExprKind::FirstWhere(each), element),
            Comprehension::Last => (ExprKind::LastWhere(each), element),
            Comprehension::Sum | Comprehension::Min | Comprehension::Max => {
                if !self.can_fold(word, &value, body_at) {
                    return self.unknown(span).at(span);
                }
                match kind {
                    Comprehension::Sum => (ExprKind::SumOf(each), value),
                    Comprehension::Min => (ExprKind::MinOf(each), value),
                    _ => (ExprKind::MaxOf(each), value),
                }
            }
        };
        Typed::plain(self.node(kind, ty, span)).at(span)
    }

    fn not_chosen(&mut self, word: &str, over: Span, span: Span) -> Typed {
        let title = format!("`{word}` chooses from a list");
        self.report(Diagnostic::new(Code::AP0303, title, over, "not a list"));
        self.unknown(span).at(span)
    }

    /// Returns whether values can be added up, or compared for the least.
    pub(super) fn can_fold(&mut self, word: &str, ty: &Type, at: Span) -> bool {
        let fits = match word {
            "sum" => matches!(ty, Type::Int | Type::Decimal { .. }),
            _ => has_order(ty) && *ty != Type::Float && !self.is_origin(ty),
        };
        if !fits {
            let title = format!("`{word}` does not take `{}`", self.type_name(ty));
            let help = match word {
                "sum" => "`sum` takes int and decimal",
                _ => "`min` and `max` take numbers, durations, dates, times and levels",
            };
            self.report(Diagnostic::new(Code::AP0303, title, at, format!("this is {}", self.a_type(ty))).help(help));
        }
        fits
    }

    /// Opens what is gone through and puts the names of its elements in force. What reads one element by a field, as a map
    /// is read by its key, may go through any list.
    fn open(
        &mut self,
        word: &str,
        names: &[ast::Name<'a>],
        over: &ast::Expr<'a>,
        span: Span,
        reads: bool,
    ) -> Option<Opened> {
        let typed = match over.kind {
            Written::Call(name, [left, right]) if name.text == "pairs" => self.pairs(left, right, over.span),
            _ => self.infer(over, None),
        };
        if typed.is_unknown() || self.is_bare(&typed) {
            return None;
        }
        let (first, second) = match &typed.expr.ty {
            Type::List(element, _) => ((**element).clone(), None),
            Type::Map(value, _) => (Type::String, Some((**value).clone())),
            Type::Pairs(left, right) => ((**left).clone(), Some((**right).clone())),
            ty => {
                let title = format!("`{word}` goes through lists and maps, not through `{}`", self.type_name(ty));
                let diagnostic = Diagnostic::new(Code::AP0303, title, typed.at, format!("this is {}", self.a_type(ty)));
                self.report(diagnostic);
                return None;
            }
        };
        let fits = match &typed.expr.ty {
            Type::List(..) => names.len() == 1,
            Type::Pairs(..) => names.len() == 2,
            _ => (1..=2).contains(&names.len()),
        };
        if !fits {
            let (title, help) = match names.len() {
                1 => (
                    "pairs are gone through by two names",
                    format!("write `{word} a, b in {}: ...`", self.text(over.span)),
                ),
                _ => {
                    ("a list is gone through by one name", format!("write `{word} x in {}: ...`", self.text(over.span)))
                }
            };
            let at = names.last().map_or(over.span, |name| name.span);
            self.report(Diagnostic::new(Code::AP0309, title, at, format!("{} given", names.len())).help(help));
            return None;
        }
        self.check_nesting(&typed, over.span, span, reads)?;
        Some(self.enter(typed, first, second, names))
    }

    /// Returns whether this is an empty list whose elements would be of no type; says so.
    pub(super) fn is_bare(&mut self, list: &Typed) -> bool {
        let bare = |ty: &Type| matches!(ty, Type::List(element, 0) if **element == Type::Unknown);
        let is_bare = match &list.expr.kind {
            ExprKind::Pairs(left, right) => bare(&left.ty) || bare(&right.ty),
            _ => bare(&list.expr.ty),
        };
        if is_bare {
            let title = "an empty list has no elements to ask about";
            let diagnostic = Diagnostic::new(Code::AP0303, title, list.at, "always empty");
            self.report(diagnostic.help("write its elements, or take the condition out"));
        }
        is_bare
    }

    /// Refuses what is nested too deep, or does not belong to the outer element.
    fn check_nesting(&mut self, over: &Typed, at: Span, span: Span, reads: bool) -> Option<()> {
        let Some(outer) = self.elements.last().cloned() else { return Some(()) };
        if self.elements.len() >= MAX_QUANTIFIERS {
            let title = format!("more than {MAX_QUANTIFIERS} nested questions about elements");
            let diagnostic = Diagnostic::new(Code::AP0311, title, span, "the third");
            self.report(diagnostic.help("bind the inner one with `let`, or write two rules"));
            return None;
        }
        if !reads && !self.belongs(&over.expr, &outer) {
            let title = "the inner list does not belong to the outer element";
            let diagnostic = Diagnostic::new(Code::AP0311, title, at, "another list");
            let help = "compare with `in`, read an entry, `m[key]` or `first(x in L: x.id == key)`, or walk both with \
                        `pairs(L, M)`";
            self.report(diagnostic.help(help));
            return None;
        }
        Some(())
    }

    fn belongs(&self, over: &Expr, outer: &[LocalId]) -> bool {
        match &self.resolved(over).kind {
            ExprKind::Local(local) => outer.contains(local),
            ExprKind::Field(of, _)
            | ExprKind::Attribute(of, _)
            | ExprKind::PathOf(of)
            | ExprKind::Index(of, _)
            | ExprKind::First(of)
            | ExprKind::Last(of) => self.belongs(of, outer),
            ExprKind::Otherwise(value, default) | ExprKind::If(_, value, default) => {
                self.belongs(value, outer) && self.belongs(default, outer)
            }
            ExprKind::Pairs(left, right) => self.belongs(left, outer) && self.belongs(right, outer),
            ExprKind::List(_) => true,
            _ => false,
        }
    }

    fn enter(&mut self, over: Typed, first: Type, second: Option<Type>, names: &[ast::Name<'a>]) -> Opened {
        let (secret, declared) = (over.secret, over.declared.clone());
        let over = self.guarded(over).expr;
        let bindings = self.bindings.len();
        let local = self.fresh();
        let other = names.get(1).map(|_| self.fresh());
        if let ExprKind::Pairs(left, right) = &over.kind {
            self.trace(local, left);
            self.remember(local, left);
            other.iter().for_each(|other| {
                self.trace(*other, right);
                self.remember(*other, right);
            });
        } else {
            let value = if matches!(over.ty, Type::Map(..)) { other } else { Some(local) };
            value.iter().for_each(|value| {
                self.trace(*value, &over);
                self.remember(*value, &over);
            });
        }
        let element = first.clone();
        for (name, (local, ty)) in names.iter().zip([(Some(local), Some(first)), (other, second)]) {
            if let (Some(local), Some(ty)) = (local, ty) {
                let expr = Expr { kind: ExprKind::Local(local), ty, span: self.shown(name.span) };
                self.declare_element(name, expr, secret, declared.clone());
            }
        }
        self.elements.push([Some(local), other].into_iter().flatten().collect());
        Opened { over, first: local, second: other, element, bindings }
    }

    /// Types the body and takes the names out of force; returns where the body stands too.
    fn close(&mut self, opened: Opened, body: impl FnOnce(&mut Self, &Expr) -> Typed) -> (Box<Each>, Span) {
        let Opened { over, first, second, bindings, .. } = opened;
        let facts = self.facts_of_element(&over, second.unwrap_or(first));
        let body = self.knowing(facts, |this| body(this, &over));
        self.bindings.truncate(bindings);
        self.elements.pop();
        (Box::new(Each { first, second, over, body: body.expr }), body.at)
    }

    /// Types `pairs(L, M)` as what is gone through.
    fn pairs(&mut self, left: &ast::Expr<'a>, right: &ast::Expr<'a>, span: Span) -> Typed {
        let (left, right) = (self.infer(left, None), self.infer(right, None));
        let mut types = Vec::new();
        for side in [&left, &right] {
            match &side.expr.ty {
                Type::Unknown => return self.unknown(span).at(span),
                Type::List(element, _) => types.push(element.clone()),
                ty => {
                    let title = format!("`pairs` takes two lists, not `{}`", self.type_name(ty));
                    self.report(Diagnostic::new(Code::AP0303, title, side.at, format!("this is {}", self.a_type(ty))));
                    return self.unknown(span).at(span);
                }
            }
        }
        let (Some(second), Some(first)) = (types.pop(), types.pop()) else { return self.unknown(span).at(span) };
        let secret = left.secret || right.secret;
        let (left, right) = (self.guarded(left).expr, self.guarded(right).expr);
        let expr = self.node(ExprKind::Pairs(Box::new(left), Box::new(right)), Type::Pairs(first, second), span);
        Typed { secret, ..Typed::plain(expr).at(span) }
    }
}

/// Returns whether a body asks for the element of which a field is some value: `x.id == key`.
fn is_lookup(names: &[ast::Name<'_>], body: &ast::Expr<'_>) -> bool {
    let [name] = names else { return false };
    let is_field = |side: &ast::Expr<'_>| match side.kind {
        Written::Member(of, _) => matches!(of.kind, Written::Name(word) if word.text == name.text),
        _ => false,
    };
    let key = match body.kind {
        Written::Compare(ast::CompareOp::Eq, left, right) if is_field(left) => right,
        Written::Compare(ast::CompareOp::Eq, left, right) if is_field(right) => left,
        _ => return false,
    };
    let mut mentions = false;
    super::survey_names(key, |dotted| mentions |= dotted == name.text);
    !mentions
}

fn word_of(kind: Comprehension) -> &'static str {
    match kind {
        Comprehension::Count => "count",
        Comprehension::Sum => "sum",
        Comprehension::First => "first",
        Comprehension::Last => "last",
        Comprehension::Min => "min",
        Comprehension::Max => "max",
    }
}
