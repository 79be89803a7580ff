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
    calls: usize,
    down: bool,
    id: u64,
}

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
    if request["method"] == "eth_chainId" {
        return Json(json!({ "jsonrpc": "2.0", "id": 1, "result": format!("{:#x}", records.id) }));
    }
    let to = request["params"][0]["to"].as_str().unwrap().to_lowercase();
    let data = hex::decode(request["params"][0]["data"].as_str().unwrap().trim_start_matches("0x")).unwrap();
    let (selector, args) = split_selector(&data).unwrap();
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
