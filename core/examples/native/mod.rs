//! The ports of a small native program: HTTP by ureq, Ethereum over JSON-RPC, records in memory.
#![allow(dead_code, reason = "each example uses its part")]

use std::error::Error;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dm3_core::Said;
use dm3_core::delivery::Discovery;
use dm3_core::identity::{Address, EnsName, NameError};
use dm3_core::ports::{
    Blocks, Chain, Clock, Connection, Http, Normaliser, Ports, SendingWallet, Sockets, TransactionError,
    Unreachable, Wallet, WalletError,
};
use dm3_core::registry::json_rpc::{
    RpcError, eth_call_body, parse_eth_call, parse_quantity, parse_receipt, receipt_body, transactions_body,
};
use dm3_core::registry::{CallOutcome, TransactionHash, TransactionReceipt, TransactionRequest, TypedData};
use dm3_core::seal::Entropy;
use dm3_core::session::{Directory, IpfsGateways, Keys, Session, SignIn};
use dm3_core::testing::{MemoryStore, TestWallet};
use dm3_core::web::{BaseUrl, HttpRequest, HttpResponse, HttpUrl, Outage};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// The longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// Tells the person at the terminal what went wrong.
pub fn exit_code(result: Result<(), Box<dyn Error>>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// All ports in one.
pub struct NativePorts {
    http: NativeHttp,
    ipfs: IpfsGateways<NativeHttp>,
    chain: RpcChain,
    store: MemoryStore,
}

impl NativePorts {
    /// Reads Ethereum through the node at `rpc_url`, and IPFS through these gateways.
    pub fn new(rpc_url: HttpUrl, ipfs_gateways: Vec<BaseUrl>) -> Self {
        let http = NativeHttp::default();
        Self {
            ipfs: IpfsGateways::new(http.clone(), ipfs_gateways),
            chain: RpcChain { url: rpc_url, http: http.clone() },
            http,
            store: MemoryStore::default(),
        }
    }
}

/// HTTP as the port wants it: every status is an answer, redirects are not followed, time and size are bounded.
#[derive(Clone)]
pub struct NativeHttp(ureq::Agent);

impl Default for NativeHttp {
    fn default() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self(config.into())
    }
}

impl Http for NativeHttp {
    async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, Unreachable> {
        let bearer = request.bearer.as_ref().map(|token| format!("Bearer {}", token.expose()));
        let url = request.url.as_str();
        let sent = match (&request.body, bearer) {
            (None, None) => self.0.get(url).call(),
            (None, Some(bearer)) => self.0.get(url).header("authorization", bearer).call(),
            (Some(body), None) => self.0.post(url).content_type("application/json").send(body),
            (Some(body), Some(bearer)) => {
                self.0.post(url).content_type("application/json").header("authorization", bearer).send(body)
            }
        };
        let unreachable = |error: ureq::Error| Unreachable {
            host: request.url.authority().to_owned(),
            outage: Outage::Failed(Said::new(&error.to_string())),
        };
        let mut response = sent.map_err(unreachable)?;
        let body =
            response.body_mut().with_config().limit(MAX_ANSWER).read_to_string().map_err(unreachable)?;
        let retry_after =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(HttpResponse { status: response.status().as_u16(), body, retry_after })
    }
}

impl Blocks for NativeHttp {
    async fn bytes(&self, request: &HttpRequest, max: usize) -> Result<Vec<u8>, Unreachable> {
        let failed = |outage| Unreachable { host: request.url.authority().to_owned(), outage };
        let broken = |error: ureq::Error| failed(Outage::Failed(Said::new(&error.to_string())));
        let sent = self.0.get(request.url.as_str()).header("accept", "application/vnd.ipld.raw").call();
        let mut response = sent.map_err(broken)?;
        if response.status() != 200 {
            return Err(failed(Outage::Status(response.status().as_u16())));
        }
        let read = response.body_mut().with_config().limit(max as u64).read_to_vec();
        read.map_err(broken)
    }
}

/// The chain as one Ethereum node shows it.
pub struct RpcChain {
    url: HttpUrl,
    http: NativeHttp,
}

impl Chain for RpcChain {
    async fn call(&self, to: Option<Address>, data: &[u8]) -> Result<CallOutcome, Unreachable> {
        self.read(eth_call_body(to, data), parse_eth_call).await
    }

    async fn transactions(&self, account: Address) -> Result<u64, Unreachable> {
        self.read(transactions_body(account), parse_quantity).await
    }

    async fn receipt(&self, hash: TransactionHash) -> Result<Option<TransactionReceipt>, Unreachable> {
        self.read(receipt_body(hash), |body| parse_receipt(body, hash)).await
    }

    async fn ask(&self, body: String) -> Result<String, Unreachable> {
        self.read(body, |body| Ok(body.to_owned())).await
    }
}

impl RpcChain {
    async fn read<T>(
        &self,
        body: String,
        parse: impl Fn(&str) -> Result<T, RpcError>,
    ) -> Result<T, Unreachable> {
        let response = self.http.send(&HttpRequest::post(self.url.clone(), body)).await?;
        parse(&response.body).map_err(|error| Unreachable {
            host: self.url.authority().to_owned(),
            outage: Outage::Failed(Said::new(&error.to_string())),
        })
    }
}

/// The tables of ENSIP-15 are built in natively.
pub struct BuiltIn;

impl Normaliser for BuiltIn {
    async fn normalise(&self, name: &str) -> Result<EnsName, NameError> {
        name.parse()
    }
}

/// WebSockets without TLS. Who can't open one is polled.
pub struct NativeSockets;

/// One open WebSocket.
pub struct NativeConnection {
    host: String,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Sockets for NativeSockets {
    type Connection = NativeConnection;

    async fn connect(&self, url: &str) -> Result<NativeConnection, Unreachable> {
        match connect_async(url).await {
            Ok((socket, _)) => Ok(NativeConnection { host: url.to_owned(), socket }),
            Err(error) => Err(broken(url, &error)),
        }
    }
}

impl Connection for NativeConnection {
    async fn send(&mut self, text: &str) -> Result<(), Unreachable> {
        self.socket.send(Message::text(text)).await.map_err(|error| broken(&self.host, &error))
    }

    async fn receive(&mut self) -> Result<String, Unreachable> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(broken(&self.host, &error)),
                None => return Err(Unreachable { host: self.host.clone(), outage: Outage::Ended }),
            }
        }
    }
}

fn broken(url: &str, error: &tokio_tungstenite::tungstenite::Error) -> Unreachable {
    Unreachable { host: url.to_owned(), outage: Outage::Failed(Said::new(&error.to_string())) }
}

/// Runs a program to its end, on this thread.
pub fn run(program: impl Future<Output = Result<(), Box<dyn Error>>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    exit_code(runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(program)))
}

/// Signs in at a node with a private key, and publishes its profile if it has none yet.
pub async fn sign_in(node: &str) -> Result<Session<NativePorts>, Box<dyn Error>> {
    let key = std::env::var("DM3_PRIVATE_KEY").map_err(|_| "DM3_PRIVATE_KEY is not set")?;
    let wallet = TestWallet::of_key(&key).ok_or("DM3_PRIVATE_KEY is not 0x and 64 hexadecimal digits")?;
    let origin: BaseUrl = node.parse()?;
    let document = NativeHttp::default().send(&Discovery::request(&origin)).await?;
    let discovery = Discovery::parse(&document.body)?;
    let ports = NativePorts::new(discovery.rpc_url.clone(), Vec::new());
    let directory = Rc::new(Directory::new(ports, discovery));
    let sign_in = SignIn::new(Rc::clone(&directory), wallet.address());
    let signed_in = match sign_in.create_keys(&wallet).await? {
        Keys::Known(signed_in) => signed_in,
        Keys::New(registration) => registration.publish(&wallet).await?,
        Keys::OtherNonce(_) | Keys::Unusable(_) => {
            return Err("the account's profile has keys that do not follow from this key".into());
        }
    };
    // Deposits have keys that follow from the account's.
    signed_in.remember(&directory).await?;
    Ok(Session::resume(directory, signed_in.account, &signed_in.seed))
}

/// Clock and entropy of the operating system.
pub struct System;

impl Clock for System {
    fn now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
    }

    async fn sleep(&self, milliseconds: u32) {
        tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
    }
}

impl Entropy for System {
    #[allow(clippy::expect_used, reason = "without entropy nothing must be sealed")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has entropy");
    }
}

impl Ports for NativePorts {
    type Chain = RpcChain;
    type Normaliser = BuiltIn;
    type Http = NativeHttp;
    type Ipfs = IpfsGateways<NativeHttp>;
    type Sockets = NativeSockets;
    type Store = MemoryStore;
    type Clock = System;
    type Entropy = System;

    fn chain(&self) -> &RpcChain {
        &self.chain
    }

    fn normaliser(&self) -> &BuiltIn {
        &BuiltIn
    }

    fn http(&self) -> &NativeHttp {
        &self.http
    }

    fn ipfs(&self) -> &IpfsGateways<NativeHttp> {
        &self.ipfs
    }

    fn sockets(&self) -> &NativeSockets {
        &NativeSockets
    }

    fn store(&self) -> &MemoryStore {
        &self.store
    }

    fn clock(&self) -> &System {
        &System
    }

    fn entropy(&self) -> &System {
        &System
    }
}

/// A wallet whose keys are at an Ethereum node, as those of a local chain are.
pub struct RpcWallet {
    chain: RpcChain,
    number: u64,
}

impl RpcWallet {
    /// That of the Ethereum node which a dm3 node names.
    pub fn at(discovery: &Discovery) -> Self {
        let chain = RpcChain { url: discovery.rpc_url.clone(), http: NativeHttp::default() };
        Self { chain, number: discovery.chain_id }
    }

    async fn ask(&self, method: &str, params: Value) -> Result<String, TransactionError> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let read = |body: &str| {
            let answer: Value = serde_json::from_str(body).map_err(|_| RpcError::Form)?;
            match answer["result"].as_str() {
                Some(result) => Ok(result.to_owned()),
                None => Err(RpcError::Node(Said::new(&answer["error"].to_string()))),
            }
        };
        let failed = |error: Unreachable| WalletError::Failed(Said::new(&error.to_string()));
        Ok(self.chain.read(body.to_string(), read).await.map_err(failed)?)
    }
}

impl Wallet for RpcWallet {
    async fn sign_text(&self, account: Address, text: &str) -> Result<String, WalletError> {
        let params = json!([format!("0x{}", hex::encode(text)), account.to_string()]);
        self.ask("personal_sign", params).await.map_err(|error| match error {
            TransactionError::Wallet(error) => error,
            other => WalletError::Failed(Said::new(&other.to_string())),
        })
    }
}

impl SendingWallet for RpcWallet {
    async fn sign_typed(&self, account: Address, typed: &TypedData) -> Result<String, TransactionError> {
        self.ask("eth_signTypedData_v4", json!([account.to_string(), typed.json])).await
    }

    async fn send(
        &self,
        account: Address,
        chain: u64,
        transaction: &TransactionRequest,
    ) -> Result<TransactionHash, TransactionError> {
        if chain != self.number {
            return Err(TransactionError::OtherChain);
        }
        let hash = self.ask("eth_sendTransaction", json!([transaction.to_json(account)])).await?;
        Ok(hash.parse().map_err(|_| WalletError::Garbled)?)
    }
}
