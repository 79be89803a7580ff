//! Staying in touch with delivery services and other devices, and knowing who people are.

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::{Active, SyncSteps};

part!(fn steps in sync("sync") -> SyncSteps<Active<Page>> = SyncSteps::new());
