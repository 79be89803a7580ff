//! A really started node, accounts to use it with, and a chain that knows a few names.

#![allow(dead_code, unused_imports, reason = "each test file uses its part")]

pub mod account;
pub mod around;
pub mod chain;
pub mod host;
pub mod pebble;
pub mod pooler;
pub mod postgres;
pub mod push;
pub mod skipped;
pub mod smtp;
pub mod socket;
pub mod stake;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use dm3_core::identity::{Address, EnsName, KeySeed, ProfileKeys};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub use account::Account;
pub use around::{Around, Clock, SmallDisk};
pub use chain::Chain;
pub use host::{Host, Silent};
pub use pebble::{Pebble, free_port};
pub use postgres::PostgresServer;
pub use push::PushService;
pub use skipped::skipped;
pub use smtp::MailServer;
pub use socket::Socket;

/// 32 bytes of `n`, in base64: the node's seed.
const SEED: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
pub const GATEWAY_KEY: &str = "0x0101010101010101010101010101010101010101010101010101010101010101";
pub const GATEWAY_RESOLVER: &str = "0x84ea74d481ee0a5332c457a4d796187f6ba67feb";

/// The node's keys, whose secrets these tests know.
pub fn node_keys() -> ProfileKeys {
    ProfileKeys::derive(&KeySeed::from_base64(SEED).unwrap())
}

pub fn domain() -> EnsName {
    "addr.dm3.eth".parse().unwrap()
}

/// A process of the program, with a database in a folder of its own.
pub struct Node {
    pub url: String,
    /// Where its metrics are, if the configuration says so.
    pub metrics: Option<String>,
    pub chain: Chain,
    /// What its process finds around it.
    pub around: Around,
    folder: TempDir,
    process: Child,
    client: Client,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The text of a JSON string.
    pub fn text(&self) -> String {
        self.json().as_str().unwrap_or_else(|| panic!("no JSON string: {self:?}")).to_owned()
    }
}

impl Node {
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// With more lines in its configuration, or others.
    pub async fn start_with(more: &str) -> Self {
        Self::start_with_log("warn", more).await
    }

    /// With another level of logging than `warn`.
    pub async fn start_with_log(log: &str, more: &str) -> Self {
        Self::start_on(None, log, more).await
    }

    /// On a Postgres database instead of a SQLite file in its folder.
    pub async fn start_on(postgres: Option<&str>, log: &str, more: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), Around::default(), postgres, log, more).await
    }

    /// In a folder that is there, with something around it. A small disk is at `disk` in that folder, and database and log
    /// are on it.
    pub async fn start_in(
        folder: TempDir,
        around: Around,
        postgres: Option<&str>,
        log: &str,
        more: &str,
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let data = folder.path().join(if around.disk.is_some() { "disk" } else { "" });
        let chain = Chain::start().await;
        let config = format!(
            "listen = '127.0.0.1:0'\npublic_url = 'http://127.0.0.1:4040'\ndatabase = '{}'\nname = 'ds1.eth'\n\
             address_domain = 'addr.dm3.eth'\nuser_domain = 'user.dm3.eth'\nrpc_url = '{}'\n\
             public_rpc_url = 'http://127.0.0.1:8545'\nchain_id = 1\nens_registry = '{}'\n\
             signing_seed = '{SEED}'\ngateway_private_key = '{GATEWAY_KEY}'\n\
             gateway_resolver = '{GATEWAY_RESOLVER}'\nlog = '{log}'\n\
             requests_per_minute_per_address = 0\nrequests_per_minute_per_account = 0\n\
             proxied_per_minute_per_address = 0\nmessages_per_minute_per_sender = 0\n\
             unknown_messages_per_minute_per_address = 0\nunknown_messages_per_minute_per_mailbox = 0\n{more}",
            postgres.map_or_else(|| data.join("node.sqlite").display().to_string(), str::to_owned),
            chain.url,
            chain::REGISTRY,
        );
        std::fs::write(folder.path().join("node.toml"), without_first_of_twins(&config)).unwrap();
        let (process, Announced { url, metrics }) = spawn(&folder, &around).await;
        let client = Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(40))
            .build()
            .unwrap();
        Self { url, metrics, chain, around, folder, process, client }
    }

    /// Kills the process without warning and starts it again on the same database.
    pub async fn kill_and_restart(&mut self) {
        self.process.kill().await.unwrap();
        self.start_again().await;
    }

    /// Starts the process again after it ended.
    pub async fn start_again(&mut self) {
        let announced = spawn(&self.folder, &self.around).await;
        self.process = announced.0;
        self.url = announced.1.url;
    }

    /// The folder with its configuration `node.toml` and its database.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Its SQLite file, if it has one.
    pub fn sqlite_file(&self) -> Option<std::path::PathBuf> {
        Some(self.folder.path().join("node.sqlite")).filter(|file| file.exists())
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(log_file(&self.folder, &self.around)).unwrap()
    }

    /// The number of the process.
    pub fn process_id(&self) -> u32 {
        self.process.id().unwrap()
    }

    /// Sends the process a signal, such as `TERM`.
    pub async fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(self.process_id().to_string()).status();
        assert!(sent.await.unwrap().success());
    }

    /// Waits until the process has ended; whether it ended well.
    pub async fn ended(&mut self) -> bool {
        self.process.wait().await.unwrap().success()
    }

    /// The text of its metrics.
    pub async fn metrics(&self) -> String {
        let url = self.metrics.as_ref().expect("metrics are served");
        self.client.get(url).send().await.unwrap().text().await.unwrap()
    }

    /// Asks the process to end, as service managers do; gives how long it took and whether it ended well.
    pub async fn terminate(&mut self) -> (Duration, bool) {
        let started = std::time::Instant::now();
        self.signal("TERM").await;
        let well = self.ended().await;
        (started.elapsed(), well)
    }

    pub fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    pub async fn request(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&str>,
    ) -> Reply {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Reply { status, headers, body: response.text().await.unwrap() }
    }

    /// Sends a body that the node may refuse before it is sent to its end.
    pub async fn post_giant(&self, path: &str, bytes: usize) -> Option<StatusCode> {
        let request = self.client.post(format!("{}{path}", self.url)).body(vec![b'x'; bytes]);
        request.send().await.ok().map(|response| response.status())
    }

    /// A request with headers of its own and bytes for a body.
    pub async fn request_with(
        &self,
        method: Method,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body.to_owned()).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Reply { status, headers, body: response.text().await.unwrap() }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path, None, None).await
    }

    pub async fn get_owned(&self, path: String) -> Reply {
        self.get(&path).await
    }

    /// What a browser asks before it sends a request with a token from another origin.
    pub async fn preflight(&self, path: &str) -> Reply {
        let request = self.client.request(Method::OPTIONS, format!("{}{path}", self.url));
        let request = request
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type");
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Reply { status, headers, body: response.text().await.unwrap() }
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.request(Method::POST, path, None, Some(&body.to_string())).await
    }

    pub async fn post_text(&self, path: &str, body: &str) -> Reply {
        self.request(Method::POST, path, None, Some(body)).await
    }

    pub async fn get_as(&self, token: &str, path: &str) -> Reply {
        self.request(Method::GET, path, Some(token), None).await
    }

    pub async fn post_as(&self, token: &str, path: &str, body: &Value) -> Reply {
        self.request(Method::POST, path, Some(token), Some(&body.to_string())).await
    }
}

/// A key that comes again replaces the one before.
fn without_first_of_twins(config: &str) -> String {
    let key = |line: &str| line.split(" = ").next().unwrap().to_owned();
    let lines: Vec<_> = config.lines().collect();
    let last = |n: usize| !lines[n + 1..].iter().any(|later| key(later) == key(lines[n]));
    let kept = lines.iter().enumerate().filter(|(n, _)| last(*n));
    kept.map(|(_, line)| format!("{line}\n")).collect()
}

/// Where it logs to.
fn log_file(folder: &TempDir, around: &Around) -> PathBuf {
    around.disk.as_ref().map_or_else(|| folder.path().join("log"), |disk| disk.file("log"))
}

async fn spawn(folder: &TempDir, around: &Around) -> (Child, Announced) {
    let log = log_file(folder, around);
    let mut process = around
        .command()
        .arg("--config")
        .arg(folder.path().join("node.toml"))
        .stdout(Stdio::piped())
        .stderr(std::fs::File::options().append(true).create(true).open(&log).unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut metrics = None;
    loop {
        let Some(line) = lines.next_line().await.unwrap() else {
            panic!("the node ended at once: {}", std::fs::read_to_string(&log).unwrap());
        };
        if let Some(url) = line.strip_prefix("metrics at ") {
            metrics = Some(url.to_owned());
        }
        if let Some(url) = line.strip_prefix("listening on ") {
            return (process, Announced { url: url.to_owned(), metrics });
        }
    }
}

/// What a node says when it is up.
struct Announced {
    url: String,
    metrics: Option<String>,
}

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}
