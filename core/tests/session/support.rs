//! What the tests of this folder share.

use dm3_core::delivery::api;
pub use dm3_core::device::Lane;
use dm3_core::device::MessageRow;
use dm3_core::identity::{EnsName, KeySeed, ProfileKeys, SignedProfile, UserProfile};
use dm3_core::message::{DeliveryInformation, Draft, Envelope, Header, MessageHash, SignedMessage};
use dm3_core::ports::{Http as _, Store as _, Wallet as _};
use dm3_core::registry::PROFILE_KEY;
use dm3_core::seal::{EncryptionKey, seal, sha256_hex};
pub use dm3_core::session::NewMessage;
use dm3_core::session::{Flushed, Home, Received, Session};
use dm3_core::testing::{DeliveryService, MemoryPorts, Network, Pair, Peer, SeededEntropy};
use serde_json::{Value, json};

pub use pollster::block_on as run;

pub type TestSession = Session<MemoryPorts>;

/// The submissions at a delivery service, for [`Network::fail`].
pub const SUBMIT: &str = "POST https://dm3.example/ds/rpc";
/// The acknowledgements at the first delivery service.
pub const ACKNOWLEDGE: &str = "syncAcknowledgements";

pub fn name(text: &str) -> EnsName {
    text.parse().unwrap()
}

/// Keys that have nothing to do with any wallet.
pub fn keys_of(text: &str) -> ProfileKeys {
    ProfileKeys::derive(&KeySeed::derive(text))
}

/// Carol, whose name `carol.eth` links to her profile: she, the address it links to, and what is to be there.
pub async fn linked_carol(network: &Network) -> (Peer, String, SignedProfile) {
    let (carol, name_of) = (Peer::new(network, "carol"), name("carol.eth"));
    network.give_name(&name_of, carol.address());
    let profile = UserProfile::new(keys_of("carol").public(), vec![name("ds.dm3.eth")]);
    let text = profile.registration_message(carol.address());
    let signed = profile.signed(carol.wallet.sign_text(carol.address(), &text).await.unwrap());
    let url = format!("https://files.example/carol.json?dm3Hash={}", sha256_hex(&signed.to_canonical()));
    network.edit_name(&name_of, |records| {
        records.texts.insert(PROFILE_KEY.into(), url.clone());
    });
    (carol, url, signed)
}

/// Writes a message and tries to deliver the outbox.
pub async fn say(session: &TestSession, peer: &Peer, text: &str) -> Flushed {
    session.compose(peer.conversation(), text).await.unwrap();
    session.flush().await.unwrap()
}

/// Takes in what waits, and gives how many messages were new.
pub async fn sync(session: &TestSession) -> usize {
    session.sync().await.unwrap().new.len()
}

/// Takes in what was pushed.
pub async fn accept(session: &TestSession, home: &Home, envelopes: Vec<Value>) -> Received {
    let mut received = Received::default();
    session.accept(home, envelopes, &mut |more| received.add(more)).await.unwrap();
    received
}

/// Everything a device keeps of a conversation, oldest first.
pub async fn conversation(of: &Peer, with: &Peer) -> Vec<MessageRow> {
    let mut rows = of.store.messages(of.address(), with.conversation(), None, usize::MAX).await.unwrap();
    rows.reverse();
    rows
}

/// The types of the messages in a conversation, oldest first.
pub async fn kinds(of: &Peer, with: &Peer) -> Vec<String> {
    let kind = |row: MessageRow| SignedMessage::parse(&row.json).unwrap().kind().to_string();
    conversation(of, with).await.into_iter().map(kind).collect()
}

/// A message that no honest client would send like this. Begins as an honest one from alice to bob.
pub struct Letter {
    pub from: EnsName,
    pub to: EnsName,
    pub timestamp: u64,
    pub text: String,
    pub signed_by: ProfileKeys,
    pub sealed_for: EncryptionKey,
    /// What is sealed in place of the message.
    pub plaintext: Option<String>,
    /// What stands in place of the sealed message.
    pub sealed: Option<String>,
    /// The hash the envelope claims in place of the message's.
    pub claimed_hash: Option<String>,
    /// What is signed in place of the text.
    pub draft: Option<Draft>,
    /// The sender and the receiver that the envelope names in place of the message's.
    pub outside: (Option<EnsName>, Option<EnsName>),
}

impl Letter {
    pub async fn new(pair: &Pair, text: &str) -> Self {
        Self {
            from: pair.alice.alias(),
            to: pair.bob.alias(),
            timestamp: dm3_core::ports::Clock::now(pair.network.clock()),
            text: text.to_owned(),
            signed_by: pair.alice.keys().await,
            sealed_for: pair.bob.keys().await.public().encryption,
            plaintext: None,
            sealed: None,
            claimed_hash: None,
            draft: None,
            outside: (None, None),
        }
    }

    pub fn header(&self) -> Header {
        Header { from: self.from.clone(), to: self.to.clone(), timestamp: self.timestamp }
    }

    fn signed(&self) -> SignedMessage {
        let draft = self.draft.clone().unwrap_or_else(|| Draft::text(self.header(), &self.text));
        draft.sign(&self.signed_by.signing)
    }

    pub fn hash(&self) -> MessageHash {
        self.signed().hash().clone()
    }

    fn envelope(&self, receiver: &EnsName, service: &DeliveryService) -> Envelope {
        let entropy = SeededEntropy::new(self.text.len() as u64);
        let (from, to) = &self.outside;
        let information = DeliveryInformation {
            from: from.as_ref().unwrap_or(&self.from).to_string(),
            to: to.as_ref().unwrap_or(receiver).to_string(),
            delivery_instruction: None,
        };
        let key = service.profile().encryption_key;
        let message = self.signed();
        let envelope =
            Envelope::seal(&message, &information, &self.sealed_for, &key, &self.signed_by, &entropy);
        let mut envelope: Value = serde_json::from_str(&envelope.unwrap().to_canonical()).unwrap();
        if let Some(plaintext) = &self.plaintext {
            envelope["message"] = json!(seal(plaintext, &self.sealed_for, &entropy).unwrap().to_string());
        }
        if let Some(sealed) = &self.sealed {
            envelope["message"] = json!(sealed);
        }
        if let Some(hash) = &self.claimed_hash {
            envelope["metadata"]["messageHash"] = json!(hash);
        }
        Envelope::parse(&envelope.to_string()).unwrap()
    }

    /// Hands it to the first delivery service, for bob.
    pub async fn submit(&self, pair: &Pair) {
        self.submit_to(pair, &pair.bob).await;
    }

    /// Hands it to the first delivery service.
    pub async fn submit_to(&self, pair: &Pair, receiver: &Peer) {
        let service = pair.network.first_service();
        let envelope = self.envelope(&receiver.alias(), service);
        let reply = pair.network.send(&api::submit(service.url(), &envelope)).await;
        api::parse_submitted(&reply.unwrap()).unwrap();
    }
}

/// What is told of a message of `peer` that was not here before.
pub fn came(peer: &Peer, hash: &MessageHash, lane: Lane) -> NewMessage {
    NewMessage { conversation: peer.conversation(), hash: hash.clone(), lane }
}
