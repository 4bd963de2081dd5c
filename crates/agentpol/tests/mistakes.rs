//! One mistake, one message, across parsing, checking and compiling.

use agentpol::{Options, SourceMap, build, compile_sources};

/// Returns the codes and lines of what is found in one file.
fn found(text: &str) -> Vec<(&'static str, u32)> {
    let mut sources = SourceMap::new();
    sources.add("one.agentpol", text);
    let (built, diagnostics) = build(&sources, &Options::default());
    assert_eq!(built.is_none(), diagnostics.has_errors());
    diagnostics.iter().map(|one| (one.code.as_str(), sources.locate(one.span()).1.line)).collect()
}

const WHOLE: &str = r#"module desk
group staff
system files { dataset notes: internal }
tool files.read(name: string) reads files.notes
tool files.write(name: string, size: int) updates files.notes
agent clerk { function "notes" owner "desk@acme.example" phase autonomous }
allow "reading" { agent clerk user in staff tool files.read }
allow "writing" { agent clerk user in staff tool files.write when args.size < 10 }
deny "not this one" { agent any tool files.read when args.name == "x" }
"#;

#[test]
fn nothing_is_wrong_with_the_whole() {
    assert_eq!(found(WHOLE), []);
}

#[test]
fn a_broken_declaration_is_not_reported_again_where_it_is_used() {
    for (old, line) in
        [("name: string) reads", 4), ("notes: internal", 3), ("group staff", 2), ("function \"notes\"", 6)]
    {
        let broken = WHOLE.replace(old, &format!("{old} @"));
        let all = found(&broken);
        let lines: Vec<u32> = all.iter().map(|(_, line)| *line).collect();
        assert_eq!(lines, [line], "after breaking `{old}`: {all:?}");
    }
}

#[test]
fn a_broken_rule_does_not_make_its_names_look_unused() {
    let text = WHOLE.replace("user in staff tool", "user in staff tool tool");
    let lines: Vec<u32> = found(&text).into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines, [7, 8]);
}

#[test]
fn a_broken_rule_hides_no_mistake_in_another() {
    for broken in
        ["deny \"a\" { agent any tool files.read when args.name == \"x }\n", "deny \"a\" { agent any tool files.read\n"]
    {
        let text = WHOLE
            .replace("allow \"reading\"", &format!("{broken}allow \"reading\""))
            .replace("files.read }", "files.raed }");
        let lines: Vec<u32> = found(&text).into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, [7, 8], "{text}");
    }
    let text = WHOLE
        .replace("allow \"reading\" {", "allow \"reading\" {\n  agnt clerk")
        .replace("when args.size", "tool files.wirte when args.size");
    assert!(found(&text).len() >= 2, "{:?}", found(&text));
}

#[test]
fn mistakes_of_all_stages_stand_side_by_side() {
    let text = WHOLE
        .replace("args.size < 10", "args.size < \"ten\"")
        .replace("in staff tool files.read }", "in stuff tool files.read }")
        .replace("agent any tool", "agent any && tool");
    assert_eq!(found(&text).len(), 3, "{:?}", found(&text));
}

#[test]
fn a_table_that_is_too_large_is_found_while_building() {
    let text = WHOLE.replace("args.name == \"x\"", "args.name matches \"(a|b)*a(a|b){20}\"");
    assert_eq!(found(&text), [("AP0307", 9)]);
}

#[test]
fn more_than_a_session_has_room_for_is_found_while_building() {
    let keeping = |keep: u32| {
        WHOLE.replace(
            "files.write(name",
            "files.list(name: string) -> note reads files.notes, returns trusted\ntool files.write(name",
        ) + &format!("record note by name {{ name: string, owner: string }} keep {keep}\n")
            + "deny \"no owner\" { agent any tool files.write unless known note(args.name).owner == \"x\" }\n"
    };
    assert_eq!(found(&keeping(1_000)), [("AP0612", 11)]);
    assert!(found(&keeping(50_000)).contains(&("AP0504", 11)));
}

#[test]
fn text_that_is_no_policy_is_only_diagnosed() {
    for text in ["", "\u{feff}", "}}}}", "module", "module m", "\"", "deny", "allow \"x\" {", &"(".repeat(10_000)] {
        let mut sources = SourceMap::new();
        sources.add("odd.agentpol", text);
        let checked = compile_sources(&sources, &Options::default());
        assert_eq!(checked.policy.is_none(), checked.diagnostics.has_errors(), "{:.20}", text);
    }
}
