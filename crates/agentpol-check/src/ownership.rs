//! Who may widen what: systems shared with other modules, and the tools that each module may grant.
//!
//! Whoever owns a name may widen it, anybody may narrow it. A tool belongs to the owner of its home system; without
//! one, to the module that declares it.

use crate::draft::Draft;
use crate::names::Entity;
use crate::policy::{AgentId, DatasetId, ModuleId, SystemId, Tool, ToolId};
use agentpol_diagnostics::{Code, Diagnostic, did_you_mean};
use std::collections::BTreeSet;

/// What modules may grant.
#[derive(Debug, Default)]
pub(crate) struct Grantable {
    /// By module: the tools that its allows may rest on; sorted.
    pub(crate) allow: Vec<Vec<ToolId>>,
    /// By module: the tools whose marked data is all its own; sorted.
    pub(crate) entitle: Vec<Vec<ToolId>>,
    /// By module: the agents that its allows may rest on; sorted.
    pub(crate) agents: Vec<Vec<AgentId>>,
}

/// What is shared with one module.
#[derive(Clone, Debug, Default)]
struct Shared {
    systems: BTreeSet<SystemId>,
    datasets: BTreeSet<DatasetId>,
}

/// Reads the shares and finds what each module may grant.
pub(crate) fn grantable(draft: &mut Draft<'_, '_>) -> Grantable {
    let shared = shares(draft);
    let mut grantable = Grantable::default();
    for module in draft.module_ids() {
        let root = draft.is_root(module);
        let shared = &shared[module.index()];
        let tools = || draft.policy.tools.iter().enumerate().map(|(at, tool)| (ToolId(at as u32), tool));
        let allow = tools().filter(|(_, tool)| root || may_allow(draft, module, tool, shared));
        let allow: Vec<ToolId> = allow.map(|(id, _)| id).collect();
        let entitle = tools().filter(|(_, tool)| root || may_entitle(draft, module, tool));
        grantable.entitle.push(entitle.map(|(id, _)| id).collect());
        draft.policy.modules[module.index()].grantable = allow.clone();
        grantable.allow.push(allow);
        let agents = draft.policy.agents.iter().enumerate().filter(|(_, agent)| root || agent.module == module);
        grantable.agents.push(agents.map(|(at, _)| AgentId(at as u32)).collect());
    }
    for (module, tools) in draft.policy.modules.iter_mut().zip(&grantable.allow) {
        module.grantable.clone_from(tools);
    }
    grantable
}

fn may_allow(draft: &Draft<'_, '_>, module: ModuleId, tool: &Tool, shared: &Shared) -> bool {
    let Some(home) = tool.home else { return tool.module == module };
    if draft.policy[home].module == module || shared.systems.contains(&home) {
        return true;
    }
    // Shared by dataset: what touches nothing by name is not covered by any. What others share does not stand in for the
    // word of the tool's own owner.
    let owner = draft.policy[home].module;
    let is_owners = |id: &DatasetId| draft.policy[draft.policy[*id].system].module == owner;
    let is_shared = |id: &DatasetId| shared.datasets.contains(id) || shared.systems.contains(&draft.policy[*id].system);
    !tool.touches_anything && tool.datasets.iter().any(is_owners) && tool.datasets.iter().all(is_shared)
}

fn may_entitle(draft: &Draft<'_, '_>, module: ModuleId, tool: &Tool) -> bool {
    let marked = tool.datasets.iter().map(|id| &draft.policy[*id]).filter(|dataset| dataset.entitlement);
    let mine = |system: SystemId| draft.policy[system].module == module;
    !tool.touches_anything && marked.into_iter().all(|dataset| mine(dataset.system))
}

/// Reads what is shared with each module.
fn shares(draft: &mut Draft<'_, '_>) -> Vec<Shared> {
    let mut shared = vec![Shared::default(); draft.policy.modules.len()];
    for module in draft.module_ids() {
        for share in std::mem::take(&mut draft.items[module.index()].shares) {
            let Some(entity) = draft.data(module, &share.what) else { continue };
            let system = match entity {
                Entity::Dataset(id) => draft.policy[id].system,
                Entity::System(id) => id,
                _ => continue,
            };
            let owner = draft.policy[system].module;
            if owner != module && !draft.is_root(module) {
                let title = format!("`{}` is not this module's to share", share.what.joined());
                let label = format!("a system of `{}`", draft.module_name(owner));
                let help = format!("the line belongs into `{}`", draft.module_name(owner));
                let place = draft.policy[system].span;
                let diagnostic = Diagnostic::new(Code::AP0208, title, share.what.span, label);
                draft.report(diagnostic.because(place, "declared here").help(help));
                continue;
            }
            for with in share.with {
                let name = with.joined();
                let Some(at) = draft.policy.modules.iter().position(|known| known.name == name) else {
                    let known = draft.policy.modules.iter().map(|known| known.name.as_str());
                    let help = did_you_mean(&name, known).unwrap_or_else(|| format!("load the files of `{name}` too"));
                    let title = format!("unknown module `{name}`");
                    draft.report(Diagnostic::new(Code::AP0204, title, with.span, "no file belongs to it").help(help));
                    continue;
                };
                match entity {
                    Entity::Dataset(id) => shared[at].datasets.insert(id),
                    _ => shared[at].systems.insert(system),
                };
            }
        }
    }
    shared
}

impl Draft<'_, '_> {
    /// Returns the module that may widen who uses a tool.
    pub(crate) fn owner_of(&self, tool: ToolId) -> ModuleId {
        let tool = &self.policy[tool];
        tool.home.map_or(tool.module, |home| self.policy[home].module)
    }
}
