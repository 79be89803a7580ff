//! What the reference's libraries computed must come out here, byte for byte. `tests/interop` runs the same tests
//! in WASM.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a vector that can't be read must fail"
)]

use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dm3_core::identity::wallet_signature::{eip191_hash, recover};
use dm3_core::identity::{
    Address, DEFAULT_NONCE, EnsName, KeySeed, LinkError, LinkPurpose, MainId, ProfileKeys, SignedLink,
    SignedProfile, UserProfile, key_message,
};
use dm3_core::message::{
    Delivered, DeliveryInformation, Envelope, OpenedMessage, Postmark, ReceivedEnvelope, SignedMessage,
};
use dm3_core::registry::IpfsLocation;
use dm3_core::registry::ipfs::IpfsFetch;
use dm3_core::seal::json::{canonical, parse};
use dm3_core::seal::signing::{SigningKey, SigningSecret};
use dm3_core::seal::{
    EncryptionKey, EncryptionSecret, Entropy, OpenError, SealError, Sealed, open, seal, sha256_hex,
};
use serde_json::Value;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Part of the program, as a browser has no files.
fn vectors(file: &str) -> Value {
    let text = match file {
        "auth" => include_str!("data/vectors/auth.json"),
        "encryption" => include_str!("data/vectors/encryption.json"),
        "ipfs" => include_str!("data/vectors/ipfs.json"),
        "keys" => include_str!("data/vectors/keys.json"),
        "messages" => include_str!("data/vectors/messages.json"),
        "profiles" => include_str!("data/vectors/profiles.json"),
        "storage" => include_str!("data/vectors/storage.json"),
        "strings" => include_str!("data/vectors/strings.json"),
        _ => panic!("no vectors are called {file}"),
    };
    serde_json::from_str(text).unwrap()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} is no text"))
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("{pointer} is no list"))
}

fn bytes32(base64: &str) -> [u8; 32] {
    STANDARD.decode(base64).unwrap()[..32].try_into().unwrap()
}

/// Gives out prepared bytes in order: the ephemeral seed and nonce of a vector.
struct Scripted(RefCell<Vec<u8>>);

impl Scripted {
    fn new(parts: &[(&str, &str)]) -> Self {
        let mut bytes = Vec::new();
        for (seed, nonce) in parts {
            bytes.extend(STANDARD.decode(seed).unwrap());
            bytes.extend(hex::decode(&nonce[2..]).unwrap());
        }
        Self(RefCell::new(bytes))
    }
}

impl Entropy for Scripted {
    fn fill(&self, bytes: &mut [u8]) {
        let mut left = self.0.borrow_mut();
        bytes.copy_from_slice(&left[..bytes.len()]);
        left.drain(..bytes.len());
    }
}

#[test]
fn keys_follow_from_the_wallet_signature() {
    for case in list(&vectors("keys"), "/cases") {
        let account: Address = text(case, "/addressInput").parse().unwrap();
        let nonce = text(case, "/nonce");
        let message = key_message(account, nonce);
        assert_eq!(message, text(case, "/message"));
        assert_eq!(format!("0x{}", hex::encode(eip191_hash(message.as_bytes()))), text(case, "/eip191Hash"));
        let signature = text(case, "/signature");
        assert_eq!(recover(&message, signature), Ok(account));
        let seed = KeySeed::derive(signature);
        assert_eq!(STANDARD.encode(seed.expose_secret()), text(case, "/storageKey"));
        let keys = ProfileKeys::derive(&seed).public();
        assert_eq!(
            STANDARD.encode(keys.encryption.as_bytes()),
            text(case, "/profileKeys/encryptionKeyPair/publicKey")
        );
        assert_eq!(
            STANDARD.encode(keys.signing.as_bytes()),
            text(case, "/profileKeys/signingKeyPair/publicKey")
        );
    }
    assert_eq!(sha256_hex("dm3_default_nonce"), DEFAULT_NONCE);
}

#[test]
fn the_text_of_the_signature_is_what_counts_for_the_seed() {
    for variant in list(&vectors("keys"), "/signatureStringVariants") {
        let seed = KeySeed::derive(text(variant, "/signatureString"));
        assert_eq!(STANDARD.encode(seed.expose_secret()), text(variant, "/storageKey"));
    }
}

#[test]
fn key_pairs_follow_from_seeds() {
    for case in list(&vectors("keys"), "/seedKeys") {
        let keys = ProfileKeys::derive(&KeySeed::from_base64(text(case, "/seedBase64")).unwrap()).public();
        assert_eq!(STANDARD.encode(keys.encryption.as_bytes()), text(case, "/kx/publicKey"));
        assert_eq!(STANDARD.encode(keys.signing.as_bytes()), text(case, "/sign/publicKey"));
    }
    assert!(KeySeed::from_base64(&STANDARD.encode([0; 31])).is_err());
    assert!(KeySeed::from_base64(&STANDARD.encode([0; 33])).is_err());
}

#[test]
fn sealing_gives_the_recorded_ciphertext_and_opens_again() {
    for case in list(&vectors("encryption"), "/asymmetric") {
        let receiver = EncryptionSecret::from_bytes(bytes32(text(case, "/receiver/privateKey")));
        assert_eq!(STANDARD.encode(receiver.public().as_bytes()), text(case, "/receiver/publicKey"));
        let entropy = Scripted::new(&[(text(case, "/ephemeralSeed"), text(case, "/out/nonce"))]);
        let sealed = seal(text(case, "/payload"), &receiver.public(), &entropy).unwrap();
        assert_eq!(sealed.to_string(), canonical(&case["out"]), "{}", case["name"]);
        assert_eq!(*open(&sealed, &receiver).unwrap(), text(case, "/payload"));
    }
}

#[test]
fn what_the_reference_sealed_opens() {
    for case in list(&vectors("encryption"), "/genuineRandom") {
        let receiver = EncryptionSecret::from_bytes(bytes32(text(case, "/receiver/privateKey")));
        let sealed = Sealed::parse(&case["out"].to_string()).unwrap();
        assert_eq!(*open(&sealed, &receiver).unwrap(), text(case, "/payload"));
    }
}

#[test]
fn another_key_or_a_changed_ciphertext_opens_nothing() {
    let vectors = vectors("encryption");
    let case = &list(&vectors, "/genuineRandom")[0];
    let receiver = EncryptionSecret::from_bytes(bytes32(text(case, "/receiver/privateKey")));
    let sealed = Sealed::parse(&case["out"].to_string()).unwrap();
    assert_eq!(open(&sealed, &EncryptionSecret::derive(&[7; 32])).unwrap_err(), OpenError::NotForThisKey);
    let mut changed = case["out"].clone();
    let mut bytes = STANDARD.decode(text(case, "/out/ciphertext")).unwrap();
    bytes[0] ^= 1;
    changed["ciphertext"] = STANDARD.encode(bytes).into();
    let changed = Sealed::parse(&changed.to_string()).unwrap();
    assert_eq!(open(&changed, &receiver).unwrap_err(), OpenError::NotForThisKey);
    changed_members_are_named(&case["out"]);
}

fn changed_members_are_named(sealed: &Value) {
    for (member, bad) in [("nonce", "0x00"), ("nonce", "zz"), ("ephemPublicKey", "AAAA"), ("ciphertext", "é")]
    {
        let mut broken = sealed.clone();
        broken[member] = bad.into();
        let form = Sealed::parse(&broken.to_string()).unwrap_err();
        assert_eq!(form, OpenError::Form(member));
    }
}

#[test]
fn nothing_is_sealed_for_a_key_on_which_no_secret_can_be_agreed() {
    let weak = EncryptionKey::from_bytes([0; 32]);
    let entropy = Scripted::new(&[(&STANDARD.encode([1; 32]), "0x000000000000000000000000")]);
    assert_eq!(seal("x", &weak, &entropy).unwrap_err(), SealError::WeakKey);
}

#[test]
fn canonical_json_is_what_the_reference_stringifies() {
    let mut compared = 0;
    for case in list(&vectors("strings"), "/stringify") {
        // The others are JavaScript values that JSON cannot carry.
        let (Some(js), Some(expected)) = (case["js"].as_str(), case.pointer("/stringify/ok")) else {
            continue;
        };
        if js.contains("__undefined__") || js.contains("__NaN__") {
            continue;
        }
        assert_eq!(canonical(&parse(js).unwrap()), expected.as_str().unwrap());
        compared += 1;
    }
    assert!(compared >= 6);
    for case in list(&vectors("strings"), "/sha256") {
        assert_eq!(sha256_hex(text(case, "/in")), text(case, "/sha256"));
    }
}

#[test]
fn plain_names_are_normalised_and_hashed_like_the_reference_does() {
    let mut compared = 0;
    for case in list(&vectors("strings"), "/normalizeEnsName") {
        let (Ok(name), Some(normal), Some(hash)) = (
            text(case, "/in").parse::<EnsName>(),
            case.pointer("/normalizeEnsName/ok"),
            case.pointer("/namehash/ok"),
        ) else {
            continue;
        };
        assert_eq!(name.as_str(), normal);
        assert_eq!(format!("0x{}", hex::encode(name.namehash())), *hash);
        compared += 1;
    }
    assert!(compared >= 3);
}

/// Deployed peers write names as nameprep leaves them, and hash them by the rules that ENSIP-15 grew out of.
#[test]
fn names_as_deployed_peers_write_them_lead_where_they_lead_there() {
    let mut compared = 0;
    for case in list(&vectors("strings"), "/normalizeEnsName") {
        let Some(hash) = case.pointer("/namehash/ok").and_then(Value::as_str) else {
            continue;
        };
        let written = case.pointer("/normalizeEnsName/ok").and_then(Value::as_str);
        for name in [Some(text(case, "/in")), written].into_iter().flatten().filter(|name| !name.is_empty()) {
            let name: EnsName = name.parse().unwrap();
            assert_eq!(format!("0x{}", hex::encode(name.namehash())), hash, "{name}");
            compared += 1;
        }
    }
    assert!(compared >= 11);
}

#[test]
fn profile_links_have_the_references_text_and_prove_who_signed_within_their_time() {
    let vectors = vectors("profiles");
    let local: EnsName = "0xabc.user.dm3.eth".parse().unwrap();
    let mut expired = 0;
    for case in list(&vectors, "/profileLinks") {
        let signed = SignedLink::parse(&case["signed"].to_string()).unwrap();
        assert_eq!(signed.claimed().message(), text(case, "/message"));
        assert_eq!(signed.to_canonical(), canonical(&case["signed"]));
        let purpose = |now| LinkPurpose { linked: &local, scope: "https://app.example", now };
        // The reference made both with a wallet; a main profile would have signed with its key.
        let MainId::Account(account) = *signed.claimed().main() else { continue };
        assert!(signed.clone().verify_by_account(account, purpose(1_700_000_001)).is_ok());
        assert_eq!(
            signed.clone().verify_by_account(account, purpose(1_700_003_600)),
            Err(LinkError::Expired)
        );
        assert_eq!(signed.verify_by_account(account, purpose(1_600_000_000)), Err(LinkError::NotYet));
        expired += 1;
    }
    assert_eq!(expired, 1);
}

#[test]
fn profiles_are_signed_verified_and_published_like_the_reference_does() {
    for case in list(&vectors("profiles"), "/cases") {
        let account: Address = text(case, "/address").parse().unwrap();
        let signed = SignedProfile::from_json(case["signedProfile"].clone()).unwrap();
        assert_eq!(signed.to_canonical(), text(case, "/signedProfileStringified"));
        let seed = KeySeed::from_base64(text(case, "/keys/storageEncryptionKey")).unwrap();
        let services: Result<Vec<EnsName>, _> =
            list(case, "/deliveryServices").iter().map(|s| s.as_str().unwrap().parse()).collect();
        // Names outside ASCII are read, as part of what was signed, but not written yet.
        if let Ok(services) = services {
            let own = UserProfile::new(ProfileKeys::derive(&seed).public(), services);
            assert_eq!(own.registration_message(account), text(case, "/profileCreationMessage"));
            assert_eq!(own.signed(text(case, "/signedProfile/signature").to_owned()), signed);
        }
        assert_eq!(signed.clone().verify(account).unwrap().account(), account);
        assert!(signed.verify(Address::ZERO).is_err());
    }
}

#[test]
fn an_unknown_member_of_a_profile_is_part_of_what_was_signed() {
    let vectors = vectors("profiles");
    let case = &list(&vectors, "/cases")[0];
    let account: Address = text(case, "/address").parse().unwrap();
    let mut changed = case["signedProfile"].clone();
    changed["profile"]["extra"] = 1.into();
    let changed = SignedProfile::from_json(changed).unwrap();
    assert!(changed.to_canonical().contains(r#""extra":1"#));
    assert!(changed.verify(account).is_err());
}

struct Peers {
    alice: ProfileKeys,
    bob: ProfileKeys,
    service: ProfileKeys,
}

fn peers(vectors: &Value) -> Peers {
    let of = |who: &str| {
        let secret = |pair: &str| bytes32(text(vectors, &format!("/{who}/{pair}/privateKey")));
        ProfileKeys {
            signing: SigningSecret::derive(&secret("signingKeyPair")),
            encryption: EncryptionSecret::from_bytes(secret("encryptionKeyPair")),
        }
    };
    let peers = Peers { alice: of("aliceKeys"), bob: of("bobKeys"), service: of("dsKeys") };
    let service = peers.service.public();
    assert_eq!(
        STANDARD.encode(service.encryption.as_bytes()),
        text(vectors, "/dsProfile/publicEncryptionKey")
    );
    peers
}

#[test]
fn messages_are_signed_and_hashed_like_the_reference_does() {
    let vectors = vectors("messages");
    let peers = peers(&vectors);
    for case in list(&vectors, "/cases") {
        let message = SignedMessage::parse(&case["message"].to_string()).unwrap();
        assert_eq!(message.to_canonical(), text(case, "/messageStringified"), "{}", case["name"]);
        assert_eq!(message.hash().as_str(), text(case, "/messageHash"), "{}", case["name"]);
        let unsigned = text(case, "/messageUnsignedStringified");
        assert_eq!(peers.alice.signing.sign(unsigned), text(case, "/messageSignature"));
        assert!(message.check_signature(&peers.alice.signing.public()).is_ok());
        assert!(message.check_signature(&peers.bob.signing.public()).is_err());
    }
}

#[test]
fn envelopes_are_sealed_signed_and_opened_like_the_reference_does() {
    let vectors = vectors("messages");
    let peers = peers(&vectors);
    for case in list(&vectors, "/cases") {
        let message = SignedMessage::parse(&case["message"].to_string()).unwrap();
        let information: DeliveryInformation =
            serde_json::from_value(case["deliveryInformation"].clone()).unwrap();
        let drawn = (text(case, "/encryption/ephemeralSeed"), text(case, "/encryption/nonce"));
        let entropy = Scripted::new(&[drawn, drawn]);
        let (receiver, service) = (peers.bob.public().encryption, peers.service.public().encryption);
        let envelope =
            Envelope::seal(&message, &information, &receiver, &service, &peers.alice, &entropy).unwrap();
        assert_eq!(envelope.to_canonical(), canonical(&case["encryptedEnvelop"]), "{}", case["name"]);
        assert_eq!(envelope.to_canonical().len(), case["envelopeSizeBytes"].as_u64().unwrap() as usize);
        assert_eq!(Envelope::parse(&envelope.to_canonical()).unwrap(), envelope);
        assert!(envelope.check_signature(&peers.alice.signing.public()).is_ok());
        assert_eq!(envelope.open_delivery_information(&peers.service.encryption).unwrap(), information);
        assert!(envelope.open_delivery_information(&peers.bob.encryption).is_err());

        let received = ReceivedEnvelope::from_json(&case["deliveredEnvelop"]).unwrap();
        assert_eq!(received.open(&peers.bob).unwrap(), text(case, "/messageStringified"));
        assert!(received.open(&peers.alice).is_err());
    }
}

#[test]
fn postmarks_are_made_and_checked_like_the_reference_does() {
    let vectors = vectors("messages");
    let peers = peers(&vectors);
    for case in list(&vectors, "/cases") {
        let envelope = Envelope::parse(&case["encryptedEnvelop"].to_string()).unwrap();
        let expected = &case["postmark"]["decrypted"];
        let postmark =
            Postmark::make(&envelope, expected["incommingTimestamp"].as_u64().unwrap(), &peers.service);
        assert_eq!(postmark.to_canonical(), canonical(expected), "{}", case["name"]);
        assert!(postmark.verify(envelope.message(), &peers.service.public()).is_ok());
        assert!(postmark.verify("another message", &peers.service.public()).is_err());
        assert!(postmark.verify(envelope.message(), &peers.alice.public()).is_err());

        let delivered = Delivered {
            envelope,
            delivery_information: serde_json::from_value(case["deliveryInformation"].clone()).unwrap(),
            postmark: text(case, "/postmark/encryptedStringified").to_owned(),
        };
        assert_eq!(canonical(&delivered.to_json()), canonical(&case["deliveredEnvelop"]));
        let received = ReceivedEnvelope::from_json(&case["deliveredEnvelop"]).unwrap();
        let opened = open(received.postmark().unwrap(), &peers.bob.encryption).unwrap();
        assert_eq!(Postmark::parse(&opened).unwrap(), postmark);
    }
}

#[test]
fn a_message_for_somebody_else_is_not_ours_even_if_it_was_sealed_for_us() {
    let messages = vectors("messages");
    let profiles = vectors("profiles");
    let alice = &list(&profiles, "/cases")[0];
    let account: Address = text(alice, "/address").parse().unwrap();
    let sender = SignedProfile::from_json(alice["signedProfile"].clone()).unwrap().verify(account).unwrap();
    let case = &list(&messages, "/cases")[0];
    let opened = || OpenedMessage::parse(&case["message"].to_string()).unwrap();
    let bob = Address::from_bytes([0xb0; 20]);
    assert!(opened().authenticate(bob, None, &sender).is_err());
    assert!(opened().authenticate(bob, Some(account), &sender).is_err());
    assert_eq!(opened().authenticate(bob, Some(bob), &sender).unwrap().author(), account);
}

#[test]
fn challenges_and_alias_claims_are_signed_like_the_reference_does() {
    let vectors = vectors("auth");
    let key = SigningKey::from_bytes(bytes32(text(&vectors, "/challengeSigning/publicKey")));
    let signed = &vectors["challengeSigning"];
    assert!(key.verify(text(signed, "/challenge"), text(signed, "/signature")).is_ok());
    for claim in ["/aliasClaim", "/aliasRemove"] {
        let claim = vectors.pointer(claim).unwrap();
        assert!(key.verify(text(claim, "/message"), text(claim, "/signature")).is_ok());
        assert!(key.verify("another text", text(claim, "/signature")).is_err());
    }
}

/// npm's `ipfs-unixfs-importer` made these; each block is found by its hash, as gateways find it.
#[test]
fn documents_on_ipfs() {
    let vectors = vectors("ipfs");
    for case in vectors["cases"].as_array().unwrap() {
        let link = IpfsLocation::new(&format!("ipfs://{}", case["cid"].as_str().unwrap()));
        let mut fetch = IpfsFetch::new(&link).unwrap();
        let blocks: Vec<Vec<u8>> = case["blocks"]
            .as_object()
            .unwrap()
            .values()
            .map(|b| hex::decode(b.as_str().unwrap()).unwrap())
            .collect();
        // Each step takes the one block that is asked for.
        let mut steps = 0;
        let document = loop {
            steps += 1;
            let taken: Vec<_> = blocks
                .iter()
                .filter_map(|block| {
                    let mut next = fetch.clone();
                    let document = next.block(block).ok()?;
                    Some((next, document))
                })
                .collect();
            let [(next, document)]: [_; 1] = taken.try_into().unwrap();
            fetch = next;
            if let Some(document) = document {
                break document;
            }
        };
        assert_eq!(document, vectors["text"].as_str().unwrap(), "{}", case["name"]);
        assert_eq!(steps, blocks.len(), "{}", case["name"]);
    }
}
