//! What follows a dot: fields of records, and the parts of typed texts and times.

use super::Typer;
use super::show::listed;
use super::typed::Typed;
use crate::policy::{ExprKind, Part, Type};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast::{self, ExprKind as Written};

/// What a dot can lead to on a type, for messages: parts, and tests with parentheses.
fn offered(ty: &Type) -> &'static [&'static str] {
    match ty {
        Type::Email => &["domain", "local", "in_domain(\"...\")"],
        Type::Url { .. } => &["host", "scheme", "port", "path", "in_domain(\"...\")"],
        Type::Host => &["in_domain(\"...\")"],
        Type::Path { .. } => &["name", "extension", "within(\"...\")"],
        Type::Ip => &["in_network(\"...\")"],
        Type::String => &["lower"],
        Type::DateTime { .. } => &["date"],
        _ => &[],
    }
}

impl<'a> Typer<'_, 'a> {
    /// Types `E.name`, or the dotted name of another module's definition.
    pub(super) fn part_or_field(
        &mut self,
        expr: &ast::Expr<'a>,
        of: &ast::Expr<'a>,
        name: &ast::Name<'a>,
        asked: Option<&Type>,
    ) -> Typed {
        self.member_expr(expr, of, name, asked, false)
    }

    /// Types what `has` asks about.
    pub(super) fn asking(&mut self, expr: &ast::Expr<'a>) -> Typed {
        match expr.kind {
            Written::Member(of, name) => self.member_expr(expr, of, name, None, true),
            _ => self.infer(expr, None),
        }
    }

    fn member_expr(
        &mut self,
        expr: &ast::Expr<'a>,
        of: &ast::Expr<'a>,
        name: &ast::Name<'a>,
        asked: Option<&Type>,
        asking: bool,
    ) -> Typed {
        if let Some(typed) = self.of_earlier(of, name, expr.span, asking) {
            return typed;
        }
        if let Some(typed) = self.dotted_label(expr) {
            return typed;
        }
        if let Written::Name(root) = of.kind
            && self.binding(root.text).is_none()
            && matches!(root.text, "args" | "user" | "context" | "agent" | "session" | "resource" | "that")
        {
            return self.root_member(root, name, expr.span, asking);
        }
        if let Some(typed) = self.dotted(expr, asked) {
            return typed;
        }
        let of = if asking { self.asking(of) } else { self.infer(of, None) };
        if of.expr.ty.is_reference() {
            return self.member_of_reference(of, name, expr.span, asking);
        }
        self.member_of(of, name, expr.span)
    }

    /// Types `.name` behind what is typed already.
    pub(super) fn member_of(&mut self, of: Typed, name: &ast::Name<'a>, span: Span) -> Typed {
        match (&of.expr.ty, name.text) {
            (Type::Unknown, _) => self.unknown(span).at(span),
            (Type::Shape(_), _) => self.field(of, name, span),
            (ty, _) if ty.is_reference() => self.member_of_reference(of, name, span, false),
            (Type::Email, "domain") => self.part(of, Part::Domain, Type::Host, span),
            (Type::Email, "local") => self.part(of, Part::Local, Type::String, span),
            (Type::Url { .. }, "host") => self.part(of, Part::Host, Type::Host, span),
            (Type::Url { .. }, "scheme") => self.part(of, Part::Scheme, Type::String, span),
            (Type::Url { .. }, "port") => self.part(of, Part::Port, Type::Int, span),
            (Type::Url { .. }, "path") => self.part(of, Part::UrlPath, Type::String, span),
            (Type::Path { .. }, "name") => self.part(of, Part::Name, Type::String, span),
            (Type::Path { .. }, "extension") => self.part(of, Part::Extension, Type::String, span),
            (Type::String, "lower") => self.part(of, Part::Lower, Type::String, span),
            (Type::DateTime { .. }, "date") => match self.zone_or_say(".date", name.span) {
                Some(zone) => self.part(of, Part::Date(zone), Type::Date, span),
                None => self.unknown(span).at(span),
            },
            _ => self.no_part(&of, name, span),
        }
    }

    fn part(&mut self, of: Typed, part: Part, ty: Type, span: Span) -> Typed {
        let expr = self.node(ExprKind::Part(part, Box::new(of.expr)), ty, span);
        Typed { expr, at: span, ..of }
    }

    /// Types a field of a record: missing where it is optional, secret where it or the record is.
    pub(super) fn field(&mut self, of: Typed, name: &ast::Name<'a>, span: Span) -> Typed {
        let Type::Shape(shape) = of.expr.ty else { return self.unknown(span).at(span) };
        let policy = self.cx.policy;
        let Some((_, field)) = policy[shape].field(name.text) else {
            let title = format!("{} has no field `{}`", self.a_type(&of.expr.ty), name.text);
            let fields: Vec<&str> = policy[shape].fields.iter().map(|field| field.name.as_str()).collect();
            let help = did_you_mean(name.text, fields.iter().copied())
                .unwrap_or_else(|| format!("its fields are {}", listed(fields.iter().copied())));
            let mut diagnostic = Diagnostic::new(Code::AP0214, title, name.span, "not one of its fields").help(help);
            if let Some(record) = policy.records.iter().find(|record| record.shape == shape) {
                diagnostic = diagnostic.because(record.span, format!("`{}` is declared here", record.name));
            }
            self.report(diagnostic);
            return self.unknown(span).at(span);
        };
        self.check_remembered(&of.expr, field, span);
        let (before, secret) = (of.missing, of.secret);
        let kind = self.field_taken(&of.expr, field, span);
        let kind = kind.unwrap_or_else(|| ExprKind::Field(Box::new(of.expr), name.text.to_owned()));
        let mut typed = self.declared_field(kind, field, span);
        if field.optional && typed.missing.is_empty() {
            let missing =
                super::typed::Missing { key: String::new(), written: self.whole_text(span), declared: field.span };
            typed.missing.push(missing);
        }
        typed.missing.splice(0..0, before);
        typed.secret |= secret;
        typed
    }

    fn no_part(&mut self, of: &Typed, name: &ast::Name<'a>, span: Span) -> Typed {
        let offered = offered(&of.expr.ty);
        let title = format!("`{}` has no `.{}`", self.type_name(&of.expr.ty), name.text);
        let written: Vec<String> = offered.iter().map(|part| format!(".{part}")).collect();
        let with_parentheses =
            offered.iter().find(|part| part.split('(').next() == Some(name.text) && part.contains('('));
        let whole = self.text(of.at);
        let help = match (with_parentheses, did_you_mean(name.text, offered.iter().copied()), &of.expr.ty) {
            (Some(part), ..) => Some(format!("write `.{part}`")),
            _ if matches!(of.expr.ty, Type::List(..) | Type::Map(..)) && is_count(name.text) => {
                Some(format!("write `count({whole})`"))
            }
            _ if super::types::is_text(&of.expr.ty) && operator_of(name.text).is_some() => {
                operator_of(name.text).map(|operator| format!("write `{whole} {operator} \"...\"`"))
            }
            (None, Some(help), _) => Some(help),
            (None, None, Type::Json) => {
                Some("declare its fields to read them; `json` is carried and never read".to_owned())
            }
            (None, None, Type::List(..)) => Some("ask about each element: `any x in LIST: x ...`".to_owned()),
            (None, None, Type::Map(..)) => Some("an entry is read by its key: `MAP[\"key\"]`".to_owned()),
            (None, None, _) if written.is_empty() => None,
            (None, None, ty) => {
                Some(format!("`{}` has {}", self.type_name(ty), listed(written.iter().map(String::as_str))))
            }
        };
        let mut diagnostic =
            Diagnostic::new(Code::AP0303, title, name.span, format!("on {}", self.a_type(&of.expr.ty)));
        if let Some((name, declared)) = &of.declared {
            diagnostic = diagnostic.because(*declared, format!("`{name}` is declared here"));
        }
        self.report(diagnostic.maybe_help(help));
        self.unknown(span).at(span)
    }

    /// Types `E[key]`: an entry of a map, absent where the key is.
    pub(super) fn index(&mut self, of: &ast::Expr<'a>, key: &ast::Expr<'a>, span: Span) -> Typed {
        let of = self.infer(of, None);
        let key = self.infer(key, Some(&Type::String));
        let value = match &of.expr.ty {
            Type::Unknown => return self.unknown(span).at(span),
            Type::Map(value, _) => (**value).clone(),
            ty => {
                let title = format!("`{}` has no entries to read by key", self.type_name(ty));
                let help = match ty {
                    Type::List(..) if matches!(of.expr.kind, ExprKind::AllKnown(_)) => {
                        Some("write the key in parentheses: `known RECORD(KEY)`")
                    }
                    Type::List(..) => Some("read `first(LIST)` or `last(LIST)`, or ask `any x in LIST: ...`"),
                    Type::Shape(_) => Some("write the field behind a dot"),
                    _ => None,
                };
                let diagnostic = Diagnostic::new(Code::AP0303, title, of.at, format!("this is {}", self.a_type(ty)));
                self.report(diagnostic.maybe_help(help.map(str::to_owned)));
                return self.unknown(span).at(span);
            }
        };
        let key = self.fit(key, &Type::String, "as the key");
        if key.is_unknown() {
            return self.unknown(span).at(span);
        }
        if self.key(&key.expr).is_none() {
            let diagnostic =
                Diagnostic::new(Code::AP0311, "a key is a text or one value, nothing computed", key.at, "computed");
            self.report(diagnostic.help("write a literal such as `[\"eu\"]`, or a path such as `[args.region]`"));
            return self.unknown(span).at(span);
        }
        let key = self.operand(key);
        let expr = self.node(ExprKind::Index(Box::new(of.expr), Box::new(key)), value, span);
        Typed { expr, at: span, ..of }
    }
}

/// Returns whether other languages count elements by this name.
fn is_count(name: &str) -> bool {
    matches!(name, "length" | "len" | "size" | "count")
}

/// Returns the operator that other languages have as a part of a text.
fn operator_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "startsWith" | "startswith" | "starts_with" | "hasPrefix" => "starts_with",
        "endsWith" | "endswith" | "ends_with" | "hasSuffix" => "ends_with",
        "contains" | "includes" | "indexOf" => "contains",
        "matches" | "match" | "test" => "matches",
        "like" => "like",
        "equals" => "==",
        _ => return None,
    })
}
