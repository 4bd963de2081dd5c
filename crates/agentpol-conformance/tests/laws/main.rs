//! The laws of decisions (semantics 8), and that the engines agree, on random policies and requests.
//!
//! `SEED=n` starts from another seed, `ROUNDS=n` tries that many programs for each law. What fails prints its seed.

mod expressions;
mod logs;
mod memory;
#[path = "../native/mod.rs"]
mod native;
mod past;
mod program;
mod random;
mod readers;
mod requests;
mod rules;
mod world;

use agentpol_conformance::reference::Summary;
use expressions::{Scope, condition};
use program::{Program, Sources};
use random::Random;
use requests::{ORIGINS, Request, request, request_about};
use rules::{Effect, restriction_or_grant};
use std::collections::BTreeMap;
use world::AGENTS;

/// How many programs a law is tried on where nothing else is said.
const ROUNDS: u64 = 16;
/// How many requests each program is asked.
const REQUESTS: usize = 30;

pub(crate) fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Which agent and which tool are asked about.
#[derive(Clone, Copy)]
struct About {
    agent: usize,
    tool: usize,
}

/// Goes through random programs.
fn programs(each: impl Fn(u64, Program, &mut Random)) {
    let first = number("SEED", 1);
    for seed in first..first + number("ROUNDS", ROUNDS) {
        let mut random = Random::new(seed);
        let program = Sources::new(&mut random).compile();
        each(seed, program, &mut random);
    }
}

fn fail(seed: u64, error: &str, request: &Request, programs: &[&Program]) -> ! {
    let shown: Vec<String> = programs.iter().map(|program| program.shown()).collect();
    panic!("SEED={seed} ROUNDS=1\n{error}\n{}\n{}", request.text(), shown.join("\n// ==== changed\n"));
}

/// Tries a law about one program: how it is broken by a request.
fn hold(law: impl Fn(&Program, &Request, &mut Random) -> Option<String>) {
    programs(|seed, program, random| {
        for _ in 0..REQUESTS {
            let request = request(random, &program.sources.world);
            if let Some(error) = law(&program, &request, random) {
                fail(seed, &error, &request, &[&program]);
            }
        }
    });
}

/// Tries a law about a program and a changed one: what must be between their decisions.
fn between(
    relation: impl Fn(&Summary, &Summary) -> Option<String>,
    change: impl Fn(&mut Sources, About, &mut Random) -> Option<()>,
) {
    programs(|seed, program, random| {
        let world = &program.sources.world;
        let about = About { agent: random.below(AGENTS.len()), tool: random.below(world.tools.len()) };
        let mut sources = program.sources.clone();
        let Some(other) = change(&mut sources, about, random).and_then(|()| sources.try_compile().ok()) else { return };
        for round in 0..REQUESTS {
            let request = match round % 3 {
                0 => request(random, world),
                _ => request_about(random, world, about.agent, about.tool),
            };
            if let Some(error) = relation(&program.decide(&request), &other.decide(&request)) {
                fail(seed, &error, &request, &[&program, &other]);
            }
        }
    });
}

fn not_milder(before: &Summary, after: &Summary) -> Option<String> {
    (after.outcome() < before.outcome()).then(|| format!("it was {before}\nand is {after}"))
}

fn same(before: &Summary, after: &Summary) -> Option<String> {
    (before != after).then(|| format!("it was {before}\nand is {after}"))
}

#[test]
fn engines_agree() {
    hold(|program, request, _| {
        let _ = program.decide(request);
        None
    });
}

/// The generator is worth something: all outcomes and most codes occur, and most rules are taken.
#[test]
fn random_programs_are_rich() {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut taken = 0;
    let rounds = 40;
    for seed in 0..rounds {
        let mut random = Random::new(seed);
        let program = Sources::new(&mut random).compile();
        taken += program.sources.rules.len();
        for _ in 0..20 {
            let request = request(&mut random, &program.sources.world);
            *codes.entry(program.decide(&request).code.as_str()).or_default() += 1;
        }
    }
    let wanted = [
        "allowed",
        "allowed_in_observation",
        "approval_required",
        "argument_invalid",
        "argument_missing",
        "context_invalid",
        "denied_by_rule",
        "denied_unknown",
        "no_allow",
        "no_allow_unknown",
        "not_entitled",
        "phase_read_only",
        "tool_unknown",
    ];
    let missing: Vec<_> = wanted.iter().filter(|code| !codes.contains_key(*code)).collect();
    assert!(missing.is_empty(), "{missing:?} never occur: {codes:?}");
    let judged = 20 * rounds as usize
        - codes
            .iter()
            .filter(|(code, _)| code.starts_with("argument_") || code.starts_with("context_"))
            .map(|(_, n)| n)
            .sum::<usize>();
    assert!(judged > 14 * rounds as usize, "too few requests reach the rules: {codes:?}");
    assert!(taken >= 5 * rounds as usize, "only {taken} rules in {rounds} programs are taken");
}

/// Law 1: a further restriction never makes a decision milder.
#[test]
fn restrictions_only_restrict() {
    between(not_milder, |sources, _, random| {
        let effect = if random.percent(60) { Effect::Deny } else { Effect::RequireApproval };
        let rule = restriction_or_grant(random, &sources.world, 99, effect);
        sources.rules.push(rule);
        Some(())
    });
}

/// Law 1: a stricter phase never makes a decision milder. The phases tried are milder than `read_only`, so a denial that
/// only reads comes from an `observe` whose day has come, which is the strictest phase itself.
#[test]
fn stricter_phases_only_restrict() {
    let relation = |before: &Summary, after: &Summary| {
        let over = before.code.as_str() == "phase_read_only";
        if over { None } else { not_milder(before, after) }
    };
    between(relation, |sources, about, _| {
        let phase = &mut sources.phases[about.agent];
        *phase = (*phase < 3).then_some(*phase + 1)?;
        Some(())
    });
}

/// Law 2: taking a grant away never makes a decision milder.
#[test]
fn grants_only_widen() {
    between(not_milder, |sources, _, random| {
        let is_grant = |rule: &rules::Rule| matches!(rule.effect, Effect::Allow | Effect::Entitle);
        let grants: Vec<usize> = (0..sources.rules.len()).filter(|at| is_grant(&sources.rules[*at])).collect();
        sources.rules.remove(*grants.get(random.below(grants.len()))?);
        Some(())
    });
}

/// Law 2: taking a `share` away never makes a decision milder.
#[test]
fn shares_only_widen() {
    between(not_milder, |sources, _, _| {
        let shared = std::mem::replace(&mut sources.world.shares, false);
        shared.then_some(())
    });
}

/// Law 3: not to know something never makes a decision milder.
#[test]
fn the_unknown_only_restricts() {
    hold(|program, request, random| {
        let mut less = request.clone();
        match random.below(5) {
            0 => drop(less.members.remove("env")),
            1 => drop(less.members.remove("task")),
            2 => drop(less.members.remove("session")),
            3 => drop(less.user.as_mut()?.remove("groups")),
            _ => {
                let user = less.user.as_mut()?;
                let name = random.pick(&["vip", "grade", "region", "quota"]);
                user.insert(
                    world::USER.iter().find(|field| field.name == name)?.name,
                    "{\"not\":\"typed\"}".to_owned(),
                );
            }
        }
        not_milder(&program.decide(request), &program.decide(&less))
    });
}

/// Law 4: the order of files and clauses does not show.
#[test]
fn order_never_shows() {
    between(same, |sources, _, random| {
        sources.rules = random.shuffled(std::mem::take(&mut sources.rules));
        for rule in &mut sources.rules {
            let clauses = rule.clauses.drain(..);
            let (lets, others): (Vec<String>, Vec<String>) = clauses.partition(|clause| clause.starts_with("let "));
            rule.clauses = lets.into_iter().chain(random.shuffled(others)).collect();
        }
        Some(())
    });
}

/// The same files make the same bytes, in whatever order they come.
#[test]
fn order_of_files_never_shows_in_bytes() {
    programs(|seed, program, random| {
        let named: Vec<(String, String)> = program.sources.named_files();
        let bytes = |files: Vec<(String, String)>| {
            let mut sources = agentpol::SourceMap::new();
            for (name, text) in files {
                sources.add(name, text);
            }
            native::load(&sources, &program.sources.options()).map(|(bytes, _)| bytes)
        };
        let shuffled = random.shuffled(named.clone());
        assert!(bytes(named) == bytes(shuffled), "SEED={seed} ROUNDS=1\n{}", program.shown());
    });
}

/// Law 4: the order of operands does not show.
#[test]
fn order_of_operands_never_shows() {
    programs(|seed, program, random| {
        let tool = random.below(program.sources.world.tools.len());
        let scope = Scope::new(&program.sources.world.tools[tool].fields);
        let (one, two) = (condition(random, &scope, 1), condition(random, &scope, 1));
        let word = random.pick(&["and", "or"]);
        let with = |condition: String| {
            let mut sources = program.sources.clone();
            let name = sources.world.name_in(tool, "random.one");
            let clauses = vec!["agent any".to_owned(), format!("tool {name}"), format!("when {condition}")];
            let (module, effect) = ("random.one", Effect::Deny);
            sources.rules.push(rules::Rule { module, effect, name: "asked".to_owned(), clauses });
            sources.try_compile().ok()
        };
        let forwards = with(format!("({one} {word} {two})"));
        let backwards = with(format!("({two} {word} {one})"));
        let (Some(forwards), Some(backwards)) = (forwards, backwards) else { return };
        for _ in 0..REQUESTS {
            let agent = random.below(AGENTS.len());
            let request = request_about(random, &program.sources.world, agent, tool);
            if let Some(error) = same(&forwards.decide(&request), &backwards.decide(&request)) {
                fail(seed, &error, &request, &[&forwards, &backwards]);
            }
        }
    });
}

/// Law 4: the order of a user's groups does not show, nor that of the members of a request.
#[test]
fn order_in_requests_never_shows() {
    hold(|program, request, random| {
        let mut other = request.clone();
        if let Some(groups) = other.user.as_mut().and_then(|user| user.get_mut("groups")) {
            let inside = groups.trim_matches(['[', ']']).to_owned();
            let names = random.shuffled(inside.split(',').map(str::to_owned).collect());
            *groups = format!("[{}]", names.join(","));
        }
        same(&program.decide(request), &program.decide(&other))
    });
}

/// Law 5, as far as one call can tell: a worse origin never makes a decision milder.
#[test]
fn worse_origins_only_restrict() {
    hold(|program, request, random| {
        let mut worse = request.clone();
        let pointers: Vec<String> = worse.origin.keys().cloned().collect();
        let pointer = pointers.get(random.below(pointers.len()))?;
        let now = &ORIGINS[worse.origin[pointer]];
        let below: Vec<usize> = (0..ORIGINS.len()).filter(|other| now.covers(&ORIGINS[*other])).collect();
        worse.origin.insert(pointer.clone(), below[random.below(below.len())]);
        not_milder(&program.decide(request), &program.decide(&worse))
    });
}

/// Law 7: a condition that is unknown never grants; each effect makes of one condition what the table of effects says.
#[test]
fn the_unknown_never_grants() {
    programs(|seed, program, random| {
        let tool = random.below(program.sources.world.tools.len());
        let scope = Scope::new(&program.sources.world.tools[tool].fields);
        let condition = condition(random, &scope, 2);
        let (Some(allow), Some(deny)) =
            (alone(&program, tool, Effect::Allow, &condition), alone(&program, tool, Effect::Deny, &condition))
        else {
            return;
        };
        for _ in 0..REQUESTS {
            let request = request_about(random, &program.sources.world, 0, tool);
            let (granted, denied) = (allow.decide(&request), deny.decide(&request));
            let fits = match (granted.code.as_str(), denied.code.as_str()) {
                ("allowed", "denied_by_rule") | ("no_allow_unknown", "denied_unknown") | ("no_allow", "allowed") => {
                    true
                }
                // Without a user a grant is also what reaches marked data.
                ("not_entitled", "denied_unknown" | "allowed") => request.user.is_none(),
                (one, other) => one == other,
            };
            if !fits {
                fail(seed, &format!("when {condition}\nallow: {granted}\ndeny: {denied}"), &request, &[&allow, &deny]);
            }
        }
    });
}

/// A program in which an `allow` or a `deny` hangs on the condition and nothing else does.
fn alone(program: &Program, tool: usize, effect: Effect, condition: &str) -> Option<Program> {
    let module = "random.one";
    let mut sources = program.sources.clone();
    let name = sources.world.name_in(tool, module);
    let rule = |effect, name_of: &str, mut clauses: Vec<String>| {
        clauses.push(format!("tool {name}"));
        rules::Rule { module, effect, name: name_of.to_owned(), clauses }
    };
    let when = format!("when {condition}");
    let everybody = || vec!["agent any".to_owned(), "user any, none".to_owned()];
    let right = rule(Effect::Entitle, "right", vec!["user any".to_owned()]);
    sources.root = Some(module);
    sources.phases = [1; 4];
    sources.rules = match effect {
        Effect::Allow => vec![rule(Effect::Allow, "asked", [everybody(), vec![when]].concat()), right],
        _ => vec![
            rule(Effect::Deny, "asked", vec!["agent any".to_owned(), when]),
            rule(Effect::Allow, "base", everybody()),
            right,
        ],
    };
    sources.try_compile().ok()
}

/// Law 8: observing lets through only what the agent's own module could have allowed: by leaving out restrictions of its
/// own, and by an allow of its own where it may write one.
#[test]
fn observing_stays_within_ones_own() {
    programs(|seed, program, random| {
        let about = About { agent: random.below(AGENTS.len()), tool: random.below(program.sources.world.tools.len()) };
        let agent = AGENTS[about.agent];
        let mut observed = program.sources.clone();
        observed.phases[about.agent] = 0;
        let mut lenient = program.sources.clone();
        lenient.phases[about.agent] = 1;
        lenient.rules.retain(|rule| {
            let stays = rule.clauses.iter().any(|clause| clause == "always");
            rule.module != agent.module || stays || matches!(rule.effect, Effect::Allow | Effect::Entitle)
        });
        let mut generous = lenient.clone();
        let tool = generous.world.name_in(about.tool, agent.module);
        generous.rules.push(rules::Rule {
            module: agent.module,
            effect: Effect::Allow,
            name: "generous".to_owned(),
            clauses: vec![format!("agent {}", agent.name), "user any, none".to_owned(), format!("tool {tool}")],
        });
        let (Ok(observed), Ok(could)) =
            (observed.try_compile(), generous.try_compile().or_else(|_| lenient.try_compile()))
        else {
            return;
        };
        for _ in 0..REQUESTS {
            let request = request_about(random, &program.sources.world, about.agent, about.tool);
            let decision = observed.decide(&request);
            let allowed = could.decide(&request);
            if decision.code.as_str() == "allowed_in_observation" && allowed.code.as_str() != "allowed" {
                fail(
                    seed,
                    &format!("observed: {decision}\nas its module could have it: {allowed}"),
                    &request,
                    &[&observed, &could],
                );
            }
        }
    });
}
