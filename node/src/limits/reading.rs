//! The turn that a request has which reads from the database, until it asks somebody else: who waits for a chain or a gateway
//! keeps nobody of its network from reading.
//!
//! It stands beside the task, as who pays does: what asks others, far below, gives it back.

use std::cell::RefCell;
use std::future::Future;

use super::Client;
use super::turns::Turn;

tokio::task_local! {
    static READING: RefCell<Option<Turn<Client>>>;
}

/// Does something in this turn.
pub async fn in_turn<T>(turn: Option<Turn<Client>>, what: impl Future<Output = T>) -> T {
    READING.scope(RefCell::new(turn), what).await
}

/// Gives the turn back, if the present task has one.
pub fn end_turn() {
    // Whatever has no turn, as what this server does by itself, has none to give back.
    let _ = READING.try_with(RefCell::take);
}
