//! The vm in this process over records in a map.

use super::HOST;
use agentpol::{Decision, Evaluator};
use agentpol_vm::{Before, Handle, Host, Installed, Records, Scratch, Trouble, decide_in, install, tell};
use std::collections::BTreeMap;

/// A program, and what it remembers.
pub(crate) struct Remembering {
    evaluator: Evaluator,
    scratch: Scratch,
    installed: Installed,
    shelf: Shelf,
}

/// Records by their keys.
#[derive(Default)]
struct Shelf {
    records: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The keys of those that the step at hand has opened.
    opened: Vec<Vec<u8>>,
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
    /// What is left of a step: no record is empty, and each is one that a store may read back.
    fn end(&mut self) {
        self.opened.clear();
        self.records.retain(|_, bytes| !bytes.is_empty());
        for (key, bytes) in &self.records {
            assert!(agentpol_vm::validate(key, bytes), "the record {key:?} is not sound");
        }
    }
}

impl Remembering {
    /// Starts with nothing remembered.
    pub(crate) fn new(evaluator: &Evaluator) -> Result<Remembering, String> {
        let mut shelf = Shelf::default();
        let installed = install(evaluator.program(), 0, Before::Empty, &mut shelf)
            .map_err(|refusal| format!("is not installed: {}", refusal.title()))?;
        shelf.end();
        let scratch = Scratch::new(evaluator.program());
        Ok(Remembering { evaluator: evaluator.clone(), scratch, installed, shelf })
    }

    /// Goes on with another program.
    pub(crate) fn deploy(&mut self, evaluator: &Evaluator, at: i64) -> Result<(), String> {
        self.installed = install(evaluator.program(), at, Before::Unknown, &mut self.shelf)
            .map_err(|refusal| format!("is not installed: {}", refusal.title()))?;
        self.shelf.end();
        self.evaluator = evaluator.clone();
        self.scratch = Scratch::new(evaluator.program());
        Ok(())
    }

    /// Decides a request.
    pub(crate) fn decide(&mut self, request: &[u8]) -> Decision {
        let Remembering { evaluator, scratch, installed, shelf } = self;
        scratch.use_directory(evaluator.directory());
        let decision = decide_in(evaluator.program(), request, scratch, shelf, &Host { key: &HOST, installed });
        shelf.end();
        decision
    }

    /// Tells an event, and returns why it was refused.
    pub(crate) fn tell(&mut self, event: &[u8]) -> Option<String> {
        let Remembering { evaluator, scratch, installed, shelf } = self;
        scratch.use_directory(evaluator.directory());
        let told = tell(evaluator.program(), event, scratch, shelf, &Host { key: &HOST, installed });
        shelf.end();
        told.err().map(|refusal| refusal.as_str().to_owned())
    }
}
