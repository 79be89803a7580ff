//! From the node: what other devices of the account wrote.

use super::outcome::{HistoryError, Older, Pulled};
use super::place::Place;
use super::state::{Followed, Mark, Stamp};
use crate::conversation::ConversationId;
use crate::delivery::api::ApiError;
use crate::device::{Contact, SendState, StoredMessage};
use crate::ports::{Ports, Store as _};
use crate::session::Session;
use crate::storage::history::{self, ListedRecord, Listing};
use crate::storage::{ContactRecord, Opened, ReadMarker, Record};

/// How many changes are asked for at once.
const CHANGES: usize = 500;
/// How many records of the account are asked for at once: what a list of 500 conversations needs.
const LIST: usize = 1000;
/// How many messages of a conversation are asked for at once.
const PAGE: usize = 100;
/// How many requests one step makes.
const MAX_REQUESTS: usize = 10;

/// What is known of one conversation's records of the account, out of one listing.
struct News {
    conversation: ConversationId,
    contact: Option<(ContactRecord, Stamp)>,
    marker: Option<(ReadMarker, Stamp)>,
    draft: Option<Stamp>,
}

impl<P: Ports> Session<P> {
    /// Takes in what other devices of the account wrote: at first what a list shows, from then on all changes.
    ///
    /// # Errors
    /// [`HistoryError`]; what was taken in before stays.
    pub async fn pull_history(&self) -> Result<Pulled, HistoryError> {
        let place = self.history_place().await?;
        let (mut followed, _) = self.followed(&place).await?;
        let mut pulled = Pulled::default();
        for _ in 0..MAX_REQUESTS {
            match self.pull_page(&place, &mut followed, &mut pulled).await {
                Ok(true) => {}
                Ok(false) => return Ok(pulled),
                Err(error) if pulled.is_empty() => return Err(error),
                // What came before is to be told; who goes on finds out what is wrong.
                Err(_) => break,
            }
        }
        pulled.more = true;
        Ok(pulled)
    }

    /// Takes in what one request gives; tells whether there may be more.
    async fn pull_page(
        &self,
        place: &Place,
        followed: &mut Followed,
        pulled: &mut Pulled,
    ) -> Result<bool, HistoryError> {
        let listing = if followed.list > 0 {
            let own = self.storage_keys.account();
            let before = Some(followed.list);
            let listing = self.list(place, &|history| history.place(&own, before, LIST)).await?;
            followed.list = match listing.next {
                Some(next) if next < followed.list => next,
                Some(_) => return Err(ApiError::Garbled("a listing that does not go on").into()),
                None => 0,
            };
            listing
        } else {
            let after = followed.head;
            let listing = self.list(place, &|history| history.changes(after, CHANGES)).await?;
            followed.head = match listing.next {
                Some(next) if next > after => next,
                Some(_) => return Err(ApiError::Garbled("changes that do not go on").into()),
                None => {
                    self.note_arrival().await?;
                    return Ok(false);
                }
            };
            listing
        };
        pulled.add(self.take_in_records(followed, listing.records).await?);
        // Only now: what is not taken in is asked for again.
        self.write_followed(followed).await?;
        Ok(true)
    }

    /// Takes in a page of a conversation's older messages.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn older(&self, conversation: ConversationId) -> Result<Older, HistoryError> {
        let place = self.history_place().await?;
        let (followed, _) = self.followed(&place).await?;
        let before = self.read_mark(&followed, conversation).await?.before;
        if before == 0 {
            return Ok(Older::default());
        }
        let own = self.storage_keys.conversation(conversation);
        let listing = self.list(&place, &|history| history.place(&own, Some(before), PAGE)).await?;
        let next = match listing.next {
            Some(next) if next < before => next,
            Some(_) => return Err(ApiError::Garbled("a listing that does not go on").into()),
            None => 0,
        };
        let new = self.restore(self.messages_in(&listing.records)).await?.len();
        // Read anew: it may have been changed meanwhile.
        let mark = self.read_mark(&followed, conversation).await?;
        self.write_mark(&followed, conversation, &Mark { before: next, ..mark }).await?;
        Ok(Older { new, more: next > 0 })
    }

    pub(super) async fn list(
        &self,
        place: &Place,
        request: &dyn Fn(&history::History<'_>) -> crate::web::HttpRequest,
    ) -> Result<Listing, HistoryError> {
        Ok(history::parse_listing(&self.ask_history(place, request).await?)?)
    }

    fn messages_in(&self, records: &[ListedRecord]) -> Vec<StoredMessage> {
        let message = |listed: &ListedRecord| match listed.record.open(&self.storage_keys) {
            Ok(Opened::Known(record)) => match *record {
                Record::Message(message) => Some(message),
                _ => None,
            },
            _ => None,
        };
        records.iter().filter_map(message).collect()
    }

    /// Takes in what this account wrote, whatever order the node gives it in; gives the conversations it changes.
    pub(super) async fn take_in_records(
        &self,
        followed: &Followed,
        records: Vec<ListedRecord>,
    ) -> Result<Pulled, HistoryError> {
        let mut settings = false;
        let mut changed: Vec<ConversationId> = Vec::new();
        let mut news: Vec<News> = Vec::new();
        let mut messages = Vec::new();
        for ListedRecord { record, version } in records {
            // Of a later version, of somebody else, or damaged: it is nothing to us.
            let Ok(Opened::Known(record)) = record.open(&self.storage_keys) else { continue };
            let stamp = Stamp { version, digest: record.digest() };
            match *record {
                Record::Message(message) => messages.push(message),
                Record::Contact(mut contact) => {
                    messages.extend(contact.last.take());
                    let conversation = contact.conversation;
                    news_of(&mut news, conversation).contact = Some((contact, stamp));
                }
                Record::ReadMarker(marker) => {
                    news_of(&mut news, marker.conversation).marker = Some((marker, stamp));
                }
                Record::Draft(draft) => {
                    news_of(&mut news, draft.conversation).draft = Some(stamp);
                    let here = self.draft_record(draft.conversation).await?;
                    if here.is_none_or(|here| (here.changed, &here.text) < (draft.changed, &draft.text)) {
                        self.keep_draft(&draft).await?;
                    }
                }
                Record::Setting(setting) => {
                    let here = self.setting_record(&setting.name).await?;
                    if here.is_none_or(|here| here.changed < setting.changed) {
                        self.keep_setting(&setting).await?;
                        settings = true;
                    }
                }
            }
        }
        let store = self.ports().store();
        // Before the messages, which would open conversations without a name.
        for News { conversation, contact, marker, draft } in news {
            let mut mark = self.read_mark(followed, conversation).await?;
            let (contact, contact_stamp) = contact.unzip();
            let (marker, marker_stamp) = marker.unzip();
            if contact.is_some() || marker.is_some() {
                let change = Box::new(move |here| merged(here, contact, marker));
                store.update_contact(self.account, conversation, change).await?;
                changed.push(conversation);
            }
            mark.contact = contact_stamp.unwrap_or(mark.contact);
            mark.marker = marker_stamp.unwrap_or(mark.marker);
            mark.draft = draft.unwrap_or(mark.draft);
            self.write_mark(followed, conversation, &mark).await?;
        }
        // This device sends, too, what waits on another one: behind what waits there since before this one came.
        for row in messages.iter().map(StoredMessage::row).filter(|row| row.state == SendState::Waiting) {
            if self.read_mark(followed, row.conversation).await?.before > followed.anchor {
                self.older(row.conversation).await?;
            }
        }
        changed.extend(self.restore(messages).await?);
        let mut once = Vec::new();
        for conversation in changed {
            if !once.contains(&conversation) {
                once.push(conversation);
            }
        }
        Ok(Pulled { changed: once, settings, more: false })
    }
}

fn news_of(news: &mut Vec<News>, conversation: ConversationId) -> &mut News {
    let found = news.iter().position(|news| news.conversation == conversation);
    let at = found.unwrap_or(news.len());
    if at == news.len() {
        news.push(News { conversation, contact: None, marker: None, draft: None });
    }
    &mut news[at]
}

/// What a device keeps of a conversation once it hears from another. Of what a device has seen of a peer itself, nothing
/// is lost: that is what it warns by.
pub(in crate::session) fn merged(
    here: Option<Contact>,
    there: Option<ContactRecord>,
    marker: Option<ReadMarker>,
) -> Option<Contact> {
    let mut contact = match (here, &there) {
        (Some(here), _) => here,
        // A marker alone opens no conversation.
        (None, None) => return None,
        (None, Some(there)) => {
            Contact { name: there.name.clone(), ..Contact::new(there.conversation, there.touched) }
        }
    };
    if let Some(there) = there {
        let is_later = there.touched > contact.touched;
        if is_later {
            contact.name = there.name.or(contact.name);
            contact.touched = there.touched;
        }
        contact.standing = contact.standing.or_later(there.standing);
        for name in &there.found_at {
            contact.may_be_at(name);
        }
        contact.seen.join(there.seen, is_later);
        contact.notices.join(there.notices);
    }
    let read_until = marker.map_or(0, |marker| marker.read_until);
    contact.read_until = contact.read_until.max(read_until);
    Some(contact)
}
