//! What delivery services and nodes say.

use dm3_core::delivery::api;
use dm3_core::delivery::socket_io::Packet;
use dm3_core::delivery::{Challenge, Discovery, ProfileExtension, SocketEvent, SocketSession};
use dm3_core::identity::EnsName;
use dm3_core::web::{BaseUrl, HttpResponse, HttpUrl, SessionToken};
use serde_json::Value;

use super::{bounded, text};

fn account() -> EnsName {
    "0x70997970c51812dc3a010c7d01b50e0d17dc79c8.addr.dm3.eth".parse().expect("a name")
}

fn server() -> BaseUrl {
    "https://dm3.example/ds".parse().expect("an address")
}

/// Every reader of answers gets every answer. The first byte chooses the status.
pub fn api_replies(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let Some(body) = text(rest) else { return };
    let status = [200, 200, 200, 201, 400, 401, 404, 405, 429, 503][usize::from(first % 10)];
    let reply = HttpResponse { status, body: body.to_owned(), retry_after: None };
    if let Ok(Some(profile)) = api::parse_profile(&reply) {
        bounded(&profile.to_canonical(), body);
    }
    if let Ok(incoming) = api::parse_incoming(&reply) {
        assert!(incoming.envelopes.len() <= 2000);
    }
    if let Ok(page) = api::parse_mailbox(&reply) {
        assert!(page.messages.len() + page.unreadable <= 2000);
    }
    let errors = [
        api::parse_done(&reply).err().map(|error| error.to_string()),
        api::parse_token(&reply).err().map(|error| error.to_string()),
        api::parse_challenge(&server(), &reply, &account()).err().map(|error| error.to_string()),
        api::parse_submitted(&reply).err().map(|error| error.to_string()),
        api::parse_properties(&reply).err().map(|error| error.to_string()),
        api::parse_profile_extension(&reply).err().map(|error| error.to_string()),
    ];
    for error in errors.into_iter().flatten() {
        assert!(error.chars().count() < 1000, "{error}");
    }
}

pub fn challenge(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(challenge) = Challenge::parse(text, &server(), &account()) {
        // What is signed is three parts in base64url: never the JSON of a message or another text.
        assert_eq!(challenge.as_str(), text);
        assert_eq!(text.bytes().filter(|byte| *byte == b'.').count(), 2);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
        // The times can be reckoned with.
        assert!(*challenge.issued().end() < 1 << 53);
    }
}

pub fn discovery(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(document) = Discovery::parse(text) else { return };
    let written = document.to_json();
    bounded(&written, text);
    assert_eq!(Discovery::parse(&written), Ok(document));
}

pub fn extension(data: &[u8]) {
    let Ok(Value::Object(object)) = serde_json::from_slice(data) else { return };
    let extension = ProfileExtension::from_json(object);
    assert!(
        extension.supports("NEW") && extension.rules.len() <= 32 && extension.encryption_schemes.len() <= 32
    );
    let written = extension.to_json();
    assert_eq!(ProfileExtension::from_json(written.clone()).to_json(), written);
}

/// Frames that a server sends one after the other.
pub fn socket_frame(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let token = SessionToken::new("token").expect("a token");
    let mut session = SocketSession::new(account(), token);
    for frame in text.split('\n') {
        if let Ok(packet) = Packet::parse(frame) {
            assert_eq!(Packet::parse(&packet.to_frame()).as_ref(), Ok(&packet));
            if let Packet::Ack { args, .. } = packet
                && let Err(error) = api::parse_submitted_ack(&args)
            {
                assert!(error.to_string().chars().count() < 1000, "{error}");
            }
        }
        for event in session.feed(frame) {
            if let SocketEvent::Unauthorized(reason) = event {
                assert!(reason.as_str().chars().count() <= 200);
            }
        }
        assert!(session.silence_limit_ms() <= 120_000);
    }
}

pub fn url(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(url) = text.parse::<HttpUrl>() {
        assert_eq!(url.as_str().parse().as_ref(), Ok(&url));
        assert!(url.as_str().contains(url.authority()));
        let _ = url.query_value("dm3Hash");
    }
    if let Ok(base) = text.parse::<BaseUrl>() {
        assert_eq!(base.as_str().parse().as_ref(), Ok(&base));
        let below = base.join(&["a b", "é/../?#"]);
        assert!(below.as_str().starts_with(base.as_str()), "{below} left {base}");
        assert_eq!(below.authority(), base.authority());
    }
}
