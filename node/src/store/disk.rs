//! How much room there is where the database is.
//!
//! What is removed needs room, too: SQLite writes it to its log first. So new things are refused while there is some left,
//! and acknowledging finds it.
//!
//! That alone does not help where somebody else fills the disk to its last byte. So a file beside the database holds some
//! room for that day: it is given up when next to nothing is left, and made anew when there is plenty. A file of our own
//! rather than blocks that a file system keeps for root: the node is not root, and not every file system does.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, fallocate};

use super::Database;
use crate::machine::files::private;

/// How old what is known may be.
const AGE: Duration = Duration::from_millis(500);

/// The disk of a SQLite file; a Postgres server looks after its own.
pub struct Disk {
    place: Option<Place>,
    kept_free: u64,
    last: Mutex<Option<(Instant, bool)>>,
}

struct Place {
    folder: PathBuf,
    reserve: Reserve,
}

impl Disk {
    /// Wants so many bytes to stay free, with 0 nobody looks; and holds some more for when they do not.
    pub fn new(database: &Database, kept_free: u64, reserve: u64) -> Self {
        let place = match database {
            Database::Sqlite(file) if kept_free > 0 => {
                let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
                Some(Place {
                    folder: folder.map_or_else(|| PathBuf::from("."), PathBuf::from),
                    reserve: Reserve {
                        file: beside(file, "-reserve"),
                        bytes: reserve,
                        impossible: AtomicBool::default(),
                    },
                })
            }
            _ => None,
        };
        Self { place, kept_free, last: Mutex::default() }
    }

    /// Whether there is less room than is to be kept. Looks after the reserve, too, so it has to be asked now and then.
    pub fn is_nearly_full(&self) -> bool {
        let Some(place) = &self.place else { return false };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, full)) = *last
            && since.elapsed() < AGE
        {
            return full;
        }
        let full = match rustix::fs::statvfs(&place.folder) {
            Ok(found) => {
                let free = found.f_bavail.saturating_mul(found.f_frsize);
                place.reserve.follow(free, self.kept_free);
                free < self.kept_free
            }
            Err(error) => {
                tracing::warn!(%error, "how much room the disk has is not known");
                false
            }
        };
        *last = Some((Instant::now(), full));
        full
    }
}

/// Room that is held by a file.
struct Reserve {
    file: PathBuf,
    bytes: u64,
    /// Whether this disk holds none.
    impossible: AtomicBool,
}

impl Reserve {
    /// Gives the room up if the disk has less than as much again, and takes it when what is to stay free stays free.
    fn follow(&self, free: u64, kept_free: u64) {
        let held = std::fs::metadata(&self.file).map_or(0, |file| file.len());
        if held > 0 && (self.bytes == 0 || free < self.bytes) {
            match std::fs::remove_file(&self.file) {
                Ok(()) => tracing::warn!(
                    free,
                    "the reserve of the disk is given up, so that mailboxes can be emptied"
                ),
                Err(error) => tracing::error!(%error, "the reserve of the disk can't be given up"),
            }
        } else if held < self.bytes
            && free >= kept_free.saturating_add(self.bytes)
            && !self.impossible.load(Ordering::Relaxed)
            && let Err(error) = self.take()
        {
            self.impossible.store(true, Ordering::Relaxed);
            tracing::warn!(%error, "there is no reserve for a full disk");
        }
    }

    /// Not every file system can: there the reserve is left out rather than written byte by byte.
    fn take(&self) -> io::Result<()> {
        let file = private(File::options().write(true).create(true)).open(&self.file)?;
        let taken = fallocate(&file, FallocateFlags::empty(), 0, self.bytes);
        if taken.is_err() {
            // What it holds already would be mistaken for the whole.
            let _ = std::fs::remove_file(&self.file);
        }
        Ok(taken?)
    }
}

/// A file of the same name with something more at its end.
fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(end);
    name.into()
}
