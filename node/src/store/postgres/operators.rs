//! What operators do, in Postgres.

use super::Postgres;
use crate::store::shared::impl_operator_store;

impl_operator_store!(Postgres, sqlx::postgres::PgRow, pool, pool, ["VACUUM"]);
