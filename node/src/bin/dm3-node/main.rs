//! `dm3-node`: see `arguments.rs` for its commands.

mod arguments;

use std::path::Path;
use std::process::ExitCode;

use arguments::{Command, USAGE};
use dm3_node::{
    Config, Level, LogFormat, Server, Task, administer, backup, check, init, public_keys, records, restore,
};
use tracing_subscriber::EnvFilter;

/// Who did it, where a command does not ask.
const NOT_SAID: &str = "(not said)";

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let command = match Command::parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("dm3-node: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("dm3-node: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve { config } => serve(&config)?,
        Command::Init { config: file, domain, settings } => {
            let config = init(&file, domain.as_deref(), &settings)?;
            let file = file.display();
            println!(
                "{file} is written. Keep a copy in a safe place: it holds the keys that this deployment is.\n\n{}\n\
                 When they are set and the node runs: dm3-node --config {file} check",
                records(&config)
            );
        }
        Command::Check { config } => {
            let findings = runtime()?.block_on(check(&config));
            for finding in &findings {
                println!("{finding}");
            }
            let wrong = findings.iter().filter(|finding| finding.level == Level::Wrong).count();
            if wrong > 0 {
                println!("\n{wrong} of {} parts are wrong", findings.len());
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Records { config } => print!("{}", records(&Config::load(&config)?)),
        Command::Keys { config } => println!("{}", public_keys(&Config::load(&config)?)),
        Command::Backup { config, to } => {
            runtime()?.block_on(backup(&Config::load(&config)?, &to))?;
            println!("{} is written", to.display());
        }
        Command::Restore { config, from } => {
            runtime()?.block_on(restore(&Config::load(&config)?, &from))?;
            println!("{} is restored", from.display());
        }
        Command::TakeBack { config, name } => {
            let task = Task::TakeBack { name };
            println!("{}", runtime()?.block_on(administer(&Config::load(&config)?, NOT_SAID, &task))?);
        }
        Command::Admin { config, task, operator, yes } => {
            let config = Config::load(&config)?;
            if let Some(loss) = task.destroys()
                && !yes
                && !is_meant(&loss)?
            {
                return Err("nothing was done; to do it without being asked: --yes".into());
            }
            println!("{}", runtime()?.block_on(administer(&config, &operator, &task))?);
        }
        Command::Help => println!("{USAGE}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the person at the terminal whether they mean it; nobody there means no.
fn is_meant(loss: &str) -> std::io::Result<bool> {
    eprint!("{loss}. Type yes to do it: ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

fn serve(file: &Path) -> Result<(), Failure> {
    let config = Config::load(file)?;
    log(&config)?;
    runtime()?.block_on(async {
        let server = Server::bind(config).await?;
        if let Some(address) = server.metrics_address() {
            println!("metrics at http://{address}/metrics");
        }
        println!("listening on {}://{}", server.scheme(), server.address());
        server.run(interrupted()).await;
        Ok(())
    })
}

fn log(config: &Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log)?;
    // A line that can't be written, as on a full disk, is lost: telling so on the same way would end the request.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    match config.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
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
