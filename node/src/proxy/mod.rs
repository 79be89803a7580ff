//! What a page reaches through its node, so that one host is enough in its content security policy.
//!
//! ```text
//! ethereum  JSON-RPC, reading methods alone ──▶ the configured Ethereum node
//! gateway   CCIP-read questions (EIP-3668)  ──▶ the gateway that a contract names
//! image     avatars, re-typed by content    ──▶ the host that a name's record names
//! blob      parts of sealed files      ──▶ the node that a message names
//! document  what a record links to          ──▶ the host that a record names
//! service   two questions to delivery services ──▶ the delivery service that a name's record names
//! message   envelopes of accounts here      ──▶ the delivery service that a name's record names
//! ```
//!
//! Where a stranger chooses the host, [`Outgoing`](crate::outgoing::Outgoing) decides whether it may be called. No
//! answer is passed on as it came: each proxy gives only what it is for, so that none is an open proxy.

mod blob;
mod digits;
mod document;
mod ethereum;
mod gateway;
mod image;
mod logs;
mod service;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::ethereum::endpoints::Endpoints;
use crate::limits::{Payer, Pool};
use crate::outgoing::Outgoing;

pub use blob::BlobFault;
pub use document::DocumentFault;
pub use ethereum::{EthereumError, calls};
pub use gateway::GatewayFault;
pub use image::{Image, ImageError};
pub use service::{ServiceFault, ServiceQuestion};

/// How long an answer of another host is waited for.
pub const TIME: Duration = Duration::from_secs(10);
/// How many redirects are followed.
const REDIRECTS: usize = 3;
/// How many calls to the Ethereum node run at once for clients. The node's own calls are not counted.
const CALLS_AT_ONCE: usize = 32;
/// How many of them may be under way or wait for their turn, and how many of one client.
const CALLS_WAITING: usize = 640;
const CALLS_WAITING_OF_ONE: usize = 60;
/// How many images are fetched at once, and how many for one client: each may be held in memory as a whole.
const IMAGES_AT_ONCE: usize = 16;
const IMAGES_OF_ONE: usize = 6;

/// The proxies, with the bounds they share.
pub struct Proxies {
    pub(crate) outgoing: Outgoing,
    endpoints: Arc<Endpoints>,
    calls: Semaphore,
    waiting: Pool<Payer>,
    images: Pool<Payer>,
}

impl Proxies {
    /// Proxies that ask the Ethereum nodes at `endpoints`, and other hosts as `outgoing` allows.
    pub fn new(outgoing: Outgoing, endpoints: Arc<Endpoints>) -> Self {
        Self {
            outgoing,
            endpoints,
            calls: Semaphore::new(CALLS_AT_ONCE),
            waiting: Pool::new(CALLS_WAITING, CALLS_WAITING_OF_ONE),
            images: Pool::new(IMAGES_AT_ONCE, IMAGES_OF_ONE),
        }
    }
}
