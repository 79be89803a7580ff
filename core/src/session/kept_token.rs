//! The token that the account's node gave, kept for the next start: who comes back reads the mailbox without proving
//! anything before. It is sealed with the account's own keys, like a record for a server: whoever copies the database's
//! files opens no mailbox with it.

use serde_json::Value;

use super::{Home, Session};
use crate::device::Slot;
use crate::ports::{Ports, Store as _, StoreError};
use crate::storage::{Opened, Record, SealedRecord, Setting};
use crate::web::SessionToken;

impl<P: Ports> Session<P> {
    /// Keeps a token, if `home` is the account's node.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn keep_token(&self, home: &Home, token: &SessionToken) -> Result<(), StoreError> {
        if home.name != self.node.name {
            return Ok(());
        }
        let sealed = self.token_record(token.expose()).seal(&self.storage_keys, self.ports().entropy());
        let Ok(sealed) = sealed else { return Ok(()) };
        self.ports().store().set_value(self.account, &Slot::Token, Some(&sealed.content)).await
    }

    /// The token that was kept; it may have ended since.
    pub(super) async fn kept_token(&self) -> Option<SessionToken> {
        let content = self.ports().store().value(self.account, &Slot::Token).await.ok()??;
        let (conversation, id) = self.token_record("").key(&self.storage_keys);
        let sealed = SealedRecord { conversation, id, content };
        match sealed.open(&self.storage_keys).ok()? {
            Opened::Known(record) => match *record {
                Record::Setting(Setting { value: Value::String(token), .. }) => SessionToken::new(&token),
                _ => None,
            },
            Opened::Unknown { .. } => None,
        }
    }

    /// It opens as that of this node alone.
    fn token_record(&self, token: &str) -> Record {
        let name = format!("token {}", self.node.name);
        Record::Setting(Setting { name, value: token.into(), changed: 0 })
    }
}
