//! A dm3 relay node: delivery service and name gateway in one process, with an embedded database or a shared Postgres.
//!
//! ```text
//! server ─▶ http (thin) ─▶ cases: registration, login, submit … ─▶ app (the parts) ─▶ store (one trait; SQLite or Postgres)
//!    └─▶ ops (an operator's commands)                                              ─▶ ethereum (names, ENS, CCIP-read)
//!                                                                                  ─▶ notifications (sockets, mail, push)
//! ```

#![forbid(unsafe_code)]

mod app;
mod auth;
mod blobs;
mod cases;
pub mod config;
mod ethereum;
mod http;
mod limits;
mod machine;
mod mailbox;
mod monitoring;
mod notifications;
mod ops;
mod outgoing;
mod price;
mod proxy;
mod relay;
mod server;
mod settings;
pub mod store;
mod tls;

pub use config::{Config, ConfigError, LogFormat};
pub use ops::admin::{OperatorError, Task, TaskError, administer};
pub use ops::backup::{BackupError, backup, restore};
pub use ops::check::{Finding, Level, check};
pub use ops::init::{InitError, init, records};
pub use server::{Server, StartError, public_keys};
