//! How the command ends: the exit codes and what is said about them.

use std::process::ExitCode;

/// An exit code. The numbers are stable: scripts depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything is as it should be.
    Success,
    /// A test, a replay or a comparison failed.
    Failed,
    /// The command line is wrong.
    Usage,
    /// The policy has errors.
    Policy,
    /// A file could not be read or written, or is malformed.
    File,
    /// The tests reach less of the policy than was asked for.
    Coverage,
}

impl Exit {
    /// Returns the number.
    pub(crate) fn number(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Policy => 3,
            Exit::File => 4,
            Exit::Coverage => 5,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.number())
    }
}

/// Why a command could not do its work: one sentence for people, and an edit to make where one is known.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    /// How the command ends.
    pub(crate) exit: Exit,
    /// What is wrong, as one line without its full stop.
    pub(crate) text: String,
    /// What to do about it.
    pub(crate) help: Option<String>,
}

impl Problem {
    /// Makes a problem with a file.
    pub(crate) fn file(text: impl Into<String>) -> Problem {
        Problem { exit: Exit::File, text: text.into(), help: None }
    }

    /// Makes a problem with how the command was called.
    pub(crate) fn usage(text: impl Into<String>) -> Problem {
        Problem { exit: Exit::Usage, text: text.into(), help: None }
    }

    /// Adds what to do about it.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Problem {
        self.help = Some(text.into());
        self
    }
}

/// What a command comes to.
pub(crate) type Done = Result<Exit, Problem>;
