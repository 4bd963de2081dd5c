//! Definitions as canonical text: what state is found by again after a program has changed (semantics H8).
//!
//! The text speaks in names, not in numbers of this program. It does not depend on formatting, on the order of operands
//! of `and` and `or`, on which side of a comparison stands where, or on how locals are numbered. Names of rules, bounds,
//! windows and sizes are not in it.

use agentpol_bytecode::sha256::Sha256;
use agentpol_check::policy::{
    ArithmeticOp, Clause, ClauseKind, CompareOp, Each, Earlier, Expr, ExprKind, LevelId, LocalId, On, Pair, Part,
    Policy, Question, ScheduleId, Scope, TextTest, ToolId, Type, UserSelector, Value,
};

/// Returns the id of a definition: the first eight bytes of its hash.
pub(crate) fn id(text: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(text.as_bytes());
    let mut first = [0; 8];
    first.iter_mut().zip(hash.finish()).for_each(|(byte, hashed)| *byte = hashed);
    u64::from_le_bytes(first)
}

/// Writes definitions. Locals are numbered by how many stand around them.
pub(crate) struct Canon<'p> {
    policy: &'p Policy,
    locals: Vec<LocalId>,
}

impl<'p> Canon<'p> {
    pub(crate) fn new(policy: &'p Policy) -> Self {
        Canon { policy, locals: Vec::new() }
    }

    /// A value once bound is known by its place.
    pub(crate) fn bind(&mut self, local: LocalId) {
        self.locals.push(local);
    }

    /// Clauses in an order of their own, each once; values that are given names come first.
    pub(crate) fn clauses(&mut self, clauses: &[Clause]) -> String {
        let mut text = String::new();
        for clause in clauses {
            if let ClauseKind::Let(local, given) = &clause.kind {
                text += &format!("let {};", self.expr(given));
                self.bind(*local);
            }
        }
        let mut written: Vec<String> = clauses.iter().filter_map(|clause| self.clause(&clause.kind)).collect();
        written.sort_unstable();
        written.dedup();
        text + &written.join(";")
    }

    fn clause(&mut self, clause: &ClauseKind) -> Option<String> {
        let policy = self.policy;
        let sorted = |mut words: Vec<String>| {
            words.sort_unstable();
            words.join(" ")
        };
        Some(match clause {
            ClauseKind::Let(..) => return None,
            ClauseKind::User(users) => format!("user {}", sorted(users.iter().map(|one| self.user(one)).collect())),
            ClauseKind::Env(names) => {
                format!("env {}", sorted(names.iter().map(|env| format!("{:?}", policy[*env])).collect()))
            }
            ClauseKind::Task(names) => {
                format!("task {}", sorted(names.iter().map(|task| format!("{task:?}")).collect()))
            }
            ClauseKind::During(all) => {
                format!("during {}", sorted(all.iter().map(|one| self.schedule(*one)).collect()))
            }
            ClauseKind::Outside(all) => {
                format!("outside {}", sorted(all.iter().map(|one| self.schedule(*one)).collect()))
            }
            ClauseKind::When(condition) => format!("when {}", self.expr(condition)),
            ClauseKind::Unless(condition) => format!("unless {}", self.expr(condition)),
        })
    }

    fn user(&self, user: &UserSelector) -> String {
        match user {
            UserSelector::Any => "any".to_owned(),
            UserSelector::None => "none".to_owned(),
            UserSelector::In(group) => format!("in {:?}", self.policy[*group].wire),
            UserSelector::Id(id) => format!("{id:?}"),
        }
    }

    fn schedule(&self, schedule: ScheduleId) -> String {
        let schedule = &self.policy[schedule];
        let windows = schedule.windows.iter().map(|window| format!(" {}:{}-{}", window.days, window.start, window.end));
        format!("({}{})", self.policy[schedule.zone], windows.collect::<String>())
    }

    /// What agent and tool alone decide.
    pub(crate) fn scope(&self, scope: &Scope) -> String {
        let mut parts = Vec::new();
        if let Some(agents) = &scope.agents {
            let names = agents.iter().map(|id| &self.policy[*id]);
            parts.push(("agent", names.map(|one| self.qualified(one.module, &one.name)).collect()));
        }
        if let Some(tools) = &scope.tools {
            parts.push(("tool", tools.iter().map(|tool| self.tool(*tool)).collect()));
        }
        if let Some(verbs) = &scope.does {
            parts.push(("does", verbs.iter().map(|verb| verb.as_str().to_owned()).collect()));
        }
        match &scope.on {
            Some(On::Datasets(datasets)) => {
                let named = datasets.iter().map(|id| {
                    let system = &self.policy[self.policy[*id].system];
                    format!("{}.{}", self.qualified(system.module, &system.name), self.policy[*id].name)
                });
                parts.push(("on", named.collect()));
            }
            Some(On::Level(level, member)) => parts.push(("on", vec![self.member(*level, *member)])),
            None => {}
        }
        let written = parts.into_iter().map(|(word, mut names): (&str, Vec<String>)| {
            names.sort_unstable();
            format!("{word} {}", names.join(","))
        });
        written.collect::<Vec<_>>().join(" ")
    }

    fn tool(&self, tool: ToolId) -> String {
        let tool = &self.policy[tool];
        let mut servers = tool.home.map(|home| self.policy[home].servers.clone()).unwrap_or_default();
        servers.sort_unstable();
        format!("{}/{:?}{servers:?}", self.qualified(tool.module, &tool.name), tool.wire)
    }

    fn qualified(&self, module: agentpol_check::policy::ModuleId, name: &str) -> String {
        format!("{}.{name}", self.policy[module].name)
    }

    fn member(&self, level: LevelId, member: u32) -> String {
        format!("{}#{member}", self.level(level))
    }

    fn level(&self, level: LevelId) -> String {
        let level = &self.policy[level];
        let owner = level.module.map_or("", |module| self.policy[module].name.as_str());
        format!("{owner}.{}{:?}", level.name, level.members)
    }

    /// What values of a type are, down to the words of enumerations: what is remembered is numbers of words.
    pub(crate) fn of_type(&self, ty: &Type) -> String {
        match ty {
            Type::Enum(of) => format!("enum{:?}", self.policy[*of].members),
            Type::Level(of) => self.level(*of),
            Type::List(of, _) => format!("list<{}>", self.of_type(of)),
            Type::Map(of, _) => format!("map<{}>", self.of_type(of)),
            Type::Shape(shape) => {
                let fields = self.policy[*shape].fields.iter();
                let fields = fields.map(|field| format!("{:?}:{}", field.name, self.of_type(&field.ty)));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
            }
            Type::Decimal { .. } => "decimal".to_owned(),
            Type::DateTime { .. } => "datetime".to_owned(),
            Type::Url { .. } => "url".to_owned(),
            Type::Path { .. } => "path".to_owned(),
            Type::Resource(types) => {
                let names = types.iter().map(|id| format!("{:?}", self.policy[*id].wire));
                format!("resource {}", names.collect::<Vec<_>>().join(","))
            }
            Type::Unknown
            | Type::Bool
            | Type::Int
            | Type::Float
            | Type::String
            | Type::Duration
            | Type::Date
            | Type::Ip
            | Type::Email
            | Type::Host
            | Type::Json
            | Type::User
            | Type::Group
            | Type::Principal
            | Type::Pairs(..) => format!("{ty:?}").to_lowercase(),
        }
    }

    /// What a scalar of a type is kept as: all texts are one.
    pub(crate) fn of_scalar(&self, ty: &Type) -> String {
        match ty {
            Type::String | Type::Email | Type::Url { .. } | Type::Host | Type::Path { .. } => "text".to_owned(),
            other => self.of_type(other),
        }
    }

    /// An expression.
    pub(crate) fn expr(&mut self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::And(operands) => self.junction("and", operands),
            ExprKind::Or(operands) => self.junction("or", operands),
            ExprKind::Compare(op, left, right) => self.comparison(*op, left, right),
            ExprKind::Let(local, given, body) => {
                let given = self.expr(given);
                let body = self.within(&[*local], body);
                format!("(let {given} {body})")
            }
            ExprKind::Any(each)
            | ExprKind::All(each)
            | ExprKind::CountWhere(each)
            | ExprKind::FirstWhere(each)
            | ExprKind::LastWhere(each)
            | ExprKind::SumOf(each)
            | ExprKind::MinOf(each)
            | ExprKind::MaxOf(each) => self.each(&expr.kind, each),
            ExprKind::Earlier(earlier) => self.earlier(earlier),
            kind => {
                let head = self.head(kind);
                let children = expr.children().into_iter().map(|child| format!(" {}", self.expr(child)));
                format!("({head}{})", children.collect::<String>())
            }
        }
    }

    fn junction(&mut self, word: &str, operands: &[Expr]) -> String {
        let mut written: Vec<String> = operands.iter().map(|operand| self.expr(operand)).collect();
        written.sort_unstable();
        written.dedup();
        format!("({word} {})", written.join(" "))
    }

    /// `a > b` is `b < a`, and `a == b` is `b == a`.
    fn comparison(&mut self, op: CompareOp, left: &Expr, right: &Expr) -> String {
        let (left, right) = (self.expr(left), self.expr(right));
        let (word, left, right) = match op {
            CompareOp::Lt => ("<", left, right),
            CompareOp::Le => ("<=", left, right),
            CompareOp::Gt => ("<", right, left),
            CompareOp::Ge => ("<=", right, left),
            CompareOp::Eq | CompareOp::Ne => {
                let word = if op == CompareOp::Eq { "==" } else { "!=" };
                if left <= right { (word, left, right) } else { (word, right, left) }
            }
        };
        format!("({word} {left} {right})")
    }

    fn each(&mut self, kind: &ExprKind, each: &Each) -> String {
        let word = match kind {
            ExprKind::Any(_) => "any",
            ExprKind::All(_) => "all",
            ExprKind::CountWhere(_) => "count_where",
            ExprKind::FirstWhere(_) => "first_where",
            ExprKind::LastWhere(_) => "last_where",
            ExprKind::SumOf(_) => "sum_of",
            ExprKind::MinOf(_) => "min_of",
            _ => "max_of",
        };
        let over = self.expr(&each.over);
        let bound: Vec<LocalId> = [each.first].into_iter().chain(each.second).collect();
        let body = self.within(&bound, &each.body);
        format!("({word}{} {over} {body})", bound.len())
    }

    /// A question about earlier calls. What speaks of them has locals of its own.
    fn earlier(&mut self, earlier: &Earlier) -> String {
        let mut that = Canon::new(self.policy);
        let scope = that.scope(&earlier.scope);
        let filter = that.clauses(&earlier.clauses);
        let pair = |pair: &Pair| format!("{:?} {} {}", pair.op, that.expr(&pair.that), self.expr(&pair.now));
        let mut pairs: Vec<String> = earlier.pairs.iter().map(pair).collect();
        pairs.sort_unstable();
        let mut plus = |plus: &Option<Box<Expr>>| plus.as_ref().map_or(String::new(), |plus| self.expr(plus));
        let question = match &earlier.question {
            Question::Exists => "exists".to_owned(),
            Question::Count { op, plus: more, bound } => format!("count {op:?} {bound} {}", plus(more)),
            Question::Distinct { of, op, bound } => format!("distinct {} {op:?} {bound}", that.expr(of)),
            Question::Sum { of, op, plus: more, bound } => {
                format!("sum {} {op:?} {bound} {}", that.expr(of), plus(more))
            }
            Question::First(value) => format!("first {}", that.expr(value)),
            Question::Last(value) => format!("last {}", that.expr(value)),
        };
        let since = earlier.since.as_ref().map_or(String::new(), |since| format!(" since {}", self.earlier(since)));
        let (happened, reach, within) = (earlier.happened, earlier.reach, earlier.within);
        let pairs = pairs.join(" ");
        format!("(earlier {happened:?} {reach:?} {within:?} scope {scope} where {filter} {pairs} {question}{since})")
    }

    fn within(&mut self, locals: &[LocalId], body: &Expr) -> String {
        let before = self.locals.len();
        self.locals.extend(locals);
        let written = self.expr(body);
        self.locals.truncate(before);
        written
    }

    /// The word of a form, with everything in it that is no expression.
    fn head(&self, kind: &ExprKind) -> String {
        let policy = self.policy;
        match kind {
            ExprKind::Literal(value) => self.value(value),
            ExprKind::Local(local) => {
                // The innermost that has the number.
                self.locals.iter().rposition(|bound| bound == local).map_or("?".to_owned(), |at| format!("${at}"))
            }
            ExprKind::Arg(name) => format!("arg {name:?}"),
            ExprKind::User(name) => format!("user {name:?}"),
            ExprKind::Context(name) => format!("context {name:?}"),
            ExprKind::Agent(name) => format!("agent {name:?}"),
            ExprKind::SessionLabel(level) => format!("label {}", self.level(*level)),
            ExprKind::Today(zone) => format!("today {}", policy[*zone]),
            ExprKind::Field(_, name) => format!("field {name:?}"),
            ExprKind::Attribute(_, name) => format!("attribute {name:?}"),
            ExprKind::Part(part, _) => self.part(*part),
            ExprKind::UserIn(group) | ExprKind::InGroup(_, group) => format!("in_group {:?}", policy[*group].wire),
            ExprKind::Arithmetic(op, ..) => arithmetic(*op).to_owned(),
            ExprKind::Matches(_, pattern) => format!("matches {:?} {:?}", pattern.kind, pattern.text),
            ExprKind::TextTest(test, _, text) => format!("{} {text:?}", text_test(*test)),
            ExprKind::InDomain(_, domain) => format!("in_domain {domain:?}"),
            ExprKind::InNetwork(_, bits, prefix, v6) => format!("in_network {bits:x}/{prefix} {v6}"),
            ExprKind::Known(known) => format!("known {}", self.record(known.record)),
            ExprKind::OriginIn(_, sources) => {
                let mut tools: Vec<String> = sources.tools.iter().map(|tool| self.tool(*tool)).collect();
                tools.sort_unstable();
                format!("origin_in {:?} {}", sources.least, tools.join(" "))
            }
            ExprKind::AllKnown(record) => format!("all_known {}", self.record(*record)),
            other => word(other).to_owned(),
        }
    }

    /// A record's name.
    pub(crate) fn record(&self, record: agentpol_check::policy::RecordId) -> String {
        let record = &self.policy[record];
        self.qualified(record.module, &record.name)
    }

    fn part(&self, part: Part) -> String {
        match part {
            Part::Date(zone) => format!("date {}", self.policy[zone]),
            other => format!("part {other:?}"),
        }
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Enum(of, member) => format!("{:?}", self.policy[*of].members.get(*member as usize)),
            Value::Level(of, member) => self.member(*of, *member),
            Value::Float(value) => format!("float {:016x}", value.to_bits()),
            other => format!("{other:?}"),
        }
    }
}

fn arithmetic(op: ArithmeticOp) -> &'static str {
    match op {
        ArithmeticOp::Add => "+",
        ArithmeticOp::Sub => "-",
        ArithmeticOp::Mul => "*",
    }
}

fn text_test(test: TextTest) -> &'static str {
    match test {
        TextTest::StartsWith => "starts_with",
        TextTest::EndsWith => "ends_with",
        TextTest::Contains => "contains",
    }
}

/// The word of a form that has nothing but expressions in it.
fn word(kind: &ExprKind) -> &'static str {
    match kind {
        ExprKind::List(_) => "list",
        ExprKind::Args => "args",
        ExprKind::UserId => "user_id",
        ExprKind::SessionId => "session_id",
        ExprKind::AgentName => "agent_name",
        ExprKind::ToolName => "tool_name",
        ExprKind::Result => "result",
        ExprKind::Now => "now",
        ExprKind::Requester => "requester",
        ExprKind::Resource => "resource",
        ExprKind::Id(_) => "id",
        ExprKind::PathOf(_) => "path_of",
        ExprKind::Inside(..) => "inside",
        ExprKind::Index(..) => "index",
        ExprKind::Not(_) => "not",
        ExprKind::If(..) => "if",
        ExprKind::Has(_) => "has",
        ExprKind::Otherwise(..) => "otherwise",
        ExprKind::In(..) => "in",
        ExprKind::Negative(_) => "negative",
        ExprKind::ToDecimal(_) => "to_decimal",
        ExprKind::Contains(..) => "holds",
        ExprKind::Within(..) => "within",
        ExprKind::Count(_) => "count",
        ExprKind::First(_) => "first",
        ExprKind::Last(_) => "last",
        ExprKind::Min(..) => "min",
        ExprKind::Max(..) => "max",
        ExprKind::Pairs(..) => "pairs",
        ExprKind::Origin(_) => "origin",
        other => unreachable!("forms with more than expressions in them are written before: {other:?}"),
    }
}
