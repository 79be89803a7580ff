//! A dm3 relay node: delivery service and name gateway in one process, with an embedded database or a shared Postgres.
//!
//! ```text
//! server ─▶ http (thin) ─▶ cases: registration, login, submit … ─▶ app (the parts) ─▶ store (one trait; SQLite or Postgres)
//!    └─▶ ops (an operator's commands)                                              ─▶ names ─▶ chain (ENS, CCIP-read)
//!                                                                                  ─▶ sockets (push)
//! ```

#![forbid(unsafe_code)]

mod app;
mod auth;
mod blobs;
mod cases;
mod chain;
mod clock;
pub mod config;
mod disk;
mod endpoints;
mod entropy;
mod files;
mod gateway_key;
mod http;
mod json;
mod limits;
mod mailbox;
mod metrics;
mod names;
mod notifications;
mod ops;
mod outgoing;
mod price;
mod proxy;
mod readiness;
mod recent;
mod server;
mod settings;
mod sockets;
mod statistics;
pub mod store;

pub use config::{Config, ConfigError, LogFormat};
pub use ops::admin::{OperatorError, Task, TaskError, administer};
pub use ops::backup::{BackupError, backup, restore};
pub use ops::check::{Finding, Level, check};
pub use ops::init::{InitError, init, records};
pub use server::{Server, StartError, public_keys};
