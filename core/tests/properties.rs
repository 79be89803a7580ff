//! What holds for any text, key and value: what is sealed opens again, what was changed does not, and canonical JSON
//! is what JavaScript would write.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dm3_core::conversation::ConversationId;
use dm3_core::identity::{Address, KeySeed, ProfileKeys, SignedProfile, UserProfile};
use dm3_core::message::{DeliveryInformation, Draft, Envelope, Header, Postmark, SignedMessage};
use dm3_core::ports::Wallet as _;
use dm3_core::seal::json::canonical;
use dm3_core::seal::{EncryptionSecret, Sealed, open, seal, sealed_len};
use dm3_core::storage::{LegacyNames, ReadMarker, Record, SealedRecord, StorageKeys};
use dm3_core::testing::{SeededEntropy, TestWallet};
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Short texts, and some around the lengths at which padding grows.
fn text() -> impl Strategy<Value = String> {
    let around = (2040_usize..2056).prop_map(|length| "x".repeat(length));
    prop_oneof![4 => any::<String>(), 1 => around]
}

fn sealed_parts(sealed: &Sealed) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let json: Value = serde_json::from_str(&sealed.to_string()).unwrap();
    let member = |name: &str| json[name].as_str().unwrap().to_owned();
    (
        STANDARD.decode(member("ciphertext")).unwrap(),
        STANDARD.decode(member("ephemPublicKey")).unwrap(),
        hex::decode(&member("nonce")[2..]).unwrap(),
    )
}

fn of_parts(ciphertext: &[u8], ephemeral: &[u8], nonce: &[u8]) -> Sealed {
    let json = serde_json::json!({
        "ciphertext": STANDARD.encode(ciphertext),
        "ephemPublicKey": STANDARD.encode(ephemeral),
        "nonce": format!("0x{}", hex::encode(nonce)),
    });
    Sealed::parse(&json.to_string()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_sealed_opens_for_its_receiver_alone(text in text(), key: [u8; 32], other: [u8; 32], draw: u64) {
        prop_assume!(key != other);
        let receiver = EncryptionSecret::derive(&key);
        let sealed = seal(&text, &receiver.public(), &SeededEntropy::new(draw)).unwrap();
        let written = sealed.to_string();
        prop_assert_eq!(written.len(), sealed_len(text.len()));
        let read = Sealed::parse(&written).unwrap();
        let opened = open(&read, &receiver).unwrap();
        prop_assert_eq!(opened.as_str(), text.as_str());
        prop_assert!(open(&read, &EncryptionSecret::derive(&other)).is_err());
    }

    #[test]
    fn no_changed_bit_of_a_ciphertext_goes_unnoticed(text in text(), at: prop::sample::Index, bit in 0..8_u8, draw: u64) {
        let receiver = EncryptionSecret::derive(&[1; 32]);
        let sealed = seal(&text, &receiver.public(), &SeededEntropy::new(draw)).unwrap();
        let (mut ciphertext, ephemeral, nonce) = sealed_parts(&sealed);
        let at = at.index(ciphertext.len());
        ciphertext[at] ^= 1 << bit;
        prop_assert!(open(&of_parts(&ciphertext, &ephemeral, &nonce), &receiver).is_err());
    }
}

/// X25519 ignores the highest bit of a public key. The key that is derived does not.
#[test]
fn no_changed_bit_of_the_ephemeral_key_and_of_the_nonce_goes_unnoticed() {
    let receiver = EncryptionSecret::derive(&[1; 32]);
    let sealed = seal("hello", &receiver.public(), &SeededEntropy::new(1)).unwrap();
    let (ciphertext, ephemeral, nonce) = sealed_parts(&sealed);
    assert!(open(&of_parts(&ciphertext, &ephemeral, &nonce), &receiver).is_ok());
    for at in 0..256 {
        let mut changed = ephemeral.clone();
        changed[at / 8] ^= 1 << (at % 8);
        assert!(open(&of_parts(&ciphertext, &changed, &nonce), &receiver).is_err(), "bit {at} of the key");
    }
    for at in 0..96 {
        let mut changed = nonce.clone();
        changed[at / 8] ^= 1 << (at % 8);
        assert!(
            open(&of_parts(&ciphertext, &ephemeral, &changed), &receiver).is_err(),
            "bit {at} of the nonce"
        );
    }
}

/// Everything that alice signs.
struct Signed {
    keys: ProfileKeys,
    account: Address,
    message: String,
    envelope: String,
    postmark: String,
    profile: String,
    sealed_message: String,
}

fn signed() -> Signed {
    let (keys, wallet) = (ProfileKeys::derive(&KeySeed::from_bytes([3; 32])), TestWallet::of("alice"));
    let name = |text: &str| text.parse().unwrap();
    let header = Header { from: name("alice.eth"), to: name("bob.eth"), timestamp: 1_700_000_000_000 };
    let message = Draft::text(header, "Hello, 世界").sign(&keys.signing);
    let information =
        DeliveryInformation { from: "alice.eth".into(), to: "bob.eth".into(), delivery_instruction: None };
    let public = keys.public();
    let entropy = SeededEntropy::new(4);
    let envelope =
        Envelope::seal(&message, &information, &public.encryption, &public.encryption, &keys, &entropy)
            .unwrap();
    let postmark = Postmark::make(&envelope, 1_700_000_000_001, &keys);
    let profile = UserProfile::new(public, vec![name("ds.eth")]);
    let text = profile.registration_message(wallet.address());
    let signature = pollster::block_on(wallet.sign_text(wallet.address(), &text)).unwrap();
    Signed {
        account: wallet.address(),
        message: message.to_canonical(),
        sealed_message: envelope.message().to_owned(),
        envelope: envelope.to_canonical(),
        postmark: postmark.to_canonical(),
        profile: profile.signed(signature).to_canonical(),
        keys,
    }
}

/// Changes one bit of a text, if that leaves a text.
fn changed(text: &str, at: prop::sample::Index, bit: u8) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let at = at.index(bytes.len());
    bytes[at] ^= 1 << bit;
    String::from_utf8(bytes).ok()
}

/// What a reader that accepts makes of a changed text: nothing, or what was signed. Only what the signature does not
/// cover may differ, such as the case of its own hexadecimal digits.
fn accepted(text: &str, read: impl Fn(&str) -> Option<String>, original: &str) -> Result<(), TestCaseError> {
    let read = read(text);
    prop_assert!(read.is_none_or(|read| read == original), "{text} passed for {original}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_changed_bit_of_what_was_signed_goes_unnoticed(at: prop::sample::Index, bit in 0..8_u8) {
        let signed = signed();
        let key = signed.keys.public();
        if let Some(text) = changed(&signed.message, at, bit) {
            let read = |text: &str| {
                let message = SignedMessage::parse(text).ok()?;
                message.check_signature(&key.signing).is_ok().then(|| message.to_canonical())
            };
            accepted(&text, read, &signed.message)?;
        }
        if let Some(text) = changed(&signed.postmark, at, bit) {
            let read = |text: &str| {
                let postmark = Postmark::parse(text).ok()?;
                postmark.verify(&signed.sealed_message, &key).is_ok().then(|| postmark.to_canonical())
            };
            accepted(&text, read, &signed.postmark)?;
        }
        if let Some(text) = changed(&signed.profile, at, bit) {
            let read = |text: &str| {
                let verified = SignedProfile::parse(text).ok()?.verify(signed.account).ok()?;
                Some(verified.as_signed().to_canonical().to_lowercase())
            };
            accepted(&text, read, &signed.profile.to_lowercase())?;
        }
    }

    /// The signature covers the metadata; the message in it has its own.
    #[test]
    fn no_changed_bit_of_an_envelope_goes_unnoticed(at: prop::sample::Index, bit in 0..8_u8) {
        let signed = signed();
        let Some(text) = changed(&signed.envelope, at, bit) else { return Ok(()) };
        let Ok(envelope) = Envelope::parse(&text) else { return Ok(()) };
        if envelope.check_signature(&signed.keys.public().signing).is_ok() {
            let opened = Sealed::parse(envelope.message()).and_then(|sealed| open(&sealed, &signed.keys.encryption));
            prop_assert!(opened.is_err() || opened.is_ok_and(|opened| *opened == signed.message), "{}", text);
        }
    }

    #[test]
    fn no_changed_bit_of_a_stored_record_goes_unnoticed(at: prop::sample::Index, bit in 0..8_u8) {
        let keys = StorageKeys::derive(&KeySeed::from_bytes([3; 32]), Address::ZERO);
        let conversation = ConversationId::Peer(Address::from_bytes([2; 20]));
        let record = Record::ReadMarker(ReadMarker { conversation, read_until: 7 });
        let record = record.seal(&keys, &SeededEntropy::new(5)).unwrap();
        prop_assert!(record.open(&keys).is_ok());
        let mut content = STANDARD.decode(&record.content).unwrap();
        let at = at.index(content.len());
        content[at] ^= 1 << bit;
        let record = SealedRecord { content: STANDARD.encode(content), ..record };
        prop_assert!(record.open(&keys).is_err());
    }

    #[test]
    fn no_changed_bit_of_a_legacy_name_goes_unnoticed(name in ".{0,40}", at: prop::sample::Index, bit in 0..8_u8) {
        let names = LegacyNames::new(&EncryptionSecret::derive(&[1; 32]), &"alice.eth".parse().unwrap());
        let sealed = names.seal(&name).unwrap();
        let opened = names.open(&sealed).unwrap();
        prop_assert_eq!(opened.as_str(), name.as_str());
        let json = String::from_utf8(STANDARD.decode(&sealed).unwrap()).unwrap();
        if let Some(changed) = changed(&json, at, bit) {
            let opened = names.open(&STANDARD.encode(changed));
            prop_assert!(opened.is_err() || opened.is_ok_and(|opened| *opened == name));
        }
    }
}

/// Any JSON, with numbers of all kinds and names outside ASCII.
fn value() -> impl Strategy<Value = Value> {
    let double = any::<f64>().prop_filter_map("finite", serde_json::Number::from_f64);
    let name = "[a-c0-9\u{e000}-\u{e002}\u{ffff}\u{10000}\u{1f600}\"\\\\\n]{0,3}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        double.prop_map(Value::Number),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let members = prop::collection::btree_map(name, inner.clone(), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// The same in the plainest way: numbers by the printer of a JavaScript engine, names sorted by their units.
fn as_javascript(value: &Value) -> String {
    match value {
        Value::Number(number) => ryu_js::Buffer::new().format_finite(number.as_f64().unwrap()).to_owned(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(as_javascript).collect::<Vec<_>>().join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| name.encode_utf16().collect::<Vec<_>>());
            let members = members.into_iter().map(|(name, value)| {
                format!("{}:{}", serde_json::to_string(name).unwrap(), as_javascript(value))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        plain => serde_json::to_string(plain).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_value_is_written_as_javascript_would_and_read_as_itself(value in value()) {
        let written = canonical(&value);
        prop_assert_eq!(&written, &as_javascript(&value));
        let again: Value = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(canonical(&again), written);
    }
}
