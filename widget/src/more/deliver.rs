//! Delivering what was written.

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::{Active, WorkSteps};

part!(fn steps in deliver("deliver") -> WorkSteps<Active<Page>> = WorkSteps::delivering());
