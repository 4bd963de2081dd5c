//! What rules, tools and agents mean, as texts that depend on nothing else in their program: the same rule means the same
//! in two programs that number their tools, constants and questions otherwise.

use agentpol::Program;
use agentpol::bytecode::sha256::Sha256;
use agentpol::bytecode::tables::{
    Candidate, Delegation, Effect, On, ResourceName, ResourceOf, Returns, RuleId, Scope, Source,
};

use super::print::{DEPTH, Printer, span, verbs};

/// A thing of a policy, part by part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    name: &'static str,
    value: String,
    /// People read it; else it is only told that it changed.
    shown: bool,
    /// It decides; else it is only said to people.
    decides: bool,
}

impl Meaning {
    fn say(&mut self, name: &'static str, value: impl Into<String>) {
        self.parts.push(Part { name, value: value.into(), shown: true, decides: true });
    }

    /// Adds what is only said to people.
    fn tell(&mut self, name: &'static str, value: impl Into<String>) {
        self.parts.push(Part { name, value: value.into(), shown: true, decides: false });
    }

    /// Adds what only machines read.
    fn hide(&mut self, name: &'static str, value: impl Into<String>) {
        self.parts.push(Part { name, value: value.into(), shown: false, decides: true });
    }

    /// What one part says.
    pub(super) fn part(&self, name: &str) -> String {
        self.parts.iter().find(|part| part.name == name).map_or(String::new(), |part| part.value.clone())
    }

    /// Adds what decides to a digest.
    pub(super) fn digest(&self, digest: &mut Sha256) {
        for part in self.parts.iter().filter(|part| part.decides) {
            for text in [part.name, &part.value] {
                digest.update(&(text.len() as u64).to_le_bytes());
                digest.update(text.as_bytes());
            }
        }
    }

    /// What became other, in words: `phase: read only -> autonomous`. Nothing where they mean the same.
    pub(super) fn difference(&self, new: &Meaning) -> Vec<String> {
        let mut found = Vec::new();
        for (old, new) in self.parts.iter().zip(&new.parts).filter(|(old, new)| old.value != new.value) {
            let said = |value: &str| if value.is_empty() { "nothing".to_owned() } else { value.to_owned() };
            match old.shown {
                true => found.push(format!("{}: {} -> {}", old.name, said(&old.value), said(&new.value))),
                // What the conditions mean follows from what they say, unless only a definition behind them changed.
                false if found.is_empty() => found.push(format!("{}: changed", old.name)),
                false => {}
            }
        }
        found
    }
}

/// What a rule means.
pub(super) fn rule(program: &Program, id: RuleId) -> Meaning {
    let mut meaning = Meaning::default();
    let Some(rule) = program.rule(id) else { return meaning };
    let print = Printer { program };
    meaning.say("effect", print.effect(rule));
    meaning.say("state", if rule.observed { "in observation" } else { "live" });
    meaning.say("always", if rule.always { "yes" } else { "no" });
    add_scope(&print, &mut meaning, &rule.scope);
    let clauses = program.tables().debug.clauses.get(id.0 as usize);
    let clauses: Vec<String> = clauses.into_iter().flatten().map(|(_, text)| on_one_line(text)).collect();
    meaning.tell("conditions", clauses.join("; "));
    meaning.tell("because", rule.because.map_or("", |because| program.symbol(because)));
    meaning.hide("meaning of its conditions", print.block(rule.entry, DEPTH));
    meaning.hide("what it counts", print.counter(rule));
    meaning
}

/// What a tool means.
pub(super) fn tool(program: &Program, tool: u32) -> Meaning {
    let mut meaning = Meaning::default();
    let Some(tool) = program.tables().tools.get(tool as usize) else { return meaning };
    let print = Printer { program };
    meaning.say("name on the wire", program.symbol(tool.wire));
    meaning.say("servers", print.symbols(&tool.servers));
    meaning.say("environments", tool.environments.as_deref().map_or("any".to_owned(), |list| print.symbols(list)));
    meaning.say("verbs", verbs(tool.verbs));
    meaning.say("verbs are", if tool.unverified { "unverified" } else { "verified" });
    meaning.say("data", print.datasets(&tool.datasets));
    meaning.say("touches anything", if tool.touches_anything { "yes" } else { "no" });
    meaning.say("fixed hosts", print.symbols(&tool.fixed_hosts));
    meaning.say("pinned", tool.pinned.map_or("", |digest| program.symbol(digest)));
    meaning.say("parameters", print.fields(&tool.params, DEPTH));
    meaning.say("other arguments", if tool.open { "pass" } else { "refused" });
    meaning.say(
        "answers are",
        match tool.returns {
            Returns::Untrusted => "untrusted",
            Returns::Trusted => "trusted",
            Returns::Mixed => "trusted but for marked fields",
            Returns::Nothing => "nothing",
        },
    );
    meaning.hide("answers", tool.answer.map_or(String::new(), |answer| print.answer(answer, DEPTH)));
    let resource = |resource: ResourceOf| match resource.id {
        ResourceName::Text(id) => format!("{} {:?}", print.resource(resource.of), program.symbol(id)),
        ResourceName::Argument(at) => format!("{} of {at}", print.resource(resource.of)),
    };
    meaning.hide("resource", tool.resource.map_or(String::new(), resource));
    meaning.hide("labels", tool.datasets.iter().map(|at| print.labels(*at)).collect::<Vec<_>>().join(" "));
    meaning
}

/// What an agent means.
pub(super) fn agent(program: &Program, agent: u32) -> Meaning {
    let mut meaning = Meaning::default();
    let Some(agent) = program.tables().agents.get(agent as usize) else { return meaning };
    let print = Printer { program };
    meaning.say("phase", print.phase(agent.phase));
    let identities: Vec<String> = agent.identities.iter().map(|identity| print.identity(identity)).collect();
    meaning.say("identities", identities.join(", "));
    meaning
        .say("credential", agent.credential_max_age.map_or(String::new(), |age| format!("at most {} old", span(age))));
    let via: Vec<&str> = agent.reached_via.iter().map(|at| print.agent(*at)).collect();
    meaning.say("reached via", via.join(", "));
    meaning.say("directly", if agent.directly { "yes" } else { "no" });
    meaning.tell("owner", program.symbol(agent.owner));
    meaning.hide("attributes", agent.fleet.as_ref().map_or(String::new(), |fields| print.fields(fields, DEPTH)));
    let at = program.tables().agents.iter().position(|other| std::ptr::eq(other, agent));
    let delegations = program.tables().delegations.iter().filter(|one| Some(one.from as usize) == at);
    let delegation = |one: &Delegation| {
        let mut scope = Meaning::default();
        add_scope(&print, &mut scope, &one.scope);
        format!("{} {:?} {}", print.agent(one.to), scope.parts, print.block(one.entry, DEPTH))
    };
    meaning.hide("delegations", delegations.map(delegation).collect::<Vec<_>>().join("\n"));
    meaning
}

/// What holds for all calls.
pub(super) fn whole(program: &Program) -> Meaning {
    let mut meaning = Meaning::default();
    let print = Printer { program };
    let tables = program.tables();
    let from = |source: Source| match source {
        Source::Request => "requests".to_owned(),
        Source::Directory { max_age: None } => "the directory".to_owned(),
        Source::Directory { max_age: Some(age) } => format!("the directory, at most {} old", span(age)),
    };
    meaning.say("users come from", from(tables.users_from));
    meaning.say("resources come from", from(tables.resources_from));
    meaning.say("attributes of users", print.fields(&tables.user, DEPTH));
    meaning.say("fields of the context", print.fields(&tables.context, DEPTH));
    let root = tables.modules.iter().find(|module| module.root);
    meaning.say("root module", root.map_or("", |module| program.symbol(module.name)));
    meaning
}

/// A text on one line.
pub(super) fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Adds whom and what a rule speaks about.
fn add_scope(print: &Printer<'_>, meaning: &mut Meaning, scope: &Scope) {
    let agents =
        scope.agents.as_ref().map(|list| list.iter().map(|at| print.agent(*at)).collect::<Vec<_>>().join(", "));
    meaning.say("agents", agents.unwrap_or_else(|| "any".to_owned()));
    // Not in digests: what is compared there is about one tool.
    meaning.tell("tools", scope.tools.as_ref().map_or_else(|| "any".to_owned(), |list| print.tools(list)));
    meaning.say("does", scope.does.map_or_else(String::new, verbs));
    meaning.say(
        "on",
        match &scope.on {
            None => String::new(),
            Some(On::Datasets(list)) => print.datasets(list),
            Some(On::Level(level, member)) => print.level_word(*level, *member).to_owned(),
        },
    );
    // Which tools the module may grant is the business of tools and shares, and no change of the rule.
    meaning.hide("named one by one", scope.tools_by_name.to_string());
}

/// Bytes in hexadecimal digits, the first so many.
pub(super) fn hex(bytes: &[u8], most: usize) -> String {
    bytes.iter().take(most).map(|byte| format!("{byte:02x}")).collect()
}

/// The rules that may allow a call, of those that a cell has.
pub(super) fn grants(program: &Program, cell: &[Candidate]) -> Vec<RuleId> {
    let is_allow =
        |rule: &RuleId| program.rule(*rule).is_some_and(|rule| matches!(rule.effect, Effect::Allow) && !rule.observed);
    // An allow that agent and tool leave open is unknown at best, and grants nothing.
    cell.iter().filter(|candidate| !candidate.unsure).map(|candidate| candidate.rule).filter(is_allow).collect()
}
