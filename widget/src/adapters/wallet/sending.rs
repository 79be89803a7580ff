//! Transactions, and what contracts read, by a wallet (EIP-1193, EIP-712, EIP-3326).

use dm3_core::identity::Address;
use dm3_core::ports::{SendingWallet, TransactionError, WalletError};
use dm3_core::registry::{TransactionHash, TransactionRequest, TypedData};
use dm3_core::seal::json::canonical;
use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::JsValue;

use super::injected::{InjectedWallet, is_signature, wallet_error};
use super::outside::{member, text};

/// The longest signature text, as of a text that is signed.
const MAX_SIGNATURE: u32 = 16 * 1024;
/// What wallets answer that can't do something: EIP-1193's, and JSON-RPC's two.
const UNSUPPORTED: [f64; 3] = [4200.0, -32601.0, -32004.0];
/// The wallet does not know the chain (EIP-3326).
const UNKNOWN_CHAIN: f64 = 4902.0;

impl SendingWallet for InjectedWallet {
    async fn sign_typed(&self, account: Address, typed: &TypedData) -> Result<String, TransactionError> {
        let params = Array::of2(&account.to_string().into(), &canonical(&typed.json).into());
        let answer = self.ask_sending("eth_signTypedData_v4", &params).await?;
        let signature = text(&answer, MAX_SIGNATURE).filter(|signature| is_signature(signature));
        Ok(signature.ok_or(WalletError::Garbled)?)
    }

    async fn send(
        &self,
        account: Address,
        chain: u64,
        transaction: &TransactionRequest,
    ) -> Result<TransactionHash, TransactionError> {
        self.change_to(chain).await?;
        // What is JSON is read by the browser.
        let request = JSON::parse(&canonical(&transaction.to_json(account)));
        let request = request.map_err(|_| WalletError::Garbled)?;
        // The wallet may go to another chain meanwhile; it refuses then.
        name_chain(&request, chain);
        let params = Array::of1(&request);
        let answer = self.ask_sending("eth_sendTransaction", &params).await?;
        let hash = text(&answer, 66).and_then(|hash| hash.parse().ok());
        Ok(hash.ok_or(WalletError::Garbled)?)
    }
}

impl InjectedWallet {
    /// Sees to it that the wallet is on a chain. Its owner is asked if it is on another one.
    async fn change_to(&self, chain: u64) -> Result<(), TransactionError> {
        if self.chain().await == Some(chain) {
            return Ok(());
        }
        let wanted = Object::new();
        name_chain(&wanted, chain);
        match self.ask_sending("wallet_switchEthereumChain", &Array::of1(&wanted)).await {
            Err(TransactionError::Unsupported) => return Err(TransactionError::OtherChain),
            changed => changed?,
        };
        // Some say yes and stay where they are.
        if self.chain().await == Some(chain) { Ok(()) } else { Err(TransactionError::OtherChain) }
    }

    async fn ask_sending(&self, method: &str, params: &Array) -> Result<JsValue, TransactionError> {
        self.ask(method, params).await.map_err(|error| match member(&error, "code").as_f64() {
            Some(code) if UNSUPPORTED.contains(&code) => TransactionError::Unsupported,
            Some(UNKNOWN_CHAIN) => TransactionError::OtherChain,
            _ => wallet_error(&error).into(),
        })
    }
}

/// Says in a request for which chain it is.
fn name_chain(request: &JsValue, chain: u64) {
    // Setting members of a plain object does not fail.
    let _ = Reflect::set(request, &"chainId".into(), &format!("0x{chain:x}").into());
}
