//! The proxies of `node/deploy`, as they stand there but for names of files and ports, in front of a real node.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::{Client, StatusCode};
use support::{Node, skipped};
use tempfile::TempDir;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

/// The name that stands in the files.
const HOST: &str = "dm3.example.org";
/// How many requests an address has in these tests.
const REQUESTS: usize = 20;

/// A proxy in front of a node; both end with this.
struct Proxied {
    node: Node,
    address: SocketAddr,
    process: Child,
    _folder: TempDir,
}

impl Drop for Proxied {
    fn drop(&mut self) {
        // The workers of nginx go with their master only if it is asked to end.
        let _ = Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn is_there(program: &str) -> bool {
    let there =
        Command::new(program).arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        skipped(&format!("{program} is not on this machine (sudo apt-get install {program})"));
    }
    there
}

/// Every `from` must stand in the file, else the test would test another one.
fn replaced(text: &str, replacements: &[(&str, &str)]) -> String {
    replacements.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from} does not stand in the file");
        text.replace(from, to)
    })
}

impl Proxied {
    async fn start(program: &str, configure: impl Fn(&Path, u16, &str) -> Vec<String>) -> Self {
        let node = Node::start_with(&format!(
            "trusted_proxies = '127.0.0.1, ::1'\nrequests_per_minute_per_address = {REQUESTS}\n\
             size_limit = 2000000\nmetrics_listen = '127.0.0.1:0'\n"
        ))
        .await;
        let folder = tempfile::tempdir().unwrap();
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([HOST.to_owned()]).unwrap();
        std::fs::write(folder.path().join("cert.pem"), cert.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), signing_key.serialize_pem()).unwrap();
        let port = free_port();
        let arguments = configure(folder.path(), port, node.url.strip_prefix("http://").unwrap());
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new(program)
            .args(arguments)
            .env("XDG_DATA_HOME", folder.path())
            .env("XDG_CONFIG_HOME", folder.path())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut this = Self { node, address, process, _folder: folder };
        let started = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            let log = || std::fs::read_to_string(this._folder.path().join("log")).unwrap();
            assert!(this.process.try_wait().unwrap().is_none(), "{program} ended at once: {}", log());
            assert!(started.elapsed() < Duration::from_secs(20), "{program} does not listen: {}", log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        this
    }

    async fn nginx() -> Self {
        Self::start("nginx", |folder, port, node| {
            let at = |name: &str| folder.join(name).display().to_string();
            let server = replaced(
                include_str!("../deploy/nginx.conf"),
                &[
                    ("    listen [::]:80;\n", ""),
                    ("    listen [::]:443 ssl;\n", ""),
                    ("listen 80;", &format!("listen 127.0.0.1:{};", free_port())),
                    ("listen 443 ssl;", &format!("listen 127.0.0.1:{port} ssl;")),
                    ("/etc/letsencrypt/live/dm3.example.org/fullchain.pem", &at("cert.pem")),
                    ("/etc/letsencrypt/live/dm3.example.org/privkey.pem", &at("key.pem")),
                    ("127.0.0.1:4040", node),
                ],
            );
            let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .iter()
                .map(|what| format!("{what}_temp_path {};\n", at(what)))
                .collect();
            let whole = format!(
                "daemon off;\npid {};\nerror_log stderr;\nevents {{}}\nhttp {{\n{temporary}{server}\n}}\n",
                at("pid")
            );
            std::fs::write(folder.join("nginx.conf"), whole).unwrap();
            // Its workers are nobody's, and write what is large into the folder.
            std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            ["-c", &at("nginx.conf"), "-p", &at("")].map(str::to_owned).to_vec()
        })
        .await
    }

    async fn caddy() -> Self {
        Self::start("caddy", |folder, port, node| {
            let at = |name: &str| folder.join(name).display().to_string();
            let whole = replaced(
                include_str!("../deploy/Caddyfile"),
                &[
                    ("{\n    servers {", "{\n    admin off\n    auto_https off\n    servers {"),
                    (
                        "\ndm3.example.org {",
                        &format!(
                            "\nhttps://dm3.example.org:{port} {{\n    bind 127.0.0.1\n    tls {} {}",
                            at("cert.pem"),
                            at("key.pem")
                        ),
                    ),
                    ("127.0.0.1:4040", node),
                ],
            );
            std::fs::write(folder.join("Caddyfile"), whole).unwrap();
            ["run", "--adapter", "caddyfile", "--config", &at("Caddyfile")].map(str::to_owned).to_vec()
        })
        .await
    }

    /// Somebody at another address of this machine.
    fn client(&self, from: [u8; 4]) -> Client {
        Client::builder()
            .no_proxy()
            .http1_only()
            .resolve(HOST, self.address)
            .local_address(IpAddr::from(from))
            .tls_danger_accept_invalid_certs(true)
            .build()
            .unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.address.port())
    }
}

/// Each address is counted for itself by the node, whatever a client writes into the headers.
async fn the_real_address_arrives_and_cannot_be_forged(proxied: &Proxied) {
    let (mallory, bob) = (proxied.client([127, 0, 0, 2]), proxied.client([127, 0, 0, 3]));
    let get = |client: &Client, forged: usize| {
        let request = client.get(proxied.url("/ds/hello"));
        request
            .header("X-Forwarded-For", format!("203.0.113.{forged}"))
            .header("X-Real-IP", format!("203.0.113.{forged}"))
            .header("Forwarded", format!("for=203.0.113.{forged}"))
            .send()
    };
    let mut statuses = Vec::new();
    for forged in 0..REQUESTS + 5 {
        statuses.push(get(&mallory, forged).await.unwrap().status());
    }
    assert_eq!(statuses[..REQUESTS], [StatusCode::OK; REQUESTS], "all of hers");
    // One comes back every three seconds.
    let refused = statuses[REQUESTS..].iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.count() >= 3, "new addresses in headers are no new clients: {statuses:?}");
    assert_eq!(
        get(&bob, 7).await.unwrap().status(),
        StatusCode::OK,
        "who is somewhere else is somebody else"
    );
}

async fn bodies_are_bounded_above_what_the_node_takes(proxied: &Proxied) {
    let client = proxied.client([127, 0, 0, 4]);
    let post = |bytes: usize| client.post(proxied.url("/ds/rpc")).body(vec![b'x'; bytes]).send();
    assert_eq!(post(900_000).await.unwrap().status(), StatusCode::BAD_REQUEST, "the node has read it");
    // A proxy may close before everything is sent.
    if let Ok(reply) = post(3_000_000).await {
        // Caddy before 2.7 says the second.
        let refusals = [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::BAD_GATEWAY];
        assert!(refusals.contains(&reply.status()), "the node would have read it: {}", reply.status());
    }
}

async fn sockets_open(proxied: &Proxied) {
    let reply = proxied
        .client([127, 0, 0, 5])
        .get(proxied.url("/socket.io/?EIO=4&transport=websocket"))
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), StatusCode::SWITCHING_PROTOCOLS);
    let stream = reply.upgrade().await.unwrap();
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    let opened = tokio::time::timeout(Duration::from_secs(10), socket.next()).await.unwrap();
    let opened = opened.unwrap().unwrap().into_text().unwrap();
    assert!(opened.starts_with("0{\"sid\""), "{opened}");
}

async fn what_is_for_operators_stays_inside(proxied: &Proxied) {
    let outside = proxied.client([127, 0, 0, 6]);
    let metrics = outside.get(proxied.url("/metrics")).send().await.unwrap();
    assert_eq!(metrics.status(), StatusCode::NOT_FOUND);
    assert!(!metrics.text().await.unwrap().contains("dm3_"));
    assert!(proxied.node.metrics().await.contains("dm3_requests_total"), "there are some");
    let ready = outside.get(proxied.url("/ready")).send().await.unwrap().status();
    assert!([StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&ready), "{ready}");
    let inside = proxied.client([127, 0, 0, 1]);
    assert_eq!(inside.get(proxied.url("/ready")).send().await.unwrap().status(), StatusCode::OK);
}

async fn everything_holds(proxied: &Proxied) {
    the_real_address_arrives_and_cannot_be_forged(proxied).await;
    bodies_are_bounded_above_what_the_node_takes(proxied).await;
    sockets_open(proxied).await;
    what_is_for_operators_stays_inside(proxied).await;
}

#[tokio::test]
async fn nginx_as_it_is_deployed_bounds_and_tells_the_node_who_asks() {
    if is_there("nginx") {
        everything_holds(&Proxied::nginx().await).await;
    }
}

#[tokio::test]
async fn caddy_as_it_is_deployed_bounds_and_tells_the_node_who_asks() {
    if is_there("caddy") {
        everything_holds(&Proxied::caddy().await).await;
    }
}
