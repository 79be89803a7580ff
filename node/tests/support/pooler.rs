//! PgBouncer between the nodes and a private Postgres. It pools sessions: nodes listen for each other's notices, which a
//! pool of transactions would lose.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::skipped;

/// A running pooler; it ends with this.
pub struct Pooler {
    /// The URL of the database through it.
    pub url: String,
    process: Child,
    _folder: TempDir,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Pooler {
    /// Starts one before `database`, `postgres://user:password@host:port/name`; `None` if the machine has none.
    pub fn start(database: &str) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "pgbouncer"]
            .into_iter()
            .find(|program| Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok());
        let Some(program) = program else {
            skipped("pgbouncer is not on this machine (sudo apt-get install pgbouncer)");
            return None;
        };
        let (user, place) = database.strip_prefix("postgres://").unwrap().split_once('@').unwrap();
        let (user, password) = user.split_once(':').unwrap();
        let (host, name) = place.split_once('/').unwrap();
        let (host, server_port) = host.split_once(':').unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let at = |file: &str| folder.path().join(file).display().to_string();
        std::fs::write(folder.path().join("users"), format!("\"{user}\" \"{password}\"\n")).unwrap();
        let settings = format!(
            "[databases]\n{name} = host={host} port={server_port} dbname={name}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\n\
             auth_file = {}\npool_mode = session\ndefault_pool_size = 60\nserver_login_retry = 1\n\
             query_wait_timeout = 5\n\
             ignore_startup_parameters = extra_float_digits\n",
            at("users")
        );
        std::fs::write(folder.path().join("pgbouncer.ini"), settings).unwrap();
        // It refuses to run as root.
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        let mut command = Command::new(if is_root { "setpriv" } else { program });
        if is_root {
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", program]);
        }
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let process = command.args(["-q", &at("pgbouncer.ini")]).stdout(log.try_clone().unwrap()).stderr(log);
        let mut process = process.spawn().unwrap();
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || std::fs::read_to_string(folder.path().join("log")).unwrap();
            assert!(process.try_wait().unwrap().is_none(), "pgbouncer ended at once: {}", log());
            assert!(started.elapsed() < Duration::from_secs(10), "pgbouncer does not listen: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        let url = format!("postgres://{user}:{password}@127.0.0.1:{port}/{name}");
        Some(Self { url, process, _folder: folder })
    }
}
