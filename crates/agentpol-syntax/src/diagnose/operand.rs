//! Looking back over an expression from the place where reading stopped.

use crate::seams::Seams;
use crate::token::TokenKind as K;

/// Returns the token before another, a bracket with all that is in it counted as one; `None` at `from`.
fn before(seams: &Seams<'_>, from: usize, at: usize) -> Option<usize> {
    let previous = at.checked_sub(1).filter(|previous| *previous >= from)?;
    let partner = seams.tokens[previous].partner;
    let closed = seams.kind(previous).closes() && partner < previous;
    Some(if closed { partner } else { previous }).filter(|at| *at >= from)
}

/// Returns where the operand begins that ends before `at`: `args.list[0].name`.
pub(super) fn start(seams: &Seams<'_>, from: usize, at: usize) -> usize {
    let mut start = at;
    while let Some(previous) = before(seams, from, start) {
        let kind = seams.kind(previous);
        let joined = start == at || seams.kind(start) == K::Dot || kind == K::Dot || seams.kind(start).opens();
        let part = kind.opens() || kind == K::Dot || kind == K::Word || kind.is_literal();
        if !joined || !part || kind.opens() && seams.tokens[previous].partner >= at {
            break;
        }
        start = previous;
    }
    start
}

/// Returns the comparison that the one at `at` would be chained to.
pub(super) fn comparison_before(seams: &Seams<'_>, from: usize, at: usize) -> Option<usize> {
    let mut now = at;
    while let Some(previous) = before(seams, from, now) {
        now = previous;
        match seams.kind(now) {
            K::Compare | K::Less | K::Greater => return Some(now),
            K::Word if now > 0 && seams.kind(now - 1) == K::Dot => {}
            K::Word
                if matches!(seams.word(now), "and" | "or" | "not" | "then" | "else" | "when" | "unless" | "where") =>
            {
                return None;
            }
            K::Comma | K::Colon | K::Assign => return None,
            kind if kind.opens() && seams.tokens[now].partner >= at => return None,
            _ => {}
        }
    }
    None
}

const FOLDS: &[&str] = &["count", "sum", "first", "last", "min", "max"];

/// Returns the `any`, `all` or `count` before `at` whose list ends there without a colon.
pub(super) fn unfinished_quantifier(seams: &Seams<'_>, from: usize, at: usize) -> Option<usize> {
    let mut now = start(seams, from, at);
    if now == from || !seams.is(now - 1, "in") {
        return None;
    }
    now -= 1;
    while let Some(previous) = before(seams, from, now) {
        now = previous;
        match seams.kind(now) {
            K::Word if matches!(seams.word(now), "any" | "all") => return Some(now),
            K::OpenParen if now > from && FOLDS.contains(&seams.word(now - 1)) => return Some(now - 1),
            K::Word | K::Comma => {}
            _ => return None,
        }
    }
    None
}
