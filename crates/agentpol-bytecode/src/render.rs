//! Decisions as JSON, for operators and for agents (docs/reference/decisions.md).

use crate::code::{Code, Outcome};
use crate::decision::{Ask, Asker, Decision, RuleList};
use crate::program::Program;
use crate::tables::{Effect, Phase, Rule};
use core::fmt::{self, Write};

/// How long the approval that a supervised agent's change needs can be used, in milliseconds.
pub const SUPERVISED_WITHIN: i64 = 86_400_000;
/// How grave alerts are, by number.
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// The operator's view of a decision: codes, rules, hashes. It never goes back to an agent.
#[derive(Clone, Copy, Debug)]
pub struct OperatorView<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// The program that it was made with.
    pub program: &'a Program,
}

/// The agent's view of a decision: what to do next, what the author says about it, which argument it is about.
#[derive(Clone, Copy, Debug)]
pub struct AgentView<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// The program that it was made with.
    pub program: &'a Program,
}

impl Decision {
    /// Returns the view for operators and their records.
    pub fn for_operator<'a>(&'a self, program: &'a Program) -> OperatorView<'a> {
        OperatorView { decision: self, program }
    }

    /// Returns the view for the agent: the only one that may go back to a model.
    pub fn for_agent<'a>(&'a self, program: &'a Program) -> AgentView<'a> {
        AgentView { decision: self, program }
    }

    /// Returns the word that an agent is told: `allow`, `deny`, `approval_required`, `try_later` or `bad_arguments`.
    pub fn agent_word(&self) -> &'static str {
        match (self.outcome(), self.code()) {
            (Outcome::Allow, _) => "allow",
            (Outcome::RequireApproval, _) => "approval_required",
            (Outcome::Throttle, _) => "try_later",
            (Outcome::Deny, Code::ArgumentMissing | Code::ArgumentUndeclared | Code::ArgumentInvalid) => {
                "bad_arguments"
            }
            (Outcome::Deny, _) => "deny",
        }
    }

    /// Returns the distinct texts of the deciding rules' `because`, in the order of the rules.
    pub fn because<'a>(&'a self, program: &'a Program) -> impl Iterator<Item = &'a str> {
        let texts = move |count: usize| {
            let rules = self.rules().named().iter().take(count).filter_map(|rule| program.rule(*rule));
            rules.filter_map(|rule| rule.because)
        };
        let count = self.rules().named().len();
        let fresh = (0..count).filter_map(move |at| {
            let text = self.rules().named().get(at).and_then(|rule| program.rule(*rule))?.because?;
            (!texts(at).any(|earlier| earlier == text)).then_some(text)
        });
        fresh.map(|text| program.symbol(text))
    }
}

impl fmt::Display for OperatorView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OperatorView { decision, program } = *self;
        let code = decision.code();
        write!(f, r#"{{"outcome":"{}","code":"{}""#, code.outcome().as_str(), code.as_str())?;
        rules(f, program, decision.rules())?;
        let mut others = decision.also().iter().peekable();
        if others.peek().is_some() {
            f.write_str(r#","also":["#)?;
            separated(f, others, |f, code| write!(f, r#""{}""#, code.as_str()))?;
            f.write_char(']')?;
        }
        approvals(f, program, decision)?;
        retry_after(f, decision)?;
        if let Some(retry) = decision.retry() {
            write!(f, r#","retry_at":"{}""#, Time(retry.at))?;
        }
        alerts(f, program, decision)?;
        argument(f, decision)?;
        if let Some(would) = decision.would() {
            write!(f, r#","would":{{"outcome":"{}","code":"{}"}}"#, would.outcome().as_str(), would.as_str())?;
        }
        because(f, program, decision)?;
        if let Some(time) = decision.dispatch_before() {
            write!(f, r#","dispatch_before":"{}""#, Time(time))?;
        }
        f.write_str(r#","meaning":"sha256:"#)?;
        program.meaning_hash().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("\"}")
    }
}

impl fmt::Display for AgentView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"{{"outcome":"{}""#, self.decision.agent_word())?;
        retry_after(f, self.decision)?;
        because(f, self.program, self.decision)?;
        if self.decision.agent_word() == "bad_arguments" {
            argument(f, self.decision)?;
        }
        f.write_char('}')
    }
}

fn rules(f: &mut fmt::Formatter<'_>, program: &Program, rules: &RuleList) -> fmt::Result {
    if rules.total() == 0 {
        return Ok(());
    }
    f.write_str(r#","rules":["#)?;
    separated(f, rules.named().iter().filter_map(|id| program.rule(*id)), |f, found| rule(f, program, found))?;
    f.write_char(']')?;
    if rules.total() as usize > rules.named().len() {
        write!(f, r#","rules_total":{}"#, rules.total())?;
    }
    Ok(())
}

fn rule(f: &mut fmt::Formatter<'_>, program: &Program, rule: &Rule) -> fmt::Result {
    let module = program.tables().modules.get(rule.module as usize).map_or("", |module| program.symbol(module.name));
    let (module, name) = (Text(module), Text(program.symbol(rule.name)));
    write!(f, r#"{{"module":{module},"name":{name},"effect":"{}"}}"#, rule.effect.as_str())
}

fn approvals(f: &mut fmt::Formatter<'_>, program: &Program, decision: &Decision) -> fmt::Result {
    let asks = decision.asks().named();
    if asks.is_empty() {
        return Ok(());
    }
    f.write_str(r#","approvals":["#)?;
    separated(f, asks.iter(), |f, ask| approval(f, program, ask))?;
    f.write_char(']')
}

fn approval(f: &mut fmt::Formatter<'_>, program: &Program, ask: &Ask) -> fmt::Result {
    match ask.by {
        Asker::Rule(id) => {
            let asking = program.rule(id).ok_or(fmt::Error)?;
            f.write_str(r#"{"rule":"#)?;
            rule(f, program, asking)?;
            if let Effect::RequireApproval { from, count, within, .. } = asking.effect {
                let from = Text(approver(program, from));
                write!(f, r#","from":{from},"count":{count},"within":"{}""#, Span(within))?;
            }
        }
        Asker::Phase(agent) => {
            let agent = program.tables().agents.get(agent as usize).ok_or(fmt::Error)?;
            let by = match agent.phase {
                Phase::Supervised { by } => by,
                _ => None,
            };
            let (name, from) = (Text(program.symbol(agent.qualified)), Text(approver(program, by)));
            write!(f, r#"{{"phase":"supervised","agent":{name},"from":{from},"count":1"#)?;
            write!(f, r#","within":"{}""#, Span(SUPERVISED_WITHIN))?;
        }
    }
    write!(f, r#","missing":"{}""#, ask.missing.as_str())?;
    if let Some(opened) = ask.opened {
        f.write_str(r#","digest":""#)?;
        opened.digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, r#"","asked_at":"{}","expires":"{}""#, Time(opened.asked_at), Time(opened.expires))?;
    }
    f.write_char('}')
}

fn retry_after(f: &mut fmt::Formatter<'_>, decision: &Decision) -> fmt::Result {
    let Some(retry) = decision.retry() else { return Ok(()) };
    // Whoever waits whole seconds waits long enough.
    write!(f, r#","retry_after":"{}""#, Span(retry.after.saturating_add(999)))
}

fn alerts(f: &mut fmt::Formatter<'_>, program: &Program, decision: &Decision) -> fmt::Result {
    let raised = decision.alerts();
    if raised.total() == 0 {
        return Ok(());
    }
    f.write_str(r#","alerts":["#)?;
    let found = raised.named().iter().filter_map(|alert| Some((alert, program.rule(alert.rule)?)));
    separated(f, found, |f, (alert, found)| {
        f.write_str(r#"{"rule":"#)?;
        rule(f, program, found)?;
        let severity = match found.effect {
            Effect::Alert { severity, .. } => SEVERITIES.get(usize::from(severity)).copied(),
            _ => None,
        };
        write!(f, r#","severity":"{}""#, severity.unwrap_or("critical"))?;
        f.write_str(if alert.uncertain { r#","uncertain":true}"# } else { "}" })
    })?;
    f.write_char(']')?;
    if raised.total() as usize > raised.named().len() {
        write!(f, r#","alerts_total":{}"#, raised.total())?;
    }
    Ok(())
}

/// A group's name on the wire, or `user` for the requesting user.
fn approver(program: &Program, group: Option<u32>) -> &str {
    let group = group.and_then(|group| program.tables().groups.get(group as usize));
    group.map_or("user", |group| program.symbol(group.wire))
}

fn argument(f: &mut fmt::Formatter<'_>, decision: &Decision) -> fmt::Result {
    decision.argument().map_or(Ok(()), |pointer| write!(f, r#","argument":{}"#, Text(pointer)))
}

fn because(f: &mut fmt::Formatter<'_>, program: &Program, decision: &Decision) -> fmt::Result {
    let mut texts = decision.because(program).peekable();
    if texts.peek().is_none() {
        return Ok(());
    }
    f.write_str(r#","because":["#)?;
    separated(f, texts, |f, text| write!(f, "{}", Text(text)))?;
    f.write_char(']')
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    elements: impl Iterator<Item = T>,
    show: impl Fn(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (at, element) in elements.enumerate() {
        f.write_str(if at == 0 { "" } else { "," })?;
        show(f, element)?;
    }
    Ok(())
}

/// A text as a JSON string. What could leave its line, or hide what it says, is escaped.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c if is_hidden(c) => {
                    let mut units = [0; 2];
                    c.encode_utf16(&mut units).iter().try_for_each(|unit| write!(f, "\\u{unit:04x}"))?;
                }
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

/// Whether a character must not be shown as it is: controls, separators that end lines, and what is not seen, or turns the
/// direction of writing. Every place that shows text from outside asks here.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Millionths as the language writes decimals: with two digits behind the point, or as many more as they need.
#[derive(Clone, Copy, Debug)]
pub struct Decimal(pub i64);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, mut rest) = (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        let mut digits = 6usize;
        while digits > 2 && rest.is_multiple_of(10) {
            (rest, digits) = (rest / 10, digits - 1);
        }
        write!(f, "{sign}{whole}.{rest:0digits$}")
    }
}

/// Milliseconds as the language writes durations, such as `1h30m`.
#[derive(Clone, Copy, Debug)]
pub struct Span(pub i64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.unsigned_abs() / 1000;
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, seconds) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] {
            if rest / seconds > 0 {
                write!(f, "{}{unit}", rest / seconds)?;
                rest %= seconds;
            }
        }
        Ok(())
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z, shown as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug)]
pub struct Time(pub i64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: i64 = 86_400_000;
        Date(self.0.div_euclid(DAY)).fmt(f)?;
        let millis = self.0.rem_euclid(DAY);
        let (hour, minute, second) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
        write!(f, "T{hour:02}:{minute:02}:{second:02}")?;
        if millis % 1000 != 0 {
            write!(f, ".{:03}", millis % 1000)?;
        }
        f.write_char('Z')
    }
}

/// Days since 1970-01-01, shown as RFC 3339.
#[derive(Clone, Copy, Debug)]
pub struct Date(pub i64);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// The date of a day counted from 1970-01-01: the years are turned so that they begin in March, and leap days come last.
fn civil(days: i64) -> (i64, i64, i64) {
    const DAYS_TO_MARCH_OF_YEAR_0: i64 = 719_468;
    const DAYS_IN_400_YEARS: i64 = 146_097;
    let turned = days.saturating_add(DAYS_TO_MARCH_OF_YEAR_0);
    let era = turned.div_euclid(DAYS_IN_400_YEARS);
    let day = turned.rem_euclid(DAYS_IN_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let in_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let date = in_year - (153 * month + 2) / 5 + 1;
    let january_on = i64::from(month >= 10);
    (era * 400 + year + january_on, month + 3 - 12 * january_on, date)
}

#[cfg(test)]
mod tests {
    use super::{Decimal, Span, Text, Time};
    use alloc::string::ToString;

    #[test]
    fn decimals_have_no_digit_too_many() {
        let written = |value| Decimal(value).to_string();
        assert_eq!([250_000_000, 1_500_000, -10, 0].map(written), ["250.00", "1.50", "-0.00001", "0.00"]);
        assert_eq!([1_234_567, i64::MIN].map(written), ["1.234567", "-9223372036854.775808"]);
    }

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(Time(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Time(1_772_463_600_000).to_string(), "2026-03-02T15:00:00Z");
        assert_eq!(Time(951_782_400_123).to_string(), "2000-02-29T00:00:00.123Z");
        assert_eq!(Time(4_107_542_399_000).to_string(), "2100-02-28T23:59:59Z");
        assert_eq!(Time(4_107_542_400_000).to_string(), "2100-03-01T00:00:00Z");
        assert_eq!(Time(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn durations_are_written_as_in_the_language() {
        assert_eq!(Span(14_400_000).to_string(), "4h");
        assert_eq!(Span(90_061_000).to_string(), "1d1h1m1s");
        assert_eq!(Span(0).to_string(), "0s");
    }

    #[test]
    fn texts_cannot_leave_their_string_or_hide() {
        assert_eq!(Text("a\"b\\c\n\u{7f}").to_string(), r#""a\"b\\c\n\u007f""#);
        assert_eq!(Text("a\u{202e}b\u{e0041}\u{2028}").to_string(), r#""a\u202eb\udb40\udc41\u2028""#);
        assert_eq!(Text("pl\u{e4}in").to_string(), "\"pl\u{e4}in\"");
    }
}
