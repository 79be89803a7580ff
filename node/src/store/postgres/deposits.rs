//! Promised slots in Postgres.

use super::Postgres;
use crate::store::shared::impl_deposit_store;

impl_deposit_store!(Postgres, pool, pool);
