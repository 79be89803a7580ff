//! Bodies that are counted while they are held.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use http_body::{Frame, SizeHint};

use crate::limits::{Full, Payer, Place};

/// The bytes of a request's body, taken from what is held in all as they come.
#[derive(Clone)]
pub struct Reserved(Arc<Inner>);

struct Inner {
    bytes: Mutex<Place<Payer>>,
    too_much: AtomicBool,
}

impl Reserved {
    fn grow(&self, bytes: usize) -> Result<(), Full> {
        let grown = self.0.bytes.lock().unwrap_or_else(PoisonError::into_inner).grow(bytes);
        if grown.is_err() {
            self.0.too_much.store(true, Ordering::Relaxed);
        }
        grown
    }

    /// Whether there was no room for all of them.
    pub fn were_too_much(&self) -> bool {
        self.0.too_much.load(Ordering::Relaxed)
    }
}

/// A body that fails when there is no room for it.
pub struct Counted {
    body: Body,
    reserved: Reserved,
}

impl Counted {
    /// Counts a request's body; the bytes are given back when both halves are dropped.
    pub fn in_request(request: Request, bytes: Place<Payer>) -> (Request, Reserved) {
        let reserved =
            Reserved(Arc::new(Inner { bytes: Mutex::new(bytes), too_much: AtomicBool::new(false) }));
        let counted = reserved.clone();
        (request.map(|body| Body::new(Self { body, reserved })), counted)
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
            && let Err(full) = self.reserved.grow(data.len())
        {
            return Poll::Ready(Some(Err(axum::Error::new(full))));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body that keeps something until it was read to its end, or its reader has gone.
pub struct Kept<T> {
    body: Body,
    _kept: T,
}

impl<T: Unpin> Kept<T> {
    /// Keeps it.
    pub const fn new(body: Body, kept: T) -> Self {
        Self { body, _kept: kept }
    }
}

impl<T: Unpin> HttpBody for Kept<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
