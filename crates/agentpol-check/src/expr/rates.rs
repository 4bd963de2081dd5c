//! What limits and alerts count: how much, over how long, and what is counted apart.

use super::Typer;
use super::types::is_scalar;
use crate::policy::{Expr, ExprKind, Key, Rate, Type, Value};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, ExprKind as Written};

/// The most calls that are counted one by one.
const MAX_CALLS: i64 = 10_000;
/// The shortest window, in milliseconds.
const MIN_WINDOW: i64 = 1_000;
/// The longest window: 366 days.
const MAX_WINDOW: i64 = 366 * 24 * 60 * 60 * 1_000;

/// What counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    /// `at most`
    Limit,
    /// `more than`
    Alert,
    /// `novel`, which only remembers combinations.
    Novel,
}

impl Counter {
    fn words(self) -> &'static str {
        match self {
            Counter::Limit => "at most",
            Counter::Alert => "more than",
            Counter::Novel => "novel",
        }
    }
}

/// Returns how long a window is, or says why there is no such window.
pub(crate) fn window(written: ast::Duration, report: impl FnOnce(Diagnostic)) -> Option<i64> {
    let (title, help) = match written.millis {
        ..MIN_WINDOW => ("a window shorter than a second", "write `1s` or more"),
        MIN_WINDOW..=MAX_WINDOW => return Some(written.millis),
        _ => ("a window longer than 366 days", "write `366d` or less"),
    };
    report(Diagnostic::new(Code::AP0411, title, written.span, "over how long?").help(help));
    None
}

impl<'a> Typer<'_, 'a> {
    /// Types `5 of EXPR per 1h per KEY, KEY`.
    pub(crate) fn rate(&mut self, rate: &ast::Rate<'a>, counter: Counter) -> Option<Rate> {
        let of = rate.of.as_ref().map(|cost| self.cost(cost));
        let bound = match &of {
            None => self.calls(&rate.bound, counter),
            Some(Some(cost)) => self.amount(&rate.bound, &cost.ty, counter),
            Some(None) => None,
        };
        let window = window(rate.window, |diagnostic| self.report(diagnostic));
        let keys = self.counted_by(rate.keys, counter);
        let of = match of {
            None => None,
            Some(cost) => Some(cost?),
        };
        Some(Rate { bound: bound?, of, window: window?, keys: keys? })
    }

    /// Types what is counted apart, each once.
    pub(crate) fn counted_by(&mut self, written: &[ast::Expr<'a>], counter: Counter) -> Option<Vec<Key>> {
        let mut keys = Vec::with_capacity(written.len());
        let mut seen: Vec<(&str, Span)> = Vec::with_capacity(written.len());
        let mut sound = true;
        for expr in written {
            let text = self.cx.sources.text(expr.span);
            if let Some((_, first)) = seen.iter().find(|(known, _)| *known == text) {
                let title = format!("`{}` is counted apart twice", self.text(expr.span));
                let diagnostic = Diagnostic::new(Code::AP0412, title, expr.span, "again here");
                self.report(diagnostic.because(*first, "first here").help("remove one of them"));
                sound = false;
                continue;
            }
            seen.push((text, expr.span));
            match self.apart(expr, counter) {
                Some(key) => keys.push(key),
                None => sound = false,
            }
        }
        // Which word is written first says nothing.
        keys.sort_by_key(|key| match key {
            Key::Agent => 0,
            Key::User => 1,
            Key::Session => 2,
            Key::Origin => 3,
            Key::Tool => 4,
            Key::Dataset => 5,
            Key::Env => 6,
            Key::Value(_) => 7,
        });
        sound.then_some(keys)
    }

    /// Types one key: a word of the request, or a value.
    fn apart(&mut self, expr: &ast::Expr<'a>, counter: Counter) -> Option<Key> {
        if let Written::Name(name) = expr.kind
            && self.binding(name.text).is_none()
        {
            match name.text {
                "agent" => return Some(Key::Agent),
                "user" => return Some(Key::User),
                "tool" => return Some(Key::Tool),
                "env" => return Some(Key::Env),
                "origin" => return Some(Key::Origin),
                "session" if counter == Counter::Novel => {
                    let help = "write `user`, or `agent`: in a session of its own everything is new";
                    return self.no_key(expr.span, "`session` makes every session the first", help);
                }
                "session" => return Some(Key::Session),
                "dataset" if counter == Counter::Novel => return Some(Key::Dataset),
                "dataset" => {
                    let help = "write `tool`, and say with `on` which data the rule is about";
                    return self.no_key(expr.span, "`dataset` stands only in `novel (...)`", help);
                }
                _ => {}
            }
        }
        let typed = self.infer(expr, None);
        if typed.is_unknown() {
            return None;
        }
        let ty = typed.expr.ty.clone();
        if !is_scalar(&ty) || ty == Type::Float {
            let title = format!("nothing is counted apart by {}", self.a_type(&ty));
            let help = match ty {
                Type::Float => "choose a key that is no `float`: two that look the same may differ",
                Type::List(..) => "name one element, or `first(...)`; a list as a whole is no key",
                _ => "name one field of it",
            };
            return self.no_key(expr.span, &title, help);
        }
        if typed.literal().is_some() {
            return self.no_key(expr.span, "a literal is the same for every call", "remove it, or name an argument");
        }
        if matches!(typed.expr.kind, ExprKind::SessionId) {
            let title = "`session.id` starts anew with every session inside of a session";
            return self.no_key(expr.span, title, "write `session`: all sessions that have the same root");
        }
        if self.asks_earlier(&typed.expr) {
            let help = "name what this call itself says, such as an argument";
            return self.no_key(expr.span, "nothing is counted apart by what earlier calls say", help);
        }
        Some(Key::Value(self.operand(typed)))
    }

    /// Returns whether a value, or a local that it reads, comes of earlier calls: a counter knows only the call at hand.
    fn asks_earlier(&self, expr: &Expr) -> bool {
        expr.any(&mut |part| match &part.kind {
            ExprKind::Earlier(_) => true,
            ExprKind::Local(local) => {
                let value = self.lets.iter().find(|(known, _)| known == local);
                value.is_some_and(|(_, value)| self.asks_earlier(value))
            }
            _ => false,
        })
    }

    fn no_key<T>(&mut self, span: Span, title: &str, help: &str) -> Option<T> {
        self.report(Diagnostic::new(Code::AP0412, title, span, "no key").help(help));
        None
    }

    /// Types what a call costs.
    fn cost(&mut self, expr: &ast::Expr<'a>) -> Option<Expr> {
        let typed = self.infer(expr, None);
        if typed.is_unknown() {
            return None;
        }
        if !matches!(typed.expr.ty, Type::Int | Type::Decimal { .. }) {
            let title = format!("what is counted is an `int` or a `decimal`, not {}", self.a_type(&typed.expr.ty));
            let help = match typed.expr.ty {
                Type::List(..) | Type::Map(..) => Some(format!("write `of count({})`", self.text(expr.span))),
                Type::Float => Some("declare the argument as `decimal`".to_owned()),
                _ => None,
            };
            let label = format!("this is {}", self.a_type(&typed.expr.ty));
            self.report(Diagnostic::new(Code::AP0302, title, expr.span, label).maybe_help(help));
            return None;
        }
        if typed.literal().is_some() {
            let title = "every call costs the same";
            let diagnostic = Diagnostic::new(Code::AP0411, title, expr.span, "a literal");
            self.report(diagnostic.help("leave `of` out, and bound the number of calls"));
            return None;
        }
        if self.asks_earlier(&typed.expr) {
            let title = "a call costs what it says itself, not what earlier calls say";
            let diagnostic = Diagnostic::new(Code::AP0411, title, expr.span, "asks about earlier calls");
            self.report(
                diagnostic.help("count an argument; to add up earlier calls, `deny` when `sum of ... over {...}`"),
            );
            return None;
        }
        Some(self.operand(typed))
    }

    /// Reads a number of calls.
    fn calls(&mut self, number: &ast::Number<'a>, counter: Counter) -> Option<i64> {
        let words = counter.words();
        let (title, help) = match (number.digits.parse::<i64>(), counter) {
            (Ok(1..=MAX_CALLS), _) => return number.digits.parse().ok(),
            (Ok(0), Counter::Limit) => ("a limit that lets nothing through", "write `deny`".to_owned()),
            (Ok(..=0), _) => ("an alert at every match", format!("leave `{words}` out to be told of every match")),
            (Err(_), _) if number.digits.contains('.') => {
                ("half a call cannot be counted", format!("write a whole number, such as `{words} 5`"))
            }
            _ => {
                let help = format!("count over a shorter window: `{words} {MAX_CALLS}` or less");
                ("more calls than are counted one by one", help)
            }
        };
        let label = format!("must be a whole number from 1 to {MAX_CALLS}");
        self.report(Diagnostic::new(Code::AP0411, title, number.span, label).help(help));
        None
    }

    /// Reads how much of a cost.
    fn amount(&mut self, number: &ast::Number<'a>, ty: &Type, counter: Counter) -> Option<i64> {
        if *ty == Type::Int && number.digits.contains('.') {
            let title = "a bound with a fraction on whole numbers";
            let diagnostic = Diagnostic::new(Code::AP0411, title, number.span, "what is counted is an `int`");
            let whole = number.digits.split('.').next().unwrap_or("1");
            self.report(diagnostic.help(format!("write `{} {whole}`", counter.words())));
            return None;
        }
        let bound = match self.number(number, false, number.span, Some(ty)).literal() {
            Some(Value::Int(bound) | Value::Decimal(bound)) => *bound,
            _ => return None,
        };
        if bound < 1 {
            let (title, help) = match counter {
                Counter::Limit => ("a limit that lets nothing through", "write `deny`".to_owned()),
                _ => ("an alert at every match", format!("leave `{}` out to be told of each", counter.words())),
            };
            self.report(Diagnostic::new(Code::AP0411, title, number.span, "must be above 0").help(help));
            return None;
        }
        Some(bound)
    }
}
