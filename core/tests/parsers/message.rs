//! JSON, sealed texts, envelopes, messages, postmarks.

use dm3_core::identity::{KeySeed, ProfileKeys};
use dm3_core::markup::{self, Block, Span};
use dm3_core::message::{Envelope, OpenedMessage, Postmark, ReceivedEnvelope, SignedMessage};
use dm3_core::seal::json::{self, canonical};
use dm3_core::seal::{Sealed, open};
use serde_json::Value;

use super::{bounded, stable, text};

fn keys() -> ProfileKeys {
    ProfileKeys::derive(&KeySeed::from_bytes([7; 32]))
}

pub fn canonical_json(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let value = json::parse(text);
    assert_eq!(value, serde_json::from_str::<Value>(text).ok(), "the core reads JSON as serde_json does");
    let Some(value) = value else { return };
    let written = canonical(&value);
    let again: Value = serde_json::from_str(&written).expect("canonical JSON is JSON");
    assert_eq!(canonical(&again), written, "the canonical form is its own");
}

pub fn sealed(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(sealed) = Sealed::parse(text) else { return };
    let written = sealed.to_string();
    bounded(&written, text);
    assert_eq!(Sealed::parse(&written).as_ref(), Ok(&sealed));
    let _ = open(&sealed, &keys().encryption);
}

pub fn envelope(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(envelope) = Envelope::parse(text) {
        let written = envelope.to_canonical();
        bounded(&written, text);
        stable(&written, Envelope::parse, Envelope::to_canonical);
        let _ = envelope.open_delivery_information(&keys().encryption);
        assert!(envelope.check_signature(&keys().public().signing).is_err());
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    if let Ok(received) = ReceivedEnvelope::from_json(&value) {
        assert!(received.claimed_hash().chars().count() <= 128);
        let _ = (received.claimed_reference(), received.sender_hint(), received.open(&keys()));
    }
}

pub fn message(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(message) = SignedMessage::parse(text) else { return };
    let written = message.to_canonical();
    bounded(&written, text);
    stable(&written, SignedMessage::parse, SignedMessage::to_canonical);
    assert_eq!(SignedMessage::parse(&written).as_ref().map(SignedMessage::hash), Ok(message.hash()));
    let _ = message.content();
    let _ = (message.kind(), message.text(), message.timestamp(), message.reference(), message.attachments());
    assert!(message.check_signature(&keys().public().signing).is_err());
    assert!(OpenedMessage::parse(text).is_ok());
}

pub fn markup(data: &[u8]) {
    fn links(spans: &[Span]) -> usize {
        let each = spans.iter().map(|span| match span {
            Span::Link(link) => {
                let address = link.address().to_ascii_lowercase();
                assert!(address.starts_with("https://") || address.starts_with("http://"));
                assert!(
                    link.host().is_some() || link.text() == link.address(),
                    "it is told where a link leads"
                );
                1
            }
            Span::Strong(inside) | Span::Emphasis(inside) | Span::Struck(inside) => links(inside),
            Span::Text(_) | Span::Code(_) | Span::Break => 0,
        });
        each.sum()
    }
    let Some(text) = text(data) else { return };
    let found: usize = markup::parse(text)
        .iter()
        .map(|block| match block {
            Block::Paragraph(spans) | Block::Heading(spans) | Block::Quote(spans) => links(spans),
            Block::List { points, .. } => points.iter().map(|spans| links(spans)).sum(),
            Block::Code(_) => 0,
        })
        .sum();
    assert!(found == 0 || markup::has_marks(text));
}

pub fn postmark(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(postmark) = Postmark::parse(text) else { return };
    let written = postmark.to_canonical();
    bounded(&written, text);
    stable(&written, Postmark::parse, Postmark::to_canonical);
    assert!(postmark.verify(text, &keys().public()).is_err());
}
