//! What IndexedDB answers, as futures.
//!
//! Each is listened for from the moment it is asked, and may be awaited later or never. A promise takes the
//! event, so that code which waits goes on while the transaction is still active.

use dm3_core::Said;
use dm3_core::ports::StoreError;
use futures_util::future::LocalBoxFuture;
use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, IdbDatabase, IdbOpenDbRequest, IdbRequest, IdbTransaction, IdbVersionChangeEvent};

/// The result of a request, to come.
pub type Answer = LocalBoxFuture<'static, Result<JsValue, Failure>>;

/// What a request finds; `undefined` for nothing. A cursor answers again each time it moves.
pub fn answer(request: IdbRequest) -> Answer {
    let settled = event(&|listener| {
        request.set_onsuccess(Some(listener));
        request.set_onerror(Some(listener));
    });
    Box::pin(async move {
        settled.await?;
        outcome(&request)
    })
}

/// Makes the tables of a new database.
pub type Create = fn(&IdbDatabase) -> Result<(), JsValue>;

/// Brings a database of a former version, which is the last argument, up to date.
pub type Upgrade = fn(IdbDatabase, IdbTransaction, u32) -> Answer;

/// The database that a request opens, made if it is new, and brought up to date by `upgrade` if it is of a former
/// version. Nothing, if that would be needed and is not there; then all is as it was.
pub async fn opened(
    request: IdbOpenDbRequest,
    create: Create,
    upgrade: Option<Upgrade>,
) -> Result<Option<IdbDatabase>, Failure> {
    let first = event(&|listener| {
        request.set_onupgradeneeded(Some(listener));
        request.set_onsuccess(Some(listener));
        request.set_onerror(Some(listener));
    });
    let first: IdbVersionChangeEvent = first.await?.unchecked_into();
    let Some(transaction) = request.transaction().filter(|_| is(&first, "upgradeneeded")) else {
        return Ok(Some(outcome(&request)?.unchecked_into()));
    };
    let database: IdbDatabase = request.result()?.unchecked_into();
    let opened = answer(request.into());
    let upgraded = match (first.old_version() as u32, upgrade) {
        (0, _) => create(&database).map_err(Failure::from).map(|()| true),
        (from, Some(upgrade)) => upgrade(database, transaction.clone(), from).await.map(|_| true),
        (_, None) => Ok(false),
    };
    if !matches!(upgraded, Ok(true)) {
        // Half an upgrade must not be stored. Fails when the browser was faster; then it is undone already.
        let _ = transaction.abort();
    }
    let database = opened.await;
    if upgraded? { Ok(Some(database?.unchecked_into())) } else { Ok(None) }
}

/// Hears that others hold up what a request wants to open.
pub fn blocked(request: &IdbOpenDbRequest) -> JsFuture {
    event(&|listener| request.set_onblocked(Some(listener)))
}

/// Nobody holds it up any more. The browser does not tell that, and a promise that is never settled keeps who waits for it.
pub fn unblocked(request: &IdbOpenDbRequest) {
    if let Some(listener) = request.onblocked() {
        // It settles a promise: nothing can fail there.
        let _ = listener.call0(&JsValue::UNDEFINED);
    }
}

fn outcome(request: &IdbRequest) -> Result<JsValue, Failure> {
    match request.error()? {
        Some(error) => Err(JsValue::from(error).into()),
        None => Ok(request.result()?),
    }
}

/// The end of a transaction: an error unless everything is stored. Call it before the transaction can end.
pub fn end(transaction: IdbTransaction) -> Answer {
    let ended = event(&|listener| {
        transaction.set_oncomplete(Some(listener));
        transaction.set_onabort(Some(listener));
    });
    Box::pin(async move {
        if is(&ended.await?, "complete") {
            return Ok(JsValue::UNDEFINED);
        }
        Err(match transaction.error() {
            Some(error) => JsValue::from(error).into(),
            None => StoreError::Unavailable(Said::default()).into(),
        })
    })
}

/// The next event that a listener hears.
fn event(listen: &dyn Fn(&Function)) -> JsFuture {
    Promise::new(&mut |resolve, _| listen(&resolve)).into()
}

fn is(event: &JsValue, name: &str) -> bool {
    event.unchecked_ref::<Event>().type_() == name
}

/// A [`StoreError`] that `?` makes from the errors of the browser.
#[derive(Debug)]
pub struct Failure(StoreError);

impl From<JsValue> for Failure {
    fn from(error: JsValue) -> Self {
        // A `DOMException` too: "QuotaExceededError: …".
        let text = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.to_string()));
        let text = text.unwrap_or_default();
        Self(if text.contains("QuotaExceededError") {
            StoreError::Full
        } else if text.contains("VersionError") {
            StoreError::Outdated
        } else {
            StoreError::Unavailable(Said::new(&text))
        })
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}
