//! Recordings on disk: finding them, reading them packed or plain, and the golden decisions beside them.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use agentpol_replay::{GoldenFile, RecordingEntry, RecordingReport, Replay, golden_name, is_golden_name};
use agentpol_trace::{recording_stem, unpack};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::exit::Problem;
use crate::project::Project;
use crate::report::Found;
use crate::{files, glob};

/// The largest file of golden decisions, in bytes.
const GOLDEN_LIMIT: usize = 1 << 30;
/// From how many bytes on a recording is worth a progress bar.
const LONG: u64 = 4 << 20;

/// Replays what one entry of `agentpol.toml` names. A file that cannot be read is in the report, and the rest goes on.
pub(crate) fn replay(
    project: &Project,
    entry: &RecordingEntry,
    bless: bool,
    replay: &mut Replay<'_>,
    progress: &mut Progress,
    found: &mut Found,
) -> Result<(), Problem> {
    let paths = paths(&project.folder, &entry.path)?;
    if paths.is_empty() {
        let name = format!("{}:{}", project.name, entry.line);
        let unread = Some(format!("no recording at `{}`", entry.path));
        found.report.recordings.push(RecordingReport { name, unread, ..RecordingReport::default() });
    }
    for path in paths {
        let (report, blessed) = one(&path, entry, bless, replay, progress)?;
        found.report.recordings.push(report);
        found.blessed.extend(blessed);
    }
    Ok(())
}

/// A recording that is open, or why it is not.
pub(crate) type Opened = Result<Box<dyn BufRead>, String>;

/// Shows every recording that an entry names to `see`, open or with why it is not, each with its name; one at a time.
pub(crate) fn each(
    project: &Project,
    entry: &RecordingEntry,
    progress: &mut Progress,
    see: &mut dyn FnMut(&str, Opened),
) -> Result<(), Problem> {
    let paths = paths(&project.folder, &entry.path)?;
    if paths.is_empty() {
        see(&format!("{}:{}", project.name, entry.line), Err(format!("no recording at `{}`", entry.path)));
    }
    for path in paths {
        let opened = open(&path, progress).map_err(|error| format!("cannot be read: {}", files::reason(&error)));
        see(&files::shown(&path), opened);
    }
    Ok(())
}

/// A recording in memory.
pub(crate) struct Loaded {
    /// Its name.
    pub(crate) name: String,
    /// Its bytes, unpacked.
    pub(crate) bytes: Vec<u8>,
    /// The number of its entry in the manifest.
    pub(crate) entry: usize,
    /// Its golden decisions.
    pub(crate) golden: Option<String>,
}

/// Reads all recordings of a project that are not longer than the limit; returns them, and the names of those that are.
pub(crate) fn load(project: &Project, limit: u64) -> Result<(Vec<Loaded>, Vec<String>), Problem> {
    let (mut loaded, mut longer) = (Vec::new(), Vec::new());
    for (number, entry) in project.recordings.iter().enumerate() {
        for path in paths(&project.folder, &entry.path)? {
            let name = files::shown(&path);
            let mut bytes = Vec::new();
            let reader = open(&path, &mut Progress::new(false)).map_err(|error| files::unreadable(&path, &error))?;
            let read = reader.take(limit + 1).read_to_end(&mut bytes);
            let length = read.map_err(|error| files::unreadable(&path, &error))?;
            if length as u64 > limit {
                longer.push(name);
                continue;
            }
            let beside = golden_path(&path);
            let golden = match fs::exists(&beside) {
                Ok(true) => Some(files::read_text(&beside, GOLDEN_LIMIT)?),
                _ => None,
            };
            loaded.push(Loaded { name, bytes, entry: number, golden });
        }
    }
    Ok((loaded, longer))
}

fn one(
    path: &Path,
    entry: &RecordingEntry,
    bless: bool,
    replay: &mut Replay<'_>,
    progress: &mut Progress,
) -> Result<(RecordingReport, Option<(String, bool)>), Problem> {
    let name = files::shown(path);
    let unread = |why: String| RecordingReport { name: name.clone(), unread: Some(why), ..RecordingReport::default() };
    let reader = match open(path, progress) {
        Ok(reader) => reader,
        Err(error) => return Ok((unread(format!("cannot be read: {}", files::reason(&error))), None)),
    };
    let beside = golden_path(path);
    let old = match fs::exists(&beside) {
        Ok(true) => Some(files::read_text(&beside, GOLDEN_LIMIT)?),
        _ => None,
    };
    if !bless {
        let golden = old.as_deref().map_or(GoldenFile::Absent, GoldenFile::Compare);
        return Ok((replay.recording(&name, reader, entry, golden), None));
    }
    let mut new = String::new();
    let report = replay.recording(&name, reader, entry, GoldenFile::Write(&mut new));
    // Decisions on a recording that is only half read would look like the whole.
    if report.unread.is_some() || !report.malformed.is_empty() {
        return Ok((report, None));
    }
    let changed = old.as_deref() != Some(new.as_str());
    if changed {
        files::write(&beside, new.as_bytes())?;
    }
    Ok((report, Some((files::shown(&beside), changed))))
}

/// Returns the file of golden decisions beside a recording.
fn golden_path(recording: &Path) -> PathBuf {
    let name = recording.file_name().unwrap_or_default().to_string_lossy();
    recording.with_file_name(golden_name(&name))
}

/// Returns the recordings that a file, a folder or a pattern names, sorted.
pub(crate) fn paths(base: &Path, pattern: &str) -> Result<Vec<PathBuf>, Problem> {
    let mut found = Vec::new();
    for path in glob::expand(base, pattern)? {
        if !path.is_dir() {
            found.push(path);
            continue;
        }
        for entry in fs::read_dir(&path).map_err(|error| files::unreadable(&path, &error))? {
            let entry = entry.map_err(|error| files::unreadable(&path, &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if recording_stem(&name).is_some() && entry.path().is_file() {
                found.push(entry.path());
            }
        }
    }
    found.retain(|path| !is_golden_name(&path.file_name().unwrap_or_default().to_string_lossy()));
    found.sort();
    found.dedup();
    Ok(found)
}

/// Opens a recording, packed or plain.
pub(crate) fn open(path: &Path, progress: &mut Progress) -> io::Result<Box<dyn BufRead>> {
    let file = File::open(path)?;
    let length = file.metadata().map(|known| known.len()).unwrap_or(0);
    opened(file, length, progress)
}

/// Reads a recording of so many bytes, packed or plain.
pub(crate) fn opened(file: impl Read + 'static, length: u64, progress: &mut Progress) -> io::Result<Box<dyn BufRead>> {
    unpack(BufReader::with_capacity(1 << 16, progress.watch(file, length)))
}

/// Shows how far a long replay has come.
pub(crate) struct Progress {
    bar: ProgressBar,
    watched: bool,
}

impl Progress {
    /// Makes one that is shown only where a person is watching.
    pub(crate) fn new(watched: bool) -> Progress {
        Progress { bar: ProgressBar::hidden(), watched }
    }

    /// Whether a person is watching.
    pub(crate) fn is_watched(&self) -> bool {
        self.watched
    }

    /// Returns the file with its reading shown, if it is long.
    fn watch<R: Read + 'static>(&mut self, file: R, length: u64) -> impl Read + use<R> + 'static {
        self.bar.finish_and_clear();
        self.bar = match self.watched && length >= LONG {
            false => ProgressBar::hidden(),
            true => {
                let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr_with_hz(5));
                let style = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {eta} left");
                bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            }
        };
        self.bar.wrap_read(file)
    }

    /// Takes it away.
    pub(crate) fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}
