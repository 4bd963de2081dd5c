//! What a run of tests found, in the formats that CI systems and people read.
//!
//! Everything here is text made from data: nothing is printed, no file is opened, and nothing depends on the machine or the
//! time. Texts from recordings and policies are escaped for each format, so that none of them can add a line, a tag or a
//! command to what is written.

mod cases;
mod cobertura;
mod escape;
mod github;
mod gitlab;
mod html;
mod junit;
mod lcov;
mod lines;
mod markdown;
mod sarif;
mod tap;

pub use escape::markdown;

use agentpol::SourceMap;
use agentpol_diagnostics::Diagnostics;
use agentpol_replay::{Coverage, Report, Status};

/// A whole run.
#[derive(Clone, Copy, Debug)]
pub struct Tested<'t> {
    /// The projects whose policies could be used, in order.
    pub projects: &'t [Project<'t>],
    /// Those whose policies could not.
    pub broken: &'t [Broken<'t>],
    /// What the run comes to, beside policies that could not be used.
    pub status: Status,
}

/// What was found in a project.
#[derive(Clone, Copy, Debug)]
pub struct Project<'t> {
    /// Its name.
    pub name: &'t str,
    /// The sources of its policy.
    pub sources: &'t SourceMap,
    /// What was found.
    pub report: &'t Report,
    /// What the tests reach, where it was measured.
    pub coverage: Option<&'t Coverage>,
}

/// A project whose policy cannot be used.
#[derive(Clone, Copy, Debug)]
pub struct Broken<'t> {
    /// Its name.
    pub name: &'t str,
    /// The sources of its policy.
    pub sources: &'t SourceMap,
    /// What is wrong with them.
    pub diagnostics: &'t Diagnostics,
    /// Files that could not be read.
    pub unreadable: &'t [String],
}

/// A format of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// `JUnit` XML, in the form that Jenkins and most others read.
    Junit,
    /// The Test Anything Protocol, version 14.
    Tap,
    /// SARIF 2.1.0.
    Sarif,
    /// Workflow commands of GitHub, which annotate a change.
    Github,
    /// A code quality report of GitLab.
    Gitlab,
    /// Markdown, for a comment on a change or a step's summary.
    Markdown,
    /// One HTML page that needs nothing else.
    Html,
    /// LCOV, of what the tests reach.
    Lcov,
    /// Cobertura XML, of what the tests reach.
    Cobertura,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 9] = [
        Format::Junit,
        Format::Tap,
        Format::Sarif,
        Format::Github,
        Format::Gitlab,
        Format::Markdown,
        Format::Html,
        Format::Lcov,
        Format::Cobertura,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Format::Junit => "junit",
            Format::Tap => "tap",
            Format::Sarif => "sarif",
            Format::Github => "github",
            Format::Gitlab => "gitlab",
            Format::Markdown => "markdown",
            Format::Html => "html",
            Format::Lcov => "lcov",
            Format::Cobertura => "cobertura",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether it tells what the tests reach, and nothing else.
    pub fn is_of_coverage(self) -> bool {
        matches!(self, Format::Lcov | Format::Cobertura)
    }

    /// Writes a run in this format.
    pub fn write(self, tested: &Tested<'_>) -> String {
        match self {
            Format::Junit => junit::write(tested),
            Format::Tap => tap::write(tested),
            Format::Sarif => sarif::write(tested),
            Format::Github => github::write(tested),
            Format::Gitlab => gitlab::write(tested),
            Format::Markdown => markdown::write(tested),
            Format::Html => html::write(tested),
            Format::Lcov => lcov::write(tested),
            Format::Cobertura => cobertura::write(tested),
        }
    }
}
