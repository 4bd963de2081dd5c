//! Expressions to values: one arm for each form, by the tables of semantics 3.1.

use super::calendar;
use super::compute::{arithmetic, compare, extreme, negative, to_decimal};
use super::facts::Facts;
use super::fold;
use super::json;
use super::memory::Recall;
use super::origin;
use super::part;
use super::pattern;
use super::resource;
use super::truth::{Truth, and, or};
use super::value::{Held, Item, Value};
use agentpol_check::policy::{Expr, ExprKind, LocalId, Part, Sources, TextTest};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The facts and the locals bound so far.
#[derive(Clone)]
pub(super) struct Frame<'a> {
    facts: &'a Facts<'a>,
    /// What is remembered; `None` without memory.
    recall: Option<Recall<'a>>,
    locals: BTreeMap<LocalId, Held>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(facts: &'a Facts<'a>, recall: Option<Recall<'a>>) -> Frame<'a> {
        Frame { facts, recall, locals: BTreeMap::new() }
    }

    pub(super) fn bind(&mut self, local: LocalId, value: Held) {
        self.locals.insert(local, value);
    }

    /// An expression as a condition.
    pub(super) fn truth(&self, expr: &Expr) -> Truth {
        self.value(expr).as_truth()
    }

    /// An expression as a value.
    pub(super) fn value(&self, expr: &Expr) -> Held {
        self.read(expr).or_else(|| self.choose(expr)).or_else(|| self.test(expr)).unwrap_or_else(|| self.compute(expr))
    }

    /// What is read off the request.
    fn read(&self, expr: &Expr) -> Option<Held> {
        let facts = self.facts;
        let user = facts.user.as_ref();
        Some(match &expr.kind {
            ExprKind::Literal(value) => Held::of(Value::from(value)),
            ExprKind::List(elements) => {
                Held::of(Value::List(elements.iter().map(|element| self.value(element)).collect()))
            }
            ExprKind::Args => Held::Known(Item { value: Value::Json, at: Some(String::new()) }),
            ExprKind::Arg(name) => Facts::find(&facts.args, name),
            ExprKind::User(name) => user.map_or(Held::Unknown, |user| Facts::find(&user.attributes, name)),
            ExprKind::UserId => user.map(|user| Value::Text(user.id.clone())).into(),
            ExprKind::Context(name) => Facts::find(&facts.context, name),
            ExprKind::Agent(name) => Facts::find(&facts.agent, name),
            ExprKind::SessionId => facts.session.clone().map(Value::Text).into(),
            ExprKind::AgentName => Held::of(Value::Text(facts.agent_name.clone())),
            ExprKind::ToolName => Held::of(Value::Text(facts.tool_name.clone())),
            ExprKind::Result => facts.result.clone(),
            ExprKind::Requester => resource::requester(facts),
            ExprKind::Resource => resource::resource(facts),
            ExprKind::Now => Held::of(Value::DateTime(facts.now)),
            ExprKind::Today(zone) => calendar::date_in(facts.now, &facts.policy[*zone]).map(Value::Date).into(),
            ExprKind::Local(local) => self.locals.get(local).cloned().unwrap_or(Held::Unknown),
            _ => return self.remember(expr),
        })
    }

    /// What is asked of memory: without any, everything is unknown.
    fn remember(&self, expr: &Expr) -> Option<Held> {
        let value = |operand: &Expr| self.value(operand);
        let asked = |answer: &dyn Fn(Recall<'a>) -> Held| self.recall.map_or(Held::Unknown, answer);
        Some(match &expr.kind {
            ExprKind::SessionLabel(level) => asked(&|recall| recall.label(*level)),
            ExprKind::Earlier(earlier) => asked(&|recall| recall.earlier(earlier, &value)),
            ExprKind::Known(known) => {
                asked(&|recall| recall.known(known.record, &known.keys.iter().map(value).collect::<Vec<_>>()))
            }
            ExprKind::AllKnown(record) => asked(&|recall| recall.all_known(*record)),
            _ => return None,
        })
    }

    /// What has its own rule about the unknown and the absent.
    fn choose(&self, expr: &Expr) -> Option<Held> {
        Some(match &expr.kind {
            ExprKind::Let(local, value, body) => {
                let mut inner = self.clone();
                inner.bind(*local, self.value(value));
                inner.value(body)
            }
            ExprKind::Not(operand) => Held::truth(self.truth(operand).not()),
            ExprKind::And(operands) => Held::truth(and(operands.iter().map(|operand| self.truth(operand)))),
            ExprKind::Or(operands) => Held::truth(or(operands.iter().map(|operand| self.truth(operand)))),
            ExprKind::If(condition, yes, no) => match self.truth(condition) {
                Truth::True => self.value(yes),
                Truth::False => self.value(no),
                Truth::Unknown => Held::Unknown,
            },
            ExprKind::Has(operand) => Held::truth(match self.value(operand) {
                Held::Known(_) => Truth::True,
                Held::Absent => Truth::False,
                Held::Unknown => Truth::Unknown,
            }),
            ExprKind::Otherwise(operand, default) => match self.value(operand) {
                Held::Absent => self.value(default),
                held => held,
            },
            ExprKind::Any(each) => Held::truth(fold::any(self, each)),
            ExprKind::All(each) => Held::truth(fold::all(self, each)),
            ExprKind::CountWhere(each) => fold::count_where(self, each).into(),
            ExprKind::FirstWhere(each) => fold::first_where(self, each),
            ExprKind::LastWhere(each) => fold::last_where(self, each),
            ExprKind::SumOf(each) => fold::sum(self, each, &expr.ty),
            ExprKind::MinOf(each) => fold::extreme_of(self, each, Ordering::Less),
            ExprKind::MaxOf(each) => fold::extreme_of(self, each, Ordering::Greater),
            _ => return None,
        })
    }

    /// What asks something of values: unknown if an operand is unknown or absent.
    fn test(&self, expr: &Expr) -> Option<Held> {
        let known = |operand: &Expr| self.value(operand).known().cloned();
        let text = |operand: &Expr| known(operand).and_then(|value| value.text().map(str::to_owned));
        let asked = |answer: Option<bool>| answer.map_or(Truth::Unknown, Truth::from);
        Some(Held::truth(match &expr.kind {
            ExprKind::OriginIn(of, sources) => self.origin_in(&self.value(of), sources),
            ExprKind::Compare(op, left, right) => compare(*op, &self.value(left), &self.value(right)),
            ExprKind::In(wanted, list) | ExprKind::Contains(list, wanted) => {
                fold::contains(&self.value(list), &self.value(wanted))
            }
            ExprKind::UserIn(group) => self.facts.user_in(*group),
            ExprKind::InGroup(member, group) => resource::in_group(self.facts, &self.value(member), *group),
            ExprKind::Inside(inner, outer) => resource::inside(self.facts, &self.value(inner), &self.value(outer)),
            ExprKind::Matches(operand, wanted) => asked(text(operand).and_then(|text| pattern::fits(wanted, &text))),
            ExprKind::TextTest(test, operand, literal) => asked(text(operand).map(|text| match test {
                TextTest::StartsWith => text.starts_with(literal),
                TextTest::EndsWith => text.ends_with(literal),
                TextTest::Contains => text.contains(literal),
            })),
            ExprKind::InDomain(host, domain) => asked(text(host).map(|host| part::in_domain(&host, domain))),
            ExprKind::Within(path, directory) => {
                asked(text(path).and_then(|path| Some(part::within(&path, &text(directory)?))))
            }
            ExprKind::InNetwork(address, bits, prefix, v6) => asked(match known(address) {
                Some(Value::Ip { bits: of, v6: six }) => Some(part::in_network((of, six), (*bits, *v6), *prefix)),
                _ => None,
            }),
            _ => return None,
        }))
    }

    /// What makes new values of others: unknown if an operand is unknown or absent.
    fn compute(&self, expr: &Expr) -> Held {
        match &expr.kind {
            ExprKind::Field(record, name) => match self.value(record).known() {
                Some(Value::Record(fields)) => Facts::find(fields, name),
                _ => Held::Unknown,
            },
            ExprKind::Attribute(of, name) => resource::attribute(self.facts, &self.value(of), name),
            ExprKind::Id(of) => resource::id(&self.value(of)),
            ExprKind::PathOf(of) => resource::path(self.facts, &self.value(of)),
            ExprKind::Index(map, key) => match (self.value(map).known(), self.value(key).known()) {
                (Some(Value::Map(entries)), Some(Value::Text(key))) => Facts::find(entries, key),
                _ => Held::Unknown,
            },
            ExprKind::Part(Part::Date(zone), time) => match self.value(time).known() {
                Some(Value::DateTime(at)) => calendar::date_in(*at, &self.facts.policy[*zone]).map(Value::Date).into(),
                _ => Held::Unknown,
            },
            ExprKind::Part(which, of) => {
                self.value(of).known().and_then(|value| part::part(*which, &of.ty, value)).into()
            }
            ExprKind::Arithmetic(op, left, right) => arithmetic(*op, &self.value(left), &self.value(right)).into(),
            ExprKind::Negative(operand) => self.value(operand).known().and_then(negative).into(),
            ExprKind::ToDecimal(operand) => self.value(operand).known().and_then(to_decimal).into(),
            ExprKind::Min(left, right) => extreme(&self.value(left), &self.value(right), Ordering::Less),
            ExprKind::Max(left, right) => extreme(&self.value(left), &self.value(right), Ordering::Greater),
            ExprKind::Count(list) => fold::count(&self.value(list)).into(),
            ExprKind::First(list) => fold::first(&self.value(list)),
            ExprKind::Last(list) => fold::last(&self.value(list)),
            ExprKind::Pairs(left, right) => fold::pairs(&self.value(left), &self.value(right)).into(),
            ExprKind::Origin(operand) => self.origin(&self.value(operand)),
            _ => Held::Unknown,
        }
    }

    /// `origin(E) in [..]`: what stands in the policy needs no source.
    fn origin_in(&self, of: &Held, sources: &Sources) -> Truth {
        let Held::Known(item) = of else { return Truth::Unknown };
        match (&item.at, &item.value) {
            (Some(at), _) => {
                let node = json::pointer(at).and_then(|tokens| json::follow(&self.facts.written, &tokens));
                let inside = |node| Truth::from(origin::of_node_in(&self.facts.origin, sources, at, node));
                node.map_or(Truth::Unknown, inside)
            }
            (None, Value::List(elements)) => and(elements.iter().map(|element| self.origin_in(element, sources))),
            (None, _) => Truth::True,
        }
    }

    /// `origin(E)`: of what came with the arguments, by its place there; of a list written in the policy, the worst of
    /// its elements; of anything else in the policy, the system's.
    fn origin(&self, of: &Held) -> Held {
        let item = match of {
            Held::Known(item) => item,
            Held::Absent | Held::Unknown => return Held::Unknown,
        };
        match (&item.at, &item.value) {
            (Some(at), _) => {
                let node = json::pointer(at).and_then(|tokens| json::follow(&self.facts.written, &tokens));
                node.map(|node| origin::of_node(&self.facts.origin, self.recall.and_then(Recall::saw), at, node)).into()
            }
            (None, Value::List(elements)) => {
                let meet = |worst: Held, element: &Held| match (worst.known(), self.origin(element).known()) {
                    (Some(left), Some(right)) => origin::meet(left, right).into(),
                    _ => Held::Unknown,
                };
                elements.iter().fold(Held::of(origin::of_literal()), meet)
            }
            (None, _) => Held::of(origin::of_literal()),
        }
    }
}
