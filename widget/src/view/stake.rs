//! The part for what is at stake in a conversation, as the screen reaches it.

use leptos::prelude::AnyView;

use super::share::piece;
use crate::app::App;
use crate::app::state::Apart;

/// What the peer wants to be at stake, above the composer.
pub const TERMS: u8 = 1;
/// What a stranger has at stake with what they wrote.
pub const STAKED: u8 = 2;

/// What the part shows at this place, once it is there.
pub(crate) fn at_stake(app: &App, place: u8) -> Option<AnyView> {
    piece(app, app.parts.stake, &Apart::at(place))
}
