//! Somebody on the screen: picture and name.

use dm3_core::session::NameStanding;
use leptos::prelude::*;

use super::attributes::{attrs, class};
use super::icons::verified;
use super::names::{avatar_colour, display_name, initial, split_name};
use super::{truth, when};
use crate::app::state::Person;
use crate::texts::{Word, say};

/// A round picture: `text` on a colour that stays the same for the same `seed`. Large is 44 px, else 36 px.
pub fn avatar(text: String, seed: &str, large: bool) -> AnyView {
    let size = if large { "avatar avatar-large" } else { "avatar" };
    view! {
        <div {attrs(&[("class", &format!("{size} avatar-{}", avatar_colour(seed))), ("aria-hidden", "true")])}>
            {text}
        </div>
    }
    .into_any()
}

/// The picture of an account.
pub fn person_avatar(person: &Person, large: bool) -> AnyView {
    avatar(initial(person), &person.address.to_lower_hex(), large)
}

/// The sign of a name that was checked a moment ago; of another one, what a screen reader says of it.
fn sign(person: &Person) -> Option<AnyView> {
    person.name.as_ref()?;
    Some(match person.standing {
        NameStanding::Checked => verified(),
        NameStanding::Unchecked | NameStanding::Uncheckable => {
            view! { <span {class("sr")}>{say(Word::NotChecked)}</span> }.into_any()
        }
    })
}

/// The name with its verified sign, or the address.
pub fn person_name(person: &Person) -> AnyView {
    let shown = display_name(person);
    let full = person.name.clone().unwrap_or_else(|| person.address.to_string());
    let (front, tail) = split_name(&shown);
    let classes = match (&person.name, tail) {
        (None, _) => "name mono",
        (Some(_), "") => "name",
        (Some(_), _) => "name name-split",
    };
    let tail =
        when(!tail.is_empty(), || view! { <span {class("name-tail")}>{tail.to_owned()}</span> }.into_any());
    // A name in two pieces is read out in one.
    let whole = when(tail.is_some(), || view! { <span {class("sr")}>{full.clone()}</span> }.into_any());
    view! {
        <bdi {attrs(&[("class", classes), ("title", &full), ("aria-hidden", truth(whole.is_some()))])}>
            <span {class("name-front")}>{front.to_owned()}</span>
            {tail}
        </bdi>
        {whole}
        {sign(person)}
    }
    .into_any()
}
