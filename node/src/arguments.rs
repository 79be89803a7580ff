//! The command line.
//!
//! `lexopt` 0.3 (MIT, no dependencies) reads it: options at any place, both `--config FILE` and `--config=FILE`.
//! clap would do the same for a second of build time and half a megabyte of program, and its help texts are not
//! needed for six commands.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::*;

pub const USAGE: &str = "usage: dm3-node --config FILE [COMMAND]

  dm3-node --config FILE          serve until interrupted
  dm3-node --config FILE keys     print the public keys as JSON

Every key of FILE is explained in dm3-node.example.toml.";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Serve { config: PathBuf },
    Keys { config: PathBuf },
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
        let (mut config, mut command) = (None, None);
        while let Some(argument) = parser.next()? {
            match argument {
                Short('h') | Long("help") => return Ok(Self::Help),
                Long("config") => config = Some(PathBuf::from(parser.value()?)),
                Value(word) if command.is_none() => command = Some(word),
                other => return Err(other.unexpected().into()),
            }
        }
        let config = config.ok_or(UsageError::Missing("--config FILE"))?;
        match command {
            None => Ok(Self::Serve { config }),
            Some(word) if word == "keys" => Ok(Self::Keys { config }),
            Some(word) => Err(UsageError::Command(word)),
        }
    }
}
