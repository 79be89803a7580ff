//! What the account's node has of it for all of its devices.

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::{Active, HistorySteps, WorkSteps};

part!(fn steps in history("history") -> WorkSteps<Active<Page>> = WorkSteps::keeping());
part!(fn kept_steps in history("history") -> HistorySteps<Active<Page>> = HistorySteps::new());
