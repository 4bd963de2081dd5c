//! Selectors: what agent and tool alone say about whether a rule matches, and the table made from it.
//!
//! The compiler fills the table of cells from here, and the verifier derives it again and compares: a table that drops
//! a restriction does not load (semantics F1).

use crate::tables::{Agent, Candidate, On, Rule, RuleId, Scope, Tables, Tool};
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

/// A truth value of Kleene's logic. The order makes `and` the least and `or` the greatest of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tri {
    /// False.
    False,
    /// Not known.
    Unknown,
    /// True.
    True,
}

impl From<bool> for Tri {
    fn from(value: bool) -> Tri {
        if value { Tri::True } else { Tri::False }
    }
}

impl Tri {
    /// Returns the conjunction.
    #[must_use]
    pub fn and(self, other: Tri) -> Tri {
        self.min(other)
    }

    /// Returns the disjunction.
    #[must_use]
    pub fn or(self, other: Tri) -> Tri {
        self.max(other)
    }

    /// Returns the word of listings and explanations.
    pub fn as_str(self) -> &'static str {
        match self {
            Tri::False => "false",
            Tri::Unknown => "unknown",
            Tri::True => "true",
        }
    }
}

impl core::ops::Not for Tri {
    type Output = Tri;

    fn not(self) -> Tri {
        match self {
            Tri::False => Tri::True,
            Tri::Unknown => Tri::Unknown,
            Tri::True => Tri::False,
        }
    }
}

/// Says whether the rule's selectors match the tool and the agent, by index (semantics 3.2, L-1, L-2, V1).
///
/// A grant must cover every verb and dataset of the tool, a restriction one. An index that does not exist is no match
/// for a grant and unknown for a restriction.
pub fn static_match(tables: &Tables, rule: &Rule, tool: u32, agent: u32) -> Tri {
    let known = (agent as usize) < tables.agents.len();
    match tables.tools.get(tool as usize) {
        Some(found) if known => match_tool(tables, rule, tool, found).and(match_agent(&rule.scope, agent)),
        _ if rule.effect.grants() => Tri::False,
        _ => Tri::Unknown,
    }
}

/// Says whether a scope that remembers calls matches the tool and the agent, by index: as a restriction's does. An index
/// that does not exist is unknown.
pub fn remembers(tables: &Tables, scope: &Scope, tool: u32, agent: u32) -> Tri {
    let known = (agent as usize) < tables.agents.len();
    match tables.tools.get(tool as usize) {
        Some(found) if known => match_scope(tables, scope, false, tool, found).and(match_agent(scope, agent)),
        _ => Tri::Unknown,
    }
}

/// Returns whether a scope of delegation covers the tool as a whole, as a grant must.
pub fn delegates(tables: &Tables, scope: &Scope, tool: u32) -> bool {
    let named = scope.tools.as_ref().is_none_or(|tools| tools.binary_search(&tool).is_ok());
    named && tables.tools.get(tool as usize).is_some_and(|found| grant_covers(tables, scope, tool, found))
}

pub(crate) fn match_agent(scope: &Scope, agent: u32) -> Tri {
    scope.agents.as_ref().is_none_or(|agents| agents.binary_search(&agent).is_ok()).into()
}

fn match_tool(tables: &Tables, rule: &Rule, index: u32, tool: &Tool) -> Tri {
    match_scope(tables, &rule.scope, rule.effect.grants(), index, tool)
}

/// Says what the tool alone decides of a scope.
pub(crate) fn match_scope(tables: &Tables, scope: &Scope, grants: bool, index: u32, tool: &Tool) -> Tri {
    let named = scope.tools.as_ref().is_none_or(|tools| tools.binary_search(&index).is_ok());
    if !named {
        Tri::False
    } else if grants {
        grant_covers(tables, scope, index, tool).into()
    } else {
        restricted_verbs(scope, tool).and(restricted_data(tables, scope, tool))
    }
}

/// Returns whether a grant covers the tool as a whole: every verb, every dataset, and it may be granted at all.
fn grant_covers(tables: &Tables, scope: &Scope, index: u32, tool: &Tool) -> bool {
    let grantable = scope.grantable.as_ref().is_none_or(|tools| tools.binary_search(&index).is_ok());
    // What nobody has checked, or what may touch anything, is granted by its name only.
    let named = scope.tools_by_name && scope.tools.is_some();
    let known = named || !(tool.unverified || tool.touches_anything);
    let verbs = match scope.does {
        None => true,
        Some(does) => !tool.unverified && !tool.touches_anything && tool.verbs & !does == 0,
    };
    let data = match &scope.on {
        None => true,
        Some(_) if tool.touches_anything || tool.datasets.is_empty() => false,
        Some(On::Datasets(covered)) => tool.datasets.iter().all(|dataset| covered.binary_search(dataset).is_ok()),
        Some(On::Level(level, most)) => {
            tool.datasets.iter().all(|dataset| label(tables, *dataset, *level).is_some_and(|label| label <= *most))
        }
    };
    grantable && known && verbs && data
}

fn restricted_verbs(scope: &Scope, tool: &Tool) -> Tri {
    match scope.does {
        None => Tri::True,
        Some(_) if tool.unverified || tool.touches_anything => Tri::Unknown,
        Some(does) => (tool.verbs & does != 0).into(),
    }
}

fn restricted_data(tables: &Tables, scope: &Scope, tool: &Tool) -> Tri {
    match &scope.on {
        None => Tri::True,
        Some(_) if tool.touches_anything => Tri::Unknown,
        Some(On::Datasets(some)) => tool.datasets.iter().any(|dataset| some.binary_search(dataset).is_ok()).into(),
        Some(On::Level(level, least)) => tool
            .datasets
            .iter()
            .any(|dataset| label(tables, *dataset, *level).is_none_or(|label| label >= *least))
            .into(),
    }
}

fn label(tables: &Tables, dataset: u32, level: u32) -> Option<u32> {
    tables.datasets.get(dataset as usize)?.labels.get(level as usize).copied()
}

/// Derives the distinct lists of candidates and, for each tool, for each agent, the list it has.
///
/// A restriction is a candidate where it may match, a grant where it matches. Lists are sorted by rule and numbered in
/// the order of their first use. Rules are gone through by their own agents and tools, so that the cost is that of the
/// table that comes out.
pub fn derive_cells(tables: &Tables) -> (Vec<Vec<Candidate>>, Vec<u32>) {
    derive_at_most(tables, usize::MAX).unwrap_or_default()
}

/// Derives the table where all its lists together have at most so many entries: nobody can be made to derive more than
/// they have been shown.
pub(crate) fn derive_at_most(tables: &Tables, most: usize) -> Option<(Vec<Vec<Candidate>>, Vec<u32>)> {
    let mut lists = Lists { numbers: BTreeMap::new(), room: most };
    let mut cells = Vec::with_capacity(tables.tools.len().saturating_mul(tables.agents.len()));
    // Tools that the same rules match have the same row.
    let mut rows: BTreeMap<Vec<Candidate>, Vec<u32>> = BTreeMap::new();
    for (index, tool) in (0u32..).zip(&tables.tools) {
        let matching = rules_of(tables, index, tool);
        if let Some(row) = rows.get(&matching) {
            cells.extend_from_slice(row);
        } else {
            let row = row_of(tables, &matching, &mut lists)?;
            cells.extend_from_slice(&row);
            rows.insert(matching, row);
        }
    }
    Some((lists.in_order(), cells))
}

/// Returns the rules that match the tool for some agent.
fn rules_of(tables: &Tables, index: u32, tool: &Tool) -> Vec<Candidate> {
    let numbered = (0u32..).map(RuleId).zip(&tables.rules);
    let candidates = numbered.filter_map(|(rule, text)| match match_tool(tables, text, index, tool) {
        Tri::False => None,
        found => Some(Candidate { rule, unsure: found == Tri::Unknown }),
    });
    candidates.collect()
}

/// Returns for each agent the number of its list.
fn row_of(tables: &Tables, matching: &[Candidate], lists: &mut Lists) -> Option<Vec<u32>> {
    let mut common = Vec::new();
    let mut own: Vec<Vec<Candidate>> = vec![Vec::new(); tables.agents.len()];
    for candidate in matching {
        match tables.rules.get(candidate.rule.0 as usize).and_then(|rule| rule.scope.agents.as_ref()) {
            None => common.push(*candidate),
            Some(agents) => {
                for agent in agents {
                    own.get_mut(*agent as usize).into_iter().for_each(|list| list.push(*candidate));
                }
            }
        }
    }
    // Agents whose own rules are the same share their list with the common rules merged in.
    let mut merged: BTreeMap<Vec<Candidate>, u32> = BTreeMap::new();
    let mut row = Vec::with_capacity(own.len());
    for own in own {
        let number = match merged.get(&own) {
            Some(number) => *number,
            None => {
                let number = lists.number(merge(&common, &own))?;
                merged.insert(own, number);
                number
            }
        };
        row.push(number);
    }
    Some(row)
}

fn merge(common: &[Candidate], own: &[Candidate]) -> Vec<Candidate> {
    let mut all = Vec::with_capacity(common.len().saturating_add(own.len()));
    all.extend_from_slice(common);
    all.extend_from_slice(own);
    all.sort_unstable();
    all
}

/// The distinct lists, numbered as they come.
struct Lists {
    numbers: BTreeMap<Vec<Candidate>, u32>,
    /// How many more entries there may be.
    room: usize,
}

impl Lists {
    /// Numbers a list; `None` where there is no room for it.
    fn number(&mut self, list: Vec<Candidate>) -> Option<u32> {
        if let Some(known) = self.numbers.get(&list) {
            return Some(*known);
        }
        self.room = self.room.checked_sub(list.len())?;
        let number = u32::try_from(self.numbers.len()).ok()?;
        self.numbers.insert(list, number);
        Some(number)
    }

    fn in_order(self) -> Vec<Vec<Candidate>> {
        let mut lists: Vec<(u32, Vec<Candidate>)> =
            self.numbers.into_iter().map(|(list, number)| (number, list)).collect();
        lists.sort_unstable_by_key(|(number, _)| *number);
        lists.into_iter().map(|(_, list)| list).collect()
    }
}

/// Returns whether the tool reaches data that asks for the user's own right (L-2: one that may touch anything does where
/// there is any).
pub fn needs_entitlement(tables: &Tables, tool: &Tool) -> bool {
    let marked = |dataset: &u32| tables.datasets.get(*dataset as usize).is_none_or(|dataset| dataset.entitlement);
    tool.datasets.iter().any(marked) || (tool.touches_anything && tables.datasets.iter().any(|data| data.entitlement))
}

/// Returns whether the tool changes something: any verb but `reads` and `computes`, or verbs nobody has checked.
pub fn changes(tool: &Tool) -> bool {
    const READS: u16 = 1;
    const COMPUTES: u16 = 1 << 10;
    tool.unverified || tool.verbs & !(READS | COMPUTES) != 0
}

/// Returns whether the agent's own module may grant the tool.
pub fn may_grant(tables: &Tables, agent: &Agent, tool: u32) -> bool {
    let module = tables.modules.get(agent.module as usize);
    module.is_some_and(|module| module.grantable.binary_search(&tool).is_ok())
}
