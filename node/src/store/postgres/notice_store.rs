//! Hearing and answering other nodes.

use dm3_core::identity::Address;

use super::Postgres;
use crate::store::{Notice, NoticeStore, Question, StoreError};

#[async_trait::async_trait]
impl NoticeStore for Postgres {
    async fn notice(&self) -> Notice {
        self.notices.next().await
    }

    async fn is_connected_elsewhere(&self, account: Address) -> Result<bool, StoreError> {
        self.notices.ask(&self.pool, account).await
    }

    async fn answer(&self, question: Question) -> Result<(), StoreError> {
        self.notices.answer(&self.pool, &question).await
    }
}
