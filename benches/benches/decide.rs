//! Deciding: with a request that has been read, and from the text of its JSON.
//!
//! Everything is warm: the program is loaded, the working memory made, and the same request has been decided before.

use agentpol::{Decision, Options, Program, Scratch, build, decide, load, prepare};
use agentpol_benches::{ALLOWED, DENIED, UNKNOWN, sources};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

/// Requests with the code that must come out.
const REQUESTS: [(&str, &str, &str); 3] =
    [("allowed", ALLOWED, "allowed"), ("denied", DENIED, "denied_by_rule"), ("unknown tool", UNKNOWN, "tool_unknown")];

fn program() -> Program {
    let (built, _) = build(&sources(), &Options::default());
    load(&built.expect("the policy builds").bytes).expect("the program loads")
}

fn assert_code(decision: &Decision, code: &str) {
    assert_eq!(decision.code().as_str(), code);
}

fn decisions(criterion: &mut Criterion) {
    let program = program();
    let mut scratch = Scratch::new(&program);
    let mut group = criterion.benchmark_group("decide");
    for (name, request, code) in REQUESTS {
        assert_code(&decide(&program, request.as_bytes(), &mut scratch), code);
        let mut prepared = prepare(&program, request.as_bytes(), &mut scratch);
        assert_code(&prepared.decide(), code);
        group.bench_function(format!("{name}, request read before"), |bencher| {
            bencher.iter(|| black_box(&mut prepared).decide());
        });
        group.bench_function(format!("{name}, from JSON"), |bencher| {
            bencher.iter(|| decide(&program, black_box(request.as_bytes()), &mut scratch));
        });
    }
    group.finish();
}

fn loading(criterion: &mut Criterion) {
    let (built, _) = build(&sources(), &Options::default());
    let bytes = built.expect("the policy builds").bytes;
    assert!(load(&bytes).is_ok());
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    group.bench_function("10,000 rules, verified", |bencher| bencher.iter(|| load(black_box(&bytes)).is_ok()));
    group.finish();
}

criterion_group!(benches, decisions, loading);
criterion_main!(benches);
