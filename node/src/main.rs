//! `dm3-node --config FILE` serves; `dm3-node --config FILE keys` prints the public keys.

use std::path::PathBuf;
use std::process::ExitCode;

use dm3_node::{Config, Server, public_keys};
use tracing_subscriber::EnvFilter;

const USAGE: &str = "usage: dm3-node --config FILE [keys]

  dm3-node --config FILE        serve until interrupted
  dm3-node --config FILE keys   print the public keys as JSON and exit

Every key of FILE is explained in dm3-node.example.toml.";

/// What to do.
enum Command {
    Serve(PathBuf),
    Keys(PathBuf),
    Help,
}

fn command(mut arguments: impl Iterator<Item = String>) -> Option<Command> {
    let first = arguments.next()?;
    if first == "--help" || first == "-h" {
        return Some(Command::Help);
    }
    let file = match first.strip_prefix("--config=") {
        Some(file) => file.into(),
        None if first == "--config" => arguments.next()?.into(),
        None => return None,
    };
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Some(Command::Serve(file)),
        (Some("keys"), None) => Some(Command::Keys(file)),
        _ => None,
    }
}

fn main() -> ExitCode {
    let result = match command(std::env::args().skip(1)) {
        Some(Command::Serve(file)) => serve(&file),
        Some(Command::Keys(file)) => Config::load(&file).map_err(Into::into).map(|config| {
            println!("{}", public_keys(&config));
        }),
        Some(Command::Help) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        None => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dm3-node: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(file: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::load(file)?;
    let filter = EnvFilter::try_new(&config.log)?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = Server::bind(config).await?;
        println!("listening on http://{}", server.address());
        server.run(interrupted()).await?;
        Ok(())
    })
}

/// Ready at Ctrl-C or SIGTERM.
async fn interrupted() {
    let terminated = async {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            if let Ok(mut signal) = signal(SignalKind::terminate()) {
                signal.recv().await;
                return;
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        result = tokio::signal::ctrl_c() => {
            if let Err(error) = result {
                tracing::error!(%error, "can't wait for Ctrl-C; send SIGTERM to stop");
                std::future::pending::<()>().await;
            }
        }
        () = terminated => {}
    }
}
