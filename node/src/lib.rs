//! A dm3 relay node: delivery service and name gateway in one process, with an embedded database or a shared Postgres.
//!
//! ```text
//! routes (thin) ─▶ use cases: registration, login, mailbox ─▶ store (one trait; SQLite or Postgres)
//!                                        │                 ─▶ names ─▶ chain (ENS, CCIP-read)
//!                                        └▶ sockets (push)
//! ```

#![forbid(unsafe_code)]

mod admin;
mod app;
mod auth;
mod backup;
mod chain;
mod check;
mod clock;
pub mod config;
mod connections;
mod disk;
mod endpoints;
mod entropy;
mod error;
mod expiry;
mod files;
mod gateway_key;
mod history;
mod init;
mod json;
mod limits;
mod login;
mod mailbox;
mod metrics;
mod names;
mod notifications;
mod outgoing;
mod price;
mod proxy;
mod readiness;
mod recent;
mod registration;
mod routes;
mod server;
mod settings;
mod statistics;
mod storage;
pub mod store;

pub use admin::{OperatorError, Task, TaskError, administer};
pub use backup::{BackupError, backup, restore};
pub use check::{Finding, Level, check};
pub use config::{Config, ConfigError, LogFormat};
pub use init::{InitError, init, records};
pub use server::{Server, StartError, public_keys};
