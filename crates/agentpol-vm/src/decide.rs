//! The decision: semantics 4.1 as far as it needs no memory of earlier calls.

use crate::arguments::Failure;
use crate::call::{self, Call};
use crate::judge;
use crate::scratch::Scratch;
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Code;
use agentpol_bytecode::decision::Decision;

/// Decides a request, given as the bytes of its JSON. Whatever they are, this returns a decision: it never panics, takes
/// no memory, and allows nothing that no rule surely allows.
pub fn decide(program: &Program, request: &[u8], scratch: &mut Scratch) -> Decision {
    prepare(program, request, scratch).decide()
}

/// Reads a request, so that it can be decided any number of times.
pub fn prepare<'a>(program: &'a Program, request: &[u8], scratch: &'a mut Scratch) -> Prepared<'a> {
    scratch.trace.clear();
    let call = if scratch.made_for == *program.file_hash() {
        understand(program, request, scratch)
    } else {
        Err((Code::Internal, None))
    };
    Prepared { program, scratch, call: call.map_err(|(code, argument)| Decision::structural(code, argument)) }
}

/// A request that was read.
#[derive(Debug)]
#[must_use = "a request that is read is not decided yet"]
pub struct Prepared<'a> {
    program: &'a Program,
    scratch: &'a mut Scratch,
    /// What is called, or the denial where the request does not even ask for something.
    call: Result<Call, Decision>,
}

/// Line 1: the first structural code that applies, in the order of the table.
fn understand(program: &Program, bytes: &[u8], scratch: &mut Scratch) -> Result<Call, Failure> {
    let bare = |code| (code, None);
    let request = call::request(program, bytes, scratch).map_err(bare)?;
    let caller = call::caller(program, scratch, request, request.at).map_err(bare)?;
    let call = caller.calls(call::tool(program, scratch, &caller).map_err(bare)?);
    call::read(program, scratch, &call)?;
    Ok(call)
}

impl Prepared<'_> {
    /// Decides. The same request gives the same decision every time.
    pub fn decide(&mut self) -> Decision {
        match self.call {
            Ok(call) => judge::judge(self.program, self.scratch, &call, None)
                .map_or(Decision::structural(Code::Internal, None), |judgement| judgement.decision),
            Err(refused) => refused,
        }
    }
}
