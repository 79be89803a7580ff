//! The part for what goes from one place to another, as the screen reaches it: it is loaded when there is something of it.

use leptos::prelude::AnyView;

use super::states::could_not_load;
use super::{OnClick, on_click};
use crate::app::part::{Loading, Part};
use crate::app::state::Apart;
use crate::app::{Act, App, Command, ScreenPart, ShareAsk};

/// What stands over the conversation: that is in [`State::sharing`](crate::app::state::State::sharing).
pub const OVER: u8 = 1;
/// What a conversation is about, above the message that begins it.
pub const CARD: u8 = 2;
/// The same at the top of a conversation that is not begun yet.
pub const TOP: u8 = 3;
/// That it goes along with what is sent next, above the composer.
pub const PENDING: u8 = 4;
/// What is asked about somebody who is not welcome yet, or not any more, in place of the composer.
pub const REQUEST: u8 = 5;

/// What the part shows of this, once it is there. Without it the rest of the conversation stands; but in the place of the
/// composer it is said that it can't be loaded.
pub(super) fn shared(app: &App, what: &Apart) -> Option<AnyView> {
    let share = app.parts.share;
    match share.missing() {
        Some(why) if what.place == REQUEST => Some(could_not_load(why, on_click(move || share.ask()))),
        _ => piece(app, share, what),
    }
}

/// A piece of the screen that a part shows, once it is there.
pub(super) fn piece(app: &App, part: Part<ScreenPart>, what: &Apart) -> Option<AnyView> {
    match part.state() {
        Loading::There(part) => Some((part.view)(app, what)),
        Loading::Waiting => {
            part.want();
            None
        }
        Loading::Missing(_) => None,
    }
}

/// A click that shares something; where the part could not be loaded, that is tried again.
pub fn shares(app: &App, ask: ShareAsk) -> OnClick {
    let app = app.clone();
    on_click(move || share(&app, ask.clone()))
}

/// Shares something.
pub fn share(app: &App, ask: ShareAsk) {
    app.parts.share.ask();
    app.command(Command::act(Act::Share(ask)));
}
