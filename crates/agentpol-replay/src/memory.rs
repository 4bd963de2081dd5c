//! The memory that scenarios and recordings are decided with: a store of its own, gone with the replay.

use agentpol::bytecode::render::Text;
use agentpol::{
    Before, Code, Decision, Host, Installed, MemoryStore, Outcome, Program, Records, Refusal, Scratch, StateStore,
    Told, install, prepare, preview_in, tell,
};

/// The host key: what is remembered here never leaves the process, so that there is nothing to protect.
const KEY: [u8; 32] = [0; 32];

/// What is remembered, at first nothing.
pub(crate) struct Memory {
    store: MemoryStore,
    installed: Option<Installed>,
}

impl Memory {
    /// Starts with nothing having happened.
    pub(crate) fn new(program: &Program) -> Memory {
        let store = MemoryStore::new();
        let mut installed = None;
        let done = store.step(&mut |records| installed = install(program, 0, Before::Empty, records).ok());
        Memory { store, installed: installed.filter(|_| done.is_ok()) }
    }

    /// Decides a request. With `ran` it is history, and remembered as let through exactly where it ran.
    pub(crate) fn decide(
        &self,
        program: &Program,
        scratch: &mut Scratch,
        request: &str,
        ran: Option<bool>,
    ) -> Decision {
        let unusable = Decision::structural(Code::StateUnusable, None);
        let Some(installed) = &self.installed else { return unusable };
        let host = Host { key: &KEY, installed };
        let mut decision = unusable;
        let done = self.store.step(&mut |records| {
            let mut prepared = prepare(program, request.as_bytes(), scratch);
            decision = match ran {
                Some(ran) => prepared.recorded_in(records, &host, ran),
                None => prepared.decide_in(records, &host),
            };
        });
        if done.is_ok() { decision } else { unusable }
    }

    /// Says what would come out, and remembers nothing.
    pub(crate) fn preview(&self, program: &Program, scratch: &mut Scratch, request: &str) -> Option<Outcome> {
        let host = Host { key: &KEY, installed: self.installed.as_ref()? };
        let mut found = None;
        let mut work = |records: &mut dyn Records| {
            found = Some(preview_in(program, request.as_bytes(), scratch, records, &host).outcome());
        };
        self.store.step(&mut work).ok()?;
        found
    }

    /// Takes in an event of the protocol.
    pub(crate) fn tell(&self, program: &Program, scratch: &mut Scratch, event: &str) -> Result<Told, Refusal> {
        let installed = self.installed.as_ref().ok_or(Refusal::StateUnusable)?;
        let host = Host { key: &KEY, installed };
        let mut told = Err(Refusal::StateUnusable);
        let done = self.store.step(&mut |records| told = tell(program, event.as_bytes(), scratch, records, &host));
        done.map_or(Err(Refusal::StateUnusable), |()| told)
    }
}

/// How a call ended.
pub(crate) enum Ending<'e> {
    /// Done; this text came back, and is JSON where its tool declares that.
    Text(&'e str),
    /// Done; nothing is known of what came back.
    Unknown,
    /// Failed.
    Failed,
}

/// The event that says how a call ended, at an RFC 3339 time.
pub(crate) fn observed(session: &str, call: &str, ending: &Ending<'_>, at: &str) -> String {
    let ending = match ending {
        Ending::Text(text) => format!(r#""ok","text":{}"#, Text(text)),
        Ending::Unknown => r#""ok""#.to_owned(),
        Ending::Failed => r#""failed""#.to_owned(),
    };
    let (session, call, at) = (Text(session), Text(call), Text(at));
    format!(r#"{{"observe":{{"session":{session},"call":{call},"outcome":{ending},"at":{at}}}}}"#)
}
