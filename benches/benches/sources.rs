//! From text on: parsing, checking and building the generated policy.
//!
//! Everything is warm: the texts are in memory, and the allocator has served the same work before.

use agentpol::{Options, SourceMap, build, compile_sources};
use agentpol_benches::{FILES, RULES_PER_FILE, sources};
use bumpalo::Bump;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Duration;

/// Parses every file into one arena and returns how many items there are.
fn parse_all(sources: &SourceMap) -> usize {
    let bump = Bump::new();
    let parsed = sources.iter().map(|(file, source)| agentpol_syntax::parse(&bump, file, source.text()));
    parsed.map(|(ast, found)| if found.is_empty() { ast.items.len() } else { 0 }).sum()
}

fn parse(criterion: &mut Criterion) {
    let sources = sources();
    let bytes: usize = sources.iter().map(|(_, file)| file.text().len()).sum();
    assert!(parse_all(&sources) > (FILES * RULES_PER_FILE) as usize, "every file parses");
    let mut group = criterion.benchmark_group("sources");
    group.sample_size(20).measurement_time(Duration::from_secs(10)).throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("parse", |bencher| bencher.iter(|| parse_all(black_box(&sources))));
    group.finish();
}

fn check(criterion: &mut Criterion) {
    let (sources, options) = (sources(), Options::default());
    let rules = |sources| compile_sources(sources, &options).policy.map_or(0, |policy| policy.rules.len());
    assert_eq!(rules(&sources), (FILES * RULES_PER_FILE) as usize, "every rule is right");
    let mut group = criterion.benchmark_group("sources");
    group.sample_size(10).measurement_time(Duration::from_secs(15));
    group.bench_function("parse and check 10,000 rules", |bencher| bencher.iter(|| rules(black_box(&sources))));
    group.bench_function("parse, check and compile 10,000 rules", |bencher| {
        bencher.iter(|| build(black_box(&sources), &options).0.map(|built| built.bytes.len()));
    });
    group.finish();
}

criterion_group!(benches, parse, check);
criterion_main!(benches);
