//! Keeping the account's history where deployed clients keep it: what is new here is brought there after a short while,
//! and what those did is looked for every now and then, since nobody tells.

use std::pin::pin;

use futures_util::future::select;

use super::backoff::Backoff;
use super::works::Works;
use crate::ports::{Clock as _, Ports};
use crate::session::HistoryError;

/// How long what changes is gathered: milliseconds.
const GATHER: u32 = 1_500;
/// How often this device is looked through for what was told to nobody: milliseconds.
const LOOK: u32 = 20_000;
/// How often the backend is asked what others did: milliseconds.
const ASK: u64 = 60_000;
/// How often one that the account does not use is asked whether it does now: milliseconds.
const PATIENCE: u32 = 10 * 60_000;

impl<P: Ports> Works<P> {
    /// Never ends.
    pub(super) async fn keep_at_backend(&self) {
        self.session.keep_at_backend();
        let mut backoff = Backoff::new();
        let mut asked = None;
        loop {
            let (seen, now) = (self.history.news.count(), self.now.count());
            let rest = match self.follow_backend(&mut asked).await {
                // Somebody else logs in, or leads.
                _ if !self.leads.get() || !self.session.may_use_backend() => LOOK,
                Ok(()) => {
                    backoff.reset();
                    LOOK
                }
                Err(HistoryError::NotOffered) => PATIENCE,
                Err(error) => {
                    self.wait_after(error, &mut backoff, now).await;
                    continue;
                }
            };
            self.wait_for_news(rest, seen, now).await;
            let gather = pin!(self.ports().clock().sleep(GATHER));
            select(gather, pin!(self.now.after(now))).await;
        }
    }

    async fn follow_backend(&self, asked: &mut Option<u64>) -> Result<(), HistoryError> {
        if !self.leads.get() || !self.session.may_use_backend() {
            return Ok(());
        }
        let now = self.ports().clock().now();
        if asked.is_none_or(|asked| now.saturating_sub(asked) >= ASK) {
            loop {
                let pulled = self.session.pull_from_backend().await?;
                self.tell_pulled(&pulled);
                if !pulled.more {
                    break;
                }
            }
            *asked = Some(now);
        }
        while self.session.push_to_backend().await?.more {}
        Ok(())
    }
}
