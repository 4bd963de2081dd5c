//! `origin(E) in [user, result of crm.search]`: what each leaf of a value may come from.
//!
//! What is at least of the lowest level in the list will do, and so will what an answer of one of the tools held. Such a tool
//! must be one that somebody vouches for, and a level that every such tool reaches leaves nothing for it to say.

use super::Typer;
use super::typed::Typed;
use crate::names::Entity;
use crate::policy::{ExprKind, Returns, Sources, ToolId, Type, Value};
use crate::resolve::{Wanted, resolve};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};
use agentpol_syntax::ast::{self, ExprKind as Written};

/// The member of the builtin level `origin` that answers reach which somebody vouches for.
const TRUSTED: u32 = 2;

impl<'a> Typer<'_, 'a> {
    /// Types `origin(E) in [SOURCES]`, where a tool is among them.
    pub(super) fn origin_in(&mut self, left: &ast::Expr<'a>, sources: &[ast::Expr<'a>], span: Span) -> Typed {
        let asked = self.infer(left, None);
        let sources = self.sources(sources);
        if asked.is_unknown() {
            return self.undecided(span);
        }
        let of = match &self.resolved(&asked.expr).kind {
            ExprKind::Origin(of) => Some((**of).clone()),
            _ => None,
        };
        let Some(of) = of else {
            // What could not be typed as an origin was told.
            if !self.is_origin(&asked.expr.ty) {
                let title = "only an origin is the result of a tool";
                let help = format!("write `origin({}) in [...]`, with an argument of the call", self.text(left.span));
                self.report(Diagnostic::new(Code::AP0322, title, asked.at, "not an origin").help(help));
            } else if !matches!(asked.expr.kind, ExprKind::Local(super::OPAQUE)) {
                let title = "a list of sources is asked of one `origin(...)`";
                let help = "write `origin(args.NAME) in [...]` for each, joined by `and` or `or`";
                self.report(Diagnostic::new(Code::AP0322, title, asked.at, "chosen from several").help(help));
            }
            return self.undecided(span);
        };
        match sources {
            Some(sources) => self.condition_node(ExprKind::OriginIn(Box::new(of), sources), span),
            None => self.undecided(span),
        }
    }

    /// `result of TOOL` where no list of sources is.
    pub(super) fn stray_source(&mut self, span: Span) -> Typed {
        let title = "`result of` stands in a list of sources";
        let help = format!("write `origin(args.NAME) in [user, {}]`", self.text(span));
        self.report(Diagnostic::new(Code::AP0322, title, span, "not in a list behind `origin(...) in`").help(help));
        self.unknown(span).at(span)
    }

    /// Reads the list; nothing where something in it is wrong, which has then been told.
    fn sources(&mut self, written: &[ast::Expr<'a>]) -> Option<Sources> {
        let mut tools = Vec::new();
        let mut least: Option<(u32, Span)> = None;
        let mut sound = true;
        for source in written {
            match source.kind {
                Written::ResultOf(path) => match self.vouched(path, source.span) {
                    Some(tool) => tools.push(tool),
                    None => sound = false,
                },
                _ => match self.level_of(source) {
                    Some(member) if least.is_none_or(|(known, _)| member < known) => {
                        least = Some((member, source.span));
                    }
                    Some(_) => {}
                    None => sound = false,
                },
            }
        }
        tools.sort_unstable();
        tools.dedup();
        if !sound {
            return None;
        }
        if let Some((member, span)) = least
            && member <= TRUSTED
        {
            let word = self.text(span);
            let first = written.iter().find(|source| matches!(source.kind, Written::ResultOf(_)));
            let title = format!("`{word}` takes in every answer that somebody vouches for");
            let mut diagnostic = Diagnostic::new(Code::AP0322, title, span, "as good as this, or better");
            if let Some(first) = first {
                diagnostic = diagnostic.because(first.span, "so this adds nothing");
            }
            let help = format!("write `origin(...) >= {word}`, or only levels above it: `[user, result of ...]`");
            self.report(diagnostic.help(help));
            return None;
        }
        Some(Sources { least: least.map(|(member, _)| member), tools })
    }

    /// A level in the list.
    fn level_of(&mut self, written: &ast::Expr<'a>) -> Option<u32> {
        let level = self.origin_level()?;
        let typed = self.infer(written, Some(&Type::Level(level)));
        match typed.literal() {
            Some(Value::Level(of, member)) if *of == level => Some(*member),
            _ => {
                if !typed.is_unknown() {
                    let title = "this is no source of an argument";
                    let help = "write `user`, `system` or `result of TOOL`";
                    self.report(
                        Diagnostic::new(Code::AP0322, title, written.span, "not a level of origins").help(help),
                    );
                }
                None
            }
        }
    }

    /// A tool in the list: one whose answers somebody vouches for.
    fn vouched(&mut self, path: &ast::Path<'a>, span: Span) -> Option<ToolId> {
        let mut found = Diagnostics::new();
        let entity = resolve(self.cx.names, self.module(), path, Wanted::Tool, &mut found);
        found.iter().cloned().for_each(|diagnostic| self.report(diagnostic));
        let Some(Entity::Tool(id)) = entity else { return None };
        let tool = &self.cx.policy[id];
        let (label, help) = match tool.returns {
            Returns::Trusted => return Some(id),
            Returns::Nothing => ("it returns nothing", "name a tool that says what it answers".to_owned()),
            Returns::Untrusted => {
                let help = format!(
                    "write `returns trusted` on `{}`, if its system's owner vouches for its answers",
                    tool.name
                );
                ("its answers are nobody's word", help)
            }
        };
        let title = format!("no argument can be trusted as the result of `{}`", path.joined());
        let diagnostic = Diagnostic::new(Code::AP0322, title, span, label).because(tool.span, "declared here");
        self.report(diagnostic.help(help));
        None
    }
}
