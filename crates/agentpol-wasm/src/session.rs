//! What one instance of the module holds: input, program, working memory, and what came out last.

use crate::store::Store;
use agentpol_bytecode::code::Outcome;
use agentpol_bytecode::directory::{Directory, DirectoryError};
use agentpol_bytecode::render::Text;
use agentpol_bytecode::{LoadError, Program, load};
use agentpol_vm::{Before, Bound, Host, Installed, Refusal, Scratch, Told, decide_in, install, tell};
use std::fmt::Write;
use std::sync::Arc;

/// More input than this is refused.
const MAX_INPUT: usize = 1 << 28;

/// What is told to the host as a number: only 1 permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Answer {
    /// Refused.
    Deny = 0,
    /// May be dispatched.
    Allow = 1,
    /// A person must approve it.
    RequireApproval = 2,
    /// May be tried later.
    Throttle = 3,
}

/// What happened before.
#[derive(Debug)]
struct Memory {
    store: Store,
    key: [u8; KEY],
    installed: Installed,
}

/// How many bytes a host key has.
const KEY: usize = 32;

/// One program, and one decision at a time.
#[derive(Debug)]
pub struct Session {
    input: Vec<u8>,
    loaded: Option<(Program, Scratch)>,
    memory: Option<Memory>,
    saved: Vec<u8>,
    directory: Option<Arc<Directory>>,
    operator_view: String,
    agent_view: String,
    error: String,
}

impl Default for Session {
    fn default() -> Self {
        Session::new()
    }
}

impl Session {
    /// Starts without a program: everything is denied.
    pub const fn new() -> Self {
        Session {
            input: Vec::new(),
            loaded: None,
            memory: None,
            saved: Vec::new(),
            directory: None,
            operator_view: String::new(),
            agent_view: String::new(),
            error: String::new(),
        }
    }

    /// Makes room for so many bytes of input; `None` where there is no room.
    pub fn input(&mut self, length: usize) -> Option<&mut [u8]> {
        self.input.clear();
        if length > MAX_INPUT || self.input.try_reserve(length).is_err() {
            return None;
        }
        self.input.resize(length, 0);
        Some(&mut self.input)
    }

    /// Loads the program in the input. The one before is gone in either case, and with it what was remembered.
    ///
    /// # Errors
    /// Returns why the input is no sound program; [`error`](Session::error) has it as text.
    pub fn load(&mut self) -> Result<(), LoadError> {
        self.loaded = None;
        self.memory = None;
        self.error.clear();
        match load(&self.input) {
            Ok(program) => {
                let mut scratch = Scratch::new(&program);
                scratch
                    .use_directory(self.directory.clone().map(|directory| Arc::new(Bound::new(directory, &program))));
                self.loaded = Some((program, scratch));
                Ok(())
            }
            Err(error) => {
                // Writing to a string does not fail.
                let _ = write!(self.error, "{error}");
                Err(error)
            }
        }
    }

    /// Goes on with the directory in the input, or with none where the input is empty. Where the input is no sound directory,
    /// the one before goes on.
    ///
    /// # Errors
    /// Returns why the input is no sound directory; [`error`](Session::error) has it as text.
    pub fn take_directory(&mut self) -> Result<(), DirectoryError> {
        self.error.clear();
        self.directory = match self.input.is_empty() {
            true => None,
            false => match Directory::load(&self.input) {
                Ok(directory) => Some(Arc::new(directory)),
                Err(error) => {
                    let _ = write!(self.error, "{error}");
                    return Err(error);
                }
            },
        };
        if let Some((program, scratch)) = &mut self.loaded {
            scratch.use_directory(self.directory.clone().map(|directory| Arc::new(Bound::new(directory, program))));
        }
        Ok(())
    }

    /// Begins to remember: the input is the host key, 32 bytes, and behind it what was saved, if anything was. What the
    /// program asks that was not kept then is kept from `at` on, in milliseconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// Where there is no program, or the input is not what it must be; [`error`](Session::error) says so. Nothing is
    /// remembered then, and what was is gone.
    pub fn remember(&mut self, at: i64) -> Result<(), Refusal> {
        self.memory = None;
        self.error.clear();
        let begun = self.begin(at);
        if let Err(refusal) = &begun {
            self.error.push_str(refusal.title());
        }
        begun
    }

    fn begin(&mut self, at: i64) -> Result<(), Refusal> {
        let Some((program, _)) = &self.loaded else { return Err(Refusal::Internal) };
        let (key, saved) = self.input.split_first_chunk::<KEY>().ok_or(Refusal::EventMalformed)?;
        let (mut store, before) = match saved {
            [] => (Store::default(), Before::Empty),
            saved => (Store::restore(saved).ok_or(Refusal::StateUnusable)?, Before::Unknown),
        };
        let installed = install(program, at, before, &mut store.step())?;
        self.memory = Some(Memory { store, key: *key, installed });
        Ok(())
    }

    /// Writes out what is remembered; empty where nothing is.
    pub fn save(&mut self) -> &[u8] {
        self.saved.clear();
        if let Some(memory) = &self.memory {
            memory.store.save(&mut self.saved);
        }
        &self.saved
    }

    /// Returns what was saved last.
    pub fn saved(&self) -> &[u8] {
        &self.saved
    }

    /// Decides the request in the input, and remembers it where this session remembers.
    pub fn decide(&mut self) -> Answer {
        self.operator_view.clear();
        self.agent_view.clear();
        let Some((program, scratch)) = &mut self.loaded else {
            self.operator_view.push_str(r#"{"outcome":"deny","code":"internal"}"#);
            self.agent_view.push_str(r#"{"outcome":"deny"}"#);
            return Answer::Deny;
        };
        let decision = match &mut self.memory {
            Some(Memory { store, key, installed }) => {
                let host = Host { key, installed };
                decide_in(program, &self.input, scratch, &mut store.step(), &host)
            }
            None => agentpol_vm::decide(program, &self.input, scratch),
        };
        let _ = write!(self.operator_view, "{}", decision.for_operator(program));
        let _ = write!(self.agent_view, "{}", decision.for_agent(program));
        match decision.outcome() {
            Outcome::Allow if decision.permits() => Answer::Allow,
            Outcome::Allow | Outcome::Deny => Answer::Deny,
            Outcome::RequireApproval => Answer::RequireApproval,
            Outcome::Throttle => Answer::Throttle,
        }
    }

    /// Takes the event in the input. The operator's view says what it changed, or why it was refused.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then. Without memory every event is.
    pub fn tell(&mut self) -> Result<(), Refusal> {
        self.operator_view.clear();
        self.agent_view.clear();
        let told = match (&mut self.loaded, &mut self.memory) {
            (Some((program, scratch)), Some(Memory { store, key, installed })) => {
                let host = Host { key, installed };
                tell(program, &self.input, scratch, &mut store.step(), &host)
            }
            _ => Err(Refusal::StateUnusable),
        };
        let view = &mut self.operator_view;
        // Writing to a string does not fail.
        let _ = match told {
            Ok(Told::Observed { as_declared }) => write!(view, r#"{{"taken":true,"as_declared":{as_declared}}}"#),
            Ok(Told::Approved { missing }) => write!(view, r#"{{"taken":true,"missing":{missing}}}"#),
            Ok(_) => write!(view, r#"{{"taken":true}}"#),
            Err(refusal) => {
                write!(view, r#"{{"taken":false,"refused":"{}","title":{}}}"#, refusal.as_str(), Text(refusal.title()))
            }
        };
        told.map(|_| ())
    }

    /// Returns the meaning hash of the loaded program.
    pub fn meaning_hash(&self) -> Option<&[u8; 32]> {
        self.loaded.as_ref().map(|(program, _)| program.meaning_hash())
    }

    /// Returns the operator's view of the last decision, as JSON.
    pub fn operator_view(&self) -> &str {
        &self.operator_view
    }

    /// Returns the agent's view of the last decision, as JSON.
    pub fn agent_view(&self) -> &str {
        &self.agent_view
    }

    /// Returns why the last program did not load, or memory did not begin; empty where they did.
    pub fn error(&self) -> &str {
        &self.error
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Session};
    use agentpol_bytecode::encode;
    use agentpol_bytecode::tables::{Module, Tables};

    fn put(session: &mut Session, bytes: &[u8]) {
        session.input(bytes.len()).unwrap().copy_from_slice(bytes);
    }

    /// One module, nothing in it.
    fn bare_program() -> Vec<u8> {
        let words = ["m", "model", "system", "trusted", "untrusted", "user"];
        let tables = Tables {
            modules: vec![Module { name: 0, root: true, ..Module::default() }],
            symbols: words.map(String::from).to_vec(),
            levels: vec![vec![4, 1, 3, 5, 2]],
            ..Tables::default()
        };
        encode(&tables)
    }

    #[test]
    fn without_a_program_everything_is_denied() {
        let mut session = Session::new();
        put(&mut session, b"{}");
        assert_eq!(session.decide(), Answer::Deny);
        assert_eq!(session.operator_view(), r#"{"outcome":"deny","code":"internal"}"#);
        assert!(session.meaning_hash().is_none());
    }

    #[test]
    fn a_program_that_does_not_load_leaves_none() {
        let mut session = Session::new();
        put(&mut session, &bare_program());
        assert!(session.load().is_ok() && session.meaning_hash().is_some() && session.error().is_empty());
        put(&mut session, b"no program");
        assert!(session.load().is_err() && session.meaning_hash().is_none());
        assert_eq!(session.error(), "not a compiled policy");
    }

    #[test]
    fn both_views_come_out() {
        let mut session = Session::new();
        put(&mut session, &bare_program());
        assert!(session.load().is_ok());
        put(&mut session, b"{}");
        assert_eq!(session.decide(), Answer::Deny);
        assert!(
            session.operator_view().starts_with(r#"{"outcome":"deny","code":"request_malformed","meaning":"sha256:"#)
        );
        assert_eq!(session.agent_view(), r#"{"outcome":"deny"}"#);
    }

    #[test]
    fn a_directory_is_taken_and_given_up() {
        let mut session = Session::new();
        let empty = agentpol_bytecode::directory::encode(&agentpol_bytecode::directory::Tables::default());
        put(&mut session, &empty);
        assert!(session.take_directory().is_ok() && session.directory.is_some());
        put(&mut session, b"no directory");
        assert!(session.take_directory().is_err() && session.directory.is_some());
        assert_eq!(session.error(), "not a built directory");
        put(&mut session, b"");
        assert!(session.take_directory().is_ok() && session.directory.is_none() && session.error().is_empty());
    }

    #[test]
    fn memory_begins_with_a_key_and_goes_on_with_what_was_saved() {
        let mut session = Session::new();
        put(&mut session, &[7; 32]);
        assert!(session.remember(0).is_err(), "there is no program");
        put(&mut session, &bare_program());
        assert!(session.load().is_ok());
        put(&mut session, b"{}");
        assert!(session.tell().is_err());
        assert!(session.operator_view().starts_with(r#"{"taken":false,"refused":"state_unusable","title":""#));
        put(&mut session, &[7; 31]);
        assert!(session.remember(0).is_err() && !session.error().is_empty() && session.save().is_empty());
        put(&mut session, &[7; 32]);
        assert!(session.remember(0).is_ok() && session.error().is_empty());
        put(&mut session, b"{}");
        assert!(session.tell().is_err());
        assert!(session.operator_view().starts_with(r#"{"taken":false,"refused":"event_malformed""#));
        let event = br#"{"close":{"session":"s","at":"2026-03-02T15:00:00Z"}}"#;
        put(&mut session, event);
        assert!(session.tell().is_err());
        assert!(session.operator_view().starts_with(r#"{"taken":false,"refused":"session_unknown""#));
        let saved = session.save().to_vec();
        assert_eq!(saved, session.saved());
        put(&mut session, &[[7; 32].as_slice(), &saved].concat());
        assert!(session.remember(1).is_ok());
        put(&mut session, &[[7; 32].as_slice(), &saved[1..]].concat());
        assert!(session.remember(1).is_err() && session.save().is_empty(), "what was remembered is gone");
    }

    #[test]
    fn too_much_input_is_refused() {
        assert!(Session::new().input(usize::MAX).is_none());
    }
}
