//! Deciding with a state file: history that outlives the process, and limits that hold between threads.

use agentpol::{
    Before, Code, Engine, EngineError, Evaluator, OnBehalf, Opening, Options, Presented, Refusal, SourceMap,
    StoreError, build,
};
use agentpol_store::FileStore;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// 2026-03-02T15:00:00Z.
const AT: i64 = 1_772_463_600_000;
const KEY: [u8; 32] = [7; 32];

fn desk() -> Evaluator {
    let mut sources = SourceMap::new();
    sources.add(
        "desk.agentpol",
        r#"
        module desk
        system crm { dataset notes: internal }
        tool crm.read(id: string) reads crm.notes
        tool crm.send(id: string) sends crm.notes
        agent bot { function "support" owner "desk@acme.example" phase autonomous }
        allow "all" { agent bot user any tool crm.* }
        limit "pace" { agent any tool crm.read at most 10 per 1h per user }
        deny "after reading" { agent any tool crm.send when called { tool crm.read } }
        "#,
    );
    Evaluator::load(&build(&sources, &Options::default()).0.expect("builds").bytes).expect("loads")
}

fn engine(path: &Path, create: bool) -> Engine<FileStore> {
    let store = if create { FileStore::create(path) } else { FileStore::open(path) };
    let before = if create { Before::Empty } else { Before::Unknown };
    Engine::new(desk(), store.expect("opens"), KEY, AT, before).expect("installs")
}

fn open(engine: &Engine<FileStore>, session: &str) -> Result<(), Refusal> {
    let (agent, user) = (Presented::Id("bot"), OnBehalf::User("ana"));
    engine.open(&Opening { session, agent, user, parent: None, via: &[], at: AT }).map(|_| ())
}

fn request(session: &str, call: &str, tool: &str) -> Vec<u8> {
    format!(
        r#"{{"at": "2026-03-02T15:00:00Z", "agent": "bot", "user": {{"id": "ana"}}, "session": "{session}",
            "call": "{call}", "tool": "{tool}", "args": {{"id": "x"}}}}"#
    )
    .into_bytes()
}

#[test]
fn history_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let first = engine(&path, true);
    open(&first, "s").unwrap();
    assert!(first.decide(&request("s", "c1", "send")).permits());
    assert!(first.decide(&request("s", "c2", "read")).permits());
    drop(first);
    let second = engine(&path, false);
    assert_eq!(open(&second, "s"), Err(Refusal::SessionExists));
    assert_eq!(second.decide(&request("s", "c1", "send")).code(), Code::CallDuplicate);
    assert_eq!(second.decide(&request("s", "c3", "send")).code(), Code::DeniedByRule);
    drop(second);
    let store = FileStore::open(&path).unwrap();
    let other = Engine::new(desk(), store, [8; 32], AT, Before::Unknown);
    assert_eq!(other.err(), Some(EngineError::Store(StoreError::OtherKey)));
}

#[test]
fn threads_never_overspend() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let engine = engine(&path, true);
    let allowed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for session in ["a", "b", "c", "d"] {
            let (engine, allowed) = (&engine, &allowed);
            scope.spawn(move || {
                open(engine, session).unwrap();
                for call in ["1", "2", "3", "4", "5"] {
                    let permits = engine.decide(&request(session, call, "read")).permits();
                    allowed.fetch_add(usize::from(permits), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(allowed.into_inner(), 10);
}
