//! What is known to be there: the paths behind `has`, followed through conditions.
//!
//! A path is a text made of an expression's structure, so that `args.to` is the same wherever it is written. A local
//! that `let` binds to a path is that path.

use super::Typer;
use super::scope::local_key;
use super::typed::Typed;
use crate::policy::{Each, Expr, ExprKind, LocalId, Type, Value};
use agentpol_diagnostics::{Code, Diagnostic};

impl Typer<'_, '_> {
    /// Takes a value as the operand of something strict: what may be missing must be guarded, a secret not shown.
    pub(super) fn operand(&mut self, typed: Typed) -> Expr {
        let typed = self.guarded(typed);
        if typed.secret {
            self.report_secret(&typed);
        }
        typed.expr
    }

    /// Asks for guards around what may be missing, and returns what then is there.
    pub(super) fn guarded(&mut self, mut typed: Typed) -> Typed {
        let missing = std::mem::take(&mut typed.missing);
        let Some(first) = missing.iter().find(|missing| !self.facts.contains(&missing.key)) else { return typed };
        let title = format!("`{}` may be missing", first.written);
        let written = &first.written;
        let diagnostic = Diagnostic::new(Code::AP0304, title, typed.at, "read without knowing that it is there")
            .because(first.declared, format!("`{}` is optional", last_segment(written)));
        let is_list = matches!(typed.expr.ty, Type::List(..)) && self.key(&typed.expr).as_ref() == Some(&first.key);
        let stand_in = if is_list { "[]" } else { "..." };
        let help = format!(
            "ask first, as in `has {written} and ...`, or say what stands in for it: `({written} otherwise {stand_in})`"
        );
        let key = first.key.clone();
        self.report(diagnostic.help(help));
        self.facts.push(key);
        typed
    }

    /// Refuses to show a secret.
    pub(super) fn report_secret(&mut self, typed: &Typed) {
        let title = format!("`{}` is secret and may not be read this way", self.text(typed.at));
        let mut diagnostic = Diagnostic::new(Code::AP0312, title, typed.at, "a secret");
        if let Some((name, span)) = &typed.declared {
            diagnostic = diagnostic.because(*span, format!("`{name}` is declared secret here"));
        }
        self.report(diagnostic.help("a secret stands only in `has`, in `matches \"...\"` and in `== \"...\"`"));
    }

    /// Keeps what a condition says about missing values, for what comes after it.
    pub(super) fn learn(&mut self, condition: &Expr, outcome: bool) {
        let facts = self.implied(condition, outcome);
        self.facts.extend(facts);
    }

    /// Returns the paths that are there when a condition is true, or false.
    pub(super) fn implied(&self, expr: &Expr, outcome: bool) -> Vec<String> {
        match (&expr.kind, outcome) {
            (ExprKind::Has(path), true) => self.prefixes(path),
            (ExprKind::Not(inner), _) => self.implied(inner, !outcome),
            (ExprKind::And(parts), true) | (ExprKind::Or(parts), false) => self.of_all(parts, outcome),
            (ExprKind::And(parts), false) | (ExprKind::Or(parts), true) => self.of_each(parts, outcome),
            (ExprKind::If(condition, then, other), _) => {
                let mut yes = self.implied(condition, true);
                yes.extend(self.implied(then, outcome));
                let mut no = self.implied(condition, false);
                no.extend(self.implied(other, outcome));
                self.either(then, other, outcome, yes, no)
            }
            (ExprKind::Let(_, _, body), _) => self.implied(body, outcome),
            (ExprKind::Local(local), _) => match self.value_of(*local) {
                Some(value) => self.implied(value, outcome),
                None => Vec::new(),
            },
            (ExprKind::Any(each), true) | (ExprKind::All(each), false) => self.of_some_element(each, outcome),
            (ExprKind::All(each), true) => self.of_every_element(each),
            _ => Vec::new(),
        }
    }

    fn of_all(&self, parts: &[Expr], outcome: bool) -> Vec<String> {
        parts.iter().flat_map(|part| self.implied(part, outcome)).collect()
    }

    fn of_each(&self, parts: &[Expr], outcome: bool) -> Vec<String> {
        let mut parts = parts.iter();
        let Some(first) = parts.next() else { return Vec::new() };
        let mut common = self.implied(first, outcome);
        for part in parts {
            let here = self.implied(part, outcome);
            common.retain(|fact| here.contains(fact));
        }
        common
    }

    /// A branch that can never have the outcome says nothing against the other.
    fn either(&self, then: &Expr, other: &Expr, outcome: bool, yes: Vec<String>, no: Vec<String>) -> Vec<String> {
        let never = |branch: &Expr| branch.kind_is_bool(!outcome);
        match (never(then), never(other)) {
            (true, false) => no,
            (false, true) => yes,
            _ => yes.into_iter().filter(|fact| no.contains(fact)).collect(),
        }
    }

    /// Some element has the outcome: what its body says about anything but the element holds.
    fn of_some_element(&self, each: &Each, outcome: bool) -> Vec<String> {
        let bound = element_keys(each);
        let mut facts = self.implied(&each.body, outcome);
        facts.retain(|fact| !bound.iter().any(|key| mentions(fact, key)));
        facts
    }

    /// Every element fulfils the body: what it says about the element holds for each element of that list.
    fn of_every_element(&self, each: &Each) -> Vec<String> {
        let Some(list) = self.key(&each.over) else { return Vec::new() };
        let element = local_key(each.second.unwrap_or(each.first));
        let facts = self.implied(&each.body, true);
        facts.iter().filter_map(|fact| Some(format!("{list}[*]{}", fact.strip_prefix(&element)?))).collect()
    }

    /// Returns what is known of every element of a list, said of one of them.
    pub(super) fn facts_of_element(&self, list: &Expr, element: LocalId) -> Vec<String> {
        let Some(list) = self.key(list) else { return Vec::new() };
        let (prefix, element) = (format!("{list}[*]"), local_key(element));
        self.facts.iter().filter_map(|fact| Some(format!("{element}{}", fact.strip_prefix(&prefix)?))).collect()
    }

    /// Runs with more facts in force.
    pub(super) fn knowing<T>(&mut self, facts: Vec<String>, run: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.facts.len();
        self.facts.extend(facts);
        let result = run(self);
        self.facts.truncate(before);
        result
    }

    /// Names an expression by its structure, if it is a path.
    pub(super) fn key(&self, expr: &Expr) -> Option<String> {
        Some(match &expr.kind {
            ExprKind::Arg(name) => format!("args.{name}"),
            ExprKind::User(name) => format!("user.{name}"),
            ExprKind::UserId => "user.id".to_owned(),
            ExprKind::Context(name) => format!("context.{name}"),
            ExprKind::Agent(name) => format!("agent.{name}"),
            ExprKind::Local(local) => {
                self.value_of(*local).and_then(|value| self.key(value)).unwrap_or_else(|| local_key(*local))
            }
            ExprKind::Requester => "user".to_owned(),
            ExprKind::Resource => "resource".to_owned(),
            ExprKind::Field(of, name) | ExprKind::Attribute(of, name) => format!("{}.{name}", self.key(of)?),
            ExprKind::PathOf(of) => format!("{}.<path>", self.key(of)?),
            ExprKind::Part(part, of) => format!("{}.<{part:?}>", self.key(of)?),
            ExprKind::Index(of, key) => format!("{}[{}]", self.key(of)?, self.key(key)?),
            ExprKind::First(of) => format!("first({})", self.key(of)?),
            ExprKind::Last(of) => format!("last({})", self.key(of)?),
            ExprKind::Literal(Value::Text(text)) => format!("{text:?}"),
            ExprKind::Result => "result".to_owned(),
            ExprKind::Known(known) => {
                let keys: Option<Vec<String>> = known.keys.iter().map(|key| self.key(key)).collect();
                format!("known {}({})", known.record.0, keys?.join(","))
            }
            ExprKind::Earlier(_) => self.key_taken(expr)?,
            _ => return None,
        })
    }

    /// Returns what `let` binds to a local.
    pub(super) fn value_of(&self, local: LocalId) -> Option<&Expr> {
        self.lets.iter().rev().find(|(id, _)| *id == local).map(|(_, value)| value)
    }

    /// Returns what an expression stands for behind the names that `let` gives it.
    pub(super) fn resolved<'e>(&'e self, mut expr: &'e Expr) -> &'e Expr {
        while let ExprKind::Local(local) = &expr.kind {
            match self.value_of(*local) {
                Some(value) => expr = value,
                None => break,
            }
        }
        expr
    }

    /// Returns the keys of a path and of all that it goes through.
    fn prefixes(&self, path: &Expr) -> Vec<String> {
        let mut keys: Vec<String> = self.key(path).into_iter().collect();
        let mut at = self.around(path);
        while let Some(around) = at {
            keys.extend(self.key(&around));
            at = self.around(&around);
        }
        keys
    }

    /// Returns what a value directly lies in, behind the names that `let` gives it.
    pub(super) fn around(&self, path: &Expr) -> Option<Expr> {
        match &self.resolved(path).kind {
            ExprKind::Field(of, _) | ExprKind::Part(_, of) | ExprKind::Index(of, _) => Some(self.resolved(of).clone()),
            ExprKind::Attribute(of, _) | ExprKind::PathOf(of) => Some(self.resolved(of).clone()),
            ExprKind::First(of) | ExprKind::Last(of) => Some(self.resolved(of).clone()),
            ExprKind::Earlier(_) => super::history::around_taken(self.resolved(path)),
            _ => None,
        }
    }
}

fn element_keys(each: &Each) -> Vec<String> {
    [Some(each.first), each.second].into_iter().flatten().map(local_key).collect()
}

/// Returns whether a fact goes through a local.
fn mentions(fact: &str, local: &str) -> bool {
    fact.match_indices(local).any(|(at, _)| !fact[at + local.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

fn last_segment(written: &str) -> &str {
    written.rsplit('.').next().unwrap_or(written)
}

impl Expr {
    fn kind_is_bool(&self, value: bool) -> bool {
        matches!(self.kind, ExprKind::Literal(Value::Bool(is)) if is == value)
    }
}
