//! The lists of words and the grammar say the same.

use agentpol_syntax::{WordClass, word_class, words};
use std::collections::BTreeSet;
use std::path::Path;

/// The words in quotes of one rule of the grammar.
fn of_rule(grammar: &str, rule: &str) -> BTreeSet<String> {
    let start = grammar.find(&format!("\n{rule} = ")).unwrap_or_else(|| panic!("no rule {rule}"));
    let body = &grammar[start..];
    let body = &body[..body.find("!letter").expect("the border of a word")];
    let quoted = body.split('"').skip(1).step_by(2).filter(|word| word.len() > 1);
    quoted.map(str::to_owned).collect()
}

#[test]
fn the_grammar_has_the_same_words() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../grammar/agentpol.pest");
    let grammar = std::fs::read_to_string(path).unwrap();
    let operators = of_rule(&grammar, "operator_word");
    let seams = of_rule(&grammar, "seam_word");
    assert_eq!(operators, words::OPERATORS.iter().map(|word| word.to_string()).collect());
    let lists = [words::ITEMS, words::RULE_CLAUSES, words::TOOL_CLAUSES, &["except", "none"]];
    assert_eq!(seams, lists.concat().iter().map(|word| word.to_string()).collect());
    for word in &operators {
        assert_eq!(word_class(word), WordClass::Operator);
    }
    for word in &seams {
        assert_eq!(word_class(word), WordClass::Seam);
    }
    assert_eq!((word_class("args"), word_class("order")), (WordClass::Root, WordClass::Plain));
}
