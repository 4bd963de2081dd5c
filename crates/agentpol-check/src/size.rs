//! How large a program may be: bounds far above any real one, so that a made-up one cannot stop the compiler.

use crate::declare::Declared;
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, Span};

/// How many of one kind a program may declare.
const MAX_DECLARED: usize = 65_536;

/// How many groups a program may declare, as each keeps all that belong to it.
const MAX_GROUPS: usize = 8_192;

/// How many fleets a program may declare, as the identities of each are compared with all.
const MAX_FLEETS: usize = 4_096;

/// How many pairs of a rule and a tool, or of a rule and an agent, a program may have: each rule lists what it is about.
const MAX_PAIRS: usize = 1 << 27;

/// Refuses programs beyond the bounds.
pub(crate) fn refuse_giants(declared: &Declared<'_>, rules: usize, diagnostics: &mut Diagnostics) {
    for (what, count, first) in [
        ("tools", declared.tools.len(), declared.tools.first().map(|(_, tool)| tool.name.span)),
        ("agents", declared.agents.len(), declared.agents.first().map(|(_, agent)| agent.name.span)),
    ] {
        if let Some(span) = first.filter(|_| count.saturating_mul(rules) > MAX_PAIRS) {
            let title = format!("{rules} rules about {count} {what} in one program");
            let diagnostic = Diagnostic::new(Code::AP0504, title, span, "together too many");
            diagnostics.push(diagnostic.help("split the program into several"));
        }
    }
    let fleets: Vec<Span> =
        (declared.agents.iter()).filter(|(_, agent)| agent.fleet.is_some()).map(|(_, agent)| agent.name.span).collect();
    let tables = [
        ("groups", MAX_GROUPS, declared.groups.len(), declared.groups.get(MAX_GROUPS).map(|(_, g)| g.wired.name.span)),
        ("tools", MAX_DECLARED, declared.tools.len(), declared.tools.get(MAX_DECLARED).map(|(_, t)| t.name.span)),
        ("agents", MAX_DECLARED, declared.agents.len(), declared.agents.get(MAX_DECLARED).map(|(_, a)| a.name.span)),
        ("fleets", MAX_FLEETS, fleets.len(), fleets.get(MAX_FLEETS).copied()),
        ("systems", MAX_DECLARED, declared.systems.len(), declared.systems.get(MAX_DECLARED).map(|(_, s)| s.name.span)),
        ("records", MAX_DECLARED, declared.records.len(), declared.records.get(MAX_DECLARED).map(|(_, r)| r.name.span)),
    ];
    for (what, most, count, span) in tables {
        let Some(span) = span else { continue };
        let title = format!("{count} {what} in one program");
        let label = format!("one more than the {most} that a program may have");
        diagnostics.push(Diagnostic::new(Code::AP0504, title, span, label).help("split the program into several"));
    }
}
