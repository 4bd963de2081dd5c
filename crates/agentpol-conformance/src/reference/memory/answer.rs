//! What tools answer, read as it is declared: what is not as declared is unknown, field by field (semantics H13, 2.10).

use crate::reference::facts::Facts;
use crate::reference::json::{self, Json};
use crate::reference::number;
use crate::reference::typed::Reading;
use crate::reference::value::{Held, Value};
use agentpol_check::policy::{Field, Policy, RecordId, ResultType, ShapeId, Type};

/// How many bytes of a text are kept.
const MAX_KEPT: usize = 4096;

/// What the host tells of an answer.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// Nothing: the answer is not known.
    Nothing,
    /// A JSON value.
    Result(Json),
    /// The text as it came.
    Text(String),
}

impl Told {
    /// The answer as JSON for a type: a verbatim text is one where a text is declared, and is parsed elsewhere; what is no
    /// JSON is the text.
    pub(super) fn json(&self, result: &ResultType) -> Option<Json> {
        match (self, result) {
            (Told::Nothing, _) => None,
            (Told::Result(json), _) => Some(json.clone()),
            (Told::Text(text), ResultType::Type(Type::String)) => Some(Json::Text(text.clone())),
            (Told::Text(text), _) => Some(json::read(text.as_bytes()).unwrap_or_else(|_| Json::Text(text.clone()))),
        }
    }
}

/// Reads answers of one call.
#[derive(Clone, Copy)]
pub(super) struct Answers<'a> {
    pub(super) facts: &'a Facts<'a>,
}

impl Answers<'_> {
    fn policy(&self) -> &Policy {
        self.facts.policy
    }

    /// The answer as a value of its declared type.
    pub(super) fn value(&self, result: &ResultType, json: &Json) -> Held {
        match result {
            ResultType::Undeclared => Held::Unknown,
            ResultType::Type(ty) => self.of_type(ty, json),
            ResultType::Record(record) => self.of_type(&Type::Shape(self.policy()[*record].shape), json),
            ResultType::List(of, max) => match json {
                Json::List(elements) if elements.len() <= *max as usize => {
                    Held::of(Value::List(elements.iter().map(|element| self.value(of, element)).collect()))
                }
                _ => Held::Unknown,
            },
            ResultType::Keyed { record, field, .. } => self.of_type(&type_inside(self.policy(), *record, field), json),
            ResultType::Either(all) => {
                all.iter().find(|one| self.fits(one, json)).map_or(Held::Unknown, |one| self.value(one, json))
            }
        }
    }

    /// Whether an answer is of this form: an object with what a record must have, a list of what fits, a value.
    pub(super) fn fits(&self, result: &ResultType, json: &Json) -> bool {
        match (result, json) {
            (ResultType::Undeclared, _) => true,
            (ResultType::Type(ty), _) => self.fits_type(ty, json),
            (ResultType::Record(record), _) => self.fits_type(&Type::Shape(self.policy()[*record].shape), json),
            (ResultType::List(of, max), Json::List(elements)) => {
                elements.len() <= *max as usize && elements.iter().all(|element| self.fits(of, element))
            }
            (ResultType::List(..), _) => false,
            (ResultType::Keyed { record, field, .. }, _) => {
                self.fits_type(&type_inside(self.policy(), *record, field), json)
            }
            (ResultType::Either(all), _) => all.iter().any(|one| self.fits(one, json)),
        }
    }

    fn fits_type(&self, ty: &Type, json: &Json) -> bool {
        match (ty, json) {
            (Type::List(of, max), Json::List(elements)) => {
                elements.len() <= *max as usize && elements.iter().all(|element| self.fits_type(of, element))
            }
            (Type::Map(of, max), Json::Object(members)) => {
                members.len() <= *max as usize && members.iter().all(|member| self.fits_type(of, &member.value))
            }
            (Type::Shape(shape), Json::Object(_)) => {
                let fits = |field: &Field| match json.get(&field.wire) {
                    None | Some(Json::Null) => field.optional,
                    Some(found) => self.fits_type(&field.ty, found),
                };
                self.policy()[*shape].fields.iter().all(fits)
            }
            _ => self.of_type(ty, json).known().is_some(),
        }
    }

    /// A value of a type; what is not as declared is unknown where it stands, further members are ignored.
    pub(super) fn of_type(&self, ty: &Type, json: &Json) -> Held {
        match (ty, json) {
            (Type::List(of, max), Json::List(elements)) if elements.len() <= *max as usize => {
                Held::of(Value::List(elements.iter().map(|element| self.of_type(of, element)).collect()))
            }
            (Type::Map(of, max), Json::Object(members)) if members.len() <= *max as usize => {
                let mut entries: Vec<(String, Held)> =
                    members.iter().map(|member| (member.key.clone(), self.of_type(of, &member.value))).collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                Held::of(Value::Map(entries))
            }
            (Type::Shape(shape), Json::Object(_)) => Held::of(Value::Record(self.fields(*shape, json))),
            (Type::List(..) | Type::Map(..) | Type::Shape(_), _) => Held::Unknown,
            (Type::Int, Json::Number(written) | Json::Text(written)) => number::int(written).map(Value::Int).into(),
            (Type::Decimal { .. }, Json::Number(written) | Json::Text(written)) => {
                number::rounded(written).map(Value::Decimal).into()
            }
            _ => {
                let reading = Reading { facts: self.facts, cwd: None, hosts: &[] };
                reading.value(ty, json, "").map_or(Held::Unknown, |item| Held::of(item.value))
            }
        }
    }

    /// The fields of a record; a missing one is absent where it may be, and unknown elsewhere.
    pub(super) fn fields(&self, shape: ShapeId, json: &Json) -> Vec<(String, Held)> {
        let read = |field: &Field| (field.name.clone(), self.field(field, json.get(&field.wire)));
        self.policy()[shape].fields.iter().map(read).collect()
    }

    /// A field as it is given.
    pub(super) fn field(&self, field: &Field, json: Option<&Json>) -> Held {
        match json {
            None | Some(Json::Null) if field.optional => Held::Absent,
            None | Some(Json::Null) => Held::Unknown,
            Some(json) => {
                let held = self.of_type(&field.ty, json);
                let reading = Reading { facts: self.facts, cwd: None, hosts: &[] };
                let unread = held.known().is_none();
                if unread || reading.fulfils_all(field, &held) { held } else { Held::Unknown }
            }
        }
    }
}

/// The type of a field of a record, or of the record.
pub(super) fn type_inside(policy: &Policy, record: RecordId, field: &[String]) -> Type {
    let whole = Type::Shape(policy[record].shape);
    field.iter().fold(whole, |ty, name| match ty {
        Type::Shape(shape) => policy[shape].field(name).map_or(Type::Unknown, |(_, field)| field.ty.clone()),
        _ => Type::Unknown,
    })
}

/// What is kept of a value: a long text is not.
pub(super) fn kept(held: Held) -> Held {
    match held.known() {
        Some(Value::Text(text) | Value::Path { text, .. }) if text.len() > MAX_KEPT => Held::Unknown,
        _ => held,
    }
}
