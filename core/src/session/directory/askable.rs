//! What a receiver can ask strangers for, by the address of a contract: to hold a token, or to stake one; and what holds payments.

use super::Directory;
use crate::identity::Address;
use crate::ports::{Chain as _, Ports, Unreachable};
use crate::registry::{CallOutcome, attention, deposits, erc20};

/// A token, as its contract says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its contract.
    pub address: Address,
    /// What it calls itself: a few letters and digits.
    pub symbol: Option<String>,
    /// By how many places its smallest unit is below what people count.
    pub decimals: u8,
}

/// What is at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Askable {
    /// A token.
    Token(Token),
    /// A contract that holds deposits of one.
    Deposits {
        /// The number of its chain.
        chain: u64,
        /// Its address.
        contract: Address,
        /// What is deposited.
        token: Token,
        /// How much a slot is, in the token's smallest unit.
        slot: u128,
    },
}

impl<P: Ports> Directory<P> {
    /// Finds out what is at an address, on the chain that names are on. Nothing if it is neither a token nor a contract that
    /// holds deposits.
    ///
    /// # Errors
    /// [`Unreachable`] if the chain does not answer.
    pub async fn askable(&self, contract: Address) -> Result<Option<Askable>, Unreachable> {
        let token = deposits::token(&self.said(contract, deposits::token_call()).await?);
        let Some(address) = token else {
            return Ok(self.token(contract).await?.map(Askable::Token));
        };
        let slot = deposits::slot(&self.said(contract, deposits::slot_call()).await?);
        let (Some(slot), Some(token)) = (slot.filter(|slot| *slot > 0), self.token(address).await?) else {
            return Ok(None);
        };
        Ok(Some(Askable::Deposits { chain: self.discovery.chain_id, contract, token, slot }))
    }

    /// Whether a contract calls itself one that holds payments for answers. Only who chose it knows whether it is.
    ///
    /// # Errors
    /// [`Unreachable`] if the chain does not answer.
    pub async fn holds_payments(&self, contract: Address) -> Result<bool, Unreachable> {
        let answer = self.said(contract, attention::domain_call()).await?;
        Ok(attention::is_domain(&answer, self.discovery.chain_id, contract))
    }

    /// A token; nothing if there is none at this address.
    ///
    /// # Errors
    /// [`Unreachable`] if the chain does not answer.
    pub async fn token(&self, address: Address) -> Result<Option<Token>, Unreachable> {
        let decimals = erc20::decimals(&self.said(address, erc20::decimals_call()).await?);
        let Some(decimals) = decimals else { return Ok(None) };
        let symbol = erc20::symbol(&self.said(address, erc20::symbol_call()).await?);
        Ok(Some(Token { address, symbol, decimals }))
    }

    async fn said(&self, contract: Address, call: Vec<u8>) -> Result<CallOutcome, Unreachable> {
        self.ports.chain().call(Some(contract), &call).await
    }
}
