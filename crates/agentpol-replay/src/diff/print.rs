//! Pieces of a program as text, with names in place of the numbers that are the program's own.

use std::fmt::{Debug, Write};

use agentpol::Program;
use agentpol::bytecode::instruction::{Instruction, Op, Operand};
use agentpol::bytecode::sha256::Sha256;
use agentpol::bytecode::tables::{
    Alarm, Answer, Check, Constant, Effect, Field, Identity, Kept, Phase, Piece, Rule, Symbol, TypeDef, TypeId,
};

use super::meaning::hex;

/// How deep types and answers are followed; nothing that a request may hold is deeper.
pub(super) const DEPTH: usize = 16;
/// The verbs, in the order of their bits.
const VERBS: [&str; 11] =
    ["reads", "creates", "updates", "deletes", "sends", "exports", "pays", "executes", "deploys", "grants", "computes"];

/// Writes pieces of a program with names in place of numbers.
pub(super) struct Printer<'p> {
    pub(super) program: &'p Program,
}

impl<'p> Printer<'p> {
    pub(super) fn symbols(&self, list: &[Symbol]) -> String {
        list.iter().map(|symbol| self.program.symbol(*symbol)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn agent(&self, at: u32) -> &'p str {
        self.program.tables().agents.get(at as usize).map_or("", |agent| self.program.symbol(agent.qualified))
    }

    pub(super) fn tools(&self, list: &[u32]) -> String {
        let name = |at: &u32| self.program.tables().tools.get(*at as usize).map(|one| self.program.symbol(one.name));
        list.iter().filter_map(name).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn group(&self, at: u32) -> &'p str {
        self.program.tables().groups.get(at as usize).map_or("", |group| self.program.symbol(group.wire))
    }

    pub(super) fn resource(&self, at: u32) -> &'p str {
        self.program.tables().resources.get(at as usize).map_or("", |one| self.program.symbol(one.name))
    }

    pub(super) fn datasets(&self, list: &[u32]) -> String {
        let name = |at: &u32| self.program.tables().datasets.get(*at as usize).map(|one| self.program.symbol(one.name));
        list.iter().filter_map(name).collect::<Vec<_>>().join(", ")
    }

    /// What a dataset counts as in each level, and whether the user's own right is needed.
    pub(super) fn labels(&self, at: u32) -> String {
        let tables = self.program.tables();
        let Some(dataset) = tables.datasets.get(at as usize) else { return String::new() };
        let word =
            |(level, member): (&Vec<Symbol>, &u32)| level.get(*member as usize).map(|word| self.program.symbol(*word));
        let mut words: Vec<&str> = tables.levels.iter().zip(&dataset.labels).skip(1).filter_map(word).collect();
        words.extend(dataset.entitlement.then_some("entitled"));
        words.join("/")
    }

    pub(super) fn effect(&self, rule: &Rule) -> String {
        let word = rule.effect.as_str();
        match rule.effect {
            Effect::RequireApproval { from, count, within, distinct } => {
                let from = from.map_or("user", |group| self.group(group));
                let count = if count == 1 { String::new() } else { format!("{count} of ") };
                let distinct = if distinct { " distinct" } else { "" };
                format!("{word} from {count}{from} within {}{distinct}", span(within))
            }
            Effect::Limit { rate } => match self.program.tables().rates.get(rate as usize) {
                Some(rate) => {
                    let bound = match rate.cost {
                        Some(Kept::Decimal) => decimal(rate.bound),
                        _ => rate.bound.to_string(),
                    };
                    format!("{word} at most {bound} per {}", span(rate.window))
                }
                None => word.to_owned(),
            },
            Effect::Alert { severity, outcomes, .. } => format!("{word} severity {severity} outcomes {outcomes:04b}"),
            _ => word.to_owned(),
        }
    }

    pub(super) fn level_word(&self, level: u32, member: u32) -> &'p str {
        self.word(&self.program.tables().levels, level, member)
    }

    fn word(&self, lists: &[Vec<Symbol>], of: u32, member: u32) -> &'p str {
        let word = lists.get(of as usize).and_then(|members| members.get(member as usize));
        word.map_or("", |word| self.program.symbol(*word))
    }

    pub(super) fn phase(&self, phase: Phase) -> String {
        match phase {
            Phase::Observe { until } => format!("observe until day {until}"),
            Phase::ReadOnly => "read_only".to_owned(),
            Phase::Supervised { by } => format!("supervised by {}", by.map_or("user", |group| self.group(group))),
            Phase::Autonomous => "autonomous".to_owned(),
        }
    }

    pub(super) fn identity(&self, identity: &Identity) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => self.program.symbol(*text).to_owned(),
            Piece::Attribute(at) => format!("{{{at}}}"),
        };
        let text: String = identity.pieces.iter().map(piece).collect();
        match identity.issuer {
            Some(issuer) => format!("{} {text}", self.program.symbol(issuer)),
            None => text,
        }
    }

    pub(super) fn fields(&self, fields: &[Field], depth: usize) -> String {
        let field = |field: &Field| {
            let name = self.program.symbol(field.name);
            let wire = self.program.symbol(field.wire);
            let mut text = if name == wire { name.to_owned() } else { format!("{name} {wire:?}") };
            text.push_str(if field.optional { "?: " } else { ": " });
            text.push_str(if field.secret { "secret " } else { "" });
            text.push_str(if field.untrusted { "untrusted " } else { "" });
            text.push_str(&self.ty(field.ty, depth));
            for check in &field.checks {
                match check {
                    Check::Where(entry) => text.push_str(&format!(" where #{}", short(&self.block(*entry, depth)))),
                    Check::Matches(at) => text.push_str(&format!(" matches #{}", self.automaton(*at))),
                }
            }
            text
        };
        fields.iter().map(field).collect::<Vec<_>>().join(", ")
    }

    fn ty(&self, ty: TypeId, depth: usize) -> String {
        let tables = self.program.tables();
        let (Some(ty), Some(depth)) = (tables.types.get(ty as usize), depth.checked_sub(1)) else {
            return String::new();
        };
        match ty {
            TypeDef::Enum(of) => {
                format!("enum({})", tables.enums.get(*of as usize).map_or(String::new(), |all| self.symbols(all)))
            }
            TypeDef::Level(of) => {
                format!("level({})", tables.levels.get(*of as usize).map_or(String::new(), |all| self.symbols(all)))
            }
            TypeDef::List { of, max } => format!("list<{}, {max}>", self.ty(*of, depth)),
            TypeDef::Map { of, max } => format!("map<string, {}, {max}>", self.ty(*of, depth)),
            TypeDef::Record { fields, .. } => format!("{{{}}}", self.fields(fields, depth)),
            TypeDef::Path { under: Some(under) } => format!("path under {:?}", self.program.symbol(*under)),
            TypeDef::DateTime { zone: Some(zone) } => format!("datetime in {}", self.zone(*zone)),
            TypeDef::Resource(of) => self.resource(*of).to_owned(),
            TypeDef::Decimal { as_string: true } => "decimal as string".to_owned(),
            TypeDef::Url { allow_ip6: true } => "url allow ip6".to_owned(),
            other => {
                let text = format!("{other:?}").to_lowercase();
                text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
            }
        }
    }

    fn zone(&self, at: u32) -> &'p str {
        self.program.tables().zones.get(at as usize).map_or("", |zone| self.program.symbol(zone.name))
    }

    fn automaton(&self, at: u32) -> String {
        self.program.tables().automata.get(at as usize).map_or(String::new(), |automaton| short(&debug(automaton)))
    }

    pub(super) fn answer(&self, at: u32, depth: usize) -> String {
        let (Some(answer), Some(depth)) = (self.program.tables().answers.get(at as usize), depth.checked_sub(1)) else {
            return String::new();
        };
        match answer {
            Answer::Value(ty) => self.ty(*ty, depth),
            Answer::Verbatim => "verbatim".to_owned(),
            Answer::Keyed { evidence, entry, field, of, .. } => {
                let (keys, of) = (self.block(*entry, depth), self.ty(*of, depth));
                format!("{} {keys} {field:?} {of}", self.evidence(*evidence))
            }
            Answer::Either(all) => all.iter().map(|one| self.answer(*one, depth)).collect::<Vec<_>>().join(" | "),
            Answer::List { of, max } => format!("list<{}, {max}>", self.answer(*of, depth)),
        }
    }

    fn evidence(&self, at: u32) -> String {
        let evidence = self.program.tables().evidence.get(at as usize);
        evidence.map_or(String::new(), |one| format!("{}#{:016x}", self.program.symbol(one.name), one.id))
    }

    /// The block from this instruction on, with what it refers to.
    pub(super) fn block(&self, entry: u32, depth: usize) -> String {
        let mut text = String::new();
        for (at, instruction) in self.program.tables().code.iter().enumerate().skip(entry as usize) {
            let Instruction { op, dst, a, b, .. } = *instruction;
            let operand = self.operand(instruction, at, depth);
            // Numbers of registers are the block's own.
            let _ = writeln!(text, "{} {dst} {a} {b} {operand}", op.word());
            if matches!(op, Op::Return | Op::ReturnValue) {
                break;
            }
        }
        text
    }

    fn operand(&self, instruction: &Instruction, at: usize, depth: usize) -> String {
        let tables = self.program.tables();
        let imm = instruction.imm;
        let field = |fields: &[Field]| {
            fields.get(imm as usize).map_or(String::new(), |one| self.program.symbol(one.name).to_owned())
        };
        match instruction.op.operands()[3] {
            Operand::Constant => self.constant(imm, depth),
            Operand::Symbol => format!("{:?}", self.program.symbol(imm)),
            Operand::UserField => field(&tables.user),
            Operand::ContextField => field(&tables.context),
            Operand::Zone => self.zone(imm).to_owned(),
            Operand::Group => match tables.groups.get(imm as usize) {
                Some(group) => format!("{}: {}", self.program.symbol(group.wire), self.symbols(&group.closure)),
                None => String::new(),
            },
            Operand::Schedule => match tables.schedules.get(imm as usize) {
                Some(schedule) => format!("{} {:?}", self.zone(schedule.zone), schedule.windows),
                None => String::new(),
            },
            Operand::Automaton => self.automaton(imm),
            Operand::Target => imm.saturating_sub(u32::try_from(at).unwrap_or(u32::MAX)).to_string(),
            Operand::Level => tables.levels.get(imm as usize).map_or(String::new(), |all| self.symbols(all)),
            Operand::Query => match tables.queries.get(imm as usize) {
                Some(query) => {
                    let slot = tables.slots.get(query.slot as usize).map_or(0, |slot| slot.id);
                    format!("{:?} {:?} of #{slot:016x}", query.ask, query.within)
                }
                None => String::new(),
            },
            Operand::Evidence => self.evidence(imm),
            Operand::Sources => match tables.sources.get(imm as usize) {
                Some(sources) => format!("{:?} or of {}", sources.least, self.tools(&sources.tools)),
                None => String::new(),
            },
            _ => imm.to_string(),
        }
    }

    fn constant(&self, at: u32, depth: usize) -> String {
        let tables = self.program.tables();
        let (Some(constant), Some(depth)) = (tables.constants.get(at as usize), depth.checked_sub(1)) else {
            return String::new();
        };
        match constant {
            Constant::Text(text) => format!("{:?}", self.program.symbol(*text)),
            Constant::Enum { of, member } => self.word(&tables.enums, *of, *member).to_owned(),
            Constant::Level { of, member } => self.level_word(*of, *member).to_owned(),
            Constant::List(all) => all.iter().map(|one| self.constant(*one, depth)).collect::<Vec<_>>().join(", "),
            other => debug(other),
        }
    }

    /// What a limit or an alert counts.
    pub(super) fn counter(&self, rule: &Rule) -> String {
        let (rate, word) = match rule.effect {
            Effect::Limit { rate } => (rate, "limit"),
            Effect::Alert { alarm: Alarm::Rate(rate), .. } => (rate, "rate"),
            Effect::Alert { alarm: Alarm::Novel(rate), .. } => (rate, "novel"),
            _ => return String::new(),
        };
        match self.program.tables().rates.get(rate as usize) {
            Some(rate) => format!("{word} #{:016x} {} {}", rate.id, rate.bound, rate.window),
            None => String::new(),
        }
    }
}

fn debug(value: &impl Debug) -> String {
    format!("{value:?}")
}

fn decimal(millionths: i64) -> String {
    let text = format!("{}.{:06}", millionths / 1_000_000, (millionths % 1_000_000).abs());
    let text = text.trim_end_matches('0');
    text.strip_suffix('.').unwrap_or(text).to_owned()
}

/// Milliseconds in words of the language where they are whole seconds.
pub(super) fn span(milliseconds: i64) -> String {
    let (second, minute, hour, day) = (1_000, 60_000, 3_600_000, 86_400_000);
    for (unit, word) in [(day, "d"), (hour, "h"), (minute, "m"), (second, "s")] {
        if milliseconds % unit == 0 {
            return format!("{}{word}", milliseconds / unit);
        }
    }
    format!("{milliseconds}ms")
}

pub(super) fn verbs(bits: u16) -> String {
    let named = VERBS.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0);
    named.map(|(_, verb)| *verb).collect::<Vec<_>>().join(" ")
}

/// The first digits of a text's hash.
fn short(text: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(text.as_bytes());
    hex(&digest.finish(), 8)
}
