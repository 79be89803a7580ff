//! Removing what is too old – unless the clock can't be relied upon.
//!
//! A clock that is set wrong once must not cost anybody's mail. So the time is noted at each run, and where it has gone
//! further than it can have, nothing is removed before this process has run for a day: an operator has that long to
//! notice.

use std::time::Duration;

use dm3_core::deposit::epoch_of;
use tokio::time::Instant;

use crate::app::{App, AppState};
use crate::machine::clock::now_ms;
use crate::store::StoreError;

/// How often old messages are looked for.
const EVERY: Duration = Duration::from_secs(600);
/// How many are removed at once, so that others can write in between.
const AT_ONCE: u32 = 500;
/// How long signatures of senders are remembered.
const SIGNATURES: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How long receipts of burns are kept.
const RECEIPTS: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How far the time may go without this process.
const JUMP: Duration = Duration::from_secs(24 * 60 * 60);
/// How long nothing is removed after the time went further.
const HOLD: Duration = Duration::from_secs(24 * 60 * 60);
/// Under which name the time is noted.
const CLOCK: &str = "clock";

/// Removes what is too old, for as long as the server runs.
pub async fn run(app: AppState) {
    let mut interval = tokio::time::interval(EVERY);
    let mut held_until = None;
    loop {
        interval.tick().await;
        if let Err(error) = run_once(&app, now_ms(), &mut held_until).await {
            tracing::error!(%error, "old messages can't be removed");
        }
    }
}

async fn run_once(app: &App, now: u64, held_until: &mut Option<Instant>) -> Result<(), StoreError> {
    match held_until {
        Some(until) if Instant::now() < *until => return Ok(()),
        Some(_) => *held_until = None,
        None => {
            let noted = app.store.mark(CLOCK).await?;
            let last = match noted {
                Some(noted) => Some(noted),
                None => app.store.newest().await?,
            };
            if let Some(last) = last.filter(|last| now > last.saturating_add(ms(JUMP))) {
                // Noted, since messages that come from now on have the new time.
                app.store.set_mark(CLOCK, last).await?;
                *held_until = Some(Instant::now() + HOLD);
                tracing::error!(
                    days = (now - last) / ms(JUMP),
                    "the clock went so many days on while the node did not run; nothing is removed for a day: check the \
                     clock"
                );
                return Ok(());
            }
        }
    }
    app.store.set_mark(CLOCK, now).await?;
    if let Some(ttl) = app.config.message_ttl {
        let mut removed = 0;
        loop {
            match app.store.expire(now.saturating_sub(ms(ttl)), AT_ONCE).await? {
                0 => break,
                more => removed += more,
            }
        }
        if removed > 0 {
            tracing::info!(removed, "removed old messages");
        }
    }
    while app.store.clear_blobs(now).await? {}
    while app.store.forget_signatures(now.saturating_sub(ms(SIGNATURES)), AT_ONCE).await? > 0 {}
    while app.store.forget_rates(now, AT_ONCE).await? > 0 {}
    while app.store.forget_burns(now.saturating_sub(ms(RECEIPTS)), AT_ONCE).await? > 0 {}
    // A voucher can be burned in the week after its own, too, and shown to be one of two.
    while app.store.forget_promises(epoch_of(now).saturating_sub(2), AT_ONCE).await? > 0 {}
    Ok(())
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
