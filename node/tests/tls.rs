//! TLS of the node's own: certificates from an authority, or from files, and handshakes that keep nobody waiting.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::{Certificate, Client, Response, StatusCode};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use support::{Node, Pebble, free_port};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

/// The name of the node, which leads to this machine everywhere.
const HOST: &str = "localhost";
/// How long an order, and what goes wrong before it, may take.
const PATIENCE: Duration = Duration::from_secs(60);
const YEAR: u32 = 365 * 24 * 60 * 60;

const ONE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1));
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// Where a node is, and what of its configuration says so.
struct Place {
    port: u16,
    metrics: u16,
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { port: free_port(), metrics: free_port(), folder: tempfile::tempdir().unwrap() }
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    fn config(&self) -> String {
        let Self { port, metrics, .. } = self;
        format!(
            "listen = '127.0.0.1:{port}'\npublic_url = 'https://{HOST}:{port}'\n\
             metrics_listen = '127.0.0.1:{metrics}'\n"
        )
    }

    fn acme(&self, pebble: &Pebble) -> String {
        let (folder, ca) = (self.folder.path().join("kept"), pebble.ca_file());
        format!(
            "{}tls_names = '{HOST}'\ntls_directory = '{}'\ntls_ca_file = '{}'\ntls_cache = '{}'\n\
             tls_contact = 'mailto:operator@example.org'\n",
            self.config(),
            pebble.directory(),
            ca.display(),
            folder.display()
        )
    }

    /// With a certificate in files, which is given as well.
    fn files(&self) -> (String, CertificateDer<'static>) {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let certificate = write_certificate(self.folder.path());
        let keys =
            format!("tls_certificate_file = '{}'\ntls_key_file = '{}'\n", at("cert.pem"), at("key.pem"));
        (self.config() + &keys, certificate)
    }

    /// What `/ready` says at the address of the metrics.
    async fn ready(&self) -> (StatusCode, Value) {
        let client = Client::builder().no_proxy().build().unwrap();
        let reply = client.get(format!("http://127.0.0.1:{}/ready", self.metrics)).send().await.unwrap();
        (reply.status(), serde_json::from_str(&reply.text().await.unwrap()).unwrap())
    }

    async fn is_ready(&self, node: &Node) {
        let began = Instant::now();
        while self.ready().await.0 != StatusCode::OK {
            assert!(began.elapsed() < PATIENCE, "{}\n{}", self.ready().await.1, node.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Asks over a connection of its own.
    async fn get(&self, root: &Certificate, from: IpAddr, path: &str) -> reqwest::Result<Response> {
        let client = Client::builder()
            .no_proxy()
            .tls_certs_only([root.clone()])
            .resolve(HOST, self.address())
            .local_address(from)
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        client.get(format!("https://{HOST}:{}{path}", self.port)).send().await
    }

    async fn connect(&self, from: IpAddr) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        socket.connect(self.address()).await.unwrap()
    }

    async fn secured(
        &self,
        root: CertificateDer<'static>,
    ) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(root).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from(HOST).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, self.connect(ONE).await).await
    }
}

/// Writes one of its own authority, and its key.
fn write_certificate(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([HOST.to_owned()]).unwrap();
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    std::fs::set_permissions(folder.join("key.pem"), PermissionsExt::from_mode(0o600)).unwrap();
    cert.der().clone()
}

fn of_der(der: &CertificateDer<'_>) -> Certificate {
    Certificate::from_der(der).unwrap()
}

/// Whether the server has closed this, before or within the time.
async fn is_closed(stream: &mut TcpStream, time: Duration) -> bool {
    let mut bytes = [0; 64];
    let end = async { while matches!(stream.read(&mut bytes).await, Ok(read) if read > 0) {} };
    tokio::time::timeout(time, end).await.is_ok()
}

#[tokio::test]
async fn a_certificate_is_asked_for_once_kept_and_used_for_requests_and_sockets() {
    let place = Place::new();
    let Some(mut pebble) = Pebble::for_port(place.port, YEAR) else { return };
    pebble.start().await;
    let mut node = Node::start_with_log("info", &place.acme(&pebble)).await;
    assert!(node.url.starts_with("https://"), "{}", node.url);
    place.is_ready(&node).await;
    let root = pebble.root().await;
    let reply = place.get(&root, ONE, "/.well-known/dm3").await.unwrap();
    assert_eq!((reply.status(), reply.version()), (StatusCode::OK, reqwest::Version::HTTP_11));
    assert!(reply.text().await.unwrap().contains(&format!("https://{HOST}:{}/ds", place.port)));
    assert_eq!(place.ready().await.1["certificate"], "ok");

    let folder = place.folder.path().join("kept");
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(files.len(), 2, "an account and a certificate: {files:?}");
    for file in &files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    assert!(node.metrics().await.contains("dm3_tls_certificates_total{outcome=\"issued\"} 1\n"));

    // With the authority away, a restart has what was kept.
    pebble.stop();
    let (_, well) = node.terminate().await;
    assert!(well);
    node.start_again().await;
    place.is_ready(&node).await;
    let reply = place.get(&root, ONE, "/health").await.unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    assert_eq!(pebble.issued(), 1, "{}", pebble.log());
    let log = node.log();
    assert!(log.contains("origin=\"kept\"") && !log.contains("WARN"), "{log}");
}

#[tokio::test]
async fn while_the_authority_is_away_the_node_runs_and_says_so_and_asks_again() {
    let place = Place::new();
    let Some(mut pebble) = Pebble::for_port(place.port, YEAR) else { return };
    let mut node = Node::start_with(&place.acme(&pebble)).await;
    let began = Instant::now();
    let (status, report) = loop {
        let (status, report) = place.ready().await;
        if !report["certificate"].as_str().unwrap().contains("being asked for") {
            break (status, report);
        }
        assert!(began.elapsed() < PATIENCE, "{report}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(report["status"], "not ready");
    let words = report["certificate"].as_str().unwrap();
    assert!(words.contains("no certificate for TLS yet") && words.contains("can't be reached"), "{words}");
    assert!(node.metrics().await.contains("dm3_tls_certificates_total{outcome=\"request\"}"));
    let hello = place.secured(write_certificate(place.folder.path())).await.unwrap_err();
    assert!(hello.to_string().contains("alert"), "{hello}");
    assert!(node.is_running());

    pebble.start().await;
    place.is_ready(&node).await;
    assert!(place.get(&pebble.root().await, ONE, "/health").await.unwrap().status().is_success());
}

#[tokio::test]
async fn a_certificate_is_renewed_when_two_thirds_of_its_time_are_over() {
    let place = Place::new();
    let Some(mut pebble) = Pebble::for_port(place.port, 18) else { return };
    pebble.start().await;
    let node = Node::start_with(&place.acme(&pebble)).await;
    place.is_ready(&node).await;
    let root = pebble.root().await;
    let began = Instant::now();
    while pebble.issued() < 2 {
        // Nobody sees that it is renewed.
        assert!(place.get(&root, ONE, "/health").await.unwrap().status().is_success());
        assert!(began.elapsed() < PATIENCE, "{}", node.log());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(place.get(&root, ONE, "/health").await.unwrap().status().is_success());
    assert!(began.elapsed() > Duration::from_secs(6), "not at once");
}

#[tokio::test]
async fn an_authority_that_does_not_find_the_node_is_told_of_in_words() {
    let place = Place::new();
    let Some(mut pebble) = Pebble::for_port(free_port(), YEAR) else { return };
    pebble.start().await;
    let node = Node::start_with(&place.acme(&pebble)).await;
    let began = Instant::now();
    loop {
        let (_, report) = place.ready().await;
        if report["certificate"].as_str().unwrap().contains("does not find this node at port 443") {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{report}\n{}", node.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(pebble.issued(), 0);
    // The log has what the authority says of it.
    assert!(node.log().contains("Failed to connect to 127.0.0.1"), "{}", node.log());
}

#[tokio::test]
async fn sockets_go_over_tls() {
    let place = Place::new();
    let (config, root) = place.files();
    let _node = Node::start_with(&config).await;
    let stream = place.secured(root).await.unwrap();
    let url = format!("wss://{HOST}:{}/socket.io/?EIO=4&transport=websocket", place.port);
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    let frame = socket.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(frame.starts_with("0{\"sid\":"), "{frame}");
}

#[tokio::test]
async fn slow_handshakes_of_one_address_keep_nobody_waiting_and_end() {
    let place = Place::new();
    let (config, root) = place.files();
    let root = of_der(&root);
    let node = Node::start_with(&format!("{config}max_connections_per_address = 20\n")).await;
    let mut slow = Vec::new();
    for n in 0..20 {
        let mut stream = place.connect(ONE).await;
        // Nothing, the head of a record, or a part of a hello.
        stream.write_all(&[22, 3, 1, 2, 0, 1, 0, 1, 0xfc][..[0, 5, 9][n % 3]]).await.unwrap();
        slow.push(stream);
    }
    let began = Instant::now();
    assert!(place.get(&root, OTHER, "/health").await.unwrap().status().is_success());
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    // Its own places are taken, before any handshake.
    assert!(is_closed(&mut place.connect(ONE).await, Duration::from_secs(3)).await);
    for stream in &mut slow {
        assert!(is_closed(stream, Duration::from_secs(20)).await);
    }
    assert!(place.get(&root, ONE, "/health").await.unwrap().status().is_success());
    let metrics = node.metrics().await;
    assert!(metrics.contains("dm3_tls_handshakes_total{outcome=\"slow\"} 20\n"), "{metrics}");
}

#[tokio::test]
async fn handshakes_and_requests_are_counted_by_the_address_they_come_from() {
    let place = Place::new();
    let (config, root) = place.files();
    let root = of_der(&root);
    let bounds = "tls_handshakes_per_minute_per_address = 4\nrequests_per_minute_per_address = 2\n";
    let node = Node::start_with(&format!("{config}{bounds}")).await;
    let ask = async |from| place.get(&root, from, "/.well-known/dm3").await.map(|reply| reply.status());
    assert_eq!(ask(ONE).await.unwrap(), StatusCode::OK);
    assert_eq!(ask(ONE).await.unwrap(), StatusCode::OK);
    assert_eq!(ask(ONE).await.unwrap(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask(ONE).await.unwrap(), StatusCode::TOO_MANY_REQUESTS);
    assert!(ask(ONE).await.is_err(), "no handshake");
    assert_eq!(ask(OTHER).await.unwrap(), StatusCode::OK);
    let metrics = node.metrics().await;
    assert!(metrics.contains("dm3_refused_total{cause=\"handshakes\"} 1\n"), "{metrics}");
}

#[tokio::test]
async fn what_is_no_tls_is_closed_and_a_stop_waits_for_no_handshake() {
    let place = Place::new();
    let (config, root) = place.files();
    let mut node = Node::start_with(&config).await;
    let mut plain = place.connect(ONE).await;
    plain.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert!(place.get(&of_der(&root), ONE, "/health").await.unwrap().status().is_success());
    let _silent = place.connect(ONE).await;
    let (took, well) = node.terminate().await;
    assert!(well && took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn a_certificate_in_files_is_read_anew_and_half_of_one_is_not_shown() {
    let place = Place::new();
    let (config, before) = place.files();
    let node = Node::start_with(&config).await;
    let key = place.folder.path().join("key.pem");
    std::fs::write(&key, "half").unwrap();
    let began = Instant::now();
    while !node.log().contains("the certificate is not renewed") {
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(place.get(&of_der(&before), ONE, "/health").await.unwrap().status().is_success());
    let after = of_der(&write_certificate(place.folder.path()));
    while place.get(&after, ONE, "/health").await.is_err() {
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What the check says of TLS and of the configuration with these keys instead.
async fn checked(node: &Node, keys: &[(&str, &str)]) -> String {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_dm3-node"));
    command.arg("--config").arg(node.folder().join("node.toml")).arg("check");
    for (key, value) in keys {
        command.env(format!("DM3_NODE_{}", key.to_uppercase()), value);
    }
    let text = String::from_utf8(command.output().await.unwrap().stdout).unwrap();
    let of_tls = |line: &&str| [" TLS: ", " configuration: "].iter().any(|part| line.contains(part));
    text.lines().filter(of_tls).map(|line| format!("{line}\n")).collect()
}

#[tokio::test]
async fn the_check_tells_what_is_wrong_with_an_authority_and_what_is_kept() {
    let place = Place::new();
    let Some(mut pebble) = Pebble::for_port(place.port, YEAR) else { return };
    pebble.start().await;
    let node = Node::start_with(&place.acme(&pebble)).await;
    place.is_ready(&node).await;
    let well = checked(&node, &[]).await;
    for line in [
        "ok     TLS: the certificate is good until",
        "ok     TLS: the ACME server",
        "look   TLS: an authority",
    ] {
        assert!(well.contains(line), "{line}: {well}");
    }
    assert!(!well.contains("WRONG  TLS"), "{well}");
    let file = place.folder.path().join("cert.pem");
    write_certificate(place.folder.path());
    let below_a_file = file.join("kept").display().to_string();
    for (keys, words) in [
        (&[("tls_names", "*.localhost")][..], "configuration: tls_names must be"),
        (&[("tls_names", "other.example")][..], "configuration: tls_names must be"),
        (&[("public_url", "http://localhost:4040")][..], "configuration: public_url must be"),
        (&[("tls_cache", below_a_file.as_str())][..], "TLS: nothing can be written to"),
        (&[("tls_ca_file", file.to_str().unwrap())][..], "TLS: tls_directory: "),
        (&[("tls_ca_file", "/no/such/file")][..], "TLS: tls_directory: tls_ca_file /no/such/file"),
    ] {
        let text = checked(&node, keys).await;
        let is_told = text.lines().any(|line| line.starts_with("WRONG") && line.contains(words));
        assert!(is_told, "{words}: {text}");
    }
    for entry in std::fs::read_dir(place.folder.path().join("kept")).unwrap() {
        std::fs::set_permissions(entry.unwrap().path(), PermissionsExt::from_mode(0o644)).unwrap();
    }
    let readable = checked(&node, &[]).await;
    let told =
        readable.lines().filter(|line| line.starts_with("WRONG  TLS") && line.contains("holds secret keys"));
    assert_eq!(told.count(), 2, "{readable}");
    pebble.stop();
    assert!(checked(&node, &[]).await.contains("WRONG  TLS: tls_directory: "));
}

#[tokio::test]
async fn the_check_tells_what_is_wrong_with_a_certificate_in_files() {
    let place = Place::new();
    let (config, _) = place.files();
    let node = Node::start_with(&config).await;
    assert!(checked(&node, &[]).await.contains("ok     TLS: the certificate is good until"));
    for (key, value, words) in [
        ("public_url", "https://other.example", "is not for other.example"),
        ("tls_key_file", "/no/such/file", "can't read /no/such/file"),
        ("tls_certificate_file", "/dev/null", "there is no certificate in PEM"),
    ] {
        let text = checked(&node, &[(key, value)]).await;
        assert!(
            text.lines().any(|line| line.starts_with("WRONG") && line.contains(words)),
            "{words}: {text}"
        );
    }
}
