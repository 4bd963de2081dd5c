//! `==` and its kin, `in`, and `contains` on lists.

use super::Typer;
use super::typed::Typed;
use super::types::{alike, has_order, is_scalar};
use super::words::words_of;
use crate::names::Entity;
use crate::policy::{CompareOp, ExprKind, Type, Value};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast::{self, ExprKind as Written, RelationOp};

/// Suggests how a value becomes one of another type.
pub(super) fn conversion(given: &Typed, wanted: &Type) -> Option<String> {
    let number = |text: &str| {
        text.trim_start_matches('-').chars().all(|c| c.is_ascii_digit() || c == '.')
            && text.ends_with(|c: char| c.is_ascii_digit())
    };
    match (&given.expr.ty, wanted, given.literal()) {
        (Type::String, Type::Int | Type::Float, Some(Value::Text(text))) if number(text) => {
            Some(format!("write the number without quotes: `{text}`"))
        }
        (Type::String, Type::Decimal { .. }, Some(Value::Text(text))) if number(text) => {
            let text = if text.contains('.') { text.clone() } else { format!("{text}.00") };
            Some(format!("write the number without quotes: `{text}`"))
        }
        (Type::String, Type::Int, Some(_)) => Some("write a number such as `100`".to_owned()),
        (Type::String, Type::Decimal { .. }, Some(_)) => Some("write a number such as `100.00`".to_owned()),
        (Type::String, Type::Bool, Some(Value::Text(text))) if matches!(text.as_str(), "true" | "false") => {
            Some(format!("write it without quotes: `{text}`"))
        }
        (Type::Int | Type::Decimal { .. }, Type::String, Some(_)) => Some("put the number in quotes".to_owned()),
        (Type::DateTime { .. }, Type::Date, _) => Some("the day of a time is its `.date`".to_owned()),
        (Type::Email, Type::Host, _) => Some("the host of an email is its `.domain`".to_owned()),
        (Type::Url { .. }, Type::Host, _) => Some("the host of a url is its `.host`".to_owned()),
        (Type::User | Type::Group | Type::Resource(_), Type::String, _) => {
            Some("compare its id, which is a text: write `.id` behind it".to_owned())
        }
        (Type::String, Type::User, None) => Some("compare with the id as a text: `user.id`".to_owned()),
        (Type::Path { .. }, Type::String, _) => Some("the last segment of a path is its `.name`".to_owned()),
        (
            Type::String,
            Type::Email | Type::Url { .. } | Type::Host | Type::Path { .. } | Type::Ip | Type::Enum(_),
            None,
        )
        | (Type::String, Type::Int | Type::Decimal { .. } | Type::Date | Type::DateTime { .. }, None) => {
            given.declared.as_ref().map(|(name, _)| format!("declare `{name}` with the type of the other side"))
        }
        _ => None,
    }
}

impl From<ast::CompareOp> for CompareOp {
    fn from(op: ast::CompareOp) -> Self {
        match op {
            ast::CompareOp::Eq => CompareOp::Eq,
            ast::CompareOp::Ne => CompareOp::Ne,
            ast::CompareOp::Lt => CompareOp::Lt,
            ast::CompareOp::Le => CompareOp::Le,
            ast::CompareOp::Gt => CompareOp::Gt,
            ast::CompareOp::Ge => CompareOp::Ge,
        }
    }
}

impl CompareOp {
    /// Returns the comparison that says the same with its sides exchanged.
    pub(super) fn mirrored(self) -> Self {
        match self {
            CompareOp::Lt => CompareOp::Gt,
            CompareOp::Le => CompareOp::Ge,
            CompareOp::Gt => CompareOp::Lt,
            CompareOp::Ge => CompareOp::Le,
            CompareOp::Eq | CompareOp::Ne => self,
        }
    }
}

impl<'a> Typer<'_, 'a> {
    /// Types both sides, the one that has a type of its own first, so that words and texts follow it.
    pub(super) fn both(&mut self, left: &ast::Expr<'a>, right: &ast::Expr<'a>) -> (Typed, Typed) {
        if self.is_flexible(left) && !self.is_flexible(right) {
            let right = self.infer(right, None);
            let hint = right.expr.ty.clone();
            (self.infer(left, Some(&hint)), right)
        } else {
            let left = self.infer(left, None);
            let hint = left.expr.ty.clone();
            let right = self.infer(right, Some(&hint));
            (left, right)
        }
    }

    pub(super) fn comparison(
        &mut self,
        op: ast::CompareOp,
        left: &ast::Expr<'a>,
        right: &ast::Expr<'a>,
        span: Span,
    ) -> Typed {
        if let Some(typed) = self.aggregate(op, left, right, span) {
            return typed;
        }
        let (left, right) = self.both(left, right);
        self.compared(op.into(), left, right, span)
    }

    /// Types the comparison of two sides that are typed.
    pub(super) fn compared(&mut self, op: CompareOp, left: Typed, right: Typed, span: Span) -> Typed {
        let (left, right) = self.level_numbers(left, right);
        if left.is_unknown() || right.is_unknown() {
            return self.undecided(span);
        }
        if !self.comparable(op, &left, &right, span) {
            return self.undecided(span);
        }
        let revealed = op == CompareOp::Eq && (left.literal().is_some() || right.literal().is_some());
        let (left, right) = if revealed {
            (self.guarded(left).expr, self.guarded(right).expr)
        } else {
            let right = Typed { secret: right.secret && !left.secret, ..right };
            (self.operand(left), self.operand(right))
        };
        self.condition_node(ExprKind::Compare(op, Box::new(left), Box::new(right)), span)
    }

    pub(super) fn comparable(&mut self, op: CompareOp, left: &Typed, right: &Typed, span: Span) -> bool {
        let ordered = !matches!(op, CompareOp::Eq | CompareOp::Ne);
        if !is_scalar(&left.expr.ty) || !is_scalar(&right.expr.ty) {
            self.whole_values(left, right);
            return false;
        }
        if !alike(self.cx.policy, &left.expr.ty, &right.expr.ty) {
            self.mismatch(left, right);
            return false;
        }
        if ordered && !has_order(&left.expr.ty) {
            let title = format!("`{}` has no order", self.type_name(&left.expr.ty));
            let diagnostic = Diagnostic::new(Code::AP0303, title, span, "compared by order");
            self.report(diagnostic.help("order exists on numbers, durations, dates, times and levels"));
            return false;
        }
        if left.expr.ty == Type::Float && left.literal().is_none() && right.literal().is_none() {
            let title = "a `float` is compared with a literal only";
            let diagnostic = Diagnostic::new(Code::AP0308, title, span, "both sides are values");
            self.report(diagnostic.help("write a number on one side, or declare both as `decimal`"));
            return false;
        }
        let small = |this: &mut Self, text: &Typed, other: &Typed| {
            other.literal_text().is_some_and(|literal| this.never_small(text, literal, other.at))
        };
        if small(self, left, right) || small(self, right, left) {
            return false;
        }
        self.origin_comparable(ordered, left, right, span) && self.label_comparable(ordered, left, right, span)
    }

    /// Two scalars of different types.
    pub(super) fn mismatch(&mut self, left: &Typed, right: &Typed) {
        let (a, b) = (self.type_name(&left.expr.ty), self.type_name(&right.expr.ty));
        let title = format!("cannot compare `{a}` with `{b}`");
        let mut diagnostic =
            Diagnostic::new(Code::AP0301, title, left.at, format!("this is {}", self.a_type(&left.expr.ty)))
                .because(right.at, format!("this is {}", self.a_type(&right.expr.ty)));
        if let Some((name, declared)) = left.declared.as_ref().or(right.declared.as_ref()) {
            diagnostic = diagnostic.because(*declared, format!("`{name}` is declared here"));
        }
        let help = conversion(left, &right.expr.ty).or_else(|| conversion(right, &left.expr.ty));
        self.report(diagnostic.maybe_help(help));
    }

    /// A list, map, record or json on one side.
    fn whole_values(&mut self, left: &Typed, right: &Typed) {
        let whole = if is_scalar(&left.expr.ty) { right } else { left };
        let other = if is_scalar(&left.expr.ty) { left } else { right };
        let title = format!("`{}` is not compared as a whole", self.type_name(&whole.expr.ty));
        let written = self.text(whole.at);
        let help = match (&whole.expr.ty, &other.expr.kind) {
            (Type::List(..), ExprKind::List(elements)) if elements.is_empty() => {
                format!("write `count({written}) == 0`")
            }
            (Type::List(..), _) if is_scalar(&other.expr.ty) => format!("write `{} in {written}`", self.text(other.at)),
            (Type::List(..) | Type::Map(..), _) => format!("ask about its elements: `all x in {written}: ...`"),
            (Type::Json, _) => "declare its fields to read them; `json` is carried and never read".to_owned(),
            _ => "compare its fields, one by one".to_owned(),
        };
        let diagnostic =
            Diagnostic::new(Code::AP0311, title, whole.at, format!("this is {}", self.a_type(&whole.expr.ty)));
        self.report(diagnostic.help(help));
    }

    pub(super) fn relation(
        &mut self,
        op: RelationOp,
        left: &ast::Expr<'a>,
        right: &ast::Expr<'a>,
        span: Span,
    ) -> Typed {
        match op {
            RelationOp::In => self.membership(left, right, span),
            RelationOp::Contains => self.contains(left, right, span),
            RelationOp::Like | RelationOp::Matches | RelationOp::StartsWith | RelationOp::EndsWith => {
                self.test_of_text(op, left, right, span)
            }
        }
    }

    fn membership(&mut self, left: &ast::Expr<'a>, right: &ast::Expr<'a>, span: Span) -> Typed {
        if let Written::List(sources) = right.kind
            && sources.iter().any(|source| matches!(source.kind, Written::ResultOf(_)))
        {
            return self.origin_in(left, sources, span);
        }
        if self.that.is_some()
            && let Some(typed) = self.earlier_user_in(left, right, span)
        {
            return typed;
        }
        if let Written::Name(root) = left.kind
            && root.text == "user"
            && self.binding("user").is_none()
        {
            if !self.reaches_references(right) {
                return self.user_in(right, span);
            }
            let element = self.infer(left, None);
            return self.inside(element, right, span);
        }
        let list = match (right.kind, self.is_flexible(left) && !self.is_flexible(right)) {
            (_, true) => Some(self.infer(right, None)),
            _ => None,
        };
        let (element, list) = match list {
            Some(list) => {
                let hint = element_of(&list.expr.ty);
                (self.infer(left, hint.as_ref()), list)
            }
            None => {
                let element = self.infer(left, None);
                if element.expr.ty.is_reference() {
                    return self.inside(element, right, span);
                }
                let hint = Type::List(Box::new(element.expr.ty.clone()), 0);
                let list = self.infer(right, Some(&hint));
                (element, list)
            }
        };
        self.member_test(element, list, span, true)
    }

    /// Types `LIST contains x`; on texts the test with a literal.
    fn contains(&mut self, left: &ast::Expr<'a>, right: &ast::Expr<'a>, span: Span) -> Typed {
        let list = self.infer(left, None);
        match &list.expr.ty {
            Type::Unknown => self.undecided(span),
            Type::List(..) => {
                let hint = element_of(&list.expr.ty);
                let element = self.infer(right, hint.as_ref());
                self.member_test(element, list, span, false)
            }
            Type::Map(..) => {
                let title = "a map is asked about its keys with `in`";
                let help = format!("write `{} in {}`", self.text(right.span), self.text(left.span));
                self.report(Diagnostic::new(Code::AP0303, title, list.at, "a map").help(help));
                self.undecided(span)
            }
            _ => self.typed_test_of_text(RelationOp::Contains, list, right, span),
        }
    }

    /// Makes `element in list`, or `list contains element`.
    fn member_test(&mut self, element: Typed, list: Typed, span: Span, is_in: bool) -> Typed {
        if element.is_unknown() || list.is_unknown() {
            return self.undecided(span);
        }
        let inner = match &list.expr.ty {
            Type::List(inner, _) => (**inner).clone(),
            Type::Map(..) => Type::String,
            ty => {
                let title = format!("`in` looks into lists, maps and groups, not into `{}`", self.type_name(ty));
                let help = match ty {
                    Type::String => Some(format!("for a part of a text write `{} contains ...`", self.text(list.at))),
                    _ => Some(format!("for one value write `== {}`", self.text(list.at))),
                };
                let diagnostic = Diagnostic::new(Code::AP0303, title, list.at, format!("this is {}", self.a_type(ty)));
                self.report(diagnostic.maybe_help(help));
                return self.undecided(span);
            }
        };
        if !is_scalar(&element.expr.ty) {
            let title = format!("`{}` is not compared as a whole", self.type_name(&element.expr.ty));
            let label = format!("this is {}", self.a_type(&element.expr.ty));
            let diagnostic = Diagnostic::new(Code::AP0311, title, element.at, label);
            self.report(diagnostic.help("ask about its elements: `all x in LIST: x in ...`"));
            return self.undecided(span);
        }
        let element = match (&element.expr.ty, &inner) {
            (Type::Int, Type::Decimal { .. }) => self.widened(element),
            _ => element,
        };
        let list = match (&element.expr.ty, &inner) {
            (Type::Decimal { .. }, Type::Int) => self.widened_list(list),
            _ => list,
        };
        let inner = element_of(&list.expr.ty).unwrap_or(inner);
        if !alike(self.cx.policy, &element.expr.ty, &inner) {
            let list = Typed { expr: crate::policy::Expr { ty: inner, ..list.expr }, ..list };
            self.mismatch_in(&element, &list);
            return self.undecided(span);
        }
        if element.expr.ty == Type::Float && element.literal().is_none() && !matches!(list.expr.kind, ExprKind::List(_))
        {
            let title = "a `float` is compared with literals only";
            self.report(Diagnostic::new(Code::AP0308, title, list.at, "not a list of numbers written here"));
            return self.undecided(span);
        }
        if self.is_origin(&element.expr.ty) {
            self.report_origin_by_equality(span);
            return self.undecided(span);
        }
        if let ExprKind::List(elements) = &self.resolved(&list.expr).kind {
            let literals: Vec<Typed> = elements.iter().map(|of| Typed::plain(of.clone()).at(list.at)).collect();
            if literals.iter().filter_map(Typed::literal_text).any(|text| self.never_small(&element, text, list.at)) {
                return self.undecided(span);
            }
        }
        let (element, list) = (self.operand(element), self.operand(list));
        let kind = match (is_in, &list.ty) {
            (false, Type::List(..)) => ExprKind::Contains(Box::new(list), Box::new(element)),
            _ => ExprKind::In(Box::new(element), Box::new(list)),
        };
        self.condition_node(kind, span)
    }

    /// Makes the ints of a list written out decimals.
    fn widened_list(&mut self, list: Typed) -> Typed {
        let ExprKind::List(elements) = list.expr.kind else { return list };
        let plain = |expr| Typed::plain(expr);
        let elements: Vec<_> = elements.into_iter().map(|element| self.widened(plain(element)).expr).collect();
        let ty =
            Type::List(Box::new(Type::Decimal { as_string: false }), u32::try_from(elements.len()).unwrap_or(u32::MAX));
        let expr = crate::policy::Expr { kind: ExprKind::List(elements), ty, span: list.expr.span };
        Typed { expr, ..list }
    }

    /// An element that the list cannot hold; `list` bears the type of its elements.
    fn mismatch_in(&mut self, element: &Typed, list: &Typed) {
        let (a, b) = (self.type_name(&element.expr.ty), self.type_name(&list.expr.ty));
        let title = format!("`{a}` is never in a list of `{b}`");
        let mut diagnostic =
            Diagnostic::new(Code::AP0301, title, element.at, format!("this is {}", self.a_type(&element.expr.ty)))
                .because(list.at, format!("its elements are {}", self.a_type(&list.expr.ty)));
        if let Some((name, declared)) = element.declared.as_ref().or(list.declared.as_ref()) {
            diagnostic = diagnostic.because(*declared, format!("`{name}` is declared here"));
        }
        self.report(diagnostic.maybe_help(conversion(element, &list.expr.ty)));
    }

    /// Types `user in GROUP`.
    pub(super) fn user_in(&mut self, group: &ast::Expr<'a>, span: Span) -> Typed {
        let words = words_of(group);
        let joined = words.map(|words| words.iter().map(|word| word.text).collect::<Vec<_>>().join("."));
        let Some(joined) = joined else {
            let title = "`user in` asks for membership of a group";
            let help = match group.kind {
                Written::List(_) => "ask for each group: `user in a or user in b`",
                Written::Text(_) => "write the group's name without quotes; one user is `user.id == \"...\"`",
                _ => "write the name of a group",
            };
            self.report(Diagnostic::new(Code::AP0302, title, group.span, "not a group").help(help));
            return self.undecided(span);
        };
        if matches!(self.place, super::Place::Constraint { .. } | super::Place::ResultKey { .. }) {
            let title = "`user` cannot be read here";
            self.report(Diagnostic::new(Code::AP0316, title, span, "not known where this is asked"));
            return self.undecided(span);
        }
        match self.entity(&joined) {
            Some((Entity::Group(id), _)) => self.condition_node(ExprKind::UserIn(id), span),
            Some((entity, declared)) => {
                let title = format!("`{joined}` is {}, not a group", entity.kind());
                let diagnostic = Diagnostic::new(Code::AP0207, title, group.span, "a group is needed here")
                    .because(declared, format!("`{joined}` is declared here"));
                self.report(diagnostic);
                self.undecided(span)
            }
            None => {
                let visible = self.cx.names.visible(self.module());
                let groups = visible.iter().filter(|(_, entity)| matches!(entity, Entity::Group(_)));
                let help = did_you_mean(&joined, groups.map(|(name, _)| name.as_str()))
                    .unwrap_or_else(|| format!("declare it: `group {joined}`"));
                let title = format!("the group `{joined}` is not declared");
                self.report(Diagnostic::new(Code::AP0201, title, group.span, "no such group").help(help));
                self.undecided(span)
            }
        }
    }
}

/// Returns the type of what is in a list, or of a map's keys.
fn element_of(ty: &Type) -> Option<Type> {
    match ty {
        Type::Unknown => Some(Type::Unknown),
        Type::List(element, _) => Some((**element).clone()),
        Type::Map(..) => Some(Type::String),
        _ => None,
    }
}
