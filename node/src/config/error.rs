//! Why a configuration is none.

use std::path::PathBuf;

/// Why a configuration can't be used. No variant shows a value, since values may be secrets.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("can't read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// Not TOML, an unknown key, a missing key, or a value of another type.
    #[error("{place}: {message}")]
    Form {
        /// The file, with the line where it is known.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A value is not what its key asks for.
    #[error("{key} must be {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}
