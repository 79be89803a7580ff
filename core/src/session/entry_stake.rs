//! What a node wants to be at stake before it takes a new account: deposited and promised while somebody signs in.
//!
//! ```text
//! Price::Deposit ──▶ Registration::stake ──wallet──▶ deposit ──▶ voucher for the operator ──▶ goes along with the registration
//! tag of the key = SHA-256("dm3 entry stake v1 " ‖ chain ‖ contract ‖ receiver ‖ n)[..16]
//! ```
//!
//! The key promises to this one receiver alone, so nothing has to be kept for it never to promise a slot to two; and it follows
//! from the account's secret and what the node asks, so that who begins anew, on whichever device, finds the deposit on the chain.

use std::rc::Rc;

use super::{Registration, Session, StakeError};
use crate::delivery::{Payment, Stake};
use crate::deposit::{Coverage, Slots, Topic, Voucher};
use crate::identity::{ContractKey, KeyTag};
use crate::ports::{Ports, SendingWallet, StoreError};
use crate::registry::deposits::{self, Deposited};
use crate::seal::{Entropy as _, sha256};

/// How many deposits one after the other are looked at: one that was taken back is closed for good.
const MOST_KEYS: u8 = 8;

impl<P: Ports> Registration<P> {
    /// Promises what the node wants to be at stake, of a deposit that is made if it is not there. From then on
    /// [`Self::publish`] brings the promise along.
    ///
    /// # Errors
    /// [`StakeError`]. What was sent before stays, and is found when it is tried again.
    pub async fn stake(&self, wallet: &impl SendingWallet, wanted: &Stake) -> Result<(), StakeError> {
        let Stake { terms, receiver } = wanted;
        let session = Session::resume(Rc::clone(&self.directory), self.account, &self.seed);
        session.check_terms(terms).await?;
        let epoch = session.epoch_at(terms.contract).await?;
        for number in 0..MOST_KEYS {
            let key = ContractKey::derive(&self.seed, tag(wanted, number));
            let Some(signer) = key.address() else { continue };
            let known =
                session.ask_contract(terms.contract, deposits::deposit_of_call(self.account, signer)).await?;
            let known = deposits::deposited(&known).ok_or(StakeError::Contract)?;
            let covers = async || session.coverage(terms.contract, self.account, signer, epoch).await;
            let mut slots = free(&covers().await?, terms.slots);
            match known {
                _ if slots.is_some() => {}
                Deposited::None | Deposited::Open { .. } => {
                    let amount = terms.stake().and_then(|stake| stake.checked_mul(2));
                    let amount = amount.ok_or(StakeError::Contract)?;
                    session.put_in(wallet, (terms.contract, terms.token), signer, amount).await?;
                    slots = free(&covers().await?, terms.slots);
                }
                Deposited::Leaving { .. } | Deposited::Closed => continue,
            }
            let slots = slots.ok_or(StakeError::TooFew)?;
            let mut topic = [0; 32];
            self.directory.ports().entropy().fill(&mut topic);
            let (chain, contract, sender) = (terms.chain, terms.contract, self.account);
            let topic = Topic::from_bytes(topic);
            let voucher = Voucher { chain, contract, sender, receiver: *receiver, epoch, slots, topic };
            let signature = key.sign(&voucher.digest()).ok_or(StakeError::NoKeys)?;
            self.bring(Payment::Deposit(voucher.signed(signature)));
            self.staked.set(Some((terms.contract, signer)));
            return Ok(());
        }
        Err(StakeError::TooFew)
    }

    /// Remembers that deposit among the account's, once its keys are on this device.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remember_stake(&self) -> Result<(), StoreError> {
        let Some((contract, key)) = self.staked.get() else { return Ok(()) };
        let session = Session::resume(Rc::clone(&self.directory), self.account, &self.seed);
        session.remember_deposit(contract, key).await
    }
}

/// The first slots, so many, that can be burned.
fn free(coverage: &Coverage, count: u16) -> Option<Slots> {
    let places = 0..=u16::try_from(coverage.slots).unwrap_or(u16::MAX);
    places.filter_map(|first| Slots::new(first, count)).find(|slots| coverage.covers(*slots).is_ok())
}

fn tag(wanted: &Stake, number: u8) -> KeyTag {
    let Stake { terms, receiver } = wanted;
    let text = format!("dm3 entry stake v1 {} {} {receiver} {number}", terms.chain, terms.contract);
    let hash = sha256(text.as_bytes());
    KeyTag::from_bytes(std::array::from_fn(|place| hash[place]))
}
