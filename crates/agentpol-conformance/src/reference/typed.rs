//! JSON to values of a declared type (semantics 2.10 and 6). Anything that is not of the type is refused, with the
//! place where it stands.

use super::calendar;
use super::evaluate::Frame;
use super::facts::Facts;
use super::json::{Json, Member, step};
use super::number;
use super::part::within;
use super::pattern;
use super::resource;
use super::text;
use super::truth::Truth;
use super::value::{Held, Item, Reference, Value};
use agentpol_check::policy::{Constraint, Field, LocalId, Type};

/// How many bytes a text may have.
const MAX_TEXT: usize = 64 * 1024;

/// The pointer to what is not of its type.
pub(super) type Misfit = String;

/// What reading depends on beside the type.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) facts: &'a Facts<'a>,
    /// Where relative paths start.
    pub(super) cwd: Option<&'a str>,
    /// The only hosts that may be named; empty for any (V2).
    pub(super) hosts: &'a [String],
}

impl Reading<'_> {
    /// Reads a field that may be missing: `null` is absent for an optional one and ill-typed elsewhere.
    pub(super) fn field(&self, field: &Field, json: Option<&Json>, at: &str) -> Result<Held, Misfit> {
        match json {
            None | Some(Json::Null) if field.optional => Ok(Held::Absent),
            None => Err(at.to_owned()),
            Some(json) => {
                let held = Held::Known(self.value(&field.ty, json, at)?);
                if self.fulfils_all(field, &held) { Ok(held) } else { Err(at.to_owned()) }
            }
        }
    }

    /// Whether a value fulfils every constraint of its field.
    pub(super) fn fulfils_all(&self, field: &Field, held: &Held) -> bool {
        field.constraints.iter().all(|constraint| self.fulfils(constraint, held))
    }

    /// Constraints are part of the type; anything but true is ill-typed.
    fn fulfils(&self, constraint: &Constraint, held: &Held) -> bool {
        match constraint {
            Constraint::Where(condition) => {
                let mut frame = Frame::new(self.facts, None);
                frame.bind(LocalId(0), held.clone());
                frame.truth(condition) == Truth::True
            }
            Constraint::Matches(wanted) => {
                held.known().and_then(Value::text).and_then(|text| pattern::fits(wanted, text)) == Some(true)
            }
        }
    }

    /// Reads a value of a type.
    pub(super) fn value(&self, ty: &Type, json: &Json, at: &str) -> Result<Item, Misfit> {
        let value = match (ty, json) {
            (Type::List(of, max), Json::List(elements)) => self.list(of, *max, elements, at)?,
            (Type::Map(of, max), Json::Object(members)) => self.map(of, *max, members, at)?,
            (Type::Shape(shape), Json::Object(members)) => {
                self.record(&self.facts.policy[*shape].fields, members, at)?
            }
            _ => self.scalar(ty, json).ok_or_else(|| at.to_owned())?,
        };
        Ok(Item { value, at: Some(at.to_owned()) })
    }

    fn list(&self, of: &Type, max: u32, elements: &[Json], at: &str) -> Result<Value, Misfit> {
        if elements.len() > max as usize {
            return Err(at.to_owned());
        }
        let read = |(index, element)| Ok(Held::Known(self.value(of, element, &step(at, &format!("{index}")))?));
        Ok(Value::List(elements.iter().enumerate().map(read).collect::<Result<_, Misfit>>()?))
    }

    fn map(&self, of: &Type, max: u32, members: &[Member], at: &str) -> Result<Value, Misfit> {
        if members.len() > max as usize {
            return Err(at.to_owned());
        }
        let mut entries = Vec::new();
        for member in members {
            let value = self.value(of, &member.value, &step(at, &member.key))?;
            entries.push((member.key.clone(), Held::Known(value)));
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Value::Map(entries))
    }

    /// An object with exactly these fields.
    fn record(&self, fields: &[Field], members: &[Member], at: &str) -> Result<Value, Misfit> {
        if let Some(extra) = members.iter().find(|member| !fields.iter().any(|field| field.wire == member.key)) {
            return Err(step(at, &extra.key));
        }
        let given = |field: &Field| members.iter().find(|member| member.key == field.wire).map(|member| &member.value);
        let read = |field: &Field| {
            let held = self.field(field, given(field), &step(at, &field.wire))?;
            Ok((field.name.clone(), held))
        };
        Ok(Value::Record(fields.iter().map(read).collect::<Result<_, Misfit>>()?))
    }

    fn scalar(&self, ty: &Type, json: &Json) -> Option<Value> {
        match (ty, json) {
            (Type::Json, _) => Some(Value::Json),
            (Type::Principal, json) => resource::principal(json).map(Value::Reference),
            (Type::Bool, Json::Bool(value)) => Some(Value::Bool(*value)),
            (Type::Int, Json::Number(lexeme)) => number::int(lexeme).map(Value::Int),
            (Type::Decimal { as_string: false }, Json::Number(lexeme)) => number::decimal(lexeme).map(Value::Decimal),
            (Type::Decimal { as_string: true }, Json::Text(lexeme)) => number::decimal(lexeme).map(Value::Decimal),
            (Type::Float, Json::Number(lexeme)) => number::float(lexeme).map(Value::Float),
            (_, Json::Text(written)) if written.len() <= MAX_TEXT => self.text(ty, written),
            _ => None,
        }
    }

    fn text(&self, ty: &Type, written: &str) -> Option<Value> {
        match ty {
            Type::String => Some(Value::Text(written.to_owned())),
            Type::User | Type::Group | Type::Resource(_) if written.is_empty() => None,
            Type::User => Some(Value::Reference(Reference::User(written.to_owned()))),
            Type::Group => Some(Value::Reference(Reference::Group(written.to_owned()))),
            Type::Resource(of) => Some(Value::Reference(Reference::Resource(*of.first()?, written.to_owned()))),
            Type::Date => calendar::date(written).map(Value::Date),
            Type::DateTime { zone } => {
                let zone = zone.map(|zone| self.facts.policy[zone].as_str());
                calendar::datetime(written, zone).map(Value::DateTime)
            }
            Type::Enum(of) => member(&self.facts.policy[*of].members, written).map(|index| Value::Enum(*of, index)),
            Type::Level(of) => member(&self.facts.policy[*of].members, written).map(|index| Value::Level(*of, index)),
            Type::Path { under } => {
                let (path, plain) = text::path(written, self.cwd)?;
                let inside = under.as_ref().is_none_or(|directory| plain && within(&path, directory));
                inside.then_some(Value::Path { text: path, plain })
            }
            Type::Ip => {
                let (bits, v6) = text::ip(written)?;
                self.admits(&text::ip_text(bits, v6)).then_some(Value::Ip { bits, v6 })
            }
            Type::Email => {
                let (local, domain) = text::email(written)?;
                self.admits(&domain).then(|| Value::Text(format!("{local}@{domain}")))
            }
            Type::Host => text::host(written).filter(|host| self.admits(host)).map(Value::Text),
            Type::Url { allow_ip6 } => {
                let url = text::url(written, *allow_ip6)?;
                self.admits(&url.host).then_some(Value::Text(url.canonical))
            }
            _ => None,
        }
    }

    /// V2: where hosts are fixed, others are ill-typed.
    fn admits(&self, host: &str) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|fixed| fixed == host)
    }
}

fn member(members: &[String], word: &str) -> Option<u32> {
    members.iter().position(|member| member == word).and_then(|index| u32::try_from(index).ok())
}
