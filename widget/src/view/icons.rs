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
    Answer,
    Copy,
    Bin,
    Clock,
    Check,
    Muted,
    Clip,
    Smile,
    Plus,
    Down,
    Forward,
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
            Self::Answer => "M9 14 4 9l5-5M4 9h9a7 7 0 0 1 7 7v4",
            Self::Forward => "m15 14 5-5-5-5M20 9h-9a7 7 0 0 0-7 7v4",
            Self::Copy => "M9 9h11v11H9zM5 15H4V4h11v1",
            Self::Bin => "M4 7h16M10 11v6M14 11v6M6 7l1 13h10l1-13M9 7V4h6v3",
            Self::Muted => "M6 9a6 6 0 0 1 12 0v4l2 3H4l2-3zM10 20h4M3 3l18 18",
            Self::Check => "M5 12.5l4.5 4.5L19 7.5",
            Self::Clock => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3 2",
            Self::Clip => {
                "M20 11.5l-8.4 8.4a5.4 5.4 0 0 1-7.6-7.6l8.4-8.4a3.6 3.6 0 0 1 5.1 5.1L9 17.4a1.8 1.8 0 0 1-2.5-2.5L14.2 7"
            }
            Self::Smile => {
                "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5h.01M15 9.5h.01"
            }
            Self::Plus => "M12 5v14M5 12h14",
            Self::Down => "M6 9l6 6 6-6",
            Self::Pen => "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Back | Self::Answer | Self::Forward => "icon icon-along",
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
