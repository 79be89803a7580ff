//! Accepting connections so that no client keeps another waiting.
//!
//! Each connection is a task of its own. One that is slow to send a request's head, to send its body or to read
//! its answer is closed; one too many, of all or from one address, is closed at once rather than queued. With TLS of the
//! node's own its handshake is the first that has to be made in time.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower_service::Service;

use super::handshake::Handshakes;
use super::pace::Pace;
use crate::limits::{Client, Line, Payer, Peer, Place, Pool, Trusted};
use crate::notifications::sockets::Linked;

/// How long the head of a request may take, and how long a connection may be idle between two requests.
const HEAD_TIME: Duration = Duration::from_secs(20);
/// The largest head of a request, in bytes: address and headers.
const MAX_HEAD: usize = 64 * 1024;
/// How long to wait when the operating system gives no connection, as when there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(50);

/// How many connections may be open.
#[derive(Clone)]
pub struct Caps {
    /// In all.
    pub all: usize,
    /// How many of the last are kept for who is signed in, or watches.
    pub kept_free: usize,
    /// From one address.
    pub per_address: usize,
    /// Proxies, which carry the connections of many and are not counted by address.
    pub proxies: Trusted,
    /// Memory of the answers that wait to be read: how much is taken decides how slowly one may read.
    pub answers: Pool<Payer>,
}

/// Serves until `stop` is ready, then ends the open connections as soon as their requests are answered.
/// `refused` is told of each connection that is closed at once, and in one word by which limit.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    caps: Caps,
    handshakes: Option<Handshakes>,
    refused: impl Fn(&'static str),
    stop: impl Future<Output = ()>,
) {
    let open = Open::new(caps);
    // Each connection holds a receiver until it has ended.
    let (stopping, stopped) = watch::channel(());
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(MAX_HEAD);
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            // The client was gone before it was served.
            Err(error) if is_the_clients(&error) => continue,
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Some(place) = open.enter(peer.ip()) else {
            refused("connections");
            tracing::debug!("closing a connection over the limit");
            continue;
        };
        if handshakes.as_ref().is_some_and(|handshakes| !handshakes.may_begin(peer.ip())) {
            refused("handshakes");
            continue;
        }
        // Without it, small answers wait for acknowledgements; a stream that refuses is as good as closed.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let (slot, last) = (Slot::default(), open.is_nearly_full());
        let pace = Pace::new(open.caps.answers.clone());
        let counted = Counted { stream, pace, line: slot.line(), _place: place, slot: slot.clone() };
        let service = service_fn(move |request| answer(router.clone(), peer, slot.clone(), last, request));
        let (server, handshakes, mut stopped) = (server.clone(), handshakes.clone(), stopped.clone());
        tokio::spawn(async move {
            let Some(handshakes) = handshakes else {
                return converse(&server, counted, service, stopped).await;
            };
            let made = tokio::select! {
                made = handshakes.make(counted) => made,
                // Fails if the sender is gone, which means the same.
                _ = stopped.changed() => None,
            };
            if let Some(stream) = made {
                converse(&server, stream, service, stopped).await;
            }
        });
    }
    drop((listener, stopped));
    // Fails if nobody is connected, who would have to know.
    let _ = stopping.send(());
    stopping.closed().await;
}

/// Answers the requests of one connection until it ends, or is `stopped`.
async fn converse<S>(
    server: &http1::Builder,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: S,
    mut stopped: watch::Receiver<()>,
) where
    S: hyper::service::Service<
            Request<Incoming>,
            Response = axum::response::Response,
            Error = std::convert::Infallible,
        >,
{
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        // Fails if the sender is gone, which means the same.
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(
    mut router: Router,
    peer: SocketAddr,
    slot: Slot,
    last: bool,
    mut request: Request<Incoming>,
) -> Result<axum::response::Response, std::convert::Infallible> {
    // Who sends requests without waiting for answers has many that lie ready: others have a turn before each of them.
    tokio::task::yield_now().await;
    let extensions = request.extensions_mut();
    extensions.insert(Peer(peer));
    extensions.insert(slot);
    if last {
        extensions.insert(LastPlace);
    }
    // A router is always ready.
    router.call(request).await
}

fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Stands in the extensions of requests of a connection that has one of the last places.
#[derive(Debug, Clone, Copy)]
pub struct LastPlace;

/// Keeps a place for as long as a connection is open, also when it has become a WebSocket; stands in the extensions of its
/// requests.
#[derive(Clone, Default)]
pub struct Slot(Arc<Keeps>);

#[derive(Default)]
struct Keeps {
    line: Line,
    place: Mutex<Option<Place<Client>>>,
    link: Mutex<Option<Linked>>,
}

impl Slot {
    /// Keeps a place, instead of one kept before.
    pub fn keep(&self, place: Place<Client>) {
        *self.0.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
    }

    /// Keeps it known, if it is, which socket uses the connection.
    pub fn keep_link(&self, link: Option<Linked>) {
        if link.is_some() {
            *self.0.link.lock().unwrap_or_else(PoisonError::into_inner) = link;
        }
    }

    /// The connection.
    pub fn line(&self) -> Line {
        self.0.line.clone()
    }

    /// The connection has ended, though others may have this yet.
    fn leave(&self) {
        *self.0.place.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.0.link.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The open connections.
struct Open {
    caps: Caps,
    places: Pool<Payer>,
}

impl Open {
    fn new(caps: Caps) -> Self {
        Self { places: Pool::new(caps.all, caps.per_address), caps }
    }

    /// A place for a connection, until it is dropped. A proxy has no share: its clients have.
    fn enter(&self, address: IpAddr) -> Option<Place<Payer>> {
        let payer = match self.caps.proxies.contains(address) {
            true => Payer::Node,
            false => Payer::Client(Client::of(address)),
        };
        self.places.enter(&payer, 1).ok()
    }

    /// Whether the last place that was taken is one of those that are kept; at most a quarter of all is.
    fn is_nearly_full(&self) -> bool {
        let kept = self.caps.kept_free.min(self.caps.all / 4);
        self.places.taken() > self.caps.all - kept
    }
}

/// A stream that keeps its place as long as it is open, also when it has become a WebSocket, and that fails when
/// its client does not read, or hardly.
struct Counted {
    stream: TcpStream,
    pace: Pace,
    line: Line,
    _place: Place<Payer>,
    slot: Slot,
}

impl Counted {
    fn wrote(
        &mut self,
        polled: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = polled {
            self.line.wrote(bytes);
        }
        self.pace.note(polled, context)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.slot.leave();
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.line.reads(context)?;
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Poll::Ready(Ok(())) = polled {
            self.line.read(buffer.filled().len() - before)?;
        }
        polled
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.line.writes(context)?;
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(polled, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.line.writes(context)?;
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(polled, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn who_does_not_wait_for_answers_has_one_turn_among_others() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (noted, ended) = (asked.clone(), Arc::new(tokio::sync::Notify::new()));
        let end = ended.clone();
        let note = move |path: axum::http::Uri| async move {
            let mut asked = noted.lock().unwrap();
            asked.push(path.path().to_owned());
            if asked.len() == 101 {
                end.notify_one();
            }
        };
        let router = Router::new().route("/many", get(note.clone())).route("/one", get(note));
        // Both lie ready before the server has its first turn.
        let mut many = TcpStream::connect(address).await.unwrap();
        many.write_all("GET /many HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100).as_bytes()).await.unwrap();
        let mut one = TcpStream::connect(address).await.unwrap();
        one.write_all(b"GET /one HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        serve(listener, router, caps(9, 0, 9, ""), None, |_| {}, async move { ended.notified().await }).await;
        let place = asked.lock().unwrap().iter().position(|path| path == "/one").unwrap();
        assert!(place < 8, "{place} requests of the other were answered first");
    }

    fn caps(all: usize, kept_free: usize, per_address: usize, proxies: &str) -> Caps {
        Caps { all, kept_free, per_address, proxies: proxies.parse().unwrap(), answers: Pool::new(9, 9) }
    }

    fn open(all: usize, per_address: usize, proxies: &str) -> Open {
        Open::new(caps(all, 2, per_address, proxies))
    }

    #[test]
    fn one_address_never_takes_every_place() {
        let open = open(10, 2, "");
        let (one, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let places = [open.enter(one).unwrap(), open.enter(one).unwrap()];
        assert!(open.enter(one).is_none());
        assert!(open.enter("::ffff:192.0.2.1".parse().unwrap()).is_none());
        assert!(open.enter(other).is_some());
        drop(places);
        assert!(open.enter(one).is_some());
        assert_eq!(open.places.taken(), 0);
    }

    #[test]
    fn many_networks_of_one_subscriber_do_not_take_every_place() {
        let open = open(1000, 2, "");
        let address = |n: u16| IpAddr::from([0x2a00, 1, 2, n, 0, 0, 0, 1]);
        let places: Vec<_> = (0..=u16::MAX).filter_map(|n| open.enter(address(n))).collect();
        assert_eq!(places.len(), 32);
        assert!(open.enter("192.0.2.2".parse().unwrap()).is_some());
    }

    #[test]
    fn the_last_places_are_known_as_such() {
        let open = open(8, 8, "");
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let mut places = Vec::new();
        for n in 1..=8 {
            places.push(open.enter(address).unwrap());
            assert_eq!(open.is_nearly_full(), n > 6, "{n}");
        }
    }

    #[test]
    fn all_together_have_a_limit_and_a_proxy_only_that() {
        let open = open(3, 1, "127.0.0.1");
        let proxy: IpAddr = "127.0.0.1".parse().unwrap();
        let places: Vec<_> = (0..3).map(|_| open.enter(proxy).unwrap()).collect();
        assert!(open.enter("192.0.2.1".parse().unwrap()).is_none());
        drop(places);
        assert!(open.enter("192.0.2.1".parse().unwrap()).is_some());
    }
}
