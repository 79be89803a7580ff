//! What elements and tabs of this origin tell each other about an account.

use std::cell::RefCell;

use dm3_core::identity::Address;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BroadcastChannel, MessageEvent};

use crate::app::platform::{LeaderNews, TabMessage};

/// The channel's name.
const CHANNEL: &str = "dm3-chat";
/// The longest message, in UTF-16 units: a prefix, an address and a conversation.
const LONGEST: u32 = 120;

/// A place on the channel; left when dropped. A browser that has no channels leaves each tab on its own.
pub struct Tabs {
    channel: RefCell<Option<BroadcastChannel>>,
    on_message: Closure<dyn FnMut(MessageEvent)>,
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
        let tabs = Self { channel: RefCell::default(), on_message };
        tabs.meet(true);
        tabs
    }

    /// Is on the channel, or leaves it. A page that is on one does not stay in the browser's back/forward cache.
    pub fn meet(&self, there: bool) {
        let channel = there.then(|| BroadcastChannel::new(CHANNEL).ok()).flatten();
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(self.on_message.as_ref().unchecked_ref()));
        }
        if let Some(before) = self.channel.replace(channel) {
            before.set_onmessage(None);
            before.close();
        }
    }

    /// Tells the others something.
    pub fn tell(&self, message: TabMessage) {
        if let Some(channel) = &*self.channel.borrow() {
            // Fails for what can't be cloned, which a text always can.
            let _ = channel.post_message(&write(message).into());
        }
    }
}

/// What stands before the account.
const SIGNED_OUT: &str = "signed-out";
const CHANGED: &str = "changed";
const OUTBOX: &str = "outbox";
const WAKE: &str = "wake";
const HELLO: &str = "hello";
const CONNECTING: &str = "connecting";
const CONNECTED: &str = "connected";
const LOST: &str = "lost";

fn write(message: TabMessage) -> String {
    let (what, account) = match message {
        TabMessage::RecordsChanged(account, Some(conversation)) => {
            return format!("{CHANGED}:{account}:{conversation}");
        }
        TabMessage::OutboxGrew(account, Some(conversation)) => {
            return format!("{OUTBOX}:{account}:{conversation}");
        }
        TabMessage::RecordsChanged(account, None) => (CHANGED, account),
        TabMessage::SignedOut(account) => (SIGNED_OUT, account),
        TabMessage::OutboxGrew(account, None) => (OUTBOX, account),
        TabMessage::Wake(account) => (WAKE, account),
        TabMessage::Hello(account) => (HELLO, account),
        TabMessage::Leader(account, LeaderNews::Connecting) => (CONNECTING, account),
        TabMessage::Leader(account, LeaderNews::Connected) => (CONNECTED, account),
        TabMessage::Leader(account, LeaderNews::Lost) => (LOST, account),
    };
    format!("{what}:{account}")
}

fn read(text: &str) -> Option<TabMessage> {
    let (what, account) = text.split_once(':')?;
    let (account, conversation) = match account.split_once(':').filter(|_| matches!(what, CHANGED | OUTBOX)) {
        Some((account, conversation)) => (account, Some(conversation.parse().ok()?)),
        None => (account, None),
    };
    let account = Address::parse_unchecked_case(account).ok()?;
    Some(match what {
        CHANGED => TabMessage::RecordsChanged(account, conversation),
        SIGNED_OUT => TabMessage::SignedOut(account),
        OUTBOX => TabMessage::OutboxGrew(account, conversation),
        WAKE => TabMessage::Wake(account),
        HELLO => TabMessage::Hello(account),
        CONNECTING => TabMessage::Leader(account, LeaderNews::Connecting),
        CONNECTED => TabMessage::Leader(account, LeaderNews::Connected),
        LOST => TabMessage::Leader(account, LeaderNews::Lost),
        _ => return None,
    })
}

impl Drop for Tabs {
    fn drop(&mut self) {
        self.meet(false);
    }
}
