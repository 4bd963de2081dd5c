//! A host in small: a program, a store, a clock.

use crate::ask::Ask;
use crate::lab::Lab;
use agentpol_bytecode::Program;
use agentpol_bytecode::decision::Decision;
use agentpol_bytecode::render::Time;
use agentpol_vm::{
    Before, Bound, Handle, Host, Installed, Preview, Records, Refusal, Scratch, Told, Trouble, decide_in, install,
    preview_in, tell,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// 2026-03-02T15:00:00Z.
const START: i64 = 1_772_463_600_000;

/// Records in a map. One step sees them as they were; what it writes is kept when it ends.
#[derive(Default)]
pub(super) struct Store {
    kept: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// A step. Nothing may be opened once something was written: a store that finds the record in use gives up then, and
/// half of the step would be kept.
struct Step<'s> {
    store: &'s Store,
    open: Vec<(Vec<u8>, Vec<u8>)>,
    written: bool,
}

impl Records for Step<'_> {
    fn open(&mut self, key: &[u8]) -> Result<Handle, Trouble> {
        let at = match self.open.iter().position(|(name, _)| name == key) {
            Some(at) => at,
            None => {
                assert!(!self.written, "a record was opened after another was written");
                let bytes = self.store.kept.get(key).cloned().unwrap_or_default();
                self.open.push((key.to_vec(), bytes));
                self.open.len() - 1
            }
        };
        Ok(Handle(at as u32))
    }

    fn bytes(&self, handle: Handle) -> &[u8] {
        self.open.get(handle.0 as usize).map_or(&[], |(_, bytes)| bytes)
    }

    fn edit(&mut self, handle: Handle) -> Option<&mut Vec<u8>> {
        self.written = true;
        self.open.get_mut(handle.0 as usize).map(|(_, bytes)| bytes)
    }
}

impl Store {
    fn step<T>(&mut self, work: impl FnOnce(&mut dyn Records) -> T) -> (T, bool) {
        let mut step = Step { store: self, open: Vec::new(), written: false };
        let result = work(&mut step);
        let (open, written) = (step.open, step.written);
        for (key, bytes) in open {
            if bytes.is_empty() {
                self.kept.remove(&key);
            } else {
                self.kept.insert(key, bytes);
            }
        }
        (result, written)
    }
}

/// Everything that a host has.
pub(super) struct World {
    pub(super) program: Program,
    scratch: Scratch,
    store: Store,
    installed: Installed,
    key: [u8; 32],
    /// Milliseconds since the start.
    pub(super) now: i64,
    calls: u32,
}

impl World {
    /// A host whose store is empty, and a session `s1` of `bot` for `ana`.
    pub(super) fn new(lab: &mut Lab) -> World {
        let mut world = World::bare(lab, Before::Empty);
        world.open("s1", "bot", Some("ana"));
        world
    }

    pub(super) fn bare(lab: &mut Lab, before: Before) -> World {
        let program = lab.program();
        let mut store = Store::default();
        let (installed, _) = store.step(|records| install(&program, START, before, records));
        let installed = installed.expect("an empty store can be used");
        let scratch = Scratch::new(&program);
        World { program, scratch, store, installed, key: [7; 32], now: 0, calls: 0 }
    }

    /// Goes on with another program.
    pub(super) fn reinstall(&mut self, lab: &mut Lab) {
        self.program = lab.program();
        let (program, at) = (&self.program, START + self.now);
        let (installed, _) = self.store.step(|records| install(program, at, Before::Unknown, records));
        self.installed = installed.expect("the store can be used");
        self.scratch = Scratch::new(&self.program);
    }

    pub(super) fn use_directory(&mut self, bound: Arc<Bound>) {
        self.scratch.use_directory(Some(bound));
    }

    fn at(&self) -> String {
        format!("\"{}\"", Time(START + self.now))
    }

    pub(super) fn tell(&mut self, event: &str) -> Result<Told, Refusal> {
        let World { program, scratch, store, installed, key, .. } = self;
        let host = Host { key, installed };
        let (told, written) = store.step(|records| tell(program, event.as_bytes(), scratch, records, &host));
        assert!(told.is_ok() || !written, "a refused event has written something");
        told
    }

    pub(super) fn open(&mut self, session: &str, agent: &str, user: Option<&str>) {
        let user = user.map_or("\"none\"".to_owned(), |user| format!(r#"{{"id":"{user}"}}"#));
        let (at, body) = (self.at(), format!(r#""session":"{session}","agent":"{agent}","user":{user}"#));
        self.tell(&format!(r#"{{"open":{{{body},"at":{at}}}}}"#)).expect("a fresh session opens");
    }

    pub(super) fn release(&mut self, session: &str, call: &str) {
        let at = self.at();
        let event = format!(r#"{{"release":{{"session":"{session}","call":"{call}","at":{at}}}}}"#);
        self.tell(&event).expect("an open call is released");
    }

    pub(super) fn fail(&mut self, session: &str, call: &str) {
        let at = self.at();
        let event = format!(r#"{{"observe":{{"session":"{session}","call":"{call}","outcome":"failed","at":{at}}}}}"#);
        self.tell(&event).expect("an open call is observed");
    }

    fn answer(&mut self, word: &str, digest: &[u8; 32], person: &str, groups: &[&str]) -> Result<Told, Refusal> {
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let groups: Vec<String> = groups.iter().map(|group| format!("\"{group}\"")).collect();
        let person = format!(r#"{{"id":"{person}","groups":[{}]}}"#, groups.join(","));
        let at = self.at();
        self.tell(&format!(r#"{{"{word}":{{"digest":"{digest}","person":{person},"at":{at}}}}}"#))
    }

    pub(super) fn approve(&mut self, digest: &[u8; 32], person: &str) -> Result<Told, Refusal> {
        self.answer("approve", digest, person, &["leads"])
    }

    pub(super) fn reject(&mut self, digest: &[u8; 32], person: &str) -> Result<Told, Refusal> {
        self.answer("reject", digest, person, &["leads"])
    }

    pub(super) fn approve_as(&mut self, digest: &[u8; 32], person: &str, groups: &[&str]) -> Result<Told, Refusal> {
        self.answer("approve", digest, person, groups)
    }

    /// The request of a call with a new id in session `s1`.
    pub(super) fn call(&mut self, args: &str) -> Ask {
        self.calls += 1;
        let (at, call) = (self.at(), format!("\"c{}\"", self.calls));
        Ask::new().with("at", &at).with("session", "\"s1\"").with("call", &call).with("args", args)
    }

    pub(super) fn ask(&mut self, ask: &Ask) -> Decision {
        let World { program, scratch, store, installed, key, .. } = self;
        let host = Host { key, installed };
        store.step(|records| decide_in(program, ask.json().as_bytes(), scratch, records, &host)).0
    }

    /// Decides a call with these arguments.
    pub(super) fn decide(&mut self, args: &str) -> Decision {
        let ask = self.call(args);
        self.ask(&ask)
    }

    pub(super) fn code(&mut self, args: &str) -> &'static str {
        self.decide(args).code().as_str()
    }

    /// Decides and checks that nothing was written.
    pub(super) fn preview(&mut self, args: &str) -> Preview {
        let ask = self.call(args);
        let World { program, scratch, store, installed, key, .. } = self;
        let host = Host { key, installed };
        let work = |records: &mut dyn Records| preview_in(program, ask.json().as_bytes(), scratch, records, &host);
        let (preview, written) = store.step(work);
        assert!(!written, "a preview has written something");
        preview
    }
}
