//! Why a clause is not known: what the request does not say, and what earlier calls have not told.

use std::collections::BTreeSet;

use agentpol::SourceMap;
use agentpol::policy::{
    Call, Clause, ClauseKind, Earlier, Ending, Expr, ExprKind, Happened as How, LocalId, Policy, Question, RecordId,
    ResultType, Rule, ShapeId, Type,
};
use serde_json::Value;

/// A call of a scenario that was let through.
pub(crate) struct Happened<'s> {
    /// Its number, from 1.
    pub(crate) step: usize,
    pub(crate) call: &'s Call,
    /// Its answer was as its tool declares it.
    pub(crate) as_declared: bool,
}

/// What may be the cause.
pub(crate) struct Causes<'c> {
    policy: &'c Policy,
    sources: &'c SourceMap,
    request: Value,
    happened: &'c [Happened<'c>],
}

impl<'c> Causes<'c> {
    pub(crate) fn new(
        policy: &'c Policy,
        sources: &'c SourceMap,
        request: &str,
        happened: &'c [Happened<'c>],
    ) -> Causes<'c> {
        Causes { policy, sources, request: serde_json::from_str(request).unwrap_or_default(), happened }
    }

    /// Says why the clause at a place is not known, as far as that can be told.
    pub(crate) fn of(&self, file: &str, line: u32, column: u32) -> Vec<String> {
        let stands = |clause: &Clause| {
            self.sources.get(clause.span.file).is_some_and(|source| {
                let at = source.position(clause.span.start);
                source.name() == file && (at.line, at.column) == (line, column)
            })
        };
        let found =
            self.policy.rules.iter().find_map(|rule| Some((rule, rule.clauses.iter().find(|one| stands(one))?)));
        let Some((rule, clause)) = found else { return Vec::new() };
        let mut walk = Walk { causes: self, rule, found: Vec::new(), locals: BTreeSet::new() };
        match &clause.kind {
            ClauseKind::Env(_) => walk.lacks("env", "the request has no `env`"),
            ClauseKind::Task(_) => walk.lacks("task", "the request has no `task`"),
            ClauseKind::When(expr) | ClauseKind::Unless(expr) | ClauseKind::Let(_, expr) => walk.expr(expr),
            ClauseKind::User(_) | ClauseKind::During(_) | ClauseKind::Outside(_) => {}
        }
        walk.found
    }
}

/// A walk through an expression.
struct Walk<'w> {
    causes: &'w Causes<'w>,
    rule: &'w Rule,
    found: Vec<String>,
    /// Locals that were followed.
    locals: BTreeSet<LocalId>,
}

impl<'w> Walk<'w> {
    fn say(&mut self, cause: String) {
        if !self.found.contains(&cause) {
            self.found.push(cause);
        }
    }

    fn lacks(&mut self, member: &str, cause: &str) {
        if self.causes.request.get(member).is_none() {
            self.say(cause.to_owned());
        }
    }

    fn expr(&mut self, expr: &'w Expr) {
        let policy = self.causes.policy;
        match &expr.kind {
            // What is asked with `has` is known, and what is absent has another value.
            ExprKind::Has(_) => return,
            ExprKind::Otherwise(_, other) => return self.expr(other),
            ExprKind::Arg(name) => {
                let tool = self.causes.request.get("tool").and_then(Value::as_str);
                let tools = policy.tools.iter().filter(|one| Some(one.wire.as_str()) == tool);
                let wires: Vec<&str> = tools
                    .filter_map(|tool| policy[tool.params].field(name))
                    .map(|(_, field)| field.wire.as_str())
                    .collect();
                let args = self.causes.request.get("args");
                if !wires.iter().any(|wire| args.is_some_and(|args| args.get(wire).is_some())) {
                    self.say(format!("the call has no argument `{name}`"));
                }
            }
            ExprKind::User(name) => self.field("user", policy.user, name),
            ExprKind::UserId | ExprKind::Requester if self.causes.request.get("user") == Some(&Value::from("none")) => {
                self.say("the call is for no user".to_owned());
            }
            ExprKind::Context(name) => self.field("context", policy.context, name),
            ExprKind::Resource => self.lacks("resource", "the request brings no resource"),
            ExprKind::Local(local) if self.locals.insert(*local) => {
                let bound = self.rule.clauses.iter().find_map(|clause| match &clause.kind {
                    ClauseKind::Let(bound, expr) if bound == local => Some(expr),
                    _ => None,
                });
                if let Some(expr) = bound {
                    self.expr(expr);
                }
            }
            ExprKind::Known(known) => self.record(known.record),
            ExprKind::AllKnown(record) => self.record(*record),
            ExprKind::Earlier(earlier) => self.earlier(earlier),
            _ => {}
        }
        for child in expr.children() {
            self.expr(child);
        }
    }

    /// A field of the user or of the context.
    fn field(&mut self, member: &str, shape: ShapeId, name: &str) {
        let told = self.causes.request.get(member);
        if told == Some(&Value::from("none")) {
            return self.say("the call is for no user".to_owned());
        }
        let field = self.causes.policy[shape].field(name).map_or(name, |(_, field)| field.wire.as_str());
        if self.causes.policy.users_from.is_directory() && member == "user" {
            return;
        }
        if told.is_none_or(|told| told.get(field).is_none()) {
            self.say(format!("the request has no `{member}.{name}`"));
        }
    }

    /// A record that answers teach.
    fn record(&mut self, record: RecordId) {
        let policy = self.causes.policy;
        let name = &policy[record].name;
        let mut taught = false;
        for one in self.causes.happened {
            if !teaches(policy, &policy[one.call.tool].result, record) {
                continue;
            }
            taught = true;
            self.unheard(one);
        }
        if !taught {
            self.say(format!("no call before this one can have answered with `{name}`"));
        } else if self.found.is_empty() {
            self.say(format!("no answer before this one has just this `{name}`, or this of it"));
        }
    }

    /// A question about earlier calls.
    fn earlier(&mut self, earlier: &Earlier) {
        let policy = self.causes.policy;
        let mut some = false;
        for one in self.causes.happened {
            let tools = earlier.scope.tools.as_ref();
            if tools.is_some_and(|tools| !tools.contains(&one.call.tool)) {
                continue;
            }
            some = true;
            let reads_result =
                earlier.then().iter().any(|expr| expr.any(&mut |part| matches!(part.kind, ExprKind::Result)));
            let asks_end = matches!(earlier.happened, How::Completed | How::Failed);
            if one.call.ending == Ending::Pending && asks_end || reads_result {
                self.unheard(one);
            }
        }
        if !some && matches!(earlier.question, Question::First(_) | Question::Last(_)) {
            let tools: Vec<&str> =
                earlier.scope.tools.iter().flatten().map(|tool| policy[*tool].name.as_str()).collect();
            let of = if tools.is_empty() { String::new() } else { format!(" of `{}`", tools.join("` or `")) };
            self.say(format!("no call{of} was made before this one"));
        }
    }

    /// A call of which the answer is not known.
    fn unheard(&mut self, one: &Happened<'_>) {
        let step = format!("step {}, `{}`", one.step, self.causes.policy[one.call.tool].name);
        match &one.call.ending {
            Ending::Pending => self.say(format!("{step}, is pending")),
            Ending::Done => self.say(format!("{step}, does not say what it returns")),
            Ending::Returned(_) if !one.as_declared => {
                self.say(format!("what {step}, returns is not as its tool declares it"));
            }
            Ending::Returned(_) | Ending::Failed | Ending::Released => {}
        }
    }
}

/// Whether an answer can hold a record.
fn teaches(policy: &Policy, result: &ResultType, record: RecordId) -> bool {
    let mut seen = BTreeSet::new();
    let wanted = policy[record].shape;
    match result {
        ResultType::Undeclared => false,
        ResultType::Type(ty) => holds(policy, ty, wanted, &mut seen),
        ResultType::Record(id) => *id == record || shape_holds(policy, policy[*id].shape, wanted, &mut seen),
        ResultType::List(of, _) => teaches(policy, of, record),
        ResultType::Keyed { record: id, .. } => {
            *id == record || shape_holds(policy, policy[*id].shape, wanted, &mut seen)
        }
        ResultType::Either(list) => list.iter().any(|one| teaches(policy, one, record)),
    }
}

fn holds(policy: &Policy, ty: &Type, wanted: ShapeId, seen: &mut BTreeSet<ShapeId>) -> bool {
    match ty {
        Type::Shape(shape) => *shape == wanted || shape_holds(policy, *shape, wanted, seen),
        Type::List(of, _) | Type::Map(of, _) => holds(policy, of, wanted, seen),
        _ => false,
    }
}

fn shape_holds(policy: &Policy, shape: ShapeId, wanted: ShapeId, seen: &mut BTreeSet<ShapeId>) -> bool {
    seen.insert(shape) && policy[shape].fields.iter().any(|field| holds(policy, &field.ty, wanted, seen))
}
