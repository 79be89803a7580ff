//! Documents on IPFS that records lead to, block by block from gateways that need not be trusted.
//!
//! ```text
//! block ─▶ had lately ─▶ taken
//!       ─▶ the gateway that answered last ─▶ right by its hash ─▶ taken
//!            ─▶ it fails, or a second passes ─▶ the next one beside it, and so on
//!       ─▶ none has it: too large at all of them ─▶ Wrong, for good
//!                       else ─▶ Unavailable, for now
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dm3_core::registry::IpfsLocation;
use dm3_core::registry::ipfs::{IpfsError, IpfsFetch, MAX_BLOCK};
use dm3_core::web::BaseUrl;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::ethereum::recent::Recent;
use crate::outgoing::{Bounds, Fetched, Outgoing, OutgoingError, Use};

/// How long a gateway may take for a block.
const BLOCK_TIME: Duration = Duration::from_secs(5);
/// How long a gateway is waited for before the next one is asked beside it. Of the three seconds in which a sender is looked
/// up, it leaves time for another.
const HEAD_START: Duration = Duration::from_secs(1);
/// How long a document may take, or a block that a page wants.
const DOCUMENT_TIME: Duration = Duration::from_secs(10);
/// How many redirects are followed.
const REDIRECTS: usize = 3;
/// How many blocks are fetched for a document: it has 64 KiB at most, which is one, and directories on the way to it.
const MAX_BLOCKS: usize = 8;
/// How many blocks are remembered (8 MiB at most), and for how long. What a CID names never changes.
const REMEMBERED_BLOCKS: usize = 64;
const REMEMBERED: Duration = Duration::from_secs(600);

/// The gateways that are asked. They learn what is looked for; nothing they say is believed without its hash.
pub struct IpfsReader {
    outgoing: Outgoing,
    gateways: Vec<BaseUrl>,
    /// Which of them answered last.
    answered: AtomicUsize,
    /// Blocks, by the address they have at the first gateway.
    blocks: Recent<String, Arc<[u8]>>,
}

/// Why there is no document, or no block.
#[derive(Debug, thiserror::Error)]
pub enum IpfsFault {
    /// Not an address that can be asked for, or nothing that is read.
    #[error(transparent)]
    Wrong(IpfsError),
    /// In more blocks than are fetched here.
    #[error("what lies on IPFS is in more than {MAX_BLOCKS} pieces")]
    Pieces,
    /// No gateway is set up.
    #[error("nothing on IPFS is read here")]
    NotRead,
    /// No gateway has it now.
    #[error("no gateway of IPFS has it at the moment")]
    Unavailable,
    /// There is no place for more requests.
    #[error("too many requests are under way")]
    Busy,
}

impl IpfsFault {
    /// Which of two faults of gateways is told: what may pass before what stays.
    fn or(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Busy, _) | (Self::Unavailable, Self::Wrong(_)) => self,
            _ => other,
        }
    }
}

/// A block, and what it makes of the document.
type Taken = (Arc<[u8]>, Result<Option<String>, IpfsError>);

impl IpfsReader {
    /// Asks gateways that answer `<gateway>/ipfs/<CID>?format=raw` with blocks (IPFS trustless gateway specification).
    pub fn new(outgoing: Outgoing, gateways: Vec<BaseUrl>) -> Self {
        let blocks = Recent::new(REMEMBERED_BLOCKS, REMEMBERED);
        Self { outgoing, gateways, answered: AtomicUsize::new(0), blocks }
    }

    /// Whether anything is read.
    pub const fn reads(&self) -> bool {
        !self.gateways.is_empty()
    }

    /// The text of a document of at most 64 KiB.
    ///
    /// # Errors
    /// [`IpfsFault`].
    pub async fn document(&self, link: &IpfsLocation) -> Result<String, IpfsFault> {
        let mut fetch = IpfsFetch::new(link).map_err(IpfsFault::Wrong)?;
        let reading = async {
            for _ in 0..MAX_BLOCKS {
                let (_, taken) = self.next(&mut fetch, Use::IpfsLookup).await?;
                if let Some(document) = taken.map_err(IpfsFault::Wrong)? {
                    return Ok(document);
                }
            }
            Err(IpfsFault::Pieces)
        };
        tokio::time::timeout(DOCUMENT_TIME, reading).await.map_err(|_| IpfsFault::Unavailable)?
    }

    /// The block that a CID names, at most 128 KiB: a raw one, or one of a file or directory.
    ///
    /// # Errors
    /// [`IpfsFault`].
    pub async fn block(&self, cid: &str) -> Result<Arc<[u8]>, IpfsFault> {
        let link = IpfsLocation::new(&format!("ipfs://{cid}"));
        let mut fetch = IpfsFetch::new(&link).map_err(IpfsFault::Wrong)?;
        let reading = self.next(&mut fetch, Use::IpfsPage);
        let taken = tokio::time::timeout(DOCUMENT_TIME, reading).await;
        Ok(taken.map_err(|_| IpfsFault::Unavailable)??.0)
    }

    /// The block that is wanted next.
    async fn next(&self, fetch: &mut IpfsFetch, what_for: Use) -> Result<Taken, IpfsFault> {
        let first = self.gateways.first().ok_or(IpfsFault::NotRead)?;
        let known_as = fetch.request(first).map_err(IpfsFault::Wrong)?.url.as_str().to_owned();
        if let Some(block) = self.blocks.get(&known_as) {
            let taken = fetch.block(&block);
            return Ok((block, taken));
        }
        let (block, taken) = self.ask(fetch, what_for).await?;
        self.blocks.insert(known_as, Arc::clone(&block));
        Ok((block, taken))
    }

    /// Asks the gateways, each beside those before it that are slow.
    async fn ask(&self, fetch: &mut IpfsFetch, what_for: Use) -> Result<Taken, IpfsFault> {
        let best = self.answered.load(Ordering::Relaxed);
        let others = (0..self.gateways.len()).filter(|n| *n != best);
        let mut order = std::iter::once(best).chain(others);
        let mut asked = FuturesUnordered::new();
        let mut faults: Option<IpfsFault> = None;
        loop {
            let more = order.next();
            if let Some((n, gateway)) = more.and_then(|n| Some((n, self.gateways.get(n)?))) {
                let url = fetch.request(gateway).map_err(IpfsFault::Wrong)?.url;
                asked.push(async move { (n, self.fetch(what_for, url.as_str()).await) });
            }
            let waiting = async {
                match more {
                    Some(_) => tokio::time::timeout(HEAD_START, asked.next()).await.ok(),
                    None => Some(asked.next().await),
                }
            };
            let fault = match waiting.await {
                // It is slow.
                None => continue,
                Some(None) if more.is_some() => continue,
                Some(None) => return Err(faults.unwrap_or(IpfsFault::NotRead)),
                Some(Some((n, Ok(block)))) => match fetch.block(&block) {
                    Err(IpfsError::WrongBlock) => IpfsFault::Unavailable,
                    taken => {
                        self.answered.store(n, Ordering::Relaxed);
                        return Ok((block.into(), taken));
                    }
                },
                Some(Some((_, Err(fault)))) => fault,
            };
            faults = Some(match faults {
                Some(before) => before.or(fault),
                None => fault,
            });
        }
    }

    /// What one gateway gives.
    ///
    /// That a block is too large is found out here and stays, whoever gives it. All else may pass, also where a gateway says
    /// that it has no such block (404), or none any more (410): no hash vouches for a gateway's word, those who offer the block
    /// may be away for the moment, and what was just published comes to gateways late. A record that leads to what nobody
    /// has ever had is told as "not now", which concerns its owner alone.
    async fn fetch(&self, what_for: Use, url: &str) -> Result<Vec<u8>, IpfsFault> {
        let bounds = Bounds { bytes: MAX_BLOCK, time: BLOCK_TIME, redirects: REDIRECTS };
        match self.outgoing.fetch_configured(what_for, url, bounds).await {
            Ok(Fetched { status: 200, body, .. }) => Ok(body),
            Err(OutgoingError::TooLarge) => Err(IpfsFault::Wrong(IpfsError::TooLarge)),
            Err(OutgoingError::Busy) => Err(IpfsFault::Busy),
            Ok(_) | Err(_) => Err(IpfsFault::Unavailable),
        }
    }
}
