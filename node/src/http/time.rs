//! How long a request may take.
//!
//! ```text
//! its body comes: as long as it needs at a least pace, but with no pause longer than `request_timeout`
//!      ─▶ all of it is here: `request_timeout` more until there is an answer
//! ```
//!
//! Over a slow line a large body takes minutes. What of it has come is held meanwhile; so while the memory for bodies is more
//! than half taken, all of a body has to come within `request_timeout`.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::app::AppState;

/// How many bytes of a body pay for a second. The slowest networks of telephones are faster.
const PACE: u32 = 2 * 1024;
/// How often it is looked whether a body comes fast enough.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Answers 408 to a request that takes too long.
pub async fn in_time(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let time = app.config.request_timeout;
    let began = Instant::now();
    let (sender, come) = watch::channel(Come { bytes: 0, last: began, is_over: false });
    let request = request.map(|body| Body::new(Watched { body, come: sender }));
    let mut answer = pin!(next.run(request));
    loop {
        let come = *come.borrow();
        let now = Instant::now();
        let until = come.until(began, time, app.bodies.is_half_taken());
        if until <= now {
            return StatusCode::REQUEST_TIMEOUT.into_response();
        }
        tokio::select! {
            answer = &mut answer => return answer,
            () = tokio::time::sleep_until(until.min(now + LOOK_EVERY)) => {}
        }
    }
}

/// The same for what is sent to a socket by requests alone, which are answered before they come to a route. Whoever asks what
/// there is for one waits as long as nothing comes.
pub async fn sent_in_time(state: State<AppState>, request: Request, next: Next) -> Response {
    let sends = request.uri().path().starts_with("/socket.io") && *request.method() == Method::POST;
    if sends { in_time(state, request, next).await } else { next.run(request).await }
}

/// How much of a body has come.
#[derive(Debug, Clone, Copy)]
struct Come {
    bytes: u32,
    last: Instant,
    /// All of it, or nobody wants the rest.
    is_over: bool,
}

impl Come {
    /// Until when the request may go on by what is known now.
    fn until(self, began: Instant, time: Duration, in_need: bool) -> Instant {
        if self.is_over {
            return self.last + time;
        }
        let paid = if in_need { Duration::ZERO } else { Duration::from_secs(1) * self.bytes / PACE };
        (began + time + paid).min(self.last + time)
    }
}

/// A body of which it is told how much has come.
struct Watched {
    body: Body,
    come: watch::Sender<Come>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.come.send_modify(|come| (come.last, come.is_over) = (Instant::now(), true));
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            let bytes = u32::try_from(data.len()).unwrap_or(u32::MAX);
            self.come.send_modify(|come| {
                (come.bytes, come.last) = (come.bytes.saturating_add(bytes), Instant::now());
            });
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

#[cfg(test)]
mod tests {
    use super::*;

    /// For how many seconds a body comes that brings so many bytes every so many seconds and never ends, where a request has
    /// thirty; none, if it comes for an hour.
    fn comes_for(bytes: u32, pause: u64, in_need: bool) -> Option<u64> {
        let began = Instant::now();
        let mut come = Come { bytes: 0, last: began, is_over: false };
        while come.last < began + Duration::from_secs(3600) {
            let until = come.until(began, Duration::from_secs(30), in_need);
            let next = come.last + Duration::from_secs(pause);
            if until < next {
                return Some((until - began).as_secs());
            }
            (come.bytes, come.last) = (come.bytes + bytes, next);
        }
        None
    }

    #[test]
    fn a_body_may_come_as_slowly_as_a_slow_line_carries_it_and_has_no_long_pauses() {
        assert_eq!(comes_for(2 * 1024, 1, false), None);
        assert_eq!(comes_for(60 * 1024, 29, false), None);
        assert_eq!(comes_for(512, 1, false), Some(39));
        assert_eq!(comes_for(1, 1, false), Some(30));
        assert_eq!(comes_for(1_000_000, 31, false), Some(30));
    }

    #[test]
    fn a_body_has_to_come_at_once_while_there_is_little_memory() {
        assert_eq!(comes_for(100 * 1024, 1, true), Some(30));
    }

    #[test]
    fn whoever_sent_all_of_a_body_has_the_same_time_for_the_answer() {
        let began = Instant::now();
        let last = began + Duration::from_secs(100);
        let come = Come { bytes: 10, last, is_over: true };
        assert_eq!(come.until(began, Duration::from_secs(30), true), last + Duration::from_secs(30));
    }
}
