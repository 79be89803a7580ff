//! What every engine of the store must do. Each test of a noun's file takes an empty store, is named in the
//! `contract!` at the head of its file, and is run against SQLite and against Postgres.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

#[allow(dead_code, reason = "one of the tests beside these uses the rest")]
#[path = "../support/postgres.rs"]
mod postgres;

use std::sync::Arc;

use dm3_core::identity::Address;
use dm3_node::store::{Database, Store};
use postgres::PostgresServer;
use tempfile::TempDir;

/// A database of its own, empty but for the schema.
struct Fresh {
    database: Database,
    store: Arc<dyn Store>,
    /// Removed with its SQLite file.
    _folder: Option<TempDir>,
}

impl Fresh {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("node.sqlite"));
        let store = database.open().await.unwrap();
        Self { database, store, _folder: Some(folder) }
    }

    async fn postgres() -> Self {
        let database: Database = PostgresServer::shared().database().await.parse().unwrap();
        let store = database.open().await.unwrap();
        Self { database, store, _folder: None }
    }

    /// The same database opened anew after it was closed, as by a restart.
    async fn reopened(&self) -> Arc<dyn Store> {
        self.store.close().await;
        self.database.open().await.unwrap()
    }
}

/// Runs the named tests of a file against each engine.
macro_rules! contract {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(crate::Fresh::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(crate::Fresh::postgres().await).await;
            })+
        }
    };
}

mod accounts;
mod blobs;
mod burns;
mod challenges;
mod channels;
mod checkpoints;
mod deposits;
mod history;
mod mailbox;
mod measure;
mod migrations;
mod names;
mod operators;
mod rates;
mod settings;
mod statistics;
mod storage;

/// The address of 20 bytes `n`.
fn address(n: u8) -> Address {
    Address::from_bytes([n; 20])
}
