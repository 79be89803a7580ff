//! Opening conversations, and writing.

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::{Active, ThreadSteps};

part!(fn steps in thread("thread") -> ThreadSteps<Active<Page>> = ThreadSteps::new());
