//! Requests to a wallet (EIP-1193).

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use dm3_core::Said;
use dm3_core::identity::Address;
use dm3_core::ports::{Wallet, WalletError};
use futures_util::future::{Either, select};
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::outside::{beginning, member, text};

/// The longest signature text, in characters. Smart accounts wrap several signatures into one.
const MAX_SIGNATURE: u32 = 16 * 1024;
/// The most accounts or permissions that are read from a wallet's answer.
const MAX_ITEMS: u32 = 100;
/// How long a wallet may take to say what it permits.
const PATIENCE: Duration = Duration::from_millis(400);

/// A wallet that lives in the page, most often put there by a browser extension.
#[derive(Clone)]
pub struct InjectedWallet {
    provider: JsValue,
}

impl InjectedWallet {
    pub(super) const fn new(provider: JsValue) -> Self {
        Self { provider }
    }

    /// Asks the person to show their accounts to this page. The first is the current one.
    ///
    /// # Errors
    /// [`WalletError`]; [`WalletError::Disconnected`] when the wallet answers with no account at all.
    pub async fn connect(&self) -> Result<Vec<Address>, WalletError> {
        let accounts = addresses(&self.request("eth_requestAccounts", &Array::new()).await?);
        if accounts.is_empty() { Err(WalletError::Disconnected) } else { Ok(accounts) }
    }

    /// The accounts that this page may see already. Asks nobody.
    ///
    /// # Errors
    /// [`WalletError`].
    pub async fn accounts(&self) -> Result<Vec<Address>, WalletError> {
        Ok(addresses(&self.request("eth_accounts", &Array::new()).await?))
    }

    /// Whether the page may see accounts though the wallet shares none now (EIP-2255): it is locked. Asks nobody. A
    /// wallet that does not say, or not soon, is not taken to be.
    pub async fn is_locked(&self) -> bool {
        let patience = std::pin::pin!(gloo_timers::future::sleep(PATIENCE));
        let none = Array::new();
        let asked = std::pin::pin!(self.request("wallet_getPermissions", &none));
        let Either::Left((Ok(permissions), _)) = select(asked, patience).await else { return false };
        each(&permissions).any(|permission| {
            text(&member(&permission, "parentCapability"), 64).is_some_and(|name| name == "eth_accounts")
        })
    }

    /// Calls `on_accounts` with the accounts that the wallet shares now, the current one first, whenever that changes,
    /// until the handle is dropped. None are shared by a wallet that is locked, and after the person took the
    /// permission back. Wallets without events are silent.
    ///
    /// Other events are not listened to: nothing of an account depends on the wallet's chain (`chainChanged`) or on its
    /// connection to that (`disconnect`).
    #[must_use = "dropping the handle ends the watch"]
    pub fn watch(&self, on_accounts: impl Fn(Vec<Address>) + 'static) -> Watch {
        let is_active = Rc::new(Cell::new(true));
        let active = Rc::clone(&is_active);
        let on_accounts = move |accounts: JsValue| {
            if active.get() {
                on_accounts(addresses(&accounts));
            }
        };
        // It lives as long as anybody may call it.
        let listener = Closure::<dyn Fn(JsValue)>::new(on_accounts).into_js_value();
        self.call("on", &listener);
        Watch { wallet: self.clone(), is_active, listener }
    }

    /// Whether it is the same as another.
    pub(super) fn is(&self, other: &Self) -> bool {
        Object::is(&self.provider, &other.provider)
    }

    /// The number of the chain that it is on. Asks nobody.
    pub(super) async fn chain(&self) -> Option<u64> {
        let id = self.ask("eth_chainId", &Array::new()).await.ok()?;
        u64::from_str_radix(text(&id, 20)?.strip_prefix("0x")?, 16).ok()
    }

    async fn request(&self, method: &str, params: &Array) -> Result<JsValue, WalletError> {
        if !member(&self.provider, "request").is_function() {
            return Err(WalletError::Gone);
        }
        self.ask(method, params).await.map_err(|error| wallet_error(&error))
    }

    /// A request, with the wallet's error as it came.
    pub(super) async fn ask(&self, method: &str, params: &Array) -> Result<JsValue, JsValue> {
        let argument = Object::new();
        // Setting members of a plain object does not fail.
        let _ = Reflect::set(&argument, &"method".into(), &method.into());
        let _ = Reflect::set(&argument, &"params".into(), params);
        let request: Function = member(&self.provider, "request").dyn_into()?;
        let answer = request.call1(&self.provider, &argument)?;
        // Unlike `Promise.resolve`, a new promise turns whatever the answer's members throw into a rejection.
        let answer = Promise::new(&mut |resolve, _| drop(resolve.call1(&JsValue::UNDEFINED, &answer)));
        JsFuture::from(answer).await
    }

    /// Calls `on` or `removeListener`, which a provider may lack.
    fn call(&self, method: &str, listener: &JsValue) {
        if let Ok(function) = member(&self.provider, method).dyn_into::<Function>() {
            let _ = function.call2(&self.provider, &"accountsChanged".into(), listener);
        }
    }
}

impl Wallet for InjectedWallet {
    async fn sign_text(&self, account: Address, text_to_sign: &str) -> Result<String, WalletError> {
        let bytes = format!("0x{}", hex::encode(text_to_sign));
        let params = Array::of2(&bytes.into(), &account.to_string().into());
        let answer = self.request("personal_sign", &params).await?;
        // The text stays as it is, letter case included: keys are derived from it.
        text(&answer, MAX_SIGNATURE).filter(|signature| is_signature(signature)).ok_or(WalletError::Garbled)
    }
}

/// Ends watching a wallet when dropped.
pub struct Watch {
    wallet: InjectedWallet,
    is_active: Rc<Cell<bool>>,
    listener: JsValue,
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Also for wallets that forget to remove a listener.
        self.is_active.set(false);
        self.wallet.call("removeListener", &self.listener);
    }
}

/// The addresses in a list; everything else in it is skipped, and so are repetitions.
fn addresses(list: &JsValue) -> Vec<Address> {
    let mut found = Vec::new();
    for item in each(list) {
        let address = text(&item, 42).and_then(|text| Address::parse_unchecked_case(&text).ok());
        if let Some(address) = address.filter(|address| !found.contains(address)) {
            found.push(address);
        }
    }
    found
}

/// The items of a list, as far as they are read.
fn each(list: &JsValue) -> impl Iterator<Item = JsValue> {
    let count = member(list, "length").as_f64().unwrap_or_default().clamp(0.0, f64::from(MAX_ITEMS));
    (0..count as u32).map(|index| Reflect::get_u32(list, index).unwrap_or(JsValue::UNDEFINED))
}

/// Bytes as `0x…` text: what is signed with, smart accounts say.
pub(super) fn is_signature(signature: &str) -> bool {
    let digits = signature.strip_prefix("0x").unwrap_or_default();
    !digits.is_empty() && digits.len().is_multiple_of(2) && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// What a wallet's error means. Some wrap the error of a deeper layer.
pub(super) fn wallet_error(error: &JsValue) -> WalletError {
    let inner = member(&member(error, "data"), "originalError");
    let codes = [member(error, "code"), member(&inner, "code")];
    for code in codes.iter().filter_map(JsValue::as_f64) {
        if code == 4001.0 {
            return WalletError::Refused;
        } else if code == -32002.0 {
            return WalletError::Pending;
        } else if [4100.0, 4900.0, 4901.0].contains(&code) {
            return WalletError::Disconnected;
        }
    }
    let words = beginning(&member(error, "message"), 400).or_else(|| beginning(error, 400));
    WalletError::Failed(Said::new(&words.unwrap_or_default()))
}
