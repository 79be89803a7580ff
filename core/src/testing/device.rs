use super::network::IPFS_GATEWAYS;
use super::{FakeClock, MemoryStore, Network, SeededEntropy};
use crate::ports::Ports;
use crate::session::IpfsGateways;

/// The ports of one device in a [`Network`].
pub struct MemoryPorts {
    network: Network,
    ipfs: IpfsGateways<Network>,
    store: MemoryStore,
    clock: FakeClock,
    entropy: SeededEntropy,
}

impl MemoryPorts {
    /// The ports of a device that keeps its records in `store` and shows the network's time.
    pub fn new(network: Network, store: MemoryStore, entropy: SeededEntropy) -> Self {
        let clock = network.clock().clone();
        Self::with_clock(network, store, clock, entropy)
    }

    /// The ports of a device with a clock of its own.
    pub fn with_clock(
        network: Network,
        store: MemoryStore,
        clock: FakeClock,
        entropy: SeededEntropy,
    ) -> Self {
        let gateways = IPFS_GATEWAYS.map(|url| url.parse().expect("a URL")).to_vec();
        let ipfs = IpfsGateways::new(network.clone(), gateways);
        Self { network, ipfs, store, clock, entropy }
    }
}

impl Ports for MemoryPorts {
    type Chain = Network;
    type Normaliser = Network;
    type Http = Network;
    type Ipfs = IpfsGateways<Network>;
    type Sockets = Network;
    type Store = MemoryStore;
    type Clock = FakeClock;
    type Entropy = SeededEntropy;

    fn chain(&self) -> &Network {
        &self.network
    }

    fn normaliser(&self) -> &Network {
        &self.network
    }

    fn http(&self) -> &Network {
        &self.network
    }

    fn ipfs(&self) -> &IpfsGateways<Network> {
        &self.ipfs
    }

    fn sockets(&self) -> &Network {
        &self.network
    }

    fn store(&self) -> &MemoryStore {
        &self.store
    }

    fn clock(&self) -> &FakeClock {
        &self.clock
    }

    fn entropy(&self) -> &SeededEntropy {
        &self.entropy
    }
}
