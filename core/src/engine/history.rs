//! Keeping the account's history on its node: what changed here is brought there after a short while, what another
//! device changed is fetched when the node says so, and after every connection.

use std::pin::pin;

use futures_util::future::select;

use super::backoff::Backoff;
use super::change::{Change, Connection};
use super::works::Works;
use crate::conversation::ConversationId;
use crate::ports::{Clock as _, Ports, Store as _};
use crate::session::{HistoryError, HomeError, Older, Pulled};

/// How long what changes is gathered before it is brought to the node: milliseconds.
const GATHER: u32 = 1_500;
/// How often the journal is looked at, whatever was told: other tabs write to it, too. Milliseconds.
const LOOK: u32 = 20_000;
/// How often a node that has no room, or keeps no history for this account, is asked again: milliseconds.
const PATIENCE: u32 = 10 * 60_000;
/// Of how many conversations the newest messages are fetched before anybody opens them.
const FIRST: usize = 12;

impl<P: Ports> Works<P> {
    /// Keeps the history; never ends.
    pub(super) async fn keep_history(&self) {
        let mut backoff = Backoff::new();
        self.history.expect();
        loop {
            let (seen, now) = (self.history.news.count(), self.now.count());
            let rest = match self.follow_history().await {
                // Somebody else logs in, and tells when it is done.
                _ if !self.session.can_follow_history() => LOOK,
                Ok(()) if self.history.is_full() => PATIENCE,
                Ok(()) => {
                    backoff.reset();
                    LOOK
                }
                Err(HistoryError::NotOffered) => {
                    self.history.listed.give();
                    PATIENCE
                }
                Err(error) => {
                    self.history.expect();
                    self.wait_after(error, &mut backoff, now).await;
                    continue;
                }
            };
            self.wait_for_news(rest, seen, now).await;
            if self.links.summary() != Connection::Live {
                // Nobody tells us.
                self.history.expect();
            }
            // What others did is shown at once; what is done here comes in flocks.
            if !self.history.is_expected() {
                let gather = pin!(self.ports().clock().sleep(GATHER));
                select(gather, pin!(self.now.after(now))).await;
            }
        }
    }

    /// Waits for milliseconds, but not if there was news since `seen`, or nobody wants to wait since `now`.
    pub(super) async fn wait_for_news(&self, rest: u32, seen: u64, now: u64) {
        let sleep = pin!(self.ports().clock().sleep(rest));
        let news = pin!(self.history.news.after(seen));
        select(sleep, select(news, pin!(self.now.after(now)))).await;
    }

    /// Waits after a failure, but not if nobody wants to wait since `now`. What could not be stored is told.
    pub(super) async fn wait_after(&self, error: HistoryError, backoff: &mut Backoff, now: u64) {
        if let HistoryError::Store(error) | HistoryError::Node(HomeError::Store(error)) = error {
            self.tell(Change::Store(error));
        }
        let wait = pin!(backoff.wait(self.ports()));
        select(wait, pin!(self.now.after(now))).await;
    }

    /// Tells what came from elsewhere. What another device could not deliver, or another program halted, may leave from
    /// here.
    pub(super) fn tell_pulled(&self, pulled: &Pulled) {
        for conversation in &pulled.changed {
            self.tell(Change::Conversation(*conversation));
            self.outbox.grew(Some(*conversation));
        }
        if pulled.settings {
            self.session.look_for_homes_again();
            self.tell(Change::Settings);
        }
    }

    async fn follow_history(&self) -> Result<(), HistoryError> {
        if !self.session.can_follow_history() {
            return Ok(());
        }
        while self.history.take() {
            let began = !self.session.follows_history().await?;
            loop {
                let pulled = self.session.pull_history().await?;
                self.tell_pulled(&pulled);
                if !pulled.more {
                    break;
                }
            }
            self.history.listed.give();
            if began {
                self.fetch_first().await?;
            }
        }
        while self.history.is_due(self.ports().clock().now()) {
            let pushed = self.session.push_history().await?;
            self.tell_pulled(&pushed.pulled);
            if self.history.set_full(pushed.full) {
                self.tell(Change::HistoryFull(pushed.full));
            }
            if !pushed.more {
                break;
            }
        }
        Ok(())
    }

    /// The newest messages of the conversations in which something was said last, which are the most likely to be opened.
    async fn fetch_first(&self) -> Result<(), HistoryError> {
        // The sorting code of the standard library would be larger than this file.
        let mut newest: Vec<(u64, ConversationId)> = Vec::new();
        for summary in self.ports().store().summaries(self.session.account()).await? {
            let time = summary.time();
            let place = newest.partition_point(|(later, _)| *later >= time);
            newest.insert(place, (time, summary.contact.conversation));
            newest.truncate(FIRST);
        }
        for (_, conversation) in newest {
            self.fetch_older(conversation).await?;
        }
        Ok(())
    }

    pub(super) async fn fetch_older(&self, conversation: ConversationId) -> Result<Older, HistoryError> {
        let older = match self.session.older(conversation).await {
            Err(HistoryError::NotOffered) => self.session.older_elsewhere(conversation).await?,
            older => older?,
        };
        if older.new > 0 {
            self.tell(Change::Conversation(conversation));
        }
        Ok(older)
    }
}
