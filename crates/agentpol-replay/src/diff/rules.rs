//! The rules behind a change, as both policies have them, and the words in which they stand there.

use agentpol::bytecode::sha256::Sha256;
use agentpol::bytecode::tables::RuleId;
use agentpol::{Program, SourceMap};
use serde::Serialize;

use super::class::Decided;
use super::meaning::{self, Meaning, hex, on_one_line};
use super::{Group, Side, declared};

/// The most lines of a rule that are quoted.
const MOST_LINES: usize = 24;
/// How many bytes of a digest tell changes apart.
const DIGEST_BYTES: usize = 16;

/// A rule that decided in one of the policies, as both have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleChange {
    /// The rule as `MODULE: NAME`.
    pub rule: String,
    /// What became of it.
    pub fate: Fate,
    /// What became other in it, such as `effect: deny -> allow`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
    /// As the old policy has it.
    pub old: Option<RuleText>,
    /// As the new policy has it.
    pub new: Option<RuleText>,
}

/// What became of a thing that a policy declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Only the new policy has it.
    Added,
    /// Only the old policy has it.
    Removed,
    /// Both have it, and it does not mean the same.
    Changed,
    /// Both have it, and it means the same.
    Same,
}

impl Fate {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Fate::Added => "added",
            Fate::Removed => "removed",
            Fate::Changed => "changed",
            Fate::Same => "same",
        }
    }

    pub(super) fn of(old: bool, new: bool, differs: bool) -> Fate {
        match (old, new) {
            (false, _) => Fate::Added,
            (true, false) => Fate::Removed,
            (true, true) if differs => Fate::Changed,
            (true, true) => Fate::Same,
        }
    }
}

/// A rule in one policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleText {
    /// It decided there.
    pub decides: bool,
    /// The words of its effect.
    pub effect: String,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The rule as it is written, where the sources are known; else its clauses that are looked at for each call.
    pub text: String,
}

/// Finds a rule by `MODULE: NAME`.
pub(super) fn find(program: &Program, name: &str) -> Option<RuleId> {
    let mut rules = (0u32..).map(RuleId).take(program.tables().rules.len());
    rules.find(|rule| full_name(program, *rule) == name)
}

/// A rule as `MODULE: NAME`.
pub(super) fn full_name(program: &Program, id: RuleId) -> String {
    let Some(rule) = program.rule(id) else { return String::new() };
    let module = program.tables().modules.get(rule.module as usize);
    let module = module.map_or("", |module| program.symbol(module.name));
    format!("{module}: {}", program.symbol(rule.name))
}

/// Fills in the rules behind a change, and what tells it from other changes of the same rules.
pub(super) fn explain(group: &mut Group, old: &Side<'_>, new: &Side<'_>) {
    let mut names: Vec<&String> = group.new.rules.iter().chain(&group.old.rules).collect();
    names.sort();
    names.dedup();
    let mut digest = Sha256::new();
    let key = serde_json::json!([group.class, group.tool, group.old, group.new, group.agents]).to_string();
    digest.update(key.as_bytes());
    let mut rules = Vec::with_capacity(names.len());
    for name in names {
        let (was, is) = (find(old.program, name), find(new.program, name));
        let meaning = |side: &Side<'_>, id: Option<RuleId>| id.map(|id| meaning::rule(side.program, id));
        let (before, after) = (meaning(old, was), meaning(new, is));
        digest.update(name.as_bytes());
        for meaning in [&before, &after] {
            digest.update(&[u8::from(meaning.is_some())]);
            meaning.as_ref().unwrap_or(&Meaning::default()).digest(&mut digest);
        }
        let differences = before.zip(after).map_or_else(Vec::new, |(before, after)| before.difference(&after));
        rules.push(RuleChange {
            rule: name.clone(),
            fate: Fate::of(was.is_some(), is.is_some(), !differences.is_empty()),
            differences,
            old: was.and_then(|id| text(old, id, &group.old, name)),
            new: is.and_then(|id| text(new, id, &group.new, name)),
        });
    }
    group.declared = declared::behind(group, old.program, new.program, &mut digest);
    // What decided now is what one looks for first; what is the same on both sides comes last.
    rules.sort_by_key(|rule: &RuleChange| {
        (rule.fate == Fate::Same, !rule.new.as_ref().is_some_and(|text| text.decides))
    });
    group.rules = rules;
    group.key = hex(&digest.finish(), DIGEST_BYTES);
}

fn text(side: &Side<'_>, id: RuleId, decided: &Decided, name: &str) -> Option<RuleText> {
    let tables = side.program.tables();
    let rule = side.program.rule(id)?;
    let place = tables.debug.rules.get(id.0 as usize).copied().unwrap_or_default();
    let file = tables.debug.files.get(place.file as usize).cloned().unwrap_or_default();
    let written = side.written.as_ref().and_then(|written| excerpt(written.sources, &file, place.line, place.column));
    let clauses = || {
        let clauses = tables.debug.clauses.get(id.0 as usize);
        clauses.into_iter().flatten().map(|(_, text)| on_one_line(text)).collect::<Vec<_>>().join("\n")
    };
    Some(RuleText {
        decides: decided.rules.iter().any(|decides| decides == name),
        effect: rule.effect.as_str().to_owned(),
        text: written.unwrap_or_else(clauses),
        file,
        line: place.line,
        column: place.column,
    })
}

/// The text from a place to the end of the block in braces that begins behind it, at most so many lines.
pub(super) fn excerpt(sources: &SourceMap, file: &str, line: u32, column: u32) -> Option<String> {
    let (_, file) = sources.iter().find(|(_, known)| known.name() == file)?;
    let skipped: usize = file.text().split_inclusive('\n').take(line.checked_sub(1)? as usize).map(str::len).sum();
    let rest = file.text().get(skipped..)?;
    let start: usize = rest.chars().take(column.checked_sub(1)? as usize).map(char::len_utf8).sum();
    let rest = rest.get(start..)?;
    let item = &rest[..block_end(rest)];
    let indented = " ".repeat(column.saturating_sub(1) as usize);
    let mut lines: Vec<&str> =
        item.lines().map(|line| line.strip_prefix(indented.as_str()).unwrap_or(line).trim_end()).collect();
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES - 1);
        lines.push("...");
    }
    Some(lines.join("\n"))
}

/// Where the first block in braces ends; the first line where there is none.
fn block_end(text: &str) -> usize {
    let mut depth = 0usize;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' | '`' => {
                // A text ends at its quote, at the latest with its line.
                while let Some((_, inside)) = chars.next() {
                    if inside == c || inside == '\n' {
                        break;
                    }
                    if inside == '\\' && c == '"' {
                        chars.next();
                    }
                }
            }
            '/' if chars.peek().is_some_and(|(_, next)| *next == '/') => {
                while chars.next_if(|(_, inside)| *inside != '\n').is_some() {}
            }
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.find('\n').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_quoted_to_its_end() {
        let mut sources = SourceMap::new();
        let text = "module m\n  deny \"a { b\" {\n    agent any  // }\n    when args.x == \"}\\\"}\" or y in {`}`}\n  }\nallow \"c\" { tool t }\n";
        sources.add("m.agentpol", text);
        let found = excerpt(&sources, "m.agentpol", 2, 3).unwrap();
        assert_eq!(found, "deny \"a { b\" {\n  agent any  // }\n  when args.x == \"}\\\"}\" or y in {`}`}\n}");
        assert_eq!(excerpt(&sources, "m.agentpol", 6, 1).as_deref(), Some("allow \"c\" { tool t }"));
        assert_eq!(excerpt(&sources, "m.agentpol", 99, 1).as_deref(), Some(""));
        assert_eq!(excerpt(&sources, "other", 1, 1), None);
    }
}
