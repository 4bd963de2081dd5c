//! `polc state approve` and `polc state reject`: what a person says to what was asked.

use std::path::PathBuf;

use serde_json::{Map, json};

use super::{Common, tell};
use crate::exit::Done;
use crate::terminal::Terminal;

/// Say a person's yes to what a decision asked for
///
/// `polc state show` lists what is asked, with the digest. The agent then makes the same call again. Whether the person
/// may say yes is checked now and again when it is used.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  polc state approve desk.state DIGEST --by bo --group finance_leads

Exit codes: 0 taken, 1 refused, 3 the policy has errors, 4 the file cannot be
used")]
pub(crate) struct Approve {
    #[command(flatten)]
    answer: Answer,
}

/// Say a person's no to what a decision asked for
///
/// The same call is then denied until the time in which it could have been approved is over.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  polc state reject desk.state DIGEST --by bo --group finance_leads

Exit codes: 0 taken, 1 refused, 3 the policy has errors, 4 the file cannot be
used")]
pub(crate) struct Reject {
    #[command(flatten)]
    answer: Answer,
}

/// Who says it to what.
#[derive(Debug, clap::Args)]
struct Answer {
    /// The state file
    file: PathBuf,
    /// What is answered: the digest of the decision, 64 hexadecimal digits
    digest: String,
    /// The person, as requests name users
    #[arg(long, value_name = "ID")]
    by: String,
    /// A group that the person is in, as requests name it; once for each
    #[arg(long, value_name = "GROUP", num_args = 1)]
    group: Vec<String>,
    #[command(flatten)]
    common: Common,
}

pub(super) fn approve(args: &Approve, terminal: &mut Terminal) -> Done {
    args.answer.tell("approve", terminal)
}

pub(super) fn reject(args: &Reject, terminal: &mut Terminal) -> Done {
    args.answer.tell("reject", terminal)
}

impl Answer {
    fn tell(&self, word: &'static str, terminal: &mut Terminal) -> Done {
        let mut person = Map::from_iter([("id".to_owned(), json!(self.by))]);
        if !self.group.is_empty() {
            person.insert("groups".to_owned(), json!(self.group));
        }
        let members = Map::from_iter([("digest".to_owned(), json!(self.digest)), ("person".to_owned(), person.into())]);
        tell(&self.file, word, members, &self.common, terminal)
    }
}
