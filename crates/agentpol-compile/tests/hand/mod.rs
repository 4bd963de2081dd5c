//! Typed policies made by hand, and what the compiler makes of them.

use agentpol_bytecode::instruction::Op;
use agentpol_bytecode::tables::Tables;
use agentpol_check::policy::*;
use agentpol_compile::compile;
use agentpol_diagnostics::{SourceMap, Span};

pub(crate) fn expr(kind: ExprKind, ty: Type) -> Expr {
    Expr { kind, ty, span: Span::default() }
}

pub(crate) fn int(value: i64) -> Expr {
    expr(ExprKind::Literal(Value::Int(value)), Type::Int)
}

pub(crate) fn text(value: &str) -> Expr {
    expr(ExprKind::Literal(Value::Text(value.to_owned())), Type::String)
}

pub(crate) fn arg(name: &str, ty: Type) -> Expr {
    expr(ExprKind::Arg(name.to_owned()), ty)
}

pub(crate) fn equal(left: Expr, right: Expr) -> Expr {
    expr(ExprKind::Compare(CompareOp::Eq, Box::new(left), Box::new(right)), Type::Bool)
}

pub(crate) fn field(name: &str, ty: Type) -> Field {
    Field {
        name: name.to_owned(),
        wire: name.to_owned(),
        ty,
        optional: false,
        secret: false,
        untrusted: false,
        constraints: Vec::new(),
        span: Span::default(),
    }
}

pub(crate) fn deny(name: &str, clauses: Vec<ClauseKind>) -> Rule {
    Rule {
        module: ModuleId(0),
        name: name.to_owned(),
        effect: Effect::Deny,
        observed: false,
        always: false,
        because: None,
        scope: Scope::default(),
        clauses: clauses.into_iter().map(|kind| Clause { kind, span: Span::default() }).collect(),
        locals: 8,
        span: Span::default(),
    }
}

/// A module with one tool `desk.act(id: string, count: int, all: list<string, 8>)`, one agent and these rules.
pub(crate) fn policy(rules: Vec<Rule>) -> Policy {
    let module =
        Module { name: "m".to_owned(), requires: Vec::new(), grantable: vec![ToolId(0)], span: Span::default() };
    let params = Shape {
        fields: vec![
            field("id", Type::String),
            field("count", Type::Int),
            field("all", Type::List(Box::new(Type::String), 8)),
        ],
    };
    let tool = Tool {
        module: ModuleId(0),
        name: "act".to_owned(),
        wire: "act".to_owned(),
        home: None,
        params: ShapeId(1),
        open: false,
        verbs: vec![Verb::Reads],
        unverified: false,
        datasets: Vec::new(),
        touches_anything: true,
        fixed_hosts: Vec::new(),
        pinned: None,
        result: ResultType::Undeclared,
        returns: Returns::Untrusted,
        resource: None,
        span: Span::default(),
    };
    let agent = Agent {
        module: ModuleId(0),
        name: "bot".to_owned(),
        wire: "bot".to_owned(),
        function: "test".to_owned(),
        owner: "o@x.example".to_owned(),
        identities: Vec::new(),
        credential_max_age: None,
        phase: Phase::Autonomous,
        reached_via: Vec::new(),
        directly: true,
        fleet: None,
        span: Span::default(),
    };
    Policy {
        modules: vec![module],
        root: Some(ModuleId(0)),
        shapes: vec![Shape::default(), params],
        tools: vec![tool],
        agents: vec![agent],
        rules,
        ..Policy::default()
    }
}

pub(crate) fn tables(policy: &Policy) -> Tables {
    compile(policy, &SourceMap::new()).expect("compiles").tables
}

pub(crate) fn ops(tables: &Tables) -> Vec<Op> {
    tables.code.iter().map(|instruction| instruction.op).collect()
}

pub(crate) fn refusal(policy: &Policy) -> Vec<&'static str> {
    let found = compile(policy, &SourceMap::new()).expect_err("is refused");
    found.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
}
