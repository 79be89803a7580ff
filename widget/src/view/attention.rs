//! The part for payments for answers, as the screen reaches it: it is loaded where there are some, or some are asked for.

use leptos::prelude::AnyView;

use super::share::piece;
use crate::app::App;
use crate::app::settings::Settings;
use crate::app::state::{Apart, Ranked};

/// What the peer looks at first, what was offered them and what they offered, above the composer.
pub const ABOVE: u8 = 1;
/// What a stranger offers with their request.
pub const REQUESTED: u8 = 2;
/// The same in the list.
pub const LISTED: u8 = 3;

/// What the account asks of payments for its answers, in the settings.
pub const ASKED: u8 = 4;

/// What is asked of payments for answers.
pub(crate) fn asked(app: &App, shown: &Settings) -> Option<AnyView> {
    piece(app, app.parts.attention, &Apart::new(shown.payments.clone(), ASKED))
}

/// What the part shows at this place of the open conversation.
pub(crate) fn payments(app: &App, place: u8) -> Option<AnyView> {
    app.state
        .attention
        .with(|it| it.place > 0)
        .then(|| piece(app, app.parts.attention, &Apart::at(place)))
        .flatten()
}

/// What is offered with a request.
pub(super) fn offered(app: &App, with: &Ranked) -> Option<AnyView> {
    piece(app, app.parts.attention, &Apart::new(with.clone(), LISTED))
}
