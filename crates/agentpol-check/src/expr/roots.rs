//! What a request says: `args`, `user`, `agent`, `session`, `context`, `now`, `today`.

use super::infer::wider;
use super::show::listed;
use super::typed::{Missing, Typed};
use super::types::alike;
use super::{Place, Typer};
use crate::policy::{ExprKind, Field, ToolId, Type};
use agentpol_diagnostics::{Code, Diagnostic, Span, did_you_mean};
use agentpol_syntax::ast;

impl<'a> Typer<'_, 'a> {
    /// Types a root that stands alone.
    pub(super) fn root_alone(&mut self, name: &ast::Name<'a>) -> Typed {
        let span = name.span;
        if name.text == "that" {
            return self.that_alone(span);
        }
        if self.that.is_some() {
            return self.of_the_rule(name.text, span);
        }
        if !self.may_read(name.text, span) {
            return self.unknown(span).at(span);
        }
        match name.text {
            "now" => Typed::plain(self.node(ExprKind::Now, Type::DateTime { zone: None }, span)).at(span),
            "today" => match self.zone_or_say("today", span) {
                Some(zone) => Typed::plain(self.node(ExprKind::Today(zone), Type::Date, span)).at(span),
                None => self.unknown(span).at(span),
            },
            "resource" => self.the_resource(span),
            "user" => Typed::plain(self.node(ExprKind::Requester, Type::User, span)).at(span),
            root => {
                let title = format!("`{root}` alone is no value");
                let help = match root {
                    "args" => "write one argument, `args.NAME`; `origin(args)` asks about all of them",
                    "agent" => "write an attribute of the fleet, `agent.NAME`",
                    "session" => "write `session.id`",
                    _ => "write one field, `context.NAME`",
                };
                self.report(Diagnostic::new(Code::AP0302, title, span, "a value is needed here").help(help));
                self.unknown(span).at(span)
            }
        }
    }

    /// Returns the zone in force, or tells that there is none.
    pub(super) fn zone_or_say(&mut self, what: &str, span: Span) -> Option<crate::policy::ZoneId> {
        let zone = self.zone();
        if zone.is_none() {
            let none = format!("and `{}` names none", self.cx.policy[self.module()].name);
            // One line in the module mends them all.
            if self.diagnostics.iter().any(|found| found.code == Code::AP0315 && found.title.ends_with(&none)) {
                return zone;
            }
            let title = format!("`{what}` needs a time zone, {none}");
            let diagnostic = Diagnostic::new(Code::AP0315, title, span, "a day begins when its zone says");
            self.report(diagnostic.help("write `timezone \"UTC\"`, or the zone meant, at the top of the module"));
        }
        zone
    }

    /// Refuses roots where there is no request yet, or only a part of it.
    fn may_read(&mut self, root: &str, span: Span) -> bool {
        let (allowed, help) = match &self.place {
            Place::Rule { .. } | Place::Definition => return true,
            Place::Constraint { name, .. } => {
                (false, format!("a condition on a field reads that field alone: `{name}`"))
            }
            Place::ResultKey { .. } => (
                root == "args",
                "a key reads the call's arguments, `args.NAME`, and the fields of the record".to_owned(),
            ),
        };
        if !allowed && root != "that" {
            let title = format!("`{root}` cannot be read here");
            self.report(Diagnostic::new(Code::AP0316, title, span, "not known where this is asked").help(help));
            return false;
        }
        true
    }

    /// Types `ROOT.name`; `asking` where `has` stands before it.
    pub(super) fn root_member(
        &mut self,
        root: &ast::Name<'a>,
        name: &ast::Name<'a>,
        span: Span,
        asking: bool,
    ) -> Typed {
        if self.that.is_some() {
            return self.of_the_rule(root.text, root.span);
        }
        if !self.may_read(root.text, root.span) {
            return self.unknown(span).at(span);
        }
        match root.text {
            "args" => self.argument(name, span, asking),
            "user" if name.text == "id" => self.string_root(ExprKind::UserId, span),
            "user" => self.user_attribute(name, span),
            "context" => self.context_field(name, span),
            "agent" => self.agent_attribute(name, span),
            "session" if name.text == "id" => self.string_root(ExprKind::SessionId, span),
            "session" => match self.session_label(name.text, span) {
                Some(label) => label,
                None => self.no_session_part(name, span),
            },
            "resource" => {
                let of = self.the_resource(root.span);
                self.member_of_reference(of, name, span, asking)
            }
            _ => {
                let of = self.root_alone(root);
                self.member_of(of, name, span)
            }
        }
    }

    pub(super) fn string_root(&mut self, kind: ExprKind, span: Span) -> Typed {
        Typed::plain(self.node(kind, Type::String, span)).at(span)
    }

    pub(super) fn user_attribute(&mut self, name: &ast::Name<'a>, span: Span) -> Typed {
        let policy = self.cx.policy;
        if name.text == "groups" {
            let title = "the groups of a user are not read as a list";
            let diagnostic = Diagnostic::new(Code::AP0303, title, name.span, "groups nest");
            self.report(diagnostic.help("ask for membership: `user in GROUP`"));
            return self.unknown(span).at(span);
        }
        let fields = &policy.shapes.get(policy.user.index()).map(|shape| shape.fields.as_slice()).unwrap_or_default();
        match fields.iter().find(|field| field.name == name.text) {
            Some(field) => self.declared_field(ExprKind::User(name.text.to_owned()), field, span),
            None => self.no_field("a user", name, span, fields, "user", &["id"]),
        }
    }

    fn context_field(&mut self, name: &ast::Name<'a>, span: Span) -> Typed {
        let policy = self.cx.policy;
        let fields =
            &policy.shapes.get(policy.context.index()).map(|shape| shape.fields.as_slice()).unwrap_or_default();
        match fields.iter().find(|field| field.name == name.text) {
            Some(field) => self.declared_field(ExprKind::Context(name.text.to_owned()), field, span),
            None => self.no_field("the context", name, span, fields, "context", &[]),
        }
    }

    /// Types a field that a declaration describes.
    pub(super) fn declared_field(&mut self, kind: ExprKind, field: &Field, span: Span) -> Typed {
        let expr = self.node(kind, field.ty.clone(), span);
        let mut missing = Vec::new();
        if field.optional
            && let Some(key) = self.key(&expr)
        {
            missing.push(Missing { key, written: self.whole_text(span), declared: field.span });
        }
        let declared = Some((field.name.clone(), field.span));
        Typed { expr, at: span, missing, secret: field.secret, declared }
    }

    fn no_field(
        &mut self,
        whole: &str,
        name: &ast::Name<'a>,
        span: Span,
        fields: &[Field],
        root: &str,
        builtin: &[&str],
    ) -> Typed {
        let title = format!("{whole} has no `{}`", name.text);
        let known: Vec<&str> = fields.iter().map(|field| field.name.as_str()).chain(builtin.iter().copied()).collect();
        let help = did_you_mean(name.text, known.iter().copied())
            .unwrap_or_else(|| format!("declare it, as in `{root} {{ {}: string }}`", name.text));
        self.report(Diagnostic::new(Code::AP0214, title, name.span, "not declared").help(help));
        self.unknown(span).at(span)
    }

    pub(super) fn agent_attribute(&mut self, name: &ast::Name<'a>, span: Span) -> Typed {
        let policy = self.cx.policy;
        let agents = match (&self.that, &self.place) {
            (Some(that), _) => that.agents.clone(),
            (None, Place::Rule { agents, .. }) => agents.clone(),
            _ => return self.unknown(span).at(span),
        };
        let agents: Vec<_> = match &agents {
            Some(agents) => agents.iter().map(|id| &policy[*id]).collect(),
            None => policy.agents.iter().collect(),
        };
        let fleet = match agents.as_slice() {
            [] => {
                let title = format!("`agent.{}` is read where there is no agent", name.text);
                let diagnostic = Diagnostic::new(Code::AP0214, title, name.span, "an attribute of a fleet");
                self.report(diagnostic.help("check it together with the modules that declare agents"));
                return self.unknown(span).at(span);
            }
            [one] => one.fleet.map(|shape| (one.name.as_str(), shape)),
            _ => None,
        };
        let Some((fleet, shape)) = fleet else {
            let title = format!("`agent.{}` is read where the agent is not one fleet", name.text);
            let other = agents.iter().find(|agent| agent.fleet.is_none()).or(agents.last());
            let mut diagnostic = Diagnostic::new(Code::AP0214, title, name.span, "an attribute of a fleet");
            if let Some(other) = other {
                let what = if other.fleet.is_none() { "has no attributes" } else { "is a fleet of its own" };
                diagnostic =
                    diagnostic.because(other.span, format!("the rule is about `{}` too, which {what}", other.name));
            }
            let help = match policy.agents.iter().find(|agent| agent.fleet.is_some()) {
                Some(fleet) => format!("name the fleet: `agent in {}`; write one rule for each", fleet.name),
                None => "declare a fleet, as in `fleet store_bot(store: string) { ... }`".to_owned(),
            };
            self.report(diagnostic.help(help));
            return self.unknown(span).at(span);
        };
        match policy[shape].field(name.text) {
            Some((_, field)) => self.declared_field(ExprKind::Agent(name.text.to_owned()), field, span),
            None => {
                let fields = &policy[shape].fields;
                self.no_field(&format!("the fleet `{fleet}`"), name, span, fields, "fleet", &[])
            }
        }
    }

    /// The tools whose arguments are at hand.
    fn tools(&self) -> &[ToolId] {
        if let Some(that) = &self.that {
            return &that.tools;
        }
        match &self.place {
            Place::Rule { tools, .. } => tools,
            Place::ResultKey { tool, .. } => std::slice::from_ref(tool),
            Place::Constraint { .. } | Place::Definition => &[],
        }
    }

    pub(super) fn argument_names(&self) -> Vec<&str> {
        let policy = self.cx.policy;
        let fields = |tool: &ToolId| policy[policy[*tool].params].fields.iter();
        let mut names: Vec<&str> = self.tools().iter().flat_map(fields).map(|field| field.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Types `args.name` for every tool that the rule may be about.
    pub(super) fn argument(&mut self, name: &ast::Name<'a>, span: Span, asking: bool) -> Typed {
        let (policy, tools) = (self.cx.policy, self.tools());
        let field_of = |tool: &ToolId| policy[policy[*tool].params].field(name.text).map(|(_, field)| (*tool, field));
        let having: Vec<(ToolId, &Field)> = tools.iter().filter_map(field_of).collect();
        let Some((first_tool, first)) = having.first().copied() else {
            return self.no_argument(name, span);
        };
        if self.told.iter().any(|told| told == name.text) {
            return self.unknown(span).at(span);
        }
        let lacking: Vec<ToolId> = tools.iter().filter(|tool| field_of(tool).is_none()).copied().collect();
        let key = format!("args.{}", name.text);
        if !lacking.is_empty() && asking {
            self.exempts(name, span, &lacking);
        } else if !lacking.is_empty() && !self.facts.contains(&key) {
            self.not_in_every_tool(name, first, &lacking);
            self.told.push(name.text.to_owned());
            return self.unknown(span).at(span);
        }
        if let Some((tool, other)) = having.iter().find(|(_, field)| !alike(policy, &field.ty, &first.ty)) {
            let title = format!("`{}` is not of one type in every tool of {}", name.text, self.whose_tools());
            let word = |tool: ToolId, ty: &Type| format!("in `{}` it is {}", policy[tool].name, self.a_type(ty));
            let diagnostic = Diagnostic::new(Code::AP0314, title, name.span, "which of them?")
                .because(first.span, word(first_tool, &first.ty))
                .because(other.span, word(*tool, &other.ty));
            let one = if self.that.is_some() { "set" } else { "rule" };
            self.report(diagnostic.help(format!("write one {one} for each type")));
            self.told.push(name.text.to_owned());
            return self.unknown(span).at(span);
        }
        let optional = !lacking.is_empty() || having.iter().any(|(_, field)| field.optional);
        let declared = having.iter().find(|(_, field)| field.optional).map_or(first, |(_, field)| field);
        let widest = having.iter().fold(first.ty.clone(), |widest, (_, field)| wider(&widest, &field.ty));
        let whole =
            Field { optional, ty: widest, secret: having.iter().any(|(_, field)| field.secret), ..declared.clone() };
        self.declared_field(ExprKind::Arg(name.text.to_owned()), &whole, span)
    }

    fn whose_tools(&self) -> &'static str {
        if self.that.is_some() { "this set" } else { "this rule" }
    }

    fn tool_names(&self, tools: &[ToolId]) -> String {
        listed(tools.iter().map(|tool| self.cx.policy[*tool].name.as_str()))
    }

    fn no_argument(&mut self, name: &ast::Name<'a>, span: Span) -> Typed {
        let tools = self.tools();
        let Some(first) = tools.first() else { return self.unknown(span).at(span) };
        let of = match tools {
            [one] => format!("`{}` has", self.cx.policy[*one].name),
            _ => format!("the tools of {} have", self.whose_tools()),
        };
        let title = format!("{of} no argument `{}`", name.text);
        let known = self.argument_names();
        let help = did_you_mean(name.text, known.iter().copied()).or_else(|| match known.as_slice() {
            [] => None,
            known => Some(format!("the arguments are {}", listed(known.iter().copied()))),
        });
        let mut diagnostic = Diagnostic::new(Code::AP0213, title, name.span, "not an argument").maybe_help(help);
        if let [one] = tools {
            let tool = &self.cx.policy[*one];
            diagnostic = diagnostic.because(tool.span, format!("`{}` is declared here", tool.name));
        } else {
            let tool = &self.cx.policy[*first];
            diagnostic = diagnostic.because(tool.span, format!("`{}` is one of them", tool.name));
        }
        self.report(diagnostic);
        self.unknown(span).at(span)
    }

    fn not_in_every_tool(&mut self, name: &ast::Name<'a>, field: &Field, lacking: &[ToolId]) {
        let title = format!("not every tool of {} has an argument `{}`", self.whose_tools(), name.text);
        let verb = if lacking.len() == 1 { "has" } else { "have" };
        let label = format!("{} {verb} none", self.tool_names(lacking));
        let diagnostic = Diagnostic::new(Code::AP0314, title, name.span, label)
            .because(field.span, format!("`{}` is declared here", name.text));
        let other = if self.that.is_some() { "set" } else { "rule" };
        let help = format!("name the tools that have it in `tool`, and write another {other} for the others");
        self.report(diagnostic.help(help));
    }

    /// `has args.x` where some tools have no `x`.
    fn exempts(&mut self, name: &ast::Name<'a>, span: Span, lacking: &[ToolId]) {
        let Place::Rule { grants, .. } = &self.place else { return };
        // Of an earlier call it says that there was the argument, which is what is asked.
        if self.that.is_some() {
            return;
        }
        let does = if *grants { "changes what the rule says of" } else { "exempts" };
        let title = format!("`has args.{}` {does} the tools without the argument", name.text);
        let verb = if lacking.len() == 1 { "has" } else { "have" };
        let label = format!("{} {verb} none", self.tool_names(lacking));
        let help = format!("name the tools with `{}` in this rule, and write another for the others", name.text);
        self.report(Diagnostic::new(Code::AP0616, title, span, label).help(help));
    }
}
