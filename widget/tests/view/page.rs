//! A chat that is mounted into the page, and what is shown there.

use std::any::Any;

use dm3_core::device::Standing;
use dm3_core::message::MessageHash;
use dm3_core::ports::WalletError;
use dm3_core::session::{NameStanding, SignInError};
use dm3_widget::app::fault::Fault;
use dm3_widget::app::state::*;
use dm3_widget::app::{App, Command};
use dm3_widget::view::Chat;
use dm3_widget::view::listening::{Listening, listen};
use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::tick;
use wasm_bindgen::JsCast;
use web_sys::{
    Element, Event, EventInit, HtmlElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent,
    KeyboardEventInit,
};

pub const BOB: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
pub const CAROL: &str = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65";
/// 1 November 2026, noon in UTC.
pub const NOON: u64 = 1_793_534_400_000;
pub const MINUTE: u64 = 60_000;

/// Waits until effects of effects have reached the page.
pub async fn settled() {
    for _ in 0..3 {
        tick().await;
    }
}

/// A mounted chat and what it asks for.
pub struct Page {
    pub state: State,
    pub root: HtmlElement,
    pub commands: UnboundedReceiver<Command>,
    pub owner: Owner,
    view: Option<Box<dyn Any>>,
    _listening: Listening,
}

impl Page {
    pub async fn open(show: impl FnOnce(State)) -> Self {
        let root: HtmlElement = document().create_element("div").unwrap().unchecked_into();
        document().body().unwrap().append_child(&root).unwrap();
        let owner = Owner::new_root(None);
        let state = owner.with(State::new);
        show(state);
        let (sender, commands) = unbounded();
        let app = App::new(state, dm3_widget::more::PARTS, sender);
        let _listening = listen(&app, &root);
        let view = owner.with(|| mount_to(root.clone(), move || view! { <Chat app=app /> }));
        let view: Option<Box<dyn Any>> = Some(Box::new(view));
        settled().await;
        Self { state, root, commands, owner, view, _listening }
    }

    pub async fn list(rows: Vec<ConversationRow>) -> Self {
        Self::open(|state| {
            state.conversations.set(Some(rows));
            state.screen.set(Screen::List);
        })
        .await
    }

    pub async fn thread(peer: Person, messages: Vec<Bubble>) -> Self {
        Self::open(|state| {
            state.connection.set(Connection::Live);
            state.thread.set(Some(thread(peer, messages)));
            state.screen.set(Screen::Thread);
        })
        .await
    }

    pub async fn sign_in(step: SignInStep) -> Self {
        Self::open(|state| state.screen.set(sign_in(step, None, None))).await
    }

    pub fn all(&self, selector: &str) -> Vec<Element> {
        let found = self.root.query_selector_all(selector).unwrap();
        (0..found.length()).map(|i| found.item(i).unwrap().unchecked_into()).collect()
    }

    pub fn one(&self, selector: &str) -> Element {
        let mut found = self.all(selector);
        assert_eq!(found.len(), 1, "{selector} in {}", self.root.inner_html());
        found.remove(0)
    }

    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.all(selector).iter().map(|element| element.text_content().unwrap()).collect()
    }

    pub fn text(&self) -> String {
        self.root.text_content().unwrap()
    }

    pub fn button(&self, name: &str) -> HtmlElement {
        let named = |button: &Element| {
            button
                .get_attribute("aria-label")
                .unwrap_or_else(|| button.text_content().unwrap())
                .contains(name)
        };
        self.all("button")
            .into_iter()
            .find(named)
            .unwrap_or_else(|| panic!("no button {name}"))
            .unchecked_into()
    }

    pub async fn click(&self, name: &str) {
        self.button(name).click();
        settled().await;
    }

    pub async fn type_text(&self, selector: &str, text: &str) {
        let field = self.one(selector);
        match field.dyn_ref::<HtmlInputElement>() {
            Some(field) => field.set_value(text),
            None => field.unchecked_ref::<HtmlTextAreaElement>().set_value(text),
        }
        let bubbling = EventInit::new();
        bubbling.set_bubbles(true);
        field.dispatch_event(&Event::new_with_event_init_dict("input", &bubbling).unwrap()).unwrap();
        settled().await;
    }

    pub async fn press_enter(&self, selector: &str, change: impl FnOnce(&KeyboardEventInit)) {
        let key = KeyboardEventInit::new();
        key.set_key("Enter");
        key.set_bubbles(true);
        key.set_cancelable(true);
        change(&key);
        let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &key).unwrap();
        self.one(selector).dispatch_event(&event).unwrap();
        settled().await;
    }

    /// What was asked for since the last look.
    pub fn asked(&mut self) -> Vec<Command> {
        std::iter::from_fn(|| self.commands.try_recv().ok()).collect()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // What is shown goes first, as with the element: nothing of it may read what is gone.
        self.view = None;
        self.root.remove();
        self.owner.cleanup();
    }
}

pub fn person(name: Option<&str>, address: &str) -> Person {
    let standing = NameStanding::Checked;
    Person { address: address.parse().unwrap(), name: name.map(Into::into), standing }
}

pub fn bob() -> Person {
    person(Some("bob.eth"), BOB)
}

pub fn carol() -> Person {
    person(None, CAROL)
}

pub fn hash(number: u8) -> MessageHash {
    format!("0x{number:064x}").parse().unwrap()
}

pub fn bubble(number: u8, text: &str, delivery: Delivery) -> Bubble {
    let own = delivery != Delivery::Received;
    let content =
        BubbleContent::Text { text: text.into(), edited: false, quote: None, attachments: 0, about: None };
    Bubble {
        hash: hash(number),
        version: hash(number),
        own,
        time: NOON + u64::from(number) * MINUTE,
        content,
        delivery,
        sending: hash(number),
        emoji: String::new(),
        reactions: vec![],
    }
}

pub fn thread(peer: Person, messages: Vec<Bubble>) -> ThreadState {
    let standing = Standing::accepted();
    ThreadState {
        peer,
        reach: Reach::Ready,
        standing,
        unseen: None,
        messages: Some(messages),
        more: false,
        newer: false,
        demands: Vec::new(),
        about: None,
        notices: Vec::new(),
    }
}

pub fn row(peer: Person, text: &str, unread: u64) -> ConversationRow {
    let preview = Some(Preview { own: false, text: PreviewText::Text(text.into()), waiting: false });
    ConversationRow { peer, preview, time: NOON, unread, standing: Standing::accepted() }
}

pub fn wallet(name: &str) -> WalletChoice {
    WalletChoice { id: format!("id of {name}"), name: name.into(), icon: None }
}

pub fn declined() -> Option<Fault> {
    Some(Fault::SignIn(SignInError::Wallet(WalletError::Refused)))
}

pub fn sign_in(step: SignInStep, busy: Option<Busy>, error: Option<Fault>) -> Screen {
    Screen::SignIn(SignIn { step, busy, error, wallet: None, account: None })
}

pub fn keys_step() -> SignInStep {
    SignInStep::CreateKeys { text: "the exact text".into(), other_app: false }
}
