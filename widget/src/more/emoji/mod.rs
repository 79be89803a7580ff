//! All emoji, to choose one from: for what is being written, or for a message.

mod known;
mod picker;

use crate::adapters::parts::part;
use crate::app::EmojiPart;
use crate::app::part::Loader;

use self::picker::picker;

thread_local! {
    pub(super) static LOADER: Loader<EmojiPart> = Loader::new(table);
}

part!(fn table in emoji("emoji") -> EmojiPart = EmojiPart { picker });
