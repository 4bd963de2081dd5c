//! Diagnostics as data. The fields are stable; new ones may be added.

use agentpol_diagnostics::{Diagnostic, Diagnostics, SourceMap, Span};
use serde_json::{Value, json};

/// Returns all diagnostics as a JSON array, sorted as given.
pub(crate) fn diagnostics_json(diagnostics: &Diagnostics, sources: &SourceMap) -> Value {
    diagnostics.iter().map(|diagnostic| one(diagnostic, sources)).collect()
}

/// Returns a place as `{"file", "start", "end"}`; lines and columns count from 1, bytes from 0.
fn place_json(span: Span, sources: &SourceMap) -> Value {
    let point = |offset: u32| match sources.get(span.file) {
        Some(file) => {
            let position = file.position(offset);
            json!({ "line": position.line, "column": position.column, "byte": offset })
        }
        None => Value::Null,
    };
    let file = sources.get(span.file).map(|file| file.name());
    json!({ "file": file, "start": point(span.start), "end": point(span.end) })
}

fn one(diagnostic: &Diagnostic, sources: &SourceMap) -> Value {
    let labels: Vec<Value> = diagnostic
        .labels
        .iter()
        .map(|label| {
            let mut place = place_json(label.span, sources);
            place["text"] = Value::from(label.text.as_str());
            place
        })
        .collect();
    json!({
        "code": diagnostic.code.as_str(),
        "severity": diagnostic.severity.as_str(),
        "title": diagnostic.title,
        "labels": labels,
        "help": diagnostic.help,
    })
}
