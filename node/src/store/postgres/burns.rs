//! Burns that are brought to the chain, in Postgres.

use super::Postgres;
use crate::store::shared::impl_burn_store;

impl_burn_store!(Postgres, sqlx::postgres::PgRow, sqlx::PgConnection, pool, pool);
