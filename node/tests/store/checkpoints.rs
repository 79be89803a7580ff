//! SQLite's log is copied into the file while the store is open, and is gone once it is closed.

use std::path::Path;
use std::time::{Duration, Instant};

use dm3_node::store::Database;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use crate::{Fresh, address};

/// What the file alone holds, without its log.
async fn in_the_file(file: &Path) -> Option<i64> {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.sqlite");
    std::fs::copy(file, &copy).unwrap();
    // A copy made while pages are written may be torn.
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", copy.display())).await.ok()?;
    let row = sqlx::query("SELECT count(*) FROM notified_accounts").fetch_one(&mut connection).await.ok()?;
    connection.close().await.ok()?;
    Some(row.get(0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_committed_reaches_the_file_beside_the_writer() {
    let fresh = Fresh::sqlite().await;
    let Database::Sqlite(file) = &fresh.database else { panic!("it is SQLite") };
    let log = file.with_extension("sqlite-wal");
    for n in 0..100 {
        fresh.store.enable_notifications(address(n), true).await.unwrap();
    }
    // Far less than makes the writer copy.
    assert!(log.metadata().unwrap().len() < 32_000 * 4096);
    let began = Instant::now();
    while in_the_file(file).await != Some(100) {
        assert!(began.elapsed() < Duration::from_secs(60), "the log is not copied");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    fresh.store.close().await;
    assert!(!log.exists());
}
