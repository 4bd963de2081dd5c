//! What is called, by whom, for whom: a request understood, and the frame in which its rules run.

use crate::arguments::{self, Failure};
use crate::chain::{self, Chain};
use crate::facts::Facts;
use crate::machine::Machine;
use crate::memory::Memory;
use crate::request::{self, Request};
use crate::resource::{self, Subject};
use crate::scratch::{Questions, Scratch, Trace};
use crate::state::step::View;
use crate::value::{NO_NODE, NodeId, Register, USER, Value};
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::{Agent, Tool};
use alloc::vec::Vec;

/// Who calls: a request whose agents are known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) request: Request,
    /// Who acts through whom.
    pub(crate) chain: Chain,
    pub(crate) agent: u32,
    /// The time that everything is asked about: the request's, or where state is ahead of it, state's.
    pub(crate) now: i64,
}

/// What is called, by whom, for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) request: Request,
    /// Who acts through whom.
    pub(crate) chain: Chain,
    pub(crate) agent: u32,
    pub(crate) tool: u32,
    pub(crate) args: NodeId,
    /// As of the caller.
    pub(crate) now: i64,
}

/// Codes 4 and 5: reads a request.
pub(crate) fn request(program: &Program, bytes: &[u8], scratch: &mut Scratch) -> Result<Request, Code> {
    request::read(program, bytes, &mut scratch.memory, &mut scratch.groups)
}

/// Codes 6 to 17: finds out who acts, and for whom, at a time.
pub(crate) fn caller(program: &Program, scratch: &mut Scratch, request: Request, now: i64) -> Result<Caller, Code> {
    let Scratch { memory, parts, attribute_nodes, .. } = scratch;
    let mut request = request;
    let chain = chain::resolve(program, memory, &request, now, parts, attribute_nodes)?;
    resource::people(program, memory, &mut request, now)?;
    let agent = chain.agents().last().copied().ok_or(Code::Internal)?;
    Ok(Caller { request, chain, agent, now })
}

/// Code 21: finds the tool that is called.
pub(crate) fn tool(program: &Program, scratch: &Scratch, caller: &Caller) -> Result<u32, Code> {
    let (memory, request) = (&scratch.memory, &caller.request);
    let server = request.server.map(|server| memory.text(server));
    let tool = program.find_tool(server, memory.text(request.tool)).ok_or(Code::ToolUnknown)?;
    let called = program.tables().tools.get(tool as usize).ok_or(Code::Internal)?;
    if let Some(environments) = &called.environments {
        let named = request.env.and_then(|env| program.find_symbol(memory.text(env)));
        if !named.is_some_and(|env| environments.contains(&env)) {
            return Err(Code::ToolUnknown);
        }
    }
    Ok(tool)
}

/// Code 22 to 25: the tool is the one that is pinned, and everything that rules may read is as declared. What is not is
/// unknown.
pub(crate) fn read(program: &Program, scratch: &mut Scratch, call: &Call) -> Result<(), Failure> {
    let tables = program.tables();
    let actor = tables.agents.get(call.agent as usize).ok_or((Code::Internal, None))?;
    let called = tables.tools.get(call.tool as usize).ok_or((Code::Internal, None))?;
    let presented = call.request.tool_digest.map(|digest| scratch.memory.text(digest));
    let changed = called.pinned.is_some_and(|pinned| presented != Some(program.symbol(pinned)));
    let values = read_values(program, scratch, &call.request, actor, called);
    if changed { Err((Code::ToolChanged, None)) } else { values }
}

impl Caller {
    /// Goes on to what is called.
    pub(crate) fn calls(self, tool: u32) -> Call {
        let Caller { request, chain, agent, now } = self;
        Call { request, chain, agent, tool, args: request.args, now }
    }
}

/// Gives everything that rules may read its declared type.
fn read_values(
    program: &Program,
    scratch: &mut Scratch,
    request: &Request,
    actor: &Agent,
    called: &Tool,
) -> Result<(), Failure> {
    let Scratch { memory, registers, attribute_nodes, args, user, context, attributes, resource, subject, .. } =
        scratch;
    *subject = Subject::NONE;
    let surroundings = arguments::context(program, memory, registers, request.context, context);
    arguments::user(program, memory, registers, request.user.as_ref(), user);
    let fields = actor.fleet.as_deref().unwrap_or_default();
    let find = |_: &_, at: usize| attribute_nodes.get(at).copied().filter(|node| *node != NO_NODE);
    arguments::attributes(program, memory, registers, fields, find, attributes);
    let cwd = surroundings.is_ok().then(|| arguments::cwd(program, context)).flatten();
    arguments::arguments(program, memory, registers, request, called, cwd, args)?;
    surroundings?;
    let found = resource::subject(program, memory, registers, request, called, args, resource);
    *subject = found.map_err(|code| (code, None))?;
    Ok(())
}

impl Call {
    /// Runs a block of clauses in the frame of the call: what they say together, and how many of them were recorded.
    pub(crate) fn run(
        &self,
        program: &Program,
        scratch: &mut Scratch,
        view: Option<&View<'_>>,
        entry: u32,
        clauses: usize,
    ) -> (Tri, usize) {
        self.frame(program, scratch).run(view, entry, clauses)
    }

    /// Runs a block that keeps so many values, in the frame of the call: they lie in `scratch.kept` then, unknown where it
    /// keeps none.
    pub(crate) fn keep(
        &self,
        program: &Program,
        scratch: &mut Scratch,
        view: Option<&View<'_>>,
        entry: u32,
        count: usize,
    ) -> Tri {
        scratch.kept.clear();
        let room = scratch.kept.capacity().min(count);
        scratch.kept.resize(room, Register::UNKNOWN);
        self.frame(program, scratch).run(view, entry, 0).0
    }

    /// The frame in which the call's blocks run.
    pub(crate) fn frame<'a>(&self, program: &'a Program, scratch: &'a mut Scratch) -> Frame<'a> {
        let Scratch {
            memory,
            registers,
            groups,
            args,
            user,
            context,
            attributes,
            trace,
            resource,
            subject,
            kept,
            questions,
            matched,
            ..
        } = scratch;
        let request = &self.request;
        let requester = request.user.map_or(Value::Absent, |user| match user.found {
            Some(at) => Value::Found { of: USER, at },
            None => Value::Named { of: USER, id: user.id },
        });
        let facts = Facts {
            now: self.now,
            agent: self.agent,
            tool: self.tool,
            user: request.user.map(|user| user.id),
            groups: request.user.filter(|user| user.groups_known).map(|_| groups.as_slice()),
            session: request.session,
            env: request.env,
            task: request.task,
            written: self.args,
            args,
            user_fields: user,
            context,
            attributes,
            requester,
            user_object: request.user.map_or(NO_NODE, |user| user.object),
            resource: subject.value,
            resource_fields: resource,
            path: subject.path,
        };
        Frame { program, facts, memory, registers, trace, kept, questions, matched }
    }
}

/// What blocks of one call share: its facts, and the room they run in.
pub(crate) struct Frame<'a> {
    pub(crate) program: &'a Program,
    pub(crate) facts: Facts<'a>,
    memory: &'a mut Memory,
    registers: &'a mut [Register],
    pub(crate) trace: &'a mut Trace,
    kept: &'a mut [Register],
    questions: &'a mut Questions,
    /// How the rules of the cell came out.
    pub(crate) matched: &'a mut Vec<Tri>,
}

impl Frame<'_> {
    /// Runs a block of clauses: what they say together, and how many of them were recorded.
    pub(crate) fn run(&mut self, view: Option<&View<'_>>, entry: u32, clauses: usize) -> (Tri, usize) {
        let clauses = self.trace.open(clauses);
        let recorded = clauses.len();
        let machine = Machine::new(self.program, self.memory, self.registers, &self.facts, clauses);
        (machine.keeping(self.kept).asking(view, self.questions).rule(entry), recorded)
    }
}
