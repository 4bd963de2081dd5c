//! Going through typed expressions.

use super::{Each, Expr, ExprKind};

impl Expr {
    /// Returns the expressions directly in this one, in order of writing.
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
            | ExprKind::Now
            | ExprKind::Today(_)
            | ExprKind::Local(_)
            | ExprKind::UserIn(_) => Vec::new(),
            ExprKind::List(all) | ExprKind::And(all) | ExprKind::Or(all) => all.iter().collect(),
            ExprKind::Field(of, _)
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
            | ExprKind::Origin(of) => vec![of],
            ExprKind::Let(_, a, b)
            | ExprKind::Index(a, b)
            | ExprKind::Otherwise(a, b)
            | ExprKind::Compare(_, a, b)
            | ExprKind::In(a, b)
            | ExprKind::Arithmetic(_, a, b)
            | ExprKind::Contains(a, b)
            | ExprKind::Within(a, b)
            | ExprKind::Min(a, b)
            | ExprKind::Max(a, b)
            | ExprKind::Pairs(a, b) => vec![a, b],
            ExprKind::If(a, b, c) => vec![a, b, c],
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
