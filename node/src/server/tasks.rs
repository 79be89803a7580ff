//! What a server does beside answering, each in a task of its own.

use std::time::Duration;

use crate::app::AppState;
use crate::machine::clock::now_seconds;
use crate::store::{ACTS, Arrival, Notice, StoreError};

/// How often those are forgotten who have not asked for a while.
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// How often it is looked what has left of what waited for sockets.
const SETTLE_SOCKETS_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked how much room the disk has.
const WATCH_DISK_EVERY: Duration = Duration::from_secs(1);
/// How often deliveries that were counted are written down.
const COUNT_EVERY: Duration = Duration::from_secs(30);
/// How often it is looked whether an operator did something.
const LOOK_FOR_ACTS_EVERY: Duration = Duration::from_secs(1);

/// Keeps the memory of who asked lately from growing.
pub async fn tidy(app: AppState) {
    let mut interval = tokio::time::interval(TIDY_EVERY);
    loop {
        interval.tick().await;
        app.limits.tidy();
        let refused = app.metrics.refused_lately();
        if refused > 0 {
            tracing::warn!(refused, "over a limit in the last minute; dm3_refused_total says which");
        }
    }
}

/// Looks after the disk, whose reserve is given up in time only if somebody looks.
pub async fn watch_disk(app: AppState) {
    let mut interval = tokio::time::interval(WATCH_DISK_EVERY);
    loop {
        interval.tick().await;
        app.disk.is_nearly_full();
    }
}

/// Gives back the places of what has left for sockets.
pub async fn settle_sockets(app: AppState) {
    let mut interval = tokio::time::interval(SETTLE_SOCKETS_EVERY);
    loop {
        interval.tick().await;
        app.sockets.settle();
    }
}

/// Looks at sockets and caches anew when an operator did something, which is another process.
pub async fn follow_operators(app: AppState) {
    let mut interval = tokio::time::interval(LOOK_FOR_ACTS_EVERY);
    let mut seen = None;
    loop {
        interval.tick().await;
        let followed = async {
            let acts = app.store.mark(ACTS).await?;
            if seen != Some(acts) {
                app.receivers.forget_all();
                app.senders.forget_all();
                app.close_stale_sockets().await?;
                seen = Some(acts);
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = followed.await {
            tracing::warn!(%error, "what an operator did can't be looked up; it is tried again");
        }
    }
}

/// Writes down what was delivered.
pub async fn count(app: AppState) {
    let mut interval = tokio::time::interval(COUNT_EVERY);
    loop {
        interval.tick().await;
        if let Err(error) = app.statistics.save(app.store.as_ref(), now_seconds()).await {
            tracing::error!(%error, "deliveries can't be counted");
        }
    }
}

/// Does what other nodes' notices ask for, for the sockets that are open here.
pub async fn follow_notices(app: AppState) {
    loop {
        let done = match app.store.notice().await {
            Notice::Messages(arrival) if app.sockets.has(arrival.mailbox) => push(&app, arrival).await,
            Notice::History { owner, change } => {
                app.announce_history(owner, change);
                Ok(())
            }
            Notice::Asked { account, question } if app.sockets.has(account) => {
                app.store.answer(question).await
            }
            Notice::Messages(_) | Notice::Asked { .. } => Ok(()),
            Notice::SignedOut { account } => {
                app.senders.forget(account);
                app.sockets.close_of(account);
                Ok(())
            }
            Notice::Interrupted => match app.close_stale_sockets().await {
                Ok(()) => announce_histories(&app).await,
                failed => failed,
            },
        };
        if let Err(error) = done {
            // Clients find what they were not told of when they look next.
            tracing::warn!(%error, "what another node told can't be passed on");
        }
    }
}

async fn push(app: &AppState, arrival: Arrival) -> Result<(), StoreError> {
    for text in app.store.arrived(arrival).await? {
        if let Ok(envelope) = serde_json::from_str(&text) {
            app.sockets.push(arrival.mailbox, &envelope);
        }
    }
    Ok(())
}

/// Tells every account with an open socket of its last change, since notices of it may be missing.
async fn announce_histories(app: &AppState) -> Result<(), StoreError> {
    for account in app.sockets.accounts() {
        let usage = app.store.history_usage(account).await?;
        if usage.last_change > 0 {
            app.announce_history(account, usage.last_change);
        }
    }
    Ok(())
}
