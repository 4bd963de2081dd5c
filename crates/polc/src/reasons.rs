//! Why a decision is as it is: the rules that decided, and what the others asked that was false or not known.

use agentpol::bytecode::decision::{Ask, Asker, Missing};
use agentpol::bytecode::render::Time;
use agentpol::bytecode::tables::{Effect, Phase, Place, Rule, RuleId};
use agentpol::{Code, Decision, Outcome, Program, RuleMatch, Scratch, Tri};

use crate::escape::{cut, one_line};
use crate::render::paragraph;
use crate::terminal::{Ink, Page};
use crate::wording::counted;

/// How much of a clause is shown, in characters.
const CLAUSE: usize = 60;
/// Where a hint begins, and how wide a line is.
const INDENT: usize = 12;
const WIDTH: usize = 80;

/// Writes a decision and its reasons, and a hint where there is one. The scratch must have recorded it.
pub(crate) fn show(program: &Program, decision: &Decision, scratch: &Scratch, hint: Option<&str>, page: &mut Page) {
    outcome(program, decision, page);
    brief(program, decision, hint, page);
    View { program, decision }.others(scratch, page);
}

/// Writes the outcome and what its code means.
pub(crate) fn outcome(program: &Program, decision: &Decision, page: &mut Page) {
    View { program, decision }.outcome(page);
}

/// Returns a text whose later lines stand below the first, behind `  help      `.
pub(crate) fn hanging(text: &str) -> String {
    paragraph(&one_line(text), WIDTH, INDENT)
}

/// Writes what decided and what to do, without the rules that did not decide.
pub(crate) fn brief(program: &Program, decision: &Decision, hint: Option<&str>, page: &mut Page) {
    let view = View { program, decision };
    view.deciding(page);
    view.details(page);
    if let Some(hint) = hint {
        page.line(format_args!("  help      {}", hanging(hint)));
    }
}

struct View<'v> {
    program: &'v Program,
    decision: &'v Decision,
}

impl View<'_> {
    fn outcome(&self, page: &mut Page) {
        let code = self.decision.code();
        let ink = match code.outcome() {
            Outcome::Allow => Ink::Green,
            Outcome::Deny => Ink::Red,
            Outcome::RequireApproval | Outcome::Throttle => Ink::Yellow,
        };
        let word = page.ink(ink, code.outcome().as_str().replace('_', " "));
        // The word counts without its colours.
        let plain = format!("{}, {}: {}", code.outcome().as_str().replace('_', " "), code.as_str(), code.meaning());
        let wrapped = paragraph(&plain, WIDTH, 2);
        let rest = wrapped.get(code.outcome().as_str().len()..).unwrap_or_default();
        page.line(format_args!("{word}{rest}"));
    }

    fn deciding(&self, page: &mut Page) {
        let rules = self.decision.rules();
        for id in rules.named() {
            self.rule("  by", *id, page);
        }
        let more = rules.total() as usize - rules.named().len();
        if more > 0 {
            page.line(format_args!("  and {}", counted(more, "more rule")));
        }
    }

    fn details(&self, page: &mut Page) {
        let decision = self.decision;
        for text in decision.because(self.program) {
            page.line(format_args!("  because   {}", one_line(text)));
        }
        if let Some(pointer) = decision.argument() {
            page.line(format_args!("  argument  {}", one_line(pointer)));
        }
        for ask in decision.asks().named() {
            self.ask(ask, page);
        }
        if let Some(retry) = decision.retry() {
            let after = duration(retry.after.saturating_add(999));
            page.line(format_args!("  again     after {after}, at {}", Time(retry.at)));
        }
        for alert in decision.alerts().named() {
            let unsure = if alert.uncertain { ", not surely" } else { "" };
            if let Some(rule) = self.program.rule(alert.rule) {
                page.line(format_args!("  raises    {}{unsure}", self.named(rule)));
            }
        }
        let also: Vec<&str> = decision.also().iter().map(Code::as_str).collect();
        if !also.is_empty() {
            page.line(format_args!("  also      {}", also.join(", ")));
        }
        if let Some(would) = decision.would() {
            let outcome = would.outcome().as_str().replace('_', " ");
            page.line(format_args!("  would be  {outcome}, {}, with every rule live", would.as_str()));
        }
    }

    /// Writes whose approval is missing, and what persons answer to.
    fn ask(&self, ask: &Ask, page: &mut Page) {
        let tables = self.program.tables();
        let from = match ask.by {
            Asker::Rule(id) => match self.program.rule(id).map(|rule| rule.effect) {
                Some(Effect::RequireApproval { from, count, within, .. }) => {
                    format!("{}, within {}", self.approver(from, count), duration(within))
                }
                _ => return,
            },
            Asker::Phase(agent) => match tables.agents.get(agent as usize).map(|agent| agent.phase) {
                Some(Phase::Supervised { by }) => format!("{}, asked by the agent's phase", self.approver(by, 1)),
                _ => return,
            },
        };
        page.line(format_args!("  approval  {from}"));
        if ask.missing != Missing::None {
            page.line(format_args!("            {}", ask.missing.as_str().replace('_', " ")));
        }
        if let Some(opened) = ask.opened.filter(|_| self.decision.outcome() == Outcome::RequireApproval) {
            let digest: String = opened.digest.iter().map(|byte| format!("{byte:02x}")).collect();
            page.line(format_args!("            until {}, digest", Time(opened.expires)));
            page.line(format_args!("            {digest}"));
        }
    }

    fn approver(&self, from: Option<u32>, count: u32) -> String {
        let group = from.and_then(|group| self.program.tables().groups.get(group as usize));
        match (group, count) {
            (None, _) => "from the user".to_owned(),
            (Some(group), 1) => format!("from {}", one_line(self.program.symbol(group.wire))),
            (Some(group), count) => format!("from {count} of {}", one_line(self.program.symbol(group.wire))),
        }
    }

    /// Writes the rules that were asked and did not decide.
    fn others(&self, scratch: &Scratch, page: &mut Page) {
        let deciding = self.decision.rules().named();
        let asked: Vec<RuleMatch<'_>> = scratch.last_matches().collect();
        let others: Vec<&RuleMatch<'_>> = asked.iter().filter(|one| !deciding.contains(&one.rule)).collect();
        if !others.is_empty() {
            let heading = page.ink(Ink::Bold, "rules that did not decide");
            page.line(format_args!("\n{heading}"));
        }
        for one in others {
            let word = match one.matched {
                Tri::True => page.ink(Ink::Green, "  holds  "),
                Tri::False => page.ink(Ink::Dim, "  false  "),
                Tri::Unknown => page.ink(Ink::Yellow, "  unknown"),
            };
            self.rule(&word, one.rule, page);
            self.clauses(one, page);
        }
        let all = self.program.tables().rules.len();
        // Where nothing was asked the request itself was refused, and no rule had a say.
        if !asked.is_empty() && all > asked.len() {
            let rest = counted(all - asked.len(), "more rule");
            let verb = if all - asked.len() == 1 { "speaks" } else { "speak" };
            page.line(format_args!("  {rest} {verb} of other agents or tools"));
        }
    }

    /// Writes the clauses of a rule that kept it from holding.
    fn clauses(&self, one: &RuleMatch<'_>, page: &mut Page) {
        let debug = &self.program.tables().debug;
        let known = debug.clauses.get(one.rule.0 as usize);
        let mut shown = false;
        for (at, value) in one.clauses.iter().enumerate() {
            let word = match value {
                Tri::True => continue,
                Tri::False => page.ink(Ink::Dim, "false"),
                Tri::Unknown => page.ink(Ink::Yellow, "not known"),
            };
            shown = true;
            match known.and_then(|clauses| clauses.get(at)) {
                Some((place, text)) => {
                    let flat: Vec<&str> = text.split_whitespace().collect();
                    let text = one_line(&flat.join(" ")).into_owned();
                    page.line(format_args!("             {}", cut(&text, CLAUSE)));
                    page.line(format_args!("             {word}, {}", self.place(*place)));
                }
                None => page.line(format_args!("             clause {}: {word}", at + 1)),
            }
        }
        if one.matched == Tri::Unknown && !shown {
            page.line("             whether it speaks of this tool is not known: its verbs are `unverified`");
            page.line("             or it `touches anything`");
        }
    }

    fn rule(&self, before: &str, id: RuleId, page: &mut Page) {
        let Some(rule) = self.program.rule(id) else { return };
        let place = self.program.tables().debug.rules.get(id.0 as usize).map(|place| self.place(*place));
        page.line(format_args!("{before} {}", self.named(rule)));
        if let Some(place) = place {
            let indent = if before == "  by" { "     " } else { "           " };
            page.line(format_args!("{indent}{place}"));
        }
    }

    /// Returns `deny "no secrets" of acme.files`.
    fn named(&self, rule: &Rule) -> String {
        let module = self.program.tables().modules.get(rule.module as usize);
        let module = module.map_or("", |module| self.program.symbol(module.name));
        let observed = if rule.observed { ", in observation" } else { "" };
        let name = one_line(self.program.symbol(rule.name));
        format!("{} \"{name}\" of {}{observed}", rule.effect.as_str(), one_line(module))
    }

    fn place(&self, place: Place) -> String {
        let file = self.program.tables().debug.files.get(place.file as usize).map_or("", String::as_str);
        format!("{}:{}:{}", one_line(file), place.line, place.column)
    }
}

/// Returns milliseconds as the language writes durations.
fn duration(millis: i64) -> String {
    let mut rest = millis / 1_000;
    let mut out = String::new();
    for (unit, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if rest >= seconds {
            out.push_str(&format!("{}{unit}", rest / seconds));
            rest %= seconds;
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}
