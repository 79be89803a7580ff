//! Delivering what waits: each conversation in its order, several beside each other, none held up by another.

use std::pin::pin;

use futures_util::future::select;
use futures_util::stream::FuturesUnordered;

use super::backoff::Backoff;
use super::change::Change;
use super::nudge::next_or;
use super::works::Works;
use crate::conversation::ConversationId;
use crate::message::MessageHash;
use crate::ports::{Clock as _, Ports, StoreError};
use crate::session::{Handed, Wait};

/// How many conversations are delivered at the same time.
const CONCURRENT: usize = 6;
/// The longest wait before the outbox is read again, whatever was told: milliseconds.
const LONGEST_REST: u64 = 60_000;

/// What became of one conversation.
struct Delivered {
    conversation: ConversationId,
    outcome: Result<Option<Wait>, StoreError>,
}

impl<P: Ports> Works<P> {
    /// Delivers the outbox; never ends.
    pub(super) async fn deliver_all_the_time(&self) {
        let mut running = FuturesUnordered::new();
        let mut under_way = Vec::new();
        let mut store = Backoff::new();
        self.after_what_came().await;
        loop {
            let seen = self.outbox.news.count();
            let now = self.ports().clock().now();
            self.outbox.hurry(now, &under_way);
            let mut rest = LONGEST_REST;
            match self.session.waiting().await {
                Ok(waiting) => {
                    store.reset();
                    self.outbox.forget_others(&waiting);
                    for (conversation, hashes) in waiting {
                        let due = self.online.get() && !self.outbox.waits(conversation, now);
                        if due && running.len() < CONCURRENT && !under_way.contains(&conversation) {
                            under_way.push(conversation);
                            running.push(self.deliver(conversation, hashes));
                        }
                    }
                }
                Err(error) => {
                    self.tell(Change::Store(error));
                    rest = store.step(self.ports()).into();
                }
            }
            let rest = self.outbox.next_due(now).map_or(rest, |due| due.min(rest));
            let news = pin!(self.outbox.news.after(seen));
            let sleep = pin!(self.ports().clock().sleep(u32::try_from(rest).unwrap_or(u32::MAX)));
            if let Some(delivered) = next_or(&mut running, select(news, sleep)).await {
                under_way.retain(|conversation| *conversation != delivered.conversation);
                self.note_delivered(delivered);
            }
        }
    }

    /// Hands over the messages of a conversation until one has to wait.
    async fn deliver(&self, conversation: ConversationId, hashes: Vec<MessageHash>) -> Delivered {
        let mut not_noted = None;
        for hash in hashes {
            // The rest waits.
            if !self.online.get() {
                break;
            }
            match self.hand_over(conversation, &hash).await {
                Ok(None) => {}
                // It is out of the way of those behind it.
                Err(error) if self.session.not_noted(&hash).is_some() => not_noted = Some(error),
                outcome => return Delivered { conversation, outcome },
            }
        }
        Delivered { conversation, outcome: not_noted.map_or(Ok(None), Err) }
    }

    async fn hand_over(
        &self,
        conversation: ConversationId,
        hash: &MessageHash,
    ) -> Result<Option<Wait>, StoreError> {
        // What had to wait goes on waiting until it has left: that it can't be reached may take long to be found out.
        let is_tried_again = self.outbox.has_waited(conversation);
        self.outbox.set_sending(hash, !is_tried_again);
        self.tell(Change::Conversation(conversation));
        let handed = self.session.deliver_waiting(hash).await;
        self.outbox.set_sending(hash, false);
        self.tell(Change::Conversation(conversation));
        match handed? {
            Some(Handed::Accepted) => self.tell(Change::Sent(hash.clone())),
            Some(Handed::Waits(wait)) => return Ok(Some(wait)),
            Some(Handed::Refused(_)) | None => {}
        }
        Ok(None)
    }

    fn note_delivered(&self, delivered: Delivered) {
        let Delivered { conversation, outcome } = delivered;
        match outcome {
            Ok(None) => self.outbox.has_left(conversation),
            Ok(Some(wait)) => self.outbox.has_to_wait(conversation, wait, self.ports()),
            Err(error) => {
                self.tell(Change::Store(error));
                self.outbox.has_to_wait(conversation, Wait::Unreachable { pause: 0 }, self.ports());
            }
        }
    }
}
