use std::cell::Cell;
use std::rc::Rc;

use super::{FakeClock, MemoryStore, SeededEntropy, TestWallet};
use super::{MemoryPorts, Network};
use crate::conversation::ConversationId;
use crate::device::StoredMessage;
use crate::identity::{Address, EnsName, KeySeed, ProfileKeys, PublicKeys, UserProfile};
use crate::ports::{Store as _, Wallet as _};
use crate::session::{Directory, Keys, Session, SignIn};
use crate::thread::{Entry, Shown, fold};

/// alice.eth and bob.eth, each with a device and a wallet, in one network. Neither has signed in yet.
pub struct Pair {
    /// Owner of alice.eth.
    pub alice: Peer,
    /// Owner of bob.eth.
    pub bob: Peer,
    /// What is between them.
    pub network: Network,
}

/// A person with one wallet and one device.
pub struct Peer {
    /// Their wallet.
    pub wallet: TestWallet,
    /// Their device's storage; it outlives sessions.
    pub store: MemoryStore,
    /// Their device's clock, which can go wrong by itself.
    pub clock: FakeClock,
    network: Network,
    starts: Cell<u64>,
}

impl Pair {
    /// Two people who have never heard of dm3.
    pub fn new() -> Self {
        let network = Network::new();
        let (alice, bob) = (Peer::new(&network, "alice"), Peer::new(&network, "bob"));
        network.give_name(&"alice.eth".parse().expect("a name"), alice.address());
        network.give_name(&"bob.eth".parse().expect("a name"), bob.address());
        Self { alice, bob, network }
    }

    /// The same two people, signed in.
    pub async fn signed_in() -> (Self, Session<MemoryPorts>, Session<MemoryPorts>) {
        let pair = Self::new();
        let (alice, bob) = (pair.alice.sign_up().await, pair.bob.sign_up().await);
        (pair, alice, bob)
    }
}

impl Default for Pair {
    fn default() -> Self {
        Self::new()
    }
}

impl Peer {
    /// Somebody whose wallet's key follows from `name`. They own no ENS name.
    pub fn new(network: &Network, name: &str) -> Self {
        Self::with_wallet(network, TestWallet::of(name))
    }

    /// Somebody with this wallet.
    pub fn with_wallet(network: &Network, wallet: TestWallet) -> Self {
        Self {
            wallet,
            store: MemoryStore::default(),
            network: network.clone(),
            clock: network.clock().another(),
            starts: Cell::new(network.count_device() << 16),
        }
    }

    /// Their account.
    pub fn address(&self) -> Address {
        self.wallet.address()
    }

    /// The conversation that others have with them.
    pub fn conversation(&self) -> ConversationId {
        ConversationId::Peer(self.address())
    }

    /// Their address name.
    pub fn alias(&self) -> EnsName {
        EnsName::of_address(self.address(), &self.network.discovery().address_domain)
    }

    /// Starts the program on their device: nothing is remembered but what is in the store.
    pub fn directory(&self) -> Rc<Directory<MemoryPorts>> {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let ports = MemoryPorts::with_clock(self.network.clone(), store, clock, self.entropy());
        Rc::new(Directory::new(ports, self.network.discovery()))
    }

    /// Randomness that no other start of this device has, and no other device.
    pub fn entropy(&self) -> SeededEntropy {
        let start = self.starts.replace(self.starts.get() + 1);
        SeededEntropy::new(u64::from(self.address().as_bytes()[0]) << 32 | start)
    }

    /// Signs in for the first time, replacing other keys, and is remembered.
    pub async fn sign_up(&self) -> Session<MemoryPorts> {
        let directory = self.directory();
        let sign_in = SignIn::new(Rc::clone(&directory), self.address());
        self.create_keys(directory, sign_in).await
    }

    /// Signs in with other keys than before, which take their place; nothing else on the device changes.
    pub async fn with_new_keys(&self) -> Session<MemoryPorts> {
        let directory = self.directory();
        let sign_in = SignIn::new(Rc::clone(&directory), self.address());
        let sign_in = sign_in.with_nonce("0x6f6d".parse().expect("a nonce"));
        self.create_keys(directory, sign_in).await
    }

    async fn create_keys(
        &self,
        directory: Rc<Directory<MemoryPorts>>,
        sign_in: SignIn<MemoryPorts>,
    ) -> Session<MemoryPorts> {
        let signed_in = match sign_in.create_keys(&self.wallet).await.expect("keys") {
            Keys::Known(signed_in) => signed_in,
            Keys::New(registration) | Keys::OtherNonce(registration) | Keys::Unusable(registration) => {
                registration.publish(&self.wallet).await.expect("a profile")
            }
        };
        signed_in.remember(&directory).await.expect("storage");
        Session::resume(directory, self.address(), &signed_in.seed)
    }

    /// Starts the program anew and goes on with what the store remembers.
    pub async fn resume(&self) -> Session<MemoryPorts> {
        let account = self.store.account().await.expect("storage").expect("somebody is signed in").address;
        let seed = self.store.seed(account).await.expect("storage").expect("a seed");
        Session::resume(self.directory(), account, &seed)
    }

    /// The browser has thrown everything away, and they have signed in again.
    pub async fn resume_after_eviction(&self) -> Session<MemoryPorts> {
        self.store.erase(self.address()).await.expect("storage");
        self.store.set_account(None).await.expect("storage");
        self.sign_up().await
    }

    /// The secret keys on their device.
    pub async fn keys(&self) -> ProfileKeys {
        ProfileKeys::derive(&self.seed().await)
    }

    async fn seed(&self) -> KeySeed {
        self.store.seed(self.address()).await.expect("storage").expect("a seed")
    }

    /// Signs a profile and puts it at their address name, past the registration.
    pub async fn publish(&self, keys: PublicKeys, delivery_services: Vec<EnsName>) {
        let profile = UserProfile::new(keys, delivery_services);
        let message = profile.registration_message(self.address());
        let signature = self.wallet.sign_text(self.address(), &message).await.expect("a signature");
        self.network.set_profile(self.address(), profile.signed(signature));
    }

    /// What their conversation with `peer` shows.
    pub async fn entries(&self, peer: &Self) -> Vec<Entry> {
        let rows = self.store.messages(self.address(), peer.conversation(), None, usize::MAX).await;
        let messages: Vec<_> = rows.expect("storage").into_iter().map(StoredMessage::kept).collect();
        fold(&messages)
    }

    /// The texts of their conversation with `peer` in the order in which they are shown.
    pub async fn texts(&self, peer: &Self) -> Vec<String> {
        let entries = self.entries(peer).await.into_iter();
        entries
            .map(|entry| match entry.shown {
                Shown::Text { text, .. } => text,
                Shown::Deleted => String::new(),
            })
            .collect()
    }

    /// How many messages of `peer` they have not seen.
    pub async fn unread(&self, peer: &Self) -> u64 {
        let contact = self.store.contact(self.address(), peer.conversation()).await.expect("storage");
        let read_until = contact.map_or(0, |contact| contact.read_until);
        let count = self.store.count_incoming_after(self.address(), peer.conversation(), read_until).await;
        count.expect("storage")
    }

    /// How many envelopes their device keeps to try them again.
    pub async fn kept(&self) -> usize {
        self.store.kept(self.address()).await.expect("storage").len()
    }

    /// How many things are in their quarantine.
    pub async fn quarantined(&self) -> usize {
        self.store.quarantined_ids(self.address()).await.expect("storage").len()
    }
}
