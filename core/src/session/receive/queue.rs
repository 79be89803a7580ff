//! What was opened, by sender: each sender's messages in their order, one batch at a time, the senders side by side.

use super::arrival::Arrival;
use crate::index::Index;

/// Arrivals that wait for their turn.
#[derive(Default)]
pub(super) struct Queue {
    /// Where each sender is in `senders`.
    places: Index,
    senders: Vec<Sender>,
    /// Those that may have something to be taken.
    ready: Vec<usize>,
    waiting: usize,
}

#[derive(Default)]
struct Sender {
    arrivals: Vec<Arrival>,
    busy: bool,
}

impl Queue {
    /// How many arrivals wait.
    pub const fn waiting(&self) -> usize {
        self.waiting
    }

    pub fn push(&mut self, arrival: Arrival) {
        let name = arrival.message.claimed_sender();
        let place = self.places.get(name).unwrap_or(self.senders.len());
        if self.places.insert(name.to_owned(), place) {
            self.senders.push(Sender::default());
        }
        let sender = &mut self.senders[place];
        if sender.arrivals.is_empty() && !sender.busy {
            self.ready.push(place);
        }
        sender.arrivals.push(arrival);
        self.waiting += 1;
    }

    /// All that waits of the sender who has waited longest, with that sender's number.
    pub fn next(&mut self) -> Option<(usize, Vec<Arrival>)> {
        if self.ready.is_empty() {
            return None;
        }
        let place = self.ready.remove(0);
        let sender = &mut self.senders[place];
        sender.busy = true;
        let arrivals = std::mem::take(&mut sender.arrivals);
        self.waiting -= arrivals.len();
        Some((place, arrivals))
    }

    /// What was taken of a sender is done.
    pub fn free(&mut self, place: usize) {
        let sender = &mut self.senders[place];
        sender.busy = false;
        if !sender.arrivals.is_empty() {
            self.ready.push(place);
        }
    }
}
