//! `/socket.io`: live delivery to every open socket of an account.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use dm3_core::deposit::SignedVoucher;
use dm3_core::message::Envelope;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use socketioxide::TransportType;
use socketioxide::adapter::Adapter;
use socketioxide::extract::{AckSender, SocketRef, TryData};
use socketioxide::handler::{ConnectHandler, FromMessageParts, Value};
use socketioxide::socket::Socket;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::{App, AppState};
use crate::auth::Session;
use crate::cases::{SubmitError, read_envelope, read_voucher};
use crate::http::connections::Slot;
use crate::limits::json;
use crate::limits::{Client, Payer, Place};
use crate::machine::clock::now_seconds;
use crate::notifications::sockets::{SignedIn, Sockets};

/// Who connects.
#[derive(Deserialize)]
struct Handshake {
    account: Named,
    token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    ens_name: String,
}

/// Why a socket is refused, in the reference's words.
#[derive(Debug, thiserror::Error)]
#[error("check token has failed for WS")]
struct TokenRefused;

/// What a signed-in socket has under way, and who pays for it; stands in its extensions.
#[derive(Clone)]
struct Taking {
    session: Session,
    events: Arc<Semaphore>,
    payer: Payer,
    app: AppState,
}

/// Lets signed-in accounts connect.
pub fn serve(app: &AppState) {
    let state = Arc::clone(app);
    let check = {
        let app = Arc::clone(app);
        async move |TryData(auth): TryData<Handshake>| {
            session(&app, auth.ok()).await.map(|_| ()).ok_or(TokenRefused)
        }
    };
    let connected = async move |socket: SocketRef, TryData(auth): TryData<Handshake>| {
        // Checked just now; the token may have ended in between.
        match session(&state, auth.ok()).await {
            Some(session) => welcome(&state, &socket, session),
            None => state.sockets.close_one(socket),
        }
    };
    app.sockets.on_connect(connected.with(check));
}

async fn session(app: &App, handshake: Option<Handshake>) -> Option<Session> {
    let Handshake { account, token } = handshake?;
    match app.session(&token, &account.ens_name).await {
        Ok(session) => session,
        Err(error) => {
            tracing::error!(%error, "a socket can't sign in");
            None
        }
    }
}

fn welcome(app: &AppState, socket: &SocketRef, session: Session) {
    let extensions = &socket.req_parts().extensions;
    let payer = extensions.get::<Client>().map_or(Payer::Node, |client| Payer::Client(*client));
    // One that began by asking is linked when it stays connected.
    if socket.transport_type() == TransportType::Websocket
        && let Some(slot) = extensions.get::<Slot>()
    {
        slot.keep_link(app.sockets.link(socket.id, &slot.line()));
    }
    let Ok(place) = app.answers.enter(&payer, 0) else { return app.sockets.close_one(socket.clone()) };
    socket.extensions.insert(Taking {
        session: session.clone(),
        events: Arc::new(Semaphore::new(app.config.socket_events_at_once)),
        payer,
        app: Arc::clone(app),
    });
    app.sockets.replace_ended(session.address, socket, now_seconds());
    if app.sockets.make_room(session.address, app.config.max_sockets_per_account) {
        app.metrics.refused("sockets_of_account");
    }
    Sockets::join(socket, SignedIn { session, since: Instant::now() }, place);
    // What nobody listens to has come as well.
    socket.on_fallback(async |_: Came| {});
    socket.on("submitMessage", async move |submission: Submission, ack: AckSender| {
        let answer = match submission.submit().await {
            Ok(()) => json!({ "response": "success" }),
            Err(Refused { words, rule: None }) => json!({ "error": words }),
            Err(Refused { words, rule }) => json!({ "error": words, "data": rule }),
        };
        // A socket that is gone needs no answer: the message is stored.
        let _ = ack.send(&answer);
    });
    // An empty tuple: the event has no arguments.
    if socket.emit("authorized", &[(); 0]).is_err() {
        app.sockets.close_one(socket.clone());
    }
}

/// A message that came over a socket. It is counted before it is read, and only read if its socket has few under way.
struct Submission(Result<Taken, Refused>);

/// What a refused message is told: why, and by which rule of the receiver's.
struct Refused {
    words: String,
    rule: Option<Json>,
}

impl Refused {
    fn by(words: &(impl ToString + ?Sized)) -> Self {
        Self { words: words.to_string(), rule: None }
    }
}

struct Taken {
    app: AppState,
    payer: Payer,
    envelope: Result<Envelope, SubmitError>,
    voucher: Option<SignedVoucher>,
    _event: OwnedSemaphorePermit,
    _bytes: Place<Payer>,
}

impl Submission {
    fn read(socket: &Taking, event: &Value) -> Result<Taken, Refused> {
        let Taking { session, events, payer, app, .. } = socket;
        app.limits.account(session.address).map_err(|error| Refused::by(&error))?;
        let Ok(permit) = Arc::clone(events).try_acquire_owned() else {
            app.metrics.refused("socket_events");
            return Err(Refused::by(BUSY));
        };
        let Value::Str(text, None) = event else { return Err(Refused::by(&SubmitError::Schema)) };
        let bytes = app.bodies.enter(payer, text.len()).map_err(|_| {
            app.metrics.refused("bodies");
            Refused::by(BUSY)
        })?;
        let argument = json::item(text, 1).map(RawValue::get).filter(|text| text.starts_with('{'));
        let submitted = argument.and_then(|text| serde_json::from_str::<Submitted<'_>>(text).ok());
        let voucher = submitted.as_ref().and_then(|submitted| read_voucher(submitted.voucher?.get()));
        let envelope =
            submitted.ok_or(SubmitError::Schema).and_then(|submitted| read_envelope(submitted.envelop.get()));
        Ok(Taken { app: app.clone(), payer: *payer, envelope, voucher, _event: permit, _bytes: bytes })
    }

    async fn submit(self) -> Result<(), Refused> {
        let Taken { app, payer, envelope, voucher, _event, _bytes } = self.0?;
        payer.pays(app.submit(envelope, voucher)).await.map_err(|error| match &error {
            SubmitError::Spam(refusal) => Refused { rule: Some(refusal.to_json()), ..Refused::by(&error) },
            _ => Refused::by(&error),
        })
    }
}

/// What a refused message is told.
const BUSY: &str = "too many messages are under way; send it again in a moment";

#[derive(Deserialize)]
struct Submitted<'a> {
    #[serde(borrow)]
    envelop: &'a RawValue,
    /// What the sender has at stake, if the receiver demands it.
    #[serde(borrow, default)]
    voucher: Option<&'a RawValue>,
}

impl<A: Adapter> FromMessageParts<A> for Submission {
    type Error = Infallible;

    fn from_message_parts(
        socket: &Arc<Socket<A>>,
        event: &mut Value,
        _: &Option<i64>,
    ) -> Result<Self, Infallible> {
        let read = match socket.extensions.get::<Taking>() {
            Some(signed) => {
                signed.app.sockets.came(socket.id);
                Self::read(&signed, event)
            }
            // Nobody sends before it is welcome.
            None => Err(Refused::by(&TokenRefused)),
        };
        Ok(Self(read))
    }
}

/// Another event than those that are listened to.
struct Came;

impl<A: Adapter> FromMessageParts<A> for Came {
    type Error = Infallible;

    fn from_message_parts(
        socket: &Arc<Socket<A>>,
        _: &mut Value,
        _: &Option<i64>,
    ) -> Result<Self, Infallible> {
        if let Some(signed) = socket.extensions.get::<Taking>() {
            signed.app.sockets.came(socket.id);
        }
        Ok(Self)
    }
}
