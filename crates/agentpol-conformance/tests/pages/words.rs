//! What stands behind an arrow, as words.

/// What is expected of a decision. What is not written is not compared.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// `allow`, `deny`, `require_approval`, `throttle`
    pub(crate) outcome: String,
    /// The code; without one `allowed`, `denied_by_rule`, `approval_required` or `limit_reached`.
    pub(crate) code: String,
    /// `by "rule"`
    pub(crate) rules: Option<Vec<String>>,
    /// `also code, code`
    pub(crate) also: Option<Vec<String>>,
    /// `would code`
    pub(crate) would: Option<String>,
    /// `approvals "rule"`, `approvals phase`
    pub(crate) approvals: Option<Vec<String>>,
    /// `missing none, too_few`: why, for each of those.
    pub(crate) missing: Option<Vec<String>>,
    /// `alerts "rule"`, `alerts "rule" uncertain`
    pub(crate) alerts: Option<Vec<String>>,
    /// `retry 12s`
    pub(crate) retry: Option<String>,
    /// `at /pointer`
    pub(crate) argument: Option<String>,
    /// `says "text"`: what the agent is told.
    pub(crate) says: Option<Vec<String>>,
}

const WORDS: [&str; 9] = ["by", "also", "would", "approvals", "missing", "alerts", "retry", "at", "says"];

/// `deny no_allow by "rule" also code would code approvals "rule" at /x says "text"`
pub(crate) fn expected(text: &str) -> Result<Expected, String> {
    let mut tokens = tokens(text)?.into_iter().peekable();
    let outcome = tokens.next().ok_or("nothing behind the arrow")?;
    let usual = match outcome.as_str() {
        "allow" => "allowed",
        "deny" => "denied_by_rule",
        "require_approval" => "approval_required",
        "throttle" => "limit_reached",
        other => return Err(format!("`{other}` is no outcome")),
    };
    let mut expected = Expected { outcome, ..Expected::default() };
    let code = tokens.next_if(|token| !WORDS.contains(&token.as_str()));
    expected.code = code.unwrap_or_else(|| usual.to_owned());
    while let Some(word) = tokens.next() {
        let mut list = Vec::new();
        while let Some(item) = tokens.next_if(|token| !WORDS.contains(&token.as_str())) {
            list.push(item.trim_matches('"').to_owned());
        }
        match word.as_str() {
            "by" => expected.rules = Some(list),
            "also" => expected.also = Some(list),
            "would" => expected.would = list.into_iter().next(),
            "approvals" => expected.approvals = Some(list),
            "missing" => expected.missing = Some(list),
            "alerts" => expected.alerts = Some(list),
            "retry" => expected.retry = list.into_iter().next(),
            "at" => expected.argument = list.into_iter().next(),
            "says" => expected.says = Some(list),
            other => return Err(format!("`{other}` is not expected here")),
        }
    }
    Ok(expected)
}

/// Words and quoted texts (with their quotes); commas and what stands behind `//` are for the reader.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && !rest.starts_with("// ") {
        let end = match rest.strip_prefix('"') {
            Some(inside) => inside.find('"').ok_or("a text without its closing quote")? + 2,
            None => rest.find([' ', ',']).unwrap_or(rest.len()),
        };
        tokens.push(rest[..end].to_owned());
        rest = rest[end..].trim_start_matches([' ', ',']);
    }
    Ok(tokens)
}
