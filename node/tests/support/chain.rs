//! An Ethereum node's `eth_call` for an ENS of a few names.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use dm3_core::identity::wallet_signature::recover_hash;
use dm3_core::identity::{Address, EnsName};
use dm3_core::registry::abi::{Arg, Tuple, encode, encode_call, split_selector};
use dm3_core::registry::deposits as registry_deposits;
use dm3_core::registry::ens;
use dm3_core::registry::gateway::response_digest;
use dm3_core::registry::{IS_VALID_SIGNATURE, SigningForm};
use dm3_core::seal::keccak256;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub const REGISTRY: &str = "0x00000000000c2e074ec69a0dfb2997ba6c7d2e1e";
const RESOLVER: Address = Address::from_bytes([0x22; 20]);

#[derive(Default)]
struct Records {
    addresses: HashMap<[u8; 32], Address>,
    texts: HashMap<[u8; 32], String>,
    nonces: HashMap<String, u64>,
    balances: HashMap<String, u128>,
    /// Of every token.
    token_balances: HashMap<String, u128>,
    calls: usize,
    down: bool,
    id: u64,
    /// What it says the time is, as in a `Date` header.
    date: Option<String>,
    /// Of each domain, the contract that sends to gateways.
    gateways: HashMap<[u8; 32], Address>,
    /// Where these contracts send to, and whom they believe.
    urls: Vec<String>,
    signer: Option<Address>,
    /// The owners of smart accounts.
    owners: HashMap<Address, Address>,
    /// Of a sender and a key, how many slots are covered.
    deposits: HashMap<(Address, Address), u64>,
    /// For whom it was asked what is covered.
    standings: Vec<Address>,
    /// The error with which no burn is taken.
    burn_error: Option<&'static str>,
    /// Transactions as they were sent, and whether they come to the chain, and well.
    sent: Vec<String>,
    mining: Option<bool>,
    /// What a block takes for gas, if it is not the usual.
    base_fee: Option<u64>,
    /// What came there, by its hash.
    mined: HashMap<String, bool>,
}

/// What a burn costs: wei for each gas, and how much gas.
const PRICE: u64 = 3;
const GAS: u64 = 80_000;

/// A contract that holds deposits, its token, and how much a slot is.
pub const DEPOSITS: Address = Address::from_bytes([0xde; 20]);
pub const DEPOSITED: Address = Address::from_bytes([0xd0; 20]);
pub const SLOT: u64 = 1000;

/// `balanceOf(address)` of ERC-20.
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];

/// `burnFor((address,address,uint64,uint16,uint16,bytes32),bytes,uint256,bytes)`.
const BURN_FOR: [u8; 4] = [0x8f, 0xb0, 0x0e, 0x24];

pub struct Chain {
    pub url: String,
    records: Arc<Mutex<Records>>,
}

impl Chain {
    pub async fn start() -> Self {
        let records = Arc::new(Mutex::new(Records { id: 1, ..Records::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(call)).with_state(records.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, records }
    }

    pub fn set_address(&self, name: &str, address: Address) {
        let node = name.parse::<EnsName>().unwrap().namehash();
        self.records.lock().unwrap().addresses.insert(node, address);
    }

    pub fn set_profile(&self, name: &str, record: String) {
        let node = name.parse::<EnsName>().unwrap().namehash();
        self.records.lock().unwrap().texts.insert(node, record);
    }

    /// How many transactions an account has sent, and what it holds of the chain's coin and of every token.
    pub fn set_standing(&self, address: Address, nonce: u64, balance: u128, tokens: u128) {
        let mut records = self.records.lock().unwrap();
        let key = address.to_lower_hex();
        records.nonces.insert(key.clone(), nonce);
        records.balances.insert(key.clone(), balance);
        records.token_balances.insert(key, tokens);
    }

    /// Lets the contract at `resolver` send clients of a domain to `urls` and believe `signer`.
    pub fn set_gateway(&self, domain: &str, resolver: Address, urls: &[&str], signer: Address) {
        let node = domain.parse::<EnsName>().unwrap().namehash();
        let mut records = self.records.lock().unwrap();
        records.gateways.insert(node, resolver);
        records.urls = urls.iter().map(|url| (*url).to_owned()).collect();
        records.signer = Some(signer);
    }

    /// Puts a smart account on the chain, or gives it another owner.
    pub fn set_owner(&self, account: Address, owner: Address) {
        self.records.lock().unwrap().owners.insert(account, owner);
    }

    /// Covers so many slots of a sender's deposit; none if it is leaving.
    pub fn set_deposit(&self, sender: Address, key: Address, slots: u64) {
        self.records.lock().unwrap().deposits.insert((sender, key), slots);
    }

    /// For whom it was asked what their deposits cover, each time.
    pub fn standings(&self) -> Vec<Address> {
        self.records.lock().unwrap().standings.clone()
    }

    /// From now on, no burn is taken, or each.
    pub fn refuse_burns(&self, error: Option<&'static str>) {
        self.records.lock().unwrap().burn_error = error;
    }

    /// Whether what is sent comes to the chain, and does what it is for.
    pub fn set_mining(&self, mining: Option<bool>) {
        self.records.lock().unwrap().mining = mining;
    }

    /// From now on, a block takes so much for gas.
    pub fn set_base_fee(&self, wei: u64) {
        self.records.lock().unwrap().base_fee = Some(wei);
    }

    /// A block takes this transaction, of all that were sent.
    pub fn mine(&self, raw: &str) {
        let hash = hash_of(raw);
        self.records.lock().unwrap().mined.insert(hash, true);
    }

    /// Transactions that were sent, each time.
    pub fn sent(&self) -> Vec<String> {
        self.records.lock().unwrap().sent.clone()
    }

    /// What time it says it is.
    pub fn set_date(&self, date: Option<&str>) {
        self.records.lock().unwrap().date = date.map(str::to_owned);
    }

    /// From now on, it only answers with errors.
    pub fn break_down(&self) {
        self.records.lock().unwrap().down = true;
    }

    /// From now on, it answers again.
    pub fn repair(&self) {
        self.records.lock().unwrap().down = false;
    }

    /// From now on, it serves the chain with this number.
    pub fn set_id(&self, id: u64) {
        self.records.lock().unwrap().id = id;
    }

    pub fn calls(&self) -> usize {
        self.records.lock().unwrap().calls
    }
}

async fn call(
    State(records): State<Arc<Mutex<Records>>>,
    Json(request): Json<Value>,
) -> (HeaderMap, Json<Value>) {
    let mut records = records.lock().unwrap();
    let mut headers = HeaderMap::new();
    if let Some(date) = &records.date {
        headers.insert("date", date.parse().unwrap());
    }
    (headers, answer(&mut records, &request))
}

fn answer(records: &mut Records, request: &Value) -> Json<Value> {
    records.calls += 1;
    if records.down {
        return Json(json!({ "id": 1, "error": { "code": -32005, "message": "limit exceeded" } }));
    }
    let number = |number: u128| Json(json!({ "jsonrpc": "2.0", "id": 1, "result": format!("{number:#x}") }));
    let account = request["params"][0].as_str().unwrap_or_default().to_lowercase();
    match request["method"].as_str().unwrap() {
        "eth_chainId" => return number(records.id.into()),
        "eth_getTransactionCount" => {
            return number(records.nonces.get(&account).copied().unwrap_or_default().into());
        }
        "eth_estimateGas" => return number(GAS.into()),
        "eth_maxPriorityFeePerGas" => return number(1),
        "eth_getBlockByNumber" => {
            return Json(
                json!({ "id": 1, "result": { "baseFeePerGas": format!("{:#x}", records.base_fee.unwrap_or(PRICE - 1)) } }),
            );
        }
        "eth_sendRawTransaction" => return send(records, &account),
        "eth_getTransactionReceipt" => return receipt(records, &account),
        "eth_getBalance" => return number(records.balances.get(&account).copied().unwrap_or_default()),
        _ => {}
    }
    let to = request["params"][0]["to"].as_str().unwrap().to_lowercase();
    let data = hex::decode(request["params"][0]["data"].as_str().unwrap().trim_start_matches("0x")).unwrap();
    let no_contract = || Json(json!({ "jsonrpc": "2.0", "id": 1, "result": "0x" }));
    let Ok((selector, args)) = split_selector(&data) else { return no_contract() };
    if selector == BALANCE_OF {
        let account = format!("0x{}", hex::encode(&args[12..32]));
        let held = records.token_balances.get(&account).copied().unwrap_or_default();
        return Json(json!({ "jsonrpc": "2.0", "id": 1, "result": format!("0x{held:064x}") }));
    }
    if to == DEPOSITS.to_lower_hex() && selector == BURN_FOR {
        return match records.burn_error {
            None => Json(json!({ "id": 1, "result": "0x" })),
            Some(error) => {
                let data = format!("0x{}", hex::encode(&keccak256(error.as_bytes())[..4]));
                Json(
                    json!({ "id": 1, "error": { "code": 3, "message": "execution reverted", "data": data } }),
                )
            }
        };
    }
    if to == DEPOSITS.to_lower_hex() {
        let result = format!("0x{}", hex::encode(deposits(records, &data)));
        return Json(json!({ "jsonrpc": "2.0", "id": 1, "result": result }));
    }
    if args.len() < 32 {
        return no_contract();
    }
    if let (IS_VALID_SIGNATURE, Some(owner)) = (selector, records.owners.get(&to.parse().unwrap())) {
        let args = Tuple::new(args).unwrap();
        let signature = format!("0x{}", hex::encode(args.bytes(1).unwrap()));
        let valid = recover_hash(&args.word(0).unwrap(), &signature).ok() == Some(*owner);
        let answer = encode(&[Arg::Bytes4(if valid { IS_VALID_SIGNATURE } else { [0xff; 4] })]);
        return Json(json!({ "jsonrpc": "2.0", "id": 1, "result": format!("0x{}", hex::encode(answer)) }));
    }
    let node: [u8; 32] = args[..32].try_into().unwrap();
    let known = records.addresses.contains_key(&node) || records.texts.contains_key(&node);
    let contract = Address::parse_unchecked_case(&to).unwrap();
    if records.gateways.values().any(|gateway| *gateway == contract) {
        return gateway(records, contract, &data);
    }
    let result = match selector {
        ens::RESOLVER if to == REGISTRY => {
            let own = if known { RESOLVER } else { Address::ZERO };
            encode(&[Arg::Address(records.gateways.get(&node).copied().unwrap_or(own))])
        }
        ens::ADDR => encode(&[Arg::Address(records.addresses.get(&node).copied().unwrap_or(Address::ZERO))]),
        ens::TEXT => {
            let text = records.texts.get(&node).cloned().unwrap_or_default();
            encode(&[Arg::Bytes(text.as_bytes())])
        }
        _ => {
            let error = json!({ "code": 3, "message": "execution reverted", "data": "0x" });
            return Json(json!({ "id": 1, "error": error }));
        }
    };
    Json(json!({ "jsonrpc": "2.0", "id": 1, "result": format!("0x{}", hex::encode(result)) }))
}

/// By what a transaction is found.
pub fn hash_of(raw: &str) -> String {
    format!("0x{}", hex::encode(keccak256(&hex::decode(&raw[2..]).unwrap())))
}

fn send(records: &mut Records, raw: &str) -> Json<Value> {
    let hash = hash_of(raw);
    records.sent.push(raw.to_owned());
    records.mined.extend(records.mining.map(|well| (hash.clone(), well)));
    Json(json!({ "id": 1, "result": hash }))
}

fn receipt(records: &Records, hash: &str) -> Json<Value> {
    let mined = records.mined.get(hash).map(|well| {
        json!({ "status": format!("{:#x}", u8::from(*well)), "gasUsed": format!("{GAS:#x}"),
            "effectiveGasPrice": format!("{PRICE:#x}") })
    });
    Json(json!({ "id": 1, "result": mined }))
}

/// A contract that holds deposits.
fn deposits(records: &mut Records, data: &[u8]) -> Vec<u8> {
    if data == registry_deposits::token_call() {
        return encode(&[Arg::Address(DEPOSITED)]);
    }
    if data == registry_deposits::slot_call() {
        return encode(&[Arg::Uint(SLOT)]);
    }
    let args = Tuple::new(&data[4..]).unwrap();
    let (sender, key) = (args.address(0).unwrap(), args.address(1).unwrap());
    assert_eq!(data, registry_deposits::standing_call(sender, key, args.uint(2).unwrap()));
    records.standings.push(sender);
    let slots = records.deposits.get(&(sender, key)).copied().unwrap_or_default();
    encode(&[Arg::Uint(slots), Arg::Uint(0), Arg::Uint(u64::from(slots > 0))])
}

/// A contract that sends clients to gateways and checks their answers, as ENS's OffchainResolver.
fn gateway(records: &Records, contract: Address, data: &[u8]) -> Json<Value> {
    const CALLBACK: [u8; 4] = [0xb4, 0xa8, 0x58, 0x01];
    let reverted = |data: &[u8]| {
        let error = json!({ "code": 3, "message": "reverted", "data": format!("0x{}", hex::encode(data)) });
        Json(json!({ "id": 1, "error": error }))
    };
    let (selector, args) = split_selector(data).unwrap();
    if selector == ens::SUPPORTS_INTERFACE {
        let yes = format!("0x{}", hex::encode(encode(&[Arg::Uint(1)])));
        return Json(json!({ "jsonrpc": "2.0", "id": 1, "result": yes }));
    }
    let args = Tuple::new(args).unwrap();
    if selector == ens::RESOLVE {
        let urls: Vec<&str> = records.urls.iter().map(String::as_str).collect();
        let error = [
            Arg::Address(contract),
            Arg::Strings(&urls),
            Arg::Bytes(data),
            Arg::Bytes4(CALLBACK),
            Arg::Bytes(data),
        ];
        return reverted(&encode_call(ens::OFFCHAIN_LOOKUP, &error));
    }
    if selector != CALLBACK {
        return reverted(&[]);
    }
    let (answer, question) = (Tuple::new(args.bytes(0).unwrap()).unwrap(), args.bytes(1).unwrap());
    let (result, expires) = (answer.bytes(0).unwrap(), answer.uint(1).unwrap());
    let digest = response_digest(SigningForm::OffchainResolver, contract, expires, question, result);
    let signature = format!("0x{}", hex::encode(answer.bytes(2).unwrap()));
    if recover_hash(&digest, &signature).ok() != records.signer {
        return reverted(&[]);
    }
    let result = format!("0x{}", hex::encode(encode(&[Arg::Bytes(result)])));
    Json(json!({ "jsonrpc": "2.0", "id": 1, "result": result }))
}
