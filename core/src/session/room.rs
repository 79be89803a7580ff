//! How much of the account its node keeps, and how it gets more room by what it has at stake towards the operator.

use super::{HomeError, Session, StakeError};
use crate::delivery::Stake;
use crate::delivery::api::ApiError;
use crate::delivery::room::{MoreRoom, Used, get_room, get_used, parse_room, post_room};
use crate::ports::{Ports, SendingWallet};
use crate::web::BaseUrl;

/// How much the account's node keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Of the history; `None` if the node keeps none.
    pub history: Option<Used>,
    /// Of sealed files; `None` if the node keeps none.
    pub files: Option<Used>,
    /// What gives more; `None` where all have the same.
    pub more: Option<MoreRoom>,
}

impl<P: Ports> Session<P> {
    /// How much the account's node keeps of it, and what gives it more.
    ///
    /// # Errors
    /// [`HomeError`].
    pub async fn room(&self) -> Result<Room, HomeError> {
        let discovery = self.directory.discovery();
        let history = self.used(discovery.history_url.as_ref()).await?;
        let files = self.used(discovery.files.as_ref().map(|offer| &offer.url)).await?;
        let ask = |token: &_| get_room(&discovery.delivery_service_url, &self.alias, token);
        let more = parse_room(&self.authorized(&self.node, &ask).await?)?;
        Ok(Room { history, files, more })
    }

    async fn used(&self, server: Option<&BaseUrl>) -> Result<Option<Used>, HomeError> {
        let Some(server) = server else { return Ok(None) };
        let reply = self.authorized(&self.node, &|token| get_used(server, &self.alias, token)).await?;
        Ok(Some(Used::parse(&reply)?))
    }

    /// Promises the operator what gives more room, until the week is over: of this device's deposit, which is made or topped up if
    /// need be. What was sent before stays.
    ///
    /// # Errors
    /// [`StakeError`].
    pub async fn stake_for_room(
        &self,
        wallet: &impl SendingWallet,
        wanted: &Stake,
    ) -> Result<MoreRoom, StakeError> {
        let Stake { terms, receiver } = wanted;
        let voucher = match self.promise(terms, *receiver).await {
            Err(StakeError::TooFew) => {
                let amount = terms.stake().and_then(|stake| stake.checked_mul(2));
                self.deposit(wallet, terms.contract, amount.ok_or(StakeError::Contract)?).await?;
                self.promise(terms, *receiver).await?
            }
            promised => promised?,
        };
        let server = &self.directory.discovery().delivery_service_url;
        let give = |token: &_| post_room(server, &self.alias, token, &voucher);
        let more = parse_room(&self.authorized(&self.node, &give).await?).map_err(HomeError::from)?;
        more.ok_or(StakeError::Home(HomeError::Api(ApiError::NoAccount)))
    }
}
