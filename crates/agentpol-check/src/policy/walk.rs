//! Going through typed expressions.

use super::{Alarm, ClauseKind, Each, Earlier, Effect, Expr, ExprKind, Key, Question, Rate};

impl Earlier {
    /// Returns the expressions that stand in the frame of an earlier call.
    pub fn then(&self) -> Vec<&Expr> {
        let of = match &self.question {
            Question::Sum { of, .. } | Question::Distinct { of, .. } => Some(&**of),
            Question::First(take) | Question::Last(take) => Some(&**take),
            Question::Exists | Question::Count { .. } => None,
        };
        let conditions = self.clauses.iter().filter_map(|clause| match &clause.kind {
            ClauseKind::Let(_, expr) | ClauseKind::When(expr) | ClauseKind::Unless(expr) => Some(expr),
            _ => None,
        });
        let since = self.since.iter().flat_map(|since| since.then());
        conditions.chain(self.pairs.iter().map(|pair| &pair.that)).chain(of).chain(since).collect()
    }

    /// Returns the expressions that stand in the frame of the rule, not in that of the earlier call.
    pub fn now(&self) -> Vec<&Expr> {
        let plus = match &self.question {
            Question::Count { plus, .. } | Question::Sum { plus, .. } => plus.as_deref(),
            Question::Exists | Question::Distinct { .. } | Question::First(_) | Question::Last(_) => None,
        };
        let since = self.since.iter().flat_map(|since| since.now());
        self.pairs.iter().map(|pair| &pair.now).chain(since).chain(plus).collect()
    }
}

impl Effect {
    /// Returns the expressions of what it counts: the cost, and the keys that are values.
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Effect::Limit(rate) => rate.exprs(),
            Effect::Alert(alert) => match &alert.alarm {
                Alarm::Match => Vec::new(),
                Alarm::Rate(rate) => rate.exprs(),
                Alarm::Novel { keys, .. } => values(keys),
            },
            Effect::Allow | Effect::Entitle | Effect::Deny | Effect::RequireApproval(_) => Vec::new(),
        }
    }
}

impl Rate {
    /// Returns its expressions: the cost first, then the keys that are values.
    pub fn exprs(&self) -> Vec<&Expr> {
        self.of.iter().chain(values(&self.keys)).collect()
    }
}

fn values(keys: &[Key]) -> Vec<&Expr> {
    keys.iter().filter_map(|key| if let Key::Value(expr) = key { Some(expr) } else { None }).collect()
}

impl Expr {
    /// Returns the expressions directly in this one, in order of writing. What stands in the frame of an earlier call is not
    /// among them.
    pub fn children(&self) -> Vec<&Expr> {
        fn each(each: &Each) -> Vec<&Expr> {
            vec![&each.over, &each.body]
        }
        match &self.kind {
            ExprKind::Literal(_)
            | ExprKind::Args
            | ExprKind::Arg(_)
            | ExprKind::User(_)
            | ExprKind::UserId
            | ExprKind::Context(_)
            | ExprKind::Agent(_)
            | ExprKind::SessionId
            | ExprKind::SessionLabel(_)
            | ExprKind::AgentName
            | ExprKind::ToolName
            | ExprKind::Result
            | ExprKind::AllKnown(_)
            | ExprKind::Requester
            | ExprKind::Resource
            | ExprKind::Now
            | ExprKind::Today(_)
            | ExprKind::Local(_)
            | ExprKind::UserIn(_) => Vec::new(),
            ExprKind::List(all) | ExprKind::And(all) | ExprKind::Or(all) => all.iter().collect(),
            ExprKind::Field(of, _)
            | ExprKind::Attribute(of, _)
            | ExprKind::Id(of)
            | ExprKind::PathOf(of)
            | ExprKind::InGroup(of, _)
            | ExprKind::Part(_, of)
            | ExprKind::Not(of)
            | ExprKind::Has(of)
            | ExprKind::Negative(of)
            | ExprKind::ToDecimal(of)
            | ExprKind::Matches(of, _)
            | ExprKind::TextTest(_, of, _)
            | ExprKind::InDomain(of, _)
            | ExprKind::InNetwork(of, ..)
            | ExprKind::Count(of)
            | ExprKind::First(of)
            | ExprKind::Last(of)
            | ExprKind::Origin(of)
            | ExprKind::OriginIn(of, _) => vec![of],
            ExprKind::Let(_, a, b)
            | ExprKind::Index(a, b)
            | ExprKind::Otherwise(a, b)
            | ExprKind::Compare(_, a, b)
            | ExprKind::In(a, b)
            | ExprKind::Inside(a, b)
            | ExprKind::Arithmetic(_, a, b)
            | ExprKind::Contains(a, b)
            | ExprKind::Within(a, b)
            | ExprKind::Min(a, b)
            | ExprKind::Max(a, b)
            | ExprKind::Pairs(a, b) => vec![a, b],
            ExprKind::If(a, b, c) => vec![a, b, c],
            ExprKind::Known(known) => known.keys.iter().collect(),
            ExprKind::Earlier(earlier) => earlier.now(),
            ExprKind::Any(of)
            | ExprKind::All(of)
            | ExprKind::CountWhere(of)
            | ExprKind::FirstWhere(of)
            | ExprKind::LastWhere(of)
            | ExprKind::SumOf(of)
            | ExprKind::MinOf(of)
            | ExprKind::MaxOf(of) => each(of),
        }
    }

    /// Returns whether the expression or one inside it is as asked.
    pub fn any(&self, asked: &mut impl FnMut(&Expr) -> bool) -> bool {
        asked(self) || self.children().into_iter().any(|child| child.any(asked))
    }
}
