//! Being signed in: opening conversations, writing, following the engine.

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::ChatSteps;

part!(fn steps in chat("chat") -> ChatSteps<Page> = ChatSteps::new());
