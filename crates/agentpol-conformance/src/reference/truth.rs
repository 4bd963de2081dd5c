//! Three-valued truth, by the tables of semantics 3.1.

/// True, false or unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Unknown,
}

use Truth::{False, True, Unknown};

impl From<bool> for Truth {
    fn from(known: bool) -> Truth {
        if known { True } else { False }
    }
}

impl Truth {
    /// `not`: swaps true and false, unknown stays.
    pub(super) fn not(self) -> Truth {
        match self {
            True => False,
            False => True,
            Unknown => Unknown,
        }
    }
}

/// `and`: false if any is false, else unknown if any is unknown, else true.
pub(super) fn and(operands: impl IntoIterator<Item = Truth>) -> Truth {
    let all: Vec<Truth> = operands.into_iter().collect();
    if all.contains(&False) {
        False
    } else if all.contains(&Unknown) {
        Unknown
    } else {
        True
    }
}

/// `or`: true if any is true, else unknown if any is unknown, else false.
pub(super) fn or(operands: impl IntoIterator<Item = Truth>) -> Truth {
    let all: Vec<Truth> = operands.into_iter().collect();
    if all.contains(&True) {
        True
    } else if all.contains(&Unknown) {
        Unknown
    } else {
        False
    }
}
