//! Picking up what came.

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::{Active, WorkSteps};

part!(fn steps in pick_up("pick-up") -> WorkSteps<Active<Page>> = WorkSteps::picking_up());
