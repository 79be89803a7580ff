//! The browser's own notifications (the Notifications API of the WHATWG), while a tab lives. They name who wrote and never
//! what: they are shown on locked screens, and kept by systems that this page knows nothing of.

use dm3_core::identity::Address;
use futures_channel::mpsc::UnboundedSender;
use js_sys::{Function, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, Notification, NotificationOptions, NotificationPermission, Storage};

use crate::app::Command;
use crate::app::platform::Notifying;

/// Where a browser keeps that its person wants to be told.
const WANTED: &str = "dm3-chat:notify";
/// What tells this page's from each other's, beside who wrote: a later one takes the place of an earlier one.
const TAG: &str = "dm3-chat:";

/// Whether somebody is told.
pub fn notifying(storage: Option<&Storage>) -> Notifying {
    // Phones' browsers have them for service workers alone; insecure pages have none.
    let there =
        web_sys::window().is_some_and(|window| Reflect::has(&window, &"Notification".into()) == Ok(true));
    let wanted = storage.and_then(|kept| kept.get_item(WANTED).ok()?).is_some();
    match there.then(Notification::permission) {
        None => Notifying::Impossible,
        Some(NotificationPermission::Denied) => Notifying::Forbidden,
        Some(NotificationPermission::Granted) if wanted => Notifying::On,
        Some(_) => Notifying::Off,
    }
}

/// Tells somebody from now on, if the browser's person allows it; or not any more.
pub async fn set_notifying(storage: Option<&Storage>, wanted: bool) -> Notifying {
    let before = notifying(storage);
    if wanted && before == Notifying::Off {
        // Asked again by a browser that has an answer, nobody sees a question.
        if let Ok(asked) = Notification::request_permission() {
            let _ = JsFuture::from(asked).await;
        }
    }
    if let Some(storage) = storage {
        // Without it nobody is told.
        let _ = if wanted { storage.set_item(WANTED, "1") } else { storage.remove_item(WANTED) };
    }
    notifying(storage)
}

/// Tells that somebody wrote. Whoever clicks on it comes to the conversation, as from the list.
pub fn notify(
    host: &HtmlElement,
    commands: UnboundedSender<Command>,
    peer: Address,
    title: &str,
    text: &str,
) {
    let options = NotificationOptions::new();
    options.set_body(text);
    options.set_tag(&format!("{TAG}{peer}"));
    // Where the page may not show any, the conversation has what came all the same.
    let Ok(shown) = Notification::new_with_options(title, &options) else { return };
    let (host, notification) = (host.clone(), shown.clone());
    let clicked = Closure::once_into_js(move || {
        if let Some(window) = web_sys::window() {
            let _ = window.focus();
        }
        notification.close();
        // The page may keep the panel from opening.
        let show = Reflect::get(&host, &"show".into());
        if let Some(show) = show.ok().and_then(|show| show.dyn_into::<Function>().ok()) {
            let _ = show.call0(&host);
        }
        // Nobody listens once the element is gone.
        let _ = commands.unbounded_send(Command::OpenPeer(peer));
    });
    shown.set_onclick(Some(clicked.unchecked_ref()));
}
