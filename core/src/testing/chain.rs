use std::collections::BTreeMap;

use k256::ecdsa::SigningKey;
use serde_json::json;

use super::FakeClock;
use super::wallet::account_of;
use crate::delivery::HttpResponse;
use crate::identity::wallet_signature::recover_hash;
use crate::identity::{Address, EnsName, SignedProfile};
use crate::ports::Clock as _;
use crate::registry::abi::{Arg, Tuple, encode, encode_call, split_selector};
use crate::registry::gateway::{encode_answer, parse_request, response_digest};
use crate::registry::{
    CallOutcome, GatewayQuery, GatewayRecord, PROFILE_KEY, SigningForm, ens, profile_record,
};
use crate::seal::{keccak256, sha256};

/// The ENS registry.
pub const REGISTRY: Address = Address::from_bytes([0xee; 20]);
/// Answers for ordinary names, from its own records.
const PLAIN: Address = Address::from_bytes([0x11; 20]);
/// Answers for everything below the address domain, through the gateway (ENSIP-10, EIP-3668).
const WILDCARD: Address = Address::from_bytes([0x22; 20]);
/// Sends everybody to the gateway that the name's owner chose.
const OFFCHAIN: Address = Address::from_bytes([0x33; 20]);

/// How long an answer of the gateway is valid, in seconds.
const GATEWAY_TTL: u64 = 300;

/// A chain with ENS contracts, and the gateway for address names.
pub struct Chain {
    clock: FakeClock,
    domain: EnsName,
    gateway: String,
    gateway_key: SigningKey,
    names: BTreeMap<EnsName, Name>,
    profiles: BTreeMap<Address, SignedProfile>,
}

/// What is kept at a name.
#[derive(Default)]
pub struct Name {
    /// Where it points.
    pub address: Option<Address>,
    /// Its text records.
    pub texts: BTreeMap<String, String>,
    /// Of a reverse name: the primary name.
    pub primary: Option<String>,
    /// Where its resolver sends everybody instead of answering.
    pub gateway: Option<String>,
}

impl Chain {
    /// A chain on which address names stand below `domain`, served from below the URL `gateway`.
    pub fn new(clock: FakeClock, domain: EnsName, gateway: &str) -> Self {
        let gateway_key = SigningKey::from_slice(&sha256(b"gateway")).expect("a hash is a key");
        let gateway = gateway.to_owned();
        Self { clock, domain, gateway, gateway_key, names: BTreeMap::new(), profiles: BTreeMap::new() }
    }

    /// The records of a name, which is registered if it was not.
    pub fn name(&mut self, name: &EnsName) -> &mut Name {
        self.names.entry(name.clone()).or_default()
    }

    /// What the gateway says about an account from now on.
    pub fn set_profile(&mut self, account: Address, profile: SignedProfile) {
        self.profiles.insert(account, profile);
    }

    /// Where a name points.
    pub fn address_of(&self, name: &EnsName) -> Option<Address> {
        name.address_below(&self.domain).or_else(|| self.names.get(name)?.address)
    }

    /// `eth_call`.
    pub fn call(&self, to: Option<Address>, data: &[u8]) -> CallOutcome {
        let Some(to) = to else { return CallOutcome::Reverted(Vec::new()) };
        let Ok((selector, args)) = split_selector(data) else { return CallOutcome::Reverted(Vec::new()) };
        let Ok(args) = Tuple::new(args) else { return CallOutcome::Reverted(Vec::new()) };
        match (to, selector) {
            (REGISTRY, ens::RESOLVER) => returned(&[Arg::Address(self.resolver_of(args))]),
            (PLAIN | WILDCARD, ens::SUPPORTS_INTERFACE) => {
                returned(&[Arg::Uint(u64::from(to == WILDCARD && args.bytes4(0) == Ok(ens::RESOLVE)))])
            }
            (PLAIN, _) => self.answer_plainly(selector, args),
            (WILDCARD, ens::RESOLVE) => offchain(WILDCARD, &self.gateway, data),
            (WILDCARD, _) if selector == callback() => self.check_gateway(args),
            (OFFCHAIN, ens::ADDR | ens::TEXT | ens::NAME) => {
                match self.at(args).and_then(|name| name.gateway.as_deref()) {
                    Some(gateway) => offchain(OFFCHAIN, gateway, data),
                    None => CallOutcome::Reverted(Vec::new()),
                }
            }
            (REGISTRY | WILDCARD | OFFCHAIN, _) => CallOutcome::Reverted(Vec::new()),
            _ => CallOutcome::Returned(Vec::new()),
        }
    }

    /// `GET …/{sender}/{data}.json` of the gateway; `path` is what follows its URL.
    pub fn ask_gateway(&self, path: &str) -> HttpResponse {
        let answer = path.split_once('/').and_then(|(sender, data)| self.gateway_answer(sender, data));
        match answer {
            Some(answer) => {
                let body = json!({ "data": format!("0x{}", hex::encode(answer)) }).to_string();
                HttpResponse::new(200, body)
            }
            None => HttpResponse::new(400, json!({ "message": "no such question" }).to_string()),
        }
    }

    fn gateway_answer(&self, sender: &str, data: &str) -> Option<Vec<u8>> {
        let (sender, request) = parse_request(sender, data).ok()?;
        let query = GatewayQuery::parse(&request).ok()?;
        let account = query.name.address_below(&self.domain);
        let profile = account.and_then(|account| self.profiles.get(&account));
        let result = match &query.record {
            GatewayRecord::Text(key) if key == PROFILE_KEY => {
                query.text_result(profile.map(profile_record).as_deref())
            }
            GatewayRecord::Text(_) | GatewayRecord::Other(_) => query.no_result(),
            GatewayRecord::Address | GatewayRecord::EthereumAddress => {
                query.address_result(account.filter(|_| profile.is_some()))
            }
        };
        let expires = self.clock.now() / 1000 + GATEWAY_TTL;
        let digest = response_digest(query.form, sender, expires, &request, &result);
        let (signature, recovery) = self.gateway_key.sign_prehash_recoverable(&digest);
        let signature = [&signature.to_bytes()[..], &[27 + recovery.to_byte()]].concat();
        Some(encode_answer(&result, expires, &signature))
    }

    /// What the wildcard resolver does with an answer of the gateway, as ENS's OffchainResolver does.
    fn check_gateway(&self, args: Tuple<'_>) -> CallOutcome {
        let checked = (|| {
            let (answer, request) = (Tuple::new(args.bytes(0).ok()?).ok()?, args.bytes(1).ok()?);
            let (result, expires) = (answer.bytes(0).ok()?, answer.uint(1).ok()?);
            let signature = format!("0x{}", hex::encode(answer.bytes(2).ok()?));
            let digest = response_digest(SigningForm::OffchainResolver, WILDCARD, expires, request, result);
            let signer = recover_hash(&digest, &signature).ok()?;
            let genuine = signer == account_of(&self.gateway_key);
            (genuine && expires >= self.clock.now() / 1000).then(|| encode(&[Arg::Bytes(result)]))
        })();
        match checked {
            Some(result) => CallOutcome::Returned(result),
            None => {
                let reason = [Arg::Bytes(b"SignatureVerifier: Invalid signature")];
                CallOutcome::Reverted(encode_call(ens::ERROR_STRING, &reason))
            }
        }
    }

    fn resolver_of(&self, args: Tuple<'_>) -> Address {
        if args.word(0) == Ok(self.domain.namehash()) {
            return WILDCARD;
        }
        match self.at(args) {
            Some(name) if name.gateway.is_some() => OFFCHAIN,
            Some(_) => PLAIN,
            None => Address::ZERO,
        }
    }

    fn answer_plainly(&self, selector: [u8; 4], args: Tuple<'_>) -> CallOutcome {
        let Some(name) = self.at(args) else { return CallOutcome::Reverted(Vec::new()) };
        match selector {
            ens::ADDR => returned(&[Arg::Address(name.address.unwrap_or(Address::ZERO))]),
            ens::NAME => returned(&[Arg::Bytes(name.primary.as_deref().unwrap_or_default().as_bytes())]),
            ens::TEXT => {
                let text = args.string(1).ok().and_then(|key| name.texts.get(key));
                returned(&[Arg::Bytes(text.map(String::as_bytes).unwrap_or_default())])
            }
            _ => CallOutcome::Reverted(Vec::new()),
        }
    }

    /// The name whose node is the first argument.
    fn at(&self, args: Tuple<'_>) -> Option<&Name> {
        let node = args.word(0).ok()?;
        self.names.iter().find(|(name, _)| name.namehash() == node).map(|(_, name)| name)
    }
}

fn returned(args: &[Arg<'_>]) -> CallOutcome {
    CallOutcome::Returned(encode(args))
}

/// The selector of `resolveWithProof(bytes,bytes)`.
fn callback() -> [u8; 4] {
    let hash = keccak256(b"resolveWithProof(bytes,bytes)");
    [hash[0], hash[1], hash[2], hash[3]]
}

fn offchain(sender: Address, gateway: &str, data: &[u8]) -> CallOutcome {
    let url = format!("{gateway}/{{sender}}/{{data}}.json");
    let args = [
        Arg::Address(sender),
        Arg::Strings(&[&url]),
        Arg::Bytes(data),
        Arg::Bytes4(callback()),
        Arg::Bytes(data),
    ];
    CallOutcome::Reverted(encode_call(ens::OFFCHAIN_LOOKUP, &args))
}
