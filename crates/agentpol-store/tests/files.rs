//! State files as they are found: whole, killed in the middle of things, torn, changed, strange, in use.

use agentpol::store::{StateStore, StoreError};
use agentpol::{Records, Trouble};
use agentpol_store::{FileErrorKind, FileStore};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Tells the test binary that it is to be the one that is killed.
const VICTIM: &str = "AGENTPOL_STORE_VICTIM";
/// Two records that every step changes together.
const KEYS: [&[u8]; 2] = [b"left", b"right"];

/// A sound record without entries: its number of steps, and so many bytes that are wasted.
fn record(steps: u64, wasted: u32) -> Vec<u8> {
    let mut bytes = b"APR\x01".to_vec();
    [0, 0, wasted].iter().for_each(|number: &u32| bytes.extend(number.to_le_bytes()));
    bytes.extend(0i64.to_le_bytes());
    bytes.extend(steps.to_le_bytes());
    bytes.resize(bytes.len() + wasted as usize, steps as u8);
    bytes
}

fn number(records: &mut dyn Records, key: &[u8]) -> Result<u64, Trouble> {
    let handle = records.open(key)?;
    Ok(records.bytes(handle).last_chunk().map_or(0, |steps| u64::from_le_bytes(*steps)))
}

fn put(records: &mut dyn Records, key: &[u8], bytes: &[u8]) {
    let handle = records.open(key).unwrap();
    let place = records.edit(handle).unwrap();
    place.clear();
    place.extend_from_slice(bytes);
}

/// One step: both records go up by one.
fn count(store: &FileStore) -> Result<u64, StoreError> {
    let mut next = 0;
    store.step(&mut |records| {
        let Ok(old) = KEYS.map(|key| number(records, key)).into_iter().collect::<Result<Vec<u64>, _>>() else { return };
        assert_eq!(old[0], old[1], "both or none");
        next = old[0] + 1;
        KEYS.iter().for_each(|key| put(records, key, &record(next, 0)));
        // A record of several pages, so that a commit is more than one write.
        put(records, format!("bulk {}", next % 20).as_bytes(), &record(next, 10_000));
    })?;
    Ok(next)
}

fn counted(store: &FileStore) -> u64 {
    let mut found = Vec::new();
    store.step(&mut |records| found = KEYS.map(|key| number(records, key).unwrap()).to_vec()).unwrap();
    assert_eq!(found[0], found[1], "both or none");
    found[0]
}

fn filled(folder: &Path, steps: u64) -> PathBuf {
    let path = folder.join("state.redb");
    let store = FileStore::create(&path).unwrap();
    for _ in 0..steps {
        count(&store).unwrap();
    }
    path
}

#[test]
fn what_was_answered_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = filled(folder.path(), 3);
    let store = FileStore::open(&path).unwrap();
    assert_eq!(counted(&store), 3);
    assert_eq!(store.tie(&[1; 32]), Ok(()));
    assert_eq!(store.key().unwrap(), None);
    store.keep_key(&[7; 32]).unwrap();
    drop(store);
    let store = FileStore::open(&path).unwrap();
    assert_eq!((store.tie(&[1; 32]), store.tie(&[2; 32])), (Ok(()), Err(StoreError::OtherKey)));
    assert_eq!(store.key().unwrap(), Some([7; 32]));
    let mut keys = Vec::new();
    store.each(&mut |key, bytes| keys.push((key.to_vec(), bytes.len()))).unwrap();
    assert_eq!(keys.len(), 5);
    assert_eq!(store.step(&mut |records| put(records, b"left", b"")), Ok(()));
    keys.clear();
    store.each(&mut |key, bytes| keys.push((key.to_vec(), bytes.len()))).unwrap();
    assert_eq!(keys.len(), 4);
}

#[test]
fn threads_share_commits_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::create(&folder.path().join("state.redb")).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..25).map(|_| count(&store).unwrap()).max());
        }
    });
    assert_eq!(counted(&store), 200);
}

/// Not a test of its own: what the next test starts and kills.
#[test]
fn victim() {
    let Some(path) = std::env::var_os(VICTIM) else { return };
    let store = FileStore::open(Path::new(&path)).unwrap();
    loop {
        writeln!(std::io::stdout(), "\nanswered {}", count(&store).unwrap()).unwrap();
    }
}

#[test]
fn a_killed_process_loses_nothing_that_it_answered() {
    let folder = tempfile::tempdir().unwrap();
    let path = filled(folder.path(), 0);
    let mut least = 0;
    for round in 1..=6 {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "victim", "--nocapture"]).env(VICTIM, &path).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let answers = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("answered ")?.parse().ok());
        least = answers.take(round * 3).last().unwrap_or(least);
        child.kill().unwrap();
        child.wait().unwrap();
        let found = counted(&FileStore::open(&path).unwrap());
        assert!(found >= least, "round {round}: answered {least}, found {found}");
    }
    assert!(least >= 18);
}

#[test]
fn a_file_in_use_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = filled(folder.path(), 1);
    let held = FileStore::open(&path).unwrap();
    let error = FileStore::open(&path).unwrap_err();
    assert!(matches!(error.kind, FileErrorKind::InUse), "{error}");
    assert_eq!(error.to_string(), format!("{}: another process has it open", path.display()));
    drop(held);
    assert!(FileStore::open(&path).is_ok());
}

#[test]
fn what_is_no_state_file_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert!(matches!(FileStore::open(&path("none")).unwrap_err().kind, FileErrorKind::Io(_)));
    for (name, bytes) in
        [("empty", b"".to_vec()), ("text", b"a shopping list".repeat(1_000)), ("zeros", vec![0; 40_000])]
    {
        std::fs::write(path(name), &bytes).unwrap();
        let error = FileStore::open(&path(name)).unwrap_err();
        assert!(!matches!(error.kind, FileErrorKind::InUse), "{error}");
        assert_eq!(std::fs::read(path(name)).unwrap(), bytes, "{name} is left as it was");
        assert!(matches!(FileStore::create(&path(name)).unwrap_err().kind, FileErrorKind::Exists));
    }
    let foreign = path("foreign");
    drop(redb::Database::create(&foreign).unwrap());
    assert!(matches!(FileStore::open(&foreign).unwrap_err().kind, FileErrorKind::Foreign));
    let newer = path("newer");
    let database = redb::Database::create(&newer).unwrap();
    let about: redb::TableDefinition<'_, &str, &[u8]> = redb::TableDefinition::new("agentpol state");
    let transaction = database.begin_write().unwrap();
    transaction.open_table(about).unwrap().insert("format", [2, 0, 0, 0].as_slice()).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let error = FileStore::open(&newer).unwrap_err();
    assert!(matches!(error.kind, FileErrorKind::OtherVersion { found: Some(2) }), "{error}");
}

#[test]
fn what_can_be_no_record_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("text", b"no record".to_vec()), ("longer", [record(1, 0), vec![0]].concat())] {
        let path = folder.path().join(name);
        let store = FileStore::create(&path).unwrap();
        store.step(&mut |records| put(records, b"s1", &bytes)).unwrap();
        drop(store);
        let error = FileStore::open(&path).unwrap_err();
        let expected = format!("{}: this state file is damaged: the record under 7331", path.display());
        assert_eq!(error.to_string(), expected);
    }
}

/// Whatever was done to the file, it opens with all that was answered or not at all.
fn all_or_nothing(path: &Path, bytes: &[u8], steps: u64, what: &str) -> bool {
    std::fs::write(path, bytes).unwrap();
    match FileStore::open(path) {
        Ok(store) => {
            assert_eq!(counted(&store), steps, "{what}");
            true
        }
        Err(error) => {
            assert!(error.to_string().starts_with(&path.display().to_string()), "{what}: {error}");
            false
        }
    }
}

#[test]
fn a_torn_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(filled(folder.path(), 30)).unwrap();
    let path = folder.path().join("torn.redb");
    for part in 0..40 {
        let length = whole.len() * part / 40;
        assert!(!all_or_nothing(&path, &whole[..length], 30, &format!("{length} bytes")));
    }
}

#[test]
fn a_changed_file_is_an_error_or_changed_where_nothing_is() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(filled(folder.path(), 30)).unwrap();
    let path = folder.path().join("changed.redb");
    let mut found = 0;
    for round in 0..120u64 {
        let mut bytes = whole.clone();
        let at = (round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as usize % bytes.len();
        bytes[at] ^= 1 << (round % 8);
        found += u64::from(!all_or_nothing(&path, &bytes, 30, &format!("byte {at}")));
    }
    assert!(found > 0, "no change was found out");
    for at in 0..400 {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        all_or_nothing(&path, &bytes, 30, &format!("byte {at} of the head"));
    }
}
