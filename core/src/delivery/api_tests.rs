use proptest::prelude::*;

use serde_json::{Value, json};

use super::*;
use crate::delivery::{Refusal, SpamRule};
use crate::deposit::SignedVoucher;
use crate::deposit::tests::{key, voucher};
use crate::identity::{KeySeed, ProfileKeys};
use crate::message::{DeliveryInformation, Draft, Envelope, Header};
use crate::testing::SeededEntropy;
use crate::web::Method;

fn reply(status: u16, body: &str) -> HttpResponse {
    HttpResponse::new(status, body.to_owned())
}

fn ds() -> BaseUrl {
    "https://ds.example/ds".parse().unwrap()
}

fn alice() -> EnsName {
    "alice.eth".parse().unwrap()
}

#[test]
fn a_refusal_tells_the_rule_that_was_not_met() {
    let contract = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    let rule = json!({
        "rule": "deposit", "chain": 1, "contract": contract, "token": contract, "slot": "1000", "slots": 3,
    });
    let told = |code: i64, data: &Value| {
        unmet_rule(&reply(
            400,
            &json!({ "error": { "code": code, "message": "no", "data": data } }).to_string(),
        ))
    };
    let Some(SpamRule::Deposit(terms)) = told(-32010, &rule) else { panic!("no deposit") };
    assert_eq!((terms.stake(), terms.to_json()), (Some(3000), rule.clone()));
    assert_eq!(told(-32011, &rule), None);
    assert_eq!(told(-32010, &json!(null)), None);
    assert_eq!(unmet_rule(&reply(400, "")), None);
}

#[test]
fn a_voucher_stands_beside_the_envelope() {
    let keys = ProfileKeys::derive(&KeySeed::derive("alice's"));
    let header = Header { from: alice(), to: "bob.eth".parse().unwrap(), timestamp: 1 };
    let message = Draft::text(header, "hi").sign(&keys.signing);
    let (from, to) = (message.from().to_owned(), message.to().to_owned());
    let information = DeliveryInformation { from, to, delivery_instruction: None };
    let public = keys.public().encryption;
    let entropy = SeededEntropy::new(1);
    let envelope = Envelope::seal(&message, &information, &public, &public, &keys, &entropy).unwrap();
    let voucher = key(1).sign(voucher());
    let body = |request: HttpRequest| json::parse(&request.body.unwrap()).unwrap();
    let alone = body(submit(&ds(), &envelope));
    let both = body(submit_with(&ds(), &envelope, &voucher));
    assert_eq!(both["params"][0], alone["params"][0]);
    let given = json::parse(both["params"][1].as_str().unwrap()).unwrap();
    assert_eq!(SignedVoucher::from_json(&given), Some(voucher));
}

#[test]
fn any_body_with_status_200_means_accepted() {
    for body in ["OK", "", "{\"jsonrpc\":\"2.0\",\"result\":true}", "{\"error\":null}"] {
        assert_eq!(parse_submitted(&reply(200, body)), Ok(()), "{body}");
    }
}

#[test]
fn each_refusal_of_an_envelope_is_told_apart() {
    let rpc = |status, code: i64| {
        let body = json!({ "jsonrpc": "2.0", "error": { "code": code, "message": "no" } });
        parse_submitted(&reply(status, &body.to_string()))
    };
    assert_eq!(rpc(200, -32010), Err(SubmitError::Spam));
    assert_eq!(rpc(400, -32011), Err(SubmitError::TooLarge));
    assert_eq!(rpc(404, -32001), Err(SubmitError::UnknownReceiver));
    assert_eq!(rpc(503, -32002), Err(SubmitError::Unavailable(503)));
    assert_eq!(rpc(200, -32603), Err(SubmitError::Unavailable(200)));
    assert_eq!(rpc(429, -32005), Err(SubmitError::Busy { retry_after: None }));
    for code in [-32004, -32601] {
        assert_eq!(rpc(200, code), Err(SubmitError::NotThere), "{code}");
    }
    for code in [-32700, -32600, -32602, -32000, -32006] {
        assert_eq!(rpc(200, code), Err(SubmitError::Malformed("no".into())), "{code}");
    }
    for code in [-32003, 1] {
        assert_eq!(rpc(200, code), Err(SubmitError::Rejected("no".into())), "{code}");
    }
    assert_eq!(rpc(502, -32007), Err(SubmitError::Unexplained("no".into())));
    assert_eq!(parse_submitted(&reply(400, "")), Err(SubmitError::Unexplained("".into())));
    assert_eq!(parse_submitted(&reply(403, "")), Err(SubmitError::Rejected("".into())));
    let malformed = |body, reason: &str| {
        assert_eq!(parse_submitted(&reply(400, body)), Err(SubmitError::Malformed(reason.into())));
    };
    malformed("Envelop missing", "Envelop missing");
    malformed("Error parsing envelop", "Error parsing envelop");
    malformed("{\"error\":\"invalid schema\"}", "invalid schema");
    assert_eq!(parse_submitted(&reply(413, "<html>")), Err(SubmitError::TooLarge));
    assert_eq!(parse_submitted(&reply(404, "")), Err(SubmitError::NotThere));
    assert_eq!(parse_submitted(&reply(405, "")), Err(SubmitError::NotThere));
    assert!(parse_submitted(&reply(503, "")).unwrap_err().refusal().is_none());
    assert_eq!(SubmitError::Spam.refusal(), Some(Refusal::Spam));
    let busy = HttpResponse { retry_after: Some(30), ..reply(429, "<html>") };
    assert_eq!(parse_submitted(&busy), Err(SubmitError::Busy { retry_after: Some(30) }));
    assert_eq!(parse_done(&busy), Err(ApiError::Busy { retry_after: Some(30) }));
}

#[test]
fn answers_over_the_socket_are_told_apart() {
    assert_eq!(parse_submitted_ack(&[json!({ "response": "success" })]), Ok(()));
    let malformed = parse_submitted_ack(&[json!({ "error": "invalid schema" })]);
    assert_eq!(malformed, Err(SubmitError::Malformed("invalid schema".into())));
    for args in [vec![], vec![json!({})], vec![json!({ "error": null })], vec![json!("")]] {
        let error = SubmitError::Rejected("".into());
        assert_eq!(parse_submitted_ack(&args), Err(error), "{args:?}");
    }
}

/// Weakness 33: the number's unit is days, seconds or milliseconds, depending on who wrote it.
#[test]
fn how_long_messages_are_kept_is_not_guessed() {
    let retention = |ttl: Value| {
        let body = json!({ "result": { "messageTTL": ttl } }).to_string();
        parse_properties(&reply(200, &body)).unwrap().retention
    };
    for ttl in [json!(0), json!(-1), Value::Null] {
        assert_eq!(retention(ttl), Retention::Unlimited);
    }
    assert_eq!(retention(json!(30)), Retention::Unknown { stated: 30 });
    assert_eq!(retention(json!("a month")), Retention::Unstated);
    assert_eq!(parse_properties(&reply(200, r#"{"result":{}}"#)).unwrap().retention, Retention::Unstated);
}

/// Weakness 31: deployed servers publish their operator's passwords.
#[test]
fn an_operators_secrets_are_neither_kept_nor_shown() {
    let config = json!({
        "sizeLimit": 100_000, "smtpPassword": "hunter2",
        "notificationChannel": [{ "config": { "smtpPassword": "hunter2", "privateVapidKey": "hunter2" } }],
    });
    let properties =
        parse_properties(&reply(200, &json!({ "result": config.to_string() }).to_string())).unwrap();
    assert_eq!(properties, Properties { size_limit: Some(100_000), retention: Retention::Unstated });
    assert!(!format!("{properties:?}").contains("hunter2"));
}

#[test]
fn one_bad_entry_does_not_spoil_the_mailbox() {
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let body =
        format!(r#"[{{"a":"x,]}}\"\\"}}, {{"b":"\ud800"}}, {{"c":{deep}}}, 7, oops, {{"d":[1,{{}}]}}]"#);
    let incoming = parse_incoming(&reply(200, &body)).unwrap();
    assert_eq!(incoming.envelopes, [json!({ "a": "x,]}\"\\" }), json!({ "d": [1, {}] })]);
    assert_eq!((incoming.unreadable, incoming.more), (4, false));
    assert_eq!(parse_incoming(&reply(200, " [ ] ")), Ok(Incoming::default()));
}

#[test]
fn what_can_not_be_read_is_acknowledged_in_the_words_of_the_server() {
    let token = SessionToken::new("t").unwrap();
    for hash in [r#""\ud800""#, r#""\udbff\udfff\ud800\"}""#, r#""""#] {
        let metadata = format!(r#"{{"deliveryInformation":{{"from":"a.eth"}}, "messageHash" : {hash} }}"#);
        let entry = format!(r#"{{"message":"\ud800","metadata":{metadata}}}"#);
        let incoming = parse_incoming(&reply(200, &format!("[{entry}, {{}}]"))).unwrap();
        assert_eq!((&incoming.envelopes[0], incoming.unreadable), (&json!(entry), 0));
        let named = Acknowledgement::cut(&entry).unwrap();
        let body = format!(r#"{{"acknowledgements":[{{"contactAddress":"a.eth","messageHash":{hash}}}]}}"#);
        assert_eq!(acknowledge(&ds(), &alice(), &token, &[named]).body, Some(body));
    }
    let nameless = r#"{"metadata":{"deliveryInformation":"from","messageHash":"\ud800"}}"#;
    assert_eq!(parse_incoming(&reply(200, &format!("[{nameless}]"))).unwrap().unreadable, 1);
}

#[test]
fn a_mailbox_that_is_no_list_is_an_error() {
    for body in ["", "{}", "[", "]", "[}]", "[\"]", "<html>"] {
        assert_eq!(parse_incoming(&reply(200, body)), Err(ApiError::Garbled("no list")), "{body}");
    }
    assert_eq!(parse_incoming(&reply(401, "Unauthorized")), Err(ApiError::Unauthorized));
}

#[test]
fn an_overfull_mailbox_is_taken_in_parts() {
    let body = format!("[{}]", vec!["{}"; MAX_ENVELOPES + 1].join(","));
    let incoming = parse_incoming(&reply(200, &body)).unwrap();
    assert_eq!((incoming.envelopes.len(), incoming.more), (MAX_ENVELOPES, true));
}

#[test]
fn the_specifications_form_of_results_is_understood() {
    let bare = reply(200, r#"{"result":{"sizeLimit":5,"messageTTL":30}}"#);
    assert_eq!(parse_properties(&bare).unwrap().size_limit, Some(5));
    let extension = r#"{"result":{"encryptionScheme":["a"],"supportedMesssageTypes":["REPLY"]}}"#;
    let extension = parse_profile_extension(&reply(200, extension)).unwrap();
    assert_eq!(extension.encryption_schemes, ["a"]);
    assert!(extension.supports("NEW") && extension.supports("REPLY") && !extension.supports("EDIT"));
    let failed = reply(200, r#"{"error":{"code":-32001,"message":"who?"}}"#);
    let error = ApiError::Refused { status: 200, reason: "who?".into() };
    assert_eq!(parse_profile_extension(&failed), Err(error));
}

#[test]
fn servers_that_fail_are_told_apart() {
    assert_eq!(parse_done(&reply(503, "")), Err(ApiError::Unavailable(503)));
    assert_eq!(parse_done(&reply(404, "<html>")), Err(ApiError::NoAccount));
    let error = ApiError::Refused { status: 400, reason: "".into() };
    assert_eq!(parse_done(&reply(400, "<!DOCTYPE html>")), Err(error));
    assert_eq!(parse_token(&reply(200, "OK")), Err(ApiError::Garbled("no token")));
    assert_eq!(parse_token(&reply(200, "\"a\\r\\nb\"")), Err(ApiError::Garbled("no token")));
}

#[test]
fn what_needs_a_login_carries_the_token() {
    let token = SessionToken::new("t").unwrap();
    let request = get_incoming(&ds(), &alice(), &token);
    assert_eq!(request.bearer, Some(token.clone()));
    assert_eq!(request.method, Method::Get);
    assert_eq!(acknowledge(&ds(), &alice(), &token, &[]).bearer, Some(token));
    assert_eq!(get_properties(&ds()).bearer, None);
}

proptest! {
    #[test]
    fn hostile_listings_never_panic(body in "[\\[\\]{},\"\\\\é:a1 ]{0,60}") {
        let _ = parse_incoming(&reply(200, &body));
    }
}

#[test]
fn a_page_of_a_mailbox_is_read_entry_by_entry() {
    let page = |body: &str| parse_mailbox(&HttpResponse::new(200, body.to_owned()));
    let body = r#"{"messages":[{"id":3,"envelope":{"message":"a"}}, {"id":4,"envelope":{"message":"\ud800"}},
        {"id":5,"envelope":7}, {"envelope":{}}, {"id":9,"envelope":{"next":1}}] , "next" : 9}"#;
    let read = page(body).unwrap();
    assert_eq!(read.messages.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [3, 9]);
    assert_eq!((read.unreadable, read.next), (3, Some(9)));
    assert_eq!(page(r#"{"next":null,"messages":[]}"#), Ok(MailboxPage::default()));
    for garbled in ["", "[]", "{}", r#"{"messages":{}}"#, "<html>"] {
        assert!(matches!(page(garbled), Err(ApiError::Garbled(_))), "{garbled}");
    }
    let many: Vec<_> = (1..=MAX_ENVELOPES + 5).map(|n| format!(r#"{{"id":{n},"envelope":{{}}}}"#)).collect();
    let read = page(&format!(r#"{{"messages":[{}],"next":null}}"#, many.join(","))).unwrap();
    assert_eq!((read.messages.len(), read.next), (MAX_ENVELOPES, Some(MAX_ENVELOPES as u64)));
}

#[test]
fn of_a_listing_that_was_cut_every_whole_entry_is_taken() {
    let incoming = parse_incoming(&reply(200, r#"[{"a":1},{"b":2},{"c":"#)).unwrap();
    assert_eq!((incoming.envelopes, incoming.more), (vec![json!({ "a": 1 }), json!({ "b": 2 })], true));
    let page = |body: &str| parse_mailbox(&reply(200, body));
    let cut = page(r#"{"messages":[{"id":3,"envelope":{}},{"id":4,"envelope":{}},{"id":5,"env"#).unwrap();
    assert_eq!((cut.messages.len(), cut.next), (2, Some(4)));
    let cut = page(r#"{"messages":[{"id":3,"envelope":{}},{"id":4,"envelope":{}}],"ne"#).unwrap();
    assert_eq!(
        (cut.messages.len(), cut.next),
        (1, Some(3)),
        "whatever follows a list is none of its entries"
    );
    assert_eq!(page(r#"{"messages":[{"id":3,"envel"#), Err(ApiError::Unavailable(200)));
    let token = SessionToken::new("t").unwrap();
    assert!(get_incoming(&ds(), &alice(), &token).takes_beginning);
    assert!(get_mailbox(&ds(), &alice(), &token, 0, 9).takes_beginning);
}

#[test]
fn a_mailbox_is_asked_for_and_acknowledged_by_numbers() {
    let token = SessionToken::new("t").unwrap();
    let mailbox = "https://dm3.example/ds/mailbox".parse().unwrap();
    let request = get_mailbox(&mailbox, &alice(), &token, 17, 50);
    assert!(request.url.as_str().starts_with("https://dm3.example/ds/mailbox/"), "{:?}", request.url);
    assert_eq!(request.url.query_value("after"), Some("17"));
    let request = acknowledge_numbers(&mailbox, &alice(), &token, &[3, 9]);
    assert!(request.url.as_str().ends_with("/acknowledge"));
    assert_eq!(request.body.as_deref(), Some(r#"{"ids":[3,9]}"#));
}
