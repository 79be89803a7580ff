//! Names of people: found, and checked for as long as they are shown.

use dm3_core::conversation::ConversationId;
use dm3_core::identity::Address;
use dm3_core::ports::Clock as _;
use dm3_core::session::NameStanding;

use super::beside;
use super::conversations::{person, refresh_row};
use super::driver::Active;
use super::own::devices;
use super::platform::Platform;
use super::received;
use super::records::add;
use super::state::Person;
use super::steps::PeopleSteps;
use super::thread::{check_peer, refresh_thread, update_thread};
use super::times;
use super::welcome;

/// How often the name of the open conversation's peer is checked: milliseconds.
const WHILE_OPEN: u32 = 60_000;
/// How many names of the list are checked at once when somebody enters: more than a panel shows.
const AT_FIRST: usize = 20;
/// How long the next one is waited for after that, so that nobody's Ethereum node is asked for hundreds of names in a
/// row: milliseconds.
const ONE_AFTER_THE_OTHER: u32 = 2_000;

/// How long a name that could not be looked up is waited for at first, and at most: milliseconds.
const TRY_AGAIN: (u32, u32) = (2_000, WHILE_OPEN);

impl<P: Platform> PeopleSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self {
            learn_own_name: |at| Box::pin(learn_own_name(at)),
            check_names: |at| Box::pin(check_names(at)),
            follow_time: |at| Box::pin(times::follow(at)),
            look_at_time: |at| {
                times::look(at);
            },
            name_peers: |at, wrote| Box::pin(name_peers(at, wrote)),
            watch_name: |at| Box::pin(watch_name(at)),
            accept_profile: |at, peer| Box::pin(accept_profile(at, peer)),
            learn_conditions: |at| Box::pin(beside::learn_conditions(at)),
            decide: |at, peer, decision| Box::pin(beside::decide(at, peer, decision)),
            name_welcome: |at| Box::pin(welcome::name_welcome(at)),
            received: |at, new| Box::pin(received::received(at, new)),
            sent: |at, hash| Box::pin(received::sent(at, hash)),
            obey: |at| Box::pin(devices::obey(at)),
            seen: |at, conversation, count| Box::pin(received::seen(at, conversation, count)),
        }
    }
}

impl<P: Platform> Default for PeopleSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

/// Finds the own name. Without one the address is shown; the connection's own state tells about the network.
async fn learn_own_name<P: Platform>(at: Active<P>) {
    let address = at.address();
    let mut waits = waits();
    loop {
        match at.session().directory().primary_name(address).await {
            Ok(Some(name)) => {
                let (name, standing) = (Some(name.to_string()), NameStanding::Checked);
                return at.driver.state.account.set(Some(Person { address, name, standing }));
            }
            Err(error) if error.is_temporary() => wait(&at, &mut waits).await,
            Ok(None) | Err(_) => return,
        }
    }
}

/// Finds the names of peers who wrote, where there are none here. Each is looked up once, and again for as long as the
/// network does not answer.
async fn name_peers<P: Platform>(at: Active<P>, wrote: Vec<ConversationId>) {
    let mut missing = wrote;
    missing.retain(|peer| add(&mut at.named.borrow_mut(), *peer));
    let mut waits = waits();
    loop {
        let mut unanswered = Vec::new();
        for conversation in missing {
            if !name_peer(&at, conversation).await {
                unanswered.push(conversation);
            }
        }
        if unanswered.is_empty() {
            return;
        }
        missing = unanswered;
        wait(&at, &mut waits).await;
    }
}

/// Finds one name, if it is missing, and shows it. Tells whether that is settled.
async fn name_peer<P: Platform>(at: &Active<P>, conversation: ConversationId) -> bool {
    let contact = match at.session().contact(conversation).await {
        Ok(contact) => contact,
        Err(error) => {
            at.storage_failed(error);
            return true;
        }
    };
    if contact.is_none_or(|contact| contact.name.is_some()) {
        return true;
    }
    let name = match at.session().learn_name(conversation).await {
        Ok(Some(name)) => name,
        Ok(None) => return true,
        Err(error) => return !error.is_temporary(),
    };
    let shown = person(at, conversation, Some(&name));
    update_thread(at, shown.address, |thread| thread.peer = shown.clone());
    refresh_row(at, conversation).await;
    true
}

/// How long to wait before each further look-up: longer each time.
fn waits() -> impl Iterator<Item = u32> {
    let (first, longest) = TRY_AGAIN;
    std::iter::successors(Some(first), move |wait| Some((wait * 2).min(longest)))
}

async fn wait<P: Platform>(at: &Active<P>, waits: &mut impl Iterator<Item = u32>) {
    at.driver.platform.clock().sleep(waits.next().unwrap_or(WHILE_OPEN)).await;
}

/// Checks the name of the open conversation's peer, now and again while it is open.
async fn watch_name<P: Platform>(at: Active<P>) {
    let Some(open) = at.open_peer() else { return };
    let turn = at.name_watch.get() + 1;
    at.name_watch.set(turn);
    while at.name_watch.get() == turn && at.open_peer() == Some(open) {
        if check_name(&at, ConversationId::Peer(open)).await {
            refresh_thread(&at).await;
            refresh_row(&at, ConversationId::Peer(open)).await;
        }
        at.driver.platform.clock().sleep(WHILE_OPEN).await;
    }
}

/// Checks the names in the list, the latest conversations first, for as long as the account is signed in.
async fn check_names<P: Platform>(at: Active<P>) {
    let now = || at.driver.platform.clock().now();
    let (mut checked, mut tried, mut tried_at) = (0, 0, now());
    loop {
        let Some(next) = names(&at, NameStanding::Unchecked).first().copied() else {
            at.driver.platform.clock().sleep(times::look(&at).min(WHILE_OPEN)).await;
            // What was checked too long ago is unchecked now.
            times::look(&at);
            if now().saturating_sub(tried_at) < WHILE_OPEN.into() {
                continue;
            }
            tried_at = now();
            // Others each time, so that names that never answer don't keep those behind them from being asked.
            let failed = names(&at, NameStanding::Uncheckable);
            for name in failed.iter().cycle().skip(tried).take(AT_FIRST.min(failed.len())) {
                check_name(&at, *name).await;
            }
            tried = if failed.is_empty() { 0 } else { (tried + AT_FIRST) % failed.len() };
            continue;
        };
        let changed = check_name(&at, next).await;
        checked += 1;
        if changed {
            refresh_thread(&at).await;
            refresh_row(&at, next).await;
        }
        if checked >= AT_FIRST {
            at.driver.platform.clock().sleep(ONE_AFTER_THE_OTHER).await;
        }
    }
}

/// The conversations of the list, in its order, whose peers have names with which it stands so.
fn names<P: Platform>(at: &Active<P>, standing: NameStanding) -> Vec<ConversationId> {
    at.driver.state.conversations.with_untracked(|rows| {
        let stands = |person: &Person| person.name.is_some() && person.standing == standing;
        let peers = rows.iter().flatten().map(|row| &row.peer).filter(|peer| stands(peer));
        peers.map(|peer| ConversationId::Peer(peer.address)).collect()
    })
}

/// Checks one name, and shows what came of it. Tells whether what is kept has changed.
async fn check_name<P: Platform>(at: &Active<P>, conversation: ConversationId) -> bool {
    let checked = match at.session().check_name(conversation).await {
        Ok(checked) => checked,
        Err(error) => {
            at.storage_failed(error);
            return false;
        }
    };
    let mut shown = person(at, conversation, checked.name.as_ref());
    shown.standing = checked.standing;
    update_thread(at, shown.address, |thread| thread.peer = shown.clone());
    at.driver.state.conversations.update(|rows| {
        for row in rows.iter_mut().flatten().filter(|row| row.peer.address == shown.address) {
            row.peer = shown.clone();
        }
    });
    checked.changed
}

/// Uses the profile that is published for the peer now, although it was replaced before.
async fn accept_profile<P: Platform>(at: Active<P>, peer: Address) {
    // What it came to is seen by looking again.
    let _ = at.session().accept_profile(peer).await;
    if at.open_peer() == Some(peer) {
        check_peer(at).await;
    }
}
