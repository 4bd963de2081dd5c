//! Words of other languages, and what they are here.

/// Returns the item that another language's word stands for.
pub(super) fn item(word: &str) -> Option<&'static str> {
    Some(match word {
        "permit" | "grant" | "policy" | "rule" => "allow \"why\" { ... }",
        "forbid" | "block" | "refuse" | "reject" => "deny \"why\" { ... }",
        "approve" | "approval" | "ask" | "escalate" => "require approval \"why\" { ... }",
        "import" | "include" | "using" | "with" => "use MODULE as NAME",
        "package" | "namespace" => "module NAME",
        "def" | "fn" | "func" | "function" | "let" | "const" | "var" => "define NAME = ...",
        "type" | "struct" | "entity" | "class" => "record NAME { ... }",
        "role" | "roles" => "group NAME",
        "principal" | "subject" => "agent NAME { ... }",
        "dataset" => "system NAME { dataset ... }",
        "throttle" | "rate" | "quota" => "limit \"why\" { ... }",
        _ => return None,
    })
}

/// Returns the clause that another language's word stands for.
pub(super) fn clause(word: &str) -> Option<&'static str> {
    Some(match word {
        "if" | "condition" | "require" => "when",
        "principal" | "subject" => "agent",
        "action" | "actions" | "call" | "calls" => "tool",
        "resource" | "resources" | "dataset" | "system" => "on",
        "reason" | "message" | "advice" | "description" => "because",
        "environment" => "env",
        "verb" | "verbs" => "does",
        "except" => "unless",
        "group" | "role" => "user in GROUP",
        "schedule" => "during",
        _ => return None,
    })
}

/// Returns the operator that another language's word stands for.
pub(super) fn operator(word: &str) -> Option<&'static str> {
    Some(match word {
        "is" | "equals" | "eq" => "==",
        "isnt" | "ne" => "!=",
        "AND" | "And" => "and",
        "OR" | "Or" => "or",
        "NOT" | "Not" => "not",
        "gt" | "above" => ">",
        "lt" | "below" => "<",
        "ge" => ">=",
        "le" => "<=",
        "startsWith" | "startswith" | "begins_with" => "starts_with",
        "endsWith" | "endswith" => "ends_with",
        "includes" | "include" => "contains",
        "default" => "otherwise",
        "regex" | "match" => "matches",
        "IN" | "within" => "in",
        _ => return None,
    })
}

/// Returns the verb that another word for it stands for.
pub(super) fn verb(word: &str) -> Option<&'static str> {
    Some(match word {
        "gets" | "lists" | "queries" | "searches" | "fetches" | "views" => "reads",
        "writes" | "modifies" | "changes" | "edits" | "sets" => "updates",
        "adds" | "inserts" | "makes" => "creates",
        "removes" | "drops" | "destroys" => "deletes",
        "mails" | "posts" | "publishes" | "notifies" => "sends",
        "downloads" => "exports",
        "charges" | "transfers" | "refunds" => "pays",
        "runs" | "calls" | "invokes" => "executes",
        "calculates" => "computes",
        _ => return None,
    })
}

/// Returns what holds elements under another language's name for it.
pub(super) fn container(word: &str) -> Option<&'static str> {
    Some(match word {
        "array" | "Array" | "List" | "set" | "Set" | "vec" | "Vec" | "seq" => "list",
        "dict" | "Dict" | "Map" | "object" | "Record" => "map",
        _ => return None,
    })
}

/// Returns whether a word stands for everybody or everything elsewhere.
pub(super) fn everything(word: &str) -> bool {
    matches!(word, "all" | "every" | "everyone" | "everybody" | "anyone" | "anybody" | "everything" | "anything")
}

/// Returns what to write for a word that stands before its operand elsewhere.
pub(super) fn prefix(word: &str) -> Option<&'static str> {
    Some(match word {
        "exists" | "exist" | "defined" | "isset" | "present" => "write `has`",
        "for" | "foreach" | "forall" | "each" | "every" | "some" | "exactly" => {
            "write `any x in LIST: ...`, or `all x in LIST: ...`"
        }
        _ => return None,
    })
}
