//! Which program and directory a command asks: what was built, or what is built of its sources first.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use agentpol::{Bound, Program, Scratch};

use crate::exit::Problem;
use crate::terminal::Terminal;
use crate::{directory, files, policy, project};

/// The largest program that is read, in bytes.
const LIMIT: usize = 1 << 30;

/// Where the program comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct Source {
    /// Policy files, folders of them, or a folder with an agentpol.toml
    #[arg(long, value_name = "PATH", num_args = 1, conflicts_with = "program")]
    policy: Vec<PathBuf>,
    /// A program made by `polc build`
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Where users and resources are looked up: a built directory, or its sources
    #[arg(long, value_name = "FILE", num_args = 1)]
    directory: Vec<PathBuf>,
}

/// What is asked.
pub(crate) struct Asked {
    pub(crate) program: Program,
    directory: Option<Arc<Bound>>,
}

impl Source {
    /// Returns what is asked. Without a directory of its own it is the project's.
    pub(crate) fn load(&self, terminal: &mut Terminal) -> Result<Asked, Problem> {
        let (program, of_project) = match &self.program {
            Some(path) => (read(path)?, Vec::new()),
            None => {
                let project = project::find_one(&self.policy)?;
                let built = policy::program(&project, terminal)?;
                (policy::load_program(&built.bytes, &project.name)?, project.directory)
            }
        };
        let paths = if self.directory.is_empty() { &of_project } else { &self.directory };
        let directory = directory::bind(paths, &program)?;
        Ok(Asked { program, directory })
    }
}

impl Asked {
    /// Returns working memory that looks things up in the directory.
    pub(crate) fn scratch(&self) -> Scratch {
        let mut scratch = Scratch::new(&self.program);
        scratch.use_directory(self.directory.clone());
        scratch
    }
}

/// Reads and verifies a program.
pub(crate) fn read(path: &Path) -> Result<Program, Problem> {
    let bytes = files::read(path, LIMIT).map_err(|error| files::unreadable(path, &error))?;
    policy::load_program(&bytes, &files::shown(path))
}
