//! The part for what is demanded in a conversation, and what is at stake there, as the screen reaches it.

use leptos::prelude::AnyView;

use super::share::piece;
use crate::app::App;
use crate::app::state::Apart;

/// What the peer demands of those who write, as far as the account may not meet it, above the composer.
pub const DEMANDS: u8 = 1;
/// What a stranger has at stake with what they wrote.
pub const STAKED: u8 = 2;

/// What the part shows at this place, once it is there.
pub(crate) fn at_stake(app: &App, place: u8) -> Option<AnyView> {
    piece(app, app.parts.stake, &Apart::at(place))
}
