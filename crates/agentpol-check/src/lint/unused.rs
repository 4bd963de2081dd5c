//! Names that are declared and never used.

use super::Surface;
use crate::expr::{in_clause, parts, survey_names};
use crate::names::{Entity, Names};
use crate::policy::ModuleId;
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};
use agentpol_syntax::ast::{self, AgentSelector, ClauseKind, ItemKind};
use std::collections::BTreeSet;

/// What is named anywhere, gathered file by file.
struct Used<'c, 'a> {
    names: &'c Names<'a>,
    module: ModuleId,
    /// Places of the declarations that something refers to.
    declarations: BTreeSet<Span>,
    /// Environments and tasks, which are words of the whole program.
    words: BTreeSet<&'a str>,
}

pub(super) fn look(surface: &Surface<'_, '_>, diagnostics: &mut Diagnostics) {
    let mut used =
        Used { names: surface.names, module: ModuleId(0), declarations: BTreeSet::new(), words: BTreeSet::new() };
    for ast in surface.asts {
        let Some(module) = module_of(surface, ast) else { continue };
        used.module = module;
        ast.items.iter().for_each(|item| used.item(&item.kind));
    }
    for item in surface.asts.iter().flat_map(|ast| ast.items) {
        match item.kind {
            ItemKind::Group(group) if group.parents.is_empty() => {
                group.names.iter().for_each(|group| tell(&used, "group", &group.name, diagnostics));
            }
            ItemKind::ToolSet(set) => tell(&used, "set of tools", &set.name, diagnostics),
            ItemKind::Define(define) => tell(&used, "definition", &define.name, diagnostics),
            ItemKind::Schedule(schedule) => tell(&used, "schedule", &schedule.name, diagnostics),
            ItemKind::Environment(names) => {
                names.iter().for_each(|name| tell_word(&used, "environment", name.text, name.span, diagnostics));
            }
            ItemKind::Task(tasks) => {
                tasks.iter().for_each(|task| tell_word(&used, "task", task.name.value, task.name.span, diagnostics));
            }
            _ => {}
        }
    }
}

fn module_of(surface: &Surface<'_, '_>, file: &ast::Ast<'_>) -> Option<ModuleId> {
    let name = file.items.iter().find_map(|item| match item.kind {
        ItemKind::Module(module) => Some(module.name.joined()),
        _ => None,
    })?;
    let at = surface.policy.modules.iter().position(|module| module.name == name)?;
    u32::try_from(at).ok().map(ModuleId)
}

fn tell(used: &Used<'_, '_>, kind: &str, name: &ast::Name<'_>, diagnostics: &mut Diagnostics) {
    if !used.declarations.contains(&name.span) {
        unused(kind, name.text, name.span, diagnostics);
    }
}

fn tell_word(used: &Used<'_, '_>, kind: &str, word: &str, span: Span, diagnostics: &mut Diagnostics) {
    if !used.words.contains(word) {
        unused(kind, word, span, diagnostics);
    }
}

fn unused(kind: &str, name: &str, span: Span, diagnostics: &mut Diagnostics) {
    let title = format!("the {kind} `{name}` is declared and never used");
    let diagnostic = Diagnostic::new(Code::AP0613, title, span, "nothing refers to it");
    diagnostics.push(diagnostic.help("use it, or remove it; a rule that was to use it may be missing"));
}

impl<'a> Used<'_, 'a> {
    fn path(&mut self, path: &ast::Path<'a>) {
        self.dotted(&path.joined());
    }

    fn dotted(&mut self, dotted: &str) {
        if let Some((Entity::Group(_) | Entity::ToolSet(_) | Entity::Define(_) | Entity::Schedule(_), span)) =
            self.names.find(self.module, dotted)
        {
            self.declarations.insert(span);
        }
    }

    fn expr(&mut self, expr: &ast::Expr<'a>) {
        survey_names(expr, |dotted| self.dotted(dotted));
        let mut open = vec![*expr];
        while let Some(expr) = open.pop() {
            if let ast::ExprKind::History(history) = expr.kind {
                self.calls(history);
            }
            open.extend(parts(&expr));
        }
    }

    fn calls(&mut self, history: &ast::History<'a>) {
        match history.calls {
            ast::CallSet::Block(block) => {
                for clause in block.clauses {
                    match &clause.kind {
                        ClauseKind::Since(since) => self.calls(since),
                        kind => self.selector(kind),
                    }
                }
            }
            ast::CallSet::Tool(pattern) => self.pattern(&pattern),
        }
    }

    fn tools(&mut self, patterns: &ast::ToolPatterns<'a>) {
        patterns.include.iter().chain(patterns.except).for_each(|pattern| self.pattern(pattern));
    }

    fn pattern(&mut self, pattern: &ast::ToolPattern<'a>) {
        if let ast::ToolPattern::Named(path) = pattern {
            self.path(path);
        }
    }

    fn item(&mut self, item: &ItemKind<'a>) {
        match item {
            ItemKind::Group(group) => group.parents.iter().for_each(|parent| self.path(parent)),
            ItemKind::System(system) => {
                for clause in system.clauses {
                    if let ast::SystemClause::Environment(names) = clause {
                        self.words.extend(names.iter().map(|name| name.text));
                    }
                }
            }
            ItemKind::ToolSet(set) => self.tools(&set.tools),
            ItemKind::Tool(tool) => {
                let constraints = tool.params.iter().flat_map(|param| param.constraints);
                constraints.for_each(|constraint| self.constraint(constraint));
            }
            ItemKind::Record(record) => {
                let constraints = record.fields.iter().flat_map(|field| field.constraints);
                constraints.for_each(|constraint| self.constraint(constraint));
            }
            ItemKind::Agent(agent) => {
                for clause in agent.clauses {
                    match &clause.kind {
                        ast::AgentClauseKind::Phase(ast::Phase::Supervised(Some(group))) => self.path(group),
                        ast::AgentClauseKind::DelegatesTo(_, Some(block)) => {
                            block.clauses.iter().for_each(|clause| self.clause(&clause.kind));
                        }
                        _ => {}
                    }
                }
            }
            ItemKind::Define(define) => self.expr(&define.body),
            ItemKind::Rule(rule) => rule.block.clauses.iter().for_each(|clause| self.clause(&clause.kind)),
            ItemKind::Test(test) => self.test(test),
            _ => {}
        }
    }

    fn constraint(&mut self, constraint: &ast::Constraint<'a>) {
        if let ast::Constraint::Where(expr) = constraint {
            self.expr(expr);
        }
    }

    fn clause(&mut self, clause: &ClauseKind<'a>) {
        self.selector(clause);
        in_clause(clause).iter().for_each(|expr| self.expr(expr));
    }

    fn selector(&mut self, clause: &ClauseKind<'a>) {
        match clause {
            ClauseKind::Agent(AgentSelector::Any(paths) | AgentSelector::Named(paths) | AgentSelector::In(paths)) => {
                paths.iter().for_each(|path| self.path(path));
            }
            ClauseKind::User(users) => {
                for user in *users {
                    if let ast::UserSelector::In(group) = user {
                        self.path(group);
                    }
                }
            }
            ClauseKind::Tool(patterns) => self.tools(patterns),
            ClauseKind::Env(names) => self.words.extend(names.iter().map(|name| name.text)),
            ClauseKind::Task(tasks) => self.words.extend(tasks.iter().map(|task| task.value)),
            ClauseKind::During(paths) | ClauseKind::Outside(paths) => paths.iter().for_each(|path| self.path(path)),
            ClauseKind::From(ast::Approvers { group: Some(group), .. }) => self.path(group),
            _ => {}
        }
    }

    fn test(&mut self, test: &ast::Test<'a>) {
        for given in test.given {
            match given.kind {
                ast::GivenKind::Env(name) => drop(self.words.insert(name.text)),
                ast::GivenKind::Task(task) => drop(self.words.insert(task.value)),
                _ => {}
            }
        }
    }
}
