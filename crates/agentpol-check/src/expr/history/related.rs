//! `where`: what earlier calls have to do with the call at hand.
//!
//! It is split at its `and`s. A part that speaks of the earlier call alone is a condition on it; a part that compares one
//! side of `that` with one side of the rule is a pair. Bounded state answers any number of pairs with `==`, and one other.

use super::Past;
use crate::expr::Typer;
use crate::expr::typed::Typed;
use crate::expr::written::parts;
use crate::policy::{AgentId, ClauseKind, CompareOp, Earlier, ExprKind, ToolId, Value};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast::{self, ExprKind as Written, RelationOp};

/// How many values may tell calls apart, or records.
pub(crate) const MAX_KEYS: usize = 8;
/// What to write where calls can be related by `==` only.
pub(super) const BY_EQUALS: &str = "compare by `==`, or compare what is of the earlier call with a literal";

impl<'a> Typer<'_, 'a> {
    /// Types a `where`; false where something in it is wrong.
    pub(super) fn related(&mut self, past: &mut Past, earlier: &mut Earlier, expr: &ast::Expr<'a>) -> bool {
        match expr.kind {
            Written::And(all) => {
                // Each is looked at, whatever is wrong with those before.
                let wrong = all.iter().filter(|part| !self.related(past, earlier, part)).count();
                wrong == 0
            }
            _ if !self.mentions_that(expr) => {
                let title = "this says nothing of the earlier call";
                let diagnostic = Diagnostic::new(Code::AP0317, title, expr.span, "the same for every call of the set");
                let help = match expr.kind {
                    Written::Compare(..) => {
                        "write `that.args.NAME` for what the earlier call was given, or move it into the rule's `when`"
                    }
                    _ => "move it into the rule's `when`, beside the question",
                };
                self.report(diagnostic.help(help));
                false
            }
            Written::Compare(op, left, right) => match (self.mentions_that(left), self.mentions_that(right)) {
                (true, false) => self.pair(past, earlier, (*op).into(), left, right, expr.span),
                (false, true) => self.pair(past, earlier, CompareOp::from(*op).mirrored(), right, left, expr.span),
                _ => self.that_part(past, earlier, expr),
            },
            _ => self.that_part(past, earlier, expr),
        }
    }

    /// Types a part that speaks of the earlier call alone.
    fn that_part(&mut self, past: &mut Past, earlier: &mut Earlier, expr: &ast::Expr<'a>) -> bool {
        let (help, span) = (self.shape_instead(expr), expr.span);
        let typed = self.in_past(past, &help, |this| {
            let typed = this.truth(expr);
            this.learn(&typed, true);
            typed
        });
        self.add_clause(earlier, ClauseKind::When(typed), span)
    }

    /// Types `that OP now`: a pair, or a condition on the earlier call where the other side is a literal.
    fn pair(
        &mut self,
        past: &mut Past,
        earlier: &mut Earlier,
        op: CompareOp,
        that: &ast::Expr<'a>,
        now: &ast::Expr<'a>,
        span: Span,
    ) -> bool {
        let help = "put all that is of the earlier call on one side, as in `that.args.x == args.x`";
        let that = self.in_past(past, help, |this| this.infer(that, None));
        let hint = that.expr.ty.clone();
        let now = match (&that.expr.kind, now.kind) {
            (ExprKind::AgentName, Written::Name(name)) if name.text == "agent" => {
                self.string_root(ExprKind::AgentName, now.span)
            }
            (ExprKind::UserId, Written::Name(name)) if name.text == "user" => {
                self.string_root(ExprKind::UserId, now.span)
            }
            (ExprKind::AgentName | ExprKind::ToolName, Written::Text(text)) => self.named_in(&that, text, past),
            _ => self.infer(now, Some(&hint)),
        };
        if now.literal().is_some() {
            let typed = self.in_past(past, help, |this| {
                let typed = this.compared(op, that, now, span).expr;
                this.learn(&typed, true);
                typed
            });
            return self.add_clause(earlier, ClauseKind::When(typed), span);
        }
        let (that, now) = self.level_numbers(that, now);
        if that.expr.ty.is_reference() {
            let title = "what is remembered of a user, group or resource is its id";
            let diagnostic = Diagnostic::new(Code::AP0317, title, that.at, "a reference");
            self.report(diagnostic.help(format!("compare the ids: `{}.id`", self.text(that.at))));
            return false;
        }
        if that.is_unknown() || now.is_unknown() || !self.comparable(op, &that, &now, span) {
            return false;
        }
        let secret = that.secret;
        let that = self.in_past(past, help, |this| this.operand(that));
        // One secret is told once.
        let now = Typed { secret: now.secret && !secret, ..now };
        let now = self.operand(now);
        let sound = self.of_one_time(&that, span);
        earlier.pairs.push(crate::policy::Pair { op, that, now });
        sound
    }

    /// Reads the name of an agent or tool in a text: one that can be in the set.
    fn named_in(&mut self, that: &Typed, text: &ast::Text<'a>, past: &Past) -> Typed {
        let policy = self.cx.policy;
        let agents = matches!(that.expr.kind, ExprKind::AgentName);
        let known: Vec<(String, String)> = match agents {
            true => (0..policy.agents.len() as u32)
                .map(|at| &policy[AgentId(at)])
                .map(|agent| (agent.name.clone(), format!("{}.{}", policy[agent.module].name, agent.name)))
                .collect(),
            false => {
                past.tools().iter().map(|id: &ToolId| (policy[*id].name.clone(), policy[*id].name.clone())).collect()
            }
        };
        let whole: Vec<&str> = known.iter().map(|(_, whole)| whole.as_str()).collect();
        let bare = known.iter().filter(|(name, _)| name == text.value).collect::<Vec<_>>();
        let name = match (whole.contains(&text.value), bare.as_slice()) {
            (true, _) => text.value.to_owned(),
            (false, [(_, whole)]) => whole.clone(),
            _ => {
                let (what, clause) = if agents { ("agent", "agent") } else { ("tool of this set", "tool") };
                let title = format!("no {what} is called `{}`", text.value);
                let help = did_you_mean(text.value, whole.iter().copied())
                    .unwrap_or_else(|| format!("write the clause `{clause}` in the set instead"));
                self.report(Diagnostic::new(Code::AP0305, title, text.span, "names none").help(help));
                return self.unknown(text.span).at(text.span);
            }
        };
        self.literal(Value::Text(name), crate::policy::Type::String, text.span)
    }

    /// Puts the pair that is not `==` last; more than one cannot be answered where calls are not kept one by one.
    pub(super) fn order_pairs(&mut self, earlier: &mut Earlier, keeping: Option<(u32, Span)>) -> bool {
        earlier.pairs.sort_by_key(|pair| pair.op != CompareOp::Eq);
        if !self.few_enough(earlier) {
            return false;
        }
        if let Some((_, span)) = keeping {
            if earlier.pairs.is_empty() {
                let title = "`keeping last` in a set that is not related to the call at hand";
                let diagnostic = Diagnostic::new(Code::AP0317, title, span, "answered without it");
                self.report(diagnostic.help("remove it, or compare: `where that.args.NAME > args.NAME`"));
            }
            return !earlier.pairs.is_empty();
        }
        let others: Vec<Span> =
            earlier.pairs.iter().filter(|pair| pair.op != CompareOp::Eq).map(|pair| pair.that.span).collect();
        let [first, .., last] = others.as_slice() else { return true };
        let title = "of what relates the two calls, only one may be other than `==`";
        let diagnostic = Diagnostic::new(Code::AP0317, title, *last, "another one").because(*first, "the first one");
        self.report(diagnostic.help(
            "compare one of them with a literal, or add `keeping last 64` to the set: so many calls are then looked through one \
             by one",
        ));
        false
    }

    /// Refuses more pairs than values are kept of a call.
    pub(super) fn few_enough(&mut self, earlier: &Earlier) -> bool {
        let mut counted = earlier.pairs.iter().filter(|pair| pair.op == CompareOp::Eq || earlier.keeping.is_some());
        let Some(pair) = counted.nth(MAX_KEYS) else { return true };
        let title = format!("calls are told apart by at most {MAX_KEYS} values");
        let diagnostic = Diagnostic::new(Code::AP0317, title, pair.that.span, "one too many");
        self.report(diagnostic.help("leave some of the comparisons out, or compare with literals"));
        false
    }

    /// Refuses pairs other than `==` for questions that need the calls told apart by keys.
    pub(super) fn keys_only(&mut self, earlier: &Earlier, what: &str) -> bool {
        let counts = what == "count of";
        let other = earlier.pairs.iter().find(|pair| pair.op != CompareOp::Eq);
        let Some(pair) = other.filter(|_| !(counts && earlier.keeping.is_some())) else { return true };
        let title = format!("`{what}` relates calls by `==` only");
        let diagnostic = Diagnostic::new(Code::AP0317, title, pair.that.span, "compared otherwise");
        let help = if counts {
            "compare by `==` or with a literal, or add `keeping last 64` to the set: so many calls are then looked through one \
             by one"
        } else {
            BY_EQUALS
        };
        self.report(diagnostic.help(help));
        false
    }

    /// Returns whether an expression reads the earlier call of the set that it stands in.
    fn mentions_that(&self, expr: &ast::Expr<'a>) -> bool {
        let mut open = vec![*expr];
        while let Some(expr) = open.pop() {
            match expr.kind {
                Written::Name(name) if name.text == "that" => return self.binding("that").is_none(),
                Written::History(_) => {}
                _ => open.extend(parts(&expr)),
            }
        }
        false
    }

    /// Says what to write where a part mixes both calls in a way that cannot be answered.
    fn shape_instead(&self, expr: &ast::Expr<'a>) -> String {
        match expr.kind {
            Written::Or(_) => "write two sets, one for each side: `called { ... } or called { ... }`".to_owned(),
            Written::Not(of) => match of.kind {
                Written::Compare(ast::CompareOp::Eq, left, right) => {
                    format!("write `{} != {}`", self.text(left.span), self.text(right.span))
                }
                _ => "ask about the set without it, and write a second question with `not`".to_owned(),
            },
            Written::Relation(RelationOp::In, left, right) if self.mentions_that(left) => format!(
                "ask for each element: `any x in {}: called {{ ... where {} == x }}`",
                self.text(right.span),
                self.text(left.span)
            ),
            Written::Quantified { names: [name, ..], over, .. } if !self.mentions_that(over) => format!(
                "put the set inside: `any {} in {}: called {{ ... where that.args.NAME == {} }}`",
                name.text,
                self.text(over.span),
                name.text
            ),
            Written::If(..) => "write two sets, one for each branch, joined by `or`".to_owned(),
            _ => "compare one side of `that` with one of the call at hand: `that.args.id == args.id`".to_owned(),
        }
    }
}
