//! What Ethereum nodes, contracts, gateways and records say.

use dm3_core::identity::{Address, EnsName};
use dm3_core::registry::abi::{Arg, MAX_DATA, Tuple, encode, encode_call, split_selector};
use dm3_core::registry::ipfs::{IpfsError, IpfsFetch};
use dm3_core::registry::json_rpc::parse_eth_call;
use dm3_core::registry::{
    Answer, Ask, CallOutcome, DeliveryServiceProfile, Found, GatewayQuery, IpfsLocation, Lookup,
    ProfileLocation, Record, SignatureQuestion, Step, data_uri, gateway,
};
use dm3_core::seal::sha256;
use dm3_core::web::HttpResponse;

use super::{bounded, text};

const REGISTRY: Address = Address::from_bytes([1; 20]);

pub fn abi(data: &[u8]) {
    let _ = split_selector(data);
    let Ok(tuple) = Tuple::new(data) else {
        assert!(data.len() > MAX_DATA);
        return;
    };
    for index in 0..4 {
        let _ = (tuple.word(index), tuple.address(index), tuple.uint(index));
        let _ = (tuple.boolean(index), tuple.bytes4(index), tuple.string(index));
        if let Ok(bytes) = tuple.bytes(index) {
            assert!(bytes.len() <= data.len());
            let written = encode(&[Arg::Bytes(bytes)]);
            assert_eq!(Tuple::new(&written).and_then(|tuple| tuple.bytes(0)), Ok(bytes));
        }
        if let Ok(strings) = tuple.strings(index) {
            assert!(strings.len() <= 32);
            let written = encode(&[Arg::Strings(&strings)]);
            if let Ok(written) = Tuple::new(&written) {
                assert_eq!(written.strings(0), Ok(strings));
            }
        }
    }
}

/// A whole lookup whose every question is answered by a piece of the input.
pub fn lookup(data: &[u8]) {
    let name: EnsName = "alice.eth".parse().expect("a name");
    let record = match data.first().map(|kind| kind % 3) {
        Some(0) => Record::Address,
        Some(1) => Record::ReverseName,
        _ => Record::Text("network.dm3.profile".to_owned()),
    };
    let mut left = data.get(1..).unwrap_or_default();
    let mut lookup = Box::new(Lookup::new(REGISTRY, name, record));
    for _ in 0..64 {
        let answer = match lookup.ask() {
            Ask::Call { .. } => Answer::Call(outcome(&mut left)),
            Ask::Fetch(_) => match take(&mut left) {
                [] => Answer::Unreachable,
                [status, body @ ..] => Answer::Fetched(HttpResponse {
                    status: if *status < 200 { 200 } else { 500 },
                    body: String::from_utf8_lossy(body).into_owned(),
                    retry_after: None,
                }),
            },
        };
        match lookup.answer(answer) {
            Ok(Step::Next(next)) => lookup = next,
            Ok(Step::Done(found)) => {
                if let Some(Found::Text(text)) = found {
                    assert!(text.len() <= MAX_DATA);
                }
                return;
            }
            Err(error) => {
                assert!(error.to_string().len() < 4096, "{error}");
                return;
            }
        }
    }
    panic!("a lookup of more than 64 steps");
}

/// Often one of the answers that lead on, so that an input need not guess words of 32 bytes.
fn outcome(left: &mut &[u8]) -> CallOutcome {
    let piece = take(left);
    let Some((kind, rest)) = piece.split_first() else { return CallOutcome::Returned(Vec::new()) };
    match kind % 6 {
        0 => CallOutcome::Returned(rest.to_vec()),
        1 => CallOutcome::Reverted(rest.to_vec()),
        2 => CallOutcome::Returned(encode(&[Arg::Address(REGISTRY)])),
        3 => CallOutcome::Returned(encode(&[Arg::Uint(1)])),
        4 => CallOutcome::Returned(encode(&[Arg::Bytes(rest)])),
        _ => {
            let gateway = String::from_utf8_lossy(rest);
            CallOutcome::Reverted(encode_call(
                [0x55, 0x6f, 0x18, 0x30],
                &[
                    Arg::Address(REGISTRY),
                    Arg::Strings(&[&gateway, "https://a.example/{sender}/{data}.json"]),
                    Arg::Bytes(rest),
                    Arg::Bytes4([1, 2, 3, 4]),
                    Arg::Bytes(rest),
                ],
            ))
        }
    }
}

/// A length of two bytes, and as many bytes.
fn take<'a>(left: &mut &'a [u8]) -> &'a [u8] {
    let Some((length, rest)) = left.split_first_chunk::<2>() else { return std::mem::take(left) };
    let (piece, rest) = rest.split_at(rest.len().min(usize::from(u16::from_le_bytes(*length))));
    *left = rest;
    piece
}

pub fn gateway_query(data: &[u8]) {
    if let Ok(query) = GatewayQuery::parse(data) {
        assert_eq!(query.name.as_str().parse().as_ref(), Ok(&query.name));
        let _ = (query.address_result(Some(REGISTRY)), query.text_result(Some("text")), query.no_result());
    }
    let Some(text) = text(data) else { return };
    let (sender, call) = text.split_once('/').unwrap_or(("0x0101010101010101010101010101010101010101", text));
    if let Ok((_, call)) = gateway::parse_request(sender, call) {
        assert!(call.len() <= MAX_DATA);
        let _ = GatewayQuery::parse(&call);
    }
}

pub fn json_rpc(data: &[u8]) {
    let Some(text) = text(data) else { return };
    match parse_eth_call(text) {
        Ok(CallOutcome::Returned(bytes) | CallOutcome::Reverted(bytes)) => {
            assert!(bytes.len() <= text.len() / 2);
        }
        Err(error) => assert!(error.to_string().chars().count() < 300),
    }
}

pub fn data_uri(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(json) = data_uri::json_of(text) else { return };
    // A byte of Latin-1 can be two of UTF-8.
    assert!(json.len() <= 2 * text.len());
    assert_eq!(data_uri::json_of(&data_uri::of_json(&json)), Ok(json));
}

pub fn record(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let (record, fetched) = text.split_once('\n').unwrap_or((text, "{}"));
    if let Ok(ProfileLocation::Web(link)) = ProfileLocation::parse(record) {
        assert!(link.request().body.is_none());
        if let Ok(json) = link.check(fetched) {
            assert_eq!(json, fetched);
        }
    }
}

/// An address, a line end, and a block: at that address, and as a file or directory under its own.
pub fn ipfs(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (address, block) = (&data[..end], data.get(end + 1..).unwrap_or_default());
    let path = text(address).and_then(|address| address.split_once('/')).map_or("", |(_, path)| path);
    let own = format!("f01701220{}/{path}", hex::encode(sha256(block)));
    for address in [text(address).unwrap_or_default(), &own] {
        let link = IpfsLocation::new(&format!("ipfs://{address}"));
        let Ok(mut fetch) = IpfsFetch::new(&link) else { continue };
        let gateway = "https://gateway.example".parse().expect("a gateway");
        let asked = fetch.request(&gateway).expect("a request");
        assert!(asked.url.as_str().starts_with("https://gateway.example/ipfs/b"));
        let taken = fetch.block(block);
        assert!(address != own || taken != Err(IpfsError::WrongBlock));
        if let Ok(Some(document)) = taken {
            assert!(document.len() <= block.len());
        }
    }
}

pub fn delivery_service(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(service) = DeliveryServiceProfile::parse(text) else { return };
    let written = service.to_json();
    bounded(&written, text);
    assert_eq!(DeliveryServiceProfile::parse(&written), Ok(service));
}

/// A signature of a smart account, and in the next line what the account answered.
pub fn account_signature(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let (signature, answer) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(question) = SignatureQuestion::new(REGISTRY, [3; 32], signature) else { return };
    assert!(question.data().len() <= signature.len() + 4096);
    assert!(question.to().is_none_or(|to| to == REGISTRY));
    assert!(!question.accepted(&CallOutcome::Reverted(answer.into())));
    let outcome = CallOutcome::Returned(hex::decode(answer).unwrap_or_default());
    assert!(!question.accepted(&outcome) || answer.len() >= 64, "a yes has a word at least");
}
