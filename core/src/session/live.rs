//! The live connection to one of the account's delivery services.

use serde_json::Value;

use super::deadline::within;
use super::{Home, HomeError, Session};
use crate::delivery::{SocketEvent, SocketSession, socket_io};
use crate::ports::{Connection as _, Ports, Sockets as _};

/// What a live connection tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Live {
    /// From now on messages are pushed. What came before is fetched by [`Session::sync`].
    Connected,
    /// An envelope, for [`Session::accept`].
    Pushed(Value),
    /// Something came that can't be read: have a look into the mailbox.
    Missed,
    /// Another device of the account has written to its history: [`Session::pull_history`].
    History,
}

impl<P: Ports> Session<P> {
    /// Keeps one connection open until it ends, and says why it did. Never returns otherwise.
    pub async fn live(&self, home: &Home, mut tell: impl FnMut(Live)) -> HomeError {
        match self.run_live(home, &mut tell).await {
            Ok(()) => HomeError::Closed,
            Err(error) => error,
        }
    }

    async fn run_live(&self, home: &Home, tell: &mut impl FnMut(Live)) -> Result<(), HomeError> {
        let token = self.log_in(home).await?;
        // Without it the next start has to log in.
        let _ = self.keep_token(home, &token).await;
        let mut connection = self.ports().sockets().connect(&socket_io::websocket_url(&home.socket)).await?;
        let mut socket = SocketSession::new(self.alias.clone(), token);
        loop {
            let silence = u32::try_from(socket.silence_limit_ms()).unwrap_or(u32::MAX);
            let Some(frame) = within(self.ports().clock(), silence, connection.receive()).await else {
                return Ok(());
            };
            let frame = frame?;
            for event in socket.feed(&frame) {
                match event {
                    SocketEvent::Send(text) => connection.send(&text).await?,
                    SocketEvent::Authorized => tell(Live::Connected),
                    SocketEvent::Message(envelope) => tell(Live::Pushed(envelope)),
                    SocketEvent::Unreadable(_) => tell(Live::Missed),
                    SocketEvent::History => tell(Live::History),
                    SocketEvent::Unauthorized(_) | SocketEvent::Closed => return Ok(()),
                }
            }
        }
    }
}
