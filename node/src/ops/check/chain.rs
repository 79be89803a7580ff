//! The chain: the Ethereum node, this machine's clock, the delivery service's record, the gateway's contract.

use std::time::{Duration, SystemTime};

use dm3_core::identity::{Address, EnsName};
use dm3_core::registry::abi::{Arg, Tuple, encode_call, split_selector};
use dm3_core::registry::gateway::{encode_answer, response_digest};
use dm3_core::registry::{
    CallOutcome, DELIVERY_SERVICE_KEY, DeliveryServiceProfile, Found, GatewayQuery, Record, data_uri, ens,
};
use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, DATE};

use super::Findings;
use crate::config::{Config, OperatorStake, RegistrationRule};
use crate::ethereum::chain::{Chain, ChainError};
use crate::machine::clock::now_seconds;
use crate::ops::init;

/// How far clocks may be apart: answers of the gateway and tokens carry times.
const SKEW: Duration = Duration::from_secs(30);

/// What the Ethereum nodes are called: the first simply so.
const PARTS: [&str; 3] = ["Ethereum node", "second Ethereum node", "further Ethereum node"];

/// Whether an Ethereum node can be asked: the one that stands so far on in the list, which `chain` asks alone.
pub(super) async fn check_node(
    found: &mut Findings,
    config: &Config,
    place: usize,
    client: &Client,
    chain: &Chain,
) -> bool {
    let part = PARTS[place.min(PARTS.len() - 1)];
    match chain.id().await {
        Ok(id) if id == config.chain_id => found.good(part, format!("it answers and serves chain {id}")),
        Ok(id) => {
            found.wrong(
                part,
                format!("it serves chain {id}, and chain_id says {}", config.chain_id),
                "set rpc_url to a node of that chain, or chain_id to this one (1 is Ethereum, 11155111 Sepolia)",
            );
            return false;
        }
        Err(error) => {
            found.wrong(
                part,
                error.to_string(),
                "check rpc_url, its access key and this machine's way to the internet",
            );
            return false;
        }
    }
    if let Some(url) = config.rpc_urls.first().filter(|_| place == 0) {
        check_clock(found, url, client).await;
    }
    true
}

async fn check_clock(found: &mut Findings, url: &str, client: &Client) {
    let request = client
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .body(r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#);
    let Ok(reply) = request.send().await else { return };
    let there = reply.headers().get(DATE).and_then(|date| date.to_str().ok());
    // Not every server says what time it is.
    let Some(there) = there.and_then(|date| httpdate::parse_http_date(date).ok()) else { return };
    let here = SystemTime::now();
    let apart = here.duration_since(there).unwrap_or_else(|error| error.duration());
    if apart > SKEW {
        found.wrong(
            "clock",
            format!("this machine's differs by {} seconds from the Ethereum node's", apart.as_secs()),
            "set the clock and keep it right, for instance with systemd-timesyncd or chrony",
        );
    } else {
        found.good("clock", "it agrees with the Ethereum node's");
    }
}

/// The delivery service's record is what this configuration makes of it.
pub(super) async fn check_record(found: &mut Findings, config: &Config, chain: &Chain) {
    let part = "ENS record";
    let name = &config.name;
    let expected = init::delivery_service_profile(config);
    let remedy = format!(
        "set the text record {DELIVERY_SERVICE_KEY} of {name} to {}",
        data_uri::of_json(&expected.to_json())
    );
    let record = match chain.record_of(name, Record::Text(DELIVERY_SERVICE_KEY.into())).await {
        Ok(record) => record.and_then(Found::into_text),
        Err(error @ ChainError::Registry(_)) => {
            return found.wrong(part, error.to_string(), "set ens_registry to ENS's registry on this chain");
        }
        Err(error) => return found.wrong(part, format!("{name}: {error}"), remedy),
    };
    let Some(record) = record else {
        return found.wrong(part, format!("{name} has no record {DELIVERY_SERVICE_KEY}"), remedy);
    };
    let Ok(json) = data_uri::json_of(&record) else {
        return found.wrong(part, format!("the record of {name} is no data: URI with JSON"), remedy);
    };
    let profile = match DeliveryServiceProfile::parse(&json) {
        Ok(profile) => profile,
        Err(error) => return found.wrong(part, error.to_string(), remedy),
    };
    if profile == expected {
        return found.good(part, format!("{name} holds this node's keys and address"));
    }
    let mut differs = Vec::new();
    if profile.signing_key != expected.signing_key || profile.encryption_key != expected.encryption_key {
        differs.push("keys that are not this node's".to_owned());
    }
    if profile.url != expected.url {
        differs.push(format!("the address {} and not {}", profile.url.as_str(), expected.url.as_str()));
    }
    found.wrong(part, format!("{name} holds {}", differs.join(", and ")), remedy);
}

/// The gateway's contract sends clients here and believes this node's answers. Gives the call data that it sends
/// clients with, to ask the gateway itself.
pub(super) async fn check_gateway(found: &mut Findings, config: &Config, chain: &Chain) -> Option<Vec<u8>> {
    let part = "name gateway";
    let target = config.gateway_resolver;
    let mut question = None;
    for domain in [Some(&config.address_domain), config.user_domain.as_ref()].into_iter().flatten() {
        match resolver_of(config, chain, domain).await {
            Ok(resolver) if resolver == target => {}
            Ok(resolver) => {
                let instead =
                    if resolver == Address::ZERO { "none".to_owned() } else { resolver.to_string() };
                found.wrong(
                    part,
                    format!("the resolver of {domain} is {instead}, not {target}"),
                    format!("set the resolver of {domain} to {target}, or gateway_resolver to the right one"),
                );
                continue;
            }
            Err(error) => {
                found.wrong(part, format!("{domain}: {error}"), "see the Ethereum node above");
                continue;
            }
        }
        if let Some(asked) = contract(found, config, chain, domain).await {
            question.get_or_insert(asked);
        }
    }
    question
}

/// Whether what accounts have at stake can be had.
pub(super) async fn check_stakes(found: &mut Findings, config: &Config, chain: &Chain) {
    if let RegistrationRule::Deposit(stake) = config.registration {
        check_stake(found, chain, ("registration", "registration_contract"), stake).await;
    }
    if let Some(share) = config.staked_share {
        check_stake(found, chain, ("more room", "staked_contract"), share.stake).await;
    }
}

async fn check_stake(
    found: &mut Findings,
    chain: &Chain,
    (part, key): (&'static str, &str),
    stake: OperatorStake,
) {
    match chain.deposit_terms(stake.contract).await {
        Ok(Some((token, slot))) => {
            let slots = stake.slots;
            found.good(
                part,
                format!("accounts stake {slots} times {slot} of the smallest unit of the token {token}"),
            );
        }
        Ok(None) => found.wrong(
            part,
            format!("{} holds no deposits, so nobody can stake any", stake.contract),
            format!("set {key} to a copy of Deposits.sol on this chain"),
        ),
        Err(error) => found.wrong(part, error.to_string(), "check rpc_url"),
    }
}

/// The resolver of a name or, as ENSIP-10 has it, of the nearest parent that has one.
async fn resolver_of(config: &Config, chain: &Chain, name: &EnsName) -> Result<Address, ChainError> {
    let mut at = Some(name.clone());
    while let Some(name) = at {
        let outcome = chain.call(Some(config.ens_registry), &ens::resolver_call(&name)).await?;
        if let CallOutcome::Returned(data) = outcome
            && let Ok(resolver) = Tuple::new(&data).and_then(|tuple| tuple.address(0))
            && resolver != Address::ZERO
        {
            return Ok(resolver);
        }
        at = name.parent();
    }
    Ok(Address::ZERO)
}

/// Asks the contract for a name below `domain`, as a client does, and answers it as this node would.
async fn contract(found: &mut Findings, config: &Config, chain: &Chain, domain: &EnsName) -> Option<Vec<u8>> {
    let part = "name gateway";
    let target = config.gateway_resolver;
    let someone = Address::from_bytes([0x11; 20]);
    let name = EnsName::of_address(someone, domain);
    let call = ens::resolve_call(&name, &ens::addr_call(&name));
    let outcome = match chain.call(Some(target), &call).await {
        Ok(outcome) => outcome,
        Err(error) => {
            found.wrong(part, format!("{target}: {error}"), "see the Ethereum node above");
            return None;
        }
    };
    let template = init::gateway_template(config);
    let node = hex::encode(domain.namehash());
    let remedy = format!("call setVerifierForDomain(0x{node}, verifier, [\"{template}\"]) on {target}");
    let Some(lookup) = OffchainLookup::parse(&outcome) else {
        found.wrong(part, format!("the contract {target} sends nobody to a gateway for {domain}"), remedy);
        return None;
    };
    if !lookup.urls.iter().any(|url| url == &template) {
        found.wrong(
            part,
            format!("the contract {target} sends clients of {domain} to {}", lookup.urls.join(", ")),
            remedy,
        );
        return None;
    }
    let query = match GatewayQuery::parse(&lookup.request) {
        Ok(query) => query,
        Err(error) => {
            found.wrong(part, format!("the contract {target} asks what no gateway answers: {error}"), remedy);
            return None;
        }
    };
    let result = query.address_result(Some(someone));
    let expires = now_seconds() + config.gateway_ttl.as_secs();
    let digest = response_digest(query.form, target, expires, &lookup.request, &result);
    let answer = encode_answer(&result, expires, &config.gateway_key.sign(&digest));
    let callback = encode_call(lookup.callback, &[Arg::Bytes(&answer), Arg::Bytes(&lookup.extra)]);
    match chain.call(Some(target), &callback).await {
        Ok(CallOutcome::Returned(data)) if !data.is_empty() => {
            found.good(part, format!("{target} sends clients of {domain} here and trusts this node's key"));
            Some(lookup.request)
        }
        Ok(_) => {
            let signer = config.gateway_key.address();
            found.wrong(
                part,
                format!("the contract {target} does not believe this node's answers for {domain}"),
                format!("make {signer} a signer of its verifier, or set gateway_private_key to one that is"),
            );
            None
        }
        Err(error) => {
            found.wrong(part, format!("{target}: {error}"), "see the Ethereum node above");
            None
        }
    }
}

/// `OffchainLookup` of EIP-3668.
struct OffchainLookup {
    urls: Vec<String>,
    request: Vec<u8>,
    callback: [u8; 4],
    extra: Vec<u8>,
}

impl OffchainLookup {
    fn parse(outcome: &CallOutcome) -> Option<Self> {
        let CallOutcome::Reverted(data) = outcome else { return None };
        let (selector, data) = split_selector(data).ok()?;
        if selector != ens::OFFCHAIN_LOOKUP {
            return None;
        }
        let tuple = Tuple::new(data).ok()?;
        Some(Self {
            urls: tuple.strings(1).ok()?.into_iter().map(str::to_owned).collect(),
            request: tuple.bytes(2).ok()?.to_vec(),
            callback: tuple.bytes4(3).ok()?,
            extra: tuple.bytes(4).ok()?.to_vec(),
        })
    }
}
