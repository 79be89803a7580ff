//! How much may be kept of what can't be taken in now.
//!
//! ```text
//! contacts   what claims to come from somebody a conversation is kept with
//! strangers  everybody else; also what is signed or addressed wrongly, whoever it claims to come from
//! keys       what was sealed for other keys: another device of the account may have them, or they are restored here
//! ```
//!
//! Each has room of its own, and within it each name that is claimed. So a flood of strangers, under as many names as it
//! likes, costs no contact anything; one under a contact's name costs that contact alone. Where there is no room, what is
//! new is not taken: what is kept already may be honest, and came first.

use crate::device::{Contact, Doubt, Kept, WaitsFor};
use crate::identity::EnsName;
use crate::index::Index;

/// How many bytes are kept in each room.
const ROOM: u64 = 8 * 1024 * 1024;
/// How many envelopes are kept in each room.
const MAX_ENVELOPES: usize = 2_000;
/// How many bytes of a room one name may take: letters, and a picture or two.
const SHARE: u64 = 2 * 1024 * 1024;
/// How many envelopes of a room may claim one name.
const MAX_OF_ONE: usize = 200;

/// What is kept, counted.
#[derive(Default)]
pub(crate) struct Shelf {
    ids: Index,
    contacts: Index,
    rooms: [Room; 3],
}

#[derive(Default)]
struct Room {
    bytes: u64,
    envelopes: usize,
    bytes_of: Index,
    envelopes_of: Index,
}

impl Shelf {
    pub(super) fn new(kept: &[Kept], contacts: &[Contact]) -> Self {
        let mut shelf = Self::default();
        for contact in contacts {
            shelf.contacts.insert(contact.conversation.peer().to_lower_hex(), 0);
            for name in &contact.found_at {
                shelf.contacts.insert(name.to_string(), 0);
            }
        }
        for kept in kept {
            shelf.add(kept);
        }
        shelf
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.ids.get(id).is_some()
    }

    /// Whether there is room for an envelope.
    pub(super) fn has_room_for(&self, kept: &Kept) -> bool {
        let room = &self.rooms[self.room_of(kept)];
        let sender = kept.sender.as_str();
        let of_one = room.bytes_of.get(sender).unwrap_or_default() as u64;
        room.bytes + kept.size <= ROOM
            && room.envelopes < MAX_ENVELOPES
            && of_one + kept.size <= SHARE
            && room.envelopes_of.get(sender).unwrap_or_default() < MAX_OF_ONE
    }

    /// Whether an envelope may stay at a delivery service that shows a part of what it has: it is a contact's, and stands
    /// there under a name at which that contact was found, so that it hides nobody else.
    pub(super) fn may_stay(&self, kept: &Kept, outside: &str) -> bool {
        self.room_of(kept) == 0 && self.contacts.get(outside).is_some()
    }

    /// An envelope is kept now.
    pub(super) fn add(&mut self, kept: &Kept) {
        if self.has(&kept.id) {
            return;
        }
        let room = self.room_of(kept);
        let room = &mut self.rooms[room];
        let sender = kept.sender.as_str();
        room.bytes += kept.size;
        room.envelopes += 1;
        let bytes = room.bytes_of.get(sender).unwrap_or_default() + kept.size as usize;
        room.bytes_of.insert(sender.to_owned(), bytes);
        let envelopes = room.envelopes_of.get(sender).unwrap_or_default() + 1;
        room.envelopes_of.insert(sender.to_owned(), envelopes);
        self.ids.insert(kept.id.clone(), 0);
    }

    fn room_of(&self, kept: &Kept) -> usize {
        match &kept.waits_for {
            WaitsFor::Keys(_) => 2,
            WaitsFor::Network | WaitsFor::Record(Doubt::NoSender(_)) if self.knows(kept.sender.as_str()) => 0,
            WaitsFor::Network | WaitsFor::Record(_) => 1,
        }
    }

    fn knows(&self, sender: &str) -> bool {
        let Ok(name) = sender.parse::<EnsName>() else { return false };
        let address = name.carried_address().map(|address| address.to_lower_hex());
        self.contacts.get(name.as_str()).is_some()
            || address.is_some_and(|address| self.contacts.get(&address).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::ConversationId;
    use crate::identity::Address;

    const PEER: Address = Address::from_bytes([7; 20]);

    fn kept(number: usize, sender: &str, size: u64, waits_for: WaitsFor) -> Kept {
        Kept {
            id: number.to_string(),
            service: "ds.eth".parse().unwrap(),
            sender: sender.into(),
            arrived: 0,
            taken: None,
            size,
            waits_for,
            tries: 0,
            due: 0,
        }
    }

    fn unknown(number: usize, sender: &str, size: u64) -> Kept {
        kept(number, sender, size, WaitsFor::Record(Doubt::NoSender(sender.into())))
    }

    fn keep(shelf: &mut Shelf, kept: &Kept) -> bool {
        let room = shelf.has_room_for(kept);
        if room {
            shelf.add(kept);
        }
        room
    }

    fn shelf() -> Shelf {
        Shelf::new(&[], &[Contact::new(ConversationId::Peer(PEER), 1)])
    }

    #[test]
    fn a_flood_under_many_names_takes_nothing_from_contacts() {
        let mut shelf = shelf();
        let taken =
            (0..9_999).filter(|n| keep(&mut shelf, &unknown(*n, &format!("s{n}.eth"), 1_000))).count();
        assert_eq!(taken, MAX_ENVELOPES);
        let peer = EnsName::of_address(PEER, &"addr.example.eth".parse().unwrap());
        assert!(keep(&mut shelf, &unknown(10_000, peer.as_str(), 1_000)));
        assert!(keep(&mut shelf, &kept(10_001, "s1.eth", 1_000, WaitsFor::Keys("k".into()))));
        assert!(shelf.has("10000") && !shelf.has("9998"));
    }

    #[test]
    fn a_flood_under_one_name_leaves_room_for_the_others() {
        let mut shelf = shelf();
        let taken = (0..999).filter(|n| keep(&mut shelf, &unknown(*n, "mallory.eth", 1_000))).count();
        assert_eq!(taken, MAX_OF_ONE);
        assert!(!keep(&mut shelf, &unknown(1_000, "big.eth", SHARE + 1)));
        assert!(keep(&mut shelf, &unknown(1_001, "carol.eth", SHARE)));
    }

    #[test]
    fn what_is_signed_wrongly_takes_no_room_of_the_contact_that_it_names() {
        let mut shelf = shelf();
        let peer = EnsName::of_address(PEER, &"addr.example.eth".parse().unwrap());
        for n in 0..999 {
            keep(&mut shelf, &kept(n, peer.as_str(), 1_000, WaitsFor::Record(Doubt::NotSigned("x".into()))));
        }
        assert!(keep(&mut shelf, &unknown(1_000, peer.as_str(), 1_000)));
    }

    #[test]
    fn what_is_read_back_counts() {
        let read: Vec<_> = (0..MAX_OF_ONE).map(|n| unknown(n, "mallory.eth", 10)).collect();
        let mut shelf = Shelf::new(&read, &[]);
        assert!(!keep(&mut shelf, &unknown(1_000, "mallory.eth", 10)));
    }
}
