//! `+`, `-` and `*`, kept linear: of the factors of a product all but one are literals.

use super::Typer;
use super::typed::Typed;
use crate::policy::{ArithmeticOp, Expr, ExprKind, Type, Value};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, ExprKind as Written, Sign};

const MILLIS_PER_DAY: i64 = 86_400_000;

impl<'a> Typer<'_, 'a> {
    pub(super) fn negative(&mut self, of: &ast::Expr<'a>, span: Span, asked: Option<&Type>) -> Typed {
        if let Written::Number(number) = of.kind {
            return self.number(number, true, span, asked);
        }
        let of = self.infer(of, asked.filter(|ty| matches!(ty, Type::Decimal { .. })));
        self.negated(of, span)
    }

    /// Turns the sign of a value.
    pub(super) fn negated(&mut self, of: Typed, span: Span) -> Typed {
        match &of.expr.ty {
            Type::Unknown => self.unknown(span).at(span),
            Type::Int | Type::Decimal { .. } | Type::Duration => {
                let (ty, of) = (of.expr.ty.clone(), self.operand(of));
                Typed::plain(self.node(ExprKind::Negative(Box::new(of)), ty, span)).at(span)
            }
            ty => {
                let title = format!("`{}` has no minus", self.type_name(ty));
                self.report(Diagnostic::new(Code::AP0303, title, of.at, format!("this is {}", self.a_type(ty))));
                self.unknown(span).at(span)
            }
        }
    }

    pub(super) fn sum_of_terms(
        &mut self,
        first: &ast::Expr<'a>,
        rest: &[(Sign, ast::Expr<'a>)],
        span: Span,
        asked: Option<&Type>,
    ) -> Typed {
        let asked = asked.filter(|ty| matches!(ty, Type::Decimal { .. }));
        let mut sum = self.infer(first, asked);
        for (sign, term) in rest {
            let term = self.infer(term, asked);
            sum = self.term(sum, *sign, term, span);
        }
        sum.at(span)
    }

    pub(super) fn term(&mut self, left: Typed, sign: Sign, right: Typed, span: Span) -> Typed {
        if left.is_unknown() || right.is_unknown() {
            return self.unknown(span).at(span);
        }
        let (left, right) = self.level_numbers(left, right);
        let (left, right) = match (&left.expr.ty, sign, &right.expr.ty) {
            (Type::Duration, Sign::Plus, Type::Date | Type::DateTime { .. }) => (right, left),
            _ => (left, right),
        };
        let ty = match (&left.expr.ty, sign, &right.expr.ty) {
            (Type::Int, _, Type::Int) => Type::Int,
            (Type::Decimal { .. }, _, Type::Decimal { .. }) => Type::Decimal { as_string: false },
            (Type::Duration, _, Type::Duration) => Type::Duration,
            (Type::DateTime { .. }, _, Type::Duration) => Type::DateTime { zone: None },
            (Type::DateTime { .. }, Sign::Minus, Type::DateTime { .. }) => Type::Duration,
            (Type::Date, _, Type::Duration) => {
                if !self.is_whole_days(&right) {
                    return self.unknown(span).at(span);
                }
                Type::Date
            }
            _ => return self.no_sum(&left, sign, &right, span),
        };
        let op = match sign {
            Sign::Plus => ArithmeticOp::Add,
            Sign::Minus => ArithmeticOp::Sub,
        };
        let (left, right) = (self.operand(left), self.operand(right));
        Typed::plain(self.node(ExprKind::Arithmetic(op, Box::new(left), Box::new(right)), ty, span)).at(span)
    }

    /// A date moves by whole days that are written.
    fn is_whole_days(&mut self, duration: &Typed) -> bool {
        match duration.literal() {
            Some(Value::Duration(millis)) if millis % MILLIS_PER_DAY == 0 => return true,
            Some(_) => {
                let title = format!("a date moves by whole days, not by `{}`", self.text(duration.at));
                let diagnostic = Diagnostic::new(Code::AP0302, title, duration.at, "not a number of days");
                self.report(diagnostic.help("write `1d`, or use a time in the place of the date"));
            }
            None if self.shows_later(&duration.expr) => return true,
            None => {
                let diagnostic =
                    Diagnostic::new(Code::AP0308, "a date moves by days written here", duration.at, "not a literal");
                self.report(diagnostic.help("write `3d`, or use a time in the place of the date"));
            }
        }
        false
    }

    fn no_sum(&mut self, left: &Typed, sign: Sign, right: &Typed, span: Span) -> Typed {
        let (a, b) = (self.type_name(&left.expr.ty), self.type_name(&right.expr.ty));
        let title = match sign {
            Sign::Minus if left.expr.ty == Type::Date && right.expr.ty == Type::Date => {
                "days between two dates are not counted".to_owned()
            }
            Sign::Plus => format!("`{a}` and `{b}` have no sum"),
            Sign::Minus => format!("`{a}` and `{b}` have no difference"),
        };
        let text = |ty: &Type| super::types::is_text(ty);
        let help = match (&left.expr.ty, &right.expr.ty) {
            (Type::Date, Type::Date) => Some("move one of the two, as in `args.to <= args.from + 30d`"),
            (Type::Float, _) | (_, Type::Float) => Some("declare it as `decimal` to compute with it"),
            (a, b) if text(a) || text(b) => {
                Some("texts are not built in a policy; test each with `like` or `starts_with`")
            }
            (Type::List(..), _) | (_, Type::List(..)) => {
                Some("lists are not joined; ask about each: `... in a or ... in b`")
            }
            (Type::Date, Type::Int) => Some("write days with their unit, as in `+ 3d`"),
            (Type::DateTime { .. } | Type::Duration, Type::Int) => {
                Some("write a duration with its unit, as in `+ 24h`")
            }
            _ => None,
        };
        let diagnostic =
            Diagnostic::new(Code::AP0303, title, left.at, format!("this is {}", self.a_type(&left.expr.ty)))
                .because(right.at, format!("this is {}", self.a_type(&right.expr.ty)));
        self.report(diagnostic.maybe_help(help.map(str::to_owned)));
        self.unknown(span).at(span)
    }

    pub(super) fn product(&mut self, factors: &[ast::Expr<'a>], span: Span) -> Typed {
        let mut product: Option<Typed> = None;
        for factor in factors {
            let factor = self.infer(factor, None);
            product = Some(match product {
                None => factor,
                Some(product) => self.factor(product, factor, span),
            });
        }
        product.unwrap_or_else(|| self.unknown(span)).at(span)
    }

    fn factor(&mut self, left: Typed, right: Typed, span: Span) -> Typed {
        if left.is_unknown() || right.is_unknown() {
            return self.unknown(span).at(span);
        }
        let ty = match (&left.expr.ty, &right.expr.ty) {
            (Type::Int, Type::Int) => Type::Int,
            (Type::Decimal { .. }, Type::Int) | (Type::Int, Type::Decimal { .. }) => Type::Decimal { as_string: false },
            (Type::Decimal { .. }, Type::Decimal { .. }) => {
                let title = "two decimals are not multiplied";
                let diagnostic = Diagnostic::new(Code::AP0311, title, span, "the product would have to be rounded");
                self.report(diagnostic.help("multiply by a whole number, and move the point on the other side"));
                return self.unknown(span).at(span);
            }
            (a, b) => {
                let odd = if matches!(a, Type::Int | Type::Decimal { .. }) { (b, right.at) } else { (a, left.at) };
                let title = format!("`{}` is not multiplied", self.type_name(odd.0));
                self.report(Diagnostic::new(Code::AP0303, title, odd.1, format!("this is {}", self.a_type(odd.0))));
                return self.unknown(span).at(span);
            }
        };
        if let (Some(Value::Int(a)), Some(Value::Int(b))) = (left.literal(), right.literal()) {
            return match a.checked_mul(*b) {
                Some(int) => self.literal(Value::Int(int), Type::Int, span),
                None => {
                    let title = format!("`{}` is out of range", self.text(span));
                    self.report(Diagnostic::new(Code::AP0306, title, span, "more than an int holds"));
                    self.unknown(span).at(span)
                }
            };
        }
        let literal_int = |side: &Typed| side.expr.ty == Type::Int && is_literal_tree(&side.expr);
        let later = |side: &Typed| side.expr.ty == Type::Int && self.shows_later(&side.expr);
        if !literal_int(&left) && !literal_int(&right) && !later(&left) && !later(&right) {
            let decimal = is_literal_tree(&left.expr) || is_literal_tree(&right.expr);
            let (code, title, help) = match decimal {
                true => (
                    Code::AP0311,
                    "only a whole number multiplies",
                    "multiply the other side instead, as in `a * 2 > b`",
                ),
                false => {
                    (Code::AP0308, "one factor must be a literal", "write a number, or an `if` of numbers, on one side")
                }
            };
            self.report(Diagnostic::new(code, title, span, "cannot be decided in advance").help(help));
            return self.unknown(span).at(span);
        }
        let (left, right) = (self.operand(left), self.operand(right));
        Typed::plain(self.node(ExprKind::Arithmetic(ArithmeticOp::Mul, Box::new(left), Box::new(right)), ty, span))
            .at(span)
    }
}

/// A literal, or an `if` whose branches are.
fn is_literal_tree(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) => true,
        ExprKind::Negative(of) | ExprKind::ToDecimal(of) => is_literal_tree(of),
        ExprKind::If(_, then, other) => is_literal_tree(then) && is_literal_tree(other),
        ExprKind::Let(_, _, body) => is_literal_tree(body),
        _ => false,
    }
}
