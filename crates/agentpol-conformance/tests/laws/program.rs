//! A random program: a world, rules, and the engines that decide by it.

use crate::native;
use crate::random::Random;
use crate::requests::Request;
use crate::rules::{Rule, broad, rule};
use crate::world::World;
use agentpol::policy::Policy;
use agentpol::{Evaluator, Options, Severity, SourceMap, compile_sources};
use agentpol_conformance::reference::{self, Summary};

/// How many rules are tried.
const RULES: usize = 12;

/// What a program is made of.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    pub(crate) world: World,
    /// For each agent an index into the phases.
    pub(crate) phases: [usize; 4],
    pub(crate) rules: Vec<Rule>,
    /// The module that is the root, if one is.
    pub(crate) root: Option<&'static str>,
}

/// A program that can be asked.
pub(crate) struct Program {
    pub(crate) sources: Sources,
    pub(crate) policy: Policy,
    native: Evaluator,
}

impl Sources {
    /// Chooses a world and rules.
    pub(crate) fn new(random: &mut Random) -> Sources {
        let world = World::new(random);
        let mut rules: Vec<Rule> = (0..RULES).map(|number| rule(random, &world, number)).collect();
        rules.extend(broad(random));
        let root = if random.percent(20) { Some("random.one") } else { None };
        Sources { phases: world.phases, world, rules, root }
    }

    /// The files: declarations first, then one for each rule.
    pub(crate) fn files(&self) -> Vec<String> {
        let declarations = [self.world.first(&self.phases), self.world.second(&self.phases)];
        declarations.into_iter().chain(self.rules.iter().map(Rule::file)).collect()
    }

    /// The files with their names.
    pub(crate) fn named_files(&self) -> Vec<(String, String)> {
        let numbered = self.files().into_iter().enumerate();
        numbered.map(|(number, file)| (format!("{number:03}.agentpol"), file)).collect()
    }

    /// What is said beside the sources.
    pub(crate) fn options(&self) -> Options {
        Options { root: self.root.map(str::to_owned), ..Options::default() }
    }

    /// Compiles what the checker takes: rules that it refuses are left out.
    pub(crate) fn compile(mut self) -> Program {
        loop {
            match self.try_compile() {
                Ok(program) => return program,
                Err(refused) => {
                    let mut number = 0;
                    self.rules.retain(|_| {
                        number += 1;
                        !refused.contains(&(number - 1))
                    });
                }
            }
        }
    }

    /// Compiles all of it, or says which rules are refused.
    pub(crate) fn try_compile(&self) -> Result<Program, Vec<usize>> {
        let mut sources = SourceMap::new();
        for (name, file) in self.named_files() {
            sources.add(name, file);
        }
        let checked = compile_sources(&sources, &self.options());
        if let Some(policy) = checked.policy {
            let (_, native) = native::load(&sources, &self.options()).unwrap_or_else(|error| panic!("{error}"));
            return Ok(Program { sources: self.clone(), policy, native });
        }
        let errors = checked.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        let places =
            errors.map(|found| (found, sources.locate(found.span()).0[..3].parse::<usize>().expect("a number")));
        let mut refused = Vec::new();
        for (found, place) in places {
            let shown = format!("{:?} {} at `{}`", found.code, found.title, sources.text(found.span()));
            assert!(place >= 2, "the declarations must compile: {shown}\n{}", self.files()[place]);
            refused.push(place - 2);
        }
        Err(refused)
    }
}

impl Program {
    /// Decides on every engine; they must agree.
    pub(crate) fn decide(&self, request: &Request) -> Summary {
        self.decide_text(&request.text())
    }

    /// Decides a request as text.
    pub(crate) fn decide_text(&self, request: &str) -> Summary {
        let slow = reference::decide(&self.policy, request.as_bytes());
        let fast = native::summary(&self.native.decide(request.as_bytes()), self.native.program());
        assert!(slow == fast, "the reference decides {slow}\nthe vm {fast}\n{request}\n{}", self.shown());
        slow
    }

    /// All that is needed to look at a failure.
    pub(crate) fn shown(&self) -> String {
        self.sources.files().join("// ----\n")
    }
}
