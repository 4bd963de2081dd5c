//! What answers hold: which records they teach, and which marked fields lie in them.

use super::{Field, Policy, RecordId, ResultType, Returns, ShapeId, Tool, ToolId, Type};
use std::collections::BTreeSet;

impl Tool {
    /// Returns whether what it answers holds words that are nobody's: all of it, or fields that are marked.
    pub fn brings_strangers_words(&self, policy: &Policy) -> bool {
        match self.returns {
            Returns::Untrusted => true,
            Returns::Nothing => false,
            Returns::Trusted => {
                let marked = policy.any_field(&self.result.types(policy), &mut |field| field.untrusted);
                marked || self.result.is_strangers_word(policy)
            }
        }
    }
}

impl ResultType {
    /// Returns the types that an answer may be of, lists and alternatives opened.
    pub fn types(&self, policy: &Policy) -> Vec<Type> {
        match self {
            ResultType::Undeclared => Vec::new(),
            ResultType::Type(ty) => vec![ty.clone()],
            ResultType::Record(record) => vec![Type::Shape(policy[*record].shape)],
            ResultType::List(of, _) => of.types(policy),
            ResultType::Keyed { record, field, .. } => {
                policy.type_at(Type::Shape(policy[*record].shape), field).into_iter().collect()
            }
            ResultType::Either(all) => all.iter().flat_map(|one| one.types(policy)).collect(),
        }
    }

    /// Returns whether what is answered may be, as a whole, a field that is marked or lies in one.
    pub fn is_strangers_word(&self, policy: &Policy) -> bool {
        match self {
            ResultType::Undeclared | ResultType::Type(_) | ResultType::Record(_) => false,
            ResultType::List(of, _) => of.is_strangers_word(policy),
            ResultType::Keyed { record, field, .. } => policy.marked_on(policy[*record].shape, field).is_some(),
            ResultType::Either(all) => all.iter().any(|one| one.is_strangers_word(policy)),
        }
    }

    /// Returns the one type of all answers, if there is one.
    pub fn single(&self, policy: &Policy) -> Option<Type> {
        match self {
            ResultType::List(of, bound) => Some(Type::List(Box::new(of.single(policy)?), *bound)),
            _ => match self.types(policy).as_slice() {
                [one] => Some(one.clone()),
                _ => None,
            },
        }
    }

    /// Returns whether an answer may teach a record, whole or in part.
    fn teaches(&self, policy: &Policy, record: RecordId) -> bool {
        match self {
            ResultType::Keyed { record: keyed, .. } if *keyed == record => true,
            ResultType::List(of, _) => of.teaches(policy, record),
            ResultType::Either(all) => all.iter().any(|one| one.teaches(policy, record)),
            _ => policy.shapes_in(&self.types(policy)).contains(&policy[record].shape),
        }
    }
}

impl Policy {
    /// Returns the tools whose answers may teach a record, in order.
    pub fn teachers(&self, record: RecordId) -> Vec<ToolId> {
        let all = self.tools.iter().enumerate();
        all.filter(|(_, tool)| tool.result.teaches(self, record)).map(|(at, _)| ToolId(at as u32)).collect()
    }

    /// Returns the field by which a stranger would say which record is meant: one of its keys, where it is marked.
    pub fn strangers_key(&self, record: RecordId) -> Option<&Field> {
        let record = &self[record];
        record.keys.iter().find_map(|path| self.marked_on(record.shape, path))
    }

    /// Returns the first field on a path that is marked.
    fn marked_on(&self, shape: ShapeId, path: &[String]) -> Option<&Field> {
        let mut ty = Type::Shape(shape);
        path.iter().find_map(|name| {
            let Type::Shape(shape) = ty else { return None };
            let field = self[shape].field(name)?.1;
            ty = field.ty.clone();
            field.untrusted.then_some(field)
        })
    }

    /// Returns the field in which an answer holds a record among a stranger's words, where some does.
    pub fn strangers_record(&self, record: RecordId) -> Option<&Field> {
        let shape = self[record].shape;
        let types: Vec<Type> = self.teachers(record).iter().flat_map(|tool| self[*tool].result.types(self)).collect();
        let fields = self.shapes_in(&types).into_iter().flat_map(|shape| &self[shape].fields);
        let holds = |field: &&Field| self.shapes_in(std::slice::from_ref(&field.ty)).contains(&shape);
        fields.filter(|field| field.untrusted).find(holds)
    }

    /// Returns the types of the keys of a record.
    pub fn key_types(&self, record: RecordId) -> Vec<Type> {
        let record = &self[record];
        let follow = |path: &Vec<String>| self.type_at(Type::Shape(record.shape), path).unwrap_or(Type::Unknown);
        record.keys.iter().map(follow).collect()
    }

    /// Follows field names into a type.
    pub fn type_at(&self, ty: Type, path: &[String]) -> Option<Type> {
        path.iter().try_fold(ty, |ty, name| match ty {
            Type::Shape(id) => self[id].field(name).map(|(_, field)| field.ty.clone()),
            _ => None,
        })
    }

    /// Returns whether some field at any depth of some type is as asked.
    pub fn any_field(&self, types: &[Type], asked: &mut impl FnMut(&Field) -> bool) -> bool {
        self.shapes_in(types).into_iter().any(|shape| self[shape].fields.iter().any(&mut *asked))
    }

    /// Returns the shapes at any depth of types.
    fn shapes_in(&self, types: &[Type]) -> BTreeSet<ShapeId> {
        let mut open: Vec<&Type> = types.iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(ty) = open.pop() {
            match ty {
                Type::List(of, _) | Type::Map(of, _) => open.push(of),
                Type::Pairs(a, b) => open.extend([&**a, &**b]),
                Type::Shape(id) if seen.insert(*id) => open.extend(self[*id].fields.iter().map(|field| &field.ty)),
                _ => {}
            }
        }
        seen
    }
}
