//! HTTP through `fetch`: without cookies and referrer, bounded in time and size. Of texts, and of parts of files.

use dm3_core::ports::{Blocks, Carrier, Http, Unreachable};
use dm3_core::web::{HttpRequest, HttpResponse, HttpUrl, Method, Outage, SessionToken};
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
/// The same for a piece of a file, and for the body where its beginning is of use.
const PIECE_TIMEOUT: u32 = 60_000;
/// The longest body that is read, in bytes: the longest envelope, and what is around it.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// Sends requests with the browser's `fetch`.
pub struct BrowserHttp;

impl Http for BrowserHttp {
    async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, Unreachable> {
        let unreachable = |outage| Unreachable { host: request.url.authority().to_owned(), outage };
        let mut deadline = Deadline::new(TIMEOUT).ok_or_else(|| unreachable(Outage::NoAnswer))?;
        match exchange(request, &mut deadline).await {
            Ok(response) => Ok(response),
            Err(_) if deadline.controller.signal().aborted() => Err(unreachable(Outage::TimedOut)),
            Err(outage) => Err(unreachable(outage)),
        }
    }
}

impl Carrier for BrowserHttp {
    async fn put(
        &self,
        url: &HttpUrl,
        token: &SessionToken,
        bytes: &[u8],
    ) -> Result<HttpResponse, Unreachable> {
        let body = Uint8Array::from(bytes);
        let prepare = |builder: RequestBuilder| {
            named(builder, token).header("Content-Type", "application/octet-stream").body(body)
        };
        let (status, bytes) = carried(url, Request::put(url.as_str()), prepare, MAX_BODY).await?;
        // What the node says is read as far as it is text.
        Ok(HttpResponse::new(status, String::from_utf8(bytes).unwrap_or_default()))
    }

    async fn delete(&self, url: &HttpUrl, token: &SessionToken) -> Result<HttpResponse, Unreachable> {
        let prepare = |builder: RequestBuilder| named(builder, token).build();
        let (status, _) = carried(url, Request::delete(url.as_str()), prepare, MAX_BODY).await?;
        Ok(HttpResponse::new(status, String::new()))
    }

    async fn part(&self, url: &HttpUrl, range: &str, most: u64) -> Result<(u16, Vec<u8>), Unreachable> {
        let prepare = |builder: RequestBuilder| builder.header("Range", range).build();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        carried(url, Request::get(url.as_str()), prepare, most).await
    }
}

impl Blocks for BrowserHttp {
    async fn bytes(&self, request: &HttpRequest, max: usize) -> Result<Vec<u8>, Unreachable> {
        let url = &request.url;
        match carried(url, Request::get(url.as_str()), |builder| builder.build(), max).await? {
            (200, bytes) => Ok(bytes),
            (status, _) => {
                Err(Unreachable { host: url.authority().to_owned(), outage: Outage::Status(status) })
            }
        }
    }
}

fn named(builder: RequestBuilder, token: &SessionToken) -> RequestBuilder {
    builder.header("Authorization", &format!("Bearer {}", token.expose()))
}

/// Sends a request that `prepare` completes; the status, and at most so many bytes.
async fn carried(
    url: &HttpUrl,
    builder: RequestBuilder,
    prepare: impl FnOnce(RequestBuilder) -> Result<Request, gloo_net::Error>,
    most: usize,
) -> Result<(u16, Vec<u8>), Unreachable> {
    let unreachable = |outage| Unreachable { host: url.authority().to_owned(), outage };
    let deadline = Deadline::new(PIECE_TIMEOUT).ok_or_else(|| unreachable(Outage::NoAnswer))?;
    let exchanged = async {
        let failed = |_| Outage::NoAnswer;
        let request = prepare(careful(builder, &deadline.controller)).map_err(failed)?;
        let response = request.send().await.map_err(failed)?;
        let mut bytes = Vec::new();
        read_body(&response, most, &mut bytes).await?;
        Ok((response.status(), bytes))
    };
    exchanged.await.map_err(|outage: Outage| {
        unreachable(if deadline.controller.signal().aborted() { Outage::TimedOut } else { outage })
    })
}

/// Ends the request when its time is over, and when nobody waits for it any more.
struct Deadline {
    controller: AbortController,
    _timer: Timeout,
}

impl Deadline {
    fn new(milliseconds: u32) -> Option<Self> {
        let controller = AbortController::new().ok()?;
        let timer = aborting(&controller, milliseconds);
        Some(Self { controller, _timer: timer })
    }

    /// From now on it has so long.
    fn extend(&mut self, milliseconds: u32) {
        self._timer = aborting(&self.controller, milliseconds);
    }
}

fn aborting(controller: &AbortController, milliseconds: u32) -> Timeout {
    let controller = controller.clone();
    Timeout::new(milliseconds, move || controller.abort())
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.controller.abort();
    }
}

async fn exchange(request: &HttpRequest, deadline: &mut Deadline) -> Result<HttpResponse, Outage> {
    // Browsers don't say why a request failed, so that pages can't explore networks.
    let failed = |_| Outage::NoAnswer;
    let response = prepare(request, &deadline.controller).map_err(failed)?.send().await.map_err(failed)?;
    let status = response.status();
    let retry_after = response.headers().get("Retry-After").and_then(|seconds| seconds.parse().ok());
    if request.takes_beginning {
        deadline.extend(PIECE_TIMEOUT);
    }
    let mut bytes = Vec::new();
    let read = read_body(&response, MAX_BODY, &mut bytes).await;
    if read.is_err() && request.takes_beginning && !bytes.is_empty() {
        // The last character may have come in part.
        while bytes.last().is_some_and(|byte| !byte.is_ascii()) {
            bytes.pop();
        }
    } else {
        read?;
    }
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
    let mut builder = careful(builder, controller);
    if let Some(token) = &request.bearer {
        builder = named(builder, token);
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
    let mut bytes = Vec::new();
    read_body(&response, longest, &mut bytes).await?;
    String::from_utf8(bytes).map_err(|_| Outage::Garbled)
}

/// Tells the server nothing of the page and its person, and ends with its controller.
fn careful(builder: RequestBuilder, controller: &AbortController) -> RequestBuilder {
    builder
        .credentials(RequestCredentials::Omit)
        .referrer_policy(ReferrerPolicy::NoReferrer)
        .redirect(RequestRedirect::Follow)
        .abort_signal(Some(&controller.signal()))
}

/// Reads piece by piece: what is too long is never held as a whole. What came before an outage is there, too.
async fn read_body(response: &Response, longest: usize, bytes: &mut Vec<u8>) -> Result<(), Outage> {
    let broken = |_: JsValue| Outage::Ended;
    let Some(stream) = response.body() else { return Ok(()) };
    let reader = ReadableStreamDefaultReader::new(&stream).map_err(broken)?;
    loop {
        let step = JsFuture::from(reader.read()).await.map_err(broken)?;
        if Reflect::get(&step, &"done".into()).map_err(broken)?.is_truthy() {
            return Ok(());
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
