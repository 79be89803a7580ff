//! Waiting, but not for ever.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use crate::ports::Clock;

/// What becomes of `work` within so many milliseconds; `None` if nothing did, and it is dropped.
pub(super) async fn within<T>(
    clock: &impl Clock,
    milliseconds: u32,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    let mut patience = pin!(clock.sleep(milliseconds));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => patience.as_mut().poll(context).map(|()| None),
    })
    .await
}
