//! What two policies declare differently, told from the policies alone: rules, agents and tools by name, and which agents
//! may now be allowed what no rule could allow them before.

use std::collections::BTreeMap;

use agentpol::Program;
use agentpol::bytecode::sha256::Sha256;
use agentpol::bytecode::tables::RuleId;
use serde::Serialize;

use super::class::{Class, Decided};
use super::meaning::{self, Meaning, grants};
use super::rules::{Fate, full_name};
use super::{Group, Side};

/// What is declared differently.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// Rules, by module and name.
    pub rules: Vec<Item>,
    /// Agents and fleets, by module and name.
    pub agents: Vec<Item>,
    /// Tools, by module and name.
    pub tools: Vec<Item>,
    /// What holds for all calls: where users and resources come from, and what is known of them.
    pub whole: Vec<String>,
    /// Both policies are made of the same decisions: what was edited is spelling.
    pub same_meaning: bool,
}

impl Declared {
    /// Whether nothing is declared differently.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.agents.is_empty() && self.tools.is_empty() && self.whole.is_empty()
    }
}

/// One thing that is declared differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its name with its module, as `MODULE: NAME`.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
    /// What it is: a rule's effect, an agent's phase, a tool's verbs.
    pub what: String,
    /// What became other in it, such as `phase: read_only -> autonomous`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
}

/// A thing of one policy.
struct Found {
    what: String,
    meaning: Meaning,
}

/// Compares what both declare.
pub(super) fn declared(old: &Program, new: &Program) -> Declared {
    Declared {
        rules: changed(rules(old), rules(new)),
        agents: changed(agents(old), agents(new)),
        tools: changed(tools(old), tools(new)),
        whole: meaning::whole(old).difference(&meaning::whole(new)),
        same_meaning: old.meaning_hash() == new.meaning_hash(),
    }
}

/// Codes that come from how a tool is declared, and not from a rule.
const OF_TOOLS: [&str; 4] = ["argument_", "tool_", "resource_", "no_environment"];
/// Codes that come from how agents are declared.
const OF_AGENTS: [&str; 8] =
    ["agent_", "credential_", "no_credential", "chain_", "hop_", "direct_", "scope_", "phase_"];

/// The tools and agents that a change may come from, of those that are declared differently. What those mean that the
/// decisions hang on goes into the digest, changed or not.
pub(super) fn behind(group: &Group, old: &Program, new: &Program, digest: &mut Sha256) -> Vec<Item> {
    let hangs_on = |codes: &[&str]| {
        let begins = |code: &str| codes.iter().any(|start| code.starts_with(start));
        begins(&group.old.code) || begins(&group.new.code) || group.new.code == "allowed_in_observation"
    };
    let wire = |program: &Program, name: &str| {
        let tables = program.tables();
        let named = |tool: &&agentpol::bytecode::tables::Tool| {
            in_module(program, tool.module, program.symbol(tool.name)) == name
        };
        tables.tools.iter().find(named).is_some_and(|tool| program.symbol(tool.wire) == group.tool)
    };
    let mut items = Vec::new();
    if hangs_on(&OF_TOOLS) {
        let of = |program| {
            let mut found = tools(program);
            found.retain(|name, _| wire(program, name));
            found
        };
        items.extend(differing(of(old), of(new), digest));
    }
    if hangs_on(&OF_AGENTS) {
        items.extend(differing(agents(old), agents(new), digest));
    }
    items
}

fn differing(old: BTreeMap<String, Found>, new: BTreeMap<String, Found>, digest: &mut Sha256) -> Vec<Item> {
    for (name, found) in old.iter().chain(&new) {
        digest.update(name.as_bytes());
        found.meaning.digest(digest);
    }
    changed(old, new)
}

fn changed(mut old: BTreeMap<String, Found>, new: BTreeMap<String, Found>) -> Vec<Item> {
    let mut items = Vec::new();
    for (name, now) in new {
        let was = old.remove(&name);
        let differences = was.as_ref().map_or_else(Vec::new, |was| was.meaning.difference(&now.meaning));
        let fate = Fate::of(was.is_some(), true, !differences.is_empty());
        if fate != Fate::Same {
            items.push(Item { name, fate, what: now.what, differences });
        }
    }
    let gone =
        old.into_iter().map(|(name, was)| Item { name, fate: Fate::Removed, what: was.what, differences: Vec::new() });
    items.extend(gone);
    items.sort_by(|a, b| a.name.cmp(&b.name));
    items
}

fn rules(program: &Program) -> BTreeMap<String, Found> {
    let rule = |id: RuleId| {
        let rule = program.rule(id)?;
        let observed = if rule.observed { ", in observation" } else { "" };
        let what = format!("{}{observed}", rule.effect.as_str());
        Some((full_name(program, id), Found { what, meaning: meaning::rule(program, id) }))
    };
    (0u32..).map(RuleId).take(program.tables().rules.len()).filter_map(rule).collect()
}

fn agents(program: &Program) -> BTreeMap<String, Found> {
    let agent = |(at, agent): (u32, &agentpol::bytecode::tables::Agent)| {
        let meaning = meaning::agent(program, at);
        let name = in_module(program, agent.module, program.symbol(agent.name));
        (name, Found { what: meaning.part("phase"), meaning })
    };
    (0u32..).zip(&program.tables().agents).map(agent).collect()
}

fn tools(program: &Program) -> BTreeMap<String, Found> {
    let tool = |(at, tool): (u32, &agentpol::bytecode::tables::Tool)| {
        let meaning = meaning::tool(program, at);
        let name = in_module(program, tool.module, program.symbol(tool.name));
        let what = format!("{} {}", meaning.part("verbs"), meaning.part("data")).trim_end().to_owned();
        (name, Found { what, meaning })
    };
    (0u32..).zip(&program.tables().tools).map(tool).collect()
}

fn in_module(program: &Program, module: u32, name: &str) -> String {
    let module = program.tables().modules.get(module as usize);
    format!("{}: {name}", module.map_or("", |module| program.symbol(module.name)))
}

/// For each tool, by `MODULE: NAME`, and agent: the rules that may allow it.
fn coverage(program: &Program) -> BTreeMap<(String, String), Vec<String>> {
    let tables = program.tables();
    let mut covered = BTreeMap::new();
    for (at, tool) in (0u32..).zip(&tables.tools) {
        let name = in_module(program, tool.module, program.symbol(tool.name));
        for (of, agent) in (0u32..).zip(&tables.agents) {
            let rules = grants(program, program.cell(at, of).unwrap_or_default());
            if !rules.is_empty() {
                let rules = rules.into_iter().map(|rule| full_name(program, rule)).collect();
                covered.insert((name.clone(), program.symbol(agent.qualified).to_owned()), rules);
            }
        }
    }
    covered
}

/// Pairs of tool and agent that no rule could allow before, and some can now, and the reverse; one group for each tool and
/// the rules that allow it.
pub(super) fn newly_covered(old: &Side<'_>, new: &Side<'_>) -> Vec<Group> {
    let (before, after) = (coverage(old.program), coverage(new.program));
    let mut groups = Vec::new();
    for (class, those, others) in [(Class::NewlyCovered, &after, &before), (Class::NoLongerCovered, &before, &after)] {
        let mut found: BTreeMap<(&str, &[String]), Vec<String>> = BTreeMap::new();
        for (pair, rules) in those.iter().filter(|(pair, _)| !others.contains_key(*pair)) {
            found.entry((&pair.0, rules)).or_default().push(pair.1.clone());
        }
        for ((tool, rules), agents) in found {
            let none = Decided { outcome: "deny".to_owned(), code: "no_allow".to_owned(), ..Decided::default() };
            let some = Decided {
                outcome: "allow".to_owned(),
                code: "allowed".to_owned(),
                rules: rules.to_vec(),
                ..Decided::default()
            };
            let (old, new) = if class == Class::NewlyCovered { (none, some) } else { (some, none) };
            groups.push(Group { agents, ..Group::new(class, tool, old, new) });
        }
    }
    groups
}
