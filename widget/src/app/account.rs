//! The account that is signed in, and everything that goes with it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::engine::{Change, Engine};
use dm3_core::identity::Address;
use dm3_core::message::Context;
use dm3_core::session::{Conditions, ResendBudget, Session};
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use serde_json::Value;

use super::opened::Opened;
use super::platform::{LeaderNews, Platform};
use super::shelf::Shelf;

/// Something that has changed.
pub(super) enum Told {
    /// In this tab: its engine tells.
    Here(Change),
    /// In another tab: the records of a conversation, or of many.
    Elsewhere(Option<ConversationId>),
}

/// The account that is signed in. What is known about it and what it is doing go with it: whoever enters, begins anew.
pub struct Account<P: Platform> {
    pub(super) engine: Engine<P::Ports>,
    /// What the engine and other tabs tell, until somebody follows it.
    pub(super) told: RefCell<Option<UnboundedReceiver<Told>>>,
    /// What other tabs tell goes the way of what the engine tells.
    pub(super) others: UnboundedSender<Told>,
    /// The open conversation, as far as it is read.
    pub(super) opened: RefCell<Option<Opened>>,
    /// Counts what was asked to be opened: only the last of it comes onto the screen.
    pub(super) turn: Cell<usize>,
    /// Counts the conversations that were opened: the name of the last is checked.
    pub(super) name_watch: Cell<usize>,
    /// Those who wrote and were asked for their names: once is enough while they go on writing.
    pub(super) named: RefCell<Vec<ConversationId>>,
    /// What the other tabs were told last of the connection, if this one leads.
    pub(super) said: Cell<Option<LeaderNews>>,
    /// Entries of the mailboxes that are no envelopes.
    pub(super) unreadable: Cell<usize>,
    /// Where something was typed or forgotten that the other devices do not have yet, and when: milliseconds since 1970.
    pub(super) typed: RefCell<Vec<(ConversationId, u64)>>,
    /// Counts what was typed until they have it.
    pub(super) strokes: Cell<u64>,
    /// How much may still be sent again to those who miss something; `None` while an answer is under way.
    pub(super) resends: Cell<Option<ResendBudget>>,
    /// A text is being kept: asked for twice, it is written once.
    pub(super) writing: Cell<bool>,
    /// What the delivery services of the open conversation's peer take, as far as they told.
    pub(super) conditions: RefCell<Option<(ConversationId, Vec<Conditions>)>>,
    /// What conversations are about that the page asked for, until something was sent there.
    pub(super) about: RefCell<Vec<(ConversationId, Context)>>,
    /// Whom the page asked for last, and as whom it named them.
    pub(super) asked: RefCell<Option<(Address, String)>>,
    /// The page's text that was put into the composer last.
    pub(super) offered: RefCell<String>,
    /// The voucher that goes along with what is written to somebody, as JSON.
    pub(super) voucher: RefCell<Option<(Address, Value)>>,
    /// The payment that goes along with what is written next to somebody, as JSON.
    pub(super) payment: RefCell<Option<(Address, Value)>>,
    /// With whom something is being done about payments.
    pub(super) paying: RefCell<BTreeSet<Address>>,
    /// With whom it is waited for an answered payment to be taken.
    pub(super) watched: RefCell<BTreeSet<Address>>,
    /// How often the requests were to be put into order while that goes on.
    pub(super) ranking: Cell<usize>,
    /// Counts how often it was looked what the page's site wants to be known.
    pub(super) looks: Cell<usize>,
    /// The attachments of the open conversation.
    pub(super) shelf: Shelf,
}

impl<P: Platform> Account<P> {
    /// An account whose engine does nothing yet.
    pub(super) fn new(session: Session<P::Ports>) -> Rc<Self> {
        let (tell, told) = unbounded();
        let others = tell.clone();
        // After the account was left nobody listens.
        let engine = Engine::new(session, move |change| drop(tell.unbounded_send(Told::Here(change))));
        Rc::new(Self {
            engine,
            told: RefCell::new(Some(told)),
            others,
            opened: RefCell::default(),
            turn: Cell::new(0),
            name_watch: Cell::new(0),
            named: RefCell::default(),
            said: Cell::new(None),
            unreadable: Cell::new(0),
            typed: RefCell::default(),
            strokes: Cell::new(0),
            resends: Cell::new(Some(ResendBudget::default())),
            writing: Cell::new(false),
            conditions: RefCell::default(),
            about: RefCell::default(),
            offered: RefCell::default(),
            voucher: RefCell::default(),
            payment: RefCell::default(),
            paying: RefCell::default(),
            watched: RefCell::default(),
            ranking: Cell::new(0),
            asked: RefCell::default(),
            looks: Cell::new(0),
            shelf: Shelf::default(),
        })
    }
}
