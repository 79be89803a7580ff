//! What the custom element's JavaScript class calls. It only converts and passes on.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::FutureExt as _;
use js_sys::Function;
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyViewState;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

use crate::adapters::page::Page;
use crate::app::state::FileBytes;
use crate::app::{self, App, BackupAsk, Command, Driver};
use crate::more::{LATER, PARTS};
use crate::view::Chat;

/// One mounted element. JavaScript holds it, unmounts it and frees it.
#[wasm_bindgen]
pub struct ChatHandle {
    owner: Owner,
    view: RefCell<Option<UnmountHandle<AnyViewState>>>,
    commands: UnboundedSender<Command>,
    driver: Rc<Driver<Page>>,
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
        state.to.set(attribute("to"));
        state.draft.set(attribute("draft").unwrap_or_default());
        state.closable.set(attribute("mode").as_deref() != Some("inline"));
        let app = App::new(state, PARTS, commands.clone());
        let view =
            owner.with(|| leptos::mount::mount_to(mount, move || view! { <Chat app=app /> }.into_any()));
        wasm_bindgen_futures::spawn_local(app::run(Rc::clone(&driver), requests).boxed_local());
        Self { owner, view: RefCell::new(Some(view)), commands, driver }
    }

    /// Takes the loader's function that imports the rules for names outside ASCII.
    pub fn provide_names(import: js_sys::Function) {
        crate::adapters::names::provide(import);
    }

    /// Takes the loader's function that fetches a part of the application.
    pub fn provide_parts(fetch: js_sys::Function) {
        crate::adapters::parts::provide(fetch);
    }

    /// An attribute was set, or removed.
    pub fn attribute(&self, name: &str, value: Option<String>) {
        let value = value.filter(|value| !value.is_empty());
        match name {
            "node" => app::set_node(&self.driver, &value.unwrap_or_default()),
            "rpc-url" => app::set_rpc_url(&self.driver, value),
            "draft" => self.driver.state.draft.set(value.unwrap_or_default()),
            "to" => {
                self.driver.state.to.set(value.clone());
                if let Some(to) = value {
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

    /// Opens the conversation with a name or an address, now or after signing in.
    pub fn open_conversation(&self, to: String) {
        self.driver.state.to.set(Some(to.clone()));
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

    /// Signs out and forgets the account on this device.
    pub fn reset(&self) {
        self.command(Command::SignOut);
    }

    /// Makes a backup. Its code stands on the element's screen alone; one of the functions is called with the file, or with
    /// why there is none.
    pub fn export_backup(&self, made: Function, failed: Function) {
        self.driver.page().await_file(made, failed);
        self.command(Command::Backup(BackupAsk::Make));
    }

    /// Asks for the code of a backup, and takes it in.
    pub fn import_backup(&self, file: Vec<u8>) {
        self.command(Command::Backup(BackupAsk::Offer(FileBytes::new(file))));
    }

    /// The panel is on the screen, or not.
    pub fn shown(&self, shown: bool) {
        self.command(Command::Shown(shown));
    }

    /// Ends everything the element was doing.
    pub fn unmount(&self) {
        self.driver.end();
        self.commands.close_channel();
        drop(self.view.borrow_mut().take());
        self.owner.cleanup();
    }

    fn command(&self, command: Command) {
        // After unmounting nobody listens, which is what is wanted.
        let _ = self.commands.unbounded_send(command);
    }
}
