//! Keeping the account's history as deployed clients do.

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::{Active, BackendSteps};

part!(fn steps in backend("backend") -> BackendSteps<Active<Page>> = BackendSteps::new());
