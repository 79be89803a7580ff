//! What is to be sent, and the worker that sends it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dm3_core::identity::{Address, EnsName};
use reqwest::{Method, RequestBuilder, Url};
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};

use super::mail::{self, Mailer};
use super::otp::Code;
use super::push::{PushError, Subscription, Vapid};
use crate::machine::clock::now_seconds;
use crate::monitoring::statistics::Statistics;
use crate::outgoing::{Outgoing, Target};
use crate::store::{Channel, ChannelKind, Store, StoreError};

/// How many notifications may wait.
const WAITING: usize = 1000;
/// How many are looked at at once: other nodes are asked first, and have some seconds for an answer.
const AT_ONCE: usize = 256;
/// How many of them are sent at once.
const SENT_AT_ONCE: usize = 8;
/// How long an account is not told again after it was told: the text is the same each time.
const QUIET: Duration = Duration::from_secs(60);
/// How many accounts' last notifications are remembered before old ones are forgotten.
const REMEMBERED: usize = 10_000;

/// More waits than may.
#[derive(Debug, thiserror::Error)]
#[error("too many notifications are waiting")]
pub struct Full;

enum Job {
    Code { to: String, code: Code },
    Message { receiver: Address, sender: String },
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
    queue: mpsc::Sender<Job>,
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
    /// Starts the worker, which ends when this is dropped.
    pub fn start(parts: NotifierParts) -> Self {
        let parts = Arc::new(parts);
        let (queue, jobs) = mpsc::channel(WAITING);
        let told = Arc::<Told>::default();
        let worker =
            Worker { parts: parts.clone(), told: told.clone(), sending: Semaphore::new(SENT_AT_ONCE) };
        tokio::spawn(Arc::new(worker).work(jobs));
        Self { parts, queue, told }
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
        push_request(&self.parts.outgoing, endpoint).is_some()
    }

    /// Sends a code by mail.
    ///
    /// # Errors
    /// [`Full`].
    pub fn send_code(&self, to: &str, code: Code) -> Result<(), Full> {
        self.queue.try_send(Job::Code { to: to.to_owned(), code }).map_err(|_| Full)
    }

    /// Tells a receiver that a message has come, unless that was done just now. Best effort.
    pub fn message(&self, receiver: Address, sender: &str) {
        if self.parts.mailer.is_none() && self.parts.vapid.is_none() {
            return;
        }
        if !self.told.enter(receiver) {
            return;
        }
        if self.queue.try_send(Job::Message { receiver, sender: sender.to_owned() }).is_err() {
            tracing::warn!("too many notifications are waiting; one is dropped");
        }
    }
}

struct Worker {
    parts: Arc<NotifierParts>,
    told: Arc<Told>,
    sending: Semaphore,
}

impl Worker {
    async fn work(self: Arc<Self>, mut jobs: mpsc::Receiver<Job>) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        while let Ok(place) = places.clone().acquire_owned().await {
            let Some(job) = jobs.recv().await else { return };
            let worker = self.clone();
            tokio::spawn(async move {
                match job {
                    Job::Code { to, code } => worker.send_code(&to, &code).await,
                    Job::Message { receiver, sender } => {
                        if let Err(error) = worker.tell(receiver, &sender).await {
                            tracing::error!(%error, "a notification can't be sent");
                        }
                    }
                }
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
        let _place = self.sending.acquire().await;
        mail(&self.parts, to, "Your dm3 verification code", text).await;
    }

    async fn tell(&self, receiver: Address, sender: &str) -> Result<(), StoreError> {
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
        let _place = self.sending.acquire().await;
        for channel in channels {
            self.tell_by(receiver, &channel, &body).await?;
        }
        Ok(())
    }

    async fn tell_by(&self, receiver: Address, channel: &Channel, body: &str) -> Result<(), StoreError> {
        match channel.kind {
            ChannelKind::Email => {
                let text = format!(
                    "{body}\n\nThis mail was sent by {}. You can switch it off in your dm3 messenger.\n",
                    self.parts.service
                );
                mail(&self.parts, &channel.recipient, "New dm3 message", text).await;
                Ok(())
            }
            ChannelKind::Push => push(&self.parts, receiver, channel, body).await,
        }
    }
}

async fn mail(parts: &NotifierParts, to: &str, subject: &str, text: String) {
    let (Some(mailer), Some(to)) = (&parts.mailer, mail::address(to)) else { return };
    match mailer.send(to, subject, text).await {
        Ok(()) => parts.statistics.notified(),
        Err(error) => tracing::warn!(%error, "a mail was not sent"),
    }
}

async fn push(
    parts: &NotifierParts,
    receiver: Address,
    channel: &Channel,
    body: &str,
) -> Result<(), StoreError> {
    let (Some(vapid), Some(subscription)) = (&parts.vapid, Subscription::parse(&channel.recipient)) else {
        return Ok(());
    };
    let Some(request) = push_request(&parts.outgoing, &subscription.endpoint) else { return Ok(()) };
    let payload = json!({ "title": "New Message", "body": body }).to_string();
    match vapid.send(request, &subscription, &payload, now_seconds()).await {
        Ok(()) => parts.statistics.notified(),
        Err(PushError::Gone) => {
            parts.store.remove_channel(receiver, ChannelKind::Push, Some(&channel.recipient)).await?;
        }
        Err(error) => tracing::warn!(%error, "a push notification was not sent"),
    }
    Ok(())
}

/// A POST to a push service, if strangers may send this server there.
fn push_request(outgoing: &Outgoing, endpoint: &Url) -> Option<RequestBuilder> {
    let target = Target::parse(endpoint.as_str(), outgoing.reach()).ok()?;
    Some(outgoing.request(Method::POST, &target))
}
