//! The verifier: every law, broken once.

mod lab;

use agentpol_bytecode::instruction::{Instruction, Op};
use agentpol_bytecode::tables::{
    Candidate, Check, Constant, Effect, On, Piece, Returns, RuleId, Sources, Tables, TypeDef,
};
use agentpol_bytecode::{Fault, LoadError, MAX_STEPS, encode, load};
use lab::sample::sample;
use lab::{Lab, READS, always, one_clause, step};

fn fault(tables: &Tables) -> Option<Fault> {
    match load(&encode(tables)) {
        Ok(_) => None,
        Err(LoadError::Refused { fault, .. }) => Some(fault),
        Err(other) => panic!("refused before the verifier saw it: {other}"),
    }
}

type Change = fn(&mut Tables);

#[test]
fn every_table_has_its_laws() {
    let changes: &[(Fault, Change)] = &[
        (Fault::SymbolTable, |t| t.symbols.swap(0, 1)),
        (Fault::SymbolTable, |t| t.symbols[1] = t.symbols[0].clone()),
        (Fault::ModuleTable, |t| t.modules[0].grantable = vec![9]),
        (Fault::ModuleMissing, |t| t.modules[0].requires = vec![1]),
        (Fault::ModuleTable, |t| t.modules.push(t.modules[0].clone())),
        (Fault::ConstantTable, |t| t.constants[0] = Constant::Text(999)),
        (Fault::ConstantTable, |t| t.constants[3] = Constant::Float(f64::NAN)),
        (Fault::ConstantTable, |t| t.constants[4] = Constant::Network { bits: 1, prefix: 8, v6: false }),
        (Fault::ConstantTable, |t| t.constants[4] = Constant::Network { bits: 0, prefix: 33, v6: false }),
        (Fault::ConstantTable, |t| t.constants[5] = Constant::Ip { bits: 1 << 32, v6: false }),
        (Fault::ConstantTable, |t| t.constants[6] = Constant::Level { of: 1, member: 2 }),
        (Fault::ConstantTable, |t| t.constants[2] = Constant::List(vec![2])),
        (Fault::ConstantTable, |t| t.constants[2] = Constant::List(vec![0, 1])),
        (Fault::TypeTable, |t| t.types.push(TypeDef::List { of: t.types.len() as u32, max: 1 })),
        (Fault::TypeTable, |t| t.types.push(TypeDef::List { of: 0, max: 1025 })),
        (Fault::TypeTable, |t| t.types.push(TypeDef::Enum(0))),
        (Fault::TypeTable, |t| t.types.push(TypeDef::Path { under: Some(0) })),
        (Fault::FieldTable, |t| {
            let twin = t.context[0].clone();
            t.types.push(TypeDef::Record { fields: vec![twin.clone(), twin], evidence: None });
        }),
        (Fault::UserShape, |t| {
            t.user = t.context.clone();
            t.user[0].checks.push(Check::Matches(0));
        }),
        (Fault::ContextShape, |t| t.context[0].ty = 99),
        (Fault::EnumTable, |t| t.enums.push(vec![])),
        (Fault::EnumTable, |t| t.enums.push(vec![1, 1])),
        (Fault::LevelTable, |t| t.levels[0].swap(0, 1)),
        (Fault::LevelTable, |t| t.levels.clear()),
        (Fault::GroupTable, |t| t.groups[0].closure.clear()),
        (Fault::ZoneTable, |t| t.zones[0].offsets[0].0 = 0),
        (Fault::ZoneTable, |t| t.zones[0].offsets.push((i64::MIN, 0))),
        (Fault::ZoneTable, |t| t.zones[0].offsets[0].1 = i32::MAX),
        (Fault::ScheduleTable, |t| t.schedules[0].zone = 1),
        (Fault::ScheduleTable, |t| t.schedules[0].windows[0].end = 540),
        (Fault::ScheduleTable, |t| t.schedules[0].windows[0].days = 128),
        (Fault::AutomatonTable, |t| t.automata[0].next[1] = 2),
        (Fault::AutomatonTable, |t| t.automata[0].next[0] = 1),
        (Fault::AutomatonTable, |t| t.automata[0].accepting[0] = true),
        (Fault::AutomatonTable, |t| t.automata[0].classes[7] = 1),
        (Fault::AutomatonTable, |t| t.automata[0].start = 2),
        (Fault::DatasetTable, |t| t.datasets[0].labels[1] = 2),
        (Fault::DatasetTable, |t| t.datasets[0].labels.truncate(1)),
        (Fault::ToolTable, |t| t.tools[0].verbs = 0),
        (Fault::ToolTable, |t| t.tools[0].verbs = 1 << 11),
        (Fault::ToolTable, |t| t.tools[0].datasets = vec![1]),
        (Fault::ToolTable, |t| t.tools.swap(0, 1)),
        (Fault::ToolAmbiguous, |t| {
            t.tools[1].wire = t.tools[0].wire;
            t.tools[1].servers.clear();
        }),
        (Fault::SourceTable, |t| t.sources.push(Sources { least: Some(2), tools: vec![1] })),
        (Fault::SourceTable, |t| t.sources.push(Sources { least: Some(5), tools: vec![1] })),
        (Fault::SourceTable, |t| t.sources.push(Sources { least: None, tools: vec![] })),
        (Fault::SourceTable, |t| t.sources.push(Sources { least: None, tools: vec![9] })),
        (Fault::SourceTable, |t| {
            t.tools[1].returns = Returns::Trusted;
            t.sources.push(Sources { least: None, tools: vec![1, 1] });
        }),
        (Fault::SourceTable, |t| {
            t.tools[1].returns = Returns::Trusted;
            t.sources = vec![Sources { least: None, tools: vec![1] }; 2];
        }),
        (Fault::SourceTable, |t| {
            t.tools[1].returns = Returns::Untrusted;
            t.sources.push(Sources { least: Some(3), tools: vec![1] });
        }),
        (Fault::AgentTable, |t| t.agents[0].module = 1),
        (Fault::AgentTable, |t| t.agents[1].identities[0].pieces.reverse()),
        (Fault::AgentTable, |t| t.agents[1].identities[0].pieces.push(Piece::Attribute(0))),
        (Fault::AgentTable, |t| t.agents[1].identities[0].pieces.clear()),
        (Fault::AgentAmbiguous, |t| t.agents[1].qualified = t.agents[0].wire),
        (Fault::AgentAmbiguous, |t| {
            let identity = t.agents[0].identities[0].clone();
            t.agents[1].identities.push(identity);
        }),
        (Fault::RuleTable, |t| t.rules.swap(0, 1)),
        (Fault::RuleTable, |t| t.rules[1].scope.agents = Some(vec![2])),
        (Fault::RuleTable, |t| t.rules[1].scope.tools = Some(vec![1, 0])),
        (Fault::RuleTable, |t| t.rules[1].scope.on = Some(On::Level(1, 2))),
        (Fault::RuleTable, |t| {
            t.rules[2].effect = Effect::RequireApproval { from: None, count: 0, within: 1, distinct: false }
        }),
        (Fault::RuleTable, |t| t.rules[0].registers = 257),
        (Fault::CodeTable, |t| t.rules[2].entry = t.rules[1].entry),
        (Fault::DebugTable, |t| t.debug.rules[0].file = 1),
        (Fault::DebugTable, |t| t.debug.clauses[0].clear()),
        (Fault::DebugTable, |t| t.debug.code.reverse()),
    ];
    assert_eq!(fault(&sample()), None);
    for (number, (law, change)) in changes.iter().enumerate() {
        let mut tables = sample();
        change(&mut tables);
        assert_eq!(fault(&tables), Some(*law), "change {number}");
    }
}

#[test]
fn cells_are_derived_again() {
    let forgeries: &[Change] = &[
        |t| t.cells.truncate(1),
        |t| t.cells.push(0),
        |t| t.cells[0] = 7,
        |t| t.candidates.push(vec![]),
        // A restriction that is left out.
        |t| t.candidates[0].retain(|one| one.rule != RuleId(0)),
        // A grant that is put in.
        |t| t.candidates[1].push(Candidate { rule: RuleId(1), unsure: false }),
        // A restriction that is made unsure, a list that is not in order.
        |t| t.candidates[0][0].unsure = true,
        |t| t.candidates[0].reverse(),
    ];
    for (number, forge) in forgeries.iter().enumerate() {
        let mut tables = sample();
        forge(&mut tables);
        assert_eq!(fault(&tables), Some(Fault::CellTable), "forgery {number}");
    }
}

/// A program whose only rule has this block, over a tool with `list: list<int, 10>` and `text: string`.
fn with_block(block: &[Instruction]) -> Tables {
    let mut lab = lab_with_tool();
    lab.rule("r", Effect::Deny, block).scope.tools = Some(vec![0]);
    lab.finish().clone()
}

fn lab_with_tool() -> Lab {
    let mut lab = Lab::new(&["list", "r", "t", "text"]);
    let int = lab.ty(TypeDef::Int);
    let params = vec![lab.field("list", TypeDef::List { of: int, max: 10 }), lab.field("text", TypeDef::String)];
    lab.tool("t", READS, &[]).params = params;
    lab.constant(Constant::Bool(true));
    lab.constant(Constant::Int(1));
    lab
}

/// The symbols of `list` and `text` in [`with_block`]'s program.
const LIST: u32 = 1;
const TEXT: u32 = 7;

fn end() -> Instruction {
    step(Op::Return, 0, 0, 0, 0)
}

#[test]
fn blocks_have_their_laws() {
    let truth = step(Op::Const, 0, 0, 0, 0);
    let clause = step(Op::Clause, 0, 0, 0, 0);
    let list = step(Op::Arg, 1, 0, 0, LIST);
    let any = |body_end| step(Op::Any, 0, 1, 2, body_end);
    let broken: &[(Fault, &[Instruction])] = &[
        (Fault::CodeTable, &[truth]),
        (Fault::CodeTable, &[truth, step(Op::ReturnValue, 0, 0, 0, 0)]),
        (Fault::OperandRange, &[step(Op::Const, 0, 0, 0, 9), end()]),
        (Fault::OperandRange, &[step(Op::Const, 0, 1, 0, 0), end()]),
        (Fault::OperandRange, &[step(Op::UserIn, 0, 0, 0, 0), end()]),
        (Fault::OperandRange, &[step(Op::Today, 0, 0, 0, 1), end()]),
        (Fault::OperandRange, &[step(Op::Part, 0, 0, 0, 9), end()]),
        (Fault::OperandRange, &[step(Op::Args, 0, 0, 0, 0), step(Op::OriginIn, 0, 0, 0, 0), end()]),
        (Fault::OperandRange, &[truth, step(Op::Clause, 0, 0, 2, 0), end()]),
        (Fault::OperandRange, &[truth, step(Op::InNetwork, 0, 0, 0, 0), end()]),
        (Fault::RegisterUse, &[clause, end()]),
        (Fault::RegisterUse, &[step(Op::Const, 16, 0, 0, 0), end()]),
        (Fault::JumpTarget, &[truth, step(Op::SkipIfTrue, 0, 0, 0, 1), clause, end()]),
        (Fault::JumpTarget, &[truth, step(Op::SkipIfTrue, 0, 0, 0, 0), clause, end()]),
        (Fault::OperandRange, &[truth, step(Op::SkipIfTrue, 0, 0, 0, 4), clause, end()]),
        // What is jumped over may be unwritten.
        (
            Fault::RegisterUse,
            &[truth, step(Op::SkipIfTrue, 0, 0, 0, 3), step(Op::Not, 1, 0, 0, 0), step(Op::Clause, 0, 1, 0, 0), end()],
        ),
        (Fault::ClauseReport, &[truth, clause, clause, end()]),
        (Fault::ClauseReport, &[truth, step(Op::Clause, 0, 0, 0, 1), end()]),
        (Fault::ClauseReport, &[truth, step(Op::SkipIfTrue, 0, 0, 0, 3), clause, end()]),
        (Fault::OperandKind, &[step(Op::Const, 0, 0, 0, 1), clause, end()]),
        (Fault::OperandKind, &[list, step(Op::Not, 0, 1, 0, 0), end()]),
        (
            Fault::OperandKind,
            &[step(Op::Arg, 0, 0, 0, TEXT), step(Op::Const, 1, 0, 0, 1), step(Op::Eq, 0, 0, 1, 0), end()],
        ),
        (Fault::OperandKind, &[truth, step(Op::Any, 0, 0, 2, 4), truth, step(Op::Yield, 0, 0, 0, 0), end()]),
        (Fault::LoopNesting, &[list, any(3), truth, clause, end()]),
        (Fault::LoopNesting, &[truth, step(Op::Yield, 0, 0, 0, 0), end()]),
        (Fault::JumpTarget, &[list, any(2), end()]),
        (Fault::ClauseReport, &[list, any(5), truth, clause, step(Op::Yield, 0, 0, 0, 0), end()]),
        (Fault::OperandKind, &[list, any(3), step(Op::Yield, 0, 2, 0, 0), end()]),
        // Nothing that a body writes outlasts the loop.
        (
            Fault::RegisterUse,
            &[
                list,
                any(4),
                step(Op::Const, 5, 0, 0, 0),
                step(Op::Yield, 0, 5, 0, 0),
                step(Op::Clause, 0, 5, 0, 0),
                end(),
            ],
        ),
        (Fault::RegisterUse, &[list, any(3), step(Op::Yield, 0, 2, 0, 0), step(Op::Move, 4, 2, 0, 0), end()]),
    ];
    for (number, (law, block)) in broken.iter().enumerate() {
        let found = fault(&with_block(block));
        let kinds_first = *law == Fault::RegisterUse && found == Some(Fault::OperandKind);
        assert!(found == Some(*law) || kinds_first, "block {number}: {found:?} instead of {law:?}");
    }
    let good = [list, any(4), step(Op::Const, 5, 0, 0, 0), step(Op::Yield, 0, 5, 0, 0), clause, end()];
    assert_eq!(fault(&with_block(&good)), None);
}

#[test]
fn loops_nest_twice() {
    let list = step(Op::Arg, 1, 0, 0, LIST);
    let truth = |register| step(Op::Const, register, 0, 0, 0);
    let give = |register| step(Op::Yield, 0, register, 0, 0);
    let clause = step(Op::Clause, 0, 0, 0, 0);
    let twice = [list, step(Op::Any, 0, 1, 2, 6), step(Op::Any, 8, 1, 4, 5), truth(9), give(9), give(8), clause, end()];
    assert_eq!(fault(&with_block(&twice)), None);
    let thrice = [
        list,
        step(Op::Any, 0, 1, 2, 8),
        step(Op::Any, 8, 1, 4, 7),
        step(Op::Any, 9, 1, 6, 6),
        truth(10),
        give(10),
        give(9),
        give(8),
        clause,
        end(),
    ];
    assert_eq!(fault(&with_block(&thrice)), Some(Fault::LoopNesting));
}

#[test]
fn checks_read_their_value_and_constants() {
    for op in [Op::Now, Op::UserAny, Op::SessionId, Op::Args] {
        let mut lab = lab_with_tool();
        let entry = lab.code(&[step(op, 1, 0, 0, 0), step(Op::Const, 1, 0, 0, 0), step(Op::ReturnValue, 0, 1, 0, 0)]);
        lab.tables.tools[0].params[1].checks.push(Check::Where(entry));
        assert_eq!(fault(lab.finish()), Some(Fault::ConstraintOperation), "{op:?}");
    }
    let mut lab = lab_with_tool();
    let entry = lab.code(&[step(Op::Const, 1, 0, 0, 0), step(Op::ReturnValue, 0, 1, 0, 0)]);
    lab.tables.tools[0].params[1].checks.push(Check::Where(entry + 1));
    assert_eq!(fault(lab.finish()), Some(Fault::CodeTable), "inside a block");
    lab.tables.tools[0].params[1].checks.clear();
    assert_eq!(fault(lab.finish()), Some(Fault::CodeTable), "code that nothing refers to");
}

#[test]
fn steps_are_counted_before_anything_runs() {
    let list = step(Op::Arg, 1, 0, 0, LIST);
    let block = [
        list,
        step(Op::Any, 0, 1, 2, 4),
        step(Op::Const, 5, 0, 0, 0),
        step(Op::Yield, 0, 5, 0, 0),
        step(Op::Clause, 0, 0, 0, 0),
        end(),
    ];
    let mut lab = lab_with_tool();
    lab.rule("r", Effect::Deny, &block).scope.tools = Some(vec![0]);
    lab.agent("t");
    let program = lab.program();
    // Four instructions, and ten times two.
    assert_eq!((program.worst_case_steps(), program.steps_of(RuleId(0))), (24, 24));
}

#[test]
fn too_costly_programs_are_refused() {
    let mut lab = Lab::new(&["list", "t", "r", "text"]);
    let text = lab.ty(TypeDef::String);
    let params = vec![lab.field("list", TypeDef::List { of: text, max: 1024 }), lab.field("text", TypeDef::String)];
    lab.tool("t", READS, &[]).params = params;
    lab.agent("t");
    let list = lab.word("list");
    let mut block = vec![step(Op::Arg, 1, 0, 0, list), step(Op::Any, 0, 1, 2, 0), step(Op::Any, 6, 1, 4, 0)];
    block.extend((0..1100).map(|_| step(Op::Eq, 7, 2, 4, 0)));
    let inner = block.len() as u32;
    block.extend([step(Op::Yield, 0, 7, 0, 0), step(Op::Yield, 0, 6, 0, 0), step(Op::Clause, 0, 0, 0, 0), end()]);
    (block[1].imm, block[2].imm) = (inner + 2, inner + 1);
    lab.rule("r", Effect::Deny, &block);
    // 1,024 times 1,024 elements, 1,100 comparisons of 1,024 steps.
    const { assert!(1u64 << 40 == MAX_STEPS) };
    assert_eq!(fault(lab.finish()), Some(Fault::StepBound));
}

#[test]
fn a_program_with_nothing_in_it_loads() {
    let mut lab = Lab::new(&[]);
    assert_eq!(fault(lab.finish()), None);
    let mut lab = Lab::new(&["a", "r"]);
    lab.tool("a", READS, &[]);
    lab.rule("a", Effect::Deny, &always());
    lab.rule("r", Effect::Deny, &one_clause(Op::UserAny, 0));
    assert_eq!(fault(lab.finish()), None);
}
