//! Scenarios: steps in order, each with what is expected of it.

use super::callers::Caller;
use super::given::{self, Scene, Start};
use super::json::rfc3339;
use super::values::Strictness;
use super::{answers, check_origins, expected, persons, requests, sessions};
use crate::draft::Draft;
use crate::names::Entity;
use crate::policy::{Call, ModuleId, Scenario, Step, ToolId};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use agentpol_syntax::ast::{self, Expect, StepKind};
use std::collections::BTreeMap;

/// Makes a scenario.
pub(super) fn scenario<'a>(draft: &mut Draft<'a, '_>, module: ModuleId, test: &ast::Test<'a>) -> Option<Scenario> {
    if !test.steps.iter().any(|step| matches!(step.kind, StepKind::Call(_))) {
        let title = format!("the test `{}` checks nothing", test.name.value);
        let diagnostic = Diagnostic::new(Code::AP0702, title, test.name.span, "no call in it");
        draft.report(diagnostic.help("write a call and what is expected: `crm.search(query: \"x\") -> allow`"));
    }
    let start = given::read(draft, module, test);
    let at = start.as_ref().map(|start| start.scene.at);
    let open = start.as_ref().and_then(|start| requests::open(&start.caller, &start.session, None, start.scene.at));
    let mut stage = Stage::new(module, start);
    stage.at = at;
    let mut steps = Vec::new();
    for step in test.steps {
        match &step.kind {
            StepKind::Call(call) => steps.extend(stage.call(draft, call, step.span)),
            StepKind::After(duration) => stage.at = later(draft, stage.at, duration),
            StepKind::Session(change) => steps.extend(sessions::change(draft, &mut stage, change, step.span)),
            StepKind::Approve(answer) => {
                persons::check_asked(draft, &stage.asked, answer, "approve", step.span);
                let person = persons::person(draft, module, answer, stage.at, step.span);
                steps.extend(person.map(Step::Approve));
            }
            StepKind::Reject(answer) => {
                persons::check_asked(draft, &stage.asked, answer, "reject", step.span);
                let person = persons::person(draft, module, answer, stage.at, step.span);
                steps.extend(person.map(Step::Reject));
            }
        }
    }
    check_origins(draft, stage.scene.as_ref()?, &stage.tools);
    let name = test.name.value.to_owned();
    Some(Scenario { module, name, open: open?, steps, span: test.name.span })
}

/// What a step stands in.
pub(super) struct Stage<'a> {
    pub(super) module: ModuleId,
    /// What `given` says; nothing where it is a mistake.
    pub(super) scene: Option<Scene<'a>>,
    /// Who acts where a session does not say it.
    pub(super) first: Option<Caller>,
    /// Who acts now.
    pub(super) caller: Option<Caller>,
    /// The session that calls belong to now.
    pub(super) session: String,
    /// All sessions so far, each with who acts in it.
    pub(super) sessions: BTreeMap<String, Option<Caller>>,
    /// The time now.
    pub(super) at: Option<i64>,
    /// What was asked for so far.
    pub(super) asked: Asked,
    calls: usize,
    tools: Vec<ToolId>,
}

/// Whether calls so far are expected to ask for approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// There is no call.
    NoCall,
    /// None of them.
    Never,
    /// One before the last.
    Before,
    /// The last.
    Last,
}

impl<'a> Stage<'a> {
    fn new(module: ModuleId, start: Option<Start<'a>>) -> Stage<'a> {
        let (scene, caller, session) = match start {
            Some(start) => (Some(start.scene), Some(start.caller), start.session),
            None => (None, None, given::SESSION.to_owned()),
        };
        Stage {
            module,
            scene,
            first: caller.clone(),
            caller: caller.clone(),
            sessions: BTreeMap::from([(session.clone(), caller)]),
            session,
            at: None,
            asked: Asked::NoCall,
            calls: 0,
            tools: Vec::new(),
        }
    }

    fn call(&mut self, draft: &mut Draft<'a, '_>, call: &ast::Call<'a>, span: Span) -> Option<Step> {
        self.asked = match (&call.expect, self.asked) {
            (Expect::RequireApproval(_), _) => Asked::Last,
            (_, Asked::Last | Asked::Before) => Asked::Before,
            (_, Asked::NoCall | Asked::Never) => Asked::Never,
        };
        self.calls += 1;
        let claim = expected::claim(draft, self.module, &call.expect, call.by.as_ref());
        let alerts = call.alerts.map(|alerts| expected::alerts(draft, alerts));
        let found = draft.names.find(self.module, &call.tool.joined());
        self.tools.extend(found.and_then(|(entity, _)| if let Entity::Tool(id) = entity { Some(id) } else { None }));
        let tool = draft.tool(self.module, &call.tool)?;
        // Where a denial is expected, whatever is written goes out as it is.
        let strict = match call.expect {
            Expect::Deny(_) => Strictness::AsWritten,
            Expect::Allow | Expect::Throttle | Expect::RequireApproval(_) => Strictness::Strict,
        };
        let args = requests::arguments(draft, self.module, tool, call.args, strict);
        let (ending, untrusted) = answers::ending(draft, self.module, tool, call);
        let (scene, caller, at) = (self.scene.as_ref()?, self.caller.as_ref()?, self.at?);
        let id = format!("c{}", self.calls);
        let request = requests::request(draft, scene, caller, (&self.session, &id, at), (tool, args))?;
        let (claim, session) = (claim?, self.session.clone());
        Some(Step::Call(Box::new(Call { tool, session, request, ending, untrusted, id, at, claim, alerts, span })))
    }
}

/// Moves the clock.
fn later(draft: &mut Draft<'_, '_>, at: Option<i64>, duration: &ast::Duration) -> Option<i64> {
    let moved = at?.checked_add(duration.millis).filter(|moved| rfc3339(*moved).is_some());
    if moved.is_none() {
        let diagnostic = Diagnostic::new(Code::AP0701, "a moment after the year 2200", duration.span, "too late");
        draft.report(diagnostic.help("write a shorter time"));
    }
    moved
}
