//! What is still known of an item that could not be read: the names it declares.

use crate::ast::{Item, ItemKind, Module, Name, Path};
use crate::seams::{Piece, Seams};
use crate::token::TokenKind as K;
use bumpalo::Bump;

/// Adds the names that a broken item declares to `unread`; a `module` line whose name is whole is an item all the same.
pub(crate) fn item<'a>(
    bump: &'a Bump,
    text: &'a str,
    seams: &Seams<'_>,
    piece: &Piece,
    unread: &mut Vec<Path<'a>>,
) -> Option<Item<'a>> {
    let salvage = Salvage { bump, text, seams, piece };
    let first = piece.first;
    match seams.word(first) {
        _ if !piece.item => {}
        "module" => {
            let name = salvage.path(first + 1)?;
            let kind = ItemKind::Module(Module { name, requires: &[] });
            return Some(Item { span: seams.span(first).to(name.span), kind });
        }
        "use" => {
            let alias = (first..piece.end).find(|&at| seams.is(at, "as")).map_or(first + 1, |at| at + 1);
            unread.extend(salvage.path(alias));
        }
        "user" | "context" => unread.extend(salvage.path(first)),
        "group" | "environment" | "level" | "enum" => {
            unread.extend((first + 1..piece.end).filter_map(|at| salvage.path(at)));
        }
        "share" | "timezone" | "task" | "allow" | "deny" | "require" | "entitle" | "limit" | "alert" | "assert"
        | "test" => {}
        _ => unread.extend(salvage.path(first + 1)),
    }
    None
}

struct Salvage<'a, 's, 't> {
    bump: &'a Bump,
    text: &'a str,
    seams: &'s Seams<'t>,
    piece: &'s Piece,
}

impl<'a> Salvage<'a, '_, '_> {
    fn name(&self, at: usize) -> Option<Name<'a>> {
        let span = self.seams.span(at);
        let word = at < self.piece.end && self.seams.kind(at) == K::Word;
        Some(Name { text: self.text.get(span.range()).filter(|_| word)?, span })
    }

    /// Reads the dotted name at a token.
    fn path(&self, at: usize) -> Option<Path<'a>> {
        let mut segments = vec![self.name(at)?];
        let mut at = at;
        while self.seams.kind(at + 1) == K::Dot {
            let Some(name) = self.name(at + 2) else { break };
            segments.push(name);
            at += 2;
        }
        let span = segments[0].span.to(segments[segments.len() - 1].span);
        Some(Path { segments: self.bump.alloc_slice_copy(&segments), span })
    }
}
