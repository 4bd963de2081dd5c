//! Why a piece cannot be read: one message for each mistake, at the smallest place.
//!
//! The piece is cut at its seams into clauses, fields or steps, and pest reads each alone; what it refuses is explained
//! from the tokens around the place where it stopped. So one mistake does not hide the next.

mod calls;
mod expected;
mod explain;
mod forms;
mod habits;
mod header;
mod history;
mod meant;
mod operand;
mod parts;
mod slips;

use crate::lexer::Fault;
use crate::seams::{Piece, Seams};
use crate::token::TokenKind;
use crate::words;
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, did_you_mean};
use agentpol_grammar::Rule;
use parts::{Kind, Part};

/// Reports what is wrong with a piece that pest has refused or that was hurt before.
pub(crate) fn piece(seams: &Seams<'_>, piece: &Piece, out: &mut Diagnostics) {
    if piece.explained {
        return;
    }
    if !piece.item {
        return stranger(seams, piece, out);
    }
    let before = out.len();
    let doctor = Doctor { seams, piece: *piece };
    doctor.examine(out);
    if out.len() == before && !piece.hurt {
        let whole = Part { rule: Rule::only_item, kind: Kind::Item, from: piece.first, to: piece.end };
        let diagnostic = match whole.try_read(seams) {
            Some(failure) => explain::explain(seams, &whole, &failure).diagnostic,
            None => Diagnostic::new(Code::AP0102, "this cannot be read", seams.span(piece.first), ""),
        };
        out.push(diagnostic);
    }
}

/// Reports a piece that does not begin with an item word.
fn stranger(seams: &Seams<'_>, piece: &Piece, out: &mut Diagnostics) {
    if seams.tokens[piece.first].fault != Fault::None {
        return;
    }
    let word = seams.word(piece.first);
    let span = seams.span(piece.first);
    let title = format!("`{word}` does not begin an item");
    let diagnostic = Diagnostic::new(Code::AP0101, title, span, "");
    let help = if words::RULE_CLAUSES.contains(&word) {
        Some(format!("a clause stands in the braces of a rule: `deny \"why\" {{ {word} ... }}`"))
    } else if let Some(meant) = habits::item(word) {
        Some(format!("write `{meant}`"))
    } else {
        did_you_mean(word, words::ITEMS.iter().copied())
    };
    let general = "items begin with words such as `module`, `tool`, `agent`, `allow` and `deny`".to_owned();
    out.push(diagnostic.help(help.unwrap_or(general)));
}

/// Examines one item.
struct Doctor<'s, 't> {
    seams: &'s Seams<'t>,
    piece: Piece,
}

impl Doctor<'_, '_> {
    fn examine(&self, out: &mut Diagnostics) {
        let (seams, piece) = (self.seams, &self.piece);
        let word = seams.word(piece.first);
        let open = header::body(seams, piece);
        if let Some(diagnostic) = header::check(seams, piece, open) {
            out.push(diagnostic);
            if open.is_none() {
                return;
            }
        }
        let Some(open) = open else { return };
        match word {
            "allow" | "deny" | "require" | "entitle" | "limit" | "alert" => {
                self.clauses(open, Rule::only_clause, Kind::Rule, out);
            }
            "agent" => self.clauses(open, Rule::only_agent_clause, Kind::Agent, out),
            "fleet" => {
                self.params(open, out);
                if let Some(block) = self.after(open, TokenKind::OpenBrace) {
                    self.clauses(block, Rule::only_agent_clause, Kind::Agent, out);
                }
            }
            "system" => self.clauses(open, Rule::only_system_part, Kind::System, out),
            "assert" => self.clauses(open, Rule::only_claim, Kind::Assert, out),
            "test" => self.test(open, out),
            "user" | "context" | "record" => self.fields(open, Rule::only_field, out),
            "resource" => self.fields(open, Rule::only_resource_part, out),
            "define" => self.params(open, out),
            "tool" => {
                self.params(open, out);
                self.tool_tail(open, out);
            }
            _ => {}
        }
    }

    /// Returns the tokens between a bracket and its partner, or the end of the piece where it has none.
    fn inside(&self, open: usize) -> (usize, usize) {
        let partner = self.seams.tokens[open].partner;
        (open + 1, if partner > open { partner } else { self.piece.end })
    }

    /// Returns the token behind a bracket's partner when it is of this kind.
    fn after(&self, open: usize, kind: TokenKind) -> Option<usize> {
        let next = self.seams.tokens[open].partner + 1;
        (next > open + 1 && next < self.piece.end && self.seams.kind(next) == kind).then_some(next)
    }

    fn clauses(&self, open: usize, rule: Rule, kind: Kind, out: &mut Diagnostics) {
        let (from, to) = self.inside(open);
        for (from, to) in parts::clauses(self.seams, from, to, kind.words()) {
            Part { rule, kind, from, to }.report(self.seams, out);
        }
    }

    fn fields(&self, open: usize, rule: Rule, out: &mut Diagnostics) {
        let (from, to) = self.inside(open);
        for (from, to) in parts::fields(self.seams, from, to, rule == Rule::only_resource_part) {
            Part { rule, kind: Kind::Field, from, to }.report(self.seams, out);
        }
    }

    fn params(&self, open: usize, out: &mut Diagnostics) {
        if self.seams.kind(open) != TokenKind::OpenParen || self.seams.tokens[open].partner == open {
            return;
        }
        let (from, to) = self.inside(open);
        for (from, to) in parts::by_commas(self.seams, from, to) {
            if self.seams.kind(from) != TokenKind::Ellipsis || to > from + 1 {
                Part { rule: Rule::only_field, kind: Kind::Param, from, to }.report(self.seams, out);
            }
        }
    }

    fn tool_tail(&self, open: usize, out: &mut Diagnostics) {
        let close = self.seams.tokens[open].partner;
        if close > open && close + 1 < self.piece.end {
            let part = Part { rule: Rule::only_tool_tail, kind: Kind::Tool, from: close + 1, to: self.piece.end };
            part.report(self.seams, out);
        }
    }

    fn given(&self, from: usize, to: usize, out: &mut Diagnostics) {
        if from + 1 == to {
            let span = self.seams.span(from);
            let diagnostic = Diagnostic::new(Code::AP0102, "something is missing after `given`", span, "");
            out.push(diagnostic.help("write `given agent NAME for user none at 2026-03-02T15:00:00Z`"));
        }
        for (from, to) in parts::clauses(self.seams, from + 1, to, Kind::Given.words()) {
            Part { rule: Rule::only_given_part, kind: Kind::Given, from, to }.report(self.seams, out);
        }
    }

    fn test(&self, open: usize, out: &mut Diagnostics) {
        let (from, to) = self.inside(open);
        let mut steps = parts::steps(self.seams, from, to);
        if self.seams.is(from, "given") {
            let end = steps.first().map_or(to, |step| step.0);
            self.given(from, end, out);
        } else {
            let span = self.seams.span(open);
            let diagnostic = Diagnostic::new(Code::AP0107, "a test begins with `given`", span, "`given` is missing");
            let help = "write `given agent NAME for user none at 2026-03-02T15:00:00Z` before the steps";
            out.push(diagnostic.help(help));
            if steps.first().is_none_or(|step| step.0 != from) {
                steps.clear();
            }
        }
        for (from, to) in steps {
            let healthy = self.seams.tokens[from..to].iter().all(|sig| sig.fault == Fault::None);
            if healthy && !calls::check(self.seams, from, to, out) {
                continue;
            }
            let rule = match self.seams.word(from) {
                "for" => Rule::only_axis,
                "agent" | "user" | "tool" | "does" | "on" | "everything" => Rule::only_row,
                _ => Rule::only_step,
            };
            Part { rule, kind: Kind::Step, from, to }.report(self.seams, out);
        }
    }
}
