//! One mistake, one message: what only follows from an item that could not be read is not reported again.
//!
//! An item with a mistake in its grammar is missing as a whole, so whatever it declares looks unknown elsewhere, and
//! whatever it uses looks unused. Its words tell which messages that concerns.

use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use agentpol_syntax::ast::Ast;
use agentpol_syntax::{TokenKind, tokens};
use std::collections::HashSet;

/// Removes what follows from items that are in the sources and not in the ASTs.
pub(crate) fn forget(asts: &[Ast<'_>], sources: &SourceMap, found: &mut Diagnostics) {
    let mut unread = HashSet::new();
    for ast in asts {
        collect(ast, sources, &mut unread);
    }
    found.retain(|diagnostic| !follows(diagnostic, sources, &unread));
}

/// Adds the words of a file that no item covers.
fn collect<'s>(ast: &Ast<'_>, sources: &'s SourceMap, unread: &mut HashSet<&'s str>) {
    let Some(file) = sources.get(ast.file) else { return };
    let mut items = ast.items.iter().map(|item| item.span.range()).peekable();
    for token in tokens(file.text()) {
        while items.next_if(|item| item.end <= token.start as usize).is_some() {}
        let covered = items.peek().is_some_and(|item| item.start <= token.start as usize);
        if !covered && token.kind == TokenKind::Word {
            unread.insert(token.text(file.text()));
        }
    }
}

fn follows(diagnostic: &Diagnostic, sources: &SourceMap, unread: &HashSet<&str>) -> bool {
    let wanted = match diagnostic.code {
        // Nothing is known about a file whose own header could not be read.
        Code::AP0205 => return unread.contains("module"),
        Code::AP0201 | Code::AP0204 | Code::AP0206 | Code::AP0207 | Code::AP0214 => true,
        Code::AP0305 | Code::AP0405 | Code::AP0409 | Code::AP0410 | Code::AP0613 => true,
        _ => false,
    };
    let mentions = || {
        let text = sources.text(diagnostic.span());
        let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
        words.any(|word| unread.contains(word))
    };
    wanted && mentions()
}
