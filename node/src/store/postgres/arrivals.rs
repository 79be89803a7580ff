//! What other nodes put into mailboxes, by LISTEN and NOTIFY. Only a mailbox and numbers are sent; the messages
//! are read from the table, so a notice that is lost with the connection is made good by the numbers.

use std::time::Duration;

use dm3_core::identity::Address;
use sqlx::Row;
use sqlx::postgres::{PgListener, PgPool};
use tokio::sync::{Mutex, mpsc};
use tokio::time::{sleep, timeout};

use crate::store::{Arrival, StoreError, address_from};

/// Where nodes tell each other.
pub(super) const CHANNEL: &str = "dm3_arrivals";
/// How many arrivals may wait; then the server keeps them.
const QUEUE: usize = 1024;
/// After how long without a notice the connection is tried.
const SILENCE: Duration = Duration::from_secs(30);
/// How long the trial may take.
const TRIAL: Duration = Duration::from_secs(10);
/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells this node's own announcements from others'.
#[derive(Clone)]
pub(super) struct Origin(String);

impl Origin {
    pub fn new() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// The notice of an arrival here.
    pub fn announce(&self, arrival: &Arrival) -> String {
        format!("{} {} {} {}", self.0, arrival.mailbox.to_lower_hex(), arrival.first, arrival.last)
    }

    /// Reads a notice; also whether it is this node's own.
    fn read(&self, notice: &str) -> Option<(bool, Arrival)> {
        let mut words = notice.split(' ');
        let own = words.next()? == self.0;
        let mailbox = Address::parse_unchecked_case(words.next()?).ok()?;
        let (first, last) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        words.next().is_none().then_some((own, Arrival { mailbox, first, last }))
    }
}

/// The arrivals that wait to be taken.
pub(super) struct Arrivals(Mutex<mpsc::Receiver<Arrival>>);

impl Arrivals {
    /// Listens from now on, in a task that ends when the pool is closed or this is dropped.
    pub async fn listen(pool: PgPool, origin: Origin) -> Result<Self, StoreError> {
        let (found, arrivals) = mpsc::channel(QUEUE);
        let listener = connect(&pool).await?;
        let seen: Option<i64> =
            sqlx::query("SELECT max(seq) FROM messages").fetch_one(&pool).await?.try_get(0)?;
        let mut task = Task { pool, origin, found, seen: seen.unwrap_or(0) };
        tokio::spawn(async move { task.run(listener).await });
        Ok(Self(Mutex::new(arrivals)))
    }

    /// Waits for the next one; for ever once the store is closed.
    pub async fn next(&self) -> Arrival {
        match self.0.lock().await.recv().await {
            Some(arrival) => arrival,
            None => std::future::pending().await,
        }
    }
}

async fn connect(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    // This task connects anew itself, so as to know when it must catch up.
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Nobody wants arrivals any longer.
struct Done;

struct Task {
    pool: PgPool,
    origin: Origin,
    found: mpsc::Sender<Arrival>,
    /// Every message up to this number was told of: numbers become visible in their order.
    seen: i64,
}

impl Task {
    async fn run(&mut self, mut listener: PgListener) {
        loop {
            let error = match self.follow(&mut listener).await {
                Ok(()) => None,
                Err(Ok(Done)) => return,
                Err(Err(error)) => Some(error),
            };
            tracing::warn!(?error, "the database's notices stopped; listening anew");
            listener = loop {
                if self.pool.is_closed() || self.found.is_closed() {
                    return;
                }
                match self.resume().await {
                    Ok(listener) => break listener,
                    Err(Ok(Done)) => return,
                    Err(Err(error)) => {
                        tracing::warn!(%error, "the database's notices can't be listened to");
                        sleep(PAUSE).await;
                    }
                }
            };
        }
    }

    /// Passes notices on until the connection is lost.
    async fn follow(&mut self, listener: &mut PgListener) -> Result<(), Result<Done, sqlx::Error>> {
        loop {
            let notice = match timeout(SILENCE, listener.try_recv()).await {
                Ok(Ok(Some(notice))) => notice,
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(sqlx::Error::PoolClosed)) => return Err(Ok(Done)),
                Ok(Err(error)) => return Err(Err(error)),
                Err(_) => {
                    // A connection may be dead without a sign of it.
                    match timeout(TRIAL, sqlx::query("SELECT 1").execute(&mut *listener)).await {
                        Ok(Ok(_)) => continue,
                        Ok(Err(error)) => return Err(Err(error)),
                        Err(_) => return Ok(()),
                    }
                }
            };
            let Some((own, arrival)) = self.origin.read(notice.payload()) else { continue };
            if !own {
                self.found.send(arrival).await.map_err(|_| Ok(Done))?;
            }
            self.seen = self.seen.max(arrival.last);
        }
    }

    /// Listens anew and then tells of what came since, so that nothing falls in between.
    async fn resume(&mut self) -> Result<PgListener, Result<Done, sqlx::Error>> {
        let listener = connect(&self.pool).await.map_err(Err)?;
        let rows = sqlx::query(
            "SELECT mailbox, min(seq), max(seq) FROM messages WHERE seq > $1 GROUP BY mailbox ORDER BY max(seq)",
        )
        .bind(self.seen)
        .fetch_all(&self.pool)
        .await
        .map_err(Err)?;
        for row in rows {
            let read = || Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
            let (mailbox, first, last) = read().map_err(Err)?;
            let Ok(mailbox) = address_from(mailbox) else { continue };
            self.found.send(Arrival { mailbox, first, last }).await.map_err(|_| Ok(Done))?;
            self.seen = self.seen.max(last);
        }
        Ok(listener)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_read_as_it_was_written_and_anything_else_is_ignored() {
        let (here, there) = (Origin::new(), Origin::new());
        let arrival = Arrival { mailbox: Address::from_bytes([7; 20]), first: 3, last: 12 };
        assert_eq!(here.read(&here.announce(&arrival)), Some((true, arrival)));
        assert_eq!(here.read(&there.announce(&arrival)), Some((false, arrival)));
        for other in ["", "a", "a b 1 2", &format!("{} 4", here.announce(&arrival))] {
            assert_eq!(here.read(other), None, "{other}");
        }
    }
}
