//! What a program holds once, however often it is used: texts, constants, automata, questions.
//!
//! Everything is numbered in the order of first use. That order follows the policy's canonical tables, so it does not
//! depend on files. Texts are sorted at the very end, see [`renumber`](crate::renumber).

use crate::marks::Marks;
use crate::pattern::{self, Refusal};
use crate::questions::Questions;
use agentpol_bytecode::tables::{Automaton, Constant, Sources, Symbol, Tables};
use agentpol_check::policy::{self, LevelId, Pattern, Policy, Value};
use indexmap::{IndexMap, IndexSet};
use std::collections::HashMap;

/// A constant in a form that can be looked up; a float as its bits, lists as their elements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Scalar(u8, u128, u64),
    List(Vec<u32>),
}

/// The pools of a program under construction.
#[derive(Debug, Default)]
pub(crate) struct Pools {
    symbols: IndexSet<String>,
    constants: IndexMap<Key, Constant>,
    automata: Vec<Automaton>,
    patterns: HashMap<Pattern, Result<u32, Refusal>>,
    /// For each level of the policy its number in the program.
    levels: Vec<u32>,
    /// What is asked about earlier calls.
    pub(crate) questions: Questions,
    /// Where values of conditions are counted.
    pub(crate) marks: Marks,
    /// What arguments are asked to come from.
    sources: Vec<Sources>,
}

impl Pools {
    /// Makes empty pools. The builtin level `origin` comes first in a program, the others in the policy's order.
    pub(crate) fn new(policy: &Policy) -> Self {
        let mut next = 0;
        let mut number = |builtin: bool| {
            next += u32::from(!builtin);
            if builtin { 0 } else { next }
        };
        let levels = policy.levels.iter().map(|level| number(is_origin(level))).collect();
        Pools { levels, ..Pools::default() }
    }

    /// Returns the number of a text.
    pub(crate) fn symbol(&mut self, text: &str) -> Symbol {
        if let Some(at) = self.symbols.get_index_of(text) {
            return at as Symbol;
        }
        self.symbols.insert_full(text.to_owned()).0 as Symbol
    }

    /// Returns the number of a level in the program.
    pub(crate) fn level(&self, level: LevelId) -> u32 {
        self.levels[level.index()]
    }

    /// Returns the index of a literal among the constants.
    pub(crate) fn value(&mut self, value: &Value) -> u32 {
        let constant = match value {
            Value::Bool(value) => Constant::Bool(*value),
            Value::Int(value) => Constant::Int(*value),
            Value::Decimal(value) => Constant::Decimal(*value),
            Value::Float(value) => Constant::Float(*value),
            Value::Text(text) => Constant::Text(self.symbol(text)),
            Value::Duration(value) => Constant::Duration(*value),
            Value::Date(value) => Constant::Date(*value),
            Value::DateTime(value) => Constant::DateTime(*value),
            Value::Ip { bits, v6 } => Constant::Ip { bits: *bits, v6: *v6 },
            Value::Enum(of, member) => Constant::Enum { of: of.0, member: *member },
            Value::Level(of, member) => Constant::Level { of: self.level(*of), member: *member },
        };
        self.constant(constant)
    }

    /// Returns the index of a list of literals, which are all of one kind; `None` where they are not.
    pub(crate) fn list(&mut self, values: &[Value]) -> Option<u32> {
        let kinds = |pair: &[Value]| std::mem::discriminant(&pair[0]) == std::mem::discriminant(&pair[1]);
        if !values.windows(2).all(kinds) {
            return None;
        }
        let elements = values.iter().map(|value| self.value(value)).collect();
        Some(self.constant(Constant::List(elements)))
    }

    /// Returns the index of a constant.
    pub(crate) fn constant(&mut self, constant: Constant) -> u32 {
        let key = key(&constant);
        let entry = self.constants.entry(key);
        let at = entry.index();
        entry.or_insert(constant);
        at as u32
    }

    /// Returns the index of a pattern's automaton.
    pub(crate) fn automaton(&mut self, pattern: &Pattern) -> Result<u32, Refusal> {
        if let Some(known) = self.patterns.get(pattern) {
            return known.clone();
        }
        let made = pattern::automaton(pattern).map(|automaton| self.add_automaton(automaton));
        self.patterns.insert(pattern.clone(), made.clone());
        made
    }

    /// Different patterns may mean the same and then share their table.
    fn add_automaton(&mut self, automaton: Automaton) -> u32 {
        let known = self.automata.iter().position(|other| *other == automaton);
        let at = known.unwrap_or(self.automata.len());
        if known.is_none() {
            self.automata.push(automaton);
        }
        at as u32
    }

    /// Returns the number of a list of sources.
    pub(crate) fn sources(&mut self, sources: &policy::Sources) -> u32 {
        let tools = sources.tools.iter().map(|tool| tool.0).collect();
        let sources = Sources { least: sources.least, tools };
        let known = self.sources.iter().position(|other| *other == sources);
        let at = known.unwrap_or(self.sources.len());
        if known.is_none() {
            self.sources.push(sources);
        }
        at as u32
    }

    /// Puts texts, constants, automata and sources, each by number, into their tables.
    pub(crate) fn finish(self, tables: &mut Tables) {
        tables.symbols = self.symbols.into_iter().collect();
        tables.constants = self.constants.into_values().collect();
        tables.automata = self.automata;
        tables.sources = self.sources;
    }
}

/// Returns whether a level is the builtin `origin`.
pub(crate) fn is_origin(level: &policy::Level) -> bool {
    level.module.is_none() && level.name == "origin"
}

fn key(constant: &Constant) -> Key {
    let signed = |value: i64| u128::from(value.cast_unsigned());
    match constant {
        Constant::Bool(value) => Key::Scalar(0, u128::from(*value), 0),
        Constant::Int(value) => Key::Scalar(1, signed(*value), 0),
        Constant::Decimal(value) => Key::Scalar(2, signed(*value), 0),
        Constant::Float(value) => Key::Scalar(3, u128::from(value.to_bits()), 0),
        Constant::Text(symbol) => Key::Scalar(4, u128::from(*symbol), 0),
        Constant::Duration(value) => Key::Scalar(5, signed(*value), 0),
        Constant::Date(value) => Key::Scalar(6, signed(i64::from(*value)), 0),
        Constant::DateTime(value) => Key::Scalar(7, signed(*value), 0),
        Constant::Ip { bits, v6 } => Key::Scalar(8, *bits, u64::from(*v6)),
        Constant::Network { bits, prefix, v6 } => Key::Scalar(9, *bits, u64::from(*prefix) << 1 | u64::from(*v6)),
        Constant::Enum { of, member } => Key::Scalar(10, u128::from(*of), u64::from(*member)),
        Constant::Level { of, member } => Key::Scalar(11, u128::from(*of), u64::from(*member)),
        Constant::List(elements) => Key::List(elements.clone()),
    }
}
