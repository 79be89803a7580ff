//! Channels in Postgres.

use super::Postgres;
use crate::store::shared::impl_channel_store;

impl_channel_store!(Postgres, pool, pool);
