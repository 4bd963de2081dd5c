//! The static part of a rule: which agents, tools, verbs and data it speaks about.

use super::clauses::{Block, Parts};
use crate::draft::Draft;
use crate::names::Entity;
use crate::ownership::Grantable;
use crate::policy::{AgentId, DatasetId, LevelId, ModuleId, On, Scope, Tool, ToolId, Verb};
use crate::tool_sets::{Selected, ToolSets};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast::{self, AgentSelector, CompareOp, Effect, OnSelector};
use std::collections::BTreeSet;

/// Where a rule stands and what it may select there.
#[derive(Clone, Copy)]
pub(super) struct Standing<'g> {
    pub(super) module: ModuleId,
    pub(super) block: Block,
    pub(super) grantable: &'g Grantable,
}

impl Standing<'_> {
    /// Returns whether the rule grants, which decides how selectors cover.
    pub(super) fn grants(&self) -> bool {
        self.block.grants()
    }

    fn is(&self, effect: Effect) -> bool {
        self.block == Block::Rule(effect)
    }

    /// Returns the tools that a grant may rest on; `None` where it may rest on any.
    fn tools(&self) -> Option<&[ToolId]> {
        match self.block {
            Block::Rule(Effect::Entitle) => Some(&self.grantable.entitle[self.module.index()]),
            Block::Rule(Effect::Allow) => Some(&self.grantable.allow[self.module.index()]),
            Block::Rule(_) | Block::Delegation => None,
        }
    }
}

/// Resolves the scope of a rule; nothing where a part of it is a mistake, which has then been said.
pub(super) fn resolve(
    draft: &mut Draft<'_, '_>,
    standing: Standing<'_>,
    sets: &mut ToolSets,
    parts: &Parts<'_, '_>,
) -> Option<Scope> {
    let tools = match parts.tool {
        None => Some((None, false)),
        Some((patterns, span)) => tools(draft, standing, sets, patterns, span),
    };
    let does = parts.does.map(|(verbs, _)| {
        let verbs: BTreeSet<Verb> = verbs.iter().map(|(word, _)| crate::tools::verb(*word)).collect();
        verbs.into_iter().collect()
    });
    let on = match parts.on {
        None => Some(None),
        Some((selector, span)) => on(draft, standing, selector, span).map(Some),
    };
    let (tools, tools_by_name) = tools?;
    let grantable = standing.tools().map(<[ToolId]>::to_vec);
    Some(Scope { agents: None, tools, tools_by_name, does, on: on?, grantable })
}

/// Resolves the agents of a rule. The outer `None` is a mistake, the inner one every agent.
pub(super) fn agents(
    draft: &mut Draft<'_, '_>,
    standing: Standing<'_>,
    selector: &AgentSelector<'_>,
) -> Option<Option<Vec<AgentId>>> {
    let allow = standing.is(Effect::Allow);
    let everybody = || -> BTreeSet<AgentId> {
        match allow {
            true => standing.grantable.agents[standing.module.index()].iter().copied().collect(),
            false => (0..draft.policy.agents.len() as u32).map(AgentId).collect(),
        }
    };
    let selected: BTreeSet<AgentId> = match selector {
        AgentSelector::Any([]) if !allow => return Some(None),
        AgentSelector::Any(except) => {
            let mut all = everybody();
            let out: Vec<Option<AgentId>> = except.iter().map(|path| draft.agent(standing.module, path)).collect();
            for id in out {
                all.remove(&id?);
            }
            all
        }
        AgentSelector::WithFunction(function) => {
            let all = everybody();
            all.into_iter().filter(|id| draft.policy[*id].function == function.value).collect()
        }
        AgentSelector::Named(paths) => named_agents(draft, standing, paths, false)?,
        AgentSelector::In(paths) => named_agents(draft, standing, paths, true)?,
    };
    Some(Some(selected.into_iter().collect()))
}

/// Looks agents up that are named one by one.
fn named_agents(
    draft: &mut Draft<'_, '_>,
    standing: Standing<'_>,
    paths: &[ast::Path<'_>],
    fleets: bool,
) -> Option<BTreeSet<AgentId>> {
    let mut ids = BTreeSet::new();
    let mut sound = true;
    for path in paths {
        let Some(id) = draft.agent(standing.module, path) else {
            sound = false;
            continue;
        };
        if fleets && draft.policy[id].fleet.is_none() {
            let title = format!("`{}` is an agent, not a fleet", path.joined());
            let place = draft.policy[id].span;
            let diagnostic = Diagnostic::new(Code::AP0207, title, path.span, "a fleet must stand behind `in`")
                .because(place, "declared here")
                .help(format!("write `agent {}`", path.joined()));
            draft.report(diagnostic);
            sound = false;
            continue;
        }
        if standing.is(Effect::Allow) && !standing.grantable.agents[standing.module.index()].contains(&id) {
            let owner = draft.module_name(draft.policy[id].module);
            let title = format!("the agent `{}` is not this module's to allow anything", path.joined());
            let place = draft.policy[id].span;
            let help = format!("the allow belongs into `{owner}`, or into the root module");
            let diagnostic = Diagnostic::new(Code::AP0209, title, path.span, format!("belongs to `{owner}`"));
            draft.report(diagnostic.because(place, "declared here").help(help));
            sound = false;
            continue;
        }
        ids.insert(id);
    }
    sound.then_some(ids)
}

/// The tools of a rule, `None` for every tool, and whether those that ask for it are named one by one.
type ToolsOfRule = (Option<Vec<ToolId>>, bool);

/// Resolves the tools of a rule.
fn tools(
    draft: &mut Draft<'_, '_>,
    standing: Standing<'_>,
    sets: &mut ToolSets,
    patterns: &ast::ToolPatterns<'_>,
    span: Span,
) -> Option<ToolsOfRule> {
    let every = matches!(patterns.include, [ast::ToolPattern::Every(_)]) && patterns.except.is_empty();
    if every && !standing.grants() {
        return Some((None, false));
    }
    let selected = sets.select_written(draft, standing.module, patterns)?;
    if !standing.grants() {
        let by_name = !selected.is_empty() && selected.values().all(|named| *named);
        return Some((Some(selected.into_keys().collect()), by_name));
    }
    let mine = |id: &ToolId| standing.tools().is_none_or(|tools| tools.binary_search(id).is_ok());
    if standing.is(Effect::Allow) {
        refuse_foreign_tools(draft, standing, &selected, patterns, span)?;
    }
    let asks = |id: &ToolId| draft.policy[*id].touches_anything || draft.policy[*id].unverified;
    let kept = selected.iter().filter(|(id, named)| mine(id) && (**named || !asks(id)));
    let kept: Vec<ToolId> = kept.map(|(id, _)| *id).collect();
    Some((Some(kept), true))
}

/// Refuses an allow on tools that it names and may not grant.
fn refuse_foreign_tools(
    draft: &mut Draft<'_, '_>,
    standing: Standing<'_>,
    selected: &Selected,
    patterns: &ast::ToolPatterns<'_>,
    span: Span,
) -> Option<()> {
    let mine = standing.tools().unwrap_or_default();
    let foreign: Vec<ToolId> =
        selected.iter().filter(|(id, named)| **named && mine.binary_search(id).is_err()).map(|(id, _)| *id).collect();
    for id in &foreign {
        let owner = draft.owner_of(*id);
        let owner_name = draft.module_name(owner).to_owned();
        let tool = &draft.policy[*id];
        let direct = patterns.include.iter().find_map(|pattern| match pattern {
            ast::ToolPattern::Named(path) => {
                let found = draft.names.find(standing.module, &path.joined());
                matches!(found, Some((Entity::Tool(found), _)) if found == *id).then_some(path.span)
            }
            _ => None,
        });
        let module = draft.module_name(standing.module);
        let help = match tool.home {
            Some(home) => {
                let shared = draft.policy[home].name.clone();
                format!("its owner can write `share {shared} with {module}` in `{owner_name}`")
            }
            None => format!("the allow belongs into `{owner_name}`, or into the root module"),
        };
        let title = format!("the tool `{}` is not this module's to allow", tool.name);
        let label = format!("belongs to `{owner_name}`");
        let place = tool.span;
        let diagnostic = Diagnostic::new(Code::AP0209, title, direct.unwrap_or(span), label);
        draft.report(diagnostic.because(place, "declared here").help(help));
    }
    foreign.is_empty().then_some(())
}

/// Resolves the data of a rule.
fn on(draft: &mut Draft<'_, '_>, standing: Standing<'_>, selector: &OnSelector<'_>, span: Span) -> Option<On> {
    match selector {
        OnSelector::Names(paths) => {
            let mut ids: BTreeSet<DatasetId> = BTreeSet::new();
            let mut sound = true;
            for path in *paths {
                let Some(entity) = draft.data(standing.module, path) else {
                    sound = false;
                    continue;
                };
                let datasets = draft.datasets_of(entity);
                if standing.is(Effect::Entitle) {
                    sound &= refuse_foreign_data(draft, standing.module, path, &datasets);
                }
                ids.extend(datasets);
            }
            sound.then(|| On::Datasets(ids.into_iter().collect()))
        }
        OnSelector::Level { level, op, member } => level_of(draft, standing, level, *op, member, span),
    }
}

/// Refuses an entitlement on data of another module.
fn refuse_foreign_data(
    draft: &mut Draft<'_, '_>,
    module: ModuleId,
    path: &ast::Path<'_>,
    datasets: &[DatasetId],
) -> bool {
    let Some(system) = datasets.first().map(|id| draft.policy[*id].system) else { return true };
    let owner = draft.policy[system].module;
    if owner == module || draft.is_root(module) {
        return true;
    }
    let title = format!("rights on `{}` are not this module's to give", path.joined());
    let owner = draft.module_name(owner);
    let help = format!("the entitle belongs into `{owner}`, or into the root module");
    let place = draft.policy[system].span;
    let diagnostic = Diagnostic::new(Code::AP0208, title, path.span, format!("belongs to `{owner}`"));
    draft.report(diagnostic.because(place, "declared here").help(help));
    false
}

/// Resolves a comparison with a level: grants go up to it, restrictions begin at it.
fn level_of(
    draft: &mut Draft<'_, '_>,
    standing: Standing<'_>,
    level: &ast::Path<'_>,
    op: CompareOp,
    member: &ast::Name<'_>,
    span: Span,
) -> Option<On> {
    let id = draft.level(standing.module, level)?;
    if id == LevelId(0) {
        let title = "`origin` is not a level of data";
        let diagnostic = Diagnostic::new(Code::AP0207, title, level.span, "where values come from");
        draft.report(diagnostic.help("write `when origin(args.x) < trusted`"));
        return None;
    }
    let Some((_, at)) = draft.member(id, member.text) else {
        let known = draft.policy[id].members.clone();
        let help = did_you_mean(member.text, known.iter().map(String::as_str))
            .unwrap_or_else(|| format!("write one of `{}`", known.join("`, `")));
        let title = format!("`{}` is not a member of the level `{}`", member.text, level.joined());
        draft.report(Diagnostic::new(Code::AP0305, title, member.span, "not a member").help(help));
        return None;
    };
    let (fitting, sign) = match standing.grants() {
        true => (CompareOp::Le, "<="),
        false => (CompareOp::Ge, ">="),
    };
    if op != fitting {
        let title = match standing.grants() {
            true => "a grant reaches up to a level",
            false => "a restriction begins at a level",
        };
        let help = format!("write `on {} {sign} {}`", level.joined(), member.text);
        draft.report(Diagnostic::new(Code::AP0104, title, span, "this sign does not belong here").help(help));
        return None;
    }
    Some(On::Level(id, at))
}

impl Draft<'_, '_> {
    /// Returns whether a rule of this scope may match a tool, by the tool alone.
    pub(crate) fn may_match(&self, scope: &Scope, id: ToolId, grants: bool) -> bool {
        let tool = &self.policy[id];
        let listed = scope.tools.as_ref().is_none_or(|tools| tools.binary_search(&id).is_ok());
        let grantable = scope.grantable.as_ref().is_none_or(|tools| tools.binary_search(&id).is_ok());
        if !listed || !grantable {
            return false;
        }
        let does = scope.does.as_deref().is_none_or(|verbs| does(tool, verbs, grants));
        let on = scope.on.as_ref().is_none_or(|on| self.covers(tool, on, grants));
        let named = scope.tools.is_some() && scope.tools_by_name;
        does && on && (!grants || named || !(tool.touches_anything || tool.unverified))
    }

    /// Returns whether data is covered: all of it for a grant, some of it for a restriction.
    fn covers(&self, tool: &Tool, on: &On, grants: bool) -> bool {
        if tool.touches_anything {
            return !grants;
        }
        let covered = |id: &DatasetId| match on {
            On::Datasets(ids) => ids.binary_search(id).is_ok(),
            On::Level(level, at) => {
                let own = self.policy[*id].label.filter(|(of, _)| of == level).map(|(_, own)| own);
                let own = own.unwrap_or(self.policy[*level].members.len().saturating_sub(1) as u32);
                if grants { own <= *at } else { own >= *at }
            }
        };
        match grants {
            true => !tool.datasets.is_empty() && tool.datasets.iter().all(covered),
            false => tool.datasets.iter().any(covered),
        }
    }
}

/// Returns whether verbs are covered: all of the tool's for a grant, one for a restriction.
fn does(tool: &Tool, verbs: &[Verb], grants: bool) -> bool {
    match grants {
        true => !tool.unverified && !tool.touches_anything && tool.verbs.iter().all(|verb| verbs.contains(verb)),
        false => tool.unverified || tool.touches_anything || tool.verbs.iter().any(|verb| verbs.contains(verb)),
    }
}
