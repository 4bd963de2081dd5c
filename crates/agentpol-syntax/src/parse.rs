//! The boundary: bytes to text, text to tokens, text to AST.

use crate::ast::{Ast, Item, Path};
use crate::lower::Lower;
use crate::seams::{Piece, Seams};
use crate::token::Token;
use crate::{diagnose, lexer, lexical, salvage, split};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, FileId, Span};
use agentpol_grammar::{Grammar, Rule};
use bumpalo::Bump;
use pest::Parser;

/// The largest file that is read: 4 MiB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Reads bytes as the text of a policy.
///
/// # Errors
///
/// One diagnostic, for a file that is too large (AP0011) or not UTF-8 (AP0010). Its span counts bytes of the input.
pub fn decode(file: FileId, bytes: &[u8]) -> Result<&str, Diagnostic> {
    if bytes.len() > MAX_BYTES {
        return Err(too_large(file, bytes.len()));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        let span = Span::new(file, at, at + error.error_len().unwrap_or(bytes.len() - at));
        let label = format!("byte 0x{:02X} on line {line}", bytes.get(at).copied().unwrap_or_default());
        Diagnostic::new(Code::AP0010, "this file is not UTF-8", span, label).help("save the file as UTF-8")
    })
}

fn too_large(file: FileId, len: usize) -> Diagnostic {
    let title = format!("this file is too large: {len} bytes, and {MAX_BYTES} are read");
    Diagnostic::new(Code::AP0011, title, Span::new(file, 0, 0), "")
        .help("split it: several files may belong to one module")
}

/// Scans a text into tokens that together cover every byte of it, for colours and for formatting.
pub fn tokens(text: &str) -> Vec<Token> {
    lexer::scan(text).into_iter().map(|lexeme| lexeme.token).collect()
}

/// Parses one file.
///
/// Always returns: what could not be read is missing in the AST and stands in the diagnostics, which are in the order
/// of the text. Where there are none, the AST is the whole file. Nothing nests deeper than 64 levels.
pub fn parse<'a>(bump: &'a Bump, file: FileId, text: &'a str) -> (Ast<'a>, Diagnostics) {
    let mut found = Diagnostics::new();
    if text.len() > MAX_BYTES {
        found.push(too_large(file, text.len()));
        return (Ast { file, items: &[], unread: &[] }, found);
    }
    let lexemes = lexer::scan(text);
    lexical::check(file, text, &lexemes, &mut found);
    let mut seams = split::split(file, text, &lexemes, false);
    let doubtful = |piece: &Piece| piece.doubtful && read(bump, text, &seams, piece).is_none();
    if !seams.found.is_empty() || seams.pieces.iter().any(doubtful) {
        seams = split::split(file, text, &lexemes, true);
    }
    found.extend(std::mem::take(&mut seams.found));
    let mut items: Vec<Item<'a>> = Vec::with_capacity(seams.pieces.len());
    let mut unread: Vec<Path<'a>> = Vec::new();
    for piece in &seams.pieces {
        if let Some(item) = read(bump, text, &seams, piece) {
            items.push(item);
            continue;
        }
        for part in seams.cut(piece) {
            if let Some(item) = read(bump, text, &seams, &part) {
                items.push(item);
                continue;
            }
            diagnose::piece(&seams, &part, &mut found);
            items.extend(salvage::item(bump, text, &seams, &part, &mut unread));
        }
    }
    let ast = Ast { file, items: bump.alloc_slice_copy(&items), unread: bump.alloc_slice_copy(&unread) };
    (ast, in_order(found))
}

/// Parses one piece; `None` when pest refuses it or something in it was reported before.
fn read<'a>(bump: &'a Bump, text: &'a str, seams: &Seams<'_>, piece: &Piece) -> Option<Item<'a>> {
    if piece.hurt || !piece.item {
        return None;
    }
    let tokens = &seams.tokens[piece.first..piece.end];
    let start = tokens.first()?.token.start as usize;
    let end = tokens.last()?.token.end as usize;
    let node = Grammar::parse(Rule::only_item, &text[start..end]).ok()?.next()?;
    Lower { bump, file: seams.file, tokens, base: start }.item(node)
}

fn in_order(found: Diagnostics) -> Diagnostics {
    let mut all: Vec<Diagnostic> = found.into_iter().collect();
    all.sort_by_key(|diagnostic| diagnostic.span().start);
    let mut out = Diagnostics::new();
    all.into_iter().for_each(|diagnostic| out.push(diagnostic));
    out
}
