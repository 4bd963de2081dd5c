//! Kinds of values, and which of them each operation takes.

use crate::instruction::{Op, Part};
use crate::tables::Kept;

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds(u32);

macro_rules! kinds {
    ($($bit:literal $name:ident)*) => {
        impl Kinds {
            $(pub(super) const $name: Kinds = Kinds(1 << $bit);)*
        }
    };
}

kinds! {
    0 BOOL
    1 INT
    2 DECIMAL
    3 FLOAT
    4 STRING
    5 EMAIL
    6 URL
    7 HOST
    8 PATH
    9 DURATION
    10 DATE
    11 DATE_TIME
    12 IP
    13 ENUM
    14 LEVEL
    15 ORIGIN
    16 LIST
    17 MAP
    18 RECORD
    19 PAIRS
    20 JSON
    21 NETWORK
    22 ARGS
    23 REFERENCE
    24 OPERANDS
}

impl Kinds {
    pub(super) const NONE: Kinds = Kinds(0);
    /// Everything but gathered operands, which only questions take.
    pub(super) const ANY: Kinds = Kinds(!Kinds::OPERANDS.0);
    pub(super) const TEXT: Kinds = Kinds::STRING.or(Kinds::EMAIL).or(Kinds::URL).or(Kinds::HOST).or(Kinds::PATH);
    pub(super) const NUMBER: Kinds = Kinds::INT.or(Kinds::DECIMAL);
    pub(super) const TIME: Kinds = Kinds::DURATION.or(Kinds::DATE).or(Kinds::DATE_TIME);
    pub(super) const ORDERED: Kinds = Kinds::NUMBER.or(Kinds::FLOAT).or(Kinds::TIME).or(Kinds::LEVEL).or(Kinds::ORIGIN);
    pub(super) const SCALAR: Kinds =
        Kinds::ORDERED.or(Kinds::TEXT).or(Kinds::BOOL).or(Kinds::IP).or(Kinds::ENUM).or(Kinds::REFERENCE);
    pub(super) const SUMMED: Kinds = Kinds::NUMBER.or(Kinds::TIME);
    pub(super) const SEQUENCE: Kinds = Kinds::LIST.or(Kinds::MAP).or(Kinds::PAIRS);

    pub(super) const fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub(super) fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns whether a value of these kinds may be one of those; what is never there fits everywhere.
    pub(super) fn may_be(self, others: Kinds) -> bool {
        self.is_empty() || !self.and(others).is_empty()
    }

    /// Returns the kinds of a remembered scalar.
    pub(super) fn of_kept(kept: Kept) -> Kinds {
        match kept {
            Kept::Bool => Kinds::BOOL,
            Kept::Int => Kinds::INT,
            Kept::Decimal => Kinds::DECIMAL,
            Kept::Float => Kinds::FLOAT,
            Kept::Text => Kinds::TEXT.or(Kinds::REFERENCE),
            Kept::Duration => Kinds::DURATION,
            Kept::Date => Kinds::DATE,
            Kept::DateTime => Kinds::DATE_TIME,
            Kept::Ip => Kinds::IP,
            Kept::Enum(_) => Kinds::ENUM,
            Kept::Level(0) => Kinds::ORIGIN,
            Kept::Level(_) => Kinds::LEVEL,
            Kept::Typed(_) => Kinds::NONE,
        }
    }

    /// Returns whether values of both can be compared.
    pub(super) fn comparable(self, other: Kinds) -> bool {
        let families = [Kinds::NUMBER, Kinds::TEXT, Kinds::LEVEL.or(Kinds::ORIGIN)];
        let same = !self.and(other).is_empty();
        let akin = families.iter().any(|family| !self.and(*family).is_empty() && !other.and(*family).is_empty());
        self.is_empty() || other.is_empty() || same || akin
    }
}

/// Returns what the operation demands of `a` and of `b`.
pub(super) fn demanded(op: Op, imm: u32) -> (Kinds, Kinds) {
    let any = Kinds::ANY;
    match op {
        Op::Field => (Kinds::RECORD, any),
        Op::Index => (Kinds::MAP, Kinds::TEXT),
        Op::Part => (part(imm), any),
        Op::DateOf => (Kinds::DATE_TIME, any),
        Op::Not | Op::SkipIfFalse | Op::SkipIfTrue | Op::Clause | Op::Mark | Op::ReturnValue => (Kinds::BOOL, any),
        Op::And | Op::Or => (Kinds::BOOL, Kinds::BOOL),
        Op::Eq | Op::Ne => (Kinds::SCALAR, Kinds::SCALAR),
        Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Min | Op::Max => (Kinds::ORDERED, Kinds::ORDERED),
        Op::Add | Op::Sub | Op::Mul => (Kinds::SUMMED, Kinds::SUMMED),
        Op::Neg => (Kinds::NUMBER.or(Kinds::DURATION), any),
        Op::ToDecimal => (Kinds::NUMBER, any),
        Op::In => (Kinds::SCALAR, Kinds::LIST.or(Kinds::MAP)),
        Op::InDomain | Op::StartsWith | Op::EndsWith | Op::HasText | Op::Match => (Kinds::TEXT, any),
        Op::Within => (Kinds::PATH.or(Kinds::STRING), Kinds::PATH.or(Kinds::STRING)),
        Op::InNetwork => (Kinds::IP, any),
        Op::Count | Op::Any | Op::All | Op::CountWhere | Op::FirstWhere | Op::LastWhere => (Kinds::SEQUENCE, any),
        Op::SumOf | Op::MinOf | Op::MaxOf => (Kinds::SEQUENCE, any),
        Op::First | Op::Last => (Kinds::LIST, any),
        Op::Pairs => (Kinds::LIST, Kinds::LIST),
        Op::Gather => (Kinds::SCALAR.or(Kinds::OPERANDS), Kinds::SCALAR.or(Kinds::OPERANDS)),
        Op::Earlier | Op::Known => (Kinds::ANY.or(Kinds::OPERANDS), any),
        Op::Attribute | Op::Id | Op::PathOf | Op::InGroup => (Kinds::REFERENCE, any),
        Op::Inside => (Kinds::REFERENCE, Kinds::REFERENCE.or(Kinds::LIST)),
        _ => (any, any),
    }
}

fn part(number: u32) -> Kinds {
    match Part::from_number(number) {
        Some(Part::Domain | Part::Local) => Kinds::EMAIL.or(Kinds::STRING),
        Some(Part::Host | Part::Scheme | Part::Port | Part::UrlPath) => Kinds::URL.or(Kinds::STRING),
        Some(Part::Name | Part::Extension) => Kinds::PATH.or(Kinds::STRING),
        Some(Part::Lower) => Kinds::TEXT,
        None => Kinds::NONE,
    }
}

/// Returns what a loop demands of its body's value.
pub(super) fn demanded_of_body(op: Op) -> Kinds {
    match op {
        Op::SumOf => Kinds::SUMMED,
        Op::MinOf | Op::MaxOf => Kinds::ORDERED,
        _ => Kinds::BOOL,
    }
}

/// Returns the kinds of arithmetic's result.
pub(super) fn arithmetic(op: Op, a: Kinds, b: Kinds) -> Kinds {
    let both = a.or(b);
    let numbers = both.and(Kinds::NUMBER);
    let times = match op {
        Op::Sub => {
            both.and(Kinds::TIME).or(if both.and(Kinds::TIME).is_empty() { Kinds::NONE } else { Kinds::DURATION })
        }
        _ => both.and(Kinds::TIME),
    };
    numbers.or(times)
}
