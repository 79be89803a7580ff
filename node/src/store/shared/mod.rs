//! Nouns whose SQL is the same for both engines: a macro each, which an engine's file of that name applies to
//! its pools. What makes that possible: `$1` is a placeholder in both, and an upsert that changes nothing locks
//! its row in Postgres, so that an account's writes come one after the other as SQLite's do anyway.

mod acts;
mod blobs;
mod burns;
mod channels;
mod deposits;
mod history;
mod invitations;
mod mailbox;
mod marks;
mod operators;
mod payments;
mod rates;
mod statistics;
mod storage;

pub(super) use acts::log_act;
pub(super) use blobs::impl_blob_store;
pub(super) use burns::impl_burn_store;
pub(super) use channels::impl_channel_store;
pub(super) use deposits::impl_deposit_store;
pub(super) use history::impl_history_store;
pub(super) use invitations::impl_invitation_store;
pub(super) use mailbox::{impl_give_way, impl_mailbox_store};
pub(super) use marks::impl_mark_store;
pub(super) use operators::impl_operator_store;
pub(super) use payments::impl_use_up;
pub(super) use rates::impl_rate_store;
pub(super) use statistics::impl_statistics_store;
pub(super) use storage::impl_storage_store;
