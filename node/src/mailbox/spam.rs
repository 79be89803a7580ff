//! Whether a message may pass a receiver's rules. They are checked on the sender that its signature proves, never
//! on the one it claims to be: whoever can't be verified passes no rule.
//!
//! ```text
//! verified? ─no─▶ refused
//! on the deny list? ─yes─▶ refused      on the allow list? ─yes─▶ taken
//! rules, each: known from the chain, at most a minute old ─▶ taken, or refused with the rule's name
//! ```

use std::time::Duration;

use dm3_core::delivery::{Amount, SpamRule, Standing, Verdict};
use dm3_core::deposit::{SignedVoucher, Terms};
use dm3_core::identity::Address;
use serde_json::{Value, json};

use crate::ethereum::chain::{Chain, ChainError};
use crate::ethereum::recent::Recent;
use crate::mailbox::deposits::{Deposits, Letter, Unsure};
use crate::mailbox::sender::Sender;
use crate::settings::Settings;
use crate::store::Store;

/// How long what the chain said of an account is remembered.
const REMEMBERED: Duration = Duration::from_secs(60);
/// How many answers are remembered.
const REMEMBERED_ANSWERS: usize = 20_000;
/// How long the chain may take for all of a receiver's rules.
const TIME: Duration = Duration::from_secs(5);

/// Why a message does not pass.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Nobody can say who sent it.
    #[error("the receiver takes messages of senders alone whose signature can be verified by their profile")]
    Unverified,
    /// On the deny list.
    #[error("the receiver takes no messages of this sender")]
    Denied,
    /// Not on the allow list.
    #[error("the receiver takes messages of its contacts alone")]
    ContactsOnly,
    /// Too few transactions.
    #[error("the receiver takes messages of accounts alone that have sent at least {0} transactions")]
    MinNonce(u64),
    /// Too few coins.
    #[error("the receiver takes messages of accounts alone that hold at least {0} wei")]
    MinBalance(Amount),
    /// Too few tokens.
    #[error("the receiver takes messages of accounts alone that hold at least {amount} of the token {token}")]
    MinTokenBalance {
        /// The token's contract.
        token: Address,
        /// How much, in the token's smallest unit.
        amount: Amount,
    },
    /// No voucher for so many slots that are covered and promised to nobody else.
    #[error(
        "the receiver takes messages with a voucher alone for at least {} slots of a deposit at {}",
        .0.slots, .0.contract
    )]
    Deposit(Terms),
    /// A rule that this server does not know, and so can't say is met.
    #[error("the receiver has a rule that this server can't check")]
    Other,
}

impl Refusal {
    /// Which rule it was, and what it demands, for those who ask in JSON-RPC.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Unverified => json!({ "rule": "verifiedSender" }),
            Self::Denied => json!({ "rule": "deny" }),
            Self::ContactsOnly => SpamRule::ContactsOnly.to_json(),
            Self::MinNonce(least) => SpamRule::MinNonce(*least).to_json(),
            Self::MinBalance(least) => SpamRule::MinBalance(least.clone()).to_json(),
            Self::MinTokenBalance { token, amount } => {
                SpamRule::MinTokenBalance { token: *token, amount: amount.clone() }.to_json()
            }
            Self::Deposit(terms) => terms.to_json(),
            Self::Other => json!({ "rule": "other" }),
        }
    }

    fn of(rule: &SpamRule) -> Self {
        match rule {
            SpamRule::MinNonce(least) => Self::MinNonce(*least),
            SpamRule::MinBalance(least) => Self::MinBalance(least.clone()),
            SpamRule::MinTokenBalance { token, amount } => {
                Self::MinTokenBalance { token: *token, amount: amount.clone() }
            }
            SpamRule::ContactsOnly => Self::ContactsOnly,
            SpamRule::Deposit(terms) => Self::Deposit(terms.clone()),
            SpamRule::Other(_) => Self::Other,
        }
    }
}

/// What there is to ask about an account.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Question {
    Nonce,
    Balance,
    Token(Address),
}

/// Checks rules.
pub struct Spam {
    answers: Recent<(Address, Question), Amount>,
    deposits: Deposits,
}

impl Spam {
    /// With deposits on the chain with this number.
    pub fn new(chain_id: u64) -> Self {
        Self { answers: Recent::new(REMEMBERED_ANSWERS, REMEMBERED), deposits: Deposits::new(chain_id) }
    }

    /// Whether a message of this sender to this receiver passes, with the voucher that came along.
    ///
    /// # Errors
    /// [`Unsure`] if the chain or the database can't be asked: whether it passes is not known then.
    pub async fn check(
        &self,
        chain: &Chain,
        store: &dyn Store,
        settings: &Settings,
        sender: Sender,
        receiver: Address,
        voucher: Option<&SignedVoucher>,
    ) -> Result<Result<(), Refusal>, Unsure> {
        if !settings.has_rules() {
            return Ok(Ok(()));
        }
        let Sender::Verified(sender) = sender else { return Ok(Err(Refusal::Unverified)) };
        if settings.deny.iter().any(|entry| entry.address == sender) {
            return Ok(Err(Refusal::Denied));
        }
        if settings.allows(sender) {
            return Ok(Ok(()));
        }
        if settings.rules.contains(&SpamRule::ContactsOnly) {
            return Ok(Err(Refusal::ContactsOnly));
        }
        let letter = Letter { sender, receiver, voucher };
        tokio::time::timeout(TIME, self.standing(chain, store, &settings.rules, letter))
            .await
            .map_err(|_| ChainError::Timeout)?
    }

    /// Asks what each rule needs, one after another, up to the first that is not met.
    async fn standing(
        &self,
        chain: &Chain,
        store: &dyn Store,
        rules: &[SpamRule],
        letter: Letter<'_>,
    ) -> Result<Result<(), Refusal>, Unsure> {
        let sender = letter.sender;
        for rule in rules {
            let mut standing = Standing::default();
            match rule {
                SpamRule::MinNonce(_) => {
                    let nonce = self.ask(chain, sender, Question::Nonce).await?;
                    standing.nonce = nonce.as_str().parse().ok();
                }
                SpamRule::MinBalance(_) => {
                    standing.balance = Some(self.ask(chain, sender, Question::Balance).await?);
                }
                SpamRule::MinTokenBalance { token, .. } => {
                    let held = self.ask(chain, sender, Question::Token(*token)).await?;
                    standing.tokens.push((*token, held));
                }
                SpamRule::ContactsOnly => standing.is_contact = Some(false),
                SpamRule::Deposit(terms) => {
                    let met = self.deposits.check(chain, store, terms, letter).await?;
                    standing.deposits.push((terms.clone(), met));
                }
                SpamRule::Other(_) => {}
            }
            if rule.check(&standing) != Verdict::Met {
                return Ok(Err(Refusal::of(rule)));
            }
        }
        Ok(Ok(()))
    }

    async fn ask(&self, chain: &Chain, account: Address, question: Question) -> Result<Amount, ChainError> {
        let key = (account, question);
        if let Some(answer) = self.answers.get(&key) {
            return Ok(answer);
        }
        let answer = match question {
            Question::Nonce => chain.nonce(account).await?,
            Question::Balance => chain.balance(account).await?,
            Question::Token(token) => chain.token_balance(token, account).await?,
        };
        self.answers.insert(key, answer.clone());
        Ok(answer)
    }
}
