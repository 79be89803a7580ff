//! Reading a mailbox.
//!
//! ```text
//! ours      numbered: page after page from the last number on; acknowledged by number. Nothing hides anything
//! deployed  one listing, the newest of about 100 conversations; what is acknowledged makes room for what it hides
//! ```

use futures_util::future::join;

use super::arrival::Item;
use super::received::{Received, Taken};
use super::take_in::Batch;
use crate::delivery::api::{self, ApiError, MailboxPage};
use crate::ports::Ports;
use crate::seal::sha256;
use crate::session::home::Mailbox;
use crate::session::{Home, HomeError, Session};
use crate::turns::Turns;
use crate::web::{BaseUrl, HttpResponse};

/// How often a delivery service is asked in a row for what waits: 100,000 messages in pages of a thousand.
const MAX_LISTINGS: usize = 100;
/// A listing of so many envelopes may not be all. The deployed servers show about 100 conversations.
const CROWDED: usize = 100;
/// How many messages are asked for at first: what comes first is there soon, however much waits.
pub(super) const FIRST_PAGE: usize = 16;
/// How many are asked for afterwards.
const PAGE: usize = 1_000;

impl<P: Ports> Session<P> {
    /// Takes in everything that waits at one delivery service, and tells of it piece by piece.
    ///
    /// # Errors
    /// [`HomeError`]; what was told before is stored.
    pub async fn fetch(&self, home: &Home, tell: &mut dyn FnMut(Received)) -> Result<(), HomeError> {
        let mailbox = home.mailbox.borrow().clone();
        match mailbox {
            Mailbox::Numbered(url) => {
                home.is_read.set(true);
                let early = home.early_page.take();
                self.fetch_pages(home, &url, early, tell).await
            }
            Mailbox::Listed => self.fetch_listing(home, tell).await,
            Mailbox::Unknown => {
                let url = home.url.child("mailbox");
                let reply = self.ask_for_page(home, &url, 0).await?;
                let found = api::parse_mailbox(&reply);
                let none = matches!(reply.status, 400 | 404 | 405 | 501)
                    || matches!(found, Err(ApiError::Garbled(_)));
                if none {
                    *home.mailbox.borrow_mut() = Mailbox::Listed;
                    return self.fetch_listing(home, tell).await;
                }
                let page = found?;
                *home.mailbox.borrow_mut() = Mailbox::Numbered(url.clone());
                self.fetch_pages(home, &url, Some(page), tell).await
            }
        }
    }

    async fn fetch_pages(
        &self,
        home: &Home,
        url: &BaseUrl,
        mut ready: Option<MailboxPage>,
        tell: &mut dyn FnMut(Received),
    ) -> Result<(), HomeError> {
        let mut unreadable = 0;
        for _ in 0..MAX_LISTINGS {
            let after = home.after.get();
            let page = match ready.take() {
                Some(page) => page,
                None => api::parse_mailbox(&self.ask_for_page(home, url, after).await?)?,
            };
            unreadable += page.unreadable;
            let last = page.messages.iter().map(|(number, _)| *number).max();
            let items = page.messages.into_iter();
            let items = items.map(|(number, envelope)| Item { envelope, number: Some(number) }).collect();
            // A page that leads nowhere must not be asked for again and again.
            let next = page.next.filter(|next| *next > after);
            // What is on this page comes before what is on the next: a thousand envelopes keep a device busy.
            let turns = Turns::default();
            let mut turn = Some(turns.take().await);
            let taking = async {
                let mut tell = |received: Received| {
                    tell(received);
                    turn.take();
                };
                let taken = self.take_in(Batch { home, items, crowded: false }, &mut tell).await;
                turn.take();
                taken
            };
            let following = async {
                let next = next?;
                drop(turns.take().await);
                Some(self.ask_for_page(home, url, next).await)
            };
            let (taken, reply) = join(taking, following).await;
            let taken = taken?;
            // What is pushed just now is acknowledged with the next look.
            if let Some(number) = taken.in_work {
                home.after.set(after.max(number.saturating_sub(1)));
                break;
            }
            home.after.set(after.max(last.unwrap_or_default()).max(next.unwrap_or_default()));
            let Some(reply) = reply else { break };
            ready = Some(api::parse_mailbox(&reply?)?);
        }
        tell_unreadable(unreadable, tell);
        Ok(())
    }

    /// Asks for what has a higher number than `after`, of a mailbox whose messages are numbered.
    async fn ask_for_page(&self, home: &Home, url: &BaseUrl, after: u64) -> Result<HttpResponse, HomeError> {
        let limit = if after == 0 { FIRST_PAGE } else { PAGE };
        self.authorized(home, &|token| api::get_mailbox(url, &self.alias, token, after, limit)).await
    }

    /// Deployed servers show only a part of a full mailbox, so they are asked again for as long as that makes room.
    async fn fetch_listing(&self, home: &Home, tell: &mut dyn FnMut(Received)) -> Result<(), HomeError> {
        let (mut unreadable, mut last) = (0, None);
        for _ in 0..MAX_LISTINGS {
            let reply =
                self.authorized(home, &|token| api::get_incoming(&home.url, &self.alias, token)).await?;
            let listing = Some(sha256(reply.body.as_bytes()));
            if listing == last {
                break;
            }
            last = listing;
            let incoming = api::parse_incoming(&reply)?;
            // These stay where they are, and so are listed each time.
            unreadable = unreadable.max(incoming.unreadable);
            let crowded = incoming.more || incoming.envelopes.len() + incoming.unreadable >= CROWDED;
            let items = incoming.envelopes.into_iter();
            let items = items.map(|envelope| Item { envelope, number: None }).collect();
            let Taken { made_room, .. } = self.take_in(Batch { home, items, crowded }, tell).await?;
            if !made_room {
                break;
            }
        }
        tell_unreadable(unreadable, tell);
        Ok(())
    }
}

fn tell_unreadable(unreadable: usize, tell: &mut dyn FnMut(Received)) {
    if unreadable > 0 {
        tell(Received { unreadable, ..Received::default() });
    }
}
