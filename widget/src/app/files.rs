//! Attachments as values: those of the open conversation that are shown, and those that are to be sent.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use dm3_core::message::{FileElsewhere, MessageHash};
use web_sys::File;

use super::state::{Apart, FileBytes, State};

/// Places of [`State::files`], beside 0 where nothing is to be sent: it can be.
pub(super) const SENDABLE: u8 = 1;
/// There is more than can be, as far as is known.
pub(super) const TOO_MUCH: u8 = 2;
/// It is still being read or drawn anew.
const PREPARED: u8 = 3;

/// What is known of attachments, for [`State::files`].
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Those of messages, by the version that is shown.
    pub shown: BTreeMap<MessageHash, Rc<Vec<Item>>>,
    /// The picture that is shown large: of which message, and its place there.
    pub large: Option<(MessageHash, usize)>,
    /// Those that are to be sent.
    pub attached: Vec<Attached>,
    /// Whether they can be.
    pub room: Room,
    /// They are to lie at the account's node, and their message says where; in such words to clients that don't know that.
    pub through_node: Option<Rc<str>>,
    /// They are being brought there: so much of the one that is under way, in hundredths.
    pub sending: Option<u8>,
    /// Files are held above the conversation.
    pub hovering: bool,
    /// Why some of what was given is not among them.
    pub refused: Option<Refused>,
}

/// An attachment of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it can be saved as.
    pub name: String,
    /// What it is: told by its bytes.
    pub media_type: &'static str,
    /// How large it is, in bytes.
    pub size: usize,
    /// How it is shown.
    pub look: Look,
}

/// How an attachment is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// As a picture of this size.
    Picture {
        /// Where it is.
        url: String,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// To be heard.
    Audio(String),
    /// To be seen.
    Video(String),
    /// As text, and as a file.
    Text {
        /// Where the file is.
        url: String,
        /// Its beginning.
        text: String,
        /// That is not all of it.
        cut: bool,
    },
    /// As a file to be saved.
    File(String),
    /// It lies elsewhere, and nobody is asked for it: its address in words.
    Elsewhere(String),
    /// It is a sealed file at its sender's node.
    Away(Away),
    /// There are many already; it is shown when it is asked for.
    Later,
    /// So many more, which are not shown.
    Further(usize),
    /// It is damaged, too large, or at an address that is not followed.
    Unusable,
}

/// How it stands with a file at its sender's node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// It is fetched when somebody asks for it.
    Waiting,
    /// It is coming: so much of it is here, in hundredths.
    Coming(u8),
    /// It could not be fetched.
    Failed,
    /// It is not there any more.
    Gone,
    /// What is there is not what was sent.
    Changed,
}

impl From<Away> for Look {
    fn from(away: Away) -> Self {
        Self::Away(away)
    }
}

impl Look {
    /// Where its file is, if there is one.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Picture { url, .. } | Self::Text { url, .. } => Some(url),
            Self::Audio(url) | Self::Video(url) | Self::File(url) => Some(url),
            Self::Elsewhere(_) | Self::Away(_) | Self::Later | Self::Further(_) | Self::Unusable => None,
        }
    }
}

/// Something that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Identifies it in this conversation.
    pub number: u64,
    /// What it is called.
    pub name: String,
    /// What it is; `None` while it is prepared.
    pub ready: Option<Ready>,
}

/// What is to be sent, once it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// What will be sent.
    pub bytes: FileBytes,
    /// What somebody says it is.
    pub claimed: Option<String>,
    /// Where it can be seen, if it is a picture.
    pub url: Option<String>,
    /// It may tell more than it shows: where it was made, and when.
    pub tells: bool,
    /// The same, as small as it has to be.
    pub smaller: Option<FileBytes>,
    /// Where it lies at the account's node.
    pub elsewhere: Option<FileElsewhere>,
}

/// Whether what is attached can be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Room {
    /// As far as is known.
    #[default]
    Enough,
    /// It is being found out.
    Weighing,
    /// There is too much.
    Lacking {
        /// By so many bytes.
        by: usize,
        /// Smaller pictures would do: together so many bytes.
        smaller: Option<usize>,
        /// The account's node would keep all of it.
        node: bool,
    },
}

/// Why something can't be attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There are as many as there may be.
    Many,
    /// It is larger than anything that can be sent.
    Large,
    /// It can't be read.
    Unreadable,
    /// It has more pixels than a page should draw.
    Pixels,
    /// The account's node has no room for it.
    NoRoom,
    /// It could not be brought to the account's node.
    NotBrought,
}

/// A file that somebody gave, before it is read.
#[derive(Clone, PartialEq)]
pub struct Given {
    /// As it is called.
    pub name: String,
    /// What the browser says it is.
    pub claimed: String,
    /// Bytes.
    pub size: f64,
    /// What is in it.
    pub content: Content,
}

/// What is in a file that somebody gave.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// The browser has it.
    Page(File),
    /// It was read already.
    Read(FileBytes),
}

impl Files {
    /// What is known now; what reads it runs again when it changes.
    pub fn with<T>(state: State, read: impl FnOnce(&Self) -> T) -> T {
        state.files.with(|files| match files.shown::<Self>() {
            Some(files) => read(files),
            None => read(&Self::default()),
        })
    }

    /// What is known now.
    pub fn now(state: State) -> Self {
        state.files.with_untracked(|files| files.shown::<Self>().cloned().unwrap_or_default())
    }

    /// Changes what is known.
    pub fn change(state: State, change: impl FnOnce(&mut Self)) {
        let mut files = Self::now(state);
        change(&mut files);
        let place = files.place();
        state.files.set(Apart::new(files, place));
    }

    /// Changes one of those that are to be sent.
    pub(super) fn change_one(state: State, number: u64, change: impl FnOnce(&mut Attached)) {
        Self::change(state, |files| {
            if let Some(attached) = files.attached.iter_mut().find(|it| it.number == number) {
                change(attached);
            }
        });
    }

    /// Changes an attachment of a message.
    pub(super) fn change_item(state: State, of: &MessageHash, place: usize, change: impl FnOnce(&mut Item)) {
        Self::change(state, |files| {
            let Some(items) = files.shown.get_mut(of) else { return };
            let mut changed = items.to_vec();
            if let Some(item) = changed.get_mut(place) {
                change(item);
            }
            *items = Rc::new(changed);
        });
    }

    /// Changes what is known of a conversation that is not open.
    pub(super) fn change_left(left: &mut Apart, change: impl FnOnce(&mut Self)) {
        if let Some(files) = left.shown::<Self>() {
            let mut files = files.clone();
            change(&mut files);
            let place = files.place();
            *left = Apart::new(files, place);
        }
    }

    /// Nothing of it is read or weighed any more.
    pub(super) fn settle(&mut self) {
        self.attached.retain(|it| it.ready.is_some());
        if self.room == Room::Weighing {
            self.room = Room::Enough;
        }
    }

    fn place(&self) -> u8 {
        let waits = self.room == Room::Weighing || self.attached.iter().any(|it| it.ready.is_none());
        match (self.attached.is_empty(), waits) {
            (true, _) => 0,
            (false, true) => PREPARED,
            (false, false) if self.room == Room::Enough => SENDABLE,
            (false, false) => TOO_MUCH,
        }
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Given({})", self.size)
    }
}
