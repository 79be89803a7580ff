//! An authority that issues certificates by ACME: Debian's `pebble`, which is made for tests.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::{Certificate, Client};
use serde_json::json;
use tempfile::TempDir;

use super::skipped;

/// A port that nobody listens at.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// It looks for who asks at one port of this machine. It ends with this.
pub struct Pebble {
    folder: TempDir,
    port: u16,
    management: u16,
    process: Option<Child>,
}

impl Drop for Pebble {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Pebble {
    /// Not started yet; certificates are good for so many seconds. `None` where it is not installed.
    pub fn for_port(port: u16, good_for: u32) -> Option<Self> {
        let there = Command::new("pebble").arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if there.is_err() {
            skipped("pebble is not on this machine (sudo apt-get install pebble)");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("cert.pem"), cert.pem()).unwrap();
        std::fs::write(at("key.pem"), signing_key.serialize_pem()).unwrap();
        let (listen, management) = (free_port(), free_port());
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{listen}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": at("cert.pem"),
            "privateKey": at("key.pem"),
            "httpPort": 1,
            "tlsPort": port,
            "certificateValidityPeriod": good_for,
        } });
        std::fs::write(at("config.json"), config.to_string()).unwrap();
        Some(Self { folder, port: listen, management, process: None })
    }

    pub async fn start(&mut self) {
        let log = std::fs::File::options().append(true).create(true).open(self.log_file()).unwrap();
        let process = Command::new("pebble")
            .arg("-config")
            .arg(self.folder.path().join("config.json"))
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "0")
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.process = Some(process);
        let started = Instant::now();
        while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.management)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "pebble does not listen: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Nobody listens from now on.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    pub fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.port)
    }

    /// What its own TLS is trusted by.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// The root of what it issues, which it makes anew each time it starts.
    pub async fn root(&self) -> Certificate {
        let own = Certificate::from_pem(&std::fs::read(self.ca_file()).unwrap()).unwrap();
        let client = Client::builder().no_proxy().tls_certs_only([own]).build().unwrap();
        let url = format!("https://127.0.0.1:{}/roots/0", self.management);
        Certificate::from_pem(&client.get(url).send().await.unwrap().bytes().await.unwrap()).unwrap()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// How many certificates it has issued so far.
    pub fn issued(&self) -> usize {
        self.log().matches("Issued certificate serial").count()
    }

    fn log_file(&self) -> PathBuf {
        Path::new(self.folder.path()).join("log")
    }
}
