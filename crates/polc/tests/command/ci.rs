//! Runs the script of the GitHub action and the entries of the pre-commit hooks as they stand in the repository.

use std::fs;
use std::path::Path;

use crate::shell::{Shell, repository};

const POLICY: &str = r#"module desk
group support
system crm { dataset tickets: internal }
tool crm.search(query: string) reads crm.tickets
agent bot { function "support"  owner "cx@acme.example"  phase autonomous }
allow "support reads" { agent bot  user in support  tool crm.search }
test "reading" {
  given agent bot for user "ana" { groups: [support] } at 2026-03-02T15:00:00Z
  crm.search(query: "late") -> EXPECTED
}
"#;

fn shell(expected: &str) -> Shell {
    let shell = Shell::new();
    shell.write("agentpol.toml", b"");
    shell.write("desk.agentpol", POLICY.replace("EXPECTED", expected).as_bytes());
    shell
}

/// The last script of the action.
fn script() -> String {
    let action = repository().join(".github/actions/polc-test/action.yml");
    let action = fs::read_to_string(action).expect("the action");
    let (_, script) = action.rsplit_once("run: |\n").expect("a script");
    script.lines().map(|line| line.strip_prefix("        ").unwrap_or(line).to_owned() + "\n").collect()
}

fn act(shell: &Shell, coverage: &str) -> (Option<i32>, String) {
    shell.write("script.sh", script().as_bytes());
    let line = format!(
        "PATHS='' MIN_COVERAGE={coverage} MIN_MUTATION=0 REPORTS='my reports' GITHUB_STEP_SUMMARY=summary bash script.sh 2>&1"
    );
    let output = shell.command(&line, Path::new("")).output().expect("bash");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_action_annotates_summarises_and_ends_as_the_tests_do() {
    let good = shell("allow");
    let (code, said) = act(&good, "0");
    assert_eq!(code, Some(0), "{said}");
    let listed = good.command("ls 'my reports'; head -1 summary", Path::new("")).output().expect("ls");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for name in ["cobertura.xml", "junit.xml", "polc.sarif", "report.html", "summary.md", "all as expected"] {
        assert!(listed.contains(name), "{name}: {listed}");
    }
    let (code, said) = act(&good, "100");
    assert_eq!(code, Some(5), "{said}");
    let (code, said) = act(&shell("deny"), "0");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with("::error file=desk.agentpol,line=9,"), "{said}");
}

#[test]
fn the_hooks_are_commands_that_pass_on_a_sound_policy() {
    let hooks = fs::read_to_string(repository().join(".pre-commit-hooks.yaml")).expect("the hooks");
    let entries: Vec<&str> = hooks.lines().filter_map(|line| line.trim().strip_prefix("entry: ")).collect();
    assert_eq!(entries, ["polc fmt", "polc check", "polc test"]);
    let shell = shell("allow");
    for entry in entries {
        let files = if entry == "polc fmt" { " desk.agentpol" } else { "" };
        let output = shell.command(&format!("{entry}{files} 2>&1"), Path::new("")).output().expect("bash");
        assert!(output.status.success(), "{entry}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
