//! What tools answer.

use crate::block::Step;
use crate::canon::Canon;
use crate::evidence::steps;
use crate::pools::Pools;
use crate::rule::Writer;
use crate::shape::Types;
use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::tables::{Answer, KeySource, Returns};
use agentpol_check::policy::{self, Policy, RecordId, ResultType, Tool, Type};
use agentpol_diagnostics::Diagnostics;
use indexmap::IndexMap;

/// The answers of a program under construction, each once.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    table: Vec<Answer>,
    /// Those whose keys the call gives, by canonical text.
    keyed: IndexMap<String, u32>,
}

impl Answers {
    /// Returns the table.
    pub(crate) fn finish(self) -> Vec<Answer> {
        self.table
    }

    /// Returns the number of what a tool answers.
    pub(crate) fn answer(
        &mut self,
        tool: &Tool,
        pools: &mut Pools,
        types: &mut Types<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<u32> {
        match &tool.result {
            ResultType::Undeclared => None,
            ResultType::Type(Type::String) => Some(self.add(Answer::Verbatim)),
            result => Some(self.part(result, pools, types, diagnostics)),
        }
    }

    fn add(&mut self, answer: Answer) -> u32 {
        let known = self.table.iter().position(|other| *other == answer);
        let at = known.unwrap_or(self.table.len());
        if known.is_none() {
            self.table.push(answer);
        }
        at as u32
    }

    fn part(
        &mut self,
        result: &ResultType,
        pools: &mut Pools,
        types: &mut Types<'_>,
        diagnostics: &mut Diagnostics,
    ) -> u32 {
        let answer = match result {
            ResultType::Undeclared => unreachable!("the checker lets nothing undeclared be part of an answer"),
            ResultType::Type(of) => Answer::Value(types.type_id(of, pools, diagnostics)),
            ResultType::Record(record) => {
                let of = Type::Shape(types.policy()[*record].shape);
                Answer::Value(types.type_id(&of, pools, diagnostics))
            }
            ResultType::List(of, max) => Answer::List { of: self.part(of, pools, types, diagnostics), max: *max },
            ResultType::Either(some) => {
                let mut all: Vec<u32> = Vec::with_capacity(some.len());
                for one in some {
                    let part = self.part(one, pools, types, diagnostics);
                    if !all.contains(&part) {
                        all.push(part);
                    }
                }
                Answer::Either(all)
            }
            ResultType::Keyed { record, keys, field } => {
                return self.keyed(*record, keys, field, pools, types, diagnostics);
            }
        };
        self.add(answer)
    }

    /// A record whose keys the call gives, in whole or in part. Where no rule asks for it, it is a value like others.
    fn keyed(
        &mut self,
        record: RecordId,
        keys: &[policy::KeySource],
        path: &[String],
        pools: &mut Pools,
        types: &mut Types<'_>,
        diagnostics: &mut Diagnostics,
    ) -> u32 {
        let policy = types.policy();
        let shape = policy[record].shape;
        let of = policy.type_at(Type::Shape(shape), path);
        let of = of.unwrap_or_else(|| unreachable!("the checker has found the field `{}`", path.join(".")));
        let of = types.type_id(&of, pools, diagnostics);
        let Some(evidence) = pools.questions.evidence.get(&record).copied() else {
            return self.add(Answer::Value(of));
        };
        let mut canon = Canon::new(policy);
        let mut text = format!("{} {path:?}", canon.record(record));
        for key in keys {
            let given = key.given().map(|given| canon.expr(given));
            text += &format!(" {:?} {}", source(key), given.unwrap_or_default());
        }
        if let Some(known) = self.keyed.get(&text) {
            return *known;
        }
        let given = || (0u32..).zip(keys).filter_map(|(place, key)| Some((place, key.given()?)));
        let span = given().next().map(|(_, key)| key.span).unwrap_or_default();
        let mut writer = Writer::new(policy, pools, diagnostics);
        given().for_each(|(place, key)| writer.keep(key, place));
        writer.block.push(Step { op: Op::Return, dst: 0, a: 0, b: 0, imm: 0, span });
        let block = writer.finish(0, span, "the key of the answer");
        let registers = block.registers;
        let entry = types.code.add(block);
        let field = steps(policy, shape, path);
        let number = self.table.len() as u32;
        let keys = keys.iter().map(source).collect();
        self.table.push(Answer::Keyed { evidence, entry, registers, field, of, keys });
        self.keyed.insert(text, number);
        number
    }
}

/// Where a key comes from.
fn source(key: &policy::KeySource) -> KeySource {
    match key {
        policy::KeySource::Given(_) => KeySource::Call,
        policy::KeySource::Carried => KeySource::Answer,
        policy::KeySource::CarriedOr(_) => KeySource::AnswerOrCall,
    }
}

/// How far a tool's answers can be trusted.
pub(crate) fn returns(policy: &Policy, tool: &Tool) -> Returns {
    match tool.returns {
        policy::Returns::Untrusted => Returns::Untrusted,
        policy::Returns::Nothing => Returns::Nothing,
        policy::Returns::Trusted if tool.result.is_strangers_word(policy) => Returns::Untrusted,
        policy::Returns::Trusted if tool.brings_strangers_words(policy) => Returns::Mixed,
        policy::Returns::Trusted => Returns::Trusted,
    }
}
