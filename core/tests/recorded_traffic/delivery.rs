use dm3_core::delivery::api::{self, Acknowledgement, ApiError, SubmitError};
use dm3_core::delivery::socket_io::{Packet, socket_base, websocket_url};
use dm3_core::delivery::{Challenge, ChallengeError, SocketEvent, SocketSession};
use dm3_core::identity::{Address, EnsName, SignedProfile};
use dm3_core::message::{Envelope, ReceivedEnvelope};
use dm3_core::seal::signing::SigningKey;
use dm3_core::web::{BaseUrl, HttpRequest, SessionToken};
use serde_json::Value;

use crate::recorded::{bearer, exchange, exchanges, reply};

pub fn at(path: &str) -> BaseUrl {
    format!("http://127.0.0.1:9080{path}").parse().unwrap()
}

fn alice() -> EnsName {
    "0x70997970c51812dc3a010c7d01b50e0d17dc79c8.addr.dm3.eth".parse().unwrap()
}

fn bob() -> EnsName {
    "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc.addr.dm3.eth".parse().unwrap()
}

/// Our request is the recorded one; the JSON-RPC id, which the server never looks at, aside.
pub fn assert_same(ours: &HttpRequest, exchange: &Value) {
    let theirs = &exchange["request"];
    assert_eq!(ours.method.as_str(), theirs["method"]);
    let url = format!("http://127.0.0.1:9080{}", theirs["publicUrl"].as_str().unwrap());
    assert_eq!(ours.url.as_str(), url.trim_end_matches('/'));
    let header = |name: &str| {
        let headers = theirs["headers"].as_array().unwrap();
        headers.iter().find(|header| header[0] == name).map(|header| header[1].as_str().unwrap())
    };
    let bearer = ours.bearer.as_ref().map(|token| format!("Bearer {}", token.expose()));
    assert_eq!(bearer.as_deref(), header("Authorization"));
    if let Some(body) = &ours.body {
        let mut body: Value = serde_json::from_str(body).unwrap();
        if theirs["json"].get("id").is_none() {
            body.as_object_mut().unwrap().remove("id");
        }
        assert_eq!(with_parsed_param(body), with_parsed_param(theirs["json"].clone()));
    }
}

/// An envelope is sent as text, in which the order of members does not matter.
fn with_parsed_param(mut body: Value) -> Value {
    if let Some(param) = body.pointer_mut("/params/0")
        && let Some(object) = param.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok())
    {
        *param = serde_json::json!({ "text of": object });
    }
    body
}

#[test]
fn signing_up_asks_what_the_reference_asked() {
    let step = "05-alice-signup-delivery-service";
    let known = exchange(step, 33);
    assert_same(&api::get_profile(&at("/ds"), &alice()), &known);
    assert_eq!(api::parse_profile(&reply(&known)), Ok(None));

    let register = exchange(step, 36);
    let profile = SignedProfile::parse(&register["request"]["json"].to_string()).unwrap();
    assert_same(&api::post_profile(&at("/ds"), &alice(), &profile), &register);
    assert_eq!(api::parse_done(&reply(&register)), Ok(()));

    let address = exchange(step, 34);
    let account: Address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".parse().unwrap();
    let domain = "addr.dm3.eth".parse().unwrap();
    assert_same(&api::post_address(&at("/resolver-handler"), &domain, account, &profile), &address);
    assert_eq!(api::parse_done(&reply(&address)), Ok(()));
}

#[test]
fn a_resolver_says_why_it_refuses() {
    let refused = reply(&exchange("17-resolver-alias", 715));
    let error = ApiError::Refused { status: 400, reason: "invalid profile".into() };
    assert_eq!(api::parse_done(&refused), Err(error));
}

#[test]
fn a_server_that_could_not_store_a_profile_says_so_in_words() {
    let refused = reply(&exchange("14d-storage-duplicates-and-errors", 527));
    let error = ApiError::Refused { status: 400, reason: "Couldn't store profile".into() };
    assert_eq!(api::parse_done(&refused), Err(error));
}

#[test]
fn profiles_are_read_and_absent_ones_are_none() {
    let step = "08-profile-get";
    let profile = api::parse_profile(&reply(&exchange(step, 108))).unwrap().unwrap();
    let bob: Address = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC".parse().unwrap();
    assert!(profile.verify(bob).is_ok());
    for seq in [110, 111, 116, 117] {
        assert_eq!(api::parse_profile(&reply(&exchange(step, seq))), Ok(None), "{seq}");
    }
}

#[test]
fn logging_in_asks_what_the_reference_asked() {
    for (server, ask, answer) in [("/ds", 119, 123), ("/api", 124, 127)] {
        let asked = exchange("09-auth-challenge", ask);
        assert_same(&api::get_challenge(&at(server), &bob()), &asked);
        let challenge = api::parse_challenge(&at("/ds"), &reply(&asked), &bob()).unwrap();

        let answered = exchange("09-auth-challenge", answer);
        assert_eq!(answered["request"]["json"]["challenge"], challenge.as_str());
        // The recorded signature is over exactly the text that we would sign.
        let profile = api::parse_profile(&reply(&exchange("08-profile-get", 108))).unwrap().unwrap();
        let account = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC".parse().unwrap();
        let signature = answered["request"]["json"]["signature"].as_str().unwrap();
        let key: SigningKey = profile.verify(account).unwrap().keys().signing;
        assert!(key.verify(challenge.as_str(), signature).is_ok());
        assert!(api::parse_token(&reply(&answered)).is_ok());
    }
}

#[test]
fn a_challenge_for_another_account_is_not_signed() {
    let asked = reply(&exchange("09-auth-challenge", 119));
    assert_eq!(
        api::parse_challenge(&at("/ds"), &asked, &alice()),
        Err(ApiError::Challenge(ChallengeError::OtherAccount))
    );
}

#[test]
fn no_text_of_the_signing_vectors_passes_for_a_challenge() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors/auth.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let alice = "alice.eth".parse().unwrap();
    for text in [
        &vectors["aliasClaim"]["message"],
        &vectors["aliasRemove"]["message"],
        // A token that only names the account is not what a login server sends.
        &vectors["challengeSigning"]["challenge"],
    ] {
        assert!(Challenge::parse(text.as_str().unwrap(), &at("/ds"), &alice).is_err(), "{text}");
    }
}

#[test]
fn login_failures_say_what_to_do() {
    let step = "09b-auth-errors";
    assert_eq!(api::parse_token(&reply(&exchange(step, 131))), Err(ApiError::OtherKey));
    assert_eq!(api::parse_token(&reply(&exchange(step, 150))), Err(ApiError::NoAccount));
    let missing = api::parse_challenge(&at("/ds"), &reply(&exchange(step, 148)), &bob());
    assert_eq!(missing, Err(ApiError::NoAccount));
}

#[test]
fn submitting_sends_the_envelope_as_text() {
    let submitted = exchange("10b-submitMessage-duplicate", 191);
    let text = submitted["request"]["json"]["params"][0].as_str().unwrap();
    let envelope = Envelope::parse(text).unwrap();
    assert_same(&api::submit(&at("/ds"), &envelope), &submitted);
    assert_eq!(api::parse_submitted(&reply(&submitted)), Ok(()));
}

#[test]
fn refused_envelopes_keep_the_servers_reason() {
    for (seq, reason) in [(611, "Envelop missing"), (612, "Error parsing envelop"), (613, "invalid schema")] {
        let refused = reply(&exchange("16-rpc-misc-and-errors", seq));
        assert_eq!(api::parse_submitted(&refused), Err(SubmitError::Malformed(reason.into())));
    }
    let no_method = reply(&exchange("16-rpc-misc-and-errors", 609));
    assert_eq!(api::parse_submitted(&no_method), Err(SubmitError::NotThere));
}

#[test]
fn properties_are_read_without_the_operators_secrets() {
    let properties = api::parse_properties(&reply(&exchange("01-ds-properties", 1))).unwrap();
    assert_eq!(properties.size_limit, Some(100_000));
    assert!(!format!("{properties:?}").contains("password"));
    assert_same(&api::get_properties(&at("/ds")), &without_id(exchange("01-ds-properties", 1)));
}

fn without_id(mut exchange: Value) -> Value {
    exchange["request"]["json"].as_object_mut().unwrap().remove("id");
    exchange
}

#[test]
fn the_deployed_profile_extension_forbids_nothing() {
    let asked = exchange("16-rpc-misc-and-errors", 607);
    assert_same(&api::get_profile_extension(&at("/ds"), &bob()), &asked);
    let extension = api::parse_profile_extension(&reply(&asked)).unwrap();
    assert!(extension.supports("NEW") && extension.supports("REACTION"));
    let unknown = api::parse_profile_extension(&reply(&exchange("16-rpc-misc-and-errors", 608)));
    assert_eq!(unknown, Err(ApiError::Refused { status: 400, reason: "unknown user".into() }));
}

#[test]
fn the_mailbox_is_read_envelope_by_envelope() {
    let listed = exchange("11-fetch-incoming", 202);
    assert_same(&api::get_incoming(&at("/ds"), &bob(), &bearer(&listed).unwrap()), &listed);
    let incoming = api::parse_incoming(&reply(&listed)).unwrap();
    assert_eq!((incoming.envelopes.len(), incoming.unreadable, incoming.more), (2, 0, false));
    for envelope in &incoming.envelopes {
        assert!(ReceivedEnvelope::from_json(envelope).is_ok());
    }
    let refused = api::parse_incoming(&reply(&exchange("11-fetch-incoming", 193)));
    assert_eq!(refused, Err(ApiError::Unauthorized));
}

#[test]
fn acknowledging_asks_what_the_reference_asked() {
    let sent = exchange("12-sync-acknowledgements", 208);
    let theirs = &sent["request"]["json"]["acknowledgements"][0];
    let text = |member: &str| theirs[member].as_str().unwrap();
    let ours = Acknowledgement::new(text("contactAddress"), text("messageHash"));
    assert_same(&api::acknowledge(&at("/ds"), &bob(), &bearer(&sent).unwrap(), &[ours]), &sent);
    assert_eq!(api::parse_done(&reply(&sent)), Ok(()));
}

/// The frames of one recorded connection: direction and text.
fn frames(step: &str, connection: &str) -> Vec<(bool, String)> {
    let frames = exchanges(step).into_iter().filter(|e| e["conn"] == connection && e["frame"] == "text");
    frames.map(|e| (e["dir"] == "server->client", e["data"].as_str().unwrap().to_owned())).collect()
}

/// Feeds a session with what the server said, and takes the token from what the client said.
fn replay(step: &str, connection: &str) -> Vec<SocketEvent> {
    let frames = frames(step, connection);
    let join = frames.iter().find(|(from_server, text)| !from_server && text.starts_with("40")).unwrap();
    let Ok(Packet::Connect(auth)) = Packet::parse(&join.1) else { panic!("{join:?}") };
    let account = auth["account"]["ensName"].as_str().unwrap_or("nobody.eth").parse().unwrap();
    let token = SessionToken::new(auth["token"].as_str().unwrap_or("x")).unwrap();
    let mut session = SocketSession::new(account, token);
    let from_server = frames.iter().filter(|(from_server, _)| *from_server);
    from_server.flat_map(|(_, frame)| session.feed(frame)).collect()
}

#[test]
fn a_recorded_connection_is_joined_and_brings_its_message() {
    let handshake = exchanges("13-socket-connect-and-new-message")
        .into_iter()
        .find(|e| e["kind"] == "ws-handshake")
        .unwrap();
    let path = handshake["request"]["publicUrl"].as_str().unwrap();
    assert_eq!(websocket_url(&socket_base(&at("/ds"))), format!("ws://127.0.0.1:9080{path}"));

    let connection = handshake["conn"].as_str().unwrap();
    let joined = frames("13-socket-connect-and-new-message", connection);
    let join = &joined.iter().find(|(from_server, _)| !from_server).unwrap().1;
    let events = replay("13-socket-connect-and-new-message", connection);
    assert_eq!(events[0], SocketEvent::Send(join.clone()));
    assert_eq!(events[1], SocketEvent::Authorized);
    let SocketEvent::Message(envelope) = &events[2] else { panic!("{:?}", events[2]) };
    assert!(ReceivedEnvelope::from_json(envelope).is_ok());
    assert_eq!(events.len(), 3);
}

#[test]
fn recorded_refusals_end_the_session() {
    for connection in ["ds1-ws3", "ds1-ws4", "ds1-ws5", "ds1-ws6"] {
        let events = replay("13c-socket-auth-failures", connection);
        let [SocketEvent::Send(_), SocketEvent::Unauthorized(reason)] = &events[..] else {
            panic!("{connection}: {events:?}")
        };
        assert!(!reason.is_empty());
    }
}

#[test]
fn every_recorded_frame_is_read_and_written_alike() {
    let mut count = 0;
    for step in ["13-socket-connect-and-new-message", "13b-submit-over-websocket", "13c-socket-auth-failures"]
    {
        for frame in exchanges(step).iter().filter(|e| e["frame"] == "text") {
            let packet = Packet::parse(frame["data"].as_str().unwrap()).unwrap();
            assert_eq!(Packet::parse(&packet.to_frame()).unwrap(), packet);
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}
