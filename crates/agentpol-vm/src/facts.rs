//! What a rule can read of the call itself: who acts for whom, with which arguments, where and when.

use crate::forms::time;
use crate::machine::Machine;
use crate::references;
use crate::value::{NodeId, Pool, Register, Text, Value};
use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::scope::Tri;
use agentpol_bytecode::tables::Symbol;

/// What a rule can read beside arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub(crate) now: i64,
    pub(crate) agent: u32,
    pub(crate) tool: u32,
    /// `None` is nobody.
    pub(crate) user: Option<Text>,
    /// The groups that the request says, sorted; `None` where it does not say.
    pub(crate) groups: Option<&'a [Symbol]>,
    pub(crate) session: Option<Text>,
    pub(crate) env: Option<Text>,
    pub(crate) task: Option<Text>,
    /// The arguments as they came.
    pub(crate) written: NodeId,
    /// Arguments in order of the tool's parameters.
    pub(crate) args: &'a [Register],
    pub(crate) user_fields: &'a [Register],
    pub(crate) context: &'a [Register],
    pub(crate) attributes: &'a [Register],
    /// The user as a value; absent where there is nobody.
    pub(crate) requester: Value,
    /// What the request says of the user.
    pub(crate) user_object: NodeId,
    /// The resource of the call.
    pub(crate) resource: Value,
    /// Its attributes, where the request brings them.
    pub(crate) resource_fields: &'a [Register],
    /// It and what it lies in, where the request says it.
    pub(crate) path: NodeId,
}

impl Machine<'_> {
    /// What the request says; `None` for an operation that asks something else.
    #[inline(never)]
    pub(crate) fn fact(&self, facts: &Facts<'_>, op: Op, imm: u32) -> Option<Register> {
        let field = |fields: &[Register]| fields.get(imm as usize).copied().unwrap_or(Register::UNKNOWN);
        let text = |text: Option<Text>| text.map_or(Value::Unknown, Value::Text);
        let is = |text: Text| self.memory.text(text) == self.program.symbol(imm);
        let truth = |truth: Tri| Register::made(truth.into());
        Some(match op {
            Op::Args => Register::made(Value::Args),
            Op::User if facts.user.is_some() => field(facts.user_fields),
            Op::User => Register::UNKNOWN,
            Op::UserId => Register::made(text(facts.user)),
            Op::Context => field(facts.context),
            Op::Agent => self.attribute(facts, imm),
            Op::Requester => Register::made(facts.requester),
            Op::Resource => Register::made(facts.resource),
            Op::AgentName => {
                let agent = self.tables().agents.get(facts.agent as usize);
                Register::made(agent.map(|agent| self.symbol(agent.qualified)).into())
            }
            Op::ToolName => {
                let tool = self.tables().tools.get(facts.tool as usize);
                Register::made(tool.map(|tool| self.symbol(tool.name)).into())
            }
            Op::SessionLabel => {
                Register::made(self.recall.as_ref().map(|(view, _)| view.label(self.program, imm)).into())
            }
            Op::SessionId => Register::made(text(facts.session)),
            Op::Now => Register::made(Value::DateTime(facts.now)),
            Op::Today => Register::made(time::date_in(self.tables(), imm, facts.now).map(Value::Date).into()),
            Op::UserIn => truth(self.user_in(facts, imm)),
            Op::UserAny => truth(facts.user.is_some().into()),
            Op::UserNone => truth(facts.user.is_none().into()),
            Op::UserIs => truth(facts.user.is_some_and(is).into()),
            Op::Env => truth(facts.env.map_or(Tri::Unknown, |env| is(env).into())),
            Op::Task => truth(facts.task.map_or(Tri::Unknown, |task| is(task).into())),
            Op::During => {
                let schedule = self.tables().schedules.get(imm as usize);
                truth(schedule.map_or(Tri::Unknown, |schedule| time::during(self.tables(), schedule, facts.now)))
            }
            _ => return None,
        })
    }

    /// The argument of a name; absent where the tool has none.
    pub(crate) fn argument(&self, facts: &Facts<'_>, name: Symbol) -> Register {
        let Some(tool) = self.tables().tools.get(facts.tool as usize) else { return Register::UNKNOWN };
        match tool.params.iter().position(|field| field.name == name) {
            Some(place) => facts.args.get(place).copied().unwrap_or(Register::UNKNOWN),
            None => Register::ABSENT,
        }
    }

    fn attribute(&self, facts: &Facts<'_>, name: Symbol) -> Register {
        let Some(agent) = self.tables().agents.get(facts.agent as usize) else { return Register::UNKNOWN };
        let fields = agent.fleet.as_deref().unwrap_or_default();
        match fields.iter().position(|field| field.name == name) {
            Some(place) => facts.attributes.get(place).copied().unwrap_or(Register::UNKNOWN),
            None => Register::ABSENT,
        }
    }

    pub(crate) fn user_in(&self, facts: &Facts<'_>, group: u32) -> Tri {
        if self.tables().users_from.is_directory() {
            return references::in_program_group(self, facts.requester, group);
        }
        let Some(group) = self.tables().groups.get(group as usize) else { return Tri::Unknown };
        match (facts.user, facts.groups) {
            (None, _) => Tri::False,
            (Some(_), None) => Tri::Unknown,
            (Some(_), Some(groups)) if groups.len() <= group.closure.len() => {
                groups.iter().any(|wire| group.closure.binary_search(wire).is_ok()).into()
            }
            (Some(_), Some(groups)) => group.closure.iter().any(|wire| groups.binary_search(wire).is_ok()).into(),
        }
    }

    fn symbol(&self, symbol: Symbol) -> Value {
        let length = u32::try_from(self.program.symbol(symbol).len()).unwrap_or(0);
        Value::Text(Text { pool: Pool::Symbol(symbol), start: 0, length, lower: false, opaque: false })
    }
}
