//! What a storage server hands back: the deployed clients' records, our own, and its replies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use dm3_core::conversation::ConversationId;
use dm3_core::identity::{Address, EnsName, KeySeed};
use dm3_core::seal::{EncryptionSecret, seal};
use dm3_core::storage::api::{self, Storage};
use dm3_core::storage::{LegacyContainer, LegacyNames, Opened, Pseudonym, SealedRecord, StorageKeys, merge};
use dm3_core::web::{BaseUrl, HttpRequest, HttpResponse, SessionToken};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use super::{Fixed, bounded, text};

const OWNER: Address = Address::from_bytes([1; 20]);
const SEED: [u8; 32] = [7; 32];

fn keys() -> StorageKeys {
    StorageKeys::derive(&KeySeed::from_bytes(SEED), OWNER)
}

/// A record's JSON, sealed by a second writer that follows `docs/storage-format.md`: a stranger's bytes would never
/// come past the seal, those of another version or of a broken client of the account would.
pub fn own_record(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let keys = keys();
    let bare = SealedRecord { conversation: keys.account(), id: keys.account(), content: text.to_owned() };
    assert!(bare.open(&keys).is_err());

    let Ok(Value::Object(json)) = serde_json::from_str(text) else { return };
    let member = |name: &str| json.get(name).and_then(Value::as_str);
    let peer = member("peer").and_then(|peer| Address::parse_unchecked_case(peer).ok());
    let filed_with_its_conversation = member("kind") == Some("message");
    let place = match peer.filter(|_| filed_with_its_conversation) {
        Some(peer) => keys.conversation(ConversationId::Peer(peer)),
        None => keys.account(),
    };
    let (kind, id) = (member("kind").unwrap_or_default(), member("id").unwrap_or_default());
    let sealed = sealed_as_documented(text, place, kind, id);
    match sealed.open(&keys) {
        Ok(Opened::Known(record)) => {
            let written = record.seal(&keys, &Fixed).expect("a sealed record");
            assert_eq!((written.conversation, written.id), (sealed.conversation, sealed.id));
            bounded(&written.content, &sealed.content);
            // The first writing makes the values canonical (-0 becomes 0); from then on nothing changes.
            let Ok(Opened::Known(again)) = written.open(&keys) else { panic!("a written record is one") };
            assert_eq!(again.seal(&keys, &Fixed).as_ref(), Ok(&written));
            assert_eq!(
                merge(&record, &again).as_ref().map(|merged| merged.seal(&keys, &Fixed)),
                Some(Ok(written))
            );
        }
        Ok(Opened::Unknown { kind: unknown }) => assert_eq!(unknown, kind),
        Err(error) => assert!(error.to_string().len() < 300, "{error}"),
    }
    let stranger = StorageKeys::derive(&KeySeed::from_bytes(SEED), Address::ZERO);
    assert!(sealed.open(&stranger).is_err());
}

fn sealed_as_documented(text: &str, place: Pseudonym, kind: &str, id: &str) -> SealedRecord {
    let derive = |label: &[u8]| {
        let mut key = [0; 32];
        let hkdf = Hkdf::<Sha256>::new(Some(b"dm3-chat storage v1"), &SEED);
        hkdf.expand(&[label, OWNER.as_bytes()].concat(), &mut key).expect("32 bytes");
        key
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&derive(b"pseudonym")).expect("any key");
    for part in [b"record\0".as_slice(), place.as_bytes(), kind.as_bytes(), b"\0", id.as_bytes()] {
        mac.update(part);
    }
    let id: [u8; 32] = mac.finalize().into_bytes().into();
    let id: Pseudonym = format!("0x{}", hex::encode(id)).parse().expect("a pseudonym");

    let mut padded = [text.as_bytes(), &[0x80]].concat();
    // Padmé: all but the highest bits of a length are zero, as many of them as the exponent has.
    let exponent = padded.len().ilog2();
    let mask = (1_usize << (exponent - exponent.checked_ilog2().map_or(0, |bits| bits + 1))) - 1;
    padded.resize(((padded.len() + mask) & !mask).max(1024), 0);
    let aad =
        [b"dm3-chat record".as_slice(), &[1], OWNER.as_bytes(), place.as_bytes(), id.as_bytes()].concat();
    let cipher = XChaCha20Poly1305::new(&Key::from(derive(b"content")));
    let payload = Payload { msg: &padded, aad: &aad };
    let sealed = cipher.encrypt(&XNonce::from([5; 24]), payload).expect("enough memory");
    let content = STANDARD.encode([&[1], [5; 24].as_slice(), &sealed].concat());
    SealedRecord { conversation: place, id, content }
}

/// A name or a container of a deployed client: as the server has it, without its base64, and without its seal.
pub fn legacy_record(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let _ =
        text.parse::<Pseudonym>().map(|pseudonym| assert_eq!(pseudonym.to_string().parse(), Ok(pseudonym)));
    let secret = EncryptionSecret::derive(&SEED);
    let names = LegacyNames::new(&secret, &account());
    for encoded in [text.to_owned(), STANDARD.encode(text)] {
        assert!(names.open(&encoded).is_err(), "nobody else has the key");
        let _ = LegacyContainer::open(&encoded, &secret);
    }
    let opened = names.open(&names.seal(text).expect("a sealed name")).expect("a name of our own");
    assert_eq!(opened.as_str(), text);

    let sealed = seal(text, &secret.public(), &Fixed).expect("a sound key").to_string();
    let Ok(container) = LegacyContainer::open(&STANDARD.encode(sealed), &secret) else { return };
    if let Ok(message) = container.message() {
        assert!(message.as_signed().check_signature(&signing()).is_err());
    }
    let _ = (container.claimed_hash(), container.state().send_state(false));
    let again = container.seal(&secret.public(), &Fixed).expect("a sound key");
    assert_eq!(LegacyContainer::open(&again, &secret).as_ref(), Ok(&container));
}

fn signing() -> dm3_core::seal::signing::SigningKey {
    dm3_core::identity::ProfileKeys::derive(&KeySeed::from_bytes(SEED)).public().signing
}

fn account() -> EnsName {
    "0x70997970c51812dc3a010c7d01b50e0d17dc79c8.addr.dm3.eth".parse().expect("a name")
}

/// Every reader of replies gets every reply, and every reader of requests every body. The first byte chooses the
/// status.
pub fn storage_replies(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let Some(body) = text(rest) else { return };
    let status = [200, 200, 200, 400, 401, 503][usize::from(first % 6)];
    let reply = HttpResponse::new(status, body.to_owned());
    let rows = [
        api::parse_conversations(&reply).map(|page| page.rows.len() + page.unreadable),
        api::parse_messages(&reply).map(|page| page.rows.len() + page.unreadable),
        api::parse_halted(&reply).map(|page| page.rows.len() + page.unreadable),
    ];
    for rows in rows.into_iter().flatten() {
        assert!(status == 200 && rows <= body.len());
    }
    let _ = (api::parse_count(&reply), api::parse_done(&reply));

    let server: BaseUrl = "https://dm3.example/api".parse().expect("an address");
    let (account, token) = (account(), SessionToken::new("token").expect("a token"));
    let storage = Storage { server: &server, account: &account, token: &token };
    alike(body, |body| storage.add_conversation(body));
    alike(body, |body| storage.hide_conversation(body));
    alike(body, |body| storage.add_message(body));
    alike(body, |body| storage.add_message_batch(body));
    alike(body, |body| storage.edit_message_batch(body));
    alike(body, |body| storage.clear_halted(body));
}

fn alike<T>(body: &str, request: impl Fn(&T) -> HttpRequest)
where
    T: serde::de::DeserializeOwned,
{
    let Ok(read) = api::parse_body::<T>(body) else { return };
    let written = request(&read).body.expect("a body");
    bounded(&written, body);
    let again = api::parse_body::<T>(&written).expect("a written body is one");
    assert_eq!(request(&again).body.as_ref(), Some(&written));
}
