//! Modules whose files lie in several folders. A module owns what its files declare, and a line at the top of a file is
//! all that it takes to belong to it: who may write where is what protects that line.

use super::Surface;
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};
use agentpol_syntax::ast::{Ast, ItemKind};
use std::collections::BTreeMap;

pub(super) fn look(surface: &Surface<'_, '_>, diagnostics: &mut Diagnostics) {
    // By module, then by folder, the first file of each.
    let mut modules: BTreeMap<String, BTreeMap<&str, (&str, Span)>> = BTreeMap::new();
    for ast in surface.asts {
        let name = surface.sources.get(ast.file).map_or("", |file| file.name());
        let Some((module, span)) = header(ast) else { continue };
        let first = modules.entry(module).or_default().entry(folder(name)).or_insert((name, span));
        if name < first.0 {
            *first = (name, span);
        }
    }
    for (module, folders) in modules {
        let mut folders = folders.into_values();
        let Some((_, first)) = folders.next() else { continue };
        for (_, span) in folders {
            let title = format!("files of the module `{module}` lie in several folders");
            let diagnostic = Diagnostic::new(Code::AP0621, title, span, "joins the module from here")
                .because(first, "the module has files here")
                .help("put the files of a module into one folder, and let only its owners write there");
            diagnostics.push(diagnostic);
        }
    }
}

/// Returns the module that a file says to belong to.
fn header(ast: &Ast<'_>) -> Option<(String, Span)> {
    ast.items.iter().find_map(|item| match item.kind {
        ItemKind::Module(module) => Some((module.name.joined(), module.name.span)),
        _ => None,
    })
}

/// Returns the part of a file's name that names its folder.
fn folder(name: &str) -> &str {
    name.rfind(['/', '\\']).map_or("", |end| name.get(..end).unwrap_or(""))
}
