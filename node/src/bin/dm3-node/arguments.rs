//! The command line.
//!
//! `lexopt` 0.3 (MIT, no dependencies) reads it: options at any place, both `--config FILE` and `--config=FILE`.
//! clap would do the same for a second of build time and half a megabyte of program, and its help texts are not
//! needed for a few commands.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use dm3_node::{Task, TaskError};
use lexopt::prelude::*;

pub const USAGE: &str = "usage: dm3-node --config FILE [COMMAND]

  dm3-node --config FILE                serve until interrupted
  dm3-node --config FILE init OPTION…   make keys and write FILE; then say which ENS records to set
      --domain NAME         names of the parts: ds.NAME, addr.NAME and user.NAME
      --public-url URL      where clients reach the node: https://…
      --rpc-url URL         the Ethereum node it asks
      --gateway-resolver 0x…  the resolver contract of its name gateway
      --KEY VALUE           any other key of the configuration, with - for _
  dm3-node --config FILE check          say what is wrong with the deployment, and what to do
  dm3-node --config FILE records        say which ENS records to set
  dm3-node --config FILE keys           print the public keys as JSON
  dm3-node --config FILE backup TO      copy the database, also while the node runs
  dm3-node --config FILE admin TASK…    look after accounts, names and senders, also while the node runs;
                                        without a task it says which there are
      --as NAME             who does it, for the log; needed by all that changes something
      --yes                 do not ask before something is removed
      --limit NUMBER        how many rows a list has (50)
  dm3-node --config FILE take-back NAME free a name that somebody claimed, also while the node runs
  dm3-node --config FILE restore FROM   put a copy in the place of a database that is not there

Every key of FILE is explained in dm3-node.example.toml.";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Serve { config: PathBuf },
    Init { config: PathBuf, domain: Option<String>, settings: Vec<(String, String)> },
    Check { config: PathBuf },
    Records { config: PathBuf },
    Keys { config: PathBuf },
    Backup { config: PathBuf, to: PathBuf },
    Restore { config: PathBuf, from: PathBuf },
    TakeBack { config: PathBuf, name: String },
    Admin { config: PathBuf, task: Task, operator: String, yes: bool },
    Help,
}

/// Why the command line can't be understood.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// An unknown option, or one without its value.
    #[error(transparent)]
    Form(#[from] lexopt::Error),
    /// No command of this program.
    #[error("there is no command {}", .0.display())]
    Command(OsString),
    /// No task of an operator.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// Something is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
}

impl Command {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// [`UsageError`].
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, UsageError> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let (mut config, mut command, mut file) = (None, None, None);
        let (mut domain, mut settings) = (None, Vec::new());
        let (mut words, mut operator, mut most, mut yes) = (Vec::new(), None, None, false);
        while let Some(argument) = parser.next()? {
            match argument {
                Short('h') | Long("help") => return Ok(Self::Help),
                Long("config") => config = Some(PathBuf::from(parser.value()?)),
                Value(word) if command.is_none() => command = Some(word),
                Value(word) if is(&command, "admin") => words.push(word.string()?),
                Long("as") if is(&command, "admin") => operator = Some(parser.value()?.string()?),
                Long("yes") if is(&command, "admin") => yes = true,
                Long("limit") if is(&command, "admin") => most = Some(parser.value()?.parse()?),
                Value(path) if file.is_none() && command.as_ref().is_some_and(takes_file) => {
                    file = Some(PathBuf::from(path));
                }
                Long("domain") if is(&command, "init") => {
                    domain = Some(parser.value()?.string()?);
                }
                Long(key) if is(&command, "init") => {
                    let key = key.replace('-', "_");
                    settings.push((key, parser.value()?.string()?));
                }
                other => return Err(other.unexpected().into()),
            }
        }
        let config = config.ok_or(UsageError::Missing("--config FILE"))?;
        let Some(command) = command else { return Ok(Self::Serve { config }) };
        match command.to_str() {
            Some("init") => Ok(Self::Init { config, domain, settings }),
            Some("check") => Ok(Self::Check { config }),
            Some("records") => Ok(Self::Records { config }),
            Some("keys") => Ok(Self::Keys { config }),
            Some("backup") => {
                Ok(Self::Backup { config, to: file.ok_or(UsageError::Missing("the file to write"))? })
            }
            Some("take-back") => {
                let name = file.as_deref().and_then(Path::to_str).map(str::to_owned);
                Ok(Self::TakeBack { config, name: name.ok_or(UsageError::Missing("the name"))? })
            }
            Some("admin") => {
                let task = Task::parse(&words, most)?;
                let operator = match operator.filter(|name| is_operator(name)) {
                    Some(operator) => operator,
                    None if task.only_looks() => String::new(),
                    None => return Err(UsageError::Missing("--as NAME, who does it, in at most 64 letters")),
                };
                Ok(Self::Admin { config, task, operator, yes })
            }
            Some("restore") => {
                Ok(Self::Restore { config, from: file.ok_or(UsageError::Missing("the file to read"))? })
            }
            _ => Err(UsageError::Command(command)),
        }
    }
}

fn is(command: &Option<OsString>, word: &str) -> bool {
    command.as_ref().is_some_and(|command| command == word)
}

/// Whether this can stand in the log.
fn is_operator(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= 64 && !name.chars().any(char::is_control)
}

fn takes_file(command: &OsString) -> bool {
    command == "backup" || command == "restore" || command == "take-back"
}
