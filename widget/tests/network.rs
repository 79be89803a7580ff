//! Requests carry what they must and nothing else; answers are bounded in size and time.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on must fail"
)]

use dm3_core::identity::{Address, NameError};
use dm3_core::ports::{Chain, Clock, Connection, Http, Normaliser, Sockets};
use dm3_core::registry::CallOutcome;
use dm3_core::seal::Entropy;
use dm3_core::web::{HttpRequest, HttpUrl, Outage, SessionToken};
use dm3_widget::adapters::chain::JsonRpcChain;
use dm3_widget::adapters::clock::BrowserClock;
use dm3_widget::adapters::entropy::BrowserEntropy;
use dm3_widget::adapters::http::BrowserHttp;
use dm3_widget::adapters::names::LazyNormaliser;
use dm3_widget::adapters::socket::BrowserSockets;
use dm3_widget::element::ChatHandle;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::*;

wasm_bindgen_test_configure!(run_in_browser);

/// Puts something in the place of a global for as long as it lives.
struct Replaced(&'static str);

impl Replaced {
    fn with(name: &'static str, expression: &str) -> Self {
        js_sys::eval(&format!("globalThis.before_{name} = {name}; globalThis.{name} = {expression}"))
            .unwrap();
        Self(name)
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        let name = self.0;
        js_sys::eval(&format!("globalThis.{name} = before_{name}; delete globalThis.before_{name}")).unwrap();
    }
}

fn js(code: &str) -> JsValue {
    js_sys::eval(code).unwrap()
}

fn url(text: &str) -> HttpUrl {
    text.parse().unwrap()
}

/// An address of this very test's server.
fn own(path: &str) -> HttpUrl {
    url(&format!("{}{path}", web_sys::window().unwrap().location().origin().unwrap()))
}

#[wasm_bindgen_test]
async fn every_status_is_an_answer() {
    let found = BrowserHttp.send(&HttpRequest::get(own("/"))).await.unwrap();
    assert_eq!(found.status, 200);
    assert!(found.body.contains("<html"), "{}", found.body);
    let missing = BrowserHttp.send(&HttpRequest::get(own("/no-such-thing"))).await.unwrap();
    assert_eq!(missing.status, 404);
}

#[wasm_bindgen_test]
async fn a_host_that_does_not_answer_is_named() {
    let error =
        BrowserHttp.send(&HttpRequest::get(url("http://127.0.0.1:9/secret?token=1"))).await.unwrap_err();
    assert_eq!(error.to_string(), "127.0.0.1:9 can't be reached: no answer");
}

#[wasm_bindgen_test]
async fn no_cookies_and_no_referrer_are_sent() {
    let _fetch =
        Replaced::with("fetch", "async request => { globalThis.seen = request; return new Response('{}') }");
    let token = SessionToken::new("token").unwrap();
    let request =
        HttpRequest::post(url("https://node.example/x?y=%2f"), "{\"a\":\"ü\"}".into()).with_bearer(&token);
    BrowserHttp.send(&request).await.unwrap();
    let seen = js("[seen.method, seen.url, seen.credentials, seen.referrerPolicy, seen.redirect, seen.headers.get('authorization'),
                    seen.headers.get('content-type')].join()");
    assert_eq!(
        seen.as_string().unwrap(),
        "POST,https://node.example/x?y=%2f,omit,no-referrer,follow,Bearer token,application/json"
    );
    BrowserHttp.send(&HttpRequest::get(url("https://node.example/"))).await.unwrap();
    assert_eq!(js("[...seen.headers].length + seen.method").as_string().unwrap(), "0GET");
    js("delete globalThis.seen");
}

#[wasm_bindgen_test]
async fn an_endless_answer_is_cut_off() {
    let endless = "async request => new Response(new ReadableStream({
        pull(stream) { pulled += 1; stream.enqueue(new Uint8Array(1 << 20)) }, cancel() { pulled = -1 } }))";
    js("globalThis.pulled = 0");
    let fetch = Replaced::with("fetch", endless);
    let error = BrowserHttp.send(&HttpRequest::get(url("https://node.example/"))).await.unwrap_err();
    drop(fetch);
    assert_eq!(error.outage, Outage::TooLarge);
    let pulled = js("pulled").as_f64().unwrap();
    assert!(pulled < 40.0, "{pulled} MiB were read");
}

#[wasm_bindgen_test]
async fn what_is_no_text_is_no_answer() {
    let _fetch = Replaced::with("fetch", "async () => new Response(new Uint8Array([0xff, 0xfe]))");
    let error = BrowserHttp.send(&HttpRequest::get(url("https://node.example/"))).await.unwrap_err();
    assert_eq!(error.outage, Outage::Garbled);
}

#[wasm_bindgen_test]
async fn a_request_that_nobody_waits_for_is_ended() {
    js("globalThis.ended = false");
    let _fetch = Replaced::with(
        "fetch",
        "request => { request.signal.addEventListener('abort', () => ended = true); return new Promise(() => {}) }",
    );
    let request = HttpRequest::get(url("https://node.example/"));
    let mut sending = Box::pin(BrowserHttp.send(&request));
    assert!(futures_util::poll!(sending.as_mut()).is_pending());
    assert_eq!(js("ended"), JsValue::FALSE);
    drop(sending);
    assert_eq!(js("ended"), JsValue::TRUE);
}

#[wasm_bindgen_test]
async fn a_slow_answer_takes_too_long_at_last() {
    // Twenty seconds pass at once; the request itself is the browser's.
    let _timers =
        Replaced::with("setTimeout", "(call, wait) => before_setTimeout(call, wait === 20000 ? 20 : wait)");
    let _fetch = Replaced::with(
        "fetch",
        "async request => new Response(new ReadableStream({ start(stream) {
             request.signal.addEventListener('abort', () => stream.error(request.signal.reason)) } }))",
    );
    let error = BrowserHttp.send(&HttpRequest::get(url("https://node.example/"))).await.unwrap_err();
    assert_eq!(error.outage, Outage::TimedOut);
}

#[wasm_bindgen_test]
async fn what_came_of_a_slow_answer_counts_where_its_beginning_is_of_use() {
    // A minute passes at once. The last byte is half of a character.
    let _timers =
        Replaced::with("setTimeout", "(call, wait) => before_setTimeout(call, wait === 60000 ? 50 : wait)");
    let _fetch = Replaced::with(
        "fetch",
        "async request => new Response(new ReadableStream({ start(stream) {
             stream.enqueue(new Uint8Array([91, 49, 44, 195]));
             request.signal.addEventListener('abort', () => stream.error(request.signal.reason)) } }))",
    );
    let request = HttpRequest::get(url("https://node.example/"));
    let answer = BrowserHttp.send(&request.for_beginning()).await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "[1,"));
}

#[wasm_bindgen_test]
async fn the_chain_is_asked_with_eth_call() {
    let chain = JsonRpcChain::new(url("https://rpc.example/key"));
    let answer = |json: &str, status: u16| {
        let fetch = format!(
            "async request => {{ globalThis.asked = await request.json(); return new Response('{json}', {{ status: {status} }}) }}"
        );
        Replaced::with("fetch", &fetch)
    };
    let to = Address::from_bytes([0x11; 20]);
    let fetch = answer(r#"{"result":"0x0102"}"#, 200);
    assert_eq!(chain.call(Some(to), &[0xab]).await, Ok(CallOutcome::Returned(vec![1, 2])));
    drop(fetch);
    let asked = js("asked.method + asked.params[0].to + asked.params[0].data + asked.params[1]");
    assert_eq!(asked.as_string().unwrap(), format!("eth_call{to}0xablatest"));
    let fetch = answer(r#"{"error":{"code":3,"message":"execution reverted","data":"0x03"}}"#, 400);
    assert_eq!(chain.call(Some(to), &[]).await, Ok(CallOutcome::Reverted(vec![3])));
    drop(fetch);
    let _fetch = answer("slow down", 429);
    let error = chain.call(Some(to), &[]).await.unwrap_err();
    assert_eq!(error.to_string(), "rpc.example can't be reached: HTTP status 429");
    js("delete globalThis.asked");
}

/// A socket whose other end is in the page: it echoes, and receives what is pushed. One that is to hang never opens.
const SOCKET: &str = "class extends EventTarget {
    constructor(url) {
        super();
        Object.assign(this, { url, readyState: 0, extensions: '', protocol: '', bufferedAmount: 0 });
        sockets.push(this);
        if (url.includes('hang')) return;
        setTimeout(() => { this.readyState = 1; this.dispatchEvent(new Event('open')); });
    }
    send(text) { this.push(text); }
    push(data) { this.dispatchEvent(new MessageEvent('message', { data })); }
    close() { this.readyState = 3; this.wasClosed = true; }
}";

#[wasm_bindgen_test]
async fn frames_come_in_order_and_the_socket_closes_when_dropped() {
    js("globalThis.sockets = []");
    let _class = Replaced::with("WebSocket", SOCKET);
    let mut connection = BrowserSockets.connect("wss://node.example/socket.io/?token=secret").await.unwrap();
    connection.send("one").await.unwrap();
    js("sockets[0].push('two')");
    assert_eq!(connection.receive().await.as_deref(), Ok("one"));
    assert_eq!(connection.receive().await.as_deref(), Ok("two"));
    drop(connection);
    assert_eq!(js("sockets[0].wasClosed"), JsValue::TRUE);
}

#[wasm_bindgen_test]
async fn a_socket_ends_at_a_frame_that_is_no_text_or_too_large() {
    js("globalThis.sockets = []");
    let _class = Replaced::with("WebSocket", SOCKET);
    for (index, (push, outage)) in
        [("new ArrayBuffer(4)", Outage::Garbled), ("'x'.repeat(30_000_000)", Outage::TooLarge)]
            .into_iter()
            .enumerate()
    {
        let mut connection = BrowserSockets.connect("wss://node.example/?token=secret").await.unwrap();
        js(&format!("sockets[{index}].push({push})"));
        let error = connection.receive().await.unwrap_err();
        assert_eq!((error.host.as_str(), error.outage), ("node.example", outage));
    }
}

#[wasm_bindgen_test]
async fn a_socket_that_ended_says_so() {
    js("globalThis.sockets = []");
    let _class = Replaced::with("WebSocket", SOCKET);
    let mut connection = BrowserSockets.connect("wss://node.example/").await.unwrap();
    js("sockets[0].readyState = 3; sockets[0].dispatchEvent(new CloseEvent('close', { code: 1006 }))");
    assert!(connection.receive().await.is_err());
    assert!(connection.receive().await.is_err());
    assert!(connection.send("lost").await.is_err());
}

#[wasm_bindgen_test]
async fn a_handshake_that_hangs_takes_too_long_at_last() {
    js("globalThis.sockets = []");
    let _class = Replaced::with("WebSocket", SOCKET);
    let _timers =
        Replaced::with("setTimeout", "(call, wait) => before_setTimeout(call, wait === 20000 ? 20 : wait)");
    let Err(error) = BrowserSockets.connect("wss://node.example/hang").await else { panic!("it opened") };
    assert_eq!(error.outage, Outage::TimedOut);
    assert_eq!(js("sockets[0].wasClosed"), JsValue::TRUE);
}

#[wasm_bindgen_test]
async fn a_socket_without_a_server_does_not_open() {
    for url in ["ws://127.0.0.1:9/?token=secret", "no url"] {
        let Err(error) = BrowserSockets.connect(url).await else { panic!("{url} opened") };
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[wasm_bindgen_test]
async fn time_passes() {
    let start = BrowserClock.now();
    assert!(start > 1_700_000_000_000);
    BrowserClock.sleep(50).await;
    assert!((40..5_000).contains(&(BrowserClock.now() - start)));
}

#[wasm_bindgen_test]
fn secrets_are_drawn_anew() {
    let (mut one, mut two) = ([0; 32], [0; 32]);
    BrowserEntropy.fill(&mut one);
    BrowserEntropy.fill(&mut two);
    assert_ne!(one, two);
    assert_ne!(one, [0; 32]);
}

#[wasm_bindgen_test]
async fn names_outside_ascii_are_normalised_by_the_file_that_the_loader_imports() {
    let unprovided = LazyNormaliser.normalise("ü.eth").await;
    assert_eq!(unprovided, Err(NameError::NoTables));
    let provide = |import: &str| ChatHandle::provide_names(js(import).dyn_into().unwrap());
    provide(
        "async () => ({ normalise: name => name === 'Ü.eth' ? { name: 'ü.eth' }
            : { label: 'bоb', reason: 'illegal mixture: Latin + Cyrillic \"о\" {43E}' } })",
    );
    assert_eq!(LazyNormaliser.normalise("Ü.eth").await.unwrap().as_str(), "ü.eth");
    let mixed = LazyNormaliser.normalise("bоb.eth").await;
    assert!(matches!(mixed, Err(NameError::MixedScripts { character: 'о', looks_like: Some('o'), .. })));
    for broken in ["async () => ({})", "async () => { throw new Error('offline') }", "() => 7"] {
        provide(broken);
        assert_eq!(LazyNormaliser.normalise("ü.eth").await, Err(NameError::NoTables), "{broken}");
    }
    provide("async () => ({ normalise: () => ({ name: 'not normal' }) })");
    assert_eq!(LazyNormaliser.normalise("ü.eth").await, Err(NameError::Character(' ')));
}
