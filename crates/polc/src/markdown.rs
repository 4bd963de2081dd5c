//! Pages of the documentation as text for a terminal.
//!
//! Knows the little that the pages use: headings, paragraphs, lists, tables and fenced code.

use crate::render::wrap;
use crate::terminal::{Ink, Page};

const WIDTH: usize = 80;

/// Writes a page.
pub(crate) fn show(markdown: &str, page: &mut Page) {
    let mut paragraph: Vec<&str> = Vec::new();
    let mut code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            flush(&mut paragraph, page);
            code = !code;
        } else if code {
            page.line(format!("    {line}").trim_end());
        } else if let Some(heading) = line.strip_prefix('#') {
            flush(&mut paragraph, page);
            let heading = page.ink(Ink::Bold, heading.trim_start_matches('#').trim());
            page.line(heading);
        } else if line.trim().is_empty() {
            flush(&mut paragraph, page);
            page.line("");
        } else if line.starts_with('|') {
            flush(&mut paragraph, page);
            page.line(line);
        } else {
            if line.starts_with("- ") {
                flush(&mut paragraph, page);
            }
            paragraph.push(line);
        }
    }
    flush(&mut paragraph, page);
}

/// Writes the lines gathered as one paragraph; what follows the first line of a list entry is indented.
fn flush(paragraph: &mut Vec<&str>, page: &mut Page) {
    if paragraph.is_empty() {
        return;
    }
    let text: Vec<&str> = paragraph.drain(..).map(str::trim).collect();
    let text = text.join(" ");
    let (width, indent) = if text.starts_with("- ") { (WIDTH - 2, "  ") } else { (WIDTH, "") };
    for (at, line) in wrap(&text, width).iter().enumerate() {
        let indent = if at == 0 { "" } else { indent };
        page.line(format_args!("{indent}{line}"));
    }
}
