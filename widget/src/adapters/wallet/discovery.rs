//! Which wallets there are.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use dm3_core::identity::Address;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, Window};

use super::announcement::{Announcement, is_provider};
use super::injected::{InjectedWallet, Watch};
use super::outside::member;

/// More wallets than this are a joke or an attack.
const MAX_WALLETS: usize = 32;
/// The id of the provider that the page itself gave.
const PAGE: &str = "page";
/// The id of `window.ethereum`.
const FALLBACK: &str = "window.ethereum";

/// A wallet as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletInfo {
    /// What [`Wallets::wallet`] takes.
    pub id: String,
    /// The name it gives itself: at most 60 characters, on one line.
    pub name: String,
    /// Its picture as a `data:image/…` URL. To be shown by an image element and nothing else.
    pub icon: Option<String>,
}

/// The wallets in this page. Lives: what announces itself later is added, and each is watched.
pub struct Wallets {
    found: Rc<Found>,
    window: Option<Window>,
    on_announcement: Closure<dyn FnMut(Event)>,
    on_initialized: Closure<dyn FnMut()>,
}

/// What the wallets tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// [`Wallets::list`] changed.
    List,
    /// The page gave another provider, or took its own back: other wallets are behind the ids.
    Provider,
    /// The wallet with this id shares other accounts now. The first is the current one.
    Accounts(String, Vec<Address>),
}

struct Found {
    page: RefCell<Option<JsValue>>,
    announced: RefCell<Vec<Announcement>>,
    /// The choices as they are watched: id, provider, and what ends it.
    watched: RefCell<Vec<(String, JsValue, Watch)>>,
    on_told: Rc<dyn Fn(Told)>,
}

impl Wallets {
    /// Asks all wallets to announce themselves. `on_told` is called until this is dropped.
    pub fn discover(on_told: impl Fn(Told) + 'static) -> Self {
        let found = Rc::new(Found {
            page: RefCell::default(),
            announced: RefCell::default(),
            watched: RefCell::default(),
            on_told: Rc::new(on_told),
        });
        let on_announcement = {
            let found = Rc::clone(&found);
            Closure::new(move |event: Event| {
                let announcement = Announcement::read(&member(&event, "detail"));
                if announcement.is_some_and(|announcement| found.add(announcement)) {
                    found.changed(Told::List);
                }
            })
        };
        let on_initialized = {
            let found = Rc::clone(&found);
            Closure::new(move || found.changed(Told::List))
        };
        let this = Self { found, window: web_sys::window(), on_announcement, on_initialized };
        if let Some(window) = &this.window {
            for (name, listener) in this.listeners() {
                // Fails for names that are no text.
                let _ = window.add_event_listener_with_callback(name, listener.unchecked_ref());
            }
            if let Ok(request) = Event::new("eip6963:requestProvider") {
                let _ = window.dispatch_event(&request);
            }
        }
        this.found.watch();
        this
    }

    /// Uses a provider that the page gives, and no other; or, without one, those that are found.
    pub fn set_page_provider(&self, provider: Option<JsValue>) {
        self.found.page.replace(provider.filter(is_provider));
        self.found.changed(Told::Provider);
    }

    /// The wallets to choose from, in the order of their announcement.
    pub fn list(&self) -> Vec<WalletInfo> {
        self.found.choices().into_iter().map(|(info, _)| info).collect()
    }

    /// The wallet with this id, if it is still among the choices.
    pub fn wallet(&self, id: &str) -> Option<InjectedWallet> {
        let (_, provider) = self.found.choices().into_iter().find(|(info, _)| info.id == id)?;
        Some(InjectedWallet::new(provider))
    }

    /// The same wallets, for those who must not keep them.
    pub fn source(&self) -> WalletSource {
        WalletSource(Rc::downgrade(&self.found))
    }

    fn listeners(&self) -> [(&str, &JsValue); 2] {
        let (announced, initialized) = (self.on_announcement.as_ref(), self.on_initialized.as_ref());
        // The second is how wallets tell that `window.ethereum` came late.
        [("eip6963:announceProvider", announced), ("ethereum#initialized", initialized)]
    }
}

/// The wallets in a page, for as long as somebody else keeps them.
#[derive(Clone, Default)]
pub struct WalletSource(Weak<Found>);

impl WalletSource {
    /// Those that there are now.
    pub(super) fn all(&self) -> Vec<InjectedWallet> {
        let choices = self.0.upgrade().map(|found| found.choices()).unwrap_or_default();
        choices.into_iter().map(|(_, provider)| InjectedWallet::new(provider)).collect()
    }
}

impl Drop for Wallets {
    fn drop(&mut self) {
        // The listeners at the wallets go with it.
        self.found.watched.take();
        let Some(window) = &self.window else { return };
        for (name, listener) in self.listeners() {
            let _ = window.remove_event_listener_with_callback(name, listener.unchecked_ref());
        }
    }
}

impl Found {
    /// Adds a wallet; one that is known stays as it is, so that nobody takes its place. Who calls itself as another one
    /// does has an id that does not last.
    fn add(&self, mut announcement: Announcement) -> bool {
        let mut announced = self.announced.borrow_mut();
        if announced.len() >= MAX_WALLETS || announced.iter().any(|other| other.uuid == announcement.uuid) {
            return false;
        }
        if announced.iter().any(|other| other.id == announcement.id) {
            announcement.id.clone_from(&announcement.uuid);
        }
        if announced.iter().any(|other| other.id == announcement.id) {
            return false;
        }
        announced.push(announcement);
        true
    }

    fn choices(&self) -> Vec<(WalletInfo, JsValue)> {
        let unnamed = |id: &str, name: &str| WalletInfo { id: id.into(), name: name.into(), icon: None };
        if let Some(provider) = &*self.page.borrow() {
            return vec![(unnamed(PAGE, "Wallet of this page"), provider.clone())];
        }
        let announced = self.announced.borrow();
        if !announced.is_empty() {
            return announced.iter().map(Announcement::choice).collect();
        }
        let injected = web_sys::window().map(|window| member(&window, "ethereum")).filter(is_provider);
        injected.map(|provider| (unnamed(FALLBACK, "Browser wallet"), provider)).into_iter().collect()
    }

    /// Outside of every borrow: who hears of it may read the list at once.
    fn changed(&self, told: Told) {
        self.watch();
        (self.on_told)(told);
    }

    /// Listens to the choices, and to nobody else.
    fn watch(&self) {
        let choices = self.choices();
        let mut watched = self.watched.take();
        watched.retain(|(id, provider, _)| {
            choices.iter().any(|(info, other)| info.id == *id && other == provider)
        });
        for (info, provider) in choices {
            if watched.iter().any(|(id, ..)| *id == info.id) {
                continue;
            }
            let (on_told, id) = (Rc::clone(&self.on_told), info.id.clone());
            let watch = InjectedWallet::new(provider.clone())
                .watch(move |accounts| on_told(Told::Accounts(id.clone(), accounts)));
            watched.push((info.id, provider, watch));
        }
        self.watched.replace(watched);
    }
}

impl Announcement {
    fn choice(&self) -> (WalletInfo, JsValue) {
        let info = WalletInfo { id: self.id.clone(), name: self.name.clone(), icon: self.icon.clone() };
        (info, self.provider.clone())
    }
}
