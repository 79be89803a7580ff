//! What elements and tabs of this origin tell each other about an account.

use dm3_core::identity::Address;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BroadcastChannel, MessageEvent};

use crate::app::platform::TabMessage;

/// The channel's name.
const CHANNEL: &str = "dm3-chat";
/// Stands before an account that was signed out; one whose records changed stands alone.
const SIGNED_OUT: &str = "signed-out:";
/// The longest message, in UTF-16 units: the prefix and an address.
const LONGEST: u32 = SIGNED_OUT.len() as u32 + 42;

/// A place on the channel; left when dropped. A browser that has no channels leaves each tab on its own.
pub struct Tabs {
    channel: Option<BroadcastChannel>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Tabs {
    /// Joins; `on_message` hears what the others tell.
    pub fn join(on_message: impl Fn(TabMessage) + 'static) -> Self {
        let on_message = Closure::new(move |event: MessageEvent| {
            // Any script of the origin can post here; nothing but an address with a known prefix is taken.
            let text = event.data().dyn_into::<js_sys::JsString>().ok();
            let text = text.filter(|text| text.length() <= LONGEST).map(String::from);
            if let Some(message) = text.as_deref().and_then(read) {
                on_message(message);
            }
        });
        let channel = BroadcastChannel::new(CHANNEL).ok();
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        }
        Self { channel, _on_message: on_message }
    }

    /// Tells the others something.
    pub fn tell(&self, message: TabMessage) {
        if let Some(channel) = &self.channel {
            // Fails for what can't be cloned, which a text always can.
            let _ = channel.post_message(&write(message).into());
        }
    }
}

fn write(message: TabMessage) -> String {
    match message {
        TabMessage::RecordsChanged(account) => account.to_string(),
        TabMessage::SignedOut(account) => format!("{SIGNED_OUT}{account}"),
    }
}

fn read(text: &str) -> Option<TabMessage> {
    let account = |text: &str| Address::parse_unchecked_case(text).ok();
    match text.strip_prefix(SIGNED_OUT) {
        Some(rest) => account(rest).map(TabMessage::SignedOut),
        None => account(text).map(TabMessage::RecordsChanged),
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        if let Some(channel) = &self.channel {
            channel.set_onmessage(None);
            channel.close();
        }
    }
}
