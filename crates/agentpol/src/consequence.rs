//! One mistake, one message: what only follows from an item that could not be read is not reported again.
//!
//! An item with a mistake in its grammar is missing as a whole, so whatever it declares looks unknown elsewhere, and
//! whatever it uses looks unused. Its words tell which messages that concerns. Rules and tests declare nothing, so the
//! words of a broken one only speak of what looks unused.

use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use agentpol_syntax::ast::Ast;
use agentpol_syntax::words::begins_item;
use agentpol_syntax::{TokenKind, tokens};
use std::collections::HashSet;

/// The words of items that could not be read.
#[derive(Default)]
struct Unread<'s> {
    /// All of them.
    words: HashSet<&'s str>,
    /// Those that may declare something.
    declared: HashSet<&'s str>,
}

/// Removes what follows from items that are in the sources and not in the ASTs.
pub(crate) fn forget(asts: &[Ast<'_>], sources: &SourceMap, found: &mut Diagnostics) {
    let mut unread = Unread::default();
    for ast in asts {
        collect(ast, sources, &mut unread);
    }
    found.retain(|diagnostic| !follows(diagnostic, sources, &unread));
}

/// Adds the words of a file that no item covers.
fn collect<'s>(ast: &Ast<'_>, sources: &'s SourceMap, unread: &mut Unread<'s>) {
    let Some(file) = sources.get(ast.file) else { return };
    let text = file.text();
    let mut items = ast.items.iter().map(|item| item.span.range()).peekable();
    // The indent of the broken rule or test at hand.
    let mut rule: Option<usize> = None;
    let (mut line, mut before) = (0, true);
    for token in tokens(text) {
        while items.next_if(|item| item.end <= token.start as usize).is_some() {}
        let covered = items.peek().is_some_and(|item| item.start <= token.start as usize);
        let word = token.text(text);
        if token.kind.is_trivia() {
            if let Some(end) = word.rfind('\n') {
                line = token.start as usize + end + 1;
                before = true;
            }
            continue;
        }
        let (first, indent) = (std::mem::take(&mut before), token.start as usize - line);
        if covered {
            rule = None;
        } else if token.kind == TokenKind::Word {
            let begins = first && begins_item(word) && rule.is_none_or(|outer| indent <= outer);
            match (begins, declares_nothing(word)) {
                (true, true) => rule = Some(indent),
                (true, false) => rule = None,
                (false, _) => {}
            }
            unread.words.insert(word);
            if rule.is_none() {
                unread.declared.insert(word);
            }
        }
    }
}

/// Whether an item that begins with this word declares no name that others use.
fn declares_nothing(word: &str) -> bool {
    matches!(word, "allow" | "deny" | "require" | "entitle" | "limit" | "alert" | "assert" | "test")
}

fn follows(diagnostic: &Diagnostic, sources: &SourceMap, unread: &Unread<'_>) -> bool {
    let among = match diagnostic.code {
        // Nothing is known about a file whose own header could not be read.
        Code::AP0205 => return unread.words.contains("module"),
        Code::AP0201 | Code::AP0204 | Code::AP0206 | Code::AP0207 | Code::AP0214 => &unread.declared,
        Code::AP0305 | Code::AP0405 | Code::AP0409 | Code::AP0410 => &unread.declared,
        Code::AP0613 => &unread.words,
        _ => return false,
    };
    let text = sources.text(diagnostic.span());
    let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    words.any(|word| among.contains(word))
}
