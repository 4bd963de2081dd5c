//! The vm in this process over records in a map.

use super::HOST;
use agentpol::{Decision, Evaluator};
use agentpol_bytecode::Ceiling;
use agentpol_vm::{Before, Handle, Host, Installed, Records, Scratch, Trouble, decide_in, install, tell};
use std::collections::BTreeMap;

/// A program, and what it remembers.
pub(crate) struct Remembering {
    serving: Serving,
    /// What was deployed before.
    before: Option<Serving>,
    shelf: Shelf,
}

/// A program as it was installed.
struct Serving {
    evaluator: Evaluator,
    scratch: Scratch,
    installed: Installed,
}

/// A program at work on records.
pub(crate) struct AtWork<'w> {
    serving: &'w mut Serving,
    shelf: &'w mut Shelf,
}

/// Records by their keys.
#[derive(Default)]
struct Shelf {
    records: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The keys of those that the step at hand has opened.
    opened: Vec<Vec<u8>>,
    /// What records may take at most: what an earlier program kept may still lie in them.
    ceiling: Ceiling,
}

impl Records for Shelf {
    fn open(&mut self, key: &[u8]) -> Result<Handle, Trouble> {
        let known = self.opened.iter().position(|opened| opened == key);
        let at = known.unwrap_or_else(|| {
            self.opened.push(key.to_vec());
            self.records.entry(key.to_vec()).or_default();
            self.opened.len() - 1
        });
        u32::try_from(at).map(Handle).map_err(|_| Trouble::Unusable)
    }

    fn bytes(&self, handle: Handle) -> &[u8] {
        let key = self.opened.get(handle.0 as usize);
        key.and_then(|key| self.records.get(key)).map_or(&[], Vec::as_slice)
    }

    fn edit(&mut self, handle: Handle) -> Option<&mut Vec<u8>> {
        self.records.get_mut(self.opened.get(handle.0 as usize)?)
    }
}

impl Shelf {
    /// What is left of a step: no record is empty, each is one that a store may read back, and none takes more than was said.
    fn end(&mut self) {
        let ceiling = self.ceiling;
        self.opened.clear();
        self.records.retain(|_, bytes| !bytes.is_empty());
        for (key, bytes) in &self.records {
            assert!(agentpol_vm::validate(key, bytes), "the record {key:?} is not sound");
            let most = match key.first() {
                Some(b's') => ceiling.session,
                Some(b'a' | b'A') => ceiling.agent,
                Some(b'u' | b'U' | b'n') => ceiling.user,
                Some(b'r') => ceiling.limit_key.max(ceiling.alert_key),
                Some(b'l') => ceiling.agent_keys,
                Some(b'q') => ceiling.approval,
                Some(b'p') => ceiling.approvals,
                _ => continue,
            };
            let size = bytes.len() as u64;
            assert!(size <= most, "the record {:?} takes {size} bytes, not {most}", String::from_utf8_lossy(key));
        }
    }
}

impl Serving {
    fn new(evaluator: &Evaluator, at: i64, before: Before, shelf: &mut Shelf) -> Result<Serving, String> {
        let installed = install(evaluator.program(), at, before, shelf)
            .map_err(|refusal| format!("is not installed: {}", refusal.title()))?;
        let (before, now) = (shelf.ceiling, evaluator.program().ceiling());
        shelf.ceiling = Ceiling {
            // Sessions are opened where nothing else is kept, too.
            session: before.session + now.session.max(2048),
            agent: before.agent + now.agent,
            user: before.user + now.user,
            limit_key: before.limit_key.max(now.limit_key),
            alert_key: before.alert_key.max(now.alert_key),
            agent_keys: before.agent_keys + now.agent_keys,
            approval: before.approval.max(now.approval),
            approvals: before.approvals.max(now.approvals),
        };
        shelf.end();
        Ok(Serving { evaluator: evaluator.clone(), scratch: Scratch::new(evaluator.program()), installed })
    }
}

impl Remembering {
    /// Starts with nothing remembered.
    pub(crate) fn new(evaluator: &Evaluator) -> Result<Remembering, String> {
        let mut shelf = Shelf::default();
        let serving = Serving::new(evaluator, 0, Before::Empty, &mut shelf)?;
        Ok(Remembering { serving, before: None, shelf })
    }

    /// Goes on with another program.
    pub(crate) fn deploy(&mut self, evaluator: &Evaluator, at: i64) -> Result<(), String> {
        let next = Serving::new(evaluator, at, Before::Unknown, &mut self.shelf)?;
        self.before = Some(std::mem::replace(&mut self.serving, next));
        Ok(())
    }

    /// The program before, at work all the same.
    pub(crate) fn stale(&mut self) -> Option<AtWork<'_>> {
        Some(AtWork { serving: self.before.as_mut()?, shelf: &mut self.shelf })
    }

    fn now(&mut self) -> AtWork<'_> {
        AtWork { serving: &mut self.serving, shelf: &mut self.shelf }
    }

    /// Decides a request.
    pub(crate) fn decide(&mut self, request: &[u8]) -> Decision {
        self.now().decide(request)
    }

    /// Tells an event, and returns why it was refused.
    pub(crate) fn tell(&mut self, event: &[u8]) -> Option<String> {
        self.now().tell(event)
    }
}

impl AtWork<'_> {
    /// Decides a request.
    pub(crate) fn decide(self, request: &[u8]) -> Decision {
        let Serving { evaluator, scratch, installed } = self.serving;
        scratch.use_directory(evaluator.directory());
        let decision = decide_in(evaluator.program(), request, scratch, self.shelf, &Host { key: &HOST, installed });
        self.shelf.end();
        decision
    }

    /// Tells an event, and returns why it was refused.
    pub(crate) fn tell(self, event: &[u8]) -> Option<String> {
        let Serving { evaluator, scratch, installed } = self.serving;
        scratch.use_directory(evaluator.directory());
        let told = tell(evaluator.program(), event, scratch, self.shelf, &Host { key: &HOST, installed });
        self.shelf.end();
        told.err().map(|refusal| refusal.as_str().to_owned())
    }
}
