use std::collections::{HashMap, HashSet};

use dm3_core::identity::wallet_signature::recover_hash;
use dm3_core::identity::{Address, EnsName, SignedProfile};
use dm3_core::registry::abi::Tuple;
use dm3_core::registry::{
    Answer, Ask, CallOutcome, DELIVERY_SERVICE_KEY, DeliveryServiceProfile, Found, GatewayQuery,
    GatewayRecord, Lookup, LookupError, PROFILE_KEY, ProfileLocation, Record, SigningForm, Step, gateway,
    profile_record,
};
use dm3_core::web::{HttpResponse, Method};
use serde_json::Value;

use crate::recorded::{all_exchanges, exchanges};

const REGISTRY: &str = "0x00000000000c2e074ec69a0dfb2997ba6c7d2e1e";
const ALICE: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const CAROL: &str = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";

fn bytes(hex_text: &str) -> Vec<u8> {
    hex::decode(hex_text.strip_prefix("0x").unwrap()).unwrap()
}

/// The recorded chain and gateways: they answer only what was asked then, byte for byte.
struct Recorded {
    calls: HashMap<(String, String), CallOutcome>,
    gateways: HashMap<String, HttpResponse>,
}

impl Recorded {
    fn step(step: &str) -> Self {
        let mut recorded = Self { calls: HashMap::new(), gateways: HashMap::new() };
        for exchange in exchanges(step) {
            let (request, response) = (&exchange["request"], &exchange["response"]);
            if exchange["kind"] == "eth-rpc" && request["json"]["method"] == "eth_call" {
                let call = &request["json"]["params"][0];
                let key =
                    (call["to"].as_str().unwrap().to_owned(), call["data"].as_str().unwrap().to_owned());
                let outcome = match response["json"]["result"].as_str() {
                    Some(result) => CallOutcome::Returned(bytes(result)),
                    None => CallOutcome::Reverted(bytes(response["json"]["error"]["data"].as_str().unwrap())),
                };
                recorded.calls.insert(key, outcome);
            } else if exchange["service"] == "ccip-gateway" {
                let url = format!("http://127.0.0.1:9080{}", request["publicUrl"].as_str().unwrap());
                let body = response["raw"].as_str().unwrap().to_owned();
                recorded
                    .gateways
                    .insert(url, HttpResponse::new(response["status"].as_u64().unwrap() as u16, body));
            }
        }
        recorded
    }

    fn look_up(&self, name: &str, record: Record) -> Result<Option<Found>, LookupError> {
        let mut lookup = Box::new(Lookup::new(REGISTRY.parse().unwrap(), name.parse().unwrap(), record));
        loop {
            let answer = match lookup.ask() {
                Ask::Call { to, data } => {
                    let key = (to.to_lower_hex(), format!("0x{}", hex::encode(data)));
                    Answer::Call(
                        self.calls.get(&key).unwrap_or_else(|| panic!("not recorded: {key:?}")).clone(),
                    )
                }
                Ask::Fetch(request) => {
                    assert_eq!(request.direct.method, Method::Get);
                    Answer::Fetched(
                        self.gateways.get(request.direct.url.as_str()).expect("recorded gateway").clone(),
                    )
                }
            };
            match lookup.answer(answer)? {
                Step::Next(next) => lookup = next,
                Step::Done(found) => return Ok(found),
            }
        }
    }
}

fn profile_of(found: Option<Found>) -> (String, SignedProfile) {
    let text = found.unwrap().into_text().unwrap();
    let ProfileLocation::Inline(json) = ProfileLocation::parse(&text).unwrap() else { panic!("a link") };
    (text, SignedProfile::parse(&json).unwrap())
}

#[test]
fn a_name_without_a_profile_has_none() {
    let recorded = Recorded::step("02-resolve-before-registration");
    let name = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8.addr.dm3.eth";
    assert_eq!(recorded.look_up(name, Record::Text(PROFILE_KEY.into())), Ok(None));
}

#[test]
fn the_profile_of_an_address_name_comes_through_the_gateway() {
    let recorded = Recorded::step("06-resolve-after-registration");
    let name = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8.addr.dm3.eth";
    let alice: Address = ALICE.parse().unwrap();
    let found = recorded.look_up(name, Record::Text(PROFILE_KEY.into())).unwrap();
    let (text, profile) = profile_of(found);
    assert_eq!(profile_record(&profile), text);
    assert!(profile.verify(alice).is_ok());
    assert_eq!(recorded.look_up(name, Record::Address), Ok(Some(Found::Address(alice))));
}

#[test]
fn a_cloud_name_leads_to_the_same_profile() {
    let recorded = Recorded::step("17-resolver-alias");
    let alice: Address = ALICE.parse().unwrap();
    let found = recorded.look_up("alice.user.dm3.eth", Record::Text(PROFILE_KEY.into())).unwrap();
    assert!(profile_of(found).1.verify(alice).is_ok());
    assert_eq!(recorded.look_up("alice.user.dm3.eth", Record::Address), Ok(Some(Found::Address(alice))));
}

#[test]
fn a_profile_on_chain_is_read_without_any_gateway() {
    let recorded = Recorded::step("19-onchain-profile");
    let carol: Address = CAROL.parse().unwrap();
    let found = recorded.look_up("carol.eth", Record::Text(PROFILE_KEY.into())).unwrap();
    assert!(profile_of(found).1.verify(carol).is_ok());
    assert_eq!(recorded.look_up("carol.eth", Record::Address), Ok(Some(Found::Address(carol))));
}

#[test]
fn a_delivery_service_is_found_by_its_name() {
    let recorded = Recorded::step("03-resolve-delivery-service-profile");
    let found = recorded.look_up("ds1.eth", Record::Text(DELIVERY_SERVICE_KEY.into())).unwrap();
    let text = found.unwrap().into_text().unwrap();
    let ProfileLocation::Inline(json) = ProfileLocation::parse(&text).unwrap() else { panic!("a link") };
    let profile = DeliveryServiceProfile::parse(&json).unwrap();
    assert_eq!(profile.url.as_str(), "http://127.0.0.1:9080/ds");
    assert_eq!(profile.to_json(), json);
}

/// Every question the reference's gateway was asked, with its call data and its answer.
fn gateway_exchanges() -> Vec<(Address, Vec<u8>, Vec<u8>)> {
    let answered = all_exchanges().into_iter().filter(|exchange| exchange["service"] == "ccip-gateway");
    answered
        .filter_map(|exchange| {
            let path = exchange["request"]["serviceUrl"].as_str().unwrap();
            let (sender, data) = path.strip_prefix('/').unwrap().split_once('/').unwrap();
            let (sender, data) = gateway::parse_request(sender, data).unwrap();
            Some((sender, data, bytes(exchange["response"]["json"]["data"].as_str()?)))
        })
        .collect()
}

#[test]
fn every_recorded_question_to_the_gateway_is_understood() {
    let exchanges = gateway_exchanges();
    assert!(exchanges.len() > 20, "{}", exchanges.len());
    for (_, call_data, answer) in exchanges {
        let query = GatewayQuery::parse(&call_data).unwrap();
        assert_eq!(query.form, SigningForm::Dm3);
        let result = Tuple::new(&answer).unwrap().bytes(0).unwrap();
        match &query.record {
            GatewayRecord::Address if result.is_empty() => assert_eq!(query.address_result(None), result),
            GatewayRecord::Address => {
                let address = Address::from_bytes(result.try_into().unwrap());
                assert_eq!(query.address_result(Some(address)), result);
                let domain: EnsName = "addr.dm3.eth".parse().unwrap();
                assert!(query.name.address_below(&domain).is_none_or(|label| label == address));
            }
            // Where the reference has no text, its answer makes the verifier revert; ours says "none".
            GatewayRecord::Text(_) if result.is_empty() => assert_eq!(query.text_result(None).len(), 64),
            GatewayRecord::Text(key) => {
                assert_eq!(key, PROFILE_KEY);
                let text = Tuple::new(result).unwrap().string(0).unwrap();
                assert_eq!(query.text_result(Some(text)), result);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_recorded_answers_are_signed_over_our_digest_by_one_signer() {
    let mut signers = HashSet::new();
    for (target, request, answer) in gateway_exchanges() {
        let tuple = Tuple::new(&answer).unwrap();
        let (result, expires, signature) =
            (tuple.bytes(0).unwrap(), tuple.uint(1).unwrap(), tuple.bytes(2).unwrap());
        assert_eq!(gateway::encode_answer(result, expires, signature), answer);
        let digest = gateway::response_digest(SigningForm::Dm3, target, expires, &request, result);
        let signature = format!("0x{}", hex::encode(signature));
        signers.insert(recover_hash(&digest, &signature).unwrap());
    }
    assert_eq!(signers.len(), 1);
}

#[test]
fn the_profile_records_of_the_vectors_are_read_and_written() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors/profiles.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let record = case["textRecord"].as_str().unwrap();
        let ProfileLocation::Inline(json) = ProfileLocation::parse(record).unwrap() else { panic!("a link") };
        assert_eq!(json, case["signedProfileStringified"].as_str().unwrap());
        let profile = SignedProfile::parse(&json).unwrap();
        assert_eq!(profile_record(&profile), record);

        let link = format!("https://a.example/p?dm3Hash={}", case["dm3Hash"].as_str().unwrap());
        let ProfileLocation::Web(link) = ProfileLocation::parse(&link).unwrap() else { panic!("inline") };
        assert!(link.check(&case["signedProfile"].to_string()).is_ok());
        assert!(link.check("{}").is_err());
    }
}
