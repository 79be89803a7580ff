//! What the account has in contracts, found by what the chain's logs say: for who comes without what their devices knew.
//!
//! ```text
//! contract ──▶ of deposits: events of the account ──▶ keys ──depositOf──▶ remembered
//!         └──▶ of payments: events of the account ──▶ ids ──payments──▶ held ──the transaction's input──▶ remembered
//! ```
//!
//! All blocks are asked for first; where that is refused, as many as nodes look through, the latest first. Nothing of an answer is
//! believed: the contract says what is there, and a payment is proven by its id. An answer that can't be all is none.

use super::{Session, StakeError};
use crate::attention::PaymentState;
use crate::delivery::SpamRule;
use crate::identity::Address;
use crate::ports::{Ports, StoreError, Unreachable};
use crate::registry::deposits::Deposited;
use crate::registry::json_rpc::{
    Blocks, MOST_BLOCKS, RpcError, block_body, latest_block_body, parse_block_time, parse_input,
    parse_quantity, transaction_body,
};
use crate::registry::{TransactionHash, attention, deposits};
use crate::web::Outage;

/// How many blocks are asked for at once: all, and where that is refused, fewer.
const WIDTHS: [u64; 3] = [u64::MAX, 10 * MOST_BLOCKS, MOST_BLOCKS];
/// How many stretches of blocks are looked through before somebody has to ask for more.
const MOST_STRETCHES: usize = 12;
/// The most deposits, or payments, of an answer: for each of them the contract is asked.
const MOST_FOUND: usize = 64;
/// The most of them that are remembered at once: contracts that lie shall not crowd out what is there.
const MOST_NEW: usize = 16;
/// The most contracts that are looked at.
const MOST_CONTRACTS: usize = 8;

/// How far a contract was looked through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searched {
    /// Which one.
    pub contract: Address,
    /// Since when it was, in milliseconds since 1970; `None`: all of it.
    pub since: Option<u64>,
    /// How many payments are held of which nobody who was asked knows how to have them back.
    pub unread: usize,
    /// The last of the blocks that were not, and in how large stretches they are asked for.
    pub rest: Option<(u64, usize)>,
}

impl Searched {
    /// All of a contract, and there was nothing.
    pub const fn new(contract: Address) -> Self {
        Self { contract, since: None, unread: 0, rest: None }
    }
}

/// What a contract holds.
#[derive(Clone, Copy)]
enum Holds {
    Deposits,
    Payments,
}

impl<P: Ports> Session<P> {
    /// The contracts in which the account may have something, as far as that can be known: those that it, its node and its own
    /// demands name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn contracts_to_search(&self) -> Result<Vec<Address>, StoreError> {
        let mut all: Vec<Address> = Vec::new();
        let in_use = self.contracts_in_use().await?;
        let minima = self.minima().await?.into_iter().map(|minimum| minimum.contract);
        // What a node of another kind does not tell is not looked at.
        let mut of_node = self.relayed_burns().await.map(|told| told.contracts).unwrap_or_default();
        let room = self.room().await.ok().and_then(|room| room.more);
        of_node.extend(room.map(|more| more.stake.terms.contract));
        let demands = self.own_demands().await.ok().flatten().unwrap_or_default();
        let demanded = demands.iter().filter_map(|rule| match rule {
            SpamRule::Deposit(terms) => Some(terms.contract),
            _ => None,
        });
        for contract in of_node.into_iter().chain(demanded).chain(minima).chain(in_use) {
            if !all.contains(&contract) && all.len() < MOST_CONTRACTS {
                all.push(contract);
            }
        }
        Ok(all)
    }

    /// Those of them in which the account has, or had, something that it knows of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn contracts_in_use(&self) -> Result<Vec<Address>, StoreError> {
        let mut all: Vec<_> =
            self.remembered_deposits().await?.into_iter().map(|(contract, _)| contract).collect();
        all.extend(self.payments().await?.into_iter().map(|payment| payment.contract));
        Ok(all)
    }

    /// Looks through the chain for what the account has in a contract, or further back than `before`, and remembers what is
    /// there. Nothing if the contract holds neither deposits nor payments.
    ///
    /// # Errors
    /// [`StakeError::Unreachable`] if that can't be found out now; what was found before is remembered.
    pub async fn search_chain(
        &self,
        contract: Address,
        before: Option<&Searched>,
    ) -> Result<Option<Searched>, StakeError> {
        match self.holds(contract).await? {
            Some(holds) => self.search(holds, contract, before).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same for deposits alone, at a contract that somebody else named.
    ///
    /// # Errors
    /// As [`Self::search_chain`].
    pub async fn find_deposits(&self, contract: Address) -> Result<Searched, StakeError> {
        self.search(Holds::Deposits, contract, None).await
    }

    async fn search(
        &self,
        holds: Holds,
        contract: Address,
        before: Option<&Searched>,
    ) -> Result<Searched, StakeError> {
        let mut unread = before.map_or(0, |before| before.unread);
        let (mut last, mut width) = match before {
            Some(Searched { rest: None, .. }) => return Ok(Searched { unread, ..Searched::new(contract) }),
            Some(Searched { rest: Some(rest), .. }) => *rest,
            None => (self.answer_of(parse_quantity(&self.ask_chain(latest_block_body()).await?))?, 0),
        };
        let mut first = None;
        let mut stretches = 0;
        while stretches < MOST_STRETCHES {
            let Some(count) = WIDTHS.get(width) else { break };
            let blocks = Blocks::so_many(last, *count);
            match self.events(holds, contract, blocks).await {
                Ok(events) => {
                    if before.is_none() && stretches == 0 && blocks.first() == 0 {
                        self.check_all(contract, &events).await?;
                    }
                    unread += self.take_up(contract, events).await?;
                }
                // Too many for this node: fewer. Once it is as few as all take, it does not tell.
                Err(StakeError::Unreachable(_)) if width + 1 < WIDTHS.len() => {
                    width += 1;
                    continue;
                }
                // What was looked through before is told all the same; who asks for more is told of this.
                Err(StakeError::Unreachable(_)) if first.is_some() => break,
                Err(error) => return Err(error),
            }
            stretches += 1;
            first = Some(blocks.first());
            match blocks.first().checked_sub(1) {
                Some(next) => last = next,
                None => return Ok(Searched { unread, ..Searched::new(contract) }),
            }
        }
        let time = parse_block_time(&self.ask_chain(block_body(first.unwrap_or(last))).await?);
        let since = Some(self.answer_of(time)?.saturating_mul(1000));
        Ok(Searched { contract, since, unread, rest: Some((last, width)) })
    }

    async fn holds(&self, contract: Address) -> Result<Option<Holds>, StakeError> {
        let token = deposits::token(&self.ask_contract(contract, deposits::token_call()).await?);
        if token.is_some() {
            return Ok(Some(Holds::Deposits));
        }
        Ok(self.directory.holds_payments(contract).await?.then_some(Holds::Payments))
    }

    /// What the chain tells of the account in some blocks.
    async fn events(&self, holds: Holds, contract: Address, blocks: Blocks) -> Result<Events, StakeError> {
        let own = self.account;
        let events = match holds {
            Holds::Deposits => {
                let told = self.ask_chain(deposits::own_body(contract, own, blocks)).await?;
                Events::Deposits(self.answer_of(deposits::parse_own(&told, contract, own, blocks))?)
            }
            Holds::Payments => {
                let told = self.ask_chain(attention::own_body(contract, own, blocks)).await?;
                Events::Payments(self.answer_of(attention::parse_own(&told, contract, own, blocks))?)
            }
        };
        let many = match &events {
            Events::Deposits(keys) => keys.len(),
            Events::Payments(ids) => ids.len(),
        };
        if many > MOST_FOUND { Err(self.away(Outage::TooLarge).into()) } else { Ok(events) }
    }

    /// Whether what is told of all blocks has the deposits in it of which the account knows, so that it can be all.
    async fn check_all(&self, contract: Address, told: &Events) -> Result<(), StakeError> {
        let Events::Deposits(keys) = told else { return Ok(()) };
        let known = self.remembered_deposits().await?.into_iter();
        for (_, key) in known.filter(|(at, key)| *at == contract && !keys.contains(key)) {
            let call = deposits::deposit_of_call(self.account, key);
            let standing = deposits::deposited(&self.ask_contract(contract, call).await?);
            if matches!(standing, Some(Deposited::Open { .. } | Deposited::Leaving { .. })) {
                return Err(self.away(Outage::Garbled).into());
            }
        }
        Ok(())
    }

    /// Remembers what the contract holds of it. Tells how many payments are held that can't be read.
    async fn take_up(&self, contract: Address, events: Events) -> Result<usize, StakeError> {
        let (mut unread, mut new) = (0, 0);
        let mut is_one_more = || {
            new += 1;
            if new > MOST_NEW { Err(self.away(Outage::TooLarge)) } else { Ok(()) }
        };
        match events {
            Events::Deposits(keys) => {
                let known = self.remembered_deposits().await?;
                for key in keys.into_iter().filter(|key| !known.contains(&(contract, *key))) {
                    let call = deposits::deposit_of_call(self.account, key);
                    match deposits::deposited(&self.ask_contract(contract, call).await?) {
                        Some(Deposited::Open { .. } | Deposited::Leaving { .. }) => {
                            is_one_more()?;
                            self.remember_found(contract, key).await?;
                        }
                        Some(Deposited::Closed) => {}
                        // It was deposited, the events say; the contract does not.
                        Some(Deposited::None) | None => return Err(self.away(Outage::Garbled).into()),
                    }
                }
            }
            Events::Payments(ids) => {
                let known: Vec<_> =
                    self.payments().await?.iter().map(crate::attention::Payment::id).collect();
                for (id, transaction) in ids.into_iter().filter(|(id, _)| !known.contains(id)) {
                    let answer = self.ask_contract(contract, attention::held_call(id)).await?;
                    match attention::payment(&answer) {
                        Some(PaymentState::Held(_)) => {
                            is_one_more()?;
                            unread += usize::from(!self.read_payment(contract, id, transaction).await?);
                        }
                        Some(PaymentState::Done) => {}
                        Some(PaymentState::None) | None => return Err(self.away(Outage::Garbled).into()),
                    }
                }
            }
        }
        Ok(unread)
    }

    /// Remembers a payment as the transaction has it that offered it. False if it can't be read there.
    async fn read_payment(
        &self,
        contract: Address,
        id: [u8; 32],
        transaction: TransactionHash,
    ) -> Result<bool, StakeError> {
        let told = self.ask_chain(transaction_body(transaction)).await?;
        let input = self.answer_of(parse_input(&told, transaction))?.unwrap_or_default();
        let at = (self.directory.discovery().chain_id, contract);
        match attention::payment_in(&input, at, self.account, id) {
            Some(payment) => self.remember_payment(payment).await.map(|()| true).map_err(StakeError::from),
            None => Ok(false),
        }
    }

    /// What a node's answer says, which can't be found out now if it is none.
    pub(super) fn answer_of<T>(&self, answer: Result<T, RpcError>) -> Result<T, StakeError> {
        answer.map_err(|error| self.chain_failed(error).into())
    }

    /// What an unusable answer of the chain says of it.
    pub(super) fn chain_failed(&self, error: RpcError) -> Unreachable {
        self.away(match error {
            RpcError::Form => Outage::Garbled,
            RpcError::TooLarge => Outage::TooLarge,
            RpcError::Node(said) => Outage::Failed(said),
        })
    }

    fn away(&self, outage: Outage) -> Unreachable {
        Unreachable { host: self.directory.discovery().rpc_url.authority().to_owned(), outage }
    }
}

/// What the chain tells of an account at a contract, the latest first.
enum Events {
    /// The keys of its deposits.
    Deposits(Vec<Address>),
    /// The ids of its payments, and the transactions that offered them.
    Payments(Vec<([u8; 32], TransactionHash)>),
}
