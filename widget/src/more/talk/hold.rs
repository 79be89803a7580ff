//! Whether a menu was opened by a finger that is still down.

use std::cell::Cell;

thread_local! {
    static HELD: Cell<bool> = const { Cell::new(false) };
}

/// A finger comes down.
pub(super) fn begin() {
    HELD.set(false);
}

/// It has stayed, and opened a menu: lifting it is no click.
pub(super) fn opened() {
    HELD.set(true);
}

/// Whether a click is only the end of that.
pub(super) fn is_end() -> bool {
    HELD.take()
}
