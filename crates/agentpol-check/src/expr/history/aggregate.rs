//! `count of`, `count of distinct` and `sum of`: numbers of earlier calls, compared with a literal.
//!
//! `[values +] number OP literal`, or the other way round. So how much must be kept is known in advance.

use super::Past;
use crate::expr::Typer;
use crate::expr::typed::Typed;
use crate::expr::types::is_scalar;
use crate::policy::{CompareOp, Earlier, Expr, ExprKind, Question, Type, Value};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, ExprKind as Written, History, HistoryQuestion, Sign};

/// The largest number that calls are counted to.
const MAX_COUNT: i64 = 9_999;

impl<'a> Typer<'_, 'a> {
    /// Types a comparison of which one side counts earlier calls; `None` where neither does.
    pub(in crate::expr) fn aggregate(
        &mut self,
        op: ast::CompareOp,
        left: &ast::Expr<'a>,
        right: &ast::Expr<'a>,
        span: Span,
    ) -> Option<Typed> {
        let op = CompareOp::from(op);
        let (counted, other, op) = match (counts(left), counts(right)) {
            (None, None) => return None,
            (Some(_), Some(second)) => {
                let title = "two numbers of earlier calls are not compared with each other";
                let diagnostic = Diagnostic::new(Code::AP0318, title, second.span, "the second one");
                self.report(diagnostic.help("compare each with a literal"));
                return Some(self.undecided(span));
            }
            (Some(counted), None) => (counted, right, op),
            (None, Some(counted)) => (counted, left, op.mirrored()),
        };
        let side = if std::ptr::eq(other, right) { left } else { right };
        let question = self.compared_number(op, counted, side, other);
        Some(match question {
            Some(earlier) => self.condition_node(ExprKind::Earlier(Box::new(earlier)), span),
            None => self.undecided(span),
        })
    }

    fn compared_number(
        &mut self,
        op: CompareOp,
        history: &'a History<'a>,
        side: &ast::Expr<'a>,
        other: &ast::Expr<'a>,
    ) -> Option<Earlier> {
        let (mut earlier, mut past) = self.set_of_calls(history)?;
        let words = words(history);
        let of = match history.question {
            HistoryQuestion::Sum(of) | HistoryQuestion::Distinct(of) => {
                Some(self.each_value(&mut past, &of, matches!(history.question, HistoryQuestion::Sum(_)))?)
            }
            _ => None,
        };
        let counts = matches!(history.question, HistoryQuestion::Count);
        (counts || self.whole_set(&earlier, words, history.span)).then_some(())?;
        self.keys_only(&earlier, words).then_some(())?;
        let sum = matches!(history.question, HistoryQuestion::Sum(_));
        let distinct = matches!(history.question, HistoryQuestion::Distinct(_));
        let ty = of.as_ref().filter(|_| sum).map_or(Type::Int, |of| of.ty.clone());
        let plus = self.added(history, side, &ty)?;
        if let (true, Some(plus)) = (distinct, &plus) {
            let title = "nothing is added to a number of distinct values";
            let diagnostic = Diagnostic::new(Code::AP0318, title, plus.at, "added here");
            self.report(diagnostic.help("compare the number alone with a literal"));
            return None;
        }
        let bound = self.infer(other, Some(&ty));
        let (of, plus, bound) = self.one_number(of, plus, bound, sum)?;
        let (bound, at) = self.bound(&bound, sum, words, other.span)?;
        if !sum && !(0..=MAX_COUNT).contains(&bound) {
            let title = format!("calls are counted up to {MAX_COUNT}");
            let label = format!("must be a number from 0 to {MAX_COUNT}");
            self.report(Diagnostic::new(Code::AP0306, title, at, label).help("count over a shorter time: `within 1h`"));
            return None;
        }
        if let Some(kept) = earlier.keeping.filter(|kept| !sum && i64::from(*kept) <= bound) {
            let title = format!("the last {kept} calls are kept, and counted to {bound}");
            let diagnostic = Diagnostic::new(Code::AP0306, title, at, "one more must be kept to tell");
            self.report(diagnostic.help(format!("write `keeping last {}`, or more", bound + 1)));
            return None;
        }
        let plus = plus.map(|plus| Box::new(self.operand(plus)));
        earlier.question = match (of, distinct) {
            (Some(of), true) => Question::Distinct { of: Box::new(of), op, bound },
            (Some(of), false) => Question::Sum { of: Box::new(of), op, plus, bound },
            (None, _) => Question::Count { op, plus, bound },
        };
        Some(earlier)
    }

    /// Types what is taken of each call.
    fn each_value(&mut self, past: &mut Past, of: &ast::Expr<'a>, sum: bool) -> Option<Expr> {
        let help = "write `that.args.NAME` for what the earlier call was given";
        let typed = self.in_past(past, help, |this| {
            let typed = this.infer(of, None);
            let at = typed.at;
            Typed::plain(this.operand(typed)).at(at)
        });
        let ty = &typed.expr.ty;
        if *ty == Type::Unknown {
            return None;
        }
        let fits =
            if sum { matches!(ty, Type::Int | Type::Decimal { .. }) } else { is_scalar(ty) && *ty != Type::Float };
        if !fits {
            let title = match sum {
                true => format!("`sum` does not take `{}`", self.type_name(ty)),
                false => format!("`{}` is not told apart", self.type_name(ty)),
            };
            let help = if sum { "`sum` takes int and decimal" } else { "name a single value, such as an id" };
            let diagnostic = Diagnostic::new(Code::AP0303, title, typed.at, format!("this is {}", self.a_type(ty)));
            self.report(diagnostic.help(help));
            return None;
        }
        if typed.literal().is_some() {
            let title = "the same for every call";
            let diagnostic = Diagnostic::new(Code::AP0318, title, typed.at, "a literal");
            self.report(diagnostic.help("write `count of { ... }` for the number of calls, or name an argument"));
            return None;
        }
        self.of_one_time(&typed.expr, typed.at).then_some(typed.expr)
    }

    /// Types what is added to the number. The outer `None` is a mistake.
    fn added(&mut self, history: &History<'a>, side: &ast::Expr<'a>, ty: &Type) -> Option<Option<Typed>> {
        let asked = Some(ty).filter(|ty| matches!(ty, Type::Decimal { .. }));
        let mut plus: Option<Typed> = None;
        for (sign, term) in terms(side) {
            if term.span == history.span {
                if sign == Sign::Minus {
                    let title = "a number of earlier calls is not taken away";
                    let diagnostic = Diagnostic::new(Code::AP0318, title, term.span, "behind a minus");
                    self.report(diagnostic.help("move it to the front: `count of { ... } - args.x < 5`"));
                    return None;
                }
                continue;
            }
            let typed = self.infer(&term, asked);
            plus = Some(match (plus, sign) {
                (None, Sign::Plus) => typed,
                (None, Sign::Minus) => self.negated(typed, term.span),
                (Some(plus), sign) => self.term(plus, sign, typed, side.span),
            });
        }
        match plus {
            Some(plus) if plus.is_unknown() => None,
            Some(plus) if !matches!(plus.expr.ty, Type::Int | Type::Decimal { .. }) => {
                let title = format!("`{}` is not added to a number of calls", self.type_name(&plus.expr.ty));
                let label = format!("this is {}", self.a_type(&plus.expr.ty));
                self.report(Diagnostic::new(Code::AP0303, title, plus.at, label));
                None
            }
            plus => Some(plus),
        }
    }

    /// Makes what is summed, added and compared with numbers of one type.
    fn one_number(
        &mut self,
        of: Option<Expr>,
        plus: Option<Typed>,
        bound: Typed,
        sum: bool,
    ) -> Option<(Option<Expr>, Option<Typed>, Typed)> {
        if bound.is_unknown() {
            return None;
        }
        let decimal = |ty: &Type| matches!(ty, Type::Decimal { .. });
        let any = plus.as_ref().is_some_and(|plus| decimal(&plus.expr.ty)) || decimal(&bound.expr.ty);
        if !sum {
            if any {
                let at = plus.as_ref().filter(|plus| decimal(&plus.expr.ty)).map_or(bound.at, |plus| plus.at);
                let title = "a number of calls is whole";
                let diagnostic = Diagnostic::new(Code::AP0301, title, at, "this is `decimal`");
                self.report(diagnostic.help("write a number such as `5`"));
                return None;
            }
            return Some((of, plus, bound));
        }
        let summed = of.as_ref().is_some_and(|of| decimal(&of.ty));
        if !any && !summed {
            return Some((of, plus, bound));
        }
        let mut widen = |typed: Typed| if decimal(&typed.expr.ty) { typed } else { self.widened(typed) };
        let of = of.map(|of| widen(Typed::plain(of)).expr);
        let plus = plus.map(&mut widen);
        let bound = if bound.expr.ty == Type::Int { widen(bound) } else { bound };
        Some((of, plus, bound))
    }

    /// Reads the literal that a number is compared with.
    fn bound(&mut self, bound: &Typed, sum: bool, words: &str, at: Span) -> Option<(i64, Span)> {
        match (self.resolved(&bound.expr).kind.clone(), sum) {
            (ExprKind::Literal(Value::Int(int)), _) => Some((int, at)),
            (ExprKind::Literal(Value::Decimal(millionths)), true) => Some((millionths, at)),
            (ExprKind::Literal(_), _) => {
                let title = format!("`{words}` is a number");
                let label = format!("this is {}", self.a_type(&bound.expr.ty));
                self.report(Diagnostic::new(Code::AP0301, title, at, label).help("compare it with a number"));
                None
            }
            _ => {
                let title = format!("`{words}` is compared with a literal only");
                let diagnostic = Diagnostic::new(Code::AP0308, title, at, "not a literal");
                let help = match bound.expr.ty {
                    Type::Int | Type::Decimal { .. } => format!(
                        "bring the rest to the other side: `{words} ... - {} <= 0`, or write a number",
                        self.text(at)
                    ),
                    _ => "write a number".to_owned(),
                };
                self.report(diagnostic.help(help));
                None
            }
        }
    }
}

/// Returns the question that counts in a side of a comparison, itself or as a term of a sum.
fn counts<'a>(side: &ast::Expr<'a>) -> Option<&'a History<'a>> {
    terms(side).into_iter().find_map(|(_, term)| match term.kind {
        Written::History(history) => match history.question {
            HistoryQuestion::Count | HistoryQuestion::Sum(_) | HistoryQuestion::Distinct(_) => Some(history),
            HistoryQuestion::Exists | HistoryQuestion::First | HistoryQuestion::Last => None,
        },
        _ => None,
    })
}

/// Returns the terms of a sum, those of sums inside of it included.
fn terms<'a>(side: &ast::Expr<'a>) -> Vec<(Sign, ast::Expr<'a>)> {
    let mut found = Vec::new();
    let mut open = vec![(Sign::Plus, *side)];
    while let Some((sign, expr)) = open.pop() {
        match expr.kind {
            Written::Sum(first, rest) => {
                let turned = |own: Sign| if own == sign { Sign::Plus } else { Sign::Minus };
                open.extend(rest.iter().rev().map(|(own, term)| (turned(*own), *term)));
                open.push((sign, *first));
            }
            _ => found.push((sign, expr)),
        }
    }
    found
}

fn words(history: &History<'_>) -> &'static str {
    match history.question {
        HistoryQuestion::Sum(_) => "sum of",
        HistoryQuestion::Distinct(_) => "count of distinct",
        _ => "count of",
    }
}
