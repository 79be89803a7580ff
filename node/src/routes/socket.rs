//! `/socket.io`: live delivery to every open socket of an account.

use std::sync::Arc;
use std::time::Duration;

use dm3_core::identity::Address;
use serde::Deserialize;
use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, SocketRef, TryData};
use socketioxide::handler::ConnectHandler;
use socketioxide::layer::SocketIoLayer;

use crate::app::{App, AppState};
use crate::auth::Session;

/// How long a connection may stay without signing in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How many packets may wait for a socket before it is closed.
const BUFFERED_PACKETS: usize = 128;

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

/// The layer that serves the path, with the reference's times and limits.
pub fn layer(max_payload: usize) -> (SocketIoLayer, SocketIo) {
    SocketIo::builder()
        .ping_interval(Duration::from_secs(25))
        .ping_timeout(Duration::from_secs(20))
        .connect_timeout(CONNECT_TIMEOUT)
        .max_buffer_size(BUFFERED_PACKETS)
        .max_payload(max_payload as u64)
        .ws_max_message_size(max_payload)
        .ws_max_frame_size(max_payload)
        .build_layer()
}

/// The room of an account's sockets.
pub fn room(mailbox: Address) -> String {
    mailbox.to_lower_hex()
}

/// Lets signed-in accounts connect.
pub fn serve(app: &AppState) {
    let state = Arc::clone(app);
    let check = {
        let app = Arc::clone(app);
        async move |TryData(auth): TryData<Handshake>| {
            session(&app, auth.ok()).map(|_| ()).ok_or(TokenRefused)
        }
    };
    let connected = async move |socket: SocketRef, TryData(auth): TryData<Handshake>| {
        // Checked just now; the token may have ended in between.
        match session(&state, auth.ok()) {
            Some(session) => welcome(&state, &socket, session.address),
            None => drop(socket.disconnect()),
        }
    };
    app.on_connect(connected.with(check));
}

fn session(app: &App, handshake: Option<Handshake>) -> Option<Session> {
    let Handshake { account, token } = handshake?;
    app.session(&token, &account.ens_name)
}

fn welcome(app: &AppState, socket: &SocketRef, mailbox: Address) {
    socket.join(room(mailbox));
    let app = Arc::clone(app);
    socket.on("submitMessage", async move |TryData(data): TryData<Value>, ack: AckSender| {
        let answer = match submit(&app, mailbox, data.ok()).await {
            Ok(()) => json!({ "response": "success" }),
            Err(error) => json!({ "error": error }),
        };
        // A socket that is gone needs no answer: the message is stored.
        let _ = ack.send(&answer);
    });
    // An empty tuple: the event has no arguments.
    if socket.emit("authorized", &[(); 0]).is_err() {
        let _ = socket.clone().disconnect();
    }
}

async fn submit(app: &AppState, account: Address, data: Option<Value>) -> Result<(), String> {
    app.limits.account(account).map_err(|error| error.to_string())?;
    let envelope = data.as_ref().and_then(|data| data.get("envelop")).ok_or("invalid schema")?;
    app.submit(&envelope.to_string()).await.map_err(|error| error.to_string())
}
