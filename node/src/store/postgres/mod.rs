//! Postgres, which several nodes may share.

mod accounts;
mod blobs;
mod burns;
mod challenges;
mod channels;
mod deposits;
mod history;
mod invitations;
mod mailbox;
mod marks;
mod names;
mod notice_store;
mod notices;
mod operators;
mod rates;
mod settings;
mod statistics;
mod storage;
mod writer;

use std::time::Duration;

use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection as _, Row as _};

use self::notices::{Notices, Origin};
use super::group::GroupCommit;
use super::{MarkStore as _, PROBE, PostgresUrl, SchemaState, Store, StoreError, migrator, newest};

/// How many connections one node holds at most, beside those for deliveries and for notices.
const CONNECTIONS: u32 = 8;
/// Deliveries are committed one group after the other by connections of their own: what else is asked, however much, does
/// not stand before them. Two, since one is given back while the next group begins.
const FOR_DELIVERIES: u32 = 2;
/// A connection that was used so lately is there; of others it is asked before they are used again.
const SURELY_THERE: Duration = Duration::from_secs(1);
/// How long a request waits for a free connection, or for the server to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// The schema's versions, oldest first.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "first", include_str!("../../../migrations/postgres/0001_first.sql")),
    (2, "store", include_str!("../../../migrations/postgres/0002_store.sql")),
    (
        3,
        "storage_history_channels",
        include_str!("../../../migrations/postgres/0003_storage_history_channels.sql"),
    ),
    (4, "guard", include_str!("../../../migrations/postgres/0004_guard.sql")),
    (5, "told", include_str!("../../../migrations/postgres/0005_told.sql")),
    (6, "owners", include_str!("../../../migrations/postgres/0006_owners.sql")),
    (7, "operators", include_str!("../../../migrations/postgres/0007_operators.sql")),
    (8, "deposits", include_str!("../../../migrations/postgres/0008_deposits.sql")),
    (9, "blobs", include_str!("../../../migrations/postgres/0009_blobs.sql")),
    (10, "invitations", include_str!("../../../migrations/postgres/0010_invitations.sql")),
    (11, "burns", include_str!("../../../migrations/postgres/0011_burns.sql")),
    (12, "rates", include_str!("../../../migrations/postgres/0012_rates.sql")),
    (13, "offers", include_str!("../../../migrations/postgres/0013_offers.sql")),
];

/// A database on a Postgres server.
pub struct Postgres {
    pool: PgPool,
    deliveries: PgPool,
    group: GroupCommit,
    notices: Notices,
}

impl Postgres {
    /// Connects, and brings the schema up to date; of several nodes that start at once, one does.
    ///
    /// # Errors
    /// [`StoreError`] if the server can't be reached or the schema is newer than this program.
    pub async fn open(url: &PostgresUrl) -> Result<Self, StoreError> {
        let pool = connections(url, CONNECTIONS).await?;
        migrator(MIGRATIONS).run(&pool).await?;
        let deliveries = connections(url, FOR_DELIVERIES).await?;
        let origin = Origin::new();
        let group = GroupCommit::start(writer::Writer { pool: deliveries.clone(), origin: origin.clone() });
        let notices = Notices::listen(pool.clone(), origin).await?;
        Ok(Self { pool, deliveries, group, notices })
    }

    /// How far the database's schema is.
    ///
    /// # Errors
    /// [`StoreError`] if the server can't be reached.
    pub async fn inspect(url: &PostgresUrl) -> Result<SchemaState, StoreError> {
        let asked = async {
            let mut connection = PgConnection::connect_with(&url.options()?).await?;
            let begun = sqlx::query("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
            let mut version = None;
            if begun.fetch_one(&mut connection).await?.try_get::<bool, _>(0)? {
                let row = sqlx::query("SELECT max(version) FROM _sqlx_migrations");
                version = row.fetch_one(&mut connection).await?.try_get(0)?;
            }
            connection.close().await?;
            Ok::<_, sqlx::Error>(SchemaState { version, newest: newest(MIGRATIONS) })
        };
        let asked = tokio::time::timeout(PATIENCE, asked).await;
        Ok(asked.unwrap_or(Err(sqlx::Error::PoolTimedOut))?)
    }
}

/// At most so many connections. One that broke while nobody used it is found out before somebody does.
async fn connections(url: &PostgresUrl, most: u32) -> Result<PgPool, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, of| {
            Box::pin(async move {
                if of.idle_for > SURELY_THERE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(url.options()?)
        .await?;
    Ok(pool)
}

#[async_trait::async_trait]
impl Store for Postgres {
    async fn check(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM answered_challenges LIMIT 1").fetch_optional(&self.pool).await?;
        self.set_mark(PROBE, 0).await
    }

    async fn close(&self) {
        self.deliveries.close().await;
        self.pool.close().await;
    }
}
