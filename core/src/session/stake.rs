//! What the account has at stake, and what others have at stake towards it.
//!
//! ```text
//! sender    deposit ──wallet──▶ contract      promise ──▶ slots kept on the device ──▶ SignedVoucher, for a message
//!           leave ──wallet──▶ … three weeks … ──▶ withdraw
//! receiver  staked ◀── a message's voucher, and what the chain says of it      burn ──wallet──▶ contract, or node ──▶ contract
//! ```

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;

use super::{HomeError, Outcome, Session};
use crate::delivery::burns;
use crate::delivery::{BurnReceipt, RelayedBurns};
use crate::deposit::{
    Burn, BurnFault, Coverage, Promise, Promised, ProvenVoucher, SignedVoucher, Slots, Terms, Topic, Voucher,
    epoch_of,
};
use crate::device::Slot;
use crate::identity::{Address, ContractKey, KeyTag};
use crate::ports::{
    Chain as _, Ports, SendingWallet, Store as _, StoreError, TransactionError, Unreachable, WalletError,
};
use crate::registry::deposits::{self, Deposited};
use crate::registry::{CallOutcome, TransactionHash, TransactionRequest, TypedData};
use crate::seal::Entropy as _;
use crate::seal::json::object;
use crate::web::SessionToken;

/// What every device is told of: each deposit that the account made.
const DEPOSIT: &str = "deposit";
/// And each that was found on the chain. They stand behind the others: a contract can claim what it likes.
const FOUND: &str = "found";
/// The setting that once told of all of them together.
const DEPOSITS: &str = "deposits";
/// The most deposits that are remembered.
const MOST_DEPOSITS: usize = 64;
/// For how long a block is waited for: milliseconds. What takes longer is waited for by whoever looks again.
pub(super) const PATIENCE: u32 = 120_000;

/// Why nothing was staked, promised, burned or paid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StakeError {
    /// The contract is on another chain than the one that is read.
    #[error("the deposit is on another chain")]
    OtherChain,
    /// The address has no such contract, or the contract says something else than the rule.
    #[error("the contract is not what the rule says")]
    Contract,
    /// The account's keys are not on this device any more.
    #[error("the keys of this account are not on this device any more")]
    NoKeys,
    /// This device has no deposit there, or not as many slots that nobody was promised.
    #[error("the deposit has too few free slots")]
    TooFew,
    /// The voucher or the payment is for somebody else, of somebody else, or none.
    #[error("the voucher or the payment is worth nothing")]
    Worthless,
    /// So many payments wait for an answer, or to be taken back, that no further one could be remembered.
    #[error("too many payments are open")]
    TooMany,
    /// The wallet did not send it.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// The contract refused it.
    #[error("the contract refused the transaction")]
    Reverted,
    /// It is on its way, and no block has it yet.
    #[error("no block has the transaction yet")]
    Open(TransactionHash),
    /// The node does not bring the burn to the chain.
    #[error(transparent)]
    NotBrought(BurnFault),
    /// The node can't be asked.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The chain can't be asked.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The device does not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A deposit of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnDeposit {
    /// The contract.
    pub contract: Address,
    /// The key that signs its vouchers.
    pub key: Address,
    /// What is left of it.
    pub standing: Deposited,
    /// This device can promise something of it: it has the key. Whoever has the account can take it back.
    pub promises_here: bool,
    /// Who was promised something of it by this device that can still be burned.
    pub promises: Vec<Promise>,
}

/// What somebody has at stake towards the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staked {
    /// The promise.
    pub voucher: ProvenVoucher,
    /// The token at stake.
    pub token: Address,
    /// How much a slot is of it.
    pub slot: u128,
    /// How many slots can be burned now.
    pub burnable: u16,
    /// How many are burned.
    pub burned: u16,
    bits: [u8; 32],
}

impl<P: Ports> Session<P> {
    /// Deposits so much of a contract's token: asks the wallet for a signed allowance where the token takes one, else for an
    /// allowance, if there is none; and for the deposit.
    ///
    /// # Errors
    /// [`StakeError`]. What was sent before stays.
    pub async fn deposit(
        &self,
        wallet: &impl SendingWallet,
        contract: Address,
        amount: u128,
    ) -> Result<(), StakeError> {
        let key = self.key_to_deposit(contract).await?;
        let token = deposits::token(&self.ask_contract(contract, deposits::token_call()).await?);
        let token = token.ok_or(StakeError::Contract)?;
        // Before anything is sent: who deposits has to know the key to get it back.
        self.remember_deposit(contract, key).await?;
        self.put_in(wallet, (contract, token), key, amount).await
    }

    /// Announces that a deposit is to come back. From the epoch on that [`Deposited::Leaving`] tells then, it can be
    /// withdrawn.
    ///
    /// # Errors
    /// [`StakeError`].
    pub async fn leave_deposit(
        &self,
        wallet: &impl SendingWallet,
        contract: Address,
        key: Address,
    ) -> Result<(), StakeError> {
        self.carry_through(wallet, contract, deposits::announce_exit(key), "leave").await
    }

    /// Takes what is left of a deposit whose exit is complete.
    ///
    /// # Errors
    /// [`StakeError`].
    pub async fn withdraw_deposit(
        &self,
        wallet: &impl SendingWallet,
        contract: Address,
        key: Address,
    ) -> Result<(), StakeError> {
        self.carry_through(wallet, contract, deposits::withdraw(key, self.account), "withdraw").await
    }

    /// The deposits that the account made on any of its devices. A contract that says nothing of one has none.
    ///
    /// # Errors
    /// [`StakeError`].
    pub async fn own_deposits(&self) -> Result<Vec<OwnDeposit>, StakeError> {
        let promised = self.promised().await?;
        let mut all = Vec::new();
        let mut here: Vec<(Address, Option<Address>)> = Vec::new();
        for (contract, key) in self.remembered_deposits().await? {
            if here.iter().all(|(at, _)| *at != contract) {
                let own = match promised.key(contract) {
                    Some(tag) => self.address_of_key(tag).await.ok(),
                    None => None,
                };
                here.push((contract, own));
            }
            let answer = self.ask_contract(contract, deposits::deposit_of_call(self.account, key)).await?;
            let Some(standing) = deposits::deposited(&answer) else { continue };
            let is_of = |promise: &&Promise| promise.contract == contract && promise.key == key;
            let promises = promised.all().iter().filter(is_of).copied().collect();
            let promises_here = here.contains(&(contract, Some(key)));
            all.push(OwnDeposit { contract, key, standing, promises_here, promises });
        }
        Ok(all)
    }

    /// Which epoch it is for a contract of deposits.
    ///
    /// # Errors
    /// [`StakeError`].
    pub async fn epoch_at(&self, contract: Address) -> Result<u64, StakeError> {
        let answer = self.ask_contract(contract, deposits::epoch_call()).await?;
        deposits::epoch(&answer).ok_or(StakeError::Contract)
    }

    /// Promises a receiver what they demand, of this device's deposit. The slots are kept before the voucher is given, and
    /// no other tab can promise them to somebody else.
    ///
    /// # Errors
    /// [`StakeError::TooFew`] if there is no such deposit, or not enough of it is free; else as the others.
    pub async fn promise(&self, terms: &Terms, receiver: Address) -> Result<SignedVoucher, StakeError> {
        self.check_terms(terms).await?;
        let tag = self.promised().await?.key(terms.contract).ok_or(StakeError::TooFew)?;
        let key = self.contract_key(tag).await?;
        let signer = key.address().ok_or(StakeError::NoKeys)?;
        // By the chain's clock: what is known of the time here may leap, and in an epoch that was left nothing is remembered.
        let epoch = self.epoch_at(terms.contract).await?;
        let coverage = self.coverage(terms.contract, self.account, signer, epoch).await?;
        let mut topic = [0; 32];
        self.ports().entropy().fill(&mut topic);
        let wanted = Promise {
            contract: terms.contract,
            key: signer,
            epoch,
            receiver,
            slots: Slots::new(0, terms.slots).ok_or(StakeError::Contract)?,
            topic: Topic::from_bytes(topic),
        };
        let taken = self.change_promised(move |promised| promised.take(wanted, &coverage)).await?;
        let Promise { slots, topic, .. } = taken.ok_or(StakeError::TooFew)?;
        let (chain, contract, sender) = (terms.chain, terms.contract, self.account);
        let voucher = Voucher { chain, contract, sender, receiver, epoch, slots, topic };
        let signature = key.sign(&voucher.digest()).ok_or(StakeError::NoKeys)?;
        Ok(voucher.signed(signature))
    }

    /// What a message's voucher is worth towards the account, as the chain says.
    ///
    /// # Errors
    /// [`StakeError::Worthless`] if it can't be burned by the account, whatever the chain says; else as the others.
    pub async fn staked(&self, voucher: SignedVoucher, sender: Address) -> Result<Staked, StakeError> {
        self.worth(voucher, sender, self.account).await
    }

    /// What became of a voucher that the account gave to a receiver.
    ///
    /// # Errors
    /// As [`Self::staked`].
    pub async fn given(&self, voucher: SignedVoucher, receiver: Address) -> Result<Staked, StakeError> {
        self.worth(voucher, self.account, receiver).await
    }

    async fn worth(
        &self,
        voucher: SignedVoucher,
        sender: Address,
        receiver: Address,
    ) -> Result<Staked, StakeError> {
        let voucher = voucher.prove().map_err(|_| StakeError::Worthless)?;
        let Voucher { chain, contract, epoch, slots, .. } = *voucher.voucher();
        if (voucher.voucher().sender, voucher.voucher().receiver) != (sender, receiver) {
            return Err(StakeError::Worthless);
        }
        self.check_chain(chain)?;
        let (token, slot) = self.contract(contract).await?;
        let coverage = self.coverage(contract, sender, voucher.key(), epoch).await?;
        let burned: Vec<u16> = slots.among(&coverage.burned).collect();
        let is_its_time = matches!(epoch_of(self.now()).checked_sub(epoch), Some(0 | 1));
        let mut bits = [0; 32];
        let mut burnable = 0;
        for place in (slots.first()..slots.end()).filter(|place| !burned.contains(place)) {
            let one = Slots::new(place, 1).filter(|_| is_its_time && u64::from(place) < coverage.slots);
            if let Some(one) = one {
                bits.iter_mut().zip(one.bits()).for_each(|(all, bit)| *all |= bit);
                burnable += 1;
            }
        }
        let burned = u16::try_from(burned.len()).unwrap_or(u16::MAX);
        Ok(Staked { voucher, token, slot, burnable, burned, bits })
    }

    /// Burns all that can be burned of what somebody staked, by a transaction of the account.
    ///
    /// # Errors
    /// [`StakeError`].
    pub async fn burn_staked(&self, wallet: &impl SendingWallet, staked: &Staked) -> Result<(), StakeError> {
        if staked.burnable == 0 {
            return Err(StakeError::Worthless);
        }
        let contract = staked.voucher.voucher().contract;
        self.carry_through(wallet, contract, deposits::burn(&staked.voucher, staked.bits), "burn").await
    }

    /// The burns that the account's node brings to the chain for it, and brought.
    ///
    /// # Errors
    /// [`StakeError`].
    pub async fn relayed_burns(&self) -> Result<RelayedBurns, StakeError> {
        let ask = |token: &SessionToken| burns::get_burns(&self.node.url, &self.alias, token);
        let reply = self.authorized(&self.node, &ask).await?;
        Ok(burns::parse_burns(&reply).map_err(HomeError::from)?)
    }

    /// Has all burned that can be of what somebody staked by the account's node, which pays for it: the wallet signs, and sends
    /// nothing. What becomes of it, [`Self::relayed_burns`] tells.
    ///
    /// # Errors
    /// [`StakeError`].
    pub async fn burn_by_node(
        &self,
        wallet: &impl SendingWallet,
        staked: &Staked,
    ) -> Result<BurnReceipt, StakeError> {
        let burn = Burn::new(staked.voucher.clone(), staked.bits).ok_or(StakeError::Worthless)?;
        let typed = TypedData { json: burn.typed_data(), digest: burn.digest() };
        let signature = wallet.sign_typed(self.account, &typed).await?;
        let garbled = || TransactionError::Wallet(WalletError::Garbled);
        let wish = burn.consented(&signature).ok_or_else(garbled)?;
        let ask = |token: &SessionToken| burns::post_burn(&self.node.url, &self.alias, token, &wish);
        let reply = self.authorized(&self.node, &ask).await?;
        burns::parse_burn(&reply).map_err(HomeError::from)?.map_err(StakeError::NotBrought)
    }

    /// Sends a transaction, and waits until a block has it.
    pub(super) async fn carry_through(
        &self,
        wallet: &impl SendingWallet,
        to: Address,
        data: Vec<u8>,
        purpose: &str,
    ) -> Result<(), StakeError> {
        let (chain, request) = (self.directory.discovery().chain_id, TransactionRequest::call(to, data));
        let hash = self.transact(wallet, chain, &request, purpose).await?;
        match self.outcome(hash, PATIENCE).await {
            Outcome::Succeeded => Ok(()),
            Outcome::Reverted => Err(StakeError::Reverted),
            Outcome::Open => Err(StakeError::Open(hash)),
        }
    }

    /// The key of this device for a deposit in a contract: the one it has, unless that one's deposit is leaving or closed.
    async fn key_to_deposit(&self, contract: Address) -> Result<Address, StakeError> {
        let before = self.promised().await?.key(contract);
        if let Some(tag) = before {
            let key = self.address_of_key(tag).await?;
            let answer = self.ask_contract(contract, deposits::deposit_of_call(self.account, key)).await?;
            match deposits::deposited(&answer).ok_or(StakeError::Contract)? {
                Deposited::None | Deposited::Open { .. } => return Ok(key),
                Deposited::Leaving { .. } | Deposited::Closed => {}
            }
        }
        let new = KeyTag::new_random(self.ports().entropy());
        let tag = self.change_promised(move |promised| promised.use_key(contract, before, new)).await?;
        self.address_of_key(tag).await
    }

    async fn address_of_key(&self, tag: KeyTag) -> Result<Address, StakeError> {
        self.contract_key(tag).await?.address().ok_or(StakeError::NoKeys)
    }

    async fn contract_key(&self, tag: KeyTag) -> Result<ContractKey, StakeError> {
        let seed = self.ports().store().seed(self.account).await?.ok_or(StakeError::NoKeys)?;
        Ok(ContractKey::derive(&seed, tag))
    }

    async fn promised(&self) -> Result<Promised, StakeError> {
        match self.ports().store().value(self.account, &Slot::Promised).await? {
            Some(text) => Ok(Promised::from_text(&text).ok_or(StoreError::Damaged)?),
            None => Ok(Promised::default()),
        }
    }

    /// Changes it, and gives what comes of it once that is kept.
    async fn change_promised<T: 'static>(
        &self,
        change: impl FnOnce(&mut Promised) -> T + 'static,
    ) -> Result<T, StakeError> {
        let result = Rc::new(RefCell::new(None));
        let out = Rc::clone(&result);
        let change = Box::new(move |text: Option<String>| {
            // Of what is damaged, nobody can say what was promised.
            let Some(mut promised) =
                text.as_deref().map_or_else(|| Some(Promised::default()), Promised::from_text)
            else {
                return text;
            };
            out.replace(Some(change(&mut promised)));
            Some(promised.to_text())
        });
        self.ports().store().update_value(self.account, &Slot::Promised, change).await?;
        let result = result.take();
        Ok(result.ok_or(StoreError::Damaged)?)
    }

    /// Whether a contract is on the chain that is read.
    pub(super) fn check_chain(&self, chain: u64) -> Result<(), StakeError> {
        if chain == self.directory.discovery().chain_id { Ok(()) } else { Err(StakeError::OtherChain) }
    }

    /// Whether the contract is what a rule says of it.
    pub(super) async fn check_terms(&self, terms: &Terms) -> Result<(), StakeError> {
        self.check_chain(terms.chain)?;
        let is = self.contract(terms.contract).await?;
        if is == (terms.token, terms.slot) { Ok(()) } else { Err(StakeError::Contract) }
    }

    /// A contract's token, and how much a slot is.
    async fn contract(&self, contract: Address) -> Result<(Address, u128), StakeError> {
        let token = deposits::token(&self.ask_contract(contract, deposits::token_call()).await?);
        let slot = deposits::slot(&self.ask_contract(contract, deposits::slot_call()).await?);
        token.zip(slot).ok_or(StakeError::Contract)
    }

    pub(super) async fn coverage(
        &self,
        contract: Address,
        sender: Address,
        key: Address,
        epoch: u64,
    ) -> Result<Coverage, StakeError> {
        let answer = self.ask_contract(contract, deposits::standing_call(sender, key, epoch)).await?;
        deposits::coverage(&answer).ok_or(StakeError::Contract)
    }

    pub(super) async fn ask_contract(
        &self,
        contract: Address,
        call: Vec<u8>,
    ) -> Result<CallOutcome, StakeError> {
        Ok(self.ports().chain().call(Some(contract), &call).await?)
    }

    pub(super) async fn remembered_deposits(&self) -> Result<Vec<(Address, Address)>, StoreError> {
        let each = self.each(DEPOSIT).await?;
        let mut all: Vec<_> = each.iter().filter_map(|(_, value)| deposit_in(value)).collect();
        let together = self.setting(DEPOSITS).await?;
        for before in together.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(deposit_in)
        {
            if !all.contains(&before) {
                all.push(before);
            }
        }
        let found = self.each(FOUND).await?;
        for found in found.iter().filter_map(|(_, value)| deposit_in(value)) {
            if !all.contains(&found) {
                all.push(found);
            }
        }
        all.truncate(MOST_DEPOSITS);
        Ok(all)
    }

    pub(super) async fn remember_deposit(&self, contract: Address, key: Address) -> Result<(), StoreError> {
        self.remember(DEPOSIT, contract, key).await
    }

    pub(super) async fn remember_found(&self, contract: Address, key: Address) -> Result<(), StoreError> {
        self.remember(FOUND, contract, key).await
    }

    async fn remember(&self, kind: &str, contract: Address, key: Address) -> Result<(), StoreError> {
        let id = format!("{}-{}", contract.to_lower_hex(), key.to_lower_hex());
        let change = move |_: Option<&Value>| {
            object(vec![("contract", contract.to_string().into()), ("key", key.to_string().into())])
        };
        self.keep_each(kind, &id, change).await
    }
}

/// A contract and a key as they are written down.
fn deposit_in(value: &Value) -> Option<(Address, Address)> {
    let address = |member: &str| Address::parse_unchecked_case(value.get(member)?.as_str()?).ok();
    Some((address("contract")?, address("key")?))
}
