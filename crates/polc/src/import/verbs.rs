//! Verbs from the hints of MCP: absent hints count as the protocol says, which is the worst.

use super::definition::Hints;

/// What a tool does, as far as its definition tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verbs {
    /// The verbs, in the language's words.
    pub(super) words: Vec<&'static str>,
    /// Where they come from, for people.
    pub(super) why: String,
}

/// Returns the verbs for hints.
pub(super) fn verbs(hints: Option<Hints>) -> Verbs {
    let Some(hints) = hints else {
        let why = "the definition says nothing about effects".to_owned();
        return Verbs { words: vec!["updates", "deletes", "sends"], why };
    };
    let mut words = match (hints.read_only.unwrap_or(false), hints.destructive.unwrap_or(true)) {
        (true, _) => vec!["reads"],
        (false, true) => vec!["updates", "deletes"],
        (false, false) => vec!["creates", "updates"],
    };
    if hints.open_world.unwrap_or(true) {
        words.push("sends");
    }
    let named = [
        ("readOnlyHint", hints.read_only),
        ("destructiveHint", hints.destructive.filter(|_| hints.read_only != Some(true))),
        ("openWorldHint", hints.open_world),
    ];
    let said: Vec<String> =
        named.iter().filter_map(|(name, value)| value.map(|value| format!("{name} {value}"))).collect();
    let why = match said.is_empty() {
        true => "the definition says nothing about effects".to_owned(),
        false => format!("from the hints {}", said.join(", ")),
    };
    Verbs { words, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_the_worst() {
        assert_eq!(verbs(None).words, ["updates", "deletes", "sends"]);
        assert_eq!(verbs(Some(Hints::default())).words, ["updates", "deletes", "sends"]);
        let read = Hints { read_only: Some(true), ..Hints::default() };
        assert_eq!(verbs(Some(read)).words, ["reads", "sends"]);
        let closed = Hints { read_only: Some(true), destructive: None, open_world: Some(false) };
        assert_eq!(verbs(Some(closed)).words, ["reads"]);
        let adds = Hints { read_only: None, destructive: Some(false), open_world: Some(false) };
        assert_eq!(verbs(Some(adds)).words, ["creates", "updates"]);
    }
}
