//! How much room there is where the database is.
//!
//! What is removed needs room, too: SQLite writes it to its log first. So new things are refused while there is some left,
//! and acknowledging always finds it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::store::Database;

/// How old what is known may be.
const AGE: Duration = Duration::from_secs(2);

/// The disk of a SQLite file; a Postgres server looks after its own.
pub struct Disk {
    folder: Option<PathBuf>,
    kept_free: u64,
    last: Mutex<Option<(Instant, bool)>>,
}

impl Disk {
    /// Wants so many bytes to stay free; with 0 nobody looks.
    pub fn new(database: &Database, kept_free: u64) -> Self {
        let folder = match database {
            Database::Sqlite(path) if kept_free > 0 => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                Some(folder.map_or_else(|| PathBuf::from("."), PathBuf::from))
            }
            _ => None,
        };
        Self { folder, kept_free, last: Mutex::default() }
    }

    /// Whether there is less room than is to be kept.
    pub fn is_nearly_full(&self) -> bool {
        let Some(folder) = &self.folder else { return false };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, full)) = *last
            && since.elapsed() < AGE
        {
            return full;
        }
        let full = match rustix::fs::statvfs(folder) {
            Ok(found) => found.f_bavail.saturating_mul(found.f_frsize) < self.kept_free,
            Err(error) => {
                tracing::warn!(%error, "how much room the disk has is not known");
                false
            }
        };
        *last = Some((Instant::now(), full));
        full
    }
}
