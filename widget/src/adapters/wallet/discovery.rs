//! Which wallets there are.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, Window};

use super::InjectedWallet;
use super::announcement::{Announcement, is_provider};
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

/// The wallets in this page. Lives: what announces itself later is added.
pub struct Wallets {
    found: Rc<RefCell<Found>>,
    on_change: Rc<dyn Fn()>,
    window: Option<Window>,
    on_announcement: Closure<dyn FnMut(Event)>,
    on_initialized: Closure<dyn FnMut()>,
}

#[derive(Default)]
struct Found {
    page: Option<JsValue>,
    announced: Vec<Announcement>,
}

impl Wallets {
    /// Asks all wallets to announce themselves; `on_change` is called when [`Self::list`] changed.
    pub fn discover(on_change: impl Fn() + 'static) -> Self {
        let found = Rc::new(RefCell::new(Found::default()));
        let on_change: Rc<dyn Fn()> = Rc::new(on_change);
        let on_announcement = {
            let (found, on_change) = (Rc::clone(&found), Rc::clone(&on_change));
            Closure::new(move |event: Event| {
                let announcement = Announcement::read(&member(&event, "detail"));
                // Outside of the borrow: listeners may read the list at once.
                if announcement.is_some_and(|announcement| found.borrow_mut().add(announcement)) {
                    on_change();
                }
            })
        };
        let on_initialized = {
            let on_change = Rc::clone(&on_change);
            Closure::new(move || on_change())
        };
        let this = Self { found, on_change, window: web_sys::window(), on_announcement, on_initialized };
        if let Some(window) = &this.window {
            for (name, listener) in this.listeners() {
                // Fails for names that are no text.
                let _ = window.add_event_listener_with_callback(name, listener.unchecked_ref());
            }
            if let Ok(request) = Event::new("eip6963:requestProvider") {
                let _ = window.dispatch_event(&request);
            }
        }
        this
    }

    /// Uses a provider that the page gives, and no other; or, without one, those that are found.
    pub fn set_page_provider(&self, provider: Option<JsValue>) {
        self.found.borrow_mut().page = provider.filter(is_provider);
        (self.on_change)();
    }

    /// The wallets to choose from, in the order of their announcement.
    pub fn list(&self) -> Vec<WalletInfo> {
        self.choices().into_iter().map(|(info, _)| info).collect()
    }

    /// The wallet with this id, if it is still among the choices.
    pub fn wallet(&self, id: &str) -> Option<InjectedWallet> {
        let (_, provider) = self.choices().into_iter().find(|(info, _)| info.id == id)?;
        Some(InjectedWallet::new(provider))
    }

    fn choices(&self) -> Vec<(WalletInfo, JsValue)> {
        let unnamed = |id: &str, name: &str| WalletInfo { id: id.into(), name: name.into(), icon: None };
        let found = self.found.borrow();
        if let Some(provider) = &found.page {
            return vec![(unnamed(PAGE, "Wallet of this page"), provider.clone())];
        }
        if !found.announced.is_empty() {
            return found.announced.iter().map(Announcement::choice).collect();
        }
        let injected = self.window.as_ref().map(|window| member(window, "ethereum")).filter(is_provider);
        injected.map(|provider| (unnamed(FALLBACK, "Browser wallet"), provider)).into_iter().collect()
    }

    fn listeners(&self) -> [(&str, &JsValue); 2] {
        let (announced, initialized) = (self.on_announcement.as_ref(), self.on_initialized.as_ref());
        // The second is how wallets tell that `window.ethereum` came late.
        [("eip6963:announceProvider", announced), ("ethereum#initialized", initialized)]
    }
}

impl Drop for Wallets {
    fn drop(&mut self) {
        let Some(window) = &self.window else { return };
        for (name, listener) in self.listeners() {
            let _ = window.remove_event_listener_with_callback(name, listener.unchecked_ref());
        }
    }
}

impl Found {
    /// Adds a wallet; one that is known stays as it is, so that nobody takes its place.
    fn add(&mut self, announcement: Announcement) -> bool {
        let known = self.announced.iter().any(|other| other.id == announcement.id);
        if known || self.announced.len() >= MAX_WALLETS {
            return false;
        }
        self.announced.push(announcement);
        true
    }
}

impl Announcement {
    fn choice(&self) -> (WalletInfo, JsValue) {
        let info = WalletInfo { id: self.id.clone(), name: self.name.clone(), icon: self.icon.clone() };
        (info, self.provider.clone())
    }
}
