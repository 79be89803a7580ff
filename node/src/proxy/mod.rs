//! What a page reaches through its node, so that one host is enough in its content security policy.
//!
//! ```text
//! ethereum  JSON-RPC, reading methods alone ──▶ the configured Ethereum node
//! gateway   CCIP-read questions (EIP-3668)  ──▶ the gateway that a contract names
//! image     avatars, re-typed by content    ──▶ the host that a name's record names
//! message   envelopes of accounts here      ──▶ the delivery service that a name's record names
//! ```
//!
//! Where a stranger chooses the host, [`Outgoing`](crate::outgoing::Outgoing) decides whether it may be called. No
//! answer is passed on as it came: each proxy gives only what it is for, so that none is an open proxy.

mod ethereum;
mod gateway;
mod image;
mod message;

use std::time::Duration;

use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::outgoing::Outgoing;

pub use ethereum::{EthereumError, calls};
pub use gateway::GatewayFault;
pub use image::{Image, ImageError};
pub use message::{PostingError, parcels};

/// How long an answer of another host is waited for.
const TIME: Duration = Duration::from_secs(10);
/// How many redirects are followed.
const REDIRECTS: usize = 3;
/// How many calls to the Ethereum node run at once for clients. The node's own calls are not counted.
const CALLS_AT_ONCE: usize = 32;
/// How many images are fetched at once: each may be held in memory as a whole.
const IMAGES_AT_ONCE: usize = 8;

/// The proxies, with the bounds they share.
pub struct Proxies {
    outgoing: Outgoing,
    rpc_url: Zeroizing<String>,
    calls: Semaphore,
    images: Semaphore,
}

impl Proxies {
    /// Proxies that ask the Ethereum node at `rpc_url`, and other hosts as `outgoing` allows.
    pub fn new(outgoing: Outgoing, rpc_url: Zeroizing<String>) -> Self {
        Self {
            outgoing,
            rpc_url,
            calls: Semaphore::new(CALLS_AT_ONCE),
            images: Semaphore::new(IMAGES_AT_ONCE),
        }
    }
}
