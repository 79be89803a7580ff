//! Invitations in SQLite.

use super::Sqlite;
use crate::store::shared::impl_invitation_store;

impl_invitation_store!(Sqlite, readers, writer);
