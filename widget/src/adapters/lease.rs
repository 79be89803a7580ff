//! Which of the tabs and elements of this origin acts for an account.
//!
//! A lock (Web Locks) that the browser gives to one of them, and to the next when it goes, however it goes. A tab that is
//! frozen keeps its lock and does nothing: so those who wait ask the holder over a channel (BroadcastChannel) whether it is
//! there, and take the lock from one that does not answer. It learns of that as soon as it goes on.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use dm3_core::identity::Address;
use dm3_core::ports::{HeldLease, Lease};
use futures_util::future::LocalBoxFuture;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, BroadcastChannel, MessageEvent};

/// Stands before the account in the names of lock and channel.
const NAME: &str = "dm3-chat:lease:";
/// How often the holder is asked, and how long it may take to answer: milliseconds.
const ASK: u32 = 600;
/// So many questions without an answer make a holder dead.
const PATIENCE: u32 = 2;
/// What is asked, and answered.
const QUESTION: &str = "?";
const ANSWER: &str = "!";

/// The leases of this browser.
#[derive(Clone, Copy)]
pub struct BrowserLease;

/// A lock that is held, or is being waited for; given back when dropped.
pub struct Held {
    shared: Rc<Shared>,
    channel: Option<BroadcastChannel>,
    withdraw: Option<AbortController>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

#[derive(Default)]
struct Shared {
    state: Cell<State>,
    /// Ends the lock.
    release: RefCell<Option<Function>>,
    /// The holder has answered the last question.
    answered: Cell<bool>,
    /// Whoever waits for the state to change.
    waiting: RefCell<Option<Waker>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Waiting,
    Held,
    /// Taken away, or given back.
    Over,
}

impl Lease for BrowserLease {
    type Held = Held;

    async fn acquire(&self, account: Address) -> Held {
        let held = Held::new(account);
        let Some(locks) = locks() else {
            // Without locks each tab acts for itself.
            held.shared.set(State::Held);
            return held;
        };
        let name = format!("{NAME}{account}");
        held.request(&locks, &name, false);
        let mut silent = 0;
        while held.shared.state.get() != State::Held {
            if held.shared.state.get() == State::Over {
                // The request itself failed: of a page that is being closed, say. It is made again.
                held.shared.set(State::Waiting);
                held.request(&locks, &name, false);
            }
            held.shared.answered.set(false);
            held.post(QUESTION);
            held.shared.changes_within(ASK).await;
            if held.shared.answered.get() {
                silent = 0;
            } else if held.shared.state.get() == State::Waiting {
                silent += 1;
            }
            if silent >= PATIENCE && held.shared.state.get() == State::Waiting {
                silent = 0;
                held.request(&locks, &name, true);
            }
        }
        // Who also waits has asked somebody else, and is not to take it for silent as well.
        held.post(ANSWER);
        held
    }
}

impl HeldLease for Held {
    async fn lost(&self) {
        poll_fn(|context| {
            if self.shared.state.get() != State::Held {
                return Poll::Ready(());
            }
            self.shared.waiting.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

impl Held {
    fn new(account: Address) -> Self {
        let shared = Rc::<Shared>::default();
        let channel = BroadcastChannel::new(&format!("{NAME}{account}")).ok();
        let on_message = {
            let (shared, channel) = (Rc::clone(&shared), channel.clone());
            Closure::new(move |event: MessageEvent| {
                match (event.data().as_string().as_deref(), shared.state.get()) {
                    (Some(QUESTION), State::Held) => {
                        if let Some(channel) = &channel {
                            // A text can always be posted.
                            let _ = channel.post_message(&ANSWER.into());
                        }
                    }
                    (Some(ANSWER), State::Waiting) => shared.answered.set(true),
                    _ => {}
                }
            })
        };
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        }
        Self { shared, channel, withdraw: AbortController::new().ok(), _on_message: on_message }
    }

    fn post(&self, text: &str) {
        if let Some(channel) = &self.channel {
            let _ = channel.post_message(&text.into());
        }
    }

    /// Asks the browser for the lock: to be the next, or to take it from whoever has it.
    fn request(&self, locks: &LockManager, name: &str, steal: bool) {
        let granted: Closure<dyn FnMut() -> JsValue> = {
            let shared = Rc::clone(&self.shared);
            // The lock is held until the promise that this gives is settled.
            Closure::new(move || {
                if shared.state.get() == State::Over {
                    return JsValue::UNDEFINED;
                }
                let mut release = None;
                let held = Promise::new(&mut |resolve, _| release = Some(resolve));
                shared.release.replace(release);
                shared.set(State::Held);
                held.into()
            })
        };
        let options = Object::new();
        // A new object takes every member. A request can be withdrawn, unless it takes the lock from somebody.
        let _ = match (&self.withdraw, steal) {
            (_, true) => Reflect::set(&options, &"steal".into(), &JsValue::TRUE),
            (Some(withdraw), false) => Reflect::set(&options, &"signal".into(), &withdraw.signal()),
            (None, false) => Ok(true),
        };
        let asked = locks.request(name, &options, granted.as_ref().unchecked_ref());
        let shared = Rc::clone(&self.shared);
        let over: LocalBoxFuture<'static, ()> = Box::pin(async move {
            if let Ok(promise) = asked {
                // Settled when it was given back or taken away, or can't be had.
                let _ = JsFuture::from(promise).await;
            }
            drop(granted);
            shared.set(State::Over);
        });
        wasm_bindgen_futures::spawn_local(over);
    }
}

impl Shared {
    fn set(&self, state: State) {
        self.state.set(state);
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }

    /// Waits until the state has changed, but not longer than so many milliseconds.
    async fn changes_within(&self, milliseconds: u32) {
        let before = self.state.get();
        let mut sleep = std::pin::pin!(TimeoutFuture::new(milliseconds));
        poll_fn(|context| {
            if self.state.get() != before {
                return Poll::Ready(());
            }
            self.waiting.replace(Some(context.waker().clone()));
            sleep.as_mut().poll(context)
        })
        .await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.set(State::Over);
        if let Some(release) = self.shared.release.take() {
            // Settles the promise: nothing can fail there.
            let _ = release.call0(&JsValue::UNDEFINED);
        }
        if let Some(withdraw) = &self.withdraw {
            withdraw.abort();
        }
        if let Some(channel) = &self.channel {
            channel.set_onmessage(None);
            channel.close();
        }
    }
}

/// `navigator.locks`; absent in pages that were not fetched by https.
fn locks() -> Option<LockManager> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).ok()?;
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    (!locks.is_undefined()).then(|| locks.unchecked_into())
}

#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    /// Web Locks API, `LockManager`.
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &Object,
        callback: &Function,
    ) -> Result<Promise, JsValue>;
}
