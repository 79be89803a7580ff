//! Whether the account uses the backend, and asking it.

use crate::conversation::ConversationId;
use crate::delivery::api::ApiError;
use crate::ports::{Http as _, Ports, StoreError};
use crate::session::history::HistoryError;
use crate::session::{HomeError, Session};
use crate::storage::LegacyNames;
use crate::storage::api::Storage;
use crate::web::{HttpRequest, HttpResponse, SessionToken};

impl<P: Ports> Session<P> {
    /// Whether the node may have a backend that the account uses: it keeps no history of ours, and somebody has logged in
    /// at its delivery service.
    pub(crate) fn may_use_backend(&self) -> bool {
        let discovery = self.directory.discovery();
        let homes = self.homes.borrow();
        let home = homes.iter().find(|home| home.name == discovery.name);
        discovery.history_url.is_none() && home.is_some_and(|home| home.is_logged_in())
    }

    /// Asks the backend in the name of the account.
    pub(super) async fn ask_backend(
        &self,
        request: &dyn Fn(&Storage<'_>) -> HttpRequest,
    ) -> Result<HttpResponse, HistoryError> {
        if !self.may_use_backend() {
            return Err(HistoryError::NotOffered);
        }
        let server = &self.directory.discovery().storage_url;
        let account = &self.alias;
        let request = |token: &SessionToken| request(&Storage { server, account, token });
        let kept = self.backend.token.borrow().clone();
        if let Some(token) = kept {
            let reply = self.ports().http().send(&request(&token)).await.map_err(HomeError::from)?;
            if !matches!(reply.status, 401 | 403) {
                return Ok(reply);
            }
        }
        let token = match self.prove_keys_to(server).await {
            // Who has no account there, or one with other keys, does not use it. None is made.
            Err(HomeError::Api(ApiError::NoAccount | ApiError::OtherKey)) => {
                return Err(HistoryError::NotOffered);
            }
            token => token?,
        };
        *self.backend.token.borrow_mut() = Some(token.clone());
        Ok(self.ports().http().send(&request(&token)).await.map_err(HomeError::from)?)
    }

    pub(super) fn legacy_names(&self) -> LegacyNames {
        LegacyNames::new(&self.keys.encryption, &self.alias)
    }

    /// Under what deployed clients file a conversation: the peer's address name in this network.
    pub(super) fn filed_as(&self, conversation: ConversationId) -> Result<String, StoreError> {
        let name = self.directory.alias(conversation.peer());
        self.legacy_names().seal(name.as_str()).map_err(|_| StoreError::Damaged)
    }
}
