//! Who owns an NFT.

use super::{Directory, FindError};
use crate::identity::{Address, MeantError, Nft};
use crate::ports::{Chain as _, Ports};
use crate::registry::nft;

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
}
