//! Bodies that are counted while they are held.

use std::collections::VecDeque;
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

/// The most bytes of an answer that are handed on at once.
const PIECE: usize = 64 * 1024;

/// An answer that is handed on in pieces, so that who reads slowly holds what has not been read yet, and nothing more. Whoever
/// writes an answer takes all of it that there is, and lets go of the body then, though nothing was read yet.
pub struct Leaving {
    body: Body,
    pieces: VecDeque<Bytes>,
    /// How much of what was counted was handed on last: it leaves when the next is asked for.
    last: usize,
    counted: Option<Place<Payer>>,
}

impl Leaving {
    /// Hands `body` on; what was counted for it is given back as it leaves.
    pub const fn new(body: Body, counted: Option<Place<Payer>>) -> Self {
        Self { body, pieces: VecDeque::new(), last: 0, counted }
    }

    fn next(&mut self) -> Option<Bytes> {
        let piece = self.pieces.pop_front()?;
        self.last = piece.len();
        Some(piece)
    }
}

impl HttpBody for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let last = std::mem::take(&mut self.last);
        if let Some(counted) = &mut self.counted {
            counted.shrink(last);
        }
        if let Some(piece) = self.next() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let Poll::Ready(Some(Ok(frame))) = polled else { return polled };
        match frame.into_data() {
            Ok(data) if data.len() > PIECE => {
                // Copies: a slice would keep all of it.
                self.pieces = data.chunks(PIECE).map(Bytes::copy_from_slice).collect();
                Poll::Ready(self.next().map(|piece| Ok(Frame::data(piece))))
            }
            Ok(data) => {
                self.last = data.len();
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Err(frame) => Poll::Ready(Some(Ok(frame))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, here) = (self.body.size_hint(), self.pieces.iter().map(Bytes::len).sum::<usize>() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + here);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + here);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Client, Pool};

    #[test]
    fn what_has_left_of_an_answer_is_not_counted_any_more() {
        let pool = Pool::new(1_000_000, 1_000_000);
        let payer = Payer::Client(Client::of("192.0.2.1".parse().unwrap()));
        let size = 2 * PIECE + 10;
        let text = vec![b'x'; size];
        let mut body = Leaving::new(Body::from(text.clone()), pool.enter(&payer, size).ok());
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut read = Vec::new();
        let mut held = Vec::new();
        while !body.is_end_stream() {
            assert_eq!(body.size_hint().exact(), Some((size - read.len()) as u64));
            let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut body).poll_frame(&mut context) else {
                panic!("there is more")
            };
            read.extend_from_slice(&frame.into_data().unwrap());
            held.push(pool.taken());
        }
        assert_eq!(read, text);
        assert_eq!(held, [size, size - PIECE, size - 2 * PIECE]);
        drop(body);
        assert_eq!(pool.taken(), 0);
    }
}
