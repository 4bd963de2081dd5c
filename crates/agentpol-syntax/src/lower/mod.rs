//! From pest's pairs to the AST.
//!
//! Everything here follows the grammar rule by rule, so a pair that is missing where the grammar demands it cannot
//! happen; should it happen nevertheless, the item is not read (`None`) and the caller says so.

mod agent;
mod declare;
mod expr;
mod rule;
mod scenario;
mod steps;
mod tool;
mod types;

use crate::ast::{Date, Duration, Item, ItemKind, Name, Number, Path, Text};
use crate::literal;
use crate::seams::Sig;
use agentpol_diagnostics::{FileId, Span};
use agentpol_grammar::Rule;
use bumpalo::Bump;
use pest::iterators::{Pair, Pairs};

pub(crate) type Node<'a> = Pair<'a, Rule>;

/// Lowers the pieces of one file.
pub(crate) struct Lower<'a, 's> {
    pub(crate) bump: &'a Bump,
    pub(crate) file: FileId,
    /// The tokens of the piece that are not trivia.
    pub(crate) tokens: &'s [Sig],
    /// Where the piece begins in the file.
    pub(crate) base: usize,
}

/// The parts of a pair, taken from the front.
pub(crate) struct Kids<'a>(Pairs<'a, Rule>);

impl<'a> Kids<'a> {
    fn of(node: Node<'a>) -> Self {
        Kids(node.into_inner())
    }

    fn next(&mut self) -> Option<Node<'a>> {
        self.0.next()
    }

    fn peek(&self) -> Option<Rule> {
        self.0.peek().map(|node| node.as_rule())
    }

    fn take(&mut self, rule: Rule) -> Option<Node<'a>> {
        if self.peek() == Some(rule) { self.0.next() } else { None }
    }

    fn has(&mut self, rule: Rule) -> bool {
        self.take(rule).is_some()
    }

    fn text(&mut self) -> Option<Node<'a>> {
        self.take(Rule::string).or_else(|| self.take(Rule::raw))
    }
}

impl<'a> Lower<'a, '_> {
    /// Lowers one item.
    pub(crate) fn item(&self, node: Node<'a>) -> Option<Item<'a>> {
        let span = self.span(&node);
        let kind = self.item_kind(node)?;
        Some(Item { span, kind })
    }

    fn item_kind(&self, node: Node<'a>) -> Option<ItemKind<'a>> {
        let rule = node.as_rule();
        let span = self.span(&node);
        let mut kids = Kids::of(node);
        Some(match rule {
            Rule::rule_item => ItemKind::Rule(self.rule(&mut kids)?),
            Rule::tool => ItemKind::Tool(self.tool(&mut kids)?),
            Rule::agent | Rule::fleet => ItemKind::Agent(self.agent(&mut kids)?),
            Rule::define => ItemKind::Define(self.define(&mut kids)?),
            Rule::toolset => ItemKind::ToolSet(self.toolset(&mut kids)?),
            Rule::test => ItemKind::Test(self.test(&mut kids)?),
            Rule::assertion => ItemKind::Assert(self.assertion(&mut kids)?),
            Rule::system => ItemKind::System(self.system(&mut kids)?),
            Rule::record => ItemKind::Record(self.record(&mut kids)?),
            Rule::resource => ItemKind::Resource(self.resource(&mut kids)?),
            Rule::source => ItemKind::Source(self.source(span, &mut kids)?),
            Rule::sessions => ItemKind::Sessions(span),
            Rule::user_shape => ItemKind::User(self.shape_item(&mut kids)?),
            Rule::context_shape => ItemKind::Context(self.shape_item(&mut kids)?),
            _ => self.declaration(rule, &mut kids)?,
        })
    }

    /// Returns the place of a pair without the space and comments that pest may leave at its end.
    fn span(&self, node: &Node<'a>) -> Span {
        let range = node.as_span();
        let (start, end) = (self.base + range.start(), self.base + range.end());
        let after = self.tokens.partition_point(|sig| sig.token.end as usize <= end);
        let last = self.tokens[..after].last().map_or(end, |sig| sig.token.end as usize);
        Span::new(self.file, start, last.max(start))
    }

    fn slice<T: Copy>(&self, items: Vec<T>) -> &'a [T] {
        self.bump.alloc_slice_copy(&items)
    }

    fn name(&self, node: &Node<'a>) -> Name<'a> {
        Name { text: node.as_str(), span: self.span(node) }
    }

    fn path(&self, node: Node<'a>) -> Path<'a> {
        let span = self.span(&node);
        let segments = node.into_inner().map(|part| self.name(&part)).collect();
        Path { segments: self.slice(segments), span }
    }

    /// Takes all paths that follow.
    fn paths(&self, kids: &mut Kids<'a>) -> &'a [Path<'a>] {
        let mut out = Vec::new();
        while let Some(node) = kids.take(Rule::path) {
            out.push(self.path(node));
        }
        self.slice(out)
    }

    /// Takes all bare words that follow.
    fn words(&self, kids: &mut Kids<'a>) -> &'a [Name<'a>] {
        let mut out = Vec::new();
        while let Some(node) = kids.take(Rule::bare) {
            out.push(self.name(&node));
        }
        self.slice(out)
    }

    /// Takes all texts that follow.
    fn texts(&self, kids: &mut Kids<'a>) -> &'a [Text<'a>] {
        let mut out = Vec::new();
        while let Some(node) = kids.text() {
            out.push(self.text(&node));
        }
        self.slice(out)
    }

    fn text(&self, node: &Node<'a>) -> Text<'a> {
        let span = self.span(node);
        let literal = node.as_str();
        let inner = literal.get(1..literal.len().saturating_sub(1)).unwrap_or("");
        let escaped = node.as_rule() == Rule::string && inner.contains('\\');
        let value = match escaped.then(|| literal::unescape(literal)) {
            Some(Ok(value)) => self.bump.alloc_str(&value),
            _ => inner,
        };
        Text { value, span }
    }

    fn number(&self, node: &Node<'a>) -> Number<'a> {
        let text = node.as_str();
        let digits = if text.contains('_') { self.bump.alloc_str(&text.replace('_', "")) } else { text };
        Number { digits, span: self.span(node) }
    }

    // The scanner has refused what these three cannot read.

    fn duration(&self, node: &Node<'a>) -> Duration {
        Duration { millis: literal::duration(node.as_str()).unwrap_or_default(), span: self.span(node) }
    }

    fn date(&self, node: &Node<'a>) -> Date {
        Date { days: literal::date(node.as_str()).unwrap_or_default(), span: self.span(node) }
    }

    fn datetime(node: &Node<'a>) -> i64 {
        literal::datetime(node.as_str()).unwrap_or_default()
    }
}
