//! What the nodes tell each other, by LISTEN and NOTIFY. Only numbers are sent; messages are read from the table,
//! so a notice that is lost with the connection is made good by the numbers.
//!
//! ```text
//! <node> messages <mailbox> <first> <last>     in the transaction that stored them
//! <node> history <account> <change>            in the transaction that wrote it
//! <node> out <account>                         in the transaction that ended its sessions
//! <node> who <account> <question>
//! <node> here <question>                       the answer, for the node that asked
//! ```

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dm3_core::identity::Address;
use sqlx::Row;
use sqlx::postgres::{PgExecutor, PgListener, PgPool};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::store::{Arrival, Notice, Question, StoreError, address_from};

/// Where nodes tell each other.
const CHANNEL: &str = "dm3_notices";
/// How many notices may wait; then the server keeps them.
const QUEUE: usize = 1024;
/// After how long without a notice the connection is tried.
const SILENCE: Duration = Duration::from_secs(30);
/// How long the trial may take.
const TRIAL: Duration = Duration::from_secs(10);
/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// How long other nodes have to answer. Only notifications wait for it.
const ANSWER: Duration = Duration::from_secs(5);

/// Tells this node's own notices from others'.
#[derive(Clone)]
pub(super) struct Origin(String);

impl Origin {
    pub fn new() -> Self {
        Self(name())
    }

    /// The notice of an arrival here.
    pub fn messages(&self, arrival: &Arrival) -> String {
        let Arrival { mailbox, first, last } = arrival;
        format!("{} messages {} {first} {last}", self.0, mailbox.to_lower_hex())
    }

    /// The notice of a change here.
    pub fn history(&self, owner: Address, change: u64) -> String {
        format!("{} history {} {change}", self.0, owner.to_lower_hex())
    }

    /// The notice that an account's sessions were ended here.
    pub fn signed_out(&self, account: Address) -> String {
        format!("{} out {}", self.0, account.to_lower_hex())
    }

    fn question(&self, account: Address, question: &Question) -> String {
        format!("{} who {} {}", self.0, account.to_lower_hex(), question.0)
    }

    fn answer(&self, question: &Question) -> String {
        format!("{} here {}", self.0, question.0)
    }

    /// Reads a notice; also whether it is this node's own.
    fn read(&self, notice: &str) -> Option<(bool, Heard)> {
        let (origin, rest) = notice.split_once(' ')?;
        let words: Vec<&str> = rest.split(' ').collect();
        let address = |word| Address::parse_unchecked_case(word).ok();
        let heard = match words[..] {
            ["messages", mailbox, first, last] => Heard::Notice(Notice::Messages(Arrival {
                mailbox: address(mailbox)?,
                first: first.parse().ok()?,
                last: last.parse().ok()?,
            })),
            ["history", owner, change] => {
                Heard::Notice(Notice::History { owner: address(owner)?, change: change.parse().ok()? })
            }
            ["out", account] => Heard::Notice(Notice::SignedOut { account: address(account)? }),
            ["who", account, question] => Heard::Notice(Notice::Asked {
                account: address(account)?,
                question: Question(question.to_owned()),
            }),
            ["here", question] => Heard::Answer(Question(question.to_owned())),
            _ => return None,
        };
        Some((origin == self.0, heard))
    }
}

fn name() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// What a notice is.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// For whoever takes notices.
    Notice(Notice),
    /// To a question, maybe of this node.
    Answer(Question),
}

/// Sends notices. The server passes them on when the transaction is committed.
pub(super) async fn tell(to: impl PgExecutor<'_>, notices: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_notify($1, notice) FROM unnest($2::text[]) AS notice")
        .bind(CHANNEL)
        .bind(notices)
        .execute(to)
        .await?;
    Ok(())
}

/// The questions of this node that nobody has answered yet.
type Open = Arc<Mutex<HashMap<String, oneshot::Sender<()>>>>;

/// The notices that wait to be taken.
pub(super) struct Notices {
    pub origin: Origin,
    waiting: AsyncMutex<mpsc::Receiver<Notice>>,
    open: Open,
}

impl Notices {
    /// Listens from now on, in a task that ends when the pool is closed or this is dropped.
    pub async fn listen(pool: PgPool, origin: Origin) -> Result<Self, StoreError> {
        let (heard, waiting) = mpsc::channel(QUEUE);
        let open = Open::default();
        let listener = connect(&pool).await?;
        let seen: Option<i64> =
            sqlx::query("SELECT max(seq) FROM messages").fetch_one(&pool).await?.try_get(0)?;
        let mut task =
            Task { pool, origin: origin.clone(), heard, open: open.clone(), seen: seen.unwrap_or(0) };
        tokio::spawn(async move { task.run(listener).await });
        Ok(Self { origin, waiting: AsyncMutex::new(waiting), open })
    }

    /// What another node tells, once it does.
    pub async fn next(&self) -> Notice {
        match self.waiting.lock().await.recv().await {
            Some(notice) => notice,
            // The store is closed.
            None => std::future::pending().await,
        }
    }

    /// Asks the other nodes whether an account has a socket there.
    pub async fn ask(&self, pool: &PgPool, account: Address) -> Result<bool, StoreError> {
        let question = Question(name());
        let (answer, answered) = oneshot::channel();
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(question.0.clone(), answer);
        let _asking = Asking { open: &self.open, question: &question };
        tell(pool, &[self.origin.question(account, &question)]).await?;
        Ok(timeout(ANSWER, answered).await.is_ok_and(|answer| answer.is_ok()))
    }

    /// Tells the node that asked that the account is here.
    pub async fn answer(&self, pool: &PgPool, question: &Question) -> Result<(), StoreError> {
        Ok(tell(pool, &[self.origin.answer(question)]).await?)
    }
}

async fn connect(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    // This task connects anew itself, so as to know when it must catch up.
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Nobody wants notices any longer.
struct Done;

struct Task {
    pool: PgPool,
    origin: Origin,
    heard: mpsc::Sender<Notice>,
    open: Open,
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
                if self.pool.is_closed() || self.heard.is_closed() {
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
            match self.origin.read(notice.payload()) {
                Some((own, Heard::Notice(notice))) => {
                    let last = match &notice {
                        Notice::Messages(arrival) => arrival.last,
                        _ => self.seen,
                    };
                    if !own {
                        self.heard.send(notice).await.map_err(|_| Ok(Done))?;
                    }
                    self.seen = self.seen.max(last);
                }
                Some((_, Heard::Answer(question))) => {
                    let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(asker) = open.remove(&question.0) {
                        // Whoever asked may have given up.
                        let _ = asker.send(());
                    }
                }
                None => {}
            }
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
            let arrival = Notice::Messages(Arrival { mailbox, first, last });
            self.heard.send(arrival).await.map_err(|_| Ok(Done))?;
            self.seen = self.seen.max(last);
        }
        self.heard.send(Notice::Interrupted).await.map_err(|_| Ok(Done))?;
        Ok(listener)
    }
}

/// Forgets a question however it ends.
struct Asking<'a> {
    open: &'a Open,
    question: &'a Question,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.question.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: Address = Address::from_bytes([7; 20]);

    #[test]
    fn a_notice_is_read_as_it_was_written_and_anything_else_is_ignored() {
        let (here, there) = (Origin::new(), Origin::new());
        let arrival = Arrival { mailbox: BOB, first: 3, last: 12 };
        let question = Question(name());
        let heard = Heard::Notice(Notice::Messages(arrival));
        assert_eq!(here.read(&here.messages(&arrival)), Some((true, heard)));
        let others = [
            (there.messages(&arrival), Heard::Notice(Notice::Messages(arrival))),
            (there.history(BOB, 9), Heard::Notice(Notice::History { owner: BOB, change: 9 })),
            (
                there.question(BOB, &question),
                Heard::Notice(Notice::Asked { account: BOB, question: question.clone() }),
            ),
            (there.answer(&question), Heard::Answer(question)),
        ];
        for (text, heard) in others {
            assert_eq!(here.read(&text), Some((false, heard)), "{text}");
            assert_eq!(here.read(&format!("{text} 4")), None);
        }
        for other in ["", "a", "a messages b 1 2", "a history 1 2", "a who b c", "a here"] {
            assert_eq!(here.read(other), None, "{other}");
        }
    }
}
