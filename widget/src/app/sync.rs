//! What goes on beside: staying in touch with the account's delivery services and its other devices, and knowing who people
//! are. It is loaded when somebody is signed in; they see their list and write before.

use futures_util::future::join;

use super::driver::Active;
use super::fault::Fault;
use super::own::devices;
use super::platform::Platform;
use super::state::Connection;
use super::steps::{BackendSteps, Load, SyncSteps};
use super::{beside, people, received, welcome};

impl<P: Platform> SyncSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self {
            stay_in_touch: |at| Box::pin(with_history(at)),
            learn_own_name: |at| Box::pin(people::learn_own_name(at)),
            check_names: |at| Box::pin(people::check_names(at)),
            name_peers: |at, wrote| Box::pin(people::name_peers(at, wrote)),
            watch_name: |at| Box::pin(people::watch_name(at)),
            accept_profile: |at| Box::pin(people::accept_profile(at)),
            learn_conditions: |at| Box::pin(beside::learn_conditions(at)),
            fetch_older: |at| Box::pin(beside::fetch_older(at)),
            load_older: |at| Box::pin(beside::load_older(at)),
            decide: |at, decision| Box::pin(beside::decide(at, decision)),
            name_welcome: |at| Box::pin(welcome::name_welcome(at)),
            resend: |at, hash| Box::pin(beside::resend(at, hash)),
            stop: |at, hash| Box::pin(beside::stop(at, hash)),
            share_drafts: |at| Box::pin(beside::share_drafts(at)),
            fetch_draft: |at, stood| Box::pin(beside::fetch_draft(at, stood)),
            received: |at, new| Box::pin(received::received(at, new)),
            sent: |at, hash| Box::pin(received::sent(at, hash)),
            obey: |at| Box::pin(devices::obey(at)),
            seen: |at, conversation, count| Box::pin(received::seen(at, conversation, count)),
        }
    }
}

impl<P: Platform> Default for SyncSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Platform> BackendSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self { keep: |at| Box::pin(async move { at.engine.keep_at_backend().await }) }
    }
}

impl<P: Platform> Default for BackendSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

/// Delivers and picks up, in this tab or another one, for as long as the account is signed in.
pub(super) async fn run_engine<P: Platform>(at: Active<P>) {
    let lease = at.driver.platform.lease();
    at.engine.run_with(&lease, || stay_in_touch(at.clone())).await;
}

async fn stay_in_touch<P: Platform>(at: Active<P>) {
    let steps = loaded(&at, at.driver.later.sync).await;
    (steps.stay_in_touch)(at).await;
}

/// At a node that has no history of ours, nothing is let go of before the backend had its turn.
async fn with_history<P: Platform>(at: Active<P>) {
    at.spawn(devices::note);
    if at.session().directory().discovery().history_url.is_some() {
        return at.engine.stay_in_touch().await;
    }
    let steps = loaded(&at, at.driver.later.backend).await;
    join((steps.keep)(at.clone()), at.engine.stay_in_touch()).await;
}

/// What is needed for staying in touch. While it can't be loaded, that is shown as what it is: nothing comes in.
async fn loaded<P: Platform, T>(at: &Active<P>, load: Load<T>) -> T {
    loop {
        match load().await {
            Ok(steps) => return steps,
            Err(missing) => {
                let woken = at.engine.woken();
                let fault = Fault::Part(missing);
                at.driver.tell_fault(&fault);
                at.driver.state.connection.set(Connection::Lost(fault));
                woken.await;
            }
        }
    }
}
