//! What can be known of a stranger who has written, for the card that asks about them: how much their account was used, who of
//! those who are welcome has mentioned them, and for whom they may be taken.
//!
//! It is looked up when the card is shown. The Ethereum node is asked about their account, as it was when their profile was
//! checked; the device for the rest. They learn nothing of it.

use dm3_core::conversation::ConversationId;
use dm3_core::device::Trust;
use dm3_core::identity::{Address, EnsName, is_look_alike};
use dm3_core::session::{NameStanding, Usage};

use super::driver::Active;
use super::platform::Platform;
use super::state::{Apart, ConversationRow, Person, State};

/// In how many conversations with people who are welcome it is looked for a mention, the latest first.
const MOST_LOOKED_AT: usize = 20;

/// What is known of a stranger, for [`State::stranger`].
#[derive(Clone, Debug, PartialEq)]
pub struct Stranger {
    /// About whom, as they were known when it was looked up.
    pub of: Person,
    /// How much their account was used; the inner `None` if that can't be found out now, the outer while it is looked up.
    pub usage: Option<Option<Usage>>,
    /// Who has mentioned them, the latest conversations first; `None` while it is looked for, or if it can't be.
    pub mentioned: Option<Vec<Person>>,
}

/// Finds out what can be known of the open conversation's peer, unless that is known, or they are no stranger.
pub(super) async fn look<P: Platform>(at: Active<P>) {
    let state = at.driver.state;
    let asked = state.thread.with_untracked(|thread| {
        let thread = thread.as_ref().filter(|thread| thread.standing.trust == Trust::Requested)?;
        Some(thread.peer.clone())
    });
    let Some(peer) = asked else { return };
    let before = shown(&at).filter(|before| before.of.address == peer.address);
    if before.as_ref().is_some_and(|before| before.of == peer) {
        return;
    }
    let is_new = before.is_none();
    let usage = before.and_then(|before| before.usage);
    put(&at, Stranger { of: peer.clone(), usage, mentioned: None });
    if is_new {
        at.spawn(|at| look_at_account(at, peer.address));
    }
    look_for_mentions(&at, &peer).await;
}

/// Finds out how much an account was used.
async fn look_at_account<P: Platform>(at: Active<P>, account: Address) {
    let usage = at.session().directory().usage(account).await.ok().flatten();
    if let Some(known) = shown(&at).filter(|known| known.of.address == account) {
        put(&at, Stranger { usage: Some(usage), ..known });
    }
}

/// Looks for who has mentioned somebody. By a name only if it is theirs: whoever wrote it may have meant another.
async fn look_for_mentions<P: Platform>(at: &Active<P>, peer: &Person) {
    let mut whom = vec![peer.address.to_lower_hex()];
    whom.extend(peer.name.clone().filter(|_| peer.standing == NameStanding::Checked));
    let welcome = at.driver.state.conversations.with_untracked(|rows| {
        let welcome = rows.iter().flatten().filter(|row| row.standing.trust == Trust::Accepted);
        welcome.take(MOST_LOOKED_AT).map(|row| row.peer.clone()).collect::<Vec<_>>()
    });
    let mut found = Vec::new();
    for person in welcome {
        match at.session().mentions(ConversationId::Peer(person.address), &whom).await {
            Ok(true) => found.push(person),
            Ok(false) => {}
            Err(error) => return at.storage_failed(error),
        }
    }
    // Until it is known whose the name is, nobody can be said not to have mentioned them.
    if found.is_empty() && peer.name.is_some() && peer.standing == NameStanding::Unchecked {
        return;
    }
    if let Some(known) = shown(at).filter(|known| known.of == *peer) {
        put(at, Stranger { mentioned: Some(found), ..known });
    }
}

fn shown<P: Platform>(at: &Active<P>) -> Option<Stranger> {
    at.driver.state.stranger.with_untracked(|stranger| stranger.shown::<Stranger>().cloned())
}

fn put<P: Platform>(at: &Active<P>, stranger: Stranger) {
    if at.open_peer() == Some(stranger.of.address) {
        at.driver.state.stranger.set(Apart::new(stranger, 1));
    }
}

/// The name for which a stranger's may be taken: of the reader, of the page's contact, or of somebody welcome. They are the
/// likeliest to be imitated.
pub fn look_alike(state: State, peer: &Person) -> Option<String> {
    let name = peer.name.as_ref()?;
    let is_like = |known: &String| is_look_alike(name, known);
    let own = state.account.with(|account| account.as_ref()?.name.clone().filter(is_like));
    let contact = || {
        let to = state.to.with(|to| to.as_ref()?.parse::<EnsName>().ok());
        to.map(|to| to.to_string()).filter(is_like)
    };
    let welcome = || {
        state.conversations.with(|rows| {
            let is_other = |row: &&ConversationRow| {
                row.standing.trust == Trust::Accepted && row.peer.address != peer.address
            };
            let mut names = rows.iter().flatten().filter(is_other).filter_map(|row| row.peer.name.as_ref());
            names.find(|known| is_like(known)).cloned()
        })
    };
    own.or_else(contact).or_else(welcome)
}
