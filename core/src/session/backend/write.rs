//! To the backend: what this program took in, sent and read.
//!
//! ```text
//! not there            ──addMessage──▶ there, or halted if it waits for a receiver without a profile
//! halted, and has left ──clearHaltedMessage──▶ there
//! read here            ──editMessageBatch──▶ read there; whatever the deployed app keeps with a row stays
//! ```
//!
//! Rows are written one by one: the reply to a batch proves nothing. A row that is there already is refused, and found.
//! What is written is noted once it is there, so a crash in between writes again, which is refused.
//!
//! The server knows a row by the message, whatever the keys: what it has under former keys, which nobody opens any more, is
//! written once more under another id.

use super::known::{Row, Written};
use super::mark::Mark;
use super::read::{PAGE, opened, standing};
use crate::conversation::ConversationId;
use crate::delivery::api::ApiError;
use crate::device::{Contact, MessageRow, SendState};
use crate::message::{DeliveryInformation, MessageHash, SignedMessage};
use crate::ports::{Clock as _, Ports, Store as _, StoreError};
use crate::seal::SealError;
use crate::seal::json::canonical;
use crate::session::history::{HistoryError, Pushed};
use crate::session::{HomeError, Session};
use crate::storage::api::{
    self, AddConversation, AddMessage, ClearHalted, EditMessageBatch, MessageRow as BackendRow, NewRow,
};
use crate::storage::{LegacyContainer, LegacyState};

/// How many rows one step writes.
const MAX_WRITES: usize = 20;
/// How many rows of a conversation are looked at in one step.
const MAX_NEWS: usize = 50;
/// How many pages are read to find a row.
const MAX_PAGES: usize = 10;
/// How many pages are read to mark rows as read.
const MAX_READ_PAGES: usize = 4;
/// The longest container that is written, in bytes. The deployed servers take requests of a megabyte.
const MAX_CONTAINER: usize = 900_000;
/// A message that waits is not written before it is so old: most are accepted at once. Milliseconds.
const PATIENCE: u64 = 30_000;
/// How long somebody else's turn is waited for before it is asked again: milliseconds.
const TURN: u32 = 50;

/// A conversation whose rows are written.
struct Target<'a> {
    contact: &'a Contact,
    /// Under what it is filed.
    name: String,
    /// What is refused and not found may be there under other keys.
    anew: bool,
}

impl<P: Ports> Session<P> {
    /// Brings what is new on this device to the backend, as much as one step may.
    ///
    /// # Errors
    /// [`HistoryError`]; what was not written is written with the next step.
    pub(crate) async fn push_to_backend(&self) -> Result<Pushed, HistoryError> {
        let _turn = loop {
            match self.backend.turn() {
                Some(turn) => break turn,
                None => self.ports().clock().sleep(TURN).await,
            }
        };
        if !self.may_use_backend() {
            return Err(HistoryError::NotOffered);
        }
        let mut pushed = Pushed::default();
        let mut problem = None;
        for summary in self.ports().store().summaries(self.account).await? {
            let contact = &summary.contact;
            let so_far = Written { changes: summary.changes, read_until: contact.read_until };
            // The deployed app has no use for a conversation in which nobody wrote.
            if so_far.changes == 0 || self.backend.is_written(contact.conversation, so_far) {
                continue;
            }
            if pushed.written >= MAX_WRITES {
                pushed.more = true;
                break;
            }
            match self.push_conversation(contact, so_far, &mut pushed).await {
                Ok(true) => self.backend.was_written(contact.conversation, so_far),
                Ok(false) => {}
                // A row that the server does not take holds up its own conversation alone.
                Err(HistoryError::Node(HomeError::Api(error @ ApiError::Refused { .. }))) => {
                    problem = problem.or(Some(error));
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = problem {
            return Err(error.into());
        }
        if !pushed.more {
            self.backend.behind_since.set(0);
        }
        Ok(pushed)
    }

    /// Whether all of it is there.
    async fn push_conversation(
        &self,
        contact: &Contact,
        so_far: Written,
        pushed: &mut Pushed,
    ) -> Result<bool, HistoryError> {
        let conversation = contact.conversation;
        let mut mark = self.read_backend_mark(conversation).await?;
        if mark.written >= so_far.changes && mark.read_until >= so_far.read_until {
            return Ok(true);
        }
        let target = Target { contact, name: self.filed_as(conversation)?, anew: mark.anew };
        let store = self.ports().store();
        let news = store.changed_messages(self.account, conversation, mark.written, MAX_NEWS).await?;
        if !mark.there {
            let at = self.profile_location(contact)?;
            let body = AddConversation {
                encrypted_contact_name: target.name.clone(),
                encrypted_profile_location: at,
            };
            api::parse_done(&self.ask_backend(&|storage| storage.add_conversation(&body)).await?)?;
            self.change_backend_mark(conversation, |mark| mark.there = true).await?;
        }
        let (mut young, mut left) = (false, news.until < so_far.changes);
        for row in &news.messages {
            if row.state == SendState::Waiting && self.now().abs_diff(row.arrived) < PATIENCE {
                young = true;
                continue;
            }
            if pushed.written >= MAX_WRITES {
                left = true;
                break;
            }
            if self.write_row(&target, row, pushed).await? {
                pushed.written += 1;
            }
        }
        if left && pushed.written >= MAX_WRITES {
            pushed.more = true;
            return Ok(false);
        }
        if !young {
            self.change_backend_mark(conversation, |mark| mark.written = mark.written.max(news.until))
                .await?;
        }
        if left || young {
            pushed.more |= left && !young;
            return Ok(false);
        }
        mark = self.read_backend_mark(conversation).await?;
        if mark.read_until < so_far.read_until {
            self.mark_read_there(&target).await?;
            self.change_backend_mark(conversation, |mark| mark.read_until = so_far.read_until).await?;
        }
        if mark.anew {
            self.change_backend_mark(conversation, |mark| mark.anew = false).await?;
        }
        Ok(true)
    }

    /// Changes a mark as it is now: it may have been changed while something was asked.
    async fn change_backend_mark(
        &self,
        conversation: ConversationId,
        change: impl FnOnce(&mut Mark),
    ) -> Result<(), StoreError> {
        let mut mark = self.read_backend_mark(conversation).await?;
        change(&mut mark);
        self.write_backend_mark(conversation, &mark).await
    }

    /// Where the peer's profile is, as deployed clients keep it: a JSON list of names. They look at the peer's name in
    /// this network first, and then at the last of the list alone, by which they also call a peer of another network.
    fn profile_location(&self, contact: &Contact) -> Result<String, StoreError> {
        let alias = self.directory.alias(contact.conversation.peer());
        let worked = contact.found_at.first().filter(|name| **name != alias);
        let last = worked.or(contact.name.as_ref()).unwrap_or(&alias);
        let mut names = Vec::<&str>::new();
        for name in contact.found_at.iter().rev().chain(&contact.name) {
            if name != last && !names.contains(&name.as_str()) {
                names.push(name.as_str());
            }
        }
        names.push(last.as_str());
        self.legacy_names().seal(&canonical(&names.into())).map_err(|_| StoreError::Damaged)
    }

    /// Brings a message there, or as far as it is here. Whether the server was asked for it.
    async fn write_row(
        &self,
        target: &Target<'_>,
        row: &MessageRow,
        pushed: &mut Pushed,
    ) -> Result<bool, HistoryError> {
        let id = api::server_id(&self.alias, row.hash.as_str());
        let halted = row.state == SendState::Waiting;
        let wanted = standing(state_of(target, row), halted);
        let known = match self.backend.row(&id) {
            Some(known) if known == wanted || halted => return Ok(false),
            Some(known) => known,
            None => {
                let Some(container) = self.container(target, row).map_err(|_| StoreError::Damaged)? else {
                    pushed.too_large += 1;
                    return Ok(false);
                };
                let mut body = AddMessage {
                    encrypted_contact_name: target.name.clone(),
                    message_id: row.hash.as_str().to_owned(),
                    created_at: row.place.time(),
                    encrypted_envelop_container: container,
                    is_halted: halted,
                };
                let mut said = self.add_row(&body).await?;
                let mut there = None;
                if matches!(said, Err(ApiError::Refused { status: 400, .. })) {
                    // It may be there already.
                    there = self.find_row(target, &row.hash).await?;
                    if there.is_none() && target.anew {
                        body.message_id = self.id_under_these_keys(row.hash.as_str());
                        said = self.add_row(&body).await?;
                    }
                }
                match said {
                    // Among so many, or under another name, it is not found, and is not to hold up those behind it for ever.
                    Ok(()) | Err(ApiError::Refused { status: 400, .. }) => there.map_or(wanted, |there| {
                        opened(self, &there).map_or(Row::There, |it| standing(it.state(), there.halted))
                    }),
                    Err(ApiError::Refused { status: 413, .. }) => {
                        pushed.too_large += 1;
                        return Ok(true);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        };
        if halted {
            // It is there already, as one that failed, say: nobody says so of one that has left, and it stays as it is.
            self.backend.met(id, known);
            return Ok(true);
        }
        let is_failed = |row: Row| row == Row::Failed;
        let is_other = is_failed(known) != is_failed(wanted);
        if is_other || known == Row::Halted {
            let there = self.find_row(target, &row.hash).await?;
            let message_id = there.as_ref().map_or_else(|| id.clone(), |there| there.id.clone());
            let there = there.filter(|_| is_other).and_then(|there| Some((opened(self, &there)?, there)));
            let is_said = !is_other || there.is_some();
            if let Some((container, there)) = there {
                let state = state_of(target, row);
                self.replace_rows(target, vec![(there, container.with_state(state))]).await?;
            }
            // Last: one that is not halted, and not there as one that failed, would be taken for one that has left.
            if known == Row::Halted && is_said {
                let body = ClearHalted { message_id, alias_name: target.name.clone() };
                api::parse_done(&self.ask_backend(&|storage| storage.clear_halted(&body)).await?)?;
            }
        }
        self.backend.met(id, wanted);
        Ok(true)
    }

    /// What is kept of a message there; `None` if it is larger than the server takes.
    fn container(&self, target: &Target<'_>, row: &MessageRow) -> Result<Option<String>, SealError> {
        let Ok(message) = SignedMessage::parse(&row.json) else { return Ok(None) };
        let information = DeliveryInformation {
            from: message.from().to_owned(),
            to: message.to().to_owned(),
            delivery_instruction: None,
        };
        let state = state_of(target, row);
        let container = match row.author == self.account {
            true => LegacyContainer::new(&message, &information, &self.keys, state),
            false => LegacyContainer::received(&message, &information, state),
        };
        // What JSON can't say for everybody would come back as another message.
        if !container.message().is_ok_and(|there| *there.as_signed().hash() == row.hash) {
            return Ok(None);
        }
        let sealed = container.seal(&self.keys.encryption.public(), self.ports().entropy())?;
        Ok(Some(sealed).filter(|sealed| sealed.len() <= MAX_CONTAINER))
    }

    async fn add_row(&self, body: &AddMessage) -> Result<Result<(), ApiError>, HistoryError> {
        Ok(api::parse_done(&self.ask_backend(&|storage| storage.add_message(body)).await?))
    }

    /// The client's id of a row whose message is there under other keys, by the message's hash.
    fn id_under_these_keys(&self, hash: &str) -> String {
        format!("{hash}-{}", self.storage_keys.account())
    }

    /// The client's ids that a message's row may have, by the message's hash.
    fn client_ids(&self, hash: &str) -> [String; 2] {
        [hash.to_owned(), self.id_under_these_keys(hash)]
    }

    async fn find_row(
        &self,
        target: &Target<'_>,
        hash: &MessageHash,
    ) -> Result<Option<BackendRow>, HistoryError> {
        let ids = self.client_ids(hash.as_str()).map(|id| api::server_id(&self.alias, &id));
        for page in 0..MAX_PAGES {
            let reply = self.ask_backend(&|storage| storage.messages(&target.name, PAGE, page)).await?;
            let rows = api::parse_messages(&reply)?;
            let is_last = rows.rows.len() + rows.unreadable < PAGE;
            let found = rows.rows.into_iter().find(|row| ids.contains(&row.id));
            if found.is_some() || is_last {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Marks the peer's newest rows as read, as far as they were read here.
    async fn mark_read_there(&self, target: &Target<'_>) -> Result<(), HistoryError> {
        for page in 0..MAX_READ_PAGES {
            let reply = self.ask_backend(&|storage| storage.messages(&target.name, PAGE, page)).await?;
            let rows = api::parse_messages(&reply)?;
            let is_last = rows.rows.len() + rows.unreadable < PAGE;
            let mut read = Vec::new();
            for row in rows.rows {
                let Some(container) = opened(self, &row).filter(|it| it.state() != LegacyState::Read) else {
                    continue;
                };
                let Ok(message) = container.message() else { continue };
                let hash = message.as_signed().hash();
                let here = self.ports().store().message(self.account, hash).await?;
                let was_read = here.is_some_and(|here| {
                    here.author != self.account && here.arrived <= target.contact.read_until
                });
                if was_read {
                    read.push((row, container.with_state(LegacyState::Read)));
                }
            }
            let none = read.is_empty();
            self.replace_rows(target, read).await?;
            if none || is_last {
                break;
            }
        }
        Ok(())
    }

    /// Replaces what is in rows. They are named as whoever wrote them did, or they would be added once more.
    async fn replace_rows(
        &self,
        target: &Target<'_>,
        rows: Vec<(BackendRow, LegacyContainer)>,
    ) -> Result<(), HistoryError> {
        let mut payload = Vec::new();
        for (row, container) in rows {
            let Some(ids) = container.claimed_hash().map(|hash| self.client_ids(hash)) else { continue };
            let named = |id: &String| api::server_id(&self.alias, id) == row.id;
            let Some(message_id) = ids.into_iter().find(named) else { continue };
            let sealed = container.seal(&self.keys.encryption.public(), self.ports().entropy());
            let encrypted_envelop_container = sealed.map_err(|_| StoreError::Damaged)?;
            let (created_at, is_halted) = (row.created_at, row.halted);
            payload.push(NewRow { message_id, created_at, encrypted_envelop_container, is_halted });
        }
        while !payload.is_empty() {
            let mut bytes = 0;
            let fits = |row: &NewRow| {
                bytes += row.encrypted_envelop_container.len();
                bytes <= MAX_CONTAINER
            };
            let count = payload.iter().map(fits).take_while(|fits| *fits).count().max(1);
            let rest = payload.split_off(count);
            let body = EditMessageBatch {
                encrypted_contact_name: target.name.clone(),
                edit_message_batch_payload: std::mem::replace(&mut payload, rest),
            };
            api::parse_done(&self.ask_backend(&|storage| storage.edit_message_batch(&body)).await?)?;
        }
        Ok(())
    }
}

/// How far a message has come, as deployed clients say it.
fn state_of(target: &Target<'_>, row: &MessageRow) -> LegacyState {
    match row.state {
        SendState::Received if row.arrived <= target.contact.read_until => LegacyState::Read,
        SendState::Received | SendState::Accepted => LegacyState::Send,
        SendState::Waiting => LegacyState::Created,
        SendState::Refused(_) => LegacyState::FailedToSend,
    }
}
