//! What is done while it is still looked up which delivery services are the account's. Mostly the node's own is one.

use futures_util::future::join;

use super::arrival::open;
use super::listing::FIRST_PAGE;
use crate::delivery::api::{self, MailboxPage};
use crate::ports::{Http as _, Ports};
use crate::session::Session;
use crate::session::home::Mailbox;
use crate::web::{BaseUrl, SessionToken};

impl<P: Ports> Session<P> {
    /// Fetches the first few messages from the node's own delivery service, with the token of the last start if that
    /// counts yet, else after a login, and looks up who sent the first of them. Where the node has other keys of the
    /// account, or none, nobody logs in: that would bring keys into effect that somebody posted there, and whether they
    /// are the account's is not known yet. Nothing is registered, taken in or acknowledged before [`Self::homes`] has
    /// found that the node is one of the account's delivery services; what does not work here is done anew then.
    pub async fn look_early(&self) {
        if self.homes.borrow().is_empty() {
            join(self.service_key(&self.node), self.fetch_early()).await;
        }
    }

    async fn fetch_early(&self) -> Option<()> {
        let home = &self.node;
        let Mailbox::Numbered(url) = home.mailbox.borrow().clone() else { return None };
        let turn = home.logging_in.take().await;
        let known = self.with_kept_token(&url).await;
        let (token, page) = match known {
            Some((token, page)) => (token, Some(page)),
            None => (self.log_in_early().await?, None),
        };
        *home.token.borrow_mut() = Some(token.clone());
        home.is_fresh.set(true);
        drop(turn);
        let page = match page {
            Some(page) => page,
            None => self.first_page(&url, &token).await?,
        };
        let (last, _) = page.messages.last()?;
        let first = open(&page.messages.first()?.1, &self.keys);
        if !home.is_read.get() {
            // More may have come when it is taken in.
            home.early_page.replace(Some(MailboxPage { next: page.next.or(Some(*last)), ..page }));
        }
        // Whoever takes it in finds what was found.
        let _ = self.sender(first.ok()?.0.claimed_sender()).await;
        None
    }

    /// What waits first, if the token of the last start counts yet. What the node says of the time is learnt beside it, as
    /// by a login.
    async fn with_kept_token(&self, url: &BaseUrl) -> Option<(SessionToken, MailboxPage)> {
        let token = self.kept_token().await?;
        let (page, _) = join(self.first_page(url, &token), self.challenge_of(&self.node)).await;
        Some((token, page?))
    }

    async fn first_page(&self, url: &BaseUrl, token: &SessionToken) -> Option<MailboxPage> {
        let request = api::get_mailbox(url, &self.alias, token, 0, FIRST_PAGE);
        api::parse_mailbox(&self.ports().http().send(&request).await.ok()?).ok()
    }

    async fn log_in_early(&self) -> Option<SessionToken> {
        let home = &self.node;
        // A challenge is asked for beside that, which changes nothing there; it is answered only if the keys are ours.
        let profile = api::get_profile(&home.url, &self.alias);
        let (reply, challenge) = join(self.ports().http().send(&profile), self.challenge_of(home)).await;
        let there = api::parse_profile(&reply.ok()?).ok()??;
        if there.profile().keys() != self.keys.public() {
            return None;
        }
        self.answer(home, &challenge.ok()?).await.ok()
    }
}
