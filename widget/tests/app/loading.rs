//! The parts of the application, as tests load them.

use std::cell::Cell;

use dm3_widget::app::part::PartMissing;
use dm3_widget::app::{
    AttentionSteps, BackupSteps, ChatSteps, FilesSteps, HistorySteps, KeysSteps, Later, OwnSteps,
    PeopleSteps, SearchSteps, ServicesSteps, SettingsSteps, ShareSteps, SignInSteps, SiteSteps, StakeSteps,
    TalkSteps, ThreadSteps, WorkSteps,
};
use futures_util::future::LocalBoxFuture;

use super::world::TestPlatform;

thread_local! {
    static MISSING: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// The parts of the application: each is there at once, but for one that can't be loaded for as long as the value of
/// [`without_part`] lives.
pub fn later() -> Later<TestPlatform> {
    fn fetched<T: 'static>(
        name: &'static str,
        table: fn() -> T,
    ) -> LocalBoxFuture<'static, Result<T, PartMissing>> {
        Box::pin(async move {
            if MISSING.get() == Some(name) { Err(PartMissing::Unreachable) } else { Ok(table()) }
        })
    }
    Later {
        sign_in: || fetched("sign-in", SignInSteps::new),
        keys: || fetched("keys", KeysSteps::new),
        chat: || fetched("chat", ChatSteps::new),
        search: || fetched("search", || SearchSteps::new(folded)),
        thread: || fetched("thread", ThreadSteps::new),
        deliver: || fetched("deliver", WorkSteps::delivering),
        pick_up: || fetched("pick-up", WorkSteps::picking_up),
        history: || fetched("history", WorkSteps::keeping),
        backend: || fetched("backend", WorkSteps::at_backend),
        kept: || fetched("history", HistorySteps::new),
        people: || fetched("people", PeopleSteps::new),
        backup: || fetched("backup", BackupSteps::new),
        settings: || fetched("settings", SettingsSteps::new),
        own: || fetched("own", OwnSteps::new),
        services: || fetched("own", ServicesSteps::new),
        talk: || fetched("talk", TalkSteps::new),
        files: || fetched("files", FilesSteps::new),
        share: || fetched("share", ShareSteps::new),
        site: || fetched("site", SiteSteps::new),
        stake: || fetched("stake", StakeSteps::new),
        attention: || fetched("attention", AttentionSteps::new),
    }
}

/// As a browser would, for what is tested here.
fn folded(text: &str) -> String {
    text.to_lowercase().replace('é', "e")
}

/// Gives the part back when it is dropped.
pub struct Without;

/// This part can't be loaded from now on.
#[must_use]
pub fn without_part(name: &'static str) -> Without {
    MISSING.set(Some(name));
    Without
}

impl Drop for Without {
    fn drop(&mut self) {
        MISSING.set(None);
    }
}
