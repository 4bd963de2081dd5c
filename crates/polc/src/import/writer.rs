//! The policy text that an import comes to.

use super::canonical::digest;
use super::definition::{Definition, Listing};
use super::naming::{Scope, declared_name, literal, word_of};
use super::schema::Types;
use super::verbs::verbs;
use crate::escape;
use crate::wording::counted;

/// The longest description that becomes a comment, in characters.
const DESCRIPTION: usize = 110;

/// What the caller decides.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The module.
    pub(crate) module: String,
    /// The system that the tools belong to.
    pub(crate) system: String,
    /// The server as requests name it; `None` for tools that no server offers.
    pub(crate) server: Option<String>,
    /// The server's hints are believed.
    pub(crate) trusted: bool,
    /// Definitions are pinned.
    pub(crate) pin: bool,
    /// Where the definitions come from, for the comment at the top.
    pub(crate) source: String,
}

/// What came out.
#[derive(Debug)]
pub(crate) struct Written {
    /// The policy.
    pub(crate) text: String,
    /// How many tools are in it.
    pub(crate) tools: usize,
    /// How many of them are marked `unverified`.
    pub(crate) unverified: usize,
    /// How many parts could not be said in the language.
    pub(crate) notes: usize,
}

/// Writes the policy. `Err` names a text that hides characters and cannot stand in a policy.
pub(crate) fn write_policy(listing: &Listing, options: &Options) -> Result<Written, String> {
    let system = declared_name(&options.system, "system");
    let mut types = Types::new([system.clone()]);
    let mut names = Scope::default();
    let mut tools = String::new();
    let (mut unverified, mut notes) = (0, 0);
    for tool in &listing.tools {
        let written = write_tool(tool, options, &system, &mut names, &mut types)?;
        tools.push('\n');
        tools.push_str(&written.text);
        unverified += usize::from(written.unverified);
        notes += written.notes;
    }
    let mut text = head(listing, options, unverified);
    text.push_str(&format!("module {}\n\nsystem {system} {{\n", options.module));
    if let Some(server) = &options.server {
        text.push_str(&format!("  server {}\n", literal(server).ok_or_else(|| server.clone())?));
    }
    text.push_str("  dataset data  // no label yet, which counts as the highest\n}\n");
    for (at, (name, words)) in types.enums.iter().enumerate() {
        let gap = if at == 0 { "\n" } else { "" };
        text.push_str(&format!("{gap}enum {name} = {}\n", words.join(" | ")));
    }
    text.push_str(&tools);
    Ok(Written { text, tools: listing.tools.len(), unverified, notes })
}

fn head(listing: &Listing, options: &Options, unverified: usize) -> String {
    let source = escape::one_line(&options.source);
    let mut text = format!("// {} from {source}.\n", counted(listing.tools.len(), "tool"));
    if listing.incomplete {
        text.push_str("// The list goes on: the server has more pages of it.\n");
    }
    if unverified > 0 {
        text.push_str(
            "// `unverified` means that nobody has checked what the tool does: rules then count it as doing everything.\n\
             // Correct the verbs, then take the word away.\n",
        );
    }
    text
}

struct WrittenTool {
    text: String,
    unverified: bool,
    notes: usize,
}

fn write_tool(
    tool: &Definition,
    options: &Options,
    system: &str,
    names: &mut Scope,
    types: &mut Types,
) -> Result<WrittenTool, String> {
    let name = names.take(word_of(&tool.name));
    let wire = literal(&tool.name).ok_or_else(|| tool.name.clone())?;
    let wire = if name == tool.name { String::new() } else { format!(" {wire}") };
    let parameters = types.parameters(&name, tool.input.as_ref());
    let verbs = verbs(tool.hints);
    let trusted = options.trusted && tool.hints.is_some();
    let mut text = String::new();
    if let Some(description) = tool.description.as_deref().map(first_sentence).filter(|line| !line.is_empty()) {
        text.push_str(&format!("// {description}\n"));
    }
    for note in &parameters.notes {
        text.push_str(&format!("// {}\n", escape::one_line(note)));
    }
    if !trusted {
        text.push_str(&format!("// Verbs: {}.\n", verbs.why));
    }
    let mut fields = parameters.fields;
    if parameters.open {
        fields.push("...".to_owned());
    }
    text.push_str(&format!("tool {system}.{name}{wire}{}\n", parameter_list(&fields)));
    let targets: Vec<String> = verbs.words.iter().map(|verb| format!("{verb} {system}.data")).collect();
    text.push_str(&format!("  {}\n", targets.join(", ")));
    if !trusted {
        text.push_str("  unverified\n");
    }
    if let Some(definition) = tool.pinned.as_ref().filter(|_| options.pin) {
        text.push_str(&format!("  pinned \"{}\"\n", digest(definition)));
    }
    Ok(WrittenTool { text, unverified: !trusted, notes: parameters.notes.len() })
}

/// Returns the parameters on one line where they fit, else one a line.
fn parameter_list(fields: &[String]) -> String {
    let line = fields.join(", ");
    match line.len() {
        0..=80 => format!("({line})"),
        _ => format!("(\n  {}\n)", fields.join(",\n  ")),
    }
}

/// Returns the first sentence of a description as one line of a comment.
fn first_sentence(description: &str) -> String {
    let flat: Vec<&str> = description.split_whitespace().collect();
    let flat = flat.join(" ");
    let end = flat.find(". ").map_or(flat.len(), |at| at + 1);
    escape::one_line(&escape::cut(&flat[..end], DESCRIPTION)).into_owned()
}
