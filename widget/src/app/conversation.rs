//! What is done in a conversation, as the rest of the application reaches it: opening it, following it, writing.

use super::driver::Active;
use super::platform::Platform;
use super::steps::ThreadSteps;
use super::{outbox, thread};

impl<P: Platform> ThreadSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self {
            open: |at, typed| Box::pin(thread::open(at, typed)),
            open_peer: |at, peer| Box::pin(thread::open_peer(at, peer)),
            context_changed: |at| Box::pin(async move { thread::context_changed(&at) }),
            send: |at, text| {
                Box::pin(async move {
                    if let Some(open) = at.open_peer() {
                        outbox::send(&at, open, text, Vec::new()).await;
                    }
                })
            },
            check_peer: |at| Box::pin(thread::check_peer(at)),
            seen: |at| Box::pin(thread::seen(at)),
            follow: |at| Box::pin(thread::follow(at)),
        }
    }
}

impl<P: Platform> Default for ThreadSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}
