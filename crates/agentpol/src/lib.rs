//! What a service embeds to decide what AI agents may do.
//!
//! Three things are done with a policy, each by one call:
//!
//! * [`compile_sources`] checks the text of policies and says what is wrong with them, as data;
//! * [`build`] makes a program of them, bytes that can be stored, compared and shipped;
//! * an [`Evaluator`] loads a program and decides requests, on any number of threads.
//!
//! ```
//! use agentpol::{Evaluator, Options, SourceMap, build};
//!
//! let mut sources = SourceMap::new();
//! sources.add(
//!     "billing.agentpol",
//!     r#"
//!     module acme.billing
//!     group clerks
//!     system billing { dataset ledger: restricted }
//!     tool billing.refund(order: string, amount: decimal where amount > 0) pays billing.ledger
//!     agent support_bot { function "customer support" owner "cx@acme.example" phase autonomous }
//!     allow "clerks refund through the bot" { agent support_bot user in clerks tool billing.refund }
//!     deny "no large refunds" { agent any tool billing.refund when args.amount > 100.00 }
//!     "#,
//! );
//! let (built, diagnostics) = build(&sources, &Options::default());
//! assert!(!diagnostics.has_errors());
//! let evaluator = Evaluator::load(&built.unwrap().bytes)?;
//!
//! let request = br#"{
//!     "at": "2026-03-02T15:00:00Z", "agent": "support_bot", "user": {"id": "ana", "groups": ["clerks"]},
//!     "tool": "refund", "args": {"order": "o-1", "amount": 250.00}
//! }"#;
//! let decision = evaluator.decide(request);
//! assert!(!decision.permits());
//! assert_eq!(decision.code().as_str(), "denied_by_rule");
//! assert_eq!(evaluator.agent_json(&decision), r#"{"outcome":"deny"}"#);
//! # Ok::<(), agentpol::LoadError>(())
//! ```
//!
//! # What is promised
//!
//! * Nothing here reads files, the environment, the clock or the network, and nothing panics on any text, bytes or
//!   request.
//! * The same sources give the same bytes, and the same program and request the same decision, on every machine.
//! * What is unknown, missing, malformed or too large never allows.
//!
//! What the host has to promise in return stands in `docs/reference/host.md`; the request's and the decision's JSON in
//! `docs/reference/requests.md` and `docs/reference/decisions.md`.
//!
//! # Limits
//!
//! A source file has at most 4 MiB, a request 1 MiB, its arguments 256 KiB, a text 64 KiB, nesting 16. A program has at
//! most [`MAX_CELLS`] pairs of tool and agent and [`MAX_INSTRUCTIONS`] instructions.

pub mod claims;
mod engine;
mod evaluator;
pub mod events;
mod sources;
pub mod store;

pub use agentpol_bytecode as bytecode;
pub use agentpol_bytecode::code::{Code, Outcome};
pub use agentpol_bytecode::decision::Decision;
pub use agentpol_bytecode::directory::{Directory, DirectoryError};
pub use agentpol_bytecode::{Expectation, Fault, LoadError, Program, Tri, load, load_expecting};
pub use agentpol_check::{LintLevel, Options, policy};
pub use agentpol_compile::{Compiled, MAX_CELLS, MAX_INSTRUCTIONS, Mark, compile as compile_policy, compile_marked};
pub use agentpol_diagnostics as diagnostics;
pub use agentpol_diagnostics::{Diagnostic, Diagnostics, FileId, Position, Severity, SourceFile, SourceMap, Span};
pub use agentpol_syntax::decode;
pub use agentpol_vm::{
    Before, Bound, Described, DescribedAsk, DescribedCall, DescribedDetail, DescribedSession, Finding, Handle, Host,
    Installed, Marked, Prepared, Preview, Records, Refusal, RuleMatch, Scratch, Told, Trouble, decide, decide_in,
    describe, describe_session, install, prepare, preview_in, tell, validate,
};
pub use engine::{Engine, EngineError};
pub use evaluator::Evaluator;
pub use events::{Answered, Observation, OnBehalf, Opening, Person, Presented};
pub use sources::{Built, Checked, build, compile_sources};
pub use store::{MemoryStore, StateStore, StoreError};
