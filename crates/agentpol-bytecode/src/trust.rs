//! Which values of a tool's answer somebody vouches for, from what the policy declares.

use crate::program::Program;
use crate::tables::{Answer, Returns, Tool, TypeDef, TypeId};

impl Program {
    /// Returns whether the scalar that stands at a path in an answer of the tool is the word of the system's owner. The path
    /// names members by their names on the wire and elements by anything; `is` tells whether a step is such a name.
    ///
    /// Of an answer in which some field is marked `untrusted`, what the declaration does not name is nobody's word, and so is
    /// everything where no path is given.
    pub fn vouches<'p, P>(&self, tool: u32, path: Option<P>, is: fn(&str, &str) -> bool) -> bool
    where
        P: Iterator<Item = &'p str> + Clone,
    {
        let Some(tool) = self.tables().tools.get(tool as usize) else { return false };
        match (tool.returns, path) {
            (Returns::Trusted, _) => true,
            (Returns::Untrusted | Returns::Nothing, _) | (Returns::Mixed, None) => false,
            (Returns::Mixed, Some(path)) => Declared { program: self, is }.vouches(tool, path),
        }
    }
}

/// A declaration that is followed.
struct Declared<'a> {
    program: &'a Program,
    is: fn(&str, &str) -> bool,
}

impl Declared<'_> {
    fn vouches<'p>(&self, tool: &Tool, path: impl Iterator<Item = &'p str> + Clone) -> bool {
        tool.answer.is_some_and(|answer| self.in_answer(answer, path))
    }

    fn in_answer<'p, P: Iterator<Item = &'p str> + Clone>(&self, answer: u32, mut path: P) -> bool {
        match self.program.tables().answers.get(answer as usize) {
            Some(Answer::Value(of) | Answer::Keyed { of, .. }) => self.in_type(*of, path),
            Some(Answer::List { of, .. }) if *of < answer => path.next().is_some() && self.in_answer(*of, path),
            // Which of them it is cannot be told from a path: trusted is what all of them vouch for.
            Some(Answer::Either(all)) => all.iter().all(|one| *one < answer && self.in_answer(*one, path.clone())),
            _ => false,
        }
    }

    /// Types are made of earlier ones, so that this ends.
    fn in_type<'p>(&self, of: TypeId, mut path: impl Iterator<Item = &'p str>) -> bool {
        let mut next = self.program.tables().types.get(of as usize);
        loop {
            next = match (next, path.next()) {
                (Some(TypeDef::Json), _) => return true,
                (Some(TypeDef::List { .. } | TypeDef::Map { .. } | TypeDef::Record { .. }) | None, None) => {
                    return false;
                }
                (Some(_), None) => return true,
                (Some(TypeDef::List { of, .. } | TypeDef::Map { of, .. }), Some(_)) => {
                    self.program.tables().types.get(*of as usize)
                }
                (Some(TypeDef::Record { fields, .. }), Some(step)) => {
                    let field = fields.iter().find(|field| (self.is)(step, self.program.symbol(field.wire)));
                    let field = field.filter(|field| !field.untrusted);
                    field.and_then(|field| self.program.tables().types.get(field.ty as usize))
                }
                (_, Some(_)) => return false,
            };
        }
    }
}
