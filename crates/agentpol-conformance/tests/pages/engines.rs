//! The engines that decide: the reference interpreter, the vm in this process, the vm as WASM.

use crate::entries::LAST;
use crate::expectation::said;
use crate::native::{self, HOST, Remembered};
use crate::wasm::{self, Wasm};
use agentpol::policy::Policy;
use agentpol::{Directory, Evaluator, Options, SourceMap};
use agentpol_conformance::reference::{self, Summary};
use agentpol_directory::Builder;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A policy, and the program made of it.
pub(crate) struct Deployed {
    pub(crate) policy: Policy,
    bytes: Vec<u8>,
    evaluator: Evaluator,
}

impl Deployed {
    /// Builds a policy that was checked.
    pub(crate) fn new(policy: Policy, sources: &SourceMap, options: &Options) -> Result<Deployed, String> {
        let (bytes, evaluator) = native::load(sources, options)?;
        Ok(Deployed { policy, bytes, evaluator })
    }

    fn pair(&self) -> native::Deployed<'_> {
        native::Deployed { policy: &self.policy, evaluator: &self.evaluator }
    }
}

/// All engines with one policy.
pub(crate) struct Engines<'a> {
    deployed: &'a Deployed,
    wasm: Wasm,
    memory: Option<Remembered<'a>>,
    directory: Option<Lookups>,
}

/// A directory as each engine uses it.
struct Lookups {
    slow: Arc<reference::Directory>,
    fast: Arc<Directory>,
    built: Vec<u8>,
}

/// What each of them answered.
pub(crate) struct Answers {
    /// The reference interpreter.
    pub(crate) summary: Summary,
    /// How the vm in this process differs from it.
    difference: Option<String>,
    permits: bool,
    /// What the vm tells operators and the agent.
    views: (String, String),
    /// What the agent may be told, and no more.
    agent: String,
    wasm: wasm::Answer,
}

impl Answers {
    /// How the engines disagree, if they do.
    pub(crate) fn disagreement(&self) -> Option<String> {
        let (operator, agent) = &self.views;
        let (wasm, permits) = (&self.wasm, self.permits);
        let same = *operator == wasm.operator && *agent == wasm.agent && permits == (wasm.number == wasm::PERMITS);
        if let Some(difference) = &self.difference {
            Some(difference.clone())
        } else if !same {
            Some(format!("the vm answers {operator} {agent}\n      as WASM {wasm:?}"))
        } else if permits != (self.summary.outcome().as_str() == "allow") {
            Some(format!("permits: {permits}, the reference decides {}", self.summary))
        } else if *agent != self.agent {
            Some(format!("the agent is told {agent}\n      and may be told {}", self.agent))
        } else {
            None
        }
    }
}

impl<'a> Engines<'a> {
    /// Starts the engines without memory.
    pub(crate) fn start(deployed: &'a Deployed) -> Result<Engines<'a>, String> {
        deployed.evaluator.replace_directory(None);
        Ok(Engines { deployed, wasm: Wasm::load(&deployed.bytes)?, memory: None, directory: None })
    }

    /// Starts the engines with a memory in which nothing has happened.
    pub(crate) fn remembering(deployed: &'a Deployed) -> Result<Engines<'a>, String> {
        let mut engines = Engines::start(deployed)?;
        engines.wasm.remember(&HOST, &[], 0)?;
        engines.memory = Some(Remembered::new(deployed.pair())?);
        Ok(engines)
    }

    /// Deploys another policy on what is remembered.
    pub(crate) fn deploy(&mut self, deployed: &'a Deployed, at: Option<i64>) -> Result<(), String> {
        self.deployed = deployed;
        match &mut self.memory {
            None => self.wasm = Wasm::load(&deployed.bytes)?,
            Some(memory) => {
                let at = memory.deploy(deployed.pair(), at)?;
                let saved = self.wasm.save();
                self.wasm = Wasm::load(&deployed.bytes)?;
                self.wasm.remember(&HOST, &saved, at)?;
            }
        }
        self.look_up()
    }

    /// Decides a request where the policy before is still at work: in this process, on the same records. Records as WASM are
    /// an instance's own.
    pub(crate) fn decide_stale(&mut self, request: &[u8]) -> Result<Answers, String> {
        let memory = self.memory.as_mut().ok_or("nothing is remembered")?;
        let (before, decided) = memory.decide_stale(request).ok_or("no policy was deployed before")?;
        let evaluator = before.evaluator;
        let views = (evaluator.operator_json(&decided.fast), evaluator.agent_json(&decided.fast));
        let permits = decided.fast.permits();
        let number = if permits { wasm::PERMITS } else { 0 };
        Ok(Answers {
            difference: decided.difference,
            permits,
            wasm: wasm::Answer { number, operator: views.0.clone(), agent: views.1.clone() },
            views,
            agent: for_agent(&decided.slow, before.policy),
            summary: decided.slow,
        })
    }

    /// Tells an event where the policy before is still at work.
    pub(crate) fn tell_stale(&mut self, text: &str) -> Result<Option<String>, String> {
        let memory = self.memory.as_mut().ok_or("nothing is remembered")?;
        let (slow, fast) = memory.tell_stale(text).ok_or("no policy was deployed before")?;
        if slow == fast { Ok(slow) } else { Err(format!("the reference says {slow:?}, the vm {fast:?}")) }
    }

    /// Whether decisions hang on what happened before.
    pub(crate) fn remembers(&self) -> bool {
        self.deployed.evaluator.program().remembers()
    }

    /// Goes on with a directory, written as JSON Lines.
    pub(crate) fn use_directory(&mut self, lines: &str) -> Result<(), String> {
        let mut builder = Builder::default();
        builder.read("directory", lines.as_bytes()).map_err(|error| error.to_string())?;
        let built = builder.finish(None).map_err(|problems| format!("{problems:?}"))?.bytes;
        let fast = Directory::load(&built).map_err(|error| error.to_string())?;
        let slow = reference::Directory::read(lines).ok_or("the reference reads no such directory")?;
        self.directory = Some(Lookups { slow: Arc::new(slow), fast: Arc::new(fast), built });
        self.look_up()
    }

    /// Gives every engine the directory.
    fn look_up(&mut self) -> Result<(), String> {
        let Some(directory) = &self.directory else { return Ok(()) };
        self.deployed.evaluator.replace_directory(Some(directory.fast.clone()));
        if let Some(memory) = &mut self.memory {
            memory.slow.use_directory(Some(directory.slow.clone()));
        }
        self.wasm.use_directory(&directory.built)
    }

    /// Decides a request on every engine.
    pub(crate) fn decide(&mut self, request: &[u8]) -> Answers {
        let (policy, evaluator) = (&self.deployed.policy, &self.deployed.evaluator);
        let (summary, decision, difference) = match &mut self.memory {
            None => {
                let lookups = self.directory.as_ref().map(|directory| directory.slow.clone());
                let (slow, fast) = (reference::decide_with(policy, lookups, request), evaluator.decide(request));
                let said = native::summary(&fast, evaluator.program());
                let differ = said != slow;
                let difference = differ.then(|| format!("the reference decides {slow}\n      the vm {said}"));
                (slow, fast, difference)
            }
            Some(memory) => {
                let decided = memory.decide(request);
                (decided.slow, decided.fast, decided.difference)
            }
        };
        Answers {
            difference,
            permits: decision.permits(),
            views: (evaluator.operator_json(&decision), evaluator.agent_json(&decision)),
            agent: for_agent(&summary, policy),
            wasm: self.wasm.decide(request),
            summary,
        }
    }

    /// Tells every engine what happened, and returns why it was refused, or how they disagree.
    pub(crate) fn tell(&mut self, text: &str) -> Result<Option<String>, String> {
        let memory = self.memory.as_mut().ok_or("nothing is remembered")?;
        let (slow, fast, theirs) = memory.tell(text);
        let wasm = self.wasm.tell(theirs.as_bytes());
        match slow == fast && fast == wasm {
            true => Ok(slow),
            false => Err(format!("the reference says {slow:?}, the vm {fast:?}, as WASM {wasm:?}")),
        }
    }

    /// The events that an event about digests of the last decision stands for, with the digests of the reference
    /// interpreter: one for each ask of this name.
    pub(crate) fn about_last(&self, text: &str, name: Option<&str>) -> Vec<String> {
        let Some(memory) = &self.memory else { return Vec::new() };
        let wanted = |asked: &&reference::Asked| match name {
            None => true,
            Some("phase") => asked.rule.is_none(),
            Some(name) => asked.rule.as_deref() == Some(name),
        };
        memory.slow.asked().iter().filter(wanted).map(|asked| text.replace(LAST, &asked.digest)).collect()
    }
}

/// What the agent may be told (semantics R1): the outcome, when to try again, what the author says about it, which argument
/// was bad.
fn for_agent(summary: &Summary, policy: &Policy) -> String {
    let bad = matches!(summary.code.as_str(), "argument_missing" | "argument_undeclared" | "argument_invalid");
    let word = match summary.outcome().as_str() {
        _ if bad => "bad_arguments",
        "require_approval" => "approval_required",
        "throttle" => "try_later",
        outcome => outcome,
    };
    let mut view = Map::from_iter([("outcome".to_owned(), json!(word))]);
    if let Some(after) = summary.retry_after {
        view.insert("retry_after".to_owned(), json!(duration(after)));
    }
    let because = said(summary, policy);
    if !because.is_empty() {
        view.insert("because".to_owned(), json!(because));
    }
    if let (true, Some(argument)) = (bad, &summary.argument) {
        view.insert("argument".to_owned(), json!(argument));
    }
    Value::Object(view).to_string()
}

/// Milliseconds as the language writes durations, made longer to whole seconds.
pub(crate) fn duration(millis: i64) -> String {
    let mut rest = millis.div_euclid(1000) + i64::from(millis.rem_euclid(1000) > 0);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    for (unit, seconds) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] {
        if rest / seconds > 0 {
            out.push_str(&format!("{}{unit}", rest / seconds));
            rest %= seconds;
        }
    }
    out
}
