//! The laws of what is remembered, each broken once, and what a program says of its memory.

mod lab;

use agentpol_bytecode::instruction::{Instruction, Op};
use agentpol_bytecode::tables::{
    Alarm, Answer, Ask, Comparison, Effect, Happened, Kept, Key, KeySource, SlotShape, Tables, TypeDef,
};
use agentpol_bytecode::{Ceiling, Fault, LoadError, Program, Tri, encode, load};
use lab::remembering::{COUNT, LAST, LEAST, NEWEST, RING, SUM, TIME, remembering};
use lab::sample::sample;

/// The number of the question to the ring.
const RINGED: usize = 8;

fn fault(tables: &Tables) -> Option<Fault> {
    match load(&encode(tables)) {
        Ok(_) => None,
        Err(LoadError::Refused { fault, .. }) => Some(fault),
        Err(other) => panic!("refused before the verifier saw it: {other}"),
    }
}

type Change = fn(&mut Tables);

fn each(changes: &[(Fault, Change)]) {
    assert_eq!(fault(&remembering()), None);
    for (number, (law, change)) in changes.iter().enumerate() {
        let mut tables = remembering();
        change(&mut tables);
        assert_eq!(fault(&tables), Some(*law), "change {number}");
    }
}

#[test]
fn slots_have_their_laws() {
    each(&[
        (Fault::SlotTable, |t| t.slots.swap(0, 1)),
        (Fault::SlotTable, |t| t.slots[1].id = t.slots[0].id),
        (Fault::SlotTable, |t| t.slots[0].entry = u32::MAX),
        (Fault::SlotTable, |t| t.slots[0].result_entry = Some(u32::MAX)),
        (Fault::SlotTable, |t| t.slots[0].registers = 257),
        (Fault::SlotTable, |t| t.slots[0].clauses = u32::MAX),
        (Fault::SlotTable, |t| t.slots[0].scope.tools = Some(vec![2])),
        (Fault::SlotTable, |t| t.slots[0].scope.grantable = Some(vec![0])),
        (Fault::SlotTable, |t| t.slots[0].keys = 2),
        (Fault::SlotTable, |t| t.slots[TIME].values = vec![Kept::Enum(0)]),
        (Fault::SlotTable, |t| t.slots[TIME].values = vec![Kept::Level(1)]),
        (Fault::SlotTable, |t| t.slots[TIME].values = vec![Kept::Typed(0)]),
        (Fault::SlotTable, |t| t.slots[LAST].values[1] = Kept::Typed(99)),
        (Fault::SlotTable, |t| t.slots[TIME].values.push(Kept::Int)),
        (Fault::SlotTable, |t| t.slots[COUNT].shape = SlotShape::Count { most: 0 }),
        (Fault::SlotTable, |t| t.slots[COUNT].shape = SlotShape::Count { most: 10_002 }),
        (Fault::SlotTable, |t| t.slots[SUM].shape = SlotShape::Sum { entries: 0 }),
        (Fault::SlotTable, |t| t.slots[SUM].values[1] = Kept::Text),
        (Fault::SlotTable, |t| t.slots[LEAST].values[1] = Kept::Text),
        (Fault::SlotTable, |t| t.slots[LEAST].values.truncate(1)),
        (Fault::SlotTable, |t| t.slots[LAST].values.truncate(1)),
        (Fault::SlotTable, |t| t.slots[LAST].values = vec![Kept::Int; 65]),
        (Fault::SlotTable, |t| t.slots[LAST].happened = Happened::Called),
        (Fault::SlotTable, |t| t.slots[RING].shape = SlotShape::Ring { most: 0 }),
        (Fault::SlotTable, |t| t.slots[RING].values = vec![Kept::Int; 9]),
        (Fault::SlotTable, |t| t.slots[RING].values[0] = Kept::Typed(0)),
        (Fault::SlotTable, |t| t.slots[NEWEST].values.push(Kept::Int)),
        (Fault::SlotTable, |t| t.slots[NEWEST].shape = SlotShape::Newest { steps: 0 }),
        (Fault::SlotTable, |t| t.slots[0].window = Some(0)),
        (Fault::SlotTable, |t| t.slots[0].room = 0),
        (Fault::SlotTable, |t| t.slots[0].room = 10_001),
        (Fault::SlotTable, |t| t.slots[COUNT].room = 2),
        (Fault::SlotTable, |t| {
            t.slots[SUM].values = vec![Kept::Int; 10];
            t.slots[SUM].keys = 9;
        }),
    ]);
}

#[test]
fn questions_ask_for_what_is_kept() {
    each(&[
        (Fault::QueryTable, |t| t.queries[0].slot = 99),
        (Fault::QueryTable, |t| t.queries[0].within = Some(0)),
        (Fault::QueryTable, |t| t.queries[0].within = Some(60_001)),
        (Fault::QueryTable, |t| t.queries[0].within = None),
        (Fault::QueryTable, |t| t.queries[COUNT].ask = Ask::Count { op: Comparison::Gt, plus: false, bound: 6 }),
        (Fault::QueryTable, |t| t.queries[7].ask = Ask::Distinct { op: Comparison::Gt, bound: 3 }),
        (Fault::QueryTable, |t| t.queries[LAST].ask = Ask::Value(2)),
        (Fault::QueryTable, |t| t.queries[LAST].ask = Ask::Value(u32::MAX)),
        (Fault::QueryTable, |t| t.queries[LEAST].ask = Ask::Pair(Comparison::Gt)),
        (Fault::QueryTable, |t| t.queries[6].ask = Ask::Pair(Comparison::Eq)),
        (Fault::QueryTable, |t| t.queries[SUM].ask = Ask::Exists),
        (Fault::QueryTable, |t| t.queries[0].ask = Ask::Value(0)),
        (Fault::QueryTable, |t| t.queries[0].since = Some(NEWEST as u32)),
        (Fault::QueryTable, |t| t.queries[0].compares = vec![(0, Comparison::Eq)]),
        (Fault::QueryTable, |t| t.queries[RINGED].ask = Ask::Pair(Comparison::Ne)),
        (Fault::QueryTable, |t| t.queries[RINGED].ask = Ask::Count { op: Comparison::Gt, plus: false, bound: 6 }),
        (Fault::QueryTable, |t| t.queries[RINGED].since = Some(99)),
        (Fault::QueryTable, |t| t.queries[RINGED].since = Some(TIME as u32)),
        (Fault::QueryTable, |t| t.slots[NEWEST].window = Some(1_000)),
        (Fault::QueryTable, |t| t.slots[NEWEST].reach = agentpol_bytecode::tables::Reach::User),
        (Fault::QueryTable, |t| t.queries[RINGED].compares = vec![(0, Comparison::Lt)]),
        (Fault::QueryTable, |t| t.queries[RINGED].compares = vec![(2, Comparison::Eq)]),
        (Fault::QueryTable, |t| t.queries[RINGED].compares = vec![(u32::MAX, Comparison::Eq)]),
        (Fault::QueryTable, |t| t.queries[RINGED].compares = vec![(0, Comparison::Eq); 9]),
    ]);
}

#[test]
fn evidence_and_answers_have_their_laws() {
    each(&[
        (Fault::EvidenceTable, |t| t.evidence[0].ty = 0),
        (Fault::EvidenceTable, |t| t.evidence[0].name = 999),
        (Fault::EvidenceTable, |t| t.evidence[0].keys.clear()),
        (Fault::EvidenceTable, |t| t.evidence[0].keys = vec![vec![0], vec![0]]),
        (Fault::EvidenceTable, |t| t.evidence[0].keys = vec![vec![]]),
        (Fault::EvidenceTable, |t| t.evidence[0].keys = vec![vec![0, 0]]),
        (Fault::EvidenceTable, |t| t.evidence[0].keys = vec![vec![3]]),
        (Fault::EvidenceTable, |t| t.evidence[0].kept = vec![1]),
        (Fault::EvidenceTable, |t| t.evidence[0].kept = vec![1, 0]),
        (Fault::EvidenceTable, |t| t.evidence[0].kept = vec![0, 3]),
        // A secret is not remembered.
        (Fault::EvidenceTable, |t| t.evidence[0].kept = vec![0, 1, 2]),
        (Fault::EvidenceTable, |t| t.evidence[0].room = 0),
        (Fault::EvidenceTable, |t| t.evidence[0].room = 65_537),
        (Fault::EvidenceTable, |t| t.evidence[0].fresh = Some(0)),
        (Fault::EvidenceTable, |t| t.evidence.push(t.evidence[0].clone())),
        (Fault::EvidenceTable, |t| {
            t.types.push(TypeDef::Record { fields: vec![], evidence: Some(0) });
        }),
        (Fault::AnswerTable, |t| t.answers[0] = Answer::Value(99)),
        (Fault::AnswerTable, |t| t.answers[2] = Answer::Either(vec![2])),
        (Fault::AnswerTable, |t| t.answers[2] = Answer::Either(vec![])),
        (Fault::AnswerTable, |t| t.answers[2] = Answer::Either(vec![0, 0])),
        (Fault::AnswerTable, |t| t.answers[4] = Answer::List { of: 4, max: 1 }),
        (Fault::AnswerTable, |t| t.answers[4] = Answer::List { of: 0, max: 1025 }),
        (Fault::AnswerTable, |t| keyed(t, |_, field, _| *field = vec![9])),
        (Fault::AnswerTable, |t| keyed(t, |_, field, _| field.clear())),
        (Fault::AnswerTable, |t| keyed(t, |evidence, _, _| *evidence = 1)),
        (Fault::AnswerTable, |t| keyed(t, |_, _, entry| *entry = u32::MAX)),
        (Fault::AnswerTable, |t| *sources(t) = vec![]),
        (Fault::AnswerTable, |t| *sources(t) = vec![KeySource::Call; 2]),
        // A part of a record carries no key, and a record that carries all of it is a value.
        (Fault::AnswerTable, |t| *sources(t) = vec![KeySource::AnswerOrCall]),
        (Fault::AnswerTable, |t| {
            whole(t);
            *sources(t) = vec![KeySource::Answer];
        }),
        (Fault::AnswerTable, |t| {
            // Each twice as large as the one before.
            for _ in 0..12 {
                let last = t.answers.len() as u32 - 1;
                t.answers.push(Answer::List { of: last, max: 1 });
                t.answers.push(Answer::Either(vec![last, last + 1]));
            }
        }),
        (Fault::ToolTable, |t| t.tools[0].answer = Some(5)),
    ]);
}

/// Where the keys of the keyed answer come from.
fn sources(tables: &mut Tables) -> &mut Vec<KeySource> {
    let found = tables.answers.iter_mut().find_map(|answer| match answer {
        Answer::Keyed { keys, .. } => Some(keys),
        _ => None,
    });
    found.expect("an answer is keyed")
}

/// Lets the keyed answer be the whole record.
fn whole(tables: &mut Tables) {
    let record = tables.evidence[0].ty;
    for answer in &mut tables.answers {
        if let Answer::Keyed { field, of, .. } = answer {
            field.clear();
            *of = record;
        }
    }
}

#[test]
fn answers_may_carry_a_part_of_their_key() {
    let mut tables = remembering();
    let (entry, own) = (tables.code.len() as u32, keys_entry(&tables) as usize);
    tables.code.extend_from_within(own..own + 3);
    let (of, keys) = (tables.evidence[0].ty, vec![KeySource::AnswerOrCall]);
    tables.answers.push(Answer::Keyed { evidence: 0, entry, registers: 1, field: vec![], of, keys });
    assert_eq!(fault(&tables), None);
    let listing = load(&encode(&tables)).expect("sound").listing().to_string();
    assert!(listing.contains("\"order\" by a key of the call and the answer"), "{listing}");
    // What the call gives is kept.
    first(&mut tables, entry, Op::Keep, |i| (i.op, i.dst, i.imm) = (Op::Const, 0, 1));
    assert_eq!(fault(&tables), Some(Fault::KeepPlace));
}

fn keyed(tables: &mut Tables, change: impl Fn(&mut u32, &mut Vec<u32>, &mut u32)) {
    for answer in &mut tables.answers {
        if let Answer::Keyed { evidence, field, entry, .. } = answer {
            change(evidence, field, entry);
        }
    }
}

#[test]
fn counters_and_delegations_have_their_laws() {
    each(&[
        (Fault::RuleTable, |t| t.rules[1].effect = Effect::Limit { rate: 2 }),
        (Fault::RuleTable, |t| alert(t, |severity, _, _| *severity = 4)),
        (Fault::RuleTable, |t| alert(t, |_, outcomes, _| *outcomes = 0)),
        (Fault::RuleTable, |t| alert(t, |_, outcomes, _| *outcomes = 16)),
        // One counter, two rules; a counter without a rule.
        (Fault::RateTable, |t| t.rules[1].effect = Effect::Alert { severity: 0, outcomes: 1, alarm: Alarm::Novel(1) }),
        (Fault::RateTable, |t| t.rules[1].effect = Effect::Deny),
        (Fault::RateTable, |t| alert(t, |_, _, alarm| *alarm = Alarm::Rate(1))),
        (Fault::RateTable, |t| t.rates[1].id = t.rates[0].id),
        (Fault::RateTable, |t| t.rates[0].bound = 0),
        (Fault::RateTable, |t| t.rates[0].bound = -1),
        (Fault::RateTable, |t| t.rates[1].bound = 1),
        (Fault::RateTable, |t| t.rates[1].keys.clear()),
        (Fault::RateTable, |t| (t.rates[0].cost, t.rates[0].bound) = (None, 10_001)),
        (Fault::RateTable, |t| t.rates[0].cost = Some(Kept::Text)),
        (Fault::RateTable, |t| t.rates[0].window = 0),
        (Fault::RateTable, |t| t.rates[0].keys.push(Key::Dataset)),
        (Fault::RateTable, |t| t.rates[0].keys.push(Key::Value(Kept::Typed(0)))),
        (Fault::RateTable, |t| t.rates[0].keys.push(Key::Value(Kept::Enum(0)))),
        (Fault::RateTable, |t| t.rates[0].keys.extend([Key::Tool; 7])),
        (Fault::RateTable, |t| t.rates[0].entry = u32::MAX),
        (Fault::RateTable, |t| t.rates[0].registers = 257),
        (Fault::DelegationTable, |t| t.delegations[0].to = 2),
        (Fault::DelegationTable, |t| t.delegations[0].from = 1),
        (Fault::DelegationTable, |t| t.delegations[0].scope.tools = Some(vec![2])),
        (Fault::DelegationTable, |t| t.delegations[0].entry = u32::MAX),
        (Fault::DelegationTable, |t| t.delegations[0].registers = 257),
        (Fault::DelegationTable, |t| {
            let mut back = t.delegations[0].clone();
            (back.from, back.to) = (1, 0);
            t.delegations.insert(0, back);
        }),
        (Fault::AgentTable, |t| t.agents[1].reached_via = vec![2]),
        (Fault::AgentTable, |t| t.agents[1].reached_via = vec![1, 0]),
        (Fault::AgentTable, |t| t.agents[0].owner = 999),
    ]);
}

fn alert(tables: &mut Tables, change: impl Fn(&mut u8, &mut u8, &mut Alarm)) {
    for rule in &mut tables.rules {
        if let Effect::Alert { severity, outcomes, alarm } = &mut rule.effect {
            change(severity, outcomes, alarm);
        }
    }
}

/// Changes the first instruction of this operation in the block.
fn first(tables: &mut Tables, entry: u32, op: Op, change: impl Fn(&mut Instruction)) {
    let found = tables.code[entry as usize..].iter_mut().find(|instruction| instruction.op == op);
    change(found.expect("the block has such an instruction"));
}

#[test]
fn blocks_hold_what_fits_them() {
    each(&[
        // Two owners of one block.
        (Fault::CodeTable, |t| t.slots[LEAST].entry = t.slots[SUM].entry),
        (Fault::CodeTable, |t| t.rates[1].entry = t.rules[1].entry),
        (Fault::CodeTable, |t| t.delegations[0].entry = t.rules[0].entry),
        // A question about an earlier call asks no questions, and knows no result before it comes.
        (Fault::BlockOperation, |t| first(t, t.slots[TIME].entry, Op::Arg, |i| (i.op, i.imm) = (Op::Earlier, 1))),
        (Fault::BlockOperation, |t| first(t, t.slots[TIME].entry, Op::Arg, |i| (i.op, i.imm) = (Op::Result, 0))),
        (Fault::BlockOperation, |t| {
            let entry = t.slots[TIME].result_entry.unwrap_or_default();
            first(t, entry, Op::Result, |i| i.op = Op::Now);
        }),
        (Fault::BlockOperation, |t| {
            let entry = t.slots[TIME].result_entry.unwrap_or_default();
            first(t, entry, Op::Result, |i| i.op = Op::AllKnown);
        }),
        (Fault::BlockOperation, |t| first(t, t.rules[0].entry, Op::Clause, |i| i.op = Op::Keep)),
        (Fault::BlockOperation, |t| first(t, t.rules[0].entry, Op::Arg, |i| (i.op, i.imm) = (Op::Result, 0))),
        (Fault::BlockOperation, |t| first(t, t.rates[0].entry, Op::Keep, |i| i.op = Op::Clause)),
        (Fault::BlockOperation, |t| first(t, t.delegations[0].entry, Op::Clause, |i| i.op = Op::Keep)),
        (Fault::BlockOperation, |t| {
            let entry = keys_entry(t);
            first(t, entry, Op::Arg, |i| (i.op, i.imm) = (Op::AllKnown, 0));
        }),
        // Every value once.
        (Fault::KeepPlace, |t| {
            t.rates[0].keys[1] = Key::Value(Kept::Int);
            first(t, t.rates[0].entry, Op::Keep, |i| i.imm = 1);
        }),
        (Fault::KeepPlace, |t| first(t, t.slots[SUM].entry, Op::Keep, |i| i.imm = 2)),
        (Fault::KeepPlace, |t| first(t, t.slots[LAST].result_entry.unwrap_or(0), Op::Keep, |i| i.imm = 0)),
        (Fault::KeepPlace, |t| first(t, t.slots[LAST].entry, Op::Keep, |i| (i.op, i.imm) = (Op::Move, 0))),
        (Fault::KeepPlace, |t| t.rates[0].keys.push(Key::Value(Kept::Text))),
        (Fault::KeepPlace, |t| first(t, keys_entry(t), Op::Keep, |i| i.imm = 1)),
        // Of their kind.
        (Fault::OperandKind, |t| t.slots[SUM].values[0] = Kept::Int),
        (Fault::OperandKind, |t| t.rates[0].keys[1] = Key::Value(Kept::Date)),
        (Fault::ClauseReport, |t| t.slots[TIME].clauses = 0),
        (Fault::ClauseReport, |t| first(t, t.slots[TIME].result_entry.unwrap_or(0), Op::Clause, |i| i.imm = 0)),
        (Fault::ClauseReport, |t| t.delegations[0].clauses = 2),
        // As many operands as the question has, of kinds that can be compared.
        (Fault::OperandKind, |t| first(t, t.rules[0].entry, Op::Earlier, |i| i.a = 2)),
        (Fault::OperandKind, |t| first(t, t.rules[0].entry, Op::Earlier, |i| i.imm = 4)),
        (Fault::OperandKind, |t| first(t, t.rules[0].entry, Op::Earlier, |i| i.a = 1)),
        (Fault::OperandKind, |t| first(t, t.rules[0].entry, Op::Gather, |i| (i.a, i.b) = (1, 0))),
        (Fault::OperandKind, |t| first(t, t.rules[0].entry, Op::Known, |i| i.a = 1)),
        (Fault::OperandKind, |t| first(t, t.rules[0].entry, Op::Known, |i| i.a = 2)),
        (Fault::OperandKind, |t| first(t, t.rules[0].entry, Op::Has, |i| i.a = 2)),
        (Fault::OperandRange, |t| first(t, t.rules[0].entry, Op::Earlier, |i| i.imm = 9)),
        (Fault::OperandRange, |t| first(t, t.rules[0].entry, Op::Known, |i| i.imm = 1)),
        (Fault::OperandRange, |t| first(t, t.rules[0].entry, Op::AllKnown, |i| (i.op, i.imm) = (Op::SessionLabel, 0))),
    ]);
}

fn keys_entry(tables: &Tables) -> u32 {
    let entry = tables.answers.iter().find_map(|answer| match answer {
        Answer::Keyed { entry, .. } => Some(*entry),
        _ => None,
    });
    entry.expect("an answer is keyed")
}

#[test]
fn what_is_kept_on_some_ways_only_is_refused() {
    let mut tables = remembering();
    let entry = tables.rates[0].entry;
    let block = &mut tables.code[entry as usize..];
    block[0] = Instruction { op: Op::Const, dst: 0, a: 0, b: 0, imm: 1 };
    block[1] = Instruction { op: Op::SkipIfTrue, dst: 0, a: 0, b: 0, imm: entry + 4 };
    assert_eq!(fault(&tables), Some(Fault::KeepPlace));
}

fn program() -> Program {
    load(&encode(&remembering())).expect("sound")
}

#[test]
fn calls_find_where_they_are_remembered() {
    let program = program();
    assert!(program.remembers() && load(&encode(&sample())).is_ok_and(|sample| sample.remembers()));
    let slots: Vec<(u32, Tri)> = program.slots_of(0, 1).collect();
    assert_eq!(slots, (0..10).map(|slot| (slot, Tri::True)).collect::<Vec<_>>());
    assert_eq!(program.slots_of(1, 0).count(), 0);
    assert_eq!((program.evidence_of(0), program.evidence_of(1), program.evidence_of(9)), (&[0][..], &[0][..], &[][..]));
    assert_eq!((program.delegations(0, 1).len(), program.delegations(0, 0).len()), (1, 0));
    let rules = &program.tables().rules;
    let rates: Vec<Option<u32>> = rules.iter().map(|rule| program.rate_of(rule).map(|(rate, _)| rate)).collect();
    assert_eq!(rates, [None, Some(0), Some(1)]);
    let operands: Vec<u32> = (0..9).filter_map(|query| program.query(query)).map(|(.., operands)| operands).collect();
    assert_eq!(operands, [1, 1, 1, 2, 2, 2, 2, 1, 3]);
}

#[test]
fn some_agents_are_ruled_out_and_some_tools_are_not_sure() {
    let mut tables = remembering();
    tables.slots[0].scope.agents = Some(vec![1]);
    tables.slots[0].scope.tools = None;
    tables.slots[0].scope.does = Some(lab::READS);
    tables.tools[1].unverified = true;
    let program = load(&encode(&tables)).expect("sound");
    assert_eq!(program.slots_of(0, 0).next(), Some((1, Tri::True)));
    assert_eq!(program.slots_of(1, 1).collect::<Vec<_>>(), [(0, Tri::Unknown)]);
}

#[test]
fn state_has_a_ceiling() {
    let Ceiling { session, agent, user, limit_key, alert_key, .. } = program().ceiling();
    assert!(session > 256 * 8 && limit_key > 0 && alert_key > 0, "{session} {limit_key} {alert_key}");
    assert_eq!((agent, user), (0, 0));
    let mut tables = remembering();
    tables.slots[COUNT].reach = agentpol_bytecode::tables::Reach::Agent;
    let apart = load(&encode(&tables)).expect("sound").ceiling();
    assert!(apart.agent > 0 && apart.session < session);
    tables.evidence[0].room = 10_000;
    assert!(load(&encode(&tables)).expect("sound").ceiling().session > session);
}

#[test]
fn questions_cost_what_they_look_at() {
    let before = program().worst_case_steps();
    let mut tables = remembering();
    tables.slots[COUNT].shape = SlotShape::Count { most: 10_000 };
    assert_eq!(load(&encode(&tables)).expect("sound").worst_case_steps(), before + 9_994);
}

#[test]
fn listings_show_what_is_remembered() {
    let listing = program().listing().to_string();
    for part in [
        "state   at most ",
        "remembered 0000000000000001: completed calls of the session, when the last one was",
        "  by text, at most 256 at a time",
        "  for 1m",
        "  once it is answered",
        "  question 1: how many and the operand > 5, within 1s",
        "question 8: how many and the operand > 5, value 1 < its operand, since the newest of 000000000000000a, within 1s",
        "evidence 0000000000000001 of \"order\", at most 64, fresh within 1m\n  by id\n  keeps id status",
        "\"order\" by the call's key, its status",
        "the first that fits of 0 1",
        "look answers 2, trusted",
        "counter 0000000000000001: at most 100 in 1m, by user, text",
        "counter 0000000000000002: not seen in 1m, by agent, dataset",
        "a delegates to b",
        "earlier        r3 = r0 question 0",
        "known          r3 = r0 order",
        "keep           r0 as 0",
    ] {
        assert!(listing.contains(part), "no `{part}` in\n{listing}");
    }
}
