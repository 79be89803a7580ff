//! Every parser refuses what is longer than anything its kind can be, before it does any work on it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::time::{Duration, Instant};

use dm3_core::delivery::socket_io::Packet;
use dm3_core::delivery::{Challenge, Discovery, api};
use dm3_core::identity::wallet_signature::recover;
use dm3_core::identity::{EnsName, Meant, MeantError, SignedProfile};
use dm3_core::message::{Envelope, EnvelopeError, MAX_ENVELOPE, MessageError, Postmark, SignedMessage};
use dm3_core::registry::abi::{AbiError, Tuple};
use dm3_core::registry::json_rpc::{RpcError, parse_eth_call};
use dm3_core::registry::{DeliveryServiceProfile, GatewayQuery, ProfileLocation, RecordError, gateway};
use dm3_core::web::{BaseUrl, HttpResponse, HttpUrl, SessionToken};

/// Far more than a length check takes on the slowest machine, far less than reading the input would.
const QUICKLY: Duration = Duration::from_secs(2);

/// A text of nested JSON, which a parser without a bound would have to walk.
fn long(length: usize) -> String {
    format!("\"{}\"", "[{\"a\":1},".repeat(length / 9 + 1))
}

fn refused_quickly(what: &str, refused: impl FnOnce() -> bool) {
    let started = Instant::now();
    assert!(refused(), "{what} was read");
    assert!(started.elapsed() < QUICKLY, "{what} took {:?}", started.elapsed());
}

#[test]
fn envelopes_and_messages_are_bounded() {
    let text = long(MAX_ENVELOPE);
    refused_quickly("an envelope", || Envelope::parse(&text) == Err(EnvelopeError::TooLarge));
    refused_quickly("a message", || SignedMessage::parse(&text) == Err(MessageError::TooLarge));
    refused_quickly("a postmark", || Postmark::parse(&text).is_err());
    refused_quickly("a frame", || Packet::parse(&text).is_err());
}

#[test]
fn records_and_profiles_are_bounded() {
    let text = long(1_000_000);
    let uri = format!("data:application/json,{text}");
    refused_quickly("a record", || ProfileLocation::parse(&uri) == Err(RecordError::TooLarge));
    refused_quickly("a profile", || SignedProfile::parse(&text).is_err());
    refused_quickly("a service's profile", || DeliveryServiceProfile::parse(&text).is_err());
    refused_quickly("a discovery document", || Discovery::parse(&text).is_err());
    refused_quickly("what somebody typed", || Meant::parse(&text) == Err(MeantError::TooLong));
    refused_quickly("a name", || text.parse::<EnsName>().is_err());
    refused_quickly("an address", || {
        format!("https://a.example/{}", "a".repeat(64 * 1024)).parse::<HttpUrl>().is_err()
    });
    refused_quickly("a signature", || recover("x", &text).is_err());
}

#[test]
fn answers_of_servers_are_bounded() {
    let reply = |length| HttpResponse { status: 200, body: long(length), retry_after: None };
    let account: EnsName = "alice.eth".parse().unwrap();
    let server: BaseUrl = "https://dm3.example/ds".parse().unwrap();
    let small = reply(1_000_000);
    refused_quickly("a profile", || api::parse_profile(&small).is_err());
    refused_quickly("a token", || api::parse_token(&small).is_err());
    refused_quickly("a challenge", || api::parse_challenge(&server, &small, &account).is_err());
    refused_quickly("properties", || api::parse_properties(&small).is_err());
    refused_quickly("an extension", || api::parse_profile_extension(&small).is_err());
    refused_quickly("a challenge's text", || Challenge::parse(&small.body, &server, &account).is_err());
    refused_quickly("a token's text", || SessionToken::new(&"a".repeat(10_000)).is_none());
    let listing = reply(65 * 1024 * 1024);
    refused_quickly("a mailbox", || api::parse_incoming(&listing).is_err());
}

#[test]
fn answers_of_the_chain_and_of_gateways_are_bounded() {
    let data = vec![0; 300 * 1024];
    refused_quickly("a tuple", || Tuple::new(&data).err() == Some(AbiError::TooLarge));
    let call = [&[0x90, 0x61, 0xb9, 0x23], data.as_slice()].concat();
    refused_quickly("a gateway's query", || GatewayQuery::parse(&call).is_err());
    let digits = format!("0x{}", "00".repeat(300 * 1024));
    let sender = format!("0x{}", "00".repeat(20));
    refused_quickly("a gateway's request", || gateway::parse_request(&sender, &digits).is_err());
    let answer = format!(r#"{{"result":"{digits}"}}"#);
    refused_quickly("a result", || parse_eth_call(&answer) == Err(RpcError::TooLarge));
    refused_quickly("an answer", || parse_eth_call(&long(2_000_000)) == Err(RpcError::TooLarge));
}
