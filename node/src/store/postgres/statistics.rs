//! Statistics in Postgres.

use super::Postgres;
use crate::store::shared::impl_statistics_store;

impl_statistics_store!(Postgres, pool, pool);
