//! How much an account was used: what an Ethereum node can say of somebody nobody knows.

use super::Directory;
use crate::identity::Address;
use crate::ports::{Chain as _, Ports, Unreachable};
use crate::registry::{code_size_call, is_contract};

/// How much an account was used on the chain that names are on. How old it is no Ethereum node tells: that takes an index of
/// all blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// It has sent so many transactions.
    Sent(u64),
    /// It is a contract: others send what it does, and nothing counts that.
    Contract,
}

impl<P: Ports> Directory<P> {
    /// Finds out how much an account was used. Nothing if what the chain says is no answer.
    ///
    /// # Errors
    /// [`Unreachable`] if the chain does not answer.
    pub async fn usage(&self, account: Address) -> Result<Option<Usage>, Unreachable> {
        let chain = self.ports.chain();
        Ok(match is_contract(&chain.call(None, &code_size_call(account)).await?) {
            Some(true) => Some(Usage::Contract),
            Some(false) => Some(Usage::Sent(chain.transactions(account).await?)),
            None => None,
        })
    }
}
