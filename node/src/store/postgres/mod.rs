//! Postgres, which several nodes may share.

mod accounts;
mod arrivals;
mod challenges;
mod mailbox;
mod names;
mod settings;

use std::time::Duration;

use sqlx::postgres::{PgPool, PgPoolOptions};

use self::arrivals::{Arrivals, Origin};
use super::group::GroupCommit;
use super::{PostgresUrl, Store, StoreError, migrator};

/// How many connections one node holds at most.
const CONNECTIONS: u32 = 10;
/// How long a request waits for a free connection, or for the server to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// The schema's versions, oldest first.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "first", include_str!("../../../migrations/postgres/0001_first.sql")),
    (2, "store", include_str!("../../../migrations/postgres/0002_store.sql")),
    (4, "guard", include_str!("../../../migrations/postgres/0004_guard.sql")),
];

/// A database on a Postgres server.
pub struct Postgres {
    pool: PgPool,
    group: GroupCommit,
    arrivals: Arrivals,
}

impl Postgres {
    /// Connects, and brings the schema up to date; of several nodes that start at once, one does.
    ///
    /// # Errors
    /// [`StoreError`] if the server can't be reached or the schema is newer than this program.
    pub async fn open(url: &PostgresUrl) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_with(url.options()?)
            .await?;
        migrator(MIGRATIONS).run(&pool).await?;
        let origin = Origin::new();
        let group = GroupCommit::start(mailbox::Writer { pool: pool.clone(), origin: origin.clone() });
        let arrivals = Arrivals::listen(pool.clone(), origin).await?;
        Ok(Self { pool, group, arrivals })
    }
}

#[async_trait::async_trait]
impl Store for Postgres {
    async fn check(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM answered_challenges LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(())
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
