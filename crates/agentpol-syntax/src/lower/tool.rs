//! Tools, sets of tools and what tools answer.

use super::{Kids, Lower, Node};
use crate::ast::*;
use agentpol_grammar::Rule;

impl<'a> Lower<'a, '_> {
    pub(super) fn toolset(&self, kids: &mut Kids<'a>) -> Option<ToolSet<'a>> {
        kids.has(Rule::k_tools);
        let name = self.name(&kids.take(Rule::name)?);
        Some(ToolSet { name, tools: self.patterns(kids.take(Rule::patterns)?)? })
    }

    pub(super) fn patterns(&self, node: Node<'a>) -> Option<ToolPatterns<'a>> {
        let span = self.span(&node);
        let (mut include, mut except, mut out) = (Vec::new(), Vec::new(), false);
        for kid in node.into_inner() {
            if kid.as_rule() == Rule::except {
                out = true;
            } else if out {
                except.push(self.pattern(kid)?);
            } else {
                include.push(self.pattern(kid)?);
            }
        }
        Some(ToolPatterns { include: self.slice(include), except: self.slice(except), span })
    }

    pub(super) fn pattern(&self, node: Node<'a>) -> Option<ToolPattern<'a>> {
        let span = self.span(&node);
        let mut kids = Kids::of(node);
        let Some(path) = kids.take(Rule::path) else { return Some(ToolPattern::Every(span)) };
        let mut path = self.path(path);
        if kids.has(Rule::every) {
            path.span = span;
            return Some(ToolPattern::Under(path));
        }
        Some(ToolPattern::Named(path))
    }

    pub(super) fn tool(&self, kids: &mut Kids<'a>) -> Option<Tool<'a>> {
        kids.has(Rule::k_tool);
        let name = self.path(kids.take(Rule::path)?);
        let wire = kids.text().map(|text| self.text(&text));
        let mut parts = Kids::of(kids.take(Rule::params)?);
        let params = self.fields(&mut parts)?;
        let open = parts.take(Rule::open).map(|node| self.span(&node));
        let result = match kids.take(Rule::result) {
            Some(node) => Some(self.result(node)?),
            None => None,
        };
        let mut clauses = Vec::new();
        while let Some(node) = kids.take(Rule::tool_clause) {
            clauses.push(self.tool_clause(node)?);
        }
        Some(Tool { name, wire, params, open, result, clauses: self.slice(clauses) })
    }

    fn result(&self, node: Node<'a>) -> Option<ResultExpr<'a>> {
        let span = self.span(&node);
        let mut forms = Vec::new();
        for kid in node.into_inner() {
            forms.push(self.one_result(kid)?);
        }
        if forms.len() == 1 {
            return forms.pop();
        }
        Some(ResultExpr { kind: ResultKind::Either(self.slice(forms)), span })
    }

    fn one_result(&self, node: Node<'a>) -> Option<ResultExpr<'a>> {
        let span = self.span(&node);
        let kid = Kids::of(node).next()?;
        let rule = kid.as_rule();
        if rule == Rule::type_expr {
            return Some(ResultExpr { kind: ResultKind::Type(self.type_expr(kid)?), span });
        }
        let mut kids = Kids::of(kid);
        let kind = if rule == Rule::list_result {
            kids.has(Rule::k_list);
            let element = self.bump.alloc(self.one_result(kids.take(Rule::one_result)?)?);
            ResultKind::List(element, kids.take(Rule::number).map(|node| self.number(&node)))
        } else {
            let record = self.path(kids.take(Rule::path)?);
            let keys = self.exprs(&mut kids)?;
            let mut field = Vec::new();
            while let Some(word) = kids.take(Rule::word) {
                field.push(self.name(&word));
            }
            ResultKind::Keyed { record, keys, field: self.slice(field) }
        };
        Some(ResultExpr { kind, span })
    }

    fn tool_clause(&self, node: Node<'a>) -> Option<ToolClause<'a>> {
        let span = self.span(&node);
        let mut kids = Kids::of(node);
        let first = kids.next()?;
        Some(match first.as_rule() {
            Rule::verb => ToolClause::Verb(verb(first.as_str())?, self.paths(&mut kids), span),
            Rule::k_returns => match kids.next()?.as_rule() {
                Rule::k_trusted => ToolClause::ReturnsTrusted(span),
                Rule::k_untrusted => ToolClause::ReturnsUntrusted(span),
                _ => ToolClause::ReturnsNothing(span),
            },
            Rule::k_unverified => ToolClause::Unverified(span),
            Rule::k_touches => ToolClause::TouchesAnything(span),
            Rule::k_pinned => ToolClause::Pinned(self.text(&kids.text()?)),
            Rule::k_to => {
                kids.has(Rule::k_fixed);
                kids.has(Rule::k_hosts);
                ToolClause::FixedHosts(self.texts(&mut kids), span)
            }
            _ => {
                let path = self.path(kids.take(Rule::path)?);
                ToolClause::Of(path, self.exprs(&mut kids)?, span)
            }
        })
    }
}

/// Returns the verb that a word is.
pub(super) fn verb(word: &str) -> Option<VerbWord> {
    Some(match word {
        "reads" => VerbWord::Reads,
        "creates" => VerbWord::Creates,
        "updates" => VerbWord::Updates,
        "deletes" => VerbWord::Deletes,
        "sends" => VerbWord::Sends,
        "exports" => VerbWord::Exports,
        "pays" => VerbWord::Pays,
        "executes" => VerbWord::Executes,
        "deploys" => VerbWord::Deploys,
        "grants" => VerbWord::Grants,
        "computes" => VerbWord::Computes,
        _ => return None,
    })
}
