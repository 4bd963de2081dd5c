//! What the compiler makes of questions about earlier calls, of evidence, limits, alerts and delegations.

mod hand;

use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::load;
use agentpol_bytecode::tables::{
    Alarm as Raised, Answer, Ask, Comparison, Effect as Does, Happened as Came, Kept, Key as By, Query,
    Returns as Back, Slot, SlotShape, Tables, TypeDef,
};
use agentpol_check::policy::*;
use agentpol_compile::compile;
use agentpol_diagnostics::{SourceMap, Span};
use hand::{arg, deny, equal, expr, field, int, ops, policy, refusal, tables, text};

fn earlier(question: Question, clauses: Vec<ClauseKind>, pairs: Vec<Pair>, within: Option<i64>) -> Earlier {
    Earlier {
        question,
        happened: Happened::Completed,
        reach: Reach::Session,
        scope: Scope { tools: Some(vec![ToolId(0)]), ..Scope::default() },
        clauses: clauses.into_iter().map(|kind| Clause { kind, span: Span::default() }).collect(),
        pairs,
        within,
        since: None,
        keeping: None,
    }
}

fn query(within: Option<i64>, ask: Ask) -> Query {
    Query { slot: 0, within, since: None, compares: Vec::new(), ask }
}

fn asked(earlier: Earlier) -> Expr {
    let ty = match &earlier.question {
        Question::First(take) | Question::Last(take) => take.ty.clone(),
        _ => Type::Bool,
    };
    expr(ExprKind::Earlier(Box::new(earlier)), ty)
}

fn when(name: &str, condition: Expr) -> Rule {
    deny(name, vec![ClauseKind::When(condition)])
}

fn same(op: CompareOp, name: &str, ty: Type) -> Pair {
    Pair { op, that: arg(name, ty.clone()), now: arg(name, ty) }
}

fn by_id() -> Vec<Pair> {
    vec![same(CompareOp::Eq, "id", Type::String)]
}

fn exists(pairs: Vec<Pair>, within: Option<i64>) -> Expr {
    asked(earlier(Question::Exists, Vec::new(), pairs, within))
}

/// The one slot of a policy with these rules.
fn slot(rules: Vec<Rule>) -> Slot {
    let tables = tables(&policy(rules));
    assert_eq!(tables.slots.len(), 1);
    tables.slots[0].clone()
}

fn block(tables: &Tables, entry: u32) -> Vec<Op> {
    let rest = tables.code[entry as usize..].iter().map(|instruction| instruction.op);
    let mut ops = Vec::new();
    for op in rest {
        ops.push(op);
        if matches!(op, Op::Return | Op::ReturnValue) {
            break;
        }
    }
    ops
}

#[test]
fn calls_that_were_made_are_remembered_by_their_keys() {
    let small = ClauseKind::When(expr(
        ExprKind::Compare(CompareOp::Lt, Box::new(arg("count", Type::Int)), Box::new(int(5))),
        Type::Bool,
    ));
    let question = asked(earlier(Question::Exists, vec![small], by_id(), Some(60_000)));
    let tables = tables(&policy(vec![when("d", question)]));
    let slot = &tables.slots[0];
    assert_eq!((slot.happened, slot.keys, slot.room, slot.shape), (Came::Completed, 1, 256, SlotShape::Time));
    assert_eq!((slot.values.as_slice(), slot.window, slot.clauses), (&[Kept::Text][..], Some(60_000), 1));
    assert_eq!(slot.result_entry, None);
    let entry = block(&tables, slot.entry);
    assert_eq!(entry, [Op::Arg, Op::Const, Op::Lt, Op::Clause, Op::Arg, Op::Keep, Op::Return]);
    assert_eq!(tables.queries, [query(Some(60_000), Ask::Exists)]);
    assert_eq!(block(&tables, tables.rules[0].entry), [Op::Arg, Op::Earlier, Op::Clause, Op::Return]);
}

#[test]
fn one_definition_is_one_slot_however_it_is_asked() {
    let count = |bound, within| {
        asked(earlier(Question::Count { op: CompareOp::Gt, plus: None, bound }, Vec::new(), Vec::new(), within))
    };
    let tables = tables(&policy(vec![
        when("a", count(3, Some(1_000))),
        when("b", count(9, Some(5_000))),
        when("c", count(3, Some(1_000))),
    ]));
    assert_eq!((tables.slots.len(), tables.queries.len()), (1, 2));
    assert_eq!((tables.slots[0].shape, tables.slots[0].window), (SlotShape::Count { most: 10 }, Some(5_000)));
    let ask = Ask::Count { op: Comparison::Gt, plus: false, bound: 3 };
    assert_eq!(tables.queries[0], query(Some(1_000), ask));
    let unbounded = slot(vec![when("a", count(3, Some(1_000))), when("b", count(3, None))]);
    assert_eq!(unbounded.window, None);
}

#[test]
fn ids_do_not_hang_on_names_bounds_windows_or_order() {
    let pairs = || vec![same(CompareOp::Eq, "id", Type::String), same(CompareOp::Eq, "count", Type::Int)];
    let reversed = || pairs().into_iter().rev().collect::<Vec<_>>();
    let first = slot(vec![when("a", exists(pairs(), Some(1_000)))]);
    assert_eq!(slot(vec![when("other", exists(reversed(), None))]).id, first.id);
    assert_ne!(slot(vec![when("a", exists(by_id(), Some(1_000)))]).id, first.id);
    let both = |left: Expr, right: Expr| expr(ExprKind::And(vec![left, right]), Type::Bool);
    let is = |value: &str| equal(arg("id", Type::String), text(value));
    let filtered = |condition| {
        let clauses = vec![ClauseKind::When(condition)];
        slot(vec![when("a", asked(earlier(Question::Exists, clauses, Vec::new(), None)))]).id
    };
    assert_eq!(filtered(both(is("a"), is("b"))), filtered(both(is("b"), is("a"))));
    assert_ne!(filtered(is("a")), filtered(is("b")));
    let count = |bound| {
        let question = Question::Count { op: CompareOp::Lt, plus: None, bound };
        slot(vec![when("a", asked(earlier(question, Vec::new(), Vec::new(), None)))])
    };
    assert_eq!(count(1).id, count(7).id);
    assert_ne!(count(1).id, first.id);
}

#[test]
fn operands_are_the_keys_then_what_is_compared_then_what_is_added() {
    let question = Question::Sum {
        of: Box::new(arg("count", Type::Int)),
        op: CompareOp::Gt,
        plus: Some(Box::new(arg("count", Type::Int))),
        bound: 100,
    };
    let made = tables(&policy(vec![when("d", asked(earlier(question, Vec::new(), by_id(), Some(1_000))))]));
    assert_eq!(made.slots[0].shape, SlotShape::Sum { entries: 256 });
    assert_eq!(made.slots[0].values, [Kept::Text, Kept::Int]);
    let ask = Ask::Sum { op: Comparison::Gt, plus: true, bound: 100 };
    assert_eq!(made.queries, [query(Some(1_000), ask)]);
    let code = block(&made, made.rules[0].entry);
    assert_eq!(code, [Op::Arg, Op::Arg, Op::Gather, Op::Earlier, Op::Clause, Op::Return]);
    let shape = |op, within| {
        let pairs = vec![same(CompareOp::Eq, "id", Type::String), same(op, "count", Type::Int)];
        slot(vec![when("d", exists(pairs, within))]).shape
    };
    assert_eq!(shape(CompareOp::Ne, None), SlotShape::Other);
    assert_eq!(shape(CompareOp::Lt, None), SlotShape::Least { steps: 1 });
    assert_eq!(shape(CompareOp::Ge, Some(9)), SlotShape::Greatest { steps: 64 });
}

#[test]
fn what_cuts_off_is_remembered_apart_and_shared() {
    let failed =
        |question: Question, pairs| Earlier { happened: Happened::Failed, ..earlier(question, vec![], pairs, None) };
    let since = |set: Earlier, cutting: Earlier| asked(Earlier { since: Some(Box::new(cutting)), ..set });
    let done = |pairs| earlier(Question::Exists, Vec::new(), pairs, None);
    let count = Question::Count { op: CompareOp::Ge, plus: Some(Box::new(arg("count", Type::Int))), bound: 3 };
    let made = tables(&policy(vec![
        when("a", since(done(by_id()), failed(Question::Exists, by_id()))),
        when("b", since(failed(Question::Exists, by_id()), done(by_id()))),
        when("c", since(failed(count, by_id()), done(by_id()))),
    ]));
    assert_eq!((made.slots.len(), made.queries.len()), (3, 3));
    let newest = |at: u32| made.slots[at as usize].shape == SlotShape::Newest { steps: 4 };
    for query in &made.queries {
        assert!(query.since.is_some_and(|since| newest(since) && since != query.slot));
    }
    assert_eq!(
        (made.queries[0].slot, made.queries[0].since),
        (made.queries[1].since.unwrap(), Some(made.queries[1].slot))
    );
    let ring = &made.slots[made.queries[2].slot as usize];
    assert_eq!((ring.shape, ring.keys), (SlotShape::Ring { most: 4 }, 1));
    let code = block(&made, made.rules[2].entry);
    assert_eq!(code.iter().filter(|op| **op == Op::Gather).count(), 2);
    // A question without `since` is not asked of it.
    assert_ne!(slot(vec![when("a", exists(by_id(), None))]).id, made.slots[made.queries[0].slot as usize].id);
}

#[test]
fn calls_kept_one_by_one_are_compared_each() {
    let pairs = |turned: bool| {
        let mut pairs = vec![
            same(CompareOp::Eq, "id", Type::String),
            same(CompareOp::Lt, "count", Type::Int),
            same(CompareOp::Ge, "count", Type::Int),
        ];
        if turned {
            pairs.reverse();
        }
        pairs
    };
    let keeping = |keeping, turned| {
        let set = earlier(Question::Exists, Vec::new(), pairs(turned), None);
        asked(Earlier { keeping: Some(keeping), ..set })
    };
    let made = tables(&policy(vec![when("a", keeping(64, false)), when("b", keeping(9, true))]));
    assert_eq!(made.slots.len(), 1);
    let slot = &made.slots[0];
    assert_eq!((slot.shape, slot.keys, slot.room), (SlotShape::Ring { most: 64 }, 0, 1));
    assert_eq!(slot.values.len(), 2);
    assert_eq!(made.queries[0].compares.len(), 3);
}

/// The tool answers a record `order` with these fields, by its id.
fn with_order(rules: Vec<Rule>) -> Policy {
    let mut policy = policy(rules);
    let note = Field { untrusted: true, ..field("note", Type::String) };
    policy.shapes.push(Shape { fields: vec![field("order_id", Type::String), field("status", Type::String), note] });
    policy.records.push(Record {
        module: ModuleId(0),
        name: "order".to_owned(),
        keys: vec![vec!["order_id".to_owned()]],
        shape: ShapeId(2),
        keep: 64,
        fresh: Some(60_000),
        span: Span::default(),
    });
    policy.tools[0].result = ResultType::Record(RecordId(0));
    policy.tools[0].returns = Returns::Trusted;
    policy
}

fn known(key: Expr) -> Expr {
    let known = Known { record: RecordId(0), keys: vec![key] };
    expr(ExprKind::Known(Box::new(known)), Type::Shape(ShapeId(2)))
}

fn status(of: Expr) -> Expr {
    expr(ExprKind::Field(Box::new(of), "status".to_owned()), Type::String)
}

fn result() -> Expr {
    expr(ExprKind::Result, Type::Shape(ShapeId(2)))
}

#[test]
fn only_what_is_read_of_a_record_is_kept() {
    let pending = || equal(status(known(arg("id", Type::String))), text("pending"));
    let made = tables(&with_order(vec![when("d", pending())]));
    let evidence = &made.evidence[0];
    assert_eq!((evidence.keys.as_slice(), evidence.kept.as_slice(), evidence.room), (&[vec![0]][..], &[0, 1][..], 64));
    assert!(matches!(made.types[evidence.ty as usize], TypeDef::Record { evidence: Some(0), .. }));
    assert_eq!((made.tools[0].answer, made.tools[0].returns), (Some(0), Back::Mixed));
    assert_eq!(made.answers, [Answer::Value(evidence.ty)]);
    let code = block(&made, made.rules[0].entry);
    assert_eq!(code, [Op::Arg, Op::Known, Op::Field, Op::Const, Op::Eq, Op::Clause, Op::Return]);
    // A local and a list are followed; whether there is a record needs none of its fields.
    let all = expr(ExprKind::AllKnown(RecordId(0)), Type::List(Box::new(Type::Shape(ShapeId(2))), 64));
    let local = expr(ExprKind::Local(LocalId(0)), Type::Shape(ShapeId(2)));
    let body = equal(status(local), text("open"));
    let each = Each { first: LocalId(0), second: None, over: all, body };
    let any = tables(&with_order(vec![when("d", expr(ExprKind::Any(Box::new(each)), Type::Bool))]));
    assert_eq!(any.evidence[0].kept, [0, 1]);
    let has = expr(ExprKind::Has(Box::new(known(arg("id", Type::String)))), Type::Bool);
    assert_eq!(tables(&with_order(vec![when("d", has)])).evidence[0].kept, [0]);
    // Nobody asks: nothing is kept, and the answer is a value.
    let silent = tables(&with_order(Vec::new()));
    assert!(silent.evidence.is_empty() && silent.answers.len() == 1);
    assert_eq!(ops(&silent), []);
}

#[test]
fn answers_may_be_of_a_key_that_the_call_gives() {
    let pending = equal(status(known(arg("id", Type::String))), text("pending"));
    let mut keyed = with_order(vec![when("d", pending)]);
    keyed.tools[0].result = ResultType::Either(vec![
        ResultType::Keyed {
            record: RecordId(0),
            keys: vec![KeySource::Given(arg("id", Type::String))],
            field: vec!["status".to_owned()],
        },
        ResultType::List(Box::new(ResultType::Record(RecordId(0))), 9),
    ]);
    let made = tables(&keyed);
    assert_eq!(made.tools[0].answer, Some(3));
    match made.answers.as_slice() {
        [
            Answer::Keyed { evidence: 0, field, entry, .. },
            Answer::Value(_),
            Answer::List { of: 1, max: 9 },
            Answer::Either(of),
        ] => {
            assert_eq!((field.as_slice(), of.as_slice()), (&[1][..], &[0, 2][..]));
            assert_eq!(block(&made, *entry), [Op::Arg, Op::Keep, Op::Return]);
        }
        other => panic!("unexpected answers {other:?}"),
    }
    assert_eq!(load(&agentpol_bytecode::encode(&made)).expect("loads").evidence_of(0), [0]);
    keyed.tools[0].result = ResultType::Type(Type::String);
    assert_eq!(tables(&keyed).answers, [Answer::Verbatim]);
}

#[test]
fn what_hangs_on_the_answer_is_found_when_it_comes() {
    let done = ClauseKind::When(equal(status(result()), text("done")));
    let own = ClauseKind::When(equal(arg("count", Type::Int), int(1)));
    let order = |op| {
        let that = expr(ExprKind::Field(Box::new(result()), "order_id".to_owned()), Type::String);
        Pair { op, that, now: arg("id", Type::String) }
    };
    let question = earlier(Question::Exists, vec![done, own], vec![order(CompareOp::Eq)], None);
    let made = tables(&with_order(vec![when("d", asked(question))]));
    let slot = &made.slots[0];
    assert_eq!(block(&made, slot.entry), [Op::Arg, Op::Const, Op::Eq, Op::Clause, Op::Return]);
    let of_result = block(&made, slot.result_entry.expect("the answer is read"));
    let ops = [Op::Result, Op::Field, Op::Const, Op::Eq, Op::Clause, Op::Field, Op::Keep, Op::Return];
    assert_eq!((slot.clauses, of_result.as_slice()), (1, &ops[..]));
}

#[test]
fn what_is_asked_of_the_last_call_is_kept_together() {
    let last = |take: Expr| asked(earlier(Question::Last(Box::new(take)), Vec::new(), by_id(), None));
    let a = when("a", equal(last(status(result())), text("done")));
    let b = when("b", equal(last(arg("count", Type::Int)), int(2)));
    let made = tables(&with_order(vec![a.clone(), b.clone()]));
    assert_eq!((made.slots.len(), made.slots[0].values.len()), (1, 3));
    assert_eq!(made.slots[0].shape, SlotShape::Last);
    let places: Vec<Ask> = made.queries.iter().map(|query| query.ask).collect();
    let kept = |place: usize| made.slots[0].values[1 + place];
    match places.as_slice() {
        [Ask::Value(status), Ask::Value(count)] => {
            assert_eq!((kept(*status as usize), kept(*count as usize)), (Kept::Text, Kept::Int));
        }
        other => panic!("unexpected questions {other:?}"),
    }
    // Rules of other names ask in another order, and find the same.
    let renamed = |rule: &Rule, name: &str| Rule { name: name.to_owned(), ..rule.clone() };
    let turned = tables(&with_order(vec![renamed(&b, "a"), renamed(&a, "b")]));
    assert_eq!(turned.slots[0].id, made.slots[0].id);
    assert_eq!(turned.slots[0].values, made.slots[0].values);
}

#[test]
fn the_first_of_a_window_is_not_the_first_of_all() {
    let first = |name: &str, within| {
        let take = Box::new(arg("count", Type::Int));
        when(name, equal(asked(earlier(Question::First(take), Vec::new(), Vec::new(), within)), int(1)))
    };
    let made = tables(&policy(vec![first("a", None), first("b", Some(1_000)), first("c", Some(2_000))]));
    let windows: Vec<Option<i64>> = made.slots.iter().map(|slot| slot.window).collect();
    assert!(windows.len() == 2 && windows.contains(&None) && windows.contains(&Some(2_000)), "{windows:?}");
}

fn limit(name: &str, rate: Rate) -> Rule {
    Rule { effect: Effect::Limit(Box::new(rate)), ..deny(name, Vec::new()) }
}

fn rate(bound: i64, window: i64) -> Rate {
    Rate { bound, of: None, window, keys: vec![Key::User] }
}

#[test]
fn limits_and_alerts_have_counters_of_their_own() {
    let costly = Rate { of: Some(arg("count", Type::Int)), ..rate(100, 1_000) };
    let keys = vec![Key::Value(arg("id", Type::String)), Key::Agent];
    let keyed = Rate { keys, ..costly.clone() };
    let novel = Alert {
        severity: Severity::High,
        outcomes: None,
        alarm: Alarm::Novel { keys: vec![Key::Agent, Key::Tool], within: 9_000 },
    };
    let alert = Rule { effect: Effect::Alert(Box::new(novel)), ..deny("z", Vec::new()) };
    let made = tables(&policy(vec![limit("a", rate(5, 1_000)), limit("b", keyed), alert]));
    assert_eq!(made.rates.len(), 3);
    assert!(made.rates.windows(2).all(|pair| pair[0].id < pair[1].id));
    let Does::Limit { rate: of_b } = made.rules[1].effect else { panic!("a limit") };
    let counter = &made.rates[of_b as usize];
    assert_eq!((counter.bound, counter.cost, counter.window), (100, Some(Kept::Int), 1_000));
    assert_eq!(counter.keys, [By::Value(Kept::Text), By::Agent]);
    assert_eq!(block(&made, counter.entry), [Op::Arg, Op::Keep, Op::Arg, Op::Keep, Op::Return]);
    let Does::Alert { severity: 2, outcomes: 1, alarm: Raised::Novel(of_z) } = made.rules[2].effect else {
        panic!("an alert, not {:?}", made.rules[2].effect)
    };
    assert_eq!((made.rates[of_z as usize].bound, made.rates[of_z as usize].window), (0, 9_000));
}

#[test]
fn counters_of_the_same_calls_are_told_apart() {
    let ids = |rules: Vec<Rule>| {
        let made = tables(&policy(rules));
        let id = |effect: Does| match effect {
            Does::Limit { rate } => made.rates[rate as usize].id,
            other => panic!("a limit, not {other:?}"),
        };
        made.rules.iter().map(|rule| id(rule.effect)).collect::<Vec<_>>()
    };
    let two = ids(vec![limit("day", rate(20, 9_000)), limit("hour", rate(5, 1_000))]);
    assert_ne!(two[0], two[1]);
    // Renamed, with other bounds, and with a shorter one beside them, they stay what they were.
    let three = vec![limit("a", rate(2, 100)), limit("b", rate(6, 1_000)), limit("c", rate(30, 9_000))];
    assert_eq!(ids(three)[1..], [two[1], two[0]]);
}

#[test]
fn delegations_are_scopes_with_clauses() {
    let mut policy = policy(Vec::new());
    let mut other = policy.agents[0].clone();
    (other.name, other.wire) = ("zed".to_owned(), "zed".to_owned());
    other.reached_via = vec![AgentId(0)];
    policy.agents.push(other);
    policy.delegations.push(Delegation {
        from: AgentId(0),
        to: AgentId(1),
        scope: Scope { tools: Some(vec![ToolId(0)]), tools_by_name: true, ..Scope::default() },
        clauses: vec![Clause { kind: ClauseKind::When(equal(arg("count", Type::Int), int(1))), span: Span::default() }],
        locals: 0,
        span: Span::default(),
    });
    let made = tables(&policy);
    let one = &made.delegations[0];
    assert_eq!((one.from, one.to, one.clauses), (0, 1, 1));
    assert_eq!(block(&made, one.entry), [Op::Arg, Op::Const, Op::Eq, Op::Clause, Op::Return]);
    let program = load(&agentpol_bytecode::encode(&made)).expect("loads");
    assert_eq!((program.delegations(0, 1).len(), program.delegations(1, 0).len()), (1, 0));
}

#[test]
fn more_than_can_be_kept_is_refused() {
    let count = Question::Count { op: CompareOp::Gt, plus: None, bound: 10_001 };
    let many = asked(earlier(count, Vec::new(), Vec::new(), None));
    assert_eq!(refusal(&policy(vec![when("d", many)])), ["AP0411"]);
    let pairs = vec![same(CompareOp::Eq, "count", Type::Int); 9];
    assert_eq!(refusal(&policy(vec![when("d", exists(pairs, None))])), ["AP0503"]);
}

#[test]
fn programs_know_what_they_remember() {
    let program = |rules| {
        let bytes = compile(&policy(rules), &SourceMap::new()).expect("compiles").bytes;
        load(&bytes).expect("loads")
    };
    let silent = program(vec![deny("d", Vec::new())]);
    assert!(!silent.remembers() && silent.ceiling().session == 0);
    let telling = program(vec![when("d", exists(by_id(), None)), limit("l", rate(5, 1_000))]);
    assert!(telling.remembers());
    assert_eq!(telling.slots_of(0, 0).count(), 1);
    let ceiling = telling.ceiling();
    assert!(ceiling.session > 256 * 80 && ceiling.agent == 0 && ceiling.limit_key > 5 * 16, "{ceiling:?}");
    assert_eq!((ceiling.agent_keys, ceiling.approval, ceiling.approvals), (0, 0, 0));
}
