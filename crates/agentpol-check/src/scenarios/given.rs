//! What holds at the start of a test: where and when, what the host adds, and in a scenario who acts and for whom.

use super::callers::{self, Caller};
use super::json::Json;
use super::origins;
use super::values::Strictness;
use crate::draft::Draft;
use crate::policy::{AgentId, ModuleId};
use agentpol_diagnostics::{Code, Diagnostic};
use agentpol_syntax::ast::{self, GivenKind};
use std::collections::HashMap;

/// The session of a scenario that names none.
pub(super) const SESSION: &str = "s1";
/// The longest name of a session, in bytes.
const MAX_SESSION: usize = 256;

/// What holds at the start of a scenario, ready for requests.
pub(super) struct Start<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) caller: Caller,
    pub(super) session: String,
}

/// What holds for every request of a test.
pub(super) struct Scene<'a> {
    pub(super) env: Option<String>,
    pub(super) task: Option<String>,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub(super) at: i64,
    pub(super) context: Option<Json>,
    /// By argument path: the origin, as requests say it.
    pub(super) origin: Vec<(ast::Text<'a>, Json)>,
    pub(super) credential: Credential,
    /// What requests bring of resources.
    pub(super) resources: Vec<super::resources::Given>,
}

/// What credential agents show that declare one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    /// Issued at the time of each request.
    Fresh,
    /// Issued at this moment.
    IssuedAt(i64),
    /// None.
    Missing,
}

/// The parts of `given`, by the words that they begin with.
type Parts<'t, 'a> = HashMap<&'static str, &'t ast::Given<'a>>;

/// Reads the start of a scenario; nothing where a request could not be made of it, which has then been said.
pub(super) fn read<'a>(draft: &mut Draft<'a, '_>, module: ModuleId, test: &ast::Test<'a>) -> Option<Start<'a>> {
    let parts = sort(draft, test);
    let agents = match parts.get("agent").map(|given| given.kind) {
        Some(GivenKind::Agent(last, via)) => callers::chain(draft, module, &last, via),
        _ => {
            missing(
                draft,
                test,
                "which agent acts",
                "write `given agent NAME for user \"ana\" at 2026-03-02T15:00:00Z`",
            );
            None
        }
    };
    let user = match parts.get("user").map(|given| given.kind) {
        Some(GivenKind::User(id, attributes)) => Some(callers::someone(draft, module, Some(&id), attributes)),
        Some(GivenKind::NoUser) => Some(callers::someone(draft, module, None, None)),
        _ => {
            let help = "write `for user \"ana\" { groups: [support] }`, or `for user none`";
            missing(draft, test, "on whose behalf", help);
            None
        }
    };
    let session = match parts.get("session").map(|given| given.kind) {
        Some(GivenKind::Session(text)) => session(draft, &text),
        _ => Some(SESSION.to_owned()),
    };
    let actor = agents.as_ref().map(|(actor, _)| actor.agent);
    let scene = scene(draft, module, test, &parts, actor);
    let ((actor, via), user) = (agents?, user?);
    Some(Start { scene: scene?, caller: Caller { actor, via, user }, session: session? })
}

/// Reads what holds for every cell of a table, which says itself who acts and for whom.
pub(super) fn read_scene<'a>(draft: &mut Draft<'a, '_>, module: ModuleId, test: &ast::Test<'a>) -> Option<Scene<'a>> {
    let parts = sort(draft, test);
    for (word, each) in [("agent", "for each agent"), ("user", "for each user"), ("session", "")] {
        let Some(given) = parts.get(word) else { continue };
        let title = format!("a table has no {word} of its own");
        let help = match each {
            "" => "remove it: each cell has a session of its own".to_owned(),
            each => format!("write it behind `{each}`"),
        };
        draft.report(Diagnostic::new(Code::AP0701, title, given.span, "it speaks of many calls").help(help));
    }
    scene(draft, module, test, &parts, None)
}

fn missing(draft: &mut Draft<'_, '_>, test: &ast::Test<'_>, what: &str, help: &str) {
    let title = format!("the test `{}` does not say {what}", test.name.value);
    draft.report(Diagnostic::new(Code::AP0701, title, test.given_span, "missing here").help(help));
}

fn scene<'a>(
    draft: &mut Draft<'a, '_>,
    module: ModuleId,
    test: &ast::Test<'a>,
    parts: &Parts<'_, 'a>,
    actor: Option<AgentId>,
) -> Option<Scene<'a>> {
    let at = match parts.get("at").map(|given| given.kind) {
        Some(GivenKind::At(at)) => Some(at),
        _ => {
            missing(draft, test, "when", "write `at 2026-03-02T15:00:00Z`");
            None
        }
    };
    let env = parts.get("env").and_then(|given| match given.kind {
        GivenKind::Env(name) => Some(name),
        _ => None,
    });
    let env_known = env.is_none_or(|env| draft.written_environments(module, &[env]).is_some());
    let context = parts.get("context").and_then(|given| match given.kind {
        GivenKind::Context(pairs) => Some(draft.fields_json(module, pairs, draft.policy.context, Strictness::Strict)),
        _ => None,
    });
    let origin = parts.get("origin").map_or_else(Vec::new, |given| match given.kind {
        GivenKind::Origin(pairs) => origins::read(draft, module, pairs),
        _ => Vec::new(),
    });
    let task = parts.get("task").and_then(|given| match given.kind {
        GivenKind::Task(text) => Some(text.value.to_owned()),
        _ => None,
    });
    let credential = credential(draft, actor, parts.get("credential"), at);
    let resources = super::resources::read(draft, module, test);
    env_known.then_some(())?;
    let env = env.map(|name| name.text.to_owned());
    Some(Scene { env, task, at: at?, context, origin, credential: credential?, resources })
}

/// Returns the name of a session.
pub(super) fn session(draft: &mut Draft<'_, '_>, text: &ast::Text<'_>) -> Option<String> {
    if text.value.is_empty() || text.value.len() > MAX_SESSION {
        let title = format!("the name of a session has 1 to {MAX_SESSION} bytes");
        let diagnostic = Diagnostic::new(Code::AP0701, title, text.span, "cannot be opened");
        draft.report(diagnostic.help(format!("write `in session \"{SESSION}\"`, or leave it out")));
        return None;
    }
    Some(text.value.to_owned())
}

/// Sorts the parts, each once.
fn sort<'t, 'a>(draft: &mut Draft<'_, '_>, test: &'t ast::Test<'a>) -> Parts<'t, 'a> {
    let mut parts = Parts::new();
    for given in test.given {
        let word = match given.kind {
            GivenKind::Agent(..) => "agent",
            GivenKind::User(..) | GivenKind::NoUser => "user",
            GivenKind::Session(_) => "session",
            GivenKind::Env(_) => "env",
            GivenKind::Task(_) => "task",
            GivenKind::At(_) => "at",
            GivenKind::Context(_) => "context",
            GivenKind::Origin(_) => "origin",
            GivenKind::Resource(..) => continue,
            GivenKind::CredentialAged(_) | GivenKind::NoCredential => "credential",
        };
        if let Some(first) = parts.get(word) {
            let title = format!("`{word}` is given twice");
            let diagnostic =
                Diagnostic::new(Code::AP0105, title, given.span, "again here").because(first.span, "first here");
            draft.report(diagnostic.help("remove one of them"));
            continue;
        }
        parts.insert(word, given);
    }
    parts
}

/// Finds which credential is shown.
fn credential(
    draft: &mut Draft<'_, '_>,
    actor: Option<AgentId>,
    given: Option<&&ast::Given<'_>>,
    at: Option<i64>,
) -> Option<Credential> {
    let Some(given) = given else { return Some(Credential::Fresh) };
    let undeclared = actor.filter(|agent| draft.policy[*agent].credential_max_age.is_none());
    if let Some(agent) = undeclared {
        let title = format!("`{}` declares no credential", draft.policy[agent].name);
        let place = draft.policy[agent].span;
        let diagnostic = Diagnostic::new(Code::AP0701, title, given.span, "nothing asks for one");
        let help = "remove it here, or write `credential rotates every 24h` in the agent";
        draft.report(diagnostic.because(place, "declared here").help(help));
        return None;
    }
    let GivenKind::CredentialAged(age) = given.kind else { return Some(Credential::Missing) };
    let issued = at?.checked_sub(age.millis).filter(|issued| *issued >= 0);
    if issued.is_none() {
        let title = "a credential from before 1970";
        draft.report(Diagnostic::new(Code::AP0701, title, age.span, "too old").help("write a shorter age"));
    }
    issued.map(Credential::IssuedAt)
}
