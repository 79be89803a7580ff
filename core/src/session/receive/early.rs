//! What is done while it is still looked up which delivery services are the account's. Mostly the node's own is one.

use futures_util::future::join;

use super::arrival::open;
use super::listing::FIRST_PAGE;
use crate::delivery::api::{self, MailboxPage};
use crate::ports::{Http as _, Ports};
use crate::session::Session;
use crate::session::home::Mailbox;
use crate::turns::Turns;
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

    async fn fetch_early(&self) {
        let home = &self.node;
        let Mailbox::Numbered(url) = home.mailbox.borrow().clone() else { return };
        let turn = home.logging_in.take().await;
        let kept = self.kept_token().await;
        // Who needs no login learns beside what the node says of the time, and uses nothing before that.
        let time = Turns::default();
        let learning = {
            let learning = time.take().await;
            let is_needed = kept.is_some();
            async move {
                if is_needed {
                    let _ = self.challenge_of(home).await;
                }
                drop(learning);
            }
        };
        let fetching = async {
            let known = match kept {
                Some(token) => self.first_page(&url, &token).await.map(|page| (token, page)),
                None => None,
            };
            let early = known.as_ref().and_then(|(_, page)| self.first_sender(page));
            let settling = async {
                drop(time.take().await);
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
                let first = self.first_sender(&page);
                if !home.is_read.get() {
                    // More may have come when it is taken in.
                    home.early_page.replace(Some(MailboxPage { next: page.next.or(Some(*last)), ..page }));
                }
                first
            };
            let (first, ()) = join(settling, self.look_up_early(early)).await;
            self.look_up_early(first).await;
        };
        join(learning, fetching).await;
    }

    /// Who sent the first message of a page.
    fn first_sender(&self, page: &MailboxPage) -> Option<String> {
        let (message, _) = open(&page.messages.first()?.1, &self.keys).ok()?;
        Some(message.claimed_sender().to_owned())
    }

    /// Whoever takes in what they sent finds what was found.
    async fn look_up_early(&self, sender: Option<String>) {
        if let Some(sender) = sender {
            let _ = self.sender(&sender).await;
        }
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
