//! JSON Schema to types of the language.
//!
//! What has no counterpart becomes `json`, with a note that says why; a constraint that has none is left to the tool,
//! with a note too. A policy never accepts a name that the schema does not list unless the schema says so itself.

use serde_json::{Map, Value};

use super::naming::{Scope, declared_name, literal, word_of};
use super::pattern;

/// The most elements that a list may be declared with.
const LIST_LIMIT: u64 = 1_024;
/// How deep objects, lists and references may nest before the rest is `json`.
const DEPTH_LIMIT: usize = 12;
/// How many words an enumeration may have.
const ENUM_LIMIT: usize = 256;

/// The types of one import: enumerations are declared once for all tools.
#[derive(Debug, Default)]
pub(super) struct Types {
    /// Enumerations: name and words, as literals, in the order met.
    pub(super) enums: Vec<(String, Vec<String>)>,
    names: Scope,
}

/// The parameters of a tool.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    /// Each as written in the policy.
    pub(super) fields: Vec<String>,
    /// Undeclared arguments pass.
    pub(super) open: bool,
    /// What a reader should know.
    pub(super) notes: Vec<String>,
}

/// A type, as written.
struct Typed {
    text: String,
    constraint: Option<String>,
    nullable: bool,
}

impl Typed {
    fn plain(text: impl Into<String>) -> Typed {
        Typed { text: text.into(), constraint: None, nullable: false }
    }
}

/// One walk over one schema.
struct Walk<'w> {
    types: &'w mut Types,
    root: &'w Value,
    tool: &'w str,
    notes: Vec<String>,
    /// The references being followed, so that a schema that contains itself comes to an end.
    following: Vec<&'w str>,
}

impl Types {
    /// Makes the table; `taken` are names that enumerations must not have.
    pub(super) fn new(taken: impl IntoIterator<Item = String>) -> Types {
        let mut types = Types::default();
        for name in taken {
            types.names.take(name);
        }
        types
    }

    /// Returns the parameters for the schema of a tool's arguments.
    pub(super) fn parameters(&mut self, tool: &str, schema: Option<&Value>) -> Parameters {
        let nothing = Value::Object(Map::new());
        let root = schema.unwrap_or(&nothing);
        let mut walk = Walk { types: self, root, tool, notes: Vec::new(), following: Vec::new() };
        let Some(object) = walk.resolve(root).and_then(Value::as_object) else {
            let notes = vec!["the schema of the arguments cannot be followed: any argument passes".to_owned()];
            return Parameters { fields: Vec::new(), open: true, notes };
        };
        let unions = ["anyOf", "oneOf", "allOf", "if", "patternProperties"];
        let union = unions.iter().find(|key| object.contains_key(**key)).copied();
        let open =
            union.is_some() || object.get("additionalProperties").is_some_and(|extra| *extra != Value::Bool(false));
        let fields = walk.fields(object, "", 0);
        let mut notes = walk.notes;
        if let Some(key) = union {
            notes.push(format!("`{key}` over all arguments is not checked: undeclared ones pass"));
        }
        Parameters { fields, open, notes }
    }

    /// Returns the name of the enumeration with these words; a new one is named after where it is first used.
    fn enumeration(&mut self, wanted: &str, words: Vec<String>) -> String {
        if let Some((name, _)) = self.enums.iter().find(|(_, known)| *known == words) {
            return name.clone();
        }
        let name = self.names.take(declared_name(wanted, "kind"));
        self.enums.push((name.clone(), words));
        name
    }
}

impl<'w> Walk<'w> {
    /// Follows `$ref` into the schema itself; `None` where it leads elsewhere or in circles.
    fn resolve(&self, schema: &'w Value) -> Option<&'w Value> {
        let mut at = schema;
        for _ in 0..DEPTH_LIMIT {
            match at.get("$ref") {
                None => return Some(at),
                Some(Value::String(target)) => at = self.root.pointer(target.strip_prefix('#')?)?,
                Some(_) => return None,
            }
        }
        None
    }

    fn note(&mut self, place: &str, text: &str) {
        let place = if place.is_empty() { "the arguments" } else { place };
        self.notes.push(format!("`{place}`: {text}"));
    }

    fn json(&mut self, place: &str, why: &str) -> Typed {
        self.note(place, &format!("json, because {why}"));
        Typed::plain("json")
    }

    fn fields(&mut self, object: &'w Map<String, Value>, place: &str, depth: usize) -> Vec<String> {
        let Some(properties) = object.get("properties").and_then(Value::as_object) else { return Vec::new() };
        let required: Vec<&str> = match object.get("required") {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let mut names = Scope::default();
        let mut fields = Vec::new();
        for (wire, schema) in properties {
            let name = names.take(word_of(wire));
            let below = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            let Some(wired) = literal(wire) else {
                self.note(&below, "left out, because its name hides characters");
                continue;
            };
            let typed = self.typed(schema, &below, depth + 1);
            let optional = typed.nullable || !required.contains(&wire.as_str());
            let constraint = typed.constraint.map(|text| text.replace(VALUE, &name)).unwrap_or_default();
            let mark = if optional { "?" } else { "" };
            let wired = if name == *wire { String::new() } else { format!(" {wired}") };
            fields.push(format!("{name}{mark}{wired}: {}{constraint}", typed.text));
        }
        fields
    }

    fn typed(&mut self, schema: &'w Value, place: &str, depth: usize) -> Typed {
        if depth > DEPTH_LIMIT {
            return self.json(place, "it nests too deeply");
        }
        if *schema == Value::Bool(true) {
            return self.json(place, "its schema allows anything");
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            if self.following.contains(&target) {
                return self.json(place, "it contains itself");
            }
            self.following.push(target);
            let typed = self.resolved(schema, place, depth);
            self.following.pop();
            return typed;
        }
        self.resolved(schema, place, depth)
    }

    fn resolved(&mut self, schema: &'w Value, place: &str, depth: usize) -> Typed {
        let Some(object) = self.resolve(schema).and_then(Value::as_object) else {
            return self.json(place, "its schema cannot be followed");
        };
        for key in ["anyOf", "oneOf", "allOf"] {
            if let Some(Value::Array(choices)) = object.get(key) {
                return self.choice(choices, key, place, depth);
            }
        }
        if let Some(values) = object.get("enum").and_then(Value::as_array) {
            return self.values(&values.iter().collect::<Vec<_>>(), place);
        }
        if let Some(value) = object.get("const") {
            return self.values(&[value], place);
        }
        let (kind, nullable) = match object.get("type") {
            Some(Value::String(kind)) => (kind.as_str(), false),
            Some(Value::Array(kinds)) => {
                let others: Vec<&str> = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect();
                match others.as_slice() {
                    [one] => (*one, others.len() < kinds.len()),
                    ["integer", "number"] | ["number", "integer"] => ("number", others.len() < kinds.len()),
                    _ => return self.json(place, "it may be of several types"),
                }
            }
            _ if object.contains_key("properties") => ("object", false),
            _ if object.contains_key("items") => ("array", false),
            _ => return self.json(place, "its schema names no type"),
        };
        let mut typed = match kind {
            "string" => self.text(object, place),
            "integer" => self.number(object, "int", place),
            "number" => self.number(object, "decimal", place),
            "boolean" => Typed::plain("bool"),
            "array" => self.list(object, place, depth),
            "object" => self.object(object, place, depth),
            "null" => self.json(place, "it is always null"),
            _ => self.json(place, "its type is not one of JSON Schema"),
        };
        typed.nullable |= nullable;
        typed
    }

    /// `anyOf` of one schema and null is that schema; of constants it is an enumeration.
    fn choice(&mut self, choices: &'w [Value], key: &str, place: &str, depth: usize) -> Typed {
        let is_null = |choice: &&Value| choice.get("type").and_then(Value::as_str) == Some("null");
        let others: Vec<&Value> = choices.iter().filter(|choice| !is_null(choice)).collect();
        let nullable = others.len() < choices.len();
        let constants: Option<Vec<&Value>> = others.iter().map(|choice| choice.get("const")).collect();
        let mut typed = match (others.as_slice(), constants) {
            ([one], _) => self.typed(one, place, depth + 1),
            (_, Some(values)) if key != "allOf" => self.values(&values, place),
            _ => self.json(place, &format!("its schema is `{key}` of several")),
        };
        typed.nullable |= nullable;
        typed
    }

    fn values(&mut self, values: &[&Value], place: &str) -> Typed {
        let nullable = values.iter().any(|value| value.is_null());
        let rest: Vec<&Value> = values.iter().copied().filter(|value| !value.is_null()).collect();
        let words: Option<Vec<String>> =
            rest.iter().map(|v| v.as_str().filter(|t| !t.is_empty())).map(|t| literal(t?)).collect();
        let numbers: Option<Vec<i64>> = rest.iter().map(|value| value.as_i64()).collect();
        let mut typed = match (words, numbers) {
            _ if rest.is_empty() || rest.len() > ENUM_LIMIT => {
                self.json(place, "its list of values is empty or too long")
            }
            (Some(words), _) => {
                let mut words = words;
                let mut seen = Vec::new();
                words.retain(|word| {
                    !seen.contains(word) && {
                        seen.push(word.clone());
                        true
                    }
                });
                let wanted = format!("{}_{}", self.tool, place.replace('.', "_"));
                Typed::plain(self.types.enumeration(&wanted, words))
            }
            (None, Some(numbers)) => {
                let each: Vec<String> = numbers.iter().map(|number| format!("{VALUE} == {number}")).collect();
                Typed { constraint: Some(format!(" where {}", each.join(" or "))), ..Typed::plain("int") }
            }
            (None, None) => self.json(place, "its values are not all texts"),
        };
        typed.nullable |= nullable;
        typed
    }

    /// Notes what a schema asks for that the language does not check.
    fn unchecked(&mut self, object: &Map<String, Value>, place: &str, keys: &[&str]) {
        for key in keys.iter().filter(|key| object.contains_key(**key)) {
            self.note(place, &format!("`{key}` is not checked"));
        }
    }

    fn text(&mut self, object: &Map<String, Value>, place: &str) -> Typed {
        self.unchecked(object, place, &["minLength", "maxLength"]);
        let ty = match object.get("format").and_then(Value::as_str) {
            Some("email") => Some("email"),
            Some("uri" | "url") => Some("url"),
            Some("date") => Some("date"),
            Some("date-time") => Some("datetime"),
            Some("ipv4" | "ipv6") => Some("ip"),
            Some("hostname") => Some("host"),
            Some("uuid") => {
                let hex = "[0-9a-fA-F]";
                let uuid = format!("{hex}{{8}}-{hex}{{4}}-{hex}{{4}}-{hex}{{4}}-{hex}{{12}}");
                return Typed { constraint: Some(format!(" matches \"{uuid}\"")), ..Typed::plain("string") };
            }
            Some(other) => {
                self.note(place, &format!("the format `{}` is not checked", word_of(other)));
                None
            }
            None => None,
        };
        if let Some(ty) = ty {
            return Typed::plain(ty);
        }
        let Some(written) = object.get("pattern").and_then(Value::as_str) else { return Typed::plain("string") };
        match pattern::translate(written).map(|translated| literal(&translated)) {
            Ok(Some(translated)) => {
                Typed { constraint: Some(format!(" matches {translated}")), ..Typed::plain("string") }
            }
            Ok(None) => {
                self.note(place, "its pattern is not checked, because it hides characters");
                Typed::plain("string")
            }
            Err(why) => {
                self.note(place, &format!("its pattern is not checked, because {why}"));
                Typed::plain("string")
            }
        }
    }

    fn number(&mut self, object: &Map<String, Value>, ty: &str, place: &str) -> Typed {
        let bounds = [
            (">=", object.get("minimum")),
            (">", object.get("exclusiveMinimum")),
            ("<=", object.get("maximum")),
            ("<", object.get("exclusiveMaximum")),
        ];
        let mut tests = Vec::new();
        for (sign, bound) in bounds {
            match bound {
                None => {}
                Some(bound) => match bound_text(bound, ty) {
                    Some(bound) => tests.push(format!("{VALUE} {sign} {bound}")),
                    None => self.note(place, "a bound is not checked, because it is no number of this type"),
                },
            }
        }
        self.unchecked(object, place, &["multipleOf"]);
        let constraint = (!tests.is_empty()).then(|| format!(" where {}", tests.join(" and ")));
        Typed { constraint, ..Typed::plain(ty) }
    }

    fn list(&mut self, object: &'w Map<String, Value>, place: &str, depth: usize) -> Typed {
        let element = match object.get("items") {
            _ if object.contains_key("prefixItems") => return self.json(place, "its elements differ by their place"),
            Some(Value::Array(_)) => return self.json(place, "its elements differ by their place"),
            Some(items) => self.typed(items, place, depth + 1),
            None => self.json(place, "its schema says nothing about the elements"),
        };
        if element.nullable {
            return self.json(place, "its elements may be null");
        }
        if element.constraint.is_some() {
            self.note(place, "what its elements must fulfil is not checked");
        }
        let size = match object.get("maxItems").and_then(Value::as_u64) {
            None => String::new(),
            Some(most) if most <= LIST_LIMIT => format!(", {}", most.max(1)),
            Some(_) => {
                self.note(place, "at most 1,024 elements pass");
                format!(", {LIST_LIMIT}")
            }
        };
        if object.get("uniqueItems") == Some(&Value::Bool(true)) {
            self.unchecked(object, place, &["uniqueItems"]);
        }
        let least = object.get("minItems").and_then(Value::as_u64).filter(|least| *least > 0);
        let constraint = least.map(|least| format!(" where count({VALUE}) >= {least}"));
        Typed { constraint, ..Typed::plain(format!("list<{}{size}>", element.text)) }
    }

    fn object(&mut self, object: &'w Map<String, Value>, place: &str, depth: usize) -> Typed {
        let has_fields = object.get("properties").and_then(Value::as_object).is_some_and(|fields| !fields.is_empty());
        let extra = object.get("additionalProperties").filter(|extra| **extra != Value::Bool(false));
        match (has_fields, extra) {
            _ if object.contains_key("patternProperties") => self.json(place, "its keys follow patterns"),
            (true, None) => Typed::plain(format!("{{ {} }}", self.fields(object, place, depth).join(", "))),
            (true, Some(_)) => self.json(place, "it has fields and takes others too"),
            (false, Some(values @ Value::Object(_))) => {
                let value = self.typed(values, place, depth + 1);
                match value.nullable {
                    true => self.json(place, "its values may be null"),
                    false => {
                        if value.constraint.is_some() {
                            self.note(place, "what its values must fulfil is not checked");
                        }
                        Typed::plain(format!("map<string, {}>", value.text))
                    }
                }
            }
            (false, _) => self.json(place, "its schema names no fields"),
        }
    }
}

/// Stands for the name of the parameter in a constraint until that is known.
const VALUE: &str = "\u{1}";

/// Returns a bound as a literal of the type; `None` where it has none.
fn bound_text(bound: &Value, ty: &str) -> Option<String> {
    if let Some(whole) = bound.as_i64() {
        let fits = ty == "int" || whole.unsigned_abs() <= (i64::MAX / 1_000_000) as u64;
        return fits.then(|| whole.to_string());
    }
    let value = bound.as_f64()?;
    let text = format!("{value}");
    let (_, fraction) = text.split_once('.')?;
    (ty == "decimal" && fraction.len() <= 6 && value.abs() < 9e12).then_some(text)
}
