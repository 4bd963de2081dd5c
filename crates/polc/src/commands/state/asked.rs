//! What is asked of persons, as they are shown it before they answer (semantics A10): the whole call, every value with its
//! type and in one spelling, and what was left out counted.

use std::borrow::Cow;
use std::fmt::Display;

use agentpol::bytecode::render::Time;
use agentpol::bytecode::tables::{Field, Rule};
use agentpol::{DescribedAsk, DescribedDetail, Program};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::escape::{one_line, plain};
use crate::terminal::{Ink, Page};
use crate::types;
use crate::wording::{counted, grouped};

/// Parts of a call that have one value, in the order in which they are shown, and what they are called.
const SINGLE: &[(&str, &str)] = &[
    ("agent", "agent"),
    ("via", "through"),
    ("user", "user"),
    ("session", "session"),
    ("env", "env"),
    ("task", "task"),
    ("server", "server"),
    ("tool_digest", "digest"),
];

/// What is asked, beside the program that asks.
pub(super) struct Asked<'a> {
    program: &'a Program,
    ask: &'a DescribedAsk,
    /// It was asked under this program and no other.
    current: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn new(program: &'a Program, ask: &'a DescribedAsk) -> Asked<'a> {
        Asked { program, ask, current: ask.meaning == *program.meaning_hash() }
    }

    fn of(&self, part: &'static str) -> impl Iterator<Item = &'a DescribedDetail> {
        self.ask.details.iter().filter(move |detail| detail.part == part)
    }

    /// Returns the rule that asks, as far as this program has it.
    fn rule(&self) -> Option<&'a Rule> {
        let asking = self.of("rule").next()?;
        let name: String = serde_json::from_str(&asking.value).ok()?;
        let tables = self.program.tables();
        let module =
            |rule: &Rule| tables.modules.get(rule.module as usize).map(|module| self.program.symbol(module.name));
        tables
            .rules
            .iter()
            .find(|rule| module(rule) == Some(&asking.name) && self.program.symbol(rule.name) == name)
            .filter(|_| self.current)
    }

    fn missing(&self) -> u32 {
        self.ask.count.saturating_sub(u32::try_from(self.ask.agreed.len()).unwrap_or(u32::MAX))
    }

    /// Writes it for people.
    pub(super) fn show(&self, page: &mut Page) {
        let ask = self.ask;
        let from = ask.from.as_deref().unwrap_or("the user");
        let ink = if ask.state == "open" { Ink::Yellow } else { Ink::Dim };
        let state = page.ink(ink, ask.state);
        page.line(format_args!("  asked {}", hex(&ask.digest)));
        page.line(format_args!("    {state}, from {}, until {}", plain(from), Time(ask.expires)));
        if !self.current {
            page.line("    under another policy: it cannot be used any more");
        }
        if !ask.agreed.is_empty() || ask.count > 1 {
            let agreed: Vec<_> = ask.agreed.iter().map(|person| plain(person)).collect();
            let names = if agreed.is_empty() { String::new() } else { format!(": {}", agreed.join(", ")) };
            page.line(format_args!("    {} of {} agreed{names}", agreed.len(), ask.count));
        }
        self.call(page);
    }

    /// Writes what is called, by whom and with what.
    fn call(&self, page: &mut Page) {
        for detail in self.of("rule") {
            let effect = self.rule().map(|rule| format!("{} ", rule.effect.as_str())).unwrap_or_default();
            let line = format!("    rule      {effect}{} of {}", value(detail), plain(&detail.name));
            write(line, detail, page);
        }
        for detail in self.of("phase") {
            write(format_args!("    rule      the phase of {}", text(detail)), detail, page);
        }
        if let Some(because) = self.rule().and_then(|rule| rule.because) {
            page.line(format_args!("    because   {}", one_line(self.program.symbol(because))));
        }
        for (part, word) in SINGLE {
            for detail in self.ask.details.iter().filter(|detail| detail.part == *part) {
                write(format_args!("    {word:<8}  {}", text(detail)), detail, page);
            }
            if *part == "user" && self.of("user").next().is_none() && !self.ask.details.is_empty() {
                page.line("    user      nobody");
            }
        }
        for detail in self.of("tool") {
            write(format_args!("    tool      {}, on the wire {}", plain(&detail.name), value(detail)), detail, page);
        }
        for part in ["argument", "resource", "attribute", "within", "context", "origin"] {
            for detail in self.ask.details.iter().filter(|detail| detail.part == part) {
                let declared = match self.declared(detail) {
                    Some(field) => format!(": {}", one_line(&types::of_field(self.program, field))),
                    None if part == "argument" && self.current => ", not declared".to_owned(),
                    None => String::new(),
                };
                let what = format!("{part:<8}  {}{declared}", name(detail));
                write(format_args!("    {} = {}", what.trim_end(), value(detail)), detail, page);
            }
        }
        if self.ask.left_out > 0 {
            let count = counted(self.ask.left_out as usize, "more detail");
            let text = page.ink(Ink::Red, format_args!("{count} that there was no room for"));
            page.line(format_args!("    {text}"));
        }
    }

    /// The field that declares a detail.
    fn declared(&self, detail: &DescribedDetail) -> Option<&'a Field> {
        let tables = self.program.tables();
        let fields = match detail.part {
            "argument" => {
                let tool = self.of("tool").next()?;
                &tables.tools.iter().find(|one| self.program.symbol(one.name) == tool.name)?.params
            }
            "attribute" => {
                let of = self.of("resource").next()?;
                &tables.resources.iter().find(|one| self.program.symbol(one.wire) == of.name)?.fields
            }
            "context" => &tables.context,
            _ => return None,
        };
        fields.iter().find(|field| self.current && self.program.symbol(field.wire) == detail.name)
    }

    /// Returns it for programs.
    pub(super) fn document(&self, bytes: usize) -> AskedDocument<'a> {
        let ask = self.ask;
        AskedDocument {
            digest: hex(&ask.digest),
            state: ask.state,
            from: ask.from.as_deref(),
            user: &ask.user,
            count: ask.count,
            agreed: &ask.agreed,
            missing: self.missing(),
            asked_at: Time(ask.asked_at).to_string(),
            expires: Time(ask.expires).to_string(),
            this_policy: self.current,
            because: self.rule().and_then(|rule| rule.because).map(|text| self.program.symbol(text)),
            details: ask.details.iter().map(|detail| self.detail(detail)).collect(),
            left_out: ask.left_out,
            bytes,
        }
    }

    fn detail(&self, detail: &'a DescribedDetail) -> DetailDocument<'a> {
        let whole = !is_cut(detail);
        DetailDocument {
            part: detail.part,
            name: Some(detail.name.as_str()).filter(|name| !name.is_empty()),
            of: self.declared(detail).map(|field| types::of_field(self.program, field)),
            value: serde_json::from_str(&detail.value).ok().filter(|_| whole),
            cut: Some(detail.value.as_str()).filter(|_| !whole),
            name_bytes: Some(detail.name_bytes).filter(|_| !whole),
            value_bytes: Some(detail.value_bytes).filter(|_| !whole),
        }
    }
}

/// What is asked, as JSON.
#[derive(Serialize)]
pub(super) struct AskedDocument<'a> {
    digest: String,
    state: &'static str,
    from: Option<&'a str>,
    user: &'a str,
    count: u32,
    agreed: &'a [String],
    missing: u32,
    asked_at: String,
    expires: String,
    this_policy: bool,
    because: Option<&'a str>,
    details: Vec<DetailDocument<'a>>,
    left_out: u32,
    bytes: usize,
}

/// A part of what is asked, as JSON: its value with every digit that it has, or the beginning of one that was cut.
#[derive(Serialize)]
struct DetailDocument<'a> {
    part: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_bytes: Option<u32>,
}

/// The digest as persons name it.
fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_cut(detail: &DescribedDetail) -> bool {
    detail.value.len() < detail.value_bytes as usize || detail.name.len() < detail.name_bytes as usize
}

/// A value as JSON.
fn value(detail: &DescribedDetail) -> Cow<'_, str> {
    plain(&detail.value)
}

/// A text without its quotes where nothing is hidden in it.
fn text(detail: &DescribedDetail) -> String {
    let read = serde_json::from_str::<String>(&detail.value).ok();
    match read.filter(|read| !is_cut(detail) && plain(read) == read.as_str() && !read.is_empty()) {
        Some(read) => read,
        None => value(detail).into_owned(),
    }
}

/// A name that looks like one, else in quotes: what stands around it is not part of it.
fn name(detail: &DescribedDetail) -> String {
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '~');
    match detail.name.chars().all(usual) {
        true => detail.name.clone(),
        false => plain(&json!(detail.name).to_string()).into_owned(),
    }
}

/// Writes a line, and below it how much of it there is no more.
fn write(line: impl Display, detail: &DescribedDetail, page: &mut Page) {
    page.line(line);
    if is_cut(detail) {
        let all = grouped(detail.name_bytes as usize + detail.value_bytes as usize);
        let kept = grouped(detail.name.len() + detail.value.len());
        let text = page.ink(Ink::Red, format_args!("cut: {kept} of {all} bytes were kept"));
        page.line(format_args!("              {text}"));
    }
}
