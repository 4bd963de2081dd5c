//! How items, blocks and expressions are laid out.

use crate::WIDTH;
use crate::entries::{self, Kind};
use crate::print::{Printer, ends};
use crate::source::{Word, words};
use crate::space::ends_operand;
use crate::tree::{Group, Node, build};
use agentpol_diagnostics::FileId;
use agentpol_syntax::{TokenKind as K, parse};
use bumpalo::Bump;

const STEP: usize = 2;

/// A bracket with less in it is not broken for what follows it.
const SMALL: usize = 10;

/// Lays out a text that parses.
pub(crate) fn lay_out(text: &str) -> String {
    let words = words(text);
    let mut layout = Layout { printer: Printer::new(&words), words: &words };
    let starts = item_starts(text, &words);
    for (index, &from) in starts.iter().enumerate() {
        let to = starts.get(index + 1).copied().unwrap_or(words.len() - 1);
        layout.item(&build(&words, from, to));
    }
    let end = words.len() - 1;
    layout.printer.comments(end, 0);
    layout.printer.finish()
}

/// Finds the first word of each item.
fn item_starts(text: &str, words: &[Word<'_>]) -> Vec<usize> {
    let bump = Bump::new();
    let (ast, _) = parse(&bump, FileId(0), text);
    let base = text.as_ptr() as usize;
    let place = |word: &Word<'_>| word.text.as_ptr() as usize - base;
    let body = &words[..words.len() - 1];
    ast.items.iter().map(|item| body.partition_point(|word| place(word) < item.span.start as usize)).collect()
}

struct Layout<'w, 't> {
    printer: Printer<'w, 't>,
    words: &'w [Word<'t>],
}

impl Layout<'_, '_> {
    fn item(&mut self, nodes: &[Node]) {
        let Some((first, _)) = ends(nodes) else { return };
        self.printer.new_line(0, self.words[first].blank);
        self.printer.hang = STEP;
        let word = self.words[first].text;
        let kind = Kind::of_item(word);
        let block = nodes.iter().position(|node| node.group(self.words, K::OpenBrace).is_some());
        match (word, block) {
            ("tool", _) => self.tool(nodes),
            ("define" | "tools" | "level" | "enum" | "schedule", _) => self.assigned(nodes),
            (_, Some(at)) => self.item_block(nodes, at, kind),
            _ => self.run(nodes, STEP, kind),
        }
    }

    /// Whether the nodes fit on the rest of the line.
    fn fits(&self, nodes: &[Node], kind: Kind) -> bool {
        let Some((first, last)) = ends(nodes) else { return true };
        !self.printer.has_comments(first, last) && self.printer.column() + self.width(nodes, kind) <= WIDTH
    }

    /// The width of nodes on one line, a space before them included.
    fn width(&self, nodes: &[Node], kind: Kind) -> usize {
        nodes.iter().map(|node| self.node_width(node, kind)).sum()
    }

    fn node_width(&self, node: &Node, kind: Kind) -> usize {
        let width = |at: usize| self.printer.space(at) + self.words[at].text.chars().count();
        match node {
            Node::Word(at) => width(*at),
            Node::Group(group) if self.words[group.open].kind == K::OpenBrace => {
                width(group.open) + self.inside_width(group, kind.of_inner(self.words, group.open))
            }
            Node::Group(group) => width(group.open) + self.width(&group.inner, kind) + width(group.close),
        }
    }

    /// The width of what follows an opening brace, up to the closing one, on one line.
    fn inside_width(&self, group: &Group, kind: Kind) -> usize {
        let entries = entries::entries(self.words, group, kind);
        let spaces: usize =
            entries.iter().filter_map(|entry| ends(entry)).map(|(first, _)| self.printer.space(first)).sum();
        let words: usize = entries.iter().map(|entry| self.width(entry, kind) + 2).sum();
        words - spaces + 1
    }

    /// Writes nodes on the current line.
    fn flat(&mut self, nodes: &[Node], kind: Kind) {
        for node in nodes {
            match node {
                Node::Word(at) => self.printer.word(*at, self.printer.space(*at)),
                Node::Group(group) if self.words[group.open].kind == K::OpenBrace => {
                    self.flat_block(group, kind.of_inner(self.words, group.open));
                }
                Node::Group(group) => {
                    self.printer.word(group.open, self.printer.space(group.open));
                    let elements = entries::elements(self.words, &group.inner);
                    self.flat_elements(&elements, group, kind);
                    self.printer.word(group.close, 0);
                }
            }
        }
    }

    /// Writes the elements of a bracket with their commas, the last one left out.
    fn flat_elements(&mut self, elements: &[&[Node]], group: &Group, kind: Kind) {
        for (index, element) in elements.iter().enumerate() {
            self.flat(element, kind);
            if index + 1 < elements.len() {
                self.comma_behind(element, group);
            }
        }
    }

    /// Writes the comma behind an element, with the comments that stand before it.
    fn comma_behind(&mut self, element: &[Node], group: &Group) {
        let after = ends(element).map_or(group.open, |(_, last)| last) + 1;
        if after < group.close && self.words[after].kind == K::Comma {
            self.printer.word(after, 0);
        } else {
            self.printer.write(",");
        }
    }

    fn flat_block(&mut self, group: &Group, kind: Kind) {
        self.printer.word(group.open, self.printer.space(group.open));
        let entries = entries::entries(self.words, group, kind);
        for (index, entry) in entries.iter().enumerate() {
            if index > 0 && kind.commas().0 {
                self.printer.write(",");
            }
            let gap = if index > 0 && !kind.commas().0 { 2 } else { 1 };
            self.first_with_gap(entry, gap, kind);
        }
        self.printer.word(group.close, usize::from(!entries.is_empty()));
    }

    fn first_with_gap(&mut self, entry: &[Node], gap: usize, kind: Kind) {
        match entry.split_first() {
            Some((Node::Word(first), rest)) => {
                self.printer.word(*first, gap);
                self.flat(rest, kind);
            }
            _ => self.flat(entry, kind),
        }
    }

    /// Writes the comments of a comma that is left out before the word `at`.
    fn skipped_comments(&mut self, at: usize, indent: usize) {
        if self.words[at - 1].kind == K::Comma {
            self.printer.comments(at - 1, indent);
        }
    }

    /// Writes an item with its main block: on one line where it was written so and fits.
    fn item_block(&mut self, nodes: &[Node], at: usize, kind: Kind) {
        let (Node::Group(group), Some((first, last))) = (&nodes[at], ends(nodes)) else { return };
        let spread = self.words[group.open + 1..=group.close].iter().any(|word| word.line_start);
        let around = self.width(&nodes[..at], kind) + self.width(&nodes[at + 1..], kind);
        let fits = around + self.inside_width(group, kind) + self.printer.space(group.open) < WIDTH
            && !self.printer.has_comments(first, last);
        self.run(&nodes[..at], STEP, kind);
        if fits && !spread {
            self.flat_block(group, kind);
        } else {
            self.block(group, 0, kind);
            self.printer.hang = STEP;
        }
        self.flat(&nodes[at + 1..], kind);
    }

    /// Writes a run of words with brackets: on one line where it fits, else broken where it hurts least.
    fn run(&mut self, nodes: &[Node], indent: usize, kind: Kind) {
        if self.fits(nodes, kind) { self.flat(nodes, kind) } else { self.broken(nodes, indent, kind) }
    }

    /// Writes braces over several lines, one entry a line.
    fn block(&mut self, group: &Group, indent: usize, kind: Kind) {
        self.printer.open(group.open);
        let entries = entries::entries(self.words, group, kind);
        let inner = indent + STEP;
        for entry in &entries {
            let Some((first, _)) = ends(entry) else { continue };
            self.skipped_comments(first, inner);
            self.printer.new_line(inner, self.words[first].blank);
            self.printer.hang = inner + STEP;
            self.entry(entry, inner, kind);
            if kind.commas().1 {
                self.printer.write(",");
            }
        }
        self.skipped_comments(group.close, inner);
        self.printer.comments(group.close, inner);
        self.printer.close(group.close, indent);
    }

    fn entry(&mut self, nodes: &[Node], indent: usize, kind: Kind) {
        if kind == Kind::Steps && nodes[0].is(self.words, "given") {
            return self.given(nodes, indent);
        }
        match entries::row_parts(self.words, nodes).filter(|_| kind == Kind::Steps) {
            Some(parts) => self.row(&parts, indent),
            None => self.run(nodes, indent + STEP, kind),
        }
    }

    /// Writes a row of a table, its clauses apart.
    fn row(&mut self, parts: &[&[Node]], indent: usize) {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 && !self.fits(part, Kind::Steps) {
                self.printer.new_line(indent + STEP, false);
            }
            self.printer.hang = indent + STEP;
            match part.split_first() {
                Some((Node::Word(first), rest)) if index > 0 && self.printer.column() > indent + STEP => {
                    self.printer.word(*first, 2);
                    self.run(rest, indent + 2 * STEP, Kind::Steps);
                }
                _ => self.run(part, indent + 2 * STEP, Kind::Steps),
            }
        }
    }

    /// Fills lines with the parts of `given`.
    fn given(&mut self, nodes: &[Node], indent: usize) {
        let hang = indent + "given ".len();
        for (index, part) in entries::given_parts(self.words, nodes).into_iter().enumerate() {
            if index > 0 && !self.fits(part, Kind::Steps) {
                self.printer.new_line(hang, false);
            }
            self.printer.hang = hang;
            self.run(part, hang + STEP, Kind::Steps);
        }
    }

    /// `tool NAME "wire" (PARAMS) -> RESULT CLAUSES`
    fn tool(&mut self, nodes: &[Node]) {
        let kind = Kind::Fields;
        let Some(at) = nodes.iter().position(|node| node.group(self.words, K::OpenParen).is_some()) else {
            return self.run(nodes, STEP, kind);
        };
        let starts = entries::tool_clauses(self.words, nodes, at + 1);
        let head = &nodes[..starts.first().copied().unwrap_or(nodes.len())];
        let flat = self.fits(nodes, kind) && self.printer.column() + self.width(nodes, kind) + starts.len() <= WIDTH;
        if flat {
            self.flat(head, kind);
        } else {
            self.signature(head, at, kind);
        }
        for (index, &start) in starts.iter().enumerate() {
            let end = starts.get(index + 1).copied().unwrap_or(nodes.len());
            if flat {
                self.first_with_gap(&nodes[start..end], 2, kind);
            } else {
                self.printer.new_line(STEP, false);
                self.printer.hang = 2 * STEP;
                self.run(&nodes[start..end], 2 * STEP, kind);
            }
        }
    }

    /// Writes what stands before a tool's clauses; a result that does not fit gets a line of its own.
    fn signature(&mut self, head: &[Node], params: usize, kind: Kind) {
        let (call, result) = head.split_at(params + 1);
        if self.fits(head, kind) || !self.fits(call, kind) {
            self.expanded(call, STEP, kind);
        } else {
            self.flat(call, kind);
            self.printer.new_line(STEP, false);
        }
        self.run(result, 2 * STEP, kind);
    }

    /// `define NAME = EXPR` and others with a `=`.
    fn assigned(&mut self, nodes: &[Node]) {
        let kind = Kind::Clauses;
        if self.fits(nodes, kind) {
            return self.flat(nodes, kind);
        }
        let assign = |node: &Node| matches!(node, Node::Word(at) if self.words[*at].kind == K::Assign);
        let at = nodes.iter().position(assign).unwrap_or(nodes.len() - 1);
        self.run(&nodes[..=at], STEP, kind);
        self.printer.new_line(STEP, false);
        self.run(&nodes[at + 1..], STEP, kind);
    }

    /// Breaks nodes that do not fit: before the loosest operator, at commas, or inside of brackets.
    fn broken(&mut self, nodes: &[Node], indent: usize, kind: Kind) {
        self.printer.hang = indent;
        if let Some(breaks) = entries::loosest(self.words, nodes, kind) {
            let mut from = 0;
            for at in breaks.into_iter().chain([nodes.len()]) {
                if from > 0 {
                    self.printer.new_line(indent, false);
                }
                self.run(&nodes[from..at], indent + STEP, kind);
                self.printer.hang = indent;
                from = at;
            }
            return;
        }
        let elements = entries::elements(self.words, nodes);
        if elements.len() > 1 {
            return self.fill(&elements, indent, kind);
        }
        self.expanded(nodes, indent, kind);
    }

    /// Fills lines with elements and their commas.
    fn fill(&mut self, elements: &[&[Node]], indent: usize, kind: Kind) {
        for (index, element) in elements.iter().enumerate() {
            let head = match element.split_last() {
                Some((last, head)) if last.group(self.words, K::OpenBrace).is_some() => head,
                _ => element,
            };
            if index > 0 && !self.fits(element, kind) && (head.len() == element.len() || !self.fits(head, kind)) {
                self.printer.new_line(indent, false);
            }
            self.run(element, indent, kind);
            if index + 1 < elements.len()
                && let Some((_, last)) = ends(element)
            {
                self.printer.word(last + 1, 0);
            }
        }
    }

    /// Writes nodes with their brackets over several lines where what follows would not fit.
    fn expanded(&mut self, nodes: &[Node], indent: usize, kind: Kind) {
        let home = indent.saturating_sub(STEP);
        for (at, node) in nodes.iter().enumerate() {
            let Node::Group(group) = node else {
                self.flat(&nodes[at..=at], kind);
                continue;
            };
            let empty = group.inner.is_empty() && !self.printer.has_comments(group.open, group.close);
            let next = nodes[at + 1..].iter().position(|node| matches!(node, Node::Group(_)));
            let end = next.map_or(nodes.len(), |next| at + 1 + next);
            let small = self.fits(&nodes[at..=at], kind) && self.width(&group.inner, kind) <= SMALL;
            if empty || small || self.fits(&nodes[at..end], kind) {
                self.flat(&nodes[at..=at], kind);
            } else if self.words[group.open].kind == K::OpenBrace {
                self.block(group, home, kind.of_inner(self.words, group.open));
            } else {
                self.list(group, home, kind);
            }
            self.printer.hang = indent;
        }
    }

    /// Writes a bracket over several lines, one element a line with a comma behind each.
    fn list(&mut self, group: &Group, indent: usize, kind: Kind) {
        self.printer.open(group.open);
        let inner = indent + STEP;
        let elements = entries::elements(self.words, &group.inner);
        for (index, element) in elements.iter().enumerate() {
            let Some((first, _)) = ends(element) else { continue };
            self.printer.new_line(inner, self.words[first].blank);
            self.printer.hang = inner + STEP;
            self.run(element, inner + STEP, kind);
            if index + 1 < elements.len() || self.may_end_with_comma(group) {
                self.comma_behind(element, group);
            }
        }
        self.printer.comments(group.close, inner);
        self.printer.close(group.close, indent);
    }

    /// Whether a comma may stand behind the last element: in lists and arguments, not in groups and indexes.
    fn may_end_with_comma(&self, group: &Group) -> bool {
        let before = |at: usize| ends_operand(self.words, at) || self.words[at].text == "novel";
        let belongs = group.open > 0 && before(group.open - 1);
        belongs == (self.words[group.open].kind == K::OpenParen)
    }
}
