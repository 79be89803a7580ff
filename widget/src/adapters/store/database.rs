//! The connection to IndexedDB: its schema, and transactions that happen whole or not at all.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use dm3_core::ports::StoreError;
use futures_channel::oneshot;
use js_sys::Array;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{IdbDatabase, IdbObjectStore, IdbObjectStoreParameters, IdbTransaction, IdbTransactionMode};

use super::request::{Answer, Failure, end, opened};

/// The schema's version. A new one adds a step to [`upgrade`].
const VERSION: u32 = 1;

/// The object stores.
pub mod table {
    pub const ACCOUNT: &str = "account";
    pub const VAULT: &str = "vault";
    pub const MESSAGES: &str = "messages";
    pub const CONTACTS: &str = "contacts";
    pub const QUARANTINE: &str = "quarantine";
}

/// Messages by owner, peer, time and hash.
pub const CONVERSATION: &str = "conversation";
/// Waiting messages by owner and time.
pub const OUTBOX: &str = "outbox";
/// Messages by owner, peer, lane and arrival.
pub const ARRIVAL: &str = "arrival";
/// Quarantined items by owner and arrival.
pub const QUARANTINE_ARRIVAL: &str = "arrival";

/// What happens in a transaction. Boxed, so that the code around it exists once and not once for each kind of
/// work; and its result is a value of JavaScript for the same reason.
type Work = Box<dyn FnOnce(IdbTransaction) -> Answer>;

/// A database that is opened when it is needed.
pub struct Database {
    name: String,
    connection: RefCell<Option<Rc<Connection>>>,
}

struct Connection {
    database: IdbDatabase,
    /// False once the browser, or a newer version of this page, wanted it closed.
    is_open: Rc<Cell<bool>>,
    /// Hears that it is wanted.
    _closing: Closure<dyn FnMut()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // From then on the browser has nothing more to say to the listener.
        self.database.close();
    }
}

impl Database {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), connection: RefCell::default() }
    }

    /// Reads in one transaction.
    pub async fn read<F>(
        self: &Rc<Self>,
        tables: &'static [&'static str],
        work: impl FnOnce(IdbTransaction) -> F + 'static,
    ) -> Result<JsValue, StoreError>
    where
        F: Future<Output = Result<JsValue, Failure>> + 'static,
    {
        let work: Work = Box::new(move |transaction| Box::pin(work(transaction)));
        self.run(tables, IdbTransactionMode::Readonly, work).await
    }

    /// Writes in one transaction, and waits until it is stored. An error of `work` undoes everything.
    pub async fn write<F>(
        self: &Rc<Self>,
        tables: &'static [&'static str],
        work: impl FnOnce(IdbTransaction) -> F + 'static,
    ) -> Result<JsValue, StoreError>
    where
        F: Future<Output = Result<JsValue, Failure>> + 'static,
    {
        let work: Work = Box::new(move |transaction| Box::pin(work(transaction)));
        self.run(tables, IdbTransactionMode::Readwrite, work).await
    }

    /// Runs work to its end, even if its caller stops waiting: half a transaction would be
    /// stored otherwise.
    async fn run(
        self: &Rc<Self>,
        tables: &'static [&'static str],
        mode: IdbTransactionMode,
        work: Work,
    ) -> Result<JsValue, StoreError> {
        let (sender, receiver) = oneshot::channel();
        let this = Rc::clone(self);
        spawn_local(async move {
            let _ = sender.send(this.transact(tables, mode, work).await);
        });
        match receiver.await {
            Ok(result) => result.map_err(StoreError::from),
            Err(oneshot::Canceled) => Err(StoreError::Unavailable("the page is being closed".into())),
        }
    }

    async fn transact(
        &self,
        tables: &[&str],
        mode: IdbTransactionMode,
        work: Work,
    ) -> Result<JsValue, Failure> {
        let connection = self.connection().await?;
        let transaction = connection.database.transaction_with_str_sequence_and_mode(&texts(tables), mode)?;
        if mode == IdbTransactionMode::Readonly {
            return work(transaction).await;
        }
        let stored = end(transaction.clone());
        match work(transaction.clone()).await {
            Ok(value) => stored.await.map(|_| value),
            Err(failure) => {
                // Fails when the browser was faster; then everything is undone already.
                let _ = transaction.abort();
                Err(failure)
            }
        }
    }

    async fn connection(&self) -> Result<Rc<Connection>, Failure> {
        let current = self.connection.borrow().clone();
        if let Some(connection) = current.filter(|connection| connection.is_open.get()) {
            return Ok(connection);
        }
        let connection = Rc::new(open(&self.name).await?);
        self.connection.replace(Some(Rc::clone(&connection)));
        Ok(connection)
    }
}

async fn open(name: &str) -> Result<Connection, Failure> {
    let factory = match web_sys::window() {
        Some(window) => window.indexed_db()?,
        None => None,
    };
    let Some(factory) = factory else {
        return Err(StoreError::Unavailable("the browser has no database".into()).into());
    };
    let database = opened(factory.open_with_u32(name, VERSION)?, upgrade).await?;
    let is_open = Rc::new(Cell::new(true));
    // Another tab waits until we let go, to delete the database or to bring it to a newer version.
    let (flag, asked) = (Rc::clone(&is_open), database.clone());
    let closing = Closure::<dyn FnMut()>::new(move || {
        flag.set(false);
        asked.close();
    });
    let listener = Some(closing.as_ref().unchecked_ref());
    database.set_onversionchange(listener);
    database.set_onclose(listener);
    Ok(Connection { database, is_open, _closing: closing })
}

/// Brings a new database to version 1.
fn upgrade(database: &IdbDatabase) -> Result<(), JsValue> {
    let table = |name, key: &[&str]| {
        let options = IdbObjectStoreParameters::new();
        if !key.is_empty() {
            options.set_key_path(&texts(key));
        }
        database.create_object_store_with_optional_parameters(name, &options)
    };
    let index = |table: &IdbObjectStore, name, key: &[&str]| {
        table.create_index_with_str_sequence(name, &texts(key)).map(drop)
    };
    table(table::ACCOUNT, &[])?;
    table(table::VAULT, &[])?;
    let messages = table(table::MESSAGES, &["owner", "message.hash"])?;
    index(&messages, CONVERSATION, &["owner", "message.peer", "message.time", "message.hash"])?;
    index(&messages, OUTBOX, &["owner", "waiting"])?;
    index(&messages, ARRIVAL, &["owner", "message.peer", "message.lane", "message.arrived"])?;
    table(table::CONTACTS, &["owner", "contact.peer"])?;
    let quarantine = table(table::QUARANTINE, &["owner", "item.id"])?;
    index(&quarantine, QUARANTINE_ARRIVAL, &["owner", "item.arrived"])
}

/// A JavaScript array of texts: names of tables, or the path or the beginning of a key.
pub fn texts(parts: &[&str]) -> Array {
    parts.iter().map(|part| JsValue::from_str(part)).collect()
}
