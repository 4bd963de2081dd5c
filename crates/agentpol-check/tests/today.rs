//! Long observations are told where the caller says which day it is.

use agentpol_check::{Options, check};
use agentpol_diagnostics::SourceMap;
use agentpol_syntax::parse;
use bumpalo::Bump;

/// 2026-03-02
const TODAY: i32 = 20_514;

fn told(until: &str, today: Option<i32>) -> Vec<String> {
    let text =
        format!("module acme\nagent bot {{ function \"x\"  owner \"a@acme.example\"  phase observe until {until} }}\n");
    let mut sources = SourceMap::new();
    let id = sources.add("acme.agentpol", text.as_str());
    let bump = Bump::new();
    let (ast, _) = parse(&bump, id, &text);
    let (policy, found) = check(&[ast], &sources, &Options { today, ..Options::default() });
    assert!(policy.is_some(), "a lint is no error");
    found.iter().map(|diagnostic| format!("{} {}", diagnostic.code.as_str(), diagnostic.title)).collect()
}

#[test]
fn observations_over_90_days_are_long() {
    assert_eq!(told("2026-06-01", Some(TODAY)), ["AP0614 `bot` is only observed for 91 days"]);
    assert_eq!(told("2026-05-31", Some(TODAY)), [""; 0]);
    assert_eq!(told("2026-06-01", None), [""; 0]);
}
