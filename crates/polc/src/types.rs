//! Types as the language writes them.

use agentpol::Program;
use agentpol::bytecode::tables::{Field, TypeDef, TypeId};

/// How deep a type is written out: behind that it is `...`.
const DEPTH: usize = 3;

/// Returns the type of a field, such as `list<email, 20>`.
pub(crate) fn of_field(program: &Program, field: &Field) -> String {
    of_type(program, field.ty, DEPTH)
}

fn of_type(program: &Program, of: TypeId, depth: usize) -> String {
    let tables = program.tables();
    let Some(of) = tables.types.get(of as usize).filter(|_| depth > 0) else { return "...".to_owned() };
    let inside = |of: TypeId| of_type(program, of, depth - 1);
    let words = |list: Option<&Vec<u32>>| {
        let words: Vec<&str> = list.into_iter().flatten().map(|word| program.symbol(*word)).collect();
        words.join(" | ")
    };
    match of {
        TypeDef::Bool => "bool".to_owned(),
        TypeDef::Int => "int".to_owned(),
        TypeDef::Decimal { .. } => "decimal".to_owned(),
        TypeDef::Float => "float".to_owned(),
        TypeDef::String => "string".to_owned(),
        TypeDef::Date => "date".to_owned(),
        TypeDef::DateTime { .. } => "datetime".to_owned(),
        TypeDef::Ip => "ip".to_owned(),
        TypeDef::Email => "email".to_owned(),
        TypeDef::Url { .. } => "url".to_owned(),
        TypeDef::Host => "host".to_owned(),
        TypeDef::Path { .. } => "path".to_owned(),
        TypeDef::Json => "json".to_owned(),
        TypeDef::Enum(of) => words(tables.enums.get(*of as usize)),
        TypeDef::Level(of) => words(tables.levels.get(*of as usize)),
        TypeDef::List { of, max } => format!("list<{}, {max}>", inside(*of)),
        TypeDef::Map { of, max } => format!("map<string, {}, {max}>", inside(*of)),
        TypeDef::Record { fields, .. } => {
            let field = |field: &Field| {
                let mark = if field.optional { "?" } else { "" };
                format!("{}{mark}: {}", program.symbol(field.wire), inside(field.ty))
            };
            format!("{{ {} }}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        TypeDef::User => "user".to_owned(),
        TypeDef::Group => "group".to_owned(),
        TypeDef::Principal => "user or group".to_owned(),
        TypeDef::Resource(of) => tables.resources.get(*of as usize).map_or("", |of| program.symbol(of.wire)).to_owned(),
    }
}
