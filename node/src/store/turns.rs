//! Whose delivery is committed next.
//!
//! ```text
//! push(delivery) ─▶ its class ─▶ its account's line ─▶ take(n): the classes in turn, in each the accounts in turn
//! ```
//!
//! One line for all would be whoever's has the most requests: an account that sends hundreds at once, or strangers under
//! many names, would make everybody wait for all of theirs. In turns somebody who sends one message waits for one of each
//! of the others, and strangers together have no more than a third of a group while accounts wait.

use std::collections::{HashMap, VecDeque};

use dm3_core::identity::Address;

use super::{Delivery, Standing};

/// How many deliveries of one account wait. More are refused for now.
const MOST: usize = 256;

/// What waits. `T` is what goes along with a delivery.
pub(super) struct Turns<T> {
    /// Those on receivers' lists, other verified ones, unknown ones.
    classes: [Class<T>; 3],
    /// Whose turn it is.
    next: usize,
}

struct Class<T> {
    lines: HashMap<Address, VecDeque<(Delivery, T)>>,
    /// The accounts that wait, in the order of their turns.
    order: VecDeque<Address>,
}

/// So many deliveries of this account wait already.
pub(super) struct TooMany<T>(pub T);

impl<T> Turns<T> {
    pub fn new() -> Self {
        Self {
            classes: std::array::from_fn(|_| Class { lines: HashMap::new(), order: VecDeque::new() }),
            next: 0,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.classes.iter().all(|class| class.order.is_empty())
    }

    /// Puts a delivery into its line. Unknown senders' are in that of the mailbox, since their names cost nothing.
    pub fn push(&mut self, delivery: Delivery, with: T) -> Result<(), TooMany<T>> {
        let (class, account) = match delivery.standing {
            Standing::Allowed => (0, delivery.sender_address.unwrap_or(delivery.mailbox)),
            Standing::Verified => (1, delivery.sender_address.unwrap_or(delivery.mailbox)),
            Standing::Unknown => (2, delivery.mailbox),
        };
        let Class { lines, order } = &mut self.classes[class];
        let line = lines.entry(account).or_default();
        if line.len() >= MOST {
            return Err(TooMany(with));
        }
        if line.is_empty() {
            order.push_back(account);
        }
        line.push_back((delivery, with));
        Ok(())
    }

    /// The next ones, at most `most`.
    pub fn take(&mut self, most: usize) -> Vec<(Delivery, T)> {
        let mut taken = Vec::with_capacity(most);
        while taken.len() < most && !self.is_empty() {
            taken.extend(self.classes[self.next].pop());
            self.next = (self.next + 1) % self.classes.len();
        }
        taken
    }
}

impl<T> Class<T> {
    fn pop(&mut self) -> Option<(Delivery, T)> {
        let account = self.order.pop_front()?;
        let line = self.lines.get_mut(&account)?;
        let next = line.pop_front();
        if line.is_empty() {
            self.lines.remove(&account);
        } else {
            self.order.push_back(account);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MailboxLimits;

    fn delivery(standing: Standing, mailbox: u8, sender: u8) -> Delivery {
        let limits =
            MailboxLimits { messages: u64::MAX, bytes: u64::MAX, unknown: 25, verified: 75, sender: 25 };
        Delivery {
            mailbox: Address::from_bytes([mailbox; 20]),
            sender: String::new(),
            message_hash: String::new(),
            sender_address: Some(Address::from_bytes([sender; 20])),
            standing,
            signed: None,
            envelope_hash: [0; 32],
            received_at: 0,
            envelope: String::new(),
            account_version: 1,
            limits,
        }
    }

    fn taken(turns: &mut Turns<u32>, most: usize) -> Vec<u32> {
        turns.take(most).into_iter().map(|(_, n)| n).collect()
    }

    #[test]
    fn who_sends_one_waits_for_one_of_each_and_each_keeps_its_order() {
        let mut turns = Turns::new();
        for n in 0..100 {
            assert!(turns.push(delivery(Standing::Verified, 1, 1), n).is_ok());
        }
        assert!(turns.push(delivery(Standing::Verified, 1, 2), 200).is_ok());
        assert_eq!(taken(&mut turns, 4), [0, 200, 1, 2]);
        assert_eq!(taken(&mut turns, 1000), (3..100).collect::<Vec<_>>());
        assert!(turns.is_empty());
        assert_eq!(taken(&mut turns, 1), [0; 0]);
    }

    #[test]
    fn strangers_under_many_names_are_a_third_while_accounts_wait() {
        let mut turns = Turns::new();
        for n in 0..200 {
            assert!(turns.push(delivery(Standing::Unknown, (n % 200) as u8, 9), n).is_ok());
        }
        for n in 200..230 {
            assert!(turns.push(delivery(Standing::Verified, 1, n as u8), n).is_ok());
            assert!(turns.push(delivery(Standing::Allowed, 1, 3), n).is_ok());
        }
        let strangers = taken(&mut turns, 60).into_iter().filter(|n| *n < 200).count();
        assert_eq!(strangers, 20);
    }

    #[test]
    fn one_account_has_a_bounded_line_and_others_have_theirs() {
        let mut turns = Turns::new();
        let refused =
            (0..300).filter(|n| turns.push(delivery(Standing::Verified, 1, 1), *n).is_err()).count();
        assert_eq!(refused, 300 - MOST);
        assert!(turns.push(delivery(Standing::Verified, 1, 2), 300).is_ok());
        assert!(turns.push(delivery(Standing::Unknown, 1, 1), 301).is_ok());
    }
}
