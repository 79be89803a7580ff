//! Line icons. Their paths are values, because markup without any would be written through `innerHTML`, which
//! Trusted Types forbid.

use leptos::prelude::*;

use super::attributes::attrs;
use crate::texts::{Word, say};

/// What an icon shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    Back,
    Close,
    Dots,
    Search,
    Send,
    Bubble,
    Alert,
    Pen,
}

impl Picture {
    fn path(self) -> &'static str {
        match self {
            Self::Back => "m15 18-6-6 6-6",
            Self::Close => "M18 6 6 18M6 6l12 12",
            Self::Dots => "M12 5h.01M12 12h.01M12 19h.01",
            Self::Search => "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M20 20l-4-4",
            Self::Send => "M12 19V5M5 12l7-7 7 7",
            Self::Bubble => "M21 11.5a8.4 8.4 0 0 1-12.3 7.4L3 21l2.1-5.7A8.4 8.4 0 1 1 21 11.5z",
            Self::Alert => "M12 4 2.5 20h19zM12 10v4M12 17h.01",
            Self::Pen => "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Back => "icon icon-back",
            Self::Dots => "icon icon-dots",
            _ => "icon",
        }
    }
}

/// A picture beside or instead of words; what it means is said by its surroundings.
pub fn icon(picture: Picture) -> AnyView {
    view! {
        <svg {attrs(&[("class", picture.class()), ("viewBox", "0 0 24 24"), ("aria-hidden", "true")])}>
            <path {attrs(&[("d", picture.path())])}></path>
        </svg>
    }
    .into_any()
}

const SEAL: &str = "M8 0l2 1.6 2.5-.2.8 2.4 2 1.5-.8 2.4.8 2.4-2 1.5-.8 2.4-2.5-.2L8 16l-2-1.6-2.5.2-.8-2.4-2-1.5.8-2.4\
-.8-2.4 2-1.5.8-2.4 2.5.2z";
const CHECK: &str = "M5 8.2l2 2 4-4.2";

/// The sign of a name that resolves to the address.
pub fn verified() -> AnyView {
    view! {
        <svg {attrs(&[("class", "verified"), ("viewBox", "0 0 16 16"), ("role", "img"), ("aria-label", say(Word::Verified))])}>
            <path {attrs(&[("class", "verified-seal"), ("d", SEAL)])}></path>
            <path {attrs(&[("class", "verified-check"), ("d", CHECK)])}></path>
        </svg>
    }
    .into_any()
}
