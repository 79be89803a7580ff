//! Knowing who people are, and what they are told.

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::{Active, PeopleSteps};

part!(fn steps in people("people") -> PeopleSteps<Active<Page>> = PeopleSteps::new());
