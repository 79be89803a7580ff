//! What views hold.

use dm3_core::device::Notice;
use dm3_core::message::MessageHash;
use futures_channel::mpsc::UnboundedSender;
use js_sys::Array;
use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::prelude::AnyView;
use web_sys::{Element, Event};

use super::command::Command;
use super::part::Part;
use super::state::{Apart, SignIn, State};

/// The handle that views hold: they read [`State`] and send [`Command`]s.
#[derive(Clone)]
pub struct App {
    /// What is shown.
    pub state: State,
    /// What is loaded when it is used.
    pub parts: Parts,
    commands: UnboundedSender<Command>,
}

/// The parts there are.
#[derive(Clone, Copy)]
pub struct Parts {
    /// Signing in. Who comes back never loads it.
    pub sign_in: Part<SignInPart>,
    /// Keys that don't follow from the wallet alone.
    pub keys: Part<KeysPart>,
    /// Everything as one file.
    pub backup: Part<ScreenPart>,
    /// What can be set.
    pub settings: Part<ScreenPart>,
    /// What is the account's own, and contacts, after that.
    pub own: Part<ScreenPart>,
    /// What can be done with messages, and what their texts look like.
    pub talk: Part<TalkPart>,
    /// Who is meant by what is typed into the list's field.
    pub search: Part<SearchPart>,
    /// Attachments.
    pub files: Part<FilesPart>,
    /// All emoji to choose from.
    pub emoji: Part<EmojiPart>,
    /// What conversations are about, forwarding, reports, and what is asked about strangers.
    pub share: Part<ScreenPart>,
    /// What is at stake in a conversation.
    pub stake: Part<ScreenPart>,
    /// Payments for answers.
    pub attention: Part<ScreenPart>,
    /// What a site asks for beside a chat.
    pub site: Part<ScreenPart>,
}

/// What views call in the part that signs in.
#[derive(Clone, Copy)]
pub struct SignInPart {
    /// The whole screen.
    pub view: fn(&App, SignIn) -> AnyView,
}

/// What views call in the part that leads to keys by other ways.
#[derive(Clone, Copy)]
pub struct KeysPart {
    /// The whole screen of a step that is its own.
    pub view: fn(&App, &SignIn) -> Option<AnyView>,
}

/// What views call in a part that has screens of its own.
#[derive(Clone, Copy)]
pub struct ScreenPart {
    /// The whole screen, or the piece of one that is at this place.
    pub view: fn(&App, &Apart) -> AnyView,
}

/// What views call in the part for messages.
#[derive(Clone, Copy)]
pub struct TalkPart {
    /// A text with its marks.
    pub text: fn(&str) -> AnyView,
    /// What can be done with a message, where it is asked for.
    pub menu: fn(&App) -> AnyView,
    /// What the composer is for, above it.
    pub composing: fn(&App) -> AnyView,
    /// Below the conversation: the way back to the newest messages, while what is shown follows where somebody goes; and that a
    /// message was not sent, for those who do not see it.
    pub below: fn(&App) -> AnyView,
    /// Where what is said of somebody's name or keys leads to.
    pub way: fn(&App, &Notice) -> AnyView,
    /// Somebody clicked in the conversation.
    pub clicked: fn(&App, &MouseEvent),
    /// Somebody pressed a key in the conversation.
    pub pressed: fn(&App, &KeyboardEvent),
    /// Somebody pressed a key in the composer.
    pub typed: fn(&App, &KeyboardEvent),
    /// Anywhere a key was pressed, or a finger came down.
    pub happened: fn(&App, &Event),
}

/// What views call in the part that finds whom somebody types.
#[derive(Clone, Copy)]
pub struct SearchPart {
    /// The row that says who is meant by what stands in the field.
    pub row: fn(&App, &str) -> AnyView,
    /// Does what Enter is to do there.
    pub enter: fn(&App, String),
    /// The messages that say what stands there.
    pub texts: fn(&App) -> AnyView,
    /// Moves the focus from this element to the row to which a key leads: an arrow, Home or End.
    pub go: fn(&Element, &str),
}

/// What views call in the part for attachments.
#[derive(Clone, Copy)]
pub struct FilesPart {
    /// The attachments of a message: itself, or the edit of it that is shown.
    pub shown: fn(&App, &MessageHash) -> AnyView,
    /// What is to be sent, above the composer.
    pub strip: fn(&App) -> AnyView,
    /// Lets somebody choose files.
    pub choose: fn(&App),
    /// Files were given; none: some are held above the conversation.
    pub given: fn(&App, &Array),
}

/// What views call in the part that has all emoji.
#[derive(Clone, Copy)]
pub struct EmojiPart {
    /// All emoji, to choose one for what is being picked for.
    pub picker: fn(&App) -> AnyView,
}

impl App {
    /// A handle whose commands go to `commands`.
    pub fn new(state: State, parts: Parts, commands: UnboundedSender<Command>) -> Self {
        Self { state, parts, commands }
    }

    /// Asks for something. After the element is gone nobody listens any more, and nothing happens.
    pub fn command(&self, command: Command) {
        let _ = self.commands.unbounded_send(command);
    }
}
