use std::collections::BTreeMap;

use k256::ecdsa::SigningKey;
use serde_json::json;

use super::FakeClock;
use super::smart_account::{FACTORY, accepts, smart_account_of};
use super::wallet::account_of;
use crate::identity::wallet_signature::recover_hash;
use crate::identity::{Address, EnsName, SignedProfile};
use crate::ports::Clock as _;
use crate::registry::abi::{Arg, Tuple, encode, encode_call, split_selector};
use crate::registry::gateway::{encode_answer, parse_request, response_digest};
use crate::registry::holdings::{BALANCE_OF, coins_asked};
use crate::registry::nft::{HELD, OWNER_OF};
use crate::registry::smart_account::SIGNATURE_CHECK;
use crate::registry::{
    CallOutcome, GatewayQuery, GatewayRecord, IS_VALID_SIGNATURE, PROFILE_KEY, SigningForm, TransactionHash,
    TransactionReceipt, attention, ens, profile_record,
};
use crate::seal::{keccak256, sha256};
use crate::web::HttpResponse;

/// The ENS registry.
pub const REGISTRY: Address = Address::from_bytes([0xee; 20]);
/// Answers for ordinary names, from its own records.
pub(super) const PLAIN: Address = Address::from_bytes([0x11; 20]);
/// Answer for everything below the two address domains, through their gateways (ENSIP-10, EIP-3668).
const WILDCARDS: [Address; 2] = [Address::from_bytes([0x22; 20]), Address::from_bytes([0x55; 20])];
/// Sends everybody to the gateway that the name's owner chose.
const OFFCHAIN: Address = Address::from_bytes([0x33; 20]);

/// Asks the others in one call (ENSIP-23).
pub const UNIVERSAL: Address = Address::from_bytes([0x44; 20]);

/// How long an answer of the gateway is valid, in seconds.
const GATEWAY_TTL: u64 = 300;

/// A chain with ENS contracts, and the gateways for address names.
pub struct Chain {
    clock: FakeClock,
    domains: [Domain; 2],
    gateway_key: SigningKey,
    pub(super) names: BTreeMap<EnsName, Name>,
    /// Smart accounts and their owners.
    accounts: BTreeMap<Address, Address>,
    /// Contracts of NFTs, and who owns each. Of a contract that is here without any, many may own each.
    nfts: BTreeMap<Address, BTreeMap<[u8; 32], Address>>,
    holdings: BTreeMap<Address, Holdings>,
    receipts: BTreeMap<TransactionHash, TransactionReceipt>,
    /// All transactions are in a block and have succeeded.
    mines: bool,
    /// What contracts answer, each to one call.
    answers: BTreeMap<(Address, Vec<u8>), CallOutcome>,
    /// What is answered to other questions.
    told: BTreeMap<String, String>,
}

/// What an account has sent and holds.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    /// How many transactions it has sent.
    pub transactions: u64,
    /// Its wei.
    pub coins: u64,
    /// Its tokens, each by its contract.
    pub tokens: BTreeMap<Address, u64>,
}

/// A domain of address names.
pub struct Domain {
    /// Address names are below it.
    pub name: EnsName,
    /// The URL below which its gateway is.
    pub gateway: &'static str,
    /// What the gateway says about accounts.
    pub profiles: BTreeMap<Address, SignedProfile>,
}

/// What is kept at a name.
#[derive(Default)]
pub struct Name {
    /// Where it points.
    pub address: Option<Address>,
    /// Who may change its records, if that is not who it points to.
    pub owner: Option<Address>,
    /// Its text records.
    pub texts: BTreeMap<String, String>,
    /// For how many seconds its records may be kept; zero if nothing is said.
    pub ttl: u64,
    /// Of a reverse name: the primary name.
    pub primary: Option<String>,
    /// Where its resolver sends everybody instead of answering.
    pub gateway: Option<String>,
}

impl Chain {
    /// A chain on which address names stand below these domains, each with the URL of its gateway.
    pub fn new(clock: FakeClock, domains: [(EnsName, &'static str); 2]) -> Self {
        let gateway_key = SigningKey::from_slice(&sha256(b"gateway")).expect("a hash is a key");
        let domains = domains.map(|(name, gateway)| Domain { name, gateway, profiles: BTreeMap::new() });
        Self {
            clock,
            domains,
            gateway_key,
            names: BTreeMap::new(),
            accounts: BTreeMap::new(),
            nfts: BTreeMap::new(),
            holdings: BTreeMap::new(),
            receipts: BTreeMap::new(),
            mines: false,
            answers: BTreeMap::new(),
            told: BTreeMap::new(),
        }
    }

    /// The records of a name, which is registered if it was not.
    pub fn name(&mut self, name: &EnsName) -> &mut Name {
        self.names.entry(name.clone()).or_default()
    }

    /// Puts a smart account on the chain.
    pub fn deploy(&mut self, account: Address, owner: Address) {
        self.accounts.insert(account, owner);
    }

    /// The NFTs of a contract, which is put on the chain if it was not.
    pub fn nfts(&mut self, contract: Address) -> &mut BTreeMap<[u8; 32], Address> {
        self.nfts.entry(contract).or_default()
    }

    /// What an account has sent and holds.
    pub fn holdings(&self, account: Address) -> Holdings {
        self.holdings.get(&account).cloned().unwrap_or_default()
    }

    /// The same, to be changed.
    pub fn holdings_of(&mut self, account: Address) -> &mut Holdings {
        self.holdings.entry(account).or_default()
    }

    /// From now on a contract returns this to a call.
    pub fn answer(&mut self, contract: Address, call: &[u8], returned: &[u8]) {
        self.answers.insert((contract, call.to_vec()), CallOutcome::Returned(returned.to_vec()));
    }

    /// From now on a contract refuses a call.
    pub fn refuse(&mut self, contract: Address, call: &[u8]) {
        self.answers.insert((contract, call.to_vec()), CallOutcome::Reverted(Vec::new()));
    }

    /// From now on this is the answer to a question in JSON-RPC.
    pub fn tell(&mut self, body: String, answer: String) {
        self.told.insert(body, answer);
    }

    /// Any question in JSON-RPC; one that it can't answer is not answered.
    pub fn ask(&self, body: &str) -> Option<String> {
        self.told.get(body).cloned().or_else(|| self.answer_about_costs(body))
    }

    /// From now on every transaction is in a block at once, and succeeds.
    pub fn mine_all(&mut self) {
        self.mines = true;
    }

    /// Puts a transaction into a block.
    pub fn mine(&mut self, hash: TransactionHash, succeeded: bool) {
        let block = self.receipts.len() as u64;
        self.receipts.insert(hash, TransactionReceipt { hash, succeeded, block });
    }

    /// `eth_getTransactionReceipt`.
    pub fn receipt(&self, hash: TransactionHash) -> Option<TransactionReceipt> {
        let mined = TransactionReceipt { hash, succeeded: true, block: 0 };
        self.receipts.get(&hash).copied().or(self.mines.then_some(mined))
    }

    /// One of the domains of address names.
    pub fn domain(&mut self, number: usize) -> &mut Domain {
        &mut self.domains[number]
    }

    /// Where a name points.
    pub fn address_of(&self, name: &EnsName) -> Option<Address> {
        let carried = self.domains.iter().find_map(|domain| name.address_below(&domain.name));
        carried.or_else(|| self.names.get(name)?.address)
    }

    /// `eth_call`.
    pub fn call(&self, to: Option<Address>, data: &[u8]) -> CallOutcome {
        let Some(to) = to else { return self.run(data) };
        if let Some(answer) = self.answers.get(&(to, data.to_vec())) {
            return answer.clone();
        }
        let Ok((selector, args)) = split_selector(data) else { return CallOutcome::Reverted(Vec::new()) };
        let Ok(args) = Tuple::new(args) else { return CallOutcome::Reverted(Vec::new()) };
        match (to, selector) {
            (UNIVERSAL, ens::RESOLVE) => self.resolve_universally(data, args),
            (UNIVERSAL, ens::REVERSE) => self.reverse_universally(args),
            (UNIVERSAL, _) if selector == callback() => self.check_batch(args),
            (_, IS_VALID_SIGNATURE) => accepts(self.accounts.get(&to).copied(), args),
            (REGISTRY, ens::TTL) => returned(&[Arg::Uint(self.at(args).map_or(0, |name| name.ttl))]),
            (REGISTRY, ens::RESOLVER) => returned(&[Arg::Address(self.resolver_of(args))]),
            (PLAIN, ens::SUPPORTS_INTERFACE) => returned(&[Arg::Uint(0)]),
            (PLAIN, _) => self.answer_plainly(selector, args),
            _ if WILDCARDS.contains(&to) => self.answer_for_domain(to, selector, data, args),
            (OFFCHAIN, ens::ADDR | ens::TEXT | ens::NAME) => {
                match self.at(args).and_then(|name| name.gateway.as_deref()) {
                    Some(gateway) => offchain(OFFCHAIN, gateway, data),
                    None => CallOutcome::Reverted(Vec::new()),
                }
            }
            (REGISTRY | OFFCHAIN | UNIVERSAL, _) => CallOutcome::Reverted(Vec::new()),
            (_, BALANCE_OF) => match args.address(0) {
                // An address without a contract answers nothing.
                Ok(account) if self.holdings.values().any(|held| held.tokens.contains_key(&to)) => {
                    returned(&[Arg::Uint(self.holdings(account).tokens.get(&to).copied().unwrap_or(0))])
                }
                _ => CallOutcome::Returned(Vec::new()),
            },
            _ if self.nfts.contains_key(&to) => self.answer_for_nfts(to, selector, args),
            _ => CallOutcome::Returned(Vec::new()),
        }
    }

    /// The wildcard resolver of one of the domains.
    fn answer_for_domain(&self, to: Address, selector: [u8; 4], data: &[u8], args: Tuple<'_>) -> CallOutcome {
        let domain = self.domains.iter().zip(WILDCARDS).find(|(_, wildcard)| *wildcard == to);
        match (domain, selector) {
            (_, ens::SUPPORTS_INTERFACE) => {
                returned(&[Arg::Uint(u64::from(args.bytes4(0) == Ok(ens::RESOLVE)))])
            }
            (Some((domain, _)), ens::RESOLVE) => offchain(to, domain.gateway, data),
            _ if selector == callback() => self.check_gateway(to, args),
            _ => CallOutcome::Reverted(Vec::new()),
        }
    }

    /// A contract of NFTs.
    fn answer_for_nfts(&self, contract: Address, selector: [u8; 4], args: Tuple<'_>) -> CallOutcome {
        let Some(nfts) = self.nfts.get(&contract) else { return CallOutcome::Reverted(Vec::new()) };
        let owner = args.word(0).ok().and_then(|token| nfts.get(&token));
        match (selector, owner) {
            (ens::SUPPORTS_INTERFACE, _) => returned(&[Arg::Uint(u64::from(nfts.is_empty()))]),
            (OWNER_OF, Some(owner)) => returned(&[Arg::Address(*owner)]),
            (HELD, _) => {
                let (account, token) = (args.address(0), args.word(1));
                let holder = token.ok().and_then(|token| nfts.get(&token));
                returned(&[Arg::Uint(u64::from(holder.is_some_and(|holder| account == Ok(*holder))))])
            }
            _ => CallOutcome::Reverted(Vec::new()),
        }
    }

    /// Code that runs once: the block's time, what an account holds, the size of an account's code, and the check of a smart account that its factory deploys first
    /// are known here.
    fn run(&self, data: &[u8]) -> CallOutcome {
        if let Some(account) = coins_asked(data) {
            return returned(&[Arg::Uint(self.holdings(account).coins)]);
        }
        if data == attention::clock_code() {
            return returned(&[Arg::Uint(self.clock.now() / 1000)]);
        }
        if let Some(account) = data.strip_prefix(&[0x73]).and_then(|code| code.first_chunk::<20>()) {
            let known = self.accounts.contains_key(&Address::from_bytes(*account));
            return returned(&[Arg::Uint(if known { 171 } else { 0 })]);
        }
        let answer = (|| {
            let code = hex::decode(SIGNATURE_CHECK.trim()).ok()?;
            let data = data.strip_prefix(code.as_slice())?;
            let head = Tuple::new(data).ok()?;
            let (account, factory) = (head.address(0).ok()?, head.address(1).ok()?);
            let length = usize::try_from(head.uint(2).ok()?).ok()?;
            let (preparation, check) = data.get(96..)?.split_at_checked(length)?;
            let (selector, args) = split_selector(check).ok()?;
            let owner = self.accounts.get(&account).copied().or_else(|| {
                let owner = Tuple::new(preparation).ok()?.address(0).ok()?;
                (factory == FACTORY && smart_account_of(owner) == account).then_some(owner)
            });
            let yes = returned(&[Arg::Bytes4(IS_VALID_SIGNATURE)]);
            Some(selector == IS_VALID_SIGNATURE && accepts(owner, Tuple::new(args).ok()?) == yes)
        })();
        returned(&[Arg::Uint(u64::from(answer.unwrap_or(false)))])
    }

    /// `resolve(bytes,bytes)` of the universal resolver, which finds the resolver itself.
    fn resolve_universally(&self, data: &[u8], args: Tuple<'_>) -> CallOutcome {
        let Ok((selector, inner)) = args.bytes(1).and_then(split_selector) else {
            return CallOutcome::Reverted(Vec::new());
        };
        let Ok(asked) = Tuple::new(inner) else { return CallOutcome::Reverted(Vec::new()) };
        match self.resolver_of(asked) {
            PLAIN => match self.answer_plainly(selector, asked) {
                CallOutcome::Returned(answer) => returned(&[Arg::Bytes(&answer), Arg::Address(PLAIN)]),
                CallOutcome::Reverted(error) => {
                    CallOutcome::Reverted(encode_call(ens::RESOLVER_ERROR, &[Arg::Bytes(&error)]))
                }
            },
            _ => {
                let name = args.bytes(0).unwrap_or_default();
                match self.domain_of(name) {
                    Some((domain, wildcard)) => offchain_batch(wildcard, domain.gateway, data),
                    None => CallOutcome::Reverted(encode_call(ens::RESOLVER_NOT_FOUND, &[Arg::Bytes(name)])),
                }
            }
        }
    }

    /// What the universal resolver does with the one answer of a batch.
    fn check_batch(&self, args: Tuple<'_>) -> CallOutcome {
        let checked = (|| {
            let (response, request) = (Tuple::new(args.bytes(0).ok()?).ok()?, args.bytes(1).ok()?);
            let answer = *response.list(1).ok()?.first()?;
            let passed_on = encode(&[Arg::Bytes(answer), Arg::Bytes(request)]);
            let (_, asked) = split_selector(request).ok()?;
            let (_, wildcard) = self.domain_of(Tuple::new(asked).ok()?.bytes(0).ok()?)?;
            match self.check_gateway(wildcard, Tuple::new(&passed_on).ok()?) {
                CallOutcome::Returned(result) => {
                    let result = Tuple::new(&result).ok()?.bytes(0).ok()?;
                    Some(returned(&[Arg::Bytes(result), Arg::Address(wildcard)]))
                }
                CallOutcome::Reverted(error) => {
                    Some(CallOutcome::Reverted(encode_call(ens::RESOLVER_ERROR, &[Arg::Bytes(&error)])))
                }
            }
        })();
        checked.unwrap_or(CallOutcome::Reverted(Vec::new()))
    }

    /// The domain that a name in its DNS form is below, and its resolver.
    fn domain_of(&self, name: &[u8]) -> Option<(&Domain, Address)> {
        self.domains.iter().zip(WILDCARDS).find(|(domain, _)| name.ends_with(&domain.name.dns_encoded()))
    }

    /// `reverse(bytes,uint256)` of the universal resolver.
    fn reverse_universally(&self, args: Tuple<'_>) -> CallOutcome {
        let account = args.bytes(0).ok().and_then(|bytes| bytes.try_into().ok()).map(Address::from_bytes);
        let names = account.and_then(|account| self.names.get(&EnsName::reverse_of(account)));
        let primary = names.and_then(|name| name.primary.as_deref()).unwrap_or_default();
        returned(&[Arg::Bytes(primary.as_bytes()), Arg::Address(PLAIN), Arg::Address(PLAIN)])
    }

    /// `GET …/{sender}/{data}.json` of a gateway; nothing if there is none at this address.
    pub fn ask_gateway(&self, url: &str) -> Option<HttpResponse> {
        let found = self.domains.iter().find_map(|domain| Some((domain, url.strip_prefix(domain.gateway)?)));
        let (domain, path) = found?;
        let path = path.trim_start_matches('/');
        let answer =
            path.split_once('/').and_then(|(sender, data)| self.gateway_answer(domain, sender, data));
        Some(Self::gateway_reply(answer))
    }

    fn gateway_reply(answer: Option<Vec<u8>>) -> HttpResponse {
        match answer {
            Some(answer) => {
                let body = json!({ "data": format!("0x{}", hex::encode(answer)) }).to_string();
                HttpResponse::new(200, body)
            }
            None => HttpResponse::new(400, json!({ "message": "no such question" }).to_string()),
        }
    }

    fn gateway_answer(&self, domain: &Domain, sender: &str, data: &str) -> Option<Vec<u8>> {
        let (sender, request) = parse_request(sender, data).ok()?;
        let query = GatewayQuery::parse(&request).ok()?;
        let account = query.name.address_below(&domain.name);
        let profile = account.and_then(|account| domain.profiles.get(&account));
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

    /// What a wildcard resolver does with an answer of its gateway, as ENS's OffchainResolver does.
    fn check_gateway(&self, wildcard: Address, args: Tuple<'_>) -> CallOutcome {
        let checked = (|| {
            let (answer, request) = (Tuple::new(args.bytes(0).ok()?).ok()?, args.bytes(1).ok()?);
            let (result, expires) = (answer.bytes(0).ok()?, answer.uint(1).ok()?);
            let signature = format!("0x{}", hex::encode(answer.bytes(2).ok()?));
            let digest = response_digest(SigningForm::OffchainResolver, wildcard, expires, request, result);
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
        let node = args.word(0);
        let domain = self.domains.iter().position(|domain| node == Ok(domain.name.namehash()));
        if let Some(wildcard) = domain.and_then(|number| WILDCARDS.get(number)) {
            return *wildcard;
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

/// The universal resolver's way off-chain: a batch of the wildcard resolver's one question.
fn offchain_batch(wildcard: Address, gateway: &str, data: &[u8]) -> CallOutcome {
    let url = format!("{gateway}/{{sender}}/{{data}}.json");
    let question = encode(&[Arg::Address(wildcard), Arg::Strings(&[&url]), Arg::Bytes(data)]);
    let head = encode(&[Arg::Uint(32), Arg::Uint(1), Arg::Uint(32)]);
    let query = [&ens::BATCH_QUERY[..], &head, &question].concat();
    let args = [
        Arg::Address(UNIVERSAL),
        Arg::Strings(&["x-batch-gateway:true"]),
        Arg::Bytes(&query),
        Arg::Bytes4(callback()),
        Arg::Bytes(data),
    ];
    CallOutcome::Reverted(encode_call(ens::OFFCHAIN_LOOKUP, &args))
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
