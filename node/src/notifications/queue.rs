//! What is to be sent, and the worker that sends it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dm3_core::identity::{Address, EnsName};
use reqwest::{Method, Url};
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};

use super::mail::{self, Mailer};
use super::otp::Code;
use super::push::{PushError, Subscription, Vapid};
use super::pushing::Pushing;
use crate::machine::clock::now_seconds;
use crate::monitoring::statistics::Statistics;
use crate::outgoing::{Outgoing, Target};
use crate::store::{ChannelKind, Store, StoreError};

/// How many codes, other mails and receivers to be told may wait, of each.
const WAITING: usize = 1000;
/// How many are looked at at once: other nodes are asked first, and have some seconds for an answer.
const AT_ONCE: usize = 256;
/// How many mails are sent at once that tell of messages; and how many with codes, which somebody waits for.
const SENT_AT_ONCE: usize = 8;
/// How long a push service may take: one of those that browsers have answers within a second.
const PUSH_TIME: Duration = Duration::from_secs(5);
/// How long an account is not told again after it was told: the text is the same each time.
const QUIET: Duration = Duration::from_secs(60);
/// How many accounts' last notifications are remembered before old ones are forgotten.
const REMEMBERED: usize = 10_000;

/// More waits than may.
#[derive(Debug, thiserror::Error)]
#[error("too many notifications are waiting")]
pub struct Full;

/// A code to be sent.
struct CodeJob {
    to: String,
    code: Code,
}

/// Somebody to be told.
struct MessageJob {
    receiver: Address,
    sender: String,
}

/// What notifications are sent with.
pub struct NotifierParts {
    /// The mail server, if there is one.
    pub mailer: Option<Mailer>,
    /// The key for web push, if there is one.
    pub vapid: Option<Vapid>,
    /// Requests to push services.
    pub outgoing: Outgoing,
    /// Channels are looked up here.
    pub store: Arc<dyn Store>,
    /// Notifications are counted here.
    pub statistics: Arc<Statistics>,
    /// The delivery service's name, for the text.
    pub service: String,
    /// Whether the text names the sender.
    pub names_sender: bool,
}

/// Takes notifications to be sent. Nobody waits for them.
pub struct Notifier {
    parts: Arc<NotifierParts>,
    codes: mpsc::Sender<CodeJob>,
    messages: mpsc::Sender<MessageJob>,
    told: Arc<Told>,
}

/// Who was told lately by this node, or is being told. Saves asking the database for each message.
#[derive(Default)]
struct Told(Mutex<HashMap<Address, Instant>>);

impl Told {
    /// Whether an account may be told now; then it may not for a while.
    fn enter(&self, receiver: Address) -> bool {
        let now = Instant::now();
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.get(&receiver).is_some_and(|last| now.duration_since(*last) < QUIET) {
            return false;
        }
        if told.len() >= REMEMBERED {
            told.retain(|_, last| now.duration_since(*last) < QUIET);
        }
        // So many in a minute is an attack, or a queue that is full anyway.
        if told.len() >= REMEMBERED {
            return false;
        }
        told.insert(receiver, now);
        true
    }

    fn forget(&self, receiver: Address) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&receiver);
    }
}

impl Notifier {
    /// Starts the workers, which end when this is dropped.
    pub fn start(parts: NotifierParts) -> Self {
        let parts = Arc::new(parts);
        let (codes, code_jobs) = mpsc::channel(WAITING);
        let (messages, message_jobs) = mpsc::channel(WAITING);
        let told = Arc::<Told>::default();
        let worker = Arc::new(Worker {
            parts: parts.clone(),
            told: told.clone(),
            mails: Arc::new(Semaphore::new(WAITING)),
            mailing: Semaphore::new(SENT_AT_ONCE),
            pushing: Pushing::new(),
        });
        tokio::spawn(worker.clone().send_codes(code_jobs));
        tokio::spawn(worker.work(message_jobs));
        Self { parts, codes, messages, told }
    }

    /// Whether the operator has set up a channel.
    pub fn supports(&self, kind: ChannelKind) -> bool {
        match kind {
            ChannelKind::Email => self.parts.mailer.is_some(),
            ChannelKind::Push => self.parts.vapid.is_some(),
        }
    }

    /// The key that browsers need to subscribe.
    pub fn public_vapid_key(&self) -> Option<String> {
        self.parts.vapid.as_ref().map(Vapid::public_key)
    }

    /// Whether this node would send to a push service at that address.
    pub fn may_push_to(&self, endpoint: &Url) -> bool {
        Target::parse(endpoint.as_str(), self.parts.outgoing.reach()).is_ok()
    }

    /// Sends a code by mail.
    ///
    /// # Errors
    /// [`Full`].
    pub fn send_code(&self, to: &str, code: Code) -> Result<(), Full> {
        self.codes.try_send(CodeJob { to: to.to_owned(), code }).map_err(|_| Full)
    }

    /// Tells a receiver that a message has come, unless that was done just now. Best effort.
    pub fn message(&self, receiver: Address, sender: &str) {
        if self.parts.mailer.is_none() && self.parts.vapid.is_none() {
            return;
        }
        if !self.told.enter(receiver) {
            return;
        }
        if self.messages.try_send(MessageJob { receiver, sender: sender.to_owned() }).is_err() {
            tracing::warn!("too many notifications are waiting; one is dropped");
        }
    }
}

struct Worker {
    parts: Arc<NotifierParts>,
    told: Arc<Told>,
    /// Places of mails that wait for a turn, or are sent.
    mails: Arc<Semaphore>,
    mailing: Semaphore,
    pushing: Pushing,
}

impl Worker {
    async fn work(self: Arc<Self>, mut jobs: mpsc::Receiver<MessageJob>) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        while let Ok(place) = places.clone().acquire_owned().await {
            let Some(MessageJob { receiver, sender }) = jobs.recv().await else { return };
            let worker = self.clone();
            tokio::spawn(async move {
                if let Err(error) = worker.tell(receiver, &sender).await {
                    tracing::error!(%error, "a notification can't be sent");
                }
                drop(place);
            });
        }
    }

    async fn send_codes(self: Arc<Self>, mut jobs: mpsc::Receiver<CodeJob>) {
        let places = Arc::new(Semaphore::new(SENT_AT_ONCE));
        while let Ok(place) = places.clone().acquire_owned().await {
            let Some(job) = jobs.recv().await else { return };
            let worker = self.clone();
            tokio::spawn(async move {
                worker.send_code(&job.to, &job.code).await;
                drop(place);
            });
        }
    }

    async fn send_code(&self, to: &str, code: &Code) {
        let text = format!(
            "Your code is {}\n\nEnter it within ten minutes to be told by mail when messages come for you at {}. \
             If you did not ask for this, somebody mistyped an address: ignore this mail.\n",
            code.as_str(),
            self.parts.service,
        );
        mail(&self.parts, to, "Your dm3 verification code", text).await;
    }

    async fn tell(self: &Arc<Self>, receiver: Address, sender: &str) -> Result<(), StoreError> {
        let store = &self.parts.store;
        let mut channels = store.channels(receiver).await?;
        channels.retain(|channel| channel.enabled && channel.verified);
        if channels.is_empty() {
            return Ok(());
        }
        if store.is_connected_elsewhere(receiver).await? {
            // Told over the socket. The next message may find it closed.
            self.told.forget(receiver);
            return Ok(());
        }
        if !store.claim_notification(receiver, now_seconds(), QUIET.as_secs()).await? {
            return Ok(());
        }
        // What is no name could be a text of the sender's own.
        let sender = sender.parse::<EnsName>().ok().filter(|_| self.parts.names_sender);
        let body = match sender {
            Some(sender) => format!("You received a new message from {sender}."),
            None => "You received a new message.".to_owned(),
        };
        for channel in channels {
            // Each by itself: one that has to wait keeps no other waiting.
            let begun = match channel.kind {
                ChannelKind::Email => self.begin_mail(channel.recipient, &body),
                ChannelKind::Push => self.begin_push(receiver, channel.recipient, &body),
            };
            if begun.is_err() {
                tracing::warn!("too many notifications are waiting; one is dropped");
            }
        }
        Ok(())
    }

    /// Tells somebody by mail, once it has its turn.
    fn begin_mail(self: &Arc<Self>, to: String, body: &str) -> Result<(), Full> {
        let place = self.mails.clone().try_acquire_owned().map_err(|_| Full)?;
        let text = format!(
            "{body}\n\nThis mail was sent by {}. You can switch it off in your dm3 messenger.\n",
            self.parts.service
        );
        let worker = self.clone();
        tokio::spawn(async move {
            let _turn = worker.mailing.acquire().await;
            mail(&worker.parts, &to, "New dm3 message", text).await;
            drop(place);
        });
        Ok(())
    }

    /// Tells a browser, once it has its turn; not one that rests.
    fn begin_push(self: &Arc<Self>, receiver: Address, recipient: String, body: &str) -> Result<(), Full> {
        let subscription = Subscription::parse(&recipient);
        let reach = self.parts.outgoing.reach();
        let target = subscription.as_ref().map(|to| Target::parse(to.endpoint.as_str(), reach));
        let (Some(subscription), Some(Ok(target))) = (subscription, target) else { return Ok(()) };
        if self.pushing.rests(&recipient, Instant::now()) {
            return Ok(());
        }
        let place = self.pushing.enter(target.site()).map_err(|_| Full)?;
        let payload = json!({ "title": "New Message", "body": body }).to_string();
        let worker = self.clone();
        tokio::spawn(async move {
            let _turn = worker.pushing.turn(receiver, target.site()).await;
            if let Err(error) = worker.push(receiver, &recipient, &subscription, &target, &payload).await {
                tracing::error!(%error, "a notification can't be sent");
            }
            drop(place);
        });
        Ok(())
    }

    async fn push(
        &self,
        receiver: Address,
        recipient: &str,
        subscription: &Subscription,
        target: &Target,
        payload: &str,
    ) -> Result<(), StoreError> {
        let parts = &self.parts;
        // It may have failed while this one waited.
        let Some(vapid) = parts.vapid.as_ref().filter(|_| !self.pushing.rests(recipient, Instant::now()))
        else {
            return Ok(());
        };
        let request = parts.outgoing.request(Method::POST, target).timeout(PUSH_TIME);
        let sent = vapid.send(request, subscription, payload, now_seconds()).await;
        self.pushing.note(recipient, matches!(sent, Ok(()) | Err(PushError::Gone)), Instant::now());
        match sent {
            Ok(()) => parts.statistics.notified(),
            Err(PushError::Gone) => {
                parts.store.remove_channel(receiver, ChannelKind::Push, Some(recipient)).await?;
            }
            Err(error) => tracing::warn!(%error, "a push notification was not sent"),
        }
        Ok(())
    }
}

async fn mail(parts: &NotifierParts, to: &str, subject: &str, text: String) {
    let (Some(mailer), Some(to)) = (&parts.mailer, mail::address(to)) else { return };
    match mailer.send(to, subject, text).await {
        Ok(()) => parts.statistics.notified(),
        Err(error) => tracing::warn!(%error, "a mail was not sent"),
    }
}
