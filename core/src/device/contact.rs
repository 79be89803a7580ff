use super::notice::{Notice, Notices};
use super::standing::Standing;
use crate::conversation::ConversationId;
use crate::identity::{EnsName, SeenProfiles, Sighting, VerifiedProfile};

/// At how many names the profile of a peer is looked for beside those that follow from the address.
pub const MAX_FOUND_AT: usize = 8;

/// The name at which a profile was found, and the profile.
pub type Located = (EnsName, VerifiedProfile);

/// What the account keeps of a conversation beside its messages. What it says of the peer was so once: names and
/// profiles are checked again before they count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Which conversation.
    pub conversation: ConversationId,
    /// A name that resolved to the peer's address when it was last checked.
    pub name: Option<EnsName>,
    /// Names at which the peer's profile was found or may be, the last successful first; at most
    /// [`MAX_FOUND_AT`].
    pub found_at: Vec<EnsName>,
    /// The profiles that the peer was seen with.
    pub seen: SeenProfiles,
    /// What happened to the peer's names and keys.
    pub notices: Notices,
    /// Messages that arrived until then have been seen: milliseconds.
    pub read_until: u64,
    /// When the conversation was opened, or its name, the peer's profiles or what happened to them changed last:
    /// milliseconds.
    pub touched: u64,
    /// What the account's owner has decided about the peer.
    pub standing: Standing,
}

impl Contact {
    /// A conversation that is opened at a time (milliseconds), with a peer nothing is known of yet.
    pub fn new(conversation: ConversationId, touched: u64) -> Self {
        Self {
            conversation,
            name: None,
            found_at: Vec::new(),
            seen: SeenProfiles::default(),
            notices: Notices::default(),
            read_until: 0,
            touched,
            standing: Standing::default(),
        }
    }

    /// Notes that the peer's profile was found at a name, which is looked at first from now on.
    pub fn was_found_at(&mut self, name: &EnsName) {
        self.found_at.retain(|known| known != name);
        self.found_at.insert(0, name.clone());
        self.found_at.truncate(MAX_FOUND_AT);
    }

    /// Notes a profile of the peer that was found and is used from now on (milliseconds), and a name more at which it
    /// may be. Keys that were not seen before are an event of the conversation.
    pub fn was_found(&mut self, (name, profile): &Located, claimed: Option<&EnsName>, now: u64) {
        self.was_found_at(name);
        if let Some(claimed) = claimed {
            self.may_be_at(claimed);
        }
        if let Sighting::KeysReplaced { since } = self.seen.see(profile, now) {
            self.notice(Notice::KeysChanged { since }, now);
        }
    }

    /// Notes that the peer's profile may be at a name, which is looked at after those that are known. What is full is
    /// left as it is: a peer who claims many names pushes out none that worked.
    pub fn may_be_at(&mut self, name: &EnsName) {
        if self.found_at.len() < MAX_FOUND_AT && !self.found_at.contains(name) {
            self.found_at.push(name.clone());
        }
    }

    /// Notes when something changed that the account's other devices take over from who knew it last.
    pub(crate) fn touch_if_changed(&mut self, before: &Self, now: u64) {
        if (&self.name, &self.seen, &self.notices) != (&before.name, &before.seen, &before.notices) {
            self.touched = self.touched.max(now);
        }
    }

    /// Notes what happened at a time (milliseconds).
    pub fn notice(&mut self, notice: Notice, time: u64) {
        self.notices.add(notice, time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Address;

    fn name(n: usize) -> EnsName {
        format!("name{n}.eth").parse().unwrap()
    }

    #[test]
    fn the_name_that_worked_last_comes_first_and_claimed_ones_push_out_none() {
        let mut contact = Contact::new(ConversationId::Peer(Address::from_bytes([1; 20])), 5);
        for n in 0..MAX_FOUND_AT - 1 {
            contact.was_found_at(&name(n));
        }
        contact.was_found_at(&name(2));
        contact.may_be_at(&name(2));
        contact.may_be_at(&name(20));
        contact.may_be_at(&name(21));
        assert_eq!(contact.found_at, [2, 6, 5, 4, 3, 1, 0, 20].map(name));
        contact.was_found_at(&name(22));
        assert_eq!(contact.found_at, [22, 2, 6, 5, 4, 3, 1, 0].map(name));
    }
}
