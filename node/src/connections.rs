//! Accepting connections so that no client keeps another waiting.
//!
//! Each connection is a task of its own. One that is slow to send a request's head, to send its body or to read
//! its answer is closed; one too many, of all or from one address, is closed at once rather than queued.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
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
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tower_service::Service;

use crate::limits::{Client, Peer, Trusted};

/// How long the head of a request may take, and how long a connection may be idle between two requests.
const HEAD_TIME: Duration = Duration::from_secs(20);
/// The largest head of a request, in bytes: address and headers.
const MAX_HEAD: usize = 64 * 1024;
/// How long a client may read nothing of what is written to it.
const STALL_TIME: Duration = Duration::from_secs(30);
/// How long to wait when the operating system gives no connection, as when there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(50);

/// How many connections may be open.
#[derive(Debug, Clone)]
pub struct Caps {
    /// In all.
    pub all: usize,
    /// From one address.
    pub per_address: usize,
    /// Proxies, which carry the connections of many and are not counted by address.
    pub proxies: Trusted,
}

/// Serves until `stop` is ready, then ends the open connections as soon as their requests are answered.
pub async fn serve(listener: TcpListener, router: Router, caps: Caps, stop: impl Future<Output = ()>) {
    let open = Arc::new(Open::new(caps));
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
            tracing::debug!("closing a connection over the limit");
            continue;
        };
        // Without it, small answers wait for acknowledgements; a stream that refuses is as good as closed.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |request| answer(router.clone(), peer, request));
        let connection = server.serve_connection(TokioIo::new(Counted::new(stream, place)), service);
        let mut stopped = stopped.clone();
        tokio::spawn(async move {
            let mut connection = pin!(connection.with_upgrades());
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
        });
    }
    drop((listener, stopped));
    // Fails if nobody is connected, who would have to know.
    let _ = stopping.send(());
    stopping.closed().await;
}

fn answer(
    mut router: Router,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> impl Future<Output = Result<axum::response::Response, std::convert::Infallible>> {
    request.extensions_mut().insert(Peer(peer));
    // A router is always ready.
    router.call(request)
}

fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// How many connections each client has.
type Counts = Arc<Mutex<HashMap<Client, usize>>>;

/// The open connections.
struct Open {
    caps: Caps,
    places: Arc<Semaphore>,
    by_address: Counts,
}

impl Open {
    fn new(caps: Caps) -> Self {
        let places = Arc::new(Semaphore::new(caps.all.min(Semaphore::MAX_PERMITS)));
        Self { caps, places, by_address: Arc::default() }
    }

    /// A place for a connection, until it is dropped.
    fn enter(&self, address: IpAddr) -> Option<Place> {
        let in_all = Arc::clone(&self.places).try_acquire_owned().ok()?;
        if self.caps.proxies.contains(address) {
            return Some(Place { _in_all: in_all, at_address: None });
        }
        let address = Client::of(address);
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_address.entry(address).or_default();
        if *count >= self.caps.per_address {
            return None;
        }
        *count += 1;
        Some(Place { _in_all: in_all, at_address: Some((address, Arc::clone(&self.by_address))) })
    }
}

struct Place {
    _in_all: OwnedSemaphorePermit,
    at_address: Option<(Client, Counts)>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((address, by_address)) = self.at_address.take() else { return };
        let mut by_address = by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = by_address.entry(address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// A stream that keeps its place as long as it is open, also when it has become a WebSocket, and that fails when
/// its client does not read.
struct Counted {
    stream: Pin<Box<TimeoutStream<TcpStream>>>,
    _place: Place,
}

impl Counted {
    fn new(stream: TcpStream, place: Place) -> Self {
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(STALL_TIME));
        Self { stream: Box::pin(stream), _place: place }
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(all: usize, per_address: usize, proxies: &str) -> Open {
        Open::new(Caps { all, per_address, proxies: proxies.parse().unwrap() })
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
        assert!(open.by_address.lock().unwrap().is_empty());
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
