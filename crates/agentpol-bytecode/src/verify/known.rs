//! What is known of the value in a register before anything runs.

use super::kinds::Kinds;
use super::types::MAX_LIST;
use crate::directory::MAX_PATH;
use crate::tables::{Constant, Field, Kept, Symbol, Tables, TypeDef, TypeId};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The longest text in bytes, in arguments and elsewhere.
pub(super) const MAX_STRING: u32 = 64 * 1024;
/// The longest email: a local part of 64, the sign, a host.
const MAX_EMAIL: u32 = 64 + 1 + MAX_HOST;
const MAX_HOST: u32 = 253;

/// What a register may hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The kinds that it may be of; none where it is always absent.
    pub(super) kinds: Kinds,
    /// Lists, maps and records that it may be of; sorted.
    pub(super) types: Vec<TypeId>,
    /// How many elements it may have.
    pub(super) longest: u32,
    /// How long a text it may be.
    pub(super) bytes: u32,
    /// What the elements of constant lists and of pairs may be.
    pub(super) elements: Option<Box<(Known, Known)>>,
    /// The kinds of the operands that are gathered in it.
    pub(super) gathered: Vec<Kinds>,
}

/// The longest text that is remembered, in bytes.
pub(crate) const MAX_KEPT: u32 = 4 * 1024;

impl Known {
    pub(super) fn of_kind(kinds: Kinds) -> Known {
        Known { kinds, ..Known::default() }
    }

    pub(super) fn text(bytes: u32) -> Known {
        Known { kinds: Kinds::STRING, bytes, ..Known::default() }
    }

    /// Returns what values of a type may be.
    pub(super) fn of_type(tables: &Tables, of: TypeId) -> Known {
        let Some(found) = tables.types.get(of as usize) else { return Known::default() };
        let composed = |kinds, longest| Known { kinds, types: Vec::from([of]), longest, ..Known::default() };
        let text = |kinds, bytes| Known { kinds, bytes, ..Known::default() };
        match found {
            TypeDef::Bool => Known::of_kind(Kinds::BOOL),
            TypeDef::Int => Known::of_kind(Kinds::INT),
            TypeDef::Decimal { .. } => Known::of_kind(Kinds::DECIMAL),
            TypeDef::Float => Known::of_kind(Kinds::FLOAT),
            TypeDef::String => text(Kinds::STRING, MAX_STRING),
            TypeDef::Date => Known::of_kind(Kinds::DATE),
            TypeDef::DateTime { .. } => Known::of_kind(Kinds::DATE_TIME),
            TypeDef::Ip => Known::of_kind(Kinds::IP),
            TypeDef::Email => text(Kinds::EMAIL, MAX_EMAIL),
            TypeDef::Url { .. } => text(Kinds::URL, MAX_STRING),
            TypeDef::Host => text(Kinds::HOST, MAX_HOST),
            TypeDef::Path { .. } => text(Kinds::PATH, MAX_STRING.saturating_mul(2)),
            TypeDef::Json => Known::of_kind(Kinds::JSON),
            TypeDef::Enum(_) => Known::of_kind(Kinds::ENUM),
            TypeDef::Level(_) => Known::of_kind(Kinds::LEVEL),
            TypeDef::List { max, .. } => composed(Kinds::LIST, *max),
            TypeDef::Map { max, .. } => composed(Kinds::MAP, *max),
            TypeDef::Record { .. } => composed(Kinds::RECORD, 0),
            TypeDef::User | TypeDef::Group | TypeDef::Principal | TypeDef::Resource(_) => Known::reference(),
        }
    }

    /// Returns what a user, group or resource may be.
    pub(super) fn reference() -> Known {
        Known { kinds: Kinds::REFERENCE, bytes: MAX_STRING, ..Known::default() }
    }

    /// Returns what an attribute of this name may be, of the user and of every type of resources.
    pub(super) fn of_attribute(tables: &Tables, name: Symbol) -> Known {
        let mut known = Known::default();
        let resources = tables.resources.iter().flat_map(|of| &of.fields);
        let named = resources.chain(&tables.user).filter(|field| field.name == name);
        named.for_each(|field| known.join(&Known::of_field(tables, field)));
        known
    }

    /// Returns what the list of a resource and of what it lies in may be.
    pub(super) fn path() -> Known {
        let elements = Some(Box::new((Known::reference(), Known::default())));
        Known { kinds: Kinds::LIST, longest: MAX_PATH, elements, ..Known::default() }
    }

    /// A list of so many at most.
    pub(super) fn list(of: Known, longest: u32) -> Known {
        let elements = Some(Box::new((of, Known::default())));
        Known { kinds: Kinds::LIST, longest, elements, ..Known::default() }
    }

    /// Returns what a remembered value may be.
    pub(super) fn of_kept(tables: &Tables, kept: Kept) -> Known {
        match kept {
            Kept::Text => Known { kinds: Kinds::of_kept(kept), bytes: MAX_KEPT, ..Known::default() },
            Kept::Typed(of) => Known::of_type(tables, of),
            scalar => Known::of_kind(Kinds::of_kept(scalar)),
        }
    }

    /// Operands one behind the other.
    pub(super) fn gather(left: &Known, right: &Known) -> Known {
        let operands = |known: &Known| match known.kinds {
            Kinds::OPERANDS => known.gathered.clone(),
            kinds => Vec::from([kinds]),
        };
        let gathered = [operands(left), operands(right)].concat();
        Known { kinds: Kinds::OPERANDS, gathered, ..Known::default() }
    }

    pub(super) fn of_field(tables: &Tables, field: &Field) -> Known {
        Known::of_type(tables, field.ty)
    }

    /// Returns what a constant is.
    pub(super) fn of_constant(tables: &Tables, constant: &Constant) -> Known {
        match constant {
            Constant::Bool(_) => Known::of_kind(Kinds::BOOL),
            Constant::Int(_) => Known::of_kind(Kinds::INT),
            Constant::Decimal(_) => Known::of_kind(Kinds::DECIMAL),
            Constant::Float(_) => Known::of_kind(Kinds::FLOAT),
            Constant::Text(symbol) => {
                let length = tables.symbols.get(*symbol as usize).map_or(0, alloc::string::String::len);
                Known::text(u32::try_from(length).unwrap_or(u32::MAX))
            }
            Constant::Duration(_) => Known::of_kind(Kinds::DURATION),
            Constant::Date(_) => Known::of_kind(Kinds::DATE),
            Constant::DateTime(_) => Known::of_kind(Kinds::DATE_TIME),
            Constant::Ip { .. } => Known::of_kind(Kinds::IP),
            Constant::Network { .. } => Known::of_kind(Kinds::NETWORK),
            Constant::Enum { .. } => Known::of_kind(Kinds::ENUM),
            Constant::Level { .. } => Known::of_kind(Kinds::LEVEL),
            Constant::List(elements) => {
                let scalars = elements.iter().filter_map(|element| tables.constants.get(*element as usize));
                // Lists hold scalars, so this does not go deeper than one step.
                let scalars = scalars.filter(|scalar| !matches!(scalar, Constant::List(_)));
                let mut element = Known::default();
                scalars.for_each(|scalar| element.join(&Known::of_constant(tables, scalar)));
                Known {
                    kinds: Kinds::LIST,
                    longest: u32::try_from(elements.len()).unwrap_or(u32::MAX),
                    elements: Some(Box::new((element, Known::default()))),
                    ..Known::default()
                }
            }
        }
    }

    /// Adds what another may be.
    pub(super) fn join(&mut self, other: &Known) {
        self.kinds = self.kinds.or(other.kinds);
        self.longest = self.longest.max(other.longest);
        self.bytes = self.bytes.max(other.bytes);
        for of in &other.types {
            if let Err(place) = self.types.binary_search(of) {
                self.types.insert(place, *of);
            }
        }
        if self.gathered.len() == other.gathered.len() {
            self.gathered.iter_mut().zip(&other.gathered).for_each(|(mine, other)| *mine = mine.or(*other));
        } else {
            // Nobody can tell how many operands there are: no question takes them.
            self.gathered.clear();
        }
        match (&mut self.elements, &other.elements) {
            (Some(mine), Some(other)) => {
                mine.0.join(&other.0);
                mine.1.join(&other.1);
            }
            (mine @ None, Some(other)) => *mine = Some(other.clone()),
            (_, None) => {}
        }
    }

    /// Returns what its elements may be: those of a list, keys and values of a map, left and right of pairs.
    pub(super) fn elements_of(&self, tables: &Tables) -> (Known, Known) {
        let (mut first, mut second) = self.elements.as_deref().cloned().unwrap_or_default();
        for of in &self.types {
            match tables.types.get(*of as usize) {
                Some(TypeDef::List { of, .. }) => first.join(&Known::of_type(tables, *of)),
                Some(TypeDef::Map { of, .. }) => {
                    first.join(&Known::text(MAX_STRING));
                    second.join(&Known::of_type(tables, *of));
                }
                _ => {}
            }
        }
        (first, second)
    }

    /// Returns what the field at this index may be; `None` where some record that it may be has no such field.
    pub(super) fn field(&self, tables: &Tables, index: u32) -> Option<Known> {
        let mut found = Known::default();
        for of in &self.types {
            if let Some(TypeDef::Record { fields, .. }) = tables.types.get(*of as usize) {
                found.join(&Known::of_field(tables, fields.get(index as usize)?));
            }
        }
        Some(found)
    }

    /// Pairs what two lists hold.
    pub(super) fn pairs(tables: &Tables, left: &Known, right: &Known) -> Known {
        let elements = (left.elements_of(tables).0, right.elements_of(tables).0);
        let longest = left.longest.min(right.longest).max(1).min(MAX_LIST.max(left.longest));
        Known { kinds: Kinds::PAIRS, longest, elements: Some(Box::new(elements)), ..Known::default() }
    }
}
