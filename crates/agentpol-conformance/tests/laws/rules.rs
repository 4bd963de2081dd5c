//! Random rules as text, each a file of its own, so that one that the checker refuses can be left out.

use crate::expressions::{Scope, condition};
use crate::random::Random;
use crate::world::{AGENTS, Field, World};

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Entitle,
    Deny,
    RequireApproval,
}

/// A rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) module: &'static str,
    pub(crate) effect: Effect,
    pub(crate) name: String,
    /// In the order in which they are written. A `let` stands before the clauses that read it.
    pub(crate) clauses: Vec<String>,
}

impl Rule {
    /// Writes it as a file.
    pub(crate) fn file(&self) -> String {
        let word = match self.effect {
            Effect::Allow => "allow",
            Effect::Entitle => "entitle",
            Effect::Deny => "deny",
            Effect::RequireApproval => "require approval",
        };
        let clauses = self.clauses.join("\n  ");
        format!("module {}\n{word} \"{}\" {{\n  {clauses}\n}}\n", self.module, self.name)
    }
}

/// Makes a rule.
pub(crate) fn rule(random: &mut Random, world: &World, number: usize) -> Rule {
    let effect = [
        Effect::Allow,
        Effect::Allow,
        Effect::Allow,
        Effect::Deny,
        Effect::Deny,
        Effect::RequireApproval,
        Effect::Entitle,
    ][random.below(7)];
    restriction_or_grant(random, world, number, effect)
}

/// Grants so broad that the other rules decide.
pub(crate) fn broad(random: &mut Random) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (module, number) in [("random.one", 90), ("random.two", 91)] {
        let everybody = |clauses: &[&str]| clauses.iter().map(|clause| (*clause).to_owned()).collect();
        if random.percent(70) {
            let clauses = everybody(&["agent any", "user any, none", "tool *"]);
            rules.push(Rule { module, effect: Effect::Allow, name: format!("rule {number}"), clauses });
        }
        if random.percent(60) {
            let clauses = everybody(&["user any", "tool *"]);
            rules.push(Rule { module, effect: Effect::Entitle, name: format!("rule {}", number + 2), clauses });
        }
    }
    rules
}

/// Makes a rule of this effect.
pub(crate) fn restriction_or_grant(random: &mut Random, world: &World, number: usize, effect: Effect) -> Rule {
    let module = if random.percent(70) { "random.one" } else { "random.two" };
    let mut clauses = Vec::new();
    let fields = selectors(random, world, module, effect, &mut clauses);
    let mut scope = Scope::new(&fields);
    if random.percent(20) {
        clauses.push(format!("let chosen = {}", condition(random, &scope, 1)));
        scope = scope.with("chosen", crate::world::Kind::Bool);
    }
    for word in ["when", "unless"] {
        if random.percent(55) {
            clauses.push(format!("{word} {}", condition(random, &scope, 2)));
        }
    }
    if effect == Effect::RequireApproval {
        clauses.push((*random.pick(&["from staff", "from user", "from 2 of staff"])).to_owned());
    }
    if random.percent(10) && effect != Effect::Entitle {
        clauses.push("phase observe".to_owned());
    }
    if random.percent(15) && !matches!(effect, Effect::Allow | Effect::Entitle) {
        clauses.push("always".to_owned());
    }
    Rule { module, effect, name: format!("rule {number:02}"), clauses }
}

/// Chooses selectors, and returns the parameters that all selected tools have.
fn selectors(
    random: &mut Random,
    world: &World,
    module: &str,
    effect: Effect,
    clauses: &mut Vec<String>,
) -> Vec<Field> {
    let mine: Vec<&str> = AGENTS.iter().filter(|agent| agent.module == module).map(|agent| agent.name).collect();
    match (effect, random.below(4)) {
        (Effect::Entitle, 0..=2) => {}
        (_, 0..=2) => clauses.push("agent any".to_owned()),
        _ => clauses.push(format!("agent {}", random.pick(&mine))),
    }
    if effect == Effect::Allow || random.percent(25) {
        let group = if module == "random.one" { "in support, in night" } else { "in staff" };
        let users = ["any", "any", "any, none", "none", "\"ana\", \"bo\"", group];
        clauses.push(format!("user {}", random.pick(&users)));
    }
    let fields = tools(random, world, module, clauses);
    if module == "random.one" && random.percent(15) {
        clauses.push(format!("env {}", random.pick(&["prod", "prod, staging"])));
    }
    if module == "random.one" && random.percent(10) {
        clauses.push(format!("task {}", random.pick(&["\"desk\"", "\"desk\", \"mail\""])));
    }
    if module == "random.one" && random.percent(15) {
        clauses.push(format!(
            "{} {}",
            random.pick(&["during", "outside"]),
            random.pick(&["office", "late", "office, late"])
        ));
    }
    fields
}

fn tools(random: &mut Random, world: &World, module: &str, clauses: &mut Vec<String>) -> Vec<Field> {
    match random.below(6) {
        0 => {
            clauses
                .push(format!("does {}", random.pick(&["reads", "reads, updates", "sends", "pays, deletes, reads"])));
            Vec::new()
        }
        1 => {
            let one = [
                "on crm.tickets",
                "on crm",
                "on crm, mail",
                "on sensitivity <= internal",
                "on sensitivity >= confidential",
            ];
            let two = ["on desk", "on one.crm.tickets", "on sensitivity >= internal", "on sensitivity <= restricted"];
            clauses.push((*if module == "random.one" { random.pick(&one) } else { random.pick(&two) }).to_owned());
            Vec::new()
        }
        2 => {
            clauses.push("tool *".to_owned());
            Vec::new()
        }
        _ => {
            let first = random.below(world.tools.len());
            let second = random.below(world.tools.len());
            let (a, b) = (&world.tools[first].fields, &world.tools[second].fields);
            clauses.push(match first == second {
                true => format!("tool {}", world.name_in(first, module)),
                false => format!("tool {}, {}", world.name_in(first, module), world.name_in(second, module)),
            });
            a.iter().filter(|field| b.contains(field)).copied().collect()
        }
    }
}
