//! The browser behind the ports of the core.

pub mod browser;
pub mod chain;
pub mod clock;
pub mod emoji;
pub mod entropy;
pub mod files;
pub mod fold;
pub mod http;
pub mod ipfs;
pub mod lease;
pub mod names;
pub mod notifications;
pub mod page;
pub mod parts;
pub mod pictures;
pub mod socket;
pub mod store;
pub mod tabs;
pub mod visibility;
pub mod wallet;
pub mod window;

use dm3_core::ports::Ports;
use dm3_core::session::TwoChains;
use dm3_core::web::HttpUrl;

use chain::JsonRpcChain;
use clock::BrowserClock;
use entropy::BrowserEntropy;
use http::BrowserHttp;
use ipfs::LazyIpfs;
use names::LazyNormaliser;
use socket::BrowserSockets;
use store::IndexedDbStore;
use wallet::WalletsChain;

/// All ports of a session in this browser.
pub struct BrowserPorts {
    chain: TwoChains<JsonRpcChain, WalletsChain>,
    normaliser: LazyNormaliser,
    http: BrowserHttp,
    ipfs: LazyIpfs,
    sockets: BrowserSockets,
    store: IndexedDbStore,
    clock: BrowserClock,
    entropy: BrowserEntropy,
}

impl BrowserPorts {
    /// The ports for a chain that is read through the Ethereum node at `rpc_url`, and through the wallets' own.
    pub fn new(rpc_url: HttpUrl, wallets: WalletsChain, store: IndexedDbStore) -> Self {
        let host = rpc_url.authority().to_owned();
        Self {
            chain: TwoChains::new(JsonRpcChain::new(rpc_url), wallets, host),
            normaliser: LazyNormaliser,
            http: BrowserHttp,
            ipfs: LazyIpfs::default(),
            sockets: BrowserSockets,
            store,
            clock: BrowserClock,
            entropy: BrowserEntropy,
        }
    }
}

impl Ports for BrowserPorts {
    type Chain = TwoChains<JsonRpcChain, WalletsChain>;
    type Normaliser = LazyNormaliser;
    type Http = BrowserHttp;
    type Ipfs = LazyIpfs;
    type Sockets = BrowserSockets;
    type Store = IndexedDbStore;
    type Clock = BrowserClock;
    type Entropy = BrowserEntropy;

    fn chain(&self) -> &Self::Chain {
        &self.chain
    }

    fn normaliser(&self) -> &LazyNormaliser {
        &self.normaliser
    }

    fn http(&self) -> &BrowserHttp {
        &self.http
    }

    fn ipfs(&self) -> &LazyIpfs {
        &self.ipfs
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
