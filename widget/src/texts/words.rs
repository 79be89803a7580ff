//! What can be said: an enum of words for each group, a function for each message with arguments. Made of
//! `widget/texts/en.json` by `widget/build.rs`.

use super::spoken::{Words, tell, tell_count, tell_one};

include!(concat!(env!("OUT_DIR"), "/words.rs"));
