//! Bringing tokens into a contract of deposits.
//!
//! ```text
//! allowed already ──────────────────────────────────▶ deposit              one transaction
//! token takes signed allowances ──wallet signs──────▶ depositWithPermit    a signature, one transaction
//! any other token ──wallet──▶ approve ──in a block──▶ deposit              two transactions
//! ```

use super::{Session, StakeError};
use crate::identity::Address;
use crate::ports::{Ports, SendingWallet, TransactionError};
use crate::registry::permit::{self, Permit, PermitToken, SignedPermit};
use crate::registry::{CallOutcome, deposits, erc20};

/// For how long a signed allowance can be used, in seconds.
const PERMIT_TIME: u64 = 60 * 60;

impl<P: Ports> Session<P> {
    /// Deposits so much of a contract's token for vouchers of a key.
    pub(super) async fn put_in(
        &self,
        wallet: &impl SendingWallet,
        (contract, token): (Address, Address),
        key: Address,
        amount: u128,
    ) -> Result<(), StakeError> {
        let allowed = self.ask_contract(token, erc20::allowance_call(self.account, contract)).await?;
        if erc20::amount(&allowed).ok_or(StakeError::Contract)? < amount {
            if let Some(permit) = self.permit(wallet, (contract, token), amount).await? {
                let data = deposits::deposit_with_permit(key, &permit);
                return self.carry_through(wallet, contract, data, "deposit").await;
            }
            self.carry_through(wallet, token, erc20::approve(contract, amount), "approve").await?;
        }
        self.carry_through(wallet, contract, deposits::deposit(key, amount), "deposit").await
    }

    /// A signed allowance that the token would take; nothing if it takes none, or the wallet makes none that it takes.
    async fn permit(
        &self,
        wallet: &impl SendingWallet,
        (contract, token): (Address, Address),
        amount: u128,
    ) -> Result<Option<SignedPermit>, StakeError> {
        let domain = self.ask_contract(token, permit::domain_call()).await?;
        let name = self.ask_contract(token, permit::name_call()).await?;
        let form = self.ask_contract(token, permit::form_call()).await?;
        let nonce = self.ask_contract(token, permit::nonce_call(self.account)).await?;
        let chain = self.directory.discovery().chain_id;
        let of = PermitToken::of(chain, token, &domain, &name, &form);
        let Some((of, nonce)) = of.zip(permit::nonce(&nonce)) else { return Ok(None) };
        let deadline = self.now() / 1000 + PERMIT_TIME;
        let wanted = Permit { token: of, owner: self.account, spender: contract, amount, nonce, deadline };
        let signature = match wallet.sign_typed(self.account, &wanted.typed_data()).await {
            Err(TransactionError::Unsupported) => return Ok(None),
            signature => signature?,
        };
        let Some(signed) = wanted.signed(&signature) else { return Ok(None) };
        let tried = self.ask_contract(token, signed.call()).await?;
        Ok(matches!(tried, CallOutcome::Returned(_)).then_some(signed))
    }
}
