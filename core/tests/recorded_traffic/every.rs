//! Nothing that was recorded is left out: each exchange of each recording goes to the reader that a client, or a
//! node, would give it to, and each request that the core can make is made again. A recording of something that no
//! arm here knows fails.

use std::collections::BTreeMap;

use dm3_core::delivery::Challenge;
use dm3_core::delivery::api::{self, Acknowledgement, ApiError, SubmitError};
use dm3_core::delivery::socket_io::{Packet, socket_base, websocket_url};
use dm3_core::identity::{Address, EnsName, SignedProfile};
use dm3_core::message::{Envelope, EnvelopeError, ReceivedEnvelope};
use dm3_core::registry::abi::Tuple;
use dm3_core::registry::json_rpc::{eth_call_body, parse_eth_call};
use dm3_core::registry::{CallOutcome, GatewayQuery, gateway};
use dm3_core::seal::{Sealed, json::canonical};
use dm3_core::storage::api as storage;
use dm3_core::web::{BaseUrl, HttpRequest, HttpResponse};
use serde_json::Value;

use crate::delivery::{assert_same, at};
use crate::recorded::{bearer, exchanges, keys, reply, steps};

/// Who reads an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reader {
    Call,
    Gateway,
    Profile,
    Login,
    Mailbox,
    Submission,
    Properties,
    Storage,
    Socket,
    /// Routes of which a client of the core needs to know no more than whether they worked, and if not, why.
    Outcome,
    /// The chain's number, which a wallet or the platform asks for.
    NotOfTheCore,
}

#[test]
fn every_exchange_of_every_recording_has_a_reader_that_reads_it() {
    let mut seen = BTreeMap::<Reader, usize>::new();
    let steps = steps();
    assert_eq!(steps.len(), 29);
    for step in &steps {
        let readers: Vec<_> = exchanges(step).iter().map(|exchange| read(step, exchange)).collect();
        assert!(readers.iter().any(|reader| *reader != Reader::NotOfTheCore), "nothing of {step} was read");
        for reader in readers {
            *seen.entry(reader).or_default() += 1;
        }
    }
    let none_left = [
        (Reader::Call, 183),
        (Reader::Gateway, 134),
        (Reader::Profile, 27),
        (Reader::Login, 27),
        (Reader::Mailbox, 14),
        (Reader::Submission, 13),
        (Reader::Properties, 4),
        (Reader::Storage, 36),
        (Reader::Socket, 59),
        (Reader::Outcome, 32),
        (Reader::NotOfTheCore, 240),
    ];
    assert_eq!(seen, BTreeMap::from(none_left));
}

/// Reads an exchange, compares what is asked with what the core would ask, and tells who read it.
fn read(step: &str, exchange: &Value) -> Reader {
    let place = format!("{step} {}", exchange["seq"]);
    match exchange["kind"].as_str().unwrap() {
        "eth-rpc" => ethereum(&place, exchange),
        "http" if exchange["service"] == "ccip-gateway" => gateway_request(&place, exchange),
        "http" => http(&place, exchange),
        "ws-handshake" => {
            let path = exchange["request"]["publicUrl"].as_str().unwrap();
            assert_eq!(
                websocket_url(&socket_base(&at("/ds"))),
                format!("ws://127.0.0.1:9080{path}"),
                "{place}"
            );
            Reader::Socket
        }
        "ws-frame" => {
            if exchange["frame"] == "text" {
                frame(&place, exchange["data"].as_str().unwrap());
            }
            Reader::Socket
        }
        other => panic!("{place}: nobody reads {other}"),
    }
}

fn ethereum(place: &str, exchange: &Value) -> Reader {
    let (asked, answered) = (&exchange["request"]["json"], &exchange["response"]["json"]);
    match asked["method"].as_str().unwrap() {
        "eth_chainId" => Reader::NotOfTheCore,
        "eth_call" => {
            let call = &asked["params"][0];
            let (to, data) = (call["to"].as_str().unwrap(), call["data"].as_str().unwrap());
            let ours = eth_call_body(
                Some(Address::parse_unchecked_case(to).unwrap()),
                &hex::decode(&data[2..]).unwrap(),
            );
            let mut ours: Value = serde_json::from_str(&ours).unwrap();
            ours["params"][0]["to"] = to.into();
            ours["id"] = asked["id"].clone();
            assert_eq!(&ours, asked, "{place}");
            let outcome = parse_eth_call(&answered.to_string()).unwrap();
            assert_eq!(
                matches!(outcome, CallOutcome::Reverted(_)),
                answered.get("error").is_some(),
                "{place}"
            );
            Reader::Call
        }
        other => panic!("{place}: nobody reads {other}"),
    }
}

fn gateway_request(place: &str, exchange: &Value) -> Reader {
    let path = exchange["request"]["serviceUrl"].as_str().unwrap();
    let (sender, data) = path.strip_prefix('/').unwrap().split_once('/').unwrap();
    let (_, call) = gateway::parse_request(sender, data).unwrap_or_else(|error| panic!("{place}: {error}"));
    assert!(GatewayQuery::parse(&call).is_ok(), "{place}");
    let answer = hex::decode(&exchange["response"]["json"]["data"].as_str().unwrap()[2..]).unwrap();
    let answer = Tuple::new(&answer).unwrap();
    assert!(
        answer.bytes(0).is_ok() && answer.uint(1).is_ok() && answer.bytes(2).unwrap().len() == 65,
        "{place}"
    );
    Reader::Gateway
}

/// `/ds/auth/alice.eth?x` is the server `/ds`, the route `auth` and the rest `alice.eth`.
fn http(place: &str, exchange: &Value) -> Reader {
    let request = &exchange["request"];
    let url = request["publicUrl"].as_str().unwrap();
    let path = url.split('?').next().unwrap().trim_matches('/');
    let parts: Vec<_> = path.split('/').collect();
    let server = at(&format!("/{}", parts[0]));
    let post = request["method"] == "POST";
    let reply = reply(exchange);
    let json = &request["json"];
    match (post, &parts[..]) {
        (_, ["socket.io"]) => {
            polling(place, request["raw"].as_str().unwrap(), &reply);
            Reader::Socket
        }
        (false, ["ds" | "api", "profile", account]) => {
            let read = api::parse_profile(&reply).unwrap_or_else(|error| panic!("{place}: {error}"));
            assert_eq!(read.is_some(), reply.status == 200, "{place}");
            assert_same(&api::get_profile(&server, &name(account)), exchange);
            Reader::Profile
        }
        (true, ["ds" | "api", "profile", account]) => {
            outcome(place, &api::parse_done(&reply), &reply);
            let profile = SignedProfile::parse(&json.to_string()).unwrap();
            // What the server takes for malformed has a member too many, which we never write.
            if !reply.body.contains("invalid schema") {
                assert_same(&api::post_profile(&server, &name(account), &profile), exchange);
            }
            Reader::Profile
        }
        (true, ["resolver-handler", "profile", "address"]) => {
            outcome(place, &api::parse_done(&reply), &reply);
            let profile = SignedProfile::parse(&json["signedUserProfile"].to_string()).unwrap();
            let (domain, account) = (name(json["subdomain"].as_str().unwrap()), &json["address"]);
            let account: Address = account.as_str().unwrap().parse().unwrap();
            assert_eq!(profile.clone().verify(account).is_ok(), reply.status == 200, "{place}");
            assert_same(&api::post_address(&server, &domain, account, &profile), exchange);
            Reader::Profile
        }
        (false, ["ds" | "api", "auth", account]) => {
            let account = name(account);
            let read = api::parse_challenge(&server, &reply, &account);
            assert_eq!(read.as_ref().err(), (reply.status == 404).then_some(&ApiError::NoAccount), "{place}");
            assert_same(&api::get_challenge(&server, &account), exchange);
            Reader::Login
        }
        (true, ["ds" | "api", "auth", account]) => {
            outcome(place, &api::parse_token(&reply), &reply);
            log_in(place, &server, &name(account), exchange);
            Reader::Login
        }
        (false, ["ds", "delivery", "messages", "incoming", account]) => {
            incoming(place, &reply);
            if let Some(token) = bearer(exchange) {
                assert_same(&api::get_incoming(&server, &name(account), &token), exchange);
            }
            Reader::Mailbox
        }
        // The older listing, of one sender. It has the form of the present one, and nobody needs to ask for it.
        (false, ["ds", "delivery", "messages", _, "contact", _]) => {
            incoming(place, &reply);
            Reader::Mailbox
        }
        (true, ["ds", "delivery", "messages", account, "syncAcknowledgements"]) => {
            outcome(place, &api::parse_done(&reply), &reply);
            let list = json["acknowledgements"].as_array().unwrap().iter();
            let ours = list.map(|theirs| {
                Some(Acknowledgement::new(
                    theirs["contactAddress"].as_str()?,
                    theirs["messageHash"].as_str()?,
                ))
            });
            match ours.collect::<Option<Vec<_>>>() {
                Some(ours) => {
                    let token = bearer(exchange).unwrap();
                    assert_same(&api::acknowledge(&server, &name(account), &token, &ours), exchange);
                }
                None => assert_eq!(reply.body, "Bad Request", "{place}"),
            }
            Reader::Mailbox
        }
        (true, ["ds", "rpc"]) => rpc(place, exchange, &reply),
        (_, ["api", "storage", "new", _, route, ..]) => {
            stored(place, route, &reply);
            Reader::Storage
        }
        (_, ["ds", "notifications", ..] | ["resolver-handler", "profile", ..])
        | (false, ["ds" | "api", "hello"] | ["ds", "metrics"]) => {
            outcome(place, &api::parse_done(&reply), &reply);
            Reader::Outcome
        }
        _ => panic!("{place}: nobody reads {url}"),
    }
}

fn name(text: &str) -> EnsName {
    text.parse().unwrap()
}

/// Success where the server says so, and otherwise a reason with words.
fn outcome<T>(place: &str, read: &Result<T, ApiError>, reply: &HttpResponse) {
    assert_eq!(read.is_ok(), (200..300).contains(&reply.status), "{place}");
    if let Err(ApiError::Refused { status, reason }) = read {
        assert_eq!(*status, reply.status, "{place}");
        let reason = reason.to_string();
        assert!(!reason.is_empty() && !reason.contains(['{', '<']), "{place}: {reason}");
    }
    if let Err(ApiError::Garbled(what)) = read {
        panic!("{place}: {what}");
    }
}

/// Signing is deterministic: with the keys of the recorded account, ours is the recorded answer.
fn log_in(place: &str, server: &BaseUrl, account: &EnsName, exchange: &Value) {
    let theirs = &exchange["request"]["json"];
    let Some(text) = theirs["challenge"].as_str() else { return };
    // Three recorded logins are attacks: with a text that is no challenge, one of another account, another key.
    let Ok(challenge) = Challenge::parse(text, server, account) else {
        assert!(place.starts_with("09b-auth-errors"), "{place}");
        return;
    };
    let signer = match account.as_str() {
        alice if alice.starts_with("0x7099") => "alice",
        bob if bob.starts_with("0x3c44") => "bob",
        _ => "carol",
    };
    let ours = api::answer_challenge(server, account, &challenge, &keys(signer).signing);
    if exchange["response"]["raw"].as_str().unwrap().contains("Signature invalid") {
        let ours: Value = serde_json::from_str(&ours.body.unwrap()).unwrap();
        assert_ne!(ours["signature"], theirs["signature"], "{place}");
    } else {
        assert_same(&ours, exchange);
    }
}

fn incoming(place: &str, reply: &HttpResponse) {
    if reply.status == 401 {
        return assert_eq!(api::parse_incoming(reply), Err(ApiError::Unauthorized), "{place}");
    }
    let incoming = api::parse_incoming(reply).unwrap();
    assert_eq!((incoming.unreadable, incoming.more), (0, false), "{place}");
    for envelope in &incoming.envelopes {
        received(place, envelope);
    }
}

fn received(place: &str, envelope: &Value) {
    let read = ReceivedEnvelope::from_json(envelope);
    assert!(read.is_ok_and(|envelope| envelope.sender_hint().is_some()), "{place}");
}

fn rpc(place: &str, exchange: &Value, reply: &HttpResponse) -> Reader {
    let asked = &exchange["request"]["json"];
    let param = asked["params"][0].as_str();
    match asked["method"].as_str() {
        Some("dm3_submitMessage") => {
            submission(place, exchange, param, &api::parse_submitted(reply), reply.status);
            Reader::Submission
        }
        Some("dm3_getDeliveryServiceProperties") => {
            assert!(
                api::parse_properties(reply).is_ok_and(|read| read.size_limit == Some(100_000)),
                "{place}"
            );
            assert_rpc(&api::get_properties(&at("/ds")), exchange);
            Reader::Properties
        }
        Some("dm3_getProfileExtension") => {
            outcome(place, &api::parse_profile_extension(reply), reply);
            assert_rpc(&api::get_profile_extension(&at("/ds"), &name(param.unwrap())), exchange);
            Reader::Properties
        }
        // Not a call at all, or one of another protocol.
        _ => {
            assert!(api::parse_submitted(reply).is_err(), "{place}");
            Reader::Outcome
        }
    }
}

/// The id is ours to choose.
fn assert_rpc(ours: &HttpRequest, exchange: &Value) {
    let mut exchange = exchange.clone();
    exchange["request"]["json"].as_object_mut().unwrap().remove("id");
    assert_same(ours, &exchange);
}

fn submission(
    place: &str,
    exchange: &Value,
    envelope: Option<&str>,
    read: &Result<(), SubmitError>,
    status: u16,
) {
    assert_eq!(read.is_ok(), status == 200, "{place}: {read:?}");
    match envelope.map(Envelope::parse) {
        Some(Ok(envelope)) => {
            assert_same(&api::submit(&at("/ds"), &envelope), exchange);
            sealed(place, &envelope);
        }
        // What is no envelope here was refused there, too.
        Some(Err(EnvelopeError::Json | EnvelopeError::Form(_))) | None => assert_eq!(status, 400, "{place}"),
        Some(Err(error)) => panic!("{place}: {error}"),
    }
}

/// The sealed text in an envelope is canonical, so it is written byte for byte as it came.
fn sealed(place: &str, envelope: &Envelope) {
    match Sealed::parse(envelope.message()) {
        Ok(sealed) => assert_eq!(sealed.to_string(), envelope.message(), "{place}"),
        Err(_) => assert_eq!(envelope.message(), "not even encrypted", "{place}"),
    }
}

fn stored(place: &str, route: &str, reply: &HttpResponse) {
    let unread = match route {
        "getConversations" => storage::parse_conversations(reply).map(|page| page.unreadable as u64),
        "getMessages" => storage::parse_messages(reply).map(|page| page.unreadable as u64),
        "getHaltedMessages" => storage::parse_halted(reply).map(|page| page.unreadable as u64),
        "getNumberOfConversations" | "getNumberOfMessages" => {
            storage::parse_count(reply).map(|count| u64::from(count == 0))
        }
        _ => storage::parse_done(reply).map(|()| 0),
    };
    outcome(place, &unread, reply);
    assert!(unread.is_ok_and(|unread| unread == 0) || reply.status >= 400, "{place}");
}

/// A payload of long polling: frames with a separator between them (engine.io 4). The server takes one with `ok`.
fn polling(place: &str, sent: &str, reply: &HttpResponse) {
    for payload in [sent, &reply.body] {
        if !payload.is_empty() && payload != "ok" {
            payload.split('\u{1e}').for_each(|text| frame(place, text));
        }
    }
}

/// A frame is read, and written again as it was, but for the order of members and what the core has no use for.
fn frame(place: &str, text: &str) {
    let packet = Packet::parse(text).unwrap_or_else(|error| panic!("{place}: {error}"));
    if !matches!(packet, Packet::Open { .. }) {
        let parts = |frame: &str| {
            let at = frame.find(['[', '{']).unwrap_or(frame.len());
            let (head, json) = frame.split_at(at);
            let json = (!json.is_empty()).then(|| canonical(&serde_json::from_str(json).unwrap()));
            (head.to_owned(), json)
        };
        assert_eq!(parts(&packet.to_frame()), parts(text), "{place}");
    }
    match packet {
        Packet::Event { name, args, ack: None } if name == "message" => received(place, &args[0]),
        Packet::Event { name, args, ack: Some(_) } => {
            assert_eq!(name, "submitMessage", "{place}");
            if let Ok(envelope) = Envelope::parse(&canonical(&args[0]["envelop"])) {
                sealed(place, &envelope);
            }
        }
        Packet::Ack { args, .. } => {
            let read = api::parse_submitted_ack(&args);
            assert_eq!(read.is_ok(), args[0]["response"] == "success", "{place}");
        }
        _ => {}
    }
}
