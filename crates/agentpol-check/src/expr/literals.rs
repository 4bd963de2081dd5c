//! Literals: numbers, texts and lists, read as the type that the place asks for.

use super::Typer;
use super::formats::literal_of;
use super::typed::Typed;
use super::types::alike;
use crate::policy::{ExprKind, Type, Value};
use agentpol_diagnostics::{Code, Diagnostic, Span, nearest};
use agentpol_syntax::ast;

/// The decimal places that a decimal has.
const PLACES: usize = 6;

/// The longest list that can be written: what an argument's list may have too.
const MAX_LITERALS: usize = 1_024;

impl<'a> Typer<'_, 'a> {
    pub(super) fn literal(&mut self, value: Value, ty: Type, span: Span) -> Typed {
        Typed::plain(self.node(ExprKind::Literal(value), ty, span)).at(span)
    }

    /// Reads a number: a float or decimal where one is asked for, else as it is written.
    pub(super) fn number(
        &mut self,
        number: &ast::Number<'a>,
        negative: bool,
        span: Span,
        asked: Option<&Type>,
    ) -> Typed {
        let (whole, fraction) = number.digits.split_once('.').unwrap_or((number.digits, ""));
        let point = number.digits.contains('.');
        if asked == Some(&Type::Float) {
            let text = format!("{}{}", if negative { "-" } else { "" }, number.digits);
            return match text.parse::<f64>() {
                Ok(float) if float.is_finite() => self.literal(Value::Float(float), Type::Float, span),
                _ => self.out_of_range(span, "a float has at most about 308 digits before the point"),
            };
        }
        if fraction.len() > PLACES {
            return self.out_of_range(span, "a decimal has at most 6 digits behind the point");
        }
        let signed = |digits: &str| format!("{}{digits}", if negative { "-" } else { "" }).parse::<i64>().ok();
        if point || matches!(asked, Some(Type::Decimal { .. })) {
            let Some(millionths) = signed(&format!("{whole}{fraction:0<PLACES$}")) else {
                return self
                    .out_of_range(span, "a decimal lies between -9223372036854.775808 and 9223372036854.775807");
            };
            return self.literal(Value::Decimal(millionths), Type::Decimal { as_string: false }, span);
        }
        match signed(whole) {
            Some(int) => self.literal(Value::Int(int), Type::Int, span),
            None => self.out_of_range(span, "an int lies between -9223372036854775808 and 9223372036854775807"),
        }
    }

    fn out_of_range(&mut self, span: Span, why: &str) -> Typed {
        let title = format!("`{}` is out of range", self.text(span));
        self.report(Diagnostic::new(Code::AP0306, title, span, why));
        self.unknown(span).at(span)
    }

    /// Reads a text: a member where an enum or level is asked for, a typed text strictly, else a string.
    pub(super) fn text_literal(&mut self, text: &ast::Text<'a>, asked: Option<&Type>) -> Typed {
        let span = text.span;
        match asked {
            Some(Type::Enum(_) | Type::Level(_)) => match asked.and_then(|ty| self.member(text.value, ty)) {
                Some(value) => self.literal(value, asked.cloned().unwrap_or(Type::Unknown), span),
                None => self.not_a_member(text.value, span, asked.unwrap_or(&Type::Unknown)),
            },
            Some(ty) => match literal_of(ty, text.value) {
                Some(Ok(value)) => self.literal(value, ty.clone(), span),
                Some(Err(why)) => {
                    let title =
                        format!("`{}` is not a valid `{}`", super::show::shortened(text.value), self.type_name(ty));
                    self.report(Diagnostic::new(Code::AP0302, title, span, why.why).maybe_help(why.help));
                    self.unknown(span).at(span)
                }
                None => self.literal(Value::Text(text.value.to_owned()), Type::String, span),
            },
            None => self.literal(Value::Text(text.value.to_owned()), Type::String, span),
        }
    }

    /// Finds a member of an enum or level.
    pub(super) fn member(&self, word: &str, ty: &Type) -> Option<Value> {
        let members = self.members(ty);
        let at = u32::try_from(members.iter().position(|member| member == word)?).ok()?;
        match ty {
            Type::Enum(id) => Some(Value::Enum(*id, at)),
            Type::Level(id) => Some(Value::Level(*id, at)),
            _ => None,
        }
    }

    pub(super) fn members(&self, ty: &Type) -> &[String] {
        match ty {
            Type::Enum(id) => &self.cx.policy[*id].members,
            Type::Level(id) => &self.cx.policy[*id].members,
            _ => &[],
        }
    }

    pub(super) fn not_a_member(&mut self, word: &str, span: Span, ty: &Type) -> Typed {
        let title = format!("`{word}` is not a value of `{}`", self.type_name(ty));
        let members: Vec<&str> = self.members(ty).iter().map(String::as_str).collect();
        let help = match nearest(word, members.iter().copied()) {
            Some(member) => format!("did you mean `{}`?", as_written(member)),
            None => {
                let written: Vec<String> = members.iter().map(|member| as_written(member)).collect();
                format!("its values are {}", super::show::listed(written.iter().map(String::as_str)))
            }
        };
        self.report(Diagnostic::new(Code::AP0305, title, span, "not one of its values").help(help));
        self.unknown(span).at(span)
    }

    /// Types a list of scalars of one type; ints beside decimals are decimals.
    pub(super) fn list(&mut self, elements: &[ast::Expr<'a>], span: Span, asked: Option<&Type>) -> Typed {
        let asked = match asked {
            Some(Type::List(element, _)) => Some((**element).clone()),
            _ => None,
        };
        if elements.len() > MAX_LITERALS {
            let title = format!("a list of {} elements is too long", elements.len());
            self.report(Diagnostic::new(Code::AP0306, title, span, format!("a list has at most {MAX_LITERALS}")));
            return self.unknown(span).at(span);
        }
        let (hint, typed) = self.elements(elements, asked);
        let decimal = typed.iter().any(|element| matches!(element.expr.ty, Type::Decimal { .. }));
        let typed: Vec<Typed> = typed
            .into_iter()
            .map(|element| if decimal && element.expr.ty == Type::Int { self.widened(element) } else { element })
            .collect();
        let Some(ty) = self.element_type(&typed) else { return self.unknown(span).at(span) };
        let ty = if typed.is_empty() { hint.unwrap_or(Type::Unknown) } else { ty };
        let length = u32::try_from(typed.len()).unwrap_or(u32::MAX);
        let elements = typed.into_iter().map(|element| self.operand(element)).collect();
        let expr = self.node(ExprKind::List(elements), Type::List(Box::new(ty), length), span);
        Typed::plain(expr).at(span)
    }

    /// Types the elements: where nothing is asked for, the first that has a type of its own sets it for the words and
    /// texts beside it.
    fn elements(&mut self, elements: &[ast::Expr<'a>], mut hint: Option<Type>) -> (Option<Type>, Vec<Typed>) {
        let own = elements.iter().position(|element| hint.is_none() && !self.is_flexible(element));
        let mut first = own.map(|at| self.infer(&elements[at], None));
        hint = hint.or_else(|| first.as_ref().map(|typed| typed.expr.ty.clone()));
        let mut typed = Vec::with_capacity(elements.len());
        for (at, element) in elements.iter().enumerate() {
            let known = if Some(at) == own { first.take() } else { None };
            typed.push(known.unwrap_or_else(|| self.infer(element, hint.as_ref())));
        }
        (hint, typed)
    }

    /// Returns the one type of all elements, or tells which does not fit.
    fn element_type(&mut self, elements: &[Typed]) -> Option<Type> {
        let Some(first) = elements.iter().find(|element| !element.is_unknown()) else { return Some(Type::Unknown) };
        for element in elements {
            let (at, ty) = (element.at, &element.expr.ty);
            if !super::types::is_scalar(ty) {
                let title = format!("a list cannot hold `{}`", self.type_name(ty));
                self.report(Diagnostic::new(Code::AP0311, title, at, "only single values stand in a list"));
                return None;
            }
            if !alike(self.cx.policy, ty, &first.expr.ty) {
                let title =
                    format!("a list of `{}` cannot hold `{}`", self.type_name(&first.expr.ty), self.type_name(ty));
                let diagnostic = Diagnostic::new(Code::AP0301, title, at, format!("this is {}", self.a_type(ty)));
                let first = format!("this is {}", self.a_type(&first.expr.ty));
                self.report(diagnostic.because(elements[0].at, first));
                return None;
            }
        }
        Some(first.expr.ty.clone())
    }
}

/// Returns how a member of an enum or level is written: in quotes where it is no word.
pub(crate) fn as_written(member: &str) -> String {
    let word = member.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && member.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if word { member.to_owned() } else { format!("\"{member}\"") }
}
