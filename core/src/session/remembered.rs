//! Who is signed in on this device: what is known and done without a session.

use super::Session;
use crate::device::{Account, Slot};
use crate::identity::{Address, KeySeed};
use crate::ports::{Ports, Store, StoreError};

/// The seed of an account's keys, if it is on this device. A damaged one is like none: signing in makes it anew.
///
/// # Errors
/// [`StoreError`].
pub async fn remembered_seed(store: &impl Store, account: Address) -> Result<Option<KeySeed>, StoreError> {
    match store.seed(account).await {
        Err(StoreError::Damaged) => Ok(None),
        other => other,
    }
}

/// The account that signed in last on this device, if its keys are still here.
///
/// # Errors
/// [`StoreError`].
pub async fn remembered_account(store: &impl Store) -> Result<Option<Address>, StoreError> {
    let last = match store.account().await {
        Ok(Some(last)) => last,
        Ok(None) | Err(StoreError::Damaged) => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(remembered_seed(store, last.address).await?.map(|_| last.address))
}

/// Remembers who uses this device now, for windows that know nobody.
///
/// # Errors
/// [`StoreError`].
pub async fn remember_account(store: &impl Store, account: Address) -> Result<(), StoreError> {
    match store.account().await {
        Ok(Some(last)) if last.address == account => Ok(()),
        _ => store.set_account(Some(&Account { address: account, name: None })).await,
    }
}

/// Signs an account out, and keeps its keys, messages and contacts on this device.
///
/// # Errors
/// [`StoreError`] if the platform does not let go of the account.
pub async fn leave(store: &impl Store, account: Address) -> Result<(), StoreError> {
    match store.set_value(account, &Slot::Token, None).await {
        // Nothing is kept of the account.
        Ok(()) | Err(StoreError::SignedOut) => {}
        Err(error) => return Err(error),
    }
    match store.account().await {
        Ok(Some(last)) if last.address != account => Ok(()),
        Ok(None) => Ok(()),
        // A damaged one may be this one.
        Ok(Some(_)) | Err(_) => store.set_account(None).await,
    }
}

/// Signs an account out, and forgets it on this device: keys, messages, contacts.
///
/// # Errors
/// [`StoreError`] if the platform does not let go of them.
pub async fn forget(store: &impl Store, account: Address) -> Result<(), StoreError> {
    leave(store, account).await?;
    store.erase(account).await
}

impl<P: Ports> Session<P> {
    /// Signs out, and [forgets](forget) the account on this device.
    ///
    /// # Errors
    /// [`StoreError`] if the platform does not let go of it.
    pub async fn sign_out(&self) -> Result<(), StoreError> {
        forget(self.ports().store(), self.account).await
    }
}
