//! The file: opening it, and steps that share their commits.

use crate::error::{FileError, FileErrorKind};
use crate::record::{pack, unpack};
use agentpol::store::{StateStore, StoreError};
use agentpol::validate;
use agentpol::{Handle, Records, Trouble};
use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition, TableError};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{fmt, mem};

/// The version of state files that is read and written.
pub(crate) const VERSION: u32 = 1;
/// What the file says of itself.
const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("agentpol state");
/// The records by key.
const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");
/// Rows of `ABOUT`.
const FORMAT: &str = "format";
const TIED: &str = "tied";
const KEY: &str = "key";
/// How much of the file is kept in memory, in bytes.
const CACHE: usize = 64 << 20;

/// What steps have edited, by key; an empty record is to be removed.
type Edits = HashMap<Box<[u8]>, Vec<u8>>;

/// Keeps records in a file. May be shared by any number of threads; one process at a time.
pub struct FileStore {
    path: PathBuf,
    database: Database,
    batch: Mutex<Batch>,
    /// A batch was written, or will never be.
    written: Condvar,
}

/// What is not in the file yet.
#[derive(Debug, Default)]
struct Batch {
    /// Edited since the last commit began.
    edits: Edits,
    /// Being committed now.
    writing: Option<Arc<Edits>>,
    /// The number of the batch that collects `edits`.
    number: u64,
    /// The first batch that is not in the file yet.
    unwritten: u64,
    /// Why nothing can be written any more. What was decided on top of a failed commit must not stand.
    failed: Option<String>,
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl FileStore {
    /// Makes a file without records.
    ///
    /// # Errors
    /// Where there is a file already, or it cannot be written.
    pub fn create(path: &Path) -> Result<FileStore, FileError> {
        let made = || {
            if path.try_exists().map_err(FileErrorKind::Io)? {
                return Err(FileErrorKind::Exists);
            }
            let database = Database::builder().set_cache_size(CACHE).create(path)?;
            let mut transaction = database.begin_write()?;
            transaction.set_two_phase_commit(true);
            transaction.open_table(ABOUT)?.insert(FORMAT, VERSION.to_le_bytes().as_slice())?;
            transaction.open_table(RECORDS)?;
            transaction.commit()?;
            Ok(database)
        };
        let database = made().map_err(|kind: FileErrorKind| kind.at(path))?;
        Ok(FileStore::new(path, database))
    }

    /// Opens a file, after checking all of it.
    ///
    /// # Errors
    /// Where there is none, another process has it open, or it is not a whole state file of this version.
    pub fn open(path: &Path) -> Result<FileStore, FileError> {
        let opened = || {
            let database = Database::builder().set_cache_size(CACHE).set_check_integrity_on_open(true).open(path)?;
            let about = match database.begin_read()?.open_table(ABOUT) {
                Err(TableError::TableDoesNotExist(_)) => return Err(FileErrorKind::Foreign),
                about => about?,
            };
            let version = about.get(FORMAT)?.and_then(|found| found.value().try_into().ok().map(u32::from_le_bytes));
            if version != Some(VERSION) {
                return Err(FileErrorKind::OtherVersion { found: version });
            }
            Ok(database)
        };
        let database = guarded(opened).map_err(|kind: FileErrorKind| kind.at(path))?;
        let store = FileStore::new(path, database);
        store.each(&mut |_, _| {})?;
        Ok(store)
    }

    fn new(path: &Path, database: Database) -> FileStore {
        FileStore { path: path.to_owned(), database, batch: Mutex::default(), written: Condvar::new() }
    }

    /// Returns the file's path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the host key that the file keeps, where it keeps one.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn key(&self) -> Result<Option<[u8; 32]>, FileError> {
        self.about(KEY).map_err(|kind| kind.at(&self.path))
    }

    /// Keeps a host key in the file, so that the file can be used alone. A service had better keep it with its other
    /// secrets: digests of approvals are worth no more than the key.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn keep_key(&self, key: &[u8; 32]) -> Result<(), FileError> {
        self.say(KEY, key).map_err(|kind| kind.at(&self.path))
    }

    /// Shows every record that is in the file, in the order of keys.
    ///
    /// # Errors
    /// Where the file cannot be read or a record is damaged.
    pub fn each(&self, show: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), FileError> {
        let read = || {
            for entry in self.table()?.iter()? {
                let (key, packed) = entry?;
                let (key, packed) = (key.value(), packed.value());
                show(key, sound(key, packed)?);
            }
            Ok(())
        };
        guarded(read).map_err(|kind: FileErrorKind| kind.at(&self.path))
    }

    fn table(&self) -> Result<ReadOnlyTable<&'static [u8], &'static [u8]>, FileErrorKind> {
        Ok(self.database.begin_read()?.open_table(RECORDS)?)
    }

    fn about(&self, row: &str) -> Result<Option<[u8; 32]>, FileErrorKind> {
        let about = self.database.begin_read()?.open_table(ABOUT)?;
        let Some(found) = about.get(row)? else { return Ok(None) };
        let found = found.value().try_into();
        found.map(Some).map_err(|_| FileErrorKind::Damaged { what: format!("what it says of its {row}") })
    }

    fn say(&self, row: &str, value: &[u8; 32]) -> Result<(), FileErrorKind> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_two_phase_commit(true);
        transaction.open_table(ABOUT)?.insert(row, value.as_slice())?;
        Ok(transaction.commit()?)
    }

    fn lock(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unusable(&self, kind: FileErrorKind) -> StoreError {
        StoreError::Unusable { reason: kind.at(&self.path).to_string() }
    }

    /// Waits until the batch of this number is in the file; writes it if nobody else is writing.
    fn finish<'s>(&'s self, mut batch: MutexGuard<'s, Batch>, number: u64) -> Result<(), StoreError> {
        while batch.unwritten <= number {
            if let Some(reason) = &batch.failed {
                return Err(StoreError::Unusable { reason: reason.clone() });
            }
            if batch.writing.is_some() {
                batch = self.written.wait(batch).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let edits = Arc::new(mem::take(&mut batch.edits));
            batch.writing = Some(Arc::clone(&edits));
            batch.number += 1;
            drop(batch);
            let outcome = guarded(|| self.write(&edits));
            batch = self.lock();
            batch.writing = None;
            match outcome {
                Ok(()) => batch.unwritten = batch.number,
                Err(kind) => batch.failed = Some(kind.at(&self.path).to_string()),
            }
            self.written.notify_all();
        }
        Ok(())
    }

    /// One commit, through to the disk. In two phases: whoever finds the file after a crash finds the last commit that
    /// was answered, or an error, and never quietly an older one.
    fn write(&self, edits: &Edits) -> Result<(), FileErrorKind> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_two_phase_commit(true);
        {
            let mut table = transaction.open_table(RECORDS)?;
            for (key, bytes) in edits {
                if bytes.is_empty() {
                    table.remove(&**key)?;
                } else {
                    table.insert(&**key, pack(key, bytes).as_slice())?;
                }
            }
        }
        Ok(transaction.commit()?)
    }
}

/// Takes a database that gives up on what it finds in the file for one that says so.
fn guarded<T>(work: impl FnOnce() -> Result<T, FileErrorKind>) -> Result<T, FileErrorKind> {
    let gave_up = |_| Err(FileErrorKind::Damaged { what: "the database gave up on it".to_owned() });
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(gave_up)
}

/// Returns the bytes of a record, if they are those that were written and can be a record.
fn sound<'p>(key: &[u8], packed: &'p [u8]) -> Result<&'p [u8], FileErrorKind> {
    let bytes = unpack(key, packed).filter(|bytes| validate(key, bytes));
    bytes.ok_or_else(|| damaged(key))
}

fn damaged(key: &[u8]) -> FileErrorKind {
    let shown: String = key.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    FileErrorKind::Damaged { what: format!("the record under {shown}") }
}

/// The records of one step.
struct Run<'s> {
    store: &'s FileStore,
    batch: &'s Batch,
    table: Option<ReadOnlyTable<&'static [u8], &'static [u8]>>,
    records: Vec<Opened>,
    /// Why a record could not be read.
    broken: Option<FileErrorKind>,
}

struct Opened {
    key: Box<[u8]>,
    bytes: Vec<u8>,
    edited: bool,
}

impl Run<'_> {
    /// The newest bytes of a record: what waits to be written goes before what is being written, and that before the file.
    fn read(&mut self, key: &[u8]) -> Result<Vec<u8>, FileErrorKind> {
        let waiting = self.batch.edits.get(key).or_else(|| self.batch.writing.as_ref()?.get(key));
        if let Some(bytes) = waiting {
            return Ok(bytes.clone());
        }
        let table = match &mut self.table {
            Some(table) => table,
            none => none.insert(self.store.table()?),
        };
        match table.get(key)? {
            // What this process wrote is sound; opening has looked at what was there before.
            Some(packed) => unpack(key, packed.value()).map(<[u8]>::to_vec).ok_or_else(|| damaged(key)),
            None => Ok(Vec::new()),
        }
    }
}

impl Records for Run<'_> {
    fn open(&mut self, key: &[u8]) -> Result<Handle, Trouble> {
        let at = match self.records.iter().position(|record| *record.key == *key) {
            Some(at) => at,
            None => match guarded(|| self.read(key)) {
                Ok(bytes) => {
                    self.records.push(Opened { key: key.into(), bytes, edited: false });
                    self.records.len() - 1
                }
                Err(kind) => {
                    self.broken = Some(kind);
                    return Err(Trouble::Unusable);
                }
            },
        };
        u32::try_from(at).map(Handle).map_err(|_| Trouble::Unusable)
    }

    fn bytes(&self, handle: Handle) -> &[u8] {
        self.records.get(handle.0 as usize).map_or(&[], |record| &record.bytes)
    }

    fn edit(&mut self, handle: Handle) -> Option<&mut Vec<u8>> {
        let record = self.records.get_mut(handle.0 as usize)?;
        record.edited = true;
        Some(&mut record.bytes)
    }
}

impl StateStore for FileStore {
    fn step(&self, work: &mut dyn FnMut(&mut dyn Records)) -> Result<(), StoreError> {
        let mut batch = self.lock();
        if let Some(reason) = &batch.failed {
            return Err(StoreError::Unusable { reason: reason.clone() });
        }
        let mut run = Run { store: self, batch: &batch, table: None, records: Vec::new(), broken: None };
        work(&mut run);
        let Run { records, broken, .. } = run;
        if let Some(kind) = broken {
            return Err(self.unusable(kind));
        }
        let mut edited = records.into_iter().filter(|record| record.edited).peekable();
        if edited.peek().is_none() {
            return Ok(());
        }
        batch.edits.extend(edited.map(|record| (record.key, record.bytes)));
        let number = batch.number;
        self.finish(batch, number)
    }

    fn tie(&self, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
        match self.about(TIED).map_err(|kind| self.unusable(kind))? {
            Some(found) if found == *fingerprint => Ok(()),
            Some(_) => Err(StoreError::OtherKey),
            None => self.say(TIED, fingerprint).map_err(|kind| self.unusable(kind)),
        }
    }
}
