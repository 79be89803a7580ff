//! What goes wrong with the database.

/// The database failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A query failed, or the database can't be reached.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema can't be brought up to date.
    #[error("the database's schema can't be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// What is stored can't be read back.
    #[error("the database holds what it should not: {0}")]
    Damaged(&'static str),
    /// The transaction failed that this was part of. It may have been committed all the same.
    #[error("whether it was stored is not known: {0}")]
    Group(std::sync::Arc<StoreError>),
    /// The sender has as many messages waiting to be stored as one may have. This one was not.
    #[error("too many messages of this sender wait to be stored")]
    Busy,
    /// The store was closed.
    #[error("the database is closed")]
    Closed,
}
