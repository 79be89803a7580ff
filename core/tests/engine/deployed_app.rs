//! The deployed app of an account, as far as its backend sees it: what it asks, in which order, and what it shows of what
//! it reads. It believes whatever is stored, as the original does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dm3_core::delivery::api::{self as delivery, Acknowledgement};
use dm3_core::identity::{EnsName, ProfileKeys};
use dm3_core::message::{DeliveryInformation, Draft, Envelope, Header, ReceivedEnvelope, SignedMessage};
use dm3_core::ports::{Clock as _, Http as _};
use dm3_core::seal::json::canonical;
use dm3_core::seal::{Sealed, open, seal, sha256_hex};
use dm3_core::storage::LegacyNames;
use dm3_core::storage::api::{
    self, AddConversation, AddMessage, AddMessageBatch, ClearHalted, EditMessageBatch, HideConversation,
    MessageRow, NewRow, Storage,
};
use dm3_core::testing::{Network, Peer, SeededEntropy};
use dm3_core::web::{BaseUrl, HttpRequest, HttpResponse, SessionToken};
use serde_json::{Value, json};

use super::world::{Device, World, now};

const CREATED: u64 = 0;
const SENT: u64 = 2;
const READ: u64 = 3;
const FAILED: u64 = 4;

/// The deployed app, signed in.
pub struct DeployedApp {
    network: Network,
    keys: ProfileKeys,
    account: EnsName,
    entropy: SeededEntropy,
    backend: BaseUrl,
    service: BaseUrl,
}

impl DeployedApp {
    /// Signs the account of a device up at the backend, and in.
    pub fn sign_in(world: &World, device: &Device) -> Self {
        let network = world.network.clone();
        let discovery = network.discovery();
        let (backend, service) = (discovery.storage_url, discovery.delivery_service_url);
        network.first_backend().sign_up(device.peer.address());
        let (keys, account) = (now(device.peer.keys()), device.peer.alias());
        let entropy = SeededEntropy::new(4711);
        Self { network, keys, account, entropy, backend, service }
    }

    /// Logs in, which it does before everything.
    fn token(&self) -> SessionToken {
        let ask = |request: &HttpRequest| now(self.network.send(request)).unwrap();
        let reply = ask(&delivery::get_challenge(&self.backend, &self.account));
        let challenge = delivery::parse_challenge(&self.backend, &reply, &self.account).unwrap();
        let key = &self.keys.signing;
        let answer = delivery::answer_challenge(&self.backend, &self.account, &challenge, key);
        delivery::parse_token(&ask(&answer)).unwrap()
    }

    fn ask(&self, request: impl FnOnce(Storage<'_>) -> HttpRequest) -> HttpResponse {
        let token = &self.token();
        let storage = Storage { server: &self.backend, account: &self.account, token };
        now(self.network.send(&request(storage))).unwrap()
    }

    fn names(&self) -> LegacyNames {
        LegacyNames::new(&self.keys.encryption, &self.account)
    }

    fn sealed(&self, container: &Value) -> String {
        let sealed = seal(&canonical(container), &self.keys.encryption.public(), &self.entropy).unwrap();
        STANDARD.encode(sealed.to_string())
    }

    fn opened(&self, container: &str) -> Value {
        let sealed = String::from_utf8(STANDARD.decode(container).unwrap()).unwrap();
        let text = open(&Sealed::parse(&sealed).unwrap(), &self.keys.encryption).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The names of the conversations in its list, and where it looks for their profiles.
    pub fn list(&self) -> Vec<(String, String)> {
        let page = api::parse_conversations(&self.ask(|storage| storage.conversations(10, 0))).unwrap();
        assert_eq!(page.unreadable, 0);
        let names = self.names();
        let open = |text: &str| names.open(text).unwrap().to_string();
        page.rows
            .iter()
            .map(|row| (open(&row.contact), open(row.profile_location.as_ref().unwrap())))
            .collect()
    }

    fn rows(&self, with: &Peer) -> Vec<MessageRow> {
        let name = self.names().seal(with.alias().as_str()).unwrap();
        let mut rows = Vec::new();
        for page in 0.. {
            let found = api::parse_messages(&self.ask(|it| it.messages(&name, 100, page))).unwrap();
            assert_eq!(found.unreadable, 0);
            if found.rows.is_empty() {
                break;
            }
            rows.extend(found.rows);
        }
        rows
    }

    /// The texts of a conversation, oldest first.
    pub fn shows(&self, with: &Device) -> Vec<String> {
        self.texts_where(with, |_, _| true)
    }

    /// The texts that it counts as unread.
    pub fn unread(&self, with: &Device) -> Vec<String> {
        let own = self.account.to_string();
        self.texts_where(with, |_, container| {
            container["messageState"] != READ && container["envelop"]["message"]["metadata"]["from"] != own
        })
    }

    /// The texts that could not be delivered.
    pub fn failed(&self, with: &Device) -> Vec<String> {
        self.texts_where(with, |_, container| container["messageState"] == FAILED)
    }

    /// The texts that wait for their receiver.
    pub fn halted(&self, with: &Device) -> Vec<String> {
        self.texts_where(with, |row, _| row.halted)
    }

    fn texts_where(&self, with: &Device, shown: impl Fn(&MessageRow, &Value) -> bool) -> Vec<String> {
        let mut texts = Vec::new();
        for row in self.rows(&with.peer).into_iter().rev() {
            let container = self.opened(&row.container);
            let metadata = &container["envelop"]["metadata"];
            // The app throws on a row that lacks one of these.
            for member in ["messageHash", "signature", "version", "encryptionScheme"] {
                assert!(metadata[member].is_string(), "{member}");
            }
            let message = &container["envelop"]["message"];
            assert_eq!(metadata["messageHash"], sha256_hex(&canonical(message)));
            if shown(&row, &container) {
                texts.push(message["message"].as_str().unwrap_or_default().to_owned());
            }
        }
        texts
    }

    fn container(&self, message: &SignedMessage, state: u64) -> Value {
        let (from, to) = (message.from(), message.to());
        json!({
            "envelop": {
                "message": serde_json::from_str::<Value>(&message.to_canonical()).unwrap(),
                "metadata": {
                    "deliveryInformation": { "from": from, "to": to },
                    "encryptionScheme": "x25519-chacha20-poly1305",
                    "messageHash": message.hash().as_str(),
                    "signature": "of the envelope",
                    "version": "v1",
                },
                "postmark": { "incommingTimestamp": self.network.clock().now() },
            },
            "messageState": state,
            "reactions": [],
            "source": 0,
        })
    }

    fn add_conversation(&self, name: &str, found_at: &[&str]) -> String {
        let encrypted_contact_name = self.names().seal(name).unwrap();
        let location = self.names().seal(&json!(found_at).to_string()).unwrap();
        let body = AddConversation {
            encrypted_contact_name: encrypted_contact_name.clone(),
            encrypted_profile_location: location,
        };
        api::parse_done(&self.ask(|storage| storage.add_conversation(&body))).unwrap();
        encrypted_contact_name
    }

    fn written(&self, to: &Peer, text: &str) -> SignedMessage {
        let timestamp = self.network.clock().now();
        let header = Header { from: self.account.clone(), to: to.alias(), timestamp };
        Draft::text(header, text).sign(&self.keys.signing)
    }

    fn store(&self, to: &str, message: &SignedMessage, halted: bool) {
        let encrypted_contact_name = self.add_conversation(to, &[to]);
        let body = AddMessage {
            encrypted_contact_name,
            message_id: message.hash().as_str().to_owned(),
            created_at: self.network.clock().now(),
            encrypted_envelop_container: self.sealed(&self.container(message, CREATED)),
            is_halted: halted,
        };
        api::parse_done(&self.ask(|storage| storage.add_message(&body))).unwrap();
    }

    /// Writes to somebody: stored as created, which it stays, and handed to the delivery service.
    pub fn sends(&self, to: &Device, text: &str) {
        let message = self.written(&to.peer, text);
        self.store(to.peer.alias().as_str(), &message, false);
        let information = DeliveryInformation {
            from: message.from().to_owned(),
            to: message.to().to_owned(),
            delivery_instruction: None,
        };
        let receiver = now(to.peer.keys()).public().encryption;
        let service = self.network.first_service().profile().encryption_key;
        let envelope =
            Envelope::seal(&message, &information, &receiver, &service, &self.keys, &self.entropy).unwrap();
        let reply = now(self.network.send(&delivery::submit(&self.service, &envelope))).unwrap();
        delivery::parse_submitted(&reply).unwrap();
    }

    /// Stores a message to somebody as sent, and sends nothing.
    pub fn sends_nothing_but(&self, to: &Device, text: &str) {
        self.store(to.peer.alias().as_str(), &self.written(&to.peer, text), false);
    }

    /// Somebody was found, at the last of these names.
    pub fn lists(&self, with: &Device, found_at: &[&str]) {
        self.add_conversation(with.peer.alias().as_str(), found_at);
    }

    /// Writes to somebody who has no profile yet.
    pub fn halts(&self, to: &Device, text: &str) {
        self.store(to.peer.alias().as_str(), &self.written(&to.peer, text), true);
    }

    /// A row that somebody else made for it, as everybody can.
    pub fn is_given(&self, filed_with: &Device, message: &SignedMessage) {
        self.store(filed_with.peer.alias().as_str(), message, false);
    }

    /// Takes in what waits at the delivery service, and acknowledges it.
    pub fn picks_up(&self) {
        self.take_in(true);
    }

    /// Takes in what comes over its socket, which acknowledges nothing.
    pub fn is_pushed_what_waits(&self) {
        self.take_in(false);
    }

    fn take_in(&self, acknowledges: bool) {
        let token = &self.token();
        let reply = now(self.network.send(&delivery::get_incoming(&self.service, &self.account, token)));
        for envelope in delivery::parse_incoming(&reply.unwrap()).unwrap().envelopes {
            let text = ReceivedEnvelope::from_json(&envelope).unwrap().open(&self.keys).unwrap();
            let message = SignedMessage::parse(&text).unwrap();
            let body = AddMessageBatch {
                encrypted_contact_name: self.add_conversation(message.from(), &[message.from()]),
                message_batch: vec![NewRow {
                    message_id: message.hash().as_str().to_owned(),
                    created_at: self.network.clock().now(),
                    encrypted_envelop_container: self.sealed(&self.container(&message, SENT)),
                    is_halted: false,
                }],
            };
            api::parse_done(&self.ask(|storage| storage.add_message_batch(&body))).unwrap();
            if !acknowledges {
                continue;
            }
            let sender = envelope["metadata"]["deliveryInformation"]["from"].as_str().unwrap();
            let done = Acknowledgement::new(sender, message.hash().as_str());
            let request = delivery::acknowledge(&self.service, &self.account, token, &[done]);
            now(self.network.send(&request)).unwrap();
        }
    }

    /// The person opens a conversation: all of it is read.
    pub fn opens(&self, with: &Device) {
        let edits = self.rows(&with.peer).into_iter().map(|row| {
            let mut container = self.opened(&row.container);
            container["messageState"] = json!(READ);
            NewRow {
                message_id: container["envelop"]["metadata"]["messageHash"].as_str().unwrap().to_owned(),
                created_at: row.created_at,
                encrypted_envelop_container: self.sealed(&container),
                is_halted: row.halted,
            }
        });
        let body = EditMessageBatch {
            encrypted_contact_name: self.names().seal(with.peer.alias().as_str()).unwrap(),
            edit_message_batch_payload: edits.collect(),
        };
        api::parse_done(&self.ask(|storage| storage.edit_message_batch(&body))).unwrap();
    }

    /// The person hides a conversation.
    pub fn hides(&self, with: &Device) {
        let encrypted_contact_name = self.names().seal(with.peer.alias().as_str()).unwrap();
        let body = HideConversation { encrypted_contact_name, hide: true };
        api::parse_done(&self.ask(|storage| storage.hide_conversation(&body))).unwrap();
    }

    /// It has delivered what waited for somebody.
    pub fn has_delivered_halted(&self, to: &Device) {
        let alias_name = self.names().seal(to.peer.alias().as_str()).unwrap();
        for row in api::parse_halted(&self.ask(|storage| storage.halted())).unwrap().rows {
            let body = ClearHalted { message_id: row.id, alias_name: alias_name.clone() };
            api::parse_done(&self.ask(|storage| storage.clear_halted(&body))).unwrap();
        }
    }
}
