//! Making a deployment, checking it, and copying its database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dm3_core::identity::Address;
use sqlx::{Connection as _, Executor as _};
use support::smtp::Security;
use support::{Account, Chain, GATEWAY_RESOLVER, MailServer, Node, address};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

async fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_dm3-node")).args(arguments).output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// A deployment made by `init` on a chain that holds all its records.
struct Deployment {
    folder: TempDir,
    chain: Chain,
    url: String,
    record: String,
    signer: Address,
}

impl Deployment {
    async fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let chain = Chain::start().await;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let (code, text) = run(&[
            "--config",
            folder.path().join("node.toml").to_str().unwrap(),
            "init",
            "--domain=shop.eth",
            &format!("--listen=127.0.0.1:{port}"),
            &format!("--public-url={url}"),
            &format!("--rpc-url={}", chain.url),
            "--public-rpc-url=http://127.0.0.1:8545",
            &format!("--gateway-resolver={GATEWAY_RESOLVER}"),
            &format!("--database={}", folder.path().join("node.sqlite").display()),
            "--gateway-ttl-seconds=60",
            "--log=warn",
        ])
        .await;
        assert_eq!(code, Some(0), "{text}");
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.trim_start().strip_prefix(key));
            line.unwrap_or_else(|| panic!("{key} in {text}")).trim().to_owned()
        };
        let record = value("value");
        let signer = address(value("verifier").rsplit(' ').next().unwrap());
        let this = Self { folder, chain, url, record, signer };
        this.publish();
        this
    }

    /// Sets the records as `init` says.
    fn publish(&self) {
        self.chain.set_profile("ds.shop.eth", self.record.clone());
        let template = format!("{}/resolver/{{sender}}/{{data}}", self.url);
        self.gateway(GATEWAY_RESOLVER, &template, self.signer);
    }

    fn gateway(&self, resolver: &str, template: &str, signer: Address) {
        for domain in ["addr.shop.eth", "user.shop.eth"] {
            self.chain.set_gateway(domain, address(resolver), &[template], signer);
        }
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("node.toml")
    }

    async fn check(&self) -> (Option<i32>, String) {
        run(&["--config", self.config().to_str().unwrap(), "check"]).await
    }

    /// Sets more keys in the configuration.
    fn configure(&self, lines: &str) {
        let keys: Vec<&str> = lines.lines().filter_map(|line| line.split(" = ").next()).collect();
        let text = std::fs::read_to_string(self.config()).unwrap();
        let others = text.lines().filter(|line| !keys.contains(&line.split(" = ").next().unwrap()));
        let text: String = others.chain(lines.lines()).map(|line| format!("{line}\n")).collect();
        std::fs::write(self.config(), text).unwrap();
    }

    async fn start(&self) -> Child {
        serve(&self.config()).await
    }

    /// The check fails, and one line that is wrong holds all these words.
    async fn is_wrong(&self, words: &[&str]) {
        let (code, text) = self.check().await;
        let line =
            text.lines().find(|line| line.starts_with("WRONG") && words.iter().all(|w| line.contains(w)));
        assert!(line.is_some(), "{words:?} in\n{text}");
        assert_eq!(code, Some(1), "{text}");
        let after = text.lines().skip_while(|other| Some(*other) != line).nth(1).unwrap();
        assert!(after.trim_start().starts_with('→'), "what to do:\n{text}");
    }
}

async fn serve(config: &Path) -> Child {
    let mut process = Command::new(env!("CARGO_BIN_EXE_dm3-node"))
        .arg("--config")
        .arg(config)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    while !lines.next_line().await.unwrap().expect("the node serves").starts_with("listening on") {}
    process
}

#[tokio::test]
async fn a_deployment_that_follows_init_to_the_letter_is_well() {
    let deployment = Deployment::make().await;
    let _node = deployment.start().await;
    let (code, text) = deployment.check().await;
    assert_eq!(code, Some(0), "{text}");
    for good in [
        "ok     configuration",
        "ok     keys",
        "ok     database",
        "ok     Ethereum node",
        "ok     clock",
        "ok     ENS record",
        "ok     name gateway",
        "ok     public address: this node answers",
    ] {
        assert!(text.contains(good), "{good} in\n{text}");
    }
    // Plain http is for this machine only, which is said.
    assert!(text.contains("look   public address") && !text.contains("WRONG"), "{text}");
    let secrets = std::fs::read_to_string(deployment.config()).unwrap();
    for key in ["signing_seed", "gateway_private_key"] {
        let line = secrets.lines().find(|line| line.starts_with(key)).unwrap();
        assert!(!text.contains(line.split('"').nth(1).unwrap()), "no secret is shown");
    }
}

#[tokio::test]
async fn faults_of_the_machine_are_told() {
    let deployment = Deployment::make().await;
    let _node = deployment.start().await;
    let config = deployment.config();
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o644)).unwrap();
    deployment.is_wrong(&["configuration", "may be read by others", "644"]).await;
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o600)).unwrap();

    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\nsize_limt = 3\n")).unwrap();
    deployment.is_wrong(&["configuration", "size_limt"]).await;

    let example = include_str!("../dm3-node.example.toml");
    let seed = |text: &str| text.lines().find(|line| line.starts_with("signing_seed")).unwrap().to_owned();
    std::fs::write(&config, text.replace(&seed(&text), &seed(example))).unwrap();
    deployment.is_wrong(&["keys", "signing_seed is the example's"]).await;

    let nowhere = text.replace("node.sqlite", "missing/node.sqlite");
    std::fs::write(&config, nowhere).unwrap();
    deployment.is_wrong(&["database", "nothing can be written"]).await;

    std::fs::write(deployment.folder.path().join("other"), "no database at all, but long enough to be read")
        .unwrap();
    std::fs::write(&config, text.replace("node.sqlite", "other")).unwrap();
    deployment.is_wrong(&["database", "not a database"]).await;

    let newer = format!("sqlite://{}?mode=rwc", deployment.folder.path().join("newer").display());
    let mut database = sqlx::SqliteConnection::connect(&newer).await.unwrap();
    database
        .execute(
            "CREATE TABLE _sqlx_migrations (version INTEGER); INSERT INTO _sqlx_migrations VALUES (9999)",
        )
        .await
        .unwrap();
    database.close().await.unwrap();
    std::fs::write(&config, text.replace("node.sqlite", "newer")).unwrap();
    deployment.is_wrong(&["database", "newer version"]).await;

    std::fs::write(&config, text.replace("database = \"", "database = \"postgres://u:p@127.0.0.1:1/x?"))
        .unwrap();
    deployment.is_wrong(&["database", "failed"]).await;
}

#[tokio::test]
async fn faults_of_the_chain_are_told() {
    let deployment = Deployment::make().await;
    let _node = deployment.start().await;
    let chain = &deployment.chain;

    chain.set_date(Some("Tue, 24 Nov 2020 20:00:00 GMT"));
    deployment.is_wrong(&["clock", "differs by"]).await;
    chain.set_date(None);

    let (there, other) = (&deployment.record, "https://elsewhere.example");
    chain.set_profile("ds.shop.eth", there.replace(&deployment.url, other));
    deployment.is_wrong(&["ENS record", "the address https://elsewhere.example/ds and not"]).await;
    let key = "ImV4YW1wbGUgb25seTogcmVwbGFjZSB0aGlzIGtleSE=";
    let start = there.find("Key\":\"").unwrap() + 6;
    chain.set_profile("ds.shop.eth", format!("{}{key}{}", &there[..start], &there[start + 44..]));
    deployment.is_wrong(&["ENS record", "keys that are not this node's"]).await;
    chain.set_profile("ds.shop.eth", "https://example.org/profile.json".into());
    deployment.is_wrong(&["ENS record", "no data: URI"]).await;
    chain.set_profile("ds.shop.eth", String::new());
    deployment.is_wrong(&["ENS record", "has no record network.dm3.deliveryService"]).await;
    deployment.publish();

    let template = format!("{}/resolver/{{sender}}/{{data}}", deployment.url);
    let foreign = "0x1111111111111111111111111111111111111111";
    deployment.gateway(foreign, &template, deployment.signer);
    deployment.is_wrong(&["name gateway", "the resolver of addr.shop.eth is", foreign]).await;
    deployment.gateway(GATEWAY_RESOLVER, "https://elsewhere.example/{sender}/{data}", deployment.signer);
    deployment
        .is_wrong(&["name gateway", "sends clients of user.shop.eth to https://elsewhere.example"])
        .await;
    deployment.gateway(GATEWAY_RESOLVER, &template, address(foreign));
    deployment.is_wrong(&["name gateway", "does not believe this node's answers"]).await;
    deployment.publish();

    chain.set_id(5);
    deployment.is_wrong(&["Ethereum node", "serves chain 5", "says 1"]).await;
    chain.set_id(1);
    chain.break_down();
    deployment.is_wrong(&["Ethereum node", "limit exceeded"]).await;
}

#[tokio::test]
async fn faults_of_the_public_address_are_told() {
    let deployment = Deployment::make().await;
    deployment.is_wrong(&["public address", "no answer", "Connection refused"]).await;

    // Another node of the same name and address, with other keys.
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("node.toml");
    let text = std::fs::read_to_string(deployment.config()).unwrap();
    let key = text.lines().find(|line| line.starts_with("gateway_private_key")).unwrap();
    let changed = text
        .replace(key, &format!("gateway_private_key = \"{}\"", support::GATEWAY_KEY))
        .replace("node.sqlite", "other.sqlite");
    std::fs::write(&other, &changed).unwrap();
    let mut process = serve(&other).await;
    deployment.is_wrong(&["public address", "another key"]).await;
    process.kill().await.unwrap();
    std::fs::write(&other, changed.replace("ds.shop.eth", "ds.other.eth")).unwrap();
    let mut process = serve(&other).await;
    deployment.is_wrong(&["public address", "the node ds.other.eth answers"]).await;
    process.kill().await.unwrap();
}

#[tokio::test]
async fn init_refuses_to_overwrite_and_says_what_is_missing() {
    let deployment = Deployment::make().await;
    let config = deployment.config();
    let config = config.to_str().unwrap();
    let (code, text) = run(&["--config", config, "init", "--domain", "shop.eth"]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("must be"), "{text}");
    let (code, text) = run(&["--config", config, "records"]).await;
    assert_eq!(code, Some(0));
    assert!(text.contains(&deployment.record), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_under_load_holds_everything_answered_before_it() {
    let mut node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    for n in 0..50 {
        alice.send(&node, &bob, &format!("before {n}")).await;
    }
    let config = node.folder().join("node.toml");
    let config = config.to_str().unwrap();
    let backup = node.folder().join("backup");
    let backup = backup.to_str().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut sent = 0;
    let load = async {
        while !stop.load(Ordering::Relaxed) {
            alice.send(&node, &bob, &format!("during {sent}")).await;
            sent += 1;
        }
    };
    let copy = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let made = run(&["--config", config, "backup", backup]).await;
        stop.store(true, Ordering::Relaxed);
        made
    };
    let ((), (code, text)) = tokio::join!(load, copy);
    assert_eq!(code, Some(0), "{text}");
    assert!(sent > 0, "messages came in while it was copied");
    assert_eq!(std::fs::metadata(backup).unwrap().permissions().mode() & 0o777, 0o600);
    let (code, text) = run(&["--config", config, "backup", backup]).await;
    assert!(code == Some(1) && text.contains("is there already"), "{text}");

    // Never over a database that is there.
    let (code, text) = run(&["--config", config, "restore", backup]).await;
    assert!(code == Some(1) && text.contains("is there already"), "{text}");
    assert!(node.terminate().await.1);
    let database = node.sqlite_file().unwrap();
    std::fs::remove_file(&database).unwrap();
    let (code, text) = run(&["--config", config, "restore", config]).await;
    assert!(code == Some(1) && text.contains("no sound copy"), "{text}");
    assert!(!database.exists(), "a broken copy leaves nothing");
    let (code, text) = run(&["--config", config, "restore", backup]).await;
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(std::fs::metadata(&database).unwrap().permissions().mode() & 0o777, 0o600);

    node.start_again().await;
    let mut texts = bob.texts(&node, &token).await;
    texts.reverse();
    let held = texts.len() - 50;
    assert!(held <= sent);
    for (n, text) in texts.iter().enumerate() {
        let expected = if n < 50 { format!("before {n}") } else { format!("during {}", n - 50) };
        assert_eq!(*text, expected, "in order, without a gap");
    }
    // It goes on from there.
    alice.send(&node, &bob, "after").await;
    assert_eq!(bob.texts(&node, &token).await.len(), texts.len() + 1);
}

#[tokio::test]
async fn postgres_is_sent_to_its_own_tools() {
    let deployment = Deployment::make().await;
    let text = std::fs::read_to_string(deployment.config()).unwrap();
    let line = text.lines().find(|line| line.starts_with("database = ")).unwrap();
    std::fs::write(deployment.config(), text.replace(line, "database = \"postgres://u:p@127.0.0.1/x\""))
        .unwrap();
    let config = deployment.config();
    for command in ["backup", "restore"] {
        let (code, text) = run(&["--config", config.to_str().unwrap(), command, "/nowhere/file"]).await;
        assert!(code == Some(1) && text.contains("pg_dump"), "{text}");
        assert!(!text.contains("u:p"), "{text}");
    }
}

#[tokio::test]
async fn the_check_says_what_is_wrong_with_mail_and_web_push() {
    let deployment = Deployment::make().await;
    let good =
        |text: &str, words: &str| text.lines().any(|line| line.starts_with("ok") && line.contains(words));
    let (_, text) = deployment.check().await;
    assert!(
        good(&text, "mail: smtp_host is empty") && good(&text, "web push: vapid_private_key is empty"),
        "{text}"
    );

    let plain = MailServer::start().await;
    deployment.configure(&plain.config());
    let (_, text) = deployment.check().await;
    assert!(good(&text, "takes user name and password, without TLS on this machine"), "{text}");
    deployment.configure("smtp_password = 'wrong'");
    deployment.is_wrong(&["mail:", "wrong user name or password"]).await;
    deployment.configure("smtp_security = 'starttls'");
    deployment.is_wrong(&["mail:", &plain.port.to_string()]).await;

    let tls = MailServer::start_with(Security::Tls).await;
    deployment.configure(&tls.config());
    deployment.is_wrong(&["mail:", "certificate"]).await;
    deployment.configure("smtp_ca_file = '/nowhere.pem'");
    deployment.is_wrong(&["mail:", "smtp_ca_file /nowhere.pem"]).await;
    deployment.configure(&tls.config_with_ca());
    let (_, text) = deployment.check().await;
    assert!(good(&text, "takes user name and password over TLS"), "{text}");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    deployment.configure(&format!("smtp_port = {nobody}"));
    deployment.is_wrong(&["mail:", &nobody.to_string()]).await;

    deployment.configure("vapid_private_key = 'RS0WdYWWo1HajXg3NZR1olzCf31i-ZBGDkFyCs7j1jw'");
    deployment.is_wrong(&["configuration: vapid_contact must be"]).await;
    deployment.configure("vapid_contact = 'mailto:ops@example.org'");
    let (_, text) = deployment.check().await;
    assert!(good(&text, "signed for mailto:ops@example.org with the key B"), "{text}");
    deployment.configure("vapid_private_key = 'short'");
    deployment.is_wrong(&["configuration: vapid_private_key must be"]).await;
    for secret in ["hunter2", "RS0WdYWWo1HajXg3NZR1olzCf31i-ZBGDkFyCs7j1jw"] {
        assert!(!text.contains(secret));
    }
}
