//! What to say about a decision that would have needed memory of earlier calls and had none, and about sessions that are
//! somebody else's.

use agentpol::bytecode::instruction::Op;
use agentpol::bytecode::tables::RuleId;
use agentpol::{Code, Decision, DescribedSession, Program, Scratch, Tri};

/// Says how to give a decision the memory that it lacked; nothing where no rule that was asked needed any. The scratch must
/// have recorded the decision.
pub(crate) fn missing(program: &Program, decision: &Decision, scratch: &Scratch) -> Option<&'static str> {
    let asked = || scratch.last_matches().filter(|one| one.matched == Tri::Unknown);
    let lacked = decision.code() == Code::StateUnusable || asked().any(|one| asks(program, one.rule));
    lacked.then_some(
        "what happened before is not known without a state file: `polc state init FILE` makes one, and `--state FILE` \
         decides with it",
    )
}

/// Whether a rule asks about earlier calls.
fn asks(program: &Program, rule: RuleId) -> bool {
    let Some(rule) = program.rule(rule) else { return false };
    let code = program.tables().code.iter().skip(rule.entry as usize);
    let own = code.take_while(|instruction| !matches!(instruction.op, Op::Return | Op::ReturnValue));
    let remembered = |op: Op| matches!(op, Op::Earlier | Op::Known | Op::AllKnown | Op::SessionLabel | Op::Origin);
    own.map(|instruction| instruction.op).any(remembered)
}

/// Says whose a session is. For operators: an agent is not told of others.
pub(crate) fn owner(session: &DescribedSession) -> String {
    let user = session.user.as_deref().map_or("nobody".to_owned(), |user| format!("`{user}`"));
    let below = session.root.as_deref().map(|root| format!(", below `{root}`")).unwrap_or_default();
    format!("`{}` is the session of `{}` for {user}{below}", session.id, session.agent)
}
