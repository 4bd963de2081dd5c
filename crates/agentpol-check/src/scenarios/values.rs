//! Values as scenarios write them, to JSON: a declared type says what words and names mean.

use super::json::{Json, date, rfc3339};
use crate::draft::Draft;
use crate::policy::{ModuleId, ShapeId, Type};
use crate::records::unknown_field;
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast::{Literal, LiteralKind, Pair};

/// How strictly values must be of their types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strictness {
    /// Anything else is a mistake.
    Strict,
    /// Written on purpose: what does not fit goes out as it stands.
    AsWritten,
}

impl Draft<'_, '_> {
    /// Turns a value into JSON. Without a type it is taken as it is written.
    pub(super) fn json(
        &mut self,
        module: ModuleId,
        value: &Literal<'_>,
        ty: Option<&Type>,
        strict: Strictness,
    ) -> Json {
        match (value.kind, ty) {
            (LiteralKind::ResultOf(..), _) => {
                let title = "`result of` is an origin, and no value";
                let diagnostic = Diagnostic::new(Code::AP0302, title, value.span, "not a value");
                self.report(
                    diagnostic.help("say where arguments come from in `given ... origin { NAME: result of TOOL }`"),
                );
                Json::Null
            }
            (LiteralKind::List(elements), ty) => {
                let inner = match ty {
                    Some(Type::List(of, _)) => Some((**of).clone()),
                    _ => None,
                };
                self.expect(value, ty, matches!(ty, Some(Type::List(..))), strict);
                Json::List(elements.iter().map(|element| self.json(module, element, inner.as_ref(), strict)).collect())
            }
            (LiteralKind::Object(pairs), Some(Type::Shape(shape))) => self.fields_json(module, pairs, *shape, strict),
            (LiteralKind::Word(path), Some(Type::Group)) => match self.group(module, &path) {
                Some(group) => Json::text(self.policy[group].wire.clone()),
                None => Json::Null,
            },
            (LiteralKind::Object(pairs), Some(Type::Principal)) => self.principal(module, pairs, strict),
            (LiteralKind::Object(pairs), ty) => {
                let inner = match ty {
                    Some(Type::Map(of, _)) => Some((**of).clone()),
                    _ => None,
                };
                self.expect(value, ty, matches!(ty, Some(Type::Map(..))), strict);
                self.once_each(pairs);
                let entry = |pair: &Pair<'_>, draft: &mut Self| {
                    (pair.key.value.to_owned(), draft.json(module, &pair.value, inner.as_ref(), strict))
                };
                Json::Object(pairs.iter().map(|pair| entry(pair, self)).collect())
            }
            (LiteralKind::Word(word), ty) => {
                let text = self.sources.text(word.span);
                self.word(module, text, word.span, ty, strict);
                Json::text(text)
            }
            (kind, ty) => {
                self.expect(value, ty, ty.is_some_and(|ty| fits(&kind, ty)), strict);
                self.scalar(value, kind, ty)
            }
        }
    }

    /// Turns `{ user: "ana" }` or `{ group: support }` into JSON.
    fn principal(&mut self, module: ModuleId, pairs: &[Pair<'_>], strict: Strictness) -> Json {
        self.once_each(pairs);
        let mut entries = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let ty = if pair.key.value == "group" { Type::Group } else { Type::User };
            let known = pairs.len() == 1 && matches!(pair.key.value, "user" | "group");
            if strict == Strictness::Strict && !known {
                let title = "this is not one user or group";
                let diagnostic =
                    Diagnostic::new(Code::AP0302, title, pair.key.span, "neither `user` nor `group` alone");
                self.report(diagnostic.help("write `{ user: \"ana\" }` or `{ group: support }`"));
            }
            entries.push((pair.key.value.to_owned(), self.json(module, &pair.value, Some(&ty), strict)));
        }
        Json::Object(entries)
    }

    /// Turns the fields of a record into JSON, under their names on the wire.
    pub(super) fn fields_json(
        &mut self,
        module: ModuleId,
        pairs: &[Pair<'_>],
        shape: ShapeId,
        strict: Strictness,
    ) -> Json {
        self.once_each(pairs);
        let mut entries = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let field = self.policy[shape].field(pair.key.value).map(|(_, field)| field.clone());
            match field {
                Some(field) => {
                    let null = field.optional && matches!(pair.value.kind, LiteralKind::Null);
                    let ty = (!null).then_some(&field.ty);
                    entries.push((field.wire.clone(), self.json(module, &pair.value, ty, strict)));
                }
                None => {
                    if strict == Strictness::Strict && !self.is_unread_shape(shape) {
                        let known: Vec<&str> =
                            self.policy[shape].fields.iter().map(|field| field.name.as_str()).collect();
                        let diagnostic = unknown_field(pair.key.value, pair.key.span, &known);
                        self.report(diagnostic);
                    }
                    entries.push((pair.key.value.to_owned(), self.json(module, &pair.value, None, strict)));
                }
            }
        }
        Json::Object(entries)
    }

    /// Returns whether some part of the user or context shape could not be read.
    fn is_unread_shape(&self, shape: ShapeId) -> bool {
        shape == self.policy.user && self.names.is_shape_unread("user")
            || shape == self.policy.context && self.names.is_shape_unread("context")
    }

    /// Refuses a key that stands twice: no reader of JSON agrees with another on what that means.
    pub(super) fn once_each(&mut self, pairs: &[Pair<'_>]) {
        for (at, pair) in pairs.iter().enumerate() {
            if let Some(first) = pairs[..at].iter().find(|first| first.key.value == pair.key.value) {
                let title = format!("`{}` is given twice", pair.key.value);
                let diagnostic = Diagnostic::new(Code::AP0202, title, pair.key.span, "again here");
                let first = first.key.span;
                self.report(diagnostic.because(first, "first here").help("remove one of them"));
            }
        }
    }

    fn scalar(&mut self, value: &Literal<'_>, kind: LiteralKind<'_>, ty: Option<&Type>) -> Json {
        match kind {
            LiteralKind::Null => Json::Null,
            LiteralKind::Bool(value) => Json::Bool(value),
            LiteralKind::Number(negative, number) => {
                let digits = plain_digits(negative, number.digits);
                match ty {
                    Some(Type::Decimal { as_string: true }) => Json::Text(digits),
                    _ => Json::Number(digits),
                }
            }
            LiteralKind::Text(text) => Json::text(text.value),
            LiteralKind::Date(day) => Json::Text(date(day.days)),
            LiteralKind::DateTime(millis) => match rfc3339(millis) {
                Some(text) => Json::Text(text),
                None => Json::text(self.sources.text(value.span)),
            },
            LiteralKind::Duration(_) => {
                let title = "JSON has no durations";
                let diagnostic = Diagnostic::new(Code::AP0302, title, value.span, "cannot be sent");
                self.report(diagnostic.help("write a number, or a text"));
                Json::Null
            }
            LiteralKind::Word(word) => Json::text(self.sources.text(word.span)),
            LiteralKind::ResultOf(..) | LiteralKind::List(_) | LiteralKind::Object(_) => Json::Null,
        }
    }

    /// Says that a value is not of its type, where that is a mistake.
    fn expect(&mut self, value: &Literal<'_>, ty: Option<&Type>, fits: bool, strict: Strictness) {
        let free = matches!(ty, None | Some(Type::Json | Type::Unknown));
        if fits || free || strict == Strictness::AsWritten {
            return;
        }
        let Some(ty) = ty else { return };
        let wanted = self.type_words(ty);
        let title = format!("this is not {wanted}");
        let help = match (value.kind, ty) {
            (LiteralKind::Text(text), Type::Int | Type::Float | Type::Bool | Type::Decimal { .. }) => {
                format!("write it without quotes: `{}`", text.value)
            }
            (LiteralKind::Number(..), Type::String) => {
                format!("write it in quotes: `\"{}\"`", self.sources.text(value.span))
            }
            (kind, Type::List(of, _)) if self::fits(&kind, of) => {
                format!("write a list: `[{}]`", self.sources.text(value.span))
            }
            _ => format!("write a value that is {wanted}"),
        };
        self.report(Diagnostic::new(Code::AP0302, title, value.span, format!("{wanted} is declared")).help(help));
    }

    /// Checks a bare word: a member of an enum or level.
    fn word(&mut self, module: ModuleId, word: &str, span: Span, ty: Option<&Type>, strict: Strictness) {
        let members = match ty {
            Some(Type::Enum(id)) => self.policy[*id].members.clone(),
            Some(Type::Level(id)) => self.policy[*id].members.clone(),
            Some(Type::Unknown) => return,
            // Without a type a word is as good as a text, where some enum or level knows it.
            None | Some(Type::Json) => {
                let own = |owner: ModuleId| owner == module;
                let enums = self.policy.enums.iter().filter(|item| own(item.module)).flat_map(|item| &item.members);
                let levels = self.policy.levels.iter().filter(|item| item.module.is_none_or(own));
                enums.chain(levels.flat_map(|item| &item.members)).cloned().collect()
            }
            Some(_) => Vec::new(),
        };
        if members.iter().any(|member| member == word) || strict == Strictness::AsWritten {
            return;
        }
        let help = did_you_mean(word, members.iter().map(String::as_str))
            .unwrap_or_else(|| format!("write a text in quotes: `\"{word}\"`"));
        let wanted = ty.map_or_else(|| "a word that is known here".to_owned(), |ty| self.type_words(ty));
        let title = format!("`{word}` is not {wanted}");
        self.report(Diagnostic::new(Code::AP0305, title, span, "a word without quotes is a member").help(help));
    }

    /// Returns the words for a type, with their article.
    fn type_words(&self, ty: &Type) -> String {
        let word = match ty {
            Type::Unknown => "known",
            Type::Bool => "a `bool`",
            Type::Int => "an `int`",
            Type::Decimal { .. } => "a `decimal`",
            Type::Float => "a `float`",
            Type::String => "a `string`",
            Type::Duration => "a `duration`",
            Type::Date => "a `date`",
            Type::DateTime { .. } => "a `datetime`",
            Type::Ip => "an `ip`",
            Type::Email => "an `email`",
            Type::Url { .. } => "a `url`",
            Type::Host => "a `host`",
            Type::Path { .. } => "a `path`",
            Type::Json => "`json`",
            Type::Enum(id) => return format!("a member of `{}`", self.policy[*id].name),
            Type::Level(id) => return format!("a member of `{}`", self.policy[*id].name),
            Type::List(..) | Type::Pairs(..) => "a list",
            Type::Map(..) => "a map",
            Type::Shape(_) => "a record",
            Type::User => "the id of a user",
            Type::Group => "a group",
            Type::Principal => "a user or group, `{ user: \"ana\" }`",
            Type::Resource(_) => "the id of a resource",
        };
        word.to_owned()
    }
}

/// Returns whether a form of value can be of a type. What texts must look like is seen when the request is decided.
fn fits(kind: &LiteralKind<'_>, ty: &Type) -> bool {
    match kind {
        LiteralKind::Bool(_) => matches!(ty, Type::Bool),
        LiteralKind::Number(_, number) => match ty {
            Type::Int => !number.digits.contains('.') || number.digits.ends_with(".0"),
            Type::Decimal { .. } | Type::Float => true,
            _ => false,
        },
        LiteralKind::Text(_) => !matches!(
            ty,
            Type::Bool
                | Type::Int
                | Type::Float
                | Type::Decimal { as_string: false }
                | Type::List(..)
                | Type::Map(..)
                | Type::Shape(_)
                | Type::Principal
        ),
        LiteralKind::Date(_) => matches!(ty, Type::Date | Type::String),
        LiteralKind::DateTime(_) => matches!(ty, Type::DateTime { .. } | Type::String),
        LiteralKind::Null => false,
        LiteralKind::Duration(_) | LiteralKind::Word(_) => false,
        LiteralKind::ResultOf(..) | LiteralKind::List(_) | LiteralKind::Object(_) => false,
    }
}

/// Returns digits as JSON writes them: no zeros in front, digits on both sides of a dot.
fn plain_digits(negative: bool, digits: &str) -> String {
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if negative { "-" } else { "" };
    match fraction {
        None | Some("") => format!("{sign}{whole}"),
        Some(fraction) => format!("{sign}{whole}.{fraction}"),
    }
}
