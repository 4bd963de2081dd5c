//! Deciding with memory: an evaluator, a store, and the host's key.

use crate::Evaluator;
use crate::events::{self, Observation, Opening, Person};
use crate::store::{MemoryStore, StateStore, StoreError};
use agentpol_bytecode::code::Code;
use agentpol_bytecode::decision::Decision;
use agentpol_bytecode::directory::Directory;
use agentpol_bytecode::sha256::Sha256;
use agentpol_vm::{
    Before, Finding, Host, Installed, Preview, Records, Refusal, Told, decide_in, install, preview_in, tell,
};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Decides requests with memory of what happened before.
///
/// It may be shared by any number of threads. Whatever goes wrong in the store, a decision comes out: one that denies.
/// Nothing here reads a clock: requests and events carry their time, and the host's clock is the only one that may
/// set it.
///
/// ```
/// use agentpol::{Answered, Before, Engine, Evaluator, MemoryStore, Observation, OnBehalf, Opening};
/// use agentpol::{Options, Presented, SourceMap, build};
///
/// let mut sources = SourceMap::new();
/// sources.add(
///     "desk.agentpol",
///     r#"
///     module desk
///     system crm { dataset orders: internal }
///     system mail { dataset outbox: internal }
///     tool crm.read(id: string) reads crm.orders
///     tool mail.send(body: string) sends mail.outbox
///     agent bot { function "support" owner "desk@acme.example" phase autonomous }
///     allow "all" { agent bot user any tool crm.read, mail.send }
///     deny "no mail after orders" { agent any tool mail.send when called { tool crm.read } }
///     "#,
/// );
/// let evaluator = Evaluator::load(&build(&sources, &Options::default()).0.unwrap().bytes)?;
/// let at = 1_772_463_600_000; // 2026-03-02T15:00:00Z
/// let engine = Engine::new(evaluator, MemoryStore::new(), [7; 32], at, Before::Empty).unwrap();
///
/// let opening = Opening {
///     session: "s1", agent: Presented::Id("bot"), user: OnBehalf::User("ana"), parent: None, via: &[], at,
/// };
/// engine.open(&opening).unwrap();
/// let mut ask = |call: &str, tool: &str, args: &str| engine.decide(format!(r#"{{
///     "at": "2026-03-02T15:00:00Z", "agent": "bot", "user": {{"id": "ana"}}, "session": "s1", "call": "{call}",
///     "tool": "{tool}", "args": {args}
/// }}"#).as_bytes());
/// assert!(ask("c1", "send", r#"{"body": "hello"}"#).permits());
/// assert!(ask("c2", "read", r#"{"id": "o-1"}"#).permits());
/// assert!(!ask("c3", "send", r#"{"body": "hello"}"#).permits());
///
/// let outcome = Answered::Unknown;
/// engine.observe(&Observation { session: "s1", call: "c2", outcome, untrusted: false, at }).unwrap();
/// # Ok::<(), agentpol::LoadError>(())
/// ```
pub struct Engine<S = MemoryStore> {
    store: S,
    key: [u8; 32],
    serving: RwLock<Arc<Serving>>,
    trouble: Mutex<Option<StoreError>>,
}

/// What decides now. Decisions that have begun go on with what they began with.
#[derive(Debug)]
struct Serving {
    evaluator: Evaluator,
    installed: Installed,
    directory: Option<Arc<Directory>>,
}

impl<S> fmt::Debug for Engine<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl<S: StateStore> Engine<S> {
    /// Takes a program and a store, and makes the store keep what the program asks about. A directory comes with
    /// [`replace_directory`](Engine::replace_directory).
    ///
    /// What an earlier program has kept and this one asks about too stays; what is new is kept from `at` on. `before`
    /// says what is known of the time before that, and is [`Before::Empty`] only where there surely were no calls.
    /// `key` is a secret of the host, 32 random bytes, the same for a store at all times: digests of approvals and long
    /// values are kept under it.
    ///
    /// # Errors
    /// Where the store cannot be used or was tied to another key.
    pub fn new(evaluator: Evaluator, store: S, key: [u8; 32], at: i64, before: Before) -> Result<Self, EngineError> {
        store.tie(&fingerprint(&key)).map_err(EngineError::Store)?;
        let installed = installed(&evaluator, &store, at, before)?;
        let serving = RwLock::new(Arc::new(Serving { evaluator, installed, directory: None }));
        Ok(Engine { store, key, serving, trouble: Mutex::default() })
    }

    /// Goes on with another program, and the same directory. History is kept as with [`new`](Engine::new).
    ///
    /// Other engines on the same store, in this process or another, decide no more from here on (`state_unusable`) until
    /// this program is installed in them, too.
    ///
    /// # Errors
    /// Where the store cannot be used; the program before goes on then.
    pub fn install(&self, evaluator: Evaluator, at: i64, before: Before) -> Result<(), EngineError> {
        // Who finds that another program was installed waits here for what decides now.
        let mut serving = self.serving.write().unwrap_or_else(PoisonError::into_inner);
        let installed = installed(&evaluator, &self.store, at, before)?;
        let directory = serving.directory.clone();
        evaluator.replace_directory(directory.clone());
        *serving = Arc::new(Serving { evaluator, installed, directory });
        Ok(())
    }

    /// Returns the evaluator: the program, and the views of decisions.
    pub fn evaluator(&self) -> Evaluator {
        self.serving().evaluator.clone()
    }

    /// Goes on with another directory, or with none, and returns what it and the program do not agree about.
    ///
    /// Decisions that have begun go on with the one before.
    pub fn replace_directory(&self, directory: Option<Arc<Directory>>) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.serve(|before| {
            findings = before.evaluator.replace_directory(directory.clone());
            let (evaluator, installed) = (before.evaluator.clone(), before.installed.clone());
            Serving { evaluator, installed, directory }
        });
        findings
    }

    /// Returns the store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Returns why the store last failed, for the operator: the reason behind `state_unusable` and `state_conflict`.
    pub fn trouble(&self) -> Option<StoreError> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Decides a request, given as the bytes of its JSON, and remembers that it was asked, and that it was let through.
    ///
    /// What the decision rests on and what it changes is one step, durable before this returns. A call that was let
    /// through is open until it is [observed](Engine::observe) or [released](Engine::release).
    pub fn decide(&self, request: &[u8]) -> Decision {
        let decide = |serving: &Serving, host: &Host<'_>, records: &mut dyn Records| {
            serving.evaluator.with_scratch(|program, scratch| decide_in(program, request, scratch, records, host))
        };
        let unusable = |decision: &Decision| decision.code() == Code::StateUnusable;
        self.step(decide, unusable).unwrap_or_else(|error| Decision::structural(code(&error), None))
    }

    /// Decides and remembers nothing. What comes out is for the operator, and permits nothing.
    ///
    /// # Errors
    /// Where the store cannot be used.
    pub fn preview(&self, request: &[u8]) -> Result<Preview, StoreError> {
        let preview = |serving: &Serving, host: &Host<'_>, records: &mut dyn Records| {
            serving.evaluator.with_scratch(|program, scratch| preview_in(program, request, scratch, records, host))
        };
        self.step(preview, |preview| preview.code() == Code::StateUnusable)
    }

    /// Takes an event of the protocol, given as the bytes of its JSON.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then.
    pub fn tell(&self, event: &[u8]) -> Result<Told, Refusal> {
        let tell = |serving: &Serving, host: &Host<'_>, records: &mut dyn Records| {
            serving.evaluator.with_scratch(|program, scratch| tell(program, event, scratch, records, host))
        };
        let told = self.step(tell, |told| *told == Err(Refusal::StateUnusable));
        told.unwrap_or_else(|error| Err(refusal(&error)))
    }

    /// Opens a session.
    ///
    /// # Errors
    /// As [`tell`](Engine::tell).
    pub fn open(&self, opening: &Opening<'_>) -> Result<Told, Refusal> {
        self.tell(events::open(opening).as_bytes())
    }

    /// Closes a session: it decides nothing any more.
    ///
    /// # Errors
    /// As [`tell`](Engine::tell).
    pub fn close(&self, session: &str, at: i64) -> Result<Told, Refusal> {
        self.tell(events::close(session, at).as_bytes())
    }

    /// Says what a call came to. Once for each call that was let through and dispatched.
    ///
    /// # Errors
    /// As [`tell`](Engine::tell).
    pub fn observe(&self, observation: &Observation<'_>) -> Result<Told, Refusal> {
        self.tell(events::observe(observation).as_bytes())
    }

    /// Says that a call that was let through was never dispatched, and surely never will be.
    ///
    /// # Errors
    /// As [`tell`](Engine::tell).
    pub fn release(&self, session: &str, call: &str, at: i64) -> Result<Told, Refusal> {
        self.tell(events::release(session, call, at).as_bytes())
    }

    /// Enters a person's yes to what a decision asked for. The agent then makes the same call again.
    ///
    /// # Errors
    /// As [`tell`](Engine::tell).
    pub fn approve(&self, digest: &[u8; 32], person: &Person<'_>, at: i64) -> Result<Told, Refusal> {
        self.tell(events::approve(digest, person, at).as_bytes())
    }

    /// Enters a person's no.
    ///
    /// # Errors
    /// As [`tell`](Engine::tell).
    pub fn reject(&self, digest: &[u8; 32], person: &Person<'_>, at: i64) -> Result<Told, Refusal> {
        self.tell(events::reject(digest, person, at).as_bytes())
    }

    fn serving(&self) -> Arc<Serving> {
        Arc::clone(&self.serving.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn serve(&self, next: impl FnOnce(&Serving) -> Serving) {
        let mut serving = self.serving.write().unwrap_or_else(PoisonError::into_inner);
        *serving = Arc::new(next(&serving));
    }

    /// One step of the store. Where the program at work was replaced in the meantime, the step is made with the one that
    /// is installed now.
    fn step<T>(
        &self,
        work: impl Fn(&Serving, &Host<'_>, &mut dyn Records) -> T,
        unusable: impl Fn(&T) -> bool,
    ) -> Result<T, StoreError> {
        let mut serving = self.serving();
        loop {
            let found = self.step_with(&serving, &work)?;
            if !unusable(&found) || self.is_current(&serving)? {
                return Ok(found);
            }
            let now = self.serving();
            if Arc::ptr_eq(&now, &serving) {
                self.note(&StoreError::OtherProgram);
                return Ok(found);
            }
            serving = now;
        }
    }

    /// Whether the program is still the one that is installed.
    fn is_current(&self, serving: &Serving) -> Result<bool, StoreError> {
        self.step_with(serving, &|serving, _, records| serving.installed.is_current(records) != Ok(false))
    }

    fn note(&self, error: &StoreError) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
    }

    /// One step of the store with a program. What its last run found is what counts.
    fn step_with<T>(
        &self,
        serving: &Serving,
        work: &impl Fn(&Serving, &Host<'_>, &mut dyn Records) -> T,
    ) -> Result<T, StoreError> {
        let host = Host { key: &self.key, installed: &serving.installed };
        let mut found = None;
        let done = self.store.step(&mut |records| found = Some(work(serving, &host, records)));
        let nothing = || StoreError::Unusable { reason: "the store did not run the step".to_owned() };
        done.and_then(|()| found.ok_or_else(nothing)).inspect_err(|error| self.note(error))
    }
}

/// What tells host keys apart and tells nothing of them.
fn fingerprint(key: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"agentpol host key ");
    hash.update(key);
    hash.finish()
}

fn installed(
    evaluator: &Evaluator,
    store: &impl StateStore,
    at: i64,
    before: Before,
) -> Result<Installed, EngineError> {
    let mut found = Err(Refusal::StateUnusable);
    let done = store.step(&mut |records| found = install(evaluator.program(), at, before, records));
    done.map_err(EngineError::Store)?;
    found.map_err(EngineError::Refused)
}

fn code(error: &StoreError) -> Code {
    match error {
        StoreError::Conflict => Code::StateConflict,
        StoreError::Unusable { .. } | StoreError::OtherKey | StoreError::OtherProgram => Code::StateUnusable,
    }
}

fn refusal(error: &StoreError) -> Refusal {
    match error {
        StoreError::Conflict => Refusal::StateConflict,
        StoreError::Unusable { .. } | StoreError::OtherKey | StoreError::OtherProgram => Refusal::StateUnusable,
    }
}

/// Why an engine could not take a program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineError {
    /// The store.
    Store(StoreError),
    /// What the store holds.
    Refused(Refusal),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::Store(error) => error.fmt(f),
            EngineError::Refused(refusal) => f.write_str(refusal.title()),
        }
    }
}

impl std::error::Error for EngineError {}
