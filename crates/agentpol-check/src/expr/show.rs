//! Types and pieces of source in the words of messages.

use super::Typer;
use crate::policy::{Type, ZoneId};

/// How much of the author's text a message quotes.
const QUOTED: usize = 40;

/// Puts text on one line and cuts it where it is long.
pub(super) fn shortened(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > QUOTED {
        line = line.chars().take(QUOTED - 3).collect::<String>() + "...";
    }
    line
}

/// Joins names for a sentence: `a`, `b` and `c`. Past five the rest is counted.
pub(crate) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] if names.len() <= 5 => format!("{} and {last}", init.join(", ")),
        [a, b, c, d, rest @ ..] => format!("{a}, {b}, {c}, {d} and {} more", rest.len()),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}

impl Typer<'_, '_> {
    /// Writes a type as an author would.
    pub(super) fn type_name(&self, ty: &Type) -> String {
        let policy = self.cx.policy;
        let zone = |id: &ZoneId| policy.zones.get(id.index()).cloned().unwrap_or_default();
        match ty {
            Type::Unknown => "?".to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Int => "int".to_owned(),
            Type::Decimal { .. } => "decimal".to_owned(),
            Type::Float => "float".to_owned(),
            Type::String => "string".to_owned(),
            Type::Duration => "duration".to_owned(),
            Type::Date => "date".to_owned(),
            Type::DateTime { zone: None } => "datetime".to_owned(),
            Type::DateTime { zone: Some(id) } => format!("datetime in \"{}\"", zone(id)),
            Type::Ip => "ip".to_owned(),
            Type::Email => "email".to_owned(),
            Type::Url { allow_ip6: false } => "url".to_owned(),
            Type::Url { allow_ip6: true } => "url allow ip6".to_owned(),
            Type::Host => "host".to_owned(),
            Type::Path { .. } => "path".to_owned(),
            Type::Json => "json".to_owned(),
            Type::Enum(id) => policy[*id].name.clone(),
            Type::Level(id) => policy[*id].name.clone(),
            Type::List(element, _) => format!("list<{}>", self.type_name(element)),
            Type::Map(value, _) => format!("map<string, {}>", self.type_name(value)),
            Type::Shape(id) => self.shape_name(*id),
            Type::User => "user".to_owned(),
            Type::Group => "group".to_owned(),
            Type::Principal => "principal".to_owned(),
            Type::Resource(types) => types.iter().map(|id| policy[*id].name.as_str()).collect::<Vec<_>>().join(" | "),
            Type::Pairs(left, right) => format!("pairs of {} and {}", self.type_name(left), self.type_name(right)),
        }
    }

    /// Writes a type for "this is ...": a type's own name in back-quotes.
    pub(super) fn a_type(&self, ty: &Type) -> String {
        match ty {
            Type::Pairs(..) => self.type_name(ty),
            Type::Enum(id) => format!("of the enum `{}`", self.cx.policy[*id].name),
            Type::Level(id) => format!("of the level `{}`", self.cx.policy[*id].name),
            _ => format!("`{}`", self.type_name(ty)),
        }
    }

    fn shape_name(&self, id: crate::policy::ShapeId) -> String {
        let policy = self.cx.policy;
        if let Some(record) = policy.records.iter().find(|record| record.shape == id) {
            return record.name.clone();
        }
        let fields = policy[id].fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
        shortened(&format!("{{ {fields} }}"))
    }
}
