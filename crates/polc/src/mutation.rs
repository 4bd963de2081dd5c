//! `polc test --mutate`: the changes to a policy that its tests do not notice.

use std::sync::Arc;

use agentpol::{Bound, Program};
use agentpol_replay::{History, Mutations, Recorded, Subject, mutate};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::directory;
use crate::exit::Problem;
use crate::policy::Read;
use crate::project::Project;
use crate::recordings;

/// The longest recording that every change is tried on, in bytes.
const LONGEST: u64 = 64 << 20;

/// What became of the changes to a policy.
pub(crate) struct Tried {
    /// Each of them.
    pub(crate) mutations: Mutations,
    /// Recordings that were left out because they are too long.
    pub(crate) longer: Vec<String>,
}

/// Tries every change in so many threads.
pub(crate) fn tried(
    project: &Project,
    read: &Read,
    history: History,
    jobs: usize,
    watched: bool,
) -> Result<Option<Tried>, Problem> {
    let Some(built) = &read.built else { return Ok(None) };
    let (loaded, longer) = recordings::load(project, LONGEST)?;
    let recorded = loaded.iter().filter_map(|one| {
        let entry = project.recordings.get(one.entry)?;
        Some(Recorded { name: &one.name, bytes: &one.bytes, entry, golden: one.golden.as_deref() })
    });
    let recorded: Vec<Recorded<'_>> = recorded.collect();
    // That the directory can be read was seen before.
    let bind =
        |program: &Program| -> Option<Arc<Bound>> { directory::bind(&project.directory, program).ok().flatten() };
    let subject =
        Subject { policy: &built.policy, sources: &read.sources, recordings: &recorded, directory: &bind, history };
    let bar = bar(watched);
    let mutations = mutate(&subject, jobs, &|done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
        true
    });
    bar.finish_and_clear();
    Ok(Some(Tried { mutations, longer }))
}

fn bar(watched: bool) -> ProgressBar {
    if !watched {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} changes tried, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
