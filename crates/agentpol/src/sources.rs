//! From the text of policies to a program.

use agentpol_check::policy::Policy;
use agentpol_check::{Options, check};
use agentpol_compile::compile;
use agentpol_diagnostics::{Diagnostics, Kind, SourceMap};
use agentpol_syntax::{ast::Ast, parse};
use bumpalo::Bump;

/// What checking found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The typed policy; `None` where any diagnostic is an error.
    pub policy: Option<Policy>,
    /// All mistakes and lints, sorted by file name, place and code. Lints have the severity that the options set.
    pub diagnostics: Diagnostics,
}

/// A program and what it was made from.
#[derive(Clone, Debug)]
pub struct Built {
    /// The program, as [`load`](crate::load) and files hold it.
    pub bytes: Vec<u8>,
    /// The typed policy, for whoever needs names, tests or places.
    pub policy: Policy,
}

/// Parses and checks all files of a policy together.
///
/// The order of the files does not matter. Never fails and never panics, whatever the text: mistakes are data. A file
/// of more than 4 MiB is not read (`AP0011`); bytes that are not UTF-8 are the caller's to report, see
/// [`decode`](crate::decode). The cost is linear in the text.
///
/// ```
/// use agentpol::{Options, SourceMap, compile_sources};
///
/// let mut sources = SourceMap::new();
/// sources.add("desk.agentpol", "module desk\n\ngroup staff, staff\n");
/// let checked = compile_sources(&sources, &Options::default());
/// assert!(checked.policy.is_none());
/// let first = checked.diagnostics.iter().next().unwrap();
/// assert_eq!(first.code.as_str(), "AP0202");
/// ```
pub fn compile_sources(sources: &SourceMap, options: &Options) -> Checked {
    let bump = Bump::new();
    let mut unread = Diagnostics::new();
    let mut asts: Vec<Ast<'_>> = Vec::new();
    for (file, source) in sources.iter() {
        let (ast, found) = parse(&bump, file, source.text());
        asts.push(ast);
        unread.extend(found);
    }
    let (policy, mut found) = check(&asts, sources, options);
    if unread.has_errors() {
        // Lints speak of whole policies: what a broken rule uses would look unused.
        found.retain(|one| one.code.kind() != Kind::Lint);
    }
    let mut diagnostics = unread;
    diagnostics.extend(found);
    diagnostics.sort(sources);
    let policy = policy.filter(|_| !diagnostics.has_errors());
    Checked { policy, diagnostics }
}

/// Parses, checks and compiles all files of a policy together.
///
/// There is a program exactly where no diagnostic is an error. The same sources and options give the same bytes on
/// every machine, in whatever order the files come.
///
/// ```
/// use agentpol::{Options, SourceMap, build, load};
///
/// let mut sources = SourceMap::new();
/// sources.add(
///     "desk.agentpol",
///     r#"
///     module desk
///     system files { dataset notes: internal }
///     tool files.read(name: string) reads files.notes
///     agent clerk { function "notes" owner "desk@acme.example" phase autonomous }
///     allow "the clerk reads" { agent clerk user none tool files.read }
///     "#,
/// );
/// let (built, diagnostics) = build(&sources, &Options::default());
/// assert!(!diagnostics.has_errors());
/// let program = load(&built.unwrap().bytes).unwrap();
/// assert_eq!(program.tables().rules.len(), 1);
/// ```
pub fn build(sources: &SourceMap, options: &Options) -> (Option<Built>, Diagnostics) {
    let Checked { policy, mut diagnostics } = compile_sources(sources, options);
    let Some(policy) = policy else { return (None, diagnostics) };
    match compile(&policy, sources) {
        Ok(compiled) => (Some(Built { bytes: compiled.bytes, policy }), diagnostics),
        Err(found) => {
            diagnostics.extend(found);
            diagnostics.sort(sources);
            (None, diagnostics)
        }
    }
}
