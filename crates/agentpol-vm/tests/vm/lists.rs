//! Lists, maps and pairs gone through, and where their elements come from.

use crate::ask::Ask;
use crate::clause::*;
use crate::lab::step;
use agentpol_bytecode::Tri::{self, False, True, Unknown};
use agentpol_bytecode::instruction::{Instruction, Op};

#[test]
fn membership_is_any_equality() {
    let within = |args: &str| with(args, "n", Op::In, LIST);
    assert_eq!([within(r#"{"n":2}"#), within(r#"{"n":1}"#), within("{}")], [True, False, Unknown]);
    let list = |args: &str| clause(args, |lab| vec![arg(lab, 1, "l"), constant(2, TWO), step(Op::In, 0, 2, 1, 0)]);
    assert_eq!([list(r#"{"l":[1,2]}"#), list(r#"{"l":[]}"#), list("{}")], [True, False, Unknown]);
    let map = |args: &str| clause(args, |lab| vec![arg(lab, 1, "map"), constant(2, A), step(Op::In, 0, 2, 1, 0)]);
    assert_eq!([map(r#"{"map":{"a":1}}"#), map(r#"{"map":{"b":1}}"#)], [True, False]);
    let value = |args: &str| {
        clause(args, |lab| {
            vec![
                arg(lab, 1, "map"),
                constant(2, A),
                step(Op::Index, 1, 1, 2, 0),
                constant(2, TWO),
                step(Op::Eq, 0, 1, 2, 0),
            ]
        })
    };
    assert_eq!(
        [value(r#"{"map":{"b":1,"a":2}}"#), value(r#"{"map":{"a":1}}"#), value(r#"{"map":{}}"#)],
        [True, False, Unknown]
    );
}

/// A loop over `l` whose body compares the element with a constant.
fn looping(args: &str, op: Op, number: u32, behind: &[Instruction]) -> Tri {
    clause(args, |lab| {
        let mut code = vec![
            arg(lab, 1, "l"),
            step(op, 0, 1, 2, 5),
            constant(4, number),
            step(Op::Gt, 5, 2, 4, 0),
            step(Op::Yield, 0, 5, 0, 0),
        ];
        code.extend(behind);
        code
    })
}

#[test]
fn quantifiers_fold() {
    let lists = [r#"{"l":[]}"#, r#"{"l":[1]}"#, r#"{"l":[1,3]}"#, r#"{"l":[3,4]}"#, "{}"];
    assert_eq!(lists.map(|list| looping(list, Op::Any, TWO, &[])), [False, False, True, True, Unknown]);
    assert_eq!(lists.map(|list| looping(list, Op::All, TWO, &[])), [True, False, False, True, Unknown]);
    let two = [constant(1, TWO), step(Op::Eq, 0, 0, 1, 0)];
    assert_eq!(lists.map(|list| looping(list, Op::CountWhere, TWO, &two)), [False, False, False, True, Unknown]);
    let has = [step(Op::Has, 0, 0, 0, 0)];
    assert_eq!(lists.map(|list| looping(list, Op::FirstWhere, TWO, &has)), [False, False, True, True, Unknown]);
    assert_eq!(lists.map(|list| looping(list, Op::LastWhere, TWO, &has)), [False, False, True, True, Unknown]);
}

#[test]
fn first_and_last_are_known_as_far_as_they_must_be() {
    // Over -9223372036854775808 the body is unknown: its negation overflows.
    let search = |list: &str, op: Op| {
        clause(&format!("{{\"l\":{list}}}"), |lab| {
            vec![
                arg(lab, 1, "l"),
                step(op, 0, 1, 2, 6),
                step(Op::Neg, 5, 2, 0, 0),
                constant(4, ZERO),
                step(Op::Lt, 5, 5, 4, 0),
                step(Op::Yield, 0, 5, 0, 0),
                constant(4, TWO),
                step(Op::Eq, 0, 0, 4, 0),
            ]
        })
    };
    let unclear = "-9223372036854775808";
    assert_eq!(search(&format!("[-1,2,{unclear}]"), Op::FirstWhere), True);
    assert_eq!(search(&format!("[{unclear},2]"), Op::FirstWhere), Unknown);
    assert_eq!(search(&format!("[-1,{unclear}]"), Op::FirstWhere), Unknown);
    assert_eq!(search(&format!("[{unclear},2,-1]"), Op::LastWhere), True);
    assert_eq!(search(&format!("[2,{unclear}]"), Op::LastWhere), Unknown);
    assert_eq!(search("[1,2]", Op::LastWhere), True);
}

#[test]
fn sums_and_extremes_gather() {
    let gather = |list: &str, op: Op, number: u32| {
        clause(&format!("{{\"l\":{list}}}"), |lab| {
            vec![
                arg(lab, 1, "l"),
                step(op, 0, 1, 2, 3),
                step(Op::Yield, 0, 2, 0, 0),
                constant(4, number),
                step(Op::Eq, 0, 0, 4, 0),
            ]
        })
    };
    assert_eq!(
        [
            gather("[5,-3]", Op::SumOf, TWO),
            gather("[]", Op::SumOf, ZERO),
            gather("[9223372036854775807,1]", Op::SumOf, ZERO)
        ],
        [True, True, Unknown]
    );
    assert_eq!(
        [gather("[3,2,4]", Op::MinOf, TWO), gather("[1,2,0]", Op::MaxOf, TWO), gather("[]", Op::MaxOf, TWO)],
        [True, True, Unknown]
    );
    let ends = |list: &str, op: Op| {
        clause(&format!("{{\"l\":{list}}}"), |lab| {
            vec![arg(lab, 1, "l"), step(op, 1, 1, 0, 0), constant(2, TWO), step(Op::Eq, 0, 1, 2, 0)]
        })
    };
    assert_eq!(
        [ends("[2,1]", Op::First), ends("[1,2]", Op::Last), ends("[]", Op::First), ends("[1,2,3]", Op::Count)],
        [True, True, Unknown, False]
    );
    let pairs = |list: &str| {
        clause(&format!("{{\"l\":{list}}}"), |lab| {
            vec![
                arg(lab, 1, "l"),
                constant(2, LIST),
                step(Op::Pairs, 1, 1, 2, 0),
                step(Op::All, 0, 1, 3, 6),
                step(Op::Eq, 5, 3, 4, 0),
                step(Op::Yield, 0, 5, 0, 0),
            ]
        })
    };
    assert_eq!([pairs("[0,2]"), pairs("[2,0]"), pairs("[0]")], [True, False, Unknown]);
    let keys = |map: &str| {
        clause(&format!("{{\"map\":{map}}}"), |lab| {
            vec![
                arg(lab, 1, "map"),
                step(Op::Any, 0, 1, 2, 8),
                constant(4, A),
                step(Op::Eq, 4, 2, 4, 0),
                constant(5, TWO),
                step(Op::Eq, 5, 3, 5, 0),
                step(Op::And, 4, 4, 5, 0),
                step(Op::Yield, 0, 4, 0, 0),
            ]
        })
    };
    assert_eq!([keys(r#"{"a":2,"b":1}"#), keys(r#"{"a":1,"b":2}"#), keys("{}")], [True, False, False]);
}

#[test]
fn origins_are_intervals() {
    let origin = |origins: &str, op: Op, number: u32| {
        let ask = Ask::new().with("args", r#"{"l":[1,2],"n":1}"#).with("origin", origins);
        clause_for(
            move |lab| vec![arg(lab, 1, "l"), step(Op::Origin, 1, 1, 0, 0), constant(2, number), step(op, 0, 1, 2, 0)],
            &ask,
        )
    };
    assert_eq!(origin("{}", Op::Ge, TRUSTED), False);
    assert_eq!(origin("{}", Op::Ge, MODEL), Unknown);
    assert_eq!(origin("{}", Op::Le, MODEL), True);
    assert_eq!(origin(r#"{"/l":"user"}"#, Op::Ge, TRUSTED), True);
    assert_eq!(origin(r#"{"/l/0":"user","/l/1":"untrusted"}"#, Op::Lt, MODEL), True);
    assert_eq!(origin(r#"{"":"trusted","/l/0":"user"}"#, Op::Gt, TRUSTED), False);
    let whole = clause("{}", |_| {
        vec![step(Op::Args, 1, 0, 0, 0), step(Op::Origin, 1, 1, 0, 0), constant(2, TRUSTED), step(Op::Gt, 0, 1, 2, 0)]
    });
    assert_eq!(whole, True);
    let literal = clause("{}", |_| {
        vec![constant(1, LIST), step(Op::Origin, 1, 1, 0, 0), constant(2, TRUSTED), step(Op::Gt, 0, 1, 2, 0)]
    });
    assert_eq!(literal, True);
    assert_eq!(
        clause("{}", |lab| vec![
            arg(lab, 1, "n"),
            step(Op::Origin, 1, 1, 0, 0),
            constant(2, TRUSTED),
            step(Op::Gt, 0, 1, 2, 0)
        ]),
        Unknown
    );
    let calculated = clause(r#"{"n":1}"#, |lab| {
        vec![
            arg(lab, 1, "n"),
            step(Op::Neg, 1, 1, 0, 0),
            step(Op::Origin, 1, 1, 0, 0),
            constant(2, TRUSTED),
            step(Op::Ge, 0, 1, 2, 0),
        ]
    });
    assert_eq!(calculated, Unknown);
}
