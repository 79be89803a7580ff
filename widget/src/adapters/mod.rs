//! The browser behind the ports of the core.

pub mod chain;
pub mod clock;
pub mod entropy;
pub mod http;
pub mod lease;
pub mod names;
pub mod online;
pub mod page;
pub mod parts;
pub mod socket;
pub mod store;
pub mod tabs;
pub mod visibility;
pub mod wallet;

use dm3_core::ports::{NoIpfs, Ports};
use dm3_core::web::HttpUrl;

use chain::JsonRpcChain;
use clock::BrowserClock;
use entropy::BrowserEntropy;
use http::BrowserHttp;
use names::LazyNormaliser;
use socket::BrowserSockets;
use store::IndexedDbStore;

/// All ports of a session in this browser.
pub struct BrowserPorts {
    chain: JsonRpcChain,
    normaliser: LazyNormaliser,
    http: BrowserHttp,
    sockets: BrowserSockets,
    store: IndexedDbStore,
    clock: BrowserClock,
    entropy: BrowserEntropy,
}

impl BrowserPorts {
    /// The ports for a chain that is read through the Ethereum node at `rpc_url`.
    pub fn new(rpc_url: HttpUrl, store: IndexedDbStore) -> Self {
        Self {
            chain: JsonRpcChain::new(rpc_url),
            normaliser: LazyNormaliser,
            http: BrowserHttp,
            sockets: BrowserSockets,
            store,
            clock: BrowserClock,
            entropy: BrowserEntropy,
        }
    }
}

impl Ports for BrowserPorts {
    type Chain = JsonRpcChain;
    type Normaliser = LazyNormaliser;
    type Http = BrowserHttp;
    type Ipfs = NoIpfs;
    type Sockets = BrowserSockets;
    type Store = IndexedDbStore;
    type Clock = BrowserClock;
    type Entropy = BrowserEntropy;

    fn chain(&self) -> &JsonRpcChain {
        &self.chain
    }

    fn normaliser(&self) -> &LazyNormaliser {
        &self.normaliser
    }

    fn http(&self) -> &BrowserHttp {
        &self.http
    }

    fn ipfs(&self) -> &NoIpfs {
        &NoIpfs
    }

    fn sockets(&self) -> &BrowserSockets {
        &self.sockets
    }

    fn store(&self) -> &IndexedDbStore {
        &self.store
    }

    fn clock(&self) -> &BrowserClock {
        &self.clock
    }

    fn entropy(&self) -> &BrowserEntropy {
        &self.entropy
    }
}
