//! Somebody with a wallet and a profile.

use std::sync::atomic::{AtomicU64, Ordering};

use dm3_core::identity::wallet_signature::{address_of, eip191_hash};
use dm3_core::identity::{Address, EnsName, KeySeed, ProfileKeys, SignedProfile, UserProfile};
use dm3_core::message::{DeliveryInformation, Draft, Envelope, Header, ReceivedEnvelope, SignedMessage};
use dm3_core::seal::Entropy;
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};

use super::{Node, Reply, domain, node_keys};

pub struct Account {
    pub address: Address,
    pub keys: ProfileKeys,
    wallet: SigningKey,
    /// The name it signs in and sends with.
    pub name: EnsName,
    edition: u64,
    services: Vec<EnsName>,
}

pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

impl Account {
    /// Number `n` of the test's accounts, under its address name.
    pub fn new(n: u8) -> Self {
        let wallet = SigningKey::from_bytes(&[n; 32].into()).unwrap();
        Self::with(wallet, KeySeed::from_bytes([n; 32]))
    }

    /// One of more accounts than [`Self::new`] has.
    pub fn of_many(n: u16) -> Self {
        let mut bytes = [77; 32];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        Self::with(SigningKey::from_bytes(&bytes.into()).unwrap(), KeySeed::from_bytes(bytes))
    }

    /// One of the recorded accounts.
    pub fn recorded(private_key: &str, storage_key: &str) -> Self {
        let bytes: [u8; 32] = hex::decode(private_key).unwrap().try_into().unwrap();
        Self::with(SigningKey::from_bytes(&bytes.into()).unwrap(), KeySeed::from_base64(storage_key).unwrap())
    }

    fn with(wallet: SigningKey, seed: KeySeed) -> Self {
        let point = wallet.verifying_key().to_sec1_point(false);
        let address = address_of(point.as_bytes()[1..].try_into().unwrap());
        let name = EnsName::of_address(address, &domain());
        let services = vec!["ds1.eth".parse().unwrap()];
        Self { address, keys: ProfileKeys::derive(&seed), wallet, name, edition: 0, services }
    }

    /// The same wallet under another name.
    pub fn called(mut self, name: &str) -> Self {
        self.name = name.parse().unwrap();
        self
    }

    /// The same wallet with other profile keys.
    pub fn rotated(mut self, n: u8) -> Self {
        self.keys = ProfileKeys::derive(&KeySeed::from_bytes([n; 32]));
        self
    }

    /// The smart account at `address`, which belongs to this wallet.
    pub fn smart(mut self, address: Address) -> Self {
        (self.address, self.name) = (address, EnsName::of_address(address, &domain()));
        self
    }

    /// The same keys in another edition of the profile.
    pub fn edition(mut self, edition: u64) -> Self {
        self.edition = edition;
        self
    }

    /// The same keys in a profile that lists another delivery service behind the first.
    pub fn also_at(mut self, service: &str) -> Self {
        self.services.push(service.parse().unwrap());
        self
    }

    pub fn profile(&self) -> SignedProfile {
        let profile = UserProfile::new(self.keys.public(), self.services.clone()).with_edition(self.edition);
        let hash = eip191_hash(profile.registration_message(self.address).as_bytes());
        let (signature, recovery) = self.wallet.sign_prehash_recoverable(&hash);
        let signature = format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + recovery.to_byte());
        profile.signed(signature)
    }

    /// Registers with the mailbox.
    pub async fn registered(self, node: &Node) -> Self {
        let reply = node.post(&format!("/ds/profile/{}", self.name), &self.profile().to_json()).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        self
    }

    /// What claims a name for it.
    pub fn claim(&self, name: &str) -> Value {
        let signature = self.keys.signing.sign(&format!("alias: {name}"));
        json!({ "dm3Name": name, "addressName": self.name, "signature": signature })
    }

    /// Publishes its profile under its address, then claims the name `label` of the node's.
    pub async fn claim_name(&self, node: &Node, label: &str) -> Reply {
        let publication = json!({
            "signedUserProfile": self.profile().to_json(),
            "address": self.address,
            "subdomain": ".addr.dm3.eth",
        });
        assert_eq!(node.post("/resolver-handler/profile/address", &publication).await.status, 200);
        let claim = self.claim(&format!("{label}.user.dm3.eth"));
        node.post("/resolver-handler/profile/name", &claim).await
    }

    /// Signs in and gives the session's token.
    pub async fn sign_in(&self, node: &Node) -> String {
        let challenge = node.get(&format!("/ds/auth/{}", self.name)).await.text();
        let reply = node.post(&format!("/ds/auth/{}", self.name), &self.answer(&challenge)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.text()
    }

    pub fn answer(&self, challenge: &str) -> Value {
        json!({ "challenge": challenge, "signature": self.keys.signing.sign(challenge) })
    }

    pub fn message(&self, receiver: &Account, text: &str) -> SignedMessage {
        static CLOCK: AtomicU64 = AtomicU64::new(1_795_398_894_000);
        let header = Header {
            from: self.name.clone(),
            to: receiver.name.clone(),
            timestamp: CLOCK.fetch_add(1, Ordering::Relaxed),
        };
        Draft::text(header, text).sign(&self.keys.signing)
    }

    /// A message in its envelope for the node.
    pub fn envelope(&self, receiver: &Account, text: &str) -> Envelope {
        self.envelope_addressed(receiver, text, self.name.as_str(), receiver.name.as_str())
    }

    /// An envelope with these names outside.
    pub fn envelope_addressed(&self, receiver: &Account, text: &str, from: &str, to: &str) -> Envelope {
        let information =
            DeliveryInformation { from: from.into(), to: to.into(), delivery_instruction: None };
        let encryption = receiver.keys.public().encryption;
        let message = self.message(receiver, text);
        let service = node_keys().public().encryption;
        Envelope::seal(&message, &information, &encryption, &service, &self.keys, &OsEntropy).unwrap()
    }

    /// Sends a text; gives the hash of the message.
    pub async fn send(&self, node: &Node, receiver: &Account, text: &str) -> String {
        let envelope = self.envelope(receiver, text);
        let reply = node.post("/ds/rpc", &submit(&envelope.to_canonical())).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, "OK"));
        envelope.claimed_hash().to_owned()
    }

    pub async fn incoming(&self, node: &Node, token: &str) -> Vec<Value> {
        let reply = node.get_as(token, &format!("/ds/delivery/messages/incoming/{}/", self.name)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json().as_array().unwrap().clone()
    }

    /// The texts in the mailbox, in its order.
    pub async fn texts(&self, node: &Node, token: &str) -> Vec<String> {
        self.incoming(node, token).await.iter().map(|envelope| self.open(envelope)).collect()
    }

    pub fn open(&self, envelope: &Value) -> String {
        let opened = ReceivedEnvelope::from_json(envelope).unwrap().open(&self.keys).unwrap();
        SignedMessage::parse(&opened).unwrap().text().to_owned()
    }

    pub async fn acknowledge(&self, node: &Node, token: &str, contact: &str, hash: &str) {
        let path = format!("/ds/delivery/messages/{}/syncAcknowledgements/", self.name);
        let body = json!({ "acknowledgements": [{ "contactAddress": contact, "messageHash": hash }] });
        let reply = node.post_as(token, &path, &body).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, ""));
    }
}

/// The JSON-RPC request that submits an envelope's text.
pub fn submit(envelope: &str) -> Value {
    json!({ "jsonrpc": "2.0", "method": "dm3_submitMessage", "params": [envelope] })
}
