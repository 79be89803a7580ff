use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::seal::signing::SigningSecret;

fn key() -> SigningSecret {
    SigningSecret::derive(&[7; 32])
}

/// A message that was signed as it is written here: `body` are its members without the signature.
fn signed(body: &str) -> String {
    let signature = key().sign(&format!("{{{body}}}"));
    format!(r#"{{{body},"signature":"{signature}"}}"#)
}

const METADATA: &str = r#""metadata":{"from":"a","timestamp":1,"to":"b","type":"NEW"}"#;

#[test]
fn numbers_that_are_spelt_differently_are_verified_over_the_original_text() {
    let text = signed(&format!(r#""message":"x",{METADATA},"n":1.0,"e":1E2"#));
    let message = SignedMessage::parse(&text).unwrap().verified(&key().public()).unwrap();
    assert_eq!(message.to_text(), text, "kept byte for byte");
    assert_eq!(SignedMessage::parse(&message.to_text()).unwrap().check_signature(&key().public()), Ok(()));
    for changed in [text.replace("1.0", "1.00"), text.replace(r#""x""#, r#""y""#)] {
        assert!(SignedMessage::parse(&changed).unwrap().verified(&key().public()).is_err());
    }
}

#[test]
fn halves_of_surrogate_pairs_are_verified_hashed_and_kept() {
    let text = signed(&format!(r#""message":"\ud800 x\udc00",{METADATA}"#));
    let message = SignedMessage::parse(&text).unwrap().verified(&key().public()).unwrap();
    assert_eq!(message.to_canonical(), text);
    assert_eq!(message.hash().as_str(), sha256_hex(&text));
    let again = SignedMessage::parse(&message.to_text()).unwrap();
    assert_eq!(again.check_signature(&key().public()), Ok(()));
    // In a member's name such a half may be sorted differently than here; then the original text decides.
    let text = signed(&format!(r#""message":"x",{METADATA},"\ud83d!":1,"😀":2"#));
    assert!(SignedMessage::parse(&text).unwrap().check_signature(&key().public()).is_ok());
}

/// Weaknesses 15 and 19: the hash is computed, and another spelling is no other message.
#[test]
fn however_it_is_spelt_it_is_one_message() {
    let text = signed(&format!(r#""message":"x",{METADATA}"#));
    let message = SignedMessage::parse(&text).unwrap();
    let respelt = text.replace(':', " : ").replace("\"x\"", "\"\\u0078\"");
    let other = SignedMessage::parse(&respelt).unwrap();
    assert_ne!(respelt, text);
    assert_eq!(other.hash(), message.hash());
    let other = other.verified(&key().public()).unwrap();
    assert_eq!(other.to_text(), text, "the canonical spelling is kept, as the signature covers it");
}

#[test]
fn neither_text_nor_names_of_a_message_reach_a_log() {
    let message = SignedMessage::parse(&signed(&format!(r#""message":"secret",{METADATA}"#))).unwrap();
    assert!(!format!("{message:?}").contains("secret"));
}

proptest! {
    #[test]
    fn unknown_members_are_kept_byte_for_byte(
        name in "[a-z]{3,8}", text in ".{0,20}", number: f64, list in any::<Vec<u32>>(),
    ) {
        prop_assume!(number.is_finite());
        prop_assume!(!["message", "metadata", "signature", "attachments"].contains(&name.as_str()));
        let body = json!({
            "message": "x", name: { "text": text, "number": number, "list": list },
            "metadata": { "from": "a", "to": "b", "timestamp": 1, "type": "NEW", "more": [text, number] },
        });
        let Value::Object(body) = body else { unreachable!() };
        let signature = key().sign(&canonical_object(&body));
        let message = SignedMessage::assemble(body, signature);
        let again = SignedMessage::parse(&message.to_text()).unwrap();
        prop_assert_eq!(again.check_signature(&key().public()), Ok(()));
        prop_assert_eq!(again.to_canonical(), message.to_canonical());
        prop_assert_eq!(again.hash(), message.hash());
    }
}

#[test]
fn a_time_that_is_written_as_a_text_is_that_time() {
    let body = |time: &str| {
        format!(
            r#""attachments":[],"message":"hi","metadata":{{"from":"a","timestamp":{time},"to":"b","type":"NEW"}}"#
        )
    };
    let message = SignedMessage::parse(&signed(&body(r#""1795398894000""#))).unwrap();
    assert_eq!(message.timestamp(), 1_795_398_894_000);
    assert!(message.check_signature(&key().public()).is_ok(), "it is signed as it came");
    assert!(message.to_canonical().contains(r#""timestamp":"1795398894000""#));
    for wrong in [r#""""#, r#""12345678901234567""#, r#""-1""#, r#""1.5""#, r#""1e3""#, "true", "null"] {
        let parsed = SignedMessage::parse(&signed(&body(wrong)));
        assert_eq!(parsed.err(), Some(MessageError::Form("timestamp")), "{wrong}");
    }
}
