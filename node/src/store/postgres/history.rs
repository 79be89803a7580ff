//! History in Postgres.

use super::Postgres;
use crate::store::shared::impl_history_store;

impl_history_store!(Postgres, pool, pool);
