//! The policy while it is made: what is declared so far, what names mean, what was wrong.

use crate::collect::ModuleItems;
use crate::names::Names;
use crate::policy::{EnvId, Field, ModuleId, Policy, Shape, ShapeId, Type, ZoneId};
use agentpol_diagnostics::{Diagnostic, Diagnostics, SourceMap};
use agentpol_syntax::ast;
use std::collections::{BTreeMap, BTreeSet};

/// The policy while it is made.
pub(crate) struct Draft<'a, 's> {
    pub(crate) policy: Policy,
    pub(crate) names: Names<'a>,
    /// By [`ModuleId`].
    pub(crate) items: Vec<ModuleItems<'a>>,
    pub(crate) sources: &'s SourceMap,
    pub(crate) diagnostics: Diagnostics,
    /// The environments that each module declares, by [`ModuleId`].
    pub(crate) environments: Vec<BTreeSet<String>>,
    /// Tasks and whether the agent claims them; anybody's `claimed` counts.
    pub(crate) tasks: BTreeMap<String, bool>,
    /// The names of all rules as written, those included in which something is wrong.
    pub(crate) rule_names: BTreeSet<String>,
    /// Conditions on fields, to be typed when every declaration is there.
    pub(crate) constrained: Vec<Constrained<'a>>,
}

/// A field with conditions that are still to be typed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Constrained<'a> {
    pub(crate) module: ModuleId,
    pub(crate) shape: ShapeId,
    pub(crate) field: usize,
    pub(crate) ast: ast::Field<'a>,
}

impl Draft<'_, '_> {
    /// Notes a mistake.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Returns whether a module may do what ownership forbids to the others.
    pub(crate) fn is_root(&self, module: ModuleId) -> bool {
        self.policy.root == Some(module)
    }

    /// Returns the name of a module.
    pub(crate) fn module_name(&self, module: ModuleId) -> &str {
        &self.policy[module].name
    }

    /// Returns all modules.
    pub(crate) fn module_ids(&self) -> impl Iterator<Item = ModuleId> + use<> {
        (0..self.policy.modules.len() as u32).map(ModuleId)
    }

    /// Returns the zone of a name that is known to be valid.
    pub(crate) fn zone(&self, name: &str) -> Option<ZoneId> {
        self.policy.zones.iter().position(|zone| zone == name).map(|at| ZoneId(at as u32))
    }

    /// Returns the time zone of a module.
    pub(crate) fn module_zone(&self, module: ModuleId) -> Option<ZoneId> {
        self.zone(self.names.modules[module.index()].timezone.as_deref()?)
    }

    /// Returns an environment that the module or one that it uses declares.
    pub(crate) fn environment(&self, module: ModuleId, name: &str) -> Option<EnvId> {
        let declares = |id: &ModuleId| self.environments[id.index()].contains(name);
        let seen = declares(&module) || self.names.modules[module.index()].used.values().any(declares);
        let at = self.policy.environments.iter().position(|known| known == name)?;
        seen.then_some(EnvId(at as u32))
    }

    /// Adds a shape.
    pub(crate) fn shape(&mut self, fields: Vec<Field>) -> ShapeId {
        self.policy.shapes.push(Shape { fields });
        ShapeId(self.policy.shapes.len() as u32 - 1)
    }

    /// Returns whether a type fulfils a condition, or a type inside it does.
    pub(crate) fn contains_type(&self, ty: &Type, wanted: &impl Fn(&Type) -> bool) -> bool {
        let mut open = vec![ty];
        let mut seen = BTreeSet::new();
        while let Some(ty) = open.pop() {
            if wanted(ty) {
                return true;
            }
            match ty {
                Type::List(of, _) | Type::Map(of, _) => open.push(of),
                Type::Shape(id) if seen.insert(*id) => {
                    open.extend(self.policy[*id].fields.iter().map(|field| &field.ty));
                }
                _ => {}
            }
        }
        false
    }
}
