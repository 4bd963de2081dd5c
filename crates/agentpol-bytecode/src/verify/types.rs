//! Constants, types and fields.

use super::{distinct, references, require};
use crate::error::{Fault, LoadError};
use crate::tables::{Check, Constant, Field, Tables, TypeDef};

/// The longest list or map of any type.
pub(super) const MAX_LIST: u32 = 1024;
/// The most fields of a record, a tool, the user or the context: they are looked for one by one.
const MAX_FIELDS: usize = 1024;

pub(super) fn verify(tables: &Tables) -> Result<(), LoadError> {
    for (at, constant) in tables.constants.iter().enumerate() {
        require(constant_is_sound(tables, constant), Fault::ConstantTable, at)?;
    }
    for (at, of) in tables.types.iter().enumerate() {
        require(type_is_sound(tables, of, at), Fault::TypeTable, at)?;
        if let TypeDef::Record { fields, .. } = of {
            require(fields_are_sound(tables, fields, at), Fault::FieldTable, at)?;
        }
    }
    let every = tables.types.len();
    require(fields_are_sound(tables, &tables.user, every), Fault::UserShape, 0)?;
    require(fields_are_sound(tables, &tables.context, every), Fault::ContextShape, 0)?;
    for (at, of) in tables.resources.iter().enumerate() {
        let named = [of.name, of.wire].iter().all(|symbol| (*symbol as usize) < tables.symbols.len());
        let sound = named && references(&of.within, tables.resources.len());
        require(sound && fields_are_sound(tables, &of.fields, every), Fault::ResourceTable, at)?;
    }
    require(distinct(tables.resources.iter().map(|of| of.wire)), Fault::ResourceTable, 0)
}

fn constant_is_sound(tables: &Tables, constant: &Constant) -> bool {
    match constant {
        Constant::Bool(_)
        | Constant::Int(_)
        | Constant::Decimal(_)
        | Constant::Duration(_)
        | Constant::Date(_)
        | Constant::DateTime(_) => true,
        Constant::Float(value) => value.is_finite(),
        Constant::Text(symbol) => (*symbol as usize) < tables.symbols.len(),
        Constant::Ip { bits, v6 } => *v6 || *bits <= u128::from(u32::MAX),
        Constant::Network { bits, prefix, v6 } => {
            let width: u32 = if *v6 { 128 } else { 32 };
            let ignored = width.checked_sub(u32::from(*prefix));
            let host_bits =
                ignored.map(|ignored| 1u128.checked_shl(ignored).map_or(u128::MAX, |bit| bit.wrapping_sub(1)));
            (*v6 || *bits <= u128::from(u32::MAX)) && host_bits.is_some_and(|host| bits & host == 0)
        }
        Constant::Enum { of, member } => member_exists(&tables.enums, *of, *member),
        Constant::Level { of, member } => member_exists(&tables.levels, *of, *member),
        Constant::List(elements) => list_is_sound(tables, elements),
    }
}

fn member_exists(words: &[alloc::vec::Vec<u32>], of: u32, member: u32) -> bool {
    words.get(of as usize).is_some_and(|members| (member as usize) < members.len())
}

fn list_is_sound(tables: &Tables, elements: &[u32]) -> bool {
    let kinds = elements.iter().map(|element| match tables.constants.get(*element as usize)? {
        Constant::List(_) | Constant::Network { .. } => None,
        Constant::Enum { of, .. } => Some((core::mem::discriminant(&Constant::Enum { of: 0, member: 0 }), *of)),
        Constant::Level { of, .. } => Some((core::mem::discriminant(&Constant::Level { of: 0, member: 0 }), *of)),
        other => Some((core::mem::discriminant(other), 0)),
    });
    let mut first = None;
    for kind in kinds {
        match (kind, first) {
            (None, _) => return false,
            (Some(kind), Some(other)) if kind != other => return false,
            (Some(kind), _) => first = Some(kind),
        }
    }
    true
}

/// A type is made of types before it, so that none is made of itself.
fn type_is_sound(tables: &Tables, of: &TypeDef, at: usize) -> bool {
    match of {
        TypeDef::DateTime { zone } => zone.is_none_or(|zone| (zone as usize) < tables.zones.len()),
        TypeDef::Path { under } => under.is_none_or(|under| {
            let directory = tables.symbols.get(under as usize);
            directory.is_some_and(|directory| directory.starts_with('/'))
        }),
        TypeDef::Enum(of) => (*of as usize) < tables.enums.len(),
        TypeDef::Level(of) => (*of as usize) < tables.levels.len(),
        TypeDef::Resource(of) => (*of as usize) < tables.resources.len(),
        TypeDef::List { of, max } | TypeDef::Map { of, max } => (*of as usize) < at && *max <= MAX_LIST,
        _ => true,
    }
}

/// Names are distinct, types come before `limit`, and automata are asked of texts only.
pub(super) fn fields_are_sound(tables: &Tables, fields: &[Field], limit: usize) -> bool {
    let symbols = tables.symbols.len();
    let each = fields.iter().all(|field| {
        let named = (field.name as usize) < symbols && (field.wire as usize) < symbols;
        named && (field.ty as usize) < limit && field.checks.iter().all(|check| check_is_sound(tables, field, *check))
    });
    each && fields.len() <= MAX_FIELDS
        && distinct(fields.iter().map(|field| field.name))
        && distinct(fields.iter().map(|field| field.wire))
}

fn check_is_sound(tables: &Tables, field: &Field, check: Check) -> bool {
    match check {
        Check::Where(block) => (block as usize) < tables.code.len(),
        Check::Matches(automaton) => {
            let text = matches!(
                tables.types.get(field.ty as usize),
                Some(TypeDef::String | TypeDef::Email | TypeDef::Url { .. } | TypeDef::Host | TypeDef::Path { .. })
            );
            text && (automaton as usize) < tables.automata.len()
        }
    }
}
