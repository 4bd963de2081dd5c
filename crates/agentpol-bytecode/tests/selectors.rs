//! Selectors: what agent and tool alone settle (semantics 3.2, L-1, L-2, V1).

mod lab;

use agentpol_bytecode::scope::{changes, needs_entitlement};
use agentpol_bytecode::tables::{Effect, On, Scope};
use agentpol_bytecode::{Tri, derive_cells, static_match};
use lab::{COMPUTES, DELETES, EXECUTES, Lab, PAYS, READS, SENDS, always};

const BOTH: u32 = 0;
const COMPUTE: u32 = 1;
const GUESS: u32 = 2;
const LOOK: u32 = 3;
const SHELL: u32 = 4;

/// Datasets 0 (low) and 1 (high), and five tools in the order of the constants.
fn lab() -> Lab {
    let mut lab = Lab::new(&["a0", "a1", "both", "compute", "d0", "d1", "guess", "high", "look", "low", "r", "shell"]);
    lab.level(&["low", "high"]);
    lab.dataset("d0", &[0], false);
    lab.dataset("d1", &[1], true);
    lab.tool("both", READS | SENDS, &[0, 1]);
    lab.tool("compute", COMPUTES, &[]);
    lab.tool("guess", READS, &[0]).unverified = true;
    lab.tool("look", READS, &[0]);
    lab.tool("shell", EXECUTES, &[]).touches_anything = true;
    lab.agent("a0");
    lab.agent("a1");
    lab
}

fn matched(effect: Effect, scope: Scope, tool: u32) -> Tri {
    let mut lab = lab();
    lab.rule("r", effect, &always()).scope = scope;
    let tables = lab.finish();
    static_match(tables, &tables.rules[0], tool, 0)
}

fn does(verbs: u16) -> Scope {
    Scope { does: Some(verbs), ..Scope::default() }
}

fn on(datasets: &[u32]) -> Scope {
    Scope { on: Some(On::Datasets(datasets.to_vec())), ..Scope::default() }
}

fn at_level(member: u32) -> Scope {
    Scope { on: Some(On::Level(1, member)), ..Scope::default() }
}

fn named(tool: u32) -> Scope {
    Scope { tools: Some(vec![tool]), tools_by_name: true, ..Scope::default() }
}

#[test]
fn grants_cover_all_and_restrictions_one() {
    use Tri::{False, True, Unknown};
    // What is asked, of which tool, what a grant says, what a restriction says.
    let table = [
        (does(READS), LOOK, True, True),
        (does(READS), BOTH, False, True),
        (does(READS | SENDS), BOTH, True, True),
        (does(DELETES), LOOK, False, False),
        (does(COMPUTES), COMPUTE, True, True),
        (on(&[0]), LOOK, True, True),
        (on(&[0]), BOTH, False, True),
        (on(&[0, 1]), BOTH, True, True),
        (on(&[1]), LOOK, False, False),
        (on(&[0, 1]), COMPUTE, False, False),
        (at_level(0), LOOK, True, True),
        (at_level(0), BOTH, False, True),
        (at_level(1), BOTH, True, True),
        (at_level(1), LOOK, True, False),
        (at_level(0), COMPUTE, False, False),
        // Verbs that nobody has checked.
        (does(READS), GUESS, False, Unknown),
        (does(DELETES), GUESS, False, Unknown),
        (on(&[0]), GUESS, False, True),
        (Scope::default(), GUESS, False, True),
        (named(GUESS), GUESS, True, True),
        (Scope { does: Some(READS), ..named(GUESS) }, GUESS, False, Unknown),
        // A tool that may touch anything.
        (does(EXECUTES), SHELL, False, Unknown),
        (on(&[1]), SHELL, False, Unknown),
        (at_level(1), SHELL, False, Unknown),
        (Scope::default(), SHELL, False, True),
        (named(SHELL), SHELL, True, True),
        (Scope { does: Some(EXECUTES), ..named(SHELL) }, SHELL, False, Unknown),
        (Scope { tools_by_name: false, ..named(SHELL) }, SHELL, False, True),
        // Tools and agents by name, and what the module may grant.
        (named(LOOK), LOOK, True, True),
        (named(LOOK), BOTH, False, False),
        (Scope { agents: Some(vec![0]), ..Scope::default() }, LOOK, True, True),
        (Scope { agents: Some(vec![1]), ..Scope::default() }, LOOK, False, False),
        (Scope { grantable: Some(vec![BOTH]), ..Scope::default() }, LOOK, False, True),
        (Scope { grantable: Some(vec![LOOK]), ..Scope::default() }, LOOK, True, True),
    ];
    for (number, (scope, tool, grant, restriction)) in table.into_iter().enumerate() {
        for effect in [Effect::Allow, Effect::Entitle] {
            assert_eq!(matched(effect, scope.clone(), tool), grant, "grant {number}");
        }
        let asking = Effect::RequireApproval { from: None, count: 1, within: 1, distinct: false };
        for effect in [Effect::Deny, asking] {
            assert_eq!(matched(effect, scope.clone(), tool), restriction, "restriction {number}");
        }
    }
}

#[test]
fn what_does_not_exist_grants_nothing_and_restricts() {
    assert_eq!(matched(Effect::Allow, Scope::default(), 99), Tri::False);
    assert_eq!(matched(Effect::Deny, Scope::default(), 99), Tri::Unknown);
}

#[test]
fn tools_change_and_touch() {
    let lab = lab();
    let tools = &lab.tables.tools;
    let changing: Vec<bool> = tools.iter().map(changes).collect();
    assert_eq!(changing, [true, false, true, false, true]);
    let needing: Vec<bool> = tools.iter().map(|tool| needs_entitlement(&lab.tables, tool)).collect();
    assert_eq!(needing, [true, false, false, false, true]);
}

#[test]
fn cells_hold_what_may_match() {
    let mut lab = Lab::new(&["a0", "a1", "a2", "d", "r0", "r1", "r2", "r3", "t0", "t1"]);
    lab.dataset("d", &[], false);
    lab.tool("t0", READS, &[0]);
    lab.tool("t1", PAYS, &[0]).unverified = true;
    lab.agent("a0");
    lab.agent("a1");
    lab.agent("a2");
    lab.rule("r0", Effect::Allow, &always()).scope = Scope { agents: Some(vec![0, 2]), ..does(READS) };
    lab.rule("r1", Effect::Deny, &always()).scope = does(PAYS);
    lab.rule("r2", Effect::Deny, &always()).scope.agents = Some(vec![1]);
    lab.rule("r3", Effect::Deny, &always()).scope.tools = Some(vec![]);
    let tables = lab.finish();
    let cell = |tool: usize, agent: usize| -> Vec<(u32, bool)> {
        let list = &tables.candidates[tables.cells[tool * 3 + agent] as usize];
        list.iter().map(|one| (one.rule.0, one.unsure)).collect()
    };
    assert_eq!([cell(0, 0), cell(0, 1), cell(0, 2)], [vec![(0, false)], vec![(2, false)], vec![(0, false)]]);
    assert_eq!(cell(1, 0), [(1, true)]);
    assert_eq!(cell(1, 1), [(1, true), (2, false)]);
    assert_eq!(tables.candidates.len(), 4, "equal lists are one");
    // The table is exactly what the selectors say one by one.
    for tool in 0..2 {
        for agent in 0..3 {
            let expected: Vec<(u32, bool)> = (0u32..)
                .zip(&tables.rules)
                .map(|(number, rule)| (number, static_match(tables, rule, tool, agent)))
                .filter(|(_, found)| *found != Tri::False)
                .map(|(number, found)| (number, found == Tri::Unknown))
                .collect();
            assert_eq!(cell(tool as usize, agent as usize), expected, "tool {tool}, agent {agent}");
        }
    }
}

#[test]
fn large_policies_take_the_table_they_make() {
    let agents: Vec<String> = (0..1000).map(|n| format!("a{n:04}")).collect();
    let tools: Vec<String> = (0..200).map(|n| format!("t{n:04}")).collect();
    let rules: Vec<String> = (0..10_000).map(|n| format!("r{n:05}")).collect();
    let words: Vec<&str> = agents.iter().chain(&tools).chain(&rules).map(String::as_str).collect();
    let mut lab = Lab::new(&words);
    for tool in &tools {
        lab.tool(tool, READS, &[]);
    }
    for agent in &agents {
        lab.agent(agent);
    }
    for (number, rule) in (0u32..).zip(&rules) {
        let scope = &mut lab.rule(rule, Effect::Allow, &always()).scope;
        scope.agents = Some(vec![number % 1000]);
        scope.tools = Some(
            vec![number % 200, 200 - 1].into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect(),
        );
    }
    let (candidates, cells) = derive_cells(lab.finish());
    assert_eq!(cells.len(), 200_000);
    assert!(candidates.len() <= 2001 + 1, "{} lists", candidates.len());
}
