//! The laws of decisions over what happened before, and that the engines agree, on random policies and random logs.

use crate::logs::{Log, Step};
use crate::native::{self, Deployed, Remembered};
use crate::number;
use crate::past::{self, Policy as Rules};
use crate::random::Random;
use crate::readers::mutated;
use agentpol::policy::Policy;
use agentpol::{Evaluator, Options, Severity, SourceMap, compile_sources};
use agentpol_conformance::reference::Summary;

/// How many programs a law is tried on where nothing else is said.
const ROUNDS: u64 = 16;
/// How many steps a log has where nothing else is said.
const STEPS: u64 = 60;

fn steps() -> usize {
    number("STEPS", STEPS) as usize
}

/// A policy on both engines.
struct Program {
    rules: Rules,
    policy: Policy,
    evaluator: Evaluator,
}

impl Program {
    /// Compiles what the checker takes: rules that it refuses are left out.
    fn new(mut rules: Rules) -> Program {
        loop {
            match Program::try_new(&rules) {
                Ok(program) => return program,
                Err(refused) => {
                    let mut number = 0;
                    rules.rules.retain(|_| {
                        number += 1;
                        !refused.contains(&(number - 1))
                    });
                }
            }
        }
    }

    fn try_new(rules: &Rules) -> Result<Program, Vec<usize>> {
        let mut sources = SourceMap::new();
        for (number, file) in rules.files().into_iter().enumerate() {
            sources.add(format!("{number:03}.agentpol"), file);
        }
        let options = Options::default();
        let checked = compile_sources(&sources, &options);
        if let Some(policy) = checked.policy {
            let (_, evaluator) =
                native::load(&sources, &options).unwrap_or_else(|error| panic!("{error}\n{}", rules.files().join("")));
            return Ok(Program { rules: rules.clone(), policy, evaluator });
        }
        let errors = checked.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        let refused = errors.map(|found| {
            let place = sources.locate(found.span()).0[..3].parse::<usize>().expect("a number");
            let shown = format!("{:?} {} at `{}`", found.code, found.title, sources.text(found.span()));
            place.checked_sub(1).unwrap_or_else(|| panic!("the declarations must compile: {shown}"))
        });
        Err(refused.collect())
    }

    fn pair(&self) -> Deployed<'_> {
        Deployed { policy: &self.policy, evaluator: &self.evaluator }
    }
}

/// A log that goes on, on both engines, with all that happened as text.
struct Run<'a> {
    memory: Remembered<'a>,
    log: Log,
    told: Vec<String>,
}

impl<'a> Run<'a> {
    fn new(program: &'a Program) -> Run<'a> {
        let memory = Remembered::new(program.pair()).unwrap_or_else(|error| panic!("{error}"));
        Run { memory, log: Log::new(), told: Vec::new() }
    }

    /// Takes a step; both engines must agree.
    fn step(&mut self, step: Step) -> Result<Option<Summary>, String> {
        match step {
            Step::Request { text, session, call, tool } => {
                self.told.push(text.clone());
                let decided = self.memory.decide(text.as_bytes());
                if let Some(difference) = decided.difference {
                    return Err(difference);
                }
                if decided.fast.permits() {
                    self.log.let_through(&session, &call, tool);
                }
                Ok(Some(decided.slow))
            }
            Step::Event(text) => self.tell(&text).map(|()| None),
            Step::Answer { word, rest } => {
                let asked = self.memory.slow.asked().to_vec();
                for one in asked {
                    self.tell(&format!(r#"{{"{word}":{{"digest":"{}",{rest}}}}}"#, one.digest))?;
                }
                Ok(None)
            }
        }
    }

    /// What would be decided, with nothing written down.
    fn peek(&self, probe: &Step) -> Summary {
        self.memory.slow.clone().decide(probe.text().as_bytes())
    }

    fn tell(&mut self, text: &str) -> Result<(), String> {
        let (slow, fast, _) = self.memory.tell(text);
        self.told.push(format!("{text}   // {slow:?}"));
        if slow == fast { Ok(()) } else { Err(format!("the reference says {slow:?}, the vm {fast:?}")) }
    }

    /// Takes so many random steps.
    fn go(&mut self, random: &mut Random, steps: usize) -> Result<(), String> {
        for _ in 0..steps {
            let step = self.log.step(random);
            self.step(step)?;
        }
        Ok(())
    }
}

fn fail(seed: u64, error: &str, run: &Run<'_>, programs: &[&Program]) -> ! {
    let shown: Vec<String> = programs.iter().map(|program| program.rules.files().join("// ----\n")).collect();
    panic!("SEED={seed} ROUNDS=1\n{error}\n{}\n\n{}", run.told.join("\n"), shown.join("\n// ==== changed\n"));
}

fn seeds() -> impl Iterator<Item = u64> {
    let first = number("SEED", 1);
    first..first + number("ROUNDS", ROUNDS)
}

#[test]
fn engines_remember_alike() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let program = Program::new(Rules::new(&mut random));
        let mut run = Run::new(&program);
        if let Err(error) = run.go(&mut random, steps()) {
            fail(seed, &error, &run, &[&program]);
        }
    }
}

/// Events that are spoilt a little are refused alike, or mean the same.
#[test]
fn spoilt_events_are_read_alike() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let program = Program::new(Rules::new(&mut random));
        let mut run = Run::new(&program);
        for _ in 0..steps() {
            let step = run.log.step(&mut random);
            let mut done = Ok(());
            if let Step::Event(text) = &step {
                for _ in 0..4 {
                    let spoilt = mutated(&mut random, text);
                    done = done.and_then(|()| run.tell(&spoilt));
                }
            }
            if let Err(error) = done.and_then(|()| run.step(step).map(|_| ())) {
                fail(seed, &error, &run, &[&program]);
            }
        }
    }
}

/// Who still has the policy before decides nothing, and takes nothing in.
fn stale(run: &mut Run<'_>, random: &mut Random) -> Result<(), String> {
    if !run.log.has_session() {
        return Ok(());
    }
    let probe = run.log.request(random, "probe");
    let request = probe.text();
    let Some((_, decided)) = run.memory.decide_stale(request.as_bytes()) else { return Ok(()) };
    let event = r#"{"close":{"session":"s0","at":"2026-03-02T15:00:00Z"}}"#;
    let told = run.memory.tell_stale(event);
    let refused = Some("state_unusable".to_owned());
    match decided.fast.code().as_str() == "state_unusable" && told == Some((refused.clone(), refused)) {
        true => decided.difference.map_or(Ok(()), Err),
        false => Err(format!("the policy before decides {}, and is told {told:?}", decided.slow)),
    }
}

/// A changed policy goes on with what the one before remembers, on both engines alike.
#[test]
fn engines_deploy_alike() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let first = Program::new(Rules::new(&mut random));
        let mut rules = first.rules.clone();
        let fresh = past::rule(&mut random, 50, "*");
        rules.rules.push(fresh);
        let gone = random.below(rules.rules.len());
        rules.rules.remove(gone);
        rules.rules = random.shuffled(rules.rules);
        let second = Program::new(rules);
        let mut run = Run::new(&first);
        let done = run.go(&mut random, steps() / 2).and_then(|()| {
            run.told.push("// deployed".to_owned());
            run.memory.deploy(second.pair(), None)?;
            stale(&mut run, &mut random)?;
            run.go(&mut random, steps() / 2)?;
            run.told.push("// deployed again".to_owned());
            run.memory.deploy(first.pair(), None)?;
            run.go(&mut random, steps() / 2)
        });
        if let Err(error) = done {
            fail(seed, &error, &run, &[&first, &second]);
        }
    }
}

/// Rules about `probe`, which a log does not hold: with them or without them, the log is the same.
fn probed(base: &Rules, rules: &[String]) -> Program {
    let mut with = base.clone();
    with.rules.extend(rules.iter().cloned());
    with.rules.push("allow \"probes\" { agent any  user any, none  tool probe }".to_owned());
    Program::new(with)
}

/// The rules of a policy that do not speak of every tool.
fn without_probe(random: &mut Random) -> Rules {
    let mut rules = Rules::new(random);
    rules.rules.retain(|rule| !rule.contains("tool *"));
    rules
}

/// Law 1: over the same log, a further restriction never makes a decision milder.
#[test]
fn restrictions_on_the_past_only_restrict() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let base = without_probe(&mut random);
        let more: Vec<String> =
            (60..63).map(|number| past::rule(&mut random, number, "probe")).filter(|rule| restricts(rule)).collect();
        let (before, after) = (probed(&base, &[]), probed(&base, &more));
        let found = side_by_side(&before, &after, &mut random, |_, _| {});
        if let Err((error, run)) = found.map_err(|failed| *failed) {
            fail(seed, &error, &run, &[&before, &after]);
        }
    }
}

fn restricts(rule: &str) -> bool {
    ["deny", "require approval", "limit"].iter().any(|word| rule.starts_with(word)) && !rule.contains("phase observe")
}

/// Law 5: over the same log, having touched more and having seen untrusted content never makes a decision milder.
#[test]
fn more_taint_only_restricts() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let base = without_probe(&mut random);
        let mut rules: Vec<String> = (60..64).map(|number| tainted(&mut random, number)).collect();
        rules.push("allow \"taints\" { agent any  user any, none  tool taint }".to_owned());
        let program = probed(&base, &rules);
        // A call of untrusted content from data of the highest label, where the probe will be.
        let taint = |run: &mut Run<'_>, probe: &str| {
            let call =
                probe.replace(r#""tool":"probe""#, r#""tool":"taint""#).replace(r#""call":""#, r#""call":"taint "#);
            let _ = run.memory.decide(call.as_bytes());
        };
        if let Err((error, run)) = side_by_side(&program, &program, &mut random, taint).map_err(|failed| *failed) {
            fail(seed, &error, &run, &[&program]);
        }
    }
}

/// Law 3: over the same log, not to know what became of a call never makes a decision milder.
#[test]
fn the_open_past_only_restricts() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let base = Rules::bare();
        let rules: Vec<String> = (60..64).map(|number| past::outcome_rule(&mut random, number)).collect();
        let program = probed(&base, &rules);
        let (mut known, mut open) = (Run::new(&program), Run::new(&program));
        let done = outcomes(&mut known, &mut open, &mut random);
        if let Err(error) = done {
            fail(seed, &error, &open, &[&program]);
        }
    }
}

/// The same calls on both, of which the one hears more ends than the other.
fn outcomes(known: &mut Run<'_>, open: &mut Run<'_>, random: &mut Random) -> Result<(), String> {
    for _ in 0..steps() {
        let step = known.log.step(random);
        let ends = matches!(&step, Step::Event(text) if text.starts_with(r#"{"observe""#));
        known.step(step.clone())?;
        if !(ends && random.percent(40)) {
            open.step(step)?;
        }
        open.log = known.log.clone();
        if known.log.has_session() {
            let probe = known.log.request(random, "probe");
            let (first, second) = (known.peek(&probe), open.peek(&probe));
            open.told.push(probe.text().to_owned());
            // What is told moves the clock.
            let late = first.code.as_str() == "clock_regressed";
            if second.outcome() < first.outcome() && !late {
                return Err(format!("with more known it is {first}\nwith less {second}"));
            }
        }
    }
    Ok(())
}

/// Law 6: deploying a smaller number or a longer window of a limit never makes a decision milder.
#[test]
fn tighter_limits_only_restrict() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let base = Rules::bare();
        let (loose, tight) = past::two_limits(&mut random);
        let (loose, tight) = (probed(&base, &[loose]), probed(&base, &[tight]));
        let (mut one, mut two) = (Run::new(&loose), Run::new(&loose));
        let mut done = Ok(());
        for _ in 0..steps() / 3 {
            let step = match one.log.has_session() {
                true if random.percent(60) => one.log.request(&mut random, "probe"),
                _ => one.log.step(&mut random),
            };
            done = done.and_then(|()| one.step(step.clone())).and_then(|_| two.step(step)).map(|_| ());
            two.log = one.log.clone();
        }
        done = done.and_then(|()| two.memory.deploy(tight.pair(), None)).map(|_| ());
        for _ in 0..8 {
            let probe = one.log.request(&mut random, "probe");
            let (first, second) = (one.peek(&probe), two.peek(&probe));
            if second.outcome() < first.outcome() {
                done = done.and(Err(format!("it was {first}\nand is {second}\n{}", probe.text())));
            }
        }
        if let Err(error) = done {
            fail(seed, &error, &one, &[&loose, &tight]);
        }
    }
}

/// A rule about `probe` that hangs on labels and origins.
fn tainted(random: &mut Random, number: usize) -> String {
    let atom = |random: &mut Random| match random.below(3) {
        0 => format!("session.sensitivity >= {}", random.pick(&["internal", "confidential", "restricted"])),
        1 => format!("origin(args.id) < {}", random.pick(&["model", "trusted", "user"])),
        _ => format!("args.n > {}", random.below(4)),
    };
    let condition = format!("({} {} {})", atom(random), random.pick(&["and", "or"]), atom(random));
    match random.below(3) {
        0 => format!("deny \"taint {number}\" {{ agent any  tool probe  when {condition} }}"),
        1 => format!("require approval \"taint {number}\" {{ agent any  tool probe  when {condition}  from staff }}"),
        _ => format!("allow \"taint {number}\" {{ agent bot, aide  user any  tool probe  unless {condition} }}"),
    }
}

/// Runs one log on two programs; the second run may be changed before the probes, of which none may be milder.
fn side_by_side<'a>(
    before: &'a Program,
    after: &'a Program,
    random: &mut Random,
    change: impl Fn(&mut Run<'_>, &str),
) -> Result<(), Box<(String, Run<'a>)>> {
    let (mut one, mut two) = (Run::new(before), Run::new(after));
    for _ in 0..steps() / 2 {
        let step = one.log.step(random);
        two.log = one.log.clone();
        let done = one.step(step.clone()).and_then(|first| Ok((first, two.step(step)?)));
        if let Err(error) = done {
            return Err(Box::new((error, two)));
        }
        two.log = one.log.clone();
    }
    let mut probes: Vec<Step> = Vec::new();
    for _ in 0..6 {
        probes.push(one.log.request(random, "probe"));
    }
    for probe in probes {
        change(&mut two, probe.text());
        let (first, second) = (one.peek(&probe), two.peek(&probe));
        two.told.push(probe.text().to_owned());
        if second.outcome() < first.outcome() {
            return Err(Box::new((format!("it was {first}\nand is {second}"), two)));
        }
    }
    Ok(())
}
