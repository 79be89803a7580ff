//! The list, and who is looked for.

use dm3_core::session::{FindError, Token};

use super::made::{States, ago, bob, hash, inside, later, person, rows, silence};
use crate::app::fault::Fault;
use crate::app::search::{Answer, Guess};
use crate::app::search_texts::{FoundTexts, Hit, Progress};
use crate::app::state::{Apart, Connection, Filter, Lookup, Ranked, Reach, Screen, State};

pub(super) const STATES: States = &[
    ("starting", |_| Some(())),
    ("list", list),
    ("list-loading", |state| {
        list(state)?;
        state.conversations.set(None);
        Some(())
    }),
    ("list-empty", |state| {
        list(state)?;
        state.conversations.set(Some(Vec::new()));
        Some(())
    }),
    ("list-contact", |state| {
        list(state)?;
        state.to.set(Some("carol.eth".to_owned()));
        let carol = rows()?.pop()?.peer.address;
        state.contact.set(Some((carol, "carol.eth".to_owned())));
        Some(())
    }),
    ("list-requests", |state| {
        state.filter.set(Filter::Requests);
        list(state)
    }),
    ("list-requests-offered", |state| {
        state.filter.set(Filter::Requests);
        list(state)?;
        offered(state)
    }),
    ("list-no-unread", |state| {
        list(state)?;
        state.filter.set(Filter::Unread);
        state.conversations.set(Some(rows()?.into_iter().filter(|row| row.unread == 0).collect()));
        Some(())
    }),
    ("list-menu", |state| {
        list(state)?;
        later(move || state.menu.set(true));
        Some(())
    }),
    ("list-sign-out", |state| {
        list(state)?;
        later(move || {
            state.menu.set(true);
            state.leaving.set(true);
        });
        Some(())
    }),
    ("list-offline", |state| {
        list(state)?;
        state.connection.set(Connection::Lost(silence()));
        Some(())
    }),
    ("list-advice", |state| {
        list(state)?;
        state.quarantined.set(2);
        state.history_full.set(true);
        state.clock_error.set(Some(-420_000));
        Some(())
    }),
    ("list-nobody", |state| {
        list(state)?;
        state.lookup.set(Lookup::Failed(Fault::Find(FindError::Unknown("nobody.eth".parse().ok()?))));
        Some(())
    }),
    ("search-part", |state| typed(state, "bo", Answer::None)),
    ("search-hint", |state| typed(state, "nobod", Answer::None)),
    ("search-texts", |state| {
        typed(state, "lamp", Answer::None)?;
        let texts = texts()?;
        later(move || state.texts.set(texts));
        Some(())
    }),
    ("search-searching", |state| typed(state, "shop.eth", Answer::Searching)),
    ("search-found", |state| {
        let shop = person(Some("shop.eth"), NOBODY)?;
        typed(state, "shop.eth", Answer::Found(shop, Reach::Ready))
    }),
    ("search-no-profile", |state| {
        typed(state, NOBODY, Answer::Found(person(None, NOBODY)?, Reach::NoProfile))
    }),
    ("search-failed", |state| {
        typed(
            state,
            "nobody.eth",
            Answer::Failed(Fault::Find(FindError::Unknown("nobody.eth".parse().ok()?))),
        )
    }),
];

/// Somebody who stands in no list.
const NOBODY: &str = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955";

fn list(state: State) -> Option<()> {
    inside(state, Screen::List)
}

/// Something is offered with the request that came first.
fn offered(state: State) -> Option<()> {
    let mut requests = rows()?.into_iter().filter(|row| Filter::Requests.shows(row));
    let peer = requests.next_back()?.peer.address;
    let token = Token { address: peer, symbol: Some("DAI".to_owned()), decimals: 18 };
    state.ranked.set(vec![Ranked { peer, amount: 500_000_000_000_000_000, token: Some(token) }]);
    Some(())
}

/// Two messages that say it, and more that are not shown.
fn texts() -> Option<Apart> {
    let hit = |own, minutes, before: &str, after: &str| {
        let (peer, hash, time) = (bob()?, hash(1)?, ago(minutes));
        let [before, said, after] = [before, "lamp", after].map(str::to_owned);
        Some(Hit { peer, hash, own, time, before, said, after })
    };
    let hits = vec![
        hit(false, 3, "Is the ", " from the picture still there? I would come on Saturday to fetch it.")?,
        hit(true, 7_000, "…it stands beside the ", ".")?,
    ];
    Some(Apart::new(FoundTexts { hits, progress: Progress::Device, typed: "lamp".to_owned() }, 0))
}

/// This stands in the field, and that is known of it.
fn typed(state: State, typed: &str, answer: Answer) -> Option<()> {
    list(state)?;
    let typed = typed.to_owned();
    state.guess.set(Apart::new(Guess { typed: typed.clone(), answer }, 0));
    later(move || {
        state.query.set(typed);
        crate::more::PARTS.search.ask();
    });
    Some(())
}
