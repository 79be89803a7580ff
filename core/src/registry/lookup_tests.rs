use super::super::abi::encode;
use serde_json::{Value, json};

use super::*;
use crate::registry::{GatewayFault, LookupError};
use crate::web::Method;

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
        reverted(&encode_call(ens::UNSUPPORTED_PROFILE, &[Arg::Bytes4(ens::TEXT)])),
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
    assert_eq!(first.direct.method, Method::Get);
    assert_eq!(first.direct.url.as_str(), format!("https://one.example/0x{}/0xda.json", "11".repeat(20)));

    for failed in [Answer::Unreachable, reply(503, ""), reply(200, "{}"), reply(200, "{\"data\":\"0xé\"}")] {
        let mut answers = answers.clone();
        answers.push(failed);
        let Ask::Fetch(second) = asked(Record::Address, answers) else { panic!() };
        assert_eq!(second.direct.method, Method::Post);
        assert_eq!(second.direct.url.as_str(), "https://two.example");
        let body: Value = serde_json::from_str(second.direct.body.as_deref().unwrap()).unwrap();
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

const UNIVERSAL: Address = Address::from_bytes([0x44; 20]);

fn drive_universal(record: Record, answers: Vec<Answer>) -> Result<Step, LookupError> {
    let name = if record == Record::ReverseName { EnsName::reverse_of(ALICE) } else { name() };
    let mut step = Step::Next(Box::new(Lookup::through(UNIVERSAL, name, record)));
    for answer in answers {
        let Step::Next(lookup) = step else { panic!("asked no more, but {answer:?} is left") };
        step = lookup.answer(answer)?;
    }
    Ok(step)
}

#[test]
fn a_universal_resolver_is_asked_once() {
    let Ok(Step::Next(lookup)) = drive_universal(Record::Address, vec![]) else { panic!() };
    let data = ens::resolve_call(&name(), &ens::addr_call(&name()));
    assert_eq!(lookup.ask(), &Ask::Call { to: UNIVERSAL, data });
    let answer = returned(&[Arg::Bytes(&encode(&[Arg::Address(ALICE)])), Arg::Address(RESOLVER)]);
    assert_eq!(drive_universal(Record::Address, vec![answer]), Ok(Step::Done(Some(Found::Address(ALICE)))));

    let Ok(Step::Next(lookup)) = drive_universal(Record::ReverseName, vec![]) else { panic!() };
    let data = encode_call(ens::REVERSE, &[Arg::Bytes(ALICE.as_bytes()), Arg::Uint(60)]);
    assert_eq!(lookup.ask(), &Ask::Call { to: UNIVERSAL, data });
    let answer = returned(&[Arg::Bytes(b"alice.eth"), Arg::Address(RESOLVER), Arg::Address(RESOLVER)]);
    let found = Found::Text("alice.eth".into());
    assert_eq!(drive_universal(Record::ReverseName, vec![answer]), Ok(Step::Done(Some(found))));
}

#[test]
fn a_universal_resolver_tells_absence_by_errors() {
    let resolver_error = |inner: &[u8]| encode_call(ens::RESOLVER_ERROR, &[Arg::Bytes(inner)]);
    let unsupported = encode_call(ens::UNSUPPORTED_PROFILE, &[Arg::Bytes4(ens::TEXT)]);
    for absent in [
        encode_call(ens::RESOLVER_NOT_FOUND, &[Arg::Bytes(b"")]),
        encode_call(ens::RESOLVER_NOT_CONTRACT, &[Arg::Bytes(b""), Arg::Address(RESOLVER)]),
        encode_call(ens::REVERSE_ADDRESS_MISMATCH, &[Arg::Bytes(b"a.eth"), Arg::Bytes(b"")]),
        unsupported.clone(),
        resolver_error(&unsupported),
        resolver_error(&[]),
    ] {
        assert_eq!(drive_universal(Record::Address, vec![reverted(&absent)]), Ok(Step::Done(None)));
    }
    let closed = encode_call(ens::ERROR_STRING, &[Arg::Bytes(b"closed")]);
    let error = LookupError::Refused { contract: UNIVERSAL, reason: "closed".into() };
    assert_eq!(drive_universal(Record::Address, vec![reverted(&resolver_error(&closed))]), Err(error));
    let nested = resolver_error(&resolver_error(&closed));
    assert!(drive_universal(Record::Address, vec![reverted(&nested)]).is_err());
    let nothing = Answer::Call(CallOutcome::Returned(vec![]));
    assert_eq!(drive_universal(Record::Address, vec![nothing]), Err(LookupError::NoRegistry(UNIVERSAL)));
}

/// `query((address,string[],bytes)[])` of questions that each go to one gateway.
fn query(gateways: &[&str]) -> Vec<u8> {
    let tuples: Vec<Vec<u8>> = gateways
        .iter()
        .map(|url| encode(&[Arg::Address(RESOLVER), Arg::Strings(&[url]), Arg::Bytes(&[0xDA])]))
        .collect();
    let mut data =
        [&ens::BATCH_QUERY[..], &encode(&[Arg::Uint(32), Arg::Uint(tuples.len() as u64)])].concat();
    let mut offset = 32 * tuples.len() as u64;
    for tuple in &tuples {
        data.extend(encode(&[Arg::Uint(offset)]));
        offset += tuple.len() as u64;
    }
    data.extend(tuples.concat());
    data
}

fn batch(gateways: &[&str]) -> Answer {
    let data = query(gateways);
    let args = [
        Arg::Address(UNIVERSAL),
        Arg::Strings(&["x-batch-gateway:true", "https://batch.example"]),
        Arg::Bytes(&data),
        Arg::Bytes4([9; 4]),
        Arg::Bytes(b"extra"),
    ];
    reverted(&encode_call(ens::OFFCHAIN_LOOKUP, &args))
}

#[test]
fn a_proxy_is_told_the_template_and_the_question() {
    for template in ["https://one.example/{sender}/{data}.json", "https://one.example/?a=b&c"] {
        let mut answers = at_wildcard_resolver();
        answers.push(offchain(RESOLVER, &[template]));
        let Ask::Fetch(request) = asked(Record::Address, answers) else { panic!() };
        let through = request.through(&"https://node.example/proxy/gateway".parse().unwrap());
        let url = through.url.query_value("url").unwrap();
        let plain = url.replace("%3A", ":").replace("%2F", "/").replace("%7B", "{").replace("%7D", "}");
        assert_eq!(plain.replace("%3F", "?").replace("%3D", "=").replace("%26", "&"), template);
        assert_eq!(through.method, Method::Post);
        let question = format!(r#"{{"data":"0xda","sender":"0x{}"}}"#, "11".repeat(20));
        assert_eq!(through.body.as_deref(), Some(question.as_str()));
    }
}

#[test]
fn the_questions_of_a_batch_are_put_to_their_own_gateways() {
    let mut answers = vec![batch(&["https://one.example/{sender}/{data}", "https://two.example"])];
    let Ok(Step::Next(lookup)) = drive_universal(Record::Address, answers.clone()) else { panic!() };
    let Ask::Fetch(first) = lookup.ask() else { panic!() };
    assert_eq!(first.direct.url.as_str(), format!("https://one.example/0x{}/0xda", "11".repeat(20)));
    answers.extend([reply(200, "{\"data\":\"0x0102\"}"), reply(503, "")]);
    let Ok(Step::Next(lookup)) = drive_universal(Record::Address, answers.clone()) else { panic!() };
    let failed = encode_call(ens::HTTP_ERROR, &[Arg::Uint(503), Arg::Bytes(b"")]);
    let response = encode(&[Arg::Uints(&[0, 1]), Arg::List(&[&[1, 2], &failed])]);
    let data = encode_call([9; 4], &[Arg::Bytes(&response), Arg::Bytes(b"extra")]);
    assert_eq!(lookup.ask(), &Ask::Call { to: UNIVERSAL, data });

    let mut passed_on = answers.clone();
    passed_on.push(reverted(&encode_call(ens::RESOLVER_ERROR, &[Arg::Bytes(&failed)])));
    let error = LookupError::Gateway { gateway: "two.example".into(), fault: GatewayFault::Status(503) };
    assert_eq!(drive_universal(Record::Address, passed_on), Err(error));
    answers.push(returned(&[Arg::Bytes(&encode(&[Arg::Address(ALICE)])), Arg::Address(RESOLVER)]));
    assert_eq!(drive_universal(Record::Address, answers), Ok(Step::Done(Some(Found::Address(ALICE)))));
}

#[test]
fn a_question_of_a_batch_that_may_not_be_put_fails_by_itself() {
    let Ok(Step::Next(lookup)) =
        drive_universal(Record::Address, vec![batch(&["http://evil.example", "x-batch-gateway:true"])])
    else {
        panic!()
    };
    let Ask::Call { to: UNIVERSAL, data } = lookup.ask() else { panic!("{:?}", lookup.ask()) };
    let (_, args) = split_selector(data).unwrap();
    let response = Tuple::new(args).unwrap().bytes(0).unwrap();
    assert_eq!(Tuple::new(response).unwrap().list(1).unwrap().len(), 2);
    let many = batch(&["https://a.example"; 33]);
    let error = LookupError::Garbled { contract: UNIVERSAL, error: AbiError::TooMany };
    assert_eq!(drive_universal(Record::Address, vec![many]), Err(error));
}

#[test]
fn what_most_likely_comes_next_is_known_before_the_answer_and_is_what_comes_then() {
    let begin = |name: &str| Lookup::new(REGISTRY, name.parse().unwrap(), Record::Address);
    let next = |lookup: Lookup, answer| match lookup.answer(answer).unwrap() {
        Step::Next(next) => *next,
        Step::Done(found) => panic!("done with {found:?}"),
    };
    let resolver = |address| returned(&[Arg::Address(address)]);
    // An address name has no resolver of its own, and that of its parent answers for it.
    let lookup = begin("0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.addr.eth");
    let parent = next(lookup.clone(), resolver(Address::ZERO));
    assert_eq!(lookup.likely_next(), Some(parent.clone()));
    assert_eq!(parent.likely_next(), None, "which resolver can't be known");
    let wildcard = next(parent, resolver(RESOLVER));
    let record = next(wildcard.clone(), flag(true));
    assert_eq!(wildcard.likely_next(), Some(record.clone()));
    assert_eq!(record.likely_next(), None);
    // Another name has one, which mostly answers for no other names.
    let lookup = begin("a.b.eth");
    assert_eq!(lookup.likely_next(), None);
    let exact = next(lookup, resolver(RESOLVER));
    assert_eq!(exact.likely_next(), Some(next(exact, flag(false))));
}
