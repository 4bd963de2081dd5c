//! A state file as a command uses it: the records, the key that they are made with, and the program that they are for.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use agentpol::store::{StateStore, StoreError};
use agentpol::{
    Before, Decision, Described, Handle, Host, Installed, Program, Records, Refusal, Scratch, Told, Trouble,
};
use agentpol_store::{FileError, FileErrorKind, FileStore};

use crate::exit::Problem;
use crate::{events, files, history};

/// A state file that is open for a program.
pub(crate) struct Memory {
    store: FileStore,
    key: [u8; 32],
    installed: Installed,
}

/// Why something was not done.
pub(crate) enum NotDone {
    /// The state does not take it.
    Refused(Refusal),
    /// The file does not work.
    Broken(Problem),
}

impl NotDone {
    /// Returns what to do about it.
    pub(crate) fn help(&self, program: &Program, memory: &Memory, event: &[u8]) -> Option<String> {
        let NotDone::Refused(refusal) = self else { return None };
        let help = events::help(program, *refusal, event);
        let above = (*refusal == Refusal::SessionMismatch).then(|| events::parent(event)).flatten();
        match above.and_then(|session| memory.owner(&session)) {
            Some(owner) => Some([Some(owner), help].into_iter().flatten().collect::<Vec<_>>().join("; ")),
            None => help,
        }
    }
}

impl Memory {
    /// Makes a state file in which nothing has happened, with a key of its own.
    pub(crate) fn create(path: &Path, program: &Program) -> Result<Memory, Problem> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| Problem::file(format!("no random numbers for a key: {error}")))?;
        let store = FileStore::create(path).map_err(|error| match &error.kind {
            FileErrorKind::Io(io) => {
                Problem::file(format!("cannot make {}: {}", files::shown(path), files::reason(io)))
            }
            _ => unusable(&error),
        })?;
        store.keep_key(&key).map_err(|error| unusable(&error))?;
        install(store, key, program, Before::Empty)
    }

    /// Opens a state file and makes it keep what the program asks about.
    pub(crate) fn install(path: &Path, program: &Program, before: Before) -> Result<Memory, Problem> {
        let (store, key) = open(path)?;
        install(store, key, program, before)
    }

    /// Opens a state file that keeps what the program asks about.
    pub(crate) fn open(path: &Path, program: &Program) -> Result<Memory, Problem> {
        let (store, key) = open(path)?;
        let mut found = Err(Refusal::StateUnusable);
        let mut missing = false;
        let step = store.step(&mut |records| {
            let mut reading = Reading { records, tried: false };
            found = agentpol::install(program, now(), Before::Unknown, &mut reading);
            missing = reading.tried;
        });
        step.map_err(|error| broken(&error))?;
        if missing {
            let text = format!("{} keeps what another policy asks about, not this one", files::shown(path));
            let help = format!(
                "decide with that policy, or run `polc state install {}` with this one: from then on it keeps what this \
                 one asks, and forgets the rest",
                files::shown(path)
            );
            return Err(Problem::file(text).help(help));
        }
        let installed = found.map_err(|refusal| refused(path, refusal))?;
        Ok(Memory { store, key, installed })
    }

    /// Returns the file.
    pub(crate) fn store(&self) -> &FileStore {
        &self.store
    }

    /// Shows what every record holds, with its size in bytes.
    pub(crate) fn each(&self, show: &mut dyn FnMut(Described, usize)) -> Result<(), Problem> {
        let shown = self.store.each(&mut |key, bytes| {
            let described = agentpol::describe(key, bytes, &self.installed).unwrap_or(Described::Other);
            show(described, key.len() + bytes.len());
        });
        shown.map_err(|error| unusable(&error))
    }

    /// Says whose the session of this id is.
    pub(crate) fn owner(&self, session: &str) -> Option<String> {
        let found = self.step(|records, host| agentpol::describe_session(session, records, host.installed));
        found.ok().flatten().map(|session| history::owner(&session))
    }

    /// Decides a request; durable when it returns.
    pub(crate) fn decide(&self, program: &Program, scratch: &mut Scratch, request: &[u8]) -> Result<Decision, Problem> {
        self.step(|records, host| agentpol::decide_in(program, request, scratch, records, host))
    }

    /// Takes an event; durable when it returns.
    pub(crate) fn tell(&self, program: &Program, scratch: &mut Scratch, event: &[u8]) -> Result<Told, NotDone> {
        let told = self.step(|records, host| agentpol::tell(program, event, scratch, records, host));
        told.map_err(NotDone::Broken)?.map_err(NotDone::Refused)
    }

    fn step<T>(&self, mut work: impl FnMut(&mut dyn Records, &Host<'_>) -> T) -> Result<T, Problem> {
        let host = Host { key: &self.key, installed: &self.installed };
        let mut found = None;
        self.store.step(&mut |records| found = Some(work(records, &host))).map_err(|error| broken(&error))?;
        found.ok_or_else(|| Problem::file("the state file did not carry out the step"))
    }
}

/// Opens a state file that keeps its own key.
pub(crate) fn open(path: &Path) -> Result<(FileStore, [u8; 32]), Problem> {
    let store = FileStore::open(path).map_err(|error| unusable(&error))?;
    let key = store.key().map_err(|error| unusable(&error))?.ok_or_else(|| {
        let text = format!("{} was made by a service that keeps its key elsewhere", files::shown(path));
        Problem::file(text).help("use a file made by `polc state init`")
    })?;
    Ok((store, key))
}

fn install(store: FileStore, key: [u8; 32], program: &Program, before: Before) -> Result<Memory, Problem> {
    let mut found = Err(Refusal::StateUnusable);
    let step = store.step(&mut |records| found = agentpol::install(program, now(), before, records));
    step.map_err(|error| broken(&error))?;
    let installed = found.map_err(|refusal| refused(store.path(), refusal))?;
    Ok(Memory { store, key, installed })
}

/// Records that are only looked at.
struct Reading<'r> {
    records: &'r mut dyn Records,
    /// Something was to be changed.
    tried: bool,
}

impl Records for Reading<'_> {
    fn open(&mut self, key: &[u8]) -> Result<Handle, Trouble> {
        self.records.open(key)
    }

    fn bytes(&self, handle: Handle) -> &[u8] {
        self.records.bytes(handle)
    }

    fn edit(&mut self, _: Handle) -> Option<&mut Vec<u8>> {
        self.tried = true;
        None
    }
}

/// The time, in milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn unusable(error: &FileError) -> Problem {
    let file = files::shown(&error.path);
    let problem = match &error.kind {
        FileErrorKind::Io(io) => Problem::file(format!("cannot read {file}: {}", files::reason(io))),
        FileErrorKind::Damaged { .. } => Problem::file(format!("{file}: this state file was cut short or changed")),
        _ => Problem::file(error.to_string()),
    };
    match &error.kind {
        FileErrorKind::Io(io) if io.kind() == std::io::ErrorKind::NotFound => {
            problem.help(format!("`polc state init {file}` makes one"))
        }
        FileErrorKind::Exists => problem.help("choose another name, or remove it if its history may be lost"),
        FileErrorKind::InUse => problem.help("ask the service that has it, or stop that first"),
        FileErrorKind::Damaged { .. } => problem.help("put back a copy: nothing is decided on half a memory"),
        FileErrorKind::Foreign => problem.help("`polc state init NEW_FILE` makes one"),
        _ => problem,
    }
}

fn broken(error: &StoreError) -> Problem {
    Problem::file(error.to_string())
}

fn refused(path: &Path, refusal: Refusal) -> Problem {
    Problem::file(format!("{}: {}", files::shown(path), refusal.title()))
}
