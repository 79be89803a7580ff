//! Invitations in Postgres.

use super::Postgres;
use crate::store::shared::impl_invitation_store;

impl_invitation_store!(Postgres, pool, pool);
