//! Who is meant by what stands in the list's field: found out while somebody types.

use dm3_core::identity::{AddressError, Meant, MeantError};
use dm3_core::ports::Clock as _;
use dm3_core::session::{FindError, NameStanding, Peer};

use super::driver::Active;
use super::fault::Fault;
use super::platform::{Platform, Task};
use super::search_texts::find_texts;
use super::state::{Apart, Lookup, Person, Reach, State};
use super::steps::{Fold, SearchSteps};
use super::thread::reach;

/// For how long nothing may be typed before somebody is looked up: milliseconds.
const PAUSE: u32 = 400;

/// Who was looked up, for [`State::guess`].
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// What stood in the field.
    pub typed: String,
    /// What came of it.
    pub answer: Answer,
}

/// What is known of who is meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Nothing was asked: somebody is typing, or has typed a part of a name only.
    None,
    /// Being looked up.
    Searching,
    /// This is who is meant, and whether they can be written to.
    Found(Person, Reach),
    /// The account that is signed in.
    Own(Person),
    /// Why nobody was found.
    Failed(Fault),
}

impl Guess {
    /// What is known of who is meant by what stands in the field now. An answer to what stood there before is none.
    pub fn of(state: State, typed: &str) -> Answer {
        let guess = state.guess.get();
        let guess = guess.shown::<Self>().filter(|guess| guess.typed == typed);
        guess.map_or(Answer::None, |guess| guess.answer.clone())
    }
}

impl<P: Platform> SearchSteps<Active<P>> {
    /// The steps. Texts are compared as they are after `fold`.
    pub fn new(fold: Fold) -> Self {
        Self { find: |at, typed| Box::pin(find(at, typed)), look_up, find_texts, fold }
    }
}

/// Whether all that is typed names somebody: more need not follow.
pub fn is_whole(typed: &str) -> bool {
    Meant::parse(typed).is_ok_and(|meant| meant.is_complete())
}

/// Finds whom somebody types. Where the page asks for the owner of an NFT and says nothing else, the conversation is about that.
async fn find<P: Platform>(at: Active<P>, typed: String) -> Result<Peer, FindError> {
    let meant = Meant::parse(&typed)?;
    let nft = if let Meant::Nft(nft) = &meant { nft.id() } else { None };
    let peer = at.session().find_meant(meant).await?;
    let state = at.driver.state;
    if state.to.with_untracked(|to| to.as_ref() == Some(&typed))
        && state.context.with_untracked(Option::is_none)
    {
        state.context.set(nft);
    }
    Ok(peer)
}

fn look_up<P: Platform>(at: Active<P>, typed: String) -> Task {
    Box::pin(find_typed(at, typed))
}

async fn find_typed<P: Platform>(at: Active<P>, typed: String) {
    let state = at.driver.state;
    let again = matches!(Guess::of(state, &typed), Answer::Failed(_));
    let mut last = guess(&typed, Answer::None);
    state.guess.set(last.clone());
    let mut show = |answer| {
        // What was typed since has a look-up of its own, and Enter has taken this one's place.
        let is_last = state.guess.with_untracked(|shown| *shown == last);
        if is_last && state.query.with_untracked(|query| *query == typed) {
            last = guess(&typed, answer);
            state.guess.set(last.clone());
            return true;
        }
        false
    };
    if state.lookup.with_untracked(|lookup| matches!(lookup, Lookup::Failed(_))) {
        state.lookup.set(Lookup::Idle);
    }
    if !again {
        at.driver.platform.clock().sleep(PAUSE).await;
    }
    let meant = match Meant::parse(&typed) {
        Ok(meant) if meant.is_complete() => meant,
        // More may follow.
        Ok(_) | Err(MeantError::Nobody | MeantError::Address(AddressError::Form)) => return,
        Err(error) => {
            show(Answer::Failed(Fault::Find(error.into())));
            return;
        }
    };
    if !show(Answer::Searching) {
        return;
    }
    let answer = match at.session().find_meant(meant).await {
        Ok(peer) => {
            // It was found under this name just now.
            let name = peer.name.as_ref().map(ToString::to_string);
            let person = Person { address: peer.address, name, standing: NameStanding::Checked };
            if peer.address == at.address() {
                Answer::Own(person)
            } else {
                Answer::Found(person, reach(&peer))
            }
        }
        Err(error) => Answer::Failed(Fault::Find(error)),
    };
    show(answer);
}

fn guess(typed: &str, answer: Answer) -> Apart {
    Apart::new(Guess { typed: typed.to_owned(), answer }, 0)
}
