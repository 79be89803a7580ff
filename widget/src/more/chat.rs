//! Being signed in: opening conversations, writing, following the engine.

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::{Active, ChatSteps};

part!(fn steps in chat("chat") -> ChatSteps<Active<Page>> = ChatSteps::new());
