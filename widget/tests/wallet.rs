//! Wallets are found, asked and believed as little as possible.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on must fail"
)]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use dm3_core::Said;
use dm3_core::identity::Address;
use dm3_core::ports::{SendingWallet as _, TransactionError, Wallet, WalletError};
use dm3_core::registry::{CallOutcome, TransactionHash, TransactionRequest, TypedData};
use dm3_core::session::WalletChain as _;
use dm3_widget::adapters::wallet::{InjectedWallet, Told, Wallets, WalletsChain};
use js_sys::{Function, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;

wasm_bindgen_test_configure!(run_in_browser);

const ALICE: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

fn alice() -> Address {
    ALICE.parse().unwrap()
}

/// Runs a function body in the page with one argument.
fn js(body: &str, argument: &JsValue) -> JsValue {
    Function::new_with_args("it", body).call1(&JsValue::NULL, argument).unwrap()
}

/// An EIP-1193 provider that answers with what an expression of `method` and `params` gives.
fn provider(answer: &str) -> JsValue {
    let body = format!(
        "const listeners = [];
         return {{
             asked: [],
             listeners,
             async request({{ method, params }}) {{ this.asked.push({{ method, params }}); return {answer}; }},
             on(name, call) {{ listeners.push([name, call]); }},
             removeListener(name, call) {{
                 const at = listeners.findIndex(([n, c]) => n === name && c === call);
                 if (at >= 0) listeners.splice(at, 1);
             }},
             emit(name, value) {{ for (const [n, call] of [...listeners]) if (n === name) call(value); }},
         }}"
    );
    js(&body, &JsValue::NULL)
}

/// A wallet around what stands in for its provider.
fn wallet_of(provider: JsValue) -> InjectedWallet {
    let wallets = Wallets::discover(|_| ());
    wallets.set_page_provider(Some(provider));
    wallets.wallet("page").expect("a provider")
}

/// Announces providers for as long as it lives, as an extension does.
struct Extension(JsValue);

impl Extension {
    /// `details` is an expression for a list of announcements; `it` is the provider.
    fn install(details: &str, provider: &JsValue) -> Self {
        let body = format!(
            "const announce = () => {{
                 for (const detail of {details}) dispatchEvent(new CustomEvent('eip6963:announceProvider', {{ detail }}));
             }};
             addEventListener('eip6963:requestProvider', announce);
             announce();
             return announce;"
        );
        Self(js(&body, provider))
    }
}

impl Drop for Extension {
    fn drop(&mut self) {
        js("removeEventListener('eip6963:requestProvider', it)", &self.0);
    }
}

fn names(wallets: &Wallets) -> Vec<String> {
    wallets.list().into_iter().map(|wallet| wallet.name).collect()
}

#[wasm_bindgen_test]
async fn an_announced_wallet_is_listed_and_connects() {
    let provider = provider(&format!("['{ALICE}'.toLowerCase(), '{ALICE}', 'garbage', 7]"));
    let details = "[{ info: { uuid: 'u-1', name: 'Good Wallet', icon: 'data:image/svg+xml,<svg/>', rdns: 'a.b' }, provider: it }]";
    let _extension = Extension::install(details, &provider);
    let wallets = Wallets::discover(|_| ());
    let list = wallets.list();
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].id.as_str(), list[0].name.as_str()), ("a.b", "Good Wallet"));
    assert_eq!(list[0].icon.as_deref(), Some("data:image/svg+xml,<svg/>"));
    let wallet = wallets.wallet("a.b").unwrap();
    assert_eq!(wallet.connect().await, Ok(vec![alice()]));
    assert_eq!(js("return it.asked[0].method", &provider), JsValue::from("eth_requestAccounts"));
    assert!(wallets.wallet("u-2").is_none());
}

#[wasm_bindgen_test]
fn a_late_announcement_is_added_until_the_list_is_dropped() {
    let changes = Rc::new(Cell::new(0));
    let for_callback = Rc::clone(&changes);
    let wallets = Wallets::discover(move |told| {
        assert_eq!(told, Told::List);
        for_callback.set(for_callback.get() + 1);
    });
    assert_eq!((names(&wallets).len(), changes.get()), (0, 0));
    let provider = provider("[]");
    let extension = Extension::install("[{ info: { uuid: 'u', name: 'Late' }, provider: it }]", &provider);
    assert_eq!((names(&wallets), changes.get()), (vec!["Late".to_owned()], 1));
    // Another discovery makes it announce itself again.
    let again = Wallets::discover(|_| ());
    assert_eq!((names(&again).len(), names(&wallets).len(), changes.get()), (1, 1, 1));
    drop(wallets);
    let _another = Extension::install("[{ info: { uuid: 'v', name: 'Later' }, provider: it }]", &provider);
    assert_eq!(changes.get(), 1);
    drop(extension);
}

#[wasm_bindgen_test]
fn a_wallet_is_called_the_same_on_every_visit_and_nobody_takes_its_place() {
    let provider = provider("[]");
    let details = "[
        { info: { uuid: '1', name: 'First', rdns: 'org.first' }, provider: it },
        { info: { uuid: '2', name: 'Imitation', rdns: 'org.first' }, provider: it },
        { info: { uuid: '3', name: 'Nameless' }, provider: it },
        { info: { uuid: '4', name: 'Odd', rdns: 'org odd' }, provider: it },
        { info: { uuid: 'org.first', name: 'Another imitation', rdns: '' }, provider: it },
    ]";
    let _extension = Extension::install(details, &provider);
    let wallets = Wallets::discover(|_| ());
    let ids: Vec<_> = wallets.list().into_iter().map(|wallet| (wallet.id, wallet.name)).collect();
    let expected = [("org.first", "First"), ("2", "Imitation"), ("3", "Nameless"), ("4", "Odd")];
    assert_eq!(ids, expected.map(|(id, name)| (id.to_owned(), name.to_owned())));
}

#[wasm_bindgen_test]
fn window_ethereum_is_used_only_when_nobody_announced() {
    let provider = provider("[]");
    js("globalThis.ethereum = it", &provider);
    let wallets = Wallets::discover(|_| ());
    assert_eq!(wallets.list()[0].id, "window.ethereum");
    assert!(wallets.wallet("window.ethereum").is_some());
    let extension =
        Extension::install("[{ info: { uuid: 'u', name: 'Announced' }, provider: it }]", &provider);
    let listed = names(&wallets);
    let fallback = wallets.wallet("window.ethereum");
    drop(extension);
    js("delete globalThis.ethereum", &JsValue::NULL);
    assert_eq!(listed, ["Announced"]);
    assert!(fallback.is_none());
}

#[wasm_bindgen_test]
fn the_pages_own_provider_wins() {
    let provider = provider("[]");
    let _extension =
        Extension::install("[{ info: { uuid: 'u', name: 'Announced' }, provider: it }]", &provider);
    let wallets = Wallets::discover(|_| ());
    wallets.set_page_provider(Some(provider.clone()));
    assert_eq!(wallets.list().iter().map(|wallet| wallet.id.as_str()).collect::<Vec<_>>(), ["page"]);
    assert!(wallets.wallet("u").is_none());
    wallets.set_page_provider(Some("no provider".into()));
    assert_eq!(names(&wallets), ["Announced"]);
}

#[wasm_bindgen_test]
fn hostile_announcements_are_bounded_cleaned_or_ignored() {
    let provider = provider("[]");
    let details = r"[
        null, undefined, 7, {}, { info: {} },
        { get info() { throw new Error('no'); }, provider: it },
        { info: { uuid: 'a', get name() { throw 'no'; } }, provider: it },
        { info: { uuid: 'x'.repeat(65), name: 'long id' }, provider: it },
        { info: { uuid: 'b', name: ' \u202eevil\n\u0000\u200bname ' + 'x'.repeat(100), icon: 'https://tracker.example/a.png' }, provider: it },
        { info: { uuid: 'c', name: 'big', icon: 'data:image/png;base64,' + 'A'.repeat(70000) }, provider: it },
        { info: { uuid: 'd', name: 'script', icon: 'data:text/html,<script>' }, provider: it },
        { info: { uuid: 'e', name: '\n' }, provider: it },
        { info: { uuid: 'f', name: 'no provider' }, provider: {} },
        { info: { uuid: 'b', name: 'takes a place' }, provider: it },
    ]";
    let extension = Extension::install(details, &provider);
    let wallets = Wallets::discover(|_| ());
    let list = wallets.list();
    drop(extension);
    let ids: Vec<_> = list.iter().map(|wallet| wallet.id.as_str()).collect();
    assert_eq!(ids, ["b", "c", "d"]);
    assert!(
        list[0].name.starts_with("evilname xxx") && list[0].name.chars().count() <= 60,
        "{:?}",
        list[0].name
    );
    assert!(list.iter().all(|wallet| wallet.icon.is_none()));

    let many =
        "Array.from({ length: 100 }, (_, i) => ({ info: { uuid: `m${i}`, name: 'm' }, provider: it }))";
    let _extension = Extension::install(many, &provider);
    assert_eq!(Wallets::discover(|_| ()).list().len(), 32);
}

#[wasm_bindgen_test]
async fn a_text_is_signed_as_hex_of_its_bytes() {
    let provider = provider("'0xAbCd' + '00'.repeat(3000)");
    let signature = wallet_of(provider.clone()).sign_text(alice(), "Grüße\n").await.unwrap();
    assert_eq!(signature, format!("0xAbCd{}", "00".repeat(3000)), "the very text counts");
    assert_eq!(js("return it.asked[0].method", &provider), JsValue::from("personal_sign"));
    assert_eq!(
        js("return it.asked[0].params.join()", &provider),
        JsValue::from(format!("0x4772c3bcc39f650a,{ALICE}"))
    );
}

#[wasm_bindgen_test]
async fn what_is_no_signature_is_refused() {
    for answer in
        ["null", "7", "{}", "''", "'0x'", "'0xabc'", "'abcd'", "'0xzz'", "'0x' + 'ab'.repeat(100000)"]
    {
        let result = wallet_of(provider(answer)).sign_text(alice(), "text").await;
        assert_eq!(result, Err(WalletError::Garbled), "{answer}");
    }
}

#[wasm_bindgen_test]
async fn error_codes_have_their_meaning() {
    let cases = [
        ("{ code: 4001, message: 'no' }", WalletError::Refused),
        ("{ code: -32603, data: { originalError: { code: 4001 } } }", WalletError::Refused),
        ("{ code: -32002 }", WalletError::Pending),
        ("{ code: 4100 }", WalletError::Disconnected),
        ("{ code: 4900 }", WalletError::Disconnected),
        ("{ code: 4901 }", WalletError::Disconnected),
        ("{ code: 1, message: 'out of\\n order' }", WalletError::Failed("out of order".into())),
        ("'words'", WalletError::Failed("words".into())),
        ("new Error('x'.repeat(100000))", WalletError::Failed(Said::new(&"x".repeat(200)))),
        ("undefined", WalletError::Failed(Said::default())),
        ("{ get code() { throw 1; }, get message() { throw 2; } }", WalletError::Failed(Said::default())),
    ];
    for (thrown, expected) in cases {
        let answer = format!("(() => {{ throw {thrown}; }})()");
        assert_eq!(wallet_of(provider(&answer)).sign_text(alice(), "text").await, Err(expected), "{thrown}");
    }
}

#[wasm_bindgen_test]
async fn providers_that_misbehave_are_survived() {
    let hostile = [
        "return { request() { throw new Error('at once'); } }",
        "return { request() { return { then() { throw new Error('in then'); } }; } }",
        "return { request() { return { get then() { throw new Error('getter'); } }; } }",
        "return { request() { const p = Promise.resolve(['x']);
                 Object.defineProperty(p, 'constructor', { get() { throw new Error('constructor'); } }); return p; } }",
        "return { request: async () => new Proxy([], { get(_, name) { if (name === 'then') return; throw new Error(name); } }) }",
        "return { request: async () => ({ length: 1e9 }) }",
        "return { request: async () => [] }",
    ];
    for body in hostile {
        let result = wallet_of(js(body, &JsValue::NULL)).connect().await;
        assert!(
            matches!(result, Err(WalletError::Failed(_) | WalletError::Disconnected)),
            "{body}: {result:?}"
        );
    }
    // One that becomes something else between discovery and use.
    let provider = provider("[]");
    let wallet = wallet_of(provider.clone());
    Reflect::delete_property(&provider.clone().into(), &"request".into()).unwrap();
    assert_eq!(wallet.connect().await, Err(WalletError::Gone));
}

#[wasm_bindgen_test]
fn changes_are_watched_until_the_wallets_are_dropped() {
    let (announced, pages) = (provider("[]"), provider("[]"));
    let _extension =
        Extension::install("[{ info: { uuid: 'u', name: 'Announced' }, provider: it }]", &announced);
    let told = Rc::new(RefCell::new(Vec::new()));
    let for_callback = Rc::clone(&told);
    let wallets = Wallets::discover(move |news| for_callback.borrow_mut().push(news));
    told.borrow_mut().clear();
    let change = format!(
        "it.emit('accountsChanged', ['{ALICE}', 7]); it.emit('accountsChanged', []); it.emit('accountsChanged', null);
         it.emit('chainChanged', '0x1'); it.emit('disconnect', {{}})"
    );
    js(&change, &announced);
    let accounts = |id: &str, accounts| Told::Accounts(id.into(), accounts);
    assert_eq!(*told.borrow(), [accounts("u", vec![alice()]), accounts("u", vec![]), accounts("u", vec![])]);
    // An emitter may keep calling a listener that was removed.
    js("it.kept = [...it.listeners]", &announced);
    told.borrow_mut().clear();
    wallets.set_page_provider(Some(pages.clone()));
    let listeners = |provider: &JsValue| js("return it.listeners.length", provider);
    assert_eq!((listeners(&announced), listeners(&pages)), (JsValue::from(0), JsValue::from(1)));
    js("for (const [, call] of it.kept) call([])", &announced);
    js(&format!("it.emit('accountsChanged', ['{ALICE}'])"), &pages);
    assert_eq!(*told.borrow(), [Told::Provider, accounts("page", vec![alice()])]);
    // The same again is not listened to twice; another one behind the same id is.
    wallets.set_page_provider(Some(pages.clone()));
    assert_eq!(listeners(&pages), JsValue::from(1));
    wallets.set_page_provider(Some(announced.clone()));
    assert_eq!((listeners(&announced), listeners(&pages)), (JsValue::from(1), JsValue::from(0)));
    drop(wallets);
    assert_eq!(listeners(&announced), JsValue::from(0));
    // A provider without events is silent, and not an error.
    drop(wallet_of(js("return { async request() {} }", &JsValue::NULL)).watch(|_| ()));
}

#[wasm_bindgen_test]
async fn a_wallet_is_locked_if_it_says_that_the_page_may_see_accounts() {
    let cases = [
        ("[{ parentCapability: 'eth_accounts' }]", true),
        ("[{ parentCapability: 'endowment:caip25' }, { parentCapability: 'eth_accounts' }]", true),
        ("[]", false),
        ("null", false),
        ("[{ parentCapability: 'x'.repeat(100) }, 7]", false),
        ("(() => { throw { code: 4200 } })()", false),
        ("new Promise(() => {})", false),
    ];
    for (answer, locked) in cases {
        let provider = provider(answer);
        assert_eq!(wallet_of(provider.clone()).is_locked().await, locked, "{answer}");
        assert_eq!(js("return it.asked[0].method", &provider), JsValue::from("wallet_getPermissions"));
    }
}

/// The chain of the tests, and a transaction on it.
const CHAIN: u64 = 31337;

fn transaction() -> TransactionRequest {
    TransactionRequest { to: alice(), value: 255, data: vec![1, 2, 3, 4] }
}

/// A provider on a chain that answers to a transaction with an expression; `it.chain` is where it is.
fn on_chain(chain: &str, switched: &str, sent: &str) -> JsValue {
    let provider = provider(&format!(
        "({{
            eth_chainId: () => this.chain,
            wallet_switchEthereumChain: () => {{ {switched} }},
            eth_sendTransaction: () => {{ {sent} }},
            eth_signTypedData_v4: () => '0xab',
        }})[method]()"
    ));
    Reflect::set(&provider, &"chain".into(), &chain.into()).unwrap();
    provider
}

/// A wallet that lets its chain be read; `it.chain` is where it is, and `it.accounts` who is shared.
fn readable() -> JsValue {
    let provider = provider(
        "({ eth_accounts: () => this.accounts, eth_chainId: () => this.chain, eth_call: () => '0xab' })[method]()",
    );
    js(&format!("return Object.assign(it, {{ chain: '0x7a69', accounts: ['{ALICE}'] }})"), &provider)
}

#[wasm_bindgen_test]
async fn a_wallet_that_fitted_is_asked_at_once_and_believed_only_if_it_fits_yet() {
    let wallets = Wallets::discover(|_| ());
    let provider = readable();
    wallets.set_page_provider(Some(provider.clone()));
    let chain = WalletsChain::new(wallets.source(), CHAIN);
    let read = async || chain.call(Some(alice()), &[1]).await;
    let answer = Some(Ok(CallOutcome::Returned(vec![0xab])));
    assert_eq!(read().await, answer);
    assert_eq!(asked(&provider), "eth_accounts,eth_chainId,eth_call", "one after the other");
    assert_eq!(read().await, answer);
    assert!(
        asked(&provider).starts_with("eth_accounts,eth_chainId,eth_call,eth_accounts,eth_call"),
        "at once"
    );
    js("it.chain = '0x1'", &provider);
    assert_eq!(read().await, None, "on another chain");
    js("it.asked.length = 0", &provider);
    assert_eq!(read().await, None);
    assert_eq!(asked(&provider), "eth_accounts,eth_chainId", "it is asked nothing more");
    js("it.chain = '0x7a69'", &provider);
    assert_eq!(read().await, answer);
    js("it.accounts = []", &provider);
    assert_eq!(read().await, None, "locked");
    js(&format!("it.accounts = ['{ALICE}']"), &provider);
    assert_eq!(read().await, answer);
    let other = readable();
    wallets.set_page_provider(Some(other.clone()));
    js("it.asked.length = 0", &provider);
    assert_eq!(read().await, answer);
    assert_eq!(
        (asked(&provider).as_str(), asked(&other).as_str()),
        ("", "eth_accounts,eth_chainId,eth_call")
    );
}

fn asked(provider: &JsValue) -> String {
    js("return it.asked.map(({ method }) => method).join()", provider).as_string().unwrap()
}

#[wasm_bindgen_test]
async fn a_transaction_is_sent_as_it_is_and_told_by_its_hash() {
    let provider = on_chain("0x7a69", "", "return '0x' + 'ab'.repeat(32)");
    let hash = wallet_of(provider.clone()).send(alice(), CHAIN, &transaction()).await.unwrap();
    assert_eq!(hash, TransactionHash::from_bytes([0xab; 32]));
    assert_eq!(asked(&provider), "eth_chainId,eth_sendTransaction");
    let sent = js("return JSON.stringify(it.asked[1].params)", &provider).as_string().unwrap();
    let (who, what) = (format!(r#""from":"{ALICE}","to":"{ALICE}""#), r#""data":"0x01020304""#);
    assert_eq!(sent, format!(r#"[{{{what},{who},"value":"0xff","chainId":"0x7a69"}}]"#));
    for garbled in ["return 7", "return '0xab'", "return 'x'.repeat(66)", ""] {
        let wallet = wallet_of(on_chain("0x7a69", "", garbled));
        let answer = wallet.send(alice(), CHAIN, &transaction()).await;
        assert_eq!(answer, Err(WalletError::Garbled.into()), "{garbled}");
    }
}

#[wasm_bindgen_test]
async fn a_wallet_on_another_chain_is_asked_to_change_before_anything_is_sent() {
    let send = "return '0x' + 'ab'.repeat(32)";
    let provider = on_chain("0x1", "this.chain = params[0].chainId; return null", send);
    wallet_of(provider.clone()).send(alice(), CHAIN, &transaction()).await.unwrap();
    assert_eq!(asked(&provider), "eth_chainId,wallet_switchEthereumChain,eth_chainId,eth_sendTransaction");
    for (switched, error) in [
        ("return null", TransactionError::OtherChain),
        ("throw { code: 4902 }", TransactionError::OtherChain),
        ("throw { code: -32601 }", TransactionError::OtherChain),
        ("throw { code: 4001 }", WalletError::Refused.into()),
    ] {
        let provider = on_chain("0x1", switched, send);
        let answer = wallet_of(provider.clone()).send(alice(), CHAIN, &transaction()).await;
        assert_eq!(answer, Err(error), "{switched}");
        assert!(!asked(&provider).contains("eth_sendTransaction"), "{switched}");
    }
}

#[wasm_bindgen_test]
async fn why_a_wallet_sends_nothing_is_told() {
    for (thrown, error) in [
        ("{ code: 4001 }", WalletError::Refused.into()),
        ("{ code: -32002 }", WalletError::Pending.into()),
        ("{ code: 4901 }", WalletError::Disconnected.into()),
        ("{ code: 4200 }", TransactionError::Unsupported),
        ("{ code: -32601 }", TransactionError::Unsupported),
        ("'no funds'", WalletError::Failed("no funds".into()).into()),
    ] {
        let wallet = wallet_of(on_chain("0x7a69", "", &format!("throw {thrown}")));
        assert_eq!(wallet.send(alice(), CHAIN, &transaction()).await, Err(error), "{thrown}");
    }
}

#[wasm_bindgen_test]
async fn what_a_contract_reads_is_put_before_the_owner_as_it_is() {
    let provider = on_chain("0x7a69", "", "");
    let json = dm3_core::seal::json::parse(r#"{"message":{"value":"1"}}"#).unwrap();
    let typed = TypedData { json, digest: [0; 32] };
    let signature = wallet_of(provider.clone()).sign_typed(alice(), &typed).await.unwrap();
    assert_eq!(signature, "0xab");
    let params = js("return it.asked[0].params.join(' ')", &provider).as_string().unwrap();
    assert_eq!(params, format!(r#"{ALICE} {{"message":{{"value":"1"}}}}"#));
}
