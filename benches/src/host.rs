//! A host with memory: a program that is installed in a store, and sessions that have gone on for a while.

use crate::desk::{self, START, STEP, action};
use agentpol::{Options, Program, Records, Scratch, SourceMap, StateStore, build, load};
use agentpol_vm::{Before, Host, Installed, Prepared, Told, decide_in, install, prepare, tell};

/// The host's secret.
const KEY: [u8; 32] = [7; 32];

/// A program, and how it is installed in one store.
#[derive(Debug)]
pub struct Desk {
    /// The program.
    pub program: Program,
    installed: Installed,
}

/// A session of one user.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id, and its user's.
    pub id: String,
    /// How many actions it has had.
    pub actions: u32,
}

impl Desk {
    /// Builds and loads a policy, and installs it in a store.
    pub fn new(sources: &SourceMap, store: &impl StateStore) -> Desk {
        let (built, diagnostics) = build(sources, &Options::default());
        let built = built.unwrap_or_else(|| panic!("the policy does not build: {diagnostics:?}"));
        let program = load(&built.bytes).expect("the program loads");
        let installed = step(store, |records| install(&program, START, Before::Empty, records));
        Desk { installed: installed.expect("it is installed"), program }
    }

    /// What steps are decided with.
    pub fn host(&self) -> Host<'_> {
        Host { key: &KEY, installed: &self.installed }
    }

    /// Takes in an event.
    pub fn tell(&self, store: &impl StateStore, scratch: &mut Scratch, event: &str) {
        let told = step(store, |records| tell(&self.program, event.as_bytes(), scratch, records, &self.host()));
        assert!(told.is_ok_and(|told| !matches!(told, Told::Observed { as_declared: false })), "{event}: {told:?}");
    }

    /// Opens a session and lets it have so many actions, each decided, carried out and reported.
    pub fn session(&self, store: &impl StateStore, scratch: &mut Scratch, id: &str, actions: u32) -> Session {
        let open = format!(r#"{{"open":{{"session":"{id}","agent":"desk","user":{{"id":"{id}"}},"at":"{}"}}}}"#, at(0));
        self.tell(store, scratch, &open);
        for number in 0..actions {
            let action = action(number);
            let call = format!("c-{number}");
            let request = request(id, &call, number, action.tool, &action.args);
            let decision =
                step(store, |records| decide_in(&self.program, request.as_bytes(), scratch, records, &self.host()));
            assert!(decision.permits(), "{request}: {}", decision.for_operator(&self.program));
            let observe = format!(
                r#"{{"observe":{{"session":"{id}","call":"{call}","outcome":"ok",{},"at":"{}"}}}}"#,
                action.answer,
                at(number)
            );
            self.tell(store, scratch, &observe);
        }
        Session { id: id.to_owned(), actions }
    }

    /// Reads the request of a session's next call, of a tool with rules of some shape: a refund of an order that was read.
    pub fn next<'a>(&'a self, scratch: &'a mut Scratch, session: &Session, tool: &str) -> Prepared<'a> {
        prepare(&self.program, session.next(tool).as_bytes(), scratch)
    }
}

impl Session {
    /// The JSON of the session's next call.
    pub fn next(&self, tool: &str) -> String {
        // The newest order that was only read.
        let order = (0..self.actions).rev().find(|number| number % 5 == 3).unwrap_or(0);
        request(&self.id, "next", self.actions, tool, &desk::refund(desk::order_of(order)))
    }

    /// The event by which the next call was never made.
    pub fn release(&self) -> String {
        format!(r#"{{"release":{{"session":"{}","call":"next","at":"{}"}}}}"#, self.id, at(self.actions))
    }
}

/// Runs one step of a store.
pub fn step<T>(store: &impl StateStore, work: impl FnMut(&mut dyn Records) -> T) -> T {
    let (mut work, mut found) = (work, None);
    store.step(&mut |records| found = Some(work(records))).expect("the store goes on");
    found.expect("the step was run")
}

fn request(session: &str, call: &str, number: u32, tool: &str, args: &str) -> String {
    let origin = if args.contains(r#""to""#) { r#","origin":{"/to":"user"}"# } else { "" };
    format!(
        r#"{{"at":"{}","agent":"desk","user":{{"id":"{session}","groups":["support"]}},"session":"{session}","call":"{call}","tool":"{tool}","args":{args}{origin}}}"#,
        at(number)
    )
}

/// The time of an action, as requests write it.
fn at(number: u32) -> String {
    let seconds = (START + i64::from(number) * STEP) / 1000;
    let (day, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Sessions begin on 2026-03-02, day 20,514 since 1970, and stay in March.
    format!("2026-03-{:02}T{:02}:{:02}:{:02}Z", day - 20_514 + 2, rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::{ALL, SHAPES, SOME, policy, shape_tool};
    use agentpol::MemoryStore;

    /// What is measured is allowed, and by rules of every shape.
    #[test]
    fn sessions_go_on_as_they_are_measured() {
        for (more, actions) in [(0, 30), (20, 1_000)] {
            let store = MemoryStore::new();
            let desk = Desk::new(&policy(more), &store);
            let mut scratch = Scratch::new(&desk.program);
            let session = desk.session(&store, &mut scratch, "s-1", actions);
            for tool in (0..SHAPES.len()).map(shape_tool).chain([ALL.to_owned(), SOME.to_owned()]) {
                let mut prepared = desk.next(&mut scratch, &session, &tool);
                let decision = step(&store, |records| prepared.preview_in(records, &desk.host()));
                assert_eq!(decision.code().as_str(), "allowed", "{tool}: {}", decision.for_operator(&desk.program));
            }
        }
    }

    #[test]
    fn times_are_written_as_requests_write_them() {
        assert_eq!(at(0), "2026-03-02T08:00:00Z");
        assert_eq!(at(57_601), "2026-03-03T00:00:01Z");
    }
}
