//! The decision: what comes out, for whom.

pub use crate::asks::{Ask, Asker, MAX_NAMED_RULES, Missing, Named, Opened, Raised, Retry, RuleList};
use crate::code::{Code, Outcome};

/// A decision. It commits nobody to anything until it is asked [`permits`](Decision::permits).
///
/// Plain data of fixed size: making one allocates nothing. Names are looked up in the program when it is shown. One is
/// made of a structural failure, which denies, or by settling [`Reasons`](crate::reasons::Reasons); there is no other way.
#[must_use = "a decision that nobody looks at protects nothing"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    pub(crate) code: Code,
    pub(crate) rules: RuleList,
    pub(crate) also: CodeSet,
    pub(crate) would: Option<Code>,
    pub(crate) approvals: RuleList,
    pub(crate) asks: Named<Ask>,
    pub(crate) retry: Option<Retry>,
    pub(crate) alerts: Named<Raised>,
    pub(crate) opened: bool,
    pub(crate) argument: Option<ArgumentPath>,
    pub(crate) dispatch_before: Option<i64>,
}

/// A set of codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeSet(u128);

impl CodeSet {
    /// Adds a code.
    pub fn insert(&mut self, code: Code) {
        self.0 |= 1u128.checked_shl(code as u32).unwrap_or(0);
    }

    /// Removes a code.
    pub fn remove(&mut self, code: Code) {
        self.0 &= !1u128.checked_shl(code as u32).unwrap_or(0);
    }

    /// Returns whether the code is in it.
    pub fn contains(self, code: Code) -> bool {
        self.0 & 1u128.checked_shl(code as u32).unwrap_or(0) != 0
    }

    /// Returns the codes, by number.
    pub fn iter(self) -> impl Iterator<Item = Code> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let number = u8::try_from(rest.trailing_zeros()).ok()?;
            rest &= rest.wrapping_sub(1);
            Code::from_number(number)
        })
    }
}

/// Which argument, or context or user field, an argument code speaks of: a JSON Pointer of bounded length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgumentPath {
    bytes: [u8; MAX_PATH],
    length: u8,
}

/// How many bytes of a JSON Pointer a decision holds.
const MAX_PATH: usize = 96;
/// What stands at the end of one that was cut.
const CUT: &str = "...";

impl Default for ArgumentPath {
    fn default() -> Self {
        ArgumentPath { bytes: [0; MAX_PATH], length: 0 }
    }
}

impl ArgumentPath {
    /// Makes the pointer to the whole.
    pub fn new() -> Self {
        ArgumentPath::default()
    }

    /// Goes one step down: into the member of this name, or the element of this number, written out. What does
    /// not fit is cut.
    pub fn push(&mut self, token: &str) {
        if self.as_str().ends_with(CUT) {
            return;
        }
        let before = self.length;
        let room = self.push_char('/')
            && token.chars().all(|c| match c {
                '~' => self.push_char('~') && self.push_char('0'),
                '/' => self.push_char('~') && self.push_char('1'),
                c => self.push_char(c),
            });
        if !room {
            self.length = before;
            let end = usize::from(before);
            let place = self.bytes.get_mut(end..).and_then(|rest| rest.get_mut(..CUT.len()));
            if let Some(place) = place {
                place.copy_from_slice(CUT.as_bytes());
                self.length = before.saturating_add(CUT.len() as u8);
            }
        }
    }

    /// Adds a character, keeping room for the mark of a cut.
    fn push_char(&mut self, c: char) -> bool {
        let mut buffer = [0; 4];
        let bytes = c.encode_utf8(&mut buffer).as_bytes();
        let start = usize::from(self.length);
        let end = start.saturating_add(bytes.len());
        let place = self.bytes.get_mut(start..end).filter(|_| end <= MAX_PATH - CUT.len());
        let room = place.is_some();
        place.into_iter().for_each(|place| place.copy_from_slice(bytes));
        if room {
            self.length = u8::try_from(end).unwrap_or(u8::MAX);
        }
        room
    }

    /// Returns the pointer, cut with `...` where it was too long.
    pub fn as_str(&self) -> &str {
        self.bytes.get(..usize::from(self.length)).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("")
    }
}

impl Decision {
    /// Makes the denial that a structural failure is. A code that does not deny is no such failure: `internal`.
    pub fn structural(code: Code, argument: Option<ArgumentPath>) -> Decision {
        let code = if code.outcome() == Outcome::Deny { code } else { Code::Internal };
        Decision {
            code,
            rules: RuleList::default(),
            also: CodeSet::default(),
            would: None,
            approvals: RuleList::default(),
            asks: Named::default(),
            retry: None,
            alerts: Named::default(),
            opened: false,
            argument,
            dispatch_before: None,
        }
    }

    /// Returns whether the call may be dispatched: the only yes there is.
    pub fn permits(&self) -> bool {
        self.code.outcome() == Outcome::Allow
    }

    /// Returns the outcome.
    pub fn outcome(&self) -> Outcome {
        self.code.outcome()
    }

    /// Returns why, in one code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Returns the rules of the deciding code, by module and name. For an allow: the rules that grant.
    pub fn rules(&self) -> &RuleList {
        &self.rules
    }

    /// Returns the other codes that applied.
    pub fn also(&self) -> CodeSet {
        self.also
    }

    /// Returns what would have been decided with every rule live; `None` where nothing is in observation.
    pub fn would(&self) -> Option<Code> {
        self.would
    }

    /// Returns the rules whose approval is missing.
    pub fn approvals(&self) -> &RuleList {
        &self.approvals
    }

    /// Returns whether the agent's phase asks for an approval.
    pub fn approval_by_phase(&self) -> bool {
        self.asks.named().iter().any(|ask| matches!(ask.by, Asker::Phase(_)))
    }

    /// Returns whose approval is missing: first the rules', in order, then those of the chain's agents.
    pub fn asks(&self) -> &Named<Ask> {
        &self.asks
    }

    /// Returns when a throttled call may be tried again.
    pub fn retry(&self) -> Option<Retry> {
        self.retry
    }

    /// Returns after how many milliseconds a throttled call may be tried again.
    pub fn retry_after(&self) -> Option<i64> {
        self.retry.map(|retry| retry.after)
    }

    /// Returns the alerts that are raised, in the order of their rules.
    pub fn alerts(&self) -> &Named<Raised> {
        &self.alerts
    }

    /// Returns whether state holds the call as open, so that it must be observed or released.
    pub fn opened(&self) -> bool {
        self.opened
    }

    /// Adds an alert that is raised. Alerts are reported in order of their rules.
    pub fn raise(&mut self, alert: Raised) {
        self.alerts.push(alert);
    }

    /// Says that state holds the call as open.
    pub fn open(&mut self) {
        self.opened = true;
    }

    /// Says what persons can answer: the missing approval that this asker asks for.
    pub fn asked(&mut self, by: Asker, opened: Opened) {
        let found = self.asks.named_mut().iter_mut().filter(|ask| ask.by == by);
        found.for_each(|ask| ask.opened = Some(opened));
    }

    /// Returns which argument or field an argument code speaks of.
    pub fn argument(&self) -> Option<&str> {
        self.argument.as_ref().map(ArgumentPath::as_str)
    }

    /// Returns until when an allowed call must be dispatched, in milliseconds since 1970-01-01T00:00:00Z.
    pub fn dispatch_before(&self) -> Option<i64> {
        self.dispatch_before
    }
}
