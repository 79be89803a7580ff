//! A dm3 relay node: delivery service and name gateway in one process, with an embedded database or a shared Postgres.
//!
//! ```text
//! routes (thin) ─▶ use cases: registration, login, mailbox ─▶ store (one trait; SQLite or Postgres)
//!                                        │                 ─▶ names ─▶ chain (ENS, CCIP-read)
//!                                        └▶ sockets (push)
//! ```

#![forbid(unsafe_code)]

mod app;
mod auth;
mod backup;
mod chain;
mod check;
mod clock;
pub mod config;
mod connections;
mod entropy;
mod error;
mod gateway_key;
mod history;
mod init;
mod limits;
mod login;
mod mailbox;
mod metrics;
mod names;
mod notifications;
mod outgoing;
mod proxy;
mod readiness;
mod receivers;
mod recent;
mod registration;
mod routes;
mod sender;
mod server;
mod settings;
mod spam;
mod statistics;
mod storage;
pub mod store;

pub use backup::{BackupError, backup, restore};
pub use check::{Finding, Level, check};
pub use config::{Config, ConfigError, LogFormat};
pub use init::{InitError, init, records};
pub use server::{Server, StartError, public_keys};
