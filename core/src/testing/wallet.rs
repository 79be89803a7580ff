use std::cell::{Ref, RefCell};

use k256::ecdsa::{Signature, SigningKey};

use super::smart_account::{before_deployment, smart_account_of};
use crate::identity::Address;
use crate::identity::wallet_signature::{address_of, eip191_hash};
use crate::ports::{SendingWallet, TransactionError, Wallet, WalletError};
use crate::registry::{TransactionHash, TransactionRequest, TypedData};
use crate::seal::sha256;

/// The number of the chain that it is on.
const CHAIN: u64 = 31337;

/// The account of a private key.
pub(super) fn account_of(key: &SigningKey) -> Address {
    let point = key.verifying_key().to_sec1_point(false);
    address_of(point.as_bytes()[1..].try_into().expect("an uncompressed point has two coordinates"))
}

/// A wallet with one account that signs without asking, unless a test lets it fail.
pub struct TestWallet {
    key: SigningKey,
    kind: Kind,
    failure: RefCell<Option<WalletError>>,
    prompts: RefCell<Vec<String>>,
    sent: RefCell<Vec<TransactionRequest>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ordinary,
    /// An ordinary account whose wallet signs the same text in another way each time.
    Unsteady,
    /// A contract, whose signatures differ each time.
    Smart,
    /// A contract that is not on the chain yet.
    SmartNotDeployed,
}

impl TestWallet {
    /// The wallet of an ordinary account whose key follows from a name.
    pub fn of(name: &str) -> Self {
        Self::with_kind(name, Kind::Ordinary)
    }

    /// The wallet of an ordinary account whose key follows from a name, and which never signs twice alike.
    pub fn unsteady(name: &str) -> Self {
        Self::with_kind(name, Kind::Unsteady)
    }

    /// The wallet of a smart account that belongs to the key of a name. Its contract must be deployed.
    pub fn smart(name: &str) -> Self {
        Self::with_kind(name, Kind::Smart)
    }

    /// The wallet of a smart account that its first transaction will deploy.
    pub fn smart_before_deployment(name: &str) -> Self {
        Self::with_kind(name, Kind::SmartNotDeployed)
    }

    fn with_kind(name: &str, kind: Kind) -> Self {
        let key = SigningKey::from_slice(&sha256(name.as_bytes())).expect("a hash is a key");
        Self::with_key(key, kind)
    }

    fn with_key(key: SigningKey, kind: Kind) -> Self {
        let (failure, prompts, sent) = (RefCell::default(), RefCell::default(), RefCell::default());
        Self { key, kind, failure, prompts, sent }
    }

    /// The wallet of a private key, given as `0x` and 64 hexadecimal digits.
    pub fn of_key(key: &str) -> Option<Self> {
        let key = SigningKey::from_slice(&hex::decode(key.strip_prefix("0x")?).ok()?).ok()?;
        Some(Self::with_key(key, Kind::Ordinary))
    }

    /// Its account.
    pub fn address(&self) -> Address {
        match self.kind {
            Kind::Ordinary | Kind::Unsteady => self.owner(),
            Kind::Smart | Kind::SmartNotDeployed => smart_account_of(self.owner()),
        }
    }

    /// The account of its key.
    pub fn owner(&self) -> Address {
        account_of(&self.key)
    }

    /// From now on every prompt ends with `failure`, or is signed again.
    pub fn set_failure(&self, failure: Option<WalletError>) {
        self.failure.replace(failure);
    }

    /// What it sent to its chain, which is that of the network.
    pub fn sent(&self) -> Ref<'_, [TransactionRequest]> {
        Ref::map(self.sent.borrow(), Vec::as_slice)
    }

    fn asked(&self, account: Address, for_what: &str) -> Result<(), WalletError> {
        self.prompts.borrow_mut().push(for_what.to_owned());
        match &*self.failure.borrow() {
            Some(failure) => Err(failure.clone()),
            None if account != self.address() => Err(WalletError::Disconnected),
            None => Ok(()),
        }
    }

    /// The texts that were put before the person, also those that were refused.
    pub fn prompts(&self) -> Ref<'_, [String]> {
        Ref::map(self.prompts.borrow(), Vec::as_slice)
    }
}

impl Wallet for TestWallet {
    async fn sign_text(&self, account: Address, text: &str) -> Result<String, WalletError> {
        self.asked(account, text)?;
        let hash = eip191_hash(text.as_bytes());
        let (signature, recovery) = self.key.sign_prehash_recoverable(&hash);
        let mut bytes = [&signature.to_bytes()[..], &[27 + recovery.to_byte()]].concat();
        if self.kind == Kind::Unsteady && self.prompts.borrow().len().is_multiple_of(2) {
            // The other signature that recovers to the same key.
            let (r, s) = signature.split_scalars();
            let other = Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).expect("as good a signature");
            bytes = [&other.to_bytes()[..], &[28 - recovery.to_byte()]].concat();
        }
        if matches!(self.kind, Kind::Smart | Kind::SmartNotDeployed) {
            bytes.push(self.prompts.borrow().len() as u8);
        }
        if self.kind == Kind::SmartNotDeployed {
            bytes = before_deployment(self.owner(), &bytes);
        }
        Ok(format!("0x{}", hex::encode(bytes)))
    }
}

impl SendingWallet for TestWallet {
    async fn sign_typed(&self, account: Address, typed: &TypedData) -> Result<String, TransactionError> {
        self.asked(account, &typed.json.to_string())?;
        let (signature, recovery) = self.key.sign_prehash_recoverable(&typed.digest);
        let bytes = [&signature.to_bytes()[..], &[27 + recovery.to_byte()]].concat();
        Ok(format!("0x{}", hex::encode(bytes)))
    }

    async fn send(
        &self,
        account: Address,
        chain: u64,
        transaction: &TransactionRequest,
    ) -> Result<TransactionHash, TransactionError> {
        if chain != CHAIN {
            return Err(TransactionError::OtherChain);
        }
        self.asked(account, &transaction.to_json(account).to_string())?;
        self.sent.borrow_mut().push(transaction.clone());
        let number = self.sent.borrow().len();
        Ok(TransactionHash::from_bytes(sha256(format!("{account} {number}").as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::wallet_signature::recover;

    #[test]
    fn an_unsteady_wallet_signs_as_its_account_and_never_twice_alike() {
        let wallet = TestWallet::unsteady("alice");
        let sign = || pollster::block_on(wallet.sign_text(wallet.address(), "text")).unwrap();
        let (first, second) = (sign(), sign());
        assert_ne!(first, second);
        for signature in [first, second] {
            assert_eq!(recover("text", &signature), Ok(wallet.address()));
        }
    }

    #[test]
    fn signs_as_its_account_and_counts_the_prompts() {
        let wallet = TestWallet::of("alice");
        let sign = || pollster::block_on(wallet.sign_text(wallet.address(), "text"));
        assert_eq!(recover("text", &sign().unwrap()), Ok(wallet.address()));
        wallet.set_failure(Some(WalletError::Refused));
        assert_eq!(sign(), Err(WalletError::Refused));
        assert_eq!(*wallet.prompts(), ["text", "text"]);
    }
}
