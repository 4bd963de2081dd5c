//! Labels: what a session tree has touched, and whether it saw content that nobody vouches for (L-3, T1, T4, T5).

use super::Past;
use super::install::UNVOUCHED;
use super::recall::Recall;
use crate::reference::select;
use crate::reference::value::{Held, Value};
use agentpol_check::policy::{DatasetId, LevelId, Policy, ResultType, Returns, ShapeId, Tool, Type};
use std::collections::BTreeSet;

/// What a call of a tool touches, by full names, and whether it may be anything; nothing where no content comes back.
pub(super) fn touched(policy: &Policy, tool: &Tool) -> (BTreeSet<String>, bool) {
    if tool.returns == Returns::Nothing {
        return (BTreeSet::new(), false);
    }
    (tool.datasets.iter().map(|dataset| full_name(policy, *dataset)).collect(), tool.touches_anything)
}

fn full_name(policy: &Policy, dataset: DatasetId) -> String {
    let system = &policy[policy[dataset].system];
    format!("{}.{}.{}", policy[system.module].name, system.name, policy[dataset].name)
}

/// T1: an answer is untrusted unless the tool says otherwise; so it is where one of its fields is marked.
pub(in crate::reference) fn untrusted(policy: &Policy, tool: &Tool) -> bool {
    match tool.returns {
        Returns::Untrusted => true,
        Returns::Nothing => false,
        Returns::Trusted => marked(policy, &tool.result),
    }
}

fn marked(policy: &Policy, result: &ResultType) -> bool {
    match result {
        ResultType::Undeclared => false,
        ResultType::Type(ty) => marked_type(policy, ty),
        ResultType::Record(record) => marked_shape(policy, policy[*record].shape),
        ResultType::List(of, _) => marked(policy, of),
        ResultType::Either(all) => all.iter().any(|one| marked(policy, one)),
        ResultType::Keyed { record, field, .. } => {
            let mut shape = policy[*record].shape;
            for name in field {
                let Some((_, found)) = policy[shape].field(name) else { return false };
                if found.untrusted {
                    return true;
                }
                match &found.ty {
                    Type::Shape(inner) => shape = *inner,
                    other => return marked_type(policy, other),
                }
            }
            marked_shape(policy, shape)
        }
    }
}

fn marked_type(policy: &Policy, ty: &Type) -> bool {
    match ty {
        Type::List(of, _) | Type::Map(of, _) => marked_type(policy, of),
        Type::Shape(shape) => marked_shape(policy, *shape),
        _ => false,
    }
}

fn marked_shape(policy: &Policy, shape: ShapeId) -> bool {
    policy[shape].fields.iter().any(|field| field.untrusted || marked_type(policy, &field.ty))
}

impl<'m> Recall<'m> {
    fn let_through(self) -> impl Iterator<Item = &'m Past<'m>> {
        self.memory.calls.iter().filter(move |past| self.may_be(&past.root) && past.stage.let_through())
    }

    /// Whether it is known what the session tree has seen: all of it, and of sessions that may be the same.
    fn sees(self) -> bool {
        self.memory.since(UNVOUCHED).is_none()
    }

    /// T2: whether the session tree saw content that nobody vouches for, where that is known.
    pub(in crate::reference) fn saw(self) -> Option<bool> {
        let told = || {
            self.memory
                .sessions
                .iter()
                .any(|(id, session)| session.told_untrusted && self.may_be(&self.memory.root_of(id)))
        };
        self.sees().then(|| self.let_through().any(|past| past.untrusted) || told())
    }

    /// The highest member of a level among what the session tree has touched; the lowest where it touched nothing. What
    /// the policy does not know is the highest.
    pub(in crate::reference) fn label(self, level: LevelId) -> Held {
        if !self.sees() {
            return Held::Unknown;
        }
        let policy = self.memory.policy;
        let top = u32::try_from(policy[level].members.len() - 1).unwrap_or(u32::MAX);
        let of = |name: &String| {
            let all = (0..policy.datasets.len() as u32).map(DatasetId);
            all.into_iter()
                .find(|dataset| full_name(policy, *dataset) == *name)
                .map_or(top, |dataset| select::label(policy, dataset, level))
        };
        let each = self.let_through().flat_map(|past| {
            let anything = past.anything.then_some(top);
            past.touched.iter().map(of).chain(anything).collect::<Vec<_>>()
        });
        Held::of(Value::Level(level, each.max().unwrap_or(0)))
    }
}
