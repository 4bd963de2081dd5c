//! Three-valued evaluation: the tables of semantics 3.1, one instruction at a time.

use crate::ask::Ask;
use crate::clause::*;
use crate::lab::step;
use agentpol_bytecode::Tri::{self, False, True, Unknown};
use agentpol_bytecode::instruction::{Op, Part};
use agentpol_bytecode::tables::Effect;

#[test]
fn connectives_follow_kleene() {
    let value = |truth: Tri, dst: u8| match truth {
        True => constant(dst, TRUE),
        False => constant(dst, FALSE),
        // No environment is given.
        Unknown => step(Op::Env, dst, 0, 0, 0),
    };
    let all = [False, Unknown, True];
    for (x, a) in all.into_iter().enumerate() {
        assert_eq!(clause("{}", |_| vec![value(a, 1), step(Op::Not, 0, 1, 0, 0)]), all[2 - x]);
        for (y, b) in all.into_iter().enumerate() {
            let both = |op| clause("{}", |_| vec![value(a, 1), value(b, 2), step(op, 0, 1, 2, 0)]);
            assert_eq!((both(Op::And), both(Op::Or)), (all[x.min(y)], all[x.max(y)]), "{a:?} {b:?}");
            let select = clause("{}", |_| vec![value(a, 1), value(True, 2), value(b, 3), step(Op::Select, 0, 2, 3, 1)]);
            assert_eq!(select, [b, Unknown, True][x], "if {a:?} then true else {b:?}");
        }
    }
}

#[test]
fn clauses_are_and_ed_and_negated() {
    let ask = Ask::new();
    let two = |second: u32, negated: u8| {
        let mut lab = lab();
        let block = [
            constant(0, TRUE),
            step(Op::Clause, 0, 0, 0, 0),
            constant(1, second),
            step(Op::Clause, 0, 1, negated, 1),
            step(Op::Return, 0, 0, 0, 0),
        ];
        lab.rule("r", Effect::Deny, &block);
        ask.code(&lab.program())
    };
    assert_eq!(
        [two(TRUE, 0), two(FALSE, 0), two(TRUE, 1), two(FALSE, 1)],
        ["denied_by_rule", "no_allow", "no_allow", "denied_by_rule"]
    );
}

#[test]
fn absent_and_unknown_are_told_apart() {
    assert_eq!(on(r#"{"n":1}"#, "n", Op::Has, 0), True);
    assert_eq!(on("{}", "n", Op::Has, 0), False);
    assert_eq!(on(r#"{"n":null}"#, "n", Op::Has, 0), False);
    assert_eq!(on(r#"{"path":"/a/.."}"#, "path", Op::Has, 0), True);
    assert_eq!(with("{}", "n", Op::Eq, TWO), Unknown);
    let otherwise = |args: &str| {
        clause(args, |lab| {
            vec![arg(lab, 1, "n"), constant(2, TWO), step(Op::Otherwise, 1, 1, 2, 0), step(Op::Eq, 0, 1, 2, 0)]
        })
    };
    assert_eq!([otherwise("{}"), otherwise(r#"{"n":2}"#), otherwise(r#"{"n":3}"#)], [True, True, False]);
    // A field of an absent record is unknown, an absent field is absent.
    let field = |args: &str, slot| {
        clause(args, |lab| vec![arg(lab, 1, "record"), step(Op::Field, 1, 1, 0, slot), step(Op::Has, 0, 1, 0, 0)])
    };
    assert_eq!(
        [field("{}", 0), field(r#"{"record":{"inner":1}}"#, 0), field(r#"{"record":{"inner":1}}"#, 1)],
        [Unknown, True, False]
    );
    assert_eq!(field(r#"{"record":{"note":"a","inner":1}}"#, 1), True);
}

#[test]
fn numbers_compare_and_calculate() {
    for (value, results) in [
        ("1", [False, True, True, True, False, False]),
        ("2", [True, False, False, True, False, True]),
        ("3", [False, True, False, False, True, True]),
    ] {
        let args = format!("{{\"n\":{value}}}");
        let found = [Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge].map(|op| with(&args, "n", op, TWO));
        assert_eq!(found, results, "{value}");
    }
    assert_eq!(with(r#"{"f":0.5}"#, "f", Op::Eq, HALF), True);
    assert_eq!(with(r#"{"f":2.000001}"#, "f", Op::Gt, TWO), True);
    assert_eq!(with(r#"{"n":0}"#, "n", Op::Lt, HALF), True);
    let sum = |op| {
        clause(r#"{"n":2}"#, |lab| {
            vec![
                arg(lab, 1, "n"),
                constant(2, GREATEST),
                step(op, 1, 2, 1, 0),
                constant(2, ZERO),
                step(Op::Gt, 0, 1, 2, 0),
            ]
        })
    };
    assert_eq!(
        [sum(Op::Add), sum(Op::Sub), sum(Op::Mul), sum(Op::Max), sum(Op::Min)],
        [Unknown, True, Unknown, True, True]
    );
    let decimal = clause(r#"{"f":1.25,"n":2}"#, |lab| {
        vec![
            arg(lab, 1, "f"),
            arg(lab, 2, "n"),
            step(Op::Mul, 1, 1, 2, 0),
            constant(2, HALF),
            step(Op::Sub, 1, 1, 2, 0),
            constant(2, TWO),
            step(Op::Eq, 0, 1, 2, 0),
        ]
    });
    assert_eq!(decimal, True);
    let negative = |args: &str| {
        clause(args, |lab| {
            vec![arg(lab, 1, "n"), step(Op::Neg, 1, 1, 0, 0), constant(2, ZERO), step(Op::Lt, 0, 1, 2, 0)]
        })
    };
    assert_eq!([negative(r#"{"n":1}"#), negative(r#"{"n":-9223372036854775808}"#)], [True, Unknown]);
    let widened = |args: &str| {
        clause(args, |lab| {
            vec![arg(lab, 1, "n"), step(Op::ToDecimal, 1, 1, 0, 0), constant(2, TWO), step(Op::Eq, 0, 1, 2, 0)]
        })
    };
    assert_eq!([widened(r#"{"n":2}"#), widened(r#"{"n":9223372036854775807}"#)], [True, Unknown]);
}

#[test]
fn times_move_by_durations() {
    let today = |zone, moved: Op| {
        clause("{}", |_| {
            vec![
                step(Op::Today, 1, 0, 0, zone),
                constant(2, DAY),
                step(moved, 1, 1, 2, 0),
                constant(2, TODAY),
                step(Op::Eq, 0, 1, 2, 0),
            ]
        })
    };
    // In zone 1 it is still the day before: 16 hours behind 15:00.
    assert_eq!([today(0, Op::Add), today(1, Op::Add), today(0, Op::Sub)], [False, True, False]);
    let later = clause("{}", |_| {
        vec![step(Op::Now, 1, 0, 0, 0), constant(2, DAY), step(Op::Add, 2, 1, 2, 0), step(Op::Gt, 0, 2, 1, 0)]
    });
    assert_eq!(later, True);
    let during = |at: &str| clause_for(|_| vec![step(Op::During, 0, 0, 0, 0)], &Ask::new().with("at", at));
    let answers = [
        r#""2026-03-02T15:00:00Z""#,
        r#""2026-03-02T16:00:00Z""#,
        r#""2026-03-03T15:00:00Z""#,
        r#""2100-01-04T15:00:00Z""#,
    ]
    .map(during);
    assert_eq!(answers, [True, False, False, Unknown]);
}

#[test]
fn texts_are_tested() {
    let text = |value: &str| format!(r#"{{"text":"{value}"}}"#);
    let symbol = |word: &str| lab().word(word);
    for (value, op, word, expected) in [
        ("A.tar.gz", Op::StartsWith, "A.tar", True),
        ("a.tar.gz", Op::StartsWith, "A.tar", False),
        ("x.gz", Op::EndsWith, ".gz", True),
        ("gz", Op::EndsWith, ".gz", False),
        ("a.tar", Op::HasText, "ar", True),
        ("", Op::HasText, "ar", False),
        ("a.example.com", Op::InDomain, "example.com", True),
        ("badexample.com", Op::InDomain, "example.com", False),
        ("aaa", Op::Match, "", True),
        ("aab", Op::Match, "", False),
        ("", Op::Match, "", True),
    ] {
        let imm = if word.is_empty() { 0 } else { symbol(word) };
        assert_eq!(on(&text(value), "text", op, imm), expected, "{value} {op:?} {word}");
    }
    let lower = |value: &str, op: Op, imm: u32| {
        clause(&text(value), |lab| {
            vec![arg(lab, 1, "text"), step(Op::Part, 1, 1, 0, Part::Lower as u32), step(op, 0, 1, 0, imm)]
        })
    };
    assert_eq!(lower("EXAMPLE.Com", Op::InDomain, symbol("example.com")), True);
    assert_eq!(lower("X.GZ", Op::EndsWith, symbol(".gz")), True);
    assert_eq!(lower("A.TAR", Op::HasText, symbol("ar")), True);
    assert_eq!(lower("AAA", Op::Match, 0), True);
    let same = clause(&text("A"), |lab| {
        vec![arg(lab, 1, "text"), step(Op::Part, 1, 1, 0, Part::Lower as u32), constant(2, A), step(Op::Eq, 0, 1, 2, 0)]
    });
    assert_eq!(same, True);
}

#[test]
fn typed_texts_have_parts() {
    let part = |args: &str, name: &str, part: Part, number: u32| {
        clause(args, |lab| {
            vec![arg(lab, 1, name), step(Op::Part, 1, 1, 0, part as u32), constant(2, number), step(Op::Eq, 0, 1, 2, 0)]
        })
    };
    assert_eq!(part(r#"{"email":"a@EXAMPLE.com"}"#, "email", Part::Domain, EXAMPLE), True);
    assert_eq!(part(r#"{"email":"a@example.com"}"#, "email", Part::Local, A), True);
    assert_eq!(part(r#"{"url":"https://Example.COM/work?x"}"#, "url", Part::Host, EXAMPLE), True);
    assert_eq!(part(r#"{"url":"https://example.com/work?x"}"#, "url", Part::UrlPath, WORK), True);
    assert_eq!(part(r#"{"path":"/x/a"}"#, "path", Part::Name, A), True);
    assert_eq!(part(r#"{"path":"/x/b.a"}"#, "path", Part::Extension, A), True);
    assert_eq!(part(r#"{"path":"/x/../a"}"#, "path", Part::Name, A), Unknown);
    let port = |url: &str| {
        clause(&format!(r#"{{"url":"{url}"}}"#), |lab| {
            vec![
                arg(lab, 1, "url"),
                step(Op::Part, 1, 1, 0, Part::Port as u32),
                constant(2, TWO),
                step(Op::Eq, 0, 1, 2, 0),
            ]
        })
    };
    assert_eq!([port("http://a.example:2/"), port("http://a.example/")], [True, False]);
    let slash = clause(r#"{"url":"https://example.com"}"#, |lab| {
        vec![
            arg(lab, 1, "url"),
            step(Op::Part, 1, 1, 0, Part::UrlPath as u32),
            step(Op::HasText, 0, 1, 0, lab.word("x")),
        ]
    });
    assert_eq!(slash, False);
    assert_eq!(with(r#"{"path":"/work/a"}"#, "path", Op::Within, WORK), True);
    assert_eq!(with(r#"{"path":"/worker"}"#, "path", Op::Within, WORK), False);
    assert_eq!(with(r#"{"path":"/work/../x"}"#, "path", Op::Within, WORK), Unknown);
    assert_eq!(on(r#"{"ip":"10.9.8.7"}"#, "ip", Op::InNetwork, NETWORK), True);
    assert_eq!(on(r#"{"ip":"11.0.0.1"}"#, "ip", Op::InNetwork, NETWORK), False);
    assert_eq!(on(r#"{"ip":"::1"}"#, "ip", Op::InNetwork, NETWORK), False);
}

#[test]
fn jumps_skip() {
    let skip = |op: Op, number: u32| {
        clause("{}", |_| vec![constant(0, number), step(op, 0, 0, 0, 3), step(Op::Not, 0, 0, 0, 0)])
    };
    assert_eq!([skip(Op::SkipIfTrue, TRUE), skip(Op::SkipIfTrue, FALSE)], [True, True]);
    assert_eq!([skip(Op::SkipIfFalse, TRUE), skip(Op::SkipIfFalse, FALSE)], [False, False]);
    let unknown =
        clause("{}", |_| vec![step(Op::Env, 0, 0, 0, 0), step(Op::SkipIfTrue, 0, 0, 0, 3), constant(0, TRUE)]);
    assert_eq!(unknown, True);
}

#[test]
fn users_and_surroundings() {
    let user = |user: &str, op: Op, imm: u32| {
        clause_for(move |_| vec![step(op, 0, 0, 0, imm)], &Ask::new().with("user", user))
    };
    let ana = r#"{"id":"ana","groups":["staff leads","other"],"region":"a"}"#;
    let nobody = r#""none""#;
    let ana_symbol = lab().word("ana");
    assert_eq!([user(ana, Op::UserAny, 0), user(nobody, Op::UserAny, 0)], [True, False]);
    assert_eq!([user(ana, Op::UserNone, 0), user(nobody, Op::UserNone, 0)], [False, True]);
    assert_eq!([user(ana, Op::UserIs, ana_symbol), user(nobody, Op::UserIs, ana_symbol)], [True, False]);
    assert_eq!([user(ana, Op::UserIn, 0), user(ana, Op::UserIn, 1), user(nobody, Op::UserIn, 1)], [True, True, False]);
    assert_eq!(user(r#"{"id":"ana","groups":["staff"]}"#, Op::UserIn, 0), False);
    assert_eq!(user(r#"{"id":"ana"}"#, Op::UserIn, 0), Unknown);
    let region = |user: &str| {
        clause_for(
            |_| vec![step(Op::User, 1, 0, 0, 0), constant(2, A), step(Op::Eq, 0, 1, 2, 0)],
            &Ask::new().with("user", user),
        )
    };
    assert_eq!(
        [region(ana), region(nobody), region(r#"{"id":"ana","region":7}"#), region(r#"{"id":"ana"}"#)],
        [True, Unknown, Unknown, Unknown]
    );
    let has = |user: &str, field| {
        clause_for(
            move |_| vec![step(Op::User, 1, 0, 0, field), step(Op::Has, 0, 1, 0, 0)],
            &Ask::new().with("user", user),
        )
    };
    assert_eq!([has(ana, 1), has(ana, 0), has(r#"{"id":"ana"}"#, 0), has(nobody, 1)], [False, True, Unknown, Unknown]);
    let env = |ask: Ask| clause_for(|lab| vec![step(Op::Env, 0, 0, 0, lab.word("prod"))], &ask);
    assert_eq!(
        [env(Ask::new()), env(Ask::new().with("env", r#""prod""#)), env(Ask::new().with("env", r#""dev""#))],
        [Unknown, True, False]
    );
    let task = |ask: Ask| clause_for(|lab| vec![step(Op::Task, 0, 0, 0, lab.word("support"))], &ask);
    assert_eq!([task(Ask::new()), task(Ask::new().with("task", r#""support""#))], [Unknown, True]);
    let session = |ask: Ask| {
        clause_for(|_| vec![step(Op::SessionId, 1, 0, 0, 0), constant(2, A), step(Op::Eq, 0, 1, 2, 0)], &ask)
    };
    assert_eq!([session(Ask::new()), session(Ask::new().with("session", r#""a""#))], [Unknown, True]);
}
