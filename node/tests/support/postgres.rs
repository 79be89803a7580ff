//! A private Postgres for the tests of one program, with a database for each test.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

/// A running server. It ends when this value or the process does, since either closes the pipe it waits on.
pub struct PostgresServer {
    /// The URL of a superuser, with its password.
    url: String,
    process: Child,
    said: BufReader<ChildStdout>,
}

impl PostgresServer {
    /// Starts a server on a free port, with options such as `["-c", "fsync=off"]`.
    pub fn start(options: &[&str]) -> Self {
        // Another program may take the port before the server does.
        for _ in 0..5 {
            if let Some(server) = Self::try_start(options) {
                return server;
            }
        }
        panic!("Postgres can't be started, see above");
    }

    fn try_start(options: &[&str]) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/postgres.sh"))
            .arg(port.to_string())
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        url.starts_with("postgres://").then_some(Self { url, process, said })
    }

    /// Kills the server without warning.
    pub fn crash(&mut self) {
        self.tell("crash");
    }

    /// Starts it again on what it had written; when this returns, it answers.
    pub fn start_again(&mut self) {
        self.tell("start");
        let mut url = String::new();
        self.said.read_line(&mut url).unwrap();
        assert_eq!(url.trim(), self.url);
    }

    fn tell(&mut self, word: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{word}").unwrap();
    }

    /// The server that the tests of this program share. It need not survive the machine, so it never waits for
    /// the disk.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<PostgresServer> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&["-c", "fsync=off"]))
    }

    /// The URL of a new, empty database.
    pub async fn database(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        connection.close().await.unwrap();
        format!("{}/{name}", self.url.rsplit_once('/').unwrap().0)
    }
}
