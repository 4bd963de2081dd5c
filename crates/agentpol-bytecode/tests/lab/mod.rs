//! Programs put together by hand, so that tests say exactly which tables they are about.

#![expect(dead_code, reason = "each test uses its part of the lab")]

pub(crate) mod remembering;
pub(crate) mod sample;

use agentpol_bytecode::instruction::{Instruction, Op};
use agentpol_bytecode::tables::{
    Agent, Constant, Dataset, Effect, Field, Group, Module, Phase, Returns, Rule, Scope, Symbol, Tables, Tool, TypeDef,
    TypeId, Zone,
};
use agentpol_bytecode::{Program, derive_cells, encode, load};

/// The words of the builtin level, from the lowest.
const ORIGINS: [&str; 5] = ["untrusted", "model", "trusted", "user", "system"];

/// Bits of verbs.
pub(crate) const READS: u16 = 1;
pub(crate) const DELETES: u16 = 1 << 3;
pub(crate) const SENDS: u16 = 1 << 4;
pub(crate) const PAYS: u16 = 1 << 6;
pub(crate) const EXECUTES: u16 = 1 << 7;
pub(crate) const COMPUTES: u16 = 1 << 10;

/// Tables under construction.
#[derive(Clone, Debug)]
pub(crate) struct Lab {
    pub(crate) tables: Tables,
}

impl Lab {
    /// One root module `m`, one zone `UTC`, the level `origin`, and these words.
    pub(crate) fn new(words: &[&str]) -> Lab {
        let mut symbols: Vec<String> =
            words.iter().chain(&ORIGINS).chain(&["m", "UTC"]).map(|w| w.to_string()).collect();
        symbols.sort_unstable();
        symbols.dedup();
        let mut lab = Lab { tables: Tables { symbols, horizon: 4_102_444_800_000, ..Tables::default() } };
        lab.tables.levels = vec![ORIGINS.iter().map(|word| lab.word(word)).collect()];
        lab.tables.modules = vec![Module { name: lab.word("m"), root: true, ..Module::default() }];
        lab.tables.zones = vec![Zone { name: lab.word("UTC"), offsets: vec![(i64::MIN, 0)] }];
        lab
    }

    /// The symbol of a word given at the start.
    pub(crate) fn word(&self, text: &str) -> Symbol {
        let found = self.tables.symbols.binary_search_by(|symbol| symbol.as_str().cmp(text));
        found.unwrap_or_else(|_| panic!("the lab has no word `{text}`")) as Symbol
    }

    pub(crate) fn ty(&mut self, of: TypeDef) -> TypeId {
        let known = self.tables.types.iter().position(|other| *other == of);
        let at = known.unwrap_or(self.tables.types.len());
        if known.is_none() {
            self.tables.types.push(of);
        }
        at as TypeId
    }

    pub(crate) fn constant(&mut self, constant: Constant) -> u32 {
        self.tables.constants.push(constant);
        self.tables.constants.len() as u32 - 1
    }

    pub(crate) fn text(&mut self, text: &str) -> u32 {
        let symbol = self.word(text);
        self.constant(Constant::Text(symbol))
    }

    /// A required field.
    pub(crate) fn field(&mut self, name: &str, of: TypeDef) -> Field {
        let name = self.word(name);
        let ty = self.ty(of);
        Field { name, wire: name, ty, optional: false, secret: false, untrusted: false, checks: Vec::new() }
    }

    /// A level under `origin`, with members from the lowest.
    pub(crate) fn level(&mut self, members: &[&str]) -> u32 {
        let members = members.iter().map(|member| self.word(member)).collect();
        self.tables.levels.push(members);
        self.tables.levels.len() as u32 - 1
    }

    pub(crate) fn group(&mut self, wire: &str, inside: &[&str]) -> u32 {
        let mut closure: Vec<Symbol> = inside.iter().chain(&[wire]).map(|word| self.word(word)).collect();
        closure.sort_unstable();
        self.tables.groups.push(Group { wire: self.word(wire), closure });
        self.tables.groups.len() as u32 - 1
    }

    /// A dataset with one label for each level behind `origin`.
    pub(crate) fn dataset(&mut self, name: &str, labels: &[u32], entitlement: bool) -> u32 {
        let labels = [0].iter().chain(labels).copied().collect();
        self.tables.datasets.push(Dataset { name: self.word(name), labels, entitlement });
        self.tables.datasets.len() as u32 - 1
    }

    /// A tool without parameters; tools are added in the order of their names.
    pub(crate) fn tool(&mut self, name: &str, verbs: u16, datasets: &[u32]) -> &mut Tool {
        let name = self.word(name);
        self.tables.tools.push(Tool {
            module: 0,
            name,
            wire: name,
            servers: Vec::new(),
            environments: None,
            params: Vec::new(),
            open: false,
            verbs,
            unverified: false,
            datasets: datasets.to_vec(),
            touches_anything: false,
            fixed_hosts: Vec::new(),
            pinned: None,
            answer: None,
            returns: Returns::Untrusted,
            resource: None,
        });
        self.tables.tools.last_mut().expect("a tool was added")
    }

    /// An autonomous agent; agents are added in the order of their names.
    pub(crate) fn agent(&mut self, name: &str) -> &mut Agent {
        let name = self.word(name);
        self.tables.agents.push(Agent {
            module: 0,
            name,
            wire: name,
            qualified: name,
            identities: Vec::new(),
            credential_max_age: None,
            owner: name,
            reached_via: Vec::new(),
            directly: true,
            phase: Phase::Autonomous,
            fleet: None,
        });
        self.tables.agents.last_mut().expect("an agent was added")
    }

    /// Adds code, and returns where it starts. Jump targets count from there.
    pub(crate) fn code(&mut self, block: &[Instruction]) -> u32 {
        use agentpol_bytecode::instruction::Operand;
        let start = self.tables.code.len() as u32;
        self.tables.code.extend(block.iter().map(|instruction| match instruction.op.operands()[3] {
            Operand::Target => Instruction { imm: instruction.imm + start, ..*instruction },
            _ => *instruction,
        }));
        start
    }

    /// A rule with this block; rules are added in the order of their names.
    pub(crate) fn rule(&mut self, name: &str, effect: Effect, block: &[Instruction]) -> &mut Rule {
        let entry = self.code(block);
        let clauses = block.iter().filter(|instruction| instruction.op == Op::Clause).count() as u32;
        let name = self.word(name);
        self.tables.rules.push(Rule {
            module: 0,
            name,
            effect,
            observed: false,
            always: false,
            because: None,
            scope: Scope::default(),
            names_nobody: false,
            entry,
            clauses,
            registers: 16,
        });
        self.tables.rules.last_mut().expect("a rule was added")
    }

    /// Lets module 0 grant every tool, and makes the cells.
    pub(crate) fn finish(&mut self) -> &Tables {
        self.tables.modules[0].grantable = (0..self.tables.tools.len() as u32).collect();
        (self.tables.candidates, self.tables.cells) = derive_cells(&self.tables);
        &self.tables
    }

    /// The loaded program.
    pub(crate) fn program(&mut self) -> Program {
        let bytes = encode(self.finish());
        load(&bytes).unwrap_or_else(|error| panic!("the lab's program does not load: {error}"))
    }
}

/// An instruction, its fields in the order of the table.
pub(crate) fn step(op: Op, dst: u8, a: u8, b: u8, imm: u32) -> Instruction {
    Instruction { op, dst, a, b, imm }
}

/// A block whose only clause is what the operation gives.
pub(crate) fn one_clause(op: Op, imm: u32) -> Vec<Instruction> {
    vec![step(op, 0, 0, 0, imm), step(Op::Clause, 0, 0, 0, 0), step(Op::Return, 0, 0, 0, 0)]
}

/// A block without clauses, which always matches.
pub(crate) fn always() -> Vec<Instruction> {
    vec![step(Op::Return, 0, 0, 0, 0)]
}
