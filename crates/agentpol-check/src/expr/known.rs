//! `known R(k)` and `known R`: records that earlier answers have taught.

use super::typed::Typed;
use super::{Place, Typer};
use crate::names::Entity;
use crate::policy::{Expr, ExprKind, Field, Known, LocalId, RecordId, Returns, ToolId, Type};
use crate::resolve::{Wanted, resolve};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};
use agentpol_syntax::ast;

impl<'a> Typer<'_, 'a> {
    /// Types `known R(k)`, a record, and `known R`, all that are known.
    pub(super) fn known(&mut self, path: &ast::Path<'a>, keys: Option<&[ast::Expr<'a>]>, span: Span) -> Typed {
        if matches!(self.place, Place::Constraint { .. } | Place::ResultKey { .. }) {
            let title = "what is known cannot be asked about here";
            let diagnostic = Diagnostic::new(Code::AP0316, title, span, "a value on its own has no history");
            self.report(diagnostic.help("ask in `when` or `unless` of a rule"));
            return self.unknown(span).at(span);
        }
        let Some(record) = self.written_record(path) else { return self.unknown(span).at(span) };
        let policy = self.cx.policy;
        if policy[record].keys.is_empty() {
            let title = format!("nothing is learned of `{}`, which has no key", policy[record].name);
            let diagnostic = Diagnostic::new(Code::AP0321, title, path.span, "told apart by nothing")
                .because(policy[record].span, "declared here");
            let help = format!("name its key: `record {} by FIELD {{ ... }}`", policy[record].name);
            self.report(diagnostic.help(help));
            return self.unknown(span).at(span);
        }
        let taught = self.is_taught(record, path.span);
        let shape = Type::Shape(policy[record].shape);
        let typed = match keys {
            None => {
                let ty = Type::List(Box::new(shape), policy[record].keep);
                self.node(ExprKind::AllKnown(record), ty, span)
            }
            Some(keys) => {
                let Some(keys) = self.key_values(record, keys, span) else { return self.unknown(span).at(span) };
                self.node(ExprKind::Known(Box::new(Known { record, keys })), shape, span)
            }
        };
        if !taught {
            return self.unknown(span).at(span);
        }
        Typed::plain(typed).at(span)
    }

    fn written_record(&mut self, path: &ast::Path<'a>) -> Option<RecordId> {
        if let Some((first, [_, ..])) = path.segments.split_first()
            && self.entity(&path.joined()).is_none()
            && matches!(self.entity(first.text), Some((Entity::Record(_), _)))
        {
            let title = format!("`known {}` says of which record, but not under which key", first.text);
            let rest = path.segments[1..].iter().map(|name| name.text).collect::<Vec<_>>().join(".");
            let diagnostic = Diagnostic::new(Code::AP0309, title, path.span, "a key is missing");
            self.report(diagnostic.help(format!("write `known {}(KEY).{rest}`", first.text)));
            return None;
        }
        let mut found = Diagnostics::new();
        let entity = resolve(self.cx.names, self.module(), path, Wanted::Record, &mut found);
        found.iter().cloned().for_each(|diagnostic| self.report(diagnostic));
        match entity {
            Some(Entity::Record(record)) => Some(record),
            _ => None,
        }
    }

    /// Types the values for the keys of a record.
    fn key_values(&mut self, record: RecordId, keys: &[ast::Expr<'a>], span: Span) -> Option<Vec<Expr>> {
        let policy = self.cx.policy;
        let types = policy.key_types(record);
        if types.len() != keys.len() {
            let names: Vec<String> = policy[record].keys.iter().map(|path| path.join(".")).collect();
            let name = &policy[record].name;
            let title = match types.len() {
                1 => format!("`{name}` has 1 key"),
                count => format!("`{name}` has {count} keys"),
            };
            let diagnostic = Diagnostic::new(Code::AP0309, title, span, format!("{} given", keys.len()))
                .because(policy[record].span, "declared here");
            let help = match keys.len() {
                0 => format!("write `known {name}` for all that are known, or `known {name}({})`", names.join(", ")),
                _ => format!("write a value for each: `known {name}({})`", names.join(", ")),
            };
            self.report(diagnostic.help(help));
            return None;
        }
        let mut sound = true;
        let mut values = Vec::with_capacity(keys.len());
        for ((key, ty), path) in keys.iter().zip(&types).zip(&policy[record].keys) {
            let typed = self.infer(key, Some(ty));
            let typed = self.fit(typed, ty, &format!("for the key `{}`", path.join(".")));
            sound &= !typed.is_unknown();
            values.push(self.operand(typed));
        }
        sound.then_some(values)
    }

    /// Returns whether some tool's answers teach a record; in a grant every one of them must vouch for what it says.
    fn is_taught(&mut self, record: RecordId, span: Span) -> bool {
        let policy = self.cx.policy;
        let teachers = policy.teachers(record);
        let name = &policy[record].name;
        if teachers.is_empty() {
            if self.cx.names.modules.iter().all(|names| names.unread.is_empty()) {
                let title = format!("no tool answers with `{name}`, so none is ever known");
                let diagnostic = Diagnostic::new(Code::AP0321, title, span, "always missing");
                let help = format!("declare what the tools answer, as in `tool X(...) -> {name}`");
                self.report(diagnostic.because(policy[record].span, "declared here").help(help));
            }
            return false;
        }
        let stranger = teachers.iter().find(|id| policy[**id].returns == Returns::Untrusted);
        if let (true, Some(id)) = (self.grants(), stranger) {
            self.refuse_stranger(*id, span);
            return false;
        }
        let marked = policy.strangers_key(record).or_else(|| policy.strangers_record(record));
        if let (true, Some(field)) = (self.grants(), marked) {
            let title = format!("a grant cannot rest on `{name}`: a stranger may say which one is meant");
            let diagnostic = Diagnostic::new(Code::AP0320, title, span, "may be a stranger's word");
            let diagnostic = diagnostic.because(field.span, format!("`{}` is marked `untrusted`", field.name));
            self.report(
                diagnostic.help("let the key, and all that the record lies in, be what the system makes up itself"),
            );
            return false;
        }
        true
    }

    /// Refuses a grant that rests on what nobody vouches for.
    pub(super) fn refuse_stranger(&mut self, id: ToolId, span: Span) -> Typed {
        let tool = &self.cx.policy[id];
        let title = format!("a grant cannot rest on what `{}` answers: nobody vouches for it", tool.name);
        let diagnostic = Diagnostic::new(Code::AP0320, title, span, "may be a stranger's word")
            .because(tool.span, "its answers are untrusted");
        let help = format!("write `returns trusted` behind `{}` if its system makes up every word itself", tool.name);
        self.report(diagnostic.help(help));
        self.unknown(span).at(span)
    }

    /// Checks the reading of a field of something remembered: no secret is kept, no stranger's word grants.
    pub(super) fn check_remembered(&mut self, of: &Expr, field: &Field, at: Span) {
        if !self.is_remembered(of) {
            return;
        }
        let policy = self.cx.policy;
        let declared = Some((field.name.clone(), field.span));
        let within = policy.any_field(std::slice::from_ref(&field.ty), &mut |inner| inner.secret);
        if field.secret || within {
            let typed = Typed { declared: declared.clone(), ..self.unknown(at).at(at) };
            self.refuse_keeping(&typed, declared.as_ref().filter(|_| field.secret));
        }
        if self.grants() && field.untrusted {
            let title = format!("a grant cannot rest on `{}`, which is a stranger's word", field.name);
            let diagnostic = Diagnostic::new(Code::AP0320, title, at, "marked `untrusted`");
            let diagnostic = diagnostic.because(field.span, "declared here");
            self.report(diagnostic.help("rest the grant on a field that the system makes up itself"));
        }
    }

    /// Returns whether a value is what an earlier answer taught, or inside of it.
    fn is_remembered(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Known(_) | ExprKind::AllKnown(_) | ExprKind::Earlier(_) | ExprKind::Result => true,
            ExprKind::Field(of, _) | ExprKind::Index(of, _) | ExprKind::First(of) | ExprKind::Last(of) => {
                self.is_remembered(of)
            }
            ExprKind::FirstWhere(each) | ExprKind::LastWhere(each) => self.is_remembered(&each.over),
            ExprKind::Otherwise(a, b) | ExprKind::If(_, a, b) | ExprKind::Pairs(a, b) => {
                self.is_remembered(a) || self.is_remembered(b)
            }
            ExprKind::Let(_, _, body) => self.is_remembered(body),
            ExprKind::Local(local) => match self.value_of(*local) {
                Some(value) => self.is_remembered(value),
                None => self.remembered.contains(local),
            },
            _ => false,
        }
    }

    /// Notes that a local is an element of something remembered, if it is.
    pub(super) fn remember(&mut self, local: LocalId, over: &Expr) {
        if self.is_remembered(over) {
            self.remembered.push(local);
        }
    }
}
