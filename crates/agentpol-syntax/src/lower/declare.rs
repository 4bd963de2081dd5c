//! Modules, orders, groups, time, systems, records and definitions.

use super::{Kids, Lower, Node};
use crate::ast::*;
use crate::literal;
use agentpol_diagnostics::Span;
use agentpol_grammar::Rule;

impl<'a> Lower<'a, '_> {
    pub(super) fn declaration(&self, rule: Rule, kids: &mut Kids<'a>) -> Option<ItemKind<'a>> {
        let word = kids.next()?;
        Some(match rule {
            Rule::module => {
                let name = self.path(kids.take(Rule::path)?);
                kids.has(Rule::k_requires);
                ItemKind::Module(Module { name, requires: self.paths(kids) })
            }
            Rule::import => {
                let module = self.path(kids.take(Rule::path)?);
                kids.has(Rule::k_as);
                ItemKind::Use(Use { module, alias: kids.take(Rule::name).map(|node| self.name(&node)) })
            }
            Rule::share => {
                let what = self.path(kids.take(Rule::path)?);
                kids.has(Rule::k_with);
                ItemKind::Share(Share { what, with: self.paths(kids) })
            }
            Rule::level => {
                let name = self.name(&kids.take(Rule::name)?);
                ItemKind::Level(Level { name, members: self.names(kids) })
            }
            Rule::enumeration => ItemKind::Enum(self.enumeration(kids)?),
            Rule::group => ItemKind::Group(self.group(kids)),
            Rule::environment => ItemKind::Environment(self.words(kids)),
            Rule::timezone => ItemKind::Timezone(self.text(&kids.text()?)),
            Rule::schedule => ItemKind::Schedule(self.schedule(kids)?),
            Rule::task => ItemKind::Task(self.tasks(kids)?),
            _ => {
                debug_assert!(false, "an item without lowering: {}", word.as_str());
                return None;
            }
        })
    }

    pub(super) fn names(&self, kids: &mut Kids<'a>) -> &'a [Name<'a>] {
        let mut out = Vec::new();
        while let Some(node) = kids.take(Rule::name) {
            out.push(self.name(&node));
        }
        self.slice(out)
    }

    fn enumeration(&self, kids: &mut Kids<'a>) -> Option<Enum<'a>> {
        let name = self.name(&kids.take(Rule::name)?);
        let mut members = Vec::new();
        while let Some(node) = kids.next() {
            members.push(match node.as_rule() {
                Rule::bare => Text { value: node.as_str(), span: self.span(&node) },
                _ => self.text(&node),
            });
        }
        Some(Enum { name, members: self.slice(members) })
    }

    fn group(&self, kids: &mut Kids<'a>) -> Group<'a> {
        let mut names = Vec::new();
        while let Some(node) = kids.take(Rule::wired) {
            let mut parts = Kids::of(node);
            if let Some(name) = parts.take(Rule::name) {
                let wire = parts.text().map(|text| self.text(&text));
                names.push(Wired { name: self.name(&name), wire });
            }
        }
        kids.has(Rule::k_in);
        Group { names: self.slice(names), parents: self.paths(kids) }
    }

    fn schedule(&self, kids: &mut Kids<'a>) -> Option<Schedule<'a>> {
        let name = self.name(&kids.take(Rule::name)?);
        let mut windows = Vec::new();
        while let Some(node) = kids.take(Rule::window) {
            windows.push(self.window(node)?);
        }
        kids.has(Rule::k_in);
        let zone = kids.text().map(|text| self.text(&text));
        Some(Schedule { name, windows: self.slice(windows), zone })
    }

    fn window(&self, node: Node<'a>) -> Option<Window<'a>> {
        let span = self.span(&node);
        let mut kids = Kids::of(node);
        let first_day = self.name(&kids.take(Rule::day)?);
        let last_day = kids.take(Rule::day).map(|day| self.name(&day));
        let clock = |node: Node<'a>| literal::clock(node.as_str()).unwrap_or_default();
        let start = clock(kids.take(Rule::clock)?);
        let end = clock(kids.take(Rule::clock)?);
        Some(Window { first_day, last_day, start, end, span })
    }

    fn tasks(&self, kids: &mut Kids<'a>) -> Option<&'a [TaskDecl<'a>]> {
        let mut out = Vec::new();
        while let Some(node) = kids.take(Rule::task_name) {
            let mut parts = Kids::of(node);
            let name = self.text(&parts.text()?);
            out.push(TaskDecl { name, claimed: parts.has(Rule::k_claimed) });
        }
        Some(self.slice(out))
    }

    pub(super) fn define(&self, kids: &mut Kids<'a>) -> Option<Define<'a>> {
        kids.has(Rule::k_define);
        let name = self.name(&kids.take(Rule::name)?);
        let params = match kids.take(Rule::fields_list) {
            Some(node) => Some(self.fields(&mut Kids::of(node))?),
            None => None,
        };
        Some(Define { name, params, body: self.expr(kids.take(Rule::expr)?)? })
    }

    pub(super) fn system(&self, kids: &mut Kids<'a>) -> Option<System<'a>> {
        kids.has(Rule::k_system);
        let name = self.name(&kids.take(Rule::name)?);
        let mut clauses = Vec::new();
        while let Some(node) = kids.take(Rule::system_part) {
            clauses.push(self.system_part(node)?);
        }
        Some(System { name, clauses: self.slice(clauses) })
    }

    fn system_part(&self, node: Node<'a>) -> Option<SystemClause<'a>> {
        let span = self.span(&node);
        let mut kids = Kids::of(node);
        Some(match kids.next()?.as_rule() {
            Rule::k_dataset => {
                let name = self.name(&kids.take(Rule::word)?);
                let label = kids.take(Rule::path).map(|path| self.path(path));
                SystemClause::Dataset(Dataset { name, label, entitlement: kids.has(Rule::k_entitlement) })
            }
            Rule::k_server => SystemClause::Server(self.text(&kids.text()?)),
            Rule::k_environment => SystemClause::Environment(self.words(&mut kids)),
            Rule::k_entitlement => SystemClause::Entitlement(span),
            _ => SystemClause::CaseInsensitive(span),
        })
    }

    pub(super) fn record(&self, kids: &mut Kids<'a>) -> Option<Record<'a>> {
        kids.has(Rule::k_record);
        let name = self.name(&kids.take(Rule::name)?);
        kids.has(Rule::k_by);
        let mut keys = Vec::new();
        while let Some(node) = kids.take(Rule::field_path) {
            keys.push(self.path(node));
        }
        let fields = self.shape(kids.take(Rule::shape)?)?;
        kids.has(Rule::k_keep);
        let keep = kids.take(Rule::number).map(|node| self.number(&node));
        kids.has(Rule::k_fresh);
        kids.has(Rule::k_within);
        let fresh = kids.take(Rule::duration).map(|node| self.duration(&node));
        Some(Record { name, keys: self.slice(keys), fields, keep, fresh })
    }

    pub(super) fn source(&self, span: Span, kids: &mut Kids<'a>) -> Option<Source> {
        let resources = kids.next()?.as_rule() == Rule::k_resources;
        kids.has(Rule::k_from);
        let directory = kids.has(Rule::k_directory);
        kids.has(Rule::k_max);
        kids.has(Rule::k_age);
        let max_age = kids.take(Rule::duration).map(|node| self.duration(&node));
        Some(Source { resources, directory, max_age, span })
    }

    pub(super) fn resource(&self, kids: &mut Kids<'a>) -> Option<Resource<'a>> {
        kids.has(Rule::k_resource);
        let name = self.name(&kids.take(Rule::name)?);
        let wire = kids.text().map(|text| self.text(&text));
        let (mut within, mut fields) = (Vec::new(), Vec::new());
        while let Some(node) = kids.next() {
            if node.as_rule() == Rule::field {
                fields.push(self.field(node)?);
                continue;
            }
            let mut parts = Kids::of(node);
            parts.has(Rule::k_within);
            within.extend_from_slice(self.paths(&mut parts));
        }
        Some(Resource { name, wire, within: self.slice(within), fields: self.slice(fields) })
    }
}
