//! What the custom element's JavaScript class calls. It only converts and passes on.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::FutureExt as _;
use js_sys::{Array, Function};
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyViewState;
use wasm_bindgen::prelude::*;
use web_sys::{Event, HtmlElement};

use crate::adapters::page::Page;
use crate::app::fault::Fault;
use crate::app::state::{Apart, Connection, FileBytes, State};
use crate::app::{self, App, BackupAsk, Command, Driver};
use crate::more::{LATER, PARTS};
use crate::texts;
use crate::view::Chat;
use crate::view::listening::{Listening, listen};

/// The mode in which a panel can't be closed.
const INLINE: &str = "inline";

/// One mounted element. JavaScript holds it, unmounts it and frees it.
#[wasm_bindgen]
pub struct ChatHandle {
    owner: Owner,
    view: RefCell<Option<UnmountHandle<AnyViewState>>>,
    commands: UnboundedSender<Command>,
    driver: Rc<Driver<Page>>,
    /// What all conversations are about that the page opens without saying so of one.
    context: RefCell<Option<String>>,
    /// Whom the page names for as long as it calls for nobody else, and its text for them.
    lasting: RefCell<(Option<String>, String)>,
    _listening: Listening,
}

#[wasm_bindgen]
impl ChatHandle {
    /// Mounts into `mount`, an element inside the shadow root of `host`.
    #[wasm_bindgen(constructor)]
    pub fn new(host: HtmlElement, mount: HtmlElement) -> Self {
        let attribute = |name: &str| host.get_attribute(name).filter(|value| !value.is_empty());
        // Without a root of its own the element would belong to whatever happens to be current.
        let owner = Owner::new_root(None);
        let (commands, requests) = unbounded();
        let page = Page::new(host.clone(), commands.clone());
        let driver = Driver::new(page, LATER, &attribute("node").unwrap_or_default(), attribute("rpc-url"));
        driver.name_network(attribute("network"));
        let state = driver.state;
        let lasting = (attribute("to"), attribute("draft").unwrap_or_default());
        state.to.set(lasting.0.clone());
        let context = attribute("context");
        state.context.set(context.clone());
        app::set_draft(&driver, lasting.0.clone(), lasting.1.clone());
        state.closable.set(attribute("mode").as_deref() != Some(INLINE));
        state.locked.set(host.has_attribute("lock-contact"));
        state.official.set(host.has_attribute("official"));
        state.silent.set(attribute("receipts").as_deref() == Some("off"));
        let app = App::new(state, PARTS, commands.clone());
        let _listening = listen(&app, &mount);
        let view =
            owner.with(|| leptos::mount::mount_to(mount, move || view! { <Chat app=app /> }.into_any()));
        // Leptos runs effects once something is mounted.
        owner.with(|| tell_connection(host.clone(), state));
        #[cfg(feature = "gallery")]
        let task = crate::gallery::show(host, state, requests);
        #[cfg(not(feature = "gallery"))]
        let task = app::run(Rc::clone(&driver), requests);
        wasm_bindgen_futures::spawn_local(task.boxed_local());
        let (context, lasting) = (RefCell::new(context), RefCell::new(lasting));
        Self { owner, view: RefCell::new(Some(view)), commands, driver, context, lasting, _listening }
    }

    /// Takes the loader's function that imports the rules for names outside ASCII.
    pub fn provide_names(import: js_sys::Function) {
        crate::adapters::names::provide(import);
    }

    /// Takes the loader's function that fetches a part of the application.
    pub fn provide_parts(fetch: js_sys::Function) {
        crate::adapters::parts::provide(fetch);
    }

    /// Takes the function that fetches the emoji of a language.
    pub fn provide_emoji(fetch: js_sys::Function) {
        crate::adapters::emoji::provide(fetch);
    }

    /// From now on this language is spoken. `texts` are lists of what is said, in the order of messages; what a list lacks is
    /// in the next one, or English.
    pub fn speak(locale: String, texts: Array) {
        texts::speak(locale, texts);
    }

    /// So many messages were not read.
    pub fn unread_words(&self, count: usize) -> String {
        count.to_string() + " " + &texts::unread(count)
    }

    /// An attribute was set, or removed; of `lang`, that another language is spoken now.
    pub fn attribute(&self, name: &str, value: Option<String>) {
        let is_there = value.is_some();
        let value = value.filter(|value| !value.is_empty());
        match name {
            "lang" => self.driver.state.drawn.update(|times| *times += 1),
            "node" => app::set_node(&self.driver, &value.unwrap_or_default()),
            "rpc-url" => app::set_rpc_url(&self.driver, value),
            "network" => app::set_network(&self.driver, value),
            "mode" => self.driver.state.closable.set(value.as_deref() != Some(INLINE)),
            "lock-contact" => self.driver.state.locked.set(is_there),
            "official" => self.driver.state.official.set(is_there),
            "receipts" => self.driver.state.silent.set(value.as_deref() == Some("off")),
            "context" => {
                *self.context.borrow_mut() = value;
                self.driver.state.context.set(self.context.borrow().clone());
                self.command(Command::ContextChanged);
            }
            "draft" => {
                self.lasting.borrow_mut().1 = value.unwrap_or_default();
                self.offer_draft();
            }
            "to" => {
                self.lasting.borrow_mut().0.clone_from(&value);
                self.driver.state.given.set(None);
                self.name_contact(value.clone());
                if let Some(to) = value {
                    self.driver.state.context.set(self.context.borrow().clone());
                    self.command(Command::Open(to));
                }
            }
            _ => {}
        }
    }

    /// The host page gives the wallet to use.
    pub fn set_provider(&self, provider: JsValue) {
        self.driver.page().wallets().set_page_provider(Some(provider));
    }

    /// Opens the conversation with a name or an address, now or after signing in; and what it is about, and a text to begin
    /// with this time.
    pub fn open_conversation(&self, to: String, context: Option<String>, draft: Option<String>) {
        self.driver.state.context.set(context.or_else(|| self.context.borrow().clone()));
        self.driver.state.given.set(draft);
        self.name_contact(Some(to.clone()));
        self.command(Command::Open(to));
    }

    /// Connects the wallet, if there is no choice to be made.
    pub fn connect(&self) {
        let wallets = self.driver.page().wallets().list();
        if let [wallet] = wallets.as_slice() {
            self.command(Command::Connect(wallet.id.clone()));
        }
    }

    /// Signs out; what is stored stays.
    pub fn disconnect(&self) {
        self.command(Command::Disconnect);
    }

    /// Signs everybody out and leaves nothing in this browser. One of the functions is called once that is so, or with the code
    /// of why it could not be.
    pub fn reset(&self, done: Function, failed: Function) {
        let told = move |erased: Result<(), Fault>| {
            // What a script of the page does with it is its own affair.
            let _ = match erased {
                Ok(()) => done.call0(&JsValue::UNDEFINED),
                Err(fault) => failed.call1(&JsValue::UNDEFINED, &fault.code().into()),
            };
        };
        app::reset(&self.driver, Box::new(told));
    }

    /// Makes a backup. Its code stands on the element's screen alone; one of the functions is called with the file, or with
    /// the code of why there is none.
    pub fn export_backup(&self, made: Function, failed: Function) {
        self.driver.page().await_file(made, failed);
        self.command(Command::backup(BackupAsk::Make));
    }

    /// Asks for the code of a backup, and takes it in.
    pub fn import_backup(&self, file: Vec<u8>) {
        self.command(Command::backup(BackupAsk::Offer(FileBytes::new(file))));
    }

    /// The panel is on the screen, or not.
    pub fn shown(&self, shown: bool) {
        self.command(Command::Shown(shown));
    }

    /// There is room for the list beside what is open, or not.
    pub fn wide(&self, wide: bool) {
        self.driver.state.wide.set(wide);
    }

    /// Ends everything the element was doing.
    pub fn unmount(&self) {
        self.driver.end();
        self.commands.close_channel();
        drop(self.view.borrow_mut().take());
        self.owner.cleanup();
    }

    /// The page names somebody. What was written or found out is of another.
    fn name_contact(&self, to: Option<String>) {
        let state = self.driver.state;
        state.form.set(Apart::waiting());
        state.site.set(Apart::waiting());
        state.to.set(to);
        self.offer_draft();
    }

    /// The page's lasting text is for whom it names lastingly, or for everybody if that is nobody.
    fn offer_draft(&self) {
        let named = self.driver.state.to.get_untracked();
        let (to, draft) = self.lasting.borrow().clone();
        let draft = if to.is_none() || to == named { draft } else { String::new() };
        app::set_draft(&self.driver, to, draft);
    }

    fn command(&self, command: Command) {
        // After unmounting nobody listens, which is what is wanted.
        let _ = self.commands.unbounded_send(command);
    }
}

/// Tells the loader whether the delivery services of who is signed in can't be reached (`widget/js/element.js`).
fn tell_connection(host: HtmlElement, state: State) {
    Effect::new(move |before: Option<bool>| {
        let lost = state.connection.with(|connection| matches!(connection, Connection::Lost(_)));
        if lost != before.unwrap_or_default()
            && let Some(root) = host.shadow_root()
            && let Ok(told) = Event::new(if lost { "offline" } else { "online" })
        {
            // Fails only for an event that is under way; this one is new.
            let _ = root.dispatch_event(&told);
        }
        lost
    });
}

#[cfg(feature = "gallery")]
#[wasm_bindgen]
impl ChatHandle {
    /// The names of all states that can be shown.
    pub fn states() -> Vec<String> {
        crate::gallery::names()
    }
}
