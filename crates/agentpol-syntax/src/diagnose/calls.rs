//! The arguments of a step of a test: each has a name, a colon and a value, with commas between.

use super::parts;
use crate::seams::Seams;
use crate::token::TokenKind as K;
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};

/// Reports arguments that are not named and commas that are missing; true when there are none.
pub(super) fn check(seams: &Seams<'_>, from: usize, to: usize, out: &mut Diagnostics) -> bool {
    let before = out.len();
    let Some(open) = (from..to).find(|&at| seams.kind(at) == K::OpenParen) else { return true };
    let close = seams.tokens[open].partner;
    if close <= open || (from..open).any(|at| !matches!(seams.kind(at), K::Word | K::Dot)) {
        return true;
    }
    for (from, to) in parts::by_commas(seams, open + 1, close) {
        match (seams.kind(from), seams.kind(from + 1)) {
            (K::Word | K::String | K::Raw, K::Colon) => missing_comma(seams, from, to, out),
            (K::Word, K::Assign) => {
                let title = "`=` does not name an argument";
                let help = format!("write `{}: ...`", seams.word(from));
                out.push(Diagnostic::new(Code::AP0005, title, seams.span(from + 1), "").help(help));
            }
            (kind, _) if kind.is_literal() || kind == K::Word && to == from + 1 => {
                let help = format!("write `NAME: {}`", seams.word(from));
                out.push(Diagnostic::new(Code::AP0102, "an argument has a name here", seams.span(from), "").help(help));
            }
            _ => {}
        }
    }
    out.len() == before
}

/// Reports a second name within one argument.
fn missing_comma(seams: &Seams<'_>, from: usize, to: usize, out: &mut Diagnostics) {
    let mut at = from + 2;
    while at < to {
        let named = matches!(seams.kind(at), K::Word | K::String) && seams.kind(at + 1) == K::Colon && at + 1 < to;
        if named && at > from + 2 {
            let help = format!("write `{}, {}: ...`", seams.word(at - 1), seams.word(at));
            let label = "a new argument begins here";
            out.push(Diagnostic::new(Code::AP0106, "a comma is missing", seams.span(at), label).help(help));
        }
        at = seams.tokens[at].partner.max(at) + 1;
    }
}
