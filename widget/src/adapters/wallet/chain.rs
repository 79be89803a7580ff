//! The Ethereum node behind a wallet: a second one beside the configured one, run by somebody else.

use std::cell::{Cell, RefCell};
use std::pin::pin;

use dm3_core::identity::Address;
use dm3_core::ports::Unreachable;
use dm3_core::registry::CallOutcome;
use dm3_core::session::WalletChain;
use futures_util::future::{Either, join, select};
use gloo_timers::future::sleep;
use js_sys::{Array, Date, Object, Reflect};
use std::time::Duration;
use wasm_bindgen::JsValue;

use super::discovery::WalletSource;
use super::injected::InjectedWallet;
use super::outside::{member, text};

/// How long a wallet may take for one call.
const PATIENCE: Duration = Duration::from_secs(3);
/// For how long one that took longer, or that is of no use here, is not asked again: milliseconds.
const PAUSE: f64 = 60_000.0;
/// How many wallets are looked at.
const MAX_WALLETS: usize = 4;
/// The longest result that is read, in UTF-16 units: 256 KiB as hexadecimal digits.
const MAX_RESULT: u32 = 2 * 256 * 1024 + 2;

/// Reads the chain through the first wallet of the page that is open to the page and on this chain. Asks for nothing
/// that opens a window.
pub struct WalletsChain {
    wallets: WalletSource,
    chain_id: u64,
    /// The one that was asked last.
    last: RefCell<Option<InjectedWallet>>,
    /// When wallets are asked again: milliseconds since 1970.
    pause_until: Cell<f64>,
}

impl WalletsChain {
    /// Through these wallets, if one is on the chain with this number.
    pub const fn new(wallets: WalletSource, chain_id: u64) -> Self {
        Self { wallets, chain_id, last: RefCell::new(None), pause_until: Cell::new(0.0) }
    }

    /// The first wallet that fits.
    async fn wallet(&self) -> Option<InjectedWallet> {
        for wallet in self.wallets.all().into_iter().take(MAX_WALLETS) {
            if self.fits(&wallet).await {
                return Some(wallet);
            }
        }
        None
    }

    /// Whether a wallet shares accounts with the page, and so is open, and is on the chain.
    async fn fits(&self, wallet: &InjectedWallet) -> bool {
        let is_open = wallet.accounts().await.is_ok_and(|accounts| !accounts.is_empty());
        is_open && wallet.chain().await == Some(self.chain_id)
    }

    /// The wallet that was asked last, if it is still there.
    fn last(&self) -> Option<InjectedWallet> {
        let last = self.last.borrow_mut().take()?;
        self.wallets.all().into_iter().take(MAX_WALLETS).find(|wallet| wallet.is(&last))
    }

    async fn ask(&self, to: Option<Address>, data: &[u8]) -> Option<CallOutcome> {
        // Whether it fits yet is asked beside, and its answer counts only then: a wallet takes its time for each question.
        if let Some(wallet) = self.last() {
            self.last.replace(Some(wallet.clone()));
            let (fits, outcome) = join(self.fits(&wallet), self.ask_wallet(&wallet, to, data)).await;
            if fits {
                return outcome;
            }
        }
        let wallet = self.wallet().await;
        self.last.replace(wallet.clone());
        self.ask_wallet(&wallet?, to, data).await
    }

    async fn ask_wallet(
        &self,
        wallet: &InjectedWallet,
        to: Option<Address>,
        data: &[u8],
    ) -> Option<CallOutcome> {
        let call = Object::new();
        // Setting members of a plain object does not fail.
        let _ = Reflect::set(&call, &"data".into(), &format!("0x{}", hex::encode(data)).into());
        if let Some(to) = to {
            let _ = Reflect::set(&call, &"to".into(), &to.to_string().into());
        }
        match wallet.ask("eth_call", &Array::of2(&call, &"latest".into())).await {
            Ok(result) => bytes(&result).map(CallOutcome::Returned),
            Err(error) => revert_data(&error).map(CallOutcome::Reverted),
        }
    }
}

impl WalletChain for WalletsChain {
    async fn call(&self, to: Option<Address>, data: &[u8]) -> Option<Result<CallOutcome, Unreachable>> {
        if Date::now() < self.pause_until.get() {
            return None;
        }
        let asked = pin!(self.ask(to, data));
        match select(asked, pin!(sleep(PATIENCE))).await {
            Either::Left((Some(outcome), _)) => Some(Ok(outcome)),
            Either::Left((None, _)) => None,
            Either::Right(_) => {
                self.pause_until.set(Date::now() + PAUSE);
                None
            }
        }
    }
}

fn bytes(value: &JsValue) -> Option<Vec<u8>> {
    hex::decode(text(value, MAX_RESULT)?.strip_prefix("0x")?).ok()
}

/// Where wallets put the data of a revert: some within the error of a deeper layer. One without is taken for no answer.
fn revert_data(error: &JsValue) -> Option<Vec<u8>> {
    let data = member(error, "data");
    let places = [member(&data, "data"), member(&member(&data, "originalError"), "data"), data];
    places.iter().find_map(bytes)
}
