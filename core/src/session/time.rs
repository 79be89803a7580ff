//! The time: this device's clock, corrected by that of the account's delivery service.
//!
//! ```text
//!   asked ─────────── challenge made at `iat` ─────────── answered      this device's clock
//!   theirs − ours  is between  iat − answered  and  iat − asked
//! ```
//!
//! A login challenge says when it was made, on every server; the header `Date` is hidden from pages. Each login narrows the
//! difference or, if a clock was changed, replaces it. The service that the account's profile names first leads; those
//! after it take its place while it was not reached.

use std::ops::RangeInclusive;

use super::ahead::Ahead;
use super::{Home, Session};
use crate::device::Slot;
use crate::ports::{Clock as _, Ports, Store as _, StoreError};

/// How far a clock may be off before a person is told: milliseconds. Signatures, certificates and other people's
/// programs begin to fail at about five minutes.
const TOLERATED: u64 = 3 * 60_000;
/// Times before 2020 are those of a clock that was never set: milliseconds since 1970.
const EARLIEST: u64 = 1_577_836_800_000;

impl<P: Ports> Session<P> {
    /// The time: milliseconds since 1970. Never ahead of the account's first delivery service, as far as that is known:
    /// an answer that comes at once must not seem older than its question.
    pub fn now(&self) -> u64 {
        let least = self.lead().map_or(0, |ahead| ahead.least);
        self.ports().clock().now().saturating_add_signed(least)
    }

    /// By how many milliseconds this device's clock is fast, or slow if negative: if that is more than a few minutes,
    /// by the clock of the account's first delivery service. Everything works with a wrong clock; its owner should
    /// know.
    pub fn clock_error(&self) -> Option<i64> {
        self.lead().map(|ahead| -ahead.middle()).filter(|error| error.unsigned_abs() > TOLERATED)
    }

    /// Learns from a challenge that `home` made.
    pub(super) fn learn_time(&self, home: &Home, issued: &RangeInclusive<u64>, asked: u64) {
        let Some(newer) = Ahead::learnt(issued, asked, self.ports().clock().now()) else { return };
        home.ahead.set(Some(home.ahead.get().map_or(newer, |known| known.refined(newer))));
    }

    /// The place of what a delivery service took in at `marked` by its own clock: the time by the clock that leads, and
    /// never later than now. `None` if that clock was never set.
    pub(super) fn place_of(&self, home: &Home, marked: u64) -> Option<u64> {
        let (lead, own) = (self.lead(), home.ahead.get());
        let corrected = match (lead, own) {
            // Where both may show the same time they are taken to do so.
            (Some(lead), Some(own)) if lead.most < own.least || own.most < lead.least => {
                marked.saturating_add_signed(lead.middle() - own.middle())
            }
            // What the clock that leads has shown has passed, whatever this device's clock says.
            (Some(_), Some(_)) if self.leads(home) => {
                return Some(marked).filter(|marked| *marked >= EARLIEST);
            }
            _ => marked,
        };
        (marked >= EARLIEST && corrected >= EARLIEST).then(|| corrected.min(self.latest()))
    }

    fn leads(&self, home: &Home) -> bool {
        let homes = self.homes.borrow();
        homes.iter().find(|home| home.ahead.get().is_some()).is_some_and(|first| first.name == home.name)
    }

    /// Learns from a proven postmark of `home` that its clock shows this, or a later time. If it can't by what is known,
    /// this device's clock was set back.
    pub(super) fn learn_marked(&self, home: &Home, marked: u64) {
        let Some(known) = home.ahead.get() else { return };
        home.ahead.set(Some(known.at_least(marked, self.ports().clock().now())));
    }

    /// The latest time that it can be now.
    pub(super) fn latest(&self) -> u64 {
        let most = self.lead().map_or(0, |ahead| ahead.most);
        self.ports().clock().now().saturating_add_signed(most)
    }

    /// Keeps what is known of the time: the next start begins with it, also without network.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn keep_time(&self) -> Result<(), StoreError> {
        let known = self.homes.borrow().iter().find_map(|home| home.ahead.get());
        if known.is_none() || known == self.kept_time.get().flatten() {
            return Ok(());
        }
        self.kept_time.set(Some(known));
        let text = known.map(Ahead::to_text);
        self.ports().store().set_value(self.account, &Slot::Clock, text.as_deref()).await
    }

    /// Begins with what was known of the time when this program ran before; and while another tab is in touch, goes on with
    /// what that one knows. Comes before all that asks for the time to put messages into their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn begin_time(&self) -> Result<(), StoreError> {
        let knows = self.homes.borrow().iter().any(|home| home.ahead.get().is_some());
        if !knows || self.kept_time.get().is_none() {
            let text = self.ports().store().value(self.account, &Slot::Clock).await?;
            self.kept_time.set(Some(text.and_then(|text| Ahead::parse(&text))));
        }
        Ok(())
    }

    /// From now on another tab is in touch: what that one learns of the time counts, since this one hears of no clock
    /// that is set.
    pub(crate) fn forget_time(&self) {
        for home in self.homes.borrow().iter() {
            home.ahead.set(None);
        }
    }

    fn lead(&self) -> Option<Ahead> {
        let learnt = self.homes.borrow().iter().find_map(|home| home.ahead.get());
        let known = learnt.or_else(|| self.kept_time.get().flatten())?;
        Some(known.drifted(self.ports().clock().now()))
    }
}
