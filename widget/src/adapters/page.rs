//! The page an element lives in, as the application's platform.

use std::cell::Cell;

use dm3_core::identity::Address;
use dm3_core::message::MessageHash;
use dm3_core::ports::{SendingWallet, TransactionError, WalletError};
use dm3_core::registry::{TransactionHash, TransactionRequest, TypedData};
use dm3_core::web::HttpUrl;
use futures_channel::mpsc::UnboundedSender;
use futures_util::future::LocalBoxFuture;
use js_sys::{Function, Reflect};
use serde::Serialize;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    CustomEvent, CustomEventInit, Event, File, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition,
    Storage,
};

use crate::adapters::BrowserPorts;
use crate::adapters::browser::name_of;
use crate::adapters::clock::{BrowserClock, day};
use crate::adapters::files::{self, Files};
use crate::adapters::http;
use crate::adapters::http::BrowserHttp;
use crate::adapters::lease::BrowserLease;
use crate::adapters::notifications;
use crate::adapters::pictures;
use crate::adapters::store::{DATABASE, IndexedDbStore};
use crate::adapters::tabs::Tabs;
use crate::adapters::visibility::Visibility;
use crate::adapters::wallet::{InjectedWallet, Told, Wallets, WalletsChain};
use crate::adapters::window::WindowListener;
use crate::app::Command;
use crate::app::platform::{
    HostEvent, NoFile, Notifying, PageWallet, Platform, Purpose, Redraw, StorageUse, TabMessage, Task, Who,
};
use crate::app::state::{FileBytes, Person, Theme, WalletChoice};
use crate::texts::{self, Word, say, short_address};

/// How the names begin of all that is kept, here and by the loader (`widget/js/kept.js`).
const OURS: &str = "dm3-chat:";
/// Where a window keeps which account it uses, and the id of the account's wallet.
const WINDOW_ACCOUNT: &str = "dm3-chat:account";
/// Where a browser keeps that an account was signed out and its keys were kept; the account follows.
const SIGNED_OUT: &str = "dm3-chat:signed-out:";
/// Where a browser keeps that somebody is signed in; for the loader (`widget/js/app-loader.js`).
const SIGNED_IN: &str = "dm3-chat:signed-in";
/// The property of the frame's element that says which page is around it.
const EMBEDDER: &str = "embedder";
/// Where a browser keeps what was typed and not sent; the account and the conversation follow.
pub(super) const DRAFT: &str = "dm3-chat:draft:";
/// Where a browser keeps what its person wants the element to look like, so that it does from the beginning.
const THEME: &str = "dm3-chat:theme";
/// Where a browser keeps which language its person wants; for the loader (`widget/js/languages.js`).
const LANGUAGE: &str = "dm3-chat:language";
/// What the loader listens to in the element's shadow root: another language may be wanted.
const LANGUAGE_CHOSEN: &str = "language";
/// What the element's pieces have that are to look so (styles/tokens.css).
const DATA_THEME: &str = "data-theme";
/// The class of a message that was looked for.
const FOUND: &str = "entry-found";
/// The window's event when its page is left.
const LEFT: &str = "pagehide";
/// Where a browser keeps what nodes said about themselves; the node's URL follows.
const KEPT_DISCOVERY: &str = "dm3-chat:node:";

/// The page and the browser, for one element.
pub struct Page {
    host: HtmlElement,
    store: IndexedDbStore,
    wallets: Wallets,
    tabs: Tabs,
    visibility: Visibility,
    _listeners: [WindowListener; 4],
    asked_to_keep: Cell<bool>,
    files: Files,
    commands: UnboundedSender<Command>,
}

/// A wallet with the name it announced.
pub struct NamedWallet {
    name: String,
    wallet: InjectedWallet,
}

impl Page {
    /// Looks for wallets, listens to the other tabs, and notices when the page is looked at.
    pub fn new(host: HtmlElement, commands: UnboundedSender<Command>) -> Self {
        let (asked, told, changed) = (commands.clone(), commands.clone(), commands.clone());
        let theme = storage(Storages::Browser).and_then(|kept| kept.get_item(THEME).ok()?);
        if let Some(theme) = theme {
            mark(&host, &theme);
        }
        Self {
            host,
            store: IndexedDbStore::new(DATABASE),
            // All fail only after the element is gone.
            wallets: Wallets::discover(move |told| {
                let _ = asked.unbounded_send(match told {
                    Told::List => Command::WalletsChanged,
                    Told::Provider => Command::ProviderChanged,
                    Told::Accounts(wallet, accounts) => Command::AccountsChanged { wallet, accounts },
                });
            }),
            tabs: Tabs::join(move |message| {
                let _ = told.unbounded_send(Command::Told(message));
            }),
            asked_to_keep: Cell::new(false),
            files: Files::default(),
            visibility: Visibility::watch(move || {
                let _ = changed.unbounded_send(Command::VisibilityChanged);
            }),
            _listeners: ["online", "offline", LEFT, "pageshow"].map(|name| {
                let commands = commands.clone();
                WindowListener::new(name, move |event| {
                    let command = match name {
                        "online" | "offline" => Command::Online,
                        // Whether the page is kept is not known for sure; if it is not, all ends in any case.
                        LEFT => Command::Cached(true),
                        _ if was_kept(&event) => Command::Cached(false),
                        _ => return,
                    };
                    let _ = commands.unbounded_send(command);
                })
            }),
            commands,
        }
    }

    /// Spares whoever comes back the fetching of the sign-in, and whoever does not a round trip.
    fn tell_loader(&self, signed_in: bool) {
        let Some(storage) = storage(Storages::Browser) else { return };
        // Without it the sign-in is fetched in any case.
        let _ = if signed_in { storage.set_item(SIGNED_IN, "1") } else { storage.remove_item(SIGNED_IN) };
    }

    /// Where the window keeps whose this element is. Elements with an id of their own are told apart.
    fn window_key(&self) -> String {
        let id = self.host.id();
        if id.is_empty() { WINDOW_ACCOUNT.to_owned() } else { format!("{WINDOW_ACCOUNT}:{id}") }
    }

    /// One of the functions is called with the file that is made next, or with the code of why there is none.
    pub fn await_file(&self, made: Function, failed: Function) {
        self.files.wait(made, failed);
    }

    /// The wallets of the page.
    pub fn wallets(&self) -> &Wallets {
        &self.wallets
    }
}

impl Platform for Page {
    type Ports = BrowserPorts;
    type Wallet = NamedWallet;
    type Lease = BrowserLease;
    type Carrier = BrowserHttp;

    fn ports(&self, rpc_url: &HttpUrl, chain_id: u64) -> BrowserPorts {
        let wallets = WalletsChain::new(self.wallets.source(), chain_id);
        BrowserPorts::new(rpc_url.clone(), wallets, self.store.clone())
    }

    fn store(&self) -> &IndexedDbStore {
        &self.store
    }

    fn http(&self) -> &BrowserHttp {
        &BrowserHttp
    }

    fn carrier(&self) -> &BrowserHttp {
        &BrowserHttp
    }

    fn clock(&self) -> &BrowserClock {
        &BrowserClock
    }

    fn day(&self) -> (u64, u64) {
        day()
    }

    fn wallets(&self) -> Vec<WalletChoice> {
        let choice = |wallet: crate::adapters::wallet::WalletInfo| WalletChoice {
            id: wallet.id,
            name: wallet.name,
            icon: wallet.icon,
        };
        self.wallets.list().into_iter().map(choice).collect()
    }

    fn wallet(&self, id: &str) -> Option<NamedWallet> {
        let name = self.wallets.list().into_iter().find(|wallet| wallet.id == id)?.name;
        self.wallets.wallet(id).map(|wallet| NamedWallet { name, wallet })
    }

    fn window_account(&self) -> Option<Who> {
        let kept = storage(Storages::Window)?.get_item(&self.window_key()).ok()??;
        let (account, wallet) =
            kept.split_once(' ').map_or((&*kept, None), |(account, id)| (account, Some(id)));
        Some(Who { account: account.parse().ok()?, wallet: wallet.map(str::to_owned) })
    }

    fn set_window_account(&self, who: Option<&Who>) {
        if who.is_none() {
            self.tell_loader(false);
        }
        let Some(storage) = storage(Storages::Window) else { return };
        // Without it the next start asks the wallets which account is meant.
        let _ = match who {
            Some(Who { account, wallet: Some(wallet) }) => {
                storage.set_item(&self.window_key(), &format!("{account} {wallet}"))
            }
            Some(Who { account, wallet: None }) => storage.set_item(&self.window_key(), &account.to_string()),
            None => storage.remove_item(&self.window_key()),
        };
    }

    fn is_signed_out(&self, account: Address) -> bool {
        let kept = storage(Storages::Browser).map(|storage| storage.get_item(&signed_out_key(account)));
        kept.is_some_and(|kept| matches!(kept, Ok(Some(_))))
    }

    fn set_signed_out(&self, account: Address, signed_out: bool) {
        if !signed_out {
            self.tell_loader(true);
        }
        let Some(storage) = storage(Storages::Browser) else { return };
        // Without it the account enters again as soon as its wallet shares it.
        let _ = if signed_out {
            storage.set_item(&signed_out_key(account), "1")
        } else {
            storage.remove_item(&signed_out_key(account))
        };
    }

    fn kept_discovery(&self, node: &str) -> Option<String> {
        storage(Storages::Browser)?.get_item(&format!("{KEPT_DISCOVERY}{node}")).ok()?
    }

    fn keep_discovery(&self, node: &str, text: &str) {
        if let Some(storage) = storage(Storages::Browser) {
            // Without it the history can't be shown while the node is away.
            let _ = storage.set_item(&format!("{KEPT_DISCOVERY}{node}"), text);
        }
    }

    fn emit(&self, event: HostEvent) -> bool {
        let (name, detail) = described(event);
        let init = CustomEventInit::new();
        init.set_bubbles(true);
        init.set_composed(true);
        init.set_cancelable(name == "dm3-before-sign");
        init.set_detail(&detail);
        // Dispatching fails only for an event that is being dispatched already; this one is new.
        CustomEvent::new_with_event_init_dict(name, &init)
            .and_then(|event| self.host.dispatch_event(&event))
            .unwrap_or(true)
    }

    fn tell_tabs(&self, message: TabMessage) {
        self.tabs.tell(message);
    }

    fn meet_tabs(&self, there: bool) {
        self.tabs.meet(there);
    }

    fn lease(&self) -> BrowserLease {
        BrowserLease
    }

    fn keep_draft(&self, key: &str, text: Option<&str>) {
        let Some(storage) = storage(Storages::Browser) else { return };
        let key = format!("{DRAFT}{key}");
        // Without room the text is in the composer alone.
        let _ = match text {
            Some(text) => storage.set_item(&key, text),
            None => storage.remove_item(&key),
        };
    }

    fn draft(&self, key: &str) -> Option<String> {
        storage(Storages::Browser)?.get_item(&format!("{DRAFT}{key}")).ok()?
    }

    fn forget_drafts(&self, prefix: &str) {
        remove_all(Storages::Browser, &format!("{DRAFT}{prefix}"));
    }

    fn forget_all(&self) {
        for place in [Storages::Browser, Storages::Window] {
            remove_all(place, OURS);
        }
    }

    fn keep_storage(&self) {
        if !self.asked_to_keep.replace(true) {
            // Without an answer the browser decides as it would have.
            self.spawn(Box::pin(async { drop(keep_storage().await) }));
        }
    }

    async fn storage_use(&self) -> Option<StorageUse> {
        storage_use().await.ok().flatten()
    }

    fn set_theme(&self, theme: Theme) {
        mark(&self.host, theme.name());
        let Some(storage) = storage(Storages::Browser) else { return };
        // Without it the element looks so a moment later.
        let _ = match theme {
            Theme::Auto => storage.remove_item(THEME),
            Theme::Light | Theme::Dark => storage.set_item(THEME, theme.name()),
        };
    }

    fn has_theme(&self) -> bool {
        let said = self.host.get_attribute("theme").map(|said| Theme::named(&said));
        said.is_some_and(|said| said != Theme::Auto)
    }

    fn notifying(&self) -> Notifying {
        notifications::notifying(storage(Storages::Browser).as_ref())
    }

    async fn set_notifying(&self, wanted: bool) -> Notifying {
        notifications::set_notifying(storage(Storages::Browser).as_ref(), wanted).await
    }

    fn notify(&self, peer: &Person) {
        let called = peer.name.as_ref().map_or_else(|| short_address(peer.address), ToString::to_string);
        let commands = self.commands.clone();
        notifications::notify(&self.host, commands, peer.address, &called, say(Word::NewMessage));
    }

    fn set_language(&self, language: &str) {
        let Some(storage) = storage(Storages::Browser) else { return };
        let before = storage.get_item(LANGUAGE).ok().flatten().unwrap_or_default();
        if before == language {
            return;
        }
        // Without it what page and browser want is spoken.
        let _ = match language {
            "" => storage.remove_item(LANGUAGE),
            language => storage.set_item(LANGUAGE, language),
        };
        if let (Some(root), Ok(chosen)) = (self.host.shadow_root(), Event::new(LANGUAGE_CHOSEN)) {
            // Fails only for an event that is under way; this one is new.
            let _ = root.dispatch_event(&chosen);
        }
    }

    fn has_language(&self) -> bool {
        self.host.has_attribute("lang")
    }

    fn offer_file(&self, pieces: Result<Vec<Vec<u8>>, NoFile>) -> Option<String> {
        self.files.offer(pieces)
    }

    fn read_file(&self, file: &File) -> LocalBoxFuture<'static, Option<FileBytes>> {
        let file = file.clone();
        Box::pin(async move { files::read(&file).await })
    }

    fn show_file(&self, bytes: &[u8], media_type: &str) -> Option<String> {
        files::show(bytes, media_type)
    }

    fn redraw(&self, picture: FileBytes, how: Redraw) -> LocalBoxFuture<'static, Option<FileBytes>> {
        Box::pin(pictures::redraw(picture, how))
    }

    fn withdraw_file(&self, url: &str) {
        self.files.withdraw(url);
    }

    fn reveal(&self, message: &MessageHash) {
        let row = self.host.shadow_root().and_then(|root| {
            root.query_selector(&format!("[data-of=\"{message}\"]"))
                .ok()
                .flatten()?
                .dyn_into::<HtmlElement>()
                .ok()
        });
        if let Some(row) = row {
            let where_to = ScrollIntoViewOptions::new();
            where_to.set_block(ScrollLogicalPosition::Center);
            row.scroll_into_view_with_scroll_into_view_options(&where_to);
            // What is found stands out for a moment (styles/talk.css), also if it is found once more.
            let list = row.class_list();
            let _ = list.remove_1(FOUND);
            let _ = (row.offset_width(), list.add_1(FOUND));
            // A row that can't take the focus is seen all the same.
            let _ = row.focus();
        }
    }

    fn is_online(&self) -> bool {
        web_sys::window().is_none_or(|window| window.navigator().on_line())
    }

    fn is_visible(&self) -> bool {
        self.visibility.is_visible()
    }

    fn device_name(&self) -> String {
        let agent = web_sys::window().and_then(|window| window.navigator().user_agent().ok());
        name_of(&agent.unwrap_or_default())
    }

    fn origin(&self) -> Option<String> {
        let window = web_sys::window()?;
        // In the frame of the isolated mode the site is the page around it, as the browser says (`widget/js/isolated/frame.js`).
        let is_framed = window.parent().ok().flatten().is_some_and(|parent| parent != window);
        let around = Reflect::get(&self.host, &EMBEDDER.into()).ok().and_then(|origin| origin.as_string());
        around.filter(|_| is_framed).or_else(|| window.location().origin().ok())
    }

    fn read_here(&self, address: String, longest: usize) -> LocalBoxFuture<'static, Option<String>> {
        Box::pin(async move { http::read_here(&address, longest).await.ok() })
    }

    fn spawn(&self, task: Task) {
        wasm_bindgen_futures::spawn_local(task);
    }
}

impl dm3_core::ports::Wallet for NamedWallet {
    async fn sign_text(&self, account: Address, text: &str) -> Result<String, WalletError> {
        self.wallet.sign_text(account, text).await
    }
}

impl SendingWallet for NamedWallet {
    async fn sign_typed(&self, account: Address, typed: &TypedData) -> Result<String, TransactionError> {
        self.wallet.sign_typed(account, typed).await
    }

    async fn send(
        &self,
        account: Address,
        chain: u64,
        transaction: &TransactionRequest,
    ) -> Result<TransactionHash, TransactionError> {
        self.wallet.send(account, chain, transaction).await
    }
}

impl PageWallet for NamedWallet {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn connect(&self) -> Result<Vec<Address>, WalletError> {
        self.wallet.connect().await
    }

    async fn accounts(&self) -> Result<Vec<Address>, WalletError> {
        self.wallet.accounts().await
    }

    async fn is_locked(&self) -> bool {
        self.wallet.is_locked().await
    }
}

/// The members an event's `detail` may have.
#[derive(Default, Serialize)]
struct Detail {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

fn described(event: HostEvent) -> (&'static str, JsValue) {
    let (name, detail) = match event {
        HostEvent::Ready => ("dm3-ready", Detail::default()),
        HostEvent::Connect(account) => {
            ("dm3-connect", Detail { account: Some(account.to_string()), ..Detail::default() })
        }
        HostEvent::Disconnect => ("dm3-disconnect", Detail::default()),
        HostEvent::BeforeSign { purpose, text } => {
            let purpose = match purpose {
                Purpose::Keys => "keys",
                Purpose::Profile => "profile",
            };
            ("dm3-before-sign", Detail { purpose: Some(purpose), text: Some(text), ..Detail::default() })
        }
        HostEvent::MessageSent(hash) => {
            ("dm3-message-sent", Detail { id: Some(hash.to_string()), ..Detail::default() })
        }
        HostEvent::MessageReceived { peer, hash } => {
            let (peer, id) = (Some(peer.to_string()), Some(hash.to_string()));
            ("dm3-message-received", Detail { peer, id, ..Detail::default() })
        }
        HostEvent::Request(peer) => {
            ("dm3-request", Detail { peer: Some(peer.to_string()), ..Detail::default() })
        }
        HostEvent::UnreadChange(count) => {
            let count = Some(u32::try_from(count).unwrap_or(u32::MAX));
            ("dm3-unread-change", Detail { count, ..Detail::default() })
        }
        HostEvent::Error(fault) => {
            let (code, message) = (Some(fault.code()), Some(texts::fault(&fault)));
            ("dm3-error", Detail { code, message, ..Detail::default() })
        }
    };
    // Texts and numbers always convert.
    (name, serde_wasm_bindgen::to_value(&detail).unwrap_or(JsValue::UNDEFINED))
}

/// Whether a page that is shown comes from the back/forward cache (HTML standard, `PageTransitionEvent`).
fn was_kept(shown: &Event) -> bool {
    Reflect::get(shown, &"persisted".into()).is_ok_and(|kept| kept.is_truthy())
}

fn signed_out_key(account: Address) -> String {
    format!("{SIGNED_OUT}{}", account.to_lower_hex())
}

pub(super) enum Storages {
    /// Lives as long as the window, reloads included.
    Window,
    /// Lives in the browser.
    Browser,
}

/// `None` where the browser lets the page store nothing.
pub(super) fn storage(which: Storages) -> Option<Storage> {
    let window = web_sys::window()?;
    match which {
        Storages::Window => window.session_storage().ok()?,
        Storages::Browser => window.local_storage().ok()?,
    }
}

/// Keeps nothing there any longer whose name begins so.
fn remove_all(which: Storages, prefix: &str) {
    let Some(storage) = storage(which) else { return };
    let count = storage.length().unwrap_or_default();
    let keys: Vec<String> = (0..count).filter_map(|number| storage.key(number).ok()?).collect();
    for key in keys.iter().filter(|key| key.starts_with(prefix)) {
        let _ = storage.remove_item(key);
    }
}

/// Marks launcher and panel with what they are to look like.
fn mark(host: &HtmlElement, theme: &str) {
    let Some(pieces) = host.shadow_root().map(|root| root.children()) else { return };
    for piece in (0..pieces.length()).filter_map(|at| pieces.item(at)) {
        // Fails only for names that are none.
        let _ = piece.set_attribute(DATA_THEME, theme);
    }
}

/// How much is stored; nothing where the browser does not tell.
async fn storage_use() -> Result<Option<StorageUse>, JsValue> {
    let Some(window) = web_sys::window() else { return Ok(None) };
    let storage = window.navigator().storage();
    // An insecure page has none.
    if storage.is_undefined() {
        return Ok(None);
    }
    let lasting = JsFuture::from(storage.persisted()?).await?.is_truthy();
    let estimate = JsFuture::from(storage.estimate()?).await?;
    let bytes = Reflect::get(&estimate, &"usage".into())?.as_f64();
    Ok(bytes.map(|bytes| StorageUse { bytes: bytes as u64, lasting }))
}

/// Asks for persistent storage, unless it was granted. Some browsers decide by themselves, others ask the person, once.
async fn keep_storage() -> Result<(), JsValue> {
    let storage = web_sys::window().map(|window| window.navigator().storage());
    // An insecure page has none.
    let Some(storage) = storage.filter(|storage| !storage.is_undefined()) else { return Ok(()) };
    let kept = JsFuture::from(storage.persisted()?).await?;
    if !kept.is_truthy() {
        JsFuture::from(storage.persist()?).await?;
    }
    Ok(())
}
