//! Running the tables that stand in the policies: each cell is decided with nothing remembered.

use agentpol::SourceMap;
use agentpol::policy::{Policy, Table};

use crate::claims::{self, Came};
use crate::engine::Engine;
use crate::findings::{CellFailure, TableReport};
use crate::memory::Memory;
use crate::replay::Replay;
use crate::scenario::place;
use crate::unknown::Causes;

impl Replay<'_> {
    /// Decides every cell of one table of a policy, which must be the one that the program was made of.
    pub(crate) fn table(&mut self, policy: &Policy, sources: &SourceMap, table: &Table) -> TableReport {
        run(&mut self.engine, policy, sources, table)
    }

    /// Decides every cell of the tables of a policy, which must be the one that the program was made of.
    pub fn tables(&mut self, policy: &Policy, sources: &SourceMap) -> Vec<TableReport> {
        self.engine.scratch.record(true);
        policy.tables.iter().map(|table| run(&mut self.engine, policy, sources, table)).collect()
    }
}

fn run(engine: &mut Engine<'_>, policy: &Policy, sources: &SourceMap, table: &Table) -> TableReport {
    let mut outcomes = Vec::with_capacity(table.cells.len());
    let mut failures = Vec::new();
    for (number, cell) in table.cells.iter().enumerate() {
        let memory = Memory::new(engine.program);
        // Where the session cannot be opened the decision says so.
        let _ = memory.tell(engine.program, &mut engine.scratch, &cell.open);
        let decision = memory.decide(engine.program, &mut engine.scratch, &cell.request, None);
        engine.reach(&decision);
        outcomes.push(decision.outcome().as_str().to_owned());
        for row in cell.rows.iter().filter_map(|row| table.rows.get(*row)) {
            let came = Came::new(engine, &decision);
            if came.meets(&row.claim) {
                continue;
            }
            let (new, reasons) = came.reasons(engine, &row.claim, &Causes::new(policy, sources, &cell.request, &[]));
            let label = |labels: &[String], at: usize| labels.get(at).cloned().unwrap_or_default();
            failures.push(CellFailure {
                cell: number,
                agent: label(&table.agents, cell.agent),
                user: label(&table.users, cell.user),
                tool: label(&table.tools, cell.tool),
                at: place(sources, row.span),
                expected: claims::words(&row.claim),
                new,
                reasons,
            });
        }
    }
    TableReport {
        module: policy[table.module].name.clone(),
        name: table.name.clone(),
        at: place(sources, table.span),
        agents: table.agents.clone(),
        users: table.users.clone(),
        tools: table.tools.clone(),
        outcomes,
        failures,
    }
}
