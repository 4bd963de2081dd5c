//! Claims as they stand in a token: JSON in which no name stands twice.

use super::ClaimsError;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The claims of a token, or the members of an actor.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims {
    members: Vec<(String, Json)>,
}

/// A value, as far as claims are read.
#[derive(Clone, Debug)]
enum Json {
    Text(String),
    Object(Claims),
    Other,
}

impl Claims {
    pub(super) fn parse(bytes: &[u8]) -> Result<Claims, ClaimsError> {
        match serde_json::from_slice(bytes) {
            Ok(Json::Object(claims)) => Ok(claims),
            _ => Err(ClaimsError::NotClaims),
        }
    }

    fn get(&self, name: &str) -> Option<&Json> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A text, where there is the claim.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ClaimsError> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Text(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(ClaimsError::Malformed { claim: name.to_owned() }),
        }
    }

    /// A text that must be there.
    pub(super) fn needed(&self, name: &str) -> Result<&str, ClaimsError> {
        self.text(name)?.ok_or_else(|| ClaimsError::Malformed { claim: name.to_owned() })
    }

    /// An object, where there is the claim.
    pub(super) fn object(&self, name: &str) -> Result<Option<&Claims>, ClaimsError> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Object(claims)) => Ok(Some(claims)),
            Some(_) => Err(ClaimsError::Malformed { claim: name.to_owned() }),
        }
    }

    /// Whether a claim that is a list of words, separated by spaces, has this one.
    pub(super) fn has_word(&self, name: &str, word: &str) -> Result<bool, ClaimsError> {
        Ok(self.text(name)?.is_some_and(|words| words.split(' ').any(|other| other == word)))
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Strict)
    }
}

/// Reads a value and refuses names that stand twice, at any depth.
struct Strict;

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        while list.next_element::<Json>()?.is_some() {}
        Ok(Json::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.iter().any(|(known, _)| *known == name) {
                map.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom("a name stands twice"));
            }
            members.push((name, map.next_value()?));
        }
        Ok(Json::Object(Claims { members }))
    }
}
