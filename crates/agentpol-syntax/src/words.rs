//! The words of the language by class: what they are decides where a name may stand and where a clause begins.

/// What a word may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WordClass {
    /// `and`, `any`, `called`: an operator or literal, free only after a dot and as a key or field.
    Operator,
    /// `agent`, `when`, `reads`: begins an item, a clause or a part of a tool; never the name of what is declared.
    Seam,
    /// `args`, `now`: a root of expressions.
    Root,
    /// A word that means something in one place and is an ordinary name everywhere else, or an ordinary name.
    Plain,
}

/// Words that begin an item.
pub const ITEMS: &[&str] = &[
    "module",
    "use",
    "share",
    "level",
    "enum",
    "group",
    "environment",
    "timezone",
    "schedule",
    "user",
    "context",
    "task",
    "system",
    "record",
    "resource",
    "tools",
    "tool",
    "agent",
    "fleet",
    "define",
    "allow",
    "deny",
    "require",
    "entitle",
    "limit",
    "alert",
    "assert",
    "test",
];

/// Words that begin an item in front of `from directory` and `from request`, and are ordinary names elsewhere.
pub const SOURCES: &[&str] = &["users", "resources"];

/// Words that begin a clause of a rule.
pub const RULE_CLAUSES: &[&str] = &[
    "agent", "user", "tool", "does", "on", "env", "task", "during", "outside", "let", "when", "unless", "because",
    "from", "within", "phase", "always", "where", "by", "returns", "distinct", "at", "more", "outcome", "novel",
    "severity", "since", "keeping",
];

/// Words that begin a clause of an agent.
pub const AGENT_CLAUSES: &[&str] = &["function", "owner", "identity", "credential", "phase", "reached", "delegates"];

/// Words that begin a part of a system.
pub const SYSTEM_PARTS: &[&str] = &["environment", "server", "dataset", "entitlement", "case"];

/// Words that begin what may follow a tool's parameters.
pub const TOOL_CLAUSES: &[&str] = &[
    "reads",
    "creates",
    "updates",
    "deletes",
    "sends",
    "exports",
    "pays",
    "executes",
    "deploys",
    "grants",
    "computes",
    "returns",
    "unverified",
    "to",
    "touches",
    "pinned",
    "of",
];

/// Words that begin a part of `given`.
pub const GIVEN_PARTS: &[&str] =
    &["agent", "for", "in", "env", "task", "at", "context", "origin", "credential", "resource"];

/// Words that begin a statement of an assert.
pub const CLAIMS: &[&str] = &["never", "always", "only"];

/// Operators and literals that are words.
pub const OPERATORS: &[&str] = &[
    "and",
    "or",
    "not",
    "if",
    "then",
    "else",
    "in",
    "has",
    "true",
    "false",
    "any",
    "all",
    "like",
    "matches",
    "contains",
    "starts_with",
    "ends_with",
    "otherwise",
    "known",
    "called",
    "completed",
    "attempted",
    "failed",
];

/// Operators that stand between two operands.
pub const INFIX: &[&str] =
    &["and", "or", "in", "like", "matches", "contains", "starts_with", "ends_with", "otherwise", "then", "else"];

const ROOTS: &[&str] = &["args", "user", "agent", "session", "context", "resource", "now", "today", "that"];

/// Words of the second class that begin neither an item nor a clause.
const OTHER_SEAMS: &[&str] = &["except", "none"];

/// Returns the class of a word.
pub fn word_class(word: &str) -> WordClass {
    if OPERATORS.contains(&word) {
        WordClass::Operator
    } else if is_seam(word) {
        WordClass::Seam
    } else if ROOTS.contains(&word) {
        WordClass::Root
    } else {
        WordClass::Plain
    }
}

/// Returns whether the word may never name what is declared, though it is no operator.
pub fn is_seam(word: &str) -> bool {
    ITEMS.contains(&word) || RULE_CLAUSES.contains(&word) || TOOL_CLAUSES.contains(&word) || OTHER_SEAMS.contains(&word)
}

/// Returns whether the word begins an item.
pub fn begins_item(word: &str) -> bool {
    ITEMS.contains(&word)
}

/// Returns whether the word is an operator or a literal.
pub fn is_operator(word: &str) -> bool {
    OPERATORS.contains(&word)
}
