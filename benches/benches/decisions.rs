//! Prints how long decisions take, one by one: the middle, the slow end, and what memory each takes.
//!
//! Criterion measures means of many; a service cares for the slow ones too. Each decision is timed on its own here, so
//! the cost of reading the clock (printed) is in every number. The program is loaded, the working memory made, and 10,000
//! decisions have warmed everything before the first that counts.

use agentpol::{Decision, Options, Program, Scratch, build, decide, load, prepare};
use agentpol_benches::{ALLOWED, DENIED, UNKNOWN, sources};
use std::hint::black_box;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// How many decisions come before those that count.
const WARMING: usize = 10_000;
/// How many decisions are timed.
const TIMED: usize = 200_000;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let (built, _) = build(&sources(), &Options::default());
    let bytes = built.expect("the policy builds").bytes;
    let program = load(&bytes).expect("the program loads");
    let tables = program.tables();
    writeln!(
        out,
        "{} rules, {} tools, {} agents, {} instructions, {} bytes\n",
        tables.rules.len(),
        tables.tools.len(),
        tables.agents.len(),
        tables.code.len(),
        bytes.len()
    )?;
    writeln!(out, "{:<34} {:>9} {:>9} {:>9} {:>9} {:>12}", "", "p50", "p99", "p99.9", "most", "allocations")?;
    let clock = measure(|| ());
    writeln!(out, "{:<34} {}", "reading the clock", clock.row())?;
    for (name, request, code) in [
        ("allowed", ALLOWED, "allowed"),
        ("denied", DENIED, "denied_by_rule"),
        ("unknown tool", UNKNOWN, "tool_unknown"),
    ] {
        decisions(&mut out, &program, name, request, code)?;
    }
    Ok(())
}

/// Measures one request both ways, after asserting the answer.
fn decisions(out: &mut impl Write, program: &Program, name: &str, request: &str, code: &str) -> io::Result<()> {
    let mut scratch = Scratch::new(program);
    let is_right = |decision: &Decision| assert_eq!(decision.code().as_str(), code, "`{name}`");
    is_right(&decide(program, request.as_bytes(), &mut scratch));
    let from_text = measure(|| decide(program, black_box(request.as_bytes()), &mut scratch));
    let mut prepared = prepare(program, request.as_bytes(), &mut scratch);
    is_right(&prepared.decide());
    let read_before = measure(|| black_box(&mut prepared).decide());
    is_right(&prepared.decide());
    writeln!(out, "{:<34} {}", format!("{name}, request read before"), read_before.row())?;
    writeln!(out, "{:<34} {}", format!("{name}, from JSON"), from_text.row())
}

/// What was measured.
struct Measured {
    /// Sorted.
    times: Vec<Duration>,
    allocations: u64,
}

impl Measured {
    fn at(&self, per_mille: usize) -> Duration {
        self.times[(self.times.len() * per_mille / 1000).min(self.times.len() - 1)]
    }

    fn row(&self) -> String {
        let shown = |time: Duration| format!("{:.2} us", time.as_secs_f64() * 1e6);
        let times = [self.at(500), self.at(990), self.at(999), self.at(1000)].map(shown);
        let each = self.allocations as f64 / self.times.len() as f64;
        format!("{:>9} {:>9} {:>9} {:>9} {each:>12.3}", times[0], times[1], times[2], times[3])
    }
}

fn measure<T>(mut work: impl FnMut() -> T) -> Measured {
    for _ in 0..WARMING {
        black_box(work());
    }
    let mut times = vec![Duration::ZERO; TIMED];
    let counted = allocation_counter::measure(|| {
        for time in &mut times {
            let start = Instant::now();
            black_box(work());
            *time = start.elapsed();
        }
    });
    times.sort_unstable();
    Measured { times, allocations: counted.count_total }
}
