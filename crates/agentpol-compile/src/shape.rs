//! Types and fields of requests.

use crate::pools::Pools;
use crate::registers::Laid;
use crate::rule::{constraint, refused_pattern};
use agentpol_bytecode::instruction::{Instruction, Operand};
use agentpol_bytecode::tables::{Check, Field, TypeDef, TypeId};
use agentpol_check::policy::{self, Constraint, Policy, RecordId, ShapeId, Type};
use agentpol_diagnostics::{Diagnostics, Span};
use indexmap::IndexMap;
use std::collections::HashMap;

/// Code under construction, with the place of each instruction.
#[derive(Debug, Default)]
pub(crate) struct Code {
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) spans: Vec<Span>,
}

impl Code {
    /// Adds a block and returns where it starts.
    pub(crate) fn add(&mut self, block: Laid) -> u32 {
        let start = self.instructions.len() as u32;
        let shifted = |mut instruction: Instruction| {
            if instruction.op.operands()[3] == Operand::Target {
                instruction.imm += start;
            }
            instruction
        };
        self.instructions.extend(block.code.into_iter().map(shifted));
        self.spans.extend(block.spans);
        start
    }
}

/// The types of a program under construction, and the blocks of their constraints.
pub(crate) struct Types<'p> {
    policy: &'p Policy,
    types: Vec<TypeDef>,
    /// Numbers of types; `None` while a record's fields are at work.
    known: HashMap<Type, Option<TypeId>>,
    /// The number of each record that is known by its keys.
    evidence: HashMap<ShapeId, u32>,
    blocks: HashMap<Vec<[u32; 5]>, u32>,
    pub(crate) code: Code,
}

impl<'p> Types<'p> {
    /// Makes an empty table, in which these records are known by their keys.
    pub(crate) fn new(policy: &'p Policy, evidence: &IndexMap<RecordId, u32>) -> Self {
        let evidence = evidence.iter().map(|(record, number)| (policy[*record].shape, *number)).collect();
        let (types, known, blocks) = (Vec::new(), HashMap::new(), HashMap::new());
        Types { policy, types, known, evidence, blocks, code: Code::default() }
    }

    /// Returns the policy.
    pub(crate) fn policy(&self) -> &'p Policy {
        self.policy
    }

    /// Returns the fields of a shape, in order of declaration.
    pub(crate) fn fields(&mut self, shape: ShapeId, pools: &mut Pools, diagnostics: &mut Diagnostics) -> Vec<Field> {
        let policy = self.policy;
        policy[shape].fields.iter().map(|field| self.field(field, pools, diagnostics)).collect()
    }

    /// Returns the table of types and the code of their constraints.
    pub(crate) fn finish(self) -> (Vec<TypeDef>, Code) {
        (self.types, self.code)
    }

    fn field(&mut self, field: &policy::Field, pools: &mut Pools, diagnostics: &mut Diagnostics) -> Field {
        let mut checks = Vec::new();
        for constraint in &field.constraints {
            checks.extend(self.check(constraint, field.span, pools, diagnostics));
        }
        Field {
            name: pools.symbol(&field.name),
            wire: pools.symbol(&field.wire),
            ty: self.type_id(&field.ty, pools, diagnostics),
            optional: field.optional,
            secret: field.secret,
            untrusted: field.untrusted,
            checks,
        }
    }

    fn check(
        &mut self,
        check: &Constraint,
        span: Span,
        pools: &mut Pools,
        diagnostics: &mut Diagnostics,
    ) -> Option<Check> {
        match check {
            Constraint::Where(condition) => {
                let block = constraint(self.policy, condition, span, pools, diagnostics);
                Some(Check::Where(self.add_block(block)))
            }
            Constraint::Matches(pattern) => match pools.automaton(pattern) {
                Ok(automaton) => Some(Check::Matches(automaton)),
                Err(refusal) => {
                    diagnostics.push(refused_pattern(pattern, &refusal, span));
                    None
                }
            },
        }
    }

    /// Adds a constraint's block; equal ones share their code.
    fn add_block(&mut self, block: Laid) -> u32 {
        let words = |i: &Instruction| [i.op as u32, u32::from(i.dst), u32::from(i.a), u32::from(i.b), i.imm];
        let key = block.code.iter().map(words).collect();
        let code = &mut self.code;
        *self.blocks.entry(key).or_insert_with(|| code.add(block))
    }

    pub(crate) fn type_id(&mut self, ty: &Type, pools: &mut Pools, diagnostics: &mut Diagnostics) -> TypeId {
        match self.known.get(ty) {
            Some(Some(id)) => return *id,
            Some(None) => unreachable!("the checker refuses a record that contains itself"),
            None => {}
        }
        self.known.insert(ty.clone(), None);
        let def = self.type_def(ty, pools, diagnostics);
        let known = self.types.iter().position(|other| *other == def);
        let id = known.unwrap_or(self.types.len());
        if known.is_none() {
            self.types.push(def);
        }
        self.known.insert(ty.clone(), Some(id as TypeId));
        id as TypeId
    }

    fn type_def(&mut self, ty: &Type, pools: &mut Pools, diagnostics: &mut Diagnostics) -> TypeDef {
        match ty {
            Type::Bool => TypeDef::Bool,
            Type::Int => TypeDef::Int,
            Type::Decimal { as_string } => TypeDef::Decimal { as_string: *as_string },
            Type::Float => TypeDef::Float,
            Type::String => TypeDef::String,
            Type::Date => TypeDef::Date,
            Type::DateTime { zone } => TypeDef::DateTime { zone: zone.map(|zone| zone.0) },
            Type::Ip => TypeDef::Ip,
            Type::Email => TypeDef::Email,
            Type::Url { allow_ip6 } => TypeDef::Url { allow_ip6: *allow_ip6 },
            Type::Host => TypeDef::Host,
            Type::Path { under } => TypeDef::Path { under: under.as_ref().map(|under| pools.symbol(under)) },
            Type::Json => TypeDef::Json,
            Type::Enum(of) => TypeDef::Enum(of.0),
            Type::Level(of) => TypeDef::Level(pools.level(*of)),
            Type::List(of, max) => TypeDef::List { of: self.type_id(of, pools, diagnostics), max: *max },
            Type::Map(of, max) => TypeDef::Map { of: self.type_id(of, pools, diagnostics), max: *max },
            Type::Shape(shape) => {
                let fields = self.fields(*shape, pools, diagnostics);
                TypeDef::Record { fields, evidence: self.evidence.get(shape).copied() }
            }
            Type::User => TypeDef::User,
            Type::Group => TypeDef::Group,
            Type::Principal => TypeDef::Principal,
            Type::Resource(types) => {
                let [of] = types.as_slice() else { unreachable!("a field names resources of one type, not {types:?}") };
                TypeDef::Resource(of.0)
            }
            Type::Unknown | Type::Duration | Type::Pairs(..) => {
                unreachable!("the checker lets no field be of type {ty:?}")
            }
        }
    }
}
