//! People as this account knows them: where their profiles are, and whether they are those that were seen before.
//!
//! ```text
//! names at which it was found before ─┐
//! the address name of this network ───┤
//! the primary name ───────────────────┼─▶ profile ──verify(address)──▶ replaced since it was seen? ─▶ not used
//! a name that somebody claims ────────┘                                else ─▶ used, and remembered
//! ```
//!
//! A signed profile carries no time: whoever serves names can serve an old one for ever. So profiles are remembered, and
//! one that was replaced does not come back by itself: not at one name while another has a newer one, and not alone
//! either, unless the person accepts it ([`Session::accept_profile`]). Keys that were never seen are used at once, and the
//! conversation says that they are new.

use super::{FindError, Peer, Session};
use crate::conversation::ConversationId;
use crate::device::Located;
use crate::device::{Contact, Notice};
use crate::identity::{Address, ComparisonCode, EnsName, Meant, ProfileError, Sighting, VerifiedProfile};
use crate::ports::{Ports, Store as _, StoreError};

impl<P: Ports> Session<P> {
    /// Finds whom a person means by what they typed, as this account knows them.
    ///
    /// # Errors
    /// [`FindError`]; a peer without a profile is none.
    pub async fn find(&self, typed: &str) -> Result<Peer, FindError> {
        self.find_meant(Meant::parse(typed)?).await
    }

    /// Finds whom a person means, as this account knows them.
    ///
    /// # Errors
    /// [`FindError`]; a peer without a profile is none.
    pub async fn find_meant(&self, meant: Meant) -> Result<Peer, FindError> {
        match meant {
            Meant::Address(address) => self.peer(address).await,
            Meant::Nft(nft) => self.peer(self.directory.owner_of(&nft).await?).await,
            Meant::Name(typed) => self.find_named(&typed).await,
        }
    }

    /// Finds whom a person means by a name, as this account knows them.
    ///
    /// # Errors
    /// [`FindError`]; a peer without a profile is none.
    pub async fn find_named(&self, typed: &str) -> Result<Peer, FindError> {
        let (address, name) = self.directory.account_named(typed).await?;
        let profile = self.profile_of(address, Some(&name)).await?;
        if profile.is_some() {
            self.found(address);
        }
        let asked = Some(name.clone());
        Ok(Peer { address, name: self.directory.called(address, Some(name)).await?, asked, profile })
    }

    /// Finds an account by its address, as this account knows it.
    ///
    /// # Errors
    /// [`FindError`]; an account without name or profile is none.
    pub async fn peer(&self, address: Address) -> Result<Peer, FindError> {
        let profile = self.profile_of(address, None).await?;
        if profile.is_some() {
            self.found(address);
        }
        Ok(Peer { address, name: self.directory.primary_name(address).await?, asked: None, profile })
    }

    /// The profile of a peer. `claimed` is a name that somebody says is theirs: of people who are not known yet it is
    /// looked at first; of those who are, last, and only for keys that were seen. Whoever serves names can serve a former
    /// profile of anybody, and whoever has former keys could write in their owner's name.
    ///
    /// # Errors
    /// [`FindError`]; a peer without profile is none.
    pub(super) async fn profile_of(
        &self,
        peer: Address,
        claimed: Option<&EnsName>,
    ) -> Result<Option<Located>, FindError> {
        let known = self.ports().store().contact(self.account, ConversationId::Peer(peer)).await?;
        let mut search = Search::new(self, peer, known);
        let pinned = search.known.as_ref().is_some_and(|contact| !contact.seen.is_empty());
        let mut names = search.known.as_ref().map(|contact| contact.found_at.clone()).unwrap_or_default();
        names.push(self.directory.alias(peer));
        match claimed {
            Some(name) if !pinned => names.insert(0, name.clone()),
            _ => {}
        }
        for name in names {
            if let Some(found) = search.look_at(name, false).await? {
                return Ok(Some(found));
            }
        }
        match claimed {
            Some(name) if pinned => {
                if let Some(found) = search.look_at(name.clone(), true).await? {
                    return Ok(Some(found));
                }
            }
            Some(_) => {}
            // It costs two look-ups more, and whoever writes says where their profile is.
            None => match self.directory.primary_name(peer).await {
                Ok(Some(name)) => {
                    if let Some(found) = search.look_at(name, false).await? {
                        return Ok(Some(found));
                    }
                }
                Ok(None) => {}
                Err(error) => search.missed(error),
            },
        }
        // While the place where they were found is silent, nobody knows that there is no newer one.
        let old = search.old.filter(|_| !search.unsure);
        if let Some(error @ FindError::OldProfile { replaced, .. }) = old {
            self.note(peer, Notice::OldProfile { replaced }).await?;
            return Err(error);
        }
        match search.later.or(search.never) {
            Some(error) => Err(error),
            None => Ok(None),
        }
    }

    /// Remembers where the profile of a peer was found, if there is a conversation with them: what was typed or claimed
    /// by strangers leaves nothing behind.
    async fn meet(&self, peer: Address, found: &Located) -> Result<(), StoreError> {
        let (found, now) = (found.clone(), self.now());
        self.change_known(peer, move |contact| contact.was_found(&found, None, now)).await
    }

    /// Remembers where the author of a message was found that was kept. Of somebody who was known before it is only a
    /// name more to look at.
    pub(super) async fn meet_author(&self, claimed: &EnsName, found: &Located) -> Result<(), StoreError> {
        let (peer, now) = (found.1.account(), self.now());
        let known = self.ports().store().contact(self.account, ConversationId::Peer(peer)).await?;
        if known.is_none_or(|known| !known.seen.is_empty() && known.found_at.contains(claimed)) {
            return Ok(());
        }
        let (found, claimed) = (found.clone(), claimed.clone());
        let change = move |contact: &mut Contact| {
            if contact.seen.is_empty() {
                contact.was_found(&found, None, now);
            }
            contact.may_be_at(&claimed);
        };
        self.change_known(peer, change).await?;
        // A contact has other room than a stranger.
        self.shelf.take();
        Ok(())
    }

    /// Changes what is kept of a conversation with a peer, if there is one.
    pub(super) async fn change_known(
        &self,
        peer: Address,
        change: impl FnOnce(&mut Contact) + 'static,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let change = Box::new(move |known: Option<Contact>| {
            let mut contact = known?;
            let before = contact.clone();
            change(&mut contact);
            contact.touch_if_changed(&before, now);
            Some(contact)
        });
        self.ports().store().update_contact(self.account, ConversationId::Peer(peer), change).await
    }

    /// Uses the profile that is published for a peer now, although it was replaced before: the person has heard from the
    /// peer that it is right. Gives whether there is one.
    ///
    /// # Errors
    /// [`FindError`].
    pub async fn accept_profile(&self, peer: Address) -> Result<bool, FindError> {
        let conversation = ConversationId::Peer(peer);
        let known = self.ports().store().contact(self.account, conversation).await?;
        let names = known.map(|contact| contact.found_at).unwrap_or_default();
        let mut found = None;
        for name in names.into_iter().chain([self.directory.alias(peer)]) {
            if let Ok(Some(located)) = self.directory.profile_at(&name, peer).await {
                found = Some(located);
                break;
            }
        }
        let Some(found) = found else { return Ok(self.profile_of(peer, None).await?.is_some()) };
        let now = self.now();
        let change = move |contact: &mut Contact| {
            contact.seen.accept(&found.1, now);
            contact.was_found_at(&found.0);
        };
        self.change_known(peer, change).await?;
        self.found_before.borrow_mut().retain(|(other, _)| *other != peer);
        self.found(peer);
        Ok(true)
    }

    /// What the account's owner and somebody else compare to know that they have each other's keys.
    pub fn comparison_code(&self, of: &VerifiedProfile) -> ComparisonCode {
        ComparisonCode::of((self.account, self.keys.public()), (of.account(), of.keys()))
    }

    /// Adds a line about what happened to a peer to the conversation with them, if there is one.
    pub(super) async fn note(&self, peer: Address, notice: Notice) -> Result<(), StoreError> {
        let (conversation, now) = (ConversationId::Peer(peer), self.now());
        let known = self.ports().store().contact(self.account, conversation).await?;
        if known.is_none_or(|contact| contact.notices.last() == Some(&notice)) {
            return Ok(());
        }
        self.change_known(peer, move |contact| contact.notice(notice, now)).await
    }
}

/// The names of one peer, looked at one after the other.
struct Search<'a, P> {
    session: &'a Session<P>,
    peer: Address,
    known: Option<Contact>,
    looked_at: Vec<EnsName>,
    /// A profile that was replaced before.
    old: Option<FindError>,
    /// What may be found out later.
    later: Option<FindError>,
    /// What its owner has to repair.
    never: Option<FindError>,
    /// A name at which the profile was found before can't be asked now.
    unsure: bool,
}

impl<'a, P: Ports> Search<'a, P> {
    const fn new(session: &'a Session<P>, peer: Address, known: Option<Contact>) -> Self {
        let looked_at = Vec::new();
        Self { session, peer, known, looked_at, old: None, later: None, never: None, unsure: false }
    }

    /// The profile at a name, if it may be used. One that may not be, and why nothing was found, is noted. A name that is
    /// only `claimed` gives no keys that were not seen, and is not remembered.
    async fn look_at(&mut self, name: EnsName, claimed: bool) -> Result<Option<Located>, StoreError> {
        if self.looked_at.contains(&name) {
            return Ok(None);
        }
        self.looked_at.push(name.clone());
        let found = match self.session.directory.profile_at(&name, self.peer).await {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(None),
            Err(error) => {
                let was_there = self.known.as_ref().is_some_and(|known| known.found_at.contains(&name));
                self.unsure |= was_there && error.is_temporary();
                // A name that belongs to somebody else by now says nothing about this account; and one that was somebody
                // else's may still hold their profile.
                if error.is_temporary() || (!is_left_behind(&error, &name) && self.leads_here(&name).await) {
                    self.missed(error);
                }
                return Ok(None);
            }
        };
        let Some(known) = &self.known else { return Ok(Some(found)) };
        match known.seen.compare(&found.1) {
            Sighting::RolledBack { replaced } => {
                self.old.get_or_insert(FindError::OldProfile { name, replaced });
                return Ok(None);
            }
            // Who can keep the place silent where the keys are known must not be able to lead to others.
            Sighting::KeysReplaced { .. } if claimed || self.unsure => {
                self.missed(FindError::OtherKeys(name));
                return Ok(None);
            }
            Sighting::Same if known.found_at.first() == Some(&name) && known.seen.knows(&found.1) => {}
            _ if claimed => {}
            _ => self.session.meet(self.peer, &found).await?,
        }
        Ok(Some(found))
    }

    fn missed(&mut self, error: FindError) {
        let kind = if error.is_temporary() { &mut self.later } else { &mut self.never };
        kind.get_or_insert(error);
    }

    /// Whether a name leads to the peer now. If that can't be found out, it may.
    async fn leads_here(&self, name: &EnsName) -> bool {
        match self.session.directory.resolve(name.as_str()).await {
            Ok(found) => found == Some(self.peer),
            Err(error) => error.is_temporary(),
        }
    }
}

/// Whether a profile at an ENS name is another account's: that of the name's former owner, most often. Who serves the
/// address name of an account serves nobody else's profile there.
fn is_left_behind(error: &FindError, name: &EnsName) -> bool {
    let others = matches!(error, FindError::Profile { reason: ProfileError::OtherSigner { .. }, .. });
    others && name.carried_address().is_none()
}
