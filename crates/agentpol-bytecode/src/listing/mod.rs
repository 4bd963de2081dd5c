//! A program as text, for `polc inspect`: what is in it, what it costs, and every instruction with its place.

mod memory;

use crate::format::FORMAT_VERSION;
use crate::instruction::{Instruction, Op, Operand, Part};
use crate::program::Program;
use crate::render::{Date, Decimal, Span, Text, Time};
use crate::tables::{Constant, On, Place, Rule, RuleId, Scope, Sources, Symbol};
use core::fmt::{self, Write};

/// The listing of a program.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a>(&'a Program);

impl Program {
    /// Returns the program as text.
    pub fn listing(&self) -> Listing<'_> {
        Listing(self)
    }
}

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        self.sizes(f)?;
        let rules = (0u32..).map(RuleId).zip(&self.0.tables().rules);
        for (id, rule) in rules {
            self.rule(f, id, rule)?;
        }
        self.memory(f)?;
        self.checks(f)
    }
}

impl Listing<'_> {
    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables = self.0.tables();
        writeln!(f, "program of format {FORMAT_VERSION}")?;
        for (name, hash) in [("meaning", self.0.meaning_hash()), ("file", self.0.file_hash())] {
            write!(f, "{name:<8}sha256:")?;
            hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
            writeln!(f)?;
        }
        for module in &tables.modules {
            let root = if module.root { ", the root" } else { "" };
            writeln!(f, "module  {}{root}", self.0.symbol(module.name))?;
        }
        if !tables.tz_version.is_empty() {
            writeln!(f, "zones   {}, known until {}", tables.tz_version, Time(tables.horizon))?;
        }
        writeln!(
            f,
            "holds   {}, {}, {}, {}",
            Counted(tables.rules.len() as u64, "rule"),
            Counted(tables.tools.len() as u64, "tool"),
            Counted(tables.agents.len() as u64, "agent"),
            Counted(tables.code.len() as u64, "instruction")
        )?;
        writeln!(f, "costs   at most {} for one decision", Counted(self.0.worst_case_steps(), "step"))?;
        self.ceiling(f)
    }

    fn sizes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nsections in bytes")?;
        for (section, bytes) in self.0.section_sizes() {
            writeln!(f, "  {:<12}{bytes:>10}", section.as_str())?;
        }
        Ok(())
    }

    fn rule(&self, f: &mut fmt::Formatter<'_>, id: RuleId, rule: &Rule) -> fmt::Result {
        let tables = self.0.tables();
        let module = tables.modules.get(rule.module as usize).map_or("", |module| self.0.symbol(module.name));
        write!(f, "\n{} {} of {module}", rule.effect.as_str(), Text(self.0.symbol(rule.name)))?;
        f.write_str(if rule.observed { ", in observation" } else { "" })?;
        f.write_str(if rule.always { ", always" } else { "" })?;
        match tables.debug.rules.get(id.0 as usize) {
            Some(place) => writeln!(f, "  ({})", At(self.0, *place))?,
            None => writeln!(f)?,
        }
        self.scope(f, &rule.scope, rule.effect.grants())?;
        let (steps, registers) = (self.0.steps_of(id), u64::from(rule.registers));
        writeln!(f, "  at most {}, {}", Counted(steps, "step"), Counted(registers, "register"))?;
        self.block(f, rule.entry, tables.debug.clauses.get(id.0 as usize).map(|clauses| clauses.as_slice()))?;
        self.counter(f, rule)
    }

    fn scope(&self, f: &mut fmt::Formatter<'_>, scope: &Scope, grants: bool) -> fmt::Result {
        let tables = self.0.tables();
        let agents = |at: &u32| tables.agents.get(*at as usize).map(|agent| agent.qualified);
        let tools = |at: &u32| tables.tools.get(*at as usize).map(|tool| tool.name);
        let datasets = |at: &u32| tables.datasets.get(*at as usize).map(|dataset| dataset.name);
        if let Some(list) = &scope.agents {
            self.names(f, "agents", list.iter().filter_map(agents))?;
        }
        if let Some(list) = &scope.tools {
            self.names(f, "tools", list.iter().filter_map(tools))?;
        }
        if let Some(does) = scope.does {
            f.write_str("  does")?;
            let verbs = VERBS.iter().enumerate().filter(|(bit, _)| does & (1 << bit) != 0);
            verbs.map(|(_, verb)| verb).try_for_each(|verb| write!(f, " {verb}"))?;
            writeln!(f)?;
        }
        match &scope.on {
            None => Ok(()),
            Some(On::Datasets(list)) => self.names(f, "on", list.iter().filter_map(datasets)),
            Some(On::Level(level, member)) => {
                let sign = if grants { "<=" } else { ">=" };
                let members = tables.levels.get(*level as usize);
                let word = members.and_then(|members| members.get(*member as usize)).copied();
                writeln!(f, "  on data {sign} {}", word.map_or("", |word| self.0.symbol(word)))
            }
        }
    }

    fn names(&self, f: &mut fmt::Formatter<'_>, what: &str, names: impl Iterator<Item = Symbol>) -> fmt::Result {
        /// More names than this are only counted.
        const SHOWN: usize = 6;
        write!(f, "  {what}")?;
        let mut count = 0usize;
        for name in names {
            if count < SHOWN {
                write!(f, " {}", self.0.symbol(name))?;
            }
            count = count.saturating_add(1);
        }
        match count.checked_sub(SHOWN) {
            Some(more @ 1..) => writeln!(f, " and {more} more"),
            _ => writeln!(f),
        }
    }

    /// The blocks that only checks refer to.
    fn checks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut start = 0u32;
        for (at, instruction) in (0u32..).zip(&self.0.tables().code) {
            if instruction.op == Op::ReturnValue {
                writeln!(f, "\ncheck of a value in r0")?;
                self.block(f, start, None)?;
            }
            if matches!(instruction.op, Op::Return | Op::ReturnValue) {
                start = at.saturating_add(1);
            }
        }
        Ok(())
    }

    fn block(
        &self,
        f: &mut fmt::Formatter<'_>,
        start: u32,
        clauses: Option<&[(Place, alloc::string::String)]>,
    ) -> fmt::Result {
        let code = self.0.tables().code.iter().skip(start as usize);
        for (at, instruction) in (start..).zip(code) {
            let mut line = Line::default();
            write!(line, "  {at:>6}  ")?;
            self.instruction(&mut line, instruction)?;
            f.write_str(&line.0)?;
            let clause = clauses.filter(|_| instruction.op == Op::Clause);
            let clause = clause.and_then(|clauses| clauses.get(instruction.imm as usize));
            match (clause, self.place(at)) {
                (Some((place, text)), _) => writeln!(f, "{}; {} {}", line.gap(), At(self.0, *place), Text(text))?,
                (None, Some(place)) => writeln!(f, "{}; {}", line.gap(), At(self.0, place))?,
                (None, None) => writeln!(f)?,
            }
            if matches!(instruction.op, Op::Return | Op::ReturnValue) {
                break;
            }
        }
        Ok(())
    }

    /// The place that begins with this instruction.
    fn place(&self, at: u32) -> Option<Place> {
        let places = &self.0.tables().debug.code;
        let found = places.binary_search_by_key(&at, |(from, _)| *from).ok()?;
        places.get(found).map(|(_, place)| *place)
    }

    fn instruction(&self, line: &mut Line, instruction: &Instruction) -> fmt::Result {
        let [dst, a, b, imm] = instruction.op.operands();
        write!(line, "{:<14}", instruction.op.word())?;
        if dst == Operand::Write {
            write!(line, " r{} =", instruction.dst)?;
        }
        for (operand, register) in [(a, instruction.a), (b, instruction.b)] {
            match operand {
                Operand::Read => write!(line, " r{register}")?,
                Operand::WriteTwo => write!(line, " as r{register}")?,
                Operand::Flag if register == 1 => line.write_str(" negated")?,
                _ => {}
            }
        }
        self.immediate(line, imm, instruction.imm)
    }

    fn immediate(&self, line: &mut Line, operand: Operand, value: u32) -> fmt::Result {
        let tables = self.0.tables();
        let at = value as usize;
        let field = |fields: &[crate::tables::Field]| fields.get(at).map_or("", |field| self.0.symbol(field.name));
        match operand {
            Operand::Constant => match tables.constants.get(at) {
                Some(constant) => self.constant(line, constant),
                None => Ok(()),
            },
            Operand::Symbol => write!(line, " {}", Text(self.0.symbol(value))),
            Operand::Field => write!(line, " field {value}"),
            Operand::UserField => write!(line, " {}", field(&tables.user)),
            Operand::ContextField => write!(line, " {}", field(&tables.context)),
            Operand::Part => write!(line, " {}", Part::from_number(value).map_or("", Part::as_str)),
            Operand::Zone => write!(line, " {}", tables.zones.get(at).map_or("", |zone| self.0.symbol(zone.name))),
            Operand::Group => {
                write!(line, " {}", Text(tables.groups.get(at).map_or("", |group| self.0.symbol(group.wire))))
            }
            Operand::Schedule => write!(line, " schedule {value}"),
            Operand::Automaton => write!(line, " automaton {value}"),
            Operand::ReadImmediate => write!(line, " r{value}"),
            Operand::Target => write!(line, " to {value}"),
            Operand::Clause => write!(line, " {value}"),
            Operand::Level => {
                let members = tables.levels.get(at).map_or(&[][..], |members| members.as_slice());
                members.iter().try_for_each(|member| write!(line, " {}", self.0.symbol(*member)))
            }
            Operand::Query => write!(line, " question {value}"),
            Operand::Evidence => {
                write!(line, " {}", tables.evidence.get(at).map_or("", |evidence| self.0.symbol(evidence.name)))
            }
            Operand::Mark => write!(line, " at mark {value}"),
            Operand::Place => write!(line, " as {value}"),
            Operand::Sources => self.sources(line, tables.sources.get(at)),
            Operand::Flag if value == 1 => line.write_str(" decimal"),
            _ => Ok(()),
        }
    }

    fn sources(&self, line: &mut Line, sources: Option<&Sources>) -> fmt::Result {
        let Some(sources) = sources else { return Ok(()) };
        let tables = self.0.tables();
        let member = |member: u32| tables.levels.first()?.get(member as usize).copied();
        if let Some(word) = sources.least.and_then(member) {
            write!(line, " {}", self.0.symbol(word))?;
        }
        let tools = sources.tools.iter().filter_map(|tool| tables.tools.get(*tool as usize));
        tools.map(|tool| tool.name).try_for_each(|name| write!(line, " result of {}", self.0.symbol(name)))
    }

    fn constant(&self, line: &mut Line, constant: &Constant) -> fmt::Result {
        let tables = self.0.tables();
        let word = |words: &[alloc::vec::Vec<Symbol>], of: u32, member: u32| {
            let members = words.get(of as usize);
            members.and_then(|members| members.get(member as usize)).map_or("", |word| self.0.symbol(*word))
        };
        match constant {
            Constant::Bool(value) => write!(line, " {value}"),
            Constant::Int(value) => write!(line, " {value}"),
            Constant::Decimal(value) => write!(line, " {}", Decimal(*value)),
            Constant::Float(value) => write!(line, " {value:?}"),
            Constant::Text(symbol) => write!(line, " {}", Text(self.0.symbol(*symbol))),
            Constant::Duration(value) => write!(line, " {}", Span(*value)),
            Constant::Date(days) => write!(line, " {}", Date(i64::from(*days))),
            Constant::DateTime(value) => write!(line, " {}", Time(*value)),
            Constant::Ip { bits, v6 } => write!(line, " {}", address(*bits, *v6)),
            Constant::Network { bits, prefix, v6 } => write!(line, " {}/{prefix}", address(*bits, *v6)),
            Constant::Enum { of, member } => write!(line, " {}", Text(word(&tables.enums, *of, *member))),
            Constant::Level { of, member } => write!(line, " {}", word(&tables.levels, *of, *member)),
            Constant::List(elements) => {
                line.write_str(" [")?;
                let scalars = elements.iter().filter_map(|element| tables.constants.get(*element as usize));
                // Lists hold scalars, so this does not go deeper than one step.
                scalars
                    .filter(|scalar| !matches!(scalar, Constant::List(_)))
                    .try_for_each(|scalar| self.constant(line, scalar))?;
                line.write_str(" ]")
            }
        }
    }
}

/// The verbs, in the order of their bits.
const VERBS: [&str; 11] =
    ["reads", "creates", "updates", "deletes", "sends", "exports", "pays", "executes", "deploys", "grants", "computes"];

fn address(bits: u128, v6: bool) -> core::net::IpAddr {
    match u32::try_from(bits) {
        Ok(bits) if !v6 => core::net::IpAddr::V4(core::net::Ipv4Addr::from_bits(bits)),
        _ => core::net::IpAddr::V6(core::net::Ipv6Addr::from_bits(bits)),
    }
}

/// A place as `file:line:column`.
struct At<'a>(&'a Program, Place);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.0.tables().debug.files.get(self.1.file as usize).map_or("", |file| file.as_str());
        write!(f, "{file}:{}:{}", self.1.line, self.1.column)
    }
}

/// A line being written.
#[derive(Default)]
struct Line(alloc::string::String);

impl Line {
    /// What brings what follows into its column.
    fn gap(&self) -> Gap {
        /// Where places stand.
        const COLUMN: usize = 46;
        Gap(COLUMN.saturating_sub(self.0.chars().count()).max(1))
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        Ok(())
    }
}

/// A number of things: `1 rule`, `2,000 rules`.
struct Counted(u64, &'static str);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = alloc::format!("{}", self.0);
        for (at, digit) in digits.chars().enumerate() {
            let group = at > 0 && (digits.len() - at).is_multiple_of(3);
            write!(f, "{}{digit}", if group { "," } else { "" })?;
        }
        write!(f, " {}{}", self.1, if self.0 == 1 { "" } else { "s" })
    }
}

struct Gap(usize);

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..self.0).try_for_each(|_| f.write_char(' '))
    }
}
