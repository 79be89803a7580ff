//! What is known of the outbox beside the store: who waits, for how long, and what is being handed over.

use std::cell::RefCell;

use super::backoff::Backoff;
use super::nudge::Nudge;
use crate::conversation::ConversationId;
use crate::message::MessageHash;
use crate::ports::{Clock as _, Ports};
use crate::session::Wait;

/// The longest wait before it is found out again whether somebody has joined: milliseconds.
const JOINING: u32 = 5 * 60_000;

/// What is known of the outbox beside the store.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) news: Nudge,
    /// Conversations that may not wait any longer.
    hurried: RefCell<Vec<ConversationId>>,
    /// Those that wait until something is tried again.
    waits: RefCell<Vec<Waiting>>,
    /// What is being handed over.
    sending: RefCell<Vec<MessageHash>>,
}

struct Waiting {
    conversation: ConversationId,
    /// When it began to wait: before that, the clock was set back, and nothing is to be waited for.
    since: u64,
    until: u64,
    backoff: Backoff,
    wait: Wait,
}

impl Waiting {
    fn left(&self, now: u64) -> u64 {
        if now < self.since { 0 } else { self.until.saturating_sub(now) }
    }
}

impl Queue {
    /// Something was written in a conversation; without one, nobody is to wait any longer.
    pub(super) fn grew(&self, conversation: Option<ConversationId>) {
        match conversation {
            Some(conversation) => {
                let mut hurried = self.hurried.borrow_mut();
                if !hurried.contains(&conversation) {
                    hurried.push(conversation);
                }
            }
            None => self.waits.borrow_mut().clear(),
        }
        self.news.give();
    }

    pub(super) fn is_sending(&self, hash: &MessageHash) -> bool {
        self.sending.borrow().contains(hash)
    }

    /// Nothing is known any more.
    pub(super) fn clear(&self) {
        self.hurried.take();
        self.waits.take();
        self.sending.take();
    }

    /// Whether a conversation still waits.
    pub(super) fn waits(&self, conversation: ConversationId, now: u64) -> bool {
        self.waits.borrow().iter().any(|it| it.conversation == conversation && it.left(now) > 0)
    }

    /// Whether a conversation had to wait, and nothing of it has left since.
    pub(super) fn has_waited(&self, conversation: ConversationId) -> bool {
        self.waits.borrow().iter().any(|it| it.conversation == conversation)
    }

    /// How long until the first of those that wait is due: milliseconds.
    pub(super) fn next_due(&self, now: u64) -> Option<u64> {
        self.waits.borrow().iter().map(|it| it.left(now)).filter(|left| *left > 0).min()
    }

    /// Nobody waits whose conversation has something new. How long they wait the next time is not forgotten. What is under
    /// way began before that, and does not wait either if it has to come again.
    pub(super) fn hurry(&self, now: u64, under_way: &[ConversationId]) {
        let hurried = self.hurried.take();
        let (later, due): (Vec<_>, Vec<_>) = hurried.into_iter().partition(|it| under_way.contains(it));
        *self.hurried.borrow_mut() = later;
        for conversation in due {
            let mut waits = self.waits.borrow_mut();
            if let Some(waiting) = waits.iter_mut().find(|it| it.conversation == conversation) {
                waiting.until = now;
            }
        }
    }

    /// The network is back: nobody waits for it any longer. How long they wait the next time is not forgotten, since what
    /// is back may be gone in the next moment.
    pub(super) fn network_is_back(&self, now: u64) {
        for waiting in self.waits.borrow_mut().iter_mut() {
            if matches!(waiting.wait, Wait::Unreachable { pause: 0 }) {
                waiting.until = now;
            }
        }
        self.news.give();
    }

    /// Notes that a message is being handed over, or is not any more.
    pub(super) fn set_sending(&self, hash: &MessageHash, is_sending: bool) {
        let mut sending = self.sending.borrow_mut();
        sending.retain(|other| other != hash);
        if is_sending {
            sending.push(hash.clone());
        }
    }

    /// Everything of a conversation has left.
    pub(super) fn has_left(&self, conversation: ConversationId) {
        self.waits.borrow_mut().retain(|it| it.conversation != conversation);
    }

    /// A conversation has to wait, longer than before.
    pub(super) fn has_to_wait(&self, conversation: ConversationId, wait: Wait, ports: &impl Ports) {
        let mut waits = self.waits.borrow_mut();
        let known = waits.iter().position(|it| it.conversation == conversation);
        let mut waiting = match known.map(|at| waits.swap_remove(at)) {
            // Other reasons have other waits.
            Some(before) if matches!(before.wait, Wait::NoProfile) == matches!(wait, Wait::NoProfile) => {
                before
            }
            _ => {
                let backoff = match wait {
                    Wait::NoProfile => Backoff::patient(JOINING),
                    Wait::Unreachable { .. } => Backoff::new(),
                };
                Waiting { conversation, since: 0, until: 0, backoff, wait }
            }
        };
        let pause = match wait {
            Wait::NoProfile => 0,
            Wait::Unreachable { pause } => pause,
        };
        let step = u64::from(waiting.backoff.step(ports));
        waiting.since = ports.clock().now();
        waiting.until = waiting.since + step.max(pause);
        waiting.wait = wait;
        waits.push(waiting);
    }

    /// Of what was delivered or stopped elsewhere nothing is remembered.
    pub(super) fn forget_others(&self, waiting: &[(ConversationId, Vec<MessageHash>)]) {
        let waits = |it: &Waiting| waiting.iter().any(|(conversation, _)| *conversation == it.conversation);
        self.waits.borrow_mut().retain(waits);
    }
}
