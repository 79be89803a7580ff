//! HTTP through `fetch`: without cookies and referrer, bounded in time and size.

use dm3_core::ports::{Http, Unreachable};
use dm3_core::web::{HttpRequest, HttpResponse, Method, Outage};
use gloo_net::http::{Request, RequestBuilder, Response};
use gloo_timers::callback::Timeout;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, ReadableStreamDefaultReader, ReferrerPolicy, RequestCredentials, RequestRedirect,
};

/// How long an answer may take, body included: milliseconds.
const TIMEOUT: u32 = 20_000;
/// The longest body that is read, in bytes: a mailbox with the longest envelope in it.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// Sends requests with the browser's `fetch`.
pub struct BrowserHttp;

impl Http for BrowserHttp {
    async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, Unreachable> {
        let unreachable = |outage| Unreachable { host: request.url.authority().to_owned(), outage };
        let deadline = Deadline::new(TIMEOUT).ok_or_else(|| unreachable(Outage::NoAnswer))?;
        match exchange(request, &deadline.controller).await {
            Ok(response) => Ok(response),
            Err(_) if deadline.controller.signal().aborted() => Err(unreachable(Outage::TimedOut)),
            Err(outage) => Err(unreachable(outage)),
        }
    }
}

/// Ends the request when its time is over, and when nobody waits for it any more.
struct Deadline {
    controller: AbortController,
    _timer: Timeout,
}

impl Deadline {
    fn new(milliseconds: u32) -> Option<Self> {
        let controller = AbortController::new().ok()?;
        let for_timer = controller.clone();
        Some(Self { controller, _timer: Timeout::new(milliseconds, move || for_timer.abort()) })
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.controller.abort();
    }
}

async fn exchange(request: &HttpRequest, controller: &AbortController) -> Result<HttpResponse, Outage> {
    // Browsers don't say why a request failed, so that pages can't explore networks.
    let failed = |_| Outage::NoAnswer;
    let response = prepare(request, controller).map_err(failed)?.send().await.map_err(failed)?;
    let status = response.status();
    let retry_after = response.headers().get("Retry-After").and_then(|seconds| seconds.parse().ok());
    let bytes = read_body(&response, MAX_BODY).await?;
    let body = String::from_utf8(bytes).map_err(|_| Outage::Garbled)?;
    Ok(HttpResponse { status, body, retry_after })
}

fn prepare(request: &HttpRequest, controller: &AbortController) -> Result<Request, gloo_net::Error> {
    let builder: RequestBuilder = match request.method {
        Method::Get => Request::get(request.url.as_str()),
        Method::Post => Request::post(request.url.as_str()),
        Method::Put => Request::put(request.url.as_str()),
        Method::Delete => Request::delete(request.url.as_str()),
    };
    let mut builder = builder
        .credentials(RequestCredentials::Omit)
        .referrer_policy(ReferrerPolicy::NoReferrer)
        .redirect(RequestRedirect::Follow)
        .abort_signal(Some(&controller.signal()));
    if let Some(token) = &request.bearer {
        builder = builder.header("Authorization", &format!("Bearer {}", token.expose()));
    }
    match &request.body {
        Some(body) => builder.header("Content-Type", "application/json").body(body.as_str()),
        None => builder.build(),
    }
}

/// What is in a file of the page's own site. Only what is there itself counts, and not what it leads to.
pub async fn read_here(address: &str, longest: usize) -> Result<String, Outage> {
    let failed = |_| Outage::NoAnswer;
    let deadline = Deadline::new(TIMEOUT).ok_or(Outage::NoAnswer)?;
    let request = Request::get(address)
        .credentials(RequestCredentials::Omit)
        .referrer_policy(ReferrerPolicy::NoReferrer)
        .redirect(RequestRedirect::Error)
        .abort_signal(Some(&deadline.controller.signal()));
    let response = request.send().await.map_err(failed)?;
    if response.status() != 200 {
        return Err(Outage::Status(response.status()));
    }
    String::from_utf8(read_body(&response, longest).await?).map_err(|_| Outage::Garbled)
}

/// Reads piece by piece: what is too long is never held as a whole.
async fn read_body(response: &Response, longest: usize) -> Result<Vec<u8>, Outage> {
    let broken = |_: JsValue| Outage::Ended;
    let mut bytes = Vec::new();
    let Some(stream) = response.body() else { return Ok(bytes) };
    let reader = ReadableStreamDefaultReader::new(&stream).map_err(broken)?;
    loop {
        let step = JsFuture::from(reader.read()).await.map_err(broken)?;
        if Reflect::get(&step, &"done".into()).map_err(broken)?.is_truthy() {
            return Ok(bytes);
        }
        let piece = Reflect::get(&step, &"value".into()).map_err(broken)?;
        let piece: Uint8Array = piece.dyn_into().map_err(broken)?;
        let start = bytes.len();
        let end = start + piece.length() as usize;
        if end > longest {
            return Err(Outage::TooLarge);
        }
        bytes.resize(end, 0);
        piece.copy_to(&mut bytes[start..]);
    }
}
