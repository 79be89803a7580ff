//! Something that an account has at stake towards the operator: the voucher that strangers give to receivers, for the operator's
//! address.
//!
//! The chain is asked, and slots are noted, by the checks that messages of strangers go through. A voucher opens one account.

use std::sync::Arc;

use dm3_core::delivery as wire;
use dm3_core::deposit::{EPOCH, SignedVoucher, Terms};
use dm3_core::identity::Address;

use super::rule::{Rule, Unsure};
use crate::config::OperatorStake;
use crate::ethereum::chain::Chain;
use crate::mailbox::deposits::{Deposits, Letter};
use crate::store::{Payment, Store};

/// Takes who has something at stake.
pub(super) struct Staked {
    pub(super) chain: Arc<Chain>,
    pub(super) store: Arc<dyn Store>,
    pub(super) chain_id: u64,
    pub(super) wanted: OperatorStake,
    pub(super) deposits: Deposits,
}

impl Staked {
    /// What is wanted, as the contract says what that is; `None` if it is no such contract.
    pub(super) async fn stake(&self) -> Result<Option<wire::Stake>, Unsure> {
        let OperatorStake { contract, slots, receiver } = self.wanted;
        let told = self.deposits.terms(&self.chain, contract).await?;
        let terms = |(token, slot)| Terms { chain: self.chain_id, contract, token, slot, slots };
        Ok(told.map(|told| wire::Stake { terms: terms(told), receiver }))
    }

    /// Whether a voucher of this account promises what is wanted. If it does, its slots are the operator's from now on.
    pub(super) async fn takes(&self, account: Address, voucher: &SignedVoucher) -> Result<bool, Unsure> {
        let Some(wire::Stake { terms, receiver }) = self.stake().await? else { return Ok(false) };
        let letter = Letter { sender: account, receiver, voucher: Some(voucher) };
        self.deposits.check(&self.chain, self.store.as_ref(), &terms, letter).await
    }
}

#[async_trait::async_trait]
impl Rule for Staked {
    async fn price(&self, _: Address, _: u64) -> Result<wire::Price, Unsure> {
        let Some(stake) = self.stake().await? else {
            tracing::error!(contract = %self.wanted.contract, "registration_contract holds no deposits: no account is taken");
            return Ok(wire::Price::Closed);
        };
        Ok(wire::Price::Deposit(Box::new(stake)))
    }

    async fn accept(&self, account: Address, paid: &str, _: u64) -> Result<Option<Payment>, Unsure> {
        let Some(wire::Payment::Deposit(voucher)) = wire::Payment::parse(paid, 1) else { return Ok(None) };
        Ok(if self.takes(account, &voucher).await? { once(&voucher) } else { None })
    }
}

/// One voucher opens one account, also where that was deleted: what of it is burned meanwhile, the chain is not asked.
fn once(voucher: &SignedVoucher) -> Option<Payment> {
    let proven = voucher.clone().prove().ok()?;
    let (given, key) = (proven.voucher(), proven.key());
    let id = format!("stake {} {key} {} {}", given.contract, given.epoch, given.slots.first());
    // A voucher is taken some minutes before its week, and in it.
    Some(Payment::Once { id, expires_at: (given.epoch + 2) * EPOCH / 1000 })
}
