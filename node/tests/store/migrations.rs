//! A database of the first schema with something of everything in it, brought up to date.

use dm3_node::store::{Database, PICK_UP_MESSAGES, Registered, Registration, Service, Totals};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqlSafeStr as _, SqliteConnection};

use crate::address;
use crate::postgres::PostgresServer;

fn first(sql: &'static str) -> Migrator {
    let migration = Migration::new(1, "first".into(), MigrationType::Simple, sql.into_sql_str(), false);
    Migrator::with_migrations(vec![migration])
}

/// Rows for every table; `blob` writes bytes in the engine's SQL.
fn rows(blob: impl Fn(u8, usize) -> String) -> String {
    let (one, two, three) = (blob(1, 20), blob(2, 20), blob(3, 20));
    let (hash, other) = (blob(7, 32), blob(8, 32));
    format!(
        "INSERT INTO accounts VALUES ({one}, '{{\"n\":1}}', {hash}, 5, NULL, 6), ({two}, '{{}}', {hash}, NULL, 7, NULL),
             ({three}, '{{}}', {hash}, 5, NULL, NULL);
         INSERT INTO superseded_profiles VALUES ({one}, {other});
         INSERT INTO names VALUES ('alice.user.eth', {one});
         INSERT INTO answered_challenges VALUES ('answered', 1795398894);
         INSERT INTO messages (mailbox, sender, message_hash, envelope_hash, received_at, size, envelope) VALUES
             ({one}, 'a.eth', '0x1', {hash}, 10, 7, '{{\"n\":1}}'),
             ({one}, 'b.eth', '0x2', {other}, 20, 7, '{{\"n\":2}}'),
             ({two}, 'a.eth', '0x1', {hash}, 30, 7, '{{\"n\":3}}');"
    )
}

async fn everything_is_there(database: &Database) {
    let store = database.open().await.unwrap();
    let account = store.account(address(1)).await.unwrap().unwrap();
    assert_eq!(account.profile, r#"{"n":1}"#);
    assert_eq!((account.mailbox, account.storage, account.gateway), (true, false, true));
    let registration = |version: u8| Registration {
        address: address(1),
        profile: "{}".into(),
        profile_hash: [version; 32],
        service: Service::Mailbox,
        payment: None,
        now: 1,
    };
    assert_eq!(store.register(registration(8)).await.unwrap(), Registered::Superseded);
    assert_eq!(store.register(registration(7)).await.unwrap(), Registered::Kept);
    assert_eq!(store.name_of(address(1)).await.unwrap().unwrap().as_str(), "alice.user.eth");
    assert!(!store.answer_challenge("answered", 1_795_398_894, 1_795_398_000).await.unwrap());
    assert_eq!(
        store.page(address(1), 0, PICK_UP_MESSAGES).await.unwrap().envelopes,
        [r#"{"n":1}"#, r#"{"n":2}"#]
    );
    assert_eq!(store.pick_up(address(2)).await.unwrap(), [r#"{"n":3}"#]);
    assert_eq!(store.totals().await.unwrap(), Totals { messages: 3, bytes: 21 });
    let copies = store.copies(address(1), "0x2", "b.eth").await.unwrap();
    assert_eq!((copies.len(), copies[0].sender.as_str()), (1, "b.eth"));
    // What was there is counted down as well.
    store.remove(address(1), &[copies[0].seq]).await.unwrap();
    assert_eq!(store.totals().await.unwrap(), Totals { messages: 2, bytes: 14 });
    store.close().await;
    // A second time there is nothing left to do.
    database.open().await.unwrap().close().await;
}

#[tokio::test]
async fn a_sqlite_file_of_the_first_schema_is_brought_up_to_date_with_all_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.sqlite");
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    first(include_str!("../../migrations/sqlite/0001_first.sql")).run(&mut connection).await.unwrap();
    let rows = rows(|byte, count| format!("X'{}'", hex::encode(vec![byte; count])));
    sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    everything_is_there(&Database::Sqlite(file)).await;
}

#[tokio::test]
async fn a_postgres_database_of_the_first_schema_is_brought_up_to_date_with_all_it_holds() {
    let url = PostgresServer::shared().database().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    first(include_str!("../../migrations/postgres/0001_first.sql")).run(&mut connection).await.unwrap();
    let rows = rows(|byte, count| format!("'\\x{}'::bytea", hex::encode(vec![byte; count])));
    sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    everything_is_there(&url.parse().unwrap()).await;
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.sqlite");
    let database = Database::Sqlite(file.clone());
    database.open().await.unwrap().close().await;
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'newer', true, x'00', 0)";
    sqlx::raw_sql(newer).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let error = database.open().await.err().expect("it is refused").to_string();
    assert!(error.contains("9999"), "{error}");
}
