//! Deciding with memory of earlier calls: judging in sessions of different lengths, and whole steps of a store.
//!
//! Everything is warm: the program is loaded and installed, the working memory made, the sessions have had their actions,
//! and the same request has been decided before. A call that was decided is given back, so that its session stays as it is.

use agentpol::{MemoryStore, Scratch};
use agentpol_benches::desk::{ALL, SOME, policy};
use agentpol_benches::host::{Desk, step};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn judging(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("judge");
    for (name, tool) in [("three rules with memory", SOME), ("rules of all shapes", ALL)] {
        for actions in [10, 200, 10_000] {
            let store = MemoryStore::new();
            let desk = Desk::new(&policy(0), &store);
            let mut scratch = Scratch::new(&desk.program);
            let session = desk.session(&store, &mut scratch, "s-1", actions);
            let mut prepared = desk.next(&mut scratch, &session, tool);
            step(&store, |records| {
                assert_eq!(prepared.preview_in(records, &desk.host()).code().as_str(), "allowed");
                group.bench_function(BenchmarkId::new(name, actions), |bencher| {
                    bencher.iter(|| black_box(&mut prepared).preview_in(records, &desk.host()));
                });
            });
        }
    }
    group.finish();
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("remember");
    let store = MemoryStore::new();
    let desk = Desk::new(&policy(0), &store);
    let (mut scratch, mut other) = (Scratch::new(&desk.program), Scratch::new(&desk.program));
    let session = desk.session(&store, &mut scratch, "s-1", 200);
    let release = session.release();
    for (name, tool) in [("three rules with memory", SOME), ("rules of all shapes", ALL)] {
        let mut prepared = desk.next(&mut scratch, &session, tool);
        group.bench_function(format!("{name}, decided and given back"), |bencher| {
            bencher.iter(|| {
                let decision = step(&store, |records| black_box(&mut prepared).decide_in(records, &desk.host()));
                assert!(decision.permits());
                desk.tell(&store, &mut other, &release);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, judging, steps);
criterion_main!(benches);
