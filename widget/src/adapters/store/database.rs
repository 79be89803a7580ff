//! The connection to IndexedDB, and transactions that happen whole or not at all.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use dm3_core::Said;
use dm3_core::identity::Address;
use dm3_core::ports::StoreError;
use futures_channel::oneshot;
use futures_util::future::{Either, LocalBoxFuture, select};
use gloo_timers::future::sleep;
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{IdbDatabase, IdbOpenDbRequest, IdbTransaction, IdbTransactionMode};

use super::request::{Answer, Failure, answer, blocked, end, opened, unblocked};
use super::row::{text_of, texts};
use super::schema::{VERSION, create, table};
use super::upgrade;

/// How long older versions in other tabs have to let go of the database.
const PATIENCE: Duration = Duration::from_secs(3);

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
        self.run(tables, None, IdbTransactionMode::Readonly, work).await
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
        self.run(tables, None, IdbTransactionMode::Readwrite, work).await
    }

    /// Writes something of an owner, if their seed is here. Both in one transaction: whoever has not heard that the owner
    /// was erased writes nothing afterwards.
    pub async fn write_for<F>(
        self: &Rc<Self>,
        owner: Address,
        tables: &'static [&'static str],
        work: impl FnOnce(IdbTransaction) -> F + 'static,
    ) -> Result<JsValue, StoreError>
    where
        F: Future<Output = Result<JsValue, Failure>> + 'static,
    {
        let work: Work = Box::new(move |transaction| Box::pin(work(transaction)));
        self.run(tables, Some(owner), IdbTransactionMode::Readwrite, work).await
    }

    /// Runs work to its end, even if its caller stops waiting: half a transaction would be
    /// stored otherwise.
    async fn run(
        self: &Rc<Self>,
        tables: &'static [&'static str],
        owner: Option<Address>,
        mode: IdbTransactionMode,
        work: Work,
    ) -> Result<JsValue, StoreError> {
        let (sender, receiver) = oneshot::channel();
        let this = Rc::clone(self);
        spawn(Box::pin(async move {
            let _ = sender.send(this.transact(tables, owner, mode, work).await);
        }));
        match receiver.await {
            Ok(result) => result.map_err(StoreError::from),
            // The page is being closed.
            Err(oneshot::Canceled) => Err(unavailable()),
        }
    }

    async fn transact(
        self: &Rc<Self>,
        tables: &[&str],
        owner: Option<Address>,
        mode: IdbTransactionMode,
        work: Work,
    ) -> Result<JsValue, Failure> {
        let connection = self.connection().await?;
        let (tables, options) = (texts(tables), durability(mode, tables));
        if owner.is_some() {
            tables.push(&table::VAULT.into());
        }
        let database: &DurableDatabase = connection.database.unchecked_ref();
        let transaction = database.transaction(&tables, mode, &options)?;
        if mode == IdbTransactionMode::Readonly {
            return work(transaction).await;
        }
        let stored = end(transaction.clone());
        let written = match owner {
            Some(owner) if !has_seed(&transaction, owner).await? => Err(StoreError::SignedOut.into()),
            _ => work(transaction.clone()).await,
        };
        match written {
            Ok(value) => stored.await.map(|_| value),
            Err(failure) => {
                // Fails when the browser was faster; then everything is undone already.
                let _ = transaction.abort();
                Err(failure)
            }
        }
    }

    async fn connection(self: &Rc<Self>) -> Result<Rc<Connection>, Failure> {
        let current = self.connection.borrow().clone();
        if let Some(connection) = current.filter(|connection| connection.is_open.get()) {
            return Ok(connection);
        }
        let factory = match web_sys::window() {
            Some(window) => window.indexed_db()?,
            None => None,
        };
        let Some(factory) = factory else { return Err(unavailable().into()) };
        let mut upgrade = None;
        loop {
            let request = factory.open_with_u32(&self.name, VERSION)?;
            let held_up = Box::pin(held_up(request.clone()));
            match select(Box::pin(opened(request.clone(), create, upgrade)), held_up).await {
                Either::Left((database, _)) => {
                    unblocked(&request);
                    match database? {
                        Some(database) => return Ok(self.keep(database)),
                        // Nobody can write before it is upgraded, so that it is as well to begin anew.
                        None => upgrade = Some(upgrade::load().await.map_err(|_| unavailable())?),
                    }
                }
                Either::Right((_, opening)) => {
                    // Once the others let go it is opened all the same, and must not be left without its listeners.
                    let this = Rc::clone(self);
                    spawn(Box::pin(async move {
                        if let Ok(Some(database)) = opening.await {
                            this.keep(database);
                        }
                    }));
                    return Err(StoreError::Blocked.into());
                }
            }
        }
    }

    fn keep(&self, database: IdbDatabase) -> Rc<Connection> {
        let connection = Rc::new(Connection::new(database));
        self.connection.replace(Some(Rc::clone(&connection)));
        connection
    }
}

/// The tables of what is nowhere else any more once it is said to be stored: services let go of what was acknowledged, and keys
/// are made once.
const NOT_TO_BE_LOST: [&str; 4] = [table::MESSAGES, table::KEPT, table::QUARANTINE, table::VAULT];

/// How sure a transaction in these tables is to be stored before that is told. Chromium, Firefox and WebKit are content with having given
/// it to the system, unless they are asked for more; Firefox before 126 and WebKit before 15 don't know what they are asked and do
/// not mind.
fn durability(mode: IdbTransactionMode, tables: &[&str]) -> JsValue {
    if mode == IdbTransactionMode::Readonly || !tables.iter().any(|table| NOT_TO_BE_LOST.contains(table)) {
        return JsValue::UNDEFINED;
    }
    let options = Object::new();
    // Fails for nothing that is new.
    let _ = Reflect::set(&options, &"durability".into(), &"strict".into());
    options.into()
}

#[wasm_bindgen]
extern "C" {
    /// A database that can be asked for how sure something is to be stored, of which web-sys does not know yet.
    type DurableDatabase;

    #[wasm_bindgen(method, catch)]
    fn transaction(
        this: &DurableDatabase,
        tables: &Array,
        mode: IdbTransactionMode,
        options: &JsValue,
    ) -> Result<IdbTransaction, JsValue>;
}

async fn has_seed(transaction: &IdbTransaction, owner: Address) -> Result<bool, Failure> {
    let key = transaction.object_store(table::VAULT)?.get_key(&text_of(owner))?;
    Ok(!answer(key).await?.is_undefined())
}

fn unavailable() -> StoreError {
    StoreError::Unavailable(Said::default())
}

/// Boxed, so that what runs a task exists once and not once for each kind of task.
fn spawn(task: LocalBoxFuture<'static, ()>) {
    spawn_local(task);
}

/// Waits until others have held up the opening of the database for too long.
async fn held_up(request: IdbOpenDbRequest) {
    // An event comes, or nothing does.
    let _ = blocked(&request).await;
    sleep(PATIENCE).await;
}

impl Connection {
    fn new(database: IdbDatabase) -> Self {
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
        Self { database, is_open, _closing: closing }
    }
}
