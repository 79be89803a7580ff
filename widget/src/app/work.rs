//! What goes on for as long as an account is signed in: delivering, picking up, keeping its history. Each comes in a part of
//! its own, and none waits for another.

use std::pin::pin;

use dm3_core::ports::Clock as _;
use futures_util::future::{join, join3, select};

use super::begun;
use super::changes::look_anew;
use super::driver::Active;
use super::older;
use super::own::devices;
use super::platform::Platform;
use super::steps::{HistorySteps, Load, WorkSteps};

/// After this time a part that could not be loaded is asked for again, whatever was told: milliseconds.
const AGAIN: u32 = 60_000;

/// Who leads so soon after the start follows nobody: milliseconds.
const ALONE: u64 = 1_000;

/// Delivers and picks up, in this tab or another one, for as long as the account is signed in.
pub(super) async fn run_engine<P: Platform>(at: Active<P>) {
    let (lease, clock) = (at.driver.platform.lease(), at.driver.platform.clock());
    let since = clock.now();
    let begin = || {
        // Whoever led before may have gone after storing something, and before telling.
        if clock.now().abs_diff(since) > ALONE {
            look_anew(&at);
        }
        work(at.clone())
    };
    at.engine.run_with(&lease, begin).await;
}

async fn work<P: Platform>(at: Active<P>) {
    join(begun(at.clone(), at.driver.later.deliver), stay_in_touch(at)).await;
}

async fn stay_in_touch<P: Platform>(at: Active<P>) {
    let later = &at.driver.later;
    let (pick_up, history) = (begun(at.clone(), later.pick_up), begun(at.clone(), later.history));
    if at.session().directory().discovery().history_url.is_some() {
        join(pick_up, history).await;
    } else {
        // At a node that has no history of ours, nothing is let go of before the backend had its turn.
        let backend = loaded(&at, later.backend).await;
        join3((backend.work)(at.clone()), pick_up, history).await;
    }
}

async fn begun<P: Platform>(at: Active<P>, load: Load<WorkSteps<Active<P>>>) {
    let steps = loaded(&at, load).await;
    (steps.work)(at).await;
}

/// What is needed for it. While it can't be loaded, that is shown as what it is: nothing comes in, or leaves, or is there on
/// the account's other devices.
async fn loaded<P: Platform, T>(at: &Active<P>, load: Load<T>) -> T {
    loop {
        match load().await {
            Ok(steps) => return steps,
            Err(missing) => {
                let woken = at.engine.woken();
                at.lacks(missing);
                select(pin!(woken), pin!(at.driver.platform.clock().sleep(AGAIN))).await;
            }
        }
    }
}

impl<P: Platform> WorkSteps<Active<P>> {
    /// Delivering.
    pub fn delivering() -> Self {
        Self { work: |at| Box::pin(async move { at.engine.deliver().await }) }
    }

    /// Keeping the history, and trying again what could not be proven.
    pub fn keeping() -> Self {
        Self {
            work: |at| {
                Box::pin(async move {
                    at.spawn(devices::note);
                    join(at.engine.retry_kept(), at.engine.keep_history()).await;
                })
            },
        }
    }

    /// Picking up.
    pub fn picking_up() -> Self {
        Self { work: |at| Box::pin(async move { at.engine.pick_up().await }) }
    }

    /// Keeping the history where deployed clients have it.
    pub fn at_backend() -> Self {
        Self { work: |at| Box::pin(async move { at.engine.keep_at_backend().await }) }
    }
}

impl<P: Platform> HistorySteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self {
            fetch_older: |at| Box::pin(older::fetch_older(at)),
            load_older: |at| Box::pin(older::load_older(at)),
            share_drafts: |at| Box::pin(older::share_drafts(at)),
            fetch_draft: |at, stood| Box::pin(older::fetch_draft(at, stood)),
            go_on_composing: |at, before| Box::pin(begun::go_on_composing(at, before)),
        }
    }
}

impl<P: Platform> Default for HistorySteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}
