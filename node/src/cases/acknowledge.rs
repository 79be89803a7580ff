//! Removing what a receiver acknowledges.
//!
//! ```text
//! each (contact, hash) ─▶ copies under that hash ─▶ from that very name: removed at once
//!      ─▶ from another name of the same address, as it was found at delivery: removed, too
//!      ─▶ the contact's own address is not known? looked up, if there is time ─▶ as above
//! ```
//!
//! Nothing that a sender can choose is looked up: not the names that copies came under, and the contact's only if no
//! copy came under it. So nobody can keep a mailbox from being emptied.

use std::collections::HashMap;
use std::time::Duration;

use dm3_core::identity::{Address, EnsName};

use crate::app::App;
use crate::ethereum::names::NamesError;
use crate::mailbox::sender_key;
use crate::store::{Copy, StoreError};

/// How many names one request may have looked up on the chain.
const MAX_LOOKUPS: usize = 20;
/// How long all of them may take.
const LOOKUP_TIME: Duration = Duration::from_secs(5);
/// How many numbers are removed at once.
const AT_ONCE: usize = 500;

impl App {
    /// Removes what a receiver acknowledges: every copy of each message from that contact, whichever of its
    /// names the receiver uses.
    ///
    /// # Errors
    /// [`NamesError`] if the database fails, or if a contact under whose name nothing came can't be looked up; all
    /// that was found is removed all the same.
    pub async fn acknowledge(
        &self,
        mailbox: Address,
        acknowledged: &[(String, String)],
    ) -> Result<(), NamesError> {
        let mut doubtful: Vec<(EnsName, Vec<Copy>)> = Vec::new();
        let mut numbers = Vec::new();
        for (contact, hash) in acknowledged {
            let contact = sender_key(contact);
            let copies = self.metrics.timed("copies", self.store.copies(mailbox, hash, &contact)).await?;
            let (exact, others): (Vec<_>, Vec<_>) =
                copies.into_iter().partition(|copy| copy.sender == contact);
            let others: Vec<Copy> = others.into_iter().filter_map(|copy| self.addressed(copy)).collect();
            let name = contact.parse::<EnsName>().ok();
            let own = name.as_ref().and_then(|name| self.names.own_address(name));
            match own.or_else(|| exact.iter().find_map(|copy| copy.address)) {
                Some(address) => numbers.extend(of(address, &others)),
                None if exact.is_empty() && !others.is_empty() => {
                    doubtful.extend(name.map(|name| (name, others)));
                }
                None => {}
            }
            numbers.extend(exact.iter().map(|copy| copy.seq));
            if numbers.len() >= AT_ONCE {
                self.acknowledge_numbers(mailbox, &numbers).await?;
                numbers.clear();
            }
        }
        self.acknowledge_numbers(mailbox, &numbers).await?;
        let (numbers, failed) = self.look_up(doubtful).await;
        self.acknowledge_numbers(mailbox, &numbers).await?;
        failed.map_or(Ok(()), Err)
    }

    /// Removes messages by their numbers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn acknowledge_numbers(&self, mailbox: Address, numbers: &[i64]) -> Result<(), StoreError> {
        let _turn = self.writing.of(mailbox).await;
        self.metrics.timed("remove", self.store.remove(mailbox, numbers)).await
    }

    /// The copy, if it is known whose it is; of those that came before addresses were noted, some names tell.
    fn addressed(&self, copy: Copy) -> Option<Copy> {
        let named = || copy.sender.parse().ok().and_then(|name| self.names.own_address(&name));
        let address = copy.address.or_else(named)?;
        Some(Copy { address: Some(address), ..copy })
    }

    /// Which of the copies are from these contacts after all, and what failed.
    async fn look_up(&self, doubtful: Vec<(EnsName, Vec<Copy>)>) -> (Vec<i64>, Option<NamesError>) {
        let (mut numbers, mut failed) = (Vec::new(), None);
        let mut known: HashMap<EnsName, Option<Address>> = HashMap::new();
        let until = tokio::time::Instant::now() + LOOKUP_TIME;
        for (name, copies) in doubtful {
            if !known.contains_key(&name) {
                if known.len() >= MAX_LOOKUPS {
                    continue;
                }
                let found = tokio::time::timeout_at(until, self.names.address_of(&name)).await;
                let address = match found {
                    Ok(Ok(address)) => address,
                    Ok(Err(error)) => {
                        failed = Some(error);
                        None
                    }
                    Err(_) => {
                        failed = Some(NamesError::Time);
                        None
                    }
                };
                known.insert(name.clone(), address);
            }
            if let Some(Some(address)) = known.get(&name) {
                numbers.extend(of(*address, &copies));
            }
        }
        (numbers, failed)
    }
}

/// The numbers of the copies that came from an address.
fn of(address: Address, copies: &[Copy]) -> impl Iterator<Item = i64> {
    copies.iter().filter(move |copy| copy.address == Some(address)).map(|copy| copy.seq)
}
