//! Pairing results with calls, in the order in which the messages of a recording stand.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::action::{Action, Arguments, Heard, Issuer, Place, Recorded, Ruling, Speaker, ToolResult, Trace, Turn};
use crate::document::Node;
use crate::error::{RecordError, RecordErrorKind};

/// How many actions are held back in a recording of lines, for results that come later.
const HELD: usize = 4_096;
/// How many bytes of arguments and answers are held back so.
const HELD_BYTES: usize = 64 << 20;
/// How many bytes of what was said before a call are kept.
const HEARD_BYTES: usize = 16 << 20;
/// How many unanswered calls are looked through for one that a result without an id belongs to.
const SEARCHED: usize = 1_024;

/// A call as a message makes it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) issuer: Issuer,
    pub(crate) id: Option<String>,
    /// What results name the call by, where that is not the id.
    pub(crate) key: Option<String>,
    pub(crate) server: Option<String>,
    pub(crate) tool: String,
    pub(crate) args: Arguments,
    pub(crate) at: Option<String>,
    /// The message around it; without one it is part of the message that is open.
    pub(crate) turn: Option<Turn>,
    pub(crate) recorded: Recorded,
    pub(crate) ruling: Option<Ruling>,
    pub(crate) result: Option<ToolResult>,
}

impl Call {
    /// A call of which nothing else is known.
    pub(crate) fn of(issuer: Issuer, tool: String, args: Arguments) -> Call {
        Call {
            issuer,
            id: None,
            key: None,
            server: None,
            tool,
            args,
            at: None,
            turn: None,
            recorded: Recorded::default(),
            ruling: None,
            result: None,
        }
    }
}

/// What a read run becomes: actions and errors, in order.
pub(crate) type Items = Vec<Result<Action, RecordError>>;

/// The runs of a recording while their messages are read.
///
/// Ids repeat in real runs, so a result belongs to the *next unanswered* call of its id, by position. A result without
/// an id belongs to the next unanswered call without one, of the tool it names where it names one.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    runs: Vec<Run>,
    by_key: HashMap<String, usize>,
    now: usize,
    items: VecDeque<Item>,
    /// How many items were given out: the number of the first that is held.
    given: usize,
    bytes: usize,
    messages: u64,
}

/// One run, and what of it is open.
#[derive(Debug)]
struct Run {
    trace: Arc<Trace>,
    heard: VecDeque<Heard>,
    heard_bytes: usize,
    unanswered: BTreeSet<usize>,
    waiting: HashMap<String, VecDeque<usize>>,
    unreadable: HashSet<Option<String>>,
    open: Option<Message>,
}

/// The message whose calls are being read.
#[derive(Debug)]
struct Message {
    key: Option<String>,
    /// Its number, from its first call on.
    number: Option<u64>,
    text_beside_call: bool,
    calls: Vec<usize>,
}

#[derive(Debug)]
struct Item {
    what: Result<Action, RecordError>,
    run: usize,
    /// What results name it by.
    key: Option<String>,
    answered: bool,
    /// Part of a message that may go on.
    open: bool,
}

impl Conversation {
    /// One run.
    pub(crate) fn new(trace: Trace) -> Conversation {
        let mut conversation = Conversation::default();
        conversation.enter("", || trace);
        conversation
    }

    /// Goes on with the run of that key, which begins here where it is new.
    pub(crate) fn enter(&mut self, key: &str, trace: impl FnOnce() -> Trace) {
        if let Some(known) = self.by_key.get(key) {
            self.now = *known;
            return;
        }
        self.now = self.runs.len();
        self.by_key.insert(key.to_owned(), self.now);
        self.runs.push(Run {
            trace: Arc::new(trace()),
            heard: VecDeque::new(),
            heard_bytes: 0,
            unanswered: BTreeSet::new(),
            waiting: HashMap::new(),
            unreadable: HashSet::new(),
            open: None,
        });
    }

    /// Changes what is known of the run for the calls from here on.
    pub(crate) fn learn(&mut self, change: impl FnOnce(&mut Trace)) {
        if let Some(run) = self.runs.get_mut(self.now) {
            change(Arc::make_mut(&mut run.trace));
        }
    }

    fn run(&mut self) -> &mut Run {
        if self.runs.is_empty() {
            self.enter("", Trace::default);
        }
        let now = self.now;
        &mut self.runs[now]
    }

    /// Notes what was said to the agent. Of very much that is said before a call the oldest is forgotten.
    pub(crate) fn hear(&mut self, by: Speaker, text: String) {
        if text.trim().is_empty() {
            return;
        }
        let run = self.run();
        run.heard_bytes += text.len();
        run.heard.push_back(Heard { by, text });
        while run.heard_bytes > HEARD_BYTES || run.heard.len() > HELD {
            run.heard_bytes -= run.heard.pop_front().map_or(run.heard_bytes, |oldest| oldest.text.len());
        }
    }

    /// The number of the next message with calls.
    pub(crate) fn next_message(&mut self) -> u64 {
        let number = self.messages;
        self.messages += 1;
        number
    }

    /// Begins a message, or goes on with the one of that key.
    pub(crate) fn begin_message(&mut self, key: Option<&str>) {
        let open = self.run().open.as_ref();
        if key.is_some() && open.is_some_and(|message| message.key.as_deref() == key) {
            return;
        }
        self.end_message();
        let key = key.map(str::to_owned);
        self.run().open = Some(Message { key, number: None, text_beside_call: false, calls: Vec::new() });
    }

    /// Begins a message unless one is open.
    pub(crate) fn within_message(&mut self) {
        if self.run().open.is_none() {
            self.begin_message(None);
        }
    }

    /// The open message also speaks.
    pub(crate) fn speaks(&mut self) {
        if let Some(message) = &mut self.run().open {
            message.text_beside_call = true;
        }
    }

    /// Ends the message that is open.
    pub(crate) fn end_message(&mut self) {
        let now = self.now;
        let Some(message) = self.runs.get_mut(now).and_then(|run| run.open.take()) else { return };
        let calls = u32::try_from(message.calls.len()).ok();
        for number in message.calls {
            let item = number.checked_sub(self.given).and_then(|at| self.items.get_mut(at));
            if let Some(Item { what: Ok(action), open, .. }) = item {
                action.turn.calls_in_message = calls;
                action.turn.text_beside_call = Some(message.text_beside_call);
                *open = false;
            }
        }
    }

    /// Notes a call that stands at this node.
    pub(crate) fn call(&mut self, node: &Node<'_>, call: Call) {
        self.call_at(node.place(), call);
    }

    /// Notes a call that stands at this place.
    pub(crate) fn call_at(&mut self, place: Place, call: Call) {
        let number = self.given + self.items.len();
        let id = call.id.filter(|id| !id.is_empty());
        let key = call.key.or_else(|| id.clone());
        let answered = call.result.is_some();
        let next = self.messages;
        let run = self.run();
        let (turn, open, begun) = match (call.turn, &mut run.open) {
            (Some(turn), _) => (turn, false, false),
            (None, Some(message)) => {
                message.calls.push(number);
                let begun = message.number.is_none();
                (Turn { message: Some(*message.number.get_or_insert(next)), ..Turn::default() }, true, begun)
            }
            (None, None) => (Turn::default(), false, false),
        };
        if !answered {
            run.unanswered.insert(number);
            if let Some(key) = &key {
                run.waiting.entry(key.clone()).or_default().push_back(number);
            }
        }
        run.heard_bytes = 0;
        let heard = std::mem::take(&mut run.heard).into();
        let action = Action {
            seq: 0,
            place,
            trace: Arc::clone(&run.trace),
            issuer: call.issuer,
            call: id,
            server: call.server,
            tool: call.tool,
            args: call.args,
            result: call.result,
            at: call.at,
            turn,
            heard,
            recorded: call.recorded,
            ruling: call.ruling,
            expect: None,
        };
        self.bytes += weight(&action);
        self.messages += u64::from(begun);
        self.items.push_back(Item { what: Ok(action), run: self.now, key, answered, open });
    }

    /// Whether a call of that key waits for a result.
    pub(crate) fn waits(&mut self, key: &str) -> bool {
        self.run().waiting.get(key).is_some_and(|calls| !calls.is_empty())
    }

    /// Whether a call of that tool waits for a result that names no call.
    pub(crate) fn waits_for_tool(&mut self, tool: &str) -> bool {
        self.unnamed(Some(tool)).is_some()
    }

    /// The next unanswered call of that key, to be changed.
    pub(crate) fn waiting(&mut self, key: &str) -> Option<&mut Action> {
        let number = *self.run().waiting.get(key)?.front()?;
        self.action(number)
    }

    /// The newest call of the run that is still held.
    pub(crate) fn newest(&mut self) -> Option<&mut Action> {
        let now = self.now;
        let item = self.items.iter_mut().rev().find(|item| item.run == now && item.what.is_ok());
        item.and_then(|item| item.what.as_mut().ok())
    }

    fn action(&mut self, number: usize) -> Option<&mut Action> {
        let item = self.items.get_mut(number.checked_sub(self.given)?)?;
        item.what.as_mut().ok()
    }

    /// Nothing more is to come about the next unanswered call of that key.
    pub(crate) fn decided(&mut self, key: &str) {
        if let Some(number) = self.run().waiting.get(key).and_then(|calls| calls.front().copied()) {
            self.answered(number);
        }
    }

    /// The next unanswered call of that key did not run.
    pub(crate) fn refused(&mut self, key: &str, ruling: Ruling) {
        if let Some(action) = self.waiting(key) {
            action.ruling = Some(ruling);
        }
        self.decided(key);
    }

    /// Gives a result to the call that waits for it; without one it is an error at this node.
    pub(crate) fn result(&mut self, node: &Node<'_>, key: Option<String>, tool: Option<&str>, result: ToolResult) {
        let key = key.filter(|key| !key.is_empty());
        let number = match &key {
            Some(key) => self.run().waiting.get(key).and_then(|calls| calls.front().copied()),
            None => self.unnamed(tool),
        };
        match number {
            Some(number) => {
                self.answered(number);
                self.bytes += result.text.len();
                if let Some(action) = self.action(number) {
                    action.result = Some(result);
                }
            }
            None if self.run().unreadable.contains(&key) => {}
            None => self.error(node.error(RecordErrorKind::ResultWithoutCall { call: key })),
        }
    }

    /// The next unanswered call that a result without an id can belong to: one without an id, of that tool where it is named;
    /// else any of that tool.
    fn unnamed(&mut self, tool: Option<&str>) -> Option<usize> {
        let now = self.now;
        let numbers: Vec<usize> = self.runs.get(now)?.unanswered.iter().take(SEARCHED).copied().collect();
        let fits = |conversation: &mut Conversation, number: usize, without_id: bool| {
            conversation.action(number).is_some_and(|action| match tool {
                Some(tool) => action.tool == tool && !(without_id && action.call.is_some()),
                None => without_id && action.call.is_none(),
            })
        };
        let first = numbers.iter().copied().find(|number| fits(self, *number, true));
        first.or_else(|| numbers.into_iter().find(|number| fits(self, *number, false)))
    }

    /// Notes that a call has its answer.
    fn answered(&mut self, number: usize) {
        let at = number.checked_sub(self.given);
        let Some(item) = at.and_then(|at| self.items.get_mut(at)) else { return };
        item.answered = true;
        let key = item.key.clone();
        self.run().strike(number, key.as_deref());
    }

    /// Notes a call that could not be read, so that its result is no second error.
    pub(crate) fn unreadable_call(&mut self, id: Option<String>, error: RecordError) {
        self.run().unreadable.insert(id.filter(|id| !id.is_empty()));
        self.error(error);
    }

    /// Notes a record that could not be read.
    pub(crate) fn error(&mut self, error: RecordError) {
        let run = self.now;
        self.items.push_back(Item { what: Err(error), run, key: None, answered: true, open: false });
    }

    /// Notes what went wrong, if it did.
    pub(crate) fn check(&mut self, read: Result<(), RecordError>) {
        if let Err(error) = read {
            self.error(error);
        }
    }

    /// Gives out what nothing can be added to any more. What is held beyond the bounds goes out as it is.
    pub(crate) fn ready(&mut self) -> Items {
        let mut ready = Vec::new();
        while let Some(first) = self.items.front() {
            let held = first.open || !first.answered;
            if held && self.items.len() <= HELD && self.bytes <= HELD_BYTES {
                break;
            }
            let Some(item) = self.items.pop_front() else { break };
            let number = self.given;
            self.given += 1;
            if let Ok(action) = &item.what {
                self.bytes = self.bytes.saturating_sub(weight(action));
            }
            if let (false, Some(run)) = (item.answered, self.runs.get_mut(item.run)) {
                run.strike(number, item.key.as_deref());
            }
            ready.push(item.what);
        }
        ready
    }

    /// Gives out everything that is held.
    pub(crate) fn finish(&mut self) -> Items {
        for run in 0..self.runs.len() {
            self.now = run;
            self.end_message();
        }
        for run in &mut self.runs {
            run.unanswered.clear();
            run.waiting.clear();
        }
        self.given += self.items.len();
        self.bytes = 0;
        self.items.drain(..).map(|item| item.what).collect()
    }
}

impl Run {
    /// Strikes a call from those that wait.
    fn strike(&mut self, number: usize, key: Option<&str>) {
        self.unanswered.remove(&number);
        let Some(key) = key else { return };
        if let Some(calls) = self.waiting.get_mut(key) {
            calls.retain(|call| *call != number);
            if calls.is_empty() {
                self.waiting.remove(key);
            }
        }
    }
}

/// How much an action holds.
fn weight(action: &Action) -> usize {
    let args = match &action.args {
        Arguments::Object(json) | Arguments::NotAnObject(json) => json.text().len(),
        Arguments::Unparsable { raw, .. } => raw.len(),
        Arguments::Absent => 0,
    };
    args + action.result.as_ref().map_or(0, |result| result.text.len())
}
