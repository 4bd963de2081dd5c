//! A host in small: a program, a store that is a map, and the events it tells.

use crate::lab::Lab;
use agentpol_bytecode::decision::Decision;
use agentpol_bytecode::render::Time;
use agentpol_bytecode::{Program, Tri};
use agentpol_vm::{
    Before, Handle, Host, Installed, Records, Refusal, Scratch, Told, Trouble, decide_in, install, tell, validate,
};
use std::collections::BTreeMap;

/// 2026-03-02T15:00:00Z.
pub(crate) const START: i64 = 1_772_463_600_000;
/// An hour in milliseconds.
pub(crate) const HOUR: i64 = 3_600_000;

/// Records in a map.
#[derive(Clone, Default)]
pub(crate) struct Store {
    pub(crate) kept: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// One step: what it opens, and whether something was written.
struct Step<'s> {
    store: &'s Store,
    open: Vec<(Vec<u8>, Vec<u8>)>,
    written: bool,
}

impl Records for Step<'_> {
    fn open(&mut self, key: &[u8]) -> Result<Handle, Trouble> {
        let known = self.open.iter().position(|(name, _)| name == key);
        let at = known.unwrap_or_else(|| {
            assert!(!self.written, "a record was opened after another was written");
            self.open.push((key.to_vec(), self.store.kept.get(key).cloned().unwrap_or_default()));
            self.open.len() - 1
        });
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
    /// Runs a step and keeps what it wrote; says whether it wrote something.
    pub(crate) fn step<T>(&mut self, work: impl FnOnce(&mut dyn Records) -> T) -> (T, bool) {
        let mut step = Step { store: self, open: Vec::new(), written: false };
        let result = work(&mut step);
        let (open, written) = (step.open, step.written);
        for (key, bytes) in open {
            assert!(validate(&key, &bytes), "a record that was written is not sound");
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
pub(crate) struct World {
    pub(crate) program: Program,
    pub(crate) scratch: Scratch,
    pub(crate) store: Store,
    pub(crate) installed: Installed,
    pub(crate) key: [u8; 32],
    /// Milliseconds since the epoch.
    pub(crate) now: i64,
    calls: u32,
}

impl World {
    /// A host with an empty store, and a session `s1` of `bot` for `ana`.
    pub(crate) fn new(lab: &mut Lab) -> World {
        let mut world = World::bare(lab, Before::Empty);
        world.open("s1", "bot", "ana", None).expect("a fresh session opens");
        world
    }

    pub(crate) fn bare(lab: &mut Lab, before: Before) -> World {
        let program = lab.program();
        let mut store = Store::default();
        let installed = store.step(|records| install(&program, START, before, records)).0;
        let installed = installed.expect("an empty store can be used");
        let mut scratch = Scratch::new(&program);
        scratch.record(true);
        World { program, scratch, store, installed, key: [7; 32], now: START, calls: 0 }
    }

    /// Goes on with another program.
    pub(crate) fn install(&mut self, lab: &mut Lab, before: Before) {
        self.program = lab.program();
        let (program, at) = (&self.program, self.now);
        let installed = self.store.step(|records| install(program, at, before, records)).0;
        self.installed = installed.expect("the store can be used");
        self.scratch = Scratch::new(&self.program);
        self.scratch.record(true);
    }

    pub(crate) fn at(&self) -> String {
        format!("\"{}\"", Time(self.now))
    }

    pub(crate) fn tell(&mut self, event: &str) -> Result<Told, Refusal> {
        let World { program, scratch, store, installed, key, .. } = self;
        let host = Host { key, installed };
        let (told, written) = store.step(|records| tell(program, event.as_bytes(), scratch, records, &host));
        assert!(told.is_ok() || !written, "a refused event has written something");
        told
    }

    pub(crate) fn open(&mut self, id: &str, agent: &str, user: &str, parent: Option<&str>) -> Result<Told, Refusal> {
        let user = if user == "none" { "\"none\"".to_owned() } else { format!(r#"{{"id":"{user}"}}"#) };
        let parent = parent.map_or(String::new(), |parent| format!(r#","parent":"{parent}""#));
        let at = self.at();
        self.tell(&format!(r#"{{"open":{{"session":"{id}","agent":"{agent}","user":{user}{parent},"at":{at}}}}}"#))
    }

    pub(crate) fn close(&mut self, id: &str) -> Result<Told, Refusal> {
        let at = self.at();
        self.tell(&format!(r#"{{"close":{{"session":"{id}","at":{at}}}}}"#))
    }

    /// Reports a call; `rest` are further members, each behind a comma.
    pub(crate) fn observe(&mut self, session: &str, call: &str, outcome: &str, rest: &str) -> Result<Told, Refusal> {
        let at = self.at();
        let body = format!(r#""session":"{session}","call":"{call}","outcome":"{outcome}","at":{at}{rest}"#);
        self.tell(&format!(r#"{{"observe":{{{body}}}}}"#))
    }

    pub(crate) fn done(&mut self, call: &str, result: &str) -> Result<Told, Refusal> {
        self.observe("s1", call, "ok", &format!(r#","result":{result}"#))
    }

    pub(crate) fn release(&mut self, session: &str, call: &str) -> Result<Told, Refusal> {
        let at = self.at();
        self.tell(&format!(r#"{{"release":{{"session":"{session}","call":"{call}","at":{at}}}}}"#))
    }

    /// A request of `bot` for `ana`; the first of the members that has a name counts.
    pub(crate) fn request(&self, call: &str, tool: &str, args: &str, others: &[(&str, &str)]) -> String {
        let given = [
            ("at", self.at()),
            ("agent", "\"bot\"".to_owned()),
            ("user", r#"{"id":"ana","groups":[]}"#.to_owned()),
            ("session", "\"s1\"".to_owned()),
            ("call", format!("\"{call}\"")),
            ("tool", format!("\"{tool}\"")),
            ("args", args.to_owned()),
        ];
        let other = |name: &str| others.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        let members = given.into_iter().map(|(name, value)| (name, other(name).unwrap_or(value)));
        let members = members.filter(|(_, value)| !value.is_empty());
        let members: Vec<String> = members.map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    }

    pub(crate) fn ask(&mut self, request: &str) -> Decision {
        let World { program, scratch, store, installed, key, .. } = self;
        let host = Host { key, installed };
        store.step(|records| decide_in(program, request.as_bytes(), scratch, records, &host)).0
    }

    pub(crate) fn code(&mut self, request: &str) -> &'static str {
        self.ask(request).code().as_str()
    }

    /// Decides a call with a new id, which it returns.
    pub(crate) fn call(&mut self, tool: &str, args: &str) -> (String, &'static str) {
        self.calls += 1;
        let call = format!("c{}", self.calls);
        let request = self.request(&call, tool, args, &[]);
        (call, self.code(&request))
    }

    /// A call that is let through and answered.
    pub(crate) fn answered(&mut self, tool: &str, args: &str, result: &str) -> Told {
        let (call, code) = self.call(tool, args);
        assert_eq!(code, "allowed", "{tool} {args}");
        self.done(&call, result).expect("an open call is observed")
    }

    /// How the rules came out in the last decision, by their names.
    pub(crate) fn matched(&self) -> BTreeMap<String, Tri> {
        let rules = self.scratch.last_matches();
        let name = |rule| self.program.rule(rule).map_or("", |rule| self.program.symbol(rule.name));
        rules.map(|one| (name(one.rule).to_owned(), one.matched)).collect()
    }

    /// How a rule comes out for a call with these arguments, which is then forgotten.
    pub(crate) fn find(&mut self, rule: &str, tool: &str, args: &str) -> Tri {
        let (call, code) = self.call(tool, args);
        assert_eq!(code, "allowed", "{tool} {args}");
        let found = self.matched().get(rule).copied();
        self.release("s1", &call).expect("an open call is released");
        found.unwrap_or_else(|| panic!("no rule `{rule}`"))
    }
}
