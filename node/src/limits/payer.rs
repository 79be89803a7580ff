//! Who pays for what a request causes: look-ups, requests to other hosts, calls of the chain.
//!
//! It stands beside the task that serves the request, so that what happens far below can ask for it without every
//! function between passing it on.

use std::future::Future;

use super::{Client, Taker};

tokio::task_local! {
    static PAYER: Payer;
}

/// Who pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payer {
    /// This server itself: it has no share, only the bound for all.
    Node,
    /// Whoever asks.
    Client(Client),
}

impl Payer {
    /// Who pays for what the present task does.
    pub fn current() -> Self {
        PAYER.try_with(|payer| *payer).unwrap_or(Self::Node)
    }

    /// Has this one pay for all that is done within.
    pub async fn pays<T>(self, what: impl Future<Output = T>) -> T {
        PAYER.scope(self, what).await
    }
}

impl Taker for Payer {
    fn shares(&self) -> Vec<(Self, usize)> {
        match self {
            Self::Node => Vec::new(),
            Self::Client(client) => {
                client.shares().into_iter().map(|(client, times)| (Self::Client(client), times)).collect()
            }
        }
    }
}
