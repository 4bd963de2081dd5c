//! Expressions: the grammar gives one flat list of operands and operators, this gives them their order.

use super::{Kids, Lower, Node};
use crate::ast::*;
use agentpol_diagnostics::Span;
use agentpol_grammar::Rule as G;

/// An expression with the place it takes, parentheses included.
#[derive(Clone, Copy)]
struct Operand<'a> {
    expr: Expr<'a>,
    outer: Span,
}

impl<'a> Lower<'a, '_> {
    pub(super) fn expr(&self, node: Node<'a>) -> Option<Expr<'a>> {
        Some(self.either(&mut Kids::of(node))?.expr)
    }

    /// Takes all expressions that follow.
    pub(super) fn exprs(&self, kids: &mut Kids<'a>) -> Option<&'a [Expr<'a>]> {
        let mut out = Vec::new();
        while let Some(node) = kids.take(G::expr) {
            out.push(self.expr(node)?);
        }
        Some(self.slice(out))
    }

    fn make(&self, kind: ExprKind<'a>, span: Span) -> Operand<'a> {
        Operand { expr: Expr { kind: self.bump.alloc(kind), span }, outer: span }
    }

    /// Takes operands with one operator between them, as one flat chain.
    fn chain(
        &self,
        kids: &mut Kids<'a>,
        operator: G,
        next: fn(&Self, &mut Kids<'a>) -> Option<Operand<'a>>,
        kind: fn(&'a [Expr<'a>]) -> ExprKind<'a>,
    ) -> Option<Operand<'a>> {
        let first = next(self, kids)?;
        if kids.peek() != Some(operator) {
            return Some(first);
        }
        let (mut all, mut span) = (vec![first.expr], first.outer);
        while kids.has(operator) {
            let operand = next(self, kids)?;
            span = span.to(operand.outer);
            all.push(operand.expr);
        }
        Some(self.make(kind(self.slice(all)), span))
    }

    fn either(&self, kids: &mut Kids<'a>) -> Option<Operand<'a>> {
        self.chain(kids, G::k_or, Self::both, ExprKind::Or)
    }

    fn both(&self, kids: &mut Kids<'a>) -> Option<Operand<'a>> {
        self.chain(kids, G::k_and, Self::negation, ExprKind::And)
    }

    fn negation(&self, kids: &mut Kids<'a>) -> Option<Operand<'a>> {
        if let Some(not) = kids.take(G::k_not) {
            let inner = self.negation(kids)?;
            return Some(self.make(ExprKind::Not(inner.expr), self.span(&not).to(inner.outer)));
        }
        if let Some(node) = kids.take(G::quantified) {
            return self.quantified(node);
        }
        let left = self.sum(kids)?;
        let Some(rule @ (G::compare | G::relation_word)) = kids.peek() else { return Some(left) };
        let operator = kids.next()?;
        let right = self.sum(kids)?;
        let kind = match rule {
            G::compare => ExprKind::Compare(compare(operator.as_str())?, left.expr, right.expr),
            _ => ExprKind::Relation(relation(operator.as_str())?, left.expr, right.expr),
        };
        Some(self.make(kind, left.outer.to(right.outer)))
    }

    fn sum(&self, kids: &mut Kids<'a>) -> Option<Operand<'a>> {
        let first = self.product(kids)?;
        let (mut rest, mut span) = (Vec::new(), first.outer);
        loop {
            let sign = match kids.peek() {
                Some(G::plus) => Sign::Plus,
                Some(G::minus) => Sign::Minus,
                _ => break,
            };
            kids.next()?;
            let operand = self.product(kids)?;
            span = span.to(operand.outer);
            rest.push((sign, operand.expr));
        }
        if rest.is_empty() {
            return Some(first);
        }
        Some(self.make(ExprKind::Sum(first.expr, self.slice(rest)), span))
    }

    fn product(&self, kids: &mut Kids<'a>) -> Option<Operand<'a>> {
        self.chain(kids, G::times, Self::fallback, ExprKind::Product)
    }

    fn fallback(&self, kids: &mut Kids<'a>) -> Option<Operand<'a>> {
        let left = self.prefixed(kids)?;
        if !kids.has(G::k_otherwise) {
            return Some(left);
        }
        let right = self.fallback(kids)?;
        Some(self.make(ExprKind::Otherwise(left.expr, right.expr), left.outer.to(right.outer)))
    }

    fn prefixed(&self, kids: &mut Kids<'a>) -> Option<Operand<'a>> {
        if let Some(minus) = kids.take(G::minus) {
            let inner = self.prefixed(kids)?;
            return Some(self.make(ExprKind::Negative(inner.expr), self.span(&minus).to(inner.outer)));
        }
        if let Some(has) = kids.take(G::k_has) {
            let inner = self.postfixed(kids)?;
            return Some(self.make(ExprKind::Has(inner.expr), self.span(&has).to(inner.outer)));
        }
        self.postfixed(kids)
    }

    fn postfixed(&self, kids: &mut Kids<'a>) -> Option<Operand<'a>> {
        let mut value = self.primary(kids)?;
        while let Some(rule @ (G::part | G::index)) = kids.peek() {
            let node = kids.next()?;
            let span = value.outer.to(self.span(&node));
            let mut parts = Kids::of(node);
            let kind = if rule == G::index {
                ExprKind::Index(value.expr, self.expr(parts.take(G::expr)?)?)
            } else {
                let name = self.name(&parts.take(G::word)?);
                match parts.take(G::arguments) {
                    Some(node) => ExprKind::Method(value.expr, name, self.exprs(&mut Kids::of(node))?),
                    None => ExprKind::Member(value.expr, name),
                }
            };
            value = self.make(kind, span);
        }
        Some(value)
    }

    fn primary(&self, kids: &mut Kids<'a>) -> Option<Operand<'a>> {
        let node = kids.next()?;
        let span = self.span(&node);
        let kind = match node.as_rule() {
            G::bare => {
                let name = self.name(&node);
                let Some(arguments) = kids.take(G::arguments) else {
                    return Some(self.make(ExprKind::Name(name), span));
                };
                let span = span.to(self.span(&arguments));
                return Some(self.make(ExprKind::Call(name, self.exprs(&mut Kids::of(arguments))?), span));
            }
            G::string | G::raw => ExprKind::Text(self.text(&node)),
            G::number => ExprKind::Number(self.number(&node)),
            G::duration => ExprKind::Duration(self.duration(&node)),
            G::date => ExprKind::Date(self.date(&node)),
            G::datetime => ExprKind::DateTime(Self::datetime(&node)),
            G::k_true => ExprKind::Bool(true),
            G::k_false => ExprKind::Bool(false),
            G::list => ExprKind::List(self.exprs(&mut Kids::of(node))?),
            G::grouped => {
                let expr = self.expr(Kids::of(node).take(G::expr)?)?;
                return Some(Operand { expr, outer: self.around(span) });
            }
            G::conditional => self.conditional(&mut Kids::of(node))?,
            G::comprehension => self.comprehension(&mut Kids::of(node))?,
            G::known => {
                let mut parts = Kids::of(node);
                parts.has(G::k_known);
                let path = self.path(parts.take(G::path)?);
                let keys = match parts.take(G::arguments) {
                    Some(node) => Some(self.exprs(&mut Kids::of(node))?),
                    None => None,
                };
                ExprKind::Known(path, keys)
            }
            G::result_of => ExprKind::ResultOf(self.result_of(node)?),
            _ => ExprKind::History(self.history(span, &mut Kids::of(node))?),
        };
        Some(self.make(kind, span))
    }

    /// `result of TOOL`
    pub(super) fn result_of(&self, node: Node<'a>) -> Option<Path<'a>> {
        let mut kids = Kids::of(node);
        kids.has(G::k_result);
        kids.has(G::k_of);
        Some(self.path(kids.take(G::path)?))
    }

    /// Widens the span of what stands in parentheses by the two.
    fn around(&self, span: Span) -> Span {
        let after = self.tokens.partition_point(|sig| sig.token.start < span.end);
        let before = self.tokens.partition_point(|sig| sig.token.start < span.start);
        let start = before.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(span.start, |sig| sig.token.start);
        let end = self.tokens.get(after).map_or(span.end, |sig| sig.token.end);
        Span { file: span.file, start, end }
    }

    fn conditional(&self, kids: &mut Kids<'a>) -> Option<ExprKind<'a>> {
        let mut part = |before| {
            kids.has(before);
            self.expr(kids.take(G::expr)?)
        };
        Some(ExprKind::If(part(G::k_if)?, part(G::k_then)?, part(G::k_else)?))
    }

    fn quantified(&self, node: Node<'a>) -> Option<Operand<'a>> {
        let span = self.span(&node);
        let mut kids = Kids::of(node);
        let quantifier = if kids.next()?.as_rule() == G::k_any { Quantifier::Any } else { Quantifier::All };
        let (names, over, body) = self.binding(&mut kids)?;
        Some(self.make(ExprKind::Quantified { quantifier, names, over, body }, span))
    }

    fn comprehension(&self, kids: &mut Kids<'a>) -> Option<ExprKind<'a>> {
        let kind = match kids.take(G::fold)?.as_str() {
            "count" => Comprehension::Count,
            "sum" => Comprehension::Sum,
            "first" => Comprehension::First,
            "last" => Comprehension::Last,
            "min" => Comprehension::Min,
            _ => Comprehension::Max,
        };
        let (names, over, body) = self.binding(kids)?;
        Some(ExprKind::Comprehension { kind, names, over, body })
    }

    /// `NAMES in OVER: BODY`
    fn binding(&self, kids: &mut Kids<'a>) -> Option<(&'a [Name<'a>], Expr<'a>, Expr<'a>)> {
        let names = self.names(&mut Kids::of(kids.take(G::binders)?));
        kids.has(G::k_in);
        let over = self.fallback(&mut Kids::of(kids.take(G::over)?))?.expr;
        Some((names, over, self.expr(kids.take(G::expr)?)?))
    }

    pub(super) fn history(&self, span: Span, kids: &mut Kids<'a>) -> Option<History<'a>> {
        let question = match kids.peek()? {
            G::k_count => {
                kids.next()?;
                kids.has(G::k_of);
                match kids.has(G::k_distinct) {
                    true => HistoryQuestion::Distinct(self.expr(kids.take(G::expr)?)?),
                    false => HistoryQuestion::Count,
                }
            }
            G::k_first => HistoryQuestion::First,
            G::k_last => HistoryQuestion::Last,
            G::k_sum => {
                kids.next()?;
                kids.has(G::k_of);
                HistoryQuestion::Sum(self.expr(kids.take(G::expr)?)?)
            }
            _ => HistoryQuestion::Exists,
        };
        let mut outcome = match question {
            HistoryQuestion::First | HistoryQuestion::Last => HistoryOutcome::Completed,
            _ => HistoryOutcome::Called,
        };
        loop {
            let node = kids.next()?;
            match node.as_rule() {
                G::happened => {
                    outcome = match node.as_str() {
                        "called" => HistoryOutcome::Called,
                        "attempted" => HistoryOutcome::Attempted,
                        "failed" => HistoryOutcome::Failed,
                        _ => HistoryOutcome::Completed,
                    };
                }
                G::calls => {
                    let calls = self.calls(&mut Kids::of(node))?;
                    return Some(History { question, outcome, calls, span });
                }
                _ => {}
            }
        }
    }

    fn calls(&self, kids: &mut Kids<'a>) -> Option<CallSet<'a>> {
        match kids.take(G::block) {
            Some(node) => Some(CallSet::Block(self.block(node)?)),
            None => Some(CallSet::Tool(self.pattern(kids.take(G::pattern)?)?)),
        }
    }
}

/// Returns the comparison that signs are.
pub(super) fn compare(signs: &str) -> Option<CompareOp> {
    Some(match signs {
        "==" => CompareOp::Eq,
        "!=" => CompareOp::Ne,
        "<" => CompareOp::Lt,
        "<=" => CompareOp::Le,
        ">" => CompareOp::Gt,
        ">=" => CompareOp::Ge,
        _ => return None,
    })
}

fn relation(word: &str) -> Option<RelationOp> {
    Some(match word {
        "in" => RelationOp::In,
        "like" => RelationOp::Like,
        "matches" => RelationOp::Matches,
        "contains" => RelationOp::Contains,
        "starts_with" => RelationOp::StartsWith,
        "ends_with" => RelationOp::EndsWith,
        _ => return None,
    })
}
