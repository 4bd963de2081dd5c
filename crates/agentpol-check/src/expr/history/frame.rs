//! The frame of an earlier call: what `that` leads to, and what cannot be read there.

use crate::expr::show::listed;
use crate::expr::typed::Typed;
use crate::expr::types::alike;
use crate::expr::{Place, Typer};
use crate::policy::{AgentId, Expr, ExprKind, Happened, Returns, ToolId, Type};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast;

/// What can be taken of an earlier call.
const PARTS: [&str; 6] = ["args", "result", "at", "agent", "user", "tool"];

/// The calls of a set, and what is known of each of them so far.
#[derive(Clone, Debug)]
pub(in crate::expr) struct Past {
    tools: Vec<ToolId>,
    agents: Option<Vec<AgentId>>,
    happened: Happened,
    /// Paths known to be there, in the earlier call's frame.
    facts: Vec<String>,
    /// Arguments that were told to be missing, once each.
    told: Vec<String>,
}

/// The earlier call's frame, while something is typed in it.
#[derive(Clone, Debug)]
pub(in crate::expr) struct That {
    pub(in crate::expr) tools: Vec<ToolId>,
    pub(in crate::expr) agents: Option<Vec<AgentId>>,
    happened: Happened,
    /// Names bound below this one are the rule's.
    floor: usize,
    /// What to write where something of the rule's frame stands; it is said once.
    help: Option<String>,
}

impl Past {
    pub(super) fn new(tools: Vec<ToolId>, agents: Option<Vec<AgentId>>, happened: Happened) -> Self {
        Past { tools, agents, happened, facts: Vec::new(), told: Vec::new() }
    }

    /// The tools whose calls they may be.
    pub(super) fn tools(&self) -> &[ToolId] {
        &self.tools
    }

    /// Returns whether a path is known to be there.
    pub(super) fn knows(&self, key: &str) -> bool {
        self.facts.iter().any(|fact| fact == key)
    }
}

impl<'a> Typer<'_, 'a> {
    /// Runs in the frame of an earlier call.
    pub(super) fn in_past<T>(&mut self, past: &mut Past, help: &str, run: impl FnOnce(&mut Self) -> T) -> T {
        let that = That {
            tools: past.tools.clone(),
            agents: past.agents.clone(),
            happened: past.happened,
            floor: self.bindings.len(),
            help: Some(help.to_owned()),
        };
        let before = self.that.replace(that);
        let elements = std::mem::take(&mut self.elements);
        std::mem::swap(&mut self.facts, &mut past.facts);
        std::mem::swap(&mut self.told, &mut past.told);
        let result = run(self);
        std::mem::swap(&mut self.told, &mut past.told);
        std::mem::swap(&mut self.facts, &mut past.facts);
        self.elements = elements;
        self.that = before;
        result
    }

    /// Returns whether a local name belongs to the rule while the earlier call's frame is typed.
    pub(in crate::expr) fn is_outer(&self, name: &str) -> bool {
        let Some(that) = &self.that else { return false };
        let at = self.bindings[self.floor..].iter().rposition(|binding| binding.name == name);
        at.is_some_and(|at| at + self.floor < that.floor)
    }

    /// Tells that something of the rule's frame stands among what is asked of the earlier call.
    pub(in crate::expr) fn of_the_rule(&mut self, word: &str, span: Span) -> Typed {
        let Some(help) = self.that.as_mut().and_then(|that| that.help.take()) else {
            return self.unknown(span).at(span);
        };
        let title = format!("`{word}` is of the call at hand, among what is asked of the earlier one");
        self.report(Diagnostic::new(Code::AP0317, title, span, "of the call at hand").help(help));
        self.unknown(span).at(span)
    }

    /// Types `that` alone.
    pub(in crate::expr) fn that_alone(&mut self, span: Span) -> Typed {
        if self.that.is_none() {
            return self.no_earlier_call(span);
        }
        let title = "`that`, the earlier call, is no value";
        let help = "take something of it: `that.args.NAME`, `that.result`, `that.at`, `that.user`, `that.agent`";
        self.report(Diagnostic::new(Code::AP0302, title, span, "a value is needed here").help(help));
        self.unknown(span).at(span)
    }

    fn no_earlier_call(&mut self, span: Span) -> Typed {
        let title = "`that` is a call of a set of earlier calls, and there is none here";
        let diagnostic = Diagnostic::new(Code::AP0316, title, span, "which call?");
        self.report(diagnostic.help("write it inside of a set: `called { tool X  where that.args.id == args.id }`"));
        self.unknown(span).at(span)
    }

    /// Types what lies behind `that`, or behind a call that a name or `first`, `last` stand for; `None` where neither
    /// begins the path.
    pub(in crate::expr) fn of_earlier(
        &mut self,
        of: &ast::Expr<'a>,
        name: &ast::Name<'a>,
        span: Span,
        asking: bool,
    ) -> Option<Typed> {
        if let ast::ExprKind::Member(base, section) = of.kind
            && matches!(section.text, "args" | "user" | "agent")
        {
            if self.is_that(base) {
                return Some(self.of_that(Some(section), name, span, asking));
            }
            if let Some(call) = self.earlier_call(base) {
                return Some(self.taken(call?, Some(section), name, span, asking));
            }
        }
        if self.is_that(of) {
            return Some(self.of_that(None, name, span, asking));
        }
        self.earlier_call(of).map(|call| match call {
            Some(call) => self.taken(call, None, name, span, asking),
            None => self.unknown(span).at(span),
        })
    }

    /// Types `that.user in GROUP`; `None` for anything else.
    pub(in crate::expr) fn earlier_user_in(
        &mut self,
        user: &ast::Expr<'a>,
        group: &ast::Expr<'a>,
        span: Span,
    ) -> Option<Typed> {
        match user.kind {
            ast::ExprKind::Name(name) if name.text == "user" && self.binding("user").is_none() => {
                self.of_the_rule("user", name.span);
                Some(self.undecided(span))
            }
            ast::ExprKind::Member(of, part) if part.text == "user" && self.is_that(of) => {
                Some(self.user_in(group, span))
            }
            _ => None,
        }
    }

    fn is_that(&self, expr: &ast::Expr<'a>) -> bool {
        matches!(expr.kind, ast::ExprKind::Name(name) if name.text == "that" && self.binding("that").is_none())
    }

    /// Types `that.name`, or `that.section.name`.
    pub(super) fn of_that(
        &mut self,
        section: Option<&ast::Name<'a>>,
        name: &ast::Name<'a>,
        span: Span,
        asking: bool,
    ) -> Typed {
        if self.that.is_none() {
            return self.no_earlier_call(span);
        }
        match (section.map(|section| section.text), name.text) {
            (Some("args"), _) => self.argument(name, span, asking),
            (Some("user"), "id") | (None, "user") => self.string_root(ExprKind::UserId, span),
            (Some("user"), _) => self.user_attribute(name, span),
            (Some(_), _) => self.agent_attribute(name, span),
            (None, "agent") => self.string_root(ExprKind::AgentName, span),
            (None, "tool") => self.string_root(ExprKind::ToolName, span),
            (None, "at") => Typed::plain(self.node(ExprKind::Now, Type::DateTime { zone: None }, span)).at(span),
            (None, "result") => self.result(span),
            (None, "args") => {
                let title = "the arguments of a call are no value";
                let help = format!("write one argument: `{}.NAME`", self.text(span));
                self.report(Diagnostic::new(Code::AP0302, title, span, "a value is needed here").help(help));
                self.unknown(span).at(span)
            }
            (None, other) => {
                let title = format!("an earlier call has no `{other}`");
                let help = if self.argument_names().contains(&other) {
                    format!("did you mean `args.{other}`?")
                } else {
                    did_you_mean(other, PARTS).unwrap_or_else(|| format!("it has {}", listed(PARTS)))
                };
                self.report(Diagnostic::new(Code::AP0214, title, name.span, "not known").help(help));
                self.unknown(span).at(span)
            }
        }
    }

    /// Types what the earlier call answered.
    fn result(&mut self, span: Span) -> Typed {
        let Some(that) = self.that.clone() else { return self.unknown(span).at(span) };
        if that.happened != Happened::Completed {
            let word = word_of(that.happened);
            let title = format!("what was answered is known of calls that are completed, not of `{word}` ones");
            let diagnostic = Diagnostic::new(Code::AP0317, title, span, "there may be no answer");
            self.report(diagnostic.help(format!("write `completed` in the place of `{word}`")));
            return self.unknown(span).at(span);
        }
        let stranger = that.tools.iter().find(|id| self.cx.policy[**id].returns == Returns::Untrusted);
        if let (true, Some(id)) = (self.grants(), stranger) {
            return self.refuse_stranger(*id, span);
        }
        match self.answer(&that.tools, span) {
            Some(Type::Json) => {
                let title = "`json` is carried and never read";
                let diagnostic = Diagnostic::new(Code::AP0321, title, span, "an answer of no declared shape");
                self.report(diagnostic.help("declare the fields that are read behind `->`"));
                self.unknown(span).at(span)
            }
            Some(ty) => Typed::plain(self.node(ExprKind::Result, ty, span)).at(span),
            None => self.unknown(span).at(span),
        }
    }

    /// Returns the one type of what all these tools answer, or tells why there is none.
    fn answer(&mut self, tools: &[ToolId], span: Span) -> Option<Type> {
        let policy = self.cx.policy;
        let mut found: Option<(ToolId, Type)> = None;
        for id in tools {
            let tool = &policy[*id];
            let Some(ty) = tool.result.single(policy) else {
                let several = !tool.result.types(policy).is_empty();
                let (title, help) = match several {
                    true => (
                        format!("`{}` answers one of several things", tool.name),
                        "read the record itself with `known`, which is learned from each of them".to_owned(),
                    ),
                    false => (
                        format!("`{}` does not say what it answers", tool.name),
                        format!("declare it behind the arguments, as in `tool {}(...) -> string`", tool.name),
                    ),
                };
                let diagnostic = Diagnostic::new(Code::AP0321, title, span, "what would be read?");
                self.report(diagnostic.because(tool.span, format!("`{}` is declared here", tool.name)).help(help));
                return None;
            };
            match &found {
                None => found = Some((*id, ty)),
                Some((_, first)) if alike(policy, first, &ty) => {}
                Some((other, first)) => {
                    let title = "not every tool of this set answers with the same";
                    let label = |id: ToolId, ty: &Type| format!("`{}` answers {}", policy[id].name, self.a_type(ty));
                    let diagnostic = Diagnostic::new(Code::AP0321, title, span, "which of them?")
                        .because(policy[*other].span, label(*other, first))
                        .because(tool.span, label(*id, &ty));
                    self.report(diagnostic.help("write one set for each, joined by `or`"));
                    return None;
                }
            }
        }
        found.map(|(_, ty)| ty)
    }

    /// Checks that something about the earlier call is known at one time: when it was decided, or when it was answered.
    pub(super) fn of_one_time(&mut self, expr: &Expr, span: Span) -> bool {
        let (mut given, mut answered) = (false, false);
        expr.any(&mut |part| {
            match &part.kind {
                ExprKind::Result => answered = true,
                kind if reads_surroundings(kind) => given = true,
                _ => {}
            }
            false
        });
        if given && answered {
            let title = "one condition reads both what the earlier call was given and what it answered";
            let diagnostic = Diagnostic::new(Code::AP0317, title, span, "these are known at different times");
            self.report(diagnostic.help("write one condition for each, joined by `and`"));
            return false;
        }
        expr.ty != Type::Unknown
    }

    /// Returns whether expressions are typed for a rule that grants.
    pub(in crate::expr) fn grants(&self) -> bool {
        matches!(self.place, Place::Rule { grants: true, .. })
    }
}

/// Returns whether this reads what was known when the call was decided.
fn reads_surroundings(kind: &ExprKind) -> bool {
    matches!(
        kind,
        ExprKind::Args
            | ExprKind::Arg(_)
            | ExprKind::User(_)
            | ExprKind::UserId
            | ExprKind::UserIn(_)
            | ExprKind::Context(_)
            | ExprKind::Agent(_)
            | ExprKind::AgentName
            | ExprKind::ToolName
            | ExprKind::SessionId
            | ExprKind::SessionLabel(_)
            | ExprKind::Now
            | ExprKind::Today(_)
            | ExprKind::Known(_)
            | ExprKind::AllKnown(_)
    )
}

/// Returns the word of an outcome.
pub(super) fn word_of(happened: Happened) -> &'static str {
    match happened {
        Happened::Attempted => "attempted",
        Happened::Called => "called",
        Happened::Completed => "completed",
        Happened::Failed => "failed",
    }
}
