//! What messages carry beside their text, and envelopes for a proxy.

use dm3_core::identity::{KeySeed, ProfileKeys};
use dm3_core::message::{
    Content, Draft, Handling, Header, LinkError, MAX_ELSEWHERE, MAX_EMBEDDED, MAX_PROXY_SERVICES,
    ProxyEnvelope, ReceivedAttachment, SignedMessage, Source,
};
use serde_json::{Value, json};

use super::{bounded, stable, text};

fn header() -> Header {
    let name = |text: &str| text.parse().expect("a name");
    Header { from: name("alice.eth"), to: name("bob.eth"), timestamp: 1_700_000_000_000 }
}

fn message(kind: &str, attachments: &Value, link: &Value) -> Option<SignedMessage> {
    let json = json!({
        "message": "", "signature": "", "attachments": attachments,
        "metadata": { "from": "a.eth", "to": "b.eth", "timestamp": 1, "type": kind, "link": link },
    });
    SignedMessage::parse(&json.to_string()).ok()
}

/// The name of a file, and in the next line where it is: in the message itself, or elsewhere.
pub fn attachment(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let (name, address) = text.split_once('\n').unwrap_or(("", text));
    elsewhere(name, address);
    let list = json!([{ "name": name, "data": address }, address]);
    let message = message("NEW", &list, &Value::Null).expect("attachments may be anything");
    let list: Vec<_> = message.attachment_list().collect();
    assert_eq!(list.len(), 2);
    for received in list {
        assert_eq!(received.address, address);
        harmless_name(&received);
        match received.source() {
            Ok(Source::Web(url)) => assert!(url.as_str().starts_with("https://")),
            Ok(Source::Ipfs(path)) => {
                let path = path.to_ascii_lowercase().replace("%2e", ".");
                assert!(!path.split('/').any(|part| part == "..") && !path.contains(['?', '#', '\\']));
            }
            Ok(Source::Embedded(embedded)) => {
                let Ok(bytes) = embedded.bytes() else { continue };
                assert!(bytes.len() <= address.len().min(MAX_EMBEDDED + 2));
                never_runs(&bytes, embedded.handling(&bytes));
            }
            Err(_) => {}
        }
    }
}

/// A sealed file at this address is one that may be fetched, or none.
fn elsewhere(name: &str, address: &str) {
    let sealed = json!({
        "scheme": "chacha20-poly1305-stream-be32-65536",
        "hash": "00".repeat(32),
        "key": "A".repeat(52),
        "words": name,
    });
    let list = json!([{ "name": name, "data": address, "size": name.len(), "type": name, "sealed": sealed }]);
    let message = message("NEW", &list, &Value::Null).expect("attachments may be anything");
    for file in message.attachment_list().filter_map(|received| received.elsewhere()) {
        let address = file.address.as_str();
        let is_safe = ["https://", "http://localhost", "http://127.0.0.1", "http://[::1]"];
        assert!(is_safe.iter().any(|begin| address.starts_with(begin)));
        assert!(!address.contains(['?', '#']) && !file.address.authority().contains('@'));
        assert!((1..=MAX_ELSEWHERE).contains(&file.size));
    }
    assert!(message.text().starts_with(message.text_of_ours()));
}

/// What a reader could take for a page, a drawing with scripts or a document – in either case, in UTF-16, with white
/// space before it, or with other bytes before it, up to the 1,024th – is never rendered. What begins as an image, a
/// sound or a film is shown as that and as nothing else.
fn never_runs(bytes: &[u8], handling: Handling) {
    let head = &bytes[..bytes.len().min(1024)];
    let head = String::from_utf8_lossy(head).replace('\0', "").to_ascii_lowercase();
    let active = ["<svg", "<html", "<!doctype", "<script", "%pdf", "<?xml", "<iframe", "<body"];
    let first = head.trim_start_matches('\u{feff}').trim_start_matches([' ', '\t', '\n', '\x0c', '\r']);
    if active.iter().any(|sign| first.starts_with(sign)) {
        assert_eq!(handling, Handling::NeverRender);
    }
    if active.iter().any(|sign| head.contains(sign)) {
        assert!(matches!(handling, Handling::NeverRender | Handling::Inline(..)), "{handling:?}");
    }
}

fn harmless_name(received: &ReceivedAttachment<'_>) {
    let name = received.file_name();
    assert!(!name.is_empty() && name.chars().count() <= 100);
    assert!(!name.starts_with('.') && !name.ends_with('.'), "{name:?}");
    assert!(!name.contains(['/', '\\', ':', '\0', '\u{202e}']) && !name.chars().any(char::is_control));
}

/// The `link` member of a message: of one that links a profile, that asks for its keys, that answers.
pub fn message_link(data: &[u8]) {
    let Ok(link) = serde_json::from_slice::<Value>(data) else { return };
    let keys = ProfileKeys::derive(&KeySeed::from_bytes([7; 32]));
    for kind in ["LINK", "LINK_RECOVER", "LINK_ACCEPT"] {
        let Some(message) = message(kind, &Value::Null, &link) else { continue };
        let Ok(Content::Link(link)) = message.content() else { continue };
        assert_eq!(link.kind().as_wire(), kind);
        assert!(kind != "LINK_RECOVER" || link.keys.is_none(), "a request gives keys away");
        assert!(link.verify(&keys.public().signing, 1).is_err(), "our key signed nothing");
        match Draft::link(header(), &link, "") {
            Ok(draft) => {
                let again = draft.sign(&keys.signing);
                let Ok(Content::Link(again)) = again.content() else { panic!("a link was written") };
                assert_eq!(again, link);
            }
            Err(error) => assert_eq!((kind, error), ("LINK_ACCEPT", LinkError::Keys)),
        }
    }
}

pub fn proxy_envelope(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(envelope) = ProxyEnvelope::parse(text) else { return };
    let written = envelope.to_canonical();
    bounded(&written, text);
    stable(&written, ProxyEnvelope::parse, ProxyEnvelope::to_canonical);
    let envelopes = envelope.into_envelopes();
    assert!((1..=MAX_PROXY_SERVICES).contains(&envelopes.len()));
    let (_, first) = &envelopes[0];
    assert!(envelopes.iter().all(|(_, envelope)| envelope.message() == first.message()));
}
