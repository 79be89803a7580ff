//! An Ethereum node's `eth_call` for an ENS of a few names.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use dm3_core::identity::{Address, EnsName};
use dm3_core::registry::abi::{Arg, encode, split_selector};
use dm3_core::registry::ens;
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
}

/// `balanceOf(address)` of ERC-20.
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];

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

    /// From now on, it only answers with errors.
    pub fn break_down(&self) {
        self.records.lock().unwrap().down = true;
    }

    /// From now on, it serves the chain with this number.
    pub fn set_id(&self, id: u64) {
        self.records.lock().unwrap().id = id;
    }

    pub fn calls(&self) -> usize {
        self.records.lock().unwrap().calls
    }
}

async fn call(State(records): State<Arc<Mutex<Records>>>, Json(request): Json<Value>) -> Json<Value> {
    let mut records = records.lock().unwrap();
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
        "eth_getBalance" => return number(records.balances.get(&account).copied().unwrap_or_default()),
        _ => {}
    }
    let to = request["params"][0]["to"].as_str().unwrap().to_lowercase();
    let data = hex::decode(request["params"][0]["data"].as_str().unwrap().trim_start_matches("0x")).unwrap();
    let (selector, args) = split_selector(&data).unwrap();
    if selector == BALANCE_OF {
        let account = format!("0x{}", hex::encode(&args[12..32]));
        let held = records.token_balances.get(&account).copied().unwrap_or_default();
        return Json(json!({ "jsonrpc": "2.0", "id": 1, "result": format!("0x{held:064x}") }));
    }
    let node: [u8; 32] = args[..32].try_into().unwrap();
    let known = records.addresses.contains_key(&node);
    let result = match selector {
        ens::RESOLVER if to == REGISTRY => {
            encode(&[Arg::Address(if known { RESOLVER } else { Address::ZERO })])
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
