//! Notices in SQLite: the file is this node's alone, so there are none.

use dm3_core::identity::Address;

use super::Sqlite;
use crate::store::{Notice, NoticeStore, Question, StoreError};

#[async_trait::async_trait]
impl NoticeStore for Sqlite {
    async fn notice(&self) -> Notice {
        std::future::pending().await
    }

    async fn is_connected_elsewhere(&self, _: Address) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn answer(&self, _: Question) -> Result<(), StoreError> {
        Ok(())
    }
}
