//! A chain with ENS: names with records of their own, and domains of address names whose records are at gateways
//! (ENSIP-10, EIP-3668). Contracts take their own gateways' word, which is not what is tested here.

use std::collections::BTreeMap;

use dm3_core::identity::{Address, EnsName, SignedProfile};
use dm3_core::registry::abi::{Arg, Tuple, encode, encode_call, split_selector};
use dm3_core::registry::gateway::parse_request;
use dm3_core::registry::{CallOutcome, GatewayQuery, GatewayRecord, PROFILE_KEY, ens, profile_record};
use dm3_core::web::HttpResponse;
use serde_json::json;

/// The ENS registry.
pub const REGISTRY: Address = Address::from_bytes([0xee; 20]);
/// Answers for ordinary names.
const PLAIN: Address = Address::from_bytes([0x11; 20]);
/// The callback of the domains' resolvers.
const CALLBACK: [u8; 4] = [0xca, 0x11, 0xba, 0xcc];

/// All names.
#[derive(Default)]
pub struct Chain {
    names: BTreeMap<[u8; 32], Name>,
    domains: Vec<Domain>,
}

/// What is kept at a name.
#[derive(Default, Clone)]
pub struct Name {
    /// Where it points.
    pub address: Option<Address>,
    /// Its text records.
    pub texts: BTreeMap<String, String>,
    /// Of a reverse name: the primary name.
    pub primary: Option<String>,
    /// Whether its owner publishes their profile there, too.
    pub publishes: bool,
}

/// How gateways answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gateways {
    /// As they should.
    #[default]
    Right,
    /// They lag: nobody has a profile.
    KnowNobody,
    /// They lie: each account has the profile of another.
    Mistake,
}

/// A domain of address names.
struct Domain {
    name: EnsName,
    resolver: Address,
    gateway: String,
    profiles: BTreeMap<Address, SignedProfile>,
}

impl Chain {
    /// Adds a domain of address names, whose gateway is at the URL.
    pub fn add_domain(&mut self, name: EnsName, gateway: String) {
        let resolver = Address::from_bytes([0x20 + self.domains.len() as u8; 20]);
        self.domains.push(Domain { name, resolver, gateway, profiles: BTreeMap::new() });
    }

    /// The records of a name, which is registered if it was not.
    pub fn name(&mut self, name: &EnsName) -> &mut Name {
        self.names.entry(name.namehash()).or_default()
    }

    /// Gives an account a name that is also its primary name.
    pub fn give_name(&mut self, name: &EnsName, account: Address) {
        self.name(name).address = Some(account);
        self.name(&EnsName::reverse_of(account)).primary = Some(name.to_string());
    }

    /// What a domain's gateway says about an account from now on, and the account's name, if it publishes there.
    pub fn set_profile(&mut self, domain: &EnsName, account: Address, profile: SignedProfile) {
        for name in self.names.values_mut().filter(|name| name.publishes && name.address == Some(account)) {
            name.texts.insert(PROFILE_KEY.to_owned(), profile_record(&profile));
        }
        for domain in self.domains.iter_mut().filter(|it| it.name == *domain) {
            domain.profiles.insert(account, profile.clone());
        }
    }

    /// Where a name points.
    pub fn address_of(&self, name: &EnsName) -> Option<Address> {
        let carried = self.domains.iter().find_map(|domain| name.address_below(&domain.name));
        carried.or_else(|| self.names.get(&name.namehash())?.address)
    }

    /// `eth_call`.
    pub fn call(&self, to: Option<Address>, data: &[u8]) -> CallOutcome {
        self.run(to, data).unwrap_or(CallOutcome::Reverted(Vec::new()))
    }

    fn run(&self, to: Option<Address>, data: &[u8]) -> Option<CallOutcome> {
        let (selector, args) = split_selector(data).ok()?;
        let args = Tuple::new(args).ok()?;
        let to = to?;
        if to == REGISTRY {
            return match selector {
                ens::TTL => Some(returned(&[Arg::Uint(0)])),
                ens::RESOLVER => Some(returned(&[Arg::Address(self.resolver_of(args.word(0).ok()?))])),
                _ => None,
            };
        }
        if to == PLAIN {
            return match selector {
                ens::SUPPORTS_INTERFACE => Some(returned(&[Arg::Uint(0)])),
                _ => self.answer(selector, args),
            };
        }
        let Some(domain) = self.domains.iter().find(|domain| domain.resolver == to) else {
            return Some(CallOutcome::Returned(Vec::new()));
        };
        match selector {
            ens::SUPPORTS_INTERFACE => {
                Some(returned(&[Arg::Uint(u64::from(args.bytes4(0) == Ok(ens::RESOLVE)))]))
            }
            ens::RESOLVE => {
                let url = format!("{}/{{sender}}/{{data}}.json", domain.gateway);
                let args = [
                    Arg::Address(to),
                    Arg::Strings(&[&url]),
                    Arg::Bytes(data),
                    Arg::Bytes4(CALLBACK),
                    Arg::Bytes(data),
                ];
                Some(CallOutcome::Reverted(encode_call(ens::OFFCHAIN_LOOKUP, &args)))
            }
            CALLBACK => Some(CallOutcome::Returned(args.bytes(0).ok()?.to_vec())),
            _ => None,
        }
    }

    fn resolver_of(&self, node: [u8; 32]) -> Address {
        let domain = self.domains.iter().find(|domain| domain.name.namehash() == node);
        match domain {
            Some(domain) => domain.resolver,
            None if self.names.contains_key(&node) => PLAIN,
            None => Address::ZERO,
        }
    }

    fn answer(&self, selector: [u8; 4], args: Tuple<'_>) -> Option<CallOutcome> {
        let name = self.names.get(&args.word(0).ok()?)?;
        Some(match selector {
            ens::ADDR => returned(&[Arg::Address(name.address.unwrap_or(Address::ZERO))]),
            ens::NAME => returned(&[Arg::Bytes(name.primary.as_deref().unwrap_or_default().as_bytes())]),
            ens::TEXT => {
                let text = name.texts.get(args.string(1).ok()?);
                returned(&[Arg::Bytes(text.map(String::as_bytes).unwrap_or_default())])
            }
            _ => return None,
        })
    }

    /// What a gateway answers to `GET url`; nothing if the URL is no gateway's.
    pub fn ask_gateway(&self, url: &str, gateways: Gateways) -> Option<HttpResponse> {
        let found = self.domains.iter().find_map(|domain| Some((domain, url.strip_prefix(&domain.gateway)?)));
        let (domain, path) = found?;
        let answer = (|| {
            let (sender, data) = path.trim_start_matches('/').split_once('/')?;
            let (_, request) = parse_request(sender, data).ok()?;
            let query = GatewayQuery::parse(&request).ok()?;
            let account = query.name.address_below(&domain.name);
            let profile = account.and_then(|account| match gateways {
                Gateways::Right => domain.profiles.get(&account),
                Gateways::KnowNobody => None,
                Gateways::Mistake => {
                    domain.profiles.iter().find(|(other, _)| **other != account).map(|it| it.1)
                }
            });
            Some(match &query.record {
                GatewayRecord::Text(key) if key == PROFILE_KEY => {
                    query.text_result(profile.map(profile_record).as_deref())
                }
                GatewayRecord::Text(_) | GatewayRecord::Other(_) => query.no_result(),
                GatewayRecord::Address | GatewayRecord::EthereumAddress => {
                    query.address_result(account.filter(|_| profile.is_some()))
                }
            })
        })();
        Some(match answer {
            Some(result) => {
                let data = hex::encode(encode(&[Arg::Bytes(&result)]));
                HttpResponse::new(200, json!({ "data": format!("0x{data}") }).to_string())
            }
            None => HttpResponse::new(400, String::new()),
        })
    }
}

fn returned(args: &[Arg<'_>]) -> CallOutcome {
    CallOutcome::Returned(encode(args))
}
