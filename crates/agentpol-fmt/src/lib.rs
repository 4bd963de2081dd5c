//! The formatter, as a library.
//!
//! One layout for every policy: two spaces, one clause a line where a rule was written over several lines or does not
//! fit, and one line where it does. Comments and groups of lines stay. The formatter reads its own output again and
//! refuses to change what a text says.

mod entries;
mod layout;
mod print;
mod source;
mod space;
mod tree;

use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, FileId, Span};
use agentpol_syntax::{TokenKind, parse, tokens};
use bumpalo::Bump;

/// The longest line that is not broken, in characters, comments left out.
pub const WIDTH: usize = 100;

/// Formats a text.
///
/// The result ends with one line end, formats to itself, and says what the text says: same items, same comments, same
/// order.
///
/// # Errors
///
/// The diagnostics of a text that does not parse, with spans of [`FileId`] 0. Should the layout change what the text
/// says, which it never should, the text is refused likewise.
pub fn format(text: &str) -> Result<String, Diagnostics> {
    let meaning = meaning(text)?;
    let output = layout::lay_out(text);
    if output_differs(&output, &meaning, text) {
        let span = Span::new(FileId(0), 0, 0);
        let title = "formatting would change what this file says";
        let mut found = Diagnostics::new();
        found.push(
            Diagnostic::new(Code::AP0102, title, span, "")
                .help("leave the file as it is, and report it to the project"),
        );
        return Err(found);
    }
    Ok(output)
}

/// Returns what a text says, or what is wrong with it.
fn meaning(text: &str) -> Result<String, Diagnostics> {
    let bump = Bump::new();
    let (ast, found) = parse(&bump, FileId(0), text);
    if found.has_errors() { Err(found) } else { Ok(ast.shape()) }
}

fn output_differs(output: &str, before: &str, text: &str) -> bool {
    match meaning(output) {
        Ok(after) => after != before || comments(output) != comments(text),
        Err(_) => true,
    }
}

/// Returns all comments in order.
fn comments(text: &str) -> Vec<&str> {
    let all = tokens(text).into_iter().filter(|token| token.kind == TokenKind::Comment);
    all.map(|token| token.text(text).trim_end()).collect()
}
