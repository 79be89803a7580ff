use super::super::abi::encode;
use serde_json::json;

use super::*;
use crate::delivery::Method;

const REGISTRY: Address = Address::from_bytes([0xee; 20]);
const RESOLVER: Address = Address::from_bytes([0x11; 20]);
const ALICE: Address = Address::from_bytes([0xaa; 20]);

fn name() -> EnsName {
    "a.b.eth".parse().unwrap()
}

fn returned(args: &[Arg<'_>]) -> Answer {
    Answer::Call(CallOutcome::Returned(encode(args)))
}

fn reverted(data: &[u8]) -> Answer {
    Answer::Call(CallOutcome::Reverted(data.to_vec()))
}

fn flag(yes: bool) -> Answer {
    returned(&[Arg::Uint(u64::from(yes))])
}

fn offchain(sender: Address, urls: &[&str]) -> Answer {
    let args = [
        Arg::Address(sender),
        Arg::Strings(urls),
        Arg::Bytes(&[0xDA]),
        Arg::Bytes4([9; 4]),
        Arg::Bytes(b"extra"),
    ];
    reverted(&encode_call(ens::OFFCHAIN_LOOKUP, &args))
}

fn reply(status: u16, body: &str) -> Answer {
    Answer::Fetched(HttpResponse::new(status, body.to_owned()))
}

/// Gives answers one after the other; the last step counts.
fn drive(record: Record, answers: Vec<Answer>) -> Result<Step, LookupError> {
    let mut step = Step::Next(Box::new(Lookup::new(REGISTRY, name(), record)));
    for answer in answers {
        let Step::Next(lookup) = step else { panic!("asked no more, but {answer:?} is left") };
        step = lookup.answer(answer)?;
    }
    Ok(step)
}

fn asked(record: Record, answers: Vec<Answer>) -> Ask {
    match drive(record, answers).unwrap() {
        Step::Next(lookup) => lookup.ask().clone(),
        Step::Done(found) => panic!("done with {found:?}"),
    }
}

/// Up to the point where the exact resolver, which knows ENSIP-10, is asked for the record.
fn at_wildcard_resolver() -> Vec<Answer> {
    vec![returned(&[Arg::Address(RESOLVER)]), flag(true)]
}

#[test]
fn an_exact_plain_resolver_is_called_directly() {
    let answers = vec![returned(&[Arg::Address(RESOLVER)]), flag(false)];
    let data = ens::addr_call(&name());
    assert_eq!(asked(Record::Address, answers.clone()), Ask::Call { to: RESOLVER, data });
    let done = drive(Record::Address, [answers, vec![returned(&[Arg::Address(ALICE)])]].concat());
    assert_eq!(done, Ok(Step::Done(Some(Found::Address(ALICE)))));
}

#[test]
fn a_resolver_older_than_eip_165_is_called_directly() {
    let answers = vec![returned(&[Arg::Address(RESOLVER)]), reverted(&[])];
    let data = ens::name_call(&name());
    assert_eq!(asked(Record::ReverseName, answers), Ask::Call { to: RESOLVER, data });
}

#[test]
fn a_parents_resolver_counts_only_if_it_knows_wildcards() {
    let none = || returned(&[Arg::Address(Address::ZERO)]);
    let parent = vec![none(), returned(&[Arg::Address(RESOLVER)])];
    let refused = drive(Record::Address, [parent.clone(), vec![flag(false)]].concat());
    assert_eq!(refused, Ok(Step::Done(None)));
    let call = asked(Record::Address, [parent, vec![flag(true)]].concat());
    let data = ens::resolve_call(&name(), &ens::addr_call(&name()));
    assert_eq!(call, Ask::Call { to: RESOLVER, data });
    assert_eq!(drive(Record::Address, vec![none(), none(), none()]), Ok(Step::Done(None)));
}

#[test]
fn an_absent_record_is_none_and_no_error() {
    let absent = [
        Answer::Call(CallOutcome::Returned(vec![])),
        returned(&[Arg::Bytes(&[])]),
        returned(&[Arg::Bytes(&encode(&[Arg::Bytes(b"")]))]),
        reverted(&[]),
        reverted(&encode_call(UNSUPPORTED_PROFILE, &[Arg::Bytes4(ens::TEXT)])),
    ];
    for answer in absent {
        let mut answers = at_wildcard_resolver();
        answers.push(answer);
        assert_eq!(drive(Record::Text("k".into()), answers), Ok(Step::Done(None)));
    }
    let mut zero = at_wildcard_resolver();
    zero.push(returned(&[Arg::Bytes(&[0; 32])]));
    assert_eq!(drive(Record::Address, zero), Ok(Step::Done(None)));
}

#[test]
fn a_broken_contract_is_named() {
    let mut answers = at_wildcard_resolver();
    answers.push(returned(&[Arg::Bytes(&[0xff; 32])]));
    let error = LookupError::Garbled { contract: RESOLVER, error: AbiError::Dirty };
    assert_eq!(drive(Record::Address, answers), Err(error));

    let mut answers = at_wildcard_resolver();
    answers.push(reverted(&encode_call(ens::ERROR_STRING, &[Arg::Bytes(b"closed\n today")])));
    let error = LookupError::Refused { contract: RESOLVER, reason: "closed today".into() };
    assert_eq!(drive(Record::Address, answers), Err(error));

    let nothing = Answer::Call(CallOutcome::Returned(vec![]));
    assert_eq!(drive(Record::Address, vec![nothing]), Err(LookupError::NoRegistry(REGISTRY)));
}

#[test]
fn gateways_are_asked_in_their_order_and_by_their_template() {
    let mut answers = at_wildcard_resolver();
    let urls =
        ["http://evil.example/{data}", "https://one.example/{sender}/{data}.json", "https://two.example"];
    answers.push(offchain(RESOLVER, &urls));
    let Ask::Fetch(first) = asked(Record::Address, answers.clone()) else { panic!() };
    assert_eq!(first.method, Method::Get);
    assert_eq!(first.url.as_str(), format!("https://one.example/0x{}/0xda.json", "11".repeat(20)));

    for failed in [Answer::Unreachable, reply(503, ""), reply(200, "{}"), reply(200, "{\"data\":\"0xé\"}")] {
        let mut answers = answers.clone();
        answers.push(failed);
        let Ask::Fetch(second) = asked(Record::Address, answers) else { panic!() };
        assert_eq!(second.method, Method::Post);
        assert_eq!(second.url.as_str(), "https://two.example");
        let body: Value = serde_json::from_str(second.body.as_deref().unwrap()).unwrap();
        assert_eq!(body, json!({ "data": "0xda", "sender": RESOLVER.to_lower_hex() }));
    }

    answers.extend([reply(500, ""), Answer::Unreachable]);
    let error = LookupError::Gateway { gateway: "two.example".into(), fault: GatewayFault::Unreachable };
    assert_eq!(drive(Record::Address, answers), Err(error));
}

#[test]
fn a_gateways_refusal_stops_the_search() {
    let mut answers = at_wildcard_resolver();
    answers.extend([offchain(RESOLVER, &["https://one.example", "https://two.example"]), reply(404, "")]);
    let error = LookupError::Gateway { gateway: "one.example".into(), fault: GatewayFault::Status(404) };
    assert_eq!(drive(Record::Address, answers), Err(error));
}

#[test]
fn the_gateways_answer_goes_to_the_callback_of_the_same_contract() {
    let mut answers = at_wildcard_resolver();
    answers.extend([offchain(RESOLVER, &["https://one.example"]), reply(200, "{\"data\":\"0x0102\"}")]);
    let data = encode_call([9; 4], &[Arg::Bytes(&[1, 2]), Arg::Bytes(b"extra")]);
    assert_eq!(asked(Record::Address, answers.clone()), Ask::Call { to: RESOLVER, data });
    answers.push(returned(&[Arg::Bytes(&encode(&[Arg::Address(ALICE)]))]));
    assert_eq!(drive(Record::Address, answers), Ok(Step::Done(Some(Found::Address(ALICE)))));
}

#[test]
fn off_chain_lookups_are_bounded_and_only_in_the_contracts_own_name() {
    let mut answers = at_wildcard_resolver();
    answers.push(offchain(ALICE, &["https://one.example"]));
    assert_eq!(drive(Record::Address, answers), Err(LookupError::ForeignSender(RESOLVER)));

    let mut answers = at_wildcard_resolver();
    answers.push(offchain(RESOLVER, &["http://evil.example", "ftp://x"]));
    assert_eq!(drive(Record::Address, answers), Err(LookupError::NoGateway(RESOLVER)));

    let mut answers = at_wildcard_resolver();
    for _ in 0..MAX_OFFCHAIN {
        answers.extend([offchain(RESOLVER, &["https://one.example"]), reply(200, "{\"data\":\"0x\"}")]);
    }
    answers.push(offchain(RESOLVER, &["https://one.example"]));
    assert_eq!(drive(Record::Address, answers), Err(LookupError::TooManyLookups(RESOLVER)));
}

#[test]
fn an_answer_to_another_question_is_a_defect() {
    assert_eq!(drive(Record::Address, vec![Answer::Unreachable]), Err(LookupError::Mismatch));
}
