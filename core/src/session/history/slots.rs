//! Drafts and settings: small texts that travel to the account's other devices.

use serde_json::Value;

use crate::conversation::ConversationId;
use crate::device::{MAX_SETTING, Slot};
use crate::ports::{Ports, Store as _, StoreError};
use crate::seal::json::{self, canonical, integer, object};
use crate::session::Session;
use crate::storage::{DraftRecord, Setting};

/// The longest draft that is kept, in bytes.
const MAX_DRAFT: usize = 100_000;

impl<P: Ports> Session<P> {
    /// What is being written in a conversation; empty if nothing is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn draft(&self, conversation: ConversationId) -> Result<String, StoreError> {
        Ok(self.draft_record(conversation).await?.map_or_else(String::new, |draft| draft.text))
    }

    /// The same, and when it was changed: milliseconds since 1970. `None` if nothing was ever written there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn dated_draft(
        &self,
        conversation: ConversationId,
    ) -> Result<Option<(String, u64)>, StoreError> {
        Ok(self.draft_record(conversation).await?.map(|draft| (draft.text, draft.changed)))
    }

    /// Keeps what is being written in a conversation, at most 100,000 bytes of it. `changed` is when it was: milliseconds
    /// since 1970. What is known to be later stays, unless only a wrong clock can have said that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_draft(
        &self,
        conversation: ConversationId,
        text: &str,
        changed: u64,
    ) -> Result<(), StoreError> {
        let text = text[..text.floor_char_boundary(MAX_DRAFT)].to_owned();
        let known = self.draft_record(conversation).await?;
        let changed = match &known {
            Some(known) if known.text == text => return Ok(()),
            Some(known) if known.changed > self.now() => known.changed.saturating_add(1),
            Some(known) if known.changed > changed => return Ok(()),
            None if text.is_empty() => return Ok(()),
            _ => changed,
        };
        self.keep_draft(&DraftRecord { conversation, text, changed }).await
    }

    /// Something the person chose; `None` if they never did. Names are chosen by whoever embeds this, and have at most
    /// 128 bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn setting(&self, name: &str) -> Result<Option<Value>, StoreError> {
        Ok(self.setting_record(name).await?.map(|setting| setting.value))
    }

    /// Keeps what the person chose.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Damaged`] if the name is too long.
    pub async fn set_setting(&self, name: &str, value: Value) -> Result<(), StoreError> {
        if name.len() > MAX_SETTING {
            return Err(StoreError::Damaged);
        }
        self.update_setting(name, |_| value).await
    }

    /// Changes what the person chose, in one transaction with reading it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(in crate::session) async fn update_setting(
        &self,
        name: &str,
        change: impl FnOnce(Option<Value>) -> Value + 'static,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let change = Box::new(move |text: Option<String>| {
            let known = text.as_deref().and_then(json::parse);
            let before = known.as_ref().and_then(|known| known.get("changed").and_then(integer));
            // Later than what was chosen before, whatever the clock says.
            let changed = before.map_or(now, |before| now.max(before.saturating_add(1)));
            let value = change(known.and_then(|known| known.get("value").cloned()));
            Some(canonical(&object(vec![("value", value), ("changed", changed.into())])))
        });
        self.ports().store().update_value(self.account, &Slot::Setting(name.to_owned()), change).await
    }

    pub(in crate::session) async fn draft_record(
        &self,
        conversation: ConversationId,
    ) -> Result<Option<DraftRecord>, StoreError> {
        let text = self.ports().store().value(self.account, &Slot::Draft(conversation)).await?;
        let value = text.as_deref().and_then(json::parse);
        Ok(value.and_then(|value| {
            let text = value.get("text")?.as_str()?.to_owned();
            Some(DraftRecord { conversation, text, changed: value.get("changed").and_then(integer)? })
        }))
    }

    pub(in crate::session) async fn keep_draft(&self, draft: &DraftRecord) -> Result<(), StoreError> {
        let text = object(vec![("text", draft.text.as_str().into()), ("changed", draft.changed.into())]);
        let slot = Slot::Draft(draft.conversation);
        self.ports().store().set_value(self.account, &slot, Some(&canonical(&text))).await
    }

    pub(in crate::session) async fn setting_record(&self, name: &str) -> Result<Option<Setting>, StoreError> {
        let text = self.ports().store().value(self.account, &Slot::Setting(name.to_owned())).await?;
        let value = text.as_deref().and_then(json::parse);
        Ok(value.and_then(|value| {
            let changed = value.get("changed").and_then(integer)?;
            Some(Setting { name: name.to_owned(), value: value.get("value")?.clone(), changed })
        }))
    }

    pub(in crate::session) async fn keep_setting(&self, setting: &Setting) -> Result<(), StoreError> {
        let text = object(vec![("value", setting.value.clone()), ("changed", setting.changed.into())]);
        let slot = Slot::Setting(setting.name.clone());
        self.ports().store().set_value(self.account, &slot, Some(&canonical(&text))).await
    }
}
