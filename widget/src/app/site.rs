//! What a site wants to be found out about the peer of the open conversation: whether they own the NFT that it is about, and
//! whether they are the site's official contact.
//!
//! Both are asked anew whenever the conversation is opened, and the owner before anything that the peer writes is believed:
//! until there is an answer, nothing is claimed.

use std::rc::Rc;

use dm3_core::identity::{Address, Meant, MeantError, Nft};
use dm3_core::registry::{MAX_SITE_FILE, Site};
use dm3_core::session::{Directory, FindError, Holding};

use super::command::FormAsk;
use super::driver::{Active, Driver};
use super::form;
use super::node::known_directory;
use super::platform::Platform;
use super::state::{Apart, BubbleContent, Screen, ThreadState};
use super::steps::SiteSteps;

/// What was found out about somebody, for [`State::site`](super::state::State::site).
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// About whom; `None`: about the contact to whom somebody writes before they sign in.
    pub peer: Option<Address>,
    /// The site whose official contact they are.
    pub official: Option<String>,
    /// Whether they own what the conversation is about.
    pub owning: Option<Owning>,
}

/// Whether somebody owns an NFT.
#[derive(Clone, Debug, PartialEq)]
pub struct Owning {
    /// Which one.
    pub nft: Nft,
    /// They did when this conversation was opened, or since.
    pub before: bool,
    /// Whether they do now.
    pub now: Owns,
}

/// Whether somebody owns an NFT now.
#[derive(Clone, Debug, PartialEq)]
pub enum Owns {
    /// Being asked.
    Asking,
    /// It was answered.
    Told(Holding),
    /// It can't be found out.
    Unknown(FindError),
}

impl<P: Platform> SiteSteps<Rc<Driver<P>>, Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self {
            form: |driver, ask| Box::pin(at_form(driver, ask)),
            opened: |at| {
                Box::pin(async move {
                    form::hand_over(&at).await;
                    look(at).await;
                })
            },
        }
    }
}

impl<P: Platform> Default for SiteSteps<Rc<Driver<P>>, Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

async fn at_form<P: Platform>(driver: Rc<Driver<P>>, ask: FormAsk) {
    let shows = ask == FormAsk::Show;
    form::carry_out(&driver, ask);
    if shows {
        look_at_contact(&driver).await;
    }
}

/// Finds out about the contact to whom somebody writes who is not signed in.
async fn look_at_contact<P: Platform>(driver: &Rc<Driver<P>>) {
    let state = driver.state;
    let is_new = state.official.get_untracked() && state.site.with_untracked(|site| site.place == 0);
    let Some(to) = state.to.get_untracked().filter(|_| is_new) else { return };
    state.site.set(Apart::at(1));
    let Ok(directory) = known_directory(driver).await else { return };
    let Ok(peer) = directory.find(&to).await else { return };
    let Some(name) = peer.name else { return };
    let official = official(driver, &directory, name.as_str(), peer.address).await;
    let is_there = state.screen.with_untracked(|screen| matches!(screen, Screen::SignIn(_)));
    if is_there && state.to.with_untracked(|now| now.as_ref() == Some(&to)) {
        state.site.set(Apart::new(Known { peer: None, official, owning: None }, 1));
    }
}

/// Finds out about the peer of the open conversation. What was known before of the official contact stands meanwhile; of an
/// owner it does not.
async fn look<P: Platform>(at: Active<P>) {
    let state = at.driver.state;
    let Some(thread) = state.thread.get_untracked() else { return };
    let peer = thread.peer.address;
    let look = at.looks.get().wrapping_add(1);
    at.looks.set(look);
    let known = state.site.with_untracked(|site| site.shown::<Known>().cloned());
    let known = known.filter(|known| known.peer == Some(peer));
    let nft = token(&at, &thread);
    let before =
        known.as_ref().and_then(|known| known.owning.as_ref()).filter(|it| Some(&it.nft) == nft.as_ref());
    let before = before.is_some_and(|it| it.before);
    let official_before = known.and_then(|known| known.official);
    let show = |official: Option<String>, owning: Option<Owning>| {
        // A later look knows better.
        if at.looks.get() == look && at.open_peer() == Some(peer) {
            state.site.set(Apart::new(Known { peer: Some(peer), official, owning }, 1));
        }
    };
    let asking = nft.clone().map(|nft| Owning { nft, before, now: Owns::Asking });
    show(official_before.clone(), asking);
    let directory = at.session().directory();
    let owning = match nft {
        Some(nft) => {
            let now = match directory.holding(peer, &nft).await {
                Ok(holding) => Owns::Told(holding),
                Err(error) => Owns::Unknown(error),
            };
            let before = before || now == Owns::Told(Holding::Held);
            Some(Owning { nft, before, now })
        }
        None => None,
    };
    show(official_before, owning.clone());
    // Whether the name leads to them is asked with the rest.
    let name = thread.peer.name.filter(|_| state.official.get_untracked());
    let official = match name {
        Some(name) => official(&at.driver, directory, &name, peer).await,
        None => None,
    };
    show(official, owning);
}

/// The NFT that a conversation is about: the one whose owner the page asked for; else what its own side says it is about.
/// What a stranger says it is about asks nobody anything.
fn token<P: Platform>(at: &Active<P>, thread: &ThreadState) -> Option<Nft> {
    let asked = at.asked.borrow().clone().filter(|(peer, _)| *peer == thread.peer.address);
    if let Some(Ok(Meant::Nft(nft))) = asked.map(|(_, to)| Meant::parse(&to)) {
        return Some(nft);
    }
    if let Some(about) = &thread.about {
        return Nft::of_id(&about.line());
    }
    let own = thread.messages.iter().flatten().rev().filter(|bubble| bubble.own);
    let mut about = own.filter_map(|bubble| match &bubble.content {
        BubbleContent::Text { about, .. } => about.as_ref(),
        BubbleContent::Deleted => None,
    });
    Nft::of_id(&about.next()?.line())
}

/// The page's site, if the name says that it belongs to it, and the site that the name is its contact's. Whatever can't be
/// found out is no proof.
async fn official<P: Platform>(
    driver: &Driver<P>,
    directory: &Directory<P::Ports>,
    name: &str,
    account: Address,
) -> Option<String> {
    let site = Site::of(&driver.platform.origin()?)?;
    let name = directory.name(name).await.ok()?;
    if !directory.names_site(&name, account, &site).await.ok()? {
        return None;
    }
    let file = driver.platform.read_here(site.file(), MAX_SITE_FILE).await?;
    Site::lists(&name, &file).then(|| site.host().to_owned())
}

/// Whether asking again may help.
pub fn may_pass(error: &FindError) -> bool {
    !matches!(error, FindError::Meant(MeantError::OtherChain | MeantError::ManyOwners | MeantError::NoOwner))
}
