//! The engine as a service holds it: stores that fail, threads that compete, programs that change.

use agentpol::store::{StateStore, StoreError};
use agentpol::{
    Answered, Before, Code, Engine, EngineError, Evaluator, MemoryStore, Observation, OnBehalf, Opening, Options,
    Outcome, Presented, Records, Refusal, SourceMap, build,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// 2026-03-02T15:00:00Z.
const AT: i64 = 1_772_463_600_000;
const KEY: [u8; 32] = [7; 32];

/// A desk that may read so often an hour, and sends nothing after it has read secrets.
fn desk(most: u32, names: [&str; 2]) -> Evaluator {
    let [pace, secrets] = names;
    let mut sources = SourceMap::new();
    sources.add(
        "desk.agentpol",
        format!(
            r#"
            module desk
            system crm {{ dataset notes: internal  dataset secrets: restricted }}
            tool crm.read(id: string) reads crm.notes
            tool crm.open(id: string) reads crm.secrets
            tool crm.send(id: string) sends crm.notes
            agent bot {{ function "support" owner "desk@acme.example" phase autonomous }}
            allow "all" {{ agent bot user any tool crm.* }}
            limit "{pace}" {{ agent any tool crm.read at most {most} per 1h per user }}
            deny "{secrets}" {{ agent any tool crm.send when called {{ tool crm.open }} }}
            "#
        ),
    );
    Evaluator::load(&build(&sources, &Options::default()).0.expect("builds").bytes).expect("loads")
}

fn engine<S: StateStore>(store: S, most: u32) -> Engine<S> {
    Engine::new(desk(most, ["pace", "secrets"]), store, KEY, AT, Before::Empty).expect("installs")
}

fn open<S: StateStore>(engine: &Engine<S>, session: &str, user: &str) {
    let (agent, user) = (Presented::Id("bot"), OnBehalf::User(user));
    engine.open(&Opening { session, agent, user, parent: None, via: &[], at: AT }).expect("opens");
}

fn request(session: &str, user: &str, call: &str, tool: &str) -> Vec<u8> {
    format!(
        r#"{{"at": "2026-03-02T15:00:00Z", "agent": "bot", "user": {{"id": "{user}"}}, "session": "{session}",
            "call": "{call}", "tool": "{tool}", "args": {{"id": "x"}}}}"#
    )
    .into_bytes()
}

#[test]
fn parallel_decisions_never_overspend() {
    let engine = engine(MemoryStore::new(), 25);
    for session in 0..4 {
        open(&engine, &format!("s{session}"), "ana");
    }
    let allowed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for session in 0..4 {
            let (engine, allowed) = (&engine, &allowed);
            scope.spawn(move || {
                for call in 0..15 {
                    let (session, call) = (format!("s{session}"), format!("c{call}"));
                    let decision = engine.decide(&request(&session, "ana", &call, "read"));
                    assert!(matches!(decision.code(), Code::Allowed | Code::LimitReached), "{:?}", decision.code());
                    if decision.permits() {
                        allowed.fetch_add(1, Ordering::Relaxed);
                        let outcome = Answered::Failed;
                        let (session, call) = (&*session, &*call);
                        let observation = Observation { session, call, outcome, untrusted: false, at: AT };
                        engine.observe(&observation).expect("is taken");
                    }
                }
            });
        }
    });
    assert_eq!(allowed.into_inner(), 25, "what failed stays counted");
}

/// A store that does not work.
struct Broken(StoreError);

impl StateStore for Broken {
    fn step(&self, _: &mut dyn FnMut(&mut dyn Records)) -> Result<(), StoreError> {
        Err(self.0.clone())
    }

    fn tie(&self, _: &[u8; 32]) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A store that works until it does not.
struct Failing {
    inner: MemoryStore,
    left: AtomicUsize,
    error: StoreError,
}

impl StateStore for Failing {
    fn step(&self, work: &mut dyn FnMut(&mut dyn Records)) -> Result<(), StoreError> {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map_err(|_| self.error.clone())?;
        self.inner.step(work)
    }

    fn tie(&self, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
        self.inner.tie(fingerprint)
    }
}

#[test]
fn what_goes_wrong_in_a_store_denies() {
    let unusable = StoreError::Unusable { reason: "state.redb: gone".to_owned() };
    for (error, code, refusal) in [
        (StoreError::Conflict, Code::StateConflict, Refusal::StateConflict),
        (unusable.clone(), Code::StateUnusable, Refusal::StateUnusable),
    ] {
        let store = Failing { inner: MemoryStore::new(), left: AtomicUsize::new(3), error: error.clone() };
        let engine = engine(store, 9);
        open(&engine, "s", "ana");
        assert!(engine.decide(&request("s", "ana", "c1", "read")).permits());
        assert_eq!(engine.trouble(), None);
        let decision = engine.decide(&request("s", "ana", "c2", "read"));
        assert_eq!((decision.outcome(), decision.code()), (Outcome::Deny, code));
        assert_eq!(engine.release("s", "c1", AT), Err(refusal));
        assert_eq!(engine.preview(&request("s", "ana", "c2", "read")).err(), Some(error.clone()));
        assert_eq!(engine.trouble(), Some(error));
    }
    let started = Engine::new(desk(9, ["a", "b"]), Broken(unusable.clone()), KEY, AT, Before::Empty);
    assert_eq!(started.err(), Some(EngineError::Store(unusable)));
}

#[test]
fn a_store_is_not_read_with_another_key() {
    let store = Arc::new(MemoryStore::new());
    engine(Arc::clone(&store), 9);
    let other = Engine::new(desk(9, ["a", "b"]), store, [8; 32], AT, Before::Empty);
    assert_eq!(other.err(), Some(EngineError::Store(StoreError::OtherKey)));
}

#[test]
fn a_preview_changes_nothing() {
    let engine = engine(MemoryStore::new(), 1);
    open(&engine, "s", "ana");
    for _ in 0..3 {
        let preview = engine.preview(&request("s", "ana", "c1", "read")).expect("the store works");
        assert_eq!(preview.code(), Code::Allowed);
    }
    assert!(engine.decide(&request("s", "ana", "c1", "read")).permits());
    assert_eq!(engine.preview(&request("s", "ana", "c2", "read")).map(|one| one.code()), Ok(Code::LimitReached));
}

#[test]
fn history_outlives_a_program() {
    let engine = engine(MemoryStore::new(), 2);
    open(&engine, "s", "ana");
    assert!(engine.decide(&request("s", "ana", "c1", "read")).permits());
    assert!(engine.decide(&request("s", "ana", "c2", "open")).permits());
    // Other names and another bound: what was counted and seen stays.
    engine.install(desk(1, ["slower", "after secrets"]), AT + 60_000, Before::Unknown).expect("installs");
    let throttled = engine.decide(&request("s", "ana", "c3", "read"));
    assert_eq!((throttled.outcome(), throttled.retry_after()), (Outcome::Throttle, Some(3_600_000)));
    assert_eq!(engine.decide(&request("s", "ana", "c4", "send")).code(), Code::DeniedByRule);
}

#[test]
fn what_a_new_program_asks_is_not_known_of_the_time_before() {
    let mut sources = SourceMap::new();
    sources.add(
        "desk.agentpol",
        r#"
        module desk
        system crm { dataset notes: internal  dataset secrets: restricted }
        tool crm.read(id: string) reads crm.notes
        tool crm.open(id: string) reads crm.secrets
        tool crm.send(id: string) sends crm.notes
        agent bot { function "support" owner "desk@acme.example" phase autonomous }
        allow "all" { agent bot user any tool crm.* }
        deny "few" { agent any tool crm.read when count of { tool crm.read } > 2 }
        "#,
    );
    let evaluator = || Evaluator::load(&build(&sources, &Options::default()).0.unwrap().bytes).unwrap();
    let one = engine(MemoryStore::new(), 9);
    open(&one, "old", "ana");
    assert!(one.decide(&request("old", "ana", "c1", "read")).permits());
    one.install(evaluator(), AT + 1_000, Before::Unknown).expect("installs");
    assert_eq!(one.decide(&request("old", "ana", "c2", "read")).code(), Code::DeniedUnknown);
    let (agent, user) = (Presented::Id("bot"), OnBehalf::User("ana"));
    let opening = Opening { session: "new", agent, user, parent: None, via: &[], at: AT + 2_000 };
    one.open(&opening).expect("opens");
    let later = |call| String::from_utf8(request("new", "ana", call, "read")).unwrap().replace(":00Z", ":02Z");
    assert!(one.decide(later("c1").as_bytes()).permits(), "a session has no time before it was opened");
}

#[test]
fn events_that_are_not_of_the_protocol_change_nothing() {
    let engine = engine(MemoryStore::new(), 9);
    let before = engine.store().size();
    for event in ["", "{}", "[]", r#"{"open": {}}"#, r#"{"open": {"session": "", "agent": "bot"}}"#, "\u{0}"] {
        assert_eq!(engine.tell(event.as_bytes()), Err(Refusal::EventMalformed), "{event}");
    }
    assert_eq!(engine.release("s", "c", AT), Err(Refusal::SessionUnknown));
    assert_eq!(engine.store().size(), before);
}

#[test]
fn who_has_an_older_program_decides_no_more() {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (engine(Arc::clone(&store), 9), engine(store, 9));
    open(&one, "s", "ana");
    assert!(one.decide(&request("s", "ana", "c1", "read")).permits());
    assert!(other.decide(&request("s", "ana", "c2", "read")).permits(), "the same program serves side by side");
    let later = |most, name| desk(most, [name, "secrets"]);
    one.install(later(8, "slower"), AT, Before::Unknown).expect("installs");
    assert!(one.decide(&request("s", "ana", "c3", "read")).permits());
    let refused = other.decide(&request("s", "ana", "c4", "read"));
    assert_eq!((refused.outcome(), refused.code()), (Outcome::Deny, Code::StateUnusable));
    assert_eq!(other.preview(&request("s", "ana", "c4", "read")).map(|one| one.code()), Ok(Code::StateUnusable));
    assert_eq!(other.release("s", "c2", AT), Err(Refusal::StateUnusable));
    assert_eq!((other.trouble(), one.trouble()), (Some(StoreError::OtherProgram), None));
    other.install(later(8, "slower"), AT, Before::Unknown).expect("installs");
    assert!(other.decide(&request("s", "ana", "c4", "read")).permits());
    assert_eq!(other.release("s", "c2", AT).map(drop), Ok(()));
    assert!(one.decide(&request("s", "ana", "c5", "read")).permits(), "installed again, it is the same");
    // Who was there before the one before it is not there any more either.
    other.install(later(9, "pace"), AT, Before::Unknown).expect("installs");
    other.install(later(8, "slower"), AT, Before::Unknown).expect("installs");
    assert_eq!(one.decide(&request("s", "ana", "c6", "read")).code(), Code::StateUnusable);
}

#[test]
fn decisions_go_on_while_another_program_is_installed() {
    let engine = engine(MemoryStore::new(), 9_000);
    for session in 0..3 {
        open(&engine, &format!("s{session}"), "ana");
    }
    let done = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for session in 0..3 {
            let (engine, done) = (&engine, &done);
            scope.spawn(move || {
                let session = format!("s{session}");
                while done.load(Ordering::Relaxed) == 0 {
                    let decision = engine.decide(&request(&session, "ana", "c", "read"));
                    assert!(decision.permits(), "{:?} {:?}", decision.code(), engine.trouble());
                    engine.release(&session, "c", AT).expect("is taken");
                }
            });
        }
        for most in 0..20 {
            engine.install(desk(9_000 - most, ["pace", "secrets"]), AT, Before::Unknown).expect("installs");
        }
        done.store(1, Ordering::Relaxed);
    });
    assert_eq!(engine.trouble(), None);
}

#[test]
fn digests_of_askings_are_made_with_the_hosts_key() {
    let mut sources = SourceMap::new();
    sources.add(
        "desk.agentpol",
        r#"
        module desk
        group leads
        tool pay(pin: secret string) computes
        agent bot { function "support" owner "desk@acme.example" phase autonomous }
        allow "all" { agent bot user any tool pay }
        require approval "ask" { agent any tool pay from leads }
        "#,
    );
    let bytes = build(&sources, &Options::default()).0.expect("builds").bytes;
    let asked = |key: u8| {
        let program = Evaluator::load(&bytes).expect("loads");
        let engine = Engine::new(program, MemoryStore::new(), [key; 32], AT, Before::Empty).expect("installs");
        open(&engine, "s", "ana");
        let request = r#"{"at": "2026-03-02T15:00:00Z", "agent": "bot", "user": {"id": "ana"}, "session": "s",
            "call": "c", "tool": "pay", "args": {"pin": "1234"}}"#;
        let decision = engine.decide(request.as_bytes());
        assert_eq!(decision.outcome(), Outcome::RequireApproval);
        decision.asks().named().iter().find_map(|ask| ask.opened).map(|opened| opened.digest)
    };
    // Who reads a digest and tries all pins finds none without the key.
    assert!(asked(7).is_some());
    assert_eq!(asked(7), asked(7));
    assert_ne!(asked(7), asked(8));
}
