//! Pairing results with calls, in the order in which a run's messages stand.

use std::sync::Arc;

use crate::action::{Action, Arguments, Heard, Issuer, Recorded, Speaker, ToolResult, Trace, Turn};
use crate::document::Node;
use crate::error::{RecordError, RecordErrorKind};

/// A call as a message makes it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) issuer: Issuer,
    pub(crate) id: Option<String>,
    pub(crate) tool: String,
    pub(crate) args: Arguments,
    pub(crate) at: Option<String>,
    pub(crate) turn: Turn,
}

/// What a read run becomes: actions and errors, in order.
pub(crate) type Items = Vec<Result<Action, RecordError>>;

/// A run while its messages are read.
///
/// Ids repeat in real runs, so a result belongs to the *next unanswered* call of its id, by position. A result without
/// an id belongs to the next unanswered call without one, of the tool it names where it names one.
#[derive(Debug)]
pub(crate) struct Conversation {
    trace: Arc<Trace>,
    items: Items,
    unanswered: Vec<usize>,
    unreadable: Vec<Option<String>>,
    heard: Vec<Heard>,
    messages: u64,
}

impl Conversation {
    pub(crate) fn new(trace: Trace) -> Conversation {
        Conversation {
            trace: Arc::new(trace),
            items: Vec::new(),
            unanswered: Vec::new(),
            unreadable: Vec::new(),
            heard: Vec::new(),
            messages: 0,
        }
    }

    /// Notes what was said to the agent.
    pub(crate) fn hear(&mut self, by: Speaker, text: String) {
        if !text.trim().is_empty() {
            self.heard.push(Heard { by, text });
        }
    }

    /// The number of the next message with calls.
    pub(crate) fn next_message(&mut self) -> u64 {
        let number = self.messages;
        self.messages += 1;
        number
    }

    /// Notes a call that stands at this node.
    pub(crate) fn call(&mut self, node: &Node<'_>, call: Call) {
        self.unanswered.push(self.items.len());
        self.items.push(Ok(Action {
            seq: 0,
            place: node.place(),
            trace: Arc::clone(&self.trace),
            issuer: call.issuer,
            call: call.id.filter(|id| !id.is_empty()),
            server: None,
            tool: call.tool,
            args: call.args,
            result: None,
            at: call.at,
            turn: call.turn,
            heard: std::mem::take(&mut self.heard),
            recorded: Recorded::default(),
            expect: None,
        }));
    }

    /// Gives a result to the call that waits for it; without one it is an error at this node.
    pub(crate) fn result(&mut self, node: &Node<'_>, id: Option<String>, tool: Option<&str>, result: ToolResult) {
        let id = id.filter(|id| !id.is_empty());
        let waiting = self.unanswered.iter().position(|index| match &self.items[*index] {
            Ok(action) => match &id {
                Some(id) => action.call.as_ref() == Some(id),
                None => action.call.is_none() && tool.is_none_or(|tool| action.tool == tool),
            },
            Err(_) => false,
        });
        let waiting = waiting.or_else(|| if id.is_none() { self.by_name(tool) } else { None });
        match waiting.map(|position| self.unanswered.remove(position)) {
            Some(index) => {
                if let Ok(action) = &mut self.items[index] {
                    action.result = Some(result);
                }
            }
            None if self.unreadable.contains(&id) => {}
            None => self.error(node.error(RecordErrorKind::ResultWithoutCall { call: id })),
        }
    }

    /// The next unanswered call of that tool, for results that carry a name and no id.
    fn by_name(&self, tool: Option<&str>) -> Option<usize> {
        let named = |index: &usize| self.items[*index].as_ref().is_ok_and(|action| Some(action.tool.as_str()) == tool);
        self.unanswered.iter().position(named)
    }

    /// Notes a call that could not be read, so that its result is no second error.
    pub(crate) fn unreadable_call(&mut self, id: Option<String>, error: RecordError) {
        self.unreadable.push(id.filter(|id| !id.is_empty()));
        self.error(error);
    }

    /// Notes a record that could not be read.
    pub(crate) fn error(&mut self, error: RecordError) {
        self.items.push(Err(error));
    }

    /// Notes what went wrong, if it did.
    pub(crate) fn check(&mut self, read: Result<(), RecordError>) {
        if let Err(error) = read {
            self.error(error);
        }
    }

    pub(crate) fn finish(self) -> Items {
        self.items
    }
}
