//! The accounts that messages are for, kept in memory: a profile's signature is checked when an account is first
//! met, not for each message.
//!
//! What is kept of an account is kept with the version it had before any of it was read. The store takes a message
//! for that version alone, and every change raises it, in whichever process: so no message is taken or refused by
//! rules, or sealed for keys, that hold no more.

use std::sync::Arc;

use dm3_core::identity::Address;
use dm3_core::seal::EncryptionKey;
// quick_cache: bounded, concurrent, one dependency of note (parking_lot); MIT.
use quick_cache::sync::Cache;

use crate::ethereum::names::{Names, NamesError};
use crate::settings::{self, Settings};
use crate::store::{Store, StoreError};

/// How many accounts are kept: about two megabytes.
const ACCOUNTS: usize = 10_000;

/// An account with a mailbox here.
pub struct Receiver {
    /// What postmarks are sealed for.
    pub encryption: EncryptionKey,
    /// What it wants.
    pub settings: Settings,
    /// The version of the account this was read from.
    pub version: i64,
}

/// May hold what is current no longer: the store refuses what was made for an older version of an account.
pub struct Receivers(Cache<Address, Arc<Receiver>>);

impl Receivers {
    /// None yet.
    pub fn new() -> Self {
        Self(Cache::new(ACCOUNTS))
    }

    /// The account of a mailbox.
    ///
    /// # Errors
    /// [`NamesError`] if the database fails, or the chain can't be asked about a smart account.
    pub async fn get(
        &self,
        store: &Arc<dyn Store>,
        names: &Names,
        mailbox: Address,
    ) -> Result<Option<Arc<Receiver>>, NamesError> {
        if let Some(receiver) = self.0.get(&mailbox) {
            return Ok(Some(receiver));
        }
        let Some(account) =
            store.account(mailbox).await?.filter(|account| account.mailbox && !account.blocked)
        else {
            return Ok(None);
        };
        let Some(profile) = names.kept_profile(&account.profile, mailbox).await? else { return Ok(None) };
        let encryption = profile.keys().encryption;
        let settings = settings::read(store.as_ref(), mailbox).await?;
        let receiver = Arc::new(Receiver { encryption, settings, version: account.version });
        self.0.insert(mailbox, receiver.clone());
        Ok(Some(receiver))
    }

    /// Whether an account is still as it was read. Asked before a message is refused; one that is taken is checked by
    /// the store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_current(
        &self,
        store: &dyn Store,
        mailbox: Address,
        receiver: &Receiver,
    ) -> Result<bool, StoreError> {
        let account = store.account(mailbox).await?;
        Ok(account.is_some_and(|account| account.version == receiver.version))
    }

    /// Has every account read anew.
    pub fn forget_all(&self) {
        self.0.clear();
    }

    /// Has the account read anew.
    pub fn forget(&self, mailbox: Address) {
        self.0.remove(&mailbox);
    }
}
