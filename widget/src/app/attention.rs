//! Payments for answers in the open conversation: what its peer looks at first, what the account offered them, and what they
//! offered. And the requests in the order of what is offered with them.
//!
//! ```text
//! newest messages, what the account remembers ──▶ payments ──chain──▶ what is held ──▶ State::attention, State::ranked
//! ```

use std::cmp::Reverse;

use dm3_core::attention::{Minimum, Payment};
use dm3_core::conversation::ConversationId;
use dm3_core::delivery::ProfileExtension;
use dm3_core::device::{Lane, Trust};
use dm3_core::identity::Address;
use dm3_core::message::{Kind, MessageHash, SignedMessage};
use dm3_core::ports::Clock as _;
use dm3_core::session::{Fate, StakeError, Token};

use super::command::{AttentionAsk, FilesAsk};
use super::driver::Active;
use super::minimum;
use super::outbox::{conditions, has_files, send};
use super::platform::Platform;
use super::stake::{Failure, wallet};
use super::state::{Apart, Ranked};
use super::steps::AttentionSteps;

/// For how many days an answer can be paid.
pub const DAYS: u64 = 7;
const DAY: u64 = 24 * 60 * 60;
/// How many of the newest messages are looked at for payments.
const LOOK_BACK: usize = 60;
/// In how many of them what is settled is told.
const RECENT: usize = 12;
/// The most payments of one side that the chain is asked about.
const MOST_PAYMENTS: usize = 4;
/// The most requests that are put into order, and how long the chain is left alone then: milliseconds.
const MOST_RANKED: usize = 30;
const PAUSE: u32 = 5_000;
/// How long what was answered is waited for to be taken, at first, and at most: milliseconds.
const AGAIN: u32 = 2_000;
const LONGEST: u32 = 10 * 60_000;

/// Payments in a conversation, for [`State::attention`](super::state::State::attention).
#[derive(Clone, Debug, PartialEq)]
pub struct Payments {
    /// With whom it is.
    pub peer: Address,
    /// What the peer looks at first, for as long as they have not written.
    pub wanted: Option<(Minimum, Token)>,
    /// What the account offered them.
    pub given: Option<Known>,
    /// It goes along with what is written next.
    pub pending: bool,
    /// What the peer offered, as the chain says.
    pub received: Option<Result<Known, StakeError>>,
    /// The message that answers it.
    pub answer: Option<MessageHash>,
    /// Something is being done.
    pub busy: bool,
    /// Why it was not done.
    pub failed: Option<Failure>,
}

/// A payment, as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Which one.
    pub payment: Payment,
    /// What became of it.
    pub fate: Fate,
    /// What it is of.
    pub token: Option<Token>,
}

/// What the newest messages of a conversation say of payments, the latest first.
#[derive(Default)]
struct Said {
    /// The peer's, with the message that answers each.
    theirs: Vec<(Payment, Option<MessageHash>)>,
    ours: Vec<Payment>,
    /// Those of both that are named in the last few.
    recent: Vec<[u8; 32]>,
    /// The peer has written.
    heard: bool,
}

impl<P: Platform> AttentionSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self { carry_out: |at, ask| Box::pin(carry_out(at, ask)) }
    }
}

impl<P: Platform> Default for AttentionSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

async fn carry_out<P: Platform>(at: Active<P>, ask: AttentionAsk) {
    match ask {
        AttentionAsk::Rank => return rank_all(&at).await,
        AttentionAsk::Asked => return minimum::look(at).await,
        AttentionAsk::AskFor(typed) => return minimum::typed(&at, &typed).await,
        AttentionAsk::AskNothing => return minimum::want(&at, None).await,
        _ => {}
    }
    let Some(peer) = at.open_peer() else { return };
    if ask == AttentionAsk::Look {
        look(&at, peer).await;
        go_on(&at, peer).await;
        return watch(&at, peer).await;
    }
    // Nothing is paid twice because somebody left the conversation and came back while the wallet asked them.
    let Some(payments) = shown(&at, peer).filter(|payments| !payments.busy) else { return };
    if !at.paying.borrow_mut().insert(peer) {
        return;
    }
    change(&at, peer, |payments| (payments.busy, payments.failed) = (true, None));
    let done = match ask {
        AttentionAsk::Offer => offer(&at, &payments).await,
        AttentionAsk::Answer(text) => answer(&at, peer, text).await,
        AttentionAsk::Take => take(&at, peer).await,
        AttentionAsk::GiveBack => give_back(&at, &payments).await,
        _ => Ok(()),
    };
    at.paying.borrow_mut().remove(&peer);
    look(&at, peer).await;
    change(&at, peer, |payments| (payments.busy, payments.failed) = (false, done.err()));
}

/// Goes on with what was sent to the chain and was not there yet, also by a start before.
async fn go_on<P: Platform>(at: &Active<P>, peer: Address) {
    let waits = at.session().sent_about_payments().await.unwrap_or_default();
    if waits.is_empty() || !at.paying.borrow_mut().insert(peer) {
        return;
    }
    change(at, peer, |payments| payments.busy = true);
    at.session().await_payments(&waits).await;
    at.paying.borrow_mut().remove(&peer);
    look(at, peer).await;
    change(at, peer, |payments| payments.busy = false);
}

/// Looks again, with longer waits each time, while the peer has answered and may take what the account offered: that it is
/// taken comes by no message.
async fn watch<P: Platform>(at: &Active<P>, peer: Address) {
    if !at.watched.borrow_mut().insert(peer) {
        return;
    }
    let mut wait = AGAIN;
    while wait <= LONGEST && at.open_peer() == Some(peer) && may_be_taken(at, peer).await {
        at.driver.platform.clock().sleep(wait).await;
        wait *= 2;
        look(at, peer).await;
    }
    at.watched.borrow_mut().remove(&peer);
}

/// Whether the peer has answered what the account offered, and has not taken it.
async fn may_be_taken<P: Platform>(at: &Active<P>, peer: Address) -> bool {
    let held = |payments: &Payments| matches!(payments.given, Some(Known { fate: Fate::Held(_), .. }));
    let offered = shown(at, peer).filter(held).is_some_and(|payments| !payments.pending);
    offered && said(at, peer).await.heard
}

/// Finds out how it stands with payments.
async fn look<P: Platform>(at: &Active<P>, peer: Address) {
    let said = said(at, peer).await;
    let wanted = if said.heard { None } else { wanted(at, peer).await };
    let given = given(at, peer, &said).await;
    let (received, answer) = match received(at, peer, &said).await {
        Some((received, answer)) => (Some(received), answer),
        None => (None, None),
    };
    let received = match received {
        Some(Ok((payment, fate))) => Some(Ok(known(at, payment, fate).await)),
        Some(Err(error)) => Some(Err(error)),
        None => None,
    };
    let pending = given.as_ref().filter(|(payment, fate)| {
        matches!(fate, Fate::Held(_)) && !said.ours.iter().any(|named| named == payment)
    });
    if at.open_peer() == Some(peer) {
        at.payment.replace(pending.map(|(payment, _)| (peer, payment.to_json())));
    }
    let pending = pending.is_some();
    let given = match given {
        Some((payment, fate)) => Some(known(at, payment, fate).await),
        None => None,
    };
    let busy = at.paying.borrow().contains(&peer);
    let failed = shown(at, peer).and_then(|before| before.failed);
    put(at, Payments { peer, wanted, given, pending, received, answer, busy, failed });
}

pub(super) async fn known<P: Platform>(at: &Active<P>, payment: Payment, fate: Fate) -> Known {
    let token = at.session().directory().token(payment.token).await.ok().flatten();
    Known { payment, fate, token }
}

/// What the newest messages say.
async fn said<P: Platform>(at: &Active<P>, peer: Address) -> Said {
    let mut said = Said::default();
    let page = at.session().page(ConversationId::Peer(peer), None, LOOK_BACK).await;
    let Ok(page) = page else { return said };
    let mut answer = None;
    for (place, message) in page.messages.iter().enumerate() {
        let (row, own) = (message.row(), message.row().lane == Lane::Out);
        let Ok(message) = SignedMessage::parse(&row.json) else { continue };
        let payment = message.payment();
        if place < RECENT {
            said.recent.extend(payment.as_ref().map(Payment::id));
        }
        let is_text = matches!(message.kind(), Kind::New | Kind::Reply);
        if own {
            said.ours.extend(payment);
            answer = if is_text { Some(row.hash.clone()) } else { answer };
        } else if row.lane == Lane::In {
            said.theirs.extend(payment.map(|payment| (payment, answer.clone())));
            said.heard |= is_text;
        }
    }
    said
}

/// What the peer looks at first, if the account could offer it.
async fn wanted<P: Platform>(at: &Active<P>, peer: Address) -> Option<(Minimum, Token)> {
    let told = conditions(at, ConversationId::Peer(peer));
    let wanted = told.iter().flat_map(|told| &told.extension).find_map(ProfileExtension::attention)?;
    let directory = at.session().directory();
    if wanted.amount == 0 || wanted.chain != directory.discovery().chain_id {
        return None;
    }
    let holds = directory.holds_payments(wanted.contract).await.ok()?;
    let token = directory.token(wanted.token).await.ok()??;
    holds.then_some((wanted, token))
}

/// The account's payment to the peer that is open, else the latest that was settled not long ago.
async fn given<P: Platform>(at: &Active<P>, peer: Address, said: &Said) -> Option<(Payment, Fate)> {
    let mut all = at.session().payments_to(peer).await.unwrap_or_default();
    // What another device made, and this one does not remember.
    let named = said.ours.iter().filter(|it| it.receiver == peer && !all.contains(it)).cloned();
    let named: Vec<_> = named.collect();
    all.extend(named);
    let mut settled = None;
    for payment in all.into_iter().take(MOST_PAYMENTS) {
        let Ok(fate) = at.session().given_payment(&payment).await else { continue };
        match fate {
            Fate::Held(_) | Fate::Late(_) => return Some((payment, fate)),
            Fate::None => {}
            Fate::Claimed | Fate::Back | Fate::Done => {
                if said.recent.contains(&payment.id()) {
                    settled.get_or_insert((payment, fate));
                }
            }
        }
    }
    settled
}

/// A payment with the message that answers it.
type Answered = (Result<(Payment, Fate), StakeError>, Option<MessageHash>);

/// The peer's payment that can be taken, else the latest, if they named one not long ago.
async fn received<P: Platform>(at: &Active<P>, peer: Address, said: &Said) -> Option<Answered> {
    let mut latest = None;
    for (payment, answer) in said.theirs.iter().take(MOST_PAYMENTS) {
        let fate = at.session().paid(payment, peer).await;
        let is_held = matches!(fate, Ok(Fate::Held(_)));
        let found = (fate.map(|fate| (payment.clone(), fate)), answer.clone());
        if is_held {
            return Some(found);
        }
        if said.recent.contains(&payment.id()) {
            latest.get_or_insert(found);
        }
    }
    latest
}

/// Offers the peer what they look at first.
async fn offer<P: Platform>(at: &Active<P>, payments: &Payments) -> Result<(), Failure> {
    let Some((wanted, _)) = &payments.wanted else { return Ok(()) };
    let wallet = wallet(at)?;
    at.session().offer(&wallet, wanted, payments.peer, DAYS * DAY).await?;
    at.engine.keep();
    Ok(())
}

/// Sends what was written, and takes the peer's payment for it. Whatever becomes of the payment, the answer is sent.
async fn answer<P: Platform>(at: &Active<P>, peer: Address, text: String) -> Result<(), Failure> {
    if !has_files(at) {
        send(at, peer, text, Vec::new()).await;
    } else if let Ok(steps) = (at.driver.later.files)().await {
        (steps.carry_out)(at.clone(), FilesAsk::Send(text).into()).await;
    }
    take(at, peer).await
}

/// Takes the peer's payment, if it was answered.
async fn take<P: Platform>(at: &Active<P>, peer: Address) -> Result<(), Failure> {
    let said = said(at, peer).await;
    let Some((Ok((payment, _)), Some(answer))) = received(at, peer, &said).await else { return Ok(()) };
    at.session().claim(&wallet(at)?, &payment, &answer).await?;
    at.engine.keep();
    Ok(())
}

/// Takes back what the peer did not take in time.
async fn give_back<P: Platform>(at: &Active<P>, payments: &Payments) -> Result<(), Failure> {
    let Some(given) = &payments.given else { return Ok(()) };
    at.session().give_back(&wallet(at)?, &given.payment).await?;
    at.engine.keep();
    Ok(())
}

/// Puts the requests into the order of what is offered with them; not oftener than the chain is to be asked.
async fn rank_all<P: Platform>(at: &Active<P>) {
    at.ranking.set(at.ranking.get() + 1);
    if at.ranking.get() > 1 {
        return;
    }
    loop {
        let asked = at.ranking.get();
        rank(at).await;
        at.driver.platform.clock().sleep(PAUSE).await;
        if at.ranking.get() == asked {
            break;
        }
    }
    at.ranking.set(0);
}

async fn rank<P: Platform>(at: &Active<P>) {
    let (session, state) = (at.session(), at.driver.state);
    let Ok(Some(wanted)) = session.wanted_attention().await else { return state.ranked.set(Vec::new()) };
    let strangers: Vec<Address> = state.conversations.with_untracked(|rows| {
        let requests = rows.iter().flatten().filter(|row| row.standing.trust == Trust::Requested);
        requests.take(MOST_RANKED).map(|row| row.peer.address).collect()
    });
    let token = session.directory().token(wanted.token).await.ok().flatten();
    let mut ranked = Vec::new();
    for peer in strangers {
        for (payment, _) in said(at, peer).await.theirs.iter().take(MOST_PAYMENTS) {
            // What does not count costs no question.
            if payment.is_fit(&wanted, peer, at.address(), session.now()).is_err() {
                continue;
            }
            if let Ok(Fate::Held(amount)) = session.paid(payment, peer).await
                && amount >= wanted.amount
            {
                ranked.push((amount, peer));
                break;
            }
        }
    }
    ranked.sort_by_key(|(amount, _)| Reverse(*amount));
    let row = |(amount, peer)| Ranked { peer, amount, token: token.clone() };
    state.ranked.set(ranked.into_iter().map(row).collect());
}

fn shown<P: Platform>(at: &Active<P>, peer: Address) -> Option<Payments> {
    let shown = at.driver.state.attention.with_untracked(|it| it.shown::<Payments>().cloned());
    shown.filter(|payments| payments.peer == peer)
}

fn change<P: Platform>(at: &Active<P>, peer: Address, change: impl FnOnce(&mut Payments)) {
    let Some(mut payments) = shown(at, peer) else { return };
    change(&mut payments);
    put(at, payments);
}

fn put<P: Platform>(at: &Active<P>, payments: Payments) {
    if at.open_peer() == Some(payments.peer) && shown(at, payments.peer).as_ref() != Some(&payments) {
        at.driver.state.attention.set(Apart::new(payments, 1));
    }
}
