//! From the backend: what the deployed app of the account took in, sent and read.

use serde_json::Value;

use super::known::Row;
use super::mark::Mark;
use crate::conversation::ConversationId;
use crate::device::{Contact, Doubt, MAX_FOUND_AT, MessageRow, Place, SendState, StoredMessage};
use crate::identity::NameError;
use crate::message::{AuthenticMessage, OpenedMessage};
use crate::ports::{Ports, Store as _, StoreError};
use crate::seal::{json, sha256_hex};
use crate::session::history::{HistoryError, Older, Pulled, merged};
use crate::session::prove::{Sender, Verdict};
use crate::session::receive::Proven;
use crate::session::{FindError, Session};
use crate::storage::api::{self, ConversationRow, MessageRow as BackendRow};
use crate::storage::{LegacyContainer, LegacyState, ReadMarker};

/// How many conversations are listed at once. Each is listed with its newest message, whatever its size.
const LIST: usize = 10;
/// How many pages of the list are read at most: the newest thousand conversations.
const MAX_LISTS: usize = 100;
/// How many rows are read at once.
pub(super) const PAGE: usize = 30;
/// How many pages of a conversation are read until one meets what is here; the rest is read while somebody scrolls.
const MAX_PAGES: usize = 5;
/// How many accounts one page of rows may claim to be from; there is one peer, under a few names.
const MAX_SENDERS: usize = 8;

/// What came out of a page of rows.
#[derive(Default)]
struct Read {
    /// How many messages are new, or further.
    new: usize,
    /// Something can't be found out now.
    later: bool,
    /// Its oldest row that can be read was here before.
    met: bool,
    /// There are older rows.
    more: bool,
}

/// A row whose message is proven.
struct Found {
    message: AuthenticMessage,
    created_at: u64,
    state: LegacyState,
    halted: bool,
}

impl<P: Ports> Session<P> {
    /// Takes in what the deployed app did: at first of all conversations, the latest first, then of those that changed.
    ///
    /// # Errors
    /// [`HistoryError`]; what was taken in before stays.
    pub(crate) async fn pull_from_backend(&self) -> Result<Pulled, HistoryError> {
        let page = self.backend.page.get();
        let reply = self.ask_backend(&|storage| storage.conversations(LIST, page)).await?;
        let listed = api::parse_conversations(&reply)?;
        let full = listed.rows.len() + listed.unreadable >= LIST;
        let mut pulled = Pulled::default();
        let mut news = false;
        for row in &listed.rows {
            let Some(conversation) = self.filed_under(&row.contact).await else { continue };
            let mut mark = self.read_backend_mark(conversation).await?;
            let look = look(row);
            if mark.was_listed_so(&look) {
                continue;
            }
            news = true;
            let mut read = match self.read_newest(conversation, &row.contact, &mut mark).await {
                // What came before is to be told; who goes on finds out what is wrong.
                Err(_) if !pulled.changed.is_empty() => {
                    pulled.more = true;
                    return Ok(pulled);
                }
                read => read?,
            };
            mark.read = true;
            read.later |= self.look_also_at(conversation, row).await?;
            // What can't be found out now is asked for again.
            if !read.later {
                mark.note_listed(look);
            }
            self.write_read_part(conversation, &mark).await?;
            if read.new > 0 && !pulled.changed.contains(&conversation) {
                pulled.changed.push(conversation);
            }
        }
        let listed = self.backend.listed.get();
        pulled.more = full && page + 1 < MAX_LISTS && (news || !listed);
        self.backend.page.set(if pulled.more { page + 1 } else { 0 });
        self.backend.listed.set(listed || !pulled.more);
        Ok(pulled)
    }

    /// Takes in a page of a conversation's older rows.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub(super) async fn older_at_backend(&self, conversation: ConversationId) -> Result<Older, HistoryError> {
        let mut mark = self.read_backend_mark(conversation).await?;
        if mark.older == 0 {
            return Ok(Older::default());
        }
        let page = usize::try_from(mark.older).unwrap_or(usize::MAX);
        let read = self.read_page(conversation, &self.filed_as(conversation)?, page).await?;
        if !read.later {
            mark.older = if read.more { mark.older + 1 } else { 0 };
            self.write_read_part(conversation, &mark).await?;
        }
        Ok(Older { new: read.new, more: read.more && !read.later })
    }

    /// Whom a conversation is with; `None` if its name is none of ours, or leads to nobody now.
    async fn filed_under(&self, contact: &str) -> Option<ConversationId> {
        let name = self.legacy_names().open(contact).ok()?;
        let address = self.directory.resolve(&name).await.ok().flatten()?;
        (address != self.account).then_some(ConversationId::Peer(address))
    }

    /// Notes where the deployed app says that a peer's profile may be, the last of its names first: there it looks
    /// itself. Tells whether something of it can't be read now.
    async fn look_also_at(
        &self,
        conversation: ConversationId,
        row: &ConversationRow,
    ) -> Result<bool, StoreError> {
        let location = row.profile_location.as_deref().and_then(|text| self.legacy_names().open(text).ok());
        let listed = location.and_then(|text| json::parse(&text));
        let listed = listed.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let (mut names, mut later) = (Vec::new(), false);
        for text in listed.iter().rev().take(MAX_FOUND_AT).filter_map(Value::as_str) {
            match self.directory.name(text).await {
                // Nobody publishes anything at an address alone.
                Ok(name) if name.parent().is_some() => names.push(name),
                Err(NameError::NoTables) => later = true,
                Ok(_) | Err(_) => {}
            }
        }
        if !names.is_empty() {
            let note = move |contact: &mut Contact| names.iter().for_each(|name| contact.may_be_at(name));
            self.change_known(conversation.peer(), note).await?;
        }
        Ok(later)
    }

    /// Reads the newest rows until they meet what is here.
    async fn read_newest(
        &self,
        conversation: ConversationId,
        contact: &str,
        mark: &mut Mark,
    ) -> Result<Read, HistoryError> {
        let own_name = *contact == *self.filed_as(conversation)?;
        // What is here already may have come out of the mailbox, and nothing that stands before it.
        let is_known = mark.read;
        let mut all = Read::default();
        for page in 0..MAX_PAGES {
            let read = self.read_page(conversation, contact, page).await?;
            all.new += read.new;
            all.later |= read.later;
            mark.there |= own_name;
            if !read.more || read.met && is_known {
                return Ok(all);
            }
            // At first, one page of each conversation.
            if !self.backend.listed.get() || page + 1 == MAX_PAGES || read.met {
                if own_name {
                    mark.older = page as u64 + 1;
                }
                return Ok(all);
            }
        }
        Ok(all)
    }

    async fn read_page(
        &self,
        conversation: ConversationId,
        contact: &str,
        page: usize,
    ) -> Result<Read, HistoryError> {
        let reply = self.ask_backend(&|storage| storage.messages(contact, PAGE, page)).await?;
        let rows = api::parse_messages(&reply)?;
        let mut read = Read { more: rows.rows.len() + rows.unreadable >= PAGE, ..Read::default() };
        let mut senders: Vec<(String, Result<Sender, FindError>)> = Vec::new();
        let (mut theirs, mut own, mut read_until) = (Vec::new(), Vec::new(), 0);
        for row in rows.rows {
            let Ok(container) = LegacyContainer::open(&row.container, &self.keys.encryption) else {
                continue;
            };
            let Ok(message) = container.message() else { continue };
            let hash = message.as_signed().hash().clone();
            let id = api::server_id(&self.alias, hash.as_str());
            if let Some(here) = self.ports().store().message(self.account, &hash).await? {
                read.met = true;
                self.backend.met(id, standing(container.state(), row.halted));
                if here.author != self.account && container.state() == LegacyState::Read {
                    read_until = read_until.max(here.arrived);
                }
                let accepted = SendState::Accepted;
                if here.state.has_not_left() && container.state().send_state(row.halted) == accepted {
                    // The deployed app has delivered it.
                    self.ports().store().set_state(self.account, &hash, &accepted).await?;
                    read.new += 1;
                }
                continue;
            }
            if self.backend.row(&id) == Some(Row::Doubted) {
                continue;
            }
            match self.prove_row(conversation, message, &mut senders).await? {
                Verdict::Proven(message) => {
                    read.met = false;
                    self.backend.met(id, standing(container.state(), row.halted));
                    let found = Found {
                        message,
                        created_at: row.created_at,
                        state: container.state(),
                        halted: row.halted,
                    };
                    if found.message.author() == self.account { own.push(found) } else { theirs.push(found) }
                }
                Verdict::NotNow => read.later = true,
                Verdict::NotYet(_) | Verdict::Never(_) => self.backend.met(id, Row::Doubted),
            }
        }
        read.new += self.keep_theirs(&theirs, &mut read_until).await?;
        read.new += self.keep_own(conversation, &own).await?;
        for sender in senders.iter().filter_map(|(_, sender)| sender.as_ref().ok()) {
            if theirs.iter().any(|found| found.message.author() == sender.profile().account()) {
                self.remember_sender(sender).await?;
            }
        }
        if read_until > 0 {
            let marker = ReadMarker { conversation, read_until };
            let known = self.contact(conversation).await?.is_some_and(|it| it.read_until < read_until);
            if known {
                let change = Box::new(move |here| merged(here, None, Some(marker)));
                self.ports().store().update_contact(self.account, conversation, change).await?;
                read.new += 1;
            }
        }
        Ok(read)
    }

    /// Proves a row's message like one that came in, or as one of the account's own; it must belong to this conversation.
    async fn prove_row(
        &self,
        conversation: ConversationId,
        message: OpenedMessage,
        senders: &mut Vec<(String, Result<Sender, FindError>)>,
    ) -> Result<Verdict, StoreError> {
        let doubted = |doubt: &str| Verdict::Never(Doubt::NotSigned(doubt.into()));
        let from = message.claimed_sender().to_owned();
        let (author, receiver) = match (
            self.directory.resolve(&from).await,
            self.directory.resolve(message.claimed_receiver()).await,
        ) {
            (Ok(author), Ok(receiver)) => (author, receiver),
            (Err(error), _) | (_, Err(error)) if error.is_temporary() => return Ok(Verdict::NotNow),
            _ => return Ok(doubted(&from)),
        };
        if author == Some(self.account) {
            if receiver != Some(conversation.peer()) {
                return Ok(doubted(&from));
            }
            let own = message.authenticate_own(self.account, author, &self.keys.signing);
            return Ok(own.map_or_else(|_| doubted(&from), Verdict::Proven));
        }
        if author != Some(conversation.peer()) {
            return Ok(doubted(&from));
        }
        if !senders.iter().any(|(name, _)| *name == from) {
            if senders.len() == MAX_SENDERS {
                return Ok(doubted(&from));
            }
            senders.push((from.clone(), self.sender(&from).await));
        }
        match senders.iter().find(|(name, _)| *name == from) {
            Some((_, sender)) => Ok(self.judge(&message, "", sender).await),
            None => Ok(doubted(&from)),
        }
    }

    async fn keep_theirs(&self, found: &[Found], read_until: &mut u64) -> Result<usize, StoreError> {
        let now = self.now();
        let mut proven = Vec::new();
        for Found { message, created_at, state, .. } in found {
            let created_at = now.min(*created_at);
            let read = (*state == LegacyState::Read).then_some(created_at);
            *read_until = (*read_until).max(read.unwrap_or(0));
            proven.push(Proven { message: message.clone(), taken: Some(created_at), read });
        }
        Ok(self.keep_messages(proven).await?.len())
    }

    async fn keep_own(&self, conversation: ConversationId, found: &[Found]) -> Result<usize, StoreError> {
        let now = self.now();
        let mut stored = Vec::new();
        for Found { message, created_at, state, halted } in found {
            let (created_at, state) = (now.min(*created_at), state.send_state(*halted));
            let row = MessageRow::new(message.message(), self.account, conversation, created_at, state);
            stored.push(StoredMessage::kept(row).at(Place::at(created_at)));
        }
        Ok(self.ports().store().add_messages(self.account, &stored).await?.len())
    }

    /// Keeps what reading learned; what writing noted meanwhile stays.
    async fn write_read_part(&self, conversation: ConversationId, read: &Mark) -> Result<(), StoreError> {
        let now = self.read_backend_mark(conversation).await?;
        let mut mark = read.clone();
        mark.there |= now.there;
        (mark.anew, mark.written, mark.read_until) = (now.anew, now.written, now.read_until);
        self.write_backend_mark(conversation, &mark).await
    }
}

/// How a row stands.
pub(super) fn standing(state: LegacyState, halted: bool) -> Row {
    match state {
        _ if halted => Row::Halted,
        LegacyState::FailedToSend => Row::Failed,
        _ => Row::There,
    }
}

/// What a conversation's entry looks like: another one says that something changed, also whether its newest message was
/// read.
fn look(row: &ConversationRow) -> String {
    let preview = row.preview.as_deref().unwrap_or_default();
    sha256_hex(&format!("{} {preview}", row.updated_at.unwrap_or_default()))
}

/// A row with what is in it.
pub(super) fn opened<P: Ports>(session: &Session<P>, row: &BackendRow) -> Option<LegacyContainer> {
    LegacyContainer::open(&row.container, &session.keys.encryption).ok()
}
