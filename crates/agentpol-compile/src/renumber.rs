//! Sorts the texts of a program and renames them everywhere: the last step before a program is written.

use agentpol_bytecode::instruction::Operand;
use agentpol_bytecode::tables::{
    Agent, Constant, Field, Piece, ResourceName, ResourceOf, Symbol, Tables, Tool, TypeDef,
};

/// Sorts `tables.symbols`, renames every use, and sorts what is kept in the order of its texts.
pub(crate) fn renumber(tables: &mut Tables) {
    let mut order: Vec<usize> = (0..tables.symbols.len()).collect();
    order.sort_by(|a, b| tables.symbols[*a].cmp(&tables.symbols[*b]));
    let mut numbers = vec![0; order.len()];
    for (number, old) in order.into_iter().enumerate() {
        numbers[old] = number as Symbol;
    }
    tables.symbols.sort_unstable();
    let renames = Renames(numbers);
    renames.tables(tables);
}

struct Renames(Vec<Symbol>);

impl Renames {
    fn one(&self, symbol: &mut Symbol) {
        *symbol = self.0[*symbol as usize];
    }

    fn all<'s>(&self, symbols: impl IntoIterator<Item = &'s mut Symbol>) {
        symbols.into_iter().for_each(|symbol| self.one(symbol));
    }

    /// Renames a set, which is sorted and holds each text once.
    fn set(&self, symbols: &mut Vec<Symbol>) {
        self.all(symbols.iter_mut());
        symbols.sort_unstable();
        symbols.dedup();
    }

    fn tables(&self, tables: &mut Tables) {
        self.all(tables.modules.iter_mut().map(|module| &mut module.name));
        self.all(tables.enums.iter_mut().chain(&mut tables.levels).flatten());
        self.all(tables.zones.iter_mut().map(|zone| &mut zone.name));
        self.all(tables.datasets.iter_mut().map(|dataset| &mut dataset.name));
        for group in &mut tables.groups {
            self.one(&mut group.wire);
            self.set(&mut group.closure);
        }
        for constant in &mut tables.constants {
            if let Constant::Text(symbol) = constant {
                self.one(symbol);
            }
        }
        for ty in &mut tables.types {
            match ty {
                TypeDef::Path { under: Some(under) } => self.one(under),
                TypeDef::Record { fields, .. } => self.fields(fields),
                _ => {}
            }
        }
        self.fields(&mut tables.user);
        self.fields(&mut tables.context);
        for of in &mut tables.resources {
            self.all([&mut of.name, &mut of.wire]);
            self.fields(&mut of.fields);
        }
        tables.tools.iter_mut().for_each(|tool| self.tool(tool));
        tables.agents.iter_mut().for_each(|agent| self.agent(agent));
        self.all(tables.evidence.iter_mut().map(|evidence| &mut evidence.name));
        for rule in &mut tables.rules {
            self.one(&mut rule.name);
            self.all(&mut rule.because);
        }
        let of_symbols = tables.code.iter_mut().filter(|step| step.op.operands()[3] == Operand::Symbol);
        self.all(of_symbols.map(|step| &mut step.imm));
    }

    fn fields(&self, fields: &mut [Field]) {
        for field in fields {
            self.one(&mut field.name);
            self.one(&mut field.wire);
        }
    }

    fn tool(&self, tool: &mut Tool) {
        self.one(&mut tool.name);
        self.one(&mut tool.wire);
        self.set(&mut tool.servers);
        tool.environments.iter_mut().for_each(|environments| self.set(environments));
        self.set(&mut tool.fixed_hosts);
        self.all(&mut tool.pinned);
        self.fields(&mut tool.params);
        if let Some(ResourceOf { id: ResourceName::Text(id), .. }) = &mut tool.resource {
            self.one(id);
        }
    }

    fn agent(&self, agent: &mut Agent) {
        self.all([&mut agent.name, &mut agent.wire, &mut agent.qualified, &mut agent.owner]);
        for identity in &mut agent.identities {
            self.all(&mut identity.issuer);
            for piece in &mut identity.pieces {
                if let Piece::Text(symbol) = piece {
                    self.one(symbol);
                }
            }
        }
        if let Some(fields) = &mut agent.fleet {
            self.fields(fields);
        }
    }
}
