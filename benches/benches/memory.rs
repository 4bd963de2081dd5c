//! Prints what decisions with memory of earlier calls cost: their times one by one, what a session takes, and how many a
//! store carries in a second.
//!
//! Every request is asserted to have the right answer first. Times are those of single decisions, less what reading the
//! clock costs; each number is the median of five rounds of 40,000 decisions behind 10,000 that warm. A call that was
//! decided is given back before the next, so that the session stays as it is.

use agentpol::{MemoryStore, Scratch, StateStore};
use agentpol_benches::desk::{ALL, SHAPES, SOME, policy, shape_tool};
use agentpol_benches::host::{Desk, Session, step};
use agentpol_benches::measure::{Measured, measure, measure_between};
use agentpol_store::FileStore;
use agentpol_vm::{decide_in, preview_in, tell};
use std::hint::black_box;
use std::io::{self, Write};
use std::sync::Barrier;
use std::time::{Duration, Instant};
use std::{fs, thread};

/// How many actions the session has had that most is measured in.
const EARLIER: u32 = 200;
/// How many sessions are held at once.
const SESSIONS: u32 = 10_000;
/// How long throughput is measured.
const LASTING: Duration = Duration::from_secs(2);

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let store = MemoryStore::new();
    let desk = Desk::new(&policy(0), &store);
    let mut scratch = Scratch::new(&desk.program);
    let session = desk.session(&store, &mut scratch, "s-1", EARLIER);

    writeln!(out, "\nA session of {EARLIER} earlier actions{:>58}", "")?;
    writeln!(out, "{:<44}{}", "", Measured::HEAD)?;
    for (number, (name, _)) in SHAPES.iter().enumerate() {
        row(&mut out, &format!("judging, {name}"), &judging(&desk, &store, &session, &shape_tool(number)))?;
    }
    row(&mut out, "judging, a question, a count and a sum", &judging(&desk, &store, &session, SOME))?;
    row(&mut out, "judging, all of these", &judging(&desk, &store, &session, ALL))?;
    for (name, tool) in [("these three", SOME), ("all", ALL)] {
        row(&mut out, &format!("{name}: judging, from JSON"), &from_json(&desk, &store, &session, tool))?;
        row(&mut out, &format!("{name}: deciding, remembered"), &remembering(&desk, &store, &session, tool))?;
        row(&mut out, &format!("{name}: deciding, a step of its own"), &stepping(&desk, &store, &session, tool))?;
    }
    row(&mut out, "all: giving back, from JSON", &giving_back(&desk, &store, &session))?;

    lengths(&mut out)?;
    rules(&mut out)?;
    sizes(&mut out)?;
    throughput(&mut out)
}

fn row(out: &mut impl Write, name: &str, measured: &Measured) -> io::Result<()> {
    writeln!(out, "{name:<44}{measured}")?;
    out.flush()
}

/// Judging a request that was read, with the records at hand.
fn judging(desk: &Desk, store: &impl StateStore, session: &Session, tool: &str) -> Measured {
    let mut scratch = Scratch::new(&desk.program);
    let mut prepared = desk.next(&mut scratch, session, tool);
    step(store, |records| {
        assert_eq!(prepared.preview_in(records, &desk.host()).code().as_str(), "allowed", "{tool}");
        measure(|| black_box(&mut prepared).preview_in(records, &desk.host()))
    })
}

fn from_json(desk: &Desk, store: &impl StateStore, session: &Session, tool: &str) -> Measured {
    let (mut scratch, request) = (Scratch::new(&desk.program), session.next(tool));
    step(store, |records| {
        measure(|| preview_in(&desk.program, black_box(request.as_bytes()), &mut scratch, records, &desk.host()))
    })
}

/// Deciding a request that was read, and writing what comes of it.
fn remembering(desk: &Desk, store: &impl StateStore, session: &Session, tool: &str) -> Measured {
    let (mut scratch, mut other) = (Scratch::new(&desk.program), Scratch::new(&desk.program));
    let (mut prepared, release) = (desk.next(&mut scratch, session, tool), session.release());
    step(store, |records| {
        let records = std::cell::RefCell::new(records);
        let work = || {
            let decision = black_box(&mut prepared).decide_in(&mut **records.borrow_mut(), &desk.host());
            assert!(decision.permits());
        };
        measure_between(work, || {
            let told = tell(&desk.program, release.as_bytes(), &mut other, &mut **records.borrow_mut(), &desk.host());
            assert!(told.is_ok());
        })
    })
}

/// The same, each in a step of its own.
fn stepping(desk: &Desk, store: &impl StateStore, session: &Session, tool: &str) -> Measured {
    let (mut scratch, mut other) = (Scratch::new(&desk.program), Scratch::new(&desk.program));
    let (mut prepared, release) = (desk.next(&mut scratch, session, tool), session.release());
    let work = || assert!(step(store, |records| black_box(&mut prepared).decide_in(records, &desk.host())).permits());
    measure_between(work, || desk.tell(store, &mut other, &release))
}

/// Taking in that a call was never made.
fn giving_back(desk: &Desk, store: &impl StateStore, session: &Session) -> Measured {
    let (mut scratch, mut other) = (Scratch::new(&desk.program), Scratch::new(&desk.program));
    let (mut prepared, release) = (desk.next(&mut scratch, session, ALL), session.release());
    let mut decide = || assert!(step(store, |records| prepared.decide_in(records, &desk.host())).permits());
    decide();
    measure_between(|| desk.tell(store, &mut other, black_box(&release)), decide)
}

/// The same decision in sessions of different lengths.
fn lengths(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nAll shapes, by the number of earlier actions")?;
    writeln!(out, "{:<44}{}", "", Measured::HEAD)?;
    for actions in [10, 100, 1_000, 10_000] {
        let store = MemoryStore::new();
        let desk = Desk::new(&policy(0), &store);
        let session = desk.session(&store, &mut Scratch::new(&desk.program), "s-1", actions);
        let name = format!("{actions} actions, {} bytes", store.size().1);
        row(out, &name, &judging(&desk, &store, &session, ALL))?;
    }
    Ok(())
}

/// The same decision under programs with more rules about other tools.
fn rules(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nAll shapes, by the number of other rules with memory in the program")?;
    writeln!(out, "{:<44}{}", "", Measured::HEAD)?;
    for more in [10, 100, 1_000, 10_000] {
        let store = MemoryStore::new();
        let desk = Desk::new(&policy(more), &store);
        let session = desk.session(&store, &mut Scratch::new(&desk.program), "s-1", EARLIER);
        let slots = desk.program.tables().slots.len();
        row(out, &format!("{more} more rules, {slots} kept sets"), &judging(&desk, &store, &session, ALL))?;
    }
    Ok(())
}

/// What sessions take.
fn sizes(out: &mut impl Write) -> io::Result<()> {
    let store = MemoryStore::new();
    let desk = Desk::new(&policy(0), &store);
    let mut scratch = Scratch::new(&desk.program);
    let (_, before) = (desk.session(&store, &mut scratch, "s-0", 0), store.size());
    desk.session(&store, &mut scratch, "s-1", EARLIER);
    let (records, bytes) = store.size();
    writeln!(out, "\nState")?;
    writeln!(
        out,
        "{:<44}{:>12} bytes in {} records",
        "a session of 200 actions and its user",
        bytes - before.1,
        records - before.0
    )?;
    let resident = resident();
    let start = Instant::now();
    for number in 2..=SESSIONS {
        desk.session(&store, &mut scratch, &format!("s-{number}"), EARLIER);
    }
    let took = start.elapsed();
    let (records, bytes) = store.size();
    writeln!(out, "{:<44}{bytes:>12} bytes in {records} records", format!("{SESSIONS} such sessions"))?;
    if let (Some(before), Some(after)) = (resident, self::resident()) {
        let each = (after - before) / u64::from(SESSIONS);
        writeln!(out, "{:<44}{:>12} bytes, {each} a session", "the same, resident in this process", after - before)?;
    }
    let steps = f64::from(2 * EARLIER * (SESSIONS - 1)) / took.as_secs_f64();
    writeln!(out, "{:<44}{steps:>12.0} a second (decided from JSON, reported)", "steps while they came to be")
}

/// How many bytes of memory this process has, where the system says so.
fn resident() -> Option<u64> {
    let pages: u64 = fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

fn throughput(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nDecisions with all shapes, each remembered and given back: so many in a second")?;
    for threads in [1, 2] {
        let store = MemoryStore::new();
        let desk = Desk::new(&policy(0), &store);
        many(out, &format!("memory store, threads: {threads}"), &desk, &store, threads)?;
    }
    let place = tempfile::tempdir()?;
    for threads in [1, 2, 16] {
        let store = FileStore::create(&place.path().join(threads.to_string())).expect("a file can be made");
        let desk = Desk::new(&policy(0), &store);
        many(out, &format!("file store, durable, threads: {threads}"), &desk, &store, threads)?;
    }
    Ok(())
}

/// Lets threads decide, each in a session of its own.
fn many(out: &mut impl Write, name: &str, desk: &Desk, store: &impl StateStore, threads: u32) -> io::Result<()> {
    let together = Barrier::new(threads as usize);
    let rate = thread::scope(|scope| {
        let work = |number: u32| {
            let together = &together;
            move || {
                let (mut scratch, mut other) = (Scratch::new(&desk.program), Scratch::new(&desk.program));
                let session = desk.session(store, &mut other, &format!("s-{number}"), EARLIER.min(20));
                let (request, release) = (session.next(ALL), session.release());
                together.wait();
                let (start, mut count) = (Instant::now(), 0u32);
                while start.elapsed() < LASTING {
                    let decision = step(store, |records| {
                        decide_in(&desk.program, request.as_bytes(), &mut scratch, records, &desk.host())
                    });
                    assert!(decision.permits());
                    desk.tell(store, &mut other, &release);
                    count += 1;
                }
                f64::from(count) / start.elapsed().as_secs_f64()
            }
        };
        let running: Vec<_> = (0..threads).map(|number| scope.spawn(work(number))).collect();
        running.into_iter().map(|one| one.join().expect("the thread ends")).sum::<f64>()
    });
    writeln!(out, "{name:<44}{rate:>12.0}")
}
