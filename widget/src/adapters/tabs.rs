//! Tells other elements and tabs of this origin that an account's records changed.

use dm3_core::identity::Address;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BroadcastChannel, MessageEvent};

/// The channel's name.
const CHANNEL: &str = "dm3-chat";

/// A place on the channel; left when dropped. A browser that has no channels leaves each tab on its own.
pub struct Tabs {
    channel: Option<BroadcastChannel>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Tabs {
    /// Joins; `on_change` hears from the others whose records changed.
    pub fn join(on_change: impl Fn(Address) + 'static) -> Self {
        let on_message = Closure::new(move |event: MessageEvent| {
            // Any script of the origin can post here; nothing but an address is taken.
            let text = event.data().dyn_into::<js_sys::JsString>().ok().filter(|text| text.length() == 42);
            if let Some(owner) = text.and_then(|text| Address::parse_unchecked_case(&String::from(text)).ok())
            {
                on_change(owner);
            }
        });
        let channel = BroadcastChannel::new(CHANNEL).ok();
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        }
        Self { channel, _on_message: on_message }
    }

    /// Tells the others that an account's records changed.
    pub fn announce(&self, owner: Address) {
        if let Some(channel) = &self.channel {
            // Fails for what can't be cloned, which a text always can.
            let _ = channel.post_message(&owner.to_string().into());
        }
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
