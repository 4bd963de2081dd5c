//! One program, many threads: the evaluator that a service keeps.

use agentpol_bytecode::decision::Decision;
use agentpol_bytecode::directory::Directory;
use agentpol_bytecode::sha256::HASH_BYTES;
use agentpol_bytecode::{Expectation, LoadError, Program, load, load_expecting};
use agentpol_vm::{Bound, Finding, Scratch, decide};
use std::cell::RefCell;
use std::sync::{Arc, PoisonError, RwLock};

/// For how many programs a thread keeps its working memory. A service has one, or two while it changes programs.
const KEPT: usize = 4;

thread_local! {
    /// Working memory by the file hash of its program, the latest used last.
    static SCRATCHES: RefCell<Vec<([u8; HASH_BYTES], Scratch)>> = const { RefCell::new(Vec::new()) };
}

/// Decides requests with one program.
///
/// It may be shared by any number of threads, and cloning it is cheap: clones share program and directory. Each thread
/// that decides keeps about 3 MiB of working memory, taken at its first decision; after that a decision takes no memory, and
/// no lock but to see which directory is the newest.
///
/// ```
/// use agentpol::{Evaluator, Options, SourceMap, build};
///
/// let mut sources = SourceMap::new();
/// sources.add(
///     "files.agentpol",
///     r#"
///     module files
///     system files { dataset notes: internal }
///     tool files.read(name: string) reads files.notes
///     agent clerk { function "notes" owner "desk@acme.example" phase autonomous }
///     allow "the clerk reads" { agent clerk user none tool files.read }
///     deny "not the diary" { agent any tool files.read when args.name == "diary" because "diaries are private" }
///     "#,
/// );
/// let (built, _) = build(&sources, &Options::default());
/// let evaluator = Evaluator::load(&built.unwrap().bytes)?;
///
/// let decision = evaluator.decide(
///     br#"{"at": "2026-03-02T15:00:00Z", "agent": "clerk", "user": "none", "tool": "read", "args": {"name": "list"}}"#,
/// );
/// assert!(decision.permits());
///
/// let decision = evaluator.decide(
///     br#"{"at": "2026-03-02T15:00:00Z", "agent": "clerk", "user": "none", "tool": "read", "args": {"name": "diary"}}"#,
/// );
/// assert!(!decision.permits());
/// assert_eq!(evaluator.agent_json(&decision), r#"{"outcome":"deny","because":["diaries are private"]}"#);
/// # Ok::<(), agentpol::LoadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Evaluator {
    program: Arc<Program>,
    directory: Arc<RwLock<Option<Arc<Bound>>>>,
}

impl Evaluator {
    /// Takes a program.
    pub fn new(program: Program) -> Self {
        Evaluator { program: Arc::new(program), directory: Arc::default() }
    }

    /// Loads a program. The bytes are not needed afterwards.
    ///
    /// # Errors
    ///
    /// As [`load`](crate::load): bytes that are no program, that were changed, or that break a law of programs.
    /// Verification makes a program safe to run; whether it is the *intended* one only
    /// [`load_expecting`](Evaluator::load_expecting) tells.
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        load(bytes).map(Evaluator::new)
    }

    /// Loads a program that must be the expected one: by its meaning hash, or by modules that it must have.
    ///
    /// # Errors
    ///
    /// As [`load`](Evaluator::load), and where the program is another than expected.
    pub fn load_expecting(bytes: &[u8], expectation: &Expectation) -> Result<Self, LoadError> {
        load_expecting(bytes, expectation).map(Evaluator::new)
    }

    /// Goes on with another directory, or with none, and returns what it and the program do not agree about.
    ///
    /// Decisions that have begun go on with the one before; nothing is compiled anew. Without a directory a program that
    /// asks for one denies everything (`directory_stale`). Where a program asks for none, a directory still says which
    /// agents are suspended.
    pub fn replace_directory(&self, directory: Option<Arc<Directory>>) -> Vec<Finding> {
        let bound = directory.map(|directory| Arc::new(Bound::new(directory, &self.program)));
        let findings = bound.as_ref().map(|bound| bound.findings().to_vec()).unwrap_or_default();
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = bound;
        findings
    }

    /// Returns the directory that decisions begin with now, as the program reads it.
    pub fn directory(&self) -> Option<Arc<Bound>> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Decides a request, given as the bytes of its JSON.
    ///
    /// Whatever the bytes are, a decision comes out: what cannot be read is denied with a code. It is the same on every
    /// machine; its time is the request's `at`. Only [`Decision::permits`] says yes, and what is dispatched must be the
    /// bytes that were decided.
    pub fn decide(&self, request: &[u8]) -> Decision {
        self.with_scratch(|program, scratch| decide(program, request, scratch))
    }

    /// Lends the program and this thread's working memory for it, with the directory of now.
    pub(crate) fn with_scratch<T>(&self, work: impl FnOnce(&Program, &mut Scratch) -> T) -> T {
        let lend = |scratch: &mut Scratch| {
            scratch.use_directory(self.directory());
            work(&self.program, scratch)
        };
        SCRATCHES.with(|scratches| match scratches.try_borrow_mut() {
            Ok(mut kept) => lend(self.scratch(&mut kept)),
            Err(_) => lend(&mut Scratch::new(&self.program)),
        })
    }

    /// Returns the operator's record of a decision as JSON: outcome, code, rules, what else applied, hash. It tells a lot
    /// about the policy and never goes back to an agent.
    pub fn operator_json(&self, decision: &Decision) -> String {
        decision.for_operator(&self.program).to_string()
    }

    /// Returns the agent's view of a decision as JSON: outcome, the authors' `because`, and the argument that is wrong. It
    /// is the only view that may go back to a model.
    pub fn agent_json(&self, decision: &Decision) -> String {
        decision.for_agent(&self.program).to_string()
    }

    /// Finds this program's working memory among those that the thread keeps, or makes it.
    fn scratch<'k>(&self, kept: &'k mut Vec<([u8; HASH_BYTES], Scratch)>) -> &'k mut Scratch {
        let hash = self.program.file_hash();
        match kept.iter().position(|(of, _)| of == hash) {
            Some(at) => kept[at..].rotate_left(1),
            None => {
                if kept.len() == KEPT {
                    kept.remove(0);
                }
                kept.push((*hash, Scratch::new(&self.program)));
            }
        }
        let last = kept.len() - 1;
        &mut kept[last].1
    }
}
