//! Random expressions as text: mostly well typed, and every form of the language among them.
//!
//! What the checker does not take is left out by whoever asks, so that a form may be tried where it does not always fit.

use crate::random::Random;
use crate::world::{CONTEXT, Field, Kind, USER};

/// What can be read where an expression stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// Expressions that can be read, with their kinds.
    readable: Vec<(String, Kind)>,
    /// Expressions that may be missing.
    missing: Vec<(String, Kind)>,
    /// How many variables are bound around.
    bound: usize,
    /// A quantifier is around.
    inside: bool,
}

impl Scope {
    /// What a rule about tools with these parameters can read.
    pub(crate) fn new(parameters: &[Field]) -> Scope {
        let mut scope = Scope::default();
        for (root, fields) in [("args", parameters), ("user", &USER[..]), ("context", &CONTEXT[..])] {
            for field in fields {
                let name = format!("{root}.{}", field.name);
                let list = if field.optional { &mut scope.missing } else { &mut scope.readable };
                list.push((name.clone(), field.kind));
                if field.kind == Kind::Owner {
                    scope.readable.push((format!("{name}.id"), Kind::Text));
                    scope.missing.push((format!("{name}.age"), Kind::Int));
                }
            }
        }
        scope
    }

    /// With another variable of this kind.
    pub(crate) fn with(&self, name: &str, kind: Kind) -> Scope {
        let mut scope = self.clone();
        scope.readable.push((name.to_owned(), kind));
        scope.bound += 1;
        scope
    }

    fn of(&self, kind: Kind) -> Vec<&str> {
        self.readable.iter().filter(|(_, of)| *of == kind).map(|(name, _)| name.as_str()).collect()
    }
}

/// Texts that both policies and requests use, so that they are sometimes equal.
pub(crate) const TEXTS: [&str; 7] = ["", "a", "b", "ab", "abc", "x y", "é"];
/// Ints that both use, the borders of 64 bits among them.
pub(crate) const INTS: [&str; 9] = ["0", "1", "2", "3", "5", "10", "7", "100", "9223372036854775807"];
/// Decimals that both use.
pub(crate) const DECIMALS: [&str; 6] = ["0.00", "0.5", "1.25", "10.00", "100.000001", "9223372036854.775807"];
const DATES: [&str; 4] = ["2026-03-01", "2026-03-02", "2026-06-01", "2100-01-01"];
const TIMES: [&str; 3] = ["2026-03-02T15:00:00Z", "2026-03-08T07:00:00Z", "2026-06-01T00:00:00Z"];
const ORDER: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];
const EQUALITY: [&str; 2] = ["==", "!="];

/// A condition.
pub(crate) fn condition(random: &mut Random, scope: &Scope, depth: usize) -> String {
    if depth > 0 && random.percent(65) {
        let mut inner = |random: &mut Random| condition(random, scope, depth - 1);
        return match random.below(8) {
            0..=2 => joined(random, "and", &mut inner),
            3..=5 => joined(random, "or", &mut inner),
            6 => format!("(not {})", inner(random)),
            _ => format!("(if {} then {} else {})", inner(random), inner(random), inner(random)),
        };
    }
    let mut found = None;
    for _ in 0..8 {
        found = found.or_else(|| atom(random, scope, depth));
    }
    found.unwrap_or_else(|| "user.vip".to_owned())
}

fn joined(random: &mut Random, word: &str, inner: &mut dyn FnMut(&mut Random) -> String) -> String {
    let operands: Vec<String> = (0..2 + random.below(2)).map(|_| inner(random)).collect();
    format!("({})", operands.join(&format!(" {word} ")))
}

/// Something asked of values; none where the scope has nothing of the kind that is tried.
fn atom(random: &mut Random, scope: &Scope, depth: usize) -> Option<String> {
    match random.below(20) {
        0 => Some(one_of(random, &scope.of(Kind::Bool))?.to_owned()),
        1..=3 => Some(format!("({} {} {})", int(random, scope, 2), random.pick(&ORDER), int(random, scope, 1))),
        4..=5 => Some(format!("({} {} {})", decimal(random, scope, 2), random.pick(&ORDER), decimal(random, scope, 1))),
        6 => text_test(random, scope),
        7 => Some(format!("({} {} {})", text(random, scope)?, random.pick(&EQUALITY), text(random, scope)?)),
        8 => time_test(random, scope),
        9 => network_test(random, scope),
        10 => path_test(random, scope),
        11 => word_test(random, scope),
        12 => membership(random, scope),
        13..=14 if !scope.inside => quantified(random, scope, depth),
        15 => guarded(random, scope),
        16 => Some(format!("(user in {})", random.pick(&["staff", "support", "leads", "night"]))),
        17 => origin_test(random, scope),
        18 => Some(format!("({} {} 0.5)", one_of(random, &scope.of(Kind::Float))?, random.pick(&ORDER))),
        _ => {
            let missing: Vec<&str> = scope.missing.iter().map(|(name, _)| name.as_str()).collect();
            Some(format!("(has {})", one_of(random, &missing)?))
        }
    }
}

fn one_of<'a>(random: &mut Random, names: &[&'a str]) -> Option<&'a str> {
    (!names.is_empty()).then(|| names[random.below(names.len())])
}

/// `has x and test of x`, or a test of `x otherwise literal`.
fn guarded(random: &mut Random, scope: &Scope) -> Option<String> {
    let (name, kind) = scope.missing.get(random.below(scope.missing.len().max(1)))?.clone();
    let only =
        Scope { readable: vec![(name.clone(), kind)], inside: scope.inside, bound: scope.bound, ..Scope::default() };
    let test = (0..30).find_map(|_| atom(random, &only, 0).filter(|test| test.contains(&name)))?;
    Some(match random.below(3) {
        0 => format!("(has {name} and {test})"),
        1 => format!("(not has {name} or {test})"),
        _ => format!("({} or {test})", format_args!("not has {name}")),
    })
}

/// An int.
fn int(random: &mut Random, scope: &Scope, depth: usize) -> String {
    let literal = |random: &mut Random| random.pick(&INTS).to_owned();
    let lists = scope.of(Kind::Ints);
    let read = scope.of(Kind::Int);
    let missing: Vec<&str> =
        scope.missing.iter().filter(|(_, kind)| *kind == Kind::Int).map(|(name, _)| name.as_str()).collect();
    let made = match random.below(14) {
        0..=3 => one_of(random, &read).map(str::to_owned),
        4 => one_of(random, &missing).map(|name| format!("({name} otherwise {})", literal(random))),
        5 => one_of(random, &lists).map(|list| format!("count({list})")),
        6 if !scope.inside => one_of(random, &lists).map(|list| comprehension(random, scope, list)),
        7 => one_of(random, &lists)
            .map(|list| format!("({}({list}) otherwise {})", random.pick(&["first", "last"]), literal(random))),
        8 => one_of(random, &scope.of(Kind::Url)).map(|url| format!("{url}.port")),
        9 => one_of(random, &scope.of(Kind::Table))
            .map(|table| format!("({table}[\"{}\"] otherwise {})", random.pick(&TEXTS[1..3]), literal(random))),
        10 if depth > 0 => Some(format!(
            "({} {} {})",
            int(random, scope, depth - 1),
            random.pick(&["+", "-"]),
            int(random, scope, depth - 1)
        )),
        11 if depth > 0 => Some(format!("({} * {})", int(random, scope, depth - 1), literal(random))),
        12 if depth > 0 => Some(format!(
            "{}({}, {})",
            random.pick(&["min", "max"]),
            int(random, scope, depth - 1),
            int(random, scope, depth - 1)
        )),
        13 if depth > 0 => Some(format!("(-{})", int(random, scope, depth - 1))),
        _ => None,
    };
    made.unwrap_or_else(|| literal(random))
}

/// A fold over a list of ints.
fn comprehension(random: &mut Random, scope: &Scope, list: &str) -> String {
    let name = format!("c{}", scope.bound);
    let mut inner = scope.with(&name, Kind::Int);
    inner.inside = true;
    let literal = random.pick(&INTS);
    match random.below(5) {
        0 => format!("count({name} in {list}: {})", condition(random, &inner, 1)),
        1 => format!("sum({name} in {list}: {})", int(random, &inner, 1)),
        2 => format!("(first({name} in {list}: {}) otherwise {literal})", condition(random, &inner, 1)),
        3 => format!("(last({name} in {list}: {}) otherwise {literal})", condition(random, &inner, 1)),
        _ => format!(
            "({}({name} in {list}: {}) otherwise {literal})",
            random.pick(&["min", "max"]),
            int(random, &inner, 1)
        ),
    }
}

/// A decimal, or an int where one may stand.
fn decimal(random: &mut Random, scope: &Scope, depth: usize) -> String {
    let literal = |random: &mut Random| random.pick(&DECIMALS).to_owned();
    let missing: Vec<&str> =
        scope.missing.iter().filter(|(_, kind)| *kind == Kind::Decimal).map(|(name, _)| name.as_str()).collect();
    let made = match random.below(9) {
        0..=2 => one_of(random, &scope.of(Kind::Decimal)).map(str::to_owned),
        3 => one_of(random, &missing).map(|name| format!("({name} otherwise {})", literal(random))),
        4 if !scope.inside => one_of(random, &scope.of(Kind::Items)).map(|items| format!("sum(i in {items}: i.price)")),
        5 if depth > 0 => Some(format!(
            "({} {} {})",
            decimal(random, scope, depth - 1),
            random.pick(&["+", "-"]),
            decimal(random, scope, depth - 1)
        )),
        6 if depth > 0 => {
            Some(format!("({} * {})", decimal(random, scope, depth - 1), random.pick(&["2", "3", "100"])))
        }
        7 if depth > 0 => Some(int(random, scope, depth - 1)),
        _ => None,
    };
    made.unwrap_or_else(|| literal(random))
}

fn quoted(random: &mut Random) -> String {
    format!("\"{}\"", random.pick(&TEXTS))
}

fn text(random: &mut Random, scope: &Scope) -> Option<String> {
    match random.below(6) {
        0 => Some(quoted(random)),
        1 => Some(format!("{}.local", one_of(random, &scope.of(Kind::Email))?)),
        2 => Some(format!("{}.lower", one_of(random, &scope.of(Kind::Text))?)),
        3 => Some("user.id".to_owned()),
        _ => Some(one_of(random, &scope.of(Kind::Text))?.to_owned()),
    }
}

fn text_test(random: &mut Random, scope: &Scope) -> Option<String> {
    let subject = text(random, scope).filter(|subject| !subject.starts_with('"'))?;
    Some(match random.below(6) {
        0 => format!("({subject} like \"{}\")", random.pick(&["a*", "*b", "?", "a?c", "*", "\\\\*"])),
        1 => format!("({subject} matches \"{}\")", random.pick(&["[a-b]+", "a|x y", ".?", "\\\\w*", "(ab)+c?"])),
        2 => format!("({subject} starts_with {})", quoted(random)),
        3 => format!("({subject} ends_with {})", quoted(random)),
        4 => format!("({subject} contains {})", quoted(random)),
        _ => format!("({subject} in [{}, {}])", quoted(random), quoted(random)),
    })
}

fn time_test(random: &mut Random, scope: &Scope) -> Option<String> {
    let order = random.pick(&ORDER);
    let time = one_of(random, &scope.of(Kind::Time)).unwrap_or("now");
    let day = one_of(random, &scope.of(Kind::Date)).unwrap_or("today");
    Some(match random.below(6) {
        0 => format!("({time} {order} {})", random.pick(&TIMES)),
        1 => format!("({time} {order} now + {})", random.pick(&["2h", "1d", "30m"])),
        2 => format!("({time} - now {order} {})", random.pick(&["0s", "3h", "400d"])),
        3 => format!("({day} {order} {})", random.pick(&DATES)),
        4 => format!("({day} {order} today + {})", random.pick(&["1d", "30d"])),
        _ => format!("({time}.date {order} {day})"),
    })
}

fn network_test(random: &mut Random, scope: &Scope) -> Option<String> {
    match random.below(5) {
        0 => Some(format!(
            "{}.in_network(\"{}\")",
            one_of(random, &scope.of(Kind::Ip))?,
            random.pick(&["10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0"])
        )),
        1 => Some(format!("{}.domain.in_domain(\"acme.example\")", one_of(random, &scope.of(Kind::Email))?)),
        2 => Some(format!(
            "{}.host.in_domain(\"{}\")",
            one_of(random, &scope.of(Kind::Url))?,
            random.pick(&["acme.example", "a.example"])
        )),
        3 => Some(format!(
            "({}.path {} \"/x\")",
            one_of(random, &scope.of(Kind::Url))?,
            random.pick(&["starts_with", "==", "contains"])
        )),
        _ => Some(format!("({} == \"a.example\")", one_of(random, &scope.of(Kind::Host))?)),
    }
}

fn path_test(random: &mut Random, scope: &Scope) -> Option<String> {
    let path = one_of(random, &scope.of(Kind::Path))?;
    Some(match random.below(5) {
        0 => format!("{path}.within(\"/work\")"),
        1 => format!("({path} like \"{}\")", random.pick(&["/work/**", "/*/x", "/**/*.rs", "/work/?"])),
        2 => format!("({path}.name == \"x\")"),
        3 => format!("({path}.extension {} \"rs\")", random.pick(&EQUALITY)),
        _ => format!("({path} {} \"/work/x\")", random.pick(&EQUALITY)),
    })
}

fn word_test(random: &mut Random, scope: &Scope) -> Option<String> {
    match random.below(3) {
        0 => Some(format!("({} {} other)", one_of(random, &scope.of(Kind::Reason))?, random.pick(&EQUALITY))),
        1 => Some(format!("({} == \"no longer needed\")", one_of(random, &scope.of(Kind::Reason))?)),
        _ => Some(format!("({} {} middle)", one_of(random, &scope.of(Kind::Rank))?, random.pick(&ORDER))),
    }
}

fn membership(random: &mut Random, scope: &Scope) -> Option<String> {
    match random.below(5) {
        0 => Some(format!("({} in {})", int(random, scope, 1), one_of(random, &scope.of(Kind::Ints))?)),
        1 => Some(format!("({} contains {})", one_of(random, &scope.of(Kind::Texts))?, quoted(random))),
        2 => Some(format!("({} in {})", quoted(random), one_of(random, &scope.of(Kind::Table))?)),
        3 => Some(format!(
            "({} in [{}, {}])",
            one_of(random, &scope.of(Kind::Int))?,
            random.pick(&INTS),
            random.pick(&INTS)
        )),
        _ => {
            Some(format!("({} in {})", one_of(random, &scope.of(Kind::Text))?, one_of(random, &scope.of(Kind::Texts))?))
        }
    }
}

fn quantified(random: &mut Random, scope: &Scope, depth: usize) -> Option<String> {
    let word = random.pick(&["any", "all"]);
    let name = format!("q{}", scope.bound);
    let mut inner = |kinds: &[(&str, Kind)]| {
        let mut inner = scope.clone();
        for (suffix, kind) in kinds {
            inner.readable.push((format!("{name}{suffix}"), *kind));
        }
        inner.bound += 1;
        inner.inside = true;
        condition(random, &inner, depth.min(1))
    };
    Some(match inner_choice(scope, depth) {
        Kind::Ints => format!("({word} {name} in {}: {})", scope.of(Kind::Ints).first()?, inner(&[("", Kind::Int)])),
        Kind::Texts => format!("({word} {name} in {}: {})", scope.of(Kind::Texts).first()?, inner(&[("", Kind::Text)])),
        Kind::Items => {
            let body = inner(&[(".sku", Kind::Text), (".price", Kind::Decimal)]);
            format!("({word} {name} in {}: {body})", scope.of(Kind::Items).first()?)
        }
        _ => {
            let body = inner(&[("", Kind::Text), ("v", Kind::Int)]);
            format!("({word} {name}, {name}v in {}: {body})", scope.of(Kind::Table).first()?)
        }
    })
}

/// Which kind of collection is gone through: by turns, among those that there are.
fn inner_choice(scope: &Scope, depth: usize) -> Kind {
    let kinds = [Kind::Ints, Kind::Texts, Kind::Items, Kind::Table];
    let there: Vec<Kind> = kinds.into_iter().filter(|kind| !scope.of(*kind).is_empty()).collect();
    *there.get((depth + scope.bound + scope.readable.len()) % there.len().max(1)).unwrap_or(&Kind::Table)
}

fn origin_test(random: &mut Random, scope: &Scope) -> Option<String> {
    let args: Vec<&str> =
        scope.readable.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with("args.")).collect();
    let subject = if random.percent(15) { "args" } else { one_of(random, &args)? };
    if random.percent(40) {
        let level = random.pick(&["", "user, ", "system, "]);
        let tools = random.pick(&["result of vouch", "result of vouch_part", "result of vouch, result of vouch_part"]);
        return Some(format!("(origin({subject}) in [{level}{tools}])"));
    }
    let member = random.pick(&["untrusted", "model", "trusted", "user", "system"]);
    Some(format!("(origin({subject}) {} {member})", random.pick(&ORDER[2..])))
}
