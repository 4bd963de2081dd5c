//! Times of single decisions: percentiles, net of the clock's own cost, of several rounds.

use std::fmt;
use std::hint::black_box;
use std::time::Instant;

/// How many rounds there are: what is shown is the median of what each found.
const ROUNDS: usize = 5;
/// How many are timed in a round.
pub const ROUND: usize = 40_000;
/// How many come before the first that counts.
const WARMING: usize = 10_000;
/// How many are looked at for allocations.
const COUNTED: usize = 1_000;

/// Percentiles that are shown, in thousandths.
const SHOWN: [usize; 3] = [500, 990, 999];

/// What was measured, in nanoseconds.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The median over the rounds of the percentiles 50, 99 and 99.9.
    pub percentiles: [f64; 3],
    /// Percentile 99 of the best and of the worst round.
    pub spread: [f64; 2],
    /// Allocations of one.
    pub allocations: f64,
}

impl Measured {
    /// What the columns are.
    pub const HEAD: &str = "      p50       p99    best..worst p99     p99.9  allocations";
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, p999] = self.percentiles;
        let [best, worst] = self.spread;
        write!(f, "{p50:>6.0} ns {p99:>6.0} ns {best:>7.0}..{worst:<6.0} ns {p999:>6.0} ns {:>12.3}", self.allocations)
    }
}

/// Measures work that has nothing to be put back.
pub fn measure<T>(work: impl FnMut() -> T) -> Measured {
    measure_between(work, || ())
}

/// Measures work, each time followed by something that is not timed.
pub fn measure_between<T>(mut work: impl FnMut() -> T, mut after: impl FnMut()) -> Measured {
    for _ in 0..WARMING {
        black_box(work());
        after();
    }
    let mut allocations = 0;
    for _ in 0..COUNTED {
        let counted = allocation_counter::measure(|| {
            black_box(work());
        });
        allocations += counted.count_total;
        after();
    }
    let mut rounds: Vec<[f64; 3]> = Vec::with_capacity(ROUNDS);
    let mut times = vec![0.0; ROUND];
    for _ in 0..ROUNDS {
        let clock = clock(&mut times);
        for time in &mut times {
            let start = Instant::now();
            black_box(work());
            *time = (start.elapsed().as_nanos() as f64 - clock).max(0.0);
            after();
        }
        times.sort_unstable_by(f64::total_cmp);
        rounds.push(SHOWN.map(|per_mille| times[times.len() * per_mille / 1000]));
    }
    let sorted = |place: usize| {
        let mut found: Vec<f64> = rounds.iter().map(|round| round[place]).collect();
        found.sort_unstable_by(f64::total_cmp);
        found
    };
    let middle = |place: usize| sorted(place)[ROUNDS / 2];
    Measured {
        percentiles: [middle(0), middle(1), middle(2)],
        spread: [sorted(1)[0], sorted(1)[ROUNDS - 1]],
        allocations: allocations as f64 / COUNTED as f64,
    }
}

/// What reading the clock twice costs, which is in every time: the median.
fn clock(times: &mut [f64]) -> f64 {
    for time in times.iter_mut() {
        let start = Instant::now();
        black_box(());
        *time = start.elapsed().as_nanos() as f64;
    }
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}
