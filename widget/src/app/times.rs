//! What is shown stays true while time passes: which day it is, and whose name counts as checked.

use dm3_core::conversation::ConversationId;
use dm3_core::identity::Address;
use dm3_core::ports::Clock as _;
use dm3_core::session::NameStanding;

use super::driver::Active;
use super::platform::Platform;
use super::state::Person;

/// The longest time for which nothing is looked at anew, and the shortest: milliseconds. No name that is checked meanwhile counts
/// for less than the longest.
const LONGEST: u64 = 600_000;
const SHORTEST: u64 = 500;

/// Looks again whenever something ends, for as long as the account is signed in.
pub(super) async fn follow<P: Platform>(at: Active<P>) {
    loop {
        let wait = look(&at);
        at.driver.platform.clock().sleep(wait).await;
    }
}

/// Notes which day it is, and whose name was checked too long ago. Gives for how long that is so: milliseconds.
pub(super) fn look<P: Platform>(at: &Active<P>) -> u32 {
    let (state, platform) = (at.driver.state, &at.driver.platform);
    let (day, lasts) = platform.day();
    if state.today.with_untracked(|today| *today != day) {
        state.today.set(day);
    }
    let (mut wait, mut over) = (lasts, Vec::<Address>::new());
    let mut look_at = |person: &Person| {
        let name = person.name.as_ref().filter(|_| person.standing == NameStanding::Checked);
        let Some(Ok(name)) = name.map(|name| name.parse()) else { return };
        match at.session().name_lasts(ConversationId::Peer(person.address), &name) {
            0 => over.push(person.address),
            lasts => wait = wait.min(lasts),
        }
    };
    state.conversations.with_untracked(|rows| rows.iter().flatten().for_each(|row| look_at(&row.peer)));
    state.thread.with_untracked(|thread| thread.iter().for_each(|thread| look_at(&thread.peer)));
    if !over.is_empty() {
        let end = |person: &mut Person| {
            if over.contains(&person.address) {
                person.standing = NameStanding::Unchecked;
            }
        };
        state.conversations.update(|rows| rows.iter_mut().flatten().for_each(|row| end(&mut row.peer)));
        state.thread.update(|thread| thread.iter_mut().for_each(|thread| end(&mut thread.peer)));
    }
    u32::try_from(wait.clamp(SHORTEST, LONGEST)).unwrap_or(u32::MAX)
}
