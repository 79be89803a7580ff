//! What the open conversation's peer demands of those who write; and what is at stake there: what its peer asks for, what the
//! account has deposited for that, and what the peer has at stake with what they wrote.

use dm3_core::conversation::ConversationId;
use dm3_core::delivery::SpamRule;
use dm3_core::deposit::{MOST_SLOTS, SignedVoucher, Terms, epoch_of};
use dm3_core::device::Lane;
use dm3_core::identity::Address;
use dm3_core::message::SignedMessage;
use dm3_core::ports::Clock as _;
use dm3_core::registry::deposits::Deposited;
use dm3_core::seal::json::integer;
use dm3_core::session::{Askable, BurnRecord, OwnDeposit, StakeError, Staked, Token};
use serde_json::Value;

use super::command::StakeAsk;
use super::driver::Active;
use super::outbox::conditions;
use super::platform::Platform;
use super::state::Apart;
use super::steps::StakeSteps;
use super::thread::update_thread;

/// How many of the newest messages are looked at for a voucher.
const LOOK_BACK: usize = 60;
/// How often, and with what pauses in milliseconds, it is looked whether the node has burned something.
const LOOKS: usize = 30;
const PAUSE: u32 = 2_000;

/// What is at stake, for [`State::stake`](super::state::State::stake).
#[derive(Clone, Debug, PartialEq)]
pub struct Stakes {
    /// In the conversation with whom.
    pub peer: Address,
    /// What the peer demands to be at stake.
    pub terms: Option<Terms>,
    /// What is at stake.
    pub token: Option<Token>,
    /// A voucher goes along with what is written.
    pub promised: bool,
    /// What the account has at stake could not be found out: what stands here of it is from before.
    pub unknown: bool,
    /// What the peer has burned lately, as far as that is known. The outer `None` while it is looked up.
    pub record: Option<Option<BurnRecord>>,
    /// For how many people a deposit is to be enough.
    pub people: u16,
    /// The account's deposits where the peer wants one, the latest first.
    pub deposits: Vec<OwnDeposit>,
    /// What became of the voucher that was given last.
    pub given: Option<Staked>,
    /// What the peer has at stake with their last voucher.
    pub received: Option<Result<Staked, StakeError>>,
    /// The week of now, as the chain's clock says.
    pub epoch: u64,
    /// It is asked whether it is to be burned.
    pub asked: bool,
    /// Something is being done.
    pub busy: bool,
    /// Why it was not done.
    pub failed: Option<Failure>,
}

/// Why something about a stake, or a payment, was not done.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The account's wallet is not in this page.
    NoWallet,
    /// Anything else.
    Stake(StakeError),
}

impl From<StakeError> for Failure {
    fn from(error: StakeError) -> Self {
        Self::Stake(error)
    }
}

impl<P: Platform> StakeSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self {
            carry_out: |at, ask| Box::pin(carry_out(at, ask)),
            is_promised_now: |at, peer| Box::pin(is_promised_now(at, peer)),
        }
    }
}

impl<P: Platform> Default for StakeSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

async fn carry_out<P: Platform>(at: Active<P>, ask: StakeAsk) {
    if let Some(peer) = at.open_peer() {
        carry_out_with(at, peer, ask).await;
    }
}

async fn carry_out_with<P: Platform>(at: Active<P>, peer: Address, ask: StakeAsk) {
    match ask {
        StakeAsk::Look => return look(&at, peer).await,
        StakeAsk::Demands => return demands(&at, peer).await,
        StakeAsk::Doubt | StakeAsk::Keep => {
            return change(&at, peer, |stakes| stakes.asked = ask == StakeAsk::Doubt);
        }
        StakeAsk::Reach(people) => return change(&at, peer, |stakes| stakes.people = people),
        _ => {}
    }
    let Some(stakes) = shown(&at, peer).filter(|stakes| !stakes.busy) else { return };
    change(&at, peer, |stakes| (stakes.busy, stakes.failed) = (true, None));
    let done = match ask {
        StakeAsk::Stake => stake(&at, &stakes).await,
        StakeAsk::Renew => renew(&at, &stakes).await,
        StakeAsk::Burn => burn(&at, &stakes).await,
        StakeAsk::Leave(key) => leave(&at, &stakes, key).await,
        StakeAsk::Look | StakeAsk::Demands | StakeAsk::Doubt | StakeAsk::Keep | StakeAsk::Reach(_) => Ok(()),
    };
    look(&at, peer).await;
    change(&at, peer, |stakes| (stakes.busy, stakes.failed, stakes.asked) = (false, done.err(), false));
}

/// Finds out what the peer demands of those who write, and whether the account meets it.
async fn demands<P: Platform>(at: &Active<P>, peer: Address) {
    let conversation = ConversationId::Peer(peer);
    let demands = at.session().demands(conversation, &conditions(at, conversation)).await;
    update_thread(at, peer, |thread| thread.demands = demands);
}

/// Finds out what is at stake.
async fn look<P: Platform>(at: &Active<P>, peer: Address) {
    let before = shown(at, peer);
    let terms = at.driver.state.thread.with_untracked(|thread| {
        let demands = thread.as_ref().map(|thread| thread.demands.as_slice()).unwrap_or_default();
        demands.iter().find_map(|demand| match &demand.rule {
            SpamRule::Deposit(terms) => Some(terms.clone()),
            _ => None,
        })
    });
    let epoch = epoch_of(at.session().now());
    let empty = Stakes {
        peer,
        terms: terms.clone(),
        token: None,
        promised: false,
        unknown: false,
        record: None,
        people: 1,
        deposits: Vec::new(),
        given: None,
        received: None,
        epoch,
        asked: false,
        busy: false,
        failed: None,
    };
    let mut stakes = Stakes { terms: terms.clone(), ..before.unwrap_or(empty) };
    put(at, stakes.clone());
    let (received, given) = vouchers(at, peer).await;
    let contract = terms.as_ref().map(|terms| terms.contract);
    let contract = contract.or_else(|| received.as_ref().map(SignedVoucher::contract));
    let session = at.session();
    if let Some(Ok(Some(Askable::Deposits { token, .. }))) = match contract {
        Some(contract) => Some(session.directory().askable(contract).await),
        None => None,
    } {
        stakes.token = Some(token);
    }
    stakes.received = match received {
        Some(voucher) => Some(session.staked(voucher, peer).await),
        None => None,
    };
    stakes.given = match given {
        Some(voucher) => session.given(voucher, peer).await.ok(),
        None => None,
    };
    if let Some(terms) = &terms {
        stakes.epoch = session.epoch_at(terms.contract).await.unwrap_or(epoch);
        match own(at, terms, peer, epoch).await {
            Ok((deposits, promised)) => {
                (stakes.deposits, stakes.promised, stakes.unknown) = (deposits, promised, false);
                if !promised {
                    // What was promised is burned, or its week is over.
                    at.voucher.take();
                }
            }
            Err(_) => stakes.unknown = true,
        }
    }
    change(at, peer, |shown| {
        let (asked, busy, failed, people) = (shown.asked, shown.busy, shown.failed.clone(), shown.people);
        *shown = Stakes { asked, busy, failed, people, ..stakes };
    });
    let Some(terms) = terms.filter(|_| shown(at, peer).is_some_and(|stakes| stakes.record.is_none())) else {
        return;
    };
    // Once while the conversation is open: it does not change that soon, and nothing waits for it.
    let record = session.burn_record(terms.contract, peer).await.ok();
    change(at, peer, |stakes| stakes.record = Some(record));
    let knows_none = shown(at, peer).is_some_and(|stakes| !stakes.unknown && stakes.deposits.is_empty());
    if knows_none && session.find_deposits(terms.contract).await.is_ok() {
        // What no device knew any more: it stands here with its way back.
        let found = own(at, &terms, peer, epoch).await.map(|(found, _)| found).unwrap_or_default();
        at.engine.keep();
        change(at, peer, |stakes| stakes.deposits = found);
    }
}

/// The account's deposits where the peer wants one, and whether something of them is promised to the peer in this week.
async fn own<P: Platform>(
    at: &Active<P>,
    terms: &Terms,
    peer: Address,
    epoch: u64,
) -> Result<(Vec<OwnDeposit>, bool), StakeError> {
    let all = at.session().own_deposits().await?.into_iter();
    let deposits: Vec<_> = all.filter(|own| own.contract == terms.contract).collect();
    let promises = deposits.iter().flat_map(|own| &own.promises);
    let is_promised = { promises }.any(|promise| promise.receiver == peer && promise.epoch == epoch);
    let promised = match is_promised {
        true => promise(at, terms, peer).await,
        false => return Ok((deposits, false)),
    };
    match promised {
        Err(error) if passes(&error) => Err(error),
        promised => Ok((deposits, promised.is_ok())),
    }
}

/// Whether it is only now that something is not known.
pub const fn passes(error: &StakeError) -> bool {
    matches!(error, StakeError::Unreachable(_) | StakeError::Home(_) | StakeError::Store(_))
}

/// The newest voucher of the peer, and the newest that was given to them.
async fn vouchers<P: Platform>(
    at: &Active<P>,
    peer: Address,
) -> (Option<SignedVoucher>, Option<SignedVoucher>) {
    let page = at.session().page(ConversationId::Peer(peer), None, LOOK_BACK).await;
    let Ok(page) = page else { return (None, None) };
    let mut found = (None, None);
    for message in &page.messages {
        let Some(voucher) = SignedMessage::parse(&message.row().json).ok().and_then(|it| it.voucher()) else {
            continue;
        };
        let place = if message.row().lane == Lane::Out { &mut found.1 } else { &mut found.0 };
        place.get_or_insert(voucher);
    }
    found
}

/// Promises what the peer demands, of a deposit that is made or topped up if need be.
async fn stake<P: Platform>(at: &Active<P>, stakes: &Stakes) -> Result<(), Failure> {
    let Some(terms) = &stakes.terms else { return Ok(()) };
    match promise(at, terms, stakes.peer).await {
        Err(StakeError::TooFew) => {
            let wallet = wallet(at)?;
            at.session().deposit(&wallet, terms.contract, deposit_for(terms, stakes.people)).await?;
            Ok(promise(at, terms, stakes.peer).await?)
        }
        promised => Ok(promised?),
    }
}

/// Whether what was promised to the peer, if something was, holds in the week of now: if that voucher's week is over, another
/// one takes its place.
async fn is_promised_now<P: Platform>(at: Active<P>, peer: Address) -> bool {
    let epoch = epoch_of(at.session().now());
    let is_over = |voucher: &Value| integer(&voucher["epoch"]).is_none_or(|given| given < epoch);
    let is_old = at.voucher.borrow().as_ref().is_some_and(|(of, voucher)| *of == peer && is_over(voucher));
    if !is_old {
        return true;
    }
    carry_out_with(at.clone(), peer, StakeAsk::Renew).await;
    at.voucher.borrow().as_ref().is_some_and(|(of, voucher)| *of == peer && !is_over(voucher))
}

/// Promises anew what was promised in a week that is over, of the deposit that is there: nothing more is deposited.
async fn renew<P: Platform>(at: &Active<P>, stakes: &Stakes) -> Result<(), Failure> {
    at.voucher.take();
    let Some(terms) = &stakes.terms else { return Ok(()) };
    Ok(promise(at, terms, stakes.peer).await?)
}

/// How much is deposited for so many receivers: half of it is for each other week.
pub fn deposit_for(terms: &Terms, people: u16) -> u128 {
    terms.stake().unwrap_or(u128::MAX).saturating_mul(2).saturating_mul(people.into())
}

/// For how many people a deposit can be enough, of which a person may choose.
pub fn reaches(terms: &Terms) -> impl Iterator<Item = u16> {
    let most = MOST_SLOTS / terms.slots.max(1);
    [1, 3, 10].into_iter().filter(move |people| *people <= most)
}

/// What is written goes along with a voucher from now on.
async fn promise<P: Platform>(at: &Active<P>, terms: &Terms, peer: Address) -> Result<(), StakeError> {
    let voucher = at.session().promise(terms, peer).await?;
    at.voucher.replace(Some((peer, voucher.to_json())));
    Ok(())
}

/// Burns what the peer staked: by the node where it does so, else by a transaction.
async fn burn<P: Platform>(at: &Active<P>, stakes: &Stakes) -> Result<(), Failure> {
    let Some(Ok(staked)) = &stakes.received else { return Ok(()) };
    let (session, wallet) = (at.session(), wallet(at)?);
    let contract = staked.voucher.voucher().contract;
    let relayed = session.relayed_burns().await.is_ok_and(|told| told.contracts.contains(&contract));
    if !relayed {
        return Ok(session.burn_staked(&wallet, staked).await?);
    }
    session.burn_by_node(&wallet, staked).await?;
    let voucher = staked.voucher.voucher().clone().signed(staked.voucher.signature().to_owned());
    for _ in 0..LOOKS {
        let now = session.staked(voucher.clone(), stakes.peer).await;
        if now.is_ok_and(|now| now.burned > staked.burned) {
            break;
        }
        at.driver.platform.clock().sleep(PAUSE).await;
    }
    Ok(())
}

/// Announces that a deposit is to come back, or takes it back once that is so far.
async fn leave<P: Platform>(at: &Active<P>, stakes: &Stakes, key: Address) -> Result<(), Failure> {
    let Some(own) = stakes.deposits.iter().find(|own| own.key == key) else { return Ok(()) };
    take_back(at, own).await?;
    if at.voucher.borrow().is_none() {
        change(at, stakes.peer, |stakes| stakes.promised = false);
    }
    Ok(())
}

/// The same for a deposit that is told of elsewhere. What is written goes along with no voucher from the announcement on.
pub(super) async fn take_back<P: Platform>(at: &Active<P>, own: &OwnDeposit) -> Result<(), Failure> {
    let (session, wallet) = (at.session(), wallet(at)?);
    match own.standing {
        Deposited::Open { .. } => {
            session.leave_deposit(&wallet, own.contract, own.key).await?;
            at.voucher.take();
        }
        Deposited::Leaving { .. } => session.withdraw_deposit(&wallet, own.contract, own.key).await?,
        Deposited::None | Deposited::Closed => {}
    }
    Ok(())
}

/// The account's wallet.
pub(super) fn wallet<P: Platform>(at: &Active<P>) -> Result<P::Wallet, Failure> {
    let id = at.driver.who().and_then(|who| who.wallet);
    id.and_then(|id| at.driver.platform.wallet(&id)).ok_or(Failure::NoWallet)
}

fn shown<P: Platform>(at: &Active<P>, peer: Address) -> Option<Stakes> {
    let shown = at.driver.state.stake.with_untracked(|stake| stake.shown::<Stakes>().cloned());
    shown.filter(|stakes| stakes.peer == peer)
}

fn change<P: Platform>(at: &Active<P>, peer: Address, change: impl FnOnce(&mut Stakes)) {
    let Some(mut stakes) = shown(at, peer) else { return };
    let before = stakes.clone();
    change(&mut stakes);
    if stakes != before {
        put(at, stakes);
    }
}

fn put<P: Platform>(at: &Active<P>, stakes: Stakes) {
    if at.open_peer() == Some(stakes.peer) {
        at.driver.state.stake.set(Apart::new(stakes, 1));
    }
}
