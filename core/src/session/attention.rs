//! Payments for being answered: what the account offers, what is offered to it, and what becomes of either.
//!
//! ```text
//! payer     offer ──▶ kept, on every device ──wallet──▶ contract      give_back ──wallet──▶ contract, after its time
//! receiver  note_attention ──▶ what counts      paid ◀── a message's payment, and what the chain says of it
//!           claim ──wallet──▶ contract, with the hash of the answer
//! ```
//!
//! The contract alone says what is held, and the chain's clock until when. Of a payment that is done it does not say which way
//! it went: before its end it can only have been claimed, and what the account did itself it keeps.

use serde_json::Value;

use super::stake::PATIENCE;
use super::{Session, StakeError};
use crate::attention::{Minimum, Payment, PaymentState, Unfit};
use crate::identity::Address;
use crate::message::MessageHash;
use crate::ports::{Chain as _, Ports, SendingWallet, StoreError, TransactionError, WalletError};
use crate::registry::{TransactionHash, TransactionRequest, attention, erc20};
use crate::seal::Entropy as _;
use crate::seal::json::object;

/// The setting that tells every device what the account asks of payments, and once told what it had asked, too. With an id behind
/// it, each contract and token of which the account ever asked for payments.
const ATTENTION: &str = "attention";
/// What every device is told of: each payment the account made, and what it knows of its end.
const PAYMENT: &str = "payment";
/// The setting that once told of all of them together.
const PAYMENTS: &str = "payments";
/// The most minima that are remembered.
const MOST_MINIMA: usize = 8;
/// The most payments that are.
const MOST_PAYMENTS: usize = 64;
/// What the purposes of all transactions about payments begin with.
const PURPOSE: &str = "attention ";

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The contract does not know it, or not yet.
    None,
    /// It is held, and can be claimed; so much arrived.
    Held(u128),
    /// It was not claimed in time, and goes back to who paid when somebody asks for that.
    Late(u128),
    /// Its receiver has it.
    Claimed,
    /// Who paid has it back.
    Back,
    /// Either of the two.
    Done,
}

/// A payment as it is kept.
#[derive(Clone)]
struct Kept {
    payment: Payment,
    /// What it came to, if the account knows.
    end: Option<Fate>,
}

impl<P: Ports> Session<P> {
    /// Whether the account ever asked for payments, or made one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn knows_payments(&self) -> Result<bool, StoreError> {
        Ok(self.setting(ATTENTION).await?.is_some()
            || self.setting(PAYMENTS).await?.is_some()
            || !self.each(PAYMENT).await?.is_empty())
    }

    /// What the account asks of payments, as its devices know.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn wanted_attention(&self) -> Result<Option<Minimum>, StoreError> {
        let noted = self.setting(ATTENTION).await?;
        Ok(noted.as_ref().and_then(|it| it.get("now")).and_then(Minimum::from_json))
    }

    /// Notes what the account asks of payments from now on.
    pub(super) async fn note_attention(&self, minimum: Option<Minimum>) -> Result<(), StoreError> {
        let now = minimum.as_ref().map_or(Value::Null, Minimum::to_json);
        let each = self.each(ATTENTION).await?;
        let is_apart = |known: &Minimum| each.iter().any(|(id, _)| *id == id_of_minimum(known));
        // Of what once stood together, the latest is kept last: of two, the later stands before the other.
        let together = self.minima().await?.into_iter().rev().filter(|known| !is_apart(known));
        let id = minimum.as_ref().map(id_of_minimum);
        for minimum in together.chain(minimum) {
            self.keep_each(ATTENTION, &id_of_minimum(&minimum), move |_| minimum.to_json()).await?;
        }
        let each = self.each(ATTENTION).await?;
        let kept = each.iter().filter(|(_, value)| !value.is_null()).map(|(id, _)| id);
        for old in kept.skip(MOST_MINIMA).filter(|old| Some(*old) != id.as_ref()) {
            self.drop_each(ATTENTION, old).await?;
        }
        self.set_setting(ATTENTION, object(vec![("now", now)])).await
    }

    /// Of which contracts and tokens the account ever asked for payments, the latest first.
    pub(super) async fn minima(&self) -> Result<Vec<Minimum>, StoreError> {
        let each = self.each(ATTENTION).await?;
        let mut all: Vec<_> = each.iter().filter_map(|(_, value)| Minimum::from_json(value)).collect();
        let noted = self.setting(ATTENTION).await?;
        let list = noted.as_ref().and_then(|it| it.get("once")).and_then(Value::as_array);
        let together = list.into_iter().flatten().take(MOST_MINIMA).filter_map(Minimum::from_json);
        all.extend(together.filter(|minimum| each.iter().all(|(id, _)| *id != id_of_minimum(minimum))));
        Ok(all)
    }

    /// Offers a receiver what they look at first, for so many seconds: asks the wallet for the allowance, if there is none, and
    /// for the payment. What was sent before stays.
    ///
    /// # Errors
    /// [`StakeError`]. After [`StakeError::Open`] it may be held all the same: [`Self::payments_to`] tells.
    pub async fn offer(
        &self,
        wallet: &impl SendingWallet,
        wanted: &Minimum,
        receiver: Address,
        seconds: u64,
    ) -> Result<Payment, StakeError> {
        self.check_chain(wanted.chain)?;
        if !self.directory.holds_payments(wanted.contract).await? {
            return Err(StakeError::Contract);
        }
        if self.kept_payments().await?.iter().filter(|it| it.end.is_none()).count() >= MOST_PAYMENTS {
            return Err(StakeError::TooMany);
        }
        let Minimum { chain, contract, token, amount } = *wanted;
        let allowed = self.ask_contract(token, erc20::allowance_call(self.account, contract)).await?;
        if erc20::amount(&allowed).ok_or(StakeError::Contract)? < amount {
            let allow = TransactionRequest::call(token, erc20::approve(contract, amount));
            self.carry(wallet, allow, "allow").await?;
        }
        let mut topic = [0; 32];
        self.ports().entropy().fill(&mut topic);
        let until = self.chain_time().await?.saturating_add(seconds);
        let payment = Payment { chain, contract, payer: self.account, receiver, token, amount, until, topic };
        // Before anything is paid: all of it is needed to have it back.
        self.keep_payment(payment.clone(), None).await?;
        let paid = self.carry(wallet, attention::offer(&payment), "offer").await;
        let refused = StakeError::Transaction(TransactionError::Wallet(WalletError::Refused));
        if paid == Err(refused) || paid == Err(StakeError::Reverted) {
            self.drop_payment(&payment).await?;
        }
        paid.map(|()| payment)
    }

    /// The account's payments to somebody that it remembers, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payments_to(&self, receiver: Address) -> Result<Vec<Payment>, StoreError> {
        let mut all = self.payments().await?;
        all.retain(|payment| payment.receiver == receiver);
        Ok(all)
    }

    /// The account's payments that it remembers and that are held, the latest first.
    ///
    /// # Errors
    /// [`StakeError`].
    pub async fn own_payments(&self) -> Result<Vec<(Payment, Fate)>, StakeError> {
        let mut held = Vec::new();
        for Kept { payment, end } in self.kept_payments().await?.into_iter().take(MOST_PAYMENTS) {
            if end.is_none()
                && let fate @ (Fate::Held(_) | Fate::Late(_)) = self.fate(&payment).await?
            {
                held.push((payment, fate));
            }
        }
        Ok(held)
    }

    /// All that are remembered.
    pub(super) async fn payments(&self) -> Result<Vec<Payment>, StoreError> {
        Ok(self.kept_payments().await?.into_iter().map(|kept| kept.payment).collect())
    }

    /// Remembers one that was found.
    pub(super) async fn remember_payment(&self, payment: Payment) -> Result<(), StoreError> {
        self.keep_payment(payment, None).await
    }

    /// What became of a payment that the account made.
    ///
    /// # Errors
    /// [`StakeError::Worthless`] if it is of somebody else; else as the others.
    pub async fn given_payment(&self, payment: &Payment) -> Result<Fate, StakeError> {
        if payment.payer != self.account {
            return Err(StakeError::Worthless);
        }
        let fate = self.fate(payment).await?;
        if fate == Fate::None && payment.until < self.chain_time().await? {
            // Nobody can offer it any more.
            self.drop_payment(payment).await?;
        }
        Ok(fate)
    }

    /// What a payment is worth that somebody's message names. It counts where the account chose the contract and the token:
    /// others could say anything.
    ///
    /// # Errors
    /// [`StakeError::Worthless`] if it does not count, whatever the chain says; else as the others.
    pub async fn paid(&self, payment: &Payment, payer: Address) -> Result<Fate, StakeError> {
        // How much it has to be, and until when, is another question.
        let counts = |minimum: &Minimum| {
            matches!(
                payment.is_fit(minimum, payer, self.account, self.now()),
                Ok(()) | Err(Unfit::Amount | Unfit::Late)
            )
        };
        if !self.minima().await?.iter().any(counts) {
            return Err(StakeError::Worthless);
        }
        self.fate(payment).await
    }

    /// Takes a payment for an answer.
    ///
    /// # Errors
    /// [`StakeError`].
    pub async fn claim(
        &self,
        wallet: &impl SendingWallet,
        payment: &Payment,
        answer: &MessageHash,
    ) -> Result<(), StakeError> {
        if !matches!(self.paid(payment, payment.payer).await?, Fate::Held(_)) {
            return Err(StakeError::Worthless);
        }
        self.carry(wallet, attention::claim(payment, answer.to_bytes()), "claim").await?;
        Ok(self.keep_payment(payment.clone(), Some(Fate::Claimed)).await?)
    }

    /// Takes a payment back that was not claimed in time.
    ///
    /// # Errors
    /// [`StakeError`].
    pub async fn give_back(&self, wallet: &impl SendingWallet, payment: &Payment) -> Result<(), StakeError> {
        if !matches!(self.given_payment(payment).await?, Fate::Late(_)) {
            return Err(StakeError::Worthless);
        }
        self.carry(wallet, attention::give_back(payment), "back").await?;
        Ok(self.keep_payment(payment.clone(), Some(Fate::Back)).await?)
    }

    /// The transactions about payments that were sent, also by a start before, and of which no block is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sent_about_payments(&self) -> Result<Vec<TransactionHash>, StoreError> {
        let sent = self.sent_transactions().await?.into_iter();
        Ok(sent.filter(|sent| sent.purpose.starts_with(PURPOSE)).map(|sent| sent.hash).collect())
    }

    /// Waits for these, for a while.
    pub async fn await_payments(&self, sent: &[TransactionHash]) {
        for hash in sent {
            self.outcome(*hash, PATIENCE).await;
        }
    }

    async fn fate(&self, payment: &Payment) -> Result<Fate, StakeError> {
        self.check_chain(payment.chain)?;
        let answer = self.ask_contract(payment.contract, attention::payment_call(payment)).await?;
        let is_over = payment.until < self.chain_time().await?;
        Ok(match attention::payment(&answer).ok_or(StakeError::Contract)? {
            PaymentState::None => Fate::None,
            PaymentState::Held(amount) if is_over => Fate::Late(amount),
            PaymentState::Held(amount) => Fate::Held(amount),
            PaymentState::Done => {
                let kept = self.kept_payments().await?;
                let end = kept.iter().find(|kept| kept.payment == *payment).and_then(|kept| kept.end);
                if end.is_none() && !is_over {
                    // Later the chain does not tell any more.
                    self.keep_payment(payment.clone(), Some(Fate::Claimed)).await?;
                    return Ok(Fate::Claimed);
                }
                end.unwrap_or(Fate::Done)
            }
        })
    }

    /// The chain's time, in seconds since 1970.
    async fn chain_time(&self) -> Result<u64, StakeError> {
        let told = self.ports().chain().call(None, &attention::clock_code()).await?;
        Ok(attention::clock(&told).unwrap_or(self.now() / 1000))
    }

    async fn carry(
        &self,
        wallet: &impl SendingWallet,
        request: TransactionRequest,
        purpose: &str,
    ) -> Result<(), StakeError> {
        self.carry_through(wallet, request.to, request.data, &[PURPOSE, purpose].concat()).await
    }

    /// All payments that are kept, the latest first.
    async fn kept_payments(&self) -> Result<Vec<Kept>, StoreError> {
        let each = self.each(PAYMENT).await?;
        let mut all: Vec<_> = each.iter().filter_map(|(_, value)| payment_in(value)).collect();
        let together = self.setting(PAYMENTS).await?;
        let before = together.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(payment_in);
        let is_apart = |kept: &Kept| each.iter().any(|(id, _)| *id == id_of(&kept.payment));
        all.extend(before.filter(|kept| !is_apart(kept)).take(MOST_PAYMENTS));
        Ok(all)
    }

    /// Keeps a payment with its end, if there is one. Of too many, those that came to one give way first.
    async fn keep_payment(&self, payment: Payment, end: Option<Fate>) -> Result<(), StoreError> {
        let id = id_of(&payment);
        let change = move |known: Option<&Value>| {
            let end = end.or_else(|| payment_in(known?)?.end);
            written(&Kept { payment, end })
        };
        self.keep_each(PAYMENT, &id, change).await?;
        let all = self.kept_payments().await?;
        if all.len() > MOST_PAYMENTS
            && let Some(done) = all.iter().rfind(|kept| kept.end.is_some())
        {
            self.drop_payment(&done.payment).await?;
        }
        Ok(())
    }

    async fn drop_payment(&self, payment: &Payment) -> Result<(), StoreError> {
        self.drop_each(PAYMENT, &id_of(payment)).await
    }
}

fn id_of(payment: &Payment) -> String {
    hex::encode(payment.id())
}

/// By what a minimum is known: whether a payment counts depends on nothing else of it.
fn id_of_minimum(minimum: &Minimum) -> String {
    let [contract, token] = [minimum.contract, minimum.token].map(|address| address.to_lower_hex());
    format!("{}-{contract}-{token}", minimum.chain)
}

/// A payment as it is written down.
fn payment_in(value: &Value) -> Option<Kept> {
    let end = match value.get("end").and_then(Value::as_str) {
        Some("claimed") => Some(Fate::Claimed),
        Some("back") => Some(Fate::Back),
        _ => None,
    };
    Some(Kept { payment: Payment::from_json(value)?, end })
}

fn written(kept: &Kept) -> Value {
    let mut json = kept.payment.to_json();
    let end = match kept.end {
        Some(Fate::Claimed) => "claimed",
        Some(Fate::Back) => "back",
        _ => return json,
    };
    if let Some(members) = json.as_object_mut() {
        members.insert("end".to_owned(), end.into());
    }
    json
}
