//! Who owns an NFT, and whether somebody does.

use super::{Directory, FindError};
use crate::identity::{Address, MeantError, Nft};
use crate::ports::{Chain as _, Ports};
use crate::registry::nft;

/// Whether an account has a token, as its contract says now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// It has.
    Held,
    /// Somebody else owns it.
    OfOther(Address),
    /// It has not. Nobody owns the token, or many may and are not listed.
    NotHeld,
}

impl<P: Ports> Directory<P> {
    /// The owner of an NFT, which is on the chain where names are.
    ///
    /// # Errors
    /// [`FindError::Meant`] if it is on another one, or has no single owner; [`FindError::Unreachable`].
    pub(in crate::session) async fn owner_of(&self, token: &Nft) -> Result<Address, FindError> {
        if token.chain != Some(self.discovery.chain_id) {
            return Err(MeantError::OtherChain.into());
        }
        let (chain, contract) = (self.ports.chain(), Some(token.contract));
        let answer = chain.call(contract, &nft::owner_call(token.token)).await?;
        if let Some(owner) = nft::owner(&answer) {
            return Ok(owner);
        }
        let answer = chain.call(contract, &nft::many_owners_call()).await?;
        Err(if nft::has_many_owners(&answer) { MeantError::ManyOwners } else { MeantError::NoOwner }.into())
    }

    /// Whether an account has a token now. Of those that many may have, nothing but this can be asked: who they are is
    /// nowhere on the chain but in its whole history.
    ///
    /// # Errors
    /// [`FindError`]: if it can't be asked, or [`MeantError::NoOwner`] if no contract answers.
    pub async fn holding(&self, account: Address, token: &Nft) -> Result<Holding, FindError> {
        if !token.many {
            return match self.owner_of(token).await {
                Ok(owner) if owner == account => Ok(Holding::Held),
                Ok(owner) => Ok(Holding::OfOther(owner)),
                Err(FindError::Meant(MeantError::NoOwner)) => Ok(Holding::NotHeld),
                Err(error) => Err(error),
            };
        }
        if token.chain != Some(self.discovery.chain_id) {
            return Err(MeantError::OtherChain.into());
        }
        let asked = nft::held_call(account, token.token);
        let answer = self.ports.chain().call(Some(token.contract), &asked).await?;
        match nft::is_held(&answer) {
            Some(true) => Ok(Holding::Held),
            Some(false) => Ok(Holding::NotHeld),
            None => Err(MeantError::NoOwner.into()),
        }
    }
}
