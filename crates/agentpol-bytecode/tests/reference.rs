//! The reference page of instructions is the instruction table, in words.

use agentpol_bytecode::instruction::{Op, Operand, Part};
use std::fmt::Write;

/// How a field of an instruction is shown.
fn operand(name: &str, of: Operand) -> Option<String> {
    let shown = match of {
        Operand::Unused => return None,
        Operand::Read => format!("`{name}`"),
        Operand::Write => format!("`{name}`, written"),
        Operand::WriteTwo => format!("`{name}` and the one behind it, written"),
        Operand::Flag => format!("`{name}` 0 or 1"),
        Operand::Constant => "constant".to_owned(),
        Operand::Symbol => "symbol".to_owned(),
        Operand::Field => "field of a record".to_owned(),
        Operand::UserField => "field of the user".to_owned(),
        Operand::ContextField => "field of the context".to_owned(),
        Operand::Part => "part".to_owned(),
        Operand::Zone => "zone".to_owned(),
        Operand::Group => "group".to_owned(),
        Operand::Schedule => "schedule".to_owned(),
        Operand::Automaton => "automaton".to_owned(),
        Operand::ReadImmediate => "`imm`, a register".to_owned(),
        Operand::Target => "target".to_owned(),
        Operand::Clause => "clause".to_owned(),
        Operand::Level => "level".to_owned(),
        Operand::Query => "query".to_owned(),
        Operand::Evidence => "evidence".to_owned(),
        Operand::Place => "place".to_owned(),
        Operand::Mark => "mark".to_owned(),
        Operand::Sources => "sources".to_owned(),
    };
    Some(shown)
}

fn page() -> String {
    let mut page = String::from(
        "# Instructions\n\n\
         An instruction has eight bytes: its number, three registers `dst`, `a` and `b`, and a 32-bit `imm`. Every operation on\n\
         an unknown or absent operand gives unknown, except where the table says otherwise. What is not used is 0. This page is\n\
         made from the table in `agentpol-bytecode`, and a test holds them together.\n\n\
         | number | word | operands | what it does |\n|---|---|---|---|\n",
    );
    for op in Op::ALL {
        let operands =
            ["dst", "a", "b", "imm"].into_iter().zip(op.operands()).filter_map(|(name, of)| operand(name, of));
        let operands: Vec<String> = operands.collect();
        let line = (*op as u8, op.word(), operands.join("; "), op.meaning());
        writeln!(page, "| {} | `{}` | {} | {} |", line.0, line.1, line.2, line.3).expect("writing to a string");
    }
    page.push_str("\n## Parts\n\n| number | word |\n|---|---|\n");
    for part in Part::ALL {
        writeln!(page, "| {} | `.{}` |", part as u32, part.as_str()).expect("writing to a string");
    }
    page
}

#[test]
fn the_page_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/instructions.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let page = page();
    assert!(written == page, "docs/reference/instructions.md must be:\n{page}");
}
