//! The schema, and how far a database is.

/// How far a database's schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaState {
    /// The last migration that was applied; `None` if the database is empty.
    pub version: Option<i64>,
    /// The last one this program knows.
    pub newest: i64,
}

/// The number of an engine's last migration.
pub(super) fn newest(migrations: &[(i64, &str, &str)]) -> i64 {
    migrations.last().map_or(0, |(number, ..)| *number)
}

/// The migrations of an engine, from number, name and SQL.
pub(super) fn migrator(migrations: &[(i64, &'static str, &'static str)]) -> sqlx::migrate::Migrator {
    use sqlx::SqlSafeStr as _;
    use sqlx::migrate::{Migration, MigrationType, Migrator};
    let migration = |(number, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*number, (*name).into(), MigrationType::Simple, (*sql).into_sql_str(), false)
    };
    Migrator::with_migrations(migrations.iter().map(migration).collect())
}
