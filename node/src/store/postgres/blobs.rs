//! Blobs in Postgres.

use super::Postgres;
use crate::store::shared::impl_blob_store;

impl_blob_store!(Postgres, pool, pool);
