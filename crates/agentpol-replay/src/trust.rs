//! Which scalars of a tool's answer somebody vouches for, from what the policy declares.

use agentpol::Program;
use agentpol::bytecode::tables::{Answer, Returns, TypeDef, TypeId};
use agentpol_trace::Step;

/// Returns whether the scalar at this path of an answer is the word of the system's owner. Of an answer with `untrusted`
/// fields, what the declaration does not name is nobody's word.
pub(crate) fn is_trusted(program: &Program, tool: Option<u32>, path: &[Step<'_>]) -> bool {
    let tool = tool.and_then(|tool| program.tables().tools.get(tool as usize));
    tool.is_some_and(|tool| match tool.returns {
        Returns::Trusted => true,
        Returns::Untrusted | Returns::Nothing => false,
        Returns::Mixed => tool.answer.is_some_and(|answer| in_answer(program, answer, path)),
    })
}

fn in_answer(program: &Program, answer: u32, path: &[Step<'_>]) -> bool {
    match (program.tables().answers.get(answer as usize), path) {
        (Some(Answer::Value(ty) | Answer::Keyed { of: ty, .. }), _) => in_type(program, *ty, path),
        (Some(Answer::List { of, .. }), [Step::Element, rest @ ..]) => in_answer(program, *of, rest),
        // Which of them it is cannot be told from a path: trusted is what all of them vouch for.
        (Some(Answer::Either(all)), _) => all.iter().all(|one| in_answer(program, *one, path)),
        _ => false,
    }
}

fn in_type(program: &Program, ty: TypeId, path: &[Step<'_>]) -> bool {
    let [first, rest @ ..] = path else { return true };
    match (program.tables().types.get(ty as usize), first) {
        (Some(TypeDef::List { of, .. }), Step::Element) | (Some(TypeDef::Map { of, .. }), Step::Member(_)) => {
            in_type(program, *of, rest)
        }
        (Some(TypeDef::Record { fields, .. }), Step::Member(name)) => {
            let field = fields.iter().find(|field| program.symbol(field.wire) == *name);
            field.is_some_and(|field| !field.untrusted && in_type(program, field.ty, rest))
        }
        (Some(TypeDef::Json), _) => true,
        _ => false,
    }
}
