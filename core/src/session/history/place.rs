//! Where the history is, and how far it is there.

use std::rc::Rc;

use super::outcome::HistoryError;
use super::state::Followed;
use crate::conversation::ConversationId;
use crate::ports::{Ports, StoreError};
use crate::session::{Home, Session};
use crate::storage::history::{self, History, Usage};
use crate::web::{BaseUrl, HttpRequest, HttpResponse};

/// Where the history is.
pub(super) struct Place {
    home: Rc<Home>,
    server: BaseUrl,
}

impl<P: Ports> Session<P> {
    pub(super) async fn history_place(&self) -> Result<Place, HistoryError> {
        let discovery = self.directory.discovery();
        let server = discovery.history_url.clone().ok_or(HistoryError::NotOffered)?;
        let homes = self.homes_and_left().await?;
        let home = homes.into_iter().find(|home| home.name == discovery.name);
        Ok(Place { home: home.ok_or(HistoryError::NotOffered)?, server })
    }

    pub(super) async fn ask_history(
        &self,
        place: &Place,
        request: &dyn Fn(&History<'_>) -> HttpRequest,
    ) -> Result<HttpResponse, HistoryError> {
        let request = |token: &_| request(&History { server: &place.server, account: &self.alias, token });
        Ok(self.authorized(&place.home, &request).await?)
    }

    /// How far this device has followed the history; begins if it has not. Asks the node how far it is once in a
    /// session, and begins anew with one that fell back.
    pub(super) async fn followed(&self, place: &Place) -> Result<(Followed, Usage), HistoryError> {
        let known = self.read_followed().await?;
        let node = &self.directory.discovery().name;
        if let (Some(followed), Some(usage)) = (&known, self.limits.get())
            && followed.node == *node
            && followed.keys == self.storage_keys.account()
        {
            return Ok((followed.clone(), usage));
        }
        let reply = self.ask_history(place, &|history| history.usage()).await?;
        let usage = history::parse_usage(&reply)?;
        let followed = self.begin_or_go_on(known, &usage).await?;
        self.limits.set(usage);
        Ok((followed, usage))
    }

    /// Whether the history can be asked for: its node keeps one, and somebody has logged in there. Who listens for
    /// messages does, and tries again if it fails.
    pub(crate) fn can_follow_history(&self) -> bool {
        let discovery = self.directory.discovery();
        let homes = self.homes.borrow();
        let home = homes.iter().find(|home| home.name == discovery.name);
        discovery.history_url.is_some() && home.is_some_and(|home| home.is_logged_in())
    }

    /// Whether this device has begun to follow the history.
    pub(crate) async fn follows_history(&self) -> Result<bool, StoreError> {
        Ok(self.own_followed().await?.is_some())
    }

    /// Whether this device has what a list shows: who is welcome, and what was read.
    pub(crate) async fn has_list(&self) -> Result<bool, StoreError> {
        let offered = self.directory.discovery().history_url.is_some();
        Ok(!offered || self.own_followed().await?.is_some_and(|followed| followed.list == 0))
    }

    async fn own_followed(&self) -> Result<Option<Followed>, StoreError> {
        let own = self.storage_keys.account();
        let followed = self.read_followed().await?;
        Ok(followed.filter(|followed| followed.keys == own))
    }

    /// Whether older messages of a conversation may be on the node that are not on this device.
    pub(in crate::session) async fn has_older(
        &self,
        conversation: ConversationId,
    ) -> Result<bool, StoreError> {
        if self.directory.discovery().history_url.is_none() {
            return self.has_older_elsewhere(conversation).await;
        }
        let Some(followed) = self.read_followed().await? else { return Ok(false) };
        Ok(self.read_mark(&followed, conversation).await?.before > 0)
    }
}
