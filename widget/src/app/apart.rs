//! What is shown by a part that is loaded later.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

/// What a part shows: it alone knows what is in it, so that its code is nowhere else.
#[derive(Clone)]
pub struct Apart {
    shown: Option<Rc<dyn Any>>,
    /// Another number is another screen.
    pub place: u8,
}

impl Apart {
    /// The part is on its way.
    pub const fn waiting() -> Self {
        Self { shown: None, place: 0 }
    }

    /// Nothing but the place.
    pub const fn at(place: u8) -> Self {
        Self { shown: None, place }
    }

    /// This is shown, at a place.
    pub fn new(shown: impl Any, place: u8) -> Self {
        Self { shown: Some(Rc::new(shown)), place }
    }

    /// What is shown, for the part.
    pub fn shown<T: Any>(&self) -> Option<&T> {
        self.shown.as_ref()?.downcast_ref()
    }
}

impl fmt::Debug for Apart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Apart({})", self.place)
    }
}

impl PartialEq for Apart {
    fn eq(&self, other: &Self) -> bool {
        match (&self.shown, &other.shown) {
            (Some(one), Some(other)) => Rc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}
