//! A loaded program: verified tables that nobody can change any more, and the ways to look things up in them.

use crate::history::MemoryIndex;
use crate::layout::Section;
use crate::sha256::HASH_BYTES;
use crate::tables::{Candidate, Identity, Piece, Rule, RuleId, Symbol, Tables, Tool};
use crate::verify::Costs;
use alloc::vec::Vec;

/// A verified program. It is plain data, may be shared by any number of threads, and only [`load`](crate::load) makes
/// one.
#[derive(Clone, Debug)]
pub struct Program {
    tables: Tables,
    meaning: [u8; HASH_BYTES],
    file: [u8; HASH_BYTES],
    costs: Costs,
    sizes: Vec<(Section, u32)>,
    index: Index,
    memory: MemoryIndex,
}

/// Where names on the wire lead; every list is sorted.
#[derive(Clone, Debug, Default)]
struct Index {
    /// Wire name and tool.
    tools: Vec<(Symbol, u32)>,
    /// Id, bare or qualified, and agent.
    ids: Vec<(Symbol, u32)>,
    /// Issuer (none for SPIFFE), text and agent, of identities that are written out.
    exact: Vec<(Option<Symbol>, Symbol, u32)>,
    /// Agent and identity, of those that have attributes in them.
    templates: Vec<(u32, u32)>,
}

impl Index {
    fn new(tables: &Tables) -> Self {
        let mut index = Index::default();
        index.tools.extend((0u32..).zip(&tables.tools).map(|(number, tool)| (tool.wire, number)));
        for (number, agent) in (0u32..).zip(&tables.agents) {
            index.ids.extend([(agent.wire, number), (agent.qualified, number)]);
            for (which, identity) in (0u32..).zip(&agent.identities) {
                match identity.pieces.as_slice() {
                    [Piece::Text(text)] => index.exact.push((identity.issuer, *text, number)),
                    _ => index.templates.push((number, which)),
                }
            }
        }
        index.tools.sort_unstable();
        index.ids.sort_unstable();
        index.ids.dedup();
        index.exact.sort_unstable();
        index
    }
}

impl Program {
    pub(crate) fn new(
        tables: Tables,
        meaning: [u8; HASH_BYTES],
        file: [u8; HASH_BYTES],
        costs: Costs,
        sizes: Vec<(Section, u32)>,
    ) -> Self {
        let index = Index::new(&tables);
        let memory = MemoryIndex::new(&tables);
        Program { tables, meaning, file, costs, sizes, index, memory }
    }

    pub(crate) fn memory(&self) -> &MemoryIndex {
        &self.memory
    }

    /// Returns the tables.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Returns the hash over everything that decides: unmoved by formatting and comments of the sources.
    pub fn meaning_hash(&self) -> &[u8; HASH_BYTES] {
        &self.meaning
    }

    /// Returns the hash over all bytes of the file.
    pub fn file_hash(&self) -> &[u8; HASH_BYTES] {
        &self.file
    }

    /// Returns how many steps the most expensive cell takes at most: an upper bound for every decision.
    pub fn worst_case_steps(&self) -> u64 {
        self.costs.worst_cell
    }

    /// Returns how many steps the rule takes at most.
    pub fn steps_of(&self, rule: RuleId) -> u64 {
        self.costs.rules.get(rule.0 as usize).copied().unwrap_or(0)
    }

    /// Returns how many bytes each section takes, in order.
    pub fn section_sizes(&self) -> &[(Section, u32)] {
        &self.sizes
    }

    /// Returns the text of a symbol; empty for one that does not exist.
    pub fn symbol(&self, symbol: Symbol) -> &str {
        self.tables.symbols.get(symbol as usize).map_or("", |text| text.as_str())
    }

    /// Finds the symbol of a text.
    pub fn find_symbol(&self, text: &str) -> Option<Symbol> {
        let found = self.tables.symbols.binary_search_by(|symbol| symbol.as_str().cmp(text)).ok()?;
        u32::try_from(found).ok()
    }

    /// Returns a rule.
    pub fn rule(&self, rule: RuleId) -> Option<&Rule> {
        self.tables.rules.get(rule.0 as usize)
    }

    /// Finds the tool that a server offers under a name on the wire: one whose home names the server, or, where the
    /// request names none, one whose home names none.
    pub fn find_tool(&self, server: Option<&str>, wire: &str) -> Option<u32> {
        let wire = self.find_symbol(wire)?;
        let server = match server {
            Some(name) => Some(self.find_symbol(name)?),
            None => None,
        };
        let comes_from = |tool: &Tool| match server {
            Some(server) => tool.servers.binary_search(&server).is_ok(),
            None => tool.servers.is_empty(),
        };
        let start = self.index.tools.partition_point(|(name, _)| *name < wire);
        let named = self.index.tools.get(start..)?.iter().take_while(|(name, _)| *name == wire);
        let mut tools = named.map(|(_, tool)| *tool);
        tools.find(|tool| self.tables.tools.get(*tool as usize).is_some_and(comes_from))
    }

    /// Finds an agent by its plain id, bare or qualified.
    pub fn find_agent(&self, id: &str) -> Option<u32> {
        let id = self.find_symbol(id)?;
        let start = self.index.ids.partition_point(|(name, _)| *name < id);
        self.index.ids.get(start).filter(|(name, _)| *name == id).map(|(_, agent)| *agent)
    }

    /// Finds an agent by an identity that is written out in the policy.
    pub fn find_identity(&self, issuer: Option<&str>, text: &str) -> Option<u32> {
        let issuer = match issuer {
            Some(issuer) => Some(self.find_symbol(issuer)?),
            None => None,
        };
        let wanted = (issuer, self.find_symbol(text)?);
        let start = self.index.exact.partition_point(|(issuer, text, _)| (*issuer, *text) < wanted);
        let found = self.index.exact.get(start)?;
        ((found.0, found.1) == wanted).then_some(found.2)
    }

    /// Returns the identities that have attributes in them, with their agents.
    pub fn templates(&self) -> impl Iterator<Item = (u32, &Identity)> {
        self.index.templates.iter().filter_map(|(agent, which)| {
            let identity = self.tables.agents.get(*agent as usize)?.identities.get(*which as usize)?;
            Some((*agent, identity))
        })
    }

    /// Returns the rules that may match where this agent calls this tool.
    pub fn cell(&self, tool: u32, agent: u32) -> Option<&[Candidate]> {
        let agents = self.tables.agents.len();
        if agent as usize >= agents {
            return None;
        }
        let place = (tool as usize).checked_mul(agents)?.checked_add(agent as usize)?;
        let list = *self.tables.cells.get(place)?;
        self.tables.candidates.get(list as usize).map(Vec::as_slice)
    }
}
