//! What is counted for all processes, in Postgres.

use super::Postgres;
use crate::store::shared::impl_rate_store;

impl_rate_store!(Postgres, pool, "BEGIN");
