//! Gathers what files say by module: several files may make one module, and their order never shows.

use crate::policy::{Module, ModuleId};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, SourceMap, Span, did_you_mean};
use agentpol_syntax::ast::{self, Ast, ItemKind};
use std::collections::BTreeMap;

/// The items of one module, in the order of file names and, inside a file, of writing.
#[derive(Debug, Default)]
pub(crate) struct ModuleItems<'a> {
    pub(crate) uses: Vec<ast::Use<'a>>,
    pub(crate) shares: Vec<ast::Share<'a>>,
    pub(crate) levels: Vec<ast::Level<'a>>,
    pub(crate) enums: Vec<ast::Enum<'a>>,
    pub(crate) groups: Vec<ast::Group<'a>>,
    pub(crate) environments: Vec<ast::Name<'a>>,
    pub(crate) timezones: Vec<ast::Text<'a>>,
    pub(crate) schedules: Vec<ast::Schedule<'a>>,
    pub(crate) user: Vec<ast::Field<'a>>,
    pub(crate) context: Vec<ast::Field<'a>>,
    pub(crate) tasks: Vec<ast::TaskDecl<'a>>,
    pub(crate) systems: Vec<ast::System<'a>>,
    pub(crate) records: Vec<ast::Record<'a>>,
    pub(crate) resources: Vec<ast::Resource<'a>>,
    pub(crate) sources: Vec<ast::Source>,
    pub(crate) sessions: Vec<Span>,
    pub(crate) tool_sets: Vec<ast::ToolSet<'a>>,
    pub(crate) tools: Vec<ast::Tool<'a>>,
    pub(crate) agents: Vec<ast::Agent<'a>>,
    pub(crate) defines: Vec<ast::Define<'a>>,
    pub(crate) rules: Vec<ast::Rule<'a>>,
    pub(crate) tests: Vec<ast::Test<'a>>,
    /// The names of all rules, those included in which something is wrong.
    pub(crate) rule_names: Vec<&'a str>,
    /// Names of declarations that could not be read.
    pub(crate) unread: Vec<String>,
}

/// All modules by name, and the items of each.
pub(crate) struct Collected<'a> {
    pub(crate) modules: Vec<Module>,
    pub(crate) items: Vec<ModuleItems<'a>>,
}

/// Gathers the items of all files. A file without a module counts for the only one there is, or for one without a
/// name: what else is wrong in it is worth knowing.
pub(crate) fn collect<'a>(asts: &[Ast<'a>], sources: &SourceMap, diagnostics: &mut Diagnostics) -> Collected<'a> {
    let mut asts: Vec<&Ast<'a>> = asts.iter().collect();
    asts.sort_by_key(|ast| (sources.get(ast.file).map_or("", |file| file.name()), ast.file));
    let mut by_name: BTreeMap<String, Gathered<'a>> = BTreeMap::new();
    let mut nameless = Vec::new();
    for ast in asts {
        match header(ast, sources, diagnostics) {
            Some(header) => by_name.entry(header.name.joined()).or_default().add(ast, Some(header), diagnostics),
            None => nameless.push(ast),
        }
    }
    for ast in nameless {
        let only = (by_name.len() == 1).then(|| by_name.keys().next().cloned()).flatten();
        by_name.entry(only.unwrap_or_default()).or_default().add(ast, None, diagnostics);
    }
    let names: Vec<String> = by_name.keys().cloned().collect();
    let mut collected = Collected { modules: Vec::new(), items: Vec::new() };
    for (name, gathered) in by_name {
        let requires = required(&gathered.requires, &names, diagnostics);
        let span = gathered.span.unwrap_or_default();
        collected.modules.push(Module { name, requires, grantable: Vec::new(), span });
        collected.items.push(gathered.items);
    }
    collected
}

/// What the files of one module say.
#[derive(Default)]
struct Gathered<'a> {
    span: Option<Span>,
    requires: Vec<ast::Path<'a>>,
    items: ModuleItems<'a>,
}

impl<'a> Gathered<'a> {
    fn add(&mut self, ast: &Ast<'a>, header: Option<ast::Module<'a>>, diagnostics: &mut Diagnostics) {
        if let Some(header) = header {
            self.span = self.span.or(Some(header.name.span));
            self.requires.extend_from_slice(header.requires);
        }
        self.items.unread.extend(ast.unread.iter().map(|path| path.joined()));
        let is_header = |item: &ast::Item<'a>| match (item.kind, header) {
            (ItemKind::Module(module), Some(header)) => module.name.span == header.name.span,
            _ => false,
        };
        ast.items.iter().filter(|item| !is_header(item)).for_each(|item| self.items.add(item, diagnostics));
    }
}

/// Finds the `module` line of a file, which must be the first.
fn header<'a>(ast: &Ast<'a>, sources: &SourceMap, diagnostics: &mut Diagnostics) -> Option<ast::Module<'a>> {
    let module = |item: &ast::Item<'a>| match item.kind {
        ItemKind::Module(module) => Some((item.span, module)),
        _ => None,
    };
    let found = ast.items.iter().position(|item| module(item).is_some());
    if let Some((span, header)) = found.and_then(|at| module(&ast.items[at])) {
        if found != Some(0) {
            let title = "`module` is not the first line of the file";
            let diagnostic = Diagnostic::new(Code::AP0205, title, span, "must stand before everything else");
            diagnostics.push(diagnostic.help("move the line to the top of the file"));
        }
        return Some(header);
    }
    // A line that could not be read has been reported by whoever read it.
    if !begins_with_module(sources.get(ast.file).map_or("", |file| file.text())) {
        let span = ast.items.first().map_or(Span::new(ast.file, 0, 0), |item| item.span);
        let start = Span { end: span.start, ..span };
        diagnostics.push(
            Diagnostic::new(Code::AP0205, "the file belongs to no module", start, "`module` is missing before this")
                .help("begin the file with a line such as `module acme.support`"),
        );
    }
    None
}

/// Returns whether the first word of a text, comments aside, is `module`.
fn begins_with_module(text: &str) -> bool {
    let mut rest = text.trim_start();
    while let Some(comment) = rest.strip_prefix("//") {
        rest = comment.split_once('\n').map_or("", |(_, next)| next).trim_start();
    }
    rest.strip_prefix("module").is_some_and(|next| !next.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Looks up what a module requires.
fn required(requires: &[ast::Path<'_>], names: &[String], diagnostics: &mut Diagnostics) -> Vec<ModuleId> {
    let mut ids = Vec::new();
    for path in requires {
        let name = path.joined();
        match names.iter().position(|known| *known == name) {
            Some(at) => ids.push(ModuleId(at as u32)),
            None => {
                let title = format!("the required module `{name}` is not there");
                let help = did_you_mean(&name, names.iter().map(String::as_str))
                    .unwrap_or_else(|| format!("load the files of `{name}` too"));
                diagnostics.push(Diagnostic::new(Code::AP0206, title, path.span, "no file belongs to it").help(help));
            }
        }
    }
    ids.sort();
    ids.dedup();
    ids
}

impl<'a> ModuleItems<'a> {
    /// Adds an item, or says that its kind is not built yet.
    fn add(&mut self, item: &ast::Item<'a>, diagnostics: &mut Diagnostics) {
        match item.kind {
            ItemKind::Module(_) => diagnostics.push(
                Diagnostic::new(Code::AP0205, "a file belongs to one module", item.span, "this is the second")
                    .help("move what follows to a file of its own"),
            ),
            ItemKind::Use(item) => self.uses.push(item),
            ItemKind::Share(item) => self.shares.push(item),
            ItemKind::Level(item) => self.levels.push(item),
            ItemKind::Enum(item) => self.enums.push(item),
            ItemKind::Group(item) => self.groups.push(item),
            ItemKind::Environment(names) => self.environments.extend_from_slice(names),
            ItemKind::Timezone(zone) => self.timezones.push(zone),
            ItemKind::Schedule(item) => self.schedules.push(item),
            ItemKind::User(fields) => self.user.extend_from_slice(fields),
            ItemKind::Context(fields) => self.context.extend_from_slice(fields),
            ItemKind::Task(tasks) => self.tasks.extend_from_slice(tasks),
            ItemKind::System(item) => self.systems.push(item),
            ItemKind::Record(item) => self.records.push(item),
            ItemKind::Resource(item) => self.resources.push(item),
            ItemKind::Source(item) => self.sources.push(item),
            ItemKind::Sessions(span) => self.sessions.push(span),
            ItemKind::ToolSet(item) => self.tool_sets.push(item),
            ItemKind::Tool(item) => self.tools.push(item),
            ItemKind::Agent(item) => self.agents.push(item),
            ItemKind::Define(item) => self.defines.push(item),
            ItemKind::Rule(rule) => {
                self.rule_names.extend(rule.name.map(|name| name.value));
                self.rules.push(rule);
            }
            ItemKind::Assert(assert) => {
                diagnostics.push(not_yet("asserts", assert.name.span, "write a `test` with the calls in question"));
            }
            ItemKind::Test(item) => self.tests.push(item),
        }
    }
}

/// Says that a part of the language is read and not built.
pub(crate) fn not_yet(what: &str, span: Span, help: &str) -> Diagnostic {
    Diagnostic::new(Code::AP0501, format!("{what} are not built yet"), span, "read, but without effect").help(help)
}
