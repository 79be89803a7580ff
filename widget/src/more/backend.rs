//! Keeping the account's history as deployed clients do.

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::{Active, WorkSteps};

part!(fn steps in backend("backend") -> WorkSteps<Active<Page>> = WorkSteps::at_backend());
