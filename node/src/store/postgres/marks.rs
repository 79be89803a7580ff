//! The node's notes in Postgres.

use super::Postgres;
use crate::store::shared::impl_mark_store;

impl_mark_store!(Postgres, pool, pool);
