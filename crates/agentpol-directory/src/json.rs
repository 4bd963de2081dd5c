//! Strict JSON: no member twice, numbers as they are written, nesting bounded.

use crate::problem::ProblemKind;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// How deep values may nest: as deep as requests.
const MAX_DEPTH: u32 = 16;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// The characters.
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// In order of writing.
    Object(Members),
}

pub(crate) type Members = Vec<(String, Json)>;

/// The members of an object, unread, each with where it stands.
pub(crate) struct Raw<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Raw<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw<'de>, A::Error> {
                let mut members: Vec<(String, &'de RawValue)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((key, value));
                }
                let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                match names.windows(2).find(|pair| pair[0] == pair[1]) {
                    Some(pair) => Err(serde::de::Error::custom(format!("`{}` stands twice", pair[0]))),
                    None => Ok(Raw(members)),
                }
            }
        }
        deserializer.deserialize_map(Reading)
    }
}

/// Reads a text that is one value.
pub(crate) fn read(text: &str) -> Result<Json, ProblemKind> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| not_json_at(&error))?;
    value(raw, 1)
}

/// Reads a value whose characters are known to be JSON.
pub(crate) fn value(raw: &RawValue, depth: u32) -> Result<Json, ProblemKind> {
    if depth > MAX_DEPTH {
        return Err(ProblemKind::TooDeep);
    }
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let members = object(raw)?.0.into_iter();
            let read = members.map(|(name, inner)| Ok((name, value(inner, depth + 1)?)));
            Json::Object(read.collect::<Result<_, ProblemKind>>()?)
        }
        Some(b'[') => {
            let elements = list(raw)?.into_iter();
            Json::List(elements.map(|inner| value(inner, depth + 1)).collect::<Result<_, ProblemKind>>()?)
        }
        Some(b'"') => Json::Text(serde_json::from_str(text).map_err(|error| not_json(&error))?),
        Some(b't') => Json::Bool(true),
        Some(b'f') => Json::Bool(false),
        Some(b'n') => Json::Null,
        _ => Json::Number(text.to_owned()),
    })
}

/// Reads the members of an object, unread themselves.
pub(crate) fn object(raw: &RawValue) -> Result<Raw<'_>, ProblemKind> {
    serde_json::from_str(raw.get()).map_err(|error| not_json(&error))
}

/// Reads the elements of a list, unread themselves.
pub(crate) fn list(raw: &RawValue) -> Result<Vec<&RawValue>, ProblemKind> {
    serde_json::from_str(raw.get()).map_err(|error| not_json(&error))
}

pub(crate) fn not_json(error: &serde_json::Error) -> ProblemKind {
    let why = error.to_string();
    let why = why.split(" at line ").next().unwrap_or_default().to_owned();
    ProblemKind::NotJson { column: None, why }
}

/// As [`not_json`], of a text that begins where its first line does.
pub(crate) fn not_json_at(error: &serde_json::Error) -> ProblemKind {
    match not_json(error) {
        ProblemKind::NotJson { why, .. } => ProblemKind::NotJson { column: u32::try_from(error.column()).ok(), why },
        kind => kind,
    }
}
