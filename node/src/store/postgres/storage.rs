//! The encrypted storage of deployed clients in Postgres.

use super::Postgres;
use crate::store::shared::impl_storage_store;

impl_storage_store!(Postgres, pool, pool, sqlx::PgConnection, sqlx::postgres::PgRow);
