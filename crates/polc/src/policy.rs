//! Reading policies: files to sources, sources to a policy or a program, and what is wrong with them on the way.

use std::path::PathBuf;

use agentpol::{Built, Options, Program, SourceMap};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};
use agentpol_syntax::{MAX_BYTES, decode};
use bumpalo::Bump;

use crate::exit::{Exit, Problem};
use crate::files;
use crate::project::Project;
use crate::render;
use crate::terminal::{Page, Terminal};

/// The files of a policy.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Those that could be read.
    pub(crate) map: SourceMap,
    /// What is wrong with their bytes.
    pub(crate) diagnostics: Diagnostics,
    /// Why others could not be read.
    pub(crate) unreadable: Vec<String>,
}

/// A policy and all that is wrong with it.
#[derive(Debug)]
pub(crate) struct Read {
    /// Its files.
    pub(crate) sources: SourceMap,
    /// What is wrong, sorted.
    pub(crate) diagnostics: Diagnostics,
    /// Why files could not be read.
    pub(crate) unreadable: Vec<String>,
    /// The program; `None` where anything is wrong.
    pub(crate) built: Option<Built>,
}

impl Read {
    /// Returns how a command ends that only had to read the policy.
    pub(crate) fn exit(&self) -> Exit {
        match () {
            () if !self.unreadable.is_empty() => Exit::File,
            () if self.built.is_none() || self.diagnostics.has_errors() => Exit::Policy,
            () => Exit::Success,
        }
    }

    /// Writes all that is wrong, and a line that counts it.
    pub(crate) fn show(&self, page: &mut Page) {
        for text in &self.unreadable {
            page.problem(text, None);
        }
        if !self.diagnostics.is_empty() {
            page.text(render::diagnostics_text(&self.diagnostics, &self.sources, page.colored()));
            page.line("");
        }
        if let Some(summary) = render::summary(&self.diagnostics) {
            page.line(summary);
        }
    }
}

/// Reads the files; what cannot be read is noted and the rest still read.
pub(crate) fn load(paths: &[PathBuf]) -> Sources {
    let mut sources = Sources::default();
    for path in paths {
        match if files::is_stdin(path) { files::read_stdin(MAX_BYTES) } else { files::read(path, MAX_BYTES) } {
            Ok(bytes) => add(&mut sources, files::shown(path), &bytes),
            Err(error) => sources.unreadable.push(files::unreadable(path, &error).text),
        }
    }
    sources
}

/// Adds a file. One that is too large stays without its text; of one that is not UTF-8 the text is shown as far as it
/// goes, which keeps the places before the mistake.
pub(crate) fn add(sources: &mut Sources, name: String, bytes: &[u8]) {
    if bytes.len() > MAX_BYTES {
        let id = sources.map.add(name, "");
        let title = format!("this file is larger than {} MiB", MAX_BYTES >> 20);
        let diagnostic = Diagnostic::new(Code::AP0011, title, Span::new(id, 0, 0), "no more of one file is read")
            .help("split it: several files may belong to one module");
        sources.diagnostics.push(diagnostic);
        return;
    }
    let id = sources.map.add(name, String::from_utf8_lossy(bytes));
    if let Err(diagnostic) = decode(id, bytes) {
        sources.diagnostics.push(diagnostic);
    }
}

/// Reads, checks and compiles the policies of a project.
pub(crate) fn read(project: &Project) -> Read {
    compile(load(&project.policies), &project.options)
}

/// Checks and compiles files that were read.
pub(crate) fn compile(sources: Sources, options: &Options) -> Read {
    let Sources { map, diagnostics, unreadable } = sources;
    if !diagnostics.is_empty() || !unreadable.is_empty() {
        return unfinished(map, diagnostics, unreadable);
    }
    let (built, diagnostics) = agentpol::build(&map, options);
    Read { sources: map, diagnostics, unreadable, built }
}

/// With files missing, names would seem unknown that are not: only the grammar of the others is looked at.
fn unfinished(sources: SourceMap, mut diagnostics: Diagnostics, unreadable: Vec<String>) -> Read {
    let bump = Bump::new();
    let damaged: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.span().file).collect();
    for (id, file) in sources.iter().filter(|(id, _)| !damaged.contains(id)) {
        let (_, found) = agentpol_syntax::parse(&bump, id, file.text());
        diagnostics.extend(found);
    }
    diagnostics.sort(&sources);
    Read { sources, diagnostics, unreadable, built: None }
}

/// Reads the program of a project for a command that cannot go on without it; shows what is wrong on standard error.
pub(crate) fn program(project: &Project, terminal: &mut Terminal) -> Result<Built, Problem> {
    let mut read = read(project);
    match read.built.take() {
        Some(built) if !read.diagnostics.has_errors() => Ok(built),
        _ => {
            read.show(&mut terminal.err);
            let exit = if read.unreadable.is_empty() { Exit::Policy } else { Exit::File };
            Err(Problem { exit, text: format!("the policy {} cannot be used", project.name), help: None })
        }
    }
}

/// Loads the bytes of a program; `name` says where they come from.
pub(crate) fn load_program(bytes: &[u8], name: &str) -> Result<Program, Problem> {
    agentpol::load(bytes).map_err(|error| Problem::file(format!("{name}: {error}")))
}

/// Returns a policy that this program wrote in the form that `polc fmt` gives it.
pub(crate) fn format_generated(text: &str) -> String {
    agentpol_fmt::format(text).unwrap_or_else(|_| text.to_owned())
}

/// Returns what is wrong with a policy that this program wrote, as text; `None` where nothing is.
pub(crate) fn mistakes_in(text: &str, colored: bool) -> Option<String> {
    let mut sources = SourceMap::new();
    sources.add("<imported>", text);
    let found = agentpol::compile_sources(&sources, &Options::default());
    found.diagnostics.has_errors().then(|| render::diagnostics_text(&found.diagnostics, &sources, colored))
}
