//! What IndexedDB answers, as futures.
//!
//! Each is listened for from the moment it is asked, and may be awaited later or never. A promise takes the
//! event, so that code which waits goes on while the transaction is still active.

use dm3_core::ports::StoreError;
use futures_util::future::LocalBoxFuture;
use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, IdbDatabase, IdbOpenDbRequest, IdbRequest, IdbTransaction};

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

/// The database that a request opens, with its schema by `upgrade` if it has none.
pub async fn opened(
    request: IdbOpenDbRequest,
    upgrade: fn(&IdbDatabase) -> Result<(), JsValue>,
) -> Result<IdbDatabase, Failure> {
    let first = event(&|listener| {
        request.set_onupgradeneeded(Some(listener));
        request.set_onsuccess(Some(listener));
        request.set_onerror(Some(listener));
    });
    if !is(&first.await?, "upgradeneeded") {
        return outcome(&request).map(JsCast::unchecked_into);
    }
    if upgrade(&request.result()?.unchecked_into()).is_err() {
        // Without its tables the database must not come to be; the request then fails.
        if let Some(transaction) = request.transaction() {
            let _ = transaction.abort();
        }
    }
    answer(request.into()).await.map(JsCast::unchecked_into)
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
            None => StoreError::Unavailable("the browser stored nothing".into()).into(),
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
        let text = text.unwrap_or_else(|| "the browser's database failed".into());
        Self(if text.contains("QuotaExceededError") {
            StoreError::Full
        } else if text.contains("VersionError") {
            StoreError::Unavailable("a newer version of this page was opened; please reload".into())
        } else {
            StoreError::Unavailable(text.chars().take(300).collect())
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
