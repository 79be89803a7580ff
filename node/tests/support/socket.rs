//! A client of socket.io over a WebSocket, frame by frame.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{Account, Node};

/// Sessions that are over are looked for every quarter of a minute.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens the WebSocket alone.
    pub async fn dial(node: &Node) -> Self {
        let url = format!("{}/socket.io/?EIO=4&transport=websocket", node.url.replace("http", "ws"));
        Self(connect_async(url).await.unwrap().0)
    }

    /// The same by a browser that calls itself so.
    pub async fn dial_by(node: &Node, browser: &'static str) -> Self {
        let url = format!("{}/socket.io/?EIO=4&transport=websocket", node.url.replace("http", "ws"));
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("user-agent", HeaderValue::from_static(browser));
        Self(connect_async(request).await.unwrap().0)
    }

    /// Opens the transport; no account yet.
    pub async fn open(node: &Node) -> Self {
        let mut socket = Self::dial(node).await;
        socket.opened().await;
        socket
    }

    async fn opened(&mut self) {
        let open = self.frame().await.unwrap();
        let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        assert_eq!(open["pingInterval"], 25_000);
        assert_eq!(open["pingTimeout"], 20_000);
    }

    /// Connects with a token and gives the answer to it.
    pub async fn connect(node: &Node, name: &str, token: &str) -> (Self, String) {
        let mut socket = Self::open(node).await;
        let answer = socket.connects(name, token).await;
        (socket, answer)
    }

    async fn connects(&mut self, name: &str, token: &str) -> String {
        self.send(&format!("40{}", json!({ "account": { "ensName": name }, "token": token }))).await;
        self.frame().await.unwrap()
    }

    /// Connects an account, up to `authorized`.
    pub async fn authorized(node: &Node, account: &Account, token: &str) -> Self {
        Self::dial(node).await.authorizes(account, token).await
    }

    /// Connects an account over a WebSocket that was just opened, up to `authorized`.
    pub async fn authorizes(self, account: &Account, token: &str) -> Self {
        let mut socket = self;
        socket.opened().await;
        let answer = socket.connects(account.name.as_str(), token).await;
        assert!(answer.starts_with("40{\"sid\":"), "{answer}");
        assert_eq!(socket.frame().await.as_deref(), Some("42[\"authorized\"]"));
        socket
    }

    pub async fn send(&mut self, frame: &str) {
        self.0.send(Message::text(frame.to_owned())).await.unwrap();
    }

    /// Sends a frame to a server that may have closed, or may refuse it before it is sent to its end.
    pub async fn try_send(&mut self, frame: &str) {
        let _ = self.0.send(Message::text(frame.to_owned())).await;
    }

    /// Closes the WebSocket from this side.
    pub async fn close(&mut self) {
        // The server may have closed it already.
        let _ = self.0.close(None).await;
    }

    /// The next frame that is no ping; `None` once the server has closed.
    pub async fn frame(&mut self) -> Option<String> {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a frame in time") {
                // A server that has just closed may have left a ping behind; its answer goes nowhere.
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => self.try_send("3").await,
                Some(Ok(Message::Text(text))) => return Some(text.as_str().to_owned()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next frame, which must be an event: its name and what it says.
    pub async fn event(&mut self) -> (String, Value) {
        let frame = self.frame().await.expect("the socket is open");
        let event: Value = serde_json::from_str(frame.strip_prefix("42").unwrap()).unwrap();
        (event[0].as_str().unwrap().to_owned(), event[1].clone())
    }

    /// The envelope of the next frame, which must be a message.
    pub async fn message(&mut self) -> Value {
        let (name, envelope) = self.event().await;
        assert_eq!(name, "message");
        envelope
    }

    /// Whether nothing but pings arrives for a moment.
    pub async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(300), self.frame()).await.is_err()
    }
}
