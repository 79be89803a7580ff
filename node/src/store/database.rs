//! Which database: a SQLite file or a Postgres server.

use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::schema::SchemaState;
use super::url::PostgresUrl;
use super::{Postgres, Sqlite, Store, StoreError};

/// Where the node keeps what it remembers.
#[derive(Debug, Clone)]
pub enum Database {
    /// A SQLite file, created if it is missing.
    Sqlite(PathBuf),
    /// A database on a Postgres server, which several nodes may share.
    Postgres(PostgresUrl),
}

/// What should say where the database is does not. The value is not shown, since it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// Nothing at all.
    #[error("no database is named")]
    Empty,
    /// The URL begins as one of Postgres and does not go on as one.
    #[error("not a Postgres URL as postgres://user:password@host:port/database")]
    PostgresUrl,
}

impl std::str::FromStr for Database {
    type Err = DatabaseError;

    /// Reads a path, or a URL that begins with `postgres://` or `postgresql://`.
    fn from_str(text: &str) -> Result<Self, DatabaseError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(DatabaseError::Empty);
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Ok(Self::Sqlite(text.into()));
        }
        PostgresUrl::parse(text).map(Self::Postgres).ok_or(DatabaseError::PostgresUrl)
    }
}

impl Database {
    /// The same, with a password that does not stand in the URL. A file takes none: then there is no such database.
    pub fn with_password(self, password: Option<Zeroizing<String>>) -> Option<Self> {
        match (self, password) {
            (Self::Postgres(url), Some(password)) => Some(Self::Postgres(url.with_password(password))),
            (Self::Sqlite(_), Some(_)) => None,
            (database, None) => Some(database),
        }
    }

    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`] if it can't be opened, or its schema is newer than this program.
    pub async fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match self {
            Self::Sqlite(path) => Arc::new(Sqlite::open(path).await?),
            Self::Postgres(url) => Arc::new(Postgres::open(url).await?),
        })
    }

    /// How far the schema is. Changes nothing; a node may be running on the database.
    ///
    /// # Errors
    /// [`StoreError`] if it can't be read.
    pub async fn inspect(&self) -> Result<SchemaState, StoreError> {
        match self {
            Self::Sqlite(path) => Sqlite::inspect(path).await,
            Self::Postgres(url) => Postgres::inspect(url).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_sqlite_and_a_url_is_postgres() {
        for path in ["node.sqlite", "/var/lib/dm3-node/node.sqlite", "postgres"] {
            assert!(matches!(path.parse(), Ok(Database::Sqlite(found)) if found.as_os_str() == path));
        }
        for url in ["postgres://u:p@db.example:5432/dm3", "postgresql://db.example/dm3?sslmode=verify-full"] {
            assert!(matches!(url.parse(), Ok(Database::Postgres(_))), "{url}");
        }
        assert!(matches!(" ".parse::<Database>(), Err(DatabaseError::Empty)));
    }

    #[test]
    fn neither_the_password_nor_a_broken_url_is_shown() {
        let database: Database = "postgres://dm3:hunter2@db.example/dm3".parse().unwrap();
        assert!(!format!("{database:?}").contains("hunter2"));
        let error = "postgres://dm3:hunter2@db.example:no-port/dm3".parse::<Database>().unwrap_err();
        assert_eq!(error, DatabaseError::PostgresUrl);
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
