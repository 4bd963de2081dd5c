//! What the grammar would have taken, in words.

use agentpol_grammar::Rule;

/// Returns what was expected as a phrase, `a name or "{"`; `None` when the grammar says nothing of use.
pub(super) fn phrase(expected: &[Rule]) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    let value = wants_value(expected);
    let operator = expected.contains(&Rule::part) || expected.contains(&Rule::k_and);
    if value {
        words.push("a value".to_owned());
    }
    if operator {
        words.push("an operator".to_owned());
    }
    for &rule in expected {
        if value && begins_value(rule) || operator && is_operator(rule) || rule == Rule::k_except {
            continue;
        }
        let word = word(rule);
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    words.truncate(6);
    let last = words.pop()?;
    Some(if words.is_empty() { last } else { format!("{} or {last}", words.join(", ")) })
}

/// Returns the keyword nearest to a word among those that would have been taken.
pub(super) fn nearest_keyword(word: &str, expected: &[Rule]) -> Option<String> {
    let keywords: Vec<String> = expected.iter().map(|rule| keyword(*rule)).filter(|word| !word.is_empty()).collect();
    let plain = keywords.iter().map(|word| word.trim_matches('`'));
    agentpol_diagnostics::did_you_mean(word, plain)
}

/// Returns whether a part might have ended here.
pub(super) fn wants_end(expected: &[Rule]) -> bool {
    expected.contains(&Rule::EOI)
}

/// Returns whether a name would have been taken.
pub(super) fn wants_name(expected: &[Rule]) -> bool {
    use Rule as R;
    let named = [R::name, R::path, R::bare, R::agents, R::pattern, R::patterns, R::wired, R::approvers, R::binders];
    expected.iter().any(|rule| named.contains(rule)) && !wants_value(expected)
}

/// Returns whether a text, and no expression, would have been taken.
pub(super) fn wants_text(expected: &[Rule]) -> bool {
    expected.contains(&Rule::string) && !wants_value(expected)
}

/// Returns whether an expression would have been taken.
pub(super) fn wants_value(expected: &[Rule]) -> bool {
    [Rule::conditional, Rule::known, Rule::k_if, Rule::k_known, Rule::expr].iter().any(|rule| expected.contains(rule))
}

/// Returns whether an operator would have been taken, so an operand has just ended.
pub(super) fn wants_operator(expected: &[Rule]) -> bool {
    expected.contains(&Rule::part) || expected.contains(&Rule::k_and) || expected.contains(&Rule::plus)
}

fn begins_value(rule: Rule) -> bool {
    use Rule as R;
    matches!(
        rule,
        R::bare
            | R::string
            | R::raw
            | R::number
            | R::duration
            | R::date
            | R::datetime
            | R::list
            | R::conditional
            | R::known
            | R::result_of
            | R::history
            | R::happened
            | R::comprehension
            | R::counted
            | R::fold
            | R::k_true
            | R::k_false
            | R::k_has
            | R::k_not
            | R::k_any
            | R::k_all
            | R::k_if
            | R::k_known
            | R::k_result
            | R::quantified
            | R::minus
            | R::grouped
            | R::expr
            | R::k_count
            | R::k_sum
            | R::k_first
            | R::k_last
    )
}

fn is_operator(rule: Rule) -> bool {
    use Rule as R;
    matches!(
        rule,
        R::k_and
            | R::k_or
            | R::compare
            | R::relation_word
            | R::plus
            | R::minus
            | R::times
            | R::k_otherwise
            | R::part
            | R::index
            | R::arguments
    )
}

/// Returns what a rule of the grammar is called; nothing for those that say nothing to an author.
fn word(rule: Rule) -> String {
    use Rule as R;
    let text = match rule {
        R::name
        | R::path
        | R::bare
        | R::word
        | R::binders
        | R::wired
        | R::agents
        | R::pattern
        | R::patterns
        | R::field_path => "a name",
        R::string | R::raw => "text in quotes",
        R::number => "a number",
        R::duration => "a duration such as `30m`",
        R::date => "a date such as `2026-03-02`",
        R::datetime => "a time such as `2026-03-02T15:00:00Z`",
        R::clock => "a time such as `09:00`",
        R::day => "a day such as `mon`",
        R::window => "a window such as `mon..fri 09:00..17:00`",
        R::verb => "a verb such as `reads`",
        R::happened => "`called`",
        R::calls => "a set of calls",
        R::type_expr | R::type_name => "a type",
        R::expr => "a value",
        R::value => "a value",
        R::field | R::pair => "a name with a colon",
        R::block | R::shape | R::object | R::agent_block => "`{`",
        R::params | R::fields_list | R::arguments => "`(`",
        R::compare => "a comparison",
        R::clause | R::agent_clause | R::system_part | R::tool_clause => "a clause",
        R::step => "a step",
        R::given_part => "a part of `given`",
        R::expected | R::outcome => "`allow`, `deny`, `throttle` or `require approval`",
        R::hop | R::chain => "an agent",
        R::ending => "`returns VALUE`, `fails`, `released`, `pending` or `untrusted`",
        R::who | R::whom => "the id of a user in quotes, or `none`",
        R::sample => "a tool",
        R::named_resource => "a type of resources and an id in quotes",
        R::arrow => "`->`",
        R::users => "`any`, `none`, `in GROUP` or an id in quotes",
        R::approvers => "a group or `user`",
        R::actor => "`agent`, `user` or `session`",
        R::phase => "a phase",
        R::EOI => "",
        _ => return keyword(rule),
    };
    text.to_owned()
}

/// Returns the word that a rule stands for; nothing for other rules.
fn keyword(rule: Rule) -> String {
    match format!("{rule:?}").strip_prefix("k_") {
        Some(word) => format!("`{word}`"),
        None => String::new(),
    }
}
