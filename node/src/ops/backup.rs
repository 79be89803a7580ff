//! A consistent copy of the database, also while the node runs, and putting it back.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Row as _};

use crate::config::Config;
use crate::machine::files::private;
use crate::store::{Database, StoreError};

/// Why nothing was copied. A half-made file is removed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The copy would go over a file.
    #[error("{0} is there already; move it away first")]
    Exists(PathBuf),
    /// A file can't be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The database refuses.
    #[error("the database can't be copied: {0}")]
    Database(#[from] sqlx::Error),
    /// The copy can't be opened, or is newer than this program.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file is no sound backup.
    #[error("{path} is no sound copy of a node's database: {reason}")]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Postgres has tools of its own.
    #[error(
        "the database is Postgres: use its own tools, `pg_dump --format=custom --file=FILE URL` while the node \
         runs, and `pg_restore --exit-on-error --dbname=URL FILE` into an empty database"
    )]
    Postgres,
}

/// Writes a consistent copy of the configured database to `file`. The node may go on serving.
///
/// # Errors
/// [`BackupError`]; then there is no file.
pub async fn backup(config: &Config, file: &Path) -> Result<(), BackupError> {
    let source = sqlite_file(config)?;
    // SQLite takes an empty file, so the copy is its owner's alone from the first byte on.
    create(file)?;
    let made = async {
        let mut connection = open(source).await?;
        let name = file.to_str().ok_or_else(|| unsound(file, "its name is not UTF-8"))?;
        sqlx::query("VACUUM INTO ?1").bind(name).execute(&mut connection).await?;
        connection.close().await?;
        verify(file).await?;
        sync(file)
    };
    let result = made.await;
    if result.is_err() {
        // The error at hand is the one that counts.
        let _ = std::fs::remove_file(file);
    }
    result
}

/// Puts a copy in the place of the configured database, which must not be there, and brings it up to date.
///
/// # Errors
/// [`BackupError`]; then the database's place is as it was.
pub async fn restore(config: &Config, file: &Path) -> Result<(), BackupError> {
    let target = sqlite_file(config)?;
    for suffix in ["", "-wal", "-shm"] {
        let path = beside(target, suffix);
        if path.exists() {
            return Err(BackupError::Exists(path));
        }
    }
    let unfinished = beside(target, ".restoring");
    create(&unfinished)?;
    let made = async {
        std::fs::copy(file, &unfinished).map_err(|source| failed(file, source))?;
        verify(&unfinished).await?;
        let database = Database::Sqlite(unfinished.clone());
        database.open().await?.close().await;
        sync(&unfinished)?;
        // Unlike a renaming, a link never replaces what came there in the meantime.
        std::fs::hard_link(&unfinished, target).map_err(|source| failed(target, source))?;
        sync(target)
    };
    let result = made.await;
    for suffix in ["", "-wal", "-shm"] {
        // Gone already is just as good.
        let _ = std::fs::remove_file(beside(&unfinished, suffix));
    }
    result
}

fn sqlite_file(config: &Config) -> Result<&Path, BackupError> {
    match &config.database {
        Database::Sqlite(path) => Ok(path),
        Database::Postgres(_) => Err(BackupError::Postgres),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn failed(path: &Path, source: std::io::Error) -> BackupError {
    match source.kind() {
        std::io::ErrorKind::AlreadyExists => BackupError::Exists(path.to_owned()),
        _ => BackupError::File { path: path.to_owned(), source },
    }
}

fn unsound(path: &Path, reason: &str) -> BackupError {
    BackupError::Unsound { path: path.to_owned(), reason: reason.to_owned() }
}

fn create(path: &Path) -> Result<(), BackupError> {
    private(OpenOptions::new().write(true).create_new(true))
        .open(path)
        .map(drop)
        .map_err(|source| failed(path, source))
}

/// Makes file and folder entry survive a loss of power.
fn sync(path: &Path) -> Result<(), BackupError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in [path, folder] {
        File::open(entry).and_then(|file| file.sync_all()).map_err(|source| failed(entry, source))?;
    }
    Ok(())
}

async fn open(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(Duration::from_secs(30));
    SqliteConnection::connect_with(&options).await
}

async fn verify(path: &Path) -> Result<(), BackupError> {
    let check = async {
        let mut connection = open(path).await?;
        let answer: String =
            sqlx::query("PRAGMA integrity_check(1)").fetch_one(&mut connection).await?.try_get(0)?;
        sqlx::query("SELECT seq FROM messages LIMIT 1").fetch_optional(&mut connection).await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(answer)
    };
    match check.await {
        Ok(answer) if answer == "ok" => Ok(()),
        Ok(answer) => Err(unsound(path, &answer)),
        Err(error) => Err(unsound(path, &error.to_string())),
    }
}
