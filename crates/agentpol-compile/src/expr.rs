//! Expressions to steps.
//!
//! Conjunctions and disjunctions compute what is cheap first and jump over what is costly once the outcome is known:
//! the order of operands never shows in a result.

use crate::block::{Step, Value};
use crate::cost::{COSTLY, cost};
use crate::marks::is_condition;
use crate::rule::Writer;
use agentpol_bytecode::instruction::{Op, Part as Place};
use agentpol_bytecode::tables::Constant;
use agentpol_check::policy::{
    ArithmeticOp, CompareOp, Each, Expr, ExprKind, Field, Part, Pattern, ShapeId, TextTest, Type, Value as Literal,
};
use agentpol_diagnostics::{Code, Span};

/// How deep an expression may nest: far above what people write, far below what a stack holds.
const MAX_DEPTH: u32 = 200;

impl Writer<'_, '_> {
    /// Writes the steps of an expression and returns its value.
    pub(crate) fn value(&mut self, expr: &Expr) -> Value {
        if self.depth >= MAX_DEPTH {
            let help = "give inner parts a name with `let`";
            return self.refuse(Code::AP0503, "the expression nests too deeply", expr.span, help);
        }
        self.depth += 1;
        let value = self.form(expr);
        self.depth -= 1;
        if is_condition(expr) {
            self.mark(value, expr.span, false);
        }
        value
    }

    fn form(&mut self, expr: &Expr) -> Value {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Literal(literal) => self.literal(literal, span),
            ExprKind::List(elements) => self.list(elements, span),
            ExprKind::Local(local) => self.local(*local),
            ExprKind::Let(local, given, body) => {
                let given = self.value(given);
                self.bind(*local, given);
                self.value(body)
            }
            ExprKind::Field(base, name) => self.field(base, name, span),
            ExprKind::And(operands) => self.junction(operands, Op::And, Op::SkipIfFalse, span),
            ExprKind::Or(operands) => self.junction(operands, Op::Or, Op::SkipIfTrue, span),
            ExprKind::If(condition, yes, no) => {
                let place = condition.span;
                let (yes, no, condition) = (self.value(yes), self.value(no), self.value(condition));
                self.mark(condition, place, true);
                self.block.emit(Op::Select, yes, no, condition, span)
            }
            ExprKind::In(member, list) => self.member(member, list, span),
            ExprKind::Contains(list, member) => self.member(member, list, span),
            ExprKind::Matches(text, pattern) => self.matches(text, pattern, span),
            ExprKind::ToDecimal(_) | ExprKind::Negative(_) => self.number(expr),
            ExprKind::Earlier(earlier) => self.earlier(expr, earlier),
            ExprKind::Known(known) => self.known(known, span),
            _ => self
                .root(expr)
                .or_else(|| self.unary(expr))
                .or_else(|| self.binary(expr))
                .unwrap_or_else(|| self.each(expr)),
        }
    }

    /// What the request holds.
    fn root(&mut self, expr: &Expr) -> Option<Value> {
        let policy = self.policy;
        let (op, imm) = match &expr.kind {
            ExprKind::Args => (Op::Args, 0),
            ExprKind::Arg(name) => (Op::Arg, self.pools.symbol(name)),
            ExprKind::User(name) => (Op::User, self.field_of(policy.user, name)),
            ExprKind::UserId => (Op::UserId, 0),
            ExprKind::Context(name) => (Op::Context, self.field_of(policy.context, name)),
            ExprKind::Agent(name) => (Op::Agent, self.pools.symbol(name)),
            ExprKind::SessionId => (Op::SessionId, 0),
            ExprKind::SessionLabel(level) => (Op::SessionLabel, self.pools.level(*level)),
            ExprKind::AgentName => (Op::AgentName, 0),
            ExprKind::ToolName => (Op::ToolName, 0),
            ExprKind::Result => (Op::Result, 0),
            ExprKind::Requester => (Op::Requester, 0),
            ExprKind::Resource => (Op::Resource, 0),
            ExprKind::AllKnown(record) => (Op::AllKnown, self.evidence(*record)),
            ExprKind::Now => (Op::Now, 0),
            ExprKind::Today(zone) => (Op::Today, zone.0),
            ExprKind::UserIn(group) => (Op::UserIn, group.0),
            _ => return None,
        };
        Some(self.block.emit(op, 0, 0, imm, expr.span))
    }

    fn unary(&mut self, expr: &Expr) -> Option<Value> {
        let (op, operand, imm) = match &expr.kind {
            ExprKind::Part(Part::Date(zone), of) => (Op::DateOf, of, zone.0),
            ExprKind::Part(part, of) => (Op::Part, of, part_number(*part)),
            ExprKind::Not(of) => (Op::Not, of, 0),
            ExprKind::Has(of) => (Op::Has, of, 0),
            ExprKind::TextTest(test, of, text) => (text_op(*test), of, self.pools.symbol(text)),
            ExprKind::InDomain(of, domain) => (Op::InDomain, of, self.pools.symbol(domain)),
            ExprKind::InNetwork(of, bits, prefix, v6) => {
                let bits = network_bits(*bits, *prefix, *v6);
                let network = Constant::Network { bits, prefix: *prefix, v6: *v6 };
                (Op::InNetwork, of, self.pools.constant(network))
            }
            ExprKind::Count(of) => (Op::Count, of, 0),
            ExprKind::First(of) => (Op::First, of, 0),
            ExprKind::Last(of) => (Op::Last, of, 0),
            ExprKind::Origin(of) => (Op::Origin, of, 0),
            ExprKind::OriginIn(of, sources) => (Op::OriginIn, of, self.pools.sources(sources)),
            ExprKind::Attribute(of, name) => (Op::Attribute, of, self.pools.symbol(name)),
            ExprKind::Id(of) => (Op::Id, of, 0),
            ExprKind::PathOf(of) => (Op::PathOf, of, 0),
            ExprKind::InGroup(of, group) => (Op::InGroup, of, group.0),
            _ => return None,
        };
        let operand = self.value(operand);
        Some(self.block.emit(op, operand, 0, imm, expr.span))
    }

    fn binary(&mut self, expr: &Expr) -> Option<Value> {
        let (op, left, right) = match &expr.kind {
            ExprKind::Index(map, key) => (Op::Index, map, key),
            ExprKind::Otherwise(value, instead) => (Op::Otherwise, value, instead),
            ExprKind::Compare(op, left, right) => (compare_op(*op), left, right),
            ExprKind::Arithmetic(op, left, right) => (arithmetic_op(*op), left, right),
            ExprKind::Within(path, directory) => (Op::Within, path, directory),
            ExprKind::Min(left, right) => (Op::Min, left, right),
            ExprKind::Max(left, right) => (Op::Max, left, right),
            ExprKind::Pairs(left, right) => (Op::Pairs, left, right),
            ExprKind::Inside(inner, outer) => (Op::Inside, inner, outer),
            _ => return None,
        };
        let (left, right) = (self.value(left), self.value(right));
        Some(self.block.emit(op, left, right, 0, expr.span))
    }

    /// Goes through a list, map or pairs.
    fn each(&mut self, expr: &Expr) -> Value {
        let (op, each): (Op, &Each) = match &expr.kind {
            ExprKind::Any(each) => (Op::Any, each),
            ExprKind::All(each) => (Op::All, each),
            ExprKind::CountWhere(each) => (Op::CountWhere, each),
            ExprKind::FirstWhere(each) => (Op::FirstWhere, each),
            ExprKind::LastWhere(each) => (Op::LastWhere, each),
            ExprKind::SumOf(each) => (Op::SumOf, each),
            ExprKind::MinOf(each) => (Op::MinOf, each),
            ExprKind::MaxOf(each) => (Op::MaxOf, each),
            other => unreachable!("every other form of expression is handled before: {other:?}"),
        };
        let over = self.value(&each.over);
        let element = self.block.open_loop();
        self.bind(each.first, element);
        if let Some(second) = each.second {
            self.bind(second, element + 1);
        }
        let given = self.value(&each.body);
        let decimal = op == Op::SumOf && matches!(each.body.ty, Type::Decimal { .. });
        self.block.close_loop(op, over, element, given, u32::from(decimal), expr.span)
    }

    /// A constant.
    pub(crate) fn literal(&mut self, literal: &Literal, span: Span) -> Value {
        let constant = self.pools.value(literal);
        self.block.emit(Op::Const, 0, 0, constant, span)
    }

    /// A list that is not only looked into: its elements must be literals, for no step builds lists.
    fn list(&mut self, elements: &[Expr], span: Span) -> Value {
        let literals: Option<Vec<Literal>> = elements.iter().map(fold).collect();
        match literals.and_then(|literals| self.pools.list(&literals)) {
            Some(list) => self.block.emit(Op::Const, 0, 0, list, span),
            None => {
                let title = "a list that is gone through must hold literals only";
                self.refuse(Code::AP0308, title, span, "write one condition for each element, joined by `or` or `and`")
            }
        }
    }

    /// `member in list`: literals as one constant list, other elements compared one by one.
    fn member(&mut self, member: &Expr, list: &Expr, span: Span) -> Value {
        let value = self.value(member);
        let ExprKind::List(elements) = &list.kind else {
            let list = self.value(list);
            return self.block.emit(Op::In, value, list, 0, span);
        };
        let (literals, others): (Vec<&Expr>, Vec<&Expr>) = elements.iter().partition(|element| fold(element).is_some());
        let literals: Vec<Literal> = literals.into_iter().filter_map(fold).collect();
        let constant = self.pools.list(&literals);
        let constant = constant.expect("the elements of a list literal are of one type");
        let list = self.block.emit(Op::Const, 0, 0, constant, span);
        let mut found = self.block.emit(Op::In, value, list, 0, span);
        for other in others {
            let element = self.value(other);
            let equal = self.block.emit(Op::Eq, value, element, 0, other.span);
            found = self.block.emit(Op::Or, found, equal, 0, span);
        }
        found
    }

    fn matches(&mut self, text: &Expr, pattern: &Pattern, span: Span) -> Value {
        let text = self.value(text);
        match self.pools.automaton(pattern) {
            Ok(automaton) => self.block.emit(Op::Match, text, 0, automaton, span),
            Err(refusal) => {
                self.refuse_pattern(pattern, &refusal, span);
                text
            }
        }
    }

    /// Signs and widenings of literals are worked out here; those that overflow stay, and are unknown when they run.
    fn number(&mut self, expr: &Expr) -> Value {
        if let Some(literal) = fold(expr) {
            return self.literal(&literal, expr.span);
        }
        let (op, of) = match &expr.kind {
            ExprKind::ToDecimal(of) => (Op::ToDecimal, of),
            ExprKind::Negative(of) => (Op::Neg, of),
            other => unreachable!("only numbers come here: {other:?}"),
        };
        let of = self.value(of);
        self.block.emit(op, of, 0, 0, expr.span)
    }

    fn field(&mut self, base: &Expr, name: &str, span: Span) -> Value {
        let Type::Shape(shape) = base.ty else { unreachable!("only a record has fields, not {:?}", base.ty) };
        let index = self.field_of(shape, name);
        let base = self.value(base);
        self.block.emit(Op::Field, base, 0, index, span)
    }

    fn field_of(&self, shape: ShapeId, name: &str) -> u32 {
        let found: Option<(usize, &Field)> = self.policy[shape].field(name);
        let (index, _) = found.unwrap_or_else(|| unreachable!("the checker has found `{name}`"));
        index as u32
    }

    /// `and` and `or`. The cheap operands first, then each costly one behind a jump that is taken once it is settled.
    fn junction(&mut self, operands: &[Expr], op: Op, skip: Op, span: Span) -> Value {
        let mut ordered: Vec<(u32, &Expr)> = operands.iter().map(|operand| (cost(operand), operand)).collect();
        if ordered.iter().any(|(cost, _)| *cost >= COSTLY) {
            ordered.sort_by_key(|(cost, _)| *cost);
        }
        let cheap = ordered.iter().take_while(|(cost, _)| *cost < COSTLY).count().max(1);
        let (first, rest) = ordered.split_at(cheap.min(ordered.len()));
        let mut settled: Option<Value> = None;
        for (_, operand) in first {
            let value = self.value(operand);
            settled = Some(settled.map_or(value, |before| self.block.emit(op, before, value, 0, span)));
        }
        let settled = settled.expect("a conjunction or disjunction has operands");
        if rest.is_empty() {
            return settled;
        }
        let gathered = self.block.fresh();
        self.block.push(Step { op: Op::Move, dst: gathered, a: settled, b: 0, imm: 0, span });
        for (_, operand) in rest {
            self.block.open_skip();
            let value = self.value(operand);
            self.block.push(Step { op, dst: gathered, a: gathered, b: value, imm: 0, span });
        }
        for _ in rest {
            self.block.close_skip(skip, gathered, span);
        }
        gathered
    }
}

/// Works out what is a literal, a sign or a widening of one.
fn fold(expr: &Expr) -> Option<Literal> {
    match &expr.kind {
        ExprKind::Literal(literal) => Some(literal.clone()),
        ExprKind::ToDecimal(of) => match fold(of)? {
            Literal::Int(value) => value.checked_mul(1_000_000).map(Literal::Decimal),
            _ => None,
        },
        ExprKind::Negative(of) => match fold(of)? {
            Literal::Int(value) => value.checked_neg().map(Literal::Int),
            Literal::Decimal(value) => value.checked_neg().map(Literal::Decimal),
            Literal::Float(value) => Some(Literal::Float(-value)),
            Literal::Duration(value) => value.checked_neg().map(Literal::Duration),
            _ => None,
        },
        _ => None,
    }
}

/// Clears the bits behind the prefix: `10.1.2.3/8` is the network `10.0.0.0/8`.
fn network_bits(bits: u128, prefix: u8, v6: bool) -> u128 {
    let width: u32 = if v6 { 128 } else { 32 };
    let host = width.saturating_sub(u32::from(prefix));
    bits.checked_shr(host).and_then(|network| network.checked_shl(host)).unwrap_or(0)
}

fn part_number(part: Part) -> u32 {
    let place = match part {
        Part::Domain => Place::Domain,
        Part::Local => Place::Local,
        Part::Host => Place::Host,
        Part::Scheme => Place::Scheme,
        Part::Port => Place::Port,
        Part::UrlPath => Place::UrlPath,
        Part::Name => Place::Name,
        Part::Extension => Place::Extension,
        Part::Lower => Place::Lower,
        Part::Date(_) => unreachable!("a date has an operation of its own"),
    };
    place as u32
}

fn text_op(test: TextTest) -> Op {
    match test {
        TextTest::StartsWith => Op::StartsWith,
        TextTest::EndsWith => Op::EndsWith,
        TextTest::Contains => Op::HasText,
    }
}

fn compare_op(op: CompareOp) -> Op {
    match op {
        CompareOp::Eq => Op::Eq,
        CompareOp::Ne => Op::Ne,
        CompareOp::Lt => Op::Lt,
        CompareOp::Le => Op::Le,
        CompareOp::Gt => Op::Gt,
        CompareOp::Ge => Op::Ge,
    }
}

fn arithmetic_op(op: ArithmeticOp) -> Op {
    match op {
        ArithmeticOp::Add => Op::Add,
        ArithmeticOp::Sub => Op::Sub,
        ArithmeticOp::Mul => Op::Mul,
    }
}
